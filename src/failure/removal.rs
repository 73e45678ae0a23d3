//! What it means where a worktree cannot be taken away, put back, or cleared.

use super::{Failure, TRACKS, TRASHED, meant, undetermined};
use crate::ops::TrashError;
use crate::ops::prune::PruneError;
use crate::ops::remove::RemoveError;
use crate::ops::restore::RestoreError;

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
