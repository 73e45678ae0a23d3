//! tracks.toml as it is written: a mirror for serde in which nothing is required, everything keeps its place, and the
//! comment of a field is the documentation of its key (in the JSON Schema and in the reference).

mod check;
mod coordination;
mod form;
mod integration;
mod project;
mod rules;
mod scalar;
mod track;
mod value;

use schemars::JsonSchema;
use serde::Deserialize;

pub(super) use check::{BetterKey, CheckTable, MetricTable, WhenKey};
pub(super) use coordination::{
    CheckpointTable, EscalationKind, HandoffTable, MetricsTable, StepTable,
};
pub(super) use form::{Span, Text};
pub(super) use integration::{
    AdmitKey, IntegrationTable, OnConflictKey, OnFailureKey, ResolveTable, ResolveWhenKey,
    StrategyKey,
};
pub(super) use project::{
    CalendarKey, FlakyKey, LayoutTable, PerKey, ProfileTable, ProjectTable, RunTable, ServiceTable,
    StallKey,
};
pub(super) use rules::{
    AllowTable, CommitTable, ContractTable, HooksTable, LandTable, MigrationsTable,
    MissingBinaryKey, NotifyTable, OwnershipTable, PolicyKey, PresetKey, ReportTable, RollbackKey,
    SeverityKey, SharedTable, UnclaimedKey, UnownedKey,
};
pub(super) use scalar::{Glob, Run};
pub(super) use track::{DeliverableKey, TrackTable};
pub(super) use value::{Entries, OneOrMany, Placed};

/// Keeps parallel tracks of one git repository convergent: what `tracks` reads from `tracks.toml` at the root of the
/// repository.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "tracks.toml")]
pub(super) struct File {
    /// The project as a whole: its name, its phase, the branch everything starts from.
    pub(super) project: Option<ProjectTable>,
    /// Where worktrees live, what they and the branches are called, and how a tree is made ready to work in.
    pub(super) layout: Option<LayoutTable>,
    /// How checks run: how many at once, how long, how often. A check may override some of it.
    pub(super) run: Option<RunTable>,
    /// Named counts that checks hold while they run, over all processes of this repository, such as `postgres = 1`.
    pub(super) resource: Entries<u32>,
    /// Programs that checks need beside them, started when first needed: `[service.NAME]`.
    pub(super) service: Entries<ServiceTable>,
    /// Other values of `[run]`, `[check]` and `[integration]` for some runs, such as `jobs = 2` for large changes:
    /// `[profile.NAME]`. A value replaces the one it overrides, lists as a whole; only `env` tables are merged.
    ///
    /// `--profile NAME` chooses one for `check`, `sync` and `conflicts --check`; without it, the first in the order of the file
    /// whose `when` holds applies. Like everything that judges, profiles are read from base's copy of this file.
    pub(super) profile: Entries<ProfileTable>,
    /// One track: `[track.ID]`. An id has lower-case letters, digits, `.`, `_` and `-`; `base` and `integration` are reserved.
    pub(super) track: Entries<TrackTable>,
    /// One check, a command that passes or fails on a tree: `[check.NAME]`.
    pub(super) check: Entries<CheckTable>,
    /// How `sync` builds the integration branch.
    pub(super) integration: Option<IntegrationTable>,
    /// What happens with paths that nobody owns or nobody may change.
    pub(super) ownership: Option<OwnershipTable>,
    /// Paths that several tracks change, which beats `owns`: `[shared."src/types/**"]`.
    pub(super) shared: Entries<SharedTable>,
    /// Exceptions from rules: `[[allow]]`.
    pub(super) allow: Vec<Placed<AllowTable>>,
    /// The rules for database migrations; without this table there are none.
    pub(super) migrations: Option<Placed<MigrationsTable>>,
    /// Files that one track provides and others build against: `[contract.NAME]`.
    pub(super) contract: Entries<ContractTable>,
    /// What commits look like.
    pub(super) commit: Option<CommitTable>,
    /// Path pattern = how new files and directories that it matches are named: `snake_case`, `kebab-case`, `camelCase`,
    /// `PascalCase`, `SCREAMING_SNAKE_CASE` (up to the first dot), or a regular expression that is looked for in the whole
    /// name. The first pattern that matches counts.
    pub(super) names: Entries<Text>,
    /// Code of a rule = how much a breach weighs, such as `MIG07 = "error"`.
    pub(super) severity: Entries<SeverityKey>,
    /// What each git hook runs: `ownership`, `migrations`, `contracts`, `names`, or a check by its name.
    pub(super) hooks: Option<HooksTable>,
    /// Commands that are told what happened, as JSON on their standard input.
    pub(super) notify: Option<NotifyTable>,
    /// Points in the phase at which something must hold: `[[checkpoint]]`.
    pub(super) checkpoint: Vec<Placed<CheckpointTable>>,
    /// The steps of the phase, in order: `[[step]]`.
    pub(super) step: Vec<Placed<StepTable>>,
    /// Who hears of what stays open for too long: `[[escalation]]`.
    pub(super) escalation: Vec<Placed<coordination::EscalationTable>>,
    /// Path pattern = who reviews changes there.
    pub(super) reviewers: Entries<OneOrMany<Text>>,
    /// What a track hands over when it is done.
    pub(super) handoff: Option<HandoffTable>,
    /// What the figures of the project are held against.
    pub(super) metrics: Option<MetricsTable>,
    /// Who agrees to a landing, and what happens after it.
    pub(super) land: Option<LandTable>,
    /// How reports look.
    pub(super) report: Option<ReportTable>,
}
