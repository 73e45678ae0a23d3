//! What tracks.toml says of ownership, migrations, contracts and names.

use std::time::Duration;

use super::Command;
use crate::domain::migration::Preset;
use crate::domain::name::{ContractName, TrackId};
use crate::domain::path::Pattern;

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
    /// `None`: what the project itself shows.
    pub preset: Option<Preset>,
    /// Of preset `custom`: a regular expression whose one group is the version in a name.
    pub version: Option<String>,
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

/// From most to least severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Error,
    Warning,
    Info,
    Off,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
            Severity::Off => "off",
        }
    }
}
