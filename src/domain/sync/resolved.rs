//! What a round put right by itself where git left a conflict, or a merge that is clean and wrong.

use std::fmt;

use crate::domain::path::RepoPath;

/// One path of one merge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resolved {
    pub path: RepoPath,
    /// As in tracks.toml (`union`, `regenerate` …); `recorded` for what somebody has resolved before, `fix` for the repair of
    /// a pair that merges clean and does not work.
    pub strategy: String,
    pub by: ResolvedBy,
    /// Whether what was recorded was for exactly these contents; a rule always is.
    pub exact: bool,
}

/// What a round would do about the conflicts of one pair, as far as that can be told without running anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Foreseen {
    pub resolved: Vec<Resolved>,
    /// Paths that a program is going to be tried on.
    pub to_be_tried: Vec<RepoPath>,
}

/// On whose word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResolvedBy {
    /// `[[integration.resolve]]` of tracks.toml.
    Rule,
    /// A resolution that was recorded under this id.
    Recorded(String),
    /// A decision on who takes precedence, by its id.
    Decision(String),
}

impl fmt::Display for ResolvedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResolvedBy::Rule => f.write_str("rule"),
            ResolvedBy::Recorded(id) | ResolvedBy::Decision(id) => f.write_str(id),
        }
    }
}
