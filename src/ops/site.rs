//! The places that checks run in: a track's own worktree as it is, a probe worktree that is lent to one commit after the
//! other, and the integration worktree.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;
use crate::domain::project::Track;
use crate::domain::revision::{CommitId, TreeId};
use crate::domain::trust::{TrustedCommand, commands_of_setup};
use crate::git::{GitError, Merger, Snapshot};

use super::Session;
use super::own_worktree::{self, OwnWorktree, OwnWorktreeError};
use super::setup::{self, Place, SetupError};

/// Why a place cannot be made to stand on what is to be judged.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    OwnWorktree(#[from] OwnWorktreeError),
}

/// What a place holds now, against the tree that is judged there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    Same,
    /// In these paths, as far as they are known.
    Changed(Vec<RepoPath>),
    /// It cannot be told.
    Unknown,
}

/// One place, for the time in which the checks of one tree run there.
pub(super) trait Site: Sync {
    /// Makes it stand on what is to be judged, with the ignored files that it brings along. May take long; called once.
    ///
    /// # Errors
    /// When that cannot be done for reasons that say nothing of the tree.
    fn open(&self) -> Result<Place<'_>, SiteError>;

    /// What it holds now. May take long.
    fn look(&self, dir: &Path) -> Look;

    /// Gives the tracked files the contents that are judged; only in a place of ours. May take long.
    ///
    /// # Errors
    /// When git refuses.
    fn restore(&self, dir: &Path) -> Result<(), SiteError> {
        let _ = dir;
        Ok(())
    }

    /// Whether nobody but checks works there.
    fn is_ours(&self) -> bool;

    /// Whether there are only so many of its kind, and it is given back when it is closed.
    fn is_lent(&self) -> bool {
        false
    }

    /// What is known of it before it is opened: where it is, and what setup it has to have. `None` where that is decided only
    /// then.
    fn standing(&self) -> Option<Place<'_>>;

    /// Nothing runs there any more.
    fn close(&self) {}
}

/// A track's own worktree. Its owner may be at work there.
pub(super) struct TrackWorktree<'a> {
    pub session: &'a Session,
    pub merger: &'a Merger<'a>,
    pub track: &'a Track,
    pub dir: PathBuf,
    pub tree: Option<TreeId>,
}

impl Site for TrackWorktree<'_> {
    fn open(&self) -> Result<Place<'_>, SiteError> {
        Ok(Place::of_track(
            &self.session.project,
            self.track,
            &self.dir,
        ))
    }

    fn look(&self, dir: &Path) -> Look {
        let Some(tree) = self.tree else {
            return Look::Unknown;
        };
        let Ok(Some(tip)) = self.session.repository.branch(&self.track.branch) else {
            return Look::Unknown;
        };
        match self.merger.snapshot(dir, tip, 1) {
            Ok(Snapshot::Clean(now) | Snapshot::Dirty(now)) if now == tree => Look::Same,
            Ok(Snapshot::Clean(now) | Snapshot::Dirty(now)) => {
                let changes = self.merger.changes(tree, now);
                let paths = changes.map(|changes| {
                    let changed = changes.list().iter();
                    changed.map(|change| change.path.clone()).collect()
                });
                Look::Changed(paths.unwrap_or_default())
            }
            Ok(Snapshot::TipOnly { .. } | Snapshot::Unavailable(_)) | Err(_) => Look::Unknown,
        }
    }

    fn is_ours(&self) -> bool {
        false
    }

    fn standing(&self) -> Option<Place<'_>> {
        self.open().ok()
    }
}

/// A few probe worktrees, each lent to one commit after the other, warm from the last one. Dropping it brings back those
/// that stand on commits which only the merger can read.
pub(super) struct Probes<'a> {
    session: &'a Session,
    /// Who wrote the commits, where not everybody can read them.
    merger: Option<&'a Merger<'a>>,
    free: Mutex<Vec<Probe>>,
}

struct Probe {
    worktree: OwnWorktree,
    /// It stands on a commit that only the merger can read.
    away: bool,
}

impl<'a> Probes<'a> {
    /// `merger`: the commits are its own.
    pub(super) fn new(session: &'a Session, merger: Option<&'a Merger<'a>>) -> Self {
        Probes {
            session,
            merger,
            free: Mutex::new(Vec::new()),
        }
    }

    fn free(&self) -> MutexGuard<'_, Vec<Probe>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that has been set up for this, or any other that is free, or a further one.
    fn lend(&self, commit: CommitId, setup: Option<&str>) -> Result<Probe, OwnWorktreeError> {
        let mut free = self.free();
        let store = &self.session.store;
        let fit = free.iter().position(|probe| {
            setup.is_some() && store.setup_done(&probe.worktree.dir).as_deref() == setup
        });
        if let Some(probe) = fit.map(|fit| free.remove(fit)).or_else(|| free.pop()) {
            return Ok(probe);
        }
        drop(free);
        let start = match self.merger {
            Some(_) => self.session.base.commit,
            None => commit,
        };
        Ok(Probe {
            worktree: own_worktree::open_probe(self.session, start)?,
            away: false,
        })
    }

    /// Brings them back to what everybody can read.
    ///
    /// # Errors
    /// When one is no longer ours, or git refuses.
    pub(super) fn finish(&self) -> Result<(), OwnWorktreeError> {
        let base = self.session.base.commit;
        let mut result = Ok(());
        for probe in self.free().iter_mut() {
            if let (true, Some(merger)) = (std::mem::take(&mut probe.away), self.merger) {
                let back = merger.reset_own_worktree(&probe.worktree.dir, base);
                result = result.and(back.map_err(Into::into));
            }
        }
        result
    }
}

