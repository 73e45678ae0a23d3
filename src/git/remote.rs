//! Fetching and pushing, by git and with the user's own credentials.

use super::{GitError, Repository};
use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;

impl Repository {
    /// `git fetch --prune REMOTE`, never prompting.
    ///
    /// # Errors
    /// What git says.
    pub fn fetch(&self, remote: &str) -> Result<(), GitError> {
        let _ = remote;
        todo!()
    }

    /// Pushes a commit to a branch, only from the value that our remote-tracking branch has (`--force-with-lease`).
    ///
    /// # Errors
    /// What git says.
    pub fn push(
        &self,
        remote: &str,
        branch: &BranchName,
        commit: CommitId,
    ) -> Result<(), GitError> {
        let _ = (remote, branch, commit);
        todo!()
    }
}
