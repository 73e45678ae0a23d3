//! How the versions of contracts compare, with base's and with those of other tracks, and which consumers are behind.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::contract::{Behind, Break, Comparison, Format, Outcome, Parsed, Side, between};
use crate::domain::merge::Edit;
use crate::domain::name::{ContractName, TrackId};
use crate::domain::path::Selection;
use crate::domain::project::Contract;
use crate::domain::revision::BlobId;
use crate::domain::rule::{FileChange, Work};
use crate::domain::sql::Dialect;
use crate::git::{GitError, Merger, clean_merge, merge_hunks};
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
    /// Changed by a track, and not compared, because programs are not run here.
    not_compared: BTreeSet<(TrackId, ContractName)>,
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
            outcomes: Known::default(),
            side_by_side: Known::default(),
            answers: Known::default(),
            parsed: Known::default(),
            hunks: Known::default(),
        };
        let mut found = in_parallel(&places, cores().get(), |place| gatherer.with_base(*place));
        found.extend(in_parallel(
            &gatherer.pairs(&places),
            cores().get(),
            |pair| gatherer.with_each_other(pair),
        ));
        // By contract and path: with base first, then with the others in landing order.
        let mut found: Vec<(Place, Comparison)> = found.into_iter().flatten().collect();
        found.sort_by(|(a, one), (b, other)| {
            let key = |place: &Place| (place.judged, place.contract);
            let paths = one.path.cmp(&other.path);
            (key(a).cmp(&key(b)))
                .then(paths)
                .then(a.other.cmp(&b.other))
        });
        let judged: BTreeSet<usize> = places.iter().copied().collect();
        let mut comparisons: BTreeMap<TrackId, Vec<Comparison>> = BTreeMap::new();
        for (place, comparison) in found.into_iter().filter(|it| judged.contains(&it.0.judged)) {
            let track = works[place.judged].track.clone();
            comparisons.entry(track).or_default().push(comparison);
        }
        // Who is behind is nobody's fault; where the log cannot be read, nothing counts as acknowledged.
        let acknowledged = Acknowledged::read(session).unwrap_or_default();
        let looker = Looker::new(session, merger, acknowledged)?;
        let mut behind = BTreeMap::new();
        for work in places.iter().map(|place| &works[*place]) {
            if let (Some(tip), true) = (work.tip, asked.in_full) {
                let open = looker.of(&work.track, tip)?;
                let open = open.into_iter().map(|open| open.behind).collect();
                behind.insert(work.track.clone(), open);
            }
        }
        Ok(Contracts {
            comparisons,
            behind,
            not_compared: gatherer.not_compared(&places),
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

    /// One sentence for each contract that a track changes and that a program would have to compare.
    pub(super) fn not_compared(&self, judged: &TrackId) -> Vec<String> {
        let of_judged = |(track, _): &&(TrackId, ContractName)| track == judged;
        let all = self.not_compared.iter().filter(of_judged);
        let shown = |(track, contract): &(TrackId, ContractName)| {
            format!(
                "contract {contract} was not compared here: its program runs in `tracks validate {track}`"
            )
        };
        all.map(shown).collect()
    }
}

/// Where a comparison belongs: places among the works and the contracts.
#[derive(Debug, Clone, Copy)]
struct Place {
    judged: usize,
    contract: usize,
    other: Option<usize>,
}

/// Two works that both change a file of a contract.
struct Pair<'g> {
    contract: usize,
    works: [usize; 2],
    changes: [&'g FileChange; 2],
    versions: [Version<'g>; 3],
}

/// A content and what names it.
#[derive(Clone, Copy)]
struct Version<'g> {
    id: BlobId,
    content: &'g [u8],
}

/// What was found out once; two threads may both find it out.
struct Known<K, V>(Mutex<HashMap<K, V>>);

impl<K, V> Default for Known<K, V> {
    fn default() -> Known<K, V> {
        Known(Mutex::default())
    }
}

impl<K: Hash + Eq, V: Clone> Known<K, V> {
    fn get(&self, key: K, find: impl FnOnce() -> V) -> V {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().get(&key).cloned();
        known.unwrap_or_else(|| {
            let found = find();
            lock().insert(key, found.clone());
            found
        })
    }
}

/// By contract, and what the contents are called.
type Asking = (usize, BlobId, BlobId);

struct Gatherer<'g> {
    session: &'g Session,
    merger: &'g Merger<'g>,
    works: &'g [Work],
    /// `None`: programs are not run.
    comparer: Option<Comparer<'g>>,
    contracts: Vec<(&'g Contract, Selection)>,
    dialect: Dialect,
    outcomes: Known<Asking, Outcome>,
    side_by_side: Known<Asking, Outcome>,
    /// Of programs, which may read the name of the file as well.
    answers: Known<ResultKey, Outcome>,
    parsed: Known<(usize, BlobId), Arc<Parsed>>,
    hunks: Known<(BlobId, BlobId), Option<Arc<[Edit]>>>,
}

impl<'g> Gatherer<'g> {
    fn format(&self, contract: usize) -> Option<Format> {
        let command = self.contracts[contract].0.compatible.as_ref()?;
        Format::of(command, self.dialect)
    }

    /// Whether there is anything that compares its versions here.
    fn is_compared(&self, contract: usize) -> bool {
        let has_command = self.contracts[contract].0.compatible.is_some();
        has_command && (self.format(contract).is_some() || self.comparer.is_some())
    }

    fn changes(&self, contract: usize, work: usize) -> impl Iterator<Item = &'g FileChange> {
        let selection = &self.contracts[contract].1;
        let changes = self.works[work].changes.iter();
        changes.filter(move |change| selection.matches(&change.path))
    }

    fn not_compared(&self, places: &[usize]) -> BTreeSet<(TrackId, ContractName)> {
        let mut found = BTreeSet::new();
        for (at, (contract, _)) in self.contracts.iter().enumerate() {
            if contract.compatible.is_none() || self.is_compared(at) {
                continue;
            }
            for work in places {
                // New files compare with nothing.
                if self.changes(at, *work).any(|change| !change.is_new()) {
                    found.insert((self.works[*work].track.clone(), contract.name.clone()));
                }
            }
        }
        found
    }

    fn with_base(&self, judged: usize) -> Vec<(Place, Comparison)> {
        let mut found = Vec::new();
        for contract in (0..self.contracts.len()).filter(|at| self.is_compared(*at)) {
            for change in self.changes(contract, judged) {
                let Some(outcome) = self.change(contract, judged, change) else {
                    continue;
                };
                let place = Place {
                    judged,
                    contract,
                    other: None,
                };
                found.push((place, self.comparison(place, change, outcome)));
            }
        }
        found
    }

    fn comparison(&self, place: Place, change: &FileChange, outcome: Outcome) -> Comparison {
        Comparison {
            contract: self.contracts[place.contract].0.name.clone(),
            path: change.path.clone(),
            other: place.other.map(|other| self.works[other].track.clone()),
            outcome,
        }
    }

    /// `None`: there is nothing to compare.
    fn change(&self, contract: usize, work: usize, change: &FileChange) -> Option<Outcome> {
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
        let Some([old, new]) = versions(&self.works[work], change) else {
            return Some(Outcome::CouldNotRun("its content is not here".to_owned()));
        };
        Some(self.outcome(contract, change, old, new))
    }

    /// Those with a judged one that both change one file, in different ways and from the same beginning.
    fn pairs(&self, judged: &[usize]) -> Vec<Pair<'g>> {
        let judged: BTreeSet<usize> = judged.iter().copied().collect();
        let mut pairs = Vec::new();
        for contract in (0..self.contracts.len()).filter(|at| self.is_compared(*at)) {
            for second in 0..self.works.len() {
                for ours in self.changes(contract, second) {
                    for first in 0..second {
                        if !judged.contains(&first) && !judged.contains(&second) {
                            continue;
                        }
                        let theirs = self.works[first].change(&ours.path);
                        pairs.extend(theirs.and_then(|theirs| {
                            self.pair(contract, [first, second], [theirs, ours])
                        }));
                    }
                }
            }
        }
        pairs
    }

    /// `None`: they did not begin with the same, or have the same now, or one has not changed it.
    fn pair(
        &self,
        contract: usize,
        works: [usize; 2],
        changes: [&'g FileChange; 2],
    ) -> Option<Pair<'g>> {
        let [one, other] = changes;
        let before = one.before?.id;
        let (ours, theirs) = (one.after?.id, other.after?.id);
        if one.before != other.before || ours == theirs || ours == before || theirs == before {
            return None;
        }
        let [base, ours] = versions(&self.works[works[0]], one)?;
        let [_, theirs] = versions(&self.works[works[1]], other)?;
        Some(Pair {
            contract,
            works,
            changes,
            versions: [base, ours, theirs],
        })
    }

    /// What each of them has against the other.
    fn with_each_other(&self, pair: &Pair<'_>) -> Vec<(Place, Comparison)> {
        let merged = || self.merged(pair.versions);
        let outcomes = match self.format(pair.contract) {
            Some(format) => self.by_format(format, pair, merged),
            None => match merged() {
                Some(merged) => self.by_program(pair, &merged),
                None => [None, None],
            },
        };
        let mut found = Vec::new();
        for (at, outcome) in outcomes.into_iter().enumerate() {
            let place = Place {
                judged: pair.works[at],
                contract: pair.contract,
                other: Some(pair.works[1 - at]),
            };
            let comparison = outcome.map(|it| self.comparison(place, pair.changes[at], it));
            found.extend(comparison.map(|it| (place, it)));
        }
        found
    }

    fn by_format(
        &self,
        format: Format,
        pair: &Pair<'_>,
        merged: impl Fn() -> Option<Vec<u8>>,
    ) -> [Option<Outcome>; 2] {
        let [base, ours, theirs] = pair
            .versions
            .map(|it| self.parsed(pair.contract, format, it));
        if Parsed::are_apart(&base, &ours, &theirs) {
            return [Some(Outcome::Compatible), Some(Outcome::Compatible)];
        }
        let merged = merged().map(|merged| format.parsed(&merged));
        let known: Known<(Side, Side), Outcome> = Known::default();
        let compare = |old: Side, new: Side| {
            known.get((old, new), || {
                let parsed = |side| match side {
                    Side::Base => Some((&*base, Some(pair.versions[0]))),
                    Side::Ours => Some((&*ours, Some(pair.versions[1]))),
                    Side::Theirs => Some((&*theirs, Some(pair.versions[2]))),
                    Side::Merged => Some((merged.as_ref()?, None)),
                };
                let (Some((before, old)), Some((after, new))) = (parsed(old), parsed(new)) else {
                    return Outcome::Compatible;
                };
                let compared = || before.compare_side_by_side(after);
                match (old, new) {
                    (Some(old), Some(new)) => {
                        let asking = (pair.contract, old.id, new.id);
                        self.side_by_side.get(asking, compared)
                    }
                    _ => compared(),
                }
            })
        };
        [
            Some(between(merged.is_some(), compare)),
            Some(between(merged.is_some(), |old, new| {
                compare(old.swapped(), new.swapped())
            })),
        ]
    }

    /// A program says yes or no: the merge must break neither side where neither has broken base by itself.
    fn by_program(&self, pair: &Pair<'_>, merged: &[u8]) -> [Option<Outcome>; 2] {
        let [base, ours, theirs] = pair.versions;
        let by_itself = |side| self.outcome(pair.contract, pair.changes[0], base, side);
        let is_fine = |outcome: &Outcome| *outcome == Outcome::Compatible;
        if ![ours, theirs].map(by_itself).iter().all(is_fine) {
            return [None, None];
        }
        let contract = self.contracts[pair.contract].0;
        let from = |side: Version<'_>| self.answer(contract, pair.changes[0], side.content, merged);
        // What they have against each other is the same.
        let outcome = [theirs, ours].into_iter().map(from).find(|it| !is_fine(it));
        let outcome = outcome.unwrap_or(Outcome::Compatible);
        [Some(outcome.clone()), Some(outcome)]
    }

    /// `None`: they conflict, or are no texts.
    fn merged(&self, [base, ours, theirs]: [Version<'_>; 3]) -> Option<Vec<u8>> {
        let hunks = |side: Version<'_>| {
            self.hunks.get((base.id, side.id), || {
                merge_hunks(base.content, side.content).map(Arc::from)
            })
        };
        let texts = [base.content, ours.content, theirs.content];
        if let (Some(our_hunks), Some(their_hunks)) = (hunks(ours), hunks(theirs)) {
            return clean_merge(texts, &our_hunks, &their_hunks);
        }
        let below = self.session.store.scratch_root();
        (self.session.repository)
            .merge_file(self.merger.files_dir(&below), texts, None)
            .ok()
            .filter(|merged| !merged.conflicted)
            .map(|merged| merged.content)
    }

    fn parsed(&self, contract: usize, format: Format, version: Version<'_>) -> Arc<Parsed> {
        self.parsed.get((contract, version.id), || {
            Arc::new(format.parsed(version.content))
        })
    }

    fn outcome(
        &self,
        contract: usize,
        change: &FileChange,
        old: Version<'_>,
        new: Version<'_>,
    ) -> Outcome {
        match self.format(contract) {
            Some(format) => self.outcomes.get((contract, old.id, new.id), || {
                let [old, new] = [old, new].map(|it| self.parsed(contract, format, it));
                old.compare(&new)
            }),
            None => self.answer(self.contracts[contract].0, change, old.content, new.content),
        }
    }

    fn answer(&self, contract: &Contract, change: &FileChange, old: &[u8], new: &[u8]) -> Outcome {
        let name = contract.name.as_str().as_bytes();
        let key = ResultKey::of([name, change.path.as_bytes(), old, new]);
        self.answers.get(key, || match &self.comparer {
            Some(comparer) => comparer.run(contract, &change.path, old, new),
            None => Outcome::CouldNotRun("programs are not run here".to_owned()),
        })
    }
}

/// Before and after; `None`: one of them is not here.
fn versions<'w>(work: &'w Work, change: &FileChange) -> Option<[Version<'w>; 2]> {
    let contents = work.contents.get(&change.path)?;
    Some([
        Version {
            id: change.before?.id,
            content: contents.before.as_deref()?,
        },
        Version {
            id: change.after?.id,
            content: contents.after.as_deref()?,
        },
    ])
}
