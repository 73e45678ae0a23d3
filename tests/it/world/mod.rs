//! A sealed world for tests: a temporary home, fixed identity, dates and width, repositories out of a few lines of text.

mod history;
mod redaction;

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use history::{Change, Step, steps};
use redaction::redact;

/// 2026-11-23 09:00 UTC, a Monday: the date of the first commit. Each further one is an hour later. Seconds since the epoch.
pub(crate) const MONDAY_MORNING: u64 = 1_795_424_400;
const HOUR: u64 = 3600;
/// 2026-11-27 12:00 UTC: what the tool takes for now, unless a test says otherwise.
pub(crate) const FRIDAY_NOON: u64 = MONDAY_MORNING + 99 * HOUR;

/// A home, and below it `repo`, the main worktree of a repository whose first branch is `main`.
#[derive(Debug)]
pub(crate) struct World {
    dir: TempDir,
    root: PathBuf,
    clock: Cell<u64>,
    now: Cell<u64>,
}

/// What a program did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ran {
    /// -1 where a signal ended it.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    root: PathBuf,
}

impl World {
    /// An empty repository.
    pub(crate) fn new() -> Self {
        let dir = TempDir::with_prefix("tracks-it-").expect("a temporary directory");
        // Git reports resolved paths, and the temporary directory is a symbolic link on macOS.
        let root = dir.path().canonicalize().expect("the directory just made");
        let world = World {
            dir,
            root,
            clock: Cell::new(MONDAY_MORNING - HOUR),
            now: Cell::new(FRIDAY_NOON),
        };
        for folder in ["repo", "home", "tmp"] {
            fs::create_dir(world.root.join(folder)).expect("a folder in the temporary directory");
        }
        world.write_at(
            "home/.gitconfig",
            "[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n",
        );
        world.git(&["init", "--quiet"]);
        world
    }

    /// A repository with a history. A line without indentation is a commit, those below it are what it changes:
    ///
    /// ```text
    /// main: Two files
    ///     a.txt = one | two | three
    ///     docs/b.txt = text
    /// topic from main: Change the middle, drop a file
    ///     a.txt = one | TWO | three
    ///     - docs/b.txt
    /// main merges topic: Bring it in
    /// ```
    ///
    /// `|` separates lines; nothing after `=` is an empty file. A branch is made where its first commit names another with
    /// `from`, and `main` with the first commit of all. `main` stays checked out.
    pub(crate) fn of(history: &str) -> Self {
        let world = World::new();
        for step in steps(history) {
            world.take(&step);
        }
        world
    }

    fn take(&self, step: &Step<'_>) {
        if let Some(other) = step.merges {
            self.merge(step.branch, other, step.subject);
            return;
        }
        if let Some(start) = step.from {
            self.git(&["branch", "--no-track", step.branch, start]);
        }
        self.change(step.branch, &step.changes, step.subject);
    }

    /// One commit that writes whole files, on a branch that exists (or on `main`, as the very first).
    pub(crate) fn commit(&self, branch: &str, files: &[(&str, &str)], message: &str) {
        let changes: Vec<Change<'_>> = files
            .iter()
            .map(|(path, content)| Change::Write {
                path,
                content: (*content).to_owned(),
            })
            .collect();
        self.change(branch, &changes, message);
    }

