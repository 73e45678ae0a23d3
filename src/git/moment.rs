//! Where the current worktree stands in what git is doing with it: the branch, and what is being merged.

use super::object::unreadable;
use super::worktree::left_for_now;
use super::{GitError, Head, Repository};
use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;
use crate::process::environment;

/// `git merge` names what it merges to the programs that it starts: the rest of the name is the commit.
const GITHEAD: &str = "GITHEAD_";

impl Repository {
    /// The branch that is checked out in the current worktree, also in the middle of a rebase or a bisection.
    ///
    /// # Errors
    /// When HEAD cannot be read.
    pub fn branch_here(&self) -> Result<Option<BranchName>, GitError> {
        match self.head()? {
            Head::Branch { name, .. } => Ok(Some(name)),
            Head::Detached { .. } => Ok(left_for_now(self.local().git_dir())),
            Head::Unborn { .. } => Ok(None),
        }
    }

    /// What is being merged into HEAD here: as long as `git merge` runs its hook before the merge commit it has not written it
    /// down yet, and only tells it in the environment.
    ///
    /// # Errors
    /// When what git wrote down cannot be read.
    pub fn merge_heads(&self) -> Result<Vec<CommitId>, GitError> {
        let path = self.local().git_dir().join("MERGE_HEAD");
        let hexes = match std::fs::read_to_string(&path) {
            Ok(text) => text.lines().map(str::to_owned).collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let names = environment::names_beginning(GITHEAD).into_iter();
                names.map(|name| name[GITHEAD.len()..].to_owned()).collect()
            }
            Err(error) => return Err(unreadable(path.display().to_string(), &error)),
        };
        let hexes: Vec<String> = hexes;
        Ok(hexes
            .iter()
            .filter_map(|hex| CommitId::from_hex(hex.trim()).ok())
            .collect())
    }
}
