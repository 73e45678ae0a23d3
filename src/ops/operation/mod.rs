//! Carrying out an operation: recorded before anything moves, all of its refs in one transaction, what it replaces kept, and
//! worktrees moved along. One that was killed is completed, or marked as having moved nothing, by whoever moves refs next.

mod recovery;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::name::BranchName;
use crate::domain::operation::{Fate, fate};
use crate::domain::path::RepoPath;
use crate::domain::revision::CommitId;
use crate::git::{Advance, AdvanceError, GitError, RefChange, RefError, Worktree};
use crate::process::clock;
use crate::store::{Lock, LockError, LockName, Operation, RefMove, StoreError};

use super::Session;
use recovery::{found, recover_locked};
pub(super) use recovery::{mark_empty, moved_nothing};

/// The commits that operations have replaced, by operation and ref.
pub const REPLACED: &str = "refs/tracks/replaced/";

/// A move of a large worktree takes its time.
const PATIENCE: Duration = Duration::from_secs(20);

/// Begins the sentence of an operation of which only worktrees went or came.
pub(super) const HALFWAY: &str = "stopped halfway: ";

/// Why nothing was moved.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    #[error("refs are being moved by {holder}")]
    Busy { holder: String },
    #[error("{branch} is checked out in {}: {error}", path.display())]
    Worktree {
        branch: BranchName,
        path: PathBuf,
        error: AdvanceError,
    },
    /// In a worktree that cannot follow.
    #[error("{branch} is checked out in {}", path.display())]
    CheckedOut { branch: BranchName, path: PathBuf },
    #[error("{name} is a symbolic ref to {target}")]
    Symbolic { name: String, target: String },
    #[error(transparent)]
    Ref(#[from] RefError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is to be done.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The command line, for the operation log.
    pub command: String,
    /// Each from exactly where it was read.
    pub moves: Vec<RefMove>,
    /// Refs that move in the same transaction and are nobody's work, so that they are not recorded.
    pub beside: Vec<RefMove>,
    /// One sentence each on what else it does.
    pub did: Vec<String>,
    /// What has been pushed already, as `REMOTE/BRANCH`.
    pub pushed: Vec<String>,
    /// For the reflogs.
    pub message: String,
}

/// An operation that has been carried out.
#[derive(Debug, Clone)]
pub struct Done {
    pub id: String,
    /// Where the former commits are kept, by ref.
    kept: BTreeMap<String, String>,
    /// Worktrees that went along with their branches.
    pub worktrees: Vec<PathBuf>,
}

impl Done {
    /// The ref that keeps what this one was at; `None` where that is still in its history.
    pub fn kept(&self, name: &str) -> Option<&str> {
        self.kept.get(name).map(String::as_str)
    }
}

/// What was found of killed operations.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Whether a ref was moved, so that what was read before may have changed.
    pub moved: bool,
    /// One sentence for each operation.
    pub notes: Vec<String>,
}

/// Moves the refs of an operation: all or none.
///
/// Where a branch is checked out, its worktree goes along, and has to be clean for that; a branch cannot be deleted from under a
/// worktree. What would not be reachable any more is kept below [`REPLACED`]. A refused operation stays recorded as one that
/// moved nothing.
///
/// # Errors
/// See [`OperationError`]; nothing has moved then.
pub fn carry_out(session: &Session, mut request: Request) -> Result<Done, OperationError> {
    let now = clock::now();
    let id = session.store.new_operation_id(now);
    let mut operation = Operation::new(id, now, std::mem::take(&mut request.command));
    operation.did = std::mem::take(&mut request.did);
    operation.pushed = std::mem::take(&mut request.pushed);
    go_on(session, operation, request)
}

/// As [`carry_out`], for an operation that has begun with something else, such as taking worktrees away. What `request` says
/// of itself is left out.
///
/// # Errors
/// As [`carry_out`].
pub(super) fn go_on(
    session: &Session,
    mut operation: Operation,
    request: Request,
) -> Result<Done, OperationError> {
    let lock = take_lock(session)?;
    recover_locked(session, &lock)?;
    let places = places_that_may_move(session, &request.moves)?;
    let (moves, kept) = with_replaced(session, &operation.id, request.moves)?;
    operation.refs.extend(moves);
    operation.pending = true;
    session.store.record_operation(&operation)?;
    // Should we be killed, a git that we have started goes on, and nobody may settle what it is about to do.
    lock.pass_on(true)?;
    let result = move_all(
        session,
        &operation,
        &request.beside,
        &places,
        &request.message,
    );
    lock.pass_on(false)?;
    match result {
        Ok(()) => {
            operation.pending = false;
            session.store.record_operation(&operation)?;
            Ok(Done {
                id: operation.id,
                kept,
                worktrees: places.into_iter().map(|place| place.path).collect(),
            })
        }
        Err(Failed { error, untouched }) => {
            // Otherwise it stays pending, for the next one to settle.
            if untouched {
                moved_nothing(session, operation, &error.to_string())?;
            }
            Err(error)
        }
    }
}

