//! Two versions of one file, for a program that compares files.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::at;

/// They go when the value is dropped.
#[derive(Debug)]
pub struct TwoVersions {
    dir: TempDir,
    name: String,
}

const OLD: &str = "old";
const NEW: &str = "new";

impl TwoVersions {
    /// `below`: where a directory for them is made. `name`: of the file, which keeps it, as programs go by what it ends with.
    ///
    /// # Errors
    /// When they cannot be written; the path is in the error.
    pub fn write(below: &Path, name: &str, old: &[u8], new: &[u8]) -> io::Result<TwoVersions> {
        fs::create_dir_all(below).map_err(at(below))?;
        let dir = TempDir::with_prefix_in("versions-", below).map_err(at(below))?;
        let versions = TwoVersions {
            dir,
            name: name.to_owned(),
        };
        for (version, content) in [(OLD, old), (NEW, new)] {
            let dir = versions.dir.path().join(version);
            fs::create_dir(&dir).map_err(at(&dir))?;
            let path = dir.join(name);
            let write = || File::create_new(&path)?.write_all(content);
            write().map_err(at(&path))?;
        }
        Ok(versions)
    }

    pub fn older(&self) -> PathBuf {
        self.dir.path().join(OLD).join(&self.name)
    }

    pub fn newer(&self) -> PathBuf {
        self.dir.path().join(NEW).join(&self.name)
    }

    /// Another file beside them.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_keep_the_name_and_both_go() {
        let dir = tempfile::tempdir().unwrap();
        let below = dir.path().join("scratch");
        let versions = TwoVersions::write(&below, "a.yaml", b"1", b"2").unwrap();
        let (old, new) = (versions.older(), versions.newer());
        assert!(old.ends_with("old/a.yaml") && new.ends_with("new/a.yaml"));
        assert_eq!(fs::read(&old).unwrap(), b"1");
        assert_eq!(fs::read(&new).unwrap(), b"2");
        drop(versions);
        assert_eq!(fs::read_dir(&below).unwrap().count(), 0);
    }
}
