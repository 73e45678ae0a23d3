//! What killed processes have left: lock files, operations that are half done, scratch directories.

use std::time::Duration;

use crate::domain::time::span;
use crate::git::{GitError, Repository, scratch_left};
use crate::ops::own_worktree::quoted;
use crate::store::{LockName, Store, StoreError};

use super::Report;

/// No git holds a lock for so long, but for an editor that somebody has open.
const STALE: Duration = Duration::from_secs(10 * 60);

/// Most gits are done by then.
const NOTED: Duration = Duration::from_secs(5);

pub(super) fn locks(report: &mut Report, repository: &Repository) {
    report.looked_at("locks");
    for lock in repository.lock_files() {
        if lock.age < STALE {
            if lock.age >= NOTED {
                report.info(
                    "DOC-LOCK",
                    format!(
                        "{} has been there for {}: a git is at work, or was killed",
                        lock.path.display(),
                        span(lock.age)
                    ),
                    format!(
                        "wait for it; if no git is at work there: `rm {}`",
                        quoted(&lock.path)
                    ),
                );
            }
            continue;
        }
        report.error(
            "DOC-LOCK",
            format!(
                "{} has been there for {}, and keeps every git from what it locks",
                lock.path.display(),
                span(lock.age)
            ),
            format!("if no git is at work there: `rm {}`", quoted(&lock.path)),
        );
    }
}

pub(super) fn unfinished(report: &mut Report, store: &Store) -> Result<(), StoreError> {
    const CODE: &str = "DOC-UNFINISHED";
    report.looked_at("operations");
    if !store.is_locked(&LockName::Refs)? {
        for operation in store.operations()?.iter().filter(|it| it.pending) {
            report.warning(
                CODE,
                format!("`tracks {}` was killed before it had moved all refs", operation.command),
                "the next `tracks sync`, `update`, `land` or `undo` completes it, or marks it as having moved nothing",
            );
        }
    }
    for (name, again) in [
        (LockName::Round, "tracks sync"),
        (LockName::Init, "tracks init"),
    ] {
        if let Some(holder) = store.left_by_killed(&name)? {
            report.warning(
                CODE,
                format!("{holder}, was killed"),
                format!("run it again, it carries on: `{again}`"),
            );
        }
    }
    Ok(())
}

pub(super) fn scratch(report: &mut Report, store: &Store) -> Result<(), GitError> {
    report.looked_at("scratch directories");
    let left = scratch_left(&store.scratch_root())?;
    if left > 0 {
        let what = match left {
            1 => "a killed run has left a scratch directory".to_owned(),
            _ => format!("killed runs have left {left} scratch directories"),
        };
        report.info(
            "DOC-SCRATCH",
            what,
            "nothing: the next run that merges in memory, such as `tracks status`, sweeps them away",
        );
    }
    Ok(())
}
