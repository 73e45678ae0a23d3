//! Locks that die with their holder (advisory file locks of the operating system).

use std::path::Path;

use super::{Store, StoreError};

/// What is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockName {
    /// One round at a time.
    Round,
    /// One `init` at a time.
    Init,
    /// A worktree of ours, by its directory name (`.integration`, `.probe-1`).
    Worktree(String),
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it; what the holder wrote about itself (`tracks sync, process 4711, since …`).
    #[error("{holder}")]
    Held { holder: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Held until dropped or until the process dies.
#[derive(Debug)]
pub struct Lock {}

impl Store {
    /// Takes a lock without waiting. `who` is what others are told while it is held.
    ///
    /// # Errors
    /// When it is held.
    pub fn lock(&self, name: &LockName, who: &str) -> Result<Lock, LockError> {
        let _ = (name, who);
        todo!()
    }
}

/// Takes a lock on any file of ours; `None` while somebody else has it.
pub(super) fn try_lock_file(path: &Path) -> Result<Option<Lock>, StoreError> {
    let _ = path;
    todo!()
}
