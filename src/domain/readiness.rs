//! What a track still lacks before it may enter the next round, and what people should do next.

use super::name::TrackId;

/// The observed facts about one track.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    pub track: &'a TrackId,
    pub has_branch: bool,
    pub has_worktree: bool,
    pub ahead: Option<usize>,
    pub behind: Option<usize>,
    pub dirty: bool,
    pub checks_failed: &'a [String],
    pub checks_unknown: &'a [String],
    pub conflicts_with_base: bool,
    pub collisions: &'a [TrackId],
    /// Dependencies that are neither landed nor able to go before it.
    pub waiting_for: &'a [TrackId],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    Blocked,
    Failing,
    Conflicting,
    Empty,
}

impl Readiness {
    pub fn as_str(self) -> &'static str {
        match self {
            Readiness::Ready => "ready",
            Readiness::Blocked => "blocked",
            Readiness::Failing => "failing",
            Readiness::Conflicting => "conflicting",
            Readiness::Empty => "empty",
        }
    }
}

/// The readiness, and in words what is missing, most pressing first.
pub fn judge(facts: &Facts<'_>) -> (Readiness, Vec<String>) {
    let _ = facts;
    todo!()
}
