//! The plan of a round: the tracks that will be merged, in order, and those that stay out before anything is merged.

use crate::domain::name::{CheckName, Side, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::project::{Project, Share};
use crate::domain::revision::CommitId;

/// What was read of a track before the round decided anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    pub track: TrackId,
    /// `None`: no branch of that name, locally or remotely.
    pub tip: Option<CommitId>,
    /// Everything of the tip is in base already.
    pub contained_in_base: bool,
    /// An integration merge in the track's own history, if there is one.
    pub contains_integration: Option<CommitId>,
    /// No history in common with base.
    pub unrelated: bool,
    /// Not admitted by `--only`, `--without` or `admit`, with the reason.
    pub not_admitted: Option<String>,
}

/// Why a track is not in the integration branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Conflict,
    Check,
    Blocked,
    NotAdmitted,
    Rule,
    Dependency,
    NotAnOwnHistory,
}

impl Why {
    pub fn as_str(self) -> &'static str {
        match self {
            Why::Conflict => "conflict",
            Why::Check => "check",
            Why::Blocked => "blocked",
            Why::NotAdmitted => "not-admitted",
            Why::Rule => "rule",
            Why::Dependency => "dependency",
            Why::NotAnOwnHistory => "not-an-own-history",
        }
    }
}

/// A track that a round left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ejected {
    pub track: TrackId,
    pub why: Why,
    /// Whom it collides with or waits for.
    pub with: Vec<Side>,
    pub paths: Vec<RepoPath>,
    pub check: Option<CheckName>,
    /// One sentence for people: what happened, and the way out where there is one.
    pub reason: String,
}

/// A track to be merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub track: TrackId,
    pub tip: CommitId,
}

/// The frozen plan of a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// In the order in which they are merged.
    pub entries: Vec<Entry>,
    pub ejected: Vec<Ejected>,
    /// Tracks without work of their own: no branch yet, or all of it in base. They count as met dependencies, except
    /// those without a branch.
    pub empty: Vec<TrackId>,
    /// For the quorum: tracks that have work.
    pub with_work: usize,
}

impl Plan {
    /// `pinned` has every track of the project, once. Order: dependencies, priority, order of the file. A track whose
    /// dependency stays out is ejected as [`Why::Dependency`] naming it; a dependency that is empty is met.
    pub fn new(project: &Project, pinned: &[Pinned]) -> Plan {
        let _ = (project, pinned);
        todo!()
    }

    /// The dependents of `lost` among `remaining`, transitively, in order: what goes with it when it goes.
    pub fn dependents(project: &Project, lost: &TrackId, remaining: &[TrackId]) -> Vec<TrackId> {
        let _ = (project, lost, remaining);
        todo!()
    }
}

/// How many tracks `share` of `of` is, rounded up; none is no requirement.
pub fn needed(share: Option<Share>, of: usize) -> Option<usize> {
    let _ = (share, of);
    todo!()
}
