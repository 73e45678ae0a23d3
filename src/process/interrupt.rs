//! Interruption by the user (SIGINT) or by who started us (SIGTERM, SIGHUP): noted, so that work can stop cleanly.

use std::collections::HashSet;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal as Raw, kill_process_group};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::guard::{Guard, Mark};
use super::system::is_ignored;

const INTERRUPT: (SignalKind, u8) = (SignalKind::interrupt(), 130);

/// The signals that ask us to stop, and the status with which we then end (128 + the number of the signal).
const SIGNALS: [(SignalKind, u8); 3] = [
    INTERRUPT,
    (SignalKind::terminate(), 143),
    (SignalKind::hangup(), 129),
];

/// timeout(1) and process supervisors signal a process and then its group: one wish that arrives twice.
const ECHO: Duration = Duration::from_millis(100);

/// A signal that has been sent has come by then.
const JUST_NOW: Duration = Duration::from_millis(20);

/// Whether somebody asked us to stop. Clones share the state.
#[derive(Debug, Clone)]
pub struct Interrupt {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    status: watch::Sender<Option<u8>>,
    groups: Mutex<Groups>,
    wakes: Mutex<Vec<Wake>>,
}

/// The process groups of our children, which a second signal kills; and the guard that ends them if we are killed, started
/// with the first of them.
#[derive(Debug, Default)]
struct Groups {
    leaders: HashSet<Pid>,
    guard: Option<Guard>,
}

/// Called once, when a signal has come.
struct Wake(Box<dyn FnOnce() + Send>);

impl fmt::Debug for Wake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wake")
    }
}

impl Interrupt {
    /// Starts to listen. The first signal is noted; a second one (not before a tenth of a second has passed: some senders
    /// send everything twice) kills the pool's children and ends the process at once with its exit status. A signal that we
    /// were started to ignore stays ignored. Where listening is impossible, signals end the process as if nobody listened.
    pub fn listen() -> Self {
        Self::listen_to(&SIGNALS)
    }

    fn listen_to(signals: &[(SignalKind, u8)]) -> Self {
        let interrupt = Self::never();
        if let Ok((runtime, streams)) = register(signals) {
            let shared = interrupt.shared.clone();
            // Without the thread, the streams are gone and nobody listens.
            let _ = thread::Builder::new()
                .name("signals".to_owned())
                .spawn(move || runtime.block_on(attend(streams, &shared)));
        }
        interrupt
    }

    /// One that never comes, for tests and for short commands.
    pub fn never() -> Self {
        Interrupt {
            shared: Arc::new(Shared {
                status: watch::Sender::new(None),
                groups: Mutex::default(),
                wakes: Mutex::default(),
            }),
        }
    }

    /// 130 (SIGINT), 143 (SIGTERM) or 129 (SIGHUP) once a signal has come.
    pub fn exit_status(&self) -> Option<u8> {
        *self.shared.status.borrow()
    }

    /// Calls `wake` once a signal has come, for who waits for something else; at once where one has come already. It must not
    /// take long: it may run in the thread that listens.
    pub fn on_request(&self, wake: impl FnOnce() + Send + 'static) {
        self.shared.wakes().push(Wake(Box::new(wake)));
        // Looked at after the wake is known: whichever side comes second sees the other.
        if self.exit_status().is_some() {
            self.shared.wake();
        }
    }

    /// Returns once a signal has come.
    pub(super) async fn requested(&self) {
        let mut status = self.shared.status.subscribe();
        // It cannot fail while `self` keeps the sender.
        let _ = status.wait_for(Option::is_some).await;
    }

    /// Starts a child with this output; no second signal can come between its start and its being known here.
    pub(super) fn register(
        &self,
        output: &Mark,
        spawn: impl FnOnce() -> io::Result<Pid>,
    ) -> io::Result<Pid> {
        let mut groups = self.shared.groups();
        if groups.guard.is_none() {
            // Without one everything still works, and who kills us has to clean up.
            groups.guard = Guard::start().ok();
        }
        if let Some(guard) = &mut groups.guard {
            guard.begins(output);
        }
        let leader = spawn().inspect_err(|_| {
            if let Some(guard) = &mut groups.guard {
                guard.failed();
            }
        })?;
        groups.leaders.insert(leader);
        if let Some(guard) = &mut groups.guard {
            guard.began(leader);
        }
        Ok(leader)
    }

    pub(super) fn forget(&self, leader: Pid) {
        let mut groups = self.shared.groups();
        groups.leaders.remove(&leader);
        if let Some(guard) = &mut groups.guard {
            guard.ended(leader);
        }
    }

    #[cfg(test)]
    pub(crate) fn raise(&self, status: u8) {
        self.shared.status.send_replace(Some(status));
        self.shared.wake();
    }
}

