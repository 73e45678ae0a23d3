//! One round: from pinned tips to a moved, or unmoved, integration branch.
//!
//! Everything is read once and pinned; the plan is a value; merges happen in memory (`chain`); the candidate is checked in
//! the integration worktree (`judge`); the branch moves by compare-and-swap, and only when everything that can say no has spoken.

mod chain;
mod judge;
mod mend;
mod pin;
mod publish;

use std::collections::BTreeMap;

use crate::domain::check::{Outcome, Run};
use crate::domain::name::{BranchName, CheckName, Side, TrackId};
use crate::domain::project::{OnConflict, OnFailure};
use crate::domain::revision::CommitId;
use crate::domain::sync::{Ejected, Entry, Plan, Quorum, Why};
use crate::git::{GitError, Merger, RefError};
use crate::process::clock;
use crate::store::{LeftOut, Lock, LockError, LockName, Merged, Round, StoreError};

use super::operation::OperationError;
use super::own_worktree::OwnWorktreeError;
use super::profile::Choice;
use super::runner::RunnerError;
use super::setup::SetupError;
use super::trust::Trust;
use super::{BasePoint, Emit, Event, Session, SessionError, matrix};
use chain::Chain;
use mend::Mender;

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
        "repeating the merge of {track} gave another result ({first} then {second}); nothing was moved"
    )]
    NotReproducible {
        track: TrackId,
        first: CommitId,
        second: CommitId,
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
    let plan = Plan::new(&session.project, &pinned);
    let tips = pinned
        .iter()
        .filter_map(|pin| Some((pin.track.clone(), pin.tip?)));
    let mut round = RoundRun {
        session,
        trust,
        options,
        emit,
        branch,
        mender: Mender::new(session, trust, emit, options.dry_run),
        plan,
        tips: tips.collect(),
        removed: BTreeMap::new(),
        checks: Vec::new(),
        base_red: Vec::new(),
        undetermined: Vec::new(),
        nothing_checked: false,
    };
    let scratch = matrix::scratch_merger(session, &session.repository)?;
    let (chain, green) = round.find_green(&scratch)?;
    let mut report = round.report(&chain, before, green)?;
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

/// A round on its way.
struct RoundRun<'a> {
    session: &'a Session,
    trust: &'a Trust,
    options: &'a Options,
    emit: Emit<'a>,
    branch: BranchName,
    mender: Mender<'a>,
    plan: Plan,
    tips: BTreeMap<TrackId, CommitId>,
    /// Tracks that checks have ejected, and those that went with them.
    removed: BTreeMap<TrackId, Ejected>,
    checks: Vec<Run>,
    base_red: Vec<CheckName>,
    undetermined: Vec<String>,
    nothing_checked: bool,
}

