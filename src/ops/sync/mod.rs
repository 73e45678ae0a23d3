//! One round: from pinned tips to a moved, or unmoved, integration branch.
//!
//! Everything is read once and pinned (`pin`); the plan is a value, arranged by what conflicts with what (`order`); merges happen
//! in memory (`chain`) and are made whole where that is possible (`mend`); candidates are checked in the integration worktree
//! (`judge`), and who turned one red is searched for (`culprit`), until one is green (`round`); the branch moves by
//! compare-and-swap, and only when everything that can say no has spoken (`publish`).

mod admit;
mod chain;
mod culprit;
mod judge;
pub(super) mod landing;
mod mend;
mod merging;
mod order;
mod pin;
mod publish;
mod round;

use std::collections::BTreeMap;

use crate::domain::check::Run;
use crate::domain::name::{BranchName, CheckName, Side, TrackId};
use crate::domain::revision::{CommitId, TreeId};
use crate::domain::sync::{Blamed, Ejected, Quorum, Why};
use crate::git::{GitError, RefError};
use crate::process::clock;
use crate::store::{LeftOut, Lock, LockError, LockName, Merged, Round, StoreError};

use super::operation::OperationError;
use super::own_worktree::OwnWorktreeError;
use super::profile::Choice;
use super::runner::RunnerError;
use super::setup::SetupError;
use super::trust::Trust;
use super::{BasePoint, Emit, Event, Session, SessionError, matrix};
pub(super) use publish::commits_of_others;
use round::RoundRun;

/// How to run a round.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub dry_run: bool,
    /// Empty: all.
    pub only: Vec<String>,
    pub without: Vec<String>,
    pub no_checks: bool,
    pub push: bool,
    /// The command line, for the operation log.
    pub command: String,
}

#[derive(Debug)]
pub struct Report {
    pub round: u64,
    pub dry_run: bool,
    pub no_checks: bool,
    pub profile: Option<Choice>,
    pub base: BasePoint,
    pub branch: BranchName,
    pub before: Option<CommitId>,
    pub after: Option<CommitId>,
    pub candidate: Option<CommitId>,
    pub merged: Vec<Merged>,
    pub ejected: Vec<Ejected>,
    /// What every track with work was judged at.
    pub tips: BTreeMap<TrackId, CommitId>,
    pub empty: Vec<TrackId>,
    /// Of the last candidate that was checked.
    pub checks: Vec<Run>,
    pub base_red: Vec<CheckName>,
    /// Whose work, together, turned a candidate red, in the order found out.
    pub blamed: Vec<Blamed>,
    /// What else there is to know of how it came about, one sentence each.
    pub notes: Vec<String>,
    pub quorum: Quorum,
    pub moved: bool,
    /// `None`: not found out.
    pub green: Option<bool>,
    /// No integration check is defined.
    pub nothing_checked: bool,
    /// What kept the round from an answer, one sentence each.
    pub undetermined: Vec<String>,
    /// Tracks with uncommitted work, which the round does not see.
    pub dirty: Vec<TrackId>,
    /// Where commits that no round made on the integration branch were kept.
    pub rescued: Option<String>,
    pub operation: Option<String>,
    pub pushed: Option<Result<(), String>>,
    pub interrupted: bool,
}

impl Report {
    /// Whether something was found that must not be overlooked.
    pub fn found(&self) -> bool {
        self.ejected
            .iter()
            .any(|ejected| ejected.why != Why::NotAdmitted)
            || self.merged.iter().any(|merged| !merged.held.is_empty())
            || !self.base_red.is_empty()
            || !self.quorum.met()
            || self.green == Some(false)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    #[error("another round is running: {holder}")]
    Busy { holder: String },
    #[error("{branch} is checked out in {}", path.display())]
    CheckedOut {
        branch: BranchName,
        path: std::path::PathBuf,
    },
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
            OperationError::CheckedOut { branch, path } => SyncError::CheckedOut { branch, path },
            error => SyncError::Operation(error),
        }
    }
}

/// # Errors
/// When the round cannot be run; what it finds is in the report.
pub fn run(
    session: &Session,
    trust: &Trust,
    options: &Options,
    emit: Emit<'_>,
) -> Result<Report, SyncError> {
    let lock = match options.dry_run {
        true => None,
        false => Some(lock(session, "tracks sync")?),
    };
    run_locked(session, trust, options, lock.as_ref(), emit)
}

/// The same within the round lock that the caller holds; a dry run needs none.
///
/// # Errors
/// As [`run`].
pub(super) fn run_locked(
    session: &Session,
    trust: &Trust,
    options: &Options,
    _lock: Option<&Lock>,
    emit: Emit<'_>,
) -> Result<Report, SyncError> {
    let branch = session.project.integration.branch.clone();
    let before = session.repository.branch(&branch)?;
    if !options.dry_run && !options.no_checks {
        refuse_checked_out(session, &branch)?;
        if let Some(target) = session.repository.symbolic_target(&branch.full())? {
            return Err(SyncError::Symbolic { branch, target });
        }
    }
    emit(&Event::Stage(format!(
        "reading {} tracks",
        session.project.tracks.len()
    )));
    let pinned = pin::pin(session, &options.only, &options.without)?;
    let scratch = matrix::scratch_merger(session, &session.repository)?;
    let mut report = RoundRun::new(session, trust, options, emit, &pinned).run(&scratch, before)?;
    if !options.dry_run {
        publish::finish(session, options, &mut report, emit)?;
    }
    Ok(report)
}

/// One round, or landing, at a time.
///
/// # Errors
/// [`SyncError::Busy`] while another one is under way.
pub(super) fn lock(session: &Session, who: &str) -> Result<Lock, SyncError> {
    session
        .store
        .lock(&LockName::Round, who)
        .map_err(|error| match error {
            LockError::Held { holder } => SyncError::Busy { holder },
            LockError::Store(error) => SyncError::Store(error),
        })
}

/// Moving a branch under a worktree would leave that worktree looking dirty.
fn refuse_checked_out(session: &Session, branch: &BranchName) -> Result<(), SyncError> {
    let worktrees = session.repository.worktrees()?;
    match worktrees
        .into_iter()
        .find(|worktree| worktree.branch.as_ref() == Some(branch))
    {
        Some(worktree) => Err(SyncError::CheckedOut {
            branch: branch.clone(),
            path: worktree.path,
        }),
        None => Ok(()),
    }
}

/// What the store keeps of a round.
fn as_round(report: &Report) -> Round {
    Round {
        number: report.round,
        time: clock::now(),
        base: report.base.commit,
        before: report.before,
        candidate: report.candidate,
        moved: report.moved,
        green: report.green,
        merged: report.merged.clone(),
        ejected: report
            .ejected
            .iter()
            .map(|ejected| LeftOut {
                track: ejected.track.clone(),
                commit: report.tips.get(&ejected.track).copied(),
                why: ejected.why.as_str().to_owned(),
                reason: ejected.reason.clone(),
            })
            .collect(),
    }
}

/// "base", "api and ui", "api, ui and db".
fn list(sides: &[Side]) -> String {
    match sides {
        [] => String::new(),
        [one] => one.to_string(),
        [rest @ .., last] => {
            let rest: Vec<String> = rest.iter().map(Side::to_string).collect();
            format!("{} and {last}", rest.join(", "))
        }
    }
}
