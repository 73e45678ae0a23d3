//! What a user meant to be taken away, and what stands against it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::domain::change::Dirty;
use crate::domain::name::{BranchName, nearest};
use crate::domain::path::RepoPath;
use crate::domain::project::Track;
use crate::domain::removal::{
    BranchFacts, Refusal, WorktreeFacts, against_removing, against_removing_branch,
};
use crate::domain::revision::CommitId;
use crate::files::{Size, measure};
use crate::git::{GitError, Worktree, WorktreeStatus, settled};

use super::super::Session;
use super::super::own_worktree::{quoted, same_dir, worktrees_dir};
use super::{
    BranchGone, Ignored, MOST_COMMITS, MOST_IGNORED, Options, RemoveError, Removed, Stays,
};

/// A worktree, or a branch without one.
#[derive(Debug)]
pub(in crate::ops) struct Target {
    pub(super) track: Option<String>,
    worktree: Option<Worktree>,
    /// What is checked out there.
    pub(super) branch: Option<BranchName>,
    pub(super) head: Option<CommitId>,
    /// The branch goes, too.
    pub(super) with_branch: bool,
    dirty: bool,
}

/// What became of a name.
pub(in crate::ops) enum Named {
    Goes(Target),
    Stays(Stays),
    /// One sentence why there is nothing to do.
    Nothing(String),
}

pub(super) fn choose(session: &Session, options: &Options) -> Result<Vec<Named>, RemoveError> {
    let worktrees = session.repository.worktrees()?;
    let look = Look {
        session,
        worktrees: &worktrees,
        force: options.force,
        here: &options.here,
    };
    if options.orphans {
        let mut named = Vec::new();
        for entry in look.orphans() {
            named.push(look.judge(None, Some(entry), entry.branch.as_ref(), options.branch)?);
        }
        return Ok(named);
    }
    let mut named = Vec::new();
    let mut seen = Vec::new();
    for name in &options.names {
        let (track, entry, branch) = look.find(name)?;
        let key = (entry.map(|entry| &entry.path), branch.cloned());
        if !seen.contains(&key) {
            named.push(look.judge(track, entry, branch, options.branch)?);
            seen.push(key);
        }
    }
    Ok(named)
}

/// The facts that names are held against.
pub(in crate::ops) struct Look<'a> {
    pub(in crate::ops) session: &'a Session,
    pub(in crate::ops) worktrees: &'a [Worktree],
    pub(in crate::ops) force: bool,
    pub(in crate::ops) here: &'a [PathBuf],
}

type Found<'a> = (
    Option<&'a Track>,
    Option<&'a Worktree>,
    Option<&'a BranchName>,
);

