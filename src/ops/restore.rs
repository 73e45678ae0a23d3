//! Brings removed worktrees and branches back from the trash, as they were.

use std::path::PathBuf;

use crate::domain::name::{BranchName, nearest};
use crate::domain::removal::{Refusal, ReturnFacts, against_returning};
use crate::git::{GitError, in_the_way, why_in_the_way};
use crate::process::clock;
use crate::store::{
    Operation, RefMove, StoreError, TrashState, Trashed, WorktreeChange, WorktreeStep,
};

use super::Session;
use super::operation;
use super::own_worktree::{quoted, same_dir};
use super::remove::Stays;
use super::trash::{self, TrashError};

/// Something that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    pub track: Option<String>,
    pub worktree: Option<PathBuf>,
    pub branch: Option<BranchName>,
    /// The branch was gone, too.
    pub with_branch: bool,
}

#[derive(Debug, Default)]
pub struct Report {
    /// What there is to be brought back, newest first, where nothing was named.
    pub trashed: Vec<Trashed>,
    pub restored: Vec<Returned>,
    pub refused: Vec<Stays>,
    /// What a killed run had left and this one finished, a sentence each.
    pub settled: Vec<String>,
    pub operation: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error(transparent)]
    Trash(#[from] TrashError),
    #[error("nothing in the trash is called `{name}`")]
    Unknown {
        name: String,
        nearest: Option<String>,
        known: Vec<String>,
    },
}

impl From<GitError> for RestoreError {
    fn from(error: GitError) -> Self {
        TrashError::from(error).into()
    }
}

impl From<StoreError> for RestoreError {
    fn from(error: StoreError) -> Self {
        TrashError::from(error).into()
    }
}

/// What there is, newest first.
///
/// # Errors
/// When the trash cannot be read.
pub fn list(session: &Session) -> Result<Report, RestoreError> {
    let mut trashed = session.store.trashed()?;
    trashed.retain(|trashed| trashed.state != TrashState::Deleting);
    trashed.reverse();
    Ok(Report {
        trashed,
        ..Report::default()
    })
}

/// `name`: an operation, whose removals all come back; or a track, a branch or a directory, of which the last removal does.
///
/// # Errors
/// When nothing has that name, another run is at work, or git cannot tell. What is in the way is in the report.
pub fn run(session: &Session, name: &str, command: &str) -> Result<Report, RestoreError> {
    let (_lock, settled) = trash::lock(session, "tracks restore")?;
    let mut report = Report {
        settled,
        ..Report::default()
    };
    let mut chosen = Vec::new();
    for trashed in choose(session, name, &report)? {
        match against(session, &trashed)? {
            Some(refusal) => report.refused.push(Stays {
                name: trash::name_of(&trashed),
                refusal,
            }),
            None => chosen.push(trashed),
        }
    }
    if !chosen.is_empty() {
        let id = session.store.new_operation_id(clock::now());
        let mut operation = Operation::new(id, clock::now(), command);
        bring_back(session, chosen, &mut operation, &mut report)?;
        report.operation = (!report.restored.is_empty()).then_some(operation.id);
    }
    Ok(report)
}

fn choose(session: &Session, name: &str, report: &Report) -> Result<Vec<Trashed>, RestoreError> {
    let all = session.store.trashed()?;
    let of_operation: Vec<Trashed> = all
        .iter()
        .filter(|trashed| trashed.operation == name)
        .cloned()
        .collect();
    if !of_operation.is_empty() {
        return Ok(of_operation);
    }
    let path = session
        .repository
        .main_worktree()
        .map(|main| main.join(name));
    let called = |trashed: &&Trashed| {
        let branch = trashed.branch.as_ref().map(BranchName::as_str);
        trashed.track.as_deref() == Some(name)
            || branch == Some(name)
            || (trashed.worktree.is_some() && trashed.worktree == path)
    };
    if let Some(last) = all.iter().rev().find(called) {
        return Ok(vec![last.clone()]);
    }
    // Its return was what has just been finished.
    if !report.settled.is_empty() {
        return Ok(Vec::new());
    }
    let known: Vec<String> = all.iter().map(trash::name_of).collect();
    Err(RestoreError::Unknown {
        name: name.to_owned(),
        nearest: nearest(name, known.iter().map(String::as_str)).map(str::to_owned),
        known,
    })
}

