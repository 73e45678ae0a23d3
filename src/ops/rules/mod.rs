//! Judging by rules: gathers the facts that the rules of `domain::rule` are functions of.
//!
//! What a track's own work is (`works`), what its migrations are and which base has (`migrations`, `objects`), how its
//! contracts compare (`contracts`), what other commits say of it (`strays`). Everything is gathered once, however many
//! tracks are judged.

mod comparer;
mod contracts;
mod migrations;
mod objects;
pub(super) mod renumber;
pub(super) mod step;
mod strays;
mod uncommitted;
mod works;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::migration::Migrations;
use crate::domain::name::{BranchName, TrackId};
use crate::domain::owners::Owners;
use crate::domain::path::RepoPath;
use crate::domain::revision::CommitId;
use crate::domain::rule::{self, Facts, Finding, Rule, Work};
use crate::git::GitError;
use crate::process::{clock, cores, in_parallel};

use super::Session;
use super::matrix::{self, Matrix, Scope, TrackSide};
use super::trust::Trust;
use contracts::Contracts;
use strays::Strays;
pub(super) use uncommitted::WithUncommitted;
pub(super) use works::commits;

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
    texts: BTreeMap<RepoPath, Arc<[u8]>>,
    strays: Strays,
    notes: Vec<String>,
}

/// What is gathered.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked<'a> {
    /// Whose commits are read.
    pub(super) commits: Whose<'a>,
    /// Whether everything is told, also what keeps nobody out: what the files of base say of tracks.toml, commits on other
    /// branches, and which contracts a track has not taken in.
    pub(super) in_full: bool,
    /// By whose approval programs that compare contracts are run. Where none are, what they compare is not judged.
    pub(super) programs: Option<&'a Trust>,
}

/// Some of the tracks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
        let mut migrations = migrations::read(session, matrix.engine(), &mut works)?;
        if let Some(migrations) = &mut migrations {
            objects::read(merger, migrations, &works)?;
        }
        let contracts = Contracts::read(session, merger, &works, asked)?;
        let told = migrations.as_ref().filter(|it| !it.named);
        let notes = told.map(|it| format!("migrations are read as those of {}", it.taken_for()));
        let notes = notes.into_iter().collect();
        let files = match asked.in_full {
            true => {
                let tree = session.repository.commit(session.base.commit)?.tree;
                let entries = session.repository.tree_entries(tree)?;
                Some(entries.into_iter().map(|(path, _, _)| path).collect())
            }
            false => None,
        };
        let strays = strays::read(
            session,
            &works,
            matrix.sides(),
            asked.commits,
            asked.in_full,
        )?;
        Ok(Rules {
            session,
            owners: Owners::new(&session.project),
            works,
            migrations,
            contracts,
            files,
            texts: texts(session)?,
            strays,
            notes,
        })
    }

    /// Base's migrations, and the works with theirs; `None` where tracks.toml has none.
    pub(super) fn migrations(&self) -> Option<(&Migrations, &[Work])> {
        Some((self.migrations.as_ref()?, &self.works))
    }

    /// What is to be told of how the facts were gathered, one sentence each without a full stop.
    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What is to be told of the contracts that it changes and that were not compared.
    pub(super) fn not_compared(&self, track: &TrackId) -> Vec<String> {
        self.contracts.not_compared(track)
    }

    /// Whether a track has anything that base and what it is built on have not.
    pub(super) fn has_work(&self, track: &TrackId) -> bool {
        self.works.iter().any(|work| work.track == *track)
    }

    /// The work of a track; `None` where it has none.
    pub(super) fn work(&self, track: &TrackId) -> Option<&Work> {
        self.works.iter().find(|work| work.track == *track)
    }

    /// Everything that is found in the work of a track, nothing where it has none.
    ///
    /// `without`: tracks that do not count as peers. `branch`: where the work is said to be, if not on the track's branch.
    /// What a round puts right by itself is there as something to know.
    pub(super) fn judge(
        &self,
        track: &TrackId,
        without: &BTreeSet<TrackId>,
        branch: Option<&BranchName>,
    ) -> Vec<Finding> {
        let mut findings = self.judge_by(track, without, branch, rule::all());
        self.foresee_renumbering(track, without, &mut findings);
        findings
    }

    /// The same with nothing put right.
    pub(super) fn found(&self, track: &TrackId, without: &BTreeSet<TrackId>) -> Vec<Finding> {
        self.judge_by(track, without, None, rule::all())
    }

    /// What each track breaks of the rules by which tracks collide, in landing order.
    fn against_each_other(&self) -> Vec<(TrackId, Vec<Finding>)> {
        let without = BTreeSet::new();
        in_parallel(&self.works, cores().get(), |work| {
            let found = self.judge_by(&work.track, &without, None, rule::colliding());
            (work.track.clone(), found)
        })
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
        let comparisons = self.contracts.compare(track, without);
        let facts = Facts {
            project: &self.session.project,
            owners: &self.owners,
            now: clock::now(),
            works: &self.works,
            judged,
            without,
            migrations: self.migrations.as_ref(),
            comparisons: &comparisons,
            behind: self.contracts.behind(track),
            files: self.files.as_deref(),
            texts: &self.texts,
            approvals: self.strays.approvals.get(track).map_or(&[], Vec::as_slice),
            strays: self.strays.commits.get(track).map_or(&[], Vec::as_slice),
            branch,
        };
        rule::judge_by(&facts, rules)
    }
}

/// What base has of the texts that rules compare with.
fn texts(session: &Session) -> Result<BTreeMap<RepoPath, Arc<[u8]>>, GitError> {
    let codeowners = session.project.ownership.codeowners.as_deref();
    let mut texts = BTreeMap::new();
    for name in codeowners.into_iter().chain([".gitmodules"]) {
        let path = RepoPath::new(name);
        if let Some(text) = session.repository.file_at(session.base.commit, &path)? {
            texts.insert(path, text.into());
        }
    }
    Ok(texts)
}

/// Everything that is found in the work of a track whose branch is to be at a commit, beside what others have committed.
///
/// # Errors
/// When the repository cannot be read.
pub(super) fn of_branch(
    session: &Session,
    trust: &Trust,
    track: &TrackId,
    head: CommitId,
) -> Result<Vec<Finding>, GitError> {
    let merger = matrix::scratch_merger(session, &session.repository)?;
    let memo = matrix::memory(session);
    let others = session.project.tracks.iter().map(|other| &other.id);
    let others: Vec<TrackId> = others.filter(|id| *id != track).cloned().collect();
    let mut sides = matrix::track_sides(session, &merger, &others, true)?;
    sides.push(TrackSide::committed(session, track, head)?);
    let judged = std::slice::from_ref(track);
    let matrix = Matrix::new(session, &merger, &memo, &sides, Scope::Branches(judged))?;
    let asked = Asked {
        commits: Whose::Of(judged),
        in_full: false,
        programs: Some(trust),
    };
    let rules = Rules::read(session, &matrix, asked)?;
    Ok(rules.judge(track, &BTreeSet::new(), None))
}

/// What tracks change, without their commits.
pub(super) fn works(session: &Session, matrix: &Matrix<'_, '_>) -> Result<Vec<Work>, GitError> {
    works::read(session, matrix, Whose::Nobody)
}

/// Base's migrations by their names alone, where the work may be about migrations; the work gets its own.
pub(super) fn migrations_by_name(
    session: &Session,
    work: &mut Work,
) -> Result<Option<Migrations>, GitError> {
    migrations::by_name(session, work)
}
