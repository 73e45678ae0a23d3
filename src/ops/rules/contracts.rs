//! How the versions of contracts compare, with base's and with those of other tracks, and which consumers are behind.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::domain::contract::{Behind, Break, Comparison, Format, Outcome, Version, between};
use crate::domain::name::TrackId;
use crate::domain::path::Selection;
use crate::domain::project::Contract;
use crate::domain::rule::{FileChange, Work};
use crate::domain::sql::Dialect;
use crate::git::{GitError, Merger};
use crate::process::{cores, in_parallel};
use crate::store::ResultKey;

use super::super::Session;
use super::super::behind::{Acknowledged, Looker};
use super::comparer::Comparer;
use super::{Asked, Whose};

/// What there is to know of the tracks that are judged.
#[derive(Debug, Default)]
pub(super) struct Contracts {
    comparisons: BTreeMap<TrackId, Vec<Comparison>>,
    behind: BTreeMap<TrackId, Vec<Behind>>,
}

impl Contracts {
    /// # Errors
    /// When the repository cannot be read.
    pub(super) fn read(
        session: &Session,
        merger: &Merger<'_>,
        works: &[Work],
        asked: Asked<'_>,
    ) -> Result<Contracts, GitError> {
        if session.project.contracts.is_empty() {
            return Ok(Contracts::default());
        }
        let judged = |work: &Work| match asked.commits {
            Whose::Of(tracks) => tracks.contains(&work.track),
            Whose::Everybody | Whose::Nobody => true,
        };
        let places: Vec<usize> = (0..works.len()).filter(|at| judged(&works[*at])).collect();
        let gatherer = Gatherer {
            session,
            merger,
            works,
            comparer: asked.programs.map(|trust| Comparer { session, trust }),
            contracts: (session.project.contracts.iter())
                .map(|contract| (contract, Selection::new(&contract.paths)))
                .collect(),
            dialect: (session.project.migrations.as_ref())
                .and_then(|migrations| Dialect::named(migrations.dialect.as_deref()?))
                .unwrap_or(Dialect::Postgres),
            known: Mutex::default(),
        };
        let compared = in_parallel(&places, cores().get(), |place| {
            (works[*place].track.clone(), gatherer.compare(*place))
        });
        // Who is behind is nobody's fault; where the log cannot be read, nothing counts as acknowledged.
        let acknowledged = Acknowledged::read(session).unwrap_or_default();
        let looker = Looker::new(session, merger, acknowledged)?;
        let mut behind = BTreeMap::new();
        for work in places.iter().map(|place| &works[*place]) {
            if let (Some(tip), false) = (work.tip, asked.commits == Whose::Nobody) {
                let open = looker.of(&work.track, tip)?;
                let open = open.into_iter().map(|open| open.behind).collect();
                behind.insert(work.track.clone(), open);
            }
        }
        Ok(Contracts {
            comparisons: compared.into_iter().collect(),
            behind,
        })
    }

    /// The versions of one track with base's, and with those of the peers that changed the same file.
    pub(super) fn compare(&self, judged: &TrackId, without: &BTreeSet<TrackId>) -> Vec<Comparison> {
        let all = self.comparisons.get(judged).into_iter().flatten();
        let counts = |it: &&Comparison| {
            it.other
                .as_ref()
                .is_none_or(|other| !without.contains(other))
        };
        all.filter(counts).cloned().collect()
    }

    pub(super) fn behind(&self, judged: &TrackId) -> &[Behind] {
        self.behind.get(judged).map_or(&[], Vec::as_slice)
    }
}

struct Gatherer<'g> {
    session: &'g Session,
    merger: &'g Merger<'g>,
    works: &'g [Work],
    /// `None`: programs are not run.
    comparer: Option<Comparer<'g>>,
    contracts: Vec<(&'g Contract, Selection)>,
    dialect: Dialect,
    /// What has been compared in this run.
    known: Mutex<HashMap<ResultKey, Outcome>>,
}

