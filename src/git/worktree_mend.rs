//! What a killed `git worktree add` leaves, finished or cleared away.
//!
//! The order of `git worktree add`: entry with a lock "initializing", the `.git` file, HEAD, the files, the index, the
//! lock away. So no index means that files may be missing or cut off, and an index that all of them are there.

use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::checkout::remove_if_there;
use super::executable::{fields, run, run_any};
use super::scratch::io;
use super::worktree::{INITIALIZING, path_of, unfinished};
use super::worktree_add::settled;
use super::{GitError, Repository, Worktree};
use crate::domain::name::BranchName;
use crate::process::Cmd;

/// So long git waits for the lock of the packed refs (the default of `core.packedRefsTimeout`).
const PACKED_REFS_TIMEOUT: Duration = Duration::from_secs(1);

impl Repository {
    /// Finishes or clears away what a killed `git worktree add` left at this path: afterwards the entry is either whole or
    /// gone, and a prunable one is gone, unless somebody locked it. Never deletes a file that such a run did not write, and
    /// no entry that holds work. Whoever calls must know that the run is dead: a living one would be robbed of its files.
    ///
    /// # Errors
    /// When git cannot do it, or work would be lost.
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
            branch: now.branch.as_ref(),
        };
        if now.half_made {
            half.mend()
        } else if now.prunable.is_some() && now.locked.is_none() {
            if self.was_own(&admin) {
                return half.forget();
            }
            match self.work_in_entry(&now)? {
                None => half.retire(),
                Some(work) => Err(GitError::Read {
                    what: now.path.display().to_string(),
                    message: format!("{work} would be lost with its entry"),
                }),
            }
        } else {
            Ok(())
        }
    }

    /// What of somebody's work would be gone together with an entry whose directory is gone: what only it refers to.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn work_in_entry(&self, worktree: &Worktree) -> Result<Option<String>, GitError> {
        let Some(admin) = self.admin_dir(&worktree.path)? else {
            return Ok(None);
        };
        if let Some(what) = unfinished(&admin) {
            return Ok(Some(format!("an unfinished {}", what.as_str())));
        }
        let git = || self.cmd().env("GIT_DIR", &admin);
        if worktree.branch.is_none() {
            let known = ["--branches", "--tags", "--remotes"];
            let cmd = git().args(["rev-list", "--max-count=1", "HEAD", "--not"]);
            if !run(&cmd.args(known), "rev-list HEAD")?.is_empty() {
                return Ok(Some("commits that are on no branch".to_owned()));
            }
        }
        if !admin.join("index").is_file() {
            return Ok(None);
        }
        let cmd = git().args(["diff-index", "--cached", "--quiet", "HEAD", "--"]);
        // Where it cannot be compared (the branch is gone), it may hold anything.
        let staged = run_any(&cmd, "diff-index --cached")?.status != Some(0);
        Ok(staged.then(|| "what is staged".to_owned()))
    }

    /// Clears away what a `git worktree add` leaves that was killed in the one moment in which it makes every other git on
    /// worktrees fail: between creating `commondir` and writing it. Whoever calls must know that no such moment lasts.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub fn clear_stillborn_worktrees(&self) -> Result<(), GitError> {
        let Ok(entries) = std::fs::read_dir(self.common_dir().join("worktrees")) else {
            return Ok(());
        };
        for admin in entries.flatten().map(|entry| entry.path()) {
            let holds = |name: &str, text: &str| {
                std::fs::read(admin.join(name))
                    .is_ok_and(|content| content.trim_ascii_end() == text.as_bytes())
            };
            if !holds("commondir", "") || !holds("locked", INITIALIZING) {
                continue;
            }
            let dot_git = std::fs::read(admin.join("gitdir")).unwrap_or_default();
            let dot_git = admin.join(path_of(dot_git.trim_ascii_end()));
            let half = Half {
                repository: self,
                path: dot_git.parent().unwrap_or(&admin),
                admin: &admin,
                branch: None,
            };
            half.take_away_empty()?;
        }
        Ok(())
    }

    /// Removes the lock of a branch that a git of ours left when it was killed: made since `since`, when the run began that
    /// was killed with it. Whoever calls must know that no git of that run lives.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn clear_branch_lock(&self, name: &BranchName, since: SystemTime) -> Result<(), GitError> {
        let lock = self.common_dir().join(format!("{}.lock", name.full()));
        match lock.metadata().and_then(|facts| facts.modified()) {
            Ok(made) if made >= since => remove_if_there(&lock),
            _ => Ok(()),
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
    branch: Option<&'a BranchName>,
}

