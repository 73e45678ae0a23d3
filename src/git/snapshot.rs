//! Uncommitted work as a tree, for the price of one `git status`.
//!
//! What status tells is enough to edit the tree of HEAD: what is only staged has its blob already, and the few files that
//! the worktree changed are read by one more git, through the index of those files alone. Where that cannot be proven to
//! give what `git add -A` would, a copy of the whole index is made, and `git add -A` asked.

mod changes;
mod doubt;
mod edit;
mod index_copy;
mod reading;

use std::path::Path;

use super::executable::{complaint, run_any};
use super::worktree::unfinished;
use super::{GitError, Merger};
use crate::domain::change::Unfinished;
use crate::domain::revision::{CommitId, TreeId};
use crate::process::{CmdOutput, cores};
use changes::Changes;
use doubt::{Doubt, Moment};
use index_copy::IndexCopy;

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
    at_once: usize,
) -> Result<Snapshot, GitError> {
    let tree = merger.tree_of(tip)?;
    let git_dir = merger.repository().git_dir_of(worktree)?;
    let moment = Moment::of(&git_dir);
    let status = status(merger, worktree, at_once)?;
    if status.status != Some(0) {
        return Ok(unreadable(&complaint(&status)));
    }
    let changes = Changes::parse(&status.stdout);
    if let Some(reason) = not_content(unfinished(&git_dir), changes.unmerged) {
        return Ok(Snapshot::TipOnly { tree, reason });
    }
    // Clean is what is checked out; that it is the tip has to be asked.
    if changes.is_empty() && moment.still(merger.repository(), tip).is_ok() {
        return Ok(Snapshot::Clean(tree));
    }
    let quick = edited_tree(merger, worktree, tree, &changes)
        .and_then(|edited| moment.still(merger.repository(), tip).map(|()| edited));
    match quick {
        Ok(edited) => Ok(Snapshot::Dirty(edited)),
        Err(_) => IndexCopy::new(merger, worktree)?.write_tree(merger, worktree),
    }
}

impl Merger<'_> {
    /// What a worktree holds, tracked or not and unmerged or not, in this merger's object directory: the tree that `git add
    /// -A` would make of it. Its index stays untouched. HEAD may be a commit that only this merger can read.
    ///
    /// # Errors
    /// When git cannot read what is there.
    pub fn tree_in(&self, worktree: &Path) -> Result<TreeId, GitError> {
        match IndexCopy::new(self, worktree)?.write_tree(self, worktree)? {
            Snapshot::Clean(tree) | Snapshot::Dirty(tree) | Snapshot::TipOnly { tree, .. } => {
                Ok(tree)
            }
            Snapshot::Unavailable(message) => Err(GitError::Protocol {
                command: "add -A".to_owned(),
                message,
            }),
        }
    }
}

/// What is staged, where that is a tree, and everything that is there with it, whatever state the worktree is in: markers
/// count as text.
pub(super) fn everything(
    merger: &Merger<'_>,
    worktree: &Path,
) -> Result<(Option<TreeId>, Snapshot), GitError> {
    let index = IndexCopy::new(merger, worktree)?;
    let staged = index.staged_tree(merger, worktree)?.ok();
    Ok((staged, index.write_tree(merger, worktree)?))
}

/// What is staged, in the merger's object directory; nothing may be unmerged.
pub(super) fn index(merger: &Merger<'_>, worktree: &Path) -> Result<TreeId, GitError> {
    let index = IndexCopy::new(merger, worktree)?;
    (index.staged_tree(merger, worktree)?).map_err(|message| GitError::Protocol {
        command: "write-tree".to_owned(),
        message,
    })
}

/// The tree of HEAD with the changes, where it is certain that `git add -A` would give the same.
fn edited_tree(
    merger: &Merger<'_>,
    worktree: &Path,
    tree: TreeId,
    changes: &Changes,
) -> Result<TreeId, Doubt> {
    doubt::look(merger, worktree, tree, changes)?;
    let read = reading::read(merger, worktree, &changes.edited)?;
    edit::edit(merger, tree, changes, &read)
}

/// Submodules count by their commit, as they do in a tree: what is dirty inside of them is not asked for. No renames: the
/// tree has none.
fn status(merger: &Merger<'_>, worktree: &Path, at_once: usize) -> Result<CmdOutput, GitError> {
    let cmd = merger.repository().cmd_in(worktree);
    // Where others keep every core busy, threads of its own only make a git slower.
    let cmd = match at_once < cores().get() {
        true => cmd,
        false => cmd.args(["-c", "core.preloadIndex=false"]),
    };
    let cmd = cmd.args([
        "status",
        "--porcelain=v2",
        "-z",
        "--untracked-files=all",
        "--ignore-submodules=dirty",
        "--no-renames",
    ]);
    run_any(&cmd, "status")
}

fn not_content(unfinished: Option<Unfinished>, unmerged: bool) -> Option<String> {
    match (unfinished, unmerged) {
        (Some(unfinished), _) => Some(format!(
            "it is in the middle of a {}, so only its last commit counts",
            unfinished.as_str()
        )),
        (None, false) => None,
        (None, true) => Some("it has unmerged paths, so only its last commit counts".to_owned()),
    }
}

fn unreadable(message: &str) -> Snapshot {
    Snapshot::Unavailable(format!("git cannot read its uncommitted work: {message}"))
}

#[cfg(test)]
mod tests;
