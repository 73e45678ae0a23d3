//! Clears away what is not needed any more: worktrees of landed tracks and of the tool's own, old trash, and refs that keep
//! what is elsewhere too.

mod find;

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::name::BranchName;
use crate::domain::prune::Limits;
use crate::domain::revision::CommitId;
use crate::git::{GitError, RefChange};
use crate::process::clock;
use crate::store::{Operation, RefMove, StoreError, TrashState, Trashed};

use super::operation;
use super::own_worktree::{self, OwnWorktreeError};
use super::remove::{self, Ignored, Look, Named, RemoveError};
use super::trash::{self, TrashError};
use super::{Session, SessionError};
use find::Thing;

/// What to clear away, and whether to do it.
#[derive(Debug, Clone)]
pub struct Options {
    pub older_than: Duration,
    /// Also refs that keep commits which are nowhere else.
    pub unmerged: bool,
    /// Only show it otherwise.
    pub yes: bool,
    /// Directories in which somebody stands.
    pub here: Vec<PathBuf>,
    /// The command line, for the operation log.
    pub command: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Worktree,
    OwnWorktree,
    Trash,
    Refs,
    Candidate,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Worktree => "worktree",
            Kind::OwnWorktree => "own-worktree",
            Kind::Trash => "trash",
            Kind::Refs => "refs",
            Kind::Candidate => "candidate",
        }
    }
}

/// Something that goes, or stays although one might think otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub kind: Kind,
    /// The track, the worktree's name, or the operation.
    pub name: String,
    pub path: Option<PathBuf>,
    pub branch: Option<BranchName>,
    pub refs: Vec<String>,
    pub bytes: u64,
    pub reason: String,
    /// Of a worktree: what git ignores in it, as `remove` lists it.
    pub ignored: Vec<Ignored>,
    pub more_ignored: usize,
    /// Why it could not go after all.
    pub problem: Option<String>,
}