impl Half<'_> {
    fn mend(&self) -> Result<(), GitError> {
        self.clear_locks()?;
        if !self.path.is_dir() {
            return self.forget();
        }
        if !self.has_head()? {
            return self.take_away_empty();
        }
        let has_dot_git = self.path.join(".git").is_file();
        if self.admin.join("index").is_file() {
            return match has_dot_git {
                true => self.unlock(),
                false => self.take_away_empty(),
            };
        }
        // Without `.git` but with HEAD: git, or we, were killed while clearing away.
        let found = self.compare()?;
        match (found.foreign, has_dot_git) {
            (true, true) => self.finish(&found.cut_off),
            (true, false) => self.take_away_empty(),
            (false, _) => self.take_away_all(),
        }
    }

    fn clear_locks(&self) -> Result<(), GitError> {
        self.clear_lock_of_packed_refs()?;
        self.clear_lock_of_branch()?;
        for entry in std::fs::read_dir(self.admin).map_err(io(self.admin))? {
            let path = entry.map_err(io(self.admin))?.path();
            if path.extension().is_some_and(|end| end == "lock") {
                remove_if_there(&path)?;
            }
        }
        Ok(())
    }

    /// The last thing that `git worktree add` does is to delete AUTO_MERGE, and for a moment that takes the lock of the
    /// packed refs of the whole repository: left behind, nobody could delete a ref any more. Made next after
    /// the lock of AUTO_MERGE, empty, and without a new file beside it, it is no one else's.
    fn clear_lock_of_packed_refs(&self) -> Result<(), GitError> {
        let common = self.repository.common_dir();
        let lock = common.join("packed-refs.lock");
        let Some(apart) = made_after(&lock, &self.admin.join("AUTO_MERGE.lock")) else {
            return Ok(());
        };
        let is_empty = lock.metadata().is_ok_and(|facts| facts.len() == 0);
        if apart <= PACKED_REFS_TIMEOUT && is_empty && !common.join("packed-refs.new").exists() {
            remove_if_there(&lock)?;
        }
        Ok(())
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

    /// git takes it when it sets HEAD to the commit that it is on. Left behind, nobody could commit there. No one else moves
    /// the branch of a worktree that is not finished.
    fn clear_lock_of_branch(&self) -> Result<(), GitError> {
        let Some(branch) = self.branch else {
            return Ok(());
        };
        let lock = self
            .repository
            .common_dir()
            .join(format!("{}.lock", branch.full()));
        match made_after(&lock, &self.admin.join("locked")) {
            Some(_) => remove_if_there(&lock),
            None => Ok(()),
        }
    }

    /// `.git` goes last: should we be killed meanwhile, it still is what it was.
    fn take_away_all(&self) -> Result<(), GitError> {
        let entries = match std::fs::read_dir(self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return self.forget(),
            Err(error) => return Err(io(self.path)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(io(self.path))?;
            let path = entry.path();
            if entry.file_name() == ".git" {
                continue;
            }
            match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                true => std::fs::remove_dir_all(&path).map_err(io(&path))?,
                false => remove_if_there(&path)?,
            }
        }
        self.take_away_empty()
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

    /// Takes the entry of a directory that is gone out of the list, and keeps its name from being used again: should the
    /// directory turn up (it was moved, or its disk was not there), git says there that it is no worktree, instead of sharing
    /// HEAD and index with the worktree that has come in its place.
    fn retire(&self) -> Result<(), GitError> {
        let entries = std::fs::read_dir(self.admin).map_err(io(self.admin))?;
        // Without this file there is no entry for git.
        remove_if_there(&self.admin.join("gitdir"))?;
        let locked = self.admin.join("locked");
        // Else git would prune the name.
        let reason = b"tracks keeps this name from being used again\n";
        std::fs::File::create(&locked)
            .and_then(|mut file| file.write_all(reason))
            .map_err(io(&locked))?;
        for entry in entries.flatten() {
            let path = entry.path();
            // What its HEAD was may be asked for one day.
            if path == locked || path.file_name() == Some(OsStr::new("logs")) {
                continue;
            }
            let removed = match path.is_dir() {
                true => std::fs::remove_dir_all(&path),
                false => std::fs::remove_file(&path),
            };
            match removed {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(io(&path)(error));
                }
                _ => {}
            }
        }
        Ok(())
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

/// How long after the other this file was made; `None` if it was not, or one is not there.
fn made_after(file: &Path, other: &Path) -> Option<Duration> {
    let made = |path: &Path| path.metadata().and_then(|facts| facts.modified()).ok();
    made(file)?.duration_since(made(other)?).ok()
}

#[derive(Default)]
struct Found {
    /// Something that no `git worktree add` wrote.
    foreign: bool,
    cut_off: Vec<Vec<u8>>,
}

#[cfg(test)]
mod tests;
