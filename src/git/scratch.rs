//! A quarantine for objects: what trial merges and snapshots write goes there and is thrown away.
//!
//! `ROOT/NAME` is the directory and `ROOT/NAME.lock` its lock, held (flock) as long as the owner lives. The lock is made
//! before the directory and goes after it, so a directory whose lock can be taken belongs to nobody.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::object::unreadable;
use super::{GitError, Repository};

/// One scratch directory; removed when dropped.
#[derive(Debug)]
pub(super) struct Scratch {
    dir: PathBuf,
    /// Kept for its lock; deleted after the directory.
    _lock: NamedTempFile,
}

impl Scratch {
    /// Sweeps what killed processes left below `root`, then makes a directory whose objects have those of the repository
    /// behind them.
    pub(super) fn new(root: &Path, repository: &Repository) -> Result<Scratch, GitError> {
        std::fs::create_dir_all(root).map_err(io(root))?;
        sweep(root)?;
        let lock = loop {
            match locked_file(root) {
                // A visitor took the empty directory away.
                Err(GitError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                    std::fs::create_dir_all(root).map_err(io(root))?;
                }
                made => break made?,
            }
        };
        let dir = lock.path().with_extension("");
        let scratch = Scratch { dir, _lock: lock };
        let info = scratch.objects().join("info");
        std::fs::create_dir_all(&info).map_err(io(&info))?;
        let alternates = info.join("alternates");
        let line = alternate_line(&repository.objects_dir());
        write_new(&alternates, &line).map_err(io(&alternates))?;
        Ok(scratch)
    }

    /// For files beside the objects.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// What `GIT_OBJECT_DIRECTORY` is to be. The repository's own objects are found through `info/alternates`.
    pub(super) fn objects(&self) -> PathBuf {
        self.dir.join("objects")
    }

    /// What `GIT_ALTERNATE_OBJECT_DIRECTORIES` is to be, for programs that are to read these objects and write elsewhere. In C
    /// quotes: a colon separates directories there.
    pub(super) fn as_alternate(&self) -> String {
        let path = self.objects();
        let escaped = path.as_os_str().as_encoded_bytes().iter().map(|byte| {
            let plain = matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
            match plain {
                true => char::from(*byte).to_string(),
                false => format!("\\{byte:03o}"),
            }
        });
        format!("\"{}\"", escaped.collect::<String>())
    }

    /// The repository with this directory as its object store.
    pub(super) fn view(&self, repository: &Repository) -> Result<gix::Repository, GitError> {
        let mut gix = repository.fresh_view();
        let hash = gix.object_hash();
        let store = gix::odb::at(self.objects(), hash)
            .map_err(|error| unreadable("the scratch object directory", &error))?;
        gix.objects = gix::odb::memory::Proxy::new(store, hash).with_write_passthrough();
        Ok(gix)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is swept by the next run.
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// A new file that this process holds the lock of.
fn locked_file(root: &Path) -> Result<NamedTempFile, GitError> {
    loop {
        let file = tempfile::Builder::new()
            .prefix(&format!("{}-", std::process::id()))
            .suffix(".lock")
            .tempfile_in(root)
            .map_err(io(root))?;
        // Somebody who sweeps may have locked and deleted the new file in between.
        if file.as_file().try_lock().is_ok() && file.path().exists() {
            return Ok(file);
        }
    }
}

/// How many directories killed processes have left below `root`: those that the next run sweeps.
///
/// # Errors
/// When the directory cannot be read.
pub fn scratch_left(root: &Path) -> Result<usize, GitError> {
    let entries = match std::fs::read_dir(root) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        entries => entries.map_err(io(root))?,
    };
    let is_left = |lock: &PathBuf| {
        lock.extension().is_some_and(|it| it == "lock")
            && File::open(lock).is_ok_and(|file| file.try_lock().is_ok())
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(paths.filter(is_left).count())
}

fn sweep(root: &Path) -> Result<(), GitError> {
    let entries = match std::fs::read_dir(root) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(io(root))?,
    };
    for entry in entries {
        let lock = entry.map_err(io(root))?.path();
        if lock.extension().is_none_or(|extension| extension != "lock") {
            continue;
        }
        // Gone meanwhile, or its owner lives: not ours to sweep.
        let Ok(file) = File::open(&lock) else {
            continue;
        };
        if file.try_lock().is_ok() {
            let _ = std::fs::remove_dir_all(lock.with_extension(""));
            let _ = std::fs::remove_file(&lock);
        }
    }
    Ok(())
}

/// One line of `objects/info/alternates`: in C quotes where git would read the path as something else.
pub(super) fn alternate_line(objects: &Path) -> Vec<u8> {
    let path = objects.as_os_str().as_encoded_bytes();
    let mut line = Vec::with_capacity(path.len() + 3);
    line.push(b'"');
    for byte in path {
        match byte {
            b'"' | b'\\' => line.extend_from_slice(&[b'\\', *byte]),
            b'\n' => line.extend_from_slice(b"\\n"),
            other => line.push(*other),
        }
    }
    line.extend_from_slice(b"\"\n");
    line
}

pub(super) fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    File::create_new(path)?.write_all(bytes)
}

