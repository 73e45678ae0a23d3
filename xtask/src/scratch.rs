//! A temporary directory of a task's own, gone when the task ends unless it is to be kept.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The directory; dropping it removes it, unless it is kept.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
    keep: bool,
}

impl Scratch {
    /// A new directory whose name begins with `name`.
    pub(crate) fn new(name: &str) -> Result<Self, Failure> {
        let parent = std::env::temp_dir();
        // Git reports resolved paths, and the temporary directory is a symbolic link on macOS.
        let parent = parent.canonicalize().map_err(Failure::at(&parent))?;
        let path = (0..10_000)
            .map(|n| parent.join(format!("{name}-{}-{n}", std::process::id())))
            .find(|path| std::fs::create_dir(path).is_ok())
            .ok_or_else(|| {
                Failure::new(format!("no directory can be made in {}", parent.display()))
            })?;
        Ok(Scratch { path, keep: false })
    }

    /// A directory that the user named: it must be new or empty, and it stays.
    pub(crate) fn at(path: &Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(path).map_err(Failure::at(path))?;
        let path = path.canonicalize().map_err(Failure::at(path))?;
        let mut entries = std::fs::read_dir(&path).map_err(Failure::at(&path))?;
        if entries.next().is_some() {
            return Err(Failure::new(format!("{} is not empty", path.display())));
        }
        Ok(Scratch { path, keep: true })
    }

    pub(crate) fn keep(&mut self) {
        self.keep = true;
    }

    pub(crate) fn kept(&self) -> bool {
        self.keep
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_unless_kept_and_never_takes_over_what_is_there() {
        let outer = Scratch::new("xtask-scratch").unwrap();
        let inner = outer.path().join("named");
        drop(Scratch::at(&inner).unwrap());
        assert!(inner.is_dir(), "a named directory stays");
        std::fs::write(inner.join("work"), "mine").unwrap();
        assert!(
            Scratch::at(&inner).is_err(),
            "a directory with work in it is refused"
        );
        let path = outer.path().to_path_buf();
        drop(outer);
        assert!(!path.exists());
    }
}
