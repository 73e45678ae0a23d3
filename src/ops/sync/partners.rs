//! With whom a track conflicts that does not merge onto the candidate.

use crate::domain::merge::{Conflict, Pair};
use crate::domain::name::Side;
use crate::domain::path::RepoPath;
use crate::domain::sync::{Ejected, Entry, Why};
use crate::git::{GitError, MergeAnswer, Merger};

use super::super::{Session, matrix};
use super::chain::{Chain, Works};
use super::list;

/// A track that conflicts in these, which nothing resolves, with whom it does.
pub(super) fn ejected(
    works: Works<'_>,
    merger: &Merger<'_>,
    chain: &Chain,
    entry: &Entry,
    conflicts: &[Conflict],
) -> Result<Ejected, GitError> {
    let paths: Vec<RepoPath> = conflicts.iter().map(|it| it.path.clone()).collect();
    let known = known_partners(works.pairs, chain, entry, &paths);
    let with = match known.is_empty() {
        true => partners(works.session, merger, chain, entry, &paths)?,
        false => known,
    };
    let first = conflicts.first().map(|conflict| {
        let kind = conflict
            .types
            .first()
            .map(|kind| format!(" ({kind})"))
            .unwrap_or_default();
        format!(" in {}{kind}", conflict.path)
    });
    let more = match conflicts.len() {
        0 | 1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let whom = if with.is_empty() {
        "the tracks before it".to_owned()
    } else {
        list(&with)
    };
    Ok(Ejected {
        track: entry.track.clone(),
        why: Why::Conflict,
        reason: format!("conflicts with {whom}{}{more}", first.unwrap_or_default()),
        with,
        paths,
        check: None,
    })
}

/// As [`partners`], from what was found out when the plan was arranged; nobody where that does not tell, since older commits
/// were taken, or files go by other names.
fn known_partners(pairs: &[Pair], chain: &Chain, entry: &Entry, paths: &[RepoPath]) -> Vec<Side> {
    let of_entry = |side: &Side| *side == Side::Track(entry.track.clone());
    let in_these = |pair: &&Pair| {
        let mut conflicts = pair.verdict.conflicts().iter();
        conflicts.any(|conflict| paths.contains(&conflict.path))
    };
    let others: Vec<&Side> = (pairs.iter().filter(in_these))
        .filter_map(|pair| match (of_entry(&pair.a), of_entry(&pair.b)) {
            (true, _) => Some(&pair.b),
            (_, true) => Some(&pair.a),
            _ => None,
        })
        .collect();
    if entry.held.is_some() {
        return Vec::new();
    }
    if others.contains(&&Side::Base) {
        return vec![Side::Base];
    }
    let links = chain.links.iter().filter(|link| link.held.is_none());
    let sides = links.map(|link| Side::Track(link.track.clone()));
    sides.filter(|side| others.contains(&side)).collect()
}

/// Whom the track conflicts with by itself in these paths: base, or else those of the merged tracks.
fn partners(
    session: &Session,
    merger: &Merger<'_>,
    chain: &Chain,
    entry: &Entry,
    paths: &[RepoPath],
) -> Result<Vec<Side>, GitError> {
    let base = session.base.commit;
    let mut requests = vec![(base, entry.tip)];
    requests.extend(chain.links.iter().map(|link| (base, link.tip)));
    let in_these = |answer: &MergeAnswer| match answer {
        MergeAnswer::Conflicted { conflicts, .. } => conflicts
            .iter()
            .any(|conflict| paths.contains(&conflict.path)),
        MergeAnswer::Merged { .. } | MergeAnswer::Unavailable(_) => false,
    };
    let mut on_base = Vec::new();
    for (number, (request, answer)) in requests
        .iter()
        .zip(merger.merge_all(&requests)?)
        .enumerate()
    {
        if number == 0 && in_these(&answer) {
            return Ok(vec![Side::Base]);
        }
        on_base.push(match answer {
            MergeAnswer::Merged { tree } => {
                matrix::merge_commit(merger, tree, &[request.0, request.1], "base and track\n")?
            }
            MergeAnswer::Conflicted { .. } | MergeAnswer::Unavailable(_) => request.1,
        });
    }
    let requests: Vec<_> = on_base[1..]
        .iter()
        .map(|other| (*other, on_base[0]))
        .collect();
    let answers = merger.merge_all(&requests)?;
    let those = |wanted: &dyn Fn(&MergeAnswer) -> bool| -> Vec<Side> {
        let links = chain.links.iter().zip(&answers);
        let those = links.filter(|(_, answer)| wanted(answer));
        those
            .map(|(link, _)| Side::Track(link.track.clone()))
            .collect()
    };
    let in_these = those(&in_these);
    // Two by two, a file may go by another name.
    Ok(match in_these.is_empty() {
        true => those(&|answer| matches!(answer, MergeAnswer::Conflicted { .. })),
        false => in_these,
    })
}
