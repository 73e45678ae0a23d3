//! Reading refs, and moving them: all of an operation in one transaction, each from the value it was read at.

use super::{GitError, Repository};
use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;

/// One ref of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefChange {
    /// The full name.
    pub name: String,
    /// What it must be now; `None`: it must not exist.
    pub before: Option<CommitId>,
    /// What it becomes; `None`: it is deleted.
    pub after: Option<CommitId>,
}

/// Why a transaction did not happen. Nothing of it did.
#[derive(Debug, thiserror::Error)]
pub enum RefError {
    #[error("{name} moved meanwhile")]
    Moved { name: String },
    #[error("{name} is locked by another git process")]
    Locked { name: String },
    /// For example `a` exists and `a/b` is to be made.
    #[error("{name} cannot be created: {message}")]
    Refused { name: String, message: String },
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Repository {
    /// Any revision that git would accept, peeled to a commit; `None` where there is no such commit.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn resolve(&self, revision: &str) -> Result<Option<CommitId>, GitError> {
        let _ = revision;
        todo!()
    }

    /// The tip of a local branch.
    ///
    /// # Errors
    /// When the ref cannot be read.
    pub fn branch(&self, name: &BranchName) -> Result<Option<CommitId>, GitError> {
        let _ = name;
        todo!()
    }

    /// The tip of a remote-tracking branch, `refs/remotes/REMOTE/NAME`.
    ///
    /// # Errors
    /// When the ref cannot be read.
    pub fn remote_branch(
        &self,
        remote: &str,
        name: &BranchName,
    ) -> Result<Option<CommitId>, GitError> {
        let _ = (remote, name);
        todo!()
    }

    /// The branch that `refs/remotes/REMOTE/HEAD` names, without the remote.
    ///
    /// # Errors
    /// When the ref cannot be read.
    pub fn remote_head(&self, remote: &str) -> Result<Option<BranchName>, GitError> {
        let _ = remote;
        todo!()
    }

    /// Any full ref name, peeled to a commit.
    ///
    /// # Errors
    /// When the ref cannot be read.
    pub fn reference(&self, full_name: &str) -> Result<Option<CommitId>, GitError> {
        let _ = full_name;
        todo!()
    }

    /// Local branches, and those remote-tracking branches that have no local one, whose short name (without the remote)
    /// matches the glob (`*` stays inside a segment unless the glob ends with it, as in `git branch --list`); sorted.
    ///
    /// # Errors
    /// When refs cannot be read.
    pub fn branches_matching(&self, glob: &str) -> Result<Vec<(BranchName, CommitId)>, GitError> {
        let _ = glob;
        todo!()
    }

    /// All changes or none (`git update-ref --stdin`, so that the hooks of the repository see it). `message` goes to the
    /// reflogs. The identity of reflog entries is ours where the user has none.
    ///
    /// # Errors
    /// When a ref is not what `before` says, is locked, or cannot be.
    pub fn update_refs(&self, changes: &[RefChange], message: &str) -> Result<(), RefError> {
        let _ = (changes, message);
        todo!()
    }
}
