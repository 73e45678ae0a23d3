//! Long-running children, many at once: each in a process group of its own, with a log, a timeout and a clean end. Work of
//! our own that takes long is done beside them, on threads.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::panic;
use std::path::PathBuf;
use std::thread::{self, Scope};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::select;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::Interrupt;
use super::job::Job as Running;
use super::output::{Announced, Announcement};
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
    /// `None`: it may run as long as it likes.
    pub timeout: Option<Duration>,
    /// Between TERM and KILL of the whole process group.
    pub grace: Duration,
    /// How long it may print nothing before that is announced, again after each further such time.
    pub stall: Option<Duration>,
    /// Whether it is ended then.
    pub end_stalled: bool,
}

/// Something of our own that takes long; runs on a thread of its own and is never cut short.
pub struct Call<'env> {
    /// The caller's number for it.
    pub key: usize,
    pub call: Box<dyn FnOnce() + Send + 'env>,
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({})", self.key)
    }
}

#[derive(Debug)]
pub enum Job<'env> {
    Command(ShellJob),
    Call(Call<'env>),
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Exited(i32),
    Signalled(i32),
    TimedOut,
    /// It had printed nothing for too long.
    Stalled,
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
    /// It ended by itself and left processes of its group behind, or some that hold on to its output. Those of the group
    /// were ended.
    pub leaked: bool,
    /// Why its log is not whole.
    pub log_trouble: Option<String>,
}

impl JobResult {
    /// Of a job that never ran.
    pub fn unstarted(end: End) -> Self {
        JobResult {
            end,
            wall: Duration::ZERO,
            cpu: None,
            peak_memory: None,
            leaked: false,
            log_trouble: None,
        }
    }
}

/// What happens while commands run, for showing.
#[derive(Debug, Clone)]
pub enum PoolEvent<'a> {
    /// The last whole line that the job printed; not every line is announced.
    Output { key: usize, line: &'a str },
    /// It has printed nothing for so long.
    Stalled { key: usize, silent: Duration },
}

/// Where jobs come from. All calls come from one thread.
pub trait Work<'env> {
    /// The next job that may start now. `None`: nothing at this moment; asked again after each end, and after
    /// [`Work::ask_again`].
    fn next(&mut self) -> Option<Job<'env>>;

    /// A command of this pool has ended, or could not start. Every command that [`Work::next`] gave comes back here exactly
    /// once, when nothing of its process group is left.
    fn ended(&mut self, key: usize, result: &JobResult);

    /// A call of this pool has returned.
    fn called(&mut self, key: usize) {
        let _ = key;
    }

    /// The running commands that should be stopped now; asked after each end.
    fn to_stop(&mut self) -> Vec<usize> {
        Vec::new()
    }

    /// When to ask for a job again though nothing has ended; asked whenever [`Work::next`] had nothing.
    fn ask_again(&self) -> Option<Duration> {
        None
    }
}

/// Runs jobs until there are none left.
#[derive(Debug)]
pub struct Pool<'a> {
    pub interrupt: &'a Interrupt,
}

impl Pool<'_> {
    /// Returns when nothing runs, [`Work::next`] gives nothing and [`Work::ask_again`] has no time. When interrupted, asks for
    /// no further jobs, stops the running commands (TERM, grace, KILL of the group) and reports them as cancelled. No child
    /// outlives this call, panics included; nor does a descendant, unless it has left its process group (`setsid`). Should
    /// this process be killed, its groups are ended by the guard of the [`Interrupt`].
    ///
    /// # Errors
    /// When the runtime cannot be started.
    pub fn run<'env>(
        &self,
        work: &mut dyn Work<'env>,
        on_event: &mut dyn FnMut(PoolEvent<'_>),
    ) -> io::Result<()> {
        // One worker beside this thread, so that pipes are emptied and timeouts kept while the caller's code is busy.
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("jobs")
            .enable_all()
            .build()?;
        let (announce, announcements) = mpsc::unbounded_channel();
        let (call_ended, calls_ended) = mpsc::unbounded_channel();
        thread::scope(|scope| {
            let shift = Shift {
                interrupt: self.interrupt,
                work,
                on_event,
                scope,
                announce,
                announcements,
                call_ended,
                calls_ended,
                calls: 0,
                running: JoinSet::new(),
                cancels: BTreeMap::new(),
                ask: true,
                ask_at: None,
                interrupted: false,
            };
            // Leaving the runtime, also by a panic, drops the jobs that still run, which kills their groups.
            runtime.block_on(shift.run());
        });
        Ok(())
    }
}

