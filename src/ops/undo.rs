//! Takes an operation back: refs to where they were, worktrees that it made into the trash, worktrees that it took away out of
//! it. Everything is looked at first; where one thing would lose what came later, nothing is done. Never touches a remote.

mod decide;

use std::path::PathBuf;

use crate::domain::removal::Refusal;
use crate::domain::revision::CommitId;
use crate::domain::undo::is_taken_back;
use crate::git::GitError;
use crate::process::clock;
use crate::store::{Lock, Operation, RefMove, StoreError, WorktreeStep};

use super::operation::{self, HALFWAY, OperationError, Request};
use super::remove::{self, Ignored, RemoveError, Stays};
use super::restore::{self, RestoreError};
use super::trash::{self, TrashError};
use super::{Session, SessionError};
use decide::Plan;

/// What to take back.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `None`: the last operation that is not undone.
    pub operation: Option<String>,
    pub dry_run: bool,
    /// Directories in which somebody stands who would lose the ground.
    pub here: Vec<PathBuf>,
}

/// A worktree that went, or came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorktreeDone {
    pub path: PathBuf,
    pub track: Option<String>,
    /// What became of it now.
    pub step: WorktreeStep,
    /// Of one that goes: what git ignores in it, as `remove` lists it.
    pub ignored: Vec<Ignored>,
    pub more_ignored: usize,
}

