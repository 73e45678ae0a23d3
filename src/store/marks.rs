//! Small facts about worktrees that must outlive a run: which setup has been done there.

use std::path::Path;

use super::{Store, StoreError};

impl Store {
    /// What was last noted about a worktree's setup.
    pub fn setup_done(&self, worktree: &Path) -> Option<String> {
        let _ = worktree;
        todo!()
    }

    /// # Errors
    /// When it cannot be written.
    pub fn note_setup(&self, worktree: &Path, digest: &str) -> Result<(), StoreError> {
        let _ = (worktree, digest);
        todo!()
    }

    /// # Errors
    /// When it cannot be written.
    pub fn forget_setup(&self, worktree: &Path) -> Result<(), StoreError> {
        let _ = worktree;
        todo!()
    }
}
