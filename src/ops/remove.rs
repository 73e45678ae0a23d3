//! Takes worktrees away, and branches where that is wanted, restorably: with everything that is in them they go to the trash.

mod targets;

use std::path::PathBuf;

use crate::domain::name::BranchName;
use crate::domain::removal::Refusal;
use crate::domain::revision::CommitId;
use crate::files::Size;
use crate::git::{GitError, Merger, RefChange};
use crate::process::clock;
use crate::store::{Operation, RefMove, TrashState, Trashed, WorktreeChange, WorktreeStep};

use super::operation;
use super::trash::{self, TrashError};
use super::{Session, SessionError};
pub(super) use targets::{Look, Named, Target};

/// What to take away, and how.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Tracks, or directories of worktrees, or branches.
    pub names: Vec<String>,
    /// Instead: every worktree below `[layout] worktrees` that belongs to no track.
    pub orphans: bool,
    /// With uncommitted work, which is kept.
    pub force: bool,
    /// The branches, too.
    pub branch: bool,
    pub dry_run: bool,
    /// Directories in which somebody stands who would lose the ground.
    pub here: Vec<PathBuf>,
    /// The command line, for the operation log.
    pub command: String,
}

/// A file that git ignores, or a directory that it ignores as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// From the top of the worktree.
    pub path: crate::domain::path::RepoPath,
    pub is_dir: bool,
    pub size: Size,
}

/// A branch that went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchGone {
    pub name: BranchName,
    /// The ref that keeps it.
    pub kept_as: String,
    /// How many of its commits no other branch, tag or remote-tracking branch has, at most [`MOST_COMMITS`].
    pub unmerged: usize,
}

/// Something that was taken away, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    pub track: Option<String>,
    pub worktree: Option<PathBuf>,
    pub branch: Option<BranchName>,
    pub branch_gone: Option<BranchGone>,
    pub size: Size,
    /// Files first, then directories; at most [`MOST_IGNORED`].
    pub ignored: Vec<Ignored>,
    pub more_ignored: usize,
    /// The ref that keeps the uncommitted work.
    pub kept_as: Option<String>,
    /// What that commit lacks, one sentence; the directory has it.
    pub incomplete: Option<String>,
    /// Where the directory is now.
    pub trash: Option<PathBuf>,
}

/// Something that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stays {
    /// As people know it.
    pub name: String,
    pub refusal: Refusal,
}

#[derive(Debug, Default)]
pub struct Report {
    pub removed: Vec<Removed>,
    pub refused: Vec<Stays>,
    /// What has nothing to be taken away.
    pub nothing: Vec<String>,
    /// What a killed run had left and this one finished, a sentence each.
    pub settled: Vec<String>,
    pub operation: Option<String>,
    pub dry_run: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Trash(#[from] TrashError),
    #[error("`{name}` is no track, and neither a worktree nor a branch that is checked out in one")]
    Unknown {
        name: String,
        nearest: Option<String>,
        known: Vec<String>,
    },
}

impl From<GitError> for RemoveError {
    fn from(error: GitError) -> Self {
        TrashError::from(error).into()
    }
}

impl From<crate::store::StoreError> for RemoveError {
    fn from(error: crate::store::StoreError) -> Self {
        TrashError::from(error).into()
    }
}

/// So many ignored files and directories are listed; the rest is counted.
pub const MOST_IGNORED: usize = 20;

/// So many commits are counted.
pub const MOST_COMMITS: usize = 1000;

/// # Errors
/// When a name means nothing, another run is at work, or git cannot tell. Something that must not go is in the report.
pub fn run(session: &Session, options: &Options) -> Result<Report, RemoveError> {
    let mut report = Report {
        dry_run: options.dry_run,
        ..Report::default()
    };
    let _lock = match options.dry_run {
        true => None,
        false => {
            let (lock, settled) = trash::lock(session, "tracks remove")?;
            report.settled = settled;
            Some(lock)
        }
    };
    // Nobody moves a worktree while it is looked at and goes.
    let _refs = match options.dry_run {
        true => None,
        false => Some(operation::take_lock(session).map_err(TrashError::from)?),
    };
    let mut going = Vec::new();
    for name in targets::choose(session, options)? {
        match name {
            Named::Nothing(sentence) => report.nothing.push(sentence),
            Named::Stays(stays) => report.refused.push(stays),
            Named::Goes(target) => going.push(target),
        }
    }
    if going.is_empty() {
        return Ok(report);
    }
    if options.dry_run {
        for target in going {
            report.removed.push(target.described(session)?);
        }
        return Ok(report);
    }
    take_away(session, &options.command, going, &mut report)?;
    Ok(report)
}

/// Everything is decided: records the operation and takes them away, one after the other.
pub(super) fn take_away(
    session: &Session,
    command: &str,
    targets: Vec<Target>,
    report: &mut Report,
) -> Result<(), RemoveError> {
    let now = clock::now();
    let id = session.store.new_operation_id(now);
    let mut operation = Operation::new(id, now, command);
    let going = prepare(session, &operation.id, targets)?;
    operation.refs = going.iter().flat_map(Going::refs).collect();
    operation.worktrees = going.iter().filter_map(Going::change).collect();
    operation.did = going.iter().map(Going::sentence).collect();
    keep(session, &going)?;
    // Before anything moves, so that a kill right after can still be taken back.
    session.store.record_operation(&operation)?;
    for stayed in put_away(session, going, report)? {
        trash::did_not(&mut operation, &stayed);
    }
    if let Some(stays) = report.refused.first() {
        operation::mark_empty(&mut operation, &stays.refusal.why);
        session.store.record_operation(&operation)?;
    }
    report.operation = (!report.removed.is_empty()).then_some(operation.id);
    Ok(())
}

/// One that is about to be taken away.
#[derive(Debug)]
pub(super) struct Going {
    trashed: Trashed,
    removed: Removed,
    /// The commit that keeps its work.
    work: Option<CommitId>,
}

impl Going {
    /// The refs that keep what is in it, and its branch.
    pub(super) fn refs(&self) -> Vec<RefMove> {
        let mut refs = self.kept();
        if let (Some(gone), Some(head)) = (&self.removed.branch_gone, self.trashed.head) {
            refs.push(RefMove {
                name: gone.name.full(),
                before: Some(head),
                after: None,
            });
        }
        refs
    }

