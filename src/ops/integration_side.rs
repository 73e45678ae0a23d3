//! What "integration" means as a side of a merge: the last round's other tracks rebuilt on base without the track in
//! question. A rewritten track thus never conflicts with its own old commits.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::merge::{Basis, Pair, Verdict};
use crate::domain::name::{Side, TrackId};
use crate::domain::revision::CommitId;
use crate::git::{Engine, GitError, Merger, Outcome, Tip, VirtualCommit, Want};
use crate::process::{cores, in_parallel};
use crate::store::{Merged, Round, StoreError};

use super::Session;
use super::matrix::{Stats, TrackSide, verdict};

/// The last round that moved the integration branch, if any has. One that was killed right after it moved the branch could
/// not say so any more; the branch says it.
///
/// # Errors
/// When the record of rounds cannot be read.
pub(super) fn last_round(session: &Session) -> Result<Option<Round>, StoreError> {
    let branch = &session.project.integration.branch;
    let now = session.repository.branch(branch).ok().flatten();
    let moved = |round: &Round| {
        round.moved || (round.green == Some(true) && now.is_some() && round.candidate == now)
    };
    Ok(session.store.rounds()?.into_iter().rev().find(moved))
}

/// The last round, and what of it there is to rebuild.
#[derive(Debug)]
pub(super) enum Ready {
    Round {
        round: Round,
        carried: Carried,
        tips: Vec<Tip>,
    },
    /// There may well be an integration side; that it cannot be told must not look like there being none.
    Unavailable(String),
}

/// `None` before the first round that moved.
pub(super) fn ready(session: &Session, merger: &Merger<'_>) -> Result<Option<Ready>, GitError> {
    let round = match last_round(session) {
        Ok(Some(round)) => round,
        Ok(None) => return Ok(None),
        Err(error) => return Ok(Some(Ready::Unavailable(error.to_string()))),
    };
    let tip = |merged: &Merged| {
        Ok(Tip {
            commit: merged.commit,
            history: merged.commit,
            tree: merger.tree_of(merged.commit)?,
        })
    };
    let tips: Result<Vec<Tip>, GitError> = round.merged.iter().map(tip).collect();
    Ok(Some(match (Carried::new(session, &round), tips) {
        (Ok(carried), Ok(tips)) => Ready::Round {
            round,
            carried,
            tips,
        },
        // What the round merged is gone from here by now, or was never fetched.
        (Err(error), _) | (_, Err(error)) => Ready::Unavailable(error.to_string()),
    }))
}

impl Ready {
    /// What will be merged, beside the sides themselves.
    pub(super) fn tips(&self) -> &[Tip] {
        match self {
            Ready::Round { tips, .. } => tips,
            Ready::Unavailable(_) => &[],
        }
    }

    /// Integration against each side. The engine has [`Ready::tips`] as its last tips.
    pub(super) fn pairs(
        &self,
        engine: &Engine<'_, '_>,
        sides: &[&TrackSide],
        commits: &BTreeMap<TrackId, VirtualCommit>,
        stats: &mut Stats,
    ) -> Result<Vec<Pair>, GitError> {
        match self {
            Ready::Unavailable(reason) => Ok(sides
                .iter()
                .map(|side| pair(side, Verdict::Unavailable(reason.clone()), None))
                .collect()),
            Ready::Round {
                round,
                carried,
                tips,
            } => {
                let merged = &engine.tips()[engine.tips().len() - tips.len()..];
                let merged: BTreeMap<&TrackId, &VirtualCommit> = round
                    .merged
                    .iter()
                    .map(|merged| &merged.track)
                    .zip(merged)
                    .collect();
                let mut rebuilds: Vec<Rebuild<'_>> = sides
                    .iter()
                    .map(|side| Rebuild {
                        side,
                        commit: commits.get(&side.track),
                        at: engine.base().clone(),
                        others: others(round, carried, &side.track)
                            .into_iter()
                            .filter_map(|other| merged.get(&other.track).copied())
                            .collect(),
                        failed: side.unavailable.clone(),
                    })
                    .collect();
                rebuild_all(engine, &mut rebuilds, stats)?;
                against(engine, &rebuilds, stats)
            }
        }
    }
}

