//! What taking an operation back means as things are now, and what stands against it.

use std::path::{Path, PathBuf};

use crate::domain::name::BranchName;
use crate::domain::removal::Refusal;
use crate::domain::undo::{RefFacts, Step, is_taken_back, ref_step, was_dropped};
use crate::git::{GitError, Worktree};
use crate::store::{Operation, RefMove, TrashState, Trashed, WorktreeStep};

use super::super::own_worktree::quoted;
use super::super::remove::{Look, Named, Stays, Target};
use super::super::{Session, restore};
use super::{UndoError, WorktreeDone, stays};

/// What is to be done; nothing stands against it.
pub(super) struct Plan {
    pub(super) goes: Vec<Target>,
    pub(super) returns: Vec<Trashed>,
    /// The same, for the report.
    pub(super) worktrees: Vec<WorktreeDone>,
    /// What cannot come back, one sentence each.
    pub(super) stays_deleted: Vec<String>,
    refs: Refs,
}

/// The refs of the operation.
#[derive(Clone)]
pub(super) struct Refs(Vec<RefMove>);

impl Plan {
    /// The refs, to be looked at again once worktrees have gone and come.
    pub(super) fn again(&self) -> Refs {
        self.refs.clone()
    }

    pub(super) fn moves(&self, session: &Session) -> Result<Vec<RefMove>, GitError> {
        self.refs.moves(session)
    }
}

impl Refs {
    /// Those that have to move back, as they are now.
    pub(super) fn moves(&self, session: &Session) -> Result<Vec<RefMove>, GitError> {
        let mut moves = Vec::new();
        for moved in &self.0 {
            let now = session.repository.reference(&moved.name)?;
            if now == moved.after && now != moved.before {
                moves.push(RefMove {
                    name: moved.name.clone(),
                    before: now,
                    after: moved.before,
                });
            }
        }
        Ok(moves)
    }
}

pub(super) fn plan(
    session: &Session,
    target: &Operation,
    here: &[PathBuf],
    refused: &mut Vec<Stays>,
) -> Result<Plan, UndoError> {
    let worktrees = session.repository.worktrees()?;
    let look = Look {
        session,
        worktrees: &worktrees,
        force: false,
        here,
    };
    let mut plan = Plan {
        goes: Vec::new(),
        returns: Vec::new(),
        worktrees: Vec::new(),
        stays_deleted: Vec::new(),
        refs: Refs(Vec::new()),
    };
    for moved in &target.refs {
        let dropped = was_dropped(&moved.name, moved.after);
        let there = |id| session.repository.commit(id).is_ok();
        if is_taken_back(&moved.name) || dropped && moved.before.is_some_and(there) {
            plan.refs.0.push(moved.clone());
        } else if let (true, Some(before)) = (dropped, moved.before) {
            let (name, before) = (&moved.name, before.short());
            plan.stays_deleted.push(format!(
                "{name} stays deleted: {before} is not here any more"
            ));
        }
    }
    let deleted = target.did.iter().filter_map(|did| deleted(did));
    plan.stays_deleted
        .extend(deleted.map(|what| format!("{what}, stays deleted")));
    for change in &target.worktrees {
        let done = match change.step {
            WorktreeStep::Made => made(&look, &change.path, &mut plan, refused)?,
            WorktreeStep::Removed => {
                removed(session, &look, target, &change.path, &mut plan, refused)?
            }
        };
        let Some(step) = done else { continue };
        let going = plan.goes.last().filter(|_| step == WorktreeStep::Removed);
        let described = going.map(|target| target.described(session)).transpose()?;
        let (ignored, more_ignored) =
            described.map_or_else(Default::default, |one| (one.ignored, one.more_ignored));
        plan.worktrees.push(WorktreeDone {
            path: change.path.clone(),
            track: change.track.clone(),
            step,
            ignored,
            more_ignored,
        });
    }
    // Branches without a worktree are in the trash, too.
    for trashed in session.store.trashed()? {
        if trashed.operation == target.id && trashed.worktree.is_none() {
            returns(session, trashed, &mut plan, refused)?;
        }
    }
    // Those that cannot go have been refused for that.
    let leaving: Vec<&Path> = target
        .worktrees
        .iter()
        .filter(|change| change.step == WorktreeStep::Made)
        .map(|change| change.path.as_path())
        .collect();
    for moved in &plan.refs.0 {
        if let Some(refusal) = against_ref(session, &worktrees, &leaving, moved)? {
            refused.push(stays(&moved.name, refusal));
        }
    }
    if target.worktrees.is_empty() && plan.refs.0.is_empty() && plan.returns.is_empty() {
        refused.push(stays(
            &target.id,
            Refusal {
                why: format!(
                    "was `tracks {}`, of which nothing can be taken back",
                    target.command
                ),
                fix: "name another operation: `tracks undo --operation ID` (see `tracks log`)"
                    .to_owned(),
            },
        ));
    }
    Ok(plan)
}

