//! What `init` will do, decided from what is there; touches nothing.

use std::path::{Path, PathBuf};

use crate::domain::name::{BranchName, TrackId};
use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::git::{GitError, Start, Worktree};

use super::super::own_worktree::{same_dir, worktrees_dir};
use super::super::setup::Place;
use super::super::{Origin, Session, setup};
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
    let refuse = |message: String, fix: String| Action::Refuse { message, fix };
    step.action = match (here, on_branch) {
        (Some(entry), _) if broken(entry) => match &entry.locked {
            // Somebody locked it on purpose, for example because it lives on a disk that is not mounted.
            Some(reason) if !entry.half_made => refuse(
                format!(
                    "its worktree {} is gone but locked{}",
                    entry.path.display(),
                    because(reason)
                ),
                format!(
                    "bring the directory back, or `git worktree unlock {}`",
                    entry.path.display()
                ),
            ),
            _ => create(session, track, Some(entry.clone()), &mut step.note)?,
        },
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
                path.display(),
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
        (None, None) if in_the_way(&path) => refuse(
            format!("{} exists and is not an empty directory", path.display()),
            "move it away, or give the track another worktree".to_owned(),
        ),
        (None, None) => create(session, track, None, &mut step.note)?,
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

fn because(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(" ({reason})")
    }
}

fn in_the_way(path: &Path) -> bool {
    match std::fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

/// A worktree on the branch if there is one, locally or remotely; on a new branch from base otherwise.
fn create(
    session: &Session,
    track: &Track,
    mend: Option<Worktree>,
    note: &mut Option<String>,
) -> Result<Action, GitError> {
    let start = match session.tip(&track.branch)? {
        None => Start::NewBranch {
            name: track.branch.clone(),
            at: session.base.commit,
        },
        Some(tip) => match session.repository.branch(&track.branch)? {
            Some(_) => {
                *note = Some("on the branch that was there".to_owned());
                Start::Branch(track.branch.clone())
            }
            None => {
                debug_assert_eq!(tip.origin, Origin::Remote);
                *note = Some(format!("from {}/{}", session.project.remote, track.branch));
                Start::NewBranch {
                    name: track.branch.clone(),
                    at: tip.commit,
                }
            }
        },
    };
    Ok(Action::Create { start, mend })
}
