//! Who breaks a rule, which is judged before anything runs.
//!
//! Tracks are judged in landing order against those before them that are still in, so that of two that cannot both land the
//! later one stays out, and nobody stays out for one who is out anyway.

use std::collections::BTreeSet;

use crate::domain::migration::Renumbered;
use crate::domain::name::TrackId;
use crate::domain::rule::Finding;
use crate::domain::sync::outlawed;
use crate::git::GitError;
use crate::store::Merged;

use super::super::Session;
use super::super::matrix::{self, Matrix, Scope, TrackSide};
use super::super::rules::renumber::put_right;
use super::super::rules::{Asked, Rules};
use super::super::trust::Trust;

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
        .map(|merged| TrackSide::committed(session, &merged.track, merged.commit))
        .collect::<Result<_, _>>()?;
    let scope = Scope::WithoutIntegration;
    let matrix = Matrix::new(session, &merger, &memo, &sides, scope)?;
    let tracks: Vec<TrackId> = sides.iter().map(|side| side.track.clone()).collect();
    let mut broken = Vec::new();
    let nobody = BTreeSet::new();
    each(
        session,
        trust,
        &matrix,
        &tracks,
        nobody,
        |track, findings, _| {
            let out = outlawed(track, findings).map(|ejected| ejected.track);
            broken.extend(out.clone());
            out.into_iter().collect()
        },
    )?;
    Ok(broken)
}

/// Judges the tracks of the matrix. `without`: those that are out for other reasons. `out`: is told of each what was found, in
/// landing order, and what its migrations are to be called instead; it says who is out for it.
///
/// # Errors
/// When the repository cannot be read.
pub(super) fn each(
    session: &Session,
    trust: &Trust,
    matrix: &Matrix<'_, '_>,
    tracks: &[TrackId],
    mut without: BTreeSet<TrackId>,
    mut out: impl FnMut(&TrackId, &[Finding], Renumbered) -> Vec<TrackId>,
) -> Result<(), GitError> {
    let asked = Asked {
        programs: Some(trust),
        ..Asked::default()
    };
    let rules = Rules::read(session, matrix, asked)?;
    let mut renumbering = rules.renumbering();
    for track in session.order.iter().filter(|id| tracks.contains(id)) {
        if without.contains(track) {
            continue;
        }
        let mut findings = rules.found(track, &without);
        let renumbered = match &renumbering {
            Some(renumbering) => rules.renumbered(renumbering, track, &findings),
            None => Renumbered::new(),
        };
        put_right(&mut findings, &renumbered);
        let gone = out(track, &findings, renumbered.clone());
        if let Some(renumbering) = renumbering.as_mut().filter(|_| !gone.contains(track)) {
            rules.take(renumbering, track, &renumbered);
        }
        without.extend(gone);
    }
    Ok(())
}
