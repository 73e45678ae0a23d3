//! The state under the common git directory, in `tracks/`: operations, events, check results, run logs, rounds, locks; and
//! the approvals of this user, outside every repository. Formats carry a version; every write is atomic or an append.

mod agent_settings;
mod approvals;
mod claims;
mod error;
mod events;
mod hooks;
mod journal;
mod kept_logs;
mod lock;
mod logs;
mod marks;
mod matrix;
mod metrics;
mod naming;
mod news;
mod notes;
mod openings;
mod operations;
mod passes;
mod path_text;
mod places;
mod record;
mod regenerated;
mod reservations;
mod results;
mod rounds;
mod seats;
mod selections;
mod standings;
mod trash;
mod verdicts;

use std::path::{Path, PathBuf};

pub use agent_settings::AgentSettings;
pub use approvals::Approvals;
pub use claims::{Claim, Claimant, Claimed, Grant, Holder, Taken};
pub use error::StoreError;
pub use events::{Event, Fact};
pub use hooks::HooksPathBefore;
pub use kept_logs::KeptLog;
pub use lock::{Lock, LockError, LockName, lock_directory};
pub use logs::{
    Excerpt, LeftOutOfLog, check_log, keep_earlier_log, log_excerpt, log_tail, other_log,
    read_log_name,
};
pub use metrics::{LastFigures, Yield};
pub use news::{News, NewsWatch};
pub use openings::{Opening, OpeningStage};
pub use operations::{Operation, RefMove, WorktreeChange, WorktreeStep};
pub use passes::{Pass, Uncommitted};
pub use regenerated::Regenerated;
pub use reservations::{Reservation, Reservations};
pub use results::{CachedResult, KeptFigure, ResultKey};
pub use rounds::{LeftOut, Merged, Round};
pub use seats::{Seat, SharedService};
pub use trash::{TrashState, Trashed};

/// The state of one repository. Opening it touches nothing; directories are made when something is written.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    pub fn new(common_dir: &Path) -> Self {
        Store {
            root: common_dir.join("tracks"),
        }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Eight hexadecimal digits that tell this repository from others, for what several share a directory for.
    pub fn tag(&self) -> String {
        use std::os::unix::ffi::OsStrExt as _;
        let mut tag = naming::digest([self.root.as_os_str().as_bytes()]);
        tag.truncate(8);
        tag
    }

    /// For a visit to a repository that maybe nobody keeps tracks in: directories that are empty when it ends go, also those
    /// that a killed visit has left.
    pub fn visit(&self) -> Visit {
        Visit {
            directories: [self.scratch_root(), self.root.clone()],
        }
    }

    /// Where scratch object directories live.
    pub fn scratch_root(&self) -> PathBuf {
        self.root.join("scratch")
    }
}

/// See [`Store::visit`].
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub struct Visit {
    /// The inner one first.
    directories: [PathBuf; 2],
}

impl Drop for Visit {
    fn drop(&mut self) {
        for dir in &self.directories {
            // One with something in it is somebody's.
            let _ = std::fs::remove_dir(dir);
        }
    }
}
