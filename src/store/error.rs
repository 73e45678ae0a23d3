//! What can go wrong with the state.

use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is not readable: {message}", path.display())]
    Format { path: PathBuf, message: String },
    /// Written by a newer version of the tool.
    #[error("{} has format {found}; this version knows up to {known}", path.display())]
    TooNew {
        path: PathBuf,
        found: u32,
        known: u32,
    },
}

impl StoreError {
    /// For `map_err` on what was tried with the path.
    pub(super) fn io(path: &Path) -> impl Fn(io::Error) -> StoreError {
        move |source| StoreError::Io {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn format(path: &Path, message: &impl ToString) -> StoreError {
        StoreError::Format {
            path: path.to_owned(),
            message: message.to_string(),
        }
    }
}
