//! What people declare of tracks: showing it, and declaring something.

use std::collections::BTreeMap;

use crate::domain::name::TrackId;
use crate::domain::project::Track;
use crate::domain::state::{Mark, State, StateError};
use crate::git::GitError;
use crate::process::clock;
use crate::store::{Event, Fact, StoreError};

use super::declared::{Declared, KIND};
use super::landed::has_landed;
use super::{Session, SessionError};

/// One track and what counts of what is declared of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub track: TrackId,
    pub mark: Option<Mark>,
    /// Observed, and wins over what is declared.
    pub landed: bool,
}

impl Row {
    /// What is declared, or what counts where nothing is.
    pub fn declared(&self) -> State {
        self.mark
            .as_ref()
            .map(|mark| mark.state)
            .unwrap_or_default()
    }
}

/// What was declared just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub before: State,
    pub state: State,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub rows: Vec<Row>,
    pub change: Option<Change>,
}

#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    #[error("which track?")]
    NoTrack { known: Vec<String> },
    #[error("what is {track} to be marked as?")]
    NoState { track: TrackId },
    #[error("{}", .error)]
    State { error: StateError },
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What counts of every track.
///
/// # Errors
/// When the event log or a branch cannot be read.
pub fn list(session: &Session) -> Result<Report, MarkError> {
    let declared = Declared::read(session)?;
    let rows: Result<Vec<Row>, GitError> = session
        .project
        .tracks
        .iter()
        .map(|track| row(session, &declared, track))
        .collect();
    Ok(Report {
        rows: rows?,
        change: None,
    })
}

/// Declares a state of a track; of the one in whose worktree the session was opened, where none is named.
///
/// # Errors
/// When there is no such track or state, or the event cannot be kept.
pub fn mark(
    session: &Session,
    words: &[String],
    because: Option<&str>,
) -> Result<Report, MarkError> {
    let (track, state) = match words {
        [one] => here(session, one)?,
        [track, state, ..] => (session.track(track)?, word(state)?),
        [] => return list(session),
    };
    let before = row(session, &Declared::read(session)?, track)?.declared();
    let text = |text: &str| Fact::Text(text.to_owned());
    let mut facts = BTreeMap::from([("state".to_owned(), text(state.as_str()))]);
    let who = session.repository.who()?;
    let name = who
        .as_deref()
        .map(|who| who.rsplit_once(" <").map_or(who, |(name, _)| name));
    facts.extend(name.map(|name| ("who".to_owned(), text(name))));
    facts.extend(because.map(|because| ("because".to_owned(), text(because))));
    session.store.append_event(&Event {
        time: clock::now(),
        kind: KIND.to_owned(),
        track: Some(track.id.to_string()),
        facts,
    })?;
    Ok(Report {
        rows: vec![row(session, &Declared::read(session)?, track)?],
        change: Some(Change { before, state }),
    })
}

/// One word: a state of the track whose worktree this is.
fn here<'s>(session: &'s Session, text: &str) -> Result<(&'s Track, State), MarkError> {
    if let Some(track) = (session.project.tracks.iter()).find(|track| track.id.as_str() == text)
        && State::new(text).is_err()
    {
        let track = track.id.clone();
        return Err(MarkError::NoState { track });
    }
    let state = word(text)?;
    let track = session.track_here()?.ok_or_else(|| MarkError::NoTrack {
        known: (session.project.tracks.iter())
            .map(|track| track.id.to_string())
            .collect(),
    })?;
    Ok((track, state))
}

fn word(text: &str) -> Result<State, MarkError> {
    State::new(text).map_err(|error| MarkError::State { error })
}

fn row(session: &Session, declared: &Declared, track: &Track) -> Result<Row, GitError> {
    let tip = session.tip(&track.branch)?.map(|tip| tip.commit);
    Ok(Row {
        track: track.id.clone(),
        mark: declared.mark(session, track, tip)?,
        landed: has_landed(session, &track.id, tip),
    })
}
