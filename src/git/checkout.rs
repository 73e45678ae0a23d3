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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{World, write_at};

    #[test]
    fn our_worktree_goes_where_it_is_sent() {
        let world = World::new();
        world.write(".gitignore", "target/\n");
        world.write("a", "1\n");
        let one = world.commit("one");
        world.write("a", "2\n");
        world.write("b", "2\n");
        let two = world.commit("two");
        world.git(&[
            "worktree",
            "add",
            "-q",
            "--detach",
            "../probe",
            &one.to_string(),
        ]);
        world.hook("post-checkout", "exit 1");
        let repository = world.open();
        let probe = world.outside().join("probe");
        write_at(&probe.join("a"), b"dirty\n");
        write_at(&probe.join("untracked/file"), b"x\n");
        write_at(&probe.join("target/built"), b"x\n");
        world.git_in(&probe, &["init", "-q", "nested"]);
        write_at(&world.root().join(".git/worktrees/probe/index.lock"), b"");

        repository.reset_own_worktree(&probe, two).unwrap();
        assert_eq!(
            world.git_in(&probe, &["rev-parse", "HEAD"]),
            two.to_string()
        );
        assert_eq!(world.git_in(&probe, &["status", "--porcelain"]), "");
        assert!(probe.join("b").exists() && probe.join("target/built").exists());
        assert!(!probe.join("untracked").exists() && !probe.join("nested").exists());

        repository.reset_own_worktree(&probe, one).unwrap();
        assert!(!probe.join("b").exists());
        let nowhere = CommitId::from_hex(&"1".repeat(40)).unwrap();
        let error = repository.reset_own_worktree(&probe, nowhere).unwrap_err();
        assert!(matches!(error, GitError::Program { .. }), "{error:?}");
    }

    #[test]
    fn a_line_is_excluded_once() {
        let world = World::new();
        let repository = world.open();
        let exclude = world.root().join(".git/info/exclude");
        for (before, after) in [
            (None, "/x/\n"),
            (Some("a"), "a\n/x/\n"),
            (Some("a\n"), "a\n/x/\n"),
            (Some("/x/"), "/x/"),
            (Some("/x/\r\nb\r\n"), "/x/\r\nb\r\n"),
        ] {
            let _ = std::fs::remove_dir_all(exclude.parent().unwrap());
            if let Some(before) = before {
                write_at(&exclude, before.as_bytes());
            }
            repository.exclude("/x/").unwrap();
            assert_eq!(std::fs::read_to_string(&exclude).unwrap(), after);
        }
    }
}