    /// Where the branch is checked out, in the worktree; elsewhere without disturbing any.
    fn change(&self, branch: &str, changes: &[Change<'_>], message: &str) {
        let at = self.worktree_of(branch);
        let borrowed = at.is_none().then(|| self.root.join("tmp").join("borrowed"));
        let dir = at.or(borrowed.clone()).expect("one of the two");
        if let Some(borrowed) = &borrowed {
            let place = borrowed.to_string_lossy();
            self.git(&["worktree", "add", "--quiet", &place, branch]);
        }
        for change in changes {
            match change {
                Change::Write { path, content } => write(&dir.join(path), content),
                Change::Remove { path } => {
                    fs::remove_file(dir.join(path)).expect("a file to remove");
                }
            }
        }
        self.git_in(&dir, &["add", "--all"]);
        self.later();
        self.git_in(
            &dir,
            &["commit", "--quiet", "--allow-empty", "--message", message],
        );
        if borrowed.is_some() {
            self.git(&["worktree", "remove", "--force", &dir.to_string_lossy()]);
        }
    }

    /// A merge commit, also where a fast-forward would do.
    pub(crate) fn merge(&self, into: &str, other: &str, message: &str) {
        let dir = self.worktree_of(into).unwrap_or_else(|| {
            self.git(&["switch", "--quiet", into]);
            self.repo()
        });
        self.later();
        self.git_in(
            &dir,
            &["merge", "--quiet", "--no-ff", "--message", message, other],
        );
        if self.worktree_of("main").is_none() {
            self.git(&["switch", "--quiet", "main"]);
        }
    }

    /// The next commit is an hour younger than the last.
    fn later(&self) {
        self.clock.set(self.clock.get() + HOUR);
    }

    fn worktree_of(&self, branch: &str) -> Option<PathBuf> {
        let list = self.git(&["worktree", "list", "--porcelain"]);
        let wanted = format!("branch refs/heads/{branch}");
        let record = list
            .split("\n\n")
            .find(|record| record.lines().any(|line| line == wanted))?;
        record
            .lines()
            .next()?
            .strip_prefix("worktree ")
            .map(PathBuf::from)
    }

    /// Writes a file in the main worktree, uncommitted.
    pub(crate) fn write(&self, path: &str, text: &str) {
        write(&self.repo().join(path), text);
    }

    /// Writes a file anywhere in the world, by its path from the root of it: `home/.gitconfig`.
    pub(crate) fn write_at(&self, path: &str, text: &str) {
        write(&self.root.join(path), text);
    }

    /// Writes a program, by its path from the root of the world: a hook, a stand-in for a tool.
    pub(crate) fn write_program(&self, path: &str, text: &str) {
        let target = self.root.join(path);
        self.write_at("tmp/program", text);
        fs::create_dir_all(target.parent().expect("a file is in a directory"))
            .expect("its directory");
        // By a child: a program that this process still has open for writing, even in the moment between another test's
        // fork and exec, could not be started.
        let script = "cp tmp/program \"$0\" && chmod +x \"$0\" && rm tmp/program";
        let ran = self.run_in(&self.root, "sh", &["-c", script, &target.to_string_lossy()]);
        assert_eq!(ran.status, 0, "{}", ran.shown());
    }

    /// A file of the main worktree.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.repo().join(path)).expect("a file in the repository")
    }

    /// The directory that everything of this world is in.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The main worktree.
    pub(crate) fn repo(&self) -> PathBuf {
        self.root.join("repo")
    }

