//! What "integration" means as a side of a merge: the last round's other tracks rebuilt on base without the track in
//! question. A rewritten track thus never conflicts with its own old commits.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::merge::{Basis, Pair, Verdict};
use crate::domain::name::{Side, TrackId};
use crate::domain::revision::CommitId;
use crate::git::{GitError, MergeAnswer, Merger};
use crate::process::{cores, in_parallel};
use crate::store::{Merged, Round, StoreError};

use super::Session;
use super::matrix::{TrackSide, merge_commit, verdict};

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

/// One rebuild in progress: the others of the last round, one after the other.
struct Rebuild<'a> {
    side: &'a TrackSide,
    /// What is merged into it; `None` where that is not known.
    commit: Option<CommitId>,
    at: CommitId,
    others: Vec<&'a Merged>,
    failed: Option<String>,
}

/// Integration against each wanted track; none before the first round that moved.
pub(super) fn pairs(
    session: &Session,
    merger: &Merger<'_>,
    sides: &[TrackSide],
    wanted: &dyn Fn(&TrackId) -> bool,
) -> Result<Vec<Pair>, GitError> {
    let round = match last_round(session) {
        Ok(Some(round)) => round,
        Ok(None) => return Ok(Vec::new()),
        // There may well be an integration side; that it cannot be told must not look like there being none.
        Err(error) => return Ok(unavailable(sides, wanted, &error.to_string())),
    };
    let carried = match Carried::new(session, &round) {
        Ok(carried) => carried,
        // What the round merged is gone from here by now, or was never fetched.
        Err(error) => return Ok(unavailable(sides, wanted, &error.to_string())),
    };
    let mut rebuilds = Vec::new();
    for side in sides.iter().filter(|side| wanted(&side.track)) {
        if side.tip.is_none() {
            continue;
        }
        rebuilds.push(Rebuild {
            side,
            commit: side.commit,
            at: session.base.commit,
            others: others(&round, &carried, &side.track),
            failed: side.unavailable.clone(),
        });
    }
    rebuild_all(merger, &mut rebuilds)?;
    let (ready, requests): (Vec<usize>, Vec<_>) = rebuilds
        .iter()
        .enumerate()
        .filter(|(_, rebuild)| rebuild.failed.is_none())
        .filter_map(|(index, rebuild)| Some((index, (rebuild.at, rebuild.commit?))))
        .unzip();
    let mut answers: BTreeMap<usize, Verdict> = ready
        .into_iter()
        .zip(requests.iter().zip(merger.merge_all(&requests)?))
        .map(|(index, (sides, answer))| (index, verdict(*sides, answer)))
        .collect();
    Ok(rebuilds
        .iter()
        .enumerate()
        .map(|(index, rebuild)| Pair {
            a: Side::Integration,
            b: Side::Track(rebuild.side.track.clone()),
            basis: Basis::Tips,
            merged: rebuild
                .commit
                .filter(|_| rebuild.failed.is_none())
                .map(|commit| (rebuild.at, commit)),
            verdict: answers.remove(&index).unwrap_or_else(|| {
                Verdict::Unavailable(rebuild.failed.clone().unwrap_or_default())
            }),
        })
        .collect())
}

fn unavailable(sides: &[TrackSide], wanted: &dyn Fn(&TrackId) -> bool, reason: &str) -> Vec<Pair> {
    sides
        .iter()
        .filter(|side| side.tip.is_some() && wanted(&side.track))
        .map(|side| Pair {
            a: Side::Integration,
            b: Side::Track(side.track.clone()),
            basis: Basis::Tips,
            merged: None,
            verdict: Verdict::Unavailable(reason.to_owned()),
        })
        .collect()
}

/// What each merged track has beyond base: who carries whose commits.
struct Carried(BTreeMap<TrackId, BTreeSet<CommitId>>);

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
fn rebuild_all(merger: &Merger<'_>, rebuilds: &mut [Rebuild<'_>]) -> Result<(), GitError> {
    let longest = rebuilds
        .iter()
        .map(|rebuild| rebuild.others.len())
        .max()
        .unwrap_or(0);
    for step in 0..longest {
        let requests: BTreeSet<(CommitId, CommitId)> = rebuilds
            .iter()
            .filter(|rebuild| rebuild.failed.is_none())
            .filter_map(|rebuild| Some((rebuild.at, rebuild.others.get(step)?.commit)))
            .collect();
        let requests: Vec<_> = requests.into_iter().collect();
        let mut answers = BTreeMap::new();
        for (request, answer) in requests.iter().zip(merger.merge_all(&requests)?) {
            let after = match answer {
                MergeAnswer::Merged { tree } => Ok(merge_commit(
                    merger,
                    tree,
                    &[request.0, request.1],
                    "rebuilt\n",
                )?),
                // Base has moved on, or it came in only together with this track: the next round will leave it out, too.
                MergeAnswer::Conflicted { .. } => Ok(request.0),
                MergeAnswer::Unavailable(reason) => Err(reason),
            };
            answers.insert(*request, after);
        }
        for rebuild in rebuilds.iter_mut() {
            let Some(other) = rebuild.others.get(step) else {
                continue;
            };
            match answers.get(&(rebuild.at, other.commit)) {
                Some(Ok(after)) => rebuild.at = *after,
                Some(Err(reason)) => rebuild.failed = Some(reason.clone()),
                None => {}
            }
        }
    }
    Ok(())
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
