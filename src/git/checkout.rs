//! Worktrees of our own (`.integration`, `.probe-N`): moved from commit to commit, never somebody's place to work.

use std::io::{Read as _, Write as _};
use std::path::Path;

use super::executable::run;
use super::scratch::io;
use super::{GitError, Repository};
use crate::domain::revision::CommitId;

impl Repository {
    /// Puts a detached worktree of ours onto `commit`: tracked files as in the commit, untracked ones gone, ignored ones
    /// (installed packages, build output) kept. A stale index lock that a killed run left is removed; the caller holds the
    /// lock of the worktree.
    ///
    /// # Errors
    /// When git cannot do it.
    pub fn reset_own_worktree(&self, worktree: &Path, commit: CommitId) -> Result<(), GitError> {
        let lock = self.git_dir_of(worktree)?.join("index.lock");
        remove_if_there(&lock)?;
        let cmd = || {
            self.cmd_in(worktree)
                .args(["-c", "core.hooksPath=/dev/null"])
        };
        let checkout = cmd()
            .args(["checkout", "--quiet", "--detach", "--force"])
            .arg(commit.to_string());
        run(&checkout, "checkout --detach --force")?;
        // Twice -f: also repositories that a check has made inside.
        run(&cmd().args(["clean", "-ffdq"]), "clean -ffdq")?;
        Ok(())
    }

    /// Adds a line to `info/exclude` unless it is there.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn exclude(&self, line: &str) -> Result<(), GitError> {
        let info = self.common_dir().join("info");
        std::fs::create_dir_all(&info).map_err(io(&info))?;
        let path = info.join("exclude");
        append_line(&path, line).map_err(io(&path))
    }
}

/// In one write, so that two processes cannot mix their lines.
fn append_line(path: &Path, line: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)?;
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    let there = content
        .split(|byte| *byte == b'\n')
        .any(|old| old.strip_suffix(b"\r").unwrap_or(old) == line.as_bytes());
    if there {
        return Ok(());
    }
    let separator = match content.last() {
        None | Some(b'\n') => "",
        Some(_) => "\n",
    };
    file.write_all(format!("{separator}{line}\n").as_bytes())
}

pub(super) fn remove_if_there(path: &Path) -> Result<(), GitError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io(path)(error)),
        _ => Ok(()),
    }
}