#[derive(Debug, Default)]
pub struct Report {
    /// The operation that was taken back, or would be; `None`: there is none.
    pub undone: Option<Operation>,
    /// Where each ref went.
    pub refs: Vec<RefMove>,
    pub worktrees: Vec<WorktreeDone>,
    /// What it deleted for good, one sentence each.
    pub stays_deleted: Vec<String>,
    /// Why nothing was done.
    pub refused: Vec<Stays>,
    /// What of a killed run was settled first, one sentence each.
    pub settled: Vec<String>,
    /// The operation that did it.
    pub operation: Option<String>,
    pub dry_run: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Trash(#[from] TrashError),
    #[error(transparent)]
    Operation(#[from] OperationError),
    #[error(transparent)]
    Remove(#[from] RemoveError),
    #[error(transparent)]
    Restore(#[from] RestoreError),
    #[error("there is no operation `{id}`")]
    Unknown { id: String },
    #[error("`{id}` is the beginning of {count} operations")]
    Ambiguous { id: String, count: usize },
    #[error("operation {id} has been taken back already")]
    Undone {
        id: String,
        /// The operation that did.
        by: Option<String>,
    },
}

impl From<GitError> for UndoError {
    fn from(error: GitError) -> Self {
        TrashError::from(error).into()
    }
}

impl From<StoreError> for UndoError {
    fn from(error: StoreError) -> Self {
        TrashError::from(error).into()
    }
}

/// # Errors
/// When there is no such operation, another run is at work, or git cannot tell. What stands against it is in the report.
pub fn run(session: &Session, options: &Options) -> Result<Report, UndoError> {
    let mut report = Report {
        dry_run: options.dry_run,
        ..Report::default()
    };
    let _lock = match options.dry_run {
        true => None,
        false => {
            let (lock, settled) = trash::lock(session, "tracks undo")?;
            report.settled = settled;
            let begun = session.store.operations()?.into_iter().rev();
            let begun = begun
                .filter(|one| one.pending)
                .find(|one| one.undoes.is_some());
            report.settled.extend(operation::recover(session)?.notes);
            if let (Some(begun), None) = (begun, &options.operation)
                && report.finished(session, &begun)?
            {
                return Ok(report);
            }
            Some(lock)
        }
    };
    let Some(target) = target(session, options.operation.as_deref())? else {
        return Ok(report);
    };
    // Nobody moves a worktree while it is looked at and goes.
    let refs = match options.dry_run {
        true => None,
        false => Some(operation::take_lock(session)?),
    };
    let plan = decide::plan(session, &target, &options.here, &mut report.refused)?;
    report.undone = Some(target.clone());
    if !report.refused.is_empty() {
        return Ok(report);
    }
    report.stays_deleted.clone_from(&plan.stays_deleted);
    if options.dry_run {
        report.refs = plan.moves(session)?;
        report.worktrees = plan.worktrees;
        return Ok(report);
    }
    carry_out(session, &target, plan, refs, &mut report)?;
    Ok(report)
}

impl Report {
    /// Whether a killed undo turns out to be done: then it is the answer, rather than to be taken back by who tries again.
    fn finished(&mut self, session: &Session, begun: &Operation) -> Result<bool, UndoError> {
        let all = session.store.operations()?;
        let counts = |one: &&Operation| one.id == begun.id && !one.undone && !one.pending;
        let Some(done) = all.iter().find(counts) else {
            return Ok(false);
        };
        self.undone = all
            .iter()
            .find(|one| Some(&one.id) == done.undoes.as_ref())
            .cloned();
        self.refs = done
            .refs
            .iter()
            .filter(|moved| is_taken_back(&moved.name))
            .cloned()
            .collect();
        self.worktrees = (done.worktrees.iter())
            .map(|change| WorktreeDone {
                path: change.path.clone(),
                track: change.track.clone(),
                step: change.step,
                ignored: Vec::new(),
                more_ignored: 0,
            })
            .collect();
        self.operation = Some(done.id.clone());
        Ok(true)
    }
}

fn target(session: &Session, named: Option<&str>) -> Result<Option<Operation>, UndoError> {
    let mut all = session.store.operations()?;
    let Some(id) = named else {
        return Ok(all
            .into_iter()
            .rev()
            .find(|one| !one.undone && !one.pending));
    };
    let fits: Vec<usize> = (0..all.len())
        .filter(|at| all[*at].id.starts_with(id))
        .collect();
    match fits[..] {
        [] => Err(UndoError::Unknown { id: id.to_owned() }),
        [at] if all[at].undone => {
            let id = all[at].id.clone();
            let by = all
                .into_iter()
                .rev()
                .find(|one| one.undoes.as_ref() == Some(&id) && !one.undone);
            Err(UndoError::Undone {
                id,
                by: by.map(|one| one.id),
            })
        }
        [at] => Ok(Some(all.swap_remove(at))),
        _ => Err(UndoError::Ambiguous {
            id: id.to_owned(),
            count: fits.len(),
        }),
    }
}

/// Worktrees go first, since their branches may go; then others come back, with their branches; then refs move, all at once,
/// and with them the undo counts. Killed before that, the next run finds what is left to do.
fn carry_out(
    session: &Session,
    target: &Operation,
    plan: Plan,
    refs: Option<Lock>,
    report: &mut Report,
) -> Result<(), UndoError> {
    let mut operation = begun(session, target)?;
    operation.pending = true;
    let again = plan.again();
    let going = remove::prepare(session, &operation.id, plan.goes)?;
    (operation.worktrees).extend(going.iter().filter_map(remove::Going::change));
    (operation.did).extend(going.iter().map(remove::Going::sentence));
    remove::keep(session, &going)?;
    session.store.record_operation(&operation)?;
    let mut removed = remove::Report::default();
    remove::put_away(session, going, &mut removed)?;
    // What follows takes it for itself.
    drop(refs);
    let mut returned = restore::Report::default();
    if removed.refused.is_empty() {
        restore::bring_back(session, plan.returns, &mut operation, &mut returned)?;
    }
    report.refused.extend(removed.refused);
    report.refused.extend(returned.refused);
    if !report.refused.is_empty() {
        // What has come so far stays on the record; the rest is for another run.
        operation::moved_nothing(session, operation, "something stays")?;
        return Ok(());
    }
    let moves = again.moves(session)?;
    let id = operation.id.clone();
    forget_round(session, &moves)?;
    if moves.is_empty() {
        operation.pending = false;
        session.store.record_operation(&operation)?;
    } else {
        let request = Request {
            message: format!("tracks undo: {}", target.command),
            moves: moves.clone(),
            ..Request::default()
        };
        operation::go_on(session, operation, request)?;
    }
    report.refs = moves;
    report.worktrees = plan.worktrees;
    report.operation = Some(id);
    Ok(())
}

/// The operation that takes `target` back: one that stopped halfway, with the worktrees that it has in its trash, or a new one.
fn begun(session: &Session, target: &Operation) -> Result<Operation, StoreError> {
    let halfway = |one: &Operation| {
        let of_it = one.undoes.as_ref() == Some(&target.id);
        of_it && one.undone && !one.pending && !one.worktrees.is_empty() && one.refs.is_empty()
    };
    let all = session.store.operations()?;
    let last = all
        .into_iter()
        .rev()
        .find(|one| one.undoes.as_ref() == Some(&target.id));
    if let Some(mut operation) = last.filter(halfway) {
        operation.undone = false;
        operation.did.retain(|said| !said.starts_with(HALFWAY));
        return Ok(operation);
    }
    let id = session.store.new_operation_id(clock::now());
    let command = format!("undo of {}", target.id);
    let mut operation = Operation::new(id, clock::now(), command);
    operation.undoes = Some(target.id.clone());
    Ok(operation)
}

/// A round whose candidate is not the integration branch any more is not what "integration" means; one that is green and
/// turns out to be there all the same is known by that.
fn forget_round(session: &Session, moves: &[RefMove]) -> Result<(), StoreError> {
    let branch = session.project.integration.branch.full();
    let left: Vec<CommitId> = moves
        .iter()
        .filter(|moved| moved.name == branch)
        .filter_map(|moved| moved.before)
        .collect();
    for mut round in session.store.rounds()? {
        if round.moved
            && round
                .candidate
                .is_some_and(|candidate| left.contains(&candidate))
        {
            round.moved = false;
            session.store.record_round(&round)?;
        }
    }
    Ok(())
}

/// For people: what a ref or a worktree is.
fn stays(name: &str, refusal: Refusal) -> Stays {
    Stays {
        name: name.strip_prefix("refs/heads/").unwrap_or(name).to_owned(),
        refusal,
    }
}
