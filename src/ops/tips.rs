//! Which commit a branch stands for, when it may exist locally, remotely, or both.

use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;
use crate::git::{GitError, Repository};

use super::Session;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Local,
    Remote,
}

/// A branch's commit and where it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    pub commit: CommitId,
    pub origin: Origin,
}

/// The local branch counts unless it is strictly behind its remote one; `prefer_remote` turns that round.
pub(super) fn resolve(
    repository: &Repository,
    remote: &str,
    name: &BranchName,
    prefer_remote: bool,
) -> Result<Option<Tip>, GitError> {
    let local = repository.branch(name)?.map(|commit| Tip {
        commit,
        origin: Origin::Local,
    });
    let remote = repository.remote_branch(remote, name)?.map(|commit| Tip {
        commit,
        origin: Origin::Remote,
    });
    let (first, second) = if prefer_remote {
        (remote, local)
    } else {
        (local, remote)
    };
    let (Some(first), Some(second)) = (first, second) else {
        return Ok(first.or(second));
    };
    let strictly_behind =
        first.commit != second.commit && repository.is_ancestor(first.commit, second.commit)?;
    Ok(Some(if strictly_behind { second } else { first }))
}

impl Session {
    /// The commit that a branch of this project stands for.
    ///
    /// # Errors
    /// When refs or history cannot be read.
    pub fn tip(&self, branch: &BranchName) -> Result<Option<Tip>, GitError> {
        if let Some(branches) = &self.branches {
            return Ok(branches.tips.get(branch).copied());
        }
        resolve(
            &self.repository,
            &self.project.remote,
            branch,
            self.prefer_remote,
        )
    }
}
