//! Commits and how they relate.

use super::object::{commit_id, object_id, tree_id, unreadable};
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
        let fail = |error: gix::Error| unreadable(format!("commit {id}"), &error);
        let gix = self.local();
        let commit = gix.find_commit(object_id(id.as_bytes())).map_err(fail)?;
        let message = commit.message_raw().map_err(fail)?.to_vec();
        let first = message.split(|byte| *byte == b'\n').next();
        Ok(CommitInfo {
            tree: tree_id(commit.tree_id().map_err(fail)?.detach())?,
            parents: commit
                .parent_ids()
                .map(|parent| commit_id(parent.detach()))
                .collect::<Result<_, _>>()?,
            committed: Timestamp(commit.time().map_err(fail)?.seconds),
            subject: String::from_utf8_lossy(first.unwrap_or_default())
                .trim_end()
                .to_owned(),
            message,
        })
    }

    /// All best common ancestors; empty for unrelated histories.
    ///
    /// # Errors
    /// [`GitError::Shallow`] where the clone is shallow and none was found.
    pub fn merge_bases(&self, a: CommitId, b: CommitId) -> Result<Vec<CommitId>, GitError> {
        let gix = self.local();
        let bases = gix
            .merge_bases_many(object_id(a.as_bytes()), &[object_id(b.as_bytes())])
            .map_err(|error| unreadable("history", &error))?;
        if bases.is_empty() && self.is_shallow() {
            return Err(GitError::Shallow);
        }
        bases.into_iter().map(|id| commit_id(id.detach())).collect()
    }

    /// # Errors
    /// As [`Repository::merge_bases`].
    pub fn ahead_behind(&self, tip: CommitId, base: CommitId) -> Result<AheadBehind, GitError> {
        if self.is_shallow() {
            self.merge_bases(tip, base)?;
        }
        let gix = self.local();
        Ok(AheadBehind {
            ahead: walk(&gix, tip, &[base], usize::MAX)?.len(),
            behind: walk(&gix, base, &[tip], usize::MAX)?.len(),
        })
    }

    /// Whether `ancestor` is `descendant` or in its history.
    ///
    /// # Errors
    /// When a commit is not here; [`GitError::Shallow`] as in [`Repository::merge_bases`].
    pub fn is_ancestor(&self, ancestor: CommitId, descendant: CommitId) -> Result<bool, GitError> {
        Ok(self.merge_bases(ancestor, descendant)?.contains(&ancestor))
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
        walk(&self.local(), tip, hidden, limit)?
            .into_iter()
            .map(commit_id)
            .collect()
    }
}

fn walk(
    gix: &gix::Repository,
    tip: CommitId,
    hidden: &[CommitId],
    limit: usize,
) -> Result<Vec<gix::ObjectId>, GitError> {
    use gix::revision::walk::Sorting;
    use gix::traverse::commit::simple::CommitTimeOrder::NewestFirst;

    let fail = |error: gix::Error| unreadable("history", &error);
    gix.rev_walk([object_id(tip.as_bytes())])
        .with_hidden(hidden.iter().map(|id| object_id(id.as_bytes())))
        .sorting(Sorting::ByCommitTime(NewestFirst))
        .all()
        .map_err(fail)?
        .take(limit)
        .map(|info| info.map(|info| info.id).map_err(fail))
        .collect()
}
