//! Judging by rules: gathers the facts that the rules of `domain::rule` are functions of.
//!
//! What a track's own work is (`works`), what its migrations are and which base has (`migrations`), how its contracts
//! compare (`contracts`), what other commits say of it (`strays`). Everything is gathered once, however many tracks are judged.

mod contracts;
mod migrations;
mod strays;
mod works;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::migration::Migrations;
use crate::domain::name::{BranchName, TrackId};
use crate::domain::owners::Owners;
use crate::domain::path::RepoPath;
use crate::domain::rule::{self, Facts, Finding, Work};
use crate::git::{GitError, Memo, Merger};
use crate::process::clock;

use super::Session;
use super::matrix::TrackSide;
use contracts::Contracts;
use strays::Strays;

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
}

/// What is gathered.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked<'a> {
    /// Whose commits are read; empty: everybody's.
    pub(super) judged: &'a [TrackId],
    /// Whether what tracks.toml says is judged by the files of base, too.
    pub(super) files: bool,
}

impl<'s> Rules<'s> {
    /// `sides`: what counts of each track, in any order; those without work of their own are no peers.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub(super) fn read(
        session: &'s Session,
        merger: &Merger<'_>,
        memo: &Memo,
        sides: &[TrackSide],
        asked: Asked<'_>,
    ) -> Result<Rules<'s>, GitError> {
        let mut works = works::read(session, merger, memo, sides, asked.judged)?;
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
        let strays = strays::read(session, &works, asked.judged, asked.files)?;
        Ok(Rules {
            session,
            owners: Owners::new(&session.project),
            works,
            migrations,
            contracts,
            files,
            texts: texts(session)?,
            strays,
        })
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
        let Some(judged) = self.works.iter().position(|work| work.track == *track) else {
            return Vec::new();
        };
        let comparisons = self.contracts.compare(&self.works, judged, without);
        rule::judge(&Facts {
            project: &self.session.project,
            owners: &self.owners,
            now: clock::now(),
            works: &self.works,
            judged,
            without,
            migrations: self.migrations.as_ref(),
            comparisons: &comparisons,
            files: self.files.as_deref(),
            texts: &self.texts,
            approvals: self.strays.approvals.get(track).map_or(&[], Vec::as_slice),
            strays: self.strays.commits.get(track).map_or(&[], Vec::as_slice),
            branch,
        })
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
