//! Long-running children, many at once: each in a process group of its own, with a log, a timeout and a clean end.

use std::io;
use std::panic;
use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::select;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::Interrupt;
use super::job::Job;
use super::output::Announcement;
use crate::domain::project::Command;

/// One command to run. Its output, both streams in the order it came, goes to the log.
#[derive(Debug, Clone)]
pub struct ShellJob {
    /// The caller's number for it.
    pub key: usize,
    pub command: Command,
    pub cwd: PathBuf,
    /// Set on top of the small part of our environment that is inherited (`environment::INHERITED`).
    pub env: Vec<(String, String)>,
    /// What it can read; empty where it has no input.
    pub stdin: Vec<u8>,
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
    /// Of the child and of the descendants that it waited for.
    pub cpu: Option<Duration>,
    /// Bytes, of the largest single process among them; never less than what we occupy ourselves (a quirk of Linux).
    pub peak_memory: Option<u64>,
}

/// What happens while jobs run, for showing.
#[derive(Debug, Clone)]
pub enum PoolEvent<'a> {
    /// Not said of a job that could not start.
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
    /// A job could start, but every slot of the repository is taken by other processes of ours. Said once per run.
    WaitingForSlot,
}

/// A right to run, held until dropped.
pub trait Slot: Send {}

/// Where jobs come from. All calls come from one thread.
pub trait Work {
    /// The next job that may start now. `None`: nothing at this moment; asked again after each end.
    fn next(&mut self) -> Option<ShellJob>;

    /// A job of this pool has ended, or has been given up before its start (it could not start, or was cancelled while it
    /// waited for a slot). Every job that [`Work::next`] gave comes back here exactly once.
    fn ended(&mut self, key: usize, result: &JobResult);

    /// Whether the jobs that run should be stopped now (fail-fast); asked after each end.
    fn cancel_running(&mut self) -> bool {
        false
    }

    /// A slot of the repository for this job, if one is free; asked again every few milliseconds while none is. The
    /// default needs none.
    ///
    /// # Errors
    /// When it cannot be told; the job then could not start.
    fn slot(&mut self, key: usize) -> io::Result<Option<Box<dyn Slot>>> {
        let _ = key;
        struct Free;
        impl Slot for Free {}
        Ok(Some(Box::new(Free)))
    }
}

/// How soon a slot that somebody else frees is noticed.
const BETWEEN_SLOT_QUESTIONS: Duration = Duration::from_millis(20);

/// Runs jobs until there are none left.
#[derive(Debug)]
pub struct Pool<'a> {
    pub interrupt: &'a Interrupt,
}

impl Pool<'_> {
    /// Returns when nothing runs and [`Work::next`] gives nothing. When interrupted, asks for no further jobs, stops the
    /// running ones (TERM, grace, KILL of the group) and reports them as cancelled. No child outlives this call, panics
    /// included; nor does a descendant, unless it has left its process group (`setsid`).
    ///
    /// # Errors
    /// When the runtime cannot be started.
    pub fn run(
        &self,
        work: &mut dyn Work,
        on_event: &mut dyn FnMut(PoolEvent<'_>),
    ) -> io::Result<()> {
        // One worker beside this thread, so that pipes are emptied and timeouts kept while the caller's code is busy.
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("jobs")
            .enable_all()
            .build()?;
        let (announce, announcements) = mpsc::unbounded_channel();
        let shift = Shift {
            interrupt: self.interrupt,
            work,
            on_event,
            announce,
            announcements,
            running: JoinSet::new(),
            cancels: Vec::new(),
            waiting: None,
            ask: true,
            ask_at: Instant::now(),
            said_waiting: false,
            interrupted: false,
        };
        // Leaving the runtime, also by a panic, drops the jobs that still run, which kills their groups.
        runtime.block_on(shift.run());
        Ok(())
    }
}

