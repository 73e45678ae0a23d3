//! Who breaks a rule, which is judged before anything runs, and before it is known who conflicts with whom.
//!
//! Tracks are judged in landing order against those before them that are still in, so that of two that cannot both land the
//! later one stays out, and nobody stays out for one who is out anyway.

use std::collections::BTreeSet;

use crate::domain::name::TrackId;
use crate::domain::rule::Finding;
use crate::domain::sync::outlawed;
use crate::git::GitError;
use crate::store::Merged;

use super::super::Session;
use super::super::matrix::{self, Matrix, Scope, TrackSide};
use super::super::rules::{Asked, Rules};
use super::order::side;

/// Those of the tracks of a round that break a rule now.
///
/// # Errors
/// As [`each`].
pub(in super::super) fn unlawful(
    session: &Session,
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
    each(session, &matrix, &tracks, |track, findings| {
        let out = outlawed(track, findings).map(|ejected| ejected.track);
        broken.extend(out.clone());
        out.into_iter().collect()
    })?;
    Ok(broken)
}

/// Judges the tracks of the matrix. `out`: is told of each what was found, in landing order, and says who is out for it.
///
/// # Errors
/// When the repository cannot be read.
pub(super) fn each(
    session: &Session,
    matrix: &Matrix<'_, '_>,
    tracks: &[TrackId],
    mut out: impl FnMut(&TrackId, &[Finding]) -> Vec<TrackId>,
) -> Result<(), GitError> {
    let rules = Rules::read(
        session,
        matrix,
        Asked {
            programs: true,
            ..Asked::default()
        },
    )?;
    let mut without = BTreeSet::new();
    for track in session.order.iter().filter(|id| tracks.contains(id)) {
        if without.contains(track) {
            continue;
        }
        let findings = rules.judge(track, &without, None);
        without.extend(out(track, &findings));
    }
    Ok(())
}
