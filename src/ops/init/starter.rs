//! A first tracks.toml for a repository that has none.

use std::path::PathBuf;

use crate::config::starter::{Starter, of_codeowners};
use crate::domain::codeowners;
use crate::git::Repository;

use super::super::session::FILE_NAME;

/// What is to be written: the starter, and as a comment what a CODEOWNERS file of the repository says.
pub fn starter_text(repository: &Repository, starter: &Starter) -> String {
    let mut text = starter.text.to_owned();
    let Some(main) = repository.main_worktree() else {
        return text;
    };
    let files = codeowners::PLACES.iter();
    let mut files = files.filter_map(|place| {
        let owners = std::fs::read_to_string(main.join(place)).ok()?;
        Some(of_codeowners(place, &owners, starter.text))
    });
    text.extend(files.next());
    text
}

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
    let text = starter_text(repository, starter);
    crate::files::write_atomic(&path, text.as_bytes()).map_err(|source| StarterError::Write {
        path: path.clone(),
        source,
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
