//! Worktrees on their way into the trash, back, or away for good. Each step can be repeated, and what is under way is
//! written down before it begins: what a killed run has left, the next one finishes.

use std::io::ErrorKind;
use std::path::Path;

use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;
use crate::files::{delete_directory, move_directory};
use crate::git::{AddError, GitError, RefChange, RefError, Start};
use crate::store::{
    Lock, LockError, LockName, Operation, StoreError, TrashState, Trashed, WorktreeChange,
};

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

/// Goes on where a killed run has stopped; one sentence each. Whoever calls has the lock. A worktree that is still where it was
/// stays: somebody may have worked in it since. What cannot be finished is said.
///
/// # Errors
/// When the trash cannot be read.
pub(super) fn settle(session: &Session) -> Result<Vec<String>, TrashError> {
    let mut said = Vec::new();
    for mut trashed in session.store.trashed()? {
        let name = name_of(&trashed);
        let (what, result) = match trashed.state {
            TrashState::Removed => continue,
            TrashState::Removing => match give_back(session, &trashed) {
                Ok(true) => {
                    said.push(format!(
                        "the removal of {name} was killed before it had gone: it stays"
                    ));
                    continue;
                }
                Ok(false) => ("removal", put_away(session, &mut trashed)),
                Err(error) => ("removal", Err(error)),
            },
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

/// Gives a worktree back whose directory was not moved yet: whether that was so.
fn give_back(session: &Session, trashed: &Trashed) -> Result<bool, TrashError> {
    let (repository, store) = (&session.repository, &session.store);
    let Some(path) = &trashed.worktree else {
        return Ok(false);
    };
    let name = trashed.entry.as_deref().unwrap_or_default();
    let entry = store.trashed_entry(trashed);
    let moved = store.trashed_worktree(trashed).exists();
    if moved || !(repository.has_entry(name, path) || entry.exists() && path.exists()) {
        return Ok(false);
    }
    repository.bring_entry(&entry, name, path)?;
    store.forget_trashed(trashed)?;
    Ok(true)
}

/// Takes out of the record what was not done with this one after all.
pub(super) fn did_not(operation: &mut Operation, trashed: &Trashed) {
    let at = |change: &WorktreeChange| Some(&change.path) == trashed.worktree.as_ref();
    operation.worktrees.retain(|change| !at(change));
    let branch = trashed.branch.as_ref().map(BranchName::full);
    (operation.refs).retain(|moved| Some(&moved.name) != branch.as_ref());
    let said = [went(trashed), came(trashed)];
    (operation.did).retain(|sentence| !said.contains(&Some(sentence.clone())));
}

/// That it is taken away, for the log.
pub(super) fn went(trashed: &Trashed) -> Option<String> {
    match (&trashed.worktree, &trashed.branch) {
        (Some(path), _) => Some(format!("took worktree {} away", path.display())),
        (None, Some(branch)) => Some(format!("took branch {branch} away")),
        (None, None) => None,
    }
}

/// That it is brought back, for the log.
pub(super) fn came(trashed: &Trashed) -> Option<String> {
    match (&trashed.worktree, &trashed.branch) {
        (Some(path), _) => Some(format!("brought worktree {} back", path.display())),
        (None, Some(branch)) => Some(format!("brought branch {branch} back")),
        (None, None) => None,
    }
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
/// When it cannot be moved; then everything is as it was, and it is in the trash no more.
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
        if let Err(error) = repository.take_entry(name, path, &entry) {
            store.forget_trashed(trashed)?;
            return Err(error.into());
        }
        match move_directory(path, &to) {
            // It was gone before.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            // It is in the trash, and somebody has made another one since.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && to.exists() => {}
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
        match remove_branch(session, branch, head) {
            Ok(gone) => trashed.removed_branch = gone,
            Err(error) => {
                // With a worktree it is on its way; a branch alone is where it was.
                if trashed.worktree.is_none() {
                    store.forget_trashed(trashed)?;
                }
                return Err(error);
            }
        }
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
/// When something has come in the way; then it lies in the trash as before.
pub(super) fn bring_back(session: &Session, trashed: &mut Trashed) -> Result<(), TrashError> {
    let (repository, store) = (&session.repository, &session.store);
    trashed.state = TrashState::Restoring;
    store.note_trashed(trashed)?;
    let missing = match &trashed.branch {
        Some(branch) if repository.branch(branch)?.is_none() => Some(branch.full()),
        _ => None,
    };
    let made = match (missing, trashed.head) {
        (Some(name), Some(head)) => Some(RefChange {
            name,
            before: None,
            after: Some(head),
        }),
        _ => None,
    };
    let result = match &made {
        Some(change) => repository.update_refs(std::slice::from_ref(change), "tracks restore"),
        None => Ok(()),
    };
    let result = result.map_err(TrashError::from);
    if let Err(error) = result.and_then(|()| bring_worktree_back(session, trashed)) {
        if let Some(change) = made {
            let away = RefChange {
                before: change.after,
                after: None,
                ..change
            };
            // Where it was not made, or has moved on, it stays as it is.
            let _ = repository.update_refs(&[away], "tracks restore: taken back");
        }
        trashed.state = TrashState::Removed;
        store.note_trashed(trashed)?;
        return Err(error);
    }
    store.forget_trashed(trashed)?;
    match &trashed.worktree {
        Some(path) => follow(session, trashed, path),
        None => Ok(()),
    }
}

/// The part of it that is about directories: done, or as before.
fn bring_worktree_back(session: &Session, trashed: &Trashed) -> Result<(), TrashError> {
    let (repository, store) = (&session.repository, &session.store);
    let Some(path) = &trashed.worktree else {
        return Ok(());
    };
    exclude_worktrees(session)?;
    let (entry, from) = (
        store.trashed_entry(trashed),
        store.trashed_worktree(trashed),
    );
    match move_directory(&from, path) {
        Ok(()) => {
            let name = trashed.entry.as_deref().unwrap_or_default();
            if let Err(error) = repository.bring_entry(&entry, name, path) {
                move_directory(path, &from)?;
                return Err(error.into());
            }
            Ok(())
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
            Ok(delete_directory(&entry)?)
        }
        Err(error) => Err(error.into()),
    }
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
