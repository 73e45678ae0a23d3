//! Worktrees of our own (`.integration`, `.probe-N`): moved from commit to commit, never somebody's place to work.

use std::path::Path;

use super::{GitError, Repository};
use crate::domain::revision::CommitId;

impl Repository {
    /// Puts a detached worktree of ours onto `commit`: tracked files as in the commit, untracked ones gone, ignored ones
    /// (installed packages, build output) kept. A stale index lock that a killed run left is removed; the caller holds the
    /// lock of the worktree.
    ///
    /// # Errors
    /// When git cannot do it.
    pub fn reset_own_worktree(&self, worktree: &Path, commit: CommitId) -> Result<(), GitError> {
        let _ = (worktree, commit);
        todo!()
    }

    /// Adds a line to `info/exclude` unless it is there.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn exclude(&self, line: &str) -> Result<(), GitError> {
        let _ = line;
        todo!()
    }
}
