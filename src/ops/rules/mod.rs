//! Judging by rules: gathers the facts that the rules of `domain::rule` are functions of.
//!
//! What a track's own work is (`works`), what its migrations are and which base has (`migrations`), how its contracts
//! compare (`contracts`). Everything is gathered once, however many tracks are judged.

mod contracts;
mod migrations;
mod works;

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::contract::Outcome;
use crate::domain::migration::Migrations;
use crate::domain::name::{BranchName, TrackId};
use crate::domain::owners::Owners;
use crate::domain::path::RepoPath;
use crate::domain::rule::{self, Collision, Facts, Finding, Rule, Work};
use crate::git::GitError;
use crate::process::{clock, cores, in_parallel};

use super::Session;
use super::matrix::Matrix;
use contracts::Contracts;

/// Facts about all tracks with work.
#[derive(Debug)]
pub(super) struct Rules<'s> {
    session: &'s Session,
    owners: Owners,
    /// In landing order.
    works: Vec<Work>,
    migrations: Option<Migrations>,
    contracts: Contracts,
    files: Option<Vec<RepoPath>>,
    notes: Vec<String>,
}

/// What is gathered.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked<'a> {
    /// Whose commits are read.
    pub(super) commits: Whose<'a>,
    /// Whether what tracks.toml says is judged by the files of base, too.
    pub(super) files: bool,
}

/// Some of the tracks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Whose<'a> {
    #[default]
    Everybody,
    /// They are judged even where they have no work.
    Of(&'a [TrackId]),
    Nobody,
}

impl<'s> Rules<'s> {
    /// What counts of each track are the sides of the matrix.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub(super) fn read(
        session: &'s Session,
        matrix: &Matrix<'_, '_>,
        asked: Asked<'_>,
    ) -> Result<Rules<'s>, GitError> {
        let merger = matrix.engine().merger();
        let mut works = works::read(session, matrix, asked.commits)?;
        let migrations = migrations::read(session, merger, &mut works)?;
        let contracts = Contracts::read(session, merger, &works)?;
        let files = match asked.files {
            true => {
                let tree = session.repository.commit(session.base.commit)?.tree;
                let entries = session.repository.tree_entries(tree)?;
                Some(entries.into_iter().map(|(path, _, _)| path).collect())
            }
            false => None,
        };
        let taken = migrations.as_ref().filter(|it| !it.named);
        let notes = taken.map(|it| {
            let (preset, why) = (it.preset.as_str(), &it.why);
            format!("migrations are read as {preset}'s, because {why}")
        });
        Ok(Rules {
            session,
            owners: Owners::new(&session.project),
            works,
            migrations,
            contracts,
            files,
            notes: notes.into_iter().collect(),
        })
    }

    /// What is to be told of how the facts were gathered, one sentence each without a full stop.
    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether a track has anything that base and what it is built on have not.
    pub(super) fn has_work(&self, track: &TrackId) -> bool {
        self.works.iter().any(|work| work.track == *track)
    }

    /// What could not be found out of a track's work, one sentence each.
    pub(super) fn undetermined(&self, track: &TrackId) -> Vec<String> {
        let Some(judged) = self.works.iter().position(|work| work.track == *track) else {
            return Vec::new();
        };
        let compared = self
            .contracts
            .compare(&self.works, judged, &BTreeSet::new());
        let open = compared.into_iter().filter_map(|it| match it.outcome {
            Outcome::CouldNotRun(why) => Some(format!("contract {}: {why}", it.contract)),
            Outcome::Compatible | Outcome::Breaking(_) => None,
        });
        let mut open: Vec<String> = open.collect();
        open.dedup();
        open
    }

    /// Everything that is found in the work of a track, nothing where it has none.
    ///
    /// `without`: tracks that do not count as peers. `branch`: where the work is said to be, if not on the track's branch.
    pub(super) fn judge(
        &self,
        track: &TrackId,
        without: &BTreeSet<TrackId>,
        branch: Option<&BranchName>,
    ) -> Vec<Finding> {
        self.judge_by(track, without, branch, rule::all())
    }

    /// What tracks have against each other that git does not see, by the two in landing order.
    pub(super) fn collisions(&self) -> BTreeMap<(TrackId, TrackId), Vec<Collision>> {
        let without = BTreeSet::new();
        let findings = in_parallel(&self.works, cores().get(), |work| {
            let found = self.judge_by(&work.track, &without, None, rule::colliding());
            (work.track.clone(), found)
        });
        rule::collisions(&findings)
    }

    fn judge_by(
        &self,
        track: &TrackId,
        without: &BTreeSet<TrackId>,
        branch: Option<&BranchName>,
        rules: impl Iterator<Item = &'static Rule>,
    ) -> Vec<Finding> {
        let Some(judged) = self.works.iter().position(|work| work.track == *track) else {
            return Vec::new();
        };
        let comparisons = self.contracts.compare(&self.works, judged, without);
        let facts = Facts {
            project: &self.session.project,
            owners: &self.owners,
            now: clock::now(),
            works: &self.works,
            judged,
            without,
            migrations: self.migrations.as_ref(),
            comparisons: &comparisons,
            files: self.files.as_deref(),
            branch,
        };
        rule::judge_by(&facts, rules)
    }
}
