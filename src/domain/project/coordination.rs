//! What tracks.toml says of checkpoints, steps, reviews, hand-offs and targets.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Share;
use crate::domain::name::TrackId;
use crate::domain::path::Pattern;

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
