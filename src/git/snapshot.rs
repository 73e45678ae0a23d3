//! Uncommitted work as a tree.

use crate::domain::revision::TreeId;

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
