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

#[derive(Debug, Clone, PartialEq)]
pub struct Resolve {
    pub paths: Vec<Pattern>,
    pub strategies: Vec<String>,
    pub accept: Option<CheckName>,
    pub driver: Option<String>,
    pub command: Option<Command>,
    pub when: String,
    pub inputs: Vec<Pattern>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Land {
    pub approve: Vec<String>,
    pub after: Vec<Command>,
    /// Whether a red `after` rolls back by itself.
    pub rollback_auto: bool,
}
