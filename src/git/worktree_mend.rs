//! What a killed `git worktree add` leaves, finished or cleared away.
//!
//! The order of `git worktree add`: entry with a lock "initializing", the `.git` file, HEAD, the files, the index, the
//! lock away. So no index means that files may be missing or cut off, and an index that all of them are there.

use std::ffi::OsString;
use std::io::ErrorKind;
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
    /// gone, and a prunable one is gone, unless somebody locked it. Never deletes a file that such a run did not write.
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
            branch: now.branch.as_ref(),
        };
        if now.half_made {
            half.mend()
        } else if now.prunable.is_some() && now.locked.is_none() {
            half.forget()
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
        let staged = run_any(&cmd, "diff-index --cached")?.status == Some(1);
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
mod tests {
    use super::*;
    use crate::git::Start;
    use crate::git::testing::{World, branch, write_at};

    const LONG: &str = "a first line\na second line\na third line\n";

    struct Killed {
        world: World,
        repository: Repository,
        path: PathBuf,
        admin: PathBuf,
    }

    /// What is there when `git worktree add` is killed after it wrote some files and before it wrote the index.
    fn killed() -> Killed {
        let world = World::new();
        world.write("a", LONG);
        world.write("b", LONG);
        world.write("dir/c", LONG);
        world.write(".gitignore", "*.log\n");
        world.commit("one");
        world.git(&["worktree", "add", "-q", "-b", "new", "../tree"]);
        let (path, admin) = (
            world.outside().join("tree"),
            world.root().join(".git/worktrees/tree"),
        );
        write_at(&admin.join("locked"), b"initializing");
        std::fs::rename(admin.join("index"), admin.join("index.lock")).unwrap();
        write_at(&path.join("a"), &LONG.as_bytes()[..20]);
        std::fs::remove_dir_all(path.join("dir")).unwrap();
        Killed {
            repository: world.open(),
            world,
            path,
            admin,
        }
    }

    impl Killed {
        fn mend(&self) -> Option<Worktree> {
            let entry = self.repository.entry(&self.path).unwrap().unwrap();
            self.repository.mend_worktree(&entry).unwrap();
            self.repository.entry(&self.path).unwrap()
        }

        fn status(&self) -> String {
            self.world
                .git_in(&self.path, &["status", "--porcelain", "--ignored"])
        }

        /// The same path can be used at once, with the branch that the killed run had made.
        fn add_again(&self) {
            let start = Start::Branch(branch("new"));
            self.repository.add_worktree(&self.path, &start).unwrap();
            assert_eq!(self.status(), "");
        }
    }

    #[test]
    fn a_partial_checkout_is_cleared_away() {
        let killed = killed();
        let entry = killed.repository.entry(&killed.path).unwrap().unwrap();
        assert!(entry.half_made);
        assert_eq!(killed.mend(), None);
        assert!(!killed.path.exists() && !killed.admin.exists());
        killed.add_again();
    }

    #[test]
    fn files_of_somebody_else_are_kept_and_the_rest_is_finished() {
        for (file, content) in [
            ("untracked", "mine\n"),
            ("ignored.log", "mine\n"),
            ("b", "edited\n"),
        ] {
            let killed = killed();
            write_at(&killed.path.join(file), content.as_bytes());
            let entry = killed.mend().unwrap();
            assert!(!entry.half_made && entry.locked.is_none());
            let read = |name: &str| std::fs::read_to_string(killed.path.join(name)).unwrap();
            assert_eq!(read(file), content);
            assert_eq!(read("a"), LONG, "cut off, and now whole");
            assert_eq!(read("dir/c"), LONG);
            assert_eq!(killed.status().lines().count(), 1, "{}", killed.status());
            assert!(!killed.admin.join("index.lock").exists());
        }
    }

    #[test]
    fn with_its_index_only_the_lock_is_missing() {
        let killed = killed();
        std::fs::rename(killed.admin.join("index.lock"), killed.admin.join("index")).unwrap();
        write_at(&killed.admin.join("index.lock"), b"");
        killed.world.git_in(&killed.path, &["log", "-1"]);
        let entry = killed.mend().unwrap();
        assert!(!entry.half_made);
        assert!(!killed.admin.join("index.lock").exists());
    }

    #[test]
    fn before_head_was_written_there_is_nothing_to_finish() {
        let killed = killed();
        write_at(
            &killed.admin.join("HEAD"),
            format!("{}\n", "0".repeat(40)).as_bytes(),
        );
        for name in ["a", "b", ".gitignore"] {
            std::fs::remove_file(killed.path.join(name)).unwrap();
        }
        assert_eq!(killed.mend(), None);
        assert!(!killed.path.exists());
        killed.add_again();
    }

    #[test]
    fn killed_while_clearing_away() {
        let killed = killed();
        std::fs::remove_file(killed.path.join(".git")).unwrap();
        assert_eq!(killed.mend(), None);
        assert!(!killed.path.exists() && !killed.admin.exists());
        killed.add_again();

        let killed = self::killed();
        write_at(&killed.path.join("untracked"), b"mine\n");
        std::fs::remove_file(killed.path.join(".git")).unwrap();
        assert_eq!(killed.mend(), None);
        assert!(killed.path.join("untracked").is_file());
    }

    #[test]
    fn the_lock_of_the_branch() {
        for (age, stays) in [(0, false), (9, true)] {
            let killed = killed();
            let lock = killed.world.root().join(".git/refs/heads/new.lock");
            write_at(&lock, b"");
            let file = std::fs::File::open(&lock).unwrap();
            let made = file.metadata().unwrap().modified().unwrap();
            file.set_modified(made - Duration::from_secs(age)).unwrap();
            killed.mend();
            assert_eq!(
                lock.exists(),
                stays,
                "older than the worktree: of another git"
            );
        }
    }

    #[test]
    fn the_lock_of_the_packed_refs() {
        let lock_of = |killed: &Killed| killed.world.root().join(".git/packed-refs.lock");
        let ours = killed();
        write_at(&ours.admin.join("AUTO_MERGE.lock"), b"");
        write_at(&lock_of(&ours), b"");
        ours.mend();
        assert!(!lock_of(&ours).exists());

        let alone = killed();
        write_at(&lock_of(&alone), b"");
        alone.mend();
        assert!(lock_of(&alone).exists(), "of another git");

        let later = killed();
        write_at(&later.admin.join("AUTO_MERGE.lock"), b"");
        write_at(&lock_of(&later), b"");
        let file = std::fs::File::open(later.admin.join("AUTO_MERGE.lock")).unwrap();
        let made = file.metadata().unwrap().modified().unwrap();
        file.set_modified(made - Duration::from_secs(2)).unwrap();
        later.mend();
        assert!(lock_of(&later).exists(), "of another git");
    }

    #[test]
    fn a_deleted_directory_is_forgotten() {
        for half in [true, false] {
            let killed = killed();
            std::fs::remove_dir_all(&killed.path).unwrap();
            if !half {
                std::fs::remove_file(killed.admin.join("locked")).unwrap();
            }
            assert_eq!(killed.mend(), None);
            killed.add_again();
        }
    }

    #[test]
    fn a_gone_one_that_is_locked_stays() {
        let killed = killed();
        std::fs::remove_dir_all(&killed.path).unwrap();
        write_at(&killed.admin.join("locked"), b"on a stick");
        assert!(killed.mend().is_some_and(|entry| entry.prunable.is_some()));
        assert!(killed.admin.join("gitdir").is_file());
    }

    #[test]
    fn work_that_only_an_entry_knows_of() {
        let world = World::new();
        world.write("a", "1\n");
        world.commit("one");
        world.git(&["tag", "known"]);
        world.git(&["worktree", "add", "-q", "-b", "x", "../x"]);
        let path = world.outside().join("x");
        let repository = world.open();
        let work = || {
            let entry = repository.entry(&path).unwrap().unwrap();
            repository.work_in_entry(&entry).unwrap()
        };
        assert_eq!(work(), None);
        write_at(&path.join("a"), b"2\n");
        assert_eq!(work(), None, "not in the entry");
        world.git_in(&path, &["add", "a"]);
        assert_eq!(work().as_deref(), Some("what is staged"));
        world.git_in(&path, &["commit", "-q", "-m", "two"]);
        assert_eq!(work(), None, "on the branch");
        world.git_in(&path, &["checkout", "-q", "--detach", "known"]);
        assert_eq!(work(), None, "on another one");
        world.git_in(&path, &["commit", "-q", "--allow-empty", "-m", "three"]);
        assert_eq!(work().as_deref(), Some("commits that are on no branch"));
        world.git_in(&path, &["merge", "-q", "--no-commit", "x"]);
        std::fs::remove_dir_all(&path).unwrap();
        assert_eq!(work().as_deref(), Some("an unfinished merge"));
    }

    #[test]
    fn whole_and_locked_ones_are_left_alone() {
        let world = World::new();
        world.write("a", LONG);
        world.commit("one");
        world.git(&["worktree", "add", "-q", "-b", "x", "../x"]);
        world.git(&["worktree", "lock", "--reason", "mine", "../x"]);
        let repository = world.open();
        let before = repository.worktrees().unwrap();
        write_at(&world.outside().join("x/a"), b"edited\n");
        for entry in &before {
            repository.mend_worktree(entry).unwrap();
        }
        assert_eq!(repository.worktrees().unwrap(), before);
        let content = std::fs::read(world.outside().join("x/a")).unwrap();
        assert_eq!(content, b"edited\n");
    }
}
