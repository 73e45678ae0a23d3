//! Worktrees: the list of them, and what is uncommitted in one.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::executable::{fields, run};
use super::repository::branch_name;
use super::{GitError, Repository};
use crate::domain::change::{Dirty, Unfinished};
use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;
use crate::process::Cmd;

/// One entry of `git worktree list`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    /// Absolute; canonical where it exists.
    pub path: PathBuf,
    pub is_main: bool,
    /// What is checked out, also while a rebase or a bisection has HEAD elsewhere: git lets nobody else have it then.
    pub branch: Option<BranchName>,
    /// Where HEAD is.
    pub commit: Option<CommitId>,
    /// The reason may be empty.
    pub locked: Option<String>,
    /// Nobody can work there, and why: its directory is gone, or is not (or no longer) a worktree of this repository.
    pub prunable: Option<String>,
    /// `git worktree add` was killed before it finished.
    pub half_made: bool,
}

/// What `git status` finds in a worktree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorktreeStatus {
    pub dirty: Dirty,
    pub unfinished: Option<Unfinished>,
}

/// What `git worktree add` writes as the reason of the lock that it holds while it works.
pub(super) const INITIALIZING: &str = "initializing";

/// Why nobody can work in a worktree that has come to be another repository's.
pub const OF_ANOTHER: &str = "it belongs to another repository";

impl Worktree {
    /// The one in which a branch is checked out and can be worked on.
    pub fn of_branch<'w>(list: &'w [Worktree], branch: &BranchName) -> Option<&'w Worktree> {
        list.iter()
            .find(|entry| entry.branch.as_ref() == Some(branch) && entry.prunable.is_none())
    }
}

impl Repository {
    /// # Errors
    /// When the list cannot be read.
    pub fn worktrees(&self) -> Result<Vec<Worktree>, GitError> {
        let cmd = self.cmd().args(["worktree", "list", "--porcelain", "-z"]);
        let output = run_beside_adds(&cmd, "worktree list")?;
        let mut list = parse_list(&output);
        for entry in list.iter_mut().filter(|entry| !entry.is_main) {
            if !entry.half_made && entry.prunable.is_none() {
                entry.prunable = self.disowned(&entry.path);
            }
        }
        for entry in list.iter_mut().filter(|entry| entry.branch.is_none()) {
            if !entry.half_made && entry.prunable.is_none() {
                let git_dir = self.git_dir_of(&entry.path);
                entry.branch = git_dir.ok().and_then(|dir| left_for_now(&dir));
            }
        }
        Ok(list)
    }

    /// What git does not see: it never asks where a locked entry is, nor whether the worktree knows of the entry. In a copy of
    /// a repository, entries name the worktrees of the original, and those must not be taken for ours.
    fn disowned(&self, worktree: &Path) -> Option<String> {
        let dot_git = worktree.join(".git");
        let why = match std::fs::read(&dot_git) {
            Ok(content) => {
                let admin = content.strip_prefix(b"gitdir: ").unwrap_or(&content);
                let admin = worktree.join(path_of(admin.trim_ascii_end()));
                match (
                    admin.canonicalize(),
                    self.common_dir().join("worktrees").canonicalize(),
                ) {
                    (Ok(admin), Ok(ours)) if admin.parent() == Some(&ours) => return None,
                    (Ok(_), _) => OF_ANOTHER,
                    (Err(_), _) => "it looks for its repository in another place",
                }
            }
            Err(_) if dot_git.is_dir() => "it is a repository of its own",
            Err(error) if error.kind() == ErrorKind::NotFound => "its directory is gone",
            Err(_) => return None,
        };
        Some(why.to_owned())
    }

    /// What is uncommitted, without touching the index of the worktree.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn worktree_status(&self, worktree: &Path) -> Result<WorktreeStatus, GitError> {
        let git_dir = self.git_dir_of(worktree)?;
        let cmd = self.cmd_in(worktree).args([
            "status",
            "--porcelain=v2",
            "-z",
            "--untracked-files=normal",
            "--no-renames",
        ]);
        let output = run(&cmd, "status")?;
        Ok(WorktreeStatus {
            dirty: count(&output),
            unfinished: unfinished(&git_dir),
        })
    }
}

