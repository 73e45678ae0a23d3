//! Taking a landing back: one new commit on base that takes out again what the landing brought, and nothing of what came since.

use crate::domain::merge::Conflict;
use crate::domain::name::{BranchName, TrackId};
use crate::domain::revision::CommitId;
use crate::git::{GitError, MergeAnswer, Merger, NewCommit};
use crate::process::clock;
use crate::store::{Event as StoredEvent, Fact, Operation, RefMove, Round, StoreError};

use super::base::{Base, BaseError, Moved, Pushed};
use super::operation::{OperationError, Request};
use super::sync::{self, SyncError};
use super::{Emit, Event, Session};

/// Lines of the commit that takes a landing back: which operation it was, where base was before it, and each of its tracks with
/// the commit that had been merged.
const OPERATION_TRAILER: &str = "Tracks-Rolled-Back: ";
pub(super) const BASE_TRAILER: &str = "Tracks-Rolled-Back-Base: ";
pub(super) const TRACK_TRAILER: &str = "Tracks-Rolled-Back-Track: ";

/// How to take it back.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `None`: the last landing that has not been taken back.
    pub operation: Option<String>,
    pub push: bool,
    pub dry_run: bool,
}

/// A track of the landing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landed {
    pub track: TrackId,
    pub commit: CommitId,
}

#[derive(Debug)]
pub struct Report {
    pub dry_run: bool,
    /// The operation that is taken back.
    pub landing: String,
    pub branch: BranchName,
    /// Where base was before the landing, and where the landing put it.
    pub base_before: CommitId,
    pub landed: CommitId,
    pub before: CommitId,
    pub after: CommitId,
    /// The new commit; `None` where there is nothing to take out, or it does not come out.
    pub commit: Option<CommitId>,
    pub tracks: Vec<Landed>,
    /// What came since changes the same lines.
    pub conflicts: Vec<Conflict>,
    /// Base has nothing of it any more.
    pub nothing: bool,
    pub moved: bool,
    pub operation: Option<String>,
    pub pushed: Option<Pushed>,
    pub undetermined: Vec<String>,
}

impl Report {
    /// Whether something was found that must not be overlooked.
    pub fn found(&self) -> bool {
        !self.conflicts.is_empty()
    }

