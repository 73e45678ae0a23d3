//! Adding a linked worktree, with nothing left behind where it fails.

use std::path::{Path, PathBuf};

use super::executable::run;
use super::{GitError, RefChange, RefError, Repository};
use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;

/// What a new worktree starts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// A branch that does not exist yet, at this commit, tracking nothing.
    NewBranch {
        name: BranchName,
        at: CommitId,
    },
    Branch(BranchName),
    Detached(CommitId),
}

/// Why a worktree was not added. Neither entry nor directory nor new branch is left behind.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error("{} exists and is not an empty directory", path.display())]
    InTheWay { path: PathBuf },
    /// The worktree is there and whole; a hook of the repository failed afterwards.
    #[error("the post-checkout hook failed: {message}")]
    Hook { message: String },
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Repository {
    /// `git worktree add --no-track`, cleaned up after a failure (a killed one is mended by [`Repository::mend_worktree`]).
    /// Safe to call from several threads at once.
    ///
    /// # Errors
    /// See [`AddError`].
    pub fn add_worktree(&self, path: &Path, start: &Start) -> Result<(), AddError> {
        let path = settled(path);
        if in_the_way(&path) {
            return Err(AddError::InTheWay { path });
        }
        let registered = self.admin_dir(&path)?.is_some();
        let created = self.starting_branch(start)?;
        let Err(error) = self.git_worktree_add(&path, start) else {
            return Ok(());
        };
        // An entry from before is why it failed, and not ours to clear away.
        if registered {
            self.delete_created(created);
            return Err(error.into());
        }
        match self.entry(&path)? {
            Some(entry) if !entry.half_made && entry.prunable.is_none() => Err(hook_failed(error)),
            entry => {
                if let Some(entry) = entry {
                    self.mend_worktree(&entry)?;
                }
                // Fails where the directory is gone, as it should be, or holds what is not ours.
                let _ = std::fs::remove_dir(&path);
                self.delete_created(created);
                Err(error.into())
            }
        }
    }

    /// Makes the branch before git does: then it is known whose it is when the rest fails.
    fn starting_branch(&self, start: &Start) -> Result<Option<RefChange>, GitError> {
        match start {
            Start::Detached(_) => Ok(None),
            Start::Branch(name) => match self.branch(name)? {
                Some(_) => Ok(None),
                // git would look for one on a remote.
                None => Err(GitError::Read {
                    what: name.full(),
                    message: "there is no such branch".to_owned(),
                }),
            },
            Start::NewBranch { name, at } => {
                let change = RefChange {
                    name: name.full(),
                    before: None,
                    after: Some(*at),
                };
                let message = format!("branch: Created from {}", at.short());
                match self.update_refs(std::slice::from_ref(&change), &message) {
                    Ok(()) => Ok(Some(change)),
                    Err(RefError::Git(error)) => Err(error),
                    Err(RefError::Moved { name }) => Err(no_branch(format!("{name} exists"))),
                    Err(other) => Err(no_branch(other.to_string())),
                }
            }
        }
    }

    fn delete_created(&self, created: Option<RefChange>) {
        if let Some(change) = created {
            let deletion = RefChange {
                name: change.name,
                before: change.after,
                after: None,
            };
            // Only from the value it was made with: who moved it meanwhile needs it.
            let _ = self.update_refs(&[deletion], "tracks: worktree add failed");
        }
    }

    fn git_worktree_add(&self, path: &Path, start: &Start) -> Result<(), GitError> {
        let cmd = self.cmd().args(["worktree", "add", "--quiet"]);
        let cmd = match start {
            Start::Branch(name) | Start::NewBranch { name, .. } => {
                cmd.args(["--no-track", "--"]).arg(path).arg(name.as_str())
            }
            Start::Detached(commit) => cmd
                .args(["--detach", "--"])
                .arg(path)
                .arg(commit.to_string()),
        };
        run(&cmd, "worktree add").map(drop)
    }

    pub(super) fn entry(&self, path: &Path) -> Result<Option<super::Worktree>, GitError> {
        let list = self.worktrees()?;
        Ok(list.into_iter().find(|entry| entry.path == path))
    }
}

fn hook_failed(error: GitError) -> AddError {
    match error {
        GitError::Program { message, .. } => AddError::Hook { message },
        other => AddError::Git(other),
    }
}

fn no_branch(message: String) -> GitError {
    GitError::Program {
        command: "update-ref".to_owned(),
        status: None,
        message,
    }
}

fn in_the_way(path: &Path) -> bool {
    match (path.symlink_metadata(), std::fs::read_dir(path)) {
        (Err(_), _) => false,
        (Ok(_), Ok(mut entries)) => entries.next().is_some(),
        (Ok(_), Err(_)) => true,
    }
}

/// The path as git will list it, also while the end of it does not exist.
pub(super) fn settled(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Ok(canonical) = path.canonicalize() {
        return canonical;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => settled(parent).join(name),
        _ => path,
    }
}
