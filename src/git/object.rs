//! Reading files out of commits and trees.

use super::{GitError, Repository};
use crate::domain::path::RepoPath;
use crate::domain::revision::{BlobId, CommitId, TreeId};

impl Repository {
    /// The file's content at a commit; `None` where there is no such file.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn file_at(&self, commit: CommitId, path: &RepoPath) -> Result<Option<Vec<u8>>, GitError> {
        let _ = (commit, path);
        todo!()
    }

    /// Every file of a tree with its mode and content id, in git's order. Trees in a scratch directory are read through
    /// [`super::Merger::tree_entries`].
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn tree_entries(&self, tree: TreeId) -> Result<Vec<(RepoPath, u32, BlobId)>, GitError> {
        let _ = tree;
        todo!()
    }
}
