//! What `init` will do, decided from what is there; touches nothing.

use std::path::{Path, PathBuf};

use crate::domain::name::{BranchName, TrackId};
use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::git::{GitError, Start, Worktree, in_the_way, settled, why_in_the_way};

use super::super::own_worktree::{quoted, same_dir, worktrees_dir};
use super::super::setup::Place;
use super::super::{Session, setup};
use super::InitError;

/// What `init` will do about one track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The worktree is there.
    Keep,
    Create {
        start: Start,
        /// What a killed run, or a deleted directory, left behind and must be cleared away first.
        mend: Option<Worktree>,
    },
    /// It cannot be done; nothing will be touched.
    Refuse { message: String, fix: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub track: TrackId,
    pub branch: BranchName,
    pub worktree: PathBuf,
    pub action: Action,
    /// Why this branch or directory rather than the obvious one.
    pub note: Option<String>,
    /// Setup commands that will run there.
    pub setup: Vec<String>,
}

/// The frozen plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub base: CommitId,
    pub steps: Vec<Step>,
}

/// Decides what to do, and touches nothing.
///
/// # Errors
/// When the repository cannot be read.
pub fn plan(session: &Session, tracks: &[&Track]) -> Result<Plan, InitError> {
    let dir = worktrees_dir(session).ok_or(InitError::NoPlace)?;
    let existing = session.repository.worktrees()?;
    let mut steps = Vec::new();
    for track in tracks {
        steps.push(step(session, &dir, &existing, track)?);
    }
    Ok(Plan {
        base: session.base.commit,
        steps,
    })
}

fn step(
    session: &Session,
    dir: &Path,
    existing: &[Worktree],
    track: &Track,
) -> Result<Step, InitError> {
    let path = dir.join(&track.worktree);
    let mut step = Step {
        track: track.id.clone(),
        branch: track.branch.clone(),
        worktree: path.clone(),
        action: Action::Keep,
        note: None,
        setup: Vec::new(),
    };
    let here = existing.iter().find(|entry| same_dir(&entry.path, &path));
    let on_branch = existing
        .iter()
        .find(|entry| entry.branch.as_ref() == Some(&track.branch));
    let broken = |entry: &Worktree| entry.half_made || entry.prunable.is_some();
    // An entry that is broken elsewhere blocks the branch as much as one at the track's own place.
    let here = here.or_else(|| on_branch.filter(|entry| broken(entry)));
    step.action = match (here, on_branch) {
        // A run of ours began it, and it is dead: we are alone.
        (Some(entry), _) if entry.half_made && session.store.was_adding(&entry.path) => {
            create(session, track, Some(entry.clone()), &mut step.note)?
        }
        (Some(entry), _) if entry.half_made => refuse(
            format!(
                "a `git worktree add` is making {}, or was killed while it did",
                entry.path.display()
            ),
            format!(
                "wait for it to end; if none is running: `git worktree remove --force --force {}`",
                quoted(&entry.path)
            ),
        ),
        (Some(entry), _) if entry.prunable.is_some() => {
            match cannot_replace(session, entry, &path)? {
                Some(refusal) => refusal,
                None => create(session, track, Some(entry.clone()), &mut step.note)?,
            }
        }
        (Some(entry), _) if entry.branch.as_ref() == Some(&track.branch) => Action::Keep,
        (Some(entry), _) => refuse(
            match &entry.branch {
                Some(other) => format!(
                    "{} stands on branch {other}, not on {}",
                    path.display(),
                    track.branch
                ),
                None => format!("{} stands on no branch", path.display()),
            },
            format!(
                "run `git -C {} switch {}`, or give the track another worktree",
                quoted(&path),
                track.branch
            ),
        ),
        (None, Some(entry)) if entry.is_main => refuse(
            format!(
                "branch {} is checked out in the main worktree",
                track.branch
            ),
            format!(
                "switch the main worktree to another branch: `git switch {}`",
                session.base.name
            ),
        ),
        (None, Some(entry)) => {
            step.note = Some("adopted where it was".to_owned());
            step.worktree.clone_from(&entry.path);
            Action::Keep
        }
        (None, None) => match in_the_way(&path) {
            Some(there) => refuse(
                why_in_the_way(&there),
                "move it away, or give the track another worktree".to_owned(),
            ),
            None => create(session, track, None, &mut step.note)?,
        },
    };
    if !matches!(step.action, Action::Refuse { .. }) {
        let place = Place::of_track(&session.project, track, &step.worktree);
        if matches!(step.action, Action::Create { .. }) || setup::is_due(session, &place) {
            let commands = place.setup.iter();
            step.setup = commands.map(|setup| setup::show(&setup.command)).collect();
        }
    }
    Ok(step)
}

fn refuse(message: String, fix: String) -> Action {
    Action::Refuse { message, fix }
}

/// Why an entry that nobody can work in must stay as it is, though it blocks the track.
fn cannot_replace(
    session: &Session,
    entry: &Worktree,
    path: &Path,
) -> Result<Option<Action>, GitError> {
    let (there, why) = (
        entry.path.display(),
        entry.prunable.as_deref().unwrap_or_default(),
    );
    // Somebody locked it on purpose, for example because it lives on a disk that is not mounted.
    if let Some(reason) = &entry.locked {
        let because = match reason.as_str() {
            "" => String::new(),
            reason => format!(" ({reason})"),
        };
        return Ok(Some(refuse(
            format!("its worktree {there} is locked{because}, and {why}"),
            format!(
                "bring it back, or `git worktree unlock {}`",
                quoted(&entry.path)
            ),
        )));
    }
    if let Some(obstacle) = in_the_way(path) {
        // The repository or its worktree has been moved or copied: what is there may be somebody's work.
        return Ok(Some(refuse(
            format!(
                "{}, and the worktree known for the track is not usable: {there}: {why}",
                why_in_the_way(&obstacle)
            ),
            match settled(&entry.path) == path && !path.join(".git").exists() {
                true => "if only its `.git` file is lost: `git worktree repair` writes it again"
                    .to_owned(),
                false => format!(
                    "if it is that worktree, moved: `git worktree repair {}`; else move it away",
                    quoted(path)
                ),
            },
        )));
    }
    let work = session.repository.work_in_entry(entry)?;
    Ok(work.map(|work| {
        refuse(
            format!("its worktree {there} is not usable ({why}), and {work} would be lost with it"),
            format!(
                "if it was moved: `git worktree repair NEW-PATH`; to give that up: `git worktree remove --force {}`",
                quoted(&entry.path)
            ),
        )
    }))
}

/// A worktree on the branch if there is one, locally or remotely; on a new branch from base otherwise.
fn create(
    session: &Session,
    track: &Track,
    mend: Option<Worktree>,
    note: &mut Option<String>,
) -> Result<Action, GitError> {
    if session.repository.branch(&track.branch)?.is_some() {
        *note = Some("on the branch that was there".to_owned());
        let start = Start::Branch(track.branch.clone());
        return Ok(Action::Create { start, mend });
    }
    if let Some(other) = session.repository.branch_in_the_way(&track.branch)? {
        return Ok(refuse(
            format!(
                "git cannot have branch {} beside branch {other}",
                track.branch
            ),
            format!("rename one: `git branch -m {other} NEW-NAME`, or `branch` of the track"),
        ));
    }
    let at = match session.tip(&track.branch)? {
        None => session.base.commit,
        Some(tip) => {
            *note = Some(format!("from {}/{}", session.project.remote, track.branch));
            tip.commit
        }
    };
    let name = track.branch.clone();
    Ok(Action::Create {
        start: Start::NewBranch { name, at },
        mend,
    })
}