/// What of the trash `prune` has deleted for good, from its log.
fn deleted(did: &str) -> Option<&str> {
    let what = did.strip_prefix("cleared ")?.strip_suffix(" away")?;
    what.contains(", removed by ").then_some(what)
}

/// A worktree that the operation made goes, if nobody has work in it.
fn made(
    look: &Look<'_>,
    path: &Path,
    plan: &mut Plan,
    refused: &mut Vec<Stays>,
) -> Result<Option<WorktreeStep>, UndoError> {
    let Some(entry) = look.worktrees.iter().find(|entry| entry.path == path) else {
        return Ok(None);
    };
    match look.judge(
        look.track_of(entry),
        Some(entry),
        entry.branch.as_ref(),
        false,
    )? {
        Named::Goes(target) => plan.goes.push(target),
        Named::Stays(other) => {
            refused.push(other);
            return Ok(None);
        }
        Named::Nothing(_) => return Ok(None),
    }
    Ok(Some(WorktreeStep::Removed))
}

/// A worktree that the operation took away comes back.
fn removed(
    session: &Session,
    look: &Look<'_>,
    target: &Operation,
    path: &Path,
    plan: &mut Plan,
    refused: &mut Vec<Stays>,
) -> Result<Option<WorktreeStep>, UndoError> {
    let trashed = session.store.trashed()?.into_iter().find(|trashed| {
        trashed.operation == target.id
            && trashed.worktree.as_deref() == Some(path)
            && trashed.state == TrashState::Removed
    });
    let there = look.worktrees.iter().any(|entry| entry.path == path);
    match trashed {
        Some(trashed) => {
            Ok(returns(session, trashed, plan, refused)?.then_some(WorktreeStep::Made))
        }
        None if there => Ok(None),
        None => {
            let refusal = Refusal {
                why: "is not in the trash any more".to_owned(),
                fix: "`tracks init` makes a new worktree; branches that were removed are below refs/tracks/trash/".to_owned(),
            };
            refused.push(stays(&path.display().to_string(), refusal));
            Ok(None)
        }
    }
}

fn returns(
    session: &Session,
    trashed: Trashed,
    plan: &mut Plan,
    refused: &mut Vec<Stays>,
) -> Result<bool, UndoError> {
    match restore::against(session, &trashed)? {
        Some(refusal) => {
            let name = super::trash::name_of(&trashed);
            refused.push(stays(&name, refusal));
            Ok(false)
        }
        None => {
            plan.returns.push(trashed);
            Ok(true)
        }
    }
}

/// What keeps a ref from going back: that it has moved since, or a worktree that cannot follow.
fn against_ref(
    session: &Session,
    worktrees: &[Worktree],
    leaving: &[&Path],
    moved: &RefMove,
) -> Result<Option<Refusal>, GitError> {
    let repository = &session.repository;
    let facts = RefFacts {
        name: &moved.name,
        before: moved.before,
        after: moved.after,
        now: repository.reference(&moved.name)?,
        lost: moved
            .before
            .is_some_and(|before| repository.commit(before).is_err()),
    };
    match ref_step(&facts) {
        Step::Nothing => return Ok(None),
        Step::Refuse(refusal) => return Ok(Some(refusal)),
        Step::Back => {}
    }
    let short = moved.name.strip_prefix("refs/heads/");
    let Some(branch) = short.and_then(|name| BranchName::new(name).ok()) else {
        return Ok(None);
    };
    let stays = |entry: &&Worktree| {
        // A directory that is gone for good cannot be left behind.
        let gone = entry.prunable.is_some() && entry.locked.is_none();
        let of_branch = entry.branch.as_ref() == Some(&branch);
        of_branch && !gone && !leaving.contains(&entry.path.as_path())
    };
    let Some(entry) = worktrees.iter().find(stays) else {
        return Ok(None);
    };
    let path = quoted(&entry.path);
    let refusal = |why: String, fix: String| Ok(Some(Refusal { why, fix }));
    match (moved.after, moved.before) {
        (Some(from), Some(to)) => match repository.may_advance(&entry.path, &branch, from, to) {
            Ok(()) => Ok(None),
            Err(error) => refusal(
                format!("is checked out in {path}: {error}"),
                format!("see to that first: `git -C {path} status`"),
            ),
        },
        (Some(_), None) => refusal(
            format!("was made by it, and is checked out in {path}"),
            format!("take that worktree away first: `tracks remove {path}`"),
        ),
        (None, _) => Ok(None),
    }
}
