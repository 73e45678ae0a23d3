//! What happens while an operation runs, for whoever shows it.

use crate::domain::check::Run;
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

/// One event. Events may come from several threads.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// A new stage of the operation, in words: "merging 4 tracks".
    Stage(String),
    Track {
        track: &'a TrackId,
        step: TrackStep,
    },
    CheckStarted {
        check: &'a CheckName,
        side: &'a Side,
        attempt: u32,
    },
    /// The last line that the check printed.
    CheckOutput {
        check: &'a CheckName,
        side: &'a Side,
        line: &'a str,
    },
    CheckEnded {
        run: &'a Run,
    },
    /// Every job slot of this repository is taken by other processes.
    WaitingForSlot,
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