    /// Files that programs have left in the temporary directory.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root.join("tmp")).expect("the temporary directory");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        names
            .map(|name| name.to_string_lossy().into_owned())
            .collect()
    }

    /// What the tool takes for now, from here on. Seconds since the epoch.
    pub(crate) fn set_now(&self, now: u64) {
        self.now.set(now);
    }

    /// Runs git in the main worktree and gives what it prints, without the last line end; fails the test where git fails.
    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.repo(), arguments)
    }

    #[track_caller]
    pub(crate) fn git_in(&self, dir: &Path, arguments: &[&str]) -> String {
        let ran = self.run_in(dir, "git", arguments);
        assert!(
            ran.status == 0,
            "git {}\n{}",
            arguments.join(" "),
            ran.shown()
        );
        ran.stdout
            .strip_suffix('\n')
            .unwrap_or(&ran.stdout)
            .to_owned()
    }

    /// Runs the tool in the main worktree, whatever comes of it.
    pub(crate) fn tracks(&self, arguments: &[&str]) -> Ran {
        self.tracks_in(&self.repo(), arguments)
    }

    pub(crate) fn tracks_in(&self, dir: &Path, arguments: &[&str]) -> Ran {
        self.run_in(dir, env!("CARGO_BIN_EXE_tracks"), arguments)
    }

    /// Runs any program, whatever comes of it.
    pub(crate) fn run_in(&self, dir: &Path, program: impl AsRef<OsStr>, arguments: &[&str]) -> Ran {
        let mut command = self.command(dir, program);
        let output = command
            .args(arguments)
            .output()
            .expect("the program starts");
        self.ran(&output)
    }

    /// What a finished child of [`World::command`] did.
    pub(crate) fn ran(&self, output: &Output) -> Ran {
        Ran {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            root: self.root.clone(),
        }
    }

    /// A program in this world, for tests that need more than its output: input, signals, several at once.
    #[expect(
        clippy::disallowed_methods,
        reason = "tests start git, the tool and hooks as a shell would"
    )]
    pub(crate) fn command(&self, dir: &Path, program: impl AsRef<OsStr>) -> Command {
        let home = self.root.join("home");
        let date = format!("{} +0000", self.clock.get());
        let mut command = Command::new(program);
        command
            .current_dir(dir)
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", path_with_the_tool())
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join(".config"))
            .env("XDG_STATE_HOME", home.join(".local/state"))
            .env("XDG_CACHE_HOME", home.join(".cache"))
            .env("TMPDIR", self.root.join("tmp"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CEILING_DIRECTORIES", &self.root)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_EDITOR", "true")
            .env("GIT_PAGER", "cat")
            // Nothing goes on when a test is over, unless that is what it is about.
            .env("TRACKS_NEWS", "0")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.com")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_NAME", "Ada")
            .env("GIT_COMMITTER_EMAIL", "ada@example.com")
            .env("GIT_COMMITTER_DATE", &date)
            .env("TRACKS_NOW", self.now.get().to_string())
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .env("TERM", "dumb")
            .env("COLUMNS", "100");
        command
    }

    /// Leaves the directory in place and says where, for looking at a test that fails.
    #[expect(dead_code, reason = "written into a test while it is being mended")]
    pub(crate) fn keep(self) -> PathBuf {
        self.dir.keep()
    }
}

impl Ran {
    /// Everything, for an inline snapshot: status, stdout and stderr, with what differs from run to run redacted.
    pub(crate) fn shown(&self) -> String {
        format!(
            "exit: {}\n--- stdout\n{}--- stderr\n{}",
            self.status,
            self.redacted(&self.stdout),
            self.redacted(&self.stderr)
        )
    }

    fn redacted(&self, text: &str) -> String {
        let text = redact(text, &self.root.to_string_lossy());
        if text.is_empty() || text.ends_with('\n') {
            text
        } else {
            format!("{text}\n")
        }
    }
}

