//! Which profile counts: the one that was asked for, or the first whose condition holds for what the tracks change.

use crate::domain::name::{ProfileName, TrackId, nearest};
use crate::domain::project::ChangeSize;
use crate::git::{GitError, Merger};
use crate::process::{cores, in_parallel};

use super::matrix::{self, TrackSide};
use super::{Session, SessionError, session};

/// The profile that counts, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub profile: ProfileName,
    /// `--profile`, or what its condition found: `files 312 > 200`.
    pub reason: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    #[error("there is no profile `{name}`")]
    Unknown {
        name: String,
        nearest: Option<String>,
        known: Vec<String>,
    },
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Chooses by hand, or by what these tracks change since they left base, uncommitted work included where it counts. `None`:
/// no profile. Nothing is looked at where no profile has a condition.
///
/// # Errors
/// When there is no profile of that name, or the changes cannot be read.
pub fn choose(
    session: &Session,
    by_hand: Option<&str>,
    tracks: &[TrackId],
    uncommitted: bool,
) -> Result<Option<Choice>, ProfileError> {
    let profiles = &session.project.profiles;
    if let Some(name) = by_hand {
        let known = || profiles.iter().map(|profile| profile.name.as_str());
        let found = profiles
            .iter()
            .find(|profile| profile.name.as_str() == name);
        let profile = found.ok_or_else(|| ProfileError::Unknown {
            name: name.to_owned(),
            nearest: nearest(name, known()).map(str::to_owned),
            known: known().map(str::to_owned).collect(),
        })?;
        return Ok(Some(Choice {
            profile: profile.name.clone(),
            reason: "--profile".to_owned(),
        }));
    }
    if profiles.iter().all(|profile| profile.when.is_none()) {
        return Ok(None);
    }
    let size = size(session, tracks, uncommitted)?;
    let chosen = session.project.profile_for(&size);
    Ok(chosen.map(|(profile, reason)| Choice {
        profile: profile.name.clone(),
        reason,
    }))
}

fn size(session: &Session, tracks: &[TrackId], uncommitted: bool) -> Result<ChangeSize, GitError> {
    let merger = matrix::scratch_merger(session, &session.repository)?;
    let sides = matrix::track_sides(session, &merger, tracks, !uncommitted)?;
    let changes: Result<Vec<_>, GitError> =
        in_parallel(&sides, cores().get(), |side| change(session, &merger, side))
            .into_iter()
            .collect();
    Ok(session.project.size_of(&changes?))
}

/// What a track changes; nothing where it has no branch.
fn change(
    session: &Session,
    merger: &Merger<'_>,
    side: &TrackSide,
) -> Result<Vec<(crate::domain::path::RepoPath, u64)>, GitError> {
    let Some(tip) = side.tip else {
        return Ok(Vec::new());
    };
    // Where the worktree cannot be read, what is committed is what is known.
    let tree = match side.tree {
        Some(tree) => tree,
        None => session.repository.commit(tip)?.tree,
    };
    let bases = session.repository.merge_bases(session.base.commit, tip)?;
    merger.difference(bases.first().copied(), tree)
}

impl Session {
    /// Makes the profile count in everything that follows.
    ///
    /// # Errors
    /// When its integration branch is one that something else is on.
    pub fn use_profile(&mut self, choice: Choice) -> Result<(), SessionError> {
        let mut profiles = self.project.profiles.iter();
        if let Some(profile) = profiles.find(|profile| profile.name == choice.profile) {
            let project = self.project.with_profile(profile);
            session::own_integration_branch(&project, &self.base)?;
            self.project = project;
        }
        self.profile = Some(choice);
        Ok(())
    }
}
