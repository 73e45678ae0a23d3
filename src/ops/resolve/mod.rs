//! Resolving a conflict once, for every later round: it is opened in a worktree with ordinary markers, solved with ordinary
//! tools, and what came of it is recorded.

pub(super) mod closing;
mod list;
mod own;
mod pair;
mod result;

use std::path::PathBuf;

use crate::domain::check::Run;
use crate::domain::name::{Side, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::resolution::Record;
use crate::domain::sync::Foreseen;
use crate::git::{GitError, RefError};
use crate::store::StoreError;

use super::notebook::{self, Change, Notebook, NotebookError};
use super::operation::OperationError;
use super::own_worktree::OwnWorktreeError;
use super::trash::TrashError;
use super::trial::TrialError;
use super::trust::Trust;
use super::{Emit, Session, SessionError};

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Options {
    pub wanted: Wanted,
    /// Directories in which somebody stands.
    pub here: Vec<PathBuf>,
    /// The command line, for the operation log.
    pub command: String,
}

#[derive(Debug, Clone)]
pub enum Wanted {
    /// What is open and what is recorded.
    Everything,
    /// What is recorded.
    Records,
    /// To take a record back.
    Forget(String),
    /// A pair of tracks.
    Pair {
        tracks: [String; 2],
        fix: bool,
        no_checks: bool,
    },
    /// To take the worktree of a pair away.
    Abort([String; 2]),
    /// One track against base.
    Track(String),
}

#[derive(Debug)]
pub enum Report {
    Listed(Listed),
    Records(Vec<Record>),
    Forgotten {
        id: String,
    },
    Pair {
        tracks: [TrackId; 2],
        /// The worktree, where there is one.
        dir: Option<PathBuf>,
        outcome: PairOutcome,
        closed: Closed,
    },
    Track {
        track: TrackId,
        base: String,
        dir: PathBuf,
        outcome: TrackOutcome,
    },
}

/// How a worktree went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closed {
    /// Where it is now, since it has files that git does not hold, as those that are ignored.
    pub trash: Option<PathBuf>,
    /// Somebody stood in it.
    pub stood_in: bool,
}

/// What came between the opening of a conflict and its record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Since {
    /// Sides that have moved, so that today's commits conflict in another way than those that it was recorded for.
    pub moved: Vec<Side>,
    /// The worktree was changed while checks ran, and stays.
    pub went_on: bool,
}

/// What there is to resolve, and what was.
#[derive(Debug)]
pub struct Listed {
    pub open: Vec<Open>,
    /// Worktrees in which somebody is at it.
    pub under_way: Vec<UnderWay>,
    pub records: Vec<Record>,
}

/// One pair that conflicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    pub a: Side,
    pub b: TrackId,
    pub paths: Vec<RepoPath>,
    /// How a round resolves all of it by itself.
    pub foreseen: Option<Foreseen>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderWay {
    pub tracks: [TrackId; 2],
    pub dir: PathBuf,
    pub fix: bool,
}

#[derive(Debug)]
pub enum PairOutcome {
    /// Opened just now, with these paths in conflict; none for a fix.
    Opened {
        paths: Vec<RepoPath>,
        fix: bool,
    },
    /// Not everything is solved.
    Unfinished {
        /// In the index.
        unmerged: Vec<RepoPath>,
        /// Where a marker is left, and in which line.
        markers: Vec<(RepoPath, usize)>,
        /// Changed or new, and not in the index, which is what is recorded.
        not_added: Vec<RepoPath>,
    },
    /// What was begun there is not under way any more.
    Strayed(String),
    /// Opened for a fix, and nothing has been changed.
    Unchanged,
    Red {
        runs: Vec<Run>,
    },
    /// A check could not be run, and nothing is recorded.
    Unproved {
        runs: Vec<Run>,
        why: String,
    },
    /// Nothing is recorded.
    Interrupted,
    Recorded {
        record: Box<Record>,
        runs: Vec<Run>,
        /// New files that a fix has taken.
        taken: Vec<RepoPath>,
        since: Since,
    },
    /// It was recorded before.
    Known {
        /// Their ids.
        records: Vec<String>,
        /// Who was left out for a conflict by a round all the same: more than these two change the same lines.
        left_out: Option<TrackId>,
    },
    Clean,
    /// This one does not even merge with base, in these paths.
    NotOnBase {
        track: TrackId,
        paths: Vec<RepoPath>,
    },
    /// The worktree is gone; what had been done there is kept under this ref.
    Aborted {
        kept: Option<String>,
    },
    NothingToAbort,
}

#[derive(Debug)]
pub enum TrackOutcome {
    /// The merge of base was started just now.
    Opened {
        paths: Vec<RepoPath>,
    },
    Unfinished {
        unmerged: Vec<RepoPath>,
        markers: Vec<(RepoPath, usize)>,
    },
    /// Only the commit is lacking.
    ToBeCommitted,
    /// Everything of base is in the track.
    Done,
    Clean,
}