/// One call of [`Pool::run`].
struct Shift<'a> {
    interrupt: &'a Interrupt,
    work: &'a mut dyn Work,
    on_event: &'a mut dyn FnMut(PoolEvent<'_>),
    announce: UnboundedSender<Announcement>,
    announcements: UnboundedReceiver<Announcement>,
    running: JoinSet<(usize, JobResult)>,
    cancels: Vec<(usize, oneshot::Sender<()>)>,
    /// Has no slot yet.
    waiting: Option<ShellJob>,
    /// Whether something has changed since the work was last asked.
    ask: bool,
    /// When to ask again for the slot.
    ask_at: Instant,
    said_waiting: bool,
    interrupted: bool,
}

impl Shift<'_> {
    async fn run(mut self) {
        loop {
            self.interrupted |= self.interrupt.exit_status().is_some();
            if self.interrupted {
                self.cancel();
            }
            while self.ask && self.interrupt.exit_status().is_none() {
                self.ask = false;
                self.start_what_may();
            }
            if self.running.is_empty() && self.waiting.is_none() {
                return;
            }
            select! {
                Some((key, line)) = self.announcements.recv() => self.show(key, &line),
                Some(ended) = self.running.join_next() => self.joined(ended),
                () = self.interrupt.requested(), if !self.interrupted => {}
                () = sleep_until(self.ask_at), if self.waiting.is_some() => self.ask = true,
            }
        }
    }

    fn start_what_may(&mut self) {
        while let Some(job) = self.waiting.take().or_else(|| self.work.next()) {
            match self.work.slot(job.key) {
                Ok(Some(slot)) => self.start(&job, slot),
                Ok(None) => {
                    self.waiting = Some(job);
                    self.ask_at = Instant::now() + BETWEEN_SLOT_QUESTIONS;
                    if !self.said_waiting {
                        self.said_waiting = true;
                        (self.on_event)(PoolEvent::WaitingForSlot);
                    }
                    return;
                }
                Err(error) => {
                    let why = format!("no job slot can be taken: {error}");
                    self.give_up(job.key, End::CouldNotStart(why));
                }
            }
            // A long list of jobs that end at once must not keep the interrupt unheard.
            if self.interrupt.exit_status().is_some() {
                return;
            }
        }
    }

    fn start(&mut self, job: &ShellJob, slot: Box<dyn Slot>) {
        let key = job.key;
        match Job::start(job, self.interrupt, self.announce.clone()) {
            Ok(running) => {
                let (cancel, cancelled) = oneshot::channel();
                self.cancels.push((key, cancel));
                self.running.spawn(async move {
                    // Held until the whole group is gone.
                    let _slot = slot;
                    (key, running.run(cancelled).await)
                });
                (self.on_event)(PoolEvent::Started { key });
            }
            Err(why) => {
                drop(slot);
                self.give_up(key, End::CouldNotStart(why));
            }
        }
    }

    fn joined(&mut self, joined: Result<(usize, JobResult), JoinError>) {
        // Nobody aborts a job, so the only other way to end is a panic.
        let (key, result) = joined.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()));
        self.cancels.retain(|(other, _)| *other != key);
        while let Ok((key, line)) = self.announcements.try_recv() {
            self.show(key, &line);
        }
        self.ended(key, &result);
    }

    fn give_up(&mut self, key: usize, end: End) {
        let result = JobResult {
            end,
            wall: Duration::ZERO,
            cpu: None,
            peak_memory: None,
        };
        self.ended(key, &result);
    }

    fn ended(&mut self, key: usize, result: &JobResult) {
        (self.on_event)(PoolEvent::Ended { key, result });
        self.work.ended(key, result);
        self.ask = true;
        if self.work.cancel_running() {
            self.cancel();
        }
    }

    fn cancel(&mut self) {
        for (_, cancel) in self.cancels.drain(..) {
            // It may have ended by itself meanwhile.
            let _ = cancel.send(());
        }
        if let Some(job) = self.waiting.take() {
            self.give_up(job.key, End::Cancelled);
        }
    }

    fn show(&mut self, key: usize, line: &str) {
        (self.on_event)(PoolEvent::Output { key, line });
    }
}

#[cfg(test)]
mod tests;
