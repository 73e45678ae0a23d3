//! Names of migrations that somebody has been given and that may not be in any tree yet, so that two who ask at the same
//! moment never get the same version. One file, read and changed under a lock that is held for moments.

use serde::{Deserialize, Serialize};

use super::lock::{Lock, lock_file};
use super::{Store, StoreError, record};

/// What was given to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    pub track: String,
    /// From the root of a worktree.
    pub paths: Vec<String>,
    /// Seconds since the epoch.
    pub at: i64,
}

/// All of them, and the right to change them until dropped.
#[derive(Debug)]
pub struct Reservations {
    pub list: Vec<Reservation>,
    path: std::path::PathBuf,
    _lock: Lock,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored {
    list: Vec<Reservation>,
}

impl Store {
    /// Waits for whoever is about to change them.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn reservations(&self) -> Result<Reservations, StoreError> {
        let lock = lock_file(&self.root().join("locks").join("reservations"))?;
        let path = self.root().join("reservations.json");
        let stored: Stored = record::read(&path)?.unwrap_or_default();
        Ok(Reservations {
            list: stored.list,
            path,
            _lock: lock,
        })
    }
}

impl Reservations {
    /// # Errors
    /// When they cannot be written.
    pub fn save(&self) -> Result<(), StoreError> {
        let stored = Stored {
            list: self.list.clone(),
        };
        record::write(&self.path, &stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let mut all = store.reservations().unwrap();
        assert_eq!(all.list, []);
        let one = Reservation {
            track: "a".to_owned(),
            paths: vec!["m/1_x.sql".to_owned()],
            at: 7,
        };
        all.list.push(one.clone());
        all.save().unwrap();
        drop(all);
        assert_eq!(store.reservations().unwrap().list, [one]);
    }
}
