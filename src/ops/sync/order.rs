//! In which order a round merges: what must come first, what matters most, what is in nobody's way.

use crate::domain::merge::{Pair, Verdict};
use crate::domain::name::{Side, TrackId};
use crate::domain::order::{Landing, fewest_conflicts};
use crate::domain::project::Integration;
use crate::domain::resolution::{ByRule, foreseen_by_rule};
use crate::domain::sync::Plan;
use crate::git::GitError;

use super::super::Session;
use super::super::matrix::{self, TrackSide};

/// Arranges the entries of a plan by what they are to each other and to base.
pub(super) fn arrange(session: &Session, pairs: &[Pair], plan: &mut Plan) {
    let conflicts: Vec<(Side, Side)> = pairs
        .iter()
        .filter(|pair| stands_in_the_way(&session.project.integration, pair))
        .map(|pair| (pair.a.clone(), pair.b.clone()))
        .collect();
    let tracks: Vec<TrackId> = (plan.entries.iter())
        .map(|entry| entry.track.clone())
        .collect();
    let (priority, depends_on) = matrix::order_facts(&session.project);
    let order = fewest_conflicts(&Landing {
        tracks: &tracks,
        priority: &priority,
        depends_on: &depends_on,
        conflicts: &conflicts,
    });
    plan.arrange(&order.tracks);
}

/// The entries of a plan as the matrix takes them.
///
/// # Errors
/// When a tip cannot be read.
pub(super) fn sides(session: &Session, plan: &Plan) -> Result<Vec<TrackSide>, GitError> {
    let entries = plan.entries.iter();
    entries
        .map(|entry| TrackSide::committed(session, &entry.track, entry.tip))
        .collect()
}

/// A conflict that a rule is going to resolve is in nobody's way.
pub(super) fn stands_in_the_way(integration: &Integration, pair: &Pair) -> bool {
    match &pair.verdict {
        Verdict::Clean => false,
        Verdict::Unavailable(_) => true,
        Verdict::Conflict(conflicts) => !conflicts
            .iter()
            .all(|conflict| foreseen_by_rule(integration, conflict, None) != ByRule::Nothing),
    }
}
