//! Small facts about worktrees that must outlive a run: which setup has been done there.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::naming::digest;
use super::{Store, StoreError, record};

#[derive(Serialize, Deserialize)]
struct Setup {
    /// For people; the file is found by the digest of the path.
    worktree: String,
    digest: String,
}

impl Store {
    /// What was last noted about a worktree's setup, by its path as given here and there. What cannot be read was not
    /// noted: doing a setup again does no harm.
    pub fn setup_done(&self, worktree: &Path) -> Option<String> {
        let setup: Option<Setup> = record::read(&self.setup_path(worktree)).ok().flatten();
        setup.map(|setup| setup.digest)
    }

    /// # Errors
    /// When it cannot be written.
    pub fn note_setup(&self, worktree: &Path, digest: &str) -> Result<(), StoreError> {
        let setup = Setup {
            worktree: worktree.to_string_lossy().into_owned(),
            digest: digest.to_owned(),
        };
        record::write(&self.setup_path(worktree), &setup)
    }

    /// # Errors
    /// When it cannot be written.
    pub fn forget_setup(&self, worktree: &Path) -> Result<(), StoreError> {
        record::remove(&self.setup_path(worktree))
    }

    fn setup_path(&self, worktree: &Path) -> PathBuf {
        let name = digest([worktree.as_os_str().as_bytes()]);
        self.root.join("setup").join(format!("{name}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noted_and_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let (a, b) = (Path::new("/w/a"), Path::new("/w/b"));
        assert_eq!(store.setup_done(a), None);
        store.forget_setup(a).unwrap();
        store.note_setup(a, "1").unwrap();
        store.note_setup(a, "2").unwrap();
        store.note_setup(b, "3").unwrap();
        assert_eq!(store.setup_done(a).as_deref(), Some("2"));
        store.forget_setup(a).unwrap();
        assert_eq!(store.setup_done(a), None);
        assert_eq!(store.setup_done(b).as_deref(), Some("3"));
    }
}
