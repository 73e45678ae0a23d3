//! How long the work of tracks has been away from integration, for `max_age`.

use std::time::Duration;

use crate::domain::name::TrackId;
use crate::domain::revision::CommitId;
use crate::domain::state::State;
use crate::domain::sync::{Integrated, overdue};
use crate::domain::time::Timestamp;
use crate::git::GitError;
use crate::process::clock;
use crate::store::{Round, StoreError};

use super::Session;
use super::declared::Declared;

/// A track whose integrated work is older than `max_age`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    pub track: TrackId,
    pub age: Duration,
    pub max_age: Duration,
}

/// Those there are now, in the order of the file; dropped tracks are nobody's concern. What cannot be told of a track is
/// not told: this is a note beside other answers.
///
/// # Errors
/// When rounds or declarations cannot be read.
pub(super) fn find(session: &Session) -> Result<Vec<Overdue>, StoreError> {
    let Some(max_age) = session.project.integration.max_age else {
        return Ok(Vec::new());
    };
    let rounds = session.store.rounds()?;
    let declared = Declared::read(session)?;
    let now = clock::now();
    let found = session.project.tracks.iter().filter_map(|track| {
        let tip = session.tip(&track.branch).ok()??.commit;
        let dropped = declared.state(session, track, Some(tip)).ok()? == State::Dropped;
        let integrated = integrated(session, &rounds, &track.id, tip).ok()?;
        let age = overdue(Some(max_age), integrated, now).filter(|_| !dropped)?;
        Some(Overdue {
            track: track.id.clone(),
            age,
            max_age,
        })
    });
    Ok(found.collect())
}

fn integrated(
    session: &Session,
    rounds: &[Round],
    track: &TrackId,
    tip: CommitId,
) -> Result<Integrated, GitError> {
    let repository = &session.repository;
    let own = repository.commits_between(tip, &[session.base.commit], usize::MAX)?;
    let branch = session.tip(&session.project.integration.branch)?;
    let has_more = match branch {
        _ if own.is_empty() => false,
        Some(branch) => !repository.is_ancestor(tip, branch.commit)?,
        None => true,
    };
    let date = |commit: CommitId| Ok(repository.commit(commit)?.committed);
    Ok(Integrated {
        last: last(session, rounds, track),
        // They come newest first.
        first: own.last().copied().map(date).transpose()?,
        has_more,
    })
}

/// Of the last green round that moved and had it.
fn last(session: &Session, rounds: &[Round], track: &TrackId) -> Option<Timestamp> {
    let had = |round: &Round| {
        let merged = round.merged.iter().find(|merged| merged.track == *track)?;
        Some((merged.commit, round.time))
    };
    let moved = rounds.iter().rev();
    let (commit, time) = moved
        .filter(|round| round.moved && round.green == Some(true))
        .find_map(had)?;
    // A track that was rewritten since may have left nothing of it; then the round's own time is the nearest there is.
    let date = session.repository.commit(commit);
    Some(date.map_or(time, |commit| commit.committed))
}
