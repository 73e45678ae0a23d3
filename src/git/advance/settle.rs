//! After a kill in the middle of a move: the worktree goes where its branch is.

use std::path::Path;

use super::index_lock::{self, IndexLock};
use super::{AdvanceError, on_index, restore};
use crate::domain::name::BranchName;
use crate::domain::path::RepoPath;
use crate::domain::revision::CommitId;
use crate::git::checkout::head;
use crate::git::executable::{failure, fields, run, run_any};
use crate::git::{GitError, Repository};

/// What has become of a worktree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// Paths that somebody has changed since, so that they were left.
    pub left: Vec<RepoPath>,
    /// Paths that git could not write, as a filter fails.
    pub failed: Vec<RepoPath>,
}

impl From<restore::Missed> for Settled {
    fn from(missed: restore::Missed) -> Self {
        Settled {
            left: missed.left,
            failed: missed.failed,
        }
    }
}

impl Repository {
    /// Completes a move between `from` and `to` that was killed: index and files become those of the commit at which the branch
    /// is, be it either of the two. Where it is at neither, somebody has gone on, and nothing is touched. Paths that somebody
    /// has written to since are left. The caller holds the lock for refs.
    ///
    /// # Errors
    /// When another git is at work there, or git cannot do it.
    pub fn settle_worktree(
        &self,
        worktree: &Path,
        branch: &BranchName,
        from: CommitId,
        to: CommitId,
    ) -> Result<Settled, AdvanceError> {
        let admin = self.git_dir_of(worktree)?;
        let tip = self.branch(branch)?;
        let other = match tip {
            Some(at) if at == from => Some((at, to)),
            Some(at) if at == to => Some((at, from)),
            _ => None,
        };
        let (at, other) = match other {
            Some(pair) if head(&admin)? == Err(branch.to_string()) => pair,
            _ => {
                if index_lock::is_ours(&admin) {
                    drop(IndexLock::take(&admin)?);
                }
                return Ok(Settled::default());
            }
        };
        let lock = IndexLock::take(&admin)?;
        let staged = self.staged_against(worktree, at)?;
        if staged.is_empty() {
            return Ok(restore::restore(self, worktree, &lock.index(), at, other)?.into());
        }
        if !self.staged_against(worktree, other)?.is_empty() {
            // Somebody has staged something of their own.
            return Ok(Settled {
                left: staged,
                failed: Vec::new(),
            });
        }
        lock.copy_index()?;
        let own = lock.own_index();
        let git = || on_index(self.cmd_in(worktree), &own);
        let read = git()
            .args(["read-tree", "-m", "-i", "--no-recurse-submodules"])
            .args([other.to_string(), at.to_string()]);
        run(&read, "read-tree -m -i")?;
        let missed = restore::restore(self, worktree, &own, at, other)?;
        let refresh = git().args(["update-index", "-q", "--ignore-submodules", "--refresh"]);
        run_any(&refresh, "update-index --refresh")?;
        lock.replace_index()?;
        Ok(missed.into())
    }

    /// Paths whose staged content is not that of the commit.
    fn staged_against(&self, worktree: &Path, commit: CommitId) -> Result<Vec<RepoPath>, GitError> {
        let cmd = self
            .cmd_in(worktree)
            .args(["diff-index", "--cached", "--name-only", "-z"])
            .args(["--no-renames", "--ignore-submodules=none"])
            .arg(commit.to_string());
        let output = run_any(&cmd, "diff-index --cached")?;
        match output.status {
            Some(0 | 1) => Ok(fields(&output.stdout).map(RepoPath::new).collect()),
            _ => Err(failure(&output, "diff-index --cached")),
        }
    }
}
