//! `[project]`, `[layout]`, `[run]`, `[resource]`, `[service]` and `[profile]` as they are written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::CheckTable;
use super::form::{Date, Span, Text};
use super::integration::IntegrationTable;
use super::scalar::{Glob, Run};
use super::value::{Entries, OneOrMany, Placed};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct ProjectTable {
    /// The project's name, `{project}` in templates. Default: the name of the directory.
    pub(in crate::config) name: Option<Placed<Text>>,
    /// A named stretch of work that all tracks belong to, such as `phase-1`: `{phase}` in templates, shown in reports.
    pub(in crate::config) phase: Option<Placed<String>>,
    /// The first day of the phase, from which `day 4` in due dates counts, such as `2026-11-23`.
    pub(in crate::config) start: Option<Date>,
    /// Which days count: `weekdays` or `all`.
    #[schemars(extend("default" = "weekdays"))]
    pub(in crate::config) calendar: Option<CalendarKey>,
    /// The branch that tracks start from and land on. Default: what `origin/HEAD` says, else `main`, else `master`.
    pub(in crate::config) base: Option<Placed<String>>,
    /// The remote that `--fetch` and `--push` use.
    #[schemars(extend("default" = "origin"))]
    pub(in crate::config) remote: Option<Placed<String>>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum CalendarKey {
    Weekdays,
    All,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct LayoutTable {
    /// The directory that worktrees live in: below the main worktree (git is told to ignore it), beside it as in
    /// `../app.tracks`, or absolute.
    #[schemars(extend("default" = "worktrees"))]
    pub(in crate::config) worktrees: Option<Placed<String>>,
    /// Template of a worktree's directory below `worktrees`, with `{track}`, `{phase}`, `{agent}` and `{project}`.
    /// Default: `{phase}-{track}`, or `{track}` without a phase.
    pub(in crate::config) worktree: Option<Placed<String>>,
    /// Template of a track's branch, with the same fields. Default: `feature/{phase}-{track}`, or `track/{track}` without
    /// a phase.
    pub(in crate::config) branch: Option<Placed<String>>,
    /// Commands that make a fresh tree ready, such as `npm ci`; they run in every tree that something runs in: worktrees
    /// of tracks, of integration and of probes.
    pub(in crate::config) setup: Option<OneOrMany<Run>>,
    /// Path patterns of what the setup commands read, such as lock files: in worktrees of tracks' own (integration, probes)
    /// setup runs again only when one of these changed. Default: the whole tree.
    pub(in crate::config) setup_inputs: Option<OneOrMany<Glob>>,
    /// Ignored files to bring along from the main worktree, such as `.env`; what `.worktreeinclude` names comes on top.
    pub(in crate::config) copy: Option<OneOrMany<Glob>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct RunTable {
    /// How many checks run at once, over all processes of this repository; `0` is one per core.
    #[schemars(extend("default" = 3))]
    pub(in crate::config) jobs: Option<u32>,
    /// How many checks of one track run at once; `0` is no limit.
    #[schemars(extend("default" = 0))]
    pub(in crate::config) per_track: Option<u32>,
    /// Further attempts after a failure; a pass then counts as flaky.
    #[schemars(extend("default" = 0))]
    pub(in crate::config) retries: Option<u32>,
    /// How long after a failed attempt the next one starts, doubled for each further one; `0s` is at once.
    #[schemars(extend("default" = "1s"))]
    pub(in crate::config) backoff: Option<Span>,
    /// How long one attempt may take.
    #[schemars(extend("default" = "30m"))]
    pub(in crate::config) timeout: Option<Placed<Span>>,
    /// How long a command has between the polite and the forced end.
    #[schemars(extend("default" = "5s"))]
    pub(in crate::config) grace: Option<Span>,
    /// After how long without output a check counts as stalled.
    #[schemars(extend("default" = "10m"))]
    pub(in crate::config) stall_timeout: Option<Placed<Span>>,
    /// What happens to a stalled check: `report` or `kill`.
    #[schemars(extend("default" = "report"))]
    pub(in crate::config) stall: Option<StallKey>,
    /// Whether the first failure cancels what has not started yet.
    #[schemars(extend("default" = false))]
    pub(in crate::config) fail_fast: Option<bool>,
    /// What a check that passes only at a further attempt counts as: `pass` or `fail`.
    #[schemars(extend("default" = "pass"))]
    pub(in crate::config) flaky: Option<FlakyKey>,
    /// After how many could-not-run in a row for the same reason a check is no longer started.
    #[schemars(extend("default" = 3))]
    pub(in crate::config) breaker: Option<u32>,
    /// Environment variables of every check and setup command, beside a small inherited list.
    pub(in crate::config) env: Entries<String>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum StallKey {
    Report,
    Kill,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum FlakyKey {
    Pass,
    Fail,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct ServiceTable {
    /// The command that starts it and stays in the foreground; required.
    pub(in crate::config) start: Option<Run>,
    /// The command that succeeds once it can be used, such as `pg_isready -p $TRACKS_PORT`.
    pub(in crate::config) ready: Option<Run>,
    /// The command that ends it. Default: the same signals as a check gets.
    pub(in crate::config) stop: Option<Run>,
    /// One for each job slot (`slot`), or one for all (`repository`).
    #[schemars(extend("default" = "slot"))]
    pub(in crate::config) per: Option<PerKey>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum PerKey {
    Slot,
    Repository,
}

// The keys of `RunTable` once more: serde cannot both flatten a table and refuse unknown keys. Only their types count here:
// what they mean is read with the profile laid over the file.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct ProfileTable {
    /// When the profile applies by itself: comparisons (`>`, `>=`, `<`, `<=`, `==`, `!=`) of `files`, `lines` and `contracts`
    /// with whole numbers, with `and`, `or`, `not` and parentheses, such as `files > 200 or lines > 5000`. They count what the
    /// tracks at hand change since they left base: paths, added and removed lines of text files, and contracts one of whose
    /// paths is changed. Default: only `--profile` chooses it.
    pub(in crate::config) when: Option<Placed<Text>>,
    /// Overrides `[run] jobs`.
    jobs: Option<u32>,
    /// Overrides `[run] per_track`.
    per_track: Option<u32>,
    /// Overrides `[run] retries`.
    retries: Option<u32>,
    /// Overrides `[run] backoff`.
    backoff: Option<Span>,
    /// Overrides `[run] timeout`.
    timeout: Option<Span>,
    /// Overrides `[run] grace`.
    grace: Option<Span>,
    /// Overrides `[run] stall_timeout`.
    stall_timeout: Option<Span>,
    /// Overrides `[run] stall`.
    stall: Option<StallKey>,
    /// Overrides `[run] fail_fast`.
    fail_fast: Option<bool>,
    /// Overrides `[run] flaky`.
    flaky: Option<FlakyKey>,
    /// Overrides `[run] breaker`.
    breaker: Option<u32>,
    /// Variables on top of `[run] env`; a check's own `env` stands above both.
    env: Entries<String>,
    /// Other values for keys of a check that exists: `[profile.NAME.check.unit]`. Its `env` comes on top of the check's.
    pub(in crate::config) check: Entries<CheckTable>,
    /// Other values for keys of `[integration]`: `[profile.NAME.integration]`.
    pub(in crate::config) integration: Option<IntegrationTable>,
}