/// Names the path in an input/output error.
pub(super) fn io(path: &Path) -> impl Fn(std::io::Error) -> GitError {
    move |source| GitError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{World, write_at};

    fn names(root: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(root)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_left_behind_and_leftovers_are_swept() {
        let world = World::new();
        world.commit("one");
        let repository = world.open();
        let root = world.outside().join("scratch");
        write_at(&root.join("77-dead/objects/aa/bb"), b"x");
        write_at(&root.join("77-dead.lock"), b"");

        let first = Scratch::new(&root, &repository).unwrap();
        let second = Scratch::new(&root, &repository).unwrap();
        assert_eq!(names(&root).len(), 4, "two directories, two locks");
        assert!(first.objects().is_dir() && second.objects().is_dir());
        drop(first);
        assert!(second.objects().is_dir());
        drop(second);
        assert_eq!(names(&root), Vec::<String>::new());
    }

    #[test]
    fn many_at_once_do_not_sweep_each_other() {
        let world = World::new();
        world.commit("one");
        let repository = world.open();
        let root = world.outside().join("scratch");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let scratch = Scratch::new(&root, &repository).unwrap();
                        assert!(scratch.objects().join("info/alternates").is_file());
                    }
                });
            }
        });
        assert_eq!(names(&root), Vec::<String>::new());
    }

    #[test]
    fn an_empty_root_may_go_at_any_time() {
        let world = World::new();
        world.commit("one");
        let repository = world.open();
        let root = world.outside().join("scratch");
        std::thread::scope(|scope| {
            let using = scope.spawn(|| {
                for _ in 0..100 {
                    drop(Scratch::new(&root, &repository).unwrap());
                }
            });
            while !using.is_finished() {
                let _ = std::fs::remove_dir(&root);
            }
        });
    }

    #[test]
    fn odd_paths_work_as_alternates() {
        let world = World::new();
        world.write("a", "one\n");
        let commit = world.commit("one");
        let odd = world.outside().join("#o:d\"d\\");
        std::fs::rename(world.root(), &odd).unwrap();
        let repository = world.open_at(&odd);
        let scratch = Scratch::new(&world.outside().join("scratch"), &repository).unwrap();

        let view = scratch.view(&repository).unwrap();
        let tree = crate::git::object::tree_of(&view, commit).unwrap();
        assert_eq!(tree, repository.commit(commit).unwrap().tree);
        let cmd = repository
            .cmd()
            .env("GIT_OBJECT_DIRECTORY", scratch.objects())
            .args(["cat-file", "-p", &format!("{commit}:a")]);
        let printed = crate::git::executable::run(&cmd, "cat-file").unwrap();
        assert_eq!(printed, b"one\n");
    }
}
