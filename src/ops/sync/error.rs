//! Why a round cannot be run.

use crate::domain::name::{BranchName, TrackId};
use crate::domain::revision::TreeId;
use crate::git::{GitError, RefError};
use crate::store::StoreError;

use super::super::SessionError;
use super::super::notebook::NotebookError;
use super::super::operation::OperationError;
use super::super::own_worktree::OwnWorktreeError;
use super::super::runner::RunnerError;
use super::super::setup::SetupError;
use super::super::site::SiteError;
use super::super::trial::TrialError;

#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    #[error("another round is running: {holder}")]
    Busy { holder: String },
    #[error("{branch} is a symbolic ref to {target}")]
    Symbolic { branch: BranchName, target: String },
    #[error(
        "repeating the merge of {track} gave another tree ({first}, then {}); nothing was moved",
        second.map_or_else(|| "a conflict".to_owned(), |tree| tree.to_string())
    )]
    NotReproducible {
        track: TrackId,
        first: TreeId,
        second: Option<TreeId>,
    },
    #[error("{name} moved while the round ran; nothing was changed")]
    Moved { name: String },
    #[error(transparent)]
    Ref(RefError),
    #[error(transparent)]
    Operation(OperationError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Runner(#[from] RunnerError),
    #[error(transparent)]
    OwnWorktree(#[from] OwnWorktreeError),
    #[error(transparent)]
    Notebook(NotebookError),
}

impl From<NotebookError> for SyncError {
    fn from(error: NotebookError) -> Self {
        SyncError::Notebook(error)
    }
}

impl From<TrialError> for SyncError {
    fn from(error: TrialError) -> Self {
        match error {
            TrialError::Git(error) => error.into(),
            TrialError::Store(error) => error.into(),
            TrialError::Runner(error) => error.into(),
            TrialError::OwnWorktree(error) => error.into(),
        }
    }
}

impl From<SiteError> for SyncError {
    fn from(error: SiteError) -> Self {
        match error {
            SiteError::Git(error) => error.into(),
            SiteError::Setup(error) => error.into(),
            SiteError::OwnWorktree(error) => error.into(),
        }
    }
}

impl From<RefError> for SyncError {
    fn from(error: RefError) -> Self {
        match error {
            RefError::Moved { name } => SyncError::Moved { name },
            other => SyncError::Ref(other),
        }
    }
}

impl From<OperationError> for SyncError {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::Ref(error) => error.into(),
            OperationError::Git(error) => SyncError::Git(error),
            OperationError::Store(error) => SyncError::Store(error),
            error => SyncError::Operation(error),
        }
    }
}
