//! What a killed `git worktree add` leaves, finished or cleared away.
//!
//! The order of `git worktree add`: entry with a lock "initializing", the `.git` file, HEAD, the files, the index, the
//! lock away. So no index means that files may be missing or cut off, and an index that all of them are there.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::checkout::remove_if_there;
use super::executable::{fields, run, run_any};
use super::scratch::io;
use super::worktree::path_of;
use super::worktree_add::settled;
use super::{GitError, Repository, Worktree};
use crate::process::Cmd;

impl Repository {
    /// Finishes or clears away what a killed `git worktree add` left at this path: afterwards the entry is either whole or
    /// gone, and a prunable one is gone. Never deletes a file that such a run did not write.
    ///
    /// # Errors
    /// When git cannot do it.
    pub fn mend_worktree(&self, worktree: &Worktree) -> Result<(), GitError> {
        // It may have been finished, or cleared away, since it was listed.
        let (Some(now), Some(admin)) =
            (self.entry(&worktree.path)?, self.admin_dir(&worktree.path)?)
        else {
            return Ok(());
        };
        let half = Half {
            repository: self,
            path: &now.path,
            admin: &admin,
        };
        if now.half_made {
            half.mend()
        } else if now.prunable.is_some() {
            half.forget()
        } else {
            Ok(())
        }
    }

    /// The entry below `worktrees/` of the common directory that stands for the worktree at `path`.
    pub(super) fn admin_dir(&self, path: &Path) -> Result<Option<PathBuf>, GitError> {
        let entries = self.common_dir().join("worktrees");
        let list = match std::fs::read_dir(&entries) {
            Ok(list) => list,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(&entries)(error)),
        };
        for entry in list {
            let admin = entry.map_err(io(&entries))?.path();
            // Without the file it is an entry in the making, or no entry.
            let Ok(content) = std::fs::read(admin.join("gitdir")) else {
                continue;
            };
            let dot_git = admin.join(path_of(content.trim_ascii_end()));
            if dot_git.parent().map(settled) == Some(settled(path)) {
                return Ok(Some(admin));
            }
        }
        Ok(None)
    }
}

/// A worktree that was not finished.
struct Half<'a> {
    repository: &'a Repository,
    path: &'a Path,
    admin: &'a Path,
}

impl Half<'_> {
    fn mend(&self) -> Result<(), GitError> {
        for lock in ["index.lock", "HEAD.lock"] {
            remove_if_there(&self.admin.join(lock))?;
        }
        if !self.path.join(".git").is_file() || !self.has_head()? {
            return self.take_away_empty();
        }
        if self.admin.join("index").is_file() {
            return self.unlock();
        }
        let found = self.compare()?;
        if found.foreign {
            self.finish(&found.cut_off)
        } else {
            std::fs::remove_dir_all(self.path).map_err(io(self.path))?;
            self.forget()
        }
    }

    fn git(&self) -> Cmd {
        self.repository
            .git()
            .cmd()
            .cwd(self.path)
            .env("GIT_DIR", self.admin)
            .env("GIT_WORK_TREE", self.path)
            .args(["-c", "core.hooksPath=/dev/null"])
    }

    fn has_head(&self) -> Result<bool, GitError> {
        let cmd = self
            .git()
            .args(["rev-parse", "--quiet", "--verify", "HEAD^{commit}"]);
        Ok(run_any(&cmd, "rev-parse --verify HEAD")?.status == Some(0))
    }

    /// No file was checked out yet.
    fn take_away_empty(&self) -> Result<(), GitError> {
        let dot_git = self.path.join(".git");
        if dot_git.is_file() {
            remove_if_there(&dot_git)?;
        }
        // Stays where it holds anything: that is not from git.
        let _ = std::fs::remove_dir(self.path);
        self.forget()
    }

    fn forget(&self) -> Result<(), GitError> {
        std::fs::remove_dir_all(self.admin).map_err(io(self.admin))
    }

    fn unlock(&self) -> Result<(), GitError> {
        remove_if_there(&self.admin.join("locked"))
    }

    /// Compares the files with what HEAD would check out, by an index that goes away again.
    fn compare(&self) -> Result<Found, GitError> {
        let dir = tempfile::tempdir().map_err(io(Path::new("a temporary directory")))?;
        let with_index = || self.git().env("GIT_INDEX_FILE", dir.path().join("index"));
        run(&with_index().args(["read-tree", "HEAD"]), "read-tree HEAD")?;
        let status = with_index().args([
            "status",
            "--porcelain=v1",
            "-z",
            "--untracked-files=all",
            "--ignored",
            "--no-renames",
        ]);
        let mut found = Found::default();
        for field in fields(&run(&status, "status")?) {
            let (state, path) = field.split_at_checked(3).unwrap_or((field, b""));
            match state {
                b" D " => {}
                b" M " if self.is_cut_off(path)? => found.cut_off.push(path.to_vec()),
                _ => found.foreign = true,
            }
        }
        Ok(found)
    }

    /// Whether the file is the beginning of what git was about to write there.
    fn is_cut_off(&self, path: &[u8]) -> Result<bool, GitError> {
        use std::os::unix::ffi::OsStringExt as _;
        let object = OsString::from_vec([b"HEAD:".as_slice(), path].concat());
        let cmd = self.git().args(["cat-file", "--filters"]).arg(object);
        let whole = run_any(&cmd, "cat-file --filters")?;
        let file = self.path.join(path_of(path));
        let there = std::fs::read(&file).map_err(io(&file))?;
        Ok(whole.status == Some(0) && whole.stdout.starts_with(&there))
    }

    /// Writes what is missing or cut off, and nothing else.
    fn finish(&self, cut_off: &[Vec<u8>]) -> Result<(), GitError> {
        run(&self.git().args(["read-tree", "HEAD"]), "read-tree HEAD")?;
        let missing = self.git().args(["ls-files", "-z", "--deleted"]);
        let mut paths = run(&missing, "ls-files --deleted")?;
        for path in cut_off {
            paths.extend_from_slice(path);
            paths.push(0);
        }
        let write = self
            .git()
            .args(["checkout-index", "--force", "--index", "-z", "--stdin"])
            .stdin(paths);
        run(&write, "checkout-index")?;
        // Its status says whether a file differs, which is allowed here.
        run_any(
            &self.git().args(["update-index", "-q", "--refresh"]),
            "update-index --refresh",
        )?;
        self.unlock()
    }
}

#[derive(Default)]
struct Found {
    /// Something that no `git worktree add` wrote.
    foreign: bool,
    cut_off: Vec<Vec<u8>>,
}
