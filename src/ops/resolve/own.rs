//! One track against base: the merge is started in the track's own worktree, where its owner finishes it.

use std::path::Path;

use crate::domain::change::Unfinished;
use crate::domain::name::Side;
use crate::domain::path::RepoPath;
use crate::domain::resolution::{Version, stray_marker};
use crate::git::{MergeAnswer, Merger, Worktree};

use super::super::{Session, matrix};
use super::{Report, ResolveError, TrackOutcome};

pub(super) fn run(session: &Session, name: &str) -> Result<Report, ResolveError> {
    let track = session.track(name)?;
    let repository = &session.repository;
    let no_worktree = || ResolveError::NoWorktree {
        track: track.id.clone(),
    };
    let worktrees = repository.worktrees()?;
    let dir = match Worktree::of_branch(&worktrees, &track.branch) {
        Some(worktree) => worktree.path.clone(),
        None => return Err(no_worktree()),
    };
    let report = |outcome| Report::Track {
        track: track.id.clone(),
        base: session.base.name.clone(),
        dir: dir.clone(),
        outcome,
    };
    let base = session.base.commit;
    let status = repository.worktree_status(&dir)?;
    match status.unfinished {
        Some(Unfinished::Merge) => {
            let unmerged = repository.unmerged_in(&dir)?;
            let markers = markers(session, &dir)?;
            return Ok(report(match unmerged.is_empty() && markers.is_empty() {
                true => TrackOutcome::ToBeCommitted,
                false => TrackOutcome::Unfinished { unmerged, markers },
            }));
        }
        Some(what) => {
            return Err(ResolveError::Unfinished {
                what: what.as_str().to_owned(),
                dir,
            });
        }
        None => {}
    }
    let tip = repository.commit_in(&dir)?;
    if repository.is_ancestor(base, tip)? {
        return Ok(report(TrackOutcome::Done));
    }
    let scratch = matrix::scratch_merger(session, repository)?;
    let conflicts = match scratch.merge_all(&[(tip, base)])?.pop() {
        Some(MergeAnswer::Merged { .. }) => return Ok(report(TrackOutcome::Clean)),
        Some(MergeAnswer::Conflicted { conflicts, .. }) => conflicts,
        Some(MergeAnswer::Unavailable(reason)) => {
            return Err(ResolveError::Unavailable {
                a: Side::Base,
                b: track.id.clone(),
                reason,
            });
        }
        None => Vec::new(),
    };
    if !status.dirty.is_clean() {
        return Err(ResolveError::Dirty {
            track: track.id.clone(),
            dir,
        });
    }
    // The branch's name says more at the markers than an id, where it means the same.
    let named = session.base.name.clone();
    let theirs = match repository.resolve(&named)? {
        Some(commit) if commit == base => named,
        _ => base.to_string(),
    };
    repository.start_merge(&dir, &theirs)?;
    let paths = conflicts.into_iter().map(|conflict| conflict.path);
    Ok(report(TrackOutcome::Opened {
        paths: paths.collect(),
    }))
}

/// Where a conflict marker is left among what the two sides of the merge in a worktree have differently.
fn markers(session: &Session, dir: &Path) -> Result<Vec<(RepoPath, usize)>, ResolveError> {
    let repository = &session.repository;
    let merger = Merger::publishing(repository, session.base.commit);
    let Some(theirs) = repository.merge_head(dir)? else {
        return Ok(Vec::new());
    };
    let ours = repository.commit_in(dir)?;
    // A submodule that nobody has checked out keeps git from reading the rest.
    let Some(tree) =
        (merger.tree_in(dir).ok()).map_or_else(|| merger.index_in(dir), |tree| Ok(Some(tree)))?
    else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for unmerged in merger.unmerged(ours, theirs)? {
        let path = unmerged.path;
        let sides = unmerged.sides;
        if let Some(line) = marker_at(&merger, tree, &path, [sides.base, sides.ours, sides.theirs])?
        {
            found.push((path, line));
        }
    }
    Ok(found)
}

/// The line of a path's first conflict marker that none of these versions has.
pub(super) fn marker_at(
    merger: &Merger<'_>,
    tree: crate::domain::revision::TreeId,
    path: &RepoPath,
    versions: [Option<Version>; 3],
) -> Result<Option<usize>, ResolveError> {
    let Some(now) = merger.entry_at(tree, path)?.filter(|now| now.is_regular()) else {
        return Ok(None);
    };
    let content = merger.read_blob(now.id)?;
    let mut known = Vec::new();
    for version in versions.into_iter().flatten() {
        if version.is_regular() {
            known.push(merger.read_blob(version.id)?);
        }
    }
    let known: Vec<&[u8]> = known.iter().map(Vec::as_slice).collect();
    Ok(stray_marker(&content, &known))
}
