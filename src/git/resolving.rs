//! Merges under way in a worktree, for people to finish: started with ordinary markers, looked at, taken away.

use std::path::Path;

use super::checkout::{head, remove_if_there};
use super::executable::{failure, fields, run, run_any};
use super::refs::IDENTITY;
use super::scratch::io;
use super::{GitError, Merger, Repository, snapshot};
use crate::domain::path::RepoPath;
use crate::domain::revision::{CommitId, TreeId};
use crate::process::Cmd;

impl Repository {
    /// Starts `git merge` of a revision in a worktree that has nothing uncommitted, without committing even where nothing
    /// conflicts. Git's own memory of resolutions stays out of it.
    ///
    /// # Errors
    /// When git does not begin to merge.
    pub fn start_merge(&self, worktree: &Path, theirs: &str) -> Result<(), GitError> {
        let cmd = self
            .cmd_in(worktree)
            // Git wants to know who it is for even where it commits nothing.
            .env("GIT_COMMITTER_NAME", IDENTITY.0)
            .env("GIT_COMMITTER_EMAIL", IDENTITY.1)
            .args(["-c", "rerere.enabled=false", "-c", "merge.autoStash=false"])
            .args(["-c", "merge.verifySignatures=false"])
            .args(["merge", "--quiet", "--no-commit", "--no-ff", "--no-stat"])
            // Nothing is committed, and yet git asks who does it.
            .env("GIT_COMMITTER_NAME", IDENTITY.0)
            .env("GIT_COMMITTER_EMAIL", IDENTITY.1)
            .arg(theirs);
        let output = run_any(&cmd, "merge")?;
        match output.status {
            Some(0) => Ok(()),
            Some(1) if self.merge_head(worktree)?.is_some() => Ok(()),
            _ => Err(failure(&output, "merge")),
        }
    }

    /// What is being merged in a worktree; `None` where no merge is under way.
    ///
    /// # Errors
    /// When it is no worktree.
    pub fn merge_head(&self, worktree: &Path) -> Result<Option<CommitId>, GitError> {
        let path = self.git_dir_of(worktree)?.join("MERGE_HEAD");
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(CommitId::from_hex(text.lines().next().unwrap_or_default()).ok()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io(&path)(error)),
        }
    }

    /// The commit that a worktree stands on.
    ///
    /// # Errors
    /// When it is no worktree, or nothing is committed there.
    pub fn commit_in(&self, worktree: &Path) -> Result<CommitId, GitError> {
        if let Ok(commit) = head(&self.git_dir_of(worktree)?)? {
            return Ok(commit);
        }
        let cmd = self
            .cmd_in(worktree)
            .args(["rev-parse", "--verify", "HEAD^{commit}"]);
        let printed = run(&cmd, "rev-parse HEAD")?;
        let hex = String::from_utf8_lossy(&printed);
        CommitId::from_hex(hex.trim()).map_err(|error| GitError::Protocol {
            command: "rev-parse HEAD".to_owned(),
            message: error.to_string(),
        })
    }

    /// The paths that are unmerged in the index of a worktree, ascending.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn unmerged_in(&self, worktree: &Path) -> Result<Vec<RepoPath>, GitError> {
        let cmd = self.cmd_in(worktree).args(["ls-files", "-u", "-z"]);
        let printed = run(&cmd, "ls-files -u")?;
        let paths = fields(&printed).filter_map(|field| {
            let tab = field.iter().position(|byte| *byte == b'\t')?;
            Some(RepoPath::new(&field[tab + 1..]))
        });
        let mut paths: Vec<RepoPath> = paths.collect();
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    /// What is changed in a worktree and not in its index, and what is untracked there and not ignored, ascending; a directory
    /// of which nothing is tracked ends with a slash. Of a submodule only its commit counts, and only where it is there.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn not_added_in(&self, worktree: &Path) -> Result<Vec<RepoPath>, GitError> {
        let cmd = self.cmd_in(worktree).args([
            "status",
            "--porcelain=v2",
            "-z",
            "--untracked-files=normal",
            "--ignore-submodules=dirty",
            "--no-renames",
        ]);
        let printed = run(&cmd, "status")?;
        let mut paths: Vec<RepoPath> = fields(&printed).filter_map(not_added).collect();
        paths.sort();
        Ok(paths)
    }

    /// The untracked files of a worktree, ascending, with or without those that are ignored; a repository inside is one path,
    /// which ends with a slash.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn untracked_in(
        &self,
        worktree: &Path,
        with_ignored: bool,
    ) -> Result<Vec<RepoPath>, GitError> {
        let cmd = self.cmd_in(worktree).args(["ls-files", "--others", "-z"]);
        let cmd = match with_ignored {
            true => cmd,
            false => cmd.arg("--exclude-standard"),
        };
        let printed = run(&cmd, "ls-files --others")?;
        let mut paths: Vec<RepoPath> = fields(&printed).map(RepoPath::new).collect();
        paths.sort();
        Ok(paths)
    }

    /// Writes other names at the markers of the unmerged files of a worktree than git does: `HEAD` says little, and a commit's
    /// id nothing. Nobody has been told of the worktree yet.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn name_sides(
        &self,
        worktree: &Path,
        theirs: CommitId,
        names: [&str; 2],
    ) -> Result<(), GitError> {
        use std::os::unix::ffi::OsStrExt as _;
        for path in self.unmerged_in(worktree)? {
            let file = worktree.join(std::ffi::OsStr::from_bytes(path.as_bytes()));
            let is_file = file.symlink_metadata().is_ok_and(|facts| facts.is_file());
            if !is_file {
                continue;
            }
            let text = std::fs::read(&file).map_err(io(&file))?;
            let named = renamed(&text, &theirs.to_string(), names);
            if named != text {
                use std::io::Write as _;
                // The same file: it keeps its mode.
                let write = || {
                    let mut file = std::fs::OpenOptions::new()
                        .write(true)
                        .truncate(true)
                        .open(&file)?;
                    file.write_all(&named)
                };
                write().map_err(io(&file))?;
            }
        }
        Ok(())
    }

    /// Takes a merge back that was begun in a worktree where nobody but us has worked, and the lock of a git that was killed.
    ///
    /// # Errors
    /// When git refuses.
    pub fn take_merge_back(&self, worktree: &Path) -> Result<(), GitError> {
        remove_if_there(&self.git_dir_of(worktree)?.join("index.lock"))?;
        let cmd: Cmd = self
            .cmd_in(worktree)
            .args(["-c", "core.hooksPath=/dev/null"])
            .args(["reset", "--hard", "--quiet"]);
        run(&cmd, "reset --hard").map(drop)
    }

    /// Takes the entry of a linked worktree away, and its directory with everything in it.
    ///
    /// # Errors
    /// When git refuses.
    pub fn remove_worktree(&self, worktree: &Path) -> Result<(), GitError> {
        let cmd = self
            .cmd()
            .args(["worktree", "remove", "--force", "--"])
            .arg(worktree);
        run(&cmd, "worktree remove").map(drop)
    }
}