    fn kept(&self) -> Vec<RefMove> {
        let gone = self.removed.branch_gone.as_ref();
        let branch = gone.map(|gone| (&gone.kept_as, self.trashed.head));
        let work = self.trashed.kept_as.as_ref().map(|name| (name, self.work));
        let kept = branch.into_iter().chain(work);
        kept.map(|(name, after)| RefMove {
            name: name.clone(),
            before: None,
            after,
        })
        .collect()
    }

    pub(super) fn change(&self) -> Option<WorktreeChange> {
        Some(WorktreeChange {
            path: self.trashed.worktree.clone()?,
            track: self.trashed.track.clone(),
            step: WorktreeStep::Removed,
        })
    }

    /// What is about to be done, for the log.
    pub(super) fn sentence(&self) -> String {
        trash::went(&self.trashed).unwrap_or_default()
    }
}

/// Writes the commits that keep their work.
pub(super) fn prepare(
    session: &Session,
    operation: &str,
    targets: Vec<Target>,
) -> Result<Vec<Going>, RemoveError> {
    // An undo that goes on has some in its trash.
    let last = (session.store.trashed()?.into_iter())
        .filter(|trashed| trashed.operation == operation)
        .map(|trashed| trashed.number)
        .max();
    let first = last.map_or(0, |last| last.saturating_add(1));
    let mut going = Vec::new();
    for (number, target) in (first..).zip(targets) {
        going.push(prepare_one(session, operation, number, &target)?);
    }
    Ok(going)
}

fn prepare_one(
    session: &Session,
    operation: &str,
    number: u32,
    target: &Target,
) -> Result<Going, RemoveError> {
    let mut removed = target.described(session)?;
    let path = target.path();
    let mut trashed = Trashed {
        operation: operation.to_owned(),
        number,
        time: clock::now(),
        state: TrashState::Removing,
        track: target.track.clone(),
        worktree: path.map(ToOwned::to_owned),
        entry: path.map_or(Ok(None), |path| session.repository.entry_name(path))?,
        branch: target.branch.clone(),
        head: target.head,
        removed_branch: target.with_branch,
        kept_as: None,
        incomplete: None,
        bytes: removed.size.bytes,
    };
    removed.trash = path.map(|_| session.store.trashed_worktree(&trashed));
    if let Some(gone) = &mut removed.branch_gone {
        gone.kept_as = Trashed::ref_of_branch(operation, &gone.name);
    }
    let work = match target.has_work(session)? {
        true => keep_work(session, target)?,
        false => None,
    };
    if let Some((_, incomplete)) = &work {
        trashed.kept_as = Some(Trashed::ref_of_work(operation, number));
        removed.kept_as.clone_from(&trashed.kept_as);
        removed.incomplete.clone_from(incomplete);
        trashed.incomplete.clone_from(incomplete);
    }
    Ok(Going {
        trashed,
        removed,
        work: work.map(|(commit, _)| commit),
    })
}

/// The commit that has everything, and why that is not so.
fn keep_work(
    session: &Session,
    target: &Target,
) -> Result<Option<(CommitId, Option<String>)>, RemoveError> {
    let Some(path) = target.path().filter(|path| path.is_dir()) else {
        return Ok(target.head.map(|head| (head, None)));
    };
    let merger = Merger::publishing(&session.repository, session.base.commit);
    let message = format!("tracks: uncommitted work of {}", path.display());
    let kept = merger.keep_worktree(path, clock::now(), &message)?;
    Ok(Some((kept.commit, kept.incomplete)))
}

/// Keeps their work and their branches under refs. Nobody misses anything yet: should we be killed now, those refs are pruned
/// one day.
pub(super) fn keep(session: &Session, going: &[Going]) -> Result<(), RemoveError> {
    let kept: Vec<RefChange> = going
        .iter()
        .flat_map(Going::kept)
        .map(|kept| RefChange {
            name: kept.name,
            before: kept.before,
            after: kept.after,
        })
        .collect();
    let keeping = session.repository.update_refs(&kept, "tracks: kept");
    Ok(keeping.map_err(TrashError::from)?)
}

/// Takes them away; they have been kept, and the operation has been recorded. Those that stay are returned.
pub(super) fn put_away(
    session: &Session,
    going: Vec<Going>,
    report: &mut Report,
) -> Result<Vec<Trashed>, RemoveError> {
    let mut stayed = Vec::new();
    for going in going {
        let Going {
            mut trashed,
            mut removed,
            ..
        } = going;
        match trash::put_away(session, &mut trashed) {
            Ok(()) => {
                if !trashed.removed_branch {
                    removed.branch_gone = None;
                }
                report.removed.push(removed);
            }
            Err(error) => {
                report.refused.push(Stays {
                    name: trash::name_of(&trashed),
                    refusal: Refusal {
                        why: format!("stays: {error}"),
                        fix: "mend that, then run it again".to_owned(),
                    },
                });
                if !session.store.trashed_worktree(&trashed).exists() {
                    stayed.push(trashed);
                }
            }
        }
    }
    Ok(stayed)
}
