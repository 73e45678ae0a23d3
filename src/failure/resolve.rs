//! What it means where a conflict cannot be resolved, or what was resolved and decided cannot be read or written.

use super::{Failure, undetermined};
use crate::ops::decide::DecideError;
use crate::ops::resolve::ResolveError;
use crate::ops::{NotebookError, TrialError};

impl From<NotebookError> for Failure {
    fn from(error: NotebookError) -> Self {
        let message = error.to_string();
        match error {
            NotebookError::Git(error) => error.into(),
            NotebookError::Store(error) => error.into(),
            NotebookError::Unknown(_) => Failure::usage(message)
                .hint("see what there is: `tracks resolve --list`, `tracks decide --list`"),
            NotebookError::Ambiguous(_) => Failure::usage(message).hint("write more of it"),
            NotebookError::Apart { .. } => undetermined(message)
                .hint("merge the two by hand, and move the ref to the result: `git update-ref`"),
            NotebookError::Operation(error) => error.into(),
        }
    }
}

impl From<TrialError> for Failure {
    fn from(error: TrialError) -> Self {
        match error {
            TrialError::Git(error) => error.into(),
            TrialError::Store(error) => error.into(),
            TrialError::Runner(error) => error.into(),
            TrialError::OwnWorktree(error) => error.into(),
        }
    }
}

impl From<DecideError> for Failure {
    fn from(error: DecideError) -> Self {
        let message = error.to_string();
        match error {
            DecideError::Session(error) => error.into(),
            DecideError::Notebook(error) => error.into(),
            DecideError::Git(error) => error.into(),
            DecideError::OverItself(_) => Failure::usage(message).hint("name two tracks"),
            DecideError::Neither { .. } => {
                Failure::usage(message).hint("prefer one of the two that it is about")
            }
            DecideError::NoReason => Failure::usage(message).hint("say why: `--because \"…\"`"),
        }
    }
}

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Self {
        let message = error.to_string();
        match error {
            ResolveError::Session(error) => error.into(),
            ResolveError::Git(error) => error.into(),
            ResolveError::Store(error) => error.into(),
            ResolveError::OwnWorktree(error) => error.into(),
            ResolveError::Notebook(error) => error.into(),
            ResolveError::Trial(error) => error.into(),
            ResolveError::Operation(error) => error.into(),
            ResolveError::Trash(error) => error.into(),
            ResolveError::WithItself(_) => Failure::usage(message).hint("name two tracks"),
            ResolveError::NoBranch { .. } => {
                undetermined(message).hint("`tracks init` makes it; in a clone, fetch it first")
            }
            ResolveError::NoWorktree { track } => {
                undetermined(message).hint(format!("make it: `tracks init {track}`"))
            }
            ResolveError::Dirty { .. } => {
                undetermined(message).hint("nothing was touched; commit it, or put it away, first")
            }
            ResolveError::Unfinished { .. } => undetermined(message).hint("end it first"),
            ResolveError::Unavailable { .. } => undetermined(message),
            ResolveError::Taken { tracks, .. } => undetermined(message).hint(format!(
                "end that first: `tracks resolve {} {}`",
                tracks[0], tracks[1]
            )),
            ResolveError::Ref(_) => undetermined(message).hint("run it again"),
        }
    }
}
