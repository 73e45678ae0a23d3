//! What is told while watching.

use std::collections::BTreeSet;

use super::POLL;
use crate::domain::merge::Turn;
use crate::domain::name::TrackId;
use crate::domain::time::Timestamp;
use crate::files::WatchError;
use crate::git::GitError;
use crate::ops::SessionError;
use crate::ops::announce::NotApproved;
use crate::ops::branches::BranchesError;
use crate::ops::conflicts::Report;
use crate::store::StoreError;

/// One piece of it.
#[derive(Debug)]
pub enum News<'a> {
    /// The first matrix.
    Started(&'a Report),
    Changed(Change<'a>),
    /// Tracks in whose worktree git is at work: they are looked at when it has ended. Empty when none is left.
    Waiting(&'a BTreeSet<TrackId>),
    Warning(&'a Warning),
    /// Time has passed.
    Tick,
}

/// A new matrix.
#[derive(Debug)]
pub struct Change<'a> {
    pub report: &'a Report,
    pub at: Timestamp,
    /// The tracks whose work is another, or that are new.
    pub moved: Vec<TrackId>,
    pub base_moved: bool,
    pub turns: Vec<Turn>,
}

impl Change<'_> {
    pub(super) fn is_any(&self) -> bool {
        self.base_moved || !self.moved.is_empty() || !self.turns.is_empty()
    }
}

/// Something to know that ends nothing.
#[derive(Debug, thiserror::Error)]
pub enum Warning {
    #[error("{}; the last good state of it stays", with_first_mistake(.0))]
    Project(BranchesError),
    #[error("{}; trying again", .0)]
    Git(GitError),
    #[error("{}", not_watched(tracks, error))]
    NotWatched {
        tracks: Vec<TrackId>,
        error: WatchError,
    },
    #[error(transparent)]
    Store(StoreError),
    #[error(transparent)]
    NotApproved(NotApproved),
    /// A command of `[notify]` failed.
    #[error("{0}")]
    Notify(String),
}

fn with_first_mistake(error: &BranchesError) -> String {
    match error {
        BranchesError::Session(SessionError::Config(problem)) => {
            match problem.diagnostics.first() {
                Some(first) => format!("{error}: {}", first.message),
                None => error.to_string(),
            }
        }
        _ => error.to_string(),
    }
}

fn not_watched(tracks: &[TrackId], error: &WatchError) -> String {
    let fix = match error {
        WatchError::TooManyDirectories => {
            "; to have them watched: `sudo sysctl fs.inotify.max_user_watches=1048576`"
        }
        WatchError::TooManyWatchers => {
            "; to have it watched: `sudo sysctl fs.inotify.max_user_instances=1024`"
        }
        WatchError::Other { .. } => "",
    };
    let what = match tracks {
        [] => "everything".to_owned(),
        [one] => format!("the worktree of {one}"),
        [first, rest @ ..] => format!("the worktrees of {first} and {} more", rest.len()),
    };
    let seconds = POLL.as_secs();
    format!("{error}: {what} is looked at every {seconds} seconds instead{fix}")
}
