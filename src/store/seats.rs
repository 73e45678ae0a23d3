//! Services that all processes of a repository share: who uses one now, and how the one that runs is found.
//!
//! Who uses a service holds `services/NAME.users` locked together with all others who do; who starts or stops it holds
//! `services/NAME.gate` alone.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::lock::{Lock, try_lock_file};
use super::naming::file_name;
use super::record::{self, make_parent};
use super::{Store, StoreError};

/// A service that was started and not yet stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedService {
    /// What it was started by: another command is another service.
    pub digest: String,
    /// The leader of its process group, and when that started by the system's own measure; `None`: it has put itself into
    /// the background.
    pub leader: Option<(i32, Option<u64>)>,
}

/// Held by who uses the service, until dropped or until the process dies.
#[derive(Debug)]
pub struct Seat {
    users: File,
}

impl Seat {
    /// Whether nobody else uses the service. Only who holds the gate knows that it stays so.
    ///
    /// # Errors
    /// When the seat cannot be taken again.
    pub fn is_the_only_one(&self) -> Result<bool, StoreError> {
        // The system gives the one kind of lock up before it gives the other, and the gate keeps everybody else away.
        let alone = self.users.try_lock().is_ok();
        let again = self.users.lock_shared();
        again.map_err(StoreError::io(Path::new("a seat")))?;
        Ok(alone)
    }

    /// Gives it up; whether nobody else uses the service. Only who holds the gate knows that it stays so.
    pub fn leave(self) -> bool {
        let _ = self.users.unlock();
        self.users.try_lock().is_ok()
    }
}

impl Store {
    /// The right to start or stop a service; `None` while somebody else does.
    ///
    /// # Errors
    /// When the file cannot be made or locked.
    pub fn service_gate(&self, name: &str) -> Result<Option<Lock>, StoreError> {
        try_lock_file(&self.service_path(name, "gate"))
    }

    /// A seat among its users. Only for who holds the gate: nobody waits then.
    ///
    /// # Errors
    /// When the file cannot be made or locked.
    pub fn service_seat(&self, name: &str) -> Result<Seat, StoreError> {
        let path = self.service_path(name, "users");
        make_parent(&path)?;
        let users = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(StoreError::io(&path))?;
        users.lock_shared().map_err(StoreError::io(&path))?;
        Ok(Seat { users })
    }

    /// What cannot be read was not started.
    pub fn shared_service(&self, name: &str) -> Option<SharedService> {
        record::read(&self.service_path(name, "json"))
            .ok()
            .flatten()
    }

    /// `None`: it has been stopped.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_service(
        &self,
        name: &str,
        service: Option<&SharedService>,
    ) -> Result<(), StoreError> {
        let path = self.service_path(name, "json");
        match service {
            Some(service) => record::write(&path, service),
            None => record::remove(&path),
        }
    }

    fn service_path(&self, name: &str, kind: &str) -> PathBuf {
        let dir = self.root.join("services");
        dir.join(format!("{}.{kind}", file_name(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_knows() {
        let dir = tempfile::tempdir().unwrap();
        let (ours, theirs) = (Store::new(dir.path()), Store::new(dir.path()));
        let seats = [&ours, &theirs].map(|store| {
            let _gate = store.service_gate("pg").unwrap().unwrap();
            assert!(store.service_gate("pg").unwrap().is_none());
            store.service_seat("pg").unwrap()
        });
        let [one, two] = seats;
        assert!(!two.is_the_only_one().unwrap());
        assert!(!one.leave());
        assert!(two.is_the_only_one().unwrap());
        assert!(two.leave());
    }

    #[test]
    fn what_runs_is_noted() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        assert_eq!(store.shared_service("a/b"), None);
        let service = SharedService {
            digest: "d".to_owned(),
            leader: Some((7, None)),
        };
        store.note_service("a/b", Some(&service)).unwrap();
        assert_eq!(store.shared_service("a/b"), Some(service));
        store.note_service("a/b", None).unwrap();
        assert_eq!(store.shared_service("a/b"), None);
    }
}
