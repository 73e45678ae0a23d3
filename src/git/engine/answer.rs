//! What comes out of a merge.

use crate::domain::merge::{Change, Conflict, Reason, Which};
use crate::domain::revision::TreeId;

/// Who decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecidedBy {
    Process,
    /// An earlier matrix.
    Memory,
    Git(Reason),
}

/// What became of one merge.
#[derive(Debug, Clone)]
pub struct Answer {
    pub outcome: Outcome,
    pub by: DecidedBy,
}

#[derive(Debug, Clone)]
pub enum Outcome {
    Clean(Combined),
    /// At least one conflict, paths ascending.
    Conflicted(Vec<Conflict>),
    /// One sentence.
    Unavailable(String),
}

/// What a clean merge made.
#[derive(Debug, Clone)]
pub struct Combined(pub(super) Made);

#[derive(Debug, Clone)]
pub(super) enum Made {
    /// Only the verdict was asked for.
    Nothing,
    /// One side's tree as it is.
    AsIs(Which),
    /// The steps of the side that is not `smaller`, and then these changes.
    Changes {
        smaller: Which,
        changes: Vec<Change>,
    },
    Tree(TreeId),
}

/// Whether what merges make is wanted, or the verdicts only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    Verdicts,
    Results,
    /// What git goes on from where there are several merge bases: their merge, conflicting lines and all.
    MergeBase,
}
