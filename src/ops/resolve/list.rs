//! Which pairs conflict now, and which of these conflicts are resolved by what was recorded.

use crate::domain::merge::{Basis, Conflict, Pair, Verdict};
use crate::domain::name::{Side, TrackId};
use crate::domain::resolution::recorded;
use crate::domain::revision::CommitId;
use crate::git::{GitError, MergeAnswer, Merger, Unmerged};
use crate::store::Opening;

use super::super::{Session, matrix, own_worktree, sync};
use super::{Listed, Notebook, Open, ResolveError, UnderWay};

pub(super) fn everything(session: &Session) -> Result<Listed, ResolveError> {
    let notebook = Notebook::read(session)?;
    let merger = matrix::scratch_merger(session, &session.repository)?;
    let mut under_way = Vec::new();
    for opening in session.store.openings()? {
        under_way.push(UnderWay {
            dir: own_worktree::dir_of(session, &opening.name)?,
            tracks: opening.tracks.map(|(track, _)| track),
            fix: opening.fix,
        });
    }
    Ok(Listed {
        open: open(session, &merger, &|_| true)?,
        under_way,
        records: notebook.records,
    })
}

/// The sides of a pair that have moved since it was opened, if that leaves a conflict that rounds do not resolve.
pub(super) fn moved(session: &Session, opening: &Opening) -> Result<Vec<Side>, ResolveError> {
    let tracks = &opening.tracks;
    let mut moved = Vec::new();
    for (id, opened) in tracks {
        let tip = session.tip(&session.track(id.as_str())?.branch)?;
        if tip.is_some_and(|tip| tip.commit != *opened) {
            moved.push(Side::Track(id.clone()));
        }
    }
    let (repository, base) = (&session.repository, session.base.commit);
    if !opening.fix && !repository.is_ancestor(base, opening.sides[0])? {
        moved.push(Side::Base);
    }
    if moved.is_empty() {
        return Ok(moved);
    }
    let merger = matrix::scratch_merger(session, repository)?;
    let of_pair = |track: &TrackId| tracks.iter().any(|(id, _)| id == track);
    let open = open(session, &merger, &of_pair)?;
    let is_open = |open: &Open| open.a != Side::Base && open.foreseen.is_none();
    Ok(match open.iter().any(is_open) {
        true => moved,
        false => Vec::new(),
    })
}

/// What conflicts among these tracks, and each of them with base.
fn open(
    session: &Session,
    merger: &Merger<'_>,
    wanted: &dyn Fn(&TrackId) -> bool,
) -> Result<Vec<Open>, GitError> {
    let base = session.base.commit;
    let mut tips: Vec<(TrackId, CommitId)> = Vec::new();
    for id in session.order.iter().filter(|id| wanted(id)) {
        let Some(track) = session.project.track(id) else {
            continue;
        };
        tips.extend(
            session
                .tip(&track.branch)?
                .map(|tip| (id.clone(), tip.commit)),
        );
    }
    let pairs: Vec<_> = tips.iter().map(|(_, tip)| (base, *tip)).collect();
    let mut found = Vec::new();
    let mut on_base: Vec<(TrackId, CommitId)> = Vec::new();
    for ((track, tip), answer) in tips.into_iter().zip(merger.merge_all(&pairs)?) {
        match answer {
            MergeAnswer::Merged { tree } => {
                let commit = matrix::merge_commit(merger, tree, &[base, tip], "base and track\n")?;
                on_base.push((track, commit));
            }
            MergeAnswer::Conflicted { .. } => {
                let unmerged = merger.unmerged(base, tip)?;
                found.push(conflict(Side::Base, track, &unmerged));
            }
            MergeAnswer::Unavailable(_) => {}
        }
    }
    let mut pairs = Vec::new();
    for (index, one) in on_base.iter().enumerate() {
        pairs.extend(on_base[index + 1..].iter().map(|other| (one, other)));
    }
    let commits: Vec<_> = pairs.iter().map(|(one, other)| (one.1, other.1)).collect();
    for ((one, other), answer) in pairs.into_iter().zip(merger.merge_all(&commits)?) {
        if let MergeAnswer::Conflicted { .. } = answer {
            let unmerged = merger.unmerged(one.1, other.1)?;
            let side = Side::Track(one.0.clone());
            found.push(conflict(side, other.0.clone(), &unmerged));
        }
    }
    let (mut found, pairs): (Vec<Open>, Vec<Pair>) = found.into_iter().unzip();
    // Where that cannot be told, a conflict is open.
    let mut foreseen = sync::foresee(session, merger, &pairs).unwrap_or_default();
    for (open, pair) in found.iter_mut().zip(pairs) {
        open.foreseen = foreseen.remove(&(pair.a, pair.b));
    }
    Ok(found)
}

fn conflict(a: Side, b: TrackId, unmerged: &[Unmerged]) -> (Open, Pair) {
    let conflicts = unmerged.iter().map(|one| Conflict {
        path: one.path.clone(),
        types: one.types.clone(),
        regions: Vec::new(),
    });
    let pair = Pair {
        a: a.clone(),
        b: Side::Track(b.clone()),
        basis: Basis::Tips,
        verdict: Verdict::Conflict(conflicts.collect()),
        merged: None,
    };
    let open = Open {
        a,
        b,
        paths: unmerged.iter().map(|one| one.path.clone()).collect(),
        foreseen: None,
    };
    (open, pair)
}

/// The records that resolve all of it, each once; `None` where a path is left.
pub(super) fn resolved_by(unmerged: &[Unmerged], notebook: &Notebook) -> Option<Vec<String>> {
    let mut ids: Vec<String> = Vec::new();
    for one in unmerged {
        let (record, _) = recorded(&notebook.records, &one.path, &[], &one.sides)?;
        if !ids.contains(&record.id) {
            ids.push(record.id.clone());
        }
    }
    (!ids.is_empty()).then_some(ids)
}
