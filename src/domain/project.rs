//! Everything that tracks.toml can say, already valid: what `config` lowers to and all else reads.
//!
//! Values here have their defaults filled in, names are checked, every track, check and contract that is referred to
//! exists, and `depends_on` has no cycle. Keys whose behaviour comes later are kept, so that nothing is parsed twice.

use std::collections::BTreeMap;
use std::time::Duration;

use super::name::{BranchName, CheckName, ContractName, TrackId};
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
    pub copy: Vec<Pattern>,
}

/// `[run]`; a check may override some of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// 0: one per core.
    pub jobs: u32,
    pub per_track: u32,
    pub retries: u32,
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

/// Overrides, kept as text until profiles get their behaviour.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    pub name: String,
    pub when: Option<String>,
    /// Dotted key → value, as written.
    pub overrides: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    pub id: TrackId,
    pub title: Option<String>,
    pub agent: Option<String>,
    pub contact: Option<String>,
    /// What the template or the override gives.
    pub branch: BranchName,
    /// What the template or the override gives: below `[layout] worktrees`, or absolute (a worktree that exists elsewhere).
    pub worktree: String,
    /// How it signs migrations; the id unless given.
    pub code: String,
    pub priority: i64,
    pub depends_on: Vec<Dependency>,
    pub owns: Vec<Pattern>,
    pub tables: Vec<String>,
    pub objects: Vec<String>,
    pub responsibilities: Vec<String>,
    pub milestones: Vec<String>,
    pub due: Option<String>,
    pub timeline: Option<String>,
    pub deliverables: Vec<Deliverable>,
    pub reviewers: Vec<String>,
    /// Overrides `[layout] setup`.
    pub setup: Option<Vec<Command>>,
    /// Overrides `[layout] copy`.
    pub copy: Option<Vec<Pattern>>,
    pub sparse: bool,
    pub hooks: Option<Hooks>,
    pub notify: BTreeMap<String, Command>,
}

impl Track {
    /// The tracks that this one waits for (contract dependencies say who once contracts have levels).
    pub fn tracks_needed(&self) -> impl Iterator<Item = &TrackId> {
        self.depends_on
            .iter()
            .filter_map(|dependency| match dependency {
                Dependency::Track(id) => Some(id),
                Dependency::Contract { .. } => None,
            })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dependency {
    Track(TrackId),
    /// `contract:NAME` or `contract:NAME>=LEVEL`.
    Contract {
        name: ContractName,
        level: Option<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deliverable {
    pub path: String,
    pub sections: Vec<String>,
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
    pub stall_timeout: Duration,
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
pub struct Ownership {
    pub unowned: Unowned,
    pub frozen: Vec<Pattern>,
    pub codeowners: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unowned {
    Allow,
    Warn,
    Deny,
    Claim,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    pub pattern: Pattern,
    pub owner: Option<TrackId>,
    pub consumers: Vec<TrackId>,
    pub policy: SharedPolicy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedPolicy {
    Free,
    Serialize,
    AppendOnly,
    Regenerate,
    IntegrationOnly,
    OwnerApproves,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Allow {
    pub code: String,
    pub track: Option<TrackId>,
    pub paths: Vec<Pattern>,
    pub reason: String,
    /// An ISO date.
    pub until: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Migrations {
    pub paths: Vec<Pattern>,
    pub names: Vec<String>,
    pub preset: String,
    pub dialect: Option<String>,
    pub max_ahead: Duration,
    pub renumber: bool,
    pub unclaimed: Unowned,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Contract {
    pub name: ContractName,
    pub paths: Vec<Pattern>,
    pub owner: Option<TrackId>,
    pub consumers: Vec<TrackId>,
    pub compatible: Option<Command>,
    pub delivery: Vec<Delivery>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    pub level: String,
    pub due: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct CommitRules {
    pub pattern: Option<String>,
    pub trailer: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Error,
    Warning,
    Info,
    Off,
}

/// What each hook runs; `None`: the hook's default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hooks {
    pub pre_commit: Option<Vec<String>>,
    pub commit_msg: Option<Vec<String>>,
    pub prepare_commit_msg: Option<Vec<String>>,
    pub pre_merge_commit: Option<Vec<String>>,
    pub pre_push: Option<Vec<String>>,
    pub reference_transaction: bool,
    /// Refuse (true) or only warn where the binary is missing.
    pub missing_binary_refuses: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Coordination {
    pub checkpoints: Vec<Checkpoint>,
    pub steps: Vec<Step>,
    pub escalations: Vec<Escalation>,
    /// Path pattern → people.
    pub reviewers: Vec<(Pattern, Vec<String>)>,
    pub handoff: BTreeMap<String, String>,
    pub handoff_required_for: Option<String>,
    pub metric_targets: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    pub name: String,
    pub due: Option<String>,
    pub tracks: Option<Vec<TrackId>>,
    pub remind: Option<Duration>,
    pub require: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub name: String,
    pub min_success: Option<Share>,
    pub required: Vec<TrackId>,
    pub entry: Vec<String>,
    pub exit: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Escalation {
    pub on: String,
    pub after: Duration,
    pub notify: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Land {
    pub approve: Vec<String>,
    pub after: Vec<Command>,
    /// Whether a red `after` rolls back by itself.
    pub rollback_auto: bool,
}
