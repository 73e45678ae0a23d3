//! The door to repositories: gix for what it does exactly, the git program (`executable`) for the rest.
//!
//! gix types never leave this folder; ids and paths outside are those of `domain`. Nothing here decides anything, prints
//! anything, or knows tracks.toml.

mod advance;
mod branches;
mod checkout;
mod difference;
mod engine;
mod entry;
mod error;
mod exclude;
mod executable;
mod histogram;
mod history;
mod hooks;
mod ignored;
mod kept;
mod lock_files;
mod merge;
mod merge_file;
mod merge_tree;
mod message;
mod moment;
mod object;
mod own_names;
mod quarantine;
mod refs;
mod remote;
mod replay;
mod repository;
mod resolving;
mod revert;
mod scratch;
mod selected;
mod selected_entries;
mod snapshot;
mod staged;
mod stages;
mod text;
mod touched;
mod tree_edit;
mod views;
mod worktree;
mod worktree_add;
mod worktree_edit;
mod worktree_mend;

pub use advance::{Advance, AdvanceError, Settled};
pub use branches::{BranchRef, glob_matches};
pub use checkout::{NotOurs, OwnError};
pub use engine::{Answer, Combined, DecidedBy, Engine, Memo, Outcome, Tip, VirtualCommit, Want};
pub use error::GitError;
pub use exclude::Excluded;
pub use executable::{Git, MINIMUM_VERSION};
pub use history::{AheadBehind, CommitInfo};
pub use hooks::{ConfigScope, ConfiguredHook, HooksPath};
pub use kept::Kept;
pub use lock_files::LockFile;
pub use merge::{MergeAnswer, Merger, NewCommit};
pub use merge_file::{Favor, FileMerge, ThreeFiles};
pub use refs::{RefChange, RefError};
pub use remote::Push;
pub use replay::{Identity, Line};
pub use repository::{Head, OpenError, Repository};
pub use scratch::scratch_left;
pub use selected::{Selected, SelectedMemo};
pub use snapshot::Snapshot;
pub use stages::{Content, Staged, Unmerged, Version};
pub use text::{clean_merge, is_binary, merge_hunks, regions};
pub use touched::{PathSet, Touch};
pub use tree_edit::TreeEdit;
pub use worktree::{OF_ANOTHER, Worktree, WorktreeStatus};
pub use worktree_add::{AddError, Start, in_the_way, settled, why_in_the_way};

#[cfg(test)]
mod testing;
