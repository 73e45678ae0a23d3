//! `tracks sync --watch`: a round whenever one is due, and, where that is wanted, when something has moved and rested.
//!
//! Between rounds nothing is done: a timer waits for the next one, and the file system tells of refs, tracks.toml and the
//! rounds and marks of others. Whose round the last one was makes no difference.

mod seen;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::domain::sync::until_due;
use crate::domain::time::Timestamp;
use crate::files::{Batch, DirWatcher};
use crate::git::GitError;
use crate::ops::branches::BranchesError;
use crate::ops::{Session, SessionError};
use crate::process::clock;
use crate::store::Round;

use super::places::{Depth, Places};
use super::rhythm::Rhythm;
use super::{POLL, Warning};
use seen::Seen;
pub use seen::Thing;

/// The longest that is waited without a look at the clock: a machine that was asleep has not counted the time.
const NAP: Duration = Duration::from_secs(15 * 60);

/// After a round that could not be run, unless something changes before; and while somebody else runs one.
const RETRY: Duration = Duration::from_secs(5 * 60);
const BUSY: Duration = Duration::from_secs(20);

/// How to watch.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Instead of `[integration] every`.
    pub every: Option<Duration>,
    /// How long what has moved has to rest before there is a round for it; `None`: there is none for it.
    pub rest: Option<Duration>,
    /// Look every two seconds instead of waiting for events.
    pub poll: bool,
}

/// Why there is a round now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occasion {
    /// There was none yet.
    First,
    /// The last one is so old.
    Due(Duration),
    /// These have moved and rested.
    Moved(Vec<Thing>),
}

/// What came of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    Recorded,
    /// It could not be run.
    Failed,
    /// Somebody else is running one.
    Busy,
}

/// What is told between rounds.
#[derive(Debug)]
pub enum Between<'a> {
    /// When the next round is due; told again when that changes.
    Next(Timestamp),
    Warning(&'a Warning),
}

/// What the loop needs from outside.
#[expect(missing_debug_implementations, reason = "functions show nothing")]
pub struct Around<'a> {
    pub open: &'a dyn Fn() -> Result<Session, SessionError>,
    /// Runs a round on what is there by then, and shows it.
    pub round: &'a mut dyn FnMut(&Occasion) -> Ran,
    /// A break ends the watching: nobody listens any more.
    pub tell: &'a mut dyn FnMut(Between<'_>) -> ControlFlow<()>,
}

/// Runs rounds until interrupted, or until nobody listens.
pub fn run<'o>(session: Session, options: &'o Options, around: Around<'o>) {
    let (watcher, refused) = match options.rest {
        Some(_) if !options.poll => DirWatcher::new(),
        _ => (DirWatcher::blind(), None),
    };
    let waker = watcher.waker();
    session.interrupt.on_request(move || waker.wake());
    let mut watch = Watch {
        options,
        around,
        seen: None,
        session,
        stale: false,
        watcher,
        places: Places::default(),
        poll: Rhythm::new(POLL),
        last: None,
        due: Instant::now(),
        every: Duration::ZERO,
        moved: BTreeMap::new(),
        not_before: None,
        told: false,
        warned: None,
        unheard: false,
    };
    if let Some(error) = refused {
        let tracks = Vec::new();
        watch.warn(&Warning::NotWatched { tracks, error });
    }
    while !watch.is_over() {
        match watch.look() {
            Ok(Next::Round(occasion)) => watch.round(&occasion),
            Ok(Next::Wait(until)) => watch.wait(until),
            Err(warning) => {
                watch.warn(&warning);
                watch.wait(Instant::now() + BUSY);
            }
        }
    }
}

enum Next {
    Round(Occasion),
    Wait(Instant),
}

struct Watch<'o> {
    options: &'o Options,
    around: Around<'o>,
    session: Session,
    /// Something has happened since it was opened.
    stale: bool,
    watcher: DirWatcher,
    places: Places,
    poll: Rhythm,
    /// The number of the last round.
    last: Option<u64>,
    /// When the next round is due, by the clock that runs evenly, and for which `every` that is.
    due: Instant,
    every: Duration,
    /// What has moved since the last round, and when it last did.
    moved: BTreeMap<Thing, Instant>,
    seen: Option<Seen>,
    not_before: Option<Instant>,
    /// The next round has been told of.
    told: bool,
    warned: Option<String>,
    unheard: bool,
}

