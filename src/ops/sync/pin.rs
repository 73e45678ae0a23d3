//! Reading everything that a round decides on, once.

use crate::domain::name::TrackId;
use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::domain::state::State;
use crate::domain::sync::Pinned;
use crate::git::{CommitInfo, GitError, Worktree};
use crate::process::{cores, in_parallel};

use super::super::Session;
use super::super::declared::Declared;
use super::SyncError;
use super::chain::INTEGRATION_TRAILER;

/// A track whose own history is longer than this is not searched further for integration merges.
const SEARCH_LIMIT: usize = 10_000;

/// # Errors
/// When a named track does not exist, or the repository cannot be read.
pub(super) fn pin(
    session: &Session,
    only: &[String],
    without: &[String],
) -> Result<Vec<Pinned>, SyncError> {
    for name in only.iter().chain(without) {
        session.track(name)?;
    }
    let declared = Declared::read(session)?;
    let pinned: Result<Vec<Pinned>, GitError> =
        in_parallel(&session.project.tracks, cores().get(), |track| {
            pin_track(session, &declared, track, only, without)
        })
        .into_iter()
        .collect();
    Ok(pinned?)
}

fn pin_track(
    session: &Session,
    declared: &Declared,
    track: &Track,
    only: &[String],
    without: &[String],
) -> Result<Pinned, GitError> {
    let named = |list: &[String]| list.iter().any(|name| name == track.id.as_str());
    let mut pinned = Pinned {
        track: track.id.clone(),
        tip: session.tip(&track.branch)?.map(|tip| tip.commit),
        contained_in_base: false,
        contains_integration: None,
        unrelated: false,
        not_admitted: None,
        state: State::default(),
    };
    pinned.state = declared.state(session, track, pinned.tip)?;
    if named(without) {
        pinned.not_admitted = Some("left out by --without".to_owned());
    } else if !only.is_empty() && !named(only) {
        pinned.not_admitted = Some("not named by --only".to_owned());
    }
    let Some(tip) = pinned.tip else {
        return Ok(pinned);
    };
    let base = session.base.commit;
    let bases = session.repository.merge_bases(tip, base)?;
    pinned.contained_in_base = bases.contains(&tip);
    if !pinned.contained_in_base {
        pinned.unrelated = bases.is_empty();
        pinned.contains_integration = integration_merge(session, tip, base)?;
    }
    Ok(pinned)
}

/// The newest integration merge in what the track has and base has not.
pub(in super::super) fn integration_merge(
    session: &Session,
    tip: CommitId,
    base: CommitId,
) -> Result<Option<CommitId>, GitError> {
    for commit in session
        .repository
        .commits_between(tip, &[base], SEARCH_LIMIT)?
    {
        let info = session.repository.commit(commit)?;
        if is_integration_merge(&info) {
            return Ok(Some(commit));
        }
    }
    Ok(None)
}

/// Whether a round made this commit, here or elsewhere.
pub(in super::super) fn is_integration_merge(commit: &CommitInfo) -> bool {
    let mut lines = commit.message.split(|byte| *byte == b'\n');
    commit.parents.len() > 1 && lines.any(|line| line.starts_with(INTEGRATION_TRAILER.as_bytes()))
}

/// Tracks whose worktrees hold uncommitted work.
pub(super) fn dirty_tracks(session: &Session) -> Result<Vec<TrackId>, GitError> {
    let worktrees = session.repository.worktrees()?;
    let places: Vec<_> = session
        .project
        .tracks
        .iter()
        .filter_map(|track| {
            let worktree = Worktree::of_branch(&worktrees, &track.branch)?;
            Some((track.id.clone(), worktree.path.clone()))
        })
        .collect();
    let answers = in_parallel(&places, cores().get(), |(track, path)| {
        let dirty = session
            .repository
            .worktree_status(path)
            .is_ok_and(|status| !status.dirty.is_clean());
        dirty.then(|| track.clone())
    });
    Ok(answers.into_iter().flatten().collect())
}
