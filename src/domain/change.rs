//! What differs between two trees, and what is uncommitted in a worktree.

/// Counts of uncommitted changes in a worktree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dirty {
    pub staged: usize,
    pub unstaged: usize,
    pub untracked: usize,
    /// Paths with unresolved merge stages.
    pub unmerged: usize,
}

impl Dirty {
    pub fn is_clean(&self) -> bool {
        *self == Dirty::default()
    }
}

/// What a worktree is in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfinished {
    Merge,
    Rebase,
    CherryPick,
    Revert,
    Bisect,
}

impl Unfinished {
    pub fn as_str(self) -> &'static str {
        match self {
            Unfinished::Merge => "merge",
            Unfinished::Rebase => "rebase",
            Unfinished::CherryPick => "cherry-pick",
            Unfinished::Revert => "revert",
            Unfinished::Bisect => "bisect",
        }
    }
}
