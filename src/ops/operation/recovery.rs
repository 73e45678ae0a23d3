//! Operations that were killed: what became of them is looked up, and they are completed or marked as having moved nothing.

use std::path::PathBuf;

use crate::domain::operation::{Fate, Found, fate};
use crate::domain::path::RepoPath;
use crate::git::{GitError, Worktree};
use crate::store::{Lock, Operation, RefMove, Trashed, WorktreeChange, WorktreeStep};

use super::super::Session;
use super::{HALFWAY, OperationError, Recovered, branch_of, complete, pending};

pub(super) fn found(session: &Session, moves: &[RefMove]) -> Result<Vec<Found>, GitError> {
    let moves = moves.iter().filter(|moved| moved.before != moved.after);
    moves
        .map(|moved| {
            let now = session.repository.reference(&moved.name)?;
            Ok(match (now, moved.after) {
                (now, after) if now == after => Found::After,
                (now, _) if now == moved.before => Found::Before,
                (Some(now), Some(after)) => Found::Elsewhere {
                    from_after: session.repository.is_ancestor(after, now).unwrap_or(false),
                },
                _ => Found::Elsewhere { from_after: false },
            })
        })
        .collect()
}

/// Records that its refs did not move. Worktrees that it has taken away or brought back all the same stay on the record, so that
/// the same undo goes on from there. What became of it, for people.
pub(in crate::ops) fn moved_nothing(
    session: &Session,
    mut operation: Operation,
    why: &str,
) -> Result<&'static str, OperationError> {
    operation.pending = false;
    operation.undone = true;
    operation.worktrees = that_went(session, &operation)?;
    let end = if operation.worktrees.is_empty() {
        operation.did = vec![format!("moved nothing: {why}")];
        "had moved nothing"
    } else {
        operation.refs.clear();
        operation.did = vec![format!("{HALFWAY}{why}")];
        operation
            .did
            .extend(operation.worktrees.iter().map(|change| {
                let path = change.path.display();
                match change.step {
                    WorktreeStep::Made => format!("brought worktree {path} back"),
                    WorktreeStep::Removed => format!("took worktree {path} away"),
                }
            }));
        "stopped halfway; the same undo goes on with it"
    };
    session.store.record_operation(&operation)?;
    Ok(end)
}

/// The worktrees of an operation that really went, or came.
fn that_went(
    session: &Session,
    operation: &Operation,
) -> Result<Vec<WorktreeChange>, OperationError> {
    if operation.worktrees.is_empty() {
        return Ok(Vec::new());
    }
    let trashed = session.store.trashed()?;
    let there = session.repository.worktrees()?;
    let went = operation.worktrees.iter().filter(|change| {
        let of_it = |trashed: &&Trashed| {
            trashed.operation == operation.id && trashed.worktree.as_ref() == Some(&change.path)
        };
        match change.step {
            WorktreeStep::Removed => trashed
                .iter()
                .find(of_it)
                .is_some_and(|one| session.store.trashed_worktree(one).exists()),
            WorktreeStep::Made => there.iter().any(|entry| entry.path == change.path),
        }
    });
    Ok(went.cloned().collect())
}

/// Whoever has done nothing at all is undone already, so that it is not in the way of who takes back what came before.
pub(in crate::ops) fn mark_empty(operation: &mut Operation, why: &str) {
    // A new ref of ours keeps what still is where it was.
    let keeps = |moved: &RefMove| moved.before.is_none() && moved.name.starts_with("refs/tracks/");
    if operation.worktrees.is_empty()
        && operation.did.is_empty()
        && operation.refs.iter().all(keeps)
    {
        operation.undone = true;
        operation.did = vec![format!("moved nothing: {why}")];
    }
}

pub(super) fn recover_locked(session: &Session, _lock: &Lock) -> Result<Recovered, OperationError> {
    let mut recovered = Recovered::default();
    for mut operation in pending(session)? {
        let names: Vec<String> = (operation.refs.iter())
            .map(|moved| moved.name.clone())
            .collect();
        session.repository.clear_stale_ref_locks(&names)?;
        // Those that went nowhere tell nothing.
        operation.refs.retain(|moved| moved.before != moved.after);
        let fate = fate(&found(session, &operation.refs)?);
        if let Fate::Cut(rest) = &fate {
            let message = format!("tracks {}: completed", operation.command);
            complete(session, &operation.refs, rest, &message)?;
            recovered.moved = true;
        }
        let (left, failed): (Places, Places) = settle(session, &operation.refs)?;
        let command = operation.command.clone();
        let end = if !failed.is_empty() {
            // The next one tries again; meanwhile nobody moves what is not as it should be.
            "is not cleared up yet"
        } else if fate == Fate::MovedNothing {
            moved_nothing(session, operation, "it was killed")?
        } else {
            operation.pending = false;
            session.store.record_operation(&operation)?;
            "is complete now"
        };
        let why = match failed.is_empty() {
            true => "was killed",
            false => "could not put files back",
        };
        let mut note = format!("`tracks {command}` {why}, and {end}");
        let said = [
            ("changed since", "so left as it is", left),
            ("a filter fails", "so it could not be written", failed),
        ];
        for (why, so, places) in said {
            for (path, paths) in places {
                let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
                let (dir, paths) = (path.display(), paths.join(", "));
                note.push_str(&format!("; {why} in {dir}, {so}: {paths}"));
            }
        }
        recovered.notes.push(note);
    }
    Ok(recovered)
}

/// Paths in worktrees.
type Places = Vec<(PathBuf, Vec<RepoPath>)>;

/// Takes the worktrees of these branches to where the branches are; what was left in them, since somebody has changed it, and
/// what could not be written.
fn settle(session: &Session, moves: &[RefMove]) -> Result<(Places, Places), OperationError> {
    let worktrees = session.repository.worktrees()?;
    let (mut left, mut failed) = (Vec::new(), Vec::new());
    for moved in moves {
        let (Some(branch), Some(from), Some(to)) =
            (branch_of(&moved.name), moved.before, moved.after)
        else {
            continue;
        };
        let here = |entry: &&Worktree| {
            entry.branch.as_ref() == Some(&branch) && entry.prunable.is_none() && !entry.half_made
        };
        for entry in worktrees.iter().filter(here) {
            let settled = (session.repository).settle_worktree(&entry.path, &branch, from, to);
            let settled = settled.map_err(|error| OperationError::Worktree {
                branch: branch.clone(),
                path: entry.path.clone(),
                error,
            })?;
            if !settled.left.is_empty() {
                left.push((entry.path.clone(), settled.left));
            }
            if !settled.failed.is_empty() {
                failed.push((entry.path.clone(), settled.failed));
            }
        }
    }
    Ok((left, failed))
}
