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
    /// Path patterns in which no rule and no decision resolves a conflict, and a recorded resolution or fix only where it was
    /// made for exactly these contents.
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
    /// The path patterns that it is for; required. Of several tables that match a path, the first counts.
    pub(in crate::config) paths: Option<OneOrMany<Glob>>,
    /// How, or a list of how, tried in order until one gives a result; required. `union` keeps the lines of both sides. `ours`
    /// (the candidate so far), `theirs` (the track), `owner` (the track that owns the path), `priority` (the higher one),
    /// `first` (in a green round earlier) and `newest` (changed the path last) take one side in the lines that conflict, or
    /// its whole version where the conflict is not about lines. `driver` and `regenerate` run a program.
    pub(in crate::config) strategy: Option<OneOrMany<StrategyKey>>,
    /// The check that must pass for the result to count; where it does not, the next strategy is tried.
    pub(in crate::config) accept: Option<Placed<String>>,
    /// For `driver`: a program such as `mergiraf`, called with the files of base, ours (which it overwrites) and theirs; the
    /// name of a merge driver that git is configured with; or a command with `%O`, `%A`, `%B`, `%L` and `%P` as git has it.
    pub(in crate::config) driver: Option<Placed<Text>>,
    /// For `regenerate`: the command that writes the files anew, run on the merged tree in a scratch worktree. Only `paths` are
    /// taken from there.
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum ResolveWhenKey {
    Conflict,
    InputsChanged,
    Always,
}
