//! Which ignored files of the main worktree new worktrees bring along.

use std::path::Path;

use super::{GitError, Repository};
use crate::domain::path::{Pattern, RepoPath};

impl Repository {
    /// The ignored files and whole ignored directories of `worktree` that `patterns` or its `.worktreeinclude` (gitignore
    /// syntax) name, without what lies in other worktrees. Tracked files are never listed.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn ignored_to_copy(
        &self,
        worktree: &Path,
        patterns: &[Pattern],
    ) -> Result<Vec<RepoPath>, GitError> {
        let _ = (worktree, patterns);
        todo!()
    }
}