impl<'a> Look<'a> {
    /// A track's id, else the directory of a worktree, else a branch that is checked out in one.
    fn find(&self, name: &str) -> Result<Found<'a>, RemoveError> {
        let tracks = &self.session.project.tracks;
        if let Some(track) = tracks.iter().find(|track| track.id.as_str() == name) {
            return Ok(match self.worktree_of(track) {
                Some(entry) => (Some(track), Some(entry), entry.branch.as_ref()),
                None => (Some(track), None, Some(&track.branch)),
            });
        }
        let from = self
            .here
            .first()
            .map_or_else(|| PathBuf::from(name), |here| here.join(name));
        let from = settled(&from);
        let entry = self.worktrees.iter().find(|entry| {
            entry.path == from
                || entry
                    .branch
                    .as_ref()
                    .is_some_and(|branch| branch.as_str() == name)
        });
        match entry {
            Some(entry) => Ok((self.track_of(entry), Some(entry), entry.branch.as_ref())),
            None => {
                let known: Vec<String> = tracks.iter().map(|track| track.id.to_string()).collect();
                let nearest = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
                Err(RemoveError::Unknown {
                    name: name.to_owned(),
                    nearest,
                    known,
                })
            }
        }
    }

    /// Also one that cannot be used any more; else the track's directory, whatever is checked out there.
    fn worktree_of(&self, track: &Track) -> Option<&'a Worktree> {
        let on_branch = |entry: &&Worktree| entry.branch.as_ref() == Some(&track.branch);
        let its_own = |entry: &&Worktree| {
            let owner = self.track_of(entry);
            owner.is_some_and(|owner| owner.id == track.id)
        };
        let worktrees = || self.worktrees.iter();
        worktrees()
            .find(on_branch)
            .or_else(|| worktrees().find(its_own))
    }

    pub(in crate::ops) fn track_of(&self, entry: &Worktree) -> Option<&'a Track> {
        let tracks = &self.session.project.tracks;
        let on_branch = tracks
            .iter()
            .find(|track| entry.branch.as_ref() == Some(&track.branch));
        on_branch.or_else(|| {
            let dir = worktrees_dir(self.session)?;
            tracks
                .iter()
                .find(|track| same_dir(&dir.join(&track.worktree), &entry.path))
        })
    }

    fn orphans(&self) -> Vec<&'a Worktree> {
        let Some(dir) = worktrees_dir(self.session) else {
            return Vec::new();
        };
        let orphan = |entry: &&Worktree| {
            !entry.is_main
                && entry.path.starts_with(&dir)
                && !self.is_own(entry)
                && self.track_of(entry).is_none()
        };
        self.worktrees.iter().filter(orphan).collect()
    }

    /// Made by the tool for itself. Tracks and people cannot have a name with a leading dot below `[layout] worktrees`
    /// without meaning it, so what a killed run had no time to mark counts, too.
    fn is_own(&self, entry: &Worktree) -> bool {
        let hidden = || {
            let name = entry.path.file_name().unwrap_or_default();
            let hidden = name.as_encoded_bytes().starts_with(b".");
            hidden && entry.path.parent() == worktrees_dir(self.session).as_deref()
        };
        self.session.repository.is_marked_own(&entry.path) || hidden()
    }

    /// Whether it may go.
    pub(in crate::ops) fn judge(
        &self,
        track: Option<&Track>,
        entry: Option<&Worktree>,
        branch: Option<&BranchName>,
        with_branch: bool,
    ) -> Result<Named, RemoveError> {
        let repository = &self.session.repository;
        let tip = branch.map_or(Ok(None), |branch| repository.branch(branch))?;
        let name = match (track, branch, entry) {
            (Some(track), ..) => track.id.to_string(),
            (None, Some(branch), _) => branch.to_string(),
            (None, None, Some(entry)) => entry.path.display().to_string(),
            (None, None, None) => String::new(),
        };
        let with_branch = with_branch && tip.is_some();
        if entry.is_none() && !with_branch {
            return Ok(Named::Nothing(format!("{name} has no worktree")));
        }
        let stays = |refusal| {
            Ok(Named::Stays(Stays {
                name: name.clone(),
                refusal,
            }))
        };
        let mut dirty = false;
        if let Some(entry) = entry {
            let (refusal, has_work) = self.worktree(entry)?;
            if let Some(refusal) = refusal {
                return stays(refusal);
            }
            dirty = has_work;
        }
        if let Some(branch) = branch.filter(|_| with_branch)
            && let Some(refusal) = self.branch(branch, entry)?
        {
            return stays(refusal);
        }
        Ok(Named::Goes(Target {
            track: track.map(|track| track.id.to_string()),
            worktree: entry.cloned(),
            branch: branch.cloned(),
            head: tip.or(entry.and_then(|entry| entry.commit)),
            with_branch,
            dirty,
        }))
    }

    /// What stands against it, and whether it holds work that is not committed.
    fn worktree(&self, entry: &Worktree) -> Result<(Option<Refusal>, bool), GitError> {
        let repository = &self.session.repository;
        let path = quoted(&entry.path);
        let gone = !entry.path.exists();
        let foreign = entry.prunable.as_deref().filter(|_| !gone);
        let holds = self
            .worktrees
            .iter()
            .find(|other| other.path != entry.path && other.path.starts_with(&entry.path));
        let holds = holds.map(|other| quoted(&other.path));
        let readable = !gone && foreign.is_none() && !entry.half_made && !entry.is_main;
        let status = match readable {
            true => repository.worktree_status(&entry.path)?,
            false => WorktreeStatus::default(),
        };
        let in_entry = match gone {
            true => repository.work_in_entry(entry)?,
            false => None,
        };
        let facts = WorktreeFacts {
            path: &path,
            is_main: entry.is_main,
            is_own: self.is_own(entry),
            is_here: self
                .here
                .iter()
                .any(|here| settled(here).starts_with(&entry.path)),
            locked: entry.locked.as_deref(),
            half_made: entry.half_made,
            foreign,
            holds: holds.as_deref(),
            dirty: readable.then_some(status.dirty),
            unfinished: status.unfinished,
            in_entry: in_entry.as_deref(),
            force: self.force,
        };
        let dirty =
            status.dirty != Dirty::default() || status.unfinished.is_some() || in_entry.is_some();
        Ok((against_removing(&facts), dirty))
    }

    fn branch(
        &self,
        branch: &BranchName,
        entry: Option<&Worktree>,
    ) -> Result<Option<Refusal>, GitError> {
        let project = &self.session.project;
        let elsewhere = self.worktrees.iter().find(|other| {
            other.branch.as_ref() == Some(branch)
                && entry.map(|entry| &entry.path) != Some(&other.path)
        });
        let elsewhere = elsewhere.map(|other| quoted(&other.path));
        let facts = BranchFacts {
            name: branch.as_str(),
            is_base: self.session.base.branch.as_ref() == Some(branch),
            is_integration: project.integration.branch == *branch,
            checked_out: elsewhere.as_deref(),
            symbolic: self
                .session
                .repository
                .symbolic_target(&branch.full())?
                .is_some(),
        };
        Ok(against_removing_branch(&facts))
    }
}

