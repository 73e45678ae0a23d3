//! `[integration]` as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::form::{Span, Text};
use super::scalar::{Glob, Run, Share};
use super::value::{OneOrMany, Placed};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct IntegrationTable {
    /// The branch that `sync` builds, with `{phase}` and `{project}`. Default: `integration/{phase}`, or `integration`
    /// without a phase.
    pub(in crate::config) branch: Option<Placed<String>>,
    /// How often a round should run. Runs nothing by itself: it is what `sync --watch` waits and what generated schedules
    /// use.
    #[schemars(extend("default" = "2d"))]
    pub(in crate::config) every: Option<Placed<Span>>,
    /// Who enters a round: `all` tracks, `ready` ones (marked ready or done), or `green` ones (missing checks run first).
    #[schemars(extend("default" = "all"))]
    pub(in crate::config) admit: Option<AdmitKey>,
    /// How many of the tracks that have work must fit for the branch to move: a share such as `0.75` (rounded up), or a
    /// count. Default: none.
    pub(in crate::config) quorum: Option<Share>,
    /// Tracks without which the branch does not move.
    pub(in crate::config) required: Option<OneOrMany<String>>,
    /// What happens to a track that conflicts: `eject` it, take its newest commit that fits (`last-good`), or `stop`.
    #[schemars(extend("default" = "eject"))]
    pub(in crate::config) on_conflict: Option<OnConflictKey>,
    /// What happens when a check fails: find the track that causes it and leave it out (`isolate`), take its newest commit
    /// that passes (`last-good`), or `stop`.
    #[schemars(extend("default" = "isolate"))]
    pub(in crate::config) on_failure: Option<OnFailureKey>,
    /// Path patterns in which a conflict is never resolved automatically.
    pub(in crate::config) critical: Option<OneOrMany<Glob>>,
    /// A track whose last integrated commit is older than this is reported, such as `4d`. Default: none.
    pub(in crate::config) max_age: Option<Placed<Span>>,
    /// How conflicts are resolved without anybody, the first match wins: `[[integration.resolve]]`.
    pub(in crate::config) resolve: Vec<Placed<ResolveTable>>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum AdmitKey {
    All,
    Ready,
    Green,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum OnConflictKey {
    Eject,
    LastGood,
    Stop,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum OnFailureKey {
    Isolate,
    LastGood,
    Stop,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct ResolveTable {
    /// The path patterns that it is for; required.
    pub(in crate::config) paths: Option<OneOrMany<Glob>>,
    /// How: `union`, `ours`, `theirs`, `owner`, `priority`, `first`, `newest`, `driver`, `regenerate`, or a list of them,
    /// tried in order; required.
    pub(in crate::config) strategy: Option<OneOrMany<StrategyKey>>,
    /// The check that must pass for the result to count.
    pub(in crate::config) accept: Option<Placed<String>>,
    /// For `driver`: a program such as `mergiraf`, or a merge driver that git is configured with.
    pub(in crate::config) driver: Option<Placed<Text>>,
    /// For `regenerate`: the command that writes the files anew.
    pub(in crate::config) command: Option<Placed<Run>>,
    /// For `regenerate`: on a `conflict`, also when `inputs` changed (`inputs-changed`), or `always`.
    #[schemars(extend("default" = "conflict"))]
    pub(in crate::config) when: Option<Placed<ResolveWhenKey>>,
    /// For `inputs-changed`: path patterns of what the files are made from.
    pub(in crate::config) inputs: Option<OneOrMany<Glob>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum StrategyKey {
    Union,
    Ours,
    Theirs,
    Owner,
    Priority,
    First,
    Newest,
    Driver,
    Regenerate,
}

impl StrategyKey {
    pub(in crate::config) fn as_str(self) -> &'static str {
        match self {
            StrategyKey::Union => "union",
            StrategyKey::Ours => "ours",
            StrategyKey::Theirs => "theirs",
            StrategyKey::Owner => "owner",
            StrategyKey::Priority => "priority",
            StrategyKey::First => "first",
            StrategyKey::Newest => "newest",
            StrategyKey::Driver => "driver",
            StrategyKey::Regenerate => "regenerate",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum ResolveWhenKey {
    Conflict,
    InputsChanged,
    Always,
}

impl ResolveWhenKey {
    pub(in crate::config) fn as_str(self) -> &'static str {
        match self {
            ResolveWhenKey::Conflict => "conflict",
            ResolveWhenKey::InputsChanged => "inputs-changed",
            ResolveWhenKey::Always => "always",
        }
    }
}