impl Merger<'_> {
    /// The index of a worktree as a tree; `None` while something is unmerged there.
    ///
    /// # Errors
    /// When git cannot write it.
    pub fn index_in(&self, worktree: &Path) -> Result<Option<TreeId>, GitError> {
        if !self.repository().unmerged_in(worktree)?.is_empty() {
            return Ok(None);
        }
        snapshot::index(self, worktree).map(Some)
    }
}

/// The path of a record of `git status --porcelain=v2`, where the worktree is ahead of the index.
fn not_added(record: &[u8]) -> Option<RepoPath> {
    match record {
        [b'?', b' ', path @ ..] => Some(RepoPath::new(path)),
        // `1 XY sub mH mI mW hH hI PATH`
        [b'1', b' ', _, state, b' ', ..] if *state != b'.' => {
            let mut parts = record.splitn(9, |byte| *byte == b' ');
            let staged = parts.nth(4)?;
            let path = parts.last()?;
            // Nobody has checked the submodule out.
            let absent = *state == b'D' && staged == b"160000";
            (!absent).then(|| RepoPath::new(path))
        }
        _ => None,
    }
}

/// `<<<<<<< HEAD` and `>>>>>>> ID`, the latter two also with `:PATH` behind them.
fn renamed(text: &[u8], theirs: &str, names: [&str; 2]) -> Vec<u8> {
    let mut result = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let marker = line.first().filter(|byte| b"<>".contains(byte));
        let size = line.iter().take_while(|byte| Some(*byte) == marker).count();
        let (old, new) = match marker {
            Some(b'<') => ("HEAD", names[0]),
            _ => (theirs, names[1]),
        };
        let rest = line[size..]
            .strip_prefix(b" ")
            .and_then(|rest| rest.strip_prefix(old.as_bytes()))
            .filter(|rest| matches!(rest.first(), None | Some(b'\n' | b'\r' | b':')));
        match rest {
            Some(rest) if size >= 7 => {
                result.extend_from_slice(&line[..size]);
                result.push(b' ');
                result.extend_from_slice(new.as_bytes());
                result.extend_from_slice(rest);
            }
            _ => result.extend_from_slice(line),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::World;

    #[test]
    fn a_merge_for_people() {
        let world = World::new();
        world.write("f", "1\n");
        world.write("same", "1\n");
        world.commit("base");
        world.topic("a", "main", &[("f", Some("a\n"))]);
        let b = world.topic("b", "main", &[("f", Some("b\n")), ("same", Some("2\n"))]);
        world.git(&["config", "rerere.enabled", "true"]);
        world.git(&["worktree", "add", "-q", "--detach", "../w", "a"]);
        let dir = world.outside().join("w");
        let repository = world.open();
        assert_eq!(repository.merge_head(&dir).unwrap(), None);
        repository.start_merge(&dir, &b.to_string()).unwrap();
        assert_eq!(repository.merge_head(&dir).unwrap(), Some(b));
        assert_eq!(repository.commit_in(&dir).unwrap(), world.tip("a"));
        assert_eq!(repository.unmerged_in(&dir).unwrap(), [RepoPath::new("f")]);
        repository.name_sides(&dir, b, ["one", "two"]).unwrap();
        assert_eq!(
            std::fs::read_to_string(dir.join("f")).unwrap(),
            "<<<<<<< one\na\n=======\nb\n>>>>>>> two\n"
        );
        assert!(!world.root().join(".git/rr-cache").exists());
        // As it is after a kill.
        crate::git::testing::write_at(&world.root().join(".git/worktrees/w/index.lock"), b"");
        repository.take_merge_back(&dir).unwrap();
        assert_eq!(world.git_in(&dir, &["status", "--porcelain"]), "");
        assert_eq!(repository.merge_head(&dir).unwrap(), None);
        repository.remove_worktree(&dir).unwrap();
        assert!(!dir.exists());
        let nonsense = repository.start_merge(&world.root(), "nonsense");
        assert!(matches!(nonsense, Err(GitError::Program { .. })));
    }

    #[test]
    fn what_is_in_the_index_and_what_is_not() {
        let world = World::new();
        world.write(".gitignore", "*.log\n");
        world.write("f", "1\n");
        world.write("g", "1\n");
        let submodule = format!("160000,{},sub", "1".repeat(40));
        world.git(&["update-index", "--add", "--cacheinfo", &submodule]);
        world.commit("base");
        let repository = world.open();
        let base = repository.resolve("main").unwrap().unwrap();
        let merger = Merger::publishing(&repository, base);
        let root = world.root();
        let index = || merger.index_in(&root).unwrap().unwrap().to_string();
        assert_eq!(index(), world.git(&["rev-parse", "main^{tree}"]));
        // Not even checked out.
        let not_added = || repository.not_added_in(&root).unwrap();
        assert_eq!(not_added(), []);
        world.write("f", "2\n");
        world.git(&["add", "f"]);
        assert_eq!(not_added(), []);
        assert_eq!(index(), world.git(&["write-tree"]));
        world.write("f", "3\n");
        world.write("d/new one", "1\n");
        world.write("x.log", "1\n");
        std::fs::remove_file(root.join("g")).unwrap();
        assert_eq!(not_added(), ["d/", "f", "g"].map(RepoPath::new));
        assert_eq!(
            repository.untracked_in(&root, false).unwrap(),
            [RepoPath::new("d/new one")]
        );
        assert_eq!(
            repository.untracked_in(&root, true).unwrap(),
            ["d/new one", "x.log"].map(RepoPath::new)
        );
        assert_eq!(index(), world.git(&["write-tree"]));
    }

    #[test]
    fn only_gits_own_markers_get_other_names() {
        let theirs = "1".repeat(40);
        for (line, expected) in [
            ("<<<<<<< HEAD", "<<<<<<< one"),
            ("<<<<<<< HEAD:old/f\r\n", "<<<<<<< one:old/f\r\n"),
            ("<<<<<<< HEADER\n", "<<<<<<< HEADER\n"),
            ("<<<<<< HEAD\n", "<<<<<< HEAD\n"),
            (">>>>>>> HEAD\n", ">>>>>>> HEAD\n"),
            ("=======\n", "=======\n"),
        ] {
            let named = renamed(line.as_bytes(), &theirs, ["one", "two"]);
            assert_eq!(String::from_utf8(named).unwrap(), expected);
        }
        let line = format!(">>>>>>>>> {theirs}\n");
        assert_eq!(
            renamed(line.as_bytes(), &theirs, ["one", "two"]),
            b">>>>>>>>> two\n"
        );
    }
}
