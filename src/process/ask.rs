//! Being asked what is going on: by SIGUSR1, and where the system has a key for it (Ctrl-T), by that.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::signal::unix::SignalKind;

use super::interrupt::{next, register};

/// What is called when somebody asks. Clones share it.
#[derive(Debug, Clone)]
pub struct Asks {
    answer: Arc<Mutex<Option<Answer>>>,
}

struct Answer(Box<dyn Fn() + Send>);

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer")
    }
}

impl Asks {
    /// Starts to listen. From now on the signal does not end the process, also while there is nobody to answer. Where
    /// listening is impossible, nobody is ever asked.
    pub fn listen() -> Self {
        Self::listen_to(&signals())
    }

    fn listen_to(signals: &[SignalKind]) -> Self {
        let asks = Asks {
            answer: Arc::default(),
        };
        let signals: Vec<(SignalKind, u8)> = signals.iter().map(|kind| (*kind, 0)).collect();
        if let Ok((runtime, mut streams)) = register(&signals) {
            let asks = asks.clone();
            // Without the thread, the signal is caught and nobody asked.
            let _ = thread::Builder::new()
                .name("asked".to_owned())
                .spawn(move || {
                    loop {
                        runtime.block_on(next(&mut streams));
                        if let Some(Answer(answer)) = &*asks.lock() {
                            answer();
                        }
                    }
                });
        }
        asks
    }

    /// Calls `answer` whenever somebody asks, in a thread that does nothing else.
    pub fn answer(&self, answer: impl Fn() + Send + 'static) {
        *self.lock() = Some(Answer(Box::new(answer)));
    }

    /// Nobody answers any more; an answer that is being given is waited for.
    pub fn silence(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Answer>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(target_vendor = "apple")]
fn signals() -> Vec<SignalKind> {
    vec![SignalKind::user_defined1(), SignalKind::info()]
}

#[cfg(not(target_vendor = "apple"))]
fn signals() -> Vec<SignalKind> {
    vec![SignalKind::user_defined1()]
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    #[test]
    fn who_is_asked_answers_until_silenced() {
        let asks = Asks::listen_to(&[SignalKind::window_change()]);
        let ask = || kill_process(getpid(), Signal::WINCH).unwrap();
        ask();
        let (sender, asked) = mpsc::channel();
        asks.answer(move || sender.send(()).unwrap());
        // The first may have come before there was an answer, or not.
        ask();
        asked.recv_timeout(Duration::from_secs(30)).unwrap();
        asks.silence();
        ask();
        let gone = loop {
            match asked.recv_timeout(Duration::from_secs(30)) {
                Ok(()) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(gone, mpsc::RecvTimeoutError::Disconnected);
    }
}
