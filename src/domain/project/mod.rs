//! Everything that tracks.toml can say, already valid: what `config` lowers to and all else reads.
//!
//! Values here have their defaults filled in, names are checked, every track, check and contract that is referred to
//! exists, and `depends_on` has no cycle. Keys whose behaviour comes later are kept, so that nothing is parsed twice.

mod check;
mod condition;
mod coordination;
#[cfg(test)]
pub(crate) mod fixture;
mod integration;
mod profile;
mod rules;
mod track;

use std::collections::{BTreeMap, BTreeSet};

pub use check::{
    Better, Check, CheckSettings, Flaky, Loss, Metric, MetricSource, Regression, Run, Service,
    Stall, When,
};
pub use condition::{ChangeSize, Comparison, Condition, ConditionError, Measure};
pub use coordination::{Checkpoint, Coordination, Escalation, Step};
pub use integration::{
    Admit, Integration, Land, OnConflict, OnFailure, Regenerate, Resolve, Share, Strategy,
};
pub use profile::Profile;
pub use rules::{
    Allow, CommitRules, Contract, Delivery, Migrations, Ownership, Severity, Shared, SharedPolicy,
    Unowned,
};
pub use track::{Deliverable, Dependency, Track};

use super::hook::Hooks;
use super::name::{BranchName, CheckName, TrackId};
use super::path::Pattern;

/// One tracks.toml.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    pub name: String,
    pub phase: Option<String>,
    /// The branch that `[project] base` names; without it the repository decides.
    pub base: Option<BranchName>,
    pub remote: String,
    pub calendar: Calendar,
    /// Phase start, an ISO date.
    pub start: Option<String>,
    pub layout: Layout,
    pub run: Run,
    pub resources: BTreeMap<String, u32>,
    pub services: BTreeMap<String, Service>,
    /// In the order of the file.
    pub profiles: Vec<Profile>,
    /// In the order of the file.
    pub tracks: Vec<Track>,
    /// In the order of the file.
    pub checks: Vec<Check>,
    pub integration: Integration,
    pub ownership: Ownership,
    pub shared: Vec<Shared>,
    pub allow: Vec<Allow>,
    pub migrations: Option<Migrations>,
    pub contracts: Vec<Contract>,
    pub commit: CommitRules,
    /// Path pattern → naming convention.
    pub names: Vec<(Pattern, String)>,
    /// Rule code → severity.
    pub severity: BTreeMap<String, Severity>,
    pub hooks: Hooks,
    /// Event (`on_conflict` …) → command.
    pub notify: BTreeMap<String, Command>,
    pub coordination: Coordination,
    pub land: Land,
    pub report_templates: Option<String>,
}

impl Project {
    pub fn track(&self, id: &TrackId) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id == *id)
    }

    /// The track that works on a branch.
    pub fn track_on(&self, branch: &BranchName) -> Option<&Track> {
        self.tracks.iter().find(|track| track.branch == *branch)
    }

    /// The tracks that one is built on, directly or not.
    pub fn built_on(&self, track: &TrackId) -> BTreeSet<&TrackId> {
        let needed = |id: &TrackId| self.track(id).into_iter().flat_map(Track::tracks_needed);
        let mut all = BTreeSet::new();
        let mut next: Vec<&TrackId> = needed(track).collect();
        while let Some(id) = next.pop() {
            if all.insert(id) {
                next.extend(needed(id));
            }
        }
        all
    }

    pub fn check(&self, name: &CheckName) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == *name)
    }
}

/// A command of tracks.toml.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// Run by `sh -c`.
    Shell(String),
    /// Run as it is; never empty.
    Argv(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calendar {
    Weekdays,
    All,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Where worktrees live: relative to the main worktree (it may climb with `..`), or absolute.
    pub worktrees: String,
    /// Template of a worktree's directory below `worktrees`.
    pub worktree: String,
    /// Template of a branch name.
    pub branch: String,
    pub setup: Vec<Command>,
    /// What the setup commands read. Empty: the whole tree.
    pub setup_inputs: Vec<Pattern>,
    pub copy: Vec<Pattern>,
}