    /// Whether something could not be determined, or was not allowed.
    pub fn undetermined(&self) -> bool {
        let refused = matches!(&self.pushed, Some(Pushed { result: Err(_), .. }));
        refused || !self.undetermined.is_empty()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    #[error("nothing has landed from here that could be taken back")]
    NoLanding,
    #[error("there is no operation {id}")]
    Unknown { id: String, landings: Vec<String> },
    #[error("operation {id} is `tracks {command}`, no landing that moved {branch}")]
    NotALanding {
        id: String,
        command: String,
        branch: BranchName,
        landings: Vec<String>,
    },
    #[error("landing {id} has been taken back already")]
    TakenBack { id: String },
    #[error("{branch} does not have what landing {id} brought any more")]
    Gone { id: String, branch: BranchName },
    #[error("git cannot tell what would be left: {reason}")]
    Unavailable { reason: String },
    #[error(transparent)]
    Base(#[from] BaseError),
    #[error(transparent)]
    Sync(Box<SyncError>),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<OperationError> for RollbackError {
    fn from(error: OperationError) -> Self {
        RollbackError::Base(error.into())
    }
}

/// # Errors
/// When there is no such landing, or base must not be moved; that it does not come out is in the report.
pub fn run(session: &Session, options: &Options, emit: Emit<'_>) -> Result<Report, RollbackError> {
    let _lock = match options.dry_run {
        true => None,
        false => Some(
            sync::lock(session, "tracks rollback")
                .map_err(|error| RollbackError::Sync(Box::new(error)))?,
        ),
    };
    run_locked(session, options, emit)
}

/// The same within the round lock that the caller holds.
///
/// # Errors
/// As [`run`].
pub(super) fn run_locked(
    session: &Session,
    options: &Options,
    emit: Emit<'_>,
) -> Result<Report, RollbackError> {
    let base = Base::read(session)?;
    let landing = find(session, &base.branch, options.operation.as_deref())?;
    // Where the branch here is behind, what is on the remote counts.
    let mut at = match base.local {
        Some(local) if session.repository.is_ancestor(session.base.commit, local)? => local,
        _ => session.base.commit,
    };
    // A push of ours has moved it since.
    if let Some(remote) = base.remote
        && session.repository.is_ancestor(at, remote)?
    {
        at = remote;
    }
    if !session.repository.is_ancestor(landing.after, at)? {
        return Err(RollbackError::Gone {
            id: landing.operation.id,
            branch: base.branch,
        });
    }
    let mut report = Report {
        dry_run: options.dry_run,
        landing: landing.operation.id.clone(),
        branch: base.branch.clone(),
        base_before: landing.before,
        landed: landing.after,
        before: base.local.unwrap_or(at),
        after: base.local.unwrap_or(at),
        commit: None,
        tracks: tracks_of(session, landing.after)?,
        conflicts: Vec::new(),
        nothing: false,
        moved: false,
        operation: None,
        pushed: None,
        undetermined: Vec::new(),
    };
    emit(&Event::Stage(format!("taking back {}", report.landing)));
    let merger = Merger::publishing(&session.repository, at);
    let tree = match merger.revert(at, landing.after, landing.before)? {
        MergeAnswer::Merged { tree } => tree,
        MergeAnswer::Conflicted { conflicts, .. } => {
            report.conflicts = conflicts;
            return Ok(report);
        }
        MergeAnswer::Unavailable(reason) => return Err(RollbackError::Unavailable { reason }),
    };
    if tree == session.repository.commit(at)?.tree {
        report.nothing = true;
        return Ok(report);
    }
    let commit = merger.write_commit(&NewCommit {
        tree,
        parents: vec![at],
        time: clock::now(),
        message: message(&report),
    })?;
    report.commit = Some(commit);
    base.may_move(session, commit, options.push)?;
    if options.dry_run {
        return Ok(report);
    }
    let request = Request {
        command: format!("rollback {}", report.landing),
        did: (report.tracks.iter())
            .map(|landed| format!("took back {}", landed.track))
            .collect(),
        message: format!("tracks rollback: {}", report.landing),
        ..Request::default()
    };
    let moved = base.advance(session, commit, options.push, request)?;
    take(&mut report, commit, moved);
    if report.moved
        && let Err(error) = record_event(session, &report)
    {
        let problem = format!("the way back could not be written down: {error}");
        report.undetermined.push(problem);
    }
    Ok(report)
}

/// An operation that moved base forward to what had been integrated.
struct Found {
    operation: Operation,
    before: CommitId,
    after: CommitId,
}

fn find(
    session: &Session,
    branch: &BranchName,
    asked: Option<&str>,
) -> Result<Found, RollbackError> {
    let operations = session.store.operations()?;
    let as_landing = |operation: &Operation| as_landing(session, branch, operation);
    let taken_back = |id: &str| taken_back(&operations, id);
    let landings: Vec<&Operation> = (operations.iter().filter(standing))
        .filter(|operation| as_landing(operation).is_some())
        .collect();
    let names = || landings.iter().map(|landing| landing.id.clone()).collect();
    let operation = match asked {
        None => (landings.iter().rev())
            .find(|landing| !taken_back(&landing.id))
            .copied()
            .ok_or(RollbackError::NoLanding)?,
        Some(id) => {
            let found = operations.iter().find(|operation| operation.id == id);
            let operation = found.ok_or_else(|| RollbackError::Unknown {
                id: id.to_owned(),
                landings: names(),
            })?;
            if taken_back(id) {
                return Err(RollbackError::TakenBack { id: id.to_owned() });
            }
            operation
        }
    };
    match as_landing(operation).filter(|_| standing(&operation)) {
        Some((before, after)) => Ok(Found {
            operation: operation.clone(),
            before,
            after,
        }),
        None => Err(RollbackError::NotALanding {
            id: operation.id.clone(),
            command: operation.command.clone(),
            branch: branch.clone(),
            landings: names(),
        }),
    }
}

fn standing(operation: &&Operation) -> bool {
    !operation.undone && !operation.pending
}

/// From where to where it moved base, here or, where that could not be, on the remote.
fn as_landing(
    session: &Session,
    branch: &BranchName,
    operation: &Operation,
) -> Option<(CommitId, CommitId)> {
    let is_land = operation.command.split(' ').next() == Some("land");
    let names = [
        branch.full(),
        format!("refs/remotes/{}/{branch}", session.project.remote),
    ];
    let of_base = |moved: &&RefMove| names.contains(&moved.name);
    let moved = operation.refs.iter().find(of_base).filter(|_| is_land)?;
    Some((moved.before?, moved.after?))
}

fn taken_back(operations: &[Operation], id: &str) -> bool {
    let command = format!("rollback {id}");
    let mut standing = operations.iter().filter(standing);
    standing.any(|operation| operation.command == command)
}

/// A landing by what it put base at.
pub(super) struct LandingOf {
    pub id: String,
    pub taken_back: bool,
}

/// # Errors
/// When the operation log cannot be read.
pub(super) fn landing_of(
    session: &Session,
    branch: &BranchName,
    commit: CommitId,
) -> Result<Option<LandingOf>, StoreError> {
    let operations = session.store.operations()?;
    let mut newest_first = operations.iter().rev().filter(standing);
    let found = newest_first.find(|operation| {
        as_landing(session, branch, operation).is_some_and(|(_, after)| after == commit)
    });
    Ok(found.map(|operation| LandingOf {
        id: operation.id.clone(),
        taken_back: taken_back(&operations, &operation.id),
    }))
}

/// The round that made this commit.
///
/// # Errors
/// When the rounds cannot be read.
pub(super) fn round_of(session: &Session, commit: CommitId) -> Result<Option<Round>, StoreError> {
    let rounds = session.store.rounds()?;
    let mut newest_first = rounds.into_iter().rev();
    Ok(newest_first.find(|round| round.candidate == Some(commit)))
}

/// The tracks that the round which made this commit had merged.
fn tracks_of(session: &Session, landed: CommitId) -> Result<Vec<Landed>, StoreError> {
    let merged = round_of(session, landed)?.map_or_else(Vec::new, |round| round.merged);
    Ok(merged
        .into_iter()
        .map(|merged| Landed {
            track: merged.track,
            commit: merged.commit,
        })
        .collect())
}

fn message(report: &Report) -> String {
    let names: Vec<&str> = (report.tracks.iter())
        .map(|landed| landed.track.as_str())
        .collect();
    let what = match names.is_empty() {
        true => "What it brought is taken out again; its commits stay in the history.".to_owned(),
        false => format!(
            "What {} brought is taken out again; the commits stay in the history.",
            names.join(", ")
        ),
    };
    let mut message = format!(
        "Roll back landing {}\n\n{what}\n\n{OPERATION_TRAILER}{}\n{BASE_TRAILER}{}\n",
        report.landing, report.landing, report.base_before
    );
    for landed in &report.tracks {
        let (track, commit) = (&landed.track, landed.commit);
        message.push_str(&format!("{TRACK_TRAILER}{track} {commit}\n"));
    }
    message
}

fn take(report: &mut Report, commit: CommitId, moved: Moved) {
    report.moved = moved.has_moved();
    if report.moved {
        report.after = commit;
    }
    report.operation = moved.done;
    if let Some(error) = moved.unrecorded {
        let problem = format!("the operation log could not be written: {error}");
        report.undetermined.push(problem);
    }
    report.pushed = moved.pushed;
    if let Some(error) = moved.behind {
        report.undetermined.push(format!(
            "{} is on the remote, but could not follow here: {error}",
            report.branch
        ));
    }
}

fn record_event(session: &Session, report: &Report) -> Result<(), StoreError> {
    let text = |key: &str, value: String| (key.to_owned(), Fact::Text(value));
    let tracks = report.tracks.iter();
    let tracks = tracks.map(|landed| landed.track.to_string()).collect();
    session.store.append_event(&StoredEvent {
        time: clock::now(),
        kind: "rolled-back".to_owned(),
        track: None,
        facts: [
            text("landing", report.landing.clone()),
            text("commit", report.after.to_string()),
            ("tracks".to_owned(), Fact::List(tracks)),
        ]
        .into(),
    })
}