fn pair(side: &TrackSide, verdict: Verdict, merged: Option<(CommitId, CommitId)>) -> Pair {
    Pair {
        a: Side::Integration,
        b: Side::Track(side.track.clone()),
        basis: Basis::Tips,
        merged,
        verdict,
    }
}

/// One rebuild in progress: the others of the last round, one after the other.
struct Rebuild<'a> {
    side: &'a TrackSide,
    /// What is merged into it; `None` where that is not known.
    commit: Option<&'a VirtualCommit>,
    at: VirtualCommit,
    others: Vec<&'a VirtualCommit>,
    failed: Option<String>,
}

/// Each side merged into what was rebuilt for it.
fn against(
    engine: &Engine<'_, '_>,
    rebuilds: &[Rebuild<'_>],
    stats: &mut Stats,
) -> Result<Vec<Pair>, GitError> {
    let ready = |rebuild: &Rebuild<'_>| rebuild.failed.is_none() && rebuild.commit.is_some();
    let requests: Vec<_> = rebuilds
        .iter()
        .filter(|rebuild| ready(rebuild))
        .filter_map(|rebuild| Some((&rebuild.at, rebuild.commit?)))
        .collect();
    let mut answers = engine.merge_all(&requests, Want::Verdicts)?.into_iter();
    let mut pairs = Vec::with_capacity(rebuilds.len());
    for rebuild in rebuilds {
        let answer = if ready(rebuild) { answers.next() } else { None };
        let verdict = match answer {
            Some(answer) => {
                stats.count(answer.by);
                verdict(answer.outcome)
            }
            None => Verdict::Unavailable(rebuild.failed.clone().unwrap_or_default()),
        };
        pairs.push(pair(rebuild.side, verdict, None));
    }
    Ok(pairs)
}

/// What each merged track has beyond base: who carries whose commits.
#[derive(Debug)]
pub(super) struct Carried(BTreeMap<TrackId, BTreeSet<CommitId>>);

impl Carried {
    fn new(session: &Session, round: &Round) -> Result<Self, GitError> {
        let base = [session.base.commit];
        let own = in_parallel(&round.merged, cores().get(), |merged| {
            let commits = session
                .repository
                .commits_between(merged.commit, &base, usize::MAX)?;
            Ok((merged.track.clone(), commits.into_iter().collect()))
        });
        Ok(Carried(own.into_iter().collect::<Result<_, GitError>>()?))
    }

    fn carries(&self, carrier: &TrackId, commit: CommitId) -> bool {
        self.0.get(carrier).is_some_and(|own| own.contains(&commit))
    }
}

/// The round's tracks without this one and without those that carry its commits (its dependents), in the order in which
/// they are merged.
///
/// The order is that of halving: first the half that does not have the track, then the same within the other half. Rebuilds
/// for different tracks thus begin alike, and what begins alike is merged once: `n log n` merges for `n` tracks, not `n²`.
fn others<'a>(round: &'a Round, carried: &Carried, track: &TrackId) -> Vec<&'a Merged> {
    let merged = &round.merged;
    let Some(own) = merged.iter().position(|merged| merged.track == *track) else {
        return merged.iter().collect();
    };
    let commit = merged[own].commit;
    let mut others: Vec<&Merged> = Vec::new();
    let (mut start, mut end) = (0, merged.len());
    while end - start > 1 {
        let middle = usize::midpoint(start, end);
        if own < middle {
            others.extend(&merged[middle..end]);
            end = middle;
        } else {
            others.extend(&merged[start..middle]);
            start = middle;
        }
    }
    others.retain(|other| !carried.carries(&other.track, commit));
    others
}