/// Hooks and scripts find the tool by its name.
#[expect(
    clippy::disallowed_methods,
    reason = "git and sh are wherever the machine has them"
)]
fn path_with_the_tool() -> std::ffi::OsString {
    let tool = Path::new(env!("CARGO_BIN_EXE_tracks"))
        .parent()
        .expect("a program is in a directory");
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(tool.to_path_buf()).chain(std::env::split_paths(&inherited));
    std::env::join_paths(all).expect("the parts of a PATH")
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests write what a person would have written"
)]
fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("its directory");
    fs::write(path, text).expect("the file");
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn a_few_lines_make_a_history() {
        let world = World::of(
            "
            main: Two files
                a.txt = one | two | three
                docs/b.txt = text
            topic from main: Change the middle, drop a file
                a.txt = one | TWO | three
                - docs/b.txt
            main: Meanwhile
                c.txt =
            main merges topic: Bring it in
            ",
        );
        let log = [
            "log",
            "--reverse",
            "--topo-order",
            "--format=%aI %s",
            "--name-status",
        ];
        assert_snapshot!(world.git(&log), @r"
        2026-11-23T09:00:00Z Two files

        A	a.txt
        A	docs/b.txt
        2026-11-23T11:00:00Z Meanwhile

        A	c.txt
        2026-11-23T10:00:00Z Change the middle, drop a file

        M	a.txt
        D	docs/b.txt
        2026-11-23T12:00:00Z Bring it in
        ");
        assert_eq!(world.read("a.txt"), "one\nTWO\nthree\n");
        assert_eq!(world.read("c.txt"), "");
        assert_eq!(world.git(&["branch", "--show-current"]), "main");
        assert_eq!(world.git(&["status", "--porcelain"]), "");
        assert_eq!(world.leftovers(), Vec::<String>::new());
    }

    #[test]
    fn the_same_history_has_the_same_ids() {
        let head = || {
            let world = World::of("main: One\n  a = 1\ntopic from main: Two\n  a = 2\n");
            world.git(&["rev-parse", "main", "topic"])
        };
        assert_eq!(head(), head());
    }

    #[test]
    fn a_branch_in_a_worktree_is_committed_there() {
        let world = World::of("main: One\n  a = 1\ntopic from main: Two\n  a = 2\n");
        world.git(&["worktree", "add", "--quiet", "../elsewhere", "topic"]);
        world.commit("topic", &[("a", "3\n")], "Three");
        let elsewhere = world.root().join("elsewhere");
        assert_eq!(fs::read_to_string(elsewhere.join("a")).unwrap(), "3\n");
        assert_eq!(world.git_in(&elsewhere, &["status", "--porcelain"]), "");
        assert_eq!(
            world.git(&["log", "--format=%s", "topic"]),
            "Three\nTwo\nOne"
        );
    }

    #[test]
    fn nothing_of_the_host_comes_in() {
        let world = World::new();
        let names = world.run_in(&world.repo(), "env", &[]).stdout;
        let expected = [
            "GIT_",
            "XDG_",
            "PATH=",
            "HOME=",
            "TMPDIR=",
            "TRACKS_NOW=",
            "TRACKS_NEWS=",
            "LC_ALL=",
            "TZ=",
            "TERM=",
            "COLUMNS=",
        ];
        let strangers: Vec<&str> = names
            .lines()
            .filter(|line| !expected.iter().any(|name| line.starts_with(name)))
            .collect();
        assert_eq!(strangers, Vec::<&str>::new());
        let scopes = world.git(&["config", "--list", "--show-scope", "--name-only"]);
        assert!(!scopes.contains("system"), "{scopes}");
        assert!(
            world
                .git(&["config", "--global", "--list"])
                .starts_with("init.defaultbranch=main\n")
        );
    }

    #[test]
    fn an_output_is_shown_whole_and_redacted() {
        let world = World::of("main: One\n  a = 1\n");
        let script = "pwd; git rev-parse HEAD; git log --oneline; echo 'took 12 ms, 0.31 s of 30s' >&2; exit 3";
        let ran = world.run_in(&world.repo(), "sh", &["-c", script]);
        assert_snapshot!(ran.shown(), @r"
        exit: 3
        --- stdout
        [ROOT]/repo
        [ID]
        [ID] One
        --- stderr
        took [DURATION], [DURATION] of 30s
        ");
    }

    #[test]
    fn now_is_what_the_test_says() {
        let world = World::new();
        let now = |world: &World| {
            world
                .run_in(&world.repo(), "sh", &["-c", "echo $TRACKS_NOW"])
                .stdout
        };
        assert_eq!(now(&world), format!("{FRIDAY_NOON}\n"));
        world.set_now(MONDAY_MORNING);
        assert_eq!(now(&world), format!("{MONDAY_MORNING}\n"));
    }

    #[test]
    fn the_tool_starts_here_and_by_its_name() {
        let world = World::new();
        world.write("note", "uncommitted\n");
        let by_name = world.run_in(&world.repo(), "tracks", &["--version"]);
        assert_eq!(world.tracks(&["--version"]), by_name);
        assert_eq!(by_name.status, 0, "{}", by_name.shown());
    }
}
