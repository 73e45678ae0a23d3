//! Errors of what moves refs: rounds, operations, landings and their way back.

use super::{Failure, INTERNAL, undetermined};
use crate::domain::path::RepoPath;
use crate::git::{AdvanceError, RefError};
use crate::ops::base::BaseError;
use crate::ops::land::LandError;
use crate::ops::operation::OperationError;
use crate::ops::rollback::RollbackError;
use crate::ops::sync::SyncError;

/// Where the hooks are that may refuse a move.
const HOOK: &str = "nothing was changed; the repository's `reference-transaction` hook, in the directory that `git rev-parse --git-path hooks` names, has refused it";

impl Failure {
    /// All of the paths, where the message names only some.
    fn listing(mut self, paths: &[RepoPath]) -> Self {
        if paths.len() > 2 {
            let lines: String = paths.iter().map(|path| format!("\n  {path}")).collect();
            self.message.push_str(&lines);
        }
        self
    }
}

impl From<SyncError> for Failure {
    fn from(error: SyncError) -> Self {
        let message = error.to_string();
        match error {
            SyncError::Session(error) => error.into(),
            SyncError::Git(error) => error.into(),
            SyncError::Store(error) => error.into(),
            SyncError::Setup(error) => error.into(),
            SyncError::Runner(error) => error.into(),
            SyncError::OwnWorktree(error) => error.into(),
            SyncError::Notebook(error) => error.into(),
            SyncError::Busy { .. } => {
                undetermined(message).hint("wait for it to end, then run again")
            }
            SyncError::Symbolic { .. } => undetermined(message)
                .hint("make it a branch of its own, or name another with `[integration] branch`"),
            SyncError::NotReproducible { .. } => Failure::new(INTERNAL, message).hint(
                "a merge driver that is not deterministic can do this; please report it otherwise",
            ),
            SyncError::Moved { .. } => undetermined(message).hint("run `tracks sync` again"),
            SyncError::Ref(RefError::Locked { .. }) => undetermined(message)
                .hint("if no git process is at work, remove the stale `.lock` file that git names"),
            SyncError::Ref(RefError::Refused { hook: true, .. }) => {
                undetermined(message).hint(HOOK)
            }
            SyncError::Ref(_) => undetermined(message),
            SyncError::Operation(error) => error.into(),
        }
    }
}

impl From<OperationError> for Failure {
    fn from(error: OperationError) -> Self {
        const LOCKED: &str =
            "if no git process is at work, remove the stale `.lock` file that git names";
        let message = error.to_string();
        match error {
            OperationError::Git(error) => error.into(),
            OperationError::Store(error) => error.into(),
            OperationError::Busy { .. } => {
                undetermined(message).hint("wait for it to end, then run again")
            }
            OperationError::CheckedOut { path, .. } => undetermined(message).hint(format!(
                "bring that worktree back, or give the branch free: `git worktree remove {}`",
                path.display()
            )),
            OperationError::Symbolic { .. } => undetermined(message)
                .hint("name the branch that it points to, or make it a branch of its own"),
            OperationError::Ref(RefError::Locked { .. }) => undetermined(message).hint(LOCKED),
            OperationError::Ref(RefError::Moved { .. }) => {
                undetermined(message).hint("nothing was changed; run again")
            }
            OperationError::Ref(RefError::Refused { hook: true, .. }) => {
                undetermined(message).hint(HOOK)
            }
            OperationError::Ref(_) => undetermined(message),
            OperationError::Worktree { path, error, .. } => {
                let (dir, failure) = (path.display(), undetermined(message));
                match error {
                    AdvanceError::Dirty { paths } => failure.listing(&paths).hint(format!(
                        "nothing was touched; commit them, or put them aside: `git -C {dir} stash`"
                    )),
                    AdvanceError::InTheWay { paths } => failure
                        .listing(&paths)
                        .hint("nothing was touched; move them away, then run again"),
                    AdvanceError::NotPutBack { paths, .. } => failure
                        .listing(&paths)
                        .hint("mend the filter; the next `tracks` that moves refs puts them back"),
                    AdvanceError::Unfinished(_) => {
                        failure.hint(format!("finish it first: `git -C {dir} status` says how"))
                    }
                    AdvanceError::Locked { .. } => failure.hint(LOCKED),
                    AdvanceError::Moved { .. }
                    | AdvanceError::Refused { .. }
                    | AdvanceError::Git(_) => failure,
                }
            }
        }
    }
}

impl From<BaseError> for Failure {
    fn from(error: BaseError) -> Self {
        let message = error.to_string();
        match error {
            BaseError::Session(error) => error.into(),
            BaseError::Operation(error) => error.into(),
            BaseError::Git(error) => error.into(),
            BaseError::NotABranch { .. } => {
                undetermined(message).hint("name a branch with `[project] base`")
            }
            BaseError::OnlyRemote { branch, remote } => undetermined(message).hint(format!(
                "land it there with `--push`, or have it here: `git branch {branch} {remote}/{branch}`"
            )),
            BaseError::Diverged { branch, remote } => undetermined(message).hint(format!(
                "nothing was changed; bring them together first, on {branch}: `git merge {remote}/{branch}`, or `git rebase {remote}/{branch}`"
            )),
            BaseError::Moved { .. } => undetermined(message).hint("nothing was changed; run again"),
        }
    }
}

impl From<LandError> for Failure {
    fn from(error: LandError) -> Self {
        let message = error.to_string();
        match error {
            LandError::Base(error) => error.into(),
            LandError::Sync(error) => error.into(),
            LandError::Rollback(error) => error.into(),
            LandError::NotForProposals { .. } => Failure::usage(message)
                .hint("name a branch that nobody works on, such as `landing`; `--push` pushes base itself"),
            LandError::Foreign { .. } => undetermined(message)
                .hint("nothing was pushed; take them into a track, or name another branch"),
        }
    }
}

impl From<RollbackError> for Failure {
    fn from(error: RollbackError) -> Self {
        let message = error.to_string();
        let known = |failure: Failure, landings: &[String]| match landings {
            [] => failure.hint("`tracks log` shows the operations"),
            [.., last] => failure.hint(format!("the last landing is {last}")),
        };
        match error {
            RollbackError::Base(error) => error.into(),
            RollbackError::Sync(error) => (*error).into(),
            RollbackError::Git(error) => error.into(),
            RollbackError::Store(error) => error.into(),
            RollbackError::NoLanding => {
                undetermined(message).hint("`tracks log` shows the operations")
            }
            RollbackError::Unknown { landings, .. } => known(Failure::usage(message), &landings),
            RollbackError::NotALanding { landings, .. } => {
                known(Failure::usage(message), &landings)
            }
            RollbackError::TakenBack { .. }
            | RollbackError::Gone { .. }
            | RollbackError::Unavailable { .. } => undetermined(message),
        }
    }
}
