//! Why a new migration cannot be made, and what to do about it.

use super::{Failure, undetermined};
use crate::ops::new_migration::NewMigrationError;

impl From<NewMigrationError> for Failure {
    fn from(error: NewMigrationError) -> Self {
        let message = error.to_string();
        match error {
            NewMigrationError::Session(error) => error.into(),
            NewMigrationError::Git(error) => error.into(),
            NewMigrationError::Store(error) => error.into(),
            NewMigrationError::NoMigrations => Failure::usage(message)
                .hint("add it to the tracks.toml on base: `[migrations]` with `paths = [\"db/migrations/*.sql\"]`"),
            NewMigrationError::NoTrack { known } => Failure::usage(message).hint(format!(
                "name it with `--track TRACK` ({}), or go to its worktree",
                known.join(", ")
            )),
            NewMigrationError::NoWorktree { track } => undetermined(message).hint(format!(
                "make it: `tracks init {track}`, or only look with `--dry-run`"
            )),
            NewMigrationError::NoWords { .. } => {
                Failure::usage(message).hint("say what it is for: `tracks new migration \"add users\"`")
            }
            NewMigrationError::SeveralDirectories { known } => Failure::usage(message)
                .hint(format!("say which with `--in DIR`: {}", known.join(", "))),
            NewMigrationError::NoDirectory => {
                Failure::usage(message).hint("say where with `--in DIR`, from the root of the repository")
            }
            NewMigrationError::NotSelected { .. } => {
                Failure::usage(message).hint("correct `name` or `paths` in [migrations], or `--in`")
            }
            NewMigrationError::Write(_) => undetermined(message),
            NewMigrationError::NoneFree { .. } => undetermined(message)
                .hint("what is there ends in a version that none comes after; look at the newest files"),
        }
    }
}
