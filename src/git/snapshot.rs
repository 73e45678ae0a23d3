//! Uncommitted work as a tree.

use std::fs::File;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::executable::{complaint, run_any};
use super::scratch::io;
use super::{GitError, Merger, WorktreeStatus};
use crate::domain::revision::{CommitId, TreeId};

/// What a worktree holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Snapshot {
    /// Nothing uncommitted: the tip's own tree.
    Clean(TreeId),
    /// The tip with the uncommitted work on top.
    Dirty(TreeId),
    /// The tip's own tree, because the work cannot be told from conflict markers; the reason is one sentence.
    TipOnly { tree: TreeId, reason: String },
    /// It could not be read; the reason is one sentence.
    Unavailable(String),
}

pub(super) fn snapshot(
    merger: &Merger<'_>,
    worktree: &Path,
    tip: CommitId,
) -> Result<Snapshot, GitError> {
    let tree = merger.tree_of(tip)?;
    let status = match merger.repository().worktree_status(worktree) {
        Ok(status) => status,
        Err(GitError::Program { message, .. }) => return Ok(unreadable(&message)),
        Err(other) => return Err(other),
    };
    if let Some(reason) = not_content(&status) {
        return Ok(Snapshot::TipOnly { tree, reason });
    }
    if status.dirty.is_clean() {
        return Ok(Snapshot::Clean(tree));
    }
    let copy = IndexCopy::new(merger, worktree)?;
    copy.write_tree(merger, worktree)
}

fn not_content(status: &WorktreeStatus) -> Option<String> {
    match (status.unfinished, status.dirty.unmerged) {
        (Some(unfinished), _) => Some(format!(
            "it is in the middle of a {}, so only its last commit counts",
            unfinished.as_str()
        )),
        (None, 0) => None,
        (None, _) => Some("it has unmerged paths, so only its last commit counts".to_owned()),
    }
}

fn unreadable(message: &str) -> Snapshot {
    Snapshot::Unavailable(format!("git cannot read its uncommitted work: {message}"))
}

/// The worktree's index once more, in a directory of ours that goes with this value.
struct IndexCopy {
    path: PathBuf,
    _dir: TempDir,
}

impl IndexCopy {
    fn new(merger: &Merger<'_>, worktree: &Path) -> Result<IndexCopy, GitError> {
        let dir = match merger.scratch_dir() {
            Some(scratch) => TempDir::with_prefix_in("index-", scratch),
            None => TempDir::new(),
        }
        .map_err(io(Path::new("a temporary directory")))?;
        let path = dir.path().join("index");
        let original = merger.repository().git_dir_of(worktree)?.join("index");
        match File::open(&original) {
            Ok(file) => copy_with_time(file, &path).map_err(io(&original))?,
            // Nothing was ever staged here: git starts an index.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(io(&original)(error)),
        }
        Ok(IndexCopy { path, _dir: dir })
    }

    fn write_tree(&self, merger: &Merger<'_>, worktree: &Path) -> Result<Snapshot, GitError> {
        let cmd = || {
            merger
                .with_objects(merger.repository().cmd_in(worktree))
                .env("GIT_INDEX_FILE", &self.path)
                // A split index would put its shared part into the repository; hooks are for what people do.
                .args(["-c", "core.splitIndex=false"])
                .args(["-c", "core.hooksPath=/dev/null"])
                .args(["-c", "advice.addEmbeddedRepo=false"])
        };
        let added = run_any(&cmd().args(["add", "-A", "--", "."]), "add -A")?;
        if added.status != Some(0) {
            return Ok(unreadable(&complaint(&added)));
        }
        let written = run_any(&cmd().arg("write-tree"), "write-tree")?;
        if written.status != Some(0) {
            return Ok(unreadable(&complaint(&written)));
        }
        let hex = String::from_utf8_lossy(&written.stdout);
        TreeId::from_hex(hex.trim())
            .map(Snapshot::Dirty)
            .map_err(|error| GitError::Protocol {
                command: "write-tree".to_owned(),
                message: error.to_string(),
            })
    }
}

