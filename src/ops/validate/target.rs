//! What is judged: a track's tip, or another commit that stands for it.

use std::path::Path;

use crate::domain::name::{BranchName, TrackId};
use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::git::{GitError, Head, Worktree};
use crate::ops::Session;
use crate::ops::matrix::TrackSide;

use super::{Options, ValidateError, commit, track_of};

/// Lets another revision than the tip of the base branch be what tracks are judged against.
///
/// # Errors
/// When there is no such commit.
pub fn judge_against(session: &mut Session, revision: &str) -> Result<(), ValidateError> {
    session.base.commit = commit(session, revision)?;
    Ok(())
}

/// The tracks that are asked for.
///
/// # Errors
/// When none is meant, or there is no such track.
pub fn tracks_meant(
    session: &Session,
    options: &Options,
    dir: &Path,
) -> Result<Vec<TrackId>, ValidateError> {
    if options.all {
        return Ok(session.order.clone());
    }
    Ok(vec![meant(session, options, dir)?.id.clone()])
}

/// One track, the commit that is judged, and the branch that it is said to be on.
pub(super) fn one<'a>(
    session: &'a Session,
    options: &Options,
    dir: &Path,
) -> Result<(&'a Track, CommitId, Option<BranchName>), ValidateError> {
    let here = session.repository.head()?;
    let track = meant(session, options, dir)?;
    let head = head(session, track, &here, options)?;
    Ok((track, head, branch_said(&here, options, session)))
}

/// By `--head` or by what is checked out here (also in the middle of a rebase), where no track is named.
fn meant<'a>(
    session: &'a Session,
    options: &Options,
    dir: &Path,
) -> Result<&'a Track, ValidateError> {
    if let Some(id) = &options.track {
        return Ok(session.track(id)?);
    }
    let remote = format!("{}/", session.project.remote);
    let named = options.head.as_deref();
    let named = named.map(|head| head.strip_prefix(&remote).unwrap_or(head));
    track_of(session, named, dir)
}

fn head(
    session: &Session,
    track: &Track,
    here: &Head,
    options: &Options,
) -> Result<CommitId, ValidateError> {
    if let Some(revision) = &options.head {
        return commit(session, revision);
    }
    match (here, session.tip(&track.branch)?) {
        // Where the branch is checked out, what is here is what is meant.
        (Head::Branch { name, commit }, _) if *name == track.branch => Ok(*commit),
        (_, Some(tip)) => Ok(tip.commit),
        (_, None) => Err(ValidateError::NoBranch {
            track: track.id.clone(),
            branch: track.branch.clone(),
            remote: session.project.remote.clone(),
        }),
    }
}

/// The branch that what is judged is on; `None` where a track was named, or nothing names a branch.
fn branch_said(here: &Head, options: &Options, session: &Session) -> Option<BranchName> {
    let remote = format!("{}/", session.project.remote);
    let name = match (&options.head, here) {
        (Some(head), _) => {
            let short = head.strip_prefix("refs/heads/").unwrap_or(head);
            BranchName::new(short.strip_prefix(&remote).unwrap_or(short)).ok()?
        }
        (None, _) if options.track.is_some() => return None,
        (None, Head::Branch { name, .. }) => name.clone(),
        (None, Head::Unborn { .. } | Head::Detached { .. }) => return None,
    };
    // A raw commit id or an expression like HEAD~2 names no branch at all.
    matches!(session.tip(&name), Ok(Some(_))).then_some(name)
}

/// What is to be known of what was judged.
pub(super) fn notes(
    session: &Session,
    track: &Track,
    side: &TrackSide,
) -> Result<Vec<String>, GitError> {
    if side.dirty {
        return Ok(vec![
            "judged with what is not committed in the worktree: commit it".to_owned(),
        ]);
    }
    let worktrees = session.repository.worktrees()?;
    let Some(worktree) = Worktree::of_branch(&worktrees, &track.branch) else {
        return Ok(Vec::new());
    };
    let status = session.repository.worktree_status(&worktree.path)?;
    Ok(if status.dirty.is_clean() {
        Vec::new()
    } else {
        vec!["the worktree has uncommitted work; what is judged is the committed tip".to_owned()]
    })
}