impl Gatherer<'_> {
    fn compare(&self, place: usize) -> Vec<Comparison> {
        let work = &self.works[place];
        let mut found = Vec::new();
        for (contract, selection) in &self.contracts {
            let Some(command) = &contract.compatible else {
                continue;
            };
            let is_program = Format::of(command, self.dialect).is_none();
            if is_program && self.comparer.is_none() {
                continue;
            }
            let changes = work.changes.iter();
            for change in changes.filter(|change| selection.matches(&change.path)) {
                let mut add = |other: Option<&TrackId>, outcome: Outcome| {
                    found.push(Comparison {
                        contract: contract.name.clone(),
                        path: change.path.clone(),
                        other: other.cloned(),
                        outcome,
                    });
                };
                if let Some(outcome) = self.with_base(contract, work, change) {
                    add(None, outcome);
                }
                for peer in self.works.iter().filter(|peer| peer.track != work.track) {
                    if let Some(outcome) = self.with_peer(contract, work, peer, change) {
                        add(Some(&peer.track), outcome);
                    }
                }
            }
        }
        found
    }

    /// `None`: there is nothing to compare.
    fn with_base(&self, contract: &Contract, work: &Work, change: &FileChange) -> Option<Outcome> {
        let before = change.before?;
        let broken = |message: String| {
            Outcome::Breaking(vec![Break {
                at: String::new(),
                message,
                line: None,
            }])
        };
        let Some(after) = change.after else {
            return Some(broken(match &change.moved {
                Some(to) => format!("the file is moved to {to}"),
                None => "the file is deleted".to_owned(),
            }));
        };
        if !after.mode.is_regular() || !before.mode.is_regular() {
            return Some(Outcome::CouldNotRun(
                "it is no file on both sides".to_owned(),
            ));
        }
        if before.id == after.id {
            return None;
        }
        let contents = work.contents.get(&change.path);
        let (Some(old), Some(new)) = (
            contents.and_then(|it| it.before.as_deref()),
            contents.and_then(|it| it.after.as_deref()),
        ) else {
            return Some(Outcome::CouldNotRun("its content is not here".to_owned()));
        };
        Some(self.outcome(contract, change, old, new))
    }

    /// `None`: the other has not changed the file, or began with another one, or git does not know what to make of both.
    fn with_peer(
        &self,
        contract: &Contract,
        work: &Work,
        peer: &Work,
        change: &FileChange,
    ) -> Option<Outcome> {
        let theirs = peer.change(&change.path)?;
        let (before, after) = (change.before?, change.after?);
        if theirs.before != change.before || theirs.after?.id == after.id || before.id == after.id {
            return None;
        }
        let ours = version(work, change)?;
        let theirs = version(peer, theirs)?;
        let below = self.session.store.scratch_root();
        let texts = [ours.before, ours.after, theirs.after];
        let merged = (self.session.repository)
            .merge_file(self.merger.files_dir(&below), texts, None)
            .ok()
            .filter(|merged| !merged.conflicted)
            .map(|merged| merged.content);
        let compare = |old: &[u8], new: &[u8]| self.outcome(contract, change, old, new);
        let command = contract.compatible.as_ref()?;
        if Format::of(command, self.dialect).is_some() {
            return Some(between(ours, theirs, merged.as_deref(), compare));
        }
        by_program(ours, theirs, merged.as_deref()?, compare)
    }

    fn outcome(&self, contract: &Contract, change: &FileChange, old: &[u8], new: &[u8]) -> Outcome {
        let Some(command) = &contract.compatible else {
            return Outcome::Compatible;
        };
        let name = contract.name.as_str().as_bytes();
        let key = ResultKey::of([name, change.path.as_bytes(), old, new]);
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&key) {
            return known.clone();
        }
        let outcome = match (Format::of(command, self.dialect), &self.comparer) {
            (Some(format), _) => format.compare(old, new),
            (None, Some(comparer)) => comparer.run(contract, &change.path, old, new),
            (None, None) => Outcome::CouldNotRun("programs are not run here".to_owned()),
        };
        lock().insert(key, outcome.clone());
        outcome
    }
}

fn version<'w>(work: &'w Work, change: &FileChange) -> Option<Version<'w>> {
    let contents = work.contents.get(&change.path)?;
    Some(Version {
        before: contents.before.as_deref()?,
        after: contents.after.as_deref()?,
    })
}

/// A program says yes or no: the merge must break neither side where neither has broken base by itself.
fn by_program(
    ours: Version<'_>,
    theirs: Version<'_>,
    merged: &[u8],
    compare: impl Fn(&[u8], &[u8]) -> Outcome,
) -> Option<Outcome> {
    for (from, to) in [(theirs, ours), (ours, theirs)] {
        if compare(to.before, to.after) != Outcome::Compatible {
            return None;
        }
        let outcome = compare(from.after, merged);
        if outcome != Outcome::Compatible {
            return Some(outcome);
        }
    }
    Some(Outcome::Compatible)
}
