//! Single keys while something runs: the terminal gives them at once and does not show them, until we end or are suspended.

use std::fmt;
use std::io::{self, PipeReader, PipeWriter};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal as Raw, getpgrp};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr,
};
use tokio::signal::unix::SignalKind;

use super::interrupt::{next, register};
use super::system;

const SUSPEND: u8 = 0;
const CONTINUE: u8 = 1;

/// A thread that only reads what is there has stopped by then.
const SOON: Duration = Duration::from_millis(200);

/// In the background, keys are for somebody else; this long until the next look whether it is our turn.
const NOT_OUR_TURN: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};

/// What comes from who sits at the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressed {
    Key(u8),
    /// We are about to be suspended: nothing may be written until we go on.
    Suspended,
    Continued,
}

/// Listens for keys; dropping it gives the terminal back as it was. Keys that interrupt or suspend do so as ever.
#[derive(Debug)]
pub struct Keys {
    hand: Hand,
    stop: Option<PipeWriter>,
    /// Told once; behind a lock only so that other threads may see the whole.
    stopped: Mutex<mpsc::Receiver<()>>,
}

/// Who gets the keys; nobody any more once it is empty.
#[derive(Clone)]
struct Hand(Arc<Mutex<Option<Receiver>>>);

type Receiver = Box<dyn Fn(Pressed) + Send>;

impl fmt::Debug for Hand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hand")
    }
}

/// The mode that the terminal had, while it has ours. Of the process, as its terminal is.
static ORIGINAL: Mutex<Option<Termios>> = Mutex::new(None);

impl Keys {
    /// Calls `on` for every key, one at a time, in a thread that does nothing else. `None` where stdin is no terminal or
    /// cannot be watched. In the background nothing is read and the terminal left alone, until we come to the foreground.
    pub fn listen(on: impl Fn(Pressed) + Send + 'static) -> Option<Keys> {
        tcgetattr(io::stdin()).ok()?;
        let (stopping, stop) = io::pipe().ok()?;
        let (has_stopped, stopped) = mpsc::channel();
        let hand = Hand(Arc::new(Mutex::new(Some(Box::new(on)))));
        attend_signals(hand.clone()).ok()?;
        let reader = hand.clone();
        let named = |name: &str| thread::Builder::new().name(name.to_owned());
        named("keys")
            .spawn(move || {
                attend_keys(&stopping, &reader);
                let _ = has_stopped.send(());
            })
            .ok()?;
        enter();
        Some(Keys {
            hand,
            stop: Some(stop),
            stopped: Mutex::new(stopped),
        })
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        drop(self.stop.take());
        // Whoever reads next (a pager, the user's shell) gets all the keys. If somebody else has put the terminal into another
        // mode, the thread may be waiting for a line; it does no harm then.
        if let Ok(stopped) = self.stopped.get_mut() {
            let _ = stopped.recv_timeout(SOON);
        }
        *self.hand.lock() = None;
        restore();
    }
}

impl Hand {
    fn lock(&self) -> MutexGuard<'_, Option<Receiver>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is somebody who takes it.
    fn over(&self, pressed: Pressed) -> bool {
        let receiver = self.lock();
        if let Some(on) = &*receiver {
            on(pressed);
        }
        receiver.is_some()
    }
}

/// Gives the terminal back as it was, if it is in our mode.
pub(super) fn restore() {
    let mut original = original();
    if let Some(mode) = original.take()
        && in_foreground()
    {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &mode);
    }
}

/// Puts the terminal into our mode, unless it is somebody else's turn.
fn enter() {
    let mut original = original();
    if !in_foreground() {
        return;
    }
    let Ok(mode) = tcgetattr(io::stdin()) else {
        return;
    };
    let mut ours = mode.clone();
    ours.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
    // Reading gives what is there, and never waits.
    ours.special_codes[SpecialCodeIndex::VMIN] = 0;
    ours.special_codes[SpecialCodeIndex::VTIME] = 0;
    if tcsetattr(io::stdin(), OptionalActions::Now, &ours).is_ok() {
        original.get_or_insert(mode);
    }
}

fn original() -> MutexGuard<'static, Option<Termios>> {
    ORIGINAL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A background process that reads from its terminal, or changes it, is stopped.
fn in_foreground() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}

/// Gives the terminal back while we are suspended.
///
/// # Errors
/// When signals cannot be caught.
fn attend_signals(hand: Hand) -> io::Result<()> {
    let (runtime, mut streams) = register(&[
        (SignalKind::from_raw(Raw::TSTP.as_raw()), SUSPEND),
        (SignalKind::from_raw(Raw::CONT.as_raw()), CONTINUE),
    ])?;
    let thread = thread::Builder::new().name("suspended".to_owned());
    // It goes on when nobody takes keys any more: the signal stays caught, so somebody has to do what it asks for.
    thread.spawn(move || {
        loop {
            let suspended = runtime.block_on(next(&mut streams)) == SUSPEND;
            if suspended {
                hand.over(Pressed::Suspended);
                restore();
                system::suspend();
            }
            // Also after a stop that nobody can catch, around which the shell has set a mode of its own.
            let receiver = hand.lock();
            if let Some(on) = &*receiver {
                enter();
                on(Pressed::Continued);
            }
        }
    })?;
    Ok(())
}

fn attend_keys(stopping: &PipeReader, hand: &Hand) {
    let stdin = io::stdin();
    loop {
        let stop = PollFd::new(stopping, PollFlags::IN);
        let ours = original().is_some() && in_foreground();
        let (mut both, timeout) = match ours {
            true => (vec![stop, PollFd::new(&stdin, PollFlags::IN)], None),
            false => (vec![stop], Some(&NOT_OUR_TURN)),
        };
        match poll(&mut both, timeout) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
        if !both[0].revents().is_empty() {
            return;
        }
        match both.get(1).map(PollFd::revents) {
            Some(seen) if seen == PollFlags::IN => keys(hand),
            // The terminal is gone, or cannot be waited for.
            Some(seen) if !seen.is_empty() => return,
            Some(_) | None => {}
        }
    }
}

/// Hands over the keys that are there.
fn keys(hand: &Hand) {
    let mut buffer = [0; 64];
    if original().is_none() || !in_foreground() {
        return;
    }
    if let Ok(length) = rustix::io::read(io::stdin(), &mut buffer) {
        for key in &buffer[..length] {
            hand.over(Pressed::Key(*key));
        }
    }
}