/// What stands against its return.
pub(super) fn against(session: &Session, trashed: &Trashed) -> Result<Option<Refusal>, GitError> {
    let repository = &session.repository;
    let path = trashed.worktree.as_ref();
    let there = path
        .and_then(|path| in_the_way(path))
        .map(|there| why_in_the_way(&there));
    let worktrees = repository.worktrees()?;
    let elsewhere = worktrees.iter().find(|entry| {
        let same_branch = entry.branch.is_some() && entry.branch == trashed.branch;
        same_branch || path.is_some_and(|path| same_dir(&entry.path, path))
    });
    let elsewhere = elsewhere
        .filter(|_| path.is_some())
        .map(|entry| quoted(&entry.path));
    let tip = match &trashed.branch {
        Some(branch) => repository.branch(branch)?,
        None => None,
    };
    let beside = match (&trashed.branch, tip) {
        (Some(branch), None) => repository.branch_in_the_way(branch)?,
        _ => None,
    };
    let lost = trashed
        .head
        .is_some_and(|head| repository.commit(head).is_err());
    let moved = match (tip, trashed.head) {
        // Without work in it, the worktree goes where the branch is.
        (Some(tip), Some(head)) if tip != head && (path.is_none() || trashed.kept_as.is_some()) => {
            Some((head.short(), tip.short()))
        }
        _ => None,
    };
    let path = path.map(|path| path.display().to_string());
    let lies_at = session
        .store
        .trashed_worktree(trashed)
        .display()
        .to_string();
    let facts = ReturnFacts {
        path: path.as_deref(),
        in_the_way: there.as_deref(),
        branch: trashed.branch.as_ref().map(BranchName::as_str),
        checked_out: elsewhere.as_deref(),
        beside: beside.as_ref().map(BranchName::as_str),
        moved: moved
            .as_ref()
            .map(|(from, to)| (from.as_str(), to.as_str())),
        lost,
        lies_at: &lies_at,
    };
    Ok(against_returning(&facts))
}

/// Records the operation, and brings them back one after the other. Nothing stands against it.
pub(super) fn bring_back(
    session: &Session,
    chosen: Vec<Trashed>,
    operation: &mut Operation,
    report: &mut Report,
) -> Result<(), RestoreError> {
    let mut steps = Vec::new();
    for trashed in chosen {
        let gone = match &trashed.branch {
            Some(branch) => session.repository.branch(branch)?.is_none(),
            None => false,
        };
        let returned = Returned {
            track: trashed.track.clone(),
            worktree: trashed.worktree.clone(),
            branch: trashed.branch.clone(),
            with_branch: gone,
        };
        note(operation, &returned, &trashed);
        steps.push((trashed, returned));
    }
    // Before anything moves, so that a kill right after can still be taken back.
    session.store.record_operation(operation)?;
    for (mut trashed, returned) in steps {
        match trash::bring_back(session, &mut trashed) {
            Ok(()) => report.restored.push(returned),
            Err(error) => {
                if trashed.state == TrashState::Removed {
                    trash::did_not(operation, &trashed);
                }
                report.refused.push(Stays {
                    name: trash::name_of(&trashed),
                    refusal: Refusal {
                        why: format!("could not come back: {error}"),
                        fix: "mend that, then run it again".to_owned(),
                    },
                });
            }
        }
    }
    if let Some(stays) = report.refused.first() {
        operation::mark_empty(operation, &stays.refusal.why);
        session.store.record_operation(operation)?;
    }
    Ok(())
}

fn note(operation: &mut Operation, returned: &Returned, trashed: &Trashed) {
    if let (true, Some(branch)) = (returned.with_branch, &returned.branch) {
        operation.refs.push(RefMove {
            name: branch.full(),
            before: None,
            after: trashed.head,
        });
    }
    operation.did.extend(trash::came(trashed));
    operation
        .worktrees
        .extend(returned.worktree.as_ref().map(|path| WorktreeChange {
            path: path.clone(),
            track: returned.track.clone(),
            step: WorktreeStep::Made,
        }));
}
