//! One round: from pinned tips to a moved, or unmoved, integration branch.
//!
//! Everything is read once and pinned (`pin`); who breaks a rule stays out (`law`); the plan is a value, arranged by what conflicts with what (`order`); merges happen
//! in memory (`chain`) and are made whole where that is possible (`mend`); candidates are checked in the integration worktree
//! (`judge`), and who turned one red is searched for (`culprit`), until one is green (`round`); the branch moves by
//! compare-and-swap, and only when everything that can say no has spoken (`publish`).

mod admit;
mod chain;
mod culprit;
mod error;
mod foresee;
mod judge;
pub(super) mod landing;
mod law;
mod mend;
mod merging;
mod order;
mod partners;
mod pin;
mod publish;
mod round;

use std::collections::BTreeMap;

use crate::domain::check::Run;
use crate::domain::name::{BranchName, CheckName, Side, TrackId};
use crate::domain::revision::CommitId;
use crate::domain::sync::{Blamed, Ejected, Quorum, Why};
use crate::git::Worktree;
use crate::process::clock;
use crate::store::{LeftOut, Lock, LockError, LockName, Merged, Round};

use super::operation::OperationError;
use super::overdue::{self, Overdue};
use super::profile::Choice;
use super::trust::Trust;
use super::{BasePoint, Emit, Event, Session, matrix};
pub use error::SyncError;
pub(super) use foresee::foresee;
pub(super) use law::unlawful;
use round::RoundRun;

pub(super) use pin::{integration_merge, is_integration_merge};
pub(super) use publish::{CANDIDATE_REF, commits_of_others};

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
    /// Tracks whose integrated work is older than `max_age`.
    pub overdue: Vec<Overdue>,
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
        refuse_a_worktree_at_work(session, &branch, before)?;
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
    let mut report =
        RoundRun::new(session, trust, options, emit, &pinned)?.run(&scratch, before)?;
    if !options.dry_run {
        publish::finish(session, options, &mut report, emit)?;
    }
    // A note beside the round, which must not be lost for it.
    report.overdue = overdue::find(session).unwrap_or_default();
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

/// Where the branch is checked out, its worktree has to go along, and that is known before anything runs.
fn refuse_a_worktree_at_work(
    session: &Session,
    branch: &BranchName,
    before: Option<CommitId>,
) -> Result<(), SyncError> {
    let worktrees = session.repository.worktrees()?;
    let here = |entry: &&Worktree| {
        entry.branch.as_ref() == Some(branch) && entry.prunable.is_none() && !entry.half_made
    };
    let (Some(worktree), Some(at)) = (worktrees.iter().find(here), before) else {
        return Ok(());
    };
    let path = &worktree.path;
    let may = session.repository.may_advance(path, branch, at, at);
    may.map_err(|error| {
        SyncError::Operation(OperationError::Worktree {
            branch: branch.clone(),
            path: path.clone(),
            error,
        })
    })
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
