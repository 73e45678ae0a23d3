//! Objects that a push has brought and git has not taken yet: while it asks its hooks, they lie in a directory of their own,
//! which it names in the environment (git-receive-pack(1), "Quarantine Environment").
//!
//! What reads them here knows no environment: it gets a directory without objects that has both directories behind it.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::GitError;
use super::scratch::{alternate_line, io, write_new};
use crate::process::environment;

#[derive(Debug)]
pub(super) struct Quarantine {
    dir: TempDir,
}

impl Quarantine {
    /// `None`: nothing is being received.
    pub(super) fn here(objects: &Path) -> Result<Option<Quarantine>, GitError> {
        let Some(named) = environment::set("GIT_QUARANTINE_PATH").filter(|it| !it.is_empty())
        else {
            return Ok(None);
        };
        Quarantine::of(&PathBuf::from(named), objects).map(Some)
    }

    fn of(received: &Path, objects: &Path) -> Result<Quarantine, GitError> {
        let dir = TempDir::with_prefix("tracks-received-");
        let dir = dir.map_err(io(Path::new("a temporary directory")))?;
        let info = dir.path().join("info");
        std::fs::create_dir(&info).map_err(io(&info))?;
        let received = std::path::absolute(received).map_err(io(received))?;
        let lines = [alternate_line(&received), alternate_line(objects)].concat();
        let alternates = info.join("alternates");
        write_new(&alternates, &lines).map_err(io(&alternates))?;
        Ok(Quarantine { dir })
    }

    /// Where all objects are found.
    pub(super) fn objects(&self) -> &Path {
        self.dir.path()
    }
}
