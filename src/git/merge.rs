//! Merges in memory: batches of `git merge-tree --write-tree --stdin -z`, git's own merge without index or worktree.

use std::path::Path;

use super::{GitError, Repository, Snapshot};
use crate::domain::merge::Conflict;
use crate::domain::path::RepoPath;
use crate::domain::revision::{BlobId, CommitId, TreeId};
use crate::domain::time::Timestamp;

/// What git said about one merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeAnswer {
    Merged {
        tree: TreeId,
    },
    /// At least one conflict, paths ascending.
    Conflicted {
        conflicts: Vec<Conflict>,
    },
    /// One sentence why there is no answer (unrelated histories, missing objects).
    Unavailable(String),
}

/// A commit to be written. Author and committer are the tool's fixed identity, so that same inputs give the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommit {
    pub tree: TreeId,
    pub parents: Vec<CommitId>,
    pub time: Timestamp,
    pub message: String,
}

/// Merges commits, with attributes from one commit for every merge.
#[derive(Debug)]
pub struct Merger<'r> {
    repository: &'r Repository,
}

impl<'r> Merger<'r> {
    /// Everything it writes goes to a scratch object directory below `scratch_root`, which goes when the value is dropped;
    /// directories that killed processes left there are swept first.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn scratch(
        repository: &'r Repository,
        attributes: CommitId,
        scratch_root: &Path,
    ) -> Result<Merger<'r>, GitError> {
        let _ = (repository, attributes, scratch_root);
        todo!()
    }

    /// What it writes goes to the repository, for merges that will be published.
    pub fn publishing(repository: &'r Repository, attributes: CommitId) -> Merger<'r> {
        let _ = attributes;
        Merger { repository }
    }

    pub fn repository(&self) -> &'r Repository {
        self.repository
    }

    /// Merges each pair (ours, theirs) of commits; answers in the same order. Several git processes share the work where
    /// it is worth it.
    ///
    /// # Errors
    /// When git cannot be run at all; a pair that git refuses is [`MergeAnswer::Unavailable`].
    pub fn merge_all(&self, pairs: &[(CommitId, CommitId)]) -> Result<Vec<MergeAnswer>, GitError> {
        let _ = pairs;
        todo!()
    }

    /// # Errors
    /// When the object cannot be written.
    pub fn write_commit(&self, commit: &NewCommit) -> Result<CommitId, GitError> {
        let _ = commit;
        todo!()
    }

    /// The uncommitted work of a worktree whose HEAD is `tip`, as a tree in this merger's object directory. Index and
    /// status of the worktree stay untouched.
    ///
    /// # Errors
    /// When git cannot be run at all.
    pub fn snapshot(&self, worktree: &Path, tip: CommitId) -> Result<Snapshot, GitError> {
        let _ = (worktree, tip);
        todo!()
    }

    /// As [`Repository::tree_entries`], for trees that this merger wrote too.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn tree_entries(&self, tree: TreeId) -> Result<Vec<(RepoPath, u32, BlobId)>, GitError> {
        let _ = tree;
        todo!()
    }

    /// A file of a commit that this merger may have written.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn file_at(&self, commit: CommitId, path: &RepoPath) -> Result<Option<Vec<u8>>, GitError> {
        let _ = (commit, path);
        todo!()
    }

    /// The tree of a commit that this merger may have written.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn tree_of(&self, commit: CommitId) -> Result<TreeId, GitError> {
        let _ = commit;
        todo!()
    }
}
