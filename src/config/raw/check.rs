//! `[check.NAME]` as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::form::{Regression, Span, Text};
use super::project::{FlakyKey, StallKey};
use super::scalar::{Glob, Run};
use super::value::{Entries, OneOrMany, Placed};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct CheckTable {
    /// The command; required. A string runs by `sh -c`, a list runs as it is.
    pub(in crate::config) run: Option<Run>,
    /// The tracks that it judges. Default: all.
    pub(in crate::config) tracks: Option<OneOrMany<String>>,
    /// What it judges: `track` (a track's own tree), `integration` (the candidate), `land` (what is about to land).
    #[schemars(extend("default" = ["track", "integration"]))]
    pub(in crate::config) when: Option<Placed<OneOrMany<WhenKey>>>,
    /// Checks that must pass first.
    pub(in crate::config) needs: Option<OneOrMany<String>>,
    /// Path patterns of what the result depends on: a pass counts again while nothing of it changes. Default: the whole
    /// tree.
    pub(in crate::config) inputs: Option<OneOrMany<Glob>>,
    /// Programs that it needs, such as `node`: looked for beforehand, and their versions are part of what a pass depends on.
    pub(in crate::config) tools: Option<OneOrMany<Text>>,
    /// The directory that it runs in, from the root of the worktree.
    #[schemars(extend("default" = "."))]
    pub(in crate::config) cwd: Option<Placed<String>>,
    /// How long one attempt may take. Default: `[run] timeout`.
    pub(in crate::config) timeout: Option<Placed<Span>>,
    /// Further attempts after a failure. Default: `[run] retries`.
    pub(in crate::config) retries: Option<u32>,
    /// How long after a failed attempt the next one starts, doubled for each further one. Default: `[run] backoff`.
    pub(in crate::config) backoff: Option<Span>,
    /// After how long without output it counts as stalled. Default: `[run] stall_timeout`.
    pub(in crate::config) stall_timeout: Option<Placed<Span>>,
    /// What happens when it stalls: `report` or `kill`. Default: `[run] stall`.
    pub(in crate::config) stall: Option<StallKey>,
    /// What a pass at a further attempt counts as: `pass` or `fail`. Default: `[run] flaky`.
    pub(in crate::config) flaky: Option<FlakyKey>,
    /// Environment variables, on top of `[run] env`.
    pub(in crate::config) env: Entries<String>,
    /// How many of the `[run] jobs` it takes while it runs; at least 1.
    #[schemars(extend("default" = 1), range(min = 1))]
    pub(in crate::config) weight: Option<Placed<u32>>,
    /// How many of this check run at once, over all tracks and all processes of this repository; `0` is no limit.
    #[schemars(extend("default" = 0))]
    pub(in crate::config) jobs: Option<u32>,
    /// Names of `[resource]` that it holds while it runs.
    pub(in crate::config) resources: Option<OneOrMany<String>>,
    /// Names of `[service]` that must be up while it runs.
    pub(in crate::config) services: Option<OneOrMany<String>>,
    /// Whether a failure is only shown.
    #[schemars(extend("default" = false))]
    pub(in crate::config) allow_failure: Option<bool>,
    /// The narrower command for further attempts, such as `npm test -- --only-failed`. Default: `run`.
    pub(in crate::config) retry: Option<Run>,
    /// Figures that it yields, each with its limits.
    pub(in crate::config) metric: Vec<Placed<MetricTable>>,
    /// JUnit files that it writes, from the root of the worktree.
    pub(in crate::config) junit: Option<OneOrMany<Glob>>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum WhenKey {
    Track,
    Integration,
    Land,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct MetricTable {
    /// What the figure is called, such as `coverage`; required.
    pub(in crate::config) name: Option<Placed<Text>>,
    /// A regular expression over the output, whose first group is the number.
    pub(in crate::config) pattern: Option<Placed<String>>,
    /// A JSON file that has the number, from the root of the worktree; with `pointer`.
    pub(in crate::config) file: Option<Placed<String>>,
    /// The JSON pointer to the number in `file`, such as `/p95_ms`.
    pub(in crate::config) pointer: Option<Placed<String>>,
    /// The least that passes.
    pub(in crate::config) min: Option<Placed<f64>>,
    /// The most that passes.
    pub(in crate::config) max: Option<Placed<f64>>,
    /// How much worse than base it may be: a number or a percentage, such as `2%`.
    pub(in crate::config) max_regression: Option<Regression>,
    /// How much it counts in the overall score.
    #[schemars(extend("default" = 1))]
    pub(in crate::config) weight: Option<Placed<f64>>,
}
