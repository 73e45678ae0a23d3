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
