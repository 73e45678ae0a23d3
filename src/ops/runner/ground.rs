//! A ground while it is worked on: how far it is prepared, and what is still to be done there.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use crate::domain::check::Run;
use crate::ops::setup::Place;
use crate::ops::variables::Variables;

/// One ground of a shift.
pub(super) struct Worked<'a> {
    /// Its index among all grounds.
    pub(super) index: usize,
    pub(super) place: Option<Place<'a>>,
    pub(super) variables: Variables,
    pub(super) stage: Stage,
    /// The node that makes it ready; `None`: nothing can run there anyway.
    pub(super) node: Option<usize>,
    /// When its preparation began.
    pub(super) began: Instant,
    /// Nodes of checks that have not ended.
    pub(super) left: usize,
    /// Tasks whose checks run now, each since when.
    pub(super) running: Vec<(usize, SystemTime)>,
    /// Nobody but checks works there.
    pub(super) is_ours: bool,
    /// Whether somebody looks at what has become of its tree, or puts that right.
    pub(super) looking: bool,
    /// Why what is there is no longer what is to be judged, and cannot be put right.
    pub(super) lost: Option<String>,
    /// When a look ended, and what it cost.
    pub(super) looked: Option<(Instant, Duration)>,
    /// What ran and waits for such a look.
    pub(super) unproven: Vec<Unproven>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing has been done there, and maybe nothing needs to be.
    Untouched,
    Opening,
    /// This setup command runs.
    SettingUp(usize),
    Ready,
    /// It cannot be used.
    Failed,
    Closing,
    Closed,
}

/// A run whose result counts only if the tree did not change meanwhile.
#[derive(Debug, Clone)]
pub(super) struct Unproven {
    pub(super) task: usize,
    pub(super) run: Run,
    pub(super) from: SystemTime,
    pub(super) to: SystemTime,
    /// Whether all that it needs has passed: else it may have run on what an older build has left.
    pub(super) sound: bool,
}

/// Looking at a tree takes at most this share of the time: 1 / it.
const SHARE: u32 = 10;

impl Worked<'_> {
    /// Where it is, as long as it is open.
    pub(super) fn dir(&self) -> Option<PathBuf> {
        self.place.as_ref().map(|place| place.dir.clone())
    }

    /// How long to wait before the tree is looked at; `None`: there is nothing to look for, or somebody does.
    pub(super) fn look_due(&self) -> Option<Duration> {
        if self.looking || self.unproven.is_empty() || self.stage != Stage::Ready {
            return None;
        }
        // In a place of ours, the next check waits for it.
        let may_wait = self.left > 0 && !self.is_ours;
        let Some((ended, cost)) = self.looked.filter(|_| may_wait) else {
            return Some(Duration::ZERO);
        };
        Some((cost * SHARE).saturating_sub(ended.elapsed()))
    }

    /// Whether the next check has to wait until it is known what the last ones have left of the tree. In its owner's worktree
    /// that is not for us to put right.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.is_ours && (self.looking || !self.unproven.is_empty())
    }

    /// Whether everything has been done there.
    pub(super) fn is_over(&self) -> bool {
        let done = self.left == 0 && !self.looking && self.unproven.is_empty();
        match self.stage {
            Stage::Ready => done,
            Stage::Failed => self.left == 0,
            _ => false,
        }
    }
}
