//! What somebody needs to know who starts to work in a track's worktree.

use crate::domain::contract::Behind;
use crate::domain::deliverable::Delivery;
use crate::domain::hook::{Hook, Judge};
use crate::domain::name::{BranchName, TrackId};
use crate::domain::neighbours::neighbours;
use crate::domain::path::RepoPath;
use crate::domain::project::{
    Check, CommitRules, Contract, Ownership, Severity, Shared, SharedPolicy, Track, When,
};
use crate::git::GitError;

use super::new_migration::{self, NewMigrationError};
use super::trust::Trust;
use super::validate::deliverables;
use super::{BasePoint, Session, SessionError, matrix, own_worktree, status};

#[derive(Debug)]
pub struct Report {
    pub track: Track,
    /// Where it stands.
    pub row: status::Row,
    pub base: BasePoint,
    pub integration: BranchName,
    /// Whether `tracks init` would have a place for its worktree: in a bare repository there is none.
    pub may_have_worktree: bool,
    /// What else is to be known of it, one sentence each.
    pub notes: Vec<String>,
    /// Other tracks' patterns that border on the track's own.
    pub neighbours: Vec<(TrackId, Vec<String>)>,
    /// All that other tracks own, in the order of the file.
    pub owners: Vec<(TrackId, Vec<String>)>,
    /// How severe it is to change that.
    pub change_of_others: Severity,
    pub ownership: Ownership,
    /// Whether any track owns anything, so that ownership is judged at all.
    pub is_owned: bool,
    pub shared: Vec<Shared>,
    pub migrations: Option<NextMigration>,
    pub provides: Vec<Contract>,
    /// With what the track has not taken in of it.
    pub consumes: Vec<(Contract, Vec<Behind>)>,
    /// Tracks that are built on this one.
    pub needed_by: Vec<TrackId>,
    /// With whether it may run here.
    pub checks: Vec<(Check, bool)>,
    pub deliverables: Vec<Delivery>,
    pub commit: CommitRules,
    /// Whether a hook is to add the trailer.
    pub adds_trailer: bool,
    /// What each hook judges by.
    pub hooks: Vec<(Hook, Vec<Judge>)>,
}

/// How migrations of a track are called.
#[derive(Debug)]
pub struct NextMigration {
    pub paths: Vec<String>,
    /// Templates; with the track's code in them.
    pub names: Vec<String>,
    /// The files that the next one would be, or why that cannot be told.
    pub next: Result<Vec<RepoPath>, String>,
}

#[derive(Debug, thiserror::Error)]
pub enum BriefError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("this is no track's worktree")]
    NoTrack { known: Vec<String> },
}

/// What a migration is for whose name is shown as an example.
const EXAMPLE_TITLE: &str = "what it does";

