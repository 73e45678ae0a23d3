//! Locks of the operating system (advisory file locks): they die with their holder, so none is ever stale. What a holder writes
//! into one, its process and its host, only tells others whom they wait for.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::io::{FdFlags, fcntl_setfd};

use super::naming::file_name;
use super::record::make_parent;
use super::{Store, StoreError};
use crate::process::{clock, environment};

/// What is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockName {
    /// One round, or landing, at a time.
    Round,
    /// Whoever moves refs, or branches with their worktrees; for moments.
    Refs,
    /// One `init` at a time.
    Init,
    /// Whoever puts hooks in place or takes them away.
    Hooks,
    /// A worktree of ours, by its directory name (`.integration`, `.probe-1`).
    Worktree(String),
}

impl LockName {
    fn file_name(&self) -> String {
        match self {
            LockName::Round => "round".to_owned(),
            LockName::Refs => "refs".to_owned(),
            LockName::Init => "init".to_owned(),
            LockName::Hooks => "hooks".to_owned(),
            LockName::Worktree(name) => format!("worktree-{}", file_name(name)),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it; what the holder wrote about itself (`tracks sync, process 4711 on HOST, since …`).
    #[error("{holder}")]
    Held { holder: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Held until dropped or until the process dies.
#[derive(Debug)]
pub struct Lock {
    file: File,
    /// See [`Lock::killed_since`].
    killed_since: Option<SystemTime>,
}

impl Lock {
    fn say(&mut self, who: &str) -> io::Result<()> {
        let text = format!(
            "{who}, process {} on {}, since {}\n",
            std::process::id(),
            environment::host(),
            clock::now()
        );
        // Who ends in peace takes the text away.
        let facts = self.file.metadata()?;
        if facts.len() > 0 {
            self.killed_since = Some(facts.modified()?);
        }
        self.file.set_len(0)?;
        self.file.write_all(text.as_bytes())?;
        // Should we be killed too, before we could mend anything, it is still known.
        match self.killed_since {
            Some(since) => self.file.set_modified(since),
            None => Ok(()),
        }
    }

    /// Replaces what the file says.
    pub(super) fn put(&mut self, text: &[u8]) -> io::Result<()> {
        self.clear()?;
        self.file.write_all_at(text, 0)
    }

    /// Mostly there is nothing to clear, and then a look costs less.
    fn clear(&self) -> io::Result<()> {
        match self.file.metadata()?.len() {
            0 => Ok(()),
            _ => self.file.set_len(0),
        }
    }

    /// Gives the file the time of now.
    pub(super) fn touch(&self) -> io::Result<()> {
        self.file.set_modified(clock::file_time())
    }

    /// Since when there may be what a killed holder left unfinished: when it took the lock, or the first of several did.
    pub fn killed_since(&self) -> Option<SystemTime> {
        self.killed_since
    }
}

impl Lock {
    /// Whether children that are started from now on hold the lock too, as long as they live: after us only where we are
    /// killed, since dropping it releases it for all.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn pass_on(&self, yes: bool) -> Result<(), StoreError> {
        let flags = match yes {
            true => FdFlags::empty(),
            false => FdFlags::CLOEXEC,
        };
        let refused = |error: rustix::io::Errno| StoreError::io(Path::new("a lock"))(error.into());
        fcntl_setfd(&self.file, flags).map_err(refused)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.clear();
        // Closing alone would not do while a child that is just being started still has a copy of the descriptor.
        let _ = self.file.unlock();
    }
}

impl Store {
    /// Takes a lock without waiting. `who` is what others are told while it is held.
    ///
    /// # Errors
    /// When it is held.
    pub fn lock(&self, name: &LockName, who: &str) -> Result<Lock, LockError> {
        let path = self.root.join("locks").join(name.file_name());
        match try_lock_file(&path)? {
            Some(mut lock) => {
                lock.say(who).map_err(StoreError::io(&path))?;
                Ok(lock)
            }
            None => Err(LockError::Held {
                holder: holder(&path),
            }),
        }
    }

    /// Whether somebody holds a lock now; leaves no trace of having asked.
    ///
    /// # Errors
    /// When the file of the lock cannot be opened.
    pub fn is_locked(&self, name: &LockName) -> Result<bool, StoreError> {
        let path = self.root.join("locks").join(name.file_name());
        if !path.exists() {
            return Ok(false);
        }
        let file = open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(StoreError::io(&path)(error)),
        }
    }

    /// What a killed holder of a lock wrote about itself, where nobody holds it now; leaves no trace of having asked.
    ///
    /// # Errors
    /// When the file of the lock cannot be opened.
    pub fn left_by_killed(&self, name: &LockName) -> Result<Option<String>, StoreError> {
        let path = self.root.join("locks").join(name.file_name());
        if !path.exists() || self.is_locked(name)? {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path).map_err(StoreError::io(&path))?;
        let text = text.trim();
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    /// As [`Store::lock`], waiting a little: of processes that were killed together, one may hold the lock a moment longer.
    ///
    /// # Errors
    /// When it is held by somebody who lives.
    pub fn lock_patiently(&self, name: &LockName, who: &str) -> Result<Lock, LockError> {
        self.lock_within(PATIENCE, name, who)
    }

    /// The same, waiting for at most so long.
    ///
    /// # Errors
    /// When it is still held then.
    pub fn lock_within(
        &self,
        patience: Duration,
        name: &LockName,
        who: &str,
    ) -> Result<Lock, LockError> {
        let start = Instant::now();
        loop {
            match self.lock(name, who) {
                Err(LockError::Held { .. }) if start.elapsed() < patience => {
                    thread::park_timeout(PATIENCE / 20);
                }
                result => return result,
            }
        }
    }
}

/// Less than anybody notices, and far more than a killed process takes to end.
const PATIENCE: Duration = Duration::from_millis(400);

/// Takes the lock of a directory itself, without leaving anything in it; `None` while somebody else has it. Unlike
/// [`Store::lock`] it also keeps other repositories out.
///
/// # Errors
/// When it is no directory.
pub fn lock_directory(dir: &Path) -> Result<Option<Lock>, StoreError> {
    let file = File::open(dir).map_err(StoreError::io(dir))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(None),
        // Some network file systems cannot lock what is open for reading: there the repository's own lock must do.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(lock_of(file))),
    }
}

fn holder(path: &Path) -> String {
    let mut text = String::new();
    let read = File::open(path).and_then(|mut file| file.read_to_string(&mut text));
    match text.trim() {
        // It has the lock and is about to write.
        "" => "another process".to_owned(),
        _ if read.is_err() => "another process".to_owned(),
        who => who.to_owned(),
    }
}

/// Takes a lock on any file of ours; `None` while somebody else has it.
pub(super) fn try_lock_file(path: &Path) -> Result<Option<Lock>, StoreError> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(lock_of(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(StoreError::io(path)(error)),
    }
}

/// The same, waiting; only for what is held for a moment.
pub(super) fn lock_file(path: &Path) -> Result<Lock, StoreError> {
    let file = open(path)?;
    file.lock().map_err(StoreError::io(path))?;
    Ok(lock_of(file))
}

fn lock_of(file: File) -> Lock {
    Lock {
        file,
        killed_since: None,
    }
}

/// The files stay for ever: removing one would let two processes hold locks on two files of the same name.
fn open(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_parent(path)?;
            options.open(path)
        }
        file => file,
    };
    file.map_err(StoreError::io(path))
}