/// Writes down what has been done by a push alone; the result is the id of the operation.
///
/// # Errors
/// When the log cannot be written.
pub(super) fn record(session: &Session, request: Request) -> Result<String, StoreError> {
    let now = clock::now();
    let id = session.store.new_operation_id(now);
    let operation = Operation {
        refs: request.moves,
        did: request.did,
        pushed: request.pushed,
        ..Operation::new(id, now, request.command)
    };
    session.store.record_operation(&operation)?;
    Ok(operation.id)
}

/// Adds to the record of an operation that what it moved has been pushed, as `REMOTE/BRANCH`.
///
/// # Errors
/// When the log cannot be read or written.
pub(super) fn note_pushed(session: &Session, id: &str, what: String) -> Result<(), StoreError> {
    let operations = session.store.operations()?;
    let operation = operations.into_iter().find(|one| one.id == id);
    match operation {
        Some(mut operation) if !operation.pushed.contains(&what) => {
            operation.pushed.push(what);
            session.store.record_operation(&operation)
        }
        _ => Ok(()),
    }
}

/// Whether these moves could be carried out, as far as a look can tell.
///
/// # Errors
/// As [`carry_out`].
pub fn may_carry_out(session: &Session, moves: &[RefMove]) -> Result<(), OperationError> {
    places_that_may_move(session, moves).map(drop)
}

/// Looks after operations that were killed. Called before a verb reads what it is going to move.
///
/// # Errors
/// When their state cannot be read, or git is at work there.
pub fn recover(session: &Session) -> Result<Recovered, OperationError> {
    if pending(session)?.is_empty() {
        return Ok(Recovered::default());
    }
    let lock = take_lock(session)?;
    recover_locked(session, &lock)
}