/// Step by step, every rebuild's next merge in one batch; equal steps are merged once.
fn rebuild_all(
    engine: &Engine<'_, '_>,
    rebuilds: &mut [Rebuild<'_>],
    stats: &mut Stats,
) -> Result<(), GitError> {
    let longest = rebuilds
        .iter()
        .map(|rebuild| rebuild.others.len())
        .max()
        .unwrap_or(0);
    for step in 0..longest {
        let mut requests: BTreeMap<(usize, usize), (VirtualCommit, &VirtualCommit)> =
            BTreeMap::new();
        for rebuild in rebuilds.iter().filter(|rebuild| rebuild.failed.is_none()) {
            if let Some(other) = rebuild.others.get(step) {
                requests.insert(identities(&rebuild.at, other), (rebuild.at.clone(), other));
            }
        }
        let pairs: Vec<_> = requests.values().map(|(at, other)| (at, *other)).collect();
        let answers = engine.merge_all(&pairs, Want::Results)?;
        let mut after = BTreeMap::new();
        for ((key, (at, other)), answer) in requests.iter().zip(answers) {
            stats.count(answer.by);
            let merged = match answer.outcome {
                Outcome::Clean(combined) => Ok(engine.merged(at, other, &combined, "rebuilt\n")?),
                // Base has moved on, or it came in only together with this track: the next round will leave it out, too.
                Outcome::Conflicted(_) => Ok(at.clone()),
                Outcome::Unavailable(reason) => Err(reason),
            };
            after.insert(*key, merged);
        }
        for rebuild in rebuilds.iter_mut() {
            let Some(other) = rebuild.others.get(step) else {
                continue;
            };
            match after.get(&identities(&rebuild.at, other)) {
                Some(Ok(merged)) => rebuild.at = merged.clone(),
                Some(Err(reason)) => rebuild.failed = Some(reason.clone()),
                None => {}
            }
        }
    }
    Ok(())
}

fn identities(at: &VirtualCommit, other: &VirtualCommit) -> (usize, usize) {
    (at.identity(), other.identity())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    fn commit(number: usize) -> CommitId {
        CommitId::from_hex(&format!("{number:040x}")).unwrap()
    }

    fn round(tracks: usize) -> Round {
        let merged = (0..tracks).map(|number| Merged {
            track: TrackId::new(&format!("t{number}")).unwrap(),
            commit: commit(number + 1),
            merge_commit: commit(number + 100),
            held: Vec::new(),
            held_because: None,
            resolved: Vec::new(),
            notes: Vec::new(),
        });
        Round {
            number: 1,
            time: Timestamp(0),
            base: commit(0),
            before: None,
            candidate: None,
            moved: true,
            green: Some(true),
            merged: merged.collect(),
            ejected: Vec::new(),
        }
    }

    #[test]
    fn all_others_are_merged_and_few_merges_do_it() {
        for tracks in [1, 2, 3, 7, 8, 80] {
            let round = round(tracks);
            let nothing = Carried(BTreeMap::new());
            let mut beginnings = BTreeSet::new();
            for merged in &round.merged {
                let others = others(&round, &nothing, &merged.track);
                let mut names: Vec<&str> =
                    others.iter().map(|other| other.track.as_str()).collect();
                for length in 1..=names.len() {
                    beginnings.insert(names[..length].join(" "));
                }
                names.sort_unstable();
                let mut expected: Vec<&str> = round
                    .merged
                    .iter()
                    .map(|other| other.track.as_str())
                    .collect();
                expected.retain(|name| *name != merged.track.as_str());
                expected.sort_unstable();
                assert_eq!(names, expected);
            }
            let levels = tracks.next_power_of_two().ilog2() as usize;
            assert!(beginnings.len() <= tracks * levels, "{tracks}");
        }
    }

    #[test]
    fn what_carries_the_track_stays_out() {
        let round = round(3);
        let carried = Carried(BTreeMap::from([(
            round.merged[2].track.clone(),
            BTreeSet::from([commit(1), commit(3)]),
        )]));
        let names = |track: usize| -> Vec<&str> {
            others(&round, &carried, &round.merged[track].track)
                .iter()
                .map(|other| other.track.as_str())
                .collect()
        };
        assert_eq!(names(0), ["t1"]);
        assert_eq!(names(2), ["t0", "t1"]);
    }
}