impl Watch<'_> {
    fn look(&mut self) -> Result<Next, Warning> {
        let started = Instant::now();
        if self.stale {
            // The old one goes on until there is a good one again.
            match (self.around.open)() {
                Ok(session) => self.session = session,
                Err(error) => self.warn(&Warning::Project(BranchesError::Session(error))),
            }
            self.stale = false;
        }
        if self.options.rest.is_some() {
            // First: what happens while we look is looked at again.
            self.arrange().map_err(Warning::Git)?;
        }
        let rounds = self.session.store.rounds().map_err(Warning::Store)?;
        let last = rounds.last();
        let wait = self.reckon(last);
        if self.options.rest.is_some() {
            self.notice(last)?;
            self.poll.took(started.elapsed());
        }
        let now = Instant::now();
        let rested = self.options.rest.and_then(|rest| {
            let first = *self.moved.values().min()?;
            first.checked_add(rest)
        });
        let held = self.not_before.filter(|at| *at > now);
        if held.is_none() {
            let age = |last: &Round| clock::now().since(last.time).max(self.every);
            if wait.is_zero() || self.due <= now {
                return Ok(Next::Round(
                    last.map_or(Occasion::First, |last| Occasion::Due(age(last))),
                ));
            }
            if rested.is_some_and(|at| at <= now) {
                let moved = self.moved.keys().cloned().collect();
                return Ok(Next::Round(Occasion::Moved(moved)));
            }
        }
        let not_before = held.unwrap_or(now);
        self.tell_when(self.due.max(not_before) - now);
        let due = rested.map_or(self.due, |at| at.min(self.due));
        Ok(Next::Wait(due.max(not_before).min(now + NAP)))
    }

    /// How long it is until a round is due.
    fn reckon(&mut self, last: Option<&Round>) -> Duration {
        let every = self
            .options
            .every
            .unwrap_or(self.session.project.integration.every);
        let wait = until_due(every, last.map(|last| last.time), clock::now());
        let number = last.map(|last| last.number);
        if number != self.last || every != self.every {
            if number != self.last {
                self.moved.clear();
                self.not_before = None;
            }
            (self.last, self.every) = (number, every);
            let now = Instant::now();
            // Beyond what can be told of time, it never is.
            self.due = now.checked_add(wait).unwrap_or(now + NAP * 100_000);
            self.told = false;
        }
        wait
    }

    fn round(&mut self, occasion: &Occasion) {
        let retry = match (self.around.round)(occasion) {
            Ran::Recorded => None,
            Ran::Failed => Some(RETRY.min(self.every)),
            Ran::Busy => Some(BUSY.min(self.every)),
        };
        self.not_before = retry.map(|retry| Instant::now() + retry);
        self.told = false;
        self.stale = true;
    }

    /// Waits until then, or until something has happened that a look is worth.
    fn wait(&mut self, until: Instant) {
        let polls =
            self.options.rest.is_some() && (self.watcher.is_blind() || self.places.all_polled);
        let until = match polls {
            true => until.min(self.poll.next),
            false => until,
        };
        loop {
            let batch = self.watcher.next(Some(until));
            if self.is_over() || Instant::now() >= until || self.is_news(&batch) {
                self.stale = true;
                return;
            }
        }
    }

    fn is_news(&mut self, batch: &Batch) -> bool {
        let root = self.session.store.root();
        let logs = ["rounds.jsonl", "events.jsonl"].map(|name| root.join(name));
        if batch.lost || logs.iter().any(|log| batch.paths.contains(log)) {
            return true;
        }
        match self.places.sort(&self.session, batch, &self.watcher) {
            Ok(moves) => moves.refs || moves.project || moves.rules,
            Err(_) => true,
        }
    }

    fn arrange(&mut self) -> Result<(), GitError> {
        let nobody = BTreeSet::new();
        let (_, warnings) = self.places.arrange(
            &self.session,
            &[],
            &nobody,
            Depth::Committed,
            &mut self.watcher,
        )?;
        for warning in warnings {
            self.warn(&warning);
        }
        // Without it, rounds and marks of others are seen when there is a look for another reason.
        let _ = self.watcher.watch_dir(self.session.store.root());
        Ok(())
    }

    /// Takes down what has moved: since the last round, and again since the last look.
    fn notice(&mut self, last: Option<&Round>) -> Result<(), Warning> {
        let seen = Seen::read(&self.session)?;
        let open = match last {
            Some(last) => seen.not_in(&self.session, last).map_err(Warning::Git)?,
            None => BTreeSet::new(),
        };
        let turned = match &self.seen {
            Some(before) => before.turned(&seen),
            None => BTreeSet::new(),
        };
        // Of a round is kept which commits it has judged, and no more.
        let of_no_round = |thing: &Thing| matches!(thing, Thing::File | Thing::State(_));
        self.moved
            .retain(|thing, _| of_no_round(thing) || open.contains(thing));
        let now = Instant::now();
        for thing in &open {
            self.moved.entry(thing.clone()).or_insert(now);
        }
        let again = turned
            .iter()
            .filter(|thing| of_no_round(thing) || open.contains(thing));
        self.moved.extend(again.map(|thing| (thing.clone(), now)));
        if !turned.is_empty() {
            // What kept a round from being run may be no more.
            self.not_before = None;
        }
        self.seen = Some(seen);
        Ok(())
    }

    fn tell_when(&mut self, wait: Duration) {
        if !self.told {
            self.told = true;
            let seconds = wait.as_secs() + u64::from(wait.subsec_millis() >= 500);
            let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
            let at = Timestamp(clock::now().0.saturating_add(seconds));
            self.say(Between::Next(at));
        }
    }

    /// Not the same one twice in a row.
    fn warn(&mut self, warning: &Warning) {
        let text = warning.to_string();
        if self.warned.as_ref() != Some(&text) {
            self.warned = Some(text);
            self.say(Between::Warning(warning));
        }
    }

    fn say(&mut self, between: Between<'_>) {
        self.unheard |= (self.around.tell)(between).is_break();
    }

    fn is_over(&self) -> bool {
        self.unheard || self.session.interrupt.exit_status().is_some()
    }
}
