//! Commits and how they relate.

use super::{GitError, Repository};
use crate::domain::revision::{CommitId, TreeId};
use crate::domain::time::Timestamp;

/// How many commits each side has that the other does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AheadBehind {
    pub ahead: usize,
    pub behind: usize,
}

/// What is read of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    pub tree: TreeId,
    pub parents: Vec<CommitId>,
    pub committed: Timestamp,
    /// The first line, lossily.
    pub subject: String,
    pub message: Vec<u8>,
}

impl Repository {
    /// # Errors
    /// When there is no such commit here.
    pub fn commit(&self, id: CommitId) -> Result<CommitInfo, GitError> {
        let _ = id;
        todo!()
    }

    /// All best common ancestors; empty for unrelated histories.
    ///
    /// # Errors
    /// [`GitError::Shallow`] where the clone is shallow and none was found.
    pub fn merge_bases(&self, a: CommitId, b: CommitId) -> Result<Vec<CommitId>, GitError> {
        let _ = (a, b);
        todo!()
    }

    /// # Errors
    /// As [`Repository::merge_bases`].
    pub fn ahead_behind(&self, tip: CommitId, base: CommitId) -> Result<AheadBehind, GitError> {
        let _ = (tip, base);
        todo!()
    }

    /// Whether `ancestor` is `descendant` or in its history.
    ///
    /// # Errors
    /// When a commit is not here.
    pub fn is_ancestor(&self, ancestor: CommitId, descendant: CommitId) -> Result<bool, GitError> {
        let _ = (ancestor, descendant);
        todo!()
    }

    /// What is reachable from `tip` and from none of `hidden`, newest first, at most `limit`.
    ///
    /// # Errors
    /// When a commit is not here.
    pub fn commits_between(
        &self,
        tip: CommitId,
        hidden: &[CommitId],
        limit: usize,
    ) -> Result<Vec<CommitId>, GitError> {
        let _ = (tip, hidden, limit);
        todo!()
    }
}
