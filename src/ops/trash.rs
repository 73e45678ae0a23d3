//! Worktrees on their way into the trash, back, or away for good. Each step can be repeated, and what is under way is
//! written down before it begins: what a killed run has left, the next one finishes.

use std::io::ErrorKind;
use std::path::Path;

use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;
use crate::files::{delete_directory, move_directory};
use crate::git::{AddError, GitError, RefChange, RefError, Start};
use crate::store::{Lock, LockError, LockName, StoreError, TrashState, Trashed};

use super::Session;
use super::operation::{self, OperationError};
use super::own_worktree::exclude_worktrees;
use super::sync::CANDIDATE_REF;

/// The refs that keep what was removed, by operation.
pub(super) const REFS: &str = "refs/tracks/trash/";

#[derive(Debug, thiserror::Error)]
pub enum TrashError {
    #[error("worktrees are being made or taken away: {holder}")]
    Busy { holder: String },
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Ref(#[from] RefError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Add(#[from] AddError),
    #[error(transparent)]
    Operation(#[from] OperationError),
    /// A directory could not be moved or deleted; the path is in the message.
    #[error("{0}")]
    Files(#[from] std::io::Error),
}

/// Takes the lock under which worktrees come and go, and finishes what a killed run has left; a sentence each.
///
/// # Errors
/// When somebody else has the lock.
pub(super) fn lock(session: &Session, who: &str) -> Result<(Lock, Vec<String>), TrashError> {
    let lock = session
        .store
        .lock_patiently(&LockName::Init, who)
        .map_err(|error| match error {
            LockError::Held { holder } => TrashError::Busy { holder },
            LockError::Store(error) => TrashError::Store(error),
        })?;
    // As `init` does, which would not know any more that it was killed once we have had its lock.
    if let Some(since) = lock.killed_since() {
        for track in &session.project.tracks {
            session.repository.clear_branch_lock(&track.branch, since)?;
        }
        session
            .repository
            .clear_stale_ref_locks(&refs_of_ours(session)?)?;
    }
    let settled = settle(session)?;
    Ok((lock, settled))
}

/// Every ref that taking away, bringing back and pruning moves.
fn refs_of_ours(session: &Session) -> Result<Vec<String>, TrashError> {
    let trashed = session.store.trashed()?;
    let branches = trashed.iter().filter_map(|trashed| trashed.branch.as_ref());
    let mut names: Vec<String> = branches.map(BranchName::full).collect();
    names.push(CANDIDATE_REF.to_owned());
    for prefix in [REFS, operation::REPLACED] {
        let kept = session.repository.refs_below(prefix)?;
        names.extend(kept.into_iter().map(|(name, _)| name));
    }
    Ok(names)
}

/// Goes on where a killed run has stopped. Whoever calls has the lock. What cannot be finished stays as it is, and is said.
///
/// # Errors
/// When the trash cannot be read.
pub(super) fn settle(session: &Session) -> Result<Vec<String>, TrashError> {
    let mut said = Vec::new();
    for mut trashed in session.store.trashed()? {
        let name = name_of(&trashed);
        let (what, result) = match trashed.state {
            TrashState::Removed => continue,
            TrashState::Removing => ("removal", put_away(session, &mut trashed)),
            TrashState::Restoring => ("return", bring_back(session, &mut trashed)),
            TrashState::Deleting => ("deletion", delete(session, &mut trashed)),
        };
        said.push(match result {
            Ok(()) => format!("finished the {what} of {name}, which a killed run had begun"),
            Err(error) => format!(
                "the {what} of {name}, which a killed run had begun, cannot be finished: {error}"
            ),
        });
    }
    Ok(said)
}

/// As people know it: the track, or the branch, or where it was.
pub(super) fn name_of(trashed: &Trashed) -> String {
    let path = || {
        trashed
            .worktree
            .as_ref()
            .map(|path| path.display().to_string())
    };
    let branch = || trashed.branch.as_ref().map(BranchName::to_string);
    let name = trashed.track.clone().or_else(branch).or_else(path);
    name.unwrap_or_else(|| trashed.operation.clone())
}

/// Moves a worktree into the trash: git's entry first, so that from then on nobody can take it for a worktree, then its
/// directory, and last its branch goes where that was wanted. Its refs are kept already.
///
/// # Errors
/// When its directory cannot be moved; then everything is as it was.
pub(super) fn put_away(session: &Session, trashed: &mut Trashed) -> Result<(), TrashError> {
    let (repository, store) = (&session.repository, &session.store);
    trashed.state = TrashState::Removing;
    store.note_trashed(trashed)?;
    if let Some(path) = &trashed.worktree {
        let (entry, to) = (
            store.trashed_entry(trashed),
            store.trashed_worktree(trashed),
        );
        let name = trashed.entry.as_deref().unwrap_or_default();
        repository.take_entry(name, path, &entry)?;
        match move_directory(path, &to) {
            // It was gone before.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                repository.bring_entry(&entry, name, path)?;
                store.forget_trashed(trashed)?;
                return Err(error.into());
            }
            Ok(()) => {}
        }
    }
    if let (true, Some(branch), Some(head)) =
        (trashed.removed_branch, &trashed.branch, trashed.head)
    {
        trashed.removed_branch = remove_branch(session, branch, head)?;
    }
    trashed.state = TrashState::Removed;
    Ok(store.note_trashed(trashed)?)
}

/// Whether it is gone; where somebody has moved it meanwhile, it stays.
fn remove_branch(
    session: &Session,
    branch: &BranchName,
    head: CommitId,
) -> Result<bool, TrashError> {
    if session.repository.branch(branch)?.is_none() {
        return Ok(true);
    }
    let change = RefChange {
        name: branch.full(),
        before: Some(head),
        after: None,
    };
    match session.repository.update_refs(&[change], "tracks remove") {
        Ok(()) => Ok(true),
        Err(RefError::Moved { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Brings a worktree back to where it was, and its branch where that is gone. That nothing is in the way has been looked at.
///
/// # Errors
/// When something has come in the way; nothing is lost, and it can be tried again.
pub(super) fn bring_back(session: &Session, trashed: &mut Trashed) -> Result<(), TrashError> {
    let (repository, store) = (&session.repository, &session.store);
    trashed.state = TrashState::Restoring;
    store.note_trashed(trashed)?;
    let missing = match &trashed.branch {
        Some(branch) if repository.branch(branch)?.is_none() => Some(branch),
        _ => None,
    };
    if let (Some(branch), Some(head)) = (missing, trashed.head) {
        let change = RefChange {
            name: branch.full(),
            before: None,
            after: Some(head),
        };
        repository.update_refs(&[change], "tracks restore")?;
    }
    if let Some(path) = &trashed.worktree {
        exclude_worktrees(session)?;
        let (entry, from) = (
            store.trashed_entry(trashed),
            store.trashed_worktree(trashed),
        );
        match move_directory(&from, path) {
            Ok(()) => {
                let name = trashed.entry.as_deref().unwrap_or_default();
                repository.bring_entry(&entry, name, path)?;
                follow(session, trashed, path)?;
            }
            // There was none when it was removed.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let start = match (&trashed.branch, trashed.head) {
                    (Some(branch), _) => Some(Start::Branch(branch.clone())),
                    (None, head) => head.map(Start::Detached),
                };
                if let Some(start) = start {
                    match repository.add_worktree(path, &start) {
                        Ok(()) | Err(AddError::Hook { .. }) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                delete_directory(&entry)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(store.forget_trashed(trashed)?)
}

/// A worktree without uncommitted work goes to where its branch is by now.
fn follow(session: &Session, trashed: &Trashed, path: &Path) -> Result<(), TrashError> {
    let (Some(branch), Some(head), None) = (&trashed.branch, trashed.head, &trashed.kept_as) else {
        return Ok(());
    };
    let Some(tip) = session
        .repository
        .branch(branch)?
        .filter(|tip| *tip != head)
    else {
        return Ok(());
    };
    let _refs = operation::take_lock(session)?;
    // What is ignored and in the way of a new file stays, and git shows it as changed.
    let settled = session.repository.settle_worktree(path, branch, head, tip);
    settled.map(drop).map_err(|error| {
        OperationError::Worktree {
            branch: branch.clone(),
            path: path.to_owned(),
            error,
        }
        .into()
    })
}

/// Deletes what is in the trash, but not the refs that keep what git can hold of it.
///
/// # Errors
/// When something cannot be deleted; what is left is no longer offered to be brought back.
pub(super) fn delete(session: &Session, trashed: &mut Trashed) -> Result<(), TrashError> {
    let store = &session.store;
    trashed.state = TrashState::Deleting;
    store.note_trashed(trashed)?;
    for dir in [
        store.trashed_worktree(trashed),
        store.trashed_entry(trashed),
    ] {
        delete_directory(&dir)?;
    }
    Ok(store.forget_trashed(trashed)?)
}
