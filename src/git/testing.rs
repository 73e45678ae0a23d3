//! Hermetic repositories out of a few lines, for the tests of this folder.
#![expect(
    clippy::disallowed_methods,
    reason = "tests prepare their repositories with git and plain files"
)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Git, Repository};
use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;

/// A temporary directory with a repository `repo` in it, on branch `main`.
pub(super) struct World {
    dir: tempfile::TempDir,
}

impl World {
    pub(super) fn new() -> World {
        World::with(&["init", "-q", "-b", "main", "repo"])
    }

    /// A repository made by another `git init`, or `git clone`; its directory must be `repo`.
    pub(super) fn with(args: &[&str]) -> World {
        let dir = tempfile::tempdir().unwrap();
        let world = World { dir };
        world.git_in(world.dir.path(), args);
        world
    }

    /// The temporary directory around the repository, canonical.
    pub(super) fn outside(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    pub(super) fn root(&self) -> PathBuf {
        self.outside().join("repo")
    }

    pub(super) fn open(&self) -> Repository {
        self.open_at(&self.root())
    }

    pub(super) fn open_at(&self, dir: &Path) -> Repository {
        Repository::discover(dir, Git::find().unwrap()).unwrap()
    }

    pub(super) fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.root(), args)
    }

    pub(super) fn git_bytes(&self, args: &[&str]) -> Vec<u8> {
        let output = hermetic(&self.root(), args).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {output:?}");
        output.stdout
    }

    /// Whether git succeeds.
    pub(super) fn git_try(&self, args: &[&str]) -> bool {
        let output = hermetic(&self.root(), args).output().unwrap();
        output.status.success()
    }

    /// The stdout of a git that may fail.
    pub(super) fn git_any(&self, args: &[&str]) -> String {
        self.git_any_in(&self.root(), args)
    }

    pub(super) fn git_any_in(&self, dir: &Path, args: &[&str]) -> String {
        let output = hermetic(dir, args).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Whole histories in one process: the stream of git-fast-import(1).
    pub(super) fn import(&self, stream: &str) {
        let file = self.outside().join("stream");
        write_at(&file, stream.as_bytes());
        let output = hermetic(&self.root(), &["fast-import", "--quiet"])
            .stdin(std::fs::File::open(&file).unwrap())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    pub(super) fn git_in(&self, dir: &Path, args: &[&str]) -> String {
        let output = hermetic(dir, args).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    /// git with another index.
    pub(super) fn git_on(&self, index: &str, args: &[&str]) -> String {
        let index = self.root().join(index);
        let output = hermetic(&self.root(), args)
            .env("GIT_INDEX_FILE", index)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {args:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub(super) fn write(&self, path: &str, content: &str) {
        self.write_bytes(path.as_bytes(), content.as_bytes());
    }

    pub(super) fn write_bytes(&self, path: &[u8], content: &[u8]) {
        write_at(&self.root().join(OsStr::from_bytes(path)), content);
    }

    pub(super) fn make_executable(&self, path: &str) {
        make_executable(&self.root().join(path));
    }

    pub(super) fn symlink(&self, target: &str, path: &str) {
        std::os::unix::fs::symlink(target, self.root().join(path)).unwrap();
    }

    pub(super) fn remove(&self, path: &str) {
        let path = self.root().join(path);
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }

    /// Commits everything there is on the current branch.
    pub(super) fn commit(&self, message: &str) -> CommitId {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.tip("HEAD")
    }

    /// A new branch from another, checked out.
    pub(super) fn start(&self, branch: &str, from: &str) {
        self.git(&["checkout", "-q", "-b", branch, from]);
    }

    /// A branch from another with files written (`Some`) or removed (`None`), committed.
    pub(super) fn topic(
        &self,
        branch: &str,
        from: &str,
        files: &[(&str, Option<&str>)],
    ) -> CommitId {
        self.start(branch, from);
        for (path, content) in files {
            match content {
                Some(content) => self.write(path, content),
                None => self.remove(path),
            }
        }
        self.commit(branch)
    }

    pub(super) fn tip(&self, revision: &str) -> CommitId {
        let hex = self.git(&["rev-parse", "--verify", &format!("{revision}^{{commit}}")]);
        CommitId::from_hex(&hex).unwrap()
    }

    pub(super) fn hook(&self, name: &str, body: &str) {
        let hooks = self.root().join(".git/hooks");
        std::fs::create_dir_all(&hooks).unwrap();
        write_script(&hooks.join(name), body);
    }

    /// Runs another test of this binary in `dir` with variables set, and gives what it said. `told` is the variable by
    /// which it knows that it is wanted, and where.
    pub(super) fn run_test(
        &self,
        test: &str,
        dir: &Path,
        variables: &[(&str, &Path)],
        told: &str,
    ) -> String {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .current_dir(dir)
            .envs(variables.iter().copied())
            .env(told, dir)
            .env("HOME", self.outside())
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Ids of all objects of the repository.
    pub(super) fn objects(&self) -> String {
        self.git(&["cat-file", "--batch-check", "--batch-all-objects"])
    }
}

/// A commit of a stream for [`World::import`]: on `branch`, from a revision if it has a parent, with each file written or
/// (`None`) deleted.
pub(super) fn stream_commit(
    branch: &str,
    from: Option<&str>,
    files: &[(&str, Option<&str>)],
) -> String {
    let mut stream = format!(
        "commit refs/heads/{branch}\ncommitter C <c@example.com> 1700000000 +0000\ndata 1\nm\n"
    );
    if let Some(from) = from {
        stream.push_str(&format!("from refs/heads/{from}\n"));
    }
    for (path, content) in files {
        match content {
            Some(content) => stream.push_str(&format!(
                "M 100644 inline {path}\ndata {}\n{content}\n",
                content.len()
            )),
            None => stream.push_str(&format!("D {path}\n")),
        }
    }
    stream.push('\n');
    stream
}

pub(super) fn branch(name: &str) -> BranchName {
    BranchName::new(name).unwrap()
}

pub(super) fn write_at(path: &Path, content: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

pub(super) fn write_script(path: &Path, body: &str) {
    write_at(path, format!("#!/bin/sh\n{body}\n").as_bytes());
    make_executable(path);
}

fn make_executable(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn hermetic(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.as_bytes().starts_with(b"GIT_") {
            command.env_remove(name);
        }
    }
    command
        .current_dir(dir)
        .args(["-c", "protocol.file.allow=always"])
        .args(args)
        .env("HOME", dir)
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_AUTHOR_NAME", "A U Thor")
        .env("GIT_AUTHOR_EMAIL", "author@example.com")
        .env("GIT_AUTHOR_DATE", "1700000000 +0000")
        .env("GIT_COMMITTER_NAME", "C O Mitter")
        .env("GIT_COMMITTER_EMAIL", "committer@example.com")
        .env("GIT_COMMITTER_DATE", "1700000000 +0000");
    command
}
