//! The long way to the tree: a copy of the worktree's index, and `git add -A` on it.

use std::fs::File;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::super::executable::{complaint, run_any};
use super::super::scratch::io;
use super::super::{GitError, Merger};
use super::{Snapshot, unreadable};
use crate::domain::revision::TreeId;
use crate::process::Cmd;

/// The worktree's index once more, in a directory of ours that goes with this value.
pub(super) struct IndexCopy {
    path: PathBuf,
    _dir: TempDir,
}

impl IndexCopy {
    pub(super) fn new(merger: &Merger<'_>, worktree: &Path) -> Result<IndexCopy, GitError> {
        let dir = directory(merger)?;
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

    pub(super) fn write_tree(
        &self,
        merger: &Merger<'_>,
        worktree: &Path,
    ) -> Result<Snapshot, GitError> {
        let cmd =
            || on_index(merger, worktree, &self.path).args(["-c", "advice.addEmbeddedRepo=false"]);
        let added = run_any(&cmd().args(["add", "-A", "--", "."]), "add -A")?;
        if added.status != Some(0) {
            return Ok(unreadable(&complaint(&added)));
        }
        match self.staged_tree(merger, worktree)? {
            Ok(tree) => Ok(Snapshot::Dirty(tree)),
            Err(complaint) => Ok(unreadable(&complaint)),
        }
    }

    /// The index as a tree, or what git has against that (unmerged paths).
    pub(super) fn staged_tree(
        &self,
        merger: &Merger<'_>,
        worktree: &Path,
    ) -> Result<Result<TreeId, String>, GitError> {
        let cmd = on_index(merger, worktree, &self.path).arg("write-tree");
        let written = run_any(&cmd, "write-tree")?;
        if written.status != Some(0) {
            return Ok(Err(complaint(&written)));
        }
        let hex = String::from_utf8_lossy(&written.stdout);
        TreeId::from_hex(hex.trim())
            .map(Ok)
            .map_err(|error| GitError::Protocol {
                command: "write-tree".to_owned(),
                message: error.to_string(),
            })
    }
}

/// For an index of ours.
pub(super) fn directory(merger: &Merger<'_>) -> Result<TempDir, GitError> {
    match merger.scratch_dir() {
        Some(scratch) => TempDir::with_prefix_in("index-", scratch),
        None => TempDir::new(),
    }
    .map_err(io(Path::new("a temporary directory")))
}

/// git in the worktree, on an index of ours.
pub(super) fn on_index(merger: &Merger<'_>, worktree: &Path, index: &Path) -> Cmd {
    merger
        .with_objects(merger.repository().cmd_in(worktree))
        .env("GIT_INDEX_FILE", index)
        // A split index would put its shared part into the repository; hooks are for what people do.
        .args(["-c", "core.splitIndex=false"])
        .args(["-c", "core.hooksPath=/dev/null"])
}

/// The time decides which entries git takes for racy, that is, reads again: with a new time, an edit of the same second
/// and length would be missed.
fn copy_with_time(mut from: File, to: &Path) -> std::io::Result<()> {
    let time = from.metadata()?.modified()?;
    let mut copy = File::create_new(to)?;
    std::io::copy(&mut from, &mut copy)?;
    copy.set_modified(time)
}
