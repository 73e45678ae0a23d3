//! Why hooks could not be put in place, taken away or looked at.

use std::path::PathBuf;

use crate::git::GitError;
use crate::store::{LockError, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum HooksError {
    #[error("hooks are being put in place or taken away: {holder}")]
    Busy { holder: String },
    /// A hook is a shell script, and has to name paths.
    #[error("{} is not UTF-8, so no hook can name it", path.display())]
    NotText { path: PathBuf },
    #[error("where this program is cannot be found out: {0}")]
    Program(std::io::Error),
    #[error(transparent)]
    File(std::io::Error),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LockError> for HooksError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held { holder } => HooksError::Busy { holder },
            LockError::Store(error) => HooksError::Store(error),
        }
    }
}