impl PairOutcome {
    /// As a run that was killed afterwards would have told.
    fn recorded(record: Record) -> Self {
        PairOutcome::Recorded {
            record: Box::new(record),
            runs: Vec::new(),
            taken: Vec::new(),
            since: Since::default(),
        }
    }
}

impl Report {
    /// Whether it could not be found out.
    pub fn undetermined(&self) -> bool {
        matches!(
            self,
            Report::Pair {
                outcome: PairOutcome::Unproved { .. },
                ..
            }
        )
    }

    /// Whether something is still to be resolved.
    pub fn found(&self) -> bool {
        match self {
            Report::Listed(listed) => {
                let open = |open: &Open| open.foreseen.is_none();
                listed.open.iter().any(open) || !listed.under_way.is_empty()
            }
            Report::Records(_) | Report::Forgotten { .. } => false,
            Report::Pair { outcome, .. } => match outcome {
                PairOutcome::Opened { .. }
                | PairOutcome::Unfinished { .. }
                | PairOutcome::Strayed(_)
                | PairOutcome::Unchanged
                | PairOutcome::Red { .. }
                | PairOutcome::NotOnBase { .. } => true,
                PairOutcome::Recorded { since, .. } => *since != Since::default(),
                // Whether it is good is not known.
                PairOutcome::Unproved { .. } | PairOutcome::Interrupted => false,
                PairOutcome::Known { left_out, .. } => left_out.is_some(),
                PairOutcome::Clean | PairOutcome::Aborted { .. } | PairOutcome::NothingToAbort => {
                    false
                }
            },
            Report::Track { outcome, .. } => match outcome {
                TrackOutcome::Opened { .. }
                | TrackOutcome::Unfinished { .. }
                | TrackOutcome::ToBeCommitted => true,
                TrackOutcome::Done | TrackOutcome::Clean => false,
            },
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    #[error("{0} cannot be resolved with itself")]
    WithItself(TrackId),
    #[error("track {track} has no branch yet")]
    NoBranch { track: TrackId },
    #[error("track {track} has no worktree")]
    NoWorktree { track: TrackId },
    #[error("{} has uncommitted work of {track}", dir.display())]
    Dirty { track: TrackId, dir: PathBuf },
    #[error("a {what} is under way in {}", dir.display())]
    Unfinished { what: String, dir: PathBuf },
    #[error("{a} and {b} cannot be merged: {reason}")]
    Unavailable { a: Side, b: TrackId, reason: String },
    /// Two pairs whose names run together.
    #[error("{} is the place of {} and {}", dir.display(), tracks[0], tracks[1])]
    Taken { dir: PathBuf, tracks: [TrackId; 2] },
    #[error(transparent)]
    Ref(#[from] RefError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    OwnWorktree(#[from] OwnWorktreeError),
    #[error(transparent)]
    Notebook(#[from] NotebookError),
    #[error(transparent)]
    Trial(#[from] TrialError),
    #[error(transparent)]
    Operation(#[from] OperationError),
    #[error(transparent)]
    Trash(#[from] TrashError),
}

impl Wanted {
    /// Whether commands of tracks.toml are run for it.
    pub fn runs_commands(&self, session: &Session) -> bool {
        match self {
            Wanted::Pair {
                tracks, no_checks, ..
            } => !no_checks && pair::runs_checks(session, tracks),
            _ => false,
        }
    }
}

/// # Errors
/// When it cannot be found out, or is not allowed; that something is not resolved yet is in the report.
pub fn run(
    session: &Session,
    trust: &Trust,
    options: &Options,
    emit: Emit<'_>,
) -> Result<Report, ResolveError> {
    match &options.wanted {
        Wanted::Everything => Ok(Report::Listed(list::everything(session)?)),
        Wanted::Records => Ok(Report::Records(Notebook::read(session)?.records)),
        Wanted::Forget(text) => {
            let id = Notebook::read(session)?.whole_record(text)?;
            notebook::write(session, &options.command, &Change::Forget(id.clone()))?;
            Ok(Report::Forgotten { id })
        }
        Wanted::Track(name) => own::run(session, name),
        Wanted::Abort(tracks) => {
            let how = pair::How {
                fix: false,
                no_checks: true,
                command: &options.command,
                here: &options.here,
            };
            pair::abort(session, tracks, &how, emit)
        }
        Wanted::Pair {
            tracks,
            fix,
            no_checks,
        } => {
            let how = pair::How {
                fix: *fix,
                no_checks: *no_checks,
                command: &options.command,
                here: &options.here,
            };
            pair::run(session, trust, tracks, &how, emit)
        }
    }
}
