//! Errors of the verbs that take worktrees away and bring them back, bring base into tracks, and take operations back.

use super::{Failure, Kind, TRACKS, meant, undetermined};
use crate::ops::TrashError;
use crate::ops::prune::PruneError;
use crate::ops::remove::RemoveError;
use crate::ops::restore::RestoreError;
use crate::ops::undo::UndoError;
use crate::ops::update::UpdateError;

const TRASHED: Kind = ("removed worktrees", "");

impl From<RemoveError> for Failure {
    fn from(error: RemoveError) -> Self {
        let message = error.to_string();
        match error {
            RemoveError::Session(error) => error.into(),
            RemoveError::Trash(error) => error.into(),
            RemoveError::Unknown { nearest, known, .. } => {
                Failure::usage(message).hint(meant(nearest.as_deref(), &known, TRACKS))
            }
        }
    }
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        let message = error.to_string();
        match error {
            RestoreError::Trash(error) => error.into(),
            RestoreError::Unknown { nearest, known, .. } => {
                Failure::usage(message).hint(meant(nearest.as_deref(), &known, TRASHED))
            }
        }
    }
}

impl From<PruneError> for Failure {
    fn from(error: PruneError) -> Self {
        match error {
            PruneError::Session(error) => error.into(),
            PruneError::Remove(error) => error.into(),
            PruneError::Trash(error) => error.into(),
        }
    }
}

impl From<UpdateError> for Failure {
    fn from(error: UpdateError) -> Self {
        let message = error.to_string();
        match error {
            UpdateError::Session(error) => error.into(),
            UpdateError::Git(error) => error.into(),
            UpdateError::Store(error) => error.into(),
            UpdateError::Operation(error) => error.into(),
            UpdateError::FromIntegration => Failure::usage(message)
                .hint("leave `--from` out for base, or name a track that this one depends on"),
            UpdateError::NotDeclared { from, .. } => Failure::usage(message).hint(format!(
                "declare it in tracks.toml: `depends_on = [\"{from}\"]`"
            )),
            UpdateError::NobodyDepends { .. } => {
                Failure::usage(message).hint("declare it in tracks.toml with `depends_on`")
            }
            UpdateError::NoIdentity { .. } => undetermined(message)
                .hint("tell it: `git config user.name NAME` and `git config user.email ADDRESS`"),
            UpdateError::NoBranch { track, .. } => {
                undetermined(message).hint(format!("`tracks init {track}` makes it"))
            }
        }
    }
}

impl From<UndoError> for Failure {
    fn from(error: UndoError) -> Self {
        let message = error.to_string();
        match error {
            UndoError::Session(error) => error.into(),
            UndoError::Trash(error) => error.into(),
            UndoError::Operation(error) => error.into(),
            UndoError::Remove(error) => error.into(),
            UndoError::Restore(error) => error.into(),
            UndoError::Unknown { .. } | UndoError::Ambiguous { .. } => {
                Failure::usage(message).hint("`tracks log` lists them")
            }
            UndoError::Undone { by: Some(by), .. } => undetermined(message).hint(format!(
                "to do it again, take that back: `tracks undo --operation {by}`"
            )),
            UndoError::Undone { by: None, .. } => {
                undetermined(message).hint("`tracks log` says what became of it")
            }
        }
    }
}

impl From<TrashError> for Failure {
    fn from(error: TrashError) -> Self {
        let message = error.to_string();
        match error {
            TrashError::Git(error) => error.into(),
            TrashError::Store(error) => error.into(),
            TrashError::Operation(error) => error.into(),
            TrashError::Busy { .. } => {
                undetermined(message).hint("wait for it to end, then run again")
            }
            TrashError::Ref(_) | TrashError::Add(_) | TrashError::Files(_) => undetermined(message),
        }
    }
}