/// One call of [`Pool::run`].
struct Shift<'a, 'scope, 'env> {
    interrupt: &'a Interrupt,
    work: &'a mut dyn Work<'env>,
    on_event: &'a mut dyn FnMut(PoolEvent<'_>),
    scope: &'scope Scope<'scope, 'a>,
    announce: UnboundedSender<Announcement>,
    announcements: UnboundedReceiver<Announcement>,
    call_ended: UnboundedSender<usize>,
    calls_ended: UnboundedReceiver<usize>,
    calls: usize,
    running: JoinSet<(usize, JobResult)>,
    cancels: BTreeMap<usize, oneshot::Sender<()>>,
    /// Whether something has changed since the work was last asked.
    ask: bool,
    /// When to ask though nothing changes.
    ask_at: Option<Instant>,
    interrupted: bool,
}

impl<'scope, 'env: 'scope> Shift<'_, 'scope, 'env> {
    async fn run(mut self) {
        loop {
            if !self.interrupted && self.interrupt.exit_status().is_some() {
                self.interrupted = true;
                for (_, cancel) in std::mem::take(&mut self.cancels) {
                    // It may have ended by itself meanwhile.
                    let _ = cancel.send(());
                }
            }
            while self.ask && self.interrupt.exit_status().is_none() {
                self.ask = false;
                self.ask_at = None;
                self.start_what_may();
            }
            let waits = self.ask_at.is_some() && !self.interrupted;
            if self.running.is_empty() && self.calls == 0 && !waits {
                return;
            }
            let ask_at = self.ask_at.unwrap_or_else(Instant::now);
            select! {
                Some((key, what)) = self.announcements.recv() => self.show(key, &what),
                Some(ended) = self.running.join_next() => self.joined(ended),
                Some(key) = self.calls_ended.recv() => self.called(key),
                () = self.interrupt.requested(), if !self.interrupted => {}
                () = sleep_until(ask_at), if waits => self.ask = true,
            }
        }
    }

    fn start_what_may(&mut self) {
        while let Some(job) = self.work.next() {
            match job {
                Job::Command(job) => self.start(&job),
                Job::Call(call) => self.call(call),
            }
            // A long list of jobs that end at once must not keep the interrupt unheard.
            if self.interrupt.exit_status().is_some() {
                return;
            }
        }
        self.ask_at = self.work.ask_again().map(|wait| Instant::now() + wait);
        self.stop_what_should();
    }

    fn start(&mut self, job: &ShellJob) {
        let key = job.key;
        match Running::start(job, self.interrupt, self.announce.clone()) {
            Ok(running) => {
                let (cancel, cancelled) = oneshot::channel();
                self.cancels.insert(key, cancel);
                self.running
                    .spawn(async move { (key, running.run(cancelled).await) });
            }
            Err(why) => self.ended(key, &JobResult::unstarted(End::CouldNotStart(why))),
        }
    }

    fn call(&mut self, Call { key, call }: Call<'env>) {
        /// Tells that the call is over, also where it panics; the scope then passes the panic on.
        struct Over(usize, UnboundedSender<usize>);
        impl Drop for Over {
            fn drop(&mut self) {
                // Nobody listens any more when the pool is being torn down.
                let _ = self.1.send(self.0);
            }
        }
        self.calls += 1;
        let over = Over(key, self.call_ended.clone());
        self.scope.spawn(move || {
            let _over = over;
            call();
        });
    }

    fn called(&mut self, key: usize) {
        self.calls -= 1;
        self.work.called(key);
        self.changed();
    }

    fn joined(&mut self, joined: Result<(usize, JobResult), JoinError>) {
        // Nobody aborts a job, so the only other way to end is a panic.
        let (key, result) = joined.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()));
        self.cancels.remove(&key);
        while let Ok((key, what)) = self.announcements.try_recv() {
            self.show(key, &what);
        }
        self.ended(key, &result);
    }

    fn ended(&mut self, key: usize, result: &JobResult) {
        self.work.ended(key, result);
        self.changed();
    }

    fn changed(&mut self) {
        self.ask = true;
        self.stop_what_should();
    }

    fn stop_what_should(&mut self) {
        for key in self.work.to_stop() {
            if let Some(cancel) = self.cancels.remove(&key) {
                let _ = cancel.send(());
            }
        }
    }

    fn show(&mut self, key: usize, what: &Announced) {
        (self.on_event)(match what {
            Announced::Line(line) => PoolEvent::Output { key, line },
            Announced::Silent(silent) => PoolEvent::Stalled {
                key,
                silent: *silent,
            },
        });
    }
}

#[cfg(test)]
mod tests;