/// How often a git is run again that met an entry in the making: each such moment is a few microseconds long.
const ATTEMPTS: usize = 20;

/// As [`run`], for those that read all entries: git dies where another process has created the `commondir` file of a new
/// entry and not yet written it.
pub(super) fn run_beside_adds(cmd: &Cmd, command: &str) -> Result<Vec<u8>, GitError> {
    let mut result = run(cmd, command);
    for _ in 1..ATTEMPTS {
        match &result {
            // The path follows, of which only a part may be there: it may have line breaks in it.
            Err(GitError::Program { message, .. }) if message.starts_with("failed to read") => {}
            _ => break,
        }
        result = run(cmd, command);
    }
    result
}

/// Format: git-worktree(1), "PORCELAIN FORMAT".
fn parse_list(output: &[u8]) -> Vec<Worktree> {
    let mut list: Vec<Worktree> = Vec::new();
    for field in fields(output) {
        let (key, value) = match field.iter().position(|byte| *byte == b' ') {
            Some(space) => (&field[..space], &field[space + 1..]),
            None => (field, b"".as_slice()),
        };
        if key == b"worktree" {
            list.push(Worktree {
                path: existing(path_of(value)),
                is_main: list.is_empty(),
                branch: None,
                commit: None,
                locked: None,
                prunable: None,
                half_made: false,
            });
        } else if let Some(worktree) = list.last_mut() {
            add_attribute(worktree, key, value);
        }
    }
    list
}

fn add_attribute(worktree: &mut Worktree, key: &[u8], value: &[u8]) {
    let text = || String::from_utf8_lossy(value).into_owned();
    match key {
        // All zeros: nothing is committed there yet.
        b"HEAD" if value.iter().any(|digit| *digit != b'0') => {
            worktree.commit = CommitId::from_hex(&text()).ok();
        }
        b"branch" => worktree.branch = branch_name(value.into()),
        b"locked" => {
            worktree.half_made = value == INITIALIZING.as_bytes();
            worktree.locked = Some(text());
        }
        b"prunable" => worktree.prunable = Some(text()),
        _ => {}
    }
}

pub(super) fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

fn existing(path: PathBuf) -> PathBuf {
    path.canonicalize().unwrap_or(path)
}

/// Format: git-status(1), "Porcelain Format Version 2".
fn count(output: &[u8]) -> Dirty {
    let mut dirty = Dirty::default();
    let mut fields = fields(output);
    while let Some(field) = fields.next() {
        match field.first() {
            Some(kind @ (b'1' | b'2')) => {
                dirty.staged += usize::from(field.get(2).is_some_and(|state| *state != b'.'));
                dirty.unstaged += usize::from(field.get(3).is_some_and(|state| *state != b'.'));
                if *kind == b'2' {
                    // The path it came from is a field of its own.
                    fields.next();
                }
            }
            Some(b'u') => dirty.unmerged += 1,
            Some(b'?') => dirty.untracked += 1,
            _ => {}
        }
    }
    dirty
}

/// The branch that a rebase or a bisection works on: HEAD is detached meanwhile, and `git worktree list` does not say.
pub(super) fn left_for_now(git_dir: &Path) -> Option<BranchName> {
    let read = |name: &str| std::fs::read_to_string(git_dir.join(name)).ok();
    let rebased = ["rebase-merge/head-name", "rebase-apply/head-name"];
    match rebased.into_iter().find_map(read) {
        Some(full) => branch_name(full.trim_end().into()),
        None => {
            let start = read("BISECT_START")?;
            // It started from no branch.
            if CommitId::from_hex(start.trim_end()).is_ok() {
                return None;
            }
            branch_name(format!("refs/heads/{}", start.trim_end()).as_str().into())
        }
    }
}

