//! Where a worktree goes in which a pair was resolved. What somebody has done there and nothing else holds is kept: as a
//! commit, or in the trash.

use std::path::{Path, PathBuf};

use crate::domain::path::RepoPath;
use crate::domain::revision::CommitId;
use crate::files::measure;
use crate::git::{Merger, RefChange, settled};
use crate::process::clock;
use crate::store::{Opening, OpeningStage, Operation, RefMove, ResultKey, TrashState, Trashed};

use super::super::operation::{self, REPLACED, Request};
use super::super::own_worktree::{self, OwnWorktree};
use super::super::{Emit, Event, Session, trash};
use super::ResolveError;

/// What keeps the two sides from being garbage while somebody is at it.
pub(in crate::ops) const REFS: &str = "refs/tracks/resolving/";

/// The refs that hold the sides of an opening.
pub(in crate::ops) fn ref_names(opening: &Opening) -> [String; 2] {
    let mut tag = ResultKey::of([opening.name.as_bytes()]).as_str().to_owned();
    tag.truncate(10);
    ["ours", "theirs"].map(|side| format!("{REFS}{tag}/{side}"))
}

pub(super) fn hold(session: &Session, opening: &Opening) -> Result<(), ResolveError> {
    let mut changes = Vec::new();
    for (name, side) in ref_names(opening).into_iter().zip(opening.sides) {
        let before = session.repository.reference(&name)?;
        if before != Some(side) {
            let after = Some(side);
            changes.push(RefChange {
                name,
                before,
                after,
            });
        }
    }
    Ok(session
        .repository
        .update_refs(&changes, "tracks resolve: opened")?)
}

/// What holds its sides goes, then the worktree, then what is known of it. The result is where the directory is now, if it
/// holds files that git does not, as those that are ignored.
///
/// In this order, since whoever stands in the worktree reads refs through its entry.
pub(super) fn close(
    session: &Session,
    opening: &Opening,
    emit: Emit<'_>,
) -> Result<Option<PathBuf>, ResolveError> {
    let repository = &session.repository;
    let mut changes = Vec::new();
    for name in ref_names(opening) {
        let before = repository.reference(&name)?;
        if before.is_some() {
            let after = None;
            changes.push(RefChange {
                name,
                before,
                after,
            });
        }
    }
    repository.update_refs(&changes, "tracks resolve: closed")?;
    let left = put_away(session, opening, emit)?;
    session.store.forget_opening(&opening.name)?;
    Ok(left)
}

fn put_away(
    session: &Session,
    opening: &Opening,
    emit: Emit<'_>,
) -> Result<Option<PathBuf>, ResolveError> {
    let (repository, store) = (&session.repository, &session.store);
    let dir = own_worktree::dir_of(session, &opening.name)?;
    let entries = repository.worktrees()?;
    let Some(entry) = entries.iter().find(|entry| settled(&entry.path) == dir) else {
        return Ok(None);
    };
    if !dir.is_dir() {
        repository.remove_worktree(&dir)?;
        return Ok(None);
    }
    let (_lock, settled) = trash::lock(session, "tracks resolve")?;
    for sentence in settled {
        emit(&Event::Stage(sentence));
    }
    let nothing_else = is_all_held(session, &dir)?;
    let size = measure(&dir);
    let now = clock::now();
    let mut trashed = Trashed {
        operation: store.new_operation_id(now),
        number: 0,
        time: now,
        state: TrashState::Removing,
        track: None,
        worktree: Some(dir.clone()),
        entry: repository.entry_name(&dir)?,
        branch: entry.branch.clone(),
        head: entry.commit,
        removed_branch: false,
        kept_as: None,
        incomplete: None,
        bytes: size.bytes,
    };
    store.forget_setup(&dir)?;
    trash::put_away(session, &mut trashed)?;
    let there = store.trashed_worktree(&trashed);
    // Somebody may have written a file while it was looked at.
    if nothing_else && measure(&there) == size {
        trash::delete(session, &mut trashed)?;
        return Ok(None);
    }
    Ok(Some(there))
}

/// Whether git can hold everything that is there: what it has been told, or what was just kept, is all.
fn is_all_held(session: &Session, dir: &Path) -> Result<bool, ResolveError> {
    let repository = &session.repository;
    let merger = Merger::publishing(repository, session.base.commit);
    let untracked = repository.untracked_in(dir, true)?;
    let is_repository = |path: &RepoPath| path.as_bytes().ends_with(b"/");
    let ignored = untracked.len() > repository.untracked_in(dir, false)?.len();
    let submodules =
        (repository.entry_name(dir)?).is_some_and(|name| repository.entry_has_submodules(&name));
    let more = ignored || submodules || untracked.iter().any(is_repository);
    Ok(!more && merger.tree_in(dir).is_ok())
}

/// Keeps what somebody has done in a worktree that goes, or is made anew; the ref that it is kept under. `None`: nothing
/// was done there.
pub(super) fn keep(
    session: &Session,
    opening: &Opening,
    worktree: &OwnWorktree,
    command: &str,
) -> Result<Option<String>, ResolveError> {
    let (repository, dir) = (&session.repository, &worktree.dir);
    let merger = Merger::publishing(repository, session.base.commit);
    let head = repository.commit_in(dir)?;
    let untouched = match &opening.stage {
        // What git has left of a merge that was begun cannot be told from what somebody has done.
        OpeningStage::Making | OpeningStage::Recorded(_) => {
            let status = repository.worktree_status(dir)?;
            status.dirty.is_clean() && status.unfinished.is_none()
        }
        OpeningStage::Open(handed_over) => {
            // Where git cannot read all of it, something may have been done.
            merger.tree_in(dir).is_ok_and(|tree| tree == *handed_over)
        }
    };
    if untouched && head == opening.sides[0] {
        return Ok(None);
    }
    let [(a, _), (b, _)] = &opening.tracks;
    let message = format!("What was done to resolve {a} and {b}");
    let kept = merger.keep_worktree(dir, clock::now(), &message)?;
    let did = format!("kept what was in {}", dir.display());
    keep_as(session, did, kept.commit, command).map(Some)
}

/// What somebody has committed in a worktree of which only the entry is left.
pub(super) fn keep_commits(
    session: &Session,
    opening: &Opening,
    command: &str,
) -> Result<(), ResolveError> {
    let dir = own_worktree::dir_of(session, &opening.name)?;
    let entries = session.repository.worktrees()?.into_iter();
    let left = entries
        .filter(|entry| settled(&entry.path) == dir)
        .find_map(|entry| entry.commit);
    if let Some(commit) = left.filter(|commit| *commit != opening.sides[0]) {
        keep_as(session, took_away(&dir), commit, command)?;
    }
    Ok(())
}

fn took_away(dir: &Path) -> String {
    format!("took {} away", dir.display())
}

/// Keeps a commit of a worktree; the ref that it is kept under.
fn keep_as(
    session: &Session,
    did: String,
    commit: CommitId,
    command: &str,
) -> Result<String, ResolveError> {
    let now = clock::now();
    let mut operation = Operation::new(session.store.new_operation_id(now), now, command);
    operation.did = vec![did];
    let name = format!("{REPLACED}{}", operation.id);
    let request = Request {
        moves: vec![RefMove {
            name: name.clone(),
            before: None,
            after: Some(commit),
        }],
        message: "tracks resolve: kept".to_owned(),
        ..Request::default()
    };
    operation::go_on(session, operation, request)?;
    Ok(name)
}
