//! Linked worktrees: listing, adding, mending half-made ones, and what is uncommitted in them.

use std::path::{Path, PathBuf};

use super::{GitError, Repository};
use crate::domain::change::{Dirty, Unfinished};
use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;

/// One entry of `git worktree list`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    /// Absolute; canonical where it exists.
    pub path: PathBuf,
    pub is_main: bool,
    pub branch: Option<BranchName>,
    pub commit: Option<CommitId>,
    /// The reason may be empty.
    pub locked: Option<String>,
    /// git would prune it, and why.
    pub prunable: Option<String>,
    /// `git worktree add` was killed before it finished.
    pub half_made: bool,
}

/// What a new worktree starts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// A branch that does not exist yet, at this commit, tracking nothing.
    NewBranch {
        name: BranchName,
        at: CommitId,
    },
    Branch(BranchName),
    Detached(CommitId),
}

/// Why a worktree was not added. Neither entry nor directory nor new branch is left behind.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error("{} exists and is not an empty directory", path.display())]
    InTheWay { path: PathBuf },
    /// The worktree is there and whole; a hook of the repository failed afterwards.
    #[error("the post-checkout hook failed: {message}")]
    Hook { message: String },
    #[error(transparent)]
    Git(#[from] GitError),
}

/// What `git status` finds in a worktree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorktreeStatus {
    pub dirty: Dirty,
    pub unfinished: Option<Unfinished>,
}

impl Repository {
    /// # Errors
    /// When the list cannot be read.
    pub fn worktrees(&self) -> Result<Vec<Worktree>, GitError> {
        todo!()
    }

    /// `git worktree add --no-track`, cleaned up after a failure (a killed one is mended by [`Repository::mend_worktree`]).
    /// Safe to call from several threads at once.
    ///
    /// # Errors
    /// See [`AddError`].
    pub fn add_worktree(&self, path: &Path, start: &Start) -> Result<(), AddError> {
        let _ = (path, start);
        todo!()
    }

    /// Finishes or clears away what a killed `git worktree add` left at this path: afterwards the entry is either whole or
    /// gone, and a prunable one is gone. Never deletes a file that such a run did not write.
    ///
    /// # Errors
    /// When git cannot do it.
    pub fn mend_worktree(&self, worktree: &Worktree) -> Result<(), GitError> {
        let _ = worktree;
        todo!()
    }

    /// What is uncommitted, without touching the index of the worktree.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn worktree_status(&self, worktree: &Path) -> Result<WorktreeStatus, GitError> {
        let _ = worktree;
        todo!()
    }
}
