//! Small facts about worktrees that must outlive a run: that a run has begun to make one, which setup has been done there,
//! and what its checks last built.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::naming::{digest, file_name};
use super::{ResultKey, Store, StoreError, record};

#[derive(Serialize, Deserialize)]
struct Setup {
    /// For people; the file is found by the digest of the path.
    worktree: String,
    digest: String,
}

#[derive(Serialize, Deserialize)]
struct Adding {
    worktree: String,
}

#[derive(Serialize, Deserialize)]
struct Built {
    worktree: String,
    key: String,
}

#[derive(Serialize, Deserialize)]
struct Held {
    worktree: String,
    tracks: BTreeSet<String>,
}

impl Store {
    /// To be called before a worktree is added: should the run be killed, the next one knows whose the half-made worktree is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_adding(&self, worktree: &Path) -> Result<(), StoreError> {
        let adding = Adding {
            worktree: worktree.to_string_lossy().into_owned(),
        };
        record::write(&self.adding_path(worktree), &adding)
    }

    /// Whether a run of ours began to add a worktree there and did not come to an end. Only who holds the lock under which
    /// such worktrees are made knows that it is dead.
    pub fn was_adding(&self, worktree: &Path) -> bool {
        let adding: Option<Adding> = record::read(&self.adding_path(worktree)).ok().flatten();
        adding.is_some()
    }

    /// # Errors
    /// When it cannot be written.
    pub fn forget_adding(&self, worktree: &Path) -> Result<(), StoreError> {
        record::remove(&self.adding_path(worktree))
    }

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

    /// Whether the last run of `check` in this worktree was a pass with this key: only then is what it left there (a build)
    /// what that pass left.
    pub fn stands_built(&self, worktree: &Path, check: &str, key: &ResultKey) -> bool {
        let path = self
            .built_dir(worktree)
            .join(format!("{}.json", file_name(check)));
        let built: Option<Built> = record::read(&path).ok().flatten();
        built.is_some_and(|built| built.key == key.as_str())
    }

    /// `None`: what the check left there is not known to be of any pass.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_built(
        &self,
        worktree: &Path,
        check: &str,
        key: Option<&ResultKey>,
    ) -> Result<(), StoreError> {
        let path = self
            .built_dir(worktree)
            .join(format!("{}.json", file_name(check)));
        let built = |key: &ResultKey| Built {
            worktree: worktree.to_string_lossy().into_owned(),
            key: key.as_str().to_owned(),
        };
        match key {
            Some(key) => record::write_cached(&path, &built(key)),
            None => record::remove(&path),
        }
    }

    /// # Errors
    /// When it cannot be written.
    pub fn forget_built(&self, worktree: &Path) -> Result<(), StoreError> {
        let dir = self.built_dir(worktree);
        match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io(&dir)(error))
            }
            _ => Ok(()),
        }
    }

    /// Whose work a worktree of ours has held since its ignored files were last cleared away; `None` where that is not
    /// known.
    pub fn held(&self, worktree: &Path) -> Option<BTreeSet<String>> {
        let held: Option<Held> = record::read(&self.held_path(worktree)).ok().flatten();
        held.map(|held| held.tracks)
    }

    /// # Errors
    /// When it cannot be written.
    pub fn note_held(&self, worktree: &Path, tracks: BTreeSet<String>) -> Result<(), StoreError> {
        let held = Held {
            worktree: worktree.to_string_lossy().into_owned(),
            tracks,
        };
        record::write(&self.held_path(worktree), &held)
    }

    fn built_dir(&self, worktree: &Path) -> PathBuf {
        let name = digest([worktree.as_os_str().as_bytes()]);
        self.root.join("built").join(name)
    }

    fn held_path(&self, worktree: &Path) -> PathBuf {
        let name = digest([worktree.as_os_str().as_bytes()]);
        self.root.join("held").join(format!("{name}.json"))
    }

    fn adding_path(&self, worktree: &Path) -> PathBuf {
        let name = match worktree.to_str() {
            Some(text) => file_name(text),
            None => digest([worktree.as_os_str().as_bytes()]),
        };
        self.root.join("adding").join(format!("{name}.json"))
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
    fn worktrees_in_the_making() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let (a, b) = (Path::new("/w/a"), Path::new("/w/b"));
        store.note_adding(a).unwrap();
        store.note_adding(a).unwrap();
        assert!(store.was_adding(a) && !store.was_adding(b));
        store.forget_adding(b).unwrap();
        store.forget_adding(a).unwrap();
        assert!(!store.was_adding(a));
    }

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