/// `track`: its id; `None` for the one of this worktree.
///
/// # Errors
/// When there is no such track, or the repository cannot be read.
pub fn run(session: &Session, trust: &Trust, track: Option<&str>) -> Result<Report, BriefError> {
    let project = &session.project;
    let track = match track {
        Some(id) => session.track(id)?,
        None => session.track_here()?.ok_or_else(|| BriefError::NoTrack {
            known: project.tracks.iter().map(|it| it.id.to_string()).collect(),
        })?,
    };
    let id = &track.id;
    let mut rows = status::run(session, trust)?.rows.into_iter();
    let row = rows.find(|row| row.track == *id);
    let row = row.ok_or_else(|| SessionError::UnknownTrack {
        id: id.to_string(),
        nearest: None,
        known: Vec::new(),
    })?;
    // What is coming of contracts is told with them.
    let of_contracts = row.not_taken_in.iter().filter_map(Behind::coming_text);
    let of_contracts: Vec<String> = of_contracts.collect();
    let notes = row.notes.iter().filter(|it| !of_contracts.contains(it));
    let contracts = project.contracts.iter();
    let consumed = contracts.clone().filter(|it| it.consumers.contains(id));
    let behind = |contract: &Contract| {
        let behind = row.not_taken_in.iter();
        behind
            .filter(|it| it.contract == contract.name)
            .cloned()
            .collect()
    };
    let checks = project.checks.iter();
    let own = checks.filter(|check| check.when.contains(&When::Track) && check.applies_to(id));
    let wanted = project.hooks_wanted();
    Ok(Report {
        base: session.base.clone(),
        integration: project.integration.branch.clone(),
        may_have_worktree: own_worktree::worktrees_dir(session).is_some(),
        notes: notes.cloned().collect(),
        neighbours: neighbours(project, track)
            .into_iter()
            .map(|(id, patterns)| {
                (
                    id.clone(),
                    patterns.iter().map(ToString::to_string).collect(),
                )
            })
            .collect(),
        change_of_others: project
            .severity
            .get("OWN01")
            .copied()
            .unwrap_or(Severity::Error),
        owners: (project.tracks.iter())
            .filter(|other| other.id != *id && !other.owns.is_empty())
            .map(|other| {
                let patterns = other.owns.iter().map(ToString::to_string);
                (other.id.clone(), patterns.collect())
            })
            .collect(),
        ownership: project.ownership.clone(),
        is_owned: project.tracks.iter().any(|track| !track.owns.is_empty()),
        shared: project.shared.clone(),
        migrations: next_migration(session, track),
        provides: contracts
            .filter(|contract| contract.owner.as_ref() == Some(id))
            .cloned()
            .collect(),
        consumes: consumed.map(|it| (it.clone(), behind(it))).collect(),
        needed_by: project
            .tracks
            .iter()
            .filter(|other| other.tracks_needed().any(|needed| needed == id))
            .map(|other| other.id.clone())
            .collect(),
        checks: own
            .map(|check| (check.clone(), trust.allows_check(check)))
            .collect(),
        deliverables: delivered(session, track)?,
        commit: project.commit.clone(),
        adds_trailer: project.adds_trailer(track),
        hooks: [Hook::PreCommit, Hook::CommitMsg, Hook::PrePush]
            .into_iter()
            .filter(|hook| wanted.contains(hook))
            .map(|hook| (hook, project.judges(hook, track)))
            .filter(|(_, judges)| !judges.is_empty())
            .collect(),
        track: track.clone(),
        row,
    })
}

/// What is there of it in the track's worktree, committed or not.
fn delivered(session: &Session, track: &Track) -> Result<Vec<Delivery>, GitError> {
    if track.deliverables.is_empty() {
        return Ok(Vec::new());
    }
    let merger = matrix::scratch_merger(session, &session.repository)?;
    let sides = matrix::track_sides(session, &merger, std::slice::from_ref(&track.id), false)?;
    match sides.first() {
        Some(side) => deliverables::of(&merger, track, side),
        None => Ok(Vec::new()),
    }
}

fn next_migration(session: &Session, track: &Track) -> Option<NextMigration> {
    let said = session.project.migrations.as_ref()?;
    let options = new_migration::Options {
        title: EXAMPLE_TITLE.to_owned(),
        track: Some(track.id.to_string()),
        directory: None,
        dry_run: true,
    };
    let next = match new_migration::run(session, &options) {
        Ok(report) => Ok(report.files.into_iter().map(|(path, _)| path).collect()),
        Err(NewMigrationError::SeveralDirectories { known }) => {
            Err(format!("it goes to one of {}", known.join(", ")))
        }
        Err(error) => Err(error.to_string()),
    };
    Some(NextMigration {
        paths: said.paths.iter().map(ToString::to_string).collect(),
        names: said
            .names
            .iter()
            .map(|name| name.replace("{track}", &track.code))
            .collect(),
        next,
    })
}

/// What a policy means for who is not its owner, in one sentence.
pub fn meaning(policy: SharedPolicy) -> &'static str {
    match policy {
        SharedPolicy::Free => "every track may change it",
        SharedPolicy::Serialize => {
            "one track at a time: of two that change it, the later one is stopped"
        }
        SharedPolicy::AppendOnly => "add lines; change, move or delete none that base has",
        SharedPolicy::Regenerate => "do not edit it: a round makes it anew",
        SharedPolicy::IntegrationOnly => "no track changes it",
        SharedPolicy::OwnerApproves => {
            "others than the owner need its trailer `Tracks-Approve: TRACK PATH`"
        }
    }
}