/// The marks that git itself goes by (its `wt-status.c`); a rebase may hold one of the others inside it.
pub(super) fn unfinished(git_dir: &Path) -> Option<Unfinished> {
    let marks = [
        ("rebase-merge", Unfinished::Rebase),
        ("rebase-apply", Unfinished::Rebase),
        ("MERGE_HEAD", Unfinished::Merge),
        ("CHERRY_PICK_HEAD", Unfinished::CherryPick),
        ("REVERT_HEAD", Unfinished::Revert),
    ];
    marks
        .into_iter()
        .find(|(mark, _)| git_dir.join(mark).exists())
        .map(|(_, what)| what)
        .or_else(|| sequence(git_dir))
        .or_else(|| {
            let bisecting = git_dir.join("BISECT_LOG").exists();
            bisecting.then_some(Unfinished::Bisect)
        })
}

/// Between two commits of a series there is no head file, but the list of what is to come.
fn sequence(git_dir: &Path) -> Option<Unfinished> {
    let todo = std::fs::read_to_string(git_dir.join("sequencer/todo")).ok()?;
    match todo.split_whitespace().next() {
        Some("pick" | "p") => Some(Unfinished::CherryPick),
        Some("revert") => Some(Unfinished::Revert),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{World, branch};

    #[test]
    fn the_list() {
        let world = World::new();
        world.write("a", "1\n");
        let tip = world.commit("one");
        world.git(&[
            "worktree",
            "add",
            "-q",
            "-b",
            "x/y",
            "../with space\nand line",
        ]);
        world.git(&["worktree", "add", "-q", "--detach", "../detached"]);
        world.git(&["worktree", "lock", "--reason", "on a stick", "../detached"]);
        world.git(&["worktree", "add", "-q", "-b", "gone", "../gone"]);
        std::fs::remove_dir_all(world.outside().join("gone")).unwrap();
        let mut list = world.open().worktrees().unwrap();
        list[1..].sort_by(|a, b| a.path.cmp(&b.path));
        let entry = |name: &str, branch_name: Option<&str>| Worktree {
            path: world.outside().join(name),
            is_main: false,
            branch: branch_name.map(branch),
            commit: Some(tip),
            locked: None,
            prunable: None,
            half_made: false,
        };
        let reason = list.iter().find_map(|entry| entry.prunable.clone());
        assert!(reason.as_ref().is_some_and(|reason| !reason.is_empty()));
        assert_eq!(
            list,
            [
                Worktree {
                    is_main: true,
                    ..entry("repo", Some("main"))
                },
                Worktree {
                    locked: Some("on a stick".to_owned()),
                    ..entry("detached", None)
                },
                Worktree {
                    prunable: reason,
                    ..entry("gone", Some("gone"))
                },
                entry("with space\nand line", Some("x/y")),
            ]
        );
    }

    #[test]
    fn a_rebase_and_a_bisection_have_a_branch() {
        let world = World::new();
        world.write("a", "1\n");
        world.commit("one");
        world.write("a", "2\n");
        world.commit("two");
        for (name, start) in [
            (
                "rebased",
                &["rebase", "-q", "--force-rebase", "--exec", "false", "HEAD~"] as &[&str],
            ),
            ("bisected", &["bisect", "start", "HEAD", "HEAD~"]),
        ] {
            let path = world.outside().join(name);
            world.git(&["worktree", "add", "-q", "-b", name, &path.to_string_lossy()]);
            world.git_any_in(&path, start);
            world.git_any_in(&path, &["checkout", "-q", "--detach"]);
            let entry = world.open().entry(&path).unwrap().unwrap();
            assert_eq!(entry.branch, Some(branch(name)));
        }
    }

    #[test]
    fn what_git_takes_for_usable() {
        let world = World::new();
        world.write("a", "1\n");
        world.commit("one");
        for name in ["gone", "other", "own", "lost", "fine"] {
            world.git(&["worktree", "add", "-q", "-b", name, &format!("../{name}")]);
        }
        let at = |name: &str| world.outside().join(name);
        world.git(&["worktree", "lock", "../gone"]);
        std::fs::remove_dir_all(at("gone")).unwrap();
        world.git_in(&world.outside(), &["clone", "-q", "repo", "clone"]);
        world.git_in(
            &at("clone"),
            &["worktree", "add", "-q", "--detach", "../theirs"],
        );
        std::fs::copy(at("theirs/.git"), at("other/.git")).unwrap();
        std::fs::remove_file(at("own/.git")).unwrap();
        world.git_in(&at("own"), &["init", "-q"]);
        crate::git::testing::write_at(&at("lost/.git"), b"gitdir: /no/such/place\n");
        let repository = world.open();
        for (name, why) in [
            ("gone", Some("its directory is gone")),
            ("other", Some("it belongs to another repository")),
            ("own", Some("it is a repository of its own")),
            ("lost", Some("it looks for its repository in another place")),
            ("fine", None),
        ] {
            let entry = repository.entry(&at(name)).unwrap().unwrap();
            assert_eq!(entry.prunable.as_deref(), why, "{name}");
        }
    }

    #[test]
    fn without_a_commit_there_is_a_branch_only() {
        let world = World::new();
        let list = world.open().worktrees().unwrap();
        assert_eq!(list.len(), 1);
        assert_eq!(
            (&list[0].branch, list[0].commit),
            (&Some(branch("main")), None)
        );
    }

    #[test]
    fn counts() {
        let world = World::new();
        for path in ["a", "b", "c", "d"] {
            world.write(path, "1\n");
        }
        world.commit("one");
        let repository = world.open();
        let status = || repository.worktree_status(&world.root()).unwrap();
        assert_eq!(status(), WorktreeStatus::default());
        world.write("a", "2\n");
        world.git(&["add", "a"]);
        world.write("a", "3\n");
        world.write("b", "2\n");
        world.git(&["mv", "c", "moved"]);
        world.write("new/1", "1\n");
        world.write("new/2", "1\n");
        let index = std::fs::read(world.root().join(".git/index")).unwrap();
        assert_eq!(
            status().dirty,
            Dirty {
                staged: 3,
                unstaged: 2,
                untracked: 1,
                unmerged: 0
            }
        );
        assert_eq!(
            std::fs::read(world.root().join(".git/index")).unwrap(),
            index
        );
    }

    #[test]
    fn unfinished_work() {
        let world = World::new();
        world.write("a", "1\n");
        world.commit("one");
        world.topic("topic", "main", &[("a", Some("t1\n"))]);
        world.write("a", "t2\n");
        world.commit("t2");
        world.git(&["checkout", "-q", "main"]);
        world.write("a", "m\n");
        world.commit("m");
        world.git(&["worktree", "add", "-q", "-b", "side", "../side"]);
        let side = world.outside().join("side");
        let repository = world.open();
        let cases: [(&[&str], Unfinished, &[&str]); 5] = [
            (
                &["merge", "topic"],
                Unfinished::Merge,
                &["merge", "--abort"],
            ),
            (
                &["rebase", "topic"],
                Unfinished::Rebase,
                &["rebase", "--abort"],
            ),
            (
                &["cherry-pick", "topic~1", "topic"],
                Unfinished::CherryPick,
                &["cherry-pick", "--abort"],
            ),
            (
                &["revert", "topic~1"],
                Unfinished::Revert,
                &["revert", "--abort"],
            ),
            (
                &["bisect", "start"],
                Unfinished::Bisect,
                &["bisect", "reset"],
            ),
        ];
        for (start, expected, abort) in cases {
            world.git_any_in(&side, start);
            let status = repository.worktree_status(&side).unwrap();
            assert_eq!(status.unfinished, Some(expected), "{start:?}");
            let list = repository.worktrees().unwrap();
            assert_eq!(list[1].branch, Some(branch("side")), "{start:?}");
            let conflicts = usize::from(expected != Unfinished::Bisect);
            assert_eq!(status.dirty.unmerged, conflicts, "{start:?}");
            assert_eq!(
                repository
                    .worktree_status(&world.root())
                    .unwrap()
                    .unfinished,
                None,
                "each worktree has its own"
            );
            world.git_in(&side, abort);
        }
        world.git_any_in(&side, &["cherry-pick", "topic~1", "topic"]);
        world.git_in(&side, &["checkout", "--theirs", "a"]);
        world.git_in(&side, &["commit", "-q", "-a", "-m", "picked by hand"]);
        assert_eq!(
            repository.worktree_status(&side).unwrap().unfinished,
            Some(Unfinished::CherryPick),
            "more of the series is to come"
        );
    }
}
