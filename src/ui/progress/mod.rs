//! What happens while an operation runs: moving lines on a terminal, plain lines in a log, JSON lines for programs; and what
//! is going on, for whoever asks.

mod moving;
mod plain;
mod rows;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::domain::check::{Outcome, Run};
use crate::ops::Event;
use crate::process::{Asks, Keys, Pressed};

use super::report::{events, failures};
use super::{Format, Terminal};
use moving::Moving;
use plain::Plain;
use state::State;

/// The key that asks what is running.
const ASK: u8 = b't';

/// Shows the events of one operation. Dropping it clears the moving lines and gives the terminal back.
#[derive(Debug)]
pub struct Progress {
    shown: Arc<Shown>,
    ticker: Option<Ticker>,
    asks: Option<Asks>,
    keys: Option<Keys>,
}

/// What all threads share.
#[derive(Debug)]
struct Shown {
    terminal: Terminal,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    face: Face,
    /// Those that an annotation is made of: what is red, and what was skipped for it. Only where a workflow reads them.
    noted: Vec<Run>,
}

#[derive(Debug)]
enum Face {
    Json,
    Plain(Plain),
    Moving(Moving),
}

impl Progress {
    pub fn new(terminal: Terminal) -> Self {
        let (face, interval) = match terminal.format {
            Format::JsonLines => (Face::Json, None),
            Format::Text | Format::Json if terminal.is_watched() => {
                (Face::Moving(Moving::new(terminal)), Some(moving::FRAME))
            }
            Format::Text | Format::Json => {
                let logs = terminal.format == Format::Text;
                let plain = Plain::new(logs, terminal.workflow());
                (Face::Plain(plain), Some(plain::INTERVAL))
            }
        };
        let shown = Arc::new(Shown {
            terminal,
            inner: Mutex::new(Inner {
                state: State::default(),
                face,
                noted: Vec::new(),
            }),
        });
        let ticker = interval.and_then(|interval| Ticker::start(shown.clone(), interval));
        Progress {
            shown,
            ticker,
            asks: None,
            keys: None,
        }
    }

    /// Says what is running to whoever asks, by a signal or (where somebody sits at a terminal) by a key.
    #[must_use]
    pub fn answering(mut self, asks: Asks) -> Self {
        let shown = self.shown.clone();
        asks.answer(move || shown.tell());
        self.asks = Some(asks);
        let moves = matches!(self.shown.lock().face, Face::Moving(_));
        if moves && self.shown.terminal.can_ask() {
            let shown = self.shown.clone();
            self.keys = Keys::listen(move |pressed| shown.pressed(pressed));
        }
        self
    }

    pub fn show(&self, event: &Event<'_>) {
        self.shown.show(event, Instant::now());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.keys = None;
        if let Some(asks) = self.asks.take() {
            asks.silence();
        }
        self.ticker = None;
        self.shown.end();
    }
}

impl Shown {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show(&self, event: &Event<'_>, now: Instant) {
        let mut inner = self.lock();
        let Inner { state, face, noted } = &mut *inner;
        state.take(event, now);
        match face {
            Face::Json => self.terminal.document(&events::json(event)),
            Face::Plain(plain) => {
                if let Event::CheckEnded { run } = event
                    && plain.is_read_by_a_workflow()
                    && (run.outcome.is_red() || run.outcome == Outcome::Skipped)
                {
                    noted.retain(|other| (&other.side, &other.check) != (&run.side, &run.check));
                    noted.push((*run).clone());
                }
                self.aside(&plain.lines(event, now));
            }
            Face::Moving(moving) => moving.above(&rows::news(event, state)),
        }
    }

    fn tick(&self, now: Instant) {
        let mut inner = self.lock();
        let Inner { state, face, .. } = &mut *inner;
        match face {
            Face::Json => {}
            Face::Plain(plain) => self.aside(&plain.tick(state, now)),
            Face::Moving(moving) => moving.draw(state, now),
        }
    }

    /// What is running.
    fn tell(&self) {
        let mut inner = self.lock();
        let text = rows::status(&inner.state, Instant::now());
        match &mut inner.face {
            Face::Moving(moving) => moving.above(&text),
            Face::Plain(plain) => self.aside(&plain.guarded(text)),
            Face::Json => self.aside(&text),
        }
    }

    fn pressed(&self, pressed: Pressed) {
        match pressed {
            Pressed::Key(ASK) => self.tell(),
            Pressed::Key(_) => {}
            Pressed::Suspended | Pressed::Continued => {
                if let Face::Moving(moving) = &mut self.lock().face {
                    moving.hide(pressed == Pressed::Suspended);
                }
            }
        }
    }

    fn end(&self) {
        let mut inner = self.lock();
        match &mut inner.face {
            Face::Moving(moving) => moving.clear(),
            Face::Plain(_) => {
                let annotations = failures::annotations(&inner.noted);
                self.aside(&annotations);
            }
            Face::Json => {}
        }
    }

    fn aside(&self, text: &str) {
        if !text.is_empty() {
            self.terminal.aside(text);
        }
    }
}

/// Lets time pass on the face; dropping it waits for the end of what is being drawn.
#[derive(Debug)]
struct Ticker {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// `None` where there can be no further thread: nothing moves then.
    fn start(shown: Arc<Shown>, interval: Duration) -> Option<Ticker> {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new().name("ticker".to_owned());
        let thread = thread.spawn(move || {
            while stopped.recv_timeout(interval) == Err(mpsc::RecvTimeoutError::Timeout) {
                shown.tick(Instant::now());
            }
        });
        Some(Ticker {
            stop: Some(stop),
            thread: Some(thread.ok()?),
        })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of it has been told by itself.
            let _ = thread.join();
        }
    }
}
