//! A first tracks.toml for a repository that has none.

use std::path::PathBuf;

use crate::config::starter::Starter;
use crate::git::Repository;

use super::super::session::FILE_NAME;

/// Writes a commented tracks.toml into the main worktree, unless there is one.
///
/// # Errors
/// When there is no main worktree, a file already, or it cannot be written.
pub fn write_starter(repository: &Repository, starter: &Starter) -> Result<PathBuf, StarterError> {
    let main = repository.main_worktree().ok_or(StarterError::Bare)?;
    let path = main.join(FILE_NAME);
    if path.symlink_metadata().is_ok() {
        return Err(StarterError::Exists { path });
    }
    crate::files::write_atomic(&path, starter.text.as_bytes()).map_err(|source| {
        StarterError::Write {
            path: path.clone(),
            source,
        }
    })?;
    Ok(path)
}

#[derive(Debug, thiserror::Error)]
pub enum StarterError {
    #[error("this repository is bare; tracks.toml belongs into a worktree of the base branch")]
    Bare,
    #[error("{} exists already", path.display())]
    Exists { path: PathBuf },
    #[error("{}: {source}", path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
}