impl RoundRun<'_> {
    /// Builds candidates until one is green or nothing more can be done; the last one, and its colour.
    fn find_green(&mut self, scratch: &Merger<'_>) -> Result<(Chain, Option<bool>), SyncError> {
        loop {
            let entries: Vec<Entry> = self
                .plan
                .entries
                .iter()
                .filter(|entry| !self.removed.contains_key(&entry.track))
                .cloned()
                .collect();
            (self.emit)(&Event::Stage(format!(
                "merging {} tracks in memory",
                entries.len()
            )));
            let chain = chain::build(self.session, scratch, &self.mender, &self.branch, &entries)?;
            self.undetermined.clone_from(&chain.undetermined);
            if self.options.dry_run || self.stopped_by_conflict(&chain) {
                return Ok((chain, None));
            }
            chain::publish(self.session, scratch, &self.branch, &chain)?;
            publish::keep_candidate(self.session, chain.tip)?;
            if self.options.no_checks || !self.quorum(&chain).met() || self.interrupted() {
                return Ok((chain, None));
            }
            match self.judge(&chain)? {
                Judged::Green => return Ok((chain, Some(true))),
                Judged::Red => return Ok((chain, Some(false))),
                Judged::Unknown => return Ok((chain, None)),
                Judged::Eject(ejected) => self.eject(ejected),
            }
        }
    }

    fn stopped_by_conflict(&self, chain: &Chain) -> bool {
        self.session.project.integration.on_conflict == OnConflict::Stop
            && chain
                .ejected
                .iter()
                .any(|ejected| ejected.why == Why::Conflict)
    }

    fn interrupted(&self) -> bool {
        self.session.interrupt.exit_status().is_some()
    }

    fn quorum(&self, chain: &Chain) -> Quorum {
        let with_work: Vec<TrackId> = self.plan.with_work.clone();
        let merged: Vec<TrackId> = chain.links.iter().map(|link| link.track.clone()).collect();
        let integration = &self.session.project.integration;
        Quorum::new(
            integration.quorum,
            &integration.required,
            &with_work,
            &merged,
        )
    }

    /// Checks the candidate; where it is red, finds out whether base is too, and if not, whose merge it was.
    fn judge(&mut self, chain: &Chain) -> Result<Judged, SyncError> {
        let mut judge = judge::Judge::new(self.session, self.trust, self.emit, chain)?;
        let Some(judge) = &mut judge else {
            self.nothing_checked = true;
            return Ok(Judged::Green);
        };
        (self.emit)(&Event::Stage("checking the candidate".to_owned()));
        self.checks = judge.all(chain)?;
        self.note_what_could_not_run();
        let red: Vec<CheckName> = self
            .checks
            .iter()
            .filter(|run| run.outcome.is_red() && !run.allow_failure)
            .map(|run| run.check.clone())
            .collect();
        if red.is_empty() {
            return Ok(if self.undetermined.is_empty() {
                Judged::Green
            } else {
                Judged::Unknown
            });
        }
        if chain.links.is_empty() {
            // The candidate is base; asked twice, a flaky check would blame a track that is not there.
            self.base_red = red;
            return Ok(Judged::Red);
        }
        (self.emit)(&Event::Stage("asking whether base is red too".to_owned()));
        match judge.red_among(self.session.base.commit, &[], &red)? {
            None => {
                self.undetermined
                    .push("whether base is red could not be found out".to_owned());
                Ok(Judged::Unknown)
            }
            Some(base_red) if !base_red.is_empty() => {
                self.base_red = base_red;
                Ok(Judged::Red)
            }
            Some(_) if self.session.project.integration.on_failure == OnFailure::Stop => {
                Ok(Judged::Red)
            }
            Some(_) => {
                (self.emit)(&Event::Stage(
                    "looking for the merge that turned it red".to_owned(),
                ));
                match judge.isolate(&self.mender, chain, &red)? {
                    Some(ejected) => Ok(Judged::Eject(ejected)),
                    None => {
                        self.undetermined.push(
                            "whose merge turned the candidate red could not be found out"
                                .to_owned(),
                        );
                        Ok(Judged::Red)
                    }
                }
            }
        }
    }

    /// Whatever neither passed nor speaks against the candidate. Where a check is red, that others were skipped or cancelled
    /// for it is no news.
    fn note_what_could_not_run(&mut self) {
        let counts = |run: &&Run| !run.allow_failure;
        let red = self
            .checks
            .iter()
            .filter(counts)
            .any(|run| run.outcome.is_red());
        for run in self.checks.iter().filter(counts) {
            let open = match run.outcome {
                Outcome::CouldNotRun => true,
                Outcome::Cancelled | Outcome::Skipped => !red,
                Outcome::Passed | Outcome::Failed | Outcome::TimedOut | Outcome::Stalled => false,
            };
            if open {
                let why = run
                    .note
                    .clone()
                    .unwrap_or_else(|| run.outcome.as_str().to_owned());
                self.undetermined
                    .push(format!("check {} could not run: {why}", run.check));
            }
        }
    }

    /// Takes a track out, and with it everything that depends on it.
    fn eject(&mut self, ejected: Ejected) {
        let remaining: Vec<TrackId> = self
            .plan
            .entries
            .iter()
            .map(|entry| entry.track.clone())
            .filter(|track| !self.removed.contains_key(track) && *track != ejected.track)
            .collect();
        for dependent in Plan::dependents(&self.session.project, &ejected.track, &remaining) {
            self.removed.insert(
                dependent.clone(),
                chain::lost_dependency(&dependent, &ejected.track),
            );
        }
        self.removed.insert(ejected.track.clone(), ejected);
    }

    fn report(
        self,
        chain: &Chain,
        before: Option<CommitId>,
        green: Option<bool>,
    ) -> Result<Report, SyncError> {
        let quorum = self.quorum(chain);
        let order = |track: &TrackId| self.session.order.iter().position(|id| id == track);
        let mut ejected: Vec<Ejected> = self.plan.ejected.clone();
        ejected.extend(chain.ejected.iter().cloned());
        ejected.extend(self.removed.values().cloned());
        ejected.sort_by_key(|ejected| order(&ejected.track));
        Ok(Report {
            round: self.session.store.next_round()?,
            dry_run: self.options.dry_run,
            no_checks: self.options.no_checks,
            profile: self.session.profile.clone(),
            base: self.session.base.clone(),
            branch: self.branch,
            before,
            after: before,
            candidate: Some(chain.tip),
            merged: chain.links.iter().map(chain::Link::as_merged).collect(),
            ejected,
            tips: self.tips,
            empty: self.plan.empty.clone(),
            checks: self.checks,
            base_red: self.base_red,
            quorum,
            moved: false,
            green,
            nothing_checked: self.nothing_checked,
            undetermined: self.undetermined,
            dirty: pin::dirty_tracks(self.session)?,
            rescued: None,
            operation: None,
            pushed: None,
            interrupted: self.session.interrupt.exit_status().is_some(),
        })
    }
}

enum Judged {
    Green,
    Red,
    Unknown,
    Eject(Ejected),
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