/// The time decides which entries git takes for racy, that is, reads again: with a new time, an edit of the same second
/// and length would be missed.
fn copy_with_time(mut from: File, to: &Path) -> std::io::Result<()> {
    let time = from.metadata()?.modified()?;
    let mut copy = File::create_new(to)?;
    std::io::copy(&mut from, &mut copy)?;
    copy.set_modified(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::path::RepoPath;
    use crate::git::testing::{World, write_at};

    fn world() -> World {
        let world = World::new();
        world.write(".gitignore", "*.log\n");
        world.write("a", "1\n");
        world.write("b", "1\n");
        world.commit("one");
        world
    }

    fn take(world: &World, worktree: &Path) -> Snapshot {
        let repository = world.open();
        let root = world.outside().join("scratch");
        let tip = world.tip("main");
        let merger = Merger::scratch(&repository, tip, &root).unwrap();
        merger.snapshot(worktree, tip).unwrap()
    }

    /// Takes the snapshot and checks it against a commit of everything, and that index and status are as before.
    fn check(world: &World, worktree: &Path) {
        let index = std::fs::read(world.open().git_dir_of(worktree).unwrap().join("index")).ok();
        let status = world.git_in(worktree, &["--no-optional-locks", "status", "--porcelain"]);
        let objects = world.objects();
        let Snapshot::Dirty(tree) = take(world, worktree) else {
            panic!("not dirty");
        };
        assert_eq!(world.objects(), objects, "no object reaches the repository");
        assert_eq!(
            std::fs::read(world.open().git_dir_of(worktree).unwrap().join("index")).ok(),
            index
        );
        let after = world.git_in(worktree, &["--no-optional-locks", "status", "--porcelain"]);
        assert_eq!(after, status);
        let scratch = world.outside().join("scratch");
        assert_eq!(std::fs::read_dir(scratch).unwrap().count(), 0);
        world.git_in(worktree, &["add", "-A"]);
        assert_eq!(tree.to_string(), world.git_in(worktree, &["write-tree"]));
    }

    #[test]
    fn clean() {
        let world = world();
        world.write("ignored.log", "x\n");
        let tree = world.open().commit(world.tip("main")).unwrap().tree;
        assert_eq!(take(&world, &world.root()), Snapshot::Clean(tree));
    }

    #[test]
    fn everything_uncommitted_counts() {
        let world = world();
        world.write("a", "2\n");
        world.write("staged", "1\n");
        world.git(&["add", "staged"]);
        world.write("staged", "2\n");
        world.write("intent", "1\n");
        world.git(&["add", "-N", "intent"]);
        world.remove("b");
        world.write("dir/untracked", "1\n");
        world.write("ignored.log", "x\n");
        world.write_bytes(b"odd \xff\n", b"x");
        world.symlink("a", "link");
        check(&world, &world.root());
    }

    #[test]
    fn an_edit_in_the_second_of_the_index_is_seen() {
        let world = world();
        let repository = world.open();
        let index = world.root().join(".git/index");
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
        let set = |path: &Path| {
            let file = File::options().append(true).open(path).unwrap();
            file.set_modified(time).unwrap();
        };
        set(&world.root().join("a"));
        world.git(&["-c", "core.trustctime=false", "update-index", "--refresh"]);
        world.git(&["config", "core.trustctime", "false"]);
        set(&index);
        std::fs::OpenOptions::new()
            .write(true)
            .open(world.root().join("a"))
            .and_then(|mut file| std::io::Write::write_all(&mut file, b"2\n"))
            .unwrap();
        set(&world.root().join("a"));
        let tip = world.tip("main");
        let merger = Merger::scratch(&repository, tip, &world.outside().join("scratch")).unwrap();
        let Snapshot::Dirty(tree) = merger.snapshot(&world.root(), tip).unwrap() else {
            panic!("the edit was missed");
        };
        let entries = merger.tree_entries(tree).unwrap();
        let entry = entries.iter().find(|entry| entry.0 == RepoPath::new("a"));
        let expected = world.git(&["hash-object", "a"]);
        assert_eq!(entry.unwrap().2.to_string(), expected);
    }

    #[test]
    fn linked_worktrees_and_kinds_of_index() {
        for setting in ["core.splitIndex", "core.untrackedCache", "index.sparse"] {
            let world = world();
            world.git(&["config", setting, "true"]);
            world.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
            let linked = world.outside().join("linked");
            world.git_in(&linked, &["update-index", "--refresh"]);
            write_at(&linked.join("a"), b"2\n");
            write_at(&linked.join("new"), b"2\n");
            check(&world, &linked);
        }
    }

    #[test]
    fn sparse_checkouts_keep_what_is_not_there() {
        let world = world();
        world.write("in/file", "1\n");
        world.write("out/file", "1\n");
        world.commit("two");
        world.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
        world.write("in/file", "2\n");
        assert!(!world.root().join("out").exists());
        check(&world, &world.root());
    }

    #[test]
    fn without_an_index_everything_is_read_anew() {
        let world = world();
        world.write("a", "2\n");
        world.remove(".git/index");
        check(&world, &world.root());
    }

    #[test]
    fn unfinished_work_is_not_content() {
        let world = world();
        world.topic("topic", "main", &[("a", Some("topic\n"))]);
        world.git(&["checkout", "-q", "main"]);
        world.write("a", "main\n");
        world.commit("main");
        assert!(!world.git_try(&["merge", "topic"]));
        let tree = world.open().commit(world.tip("main")).unwrap().tree;
        let reason = "it is in the middle of a merge, so only its last commit counts".to_owned();
        let expected = Snapshot::TipOnly { tree, reason };
        assert_eq!(take(&world, &world.root()), expected);
        world.remove(".git/MERGE_HEAD");
        let reason = "it has unmerged paths, so only its last commit counts".to_owned();
        let expected = Snapshot::TipOnly { tree, reason };
        assert_eq!(take(&world, &world.root()), expected);
    }

    #[test]
    fn an_empty_repository_inside_makes_it_unavailable() {
        let world = world();
        world.git(&["init", "-q", "nested"]);
        let Snapshot::Unavailable(reason) = take(&world, &world.root()) else {
            panic!("available");
        };
        assert!(reason.contains("nested/"), "{reason}");
    }

    #[test]
    fn publishing_writes_to_the_repository() {
        let world = world();
        world.write("a", "2\n");
        let repository = world.open();
        let tip = world.tip("main");
        let merger = Merger::publishing(&repository, tip);
        let Snapshot::Dirty(tree) = merger.snapshot(&world.root(), tip).unwrap() else {
            panic!("not dirty");
        };
        assert_eq!(world.git(&["cat-file", "-p", &format!("{tree}:a")]), "2");
    }
}
