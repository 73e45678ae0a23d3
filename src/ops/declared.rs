//! What is declared of tracks, here with `tracks mark` and on their branches with trailers.

use std::collections::BTreeMap;

use crate::domain::name::TrackId;
use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::domain::state::{Mark, State, declared_in, newest};
use crate::git::GitError;
use crate::store::{Event, Fact, StoreError};

use super::Session;

/// The kind of the events that declare.
pub(super) const KIND: &str = "mark";

/// A track whose own history is longer than this is not searched further for trailers.
const SEARCH_LIMIT: usize = 10_000;

/// What the event log has: of each track the last, whatever the clock said.
#[derive(Debug)]
pub(super) struct Declared(BTreeMap<TrackId, Mark>);

impl Declared {
    /// # Errors
    /// When the event log cannot be read.
    pub(super) fn read(session: &Session) -> Result<Declared, StoreError> {
        let events = session.store.events()?;
        Ok(Declared(events.iter().filter_map(mark).collect()))
    }

    /// The declaration that counts for a track whose branch stands there.
    ///
    /// # Errors
    /// When the branch's commits cannot be read.
    pub(super) fn mark(
        &self,
        session: &Session,
        track: &Track,
        tip: Option<CommitId>,
    ) -> Result<Option<Mark>, GitError> {
        let mut marks = match tip {
            Some(tip) => on_branch(session, track, tip)?,
            None => Vec::new(),
        };
        marks.extend(self.0.get(&track.id).cloned());
        Ok(newest(marks))
    }

    /// # Errors
    /// As [`Declared::mark`].
    pub(super) fn state(
        &self,
        session: &Session,
        track: &Track,
        tip: Option<CommitId>,
    ) -> Result<State, GitError> {
        let mark = self.mark(session, track, tip)?;
        Ok(mark.map(|mark| mark.state).unwrap_or_default())
    }
}

/// What trailers declare, oldest first. What a track is built on declares nothing of it.
fn on_branch(session: &Session, track: &Track, tip: CommitId) -> Result<Vec<Mark>, GitError> {
    let repository = &session.repository;
    let mut hidden = vec![session.base.commit];
    for need in track.tracks_needed() {
        if let Some(need) = session.project.track(need) {
            hidden.extend(session.tip(&need.branch)?.map(|tip| tip.commit));
        }
    }
    let mut marks = Vec::new();
    for id in repository.commits_between(tip, &hidden, SEARCH_LIMIT)? {
        let commit = repository.commit(id)?;
        marks.extend(declared_in(&commit.message).map(|state| Mark {
            state,
            time: commit.authored,
            by: Some(commit.author),
            because: None,
            commit: Some(id),
        }));
    }
    marks.reverse();
    Ok(marks)
}

/// `None` for other events, and for what a newer version knows and we do not.
fn mark(event: &Event) -> Option<(TrackId, Mark)> {
    if event.kind != KIND {
        return None;
    }
    let text = |key: &str| match event.facts.get(key) {
        Some(Fact::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let mark = Mark {
        state: State::new(&text("state")?).ok()?,
        time: event.time,
        by: text("who"),
        because: text("because"),
        commit: None,
    };
    Some((TrackId::new(event.track.as_deref()?).ok()?, mark))
}
