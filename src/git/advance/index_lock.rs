//! The `index.lock` of a worktree, held by us rather than by a git, and an index of our own beside the real one.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::AdvanceError;
use crate::git::GitError;
use crate::git::checkout::remove_if_there;
use crate::git::scratch::io;

/// What is in the lock, so that one which a killed run has left is told from those of a git.
const MARK: &[u8] = b"held by tracks\n";

/// Held until dropped.
#[derive(Debug)]
pub(super) struct IndexLock {
    admin: PathBuf,
}

impl IndexLock {
    /// `admin`: the private git directory of the worktree. As only one of us works at a time, a lock with our mark is that of a
    /// killed run, and taken over.
    pub(super) fn take(admin: &Path) -> Result<IndexLock, AdvanceError> {
        let path = admin.join("index.lock");
        let mut file = tempfile::NamedTempFile::new_in(admin).map_err(io(admin))?;
        file.write_all(MARK).map_err(io(file.path()))?;
        match file.persist_noclobber(&path) {
            Ok(_) => {}
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
                if !is_ours(admin) {
                    return Err(AdvanceError::Locked {
                        name: path.display().to_string(),
                    });
                }
            }
            Err(error) => return Err(io(&path)(error.error).into()),
        }
        let lock = IndexLock {
            admin: admin.to_owned(),
        };
        lock.clear()?;
        Ok(lock)
    }

    pub(super) fn index(&self) -> PathBuf {
        self.admin.join("index")
    }

    pub(super) fn own_index(&self) -> PathBuf {
        self.admin.join("tracks-index")
    }

    /// Starts our index as a copy of the real one. The time decides which entries git reads again: with a new time, an edit of
    /// the same second and length would be missed.
    pub(super) fn copy_index(&self) -> Result<(), GitError> {
        let (from, to) = (self.index(), self.own_index());
        self.clear()?;
        let mut original = match File::open(&from) {
            // Nothing was ever staged here.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            original => original.map_err(io(&from))?,
        };
        let mut copy = || {
            let time = original.metadata()?.modified()?;
            let mut copy = File::create_new(&to)?;
            std::io::copy(&mut original, &mut copy)?;
            copy.set_modified(time)
        };
        copy().map_err(io(&to))
    }

    /// Our index takes the place of the real one.
    pub(super) fn replace_index(&self) -> Result<(), GitError> {
        std::fs::rename(self.own_index(), self.index()).map_err(io(&self.index()))
    }

    fn clear(&self) -> Result<(), GitError> {
        remove_if_there(&self.own_index())?;
        remove_if_there(&self.admin.join("tracks-index.lock"))
    }
}

/// Whether a run of ours holds, or was killed while it held, the index of this worktree.
pub(super) fn is_ours(admin: &Path) -> bool {
    std::fs::read(admin.join("index.lock")).is_ok_and(|content| content == MARK)
}

impl Drop for IndexLock {
    fn drop(&mut self) {
        let _ = self.clear();
        let _ = std::fs::remove_file(self.admin.join("index.lock"));
    }
}
