//! The tables behind coordination as they are written: checkpoints, steps, escalations, hand-offs, targets.

use schemars::JsonSchema;
use serde::Deserialize;

use super::form::{Due, Span, Text};
use super::scalar::{Share, Target};
use super::value::{Entries, OneOrMany, Placed};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct CheckpointTable {
    /// What it is called; required.
    pub(in crate::config) name: Option<Placed<Text>>,
    /// When it is due: `day 6` of the phase, or a date.
    pub(in crate::config) due: Option<Due>,
    /// The tracks that it is for. Default: all.
    pub(in crate::config) tracks: Option<OneOrMany<String>>,
    /// How long before it the tracks are reminded, such as `1d`. Default: not at all.
    pub(in crate::config) remind: Option<Span>,
    /// What must hold: `check:NAME`, `contract:NAME>=LEVEL`, `path:PATH`, `metric:NAME>=NUMBER`, `track:ID=STATE`,
    /// `approve:WHO`, or `manual:TEXT`.
    pub(in crate::config) require: Option<OneOrMany<String>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct StepTable {
    /// What it is called, such as `prepare`; required.
    pub(in crate::config) name: Option<Placed<Text>>,
    /// How many of the tracks must get through: a share such as `0.75`, or a count. Default: all.
    pub(in crate::config) min_success: Option<Share>,
    /// Tracks that must get through in any case.
    pub(in crate::config) required: Option<OneOrMany<String>>,
    /// What must hold before it begins, written as in `[[checkpoint]] require`.
    pub(in crate::config) entry: Option<OneOrMany<String>>,
    /// What must hold before it ends, written as in `[[checkpoint]] require`.
    pub(in crate::config) exit: Option<OneOrMany<String>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct EscalationTable {
    /// What stays open: a `blocker`, a `conflict`, a `red-integration`, or a `silent-track`; required.
    pub(in crate::config) on: Option<EscalationKind>,
    /// After how long. Default: `1h` for a blocker, `2h` for a conflict, `1h` for a red integration, `4h` for a silent
    /// track.
    pub(in crate::config) after: Option<Span>,
    /// Who hears of it; required.
    pub(in crate::config) notify: Option<Text>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum EscalationKind {
    Blocker,
    Conflict,
    RedIntegration,
    SilentTrack,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct HandoffTable {
    /// What a hand-off says, by field: `required`, `optional`, or `path:FILE` where a file says it.
    pub(in crate::config) fields: Entries<String>,
    /// What a track cannot do without a hand-off: `sync` or `land`. Default: nothing.
    pub(in crate::config) required_for: Option<RequiredForKey>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(in crate::config) enum RequiredForKey {
    Sync,
    Land,
}

impl RequiredForKey {
    pub(in crate::config) fn as_str(self) -> &'static str {
        match self {
            RequiredForKey::Sync => "sync",
            RequiredForKey::Land => "land",
        }
    }
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct MetricsTable {
    /// What a figure should reach, by its name: a number such as `0.95`, or a duration such as `24h`.
    pub(in crate::config) target: Entries<Target>,
}
