//! What can go wrong with the state.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{}: {source}", path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
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