/// Those that may have been killed. A log that cannot be read tells of none: it keeps nobody from working.
fn pending(session: &Session) -> Result<Vec<Operation>, StoreError> {
    match session.store.operations() {
        Err(StoreError::Format { .. } | StoreError::TooNew { .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
        Ok(mut operations) => {
            operations.retain(|operation| operation.pending);
            Ok(operations)
        }
    }
}

pub(super) fn take_lock(session: &Session) -> Result<Lock, OperationError> {
    (session.store)
        .lock_within(PATIENCE, &LockName::Refs, "tracks")
        .map_err(|error| match error {
            LockError::Held { holder } => OperationError::Busy { holder },
            LockError::Store(error) => error.into(),
        })
}

/// A worktree that has to go along.
struct Place {
    path: PathBuf,
    branch: BranchName,
    from: CommitId,
    to: CommitId,
}

impl Place {
    fn refused(&self, error: AdvanceError) -> OperationError {
        match error {
            AdvanceError::Moved { name } => RefError::Moved { name }.into(),
            error => OperationError::Worktree {
                branch: self.branch.clone(),
                path: self.path.clone(),
                error,
            },
        }
    }
}

fn places_that_may_move(
    session: &Session,
    moves: &[RefMove],
) -> Result<Vec<Place>, OperationError> {
    let places = places(session, moves)?;
    for place in &places {
        let (from, to) = (place.from, place.to);
        let may = (session.repository).may_advance(&place.path, &place.branch, from, to);
        may.map_err(|error| place.refused(error))?;
    }
    Ok(places)
}

/// The worktrees of the branches that move.
fn places(session: &Session, moves: &[RefMove]) -> Result<Vec<Place>, OperationError> {
    let worktrees = session.repository.worktrees()?;
    let mut places = Vec::new();
    for moved in moves.iter().filter(|moved| moved.before != moved.after) {
        if let Some(target) = session.repository.symbolic_target(&moved.name)? {
            let name = moved.name.clone();
            return Err(OperationError::Symbolic { name, target });
        }
        let Some(branch) = branch_of(&moved.name) else {
            continue;
        };
        let of_branch = |entry: &&Worktree| entry.branch.as_ref() == Some(&branch);
        for entry in worktrees.iter().filter(of_branch) {
            // A directory that is gone for good cannot be left behind; one that is kept for later can.
            if entry.prunable.is_some() && entry.locked.is_none() {
                continue;
            }
            let here = entry.prunable.is_none() && !entry.half_made;
            match (moved.before, moved.after) {
                (Some(from), Some(to)) if here => places.push(Place {
                    path: entry.path.clone(),
                    branch: branch.clone(),
                    from,
                    to,
                }),
                _ => {
                    let path = entry.path.clone();
                    return Err(OperationError::CheckedOut { branch, path });
                }
            }
        }
    }
    Ok(places)
}

fn branch_of(full_name: &str) -> Option<BranchName> {
    BranchName::new(full_name.strip_prefix("refs/heads/")?).ok()
}

/// The moves with those that keep what is replaced, and where that is kept.
fn with_replaced(
    session: &Session,
    id: &str,
    mut moves: Vec<RefMove>,
) -> Result<(Vec<RefMove>, BTreeMap<String, String>), GitError> {
    let mut kept = BTreeMap::new();
    for moved in &moves {
        let Some(before) = moved.before else { continue };
        let still_there = match moved.after {
            Some(after) => match session.repository.is_ancestor(before, after) {
                Err(GitError::Shallow) => false,
                answer => answer?,
            },
            None => false,
        };
        if !still_there {
            let short = moved.name.strip_prefix("refs/").unwrap_or(&moved.name);
            let short = short.strip_prefix("heads/").unwrap_or(short);
            kept.insert(
                moved.name.clone(),
                (format!("{REPLACED}{id}/{short}"), before),
            );
        }
    }
    moves.extend(kept.values().map(|(name, before)| RefMove {
        name: name.clone(),
        before: None,
        after: Some(*before),
    }));
    let kept = kept.into_iter().map(|(name, (keeper, _))| (name, keeper));
    Ok((moves, kept.collect()))
}

/// Why an operation was not carried out, and whether everything is as it was.
struct Failed {
    error: OperationError,
    untouched: bool,
}

/// The files first, since they are what may fail; then all refs at once; then the indexes. Where files could not be put back,
/// the operation is one to be settled.
fn move_all(
    session: &Session,
    operation: &Operation,
    beside: &[RefMove],
    places: &[Place],
    message: &str,
) -> Result<(), Failed> {
    let untouched = |error| Failed {
        error,
        untouched: true,
    };
    let mut prepared: Vec<Advance<'_>> = Vec::new();
    for place in places {
        let (from, to) = (place.from, place.to);
        let advance = (session.repository).prepare_advance(&place.path, &place.branch, from, to);
        prepared.push(advance.map_err(|error| untouched(place.refused(error)))?);
    }
    let mut result = Ok(());
    let mut moved = 0;
    let mut put_back = true;
    for (place, advance) in places.iter().zip(&prepared) {
        if let Err(error) = advance.move_files() {
            // Whatever else is the matter with git, nobody knows what it has written.
            put_back = matches!(error, AdvanceError::Refused { .. });
            result = Err(place.refused(error));
            break;
        }
        moved += 1;
    }
    if result.is_ok() {
        let changes: Vec<RefChange> = operation.refs.iter().chain(beside).map(change).collect();
        result = move_refs(session, &operation.refs, &changes, message);
    }
    let had_moved = prepared.into_iter().take(moved);
    match result {
        Ok(()) => {
            let finished: Vec<_> = had_moved.map(Advance::finish).collect();
            let finished: Result<(), GitError> = finished.into_iter().collect();
            finished.map_err(|error| Failed {
                error: error.into(),
                untouched: false,
            })
        }
        Err(error) => {
            let back: Vec<_> = had_moved.map(Advance::take_back).collect();
            let as_before =
                |back: &Result<Vec<RepoPath>, GitError>| back.as_ref().is_ok_and(Vec::is_empty);
            let untouched = put_back && back.iter().all(as_before);
            Err(Failed { error, untouched })
        }
    }
}

/// A git that is told to end (Ctrl-C reaches it, too) may have moved some or all of the refs before.
fn move_refs(
    session: &Session,
    moves: &[RefMove],
    changes: &[RefChange],
    message: &str,
) -> Result<(), OperationError> {
    let Err(error) = session.repository.update_refs(changes, message) else {
        return Ok(());
    };
    match fate(&found(session, moves)?) {
        Fate::MovedNothing => Err(error.into()),
        Fate::Moved => Ok(()),
        Fate::Cut(rest) => complete(session, moves, &rest, message),
    }
}

fn complete(
    session: &Session,
    moves: &[RefMove],
    rest: &[usize],
    message: &str,
) -> Result<(), OperationError> {
    let names: Vec<String> = moves.iter().map(|moved| moved.name.clone()).collect();
    session.repository.clear_stale_ref_locks(&names)?;
    let changes: Vec<RefChange> = rest.iter().map(|place| change(&moves[*place])).collect();
    Ok(session.repository.update_refs(&changes, message)?)
}

fn change(moved: &RefMove) -> RefChange {
    RefChange {
        name: moved.name.clone(),
        before: moved.before,
        after: moved.after,
    }
}