#[cfg(test)]
mod tests {
    use rustix::io::fcntl_getfd;

    use super::*;

    #[test]
    fn held_by_one_and_told_to_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let other = Store::new(dir.path());
        let names = [
            LockName::Round,
            LockName::Refs,
            LockName::Init,
            LockName::Worktree(".probe-1".to_owned()),
            LockName::Worktree("../round".to_owned()),
        ];
        let locks: Vec<Lock> = names
            .iter()
            .map(|name| store.lock(name, "tracks sync").unwrap())
            .collect();
        for name in &names {
            let Err(LockError::Held { holder }) = other.lock(name, "tracks init") else {
                panic!("{name:?} was taken twice");
            };
            let (process, host) = (std::process::id(), environment::host());
            let start = format!("tracks sync, process {process} on {host}, since 2");
            assert!(holder.starts_with(&start), "{holder}");
        }
        assert!(names.iter().all(|name| other.is_locked(name).unwrap()));
        drop(locks);
        for name in &names {
            assert!(!other.is_locked(name).unwrap());
            other.lock(name, "x").unwrap();
        }
    }

    #[test]
    fn children_hold_it_only_as_long_as_we_do() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let lock = store.lock(&LockName::Init, "x").unwrap();
        lock.pass_on(true).unwrap();
        // Still there when the lock is dropped.
        let held_by_child = lock.file.try_clone().unwrap();
        lock.pass_on(false).unwrap();
        assert!(fcntl_getfd(&lock.file).unwrap().contains(FdFlags::CLOEXEC));
        drop(lock);
        store.lock(&LockName::Init, "y").unwrap();
        drop(held_by_child);
    }

    #[test]
    fn a_directory_is_locked_by_one() {
        let dir = tempfile::tempdir().unwrap();
        let lock = lock_directory(dir.path()).unwrap();
        assert!(lock.is_some() && lock_directory(dir.path()).unwrap().is_none());
        drop(lock);
        assert!(lock_directory(dir.path()).unwrap().is_some());
        assert!(lock_directory(&dir.path().join("missing")).is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_killed_holder_is_known_until_one_ends_in_peace() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let lock = |since: Option<SystemTime>| {
            let lock = store.lock(&LockName::Init, "x").unwrap();
            assert_eq!(lock.killed_since(), since);
            lock
        };
        drop(lock(None));
        let kill = |lock: Lock| {
            let path = store.root().join("locks/init");
            let left = (std::fs::read(&path).unwrap(), path.metadata().unwrap());
            drop(lock);
            let mut file = File::create(&path).unwrap();
            file.write_all(&left.0).unwrap();
            file.set_modified(left.1.modified().unwrap()).unwrap();
            left.1.modified().unwrap()
        };
        let first = kill(lock(None));
        assert_eq!(kill(lock(Some(first))), first);
        drop(lock(Some(first)));
        drop(lock(None));
    }

    #[test]
    fn a_longer_text_of_a_former_holder_leaves_no_rest() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let path = store.root().join("locks/round");
        drop(store.lock(&LockName::Round, "x").unwrap());
        std::fs::File::create(&path)
            .and_then(|mut file| file.write_all(&[b'x'; 500]))
            .unwrap();
        let _lock = store.lock(&LockName::Round, "y").unwrap();
        let text = std::fs::read_to_string(store.root().join("locks/round")).unwrap();
        assert!(
            text.starts_with("y, process ") && text.len() < 300,
            "{text}"
        );
    }
}
