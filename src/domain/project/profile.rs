//! What tracks.toml says of profiles: other values of `[run]`, `[check]` and `[integration]`, by hand or by a condition.

use std::collections::BTreeMap;

use super::{Check, Condition, Integration, Project, Run};
use crate::domain::name::ProfileName;

/// One profile, as the project is with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    pub name: ProfileName,
    /// `None`: only by hand.
    pub when: Option<Condition>,
    pub run: Run,
    /// All checks of the project, in its order.
    pub checks: Vec<Check>,
    pub integration: Integration,
    /// What it says itself: dotted key → value as written. Everything else above is the project's.
    pub overrides: BTreeMap<String, String>,
}

impl Project {
    /// The project as it is with one of its profiles.
    #[must_use]
    pub fn with_profile(&self, profile: &Profile) -> Project {
        Project {
            run: profile.run.clone(),
            checks: profile.checks.clone(),
            integration: profile.integration.clone(),
            ..self.clone()
        }
    }
}
