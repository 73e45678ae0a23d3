//! What happens while an operation runs, for whoever shows it.

use std::time::Duration;

use crate::domain::check::{Outcome, Run};
use crate::domain::name::{CheckName, Side, TrackId};

/// Where one track of `init` stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrackStep {
    Waiting,
    Creating,
    Copying,
    Created,
    Kept,
    Failed(String),
}

/// What an operation is going to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Plan {
    /// Checks that will be started.
    pub checks: usize,
    /// What they take together, as far as it is known from their last runs: the work behind the wall time.
    pub work: Duration,
    /// How long it all takes at the least, by the same durations.
    pub at_least: Duration,
}

/// A resource that others hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// `job slots`, or the name in `[resource]`.
    pub resource: String,
    /// `track-b unit`, `tracks lease make bench`.
    pub holder: String,
    /// For how long it has held it.
    pub held: Duration,
}

/// How a service fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceStep<'a> {
    Starting,
    Ready,
    Stopped,
    /// One sentence.
    Failed(&'a str),
}

/// One event. Events may come from several threads.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// A new stage of the operation, in words: "merging 4 tracks".
    Stage(String),
    Track {
        track: &'a TrackId,
        step: TrackStep,
    },
    /// What is about to run, beyond what passed before; said again where the plan grows.
    Planned(Plan),
    CheckStarted {
        check: &'a CheckName,
        side: &'a Side,
        attempt: u32,
        /// How long it took the last time.
        expected: Option<Duration>,
    },
    /// The last line that the check printed.
    CheckOutput {
        check: &'a CheckName,
        side: &'a Side,
        line: &'a str,
    },
    /// It has printed nothing for so long.
    CheckStalled {
        check: &'a CheckName,
        side: &'a Side,
        silent: Duration,
    },
    /// An attempt was red, and there is to be another one after `delay`.
    CheckRetried {
        check: &'a CheckName,
        side: &'a Side,
        attempt: u32,
        outcome: Outcome,
        delay: Duration,
    },
    CheckEnded {
        run: &'a Run,
    },
    /// What could start now waits for these, which other processes hold; said when it changes, empty when the wait is over.
    Waiting(&'a [Wait]),
    Service {
        name: &'a str,
        /// The worktree that it is for; `None`: the whole repository.
        place: Option<&'a str>,
        step: ServiceStep<'a>,
    },
    SetupOutput {
        place: &'a str,
        line: &'a str,
    },
    /// One setup command of the place has ended, however it did.
    SetupEnded {
        place: &'a str,
    },
}

/// Where an operation sends its events.
pub type Emit<'a> = &'a (dyn Fn(&Event<'_>) + Sync);
