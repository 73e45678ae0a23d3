//! What tracks.toml says of checks, and how they run.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Command;
use crate::domain::name::{CheckName, TrackId};
use crate::domain::path::Pattern;

/// `[run]`; a check may override some of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// 0: one per core.
    pub jobs: u32,
    pub per_track: u32,
    pub retries: u32,
    /// Before the second attempt; doubled for each further one. May be zero.
    pub backoff: Duration,
    pub timeout: Duration,
    pub grace: Duration,
    pub stall_timeout: Duration,
    pub stall: Stall,
    pub fail_fast: bool,
    pub flaky: Flaky,
    pub breaker: u32,
    pub env: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stall {
    Report,
    Kill,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaky {
    Pass,
    Fail,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    pub start: Command,
    pub ready: Option<Command>,
    pub stop: Option<Command>,
    pub per_repository: bool,
}

/// When a check is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    Track,
    Integration,
    Land,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    pub name: CheckName,
    pub run: Command,
    /// `None`: all.
    pub tracks: Option<Vec<TrackId>>,
    pub when: Vec<When>,
    pub needs: Vec<CheckName>,
    /// Empty: the whole tree.
    pub inputs: Vec<Pattern>,
    pub tools: Vec<String>,
    /// Relative to the root of the worktree; stays inside.
    pub cwd: String,
    /// `[run]` with this check's own values on top.
    pub settings: CheckSettings,
    /// How many job slots it takes; at least 1.
    pub weight: u32,
    /// How many of this check run at once, over all tracks and processes of the repository; 0: no limit.
    pub jobs: u32,
    pub resources: Vec<String>,
    pub services: Vec<String>,
    pub allow_failure: bool,
    pub retry: Option<Command>,
    pub metrics: Vec<Metric>,
    pub junit: Vec<String>,
}

impl Check {
    pub fn applies_to(&self, track: &TrackId) -> bool {
        self.tracks
            .as_ref()
            .is_none_or(|tracks| tracks.contains(track))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct CheckSettings {
    pub timeout: Duration,
    pub retries: u32,
    pub backoff: Duration,
    pub stall_timeout: Duration,
    pub stall: Stall,
    pub flaky: Flaky,
    /// `[run] env` and the check's own, merged.
    pub env: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    pub name: String,
    pub source: MetricSource,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub max_regression: Option<String>,
    pub weight: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub enum MetricSource {
    /// A regular expression over the output.
    Pattern(String),
    /// A JSON pointer into a file.
    File { file: String, pointer: String },
}
