//! What "integration" means as a side of a merge: the last round's other tracks rebuilt on base without the track in
//! question. A rewritten track thus never conflicts with its own old commits.

use std::collections::BTreeMap;

use crate::domain::merge::{Basis, Pair, Verdict};
use crate::domain::name::{Side, TrackId};
use crate::domain::revision::CommitId;
use crate::git::{GitError, MergeAnswer, Merger};
use crate::store::{Merged, Round};

use super::Session;
use super::matrix::{TrackSide, merge_commit, verdict};

/// The last round that moved the integration branch, if any can be read. One that was killed right after it moved the
/// branch could not say so any more; the branch says it.
pub(super) fn last_round(session: &Session) -> Option<Round> {
    let branch = &session.project.integration.branch;
    let now = session.repository.branch(branch).ok().flatten();
    let moved = |round: &Round| {
        round.moved || (round.green == Some(true) && now.is_some() && round.candidate == now)
    };
    session.store.rounds().ok()?.into_iter().rev().find(moved)
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
    let Some(round) = last_round(session) else {
        return Ok(Vec::new());
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
            others: others(session, &round, side)?,
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
                // Base has moved on, or it came in only together with this track: the next round will leave it out, too.
                Some(MergeAnswer::Conflicted { .. }) | None => {}
                Some(MergeAnswer::Unavailable(reason)) => rebuild.failed = Some(reason.clone()),
            }
        }
    }
    Ok(())
}
