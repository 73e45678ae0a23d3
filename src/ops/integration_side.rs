//! What "integration" means as a side of a merge: the last round's other tracks rebuilt on base without the track in
//! question. A rewritten track thus never conflicts with its own old commits.

use std::collections::BTreeMap;

use crate::domain::merge::{Basis, Pair, Verdict};
use crate::domain::name::{Side, TrackId};
use crate::domain::revision::CommitId;
use crate::git::{GitError, MergeAnswer, Merger};
use crate::store::{Merged, Round, StoreError};

use super::Session;
use super::matrix::{TrackSide, merge_commit, verdict};

/// The last round that moved the integration branch, if any has.
///
/// # Errors
/// When the record of rounds cannot be read.
pub(super) fn last_round(session: &Session) -> Result<Option<Round>, StoreError> {
    let rounds = session.store.rounds()?;
    Ok(rounds.into_iter().rev().find(|round| round.moved))
}

/// One rebuild in progress: the others of the last round, one after the other.
struct Rebuild<'a> {
    side: &'a TrackSide,
    commit: CommitId,
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
        Err(error) => return Ok(unavailable(sides, wanted, &error)),
    };
    let mut rebuilds = Vec::new();
    for side in sides.iter().filter(|side| wanted(&side.track)) {
        let Some(commit) = side.commit else { continue };
        let mut rebuild = Rebuild {
            side,
            commit,
            at: session.base.commit,
            others: Vec::new(),
            failed: None,
        };
        match others(session, &round, side) {
            Ok(others) => rebuild.others = others,
            // What the round merged is gone from here by now, or was never fetched.
            Err(error) => rebuild.failed = Some(error.to_string()),
        }
        rebuilds.push(rebuild);
    }
    rebuild_all(merger, &mut rebuilds)?;
    let ready: Vec<usize> = (0..rebuilds.len())
        .filter(|index| rebuilds[*index].failed.is_none())
        .collect();
    let requests: Vec<_> = ready
        .iter()
        .map(|index| (rebuilds[*index].at, rebuilds[*index].commit))
        .collect();
    let mut answers: BTreeMap<usize, Verdict> = ready
        .into_iter()
        .zip(merger.merge_all(&requests)?.into_iter().map(verdict))
        .collect();
    Ok(rebuilds
        .iter()
        .enumerate()
        .map(|(index, rebuild)| Pair {
            a: Side::Integration,
            b: Side::Track(rebuild.side.track.clone()),
            basis: Basis::Tips,
            merged: rebuild
                .failed
                .is_none()
                .then_some((rebuild.at, rebuild.commit)),
            verdict: answers.remove(&index).unwrap_or_else(|| {
                Verdict::Unavailable(rebuild.failed.clone().unwrap_or_default())
            }),
        })
        .collect())
}

fn unavailable(
    sides: &[TrackSide],
    wanted: &dyn Fn(&TrackId) -> bool,
    error: &StoreError,
) -> Vec<Pair> {
    sides
        .iter()
        .filter(|side| side.commit.is_some() && wanted(&side.track))
        .map(|side| Pair {
            a: Side::Integration,
            b: Side::Track(side.track.clone()),
            basis: Basis::Tips,
            merged: None,
            verdict: Verdict::Unavailable(error.to_string()),
        })
        .collect()
}

/// The round's tracks without this one and without those that carry its commits (its dependents).
fn others<'a>(
    session: &Session,
    round: &'a Round,
    side: &TrackSide,
) -> Result<Vec<&'a Merged>, GitError> {
    let own = round
        .merged
        .iter()
        .find(|merged| merged.track == side.track);
    let mut others = Vec::new();
    for merged in round
        .merged
        .iter()
        .filter(|merged| merged.track != side.track)
    {
        let carries = match own {
            Some(own) => session.repository.is_ancestor(own.commit, merged.commit)?,
            None => false,
        };
        if !carries {
            others.push(merged);
        }
    }
    Ok(others)
}

/// Step by step, every rebuild's next merge in one batch; equal steps are merged once.
fn rebuild_all(merger: &Merger<'_>, rebuilds: &mut [Rebuild<'_>]) -> Result<(), GitError> {
    let longest = rebuilds
        .iter()
        .map(|rebuild| rebuild.others.len())
        .max()
        .unwrap_or(0);
    for step in 0..longest {
        let mut requests: Vec<(CommitId, CommitId)> = rebuilds
            .iter()
            .filter(|rebuild| rebuild.failed.is_none())
            .filter_map(|rebuild| Some((rebuild.at, rebuild.others.get(step)?.commit)))
            .collect();
        requests.sort_unstable();
        requests.dedup();
        let answers: BTreeMap<_, _> = requests
            .iter()
            .copied()
            .zip(merger.merge_all(&requests)?)
            .collect();
        for rebuild in rebuilds.iter_mut() {
            let Some(other) = rebuild.others.get(step) else {
                continue;
            };
            match answers.get(&(rebuild.at, other.commit)) {
                Some(MergeAnswer::Merged { tree }) => {
                    let parents = [rebuild.at, other.commit];
                    rebuild.at = merge_commit(merger, *tree, &parents, "rebuilt\n")?;
                }
                Some(MergeAnswer::Conflicted { .. }) => {
                    rebuild.failed = Some(format!(
                        "integration cannot be rebuilt on base without {}: {} conflicts",
                        rebuild.side.track, other.track
                    ));
                }
                Some(MergeAnswer::Unavailable(reason)) => rebuild.failed = Some(reason.clone()),
                None => {}
            }
        }
    }
    Ok(())
}