#[derive(Debug, Default)]
pub struct Report {
    pub goes: Vec<Item>,
    pub stays: Vec<Item>,
    /// Whether it was done.
    pub done: bool,
    pub settled: Vec<String>,
    pub operation: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Remove(#[from] RemoveError),
    #[error(transparent)]
    Trash(#[from] TrashError),
}

impl From<GitError> for PruneError {
    fn from(error: GitError) -> Self {
        TrashError::from(error).into()
    }
}

impl From<StoreError> for PruneError {
    fn from(error: StoreError) -> Self {
        TrashError::from(error).into()
    }
}

/// # Errors
/// When another run is at work, or git cannot tell what may go.
pub fn run(session: &Session, options: &Options) -> Result<Report, PruneError> {
    let mut report = Report {
        done: options.yes,
        ..Report::default()
    };
    let _lock = match options.yes {
        false => None,
        true => {
            let (lock, settled) = trash::lock(session, "tracks prune")?;
            report.settled = settled;
            Some(lock)
        }
    };
    let limits = Limits {
        older_than: options.older_than,
        unmerged: options.unmerged,
    };
    let found = find::find(session, &limits, options, &mut report.stays)?;
    if !options.yes {
        report.goes = found.into_iter().map(|thing| thing.item).collect();
    } else if !found.is_empty() {
        clear(session, options, found, &mut report)?;
    }
    Ok(report)
}

/// Records the operation, and then: worktrees into the trash, then what is deleted, then refs.
fn clear(
    session: &Session,
    options: &Options,
    found: Vec<Thing>,
    report: &mut Report,
) -> Result<(), PruneError> {
    let id = session.store.new_operation_id(clock::now());
    let mut operation = Operation::new(id, clock::now(), options.command.clone());
    let mut targets = Vec::new();
    let mut rest = Vec::new();
    // Nobody moves a worktree from now on, so that they are looked at once more.
    let refs = operation::take_lock(session).map_err(TrashError::from)?;
    let worktrees = session.repository.worktrees()?;
    let look = Look {
        session,
        worktrees: &worktrees,
        force: false,
        here: &options.here,
    };
    for mut thing in found {
        if thing.target.is_none() {
            rest.push(thing);
            continue;
        }
        let entry = worktrees
            .iter()
            .find(|entry| Some(&entry.path) == thing.item.path.as_ref());
        let track = entry.and_then(|entry| look.track_of(entry));
        match look.judge(track, entry, thing.item.branch.as_ref(), false)? {
            Named::Goes(target) => targets.push(target),
            Named::Stays(stays) => thing.item.problem = Some(stays.refusal.why),
            Named::Nothing(why) => thing.item.problem = Some(why),
        }
        report.goes.push(thing.item);
    }
    let going = remove::prepare(session, &operation.id, targets)?;
    operation.worktrees = going.iter().filter_map(remove::Going::change).collect();
    operation.refs = going.iter().flat_map(remove::Going::refs).collect();
    operation.did = going.iter().map(remove::Going::sentence).collect();
    operation.did.extend(
        rest.iter()
            .map(|thing| format!("cleared {} away", thing.said())),
    );
    let dropped = rest.iter().flat_map(|thing| &thing.refs);
    operation.refs.extend(dropped.map(|(name, at)| RefMove {
        name: name.clone(),
        before: Some(*at),
        after: None,
    }));
    remove::keep(session, &going)?;
    session.store.record_operation(&operation)?;
    let taken = going.len();
    let mut removed = remove::Report::default();
    for stayed in remove::put_away(session, going, &mut removed)? {
        trash::did_not(&mut operation, &stayed);
    }
    if let Some(stays) = removed.refused.first() {
        operation::mark_empty(&mut operation, &stays.refusal.why);
        session.store.record_operation(&operation)?;
    }
    drop(refs);
    for stays in removed.refused {
        if let Some(item) = report.goes.iter_mut().find(|item| item.name == stays.name) {
            item.problem = Some(stays.refusal.why);
        }
    }
    // Numbers in the trash that the worktrees above have not got.
    for (number, thing) in (taken..).zip(rest) {
        let Thing {
            mut item,
            trashed,
            refs,
            ..
        } = thing;
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        item.problem = match (item.kind, trashed) {
            (Kind::OwnWorktree, _) => discard(session, &operation.id, number, &item).err(),
            (_, Some(mut trashed)) => trash::delete(session, &mut trashed)
                .map_err(|error| error.to_string())
                .err(),
            (_, None) => drop_refs(session, &refs)
                .map_err(|error| error.to_string())
                .err(),
        };
        report.goes.push(item);
    }
    report.operation = Some(operation.id);
    Ok(())
}

/// A worktree of our own holds nothing that could not be made again; through the trash, so that a kill leaves no half of one.
fn discard(session: &Session, id: &str, number: u32, item: &Item) -> Result<(), String> {
    let Some(path) = &item.path else {
        return Ok(());
    };
    let text = |error: &dyn ToString| error.to_string();
    let claimed: Result<_, OwnWorktreeError> = own_worktree::claim(session, &item.name, path);
    let _claimed = claimed.map_err(|error| text(&error))?;
    let mut trashed = Trashed {
        operation: id.to_owned(),
        number,
        time: clock::now(),
        state: TrashState::Removing,
        track: None,
        worktree: Some(path.clone()),
        entry: session
            .repository
            .entry_name(path)
            .map_err(|error| text(&error))?,
        branch: None,
        head: None,
        removed_branch: false,
        kept_as: None,
        incomplete: None,
        bytes: item.bytes,
    };
    session
        .store
        .forget_setup(path)
        .map_err(|error| text(&error))?;
    trash::put_away(session, &mut trashed).map_err(|error| text(&error))?;
    trash::delete(session, &mut trashed).map_err(|error| text(&error))
}

fn drop_refs(session: &Session, refs: &[(String, CommitId)]) -> Result<(), TrashError> {
    let changes: Vec<RefChange> = refs
        .iter()
        .map(|(name, at)| RefChange {
            name: name.clone(),
            before: Some(*at),
            after: None,
        })
        .collect();
    Ok(session.repository.update_refs(&changes, "tracks prune")?)
}