impl Shared {
    fn groups(&self) -> MutexGuard<'_, Groups> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wakes(&self) -> MutexGuard<'_, Vec<Wake>> {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        let wakes = std::mem::take(&mut *self.wakes());
        for Wake(wake) in wakes {
            wake();
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the second signal means now")]
    fn end_process(&self, status: u8) -> ! {
        let groups = self.groups();
        for leader in &groups.leaders {
            let _ = kill_process_group(*leader, Raw::KILL);
        }
        super::keys::restore();
        std::process::exit(i32::from(status))
    }
}

/// The keys that interrupt (Ctrl-C, Ctrl-\\) are for a child in the foreground, not for us, as long as this lives. Afterwards
/// they are still caught, by nobody.
pub(super) struct LeftToChild {
    runtime: Runtime,
    streams: Vec<(Signal, u8)>,
}

/// Of the process, as its signals are.
static LEFT: AtomicBool = AtomicBool::new(false);

/// # Errors
/// When signals cannot be caught.
pub(super) fn leave_to_child() -> io::Result<LeftToChild> {
    let (runtime, streams) = register(&[INTERRUPT, (SignalKind::quit(), 131)])?;
    LEFT.store(true, Ordering::Relaxed);
    Ok(LeftToChild { runtime, streams })
}

impl LeftToChild {
    /// Whether somebody pressed such a key.
    pub(super) fn was_used(mut self) -> bool {
        let streams = std::mem::take(&mut self.streams);
        self.runtime.block_on(async move {
            let mut streams = streams;
            tokio::time::timeout(JUST_NOW, next(&mut streams))
                .await
                .is_ok()
        })
    }
}

impl Drop for LeftToChild {
    fn drop(&mut self) {
        LEFT.store(false, Ordering::Relaxed);
    }
}

/// Handlers are installed when this returns, so that no signal is missed while the thread starts.
pub(super) fn register(signals: &[(SignalKind, u8)]) -> io::Result<(Runtime, Vec<(Signal, u8)>)> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let streams = {
        let _context = runtime.enter();
        signals
            .iter()
            .filter(|(kind, _)| !is_ignored(kind.as_raw_value()))
            .map(|(kind, status)| Ok((signal(*kind)?, *status)))
            .collect::<io::Result<_>>()?
    };
    Ok((runtime, streams))
}

async fn attend(mut streams: Vec<(Signal, u8)>, shared: &Shared) {
    let mut first = None;
    loop {
        let status = next(&mut streams).await;
        if status == INTERRUPT.1 && LEFT.load(Ordering::Relaxed) {
            continue;
        }
        match first {
            None => {
                first = Some(Instant::now());
                shared.status.send_replace(Some(status));
                shared.wake();
            }
            Some(at) if at.elapsed() < ECHO => {}
            Some(_) => shared.end_process(status),
        }
    }
}

/// The number that goes with the next of these signals to come.
pub(super) async fn next(streams: &mut [(Signal, u8)]) -> u8 {
    poll_fn(|context| {
        for (stream, status) in streams.iter_mut() {
            if let Poll::Ready(Some(())) = stream.poll_recv(context) {
                return Poll::Ready(*status);
            }
        }
        Poll::Pending
    })
    .await
}

#[cfg(test)]
mod tests {
    use rustix::process::{getpid, kill_process};

    use super::*;

    #[test]
    fn a_signal_is_noted_and_its_echo_is_not_a_second_one() {
        let interrupt = Interrupt::listen_to(&[(SignalKind::user_defined1(), 7)]);
        assert_eq!(interrupt.exit_status(), None);
        kill_process(getpid(), Raw::USR1).unwrap();
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(interrupt.requested());
        kill_process(getpid(), Raw::USR1).unwrap();
        assert_eq!(interrupt.clone().exit_status(), Some(7));
    }

    #[test]
    fn never_and_by_hand() {
        let interrupt = Interrupt::never();
        assert_eq!(interrupt.exit_status(), None);
        interrupt.raise(130);
        assert_eq!(interrupt.exit_status(), Some(130));
    }

    #[test]
    fn who_waits_is_woken_before_and_after() {
        let interrupt = Interrupt::never();
        let (sender, woken) = std::sync::mpsc::channel();
        let wake = |name: &'static str| {
            let sender = sender.clone();
            move || sender.send(name).unwrap()
        };
        interrupt.on_request(wake("before"));
        assert!(woken.try_recv().is_err());
        interrupt.raise(130);
        interrupt.on_request(wake("after"));
        assert_eq!(woken.try_iter().collect::<Vec<_>>(), ["before", "after"]);
    }

    #[test]
    fn listening_costs_next_to_nothing() {
        let start = Instant::now();
        let interrupt = Interrupt::listen_to(&[(SignalKind::user_defined2(), 7)]);
        assert_eq!(interrupt.exit_status(), None);
        // A loose bound for a busy machine; it takes a few hundred microseconds.
        assert!(
            start.elapsed() < Duration::from_millis(200),
            "{:?}",
            start.elapsed()
        );
    }
}
