//! Long-running children, many at once: each in a process group of its own, with a log, a timeout and a clean end.

use std::path::PathBuf;
use std::time::Duration;

use super::Interrupt;
use crate::domain::project::Command;

/// One command to run. Its output, both streams in the order it came, goes to the log.
#[derive(Debug, Clone)]
pub struct ShellJob {
    /// The caller's number for it.
    pub key: usize,
    pub command: Command,
    pub cwd: PathBuf,
    /// Set on top of the inherited environment, from which the repository variables of git are removed.
    pub env: Vec<(String, String)>,
    pub log: PathBuf,
    pub timeout: Duration,
    /// Between TERM and KILL of the whole process group.
    pub grace: Duration,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Exited(i32),
    Signalled(i32),
    TimedOut,
    /// The pool was interrupted, or the work asked for it.
    Cancelled,
    /// One sentence: no such program, no such directory. A shell's 126 and 127 are [`End::Exited`].
    CouldNotStart(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobResult {
    pub end: End,
    pub wall: Duration,
    pub cpu: Option<Duration>,
    /// Bytes.
    pub peak_memory: Option<u64>,
}

/// What happens while jobs run, for showing.
#[derive(Debug, Clone)]
pub enum PoolEvent<'a> {
    Started {
        key: usize,
    },
    /// The last whole line that the job printed; not every line is announced.
    Output {
        key: usize,
        line: &'a str,
    },
    Ended {
        key: usize,
        result: &'a JobResult,
    },
    /// A job could start, but every slot of the repository is taken by other processes of ours.
    WaitingForSlot,
}

/// A right to run, held until dropped.
pub trait Slot: Send {}

/// Where jobs come from. All calls come from one thread.
pub trait Work {
    /// The next job that may start now. `None`: nothing at this moment; asked again after each end.
    fn next(&mut self) -> Option<ShellJob>;

    /// A job of this pool has ended.
    fn ended(&mut self, key: usize, result: &JobResult);

    /// Whether the jobs that run should be stopped now (fail-fast); asked after each end.
    fn cancel_running(&mut self) -> bool {
        false
    }

    /// A slot of the repository for this job, if one is free; asked again every few milliseconds while none is. The
    /// default needs none.
    fn slot(&mut self, key: usize) -> std::io::Result<Option<Box<dyn Slot>>> {
        let _ = key;
        struct Free;
        impl Slot for Free {}
        Ok(Some(Box::new(Free)))
    }
}

/// Runs jobs until there are none left.
#[derive(Debug)]
pub struct Pool<'a> {
    pub interrupt: &'a Interrupt,
}

impl Pool<'_> {
    /// Returns when nothing runs and [`Work::next`] gives nothing. When interrupted, asks for no further jobs, stops the
    /// running ones (TERM, grace, KILL of the group) and reports them as cancelled. No child outlives this call, panics
    /// included.
    ///
    /// # Errors
    /// When the runtime cannot be started.
    pub fn run(
        &self,
        work: &mut dyn Work,
        on_event: &mut dyn FnMut(PoolEvent<'_>),
    ) -> std::io::Result<()> {
        let _ = (work, on_event, self.interrupt);
        todo!()
    }
}