impl Drop for Probes<'_> {
    fn drop(&mut self) {
        // Where that fails, the next one to use it will bring it back.
        let _ = self.finish();
    }
}

/// One commit in a probe worktree.
pub(super) struct Probed<'a> {
    pub probes: &'a Probes<'a>,
    pub commit: CommitId,
    /// Whose `copy` counts.
    pub track: Option<&'a Track>,
    /// Whose work is in it.
    pub tracks: Vec<TrackId>,
    pub setup: Vec<TrustedCommand>,
    lent: Mutex<Option<Probe>>,
}

impl<'a> Probed<'a> {
    pub(super) fn new(
        probes: &'a Probes<'a>,
        commit: CommitId,
        tracks: Vec<TrackId>,
        setup: Vec<TrustedCommand>,
    ) -> Self {
        Probed {
            probes,
            commit,
            track: None,
            tracks,
            setup,
            lent: Mutex::new(None),
        }
    }

    /// The tip of one track, with the setup of its own worktree.
    pub(super) fn of_track(probes: &'a Probes<'a>, track: &'a Track, tip: CommitId) -> Self {
        let setup = commands_of_setup(&probes.session.project, Some(track));
        Probed {
            track: Some(track),
            ..Probed::new(probes, tip, vec![track.id.clone()], setup)
        }
    }

    fn lent(&self) -> MutexGuard<'_, Option<Probe>> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Site for Probed<'_> {
    fn open(&self) -> Result<Place<'_>, SiteError> {
        let (session, merger) = (self.probes.session, self.probes.merger);
        let reads = setup::reads(session, merger, &self.setup, self.commit)?;
        let wanted = setup::digest(&self.setup, reads.as_ref());
        let probe = self.probes.lend(self.commit, Some(&wanted))?;
        let lent = &mut *self.lent();
        let Probe { worktree, away } = lent.insert(probe);
        *away = merger.is_some();
        let (commit, tracks) = (self.commit, &self.tracks);
        worktree.stand_on(session, merger, commit, tracks)?;
        let place = Place {
            name: worktree.name.clone(),
            dir: worktree.dir.clone(),
            track: self.track,
            setup: self.setup.clone(),
            reads,
            env: merger.map_or_else(Vec::new, Merger::lent_objects),
        };
        setup::copy_ignored(session, &place)?;
        Ok(place)
    }

    fn look(&self, dir: &Path) -> Look {
        own_look(self.probes.session, self.probes.merger, dir, self.commit)
    }

    fn restore(&self, dir: &Path) -> Result<(), SiteError> {
        let restored = match self.probes.merger {
            Some(merger) => merger.restore_tracked_files(dir),
            None => self.probes.session.repository.restore_tracked_files(dir),
        };
        Ok(restored?)
    }

    fn is_ours(&self) -> bool {
        true
    }

    fn is_lent(&self) -> bool {
        true
    }

    fn standing(&self) -> Option<Place<'_>> {
        None
    }

    fn close(&self) {
        let probe = self.lent().take();
        // One that something has led elsewhere is not ours to move any more.
        let ours = |probe: &Probe| {
            let repository = &self.probes.session.repository;
            repository.assert_own_worktree(&probe.worktree.dir).is_ok()
        };
        self.probes.free().extend(probe.filter(ours));
    }
}

/// One commit in the integration worktree.
pub(super) struct Integrated<'a> {
    pub session: &'a Session,
    pub worktree: &'a OwnWorktree,
    pub commit: CommitId,
    /// Whose work is in it.
    pub tracks: Vec<TrackId>,
    pub setup: Vec<TrustedCommand>,
}

impl Site for Integrated<'_> {
    fn open(&self) -> Result<Place<'_>, SiteError> {
        let worktree = self.worktree;
        worktree.stand_on(self.session, None, self.commit, &self.tracks)?;
        let place = Place {
            name: worktree.name.clone(),
            dir: worktree.dir.clone(),
            track: None,
            setup: self.setup.clone(),
            reads: setup::reads(self.session, None, &self.setup, self.commit)?,
            env: Vec::new(),
        };
        setup::copy_ignored(self.session, &place)?;
        Ok(place)
    }

    fn look(&self, dir: &Path) -> Look {
        own_look(self.session, None, dir, self.commit)
    }

    fn restore(&self, dir: &Path) -> Result<(), SiteError> {
        Ok(self.session.repository.restore_tracked_files(dir)?)
    }

    fn is_ours(&self) -> bool {
        true
    }

    fn standing(&self) -> Option<Place<'_>> {
        None
    }
}

/// Nobody else works in a worktree of ours, but what runs there may write over what it judges.
fn own_look(session: &Session, merger: Option<&Merger<'_>>, dir: &Path, commit: CommitId) -> Look {
    match session.repository.own_worktree_is_on(dir, commit) {
        Ok(true) => {}
        Ok(false) => return Look::Changed(Vec::new()),
        Err(_) => return Look::Unknown,
    }
    let changed = match merger {
        Some(merger) => merger.changed_tracked_files(dir),
        None => session.repository.changed_tracked_files(dir),
    };
    match changed {
        Ok(paths) if paths.is_empty() => Look::Same,
        Ok(paths) => Look::Changed(paths),
        Err(_) => Look::Unknown,
    }
}