impl Target {
    pub(super) fn path(&self) -> Option<&Path> {
        self.worktree.as_ref().map(|entry| entry.path.as_path())
    }

    /// Whether something of it would be only in the trash, and has to be kept by a ref.
    pub(super) fn has_work(&self, session: &Session) -> Result<bool, GitError> {
        let detached = match (&self.worktree, &self.branch, self.head) {
            (Some(_), None, Some(head)) => {
                !session.repository.nowhere_else(head, &[], 1)?.is_empty()
            }
            _ => false,
        };
        Ok(self.dirty || detached)
    }

    /// What is about to go, measured.
    pub(in crate::ops) fn described(&self, session: &Session) -> Result<Removed, GitError> {
        let path = self.path().filter(|path| path.is_dir());
        let (ignored, more_ignored) = match path {
            Some(path) => ignored(session, path)?,
            None => (Vec::new(), 0),
        };
        let branch_gone = match (&self.branch, self.head) {
            (Some(name), Some(head)) if self.with_branch => Some(BranchGone {
                name: name.clone(),
                kept_as: String::new(),
                unmerged: unmerged(session, name, head)?,
            }),
            _ => None,
        };
        Ok(Removed {
            track: self.track.clone(),
            worktree: self.path().map(ToOwned::to_owned),
            branch: self.branch.clone(),
            branch_gone,
            size: path.map_or_else(Size::default, content),
            ignored,
            more_ignored,
            kept_as: None,
            incomplete: None,
            trash: None,
        })
    }
}

/// Without the link that makes it a worktree.
fn content(worktree: &Path) -> Size {
    let (all, link) = (measure(worktree), measure(&worktree.join(".git")));
    Size {
        files: all.files - link.files.min(all.files),
        bytes: all.bytes - link.bytes.min(all.bytes),
    }
}

fn ignored(session: &Session, worktree: &Path) -> Result<(Vec<Ignored>, usize), GitError> {
    let mut found: Vec<Ignored> = session
        .repository
        .ignored_entries(worktree)?
        .into_iter()
        .map(|path| {
            let at = worktree.join(file_path(&path));
            Ignored {
                is_dir: at.is_dir() && !at.is_symlink(),
                size: Size::default(),
                path,
            }
        })
        .collect();
    // What somebody wrote by hand is rather a file.
    found.sort_by(|a, b| (a.is_dir, &a.path).cmp(&(b.is_dir, &b.path)));
    let more = found.len().saturating_sub(MOST_IGNORED);
    found.truncate(MOST_IGNORED);
    for ignored in &mut found {
        ignored.size = measure(&worktree.join(file_path(&ignored.path)));
    }
    Ok((found, more))
}

/// Its commits that neither base nor its remote has.
fn unmerged(session: &Session, name: &BranchName, head: CommitId) -> Result<usize, GitError> {
    let repository = &session.repository;
    let mut merged = vec![session.base.commit];
    merged.extend(repository.remote_branch(&session.project.remote, name)?);
    Ok(repository
        .commits_between(head, &merged, MOST_COMMITS)?
        .len())
}

fn file_path(path: &RepoPath) -> &Path {
    Path::new(OsStr::from_bytes(path.as_bytes()))
}
