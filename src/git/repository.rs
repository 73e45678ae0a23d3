//! Opening a repository, and what kind it is.

use std::path::{Path, PathBuf};

use super::{Git, GitError};
use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;

/// Why there is no repository to work on.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{} is not inside a git repository", dir.display())]
    NotARepository { dir: PathBuf },
    #[error("there is no `git` on the PATH")]
    NoGit,
    #[error("git {found} is too old; tracks needs {}.{} or newer", super::MINIMUM_VERSION.0, super::MINIMUM_VERSION.1)]
    GitTooOld { found: String },
    #[error("{} stores its refs as a reftable, which tracks cannot read", dir.display())]
    Reftable { dir: PathBuf },
    /// git refuses a repository of another user (`safe.directory`).
    #[error("{} belongs to another user", dir.display())]
    Untrusted { dir: PathBuf },
    #[error("cannot open the repository at {}: {message}", dir.display())]
    Broken { dir: PathBuf, message: String },
}

/// Where HEAD of a worktree points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    Branch {
        name: BranchName,
        commit: CommitId,
    },
    /// A branch without a commit yet.
    Unborn {
        name: String,
    },
    Detached {
        commit: CommitId,
    },
}

/// One repository with all its worktrees. Cheap to share between threads.
#[derive(Debug)]
pub struct Repository {}

impl Repository {
    /// Looks in `dir` and above, as git does, `GIT_DIR` included.
    ///
    /// # Errors
    /// When there is none, or it is one that cannot be worked on.
    pub fn discover(dir: &Path, git: Git) -> Result<Repository, OpenError> {
        let _ = (dir, git);
        todo!()
    }

    pub fn git(&self) -> &Git {
        todo!()
    }

    /// The directory that all worktrees share; absolute and canonical.
    pub fn common_dir(&self) -> &Path {
        todo!()
    }

    /// `None` for a bare repository. Absolute and canonical.
    pub fn main_worktree(&self) -> Option<&Path> {
        todo!()
    }

    /// The worktree that `dir` of [`Repository::discover`] lies in.
    pub fn current_worktree(&self) -> Option<&Path> {
        todo!()
    }

    pub fn is_shallow(&self) -> bool {
        todo!()
    }

    /// HEAD of the current worktree (of the bare repository itself, where there is none).
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn head(&self) -> Result<Head, GitError> {
        todo!()
    }
}
