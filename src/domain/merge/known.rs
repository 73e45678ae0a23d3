//! What one matrix found out and the next may take as it is: every answer under a digest of all that it depends on.

use std::sync::Arc;

use super::{Change, Changes, Conflict, Which};
use crate::domain::revision::{BlobId, TreeId};

/// A SHA-256 over everything a verdict depends on: both sides with their histories and trees, the commit that attributes
/// come from, git's version, its configuration of merges and the attribute files outside the repository.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerdictKey(pub [u8; 32]);

impl std::fmt::Debug for VerdictKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerdictKey({:02x}{:02x}..)", self.0[0], self.0[1])
    }
}

/// One verdict as it is kept. What could not be found out is never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownVerdict {
    /// None: the merge is clean.
    pub conflicts: Arc<[Conflict]>,
    /// Git's own word, where this process could not tell.
    pub by_git: bool,
    /// What a clean merge makes, where somebody wanted to know and git was not needed for it.
    pub result: Option<Arc<KnownResult>>,
}

/// What a clean merge makes: one side as it is, with these changes on top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownResult {
    /// The side that is not taken as it is.
    pub smaller: Which,
    pub changes: Vec<Change>,
    pub texts: Vec<MergedText>,
}

/// A content that exists nowhere, and what it is merged from (`base: None`: both sides were added).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergedText {
    pub id: BlobId,
    pub base: Option<BlobId>,
    pub ours: BlobId,
    pub theirs: BlobId,
}

/// What is handed from one matrix to the next.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub verdicts: Vec<(VerdictKey, KnownVerdict)>,
    /// What differs from the first tree to the second.
    pub differences: Vec<(TreeId, TreeId, Arc<Changes>)>,
}
