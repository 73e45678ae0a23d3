//! Who breaks a rule, which is judged before anything runs, and before it is known who conflicts with whom.
//!
//! Tracks are judged in landing order against those before them that are still in, so that of two that cannot both land the
//! later one stays out, and nobody stays out for one who is out anyway.

use std::collections::BTreeSet;

use crate::domain::migration::{Renumbered, Taken};
use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;
use crate::domain::rule::Finding;
use crate::domain::sync::outlawed;
use crate::git::GitError;
use crate::store::Merged;

use super::super::Session;
use super::super::matrix::{self, Matrix, Scope, TrackSide};
use super::super::rules::{Asked, Rules};
use super::super::trust::Trust;
use super::order::side;

/// Those of the tracks of a round that break a rule now.
///
/// # Errors
/// As [`each`].
pub(in super::super) fn unlawful(
    session: &Session,
    trust: &Trust,
    merged: &[Merged],
) -> Result<Vec<TrackId>, GitError> {
    let merger = matrix::scratch_merger(session, &session.repository)?;
    let memo = matrix::memory(session);
    let sides: Vec<TrackSide> = (merged.iter())
        .filter(|merged| session.project.track(&merged.track).is_some())
        .map(|merged| side(session, &merged.track, merged.commit))
        .collect::<Result<_, _>>()?;
    let scope = Scope::WithoutIntegration;
    let matrix = Matrix::new(session, &merger, &memo, &sides, scope)?;
    let tracks: Vec<TrackId> = sides.iter().map(|side| side.track.clone()).collect();
    let mut broken = Vec::new();
    each(session, trust, &matrix, &tracks, |track, findings, _| {
        let out = outlawed(track, findings).map(|ejected| ejected.track);
        broken.extend(out.clone());
        out.into_iter().collect()
    })?;
    Ok(broken)
}

/// Judges the tracks of the matrix. `out`: is told of each what was found, in landing order, and what its migrations are to be
/// called instead; it says who is out for it.
///
/// # Errors
/// When the repository cannot be read.
pub(super) fn each(
    session: &Session,
    trust: &Trust,
    matrix: &Matrix<'_, '_>,
    tracks: &[TrackId],
    mut out: impl FnMut(&TrackId, &[Finding], Renumbered) -> Vec<TrackId>,
) -> Result<(), GitError> {
    let rules = Rules::read(
        session,
        matrix,
        Asked {
            programs: Some(trust),
            ..Asked::default()
        },
    )?;
    let mut without = BTreeSet::new();
    let renumber = session
        .project
        .migrations
        .as_ref()
        .is_some_and(|it| it.renumber);
    let migrations = rules.migrations().filter(|_| renumber);
    let migrations = migrations.map(|(migrations, _)| migrations);
    let mut taken = migrations.map(Taken::on_base);
    for track in session.order.iter().filter(|id| tracks.contains(id)) {
        if without.contains(track) {
            continue;
        }
        let mut findings = rules.judge(track, &without, None);
        let mut renumbered = Renumbered::new();
        let work = rules.work(track);
        if let (Some(taken), Some(work), Some(tip)) = (&taken, work, work.and_then(|it| it.tip)) {
            // Not the clock: the same tips give the same names.
            let time = session.repository.commit(tip)?.committed;
            renumbered = taken.anew(&work.migrations, &about_versions(&findings), time);
            findings.retain(|it| {
                !(is_about_version(it)
                    && it
                        .path
                        .as_ref()
                        .is_some_and(|path| renumbered.contains_key(path)))
            });
        }
        let gone = out(track, &findings, renumbered.clone());
        if let (Some(taken), Some(work)) = (&mut taken, work)
            && !gone.contains(track)
        {
            taken.add_renumbered(&work.migrations, &renumbered);
        }
        without.extend(gone);
    }
    Ok(())
}

/// What another name puts right.
fn is_about_version(finding: &Finding) -> bool {
    ["MIG04", "MIG07"].contains(&finding.code)
}

fn about_versions(findings: &[Finding]) -> BTreeSet<RepoPath> {
    let found = findings
        .iter()
        .filter(|it| is_about_version(it) && it.refuses());
    found.filter_map(|it| it.path.clone()).collect()
}
