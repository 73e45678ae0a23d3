//! What tracks.toml says of rounds and of landing.

use std::time::Duration;

use super::Command;
use crate::domain::name::{BranchName, CheckName, TrackId};
use crate::domain::path::Pattern;

#[derive(Debug, Clone, PartialEq)]
pub struct Integration {
    pub branch: BranchName,
    pub every: Duration,
    pub admit: Admit,
    pub quorum: Option<Share>,
    pub required: Vec<TrackId>,
    pub on_conflict: OnConflict,
    pub on_failure: OnFailure,
    pub critical: Vec<Pattern>,
    pub max_age: Option<Duration>,
    pub resolve: Vec<Resolve>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admit {
    All,
    Ready,
    Green,
}

/// A share of a whole (0 to 1) or a count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Share {
    Fraction(f64),
    Count(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    Eject,
    LastGood,
    Stop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    Isolate,
    LastGood,
    Stop,
}

/// One `[[integration.resolve]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolve {
    pub paths: Vec<Pattern>,
    /// Tried in this order; not empty.
    pub strategies: Vec<Strategy>,
    /// What must pass on the result.
    pub accept: Option<CheckName>,
    /// There where `strategies` has [`Strategy::Driver`].
    pub driver: Option<String>,
    /// There where `strategies` has [`Strategy::Regenerate`].
    pub command: Option<Command>,
    pub when: Regenerate,
    pub inputs: Vec<Pattern>,
}

/// How a conflict is resolved without anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// The lines of both sides, ours first.
    Union,
    /// The candidate so far.
    Ours,
    /// The track.
    Theirs,
    /// The side whose track owns the path.
    Owner,
    /// The side with the higher priority.
    Priority,
    /// The side that was in a green round earlier.
    First,
    /// The side that changed the path last.
    Newest,
    /// A merge driver.
    Driver,
    /// The path is made anew.
    Regenerate,
}

impl Strategy {
    pub fn as_str(self) -> &'static str {
        match self {
            Strategy::Union => "union",
            Strategy::Ours => "ours",
            Strategy::Theirs => "theirs",
            Strategy::Owner => "owner",
            Strategy::Priority => "priority",
            Strategy::First => "first",
            Strategy::Newest => "newest",
            Strategy::Driver => "driver",
            Strategy::Regenerate => "regenerate",
        }
    }
}

/// When files are made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Regenerate {
    OnConflict,
    /// Also where `inputs` are not in the merge what they are on both sides.
    WhenInputsChanged,
    /// In every merge.
    Always,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Land {
    pub approve: Vec<String>,
    pub after: Vec<Command>,
    /// Whether a red `after` rolls back by itself.
    pub rollback_auto: bool,
}
