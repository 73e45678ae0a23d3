//! Who breaks a rule, which is judged before anything runs, and before it is known who conflicts with whom.
//!
//! Tracks are judged in landing order against those before them that are still in, so that of two that cannot both land the
//! later one stays out, and nobody stays out for one who is out anyway.

use std::collections::BTreeSet;

use crate::domain::name::TrackId;
use crate::domain::rule::Finding;
use crate::git::GitError;

use super::super::Session;
use super::super::matrix::Matrix;
use super::super::rules::{Asked, Rules};

/// Judges the tracks of the matrix. `out`: is told of each what was found, in landing order, and says who is out for it.
///
/// # Errors
/// When the repository cannot be read.
pub(in super::super) fn each(
    session: &Session,
    matrix: &Matrix<'_, '_>,
    tracks: &[TrackId],
    mut out: impl FnMut(&TrackId, &[Finding]) -> Vec<TrackId>,
) -> Result<(), GitError> {
    let rules = Rules::read(session, matrix, Asked::default())?;
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
