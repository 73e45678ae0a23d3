//! In which order a round merges: what must come first, what matters most, what is in nobody's way.

use crate::domain::merge::{Pair, Verdict};
use crate::domain::name::{Side, TrackId};
use crate::domain::order::{Landing, fewest_conflicts};
use crate::domain::project::Integration;
use crate::domain::resolution::{ByRule, foreseen_by_rule};
use crate::domain::sync::{Entry, Plan};
use crate::git::{GitError, Memo, Merger};

use super::super::Session;
use super::super::matrix::{self, Matrix, Scope, TrackSide};

/// Arranges the entries of a plan by the verdicts of all pairs of them, which are the result; none where there is no pair.
pub(super) fn arrange(
    session: &Session,
    merger: &Merger<'_>,
    memo: &Memo,
    plan: &mut Plan,
) -> Result<Vec<Pair>, GitError> {
    if plan.entries.len() < 2 {
        return Ok(Vec::new());
    }
    let sides: Vec<TrackSide> = plan
        .entries
        .iter()
        .map(|entry| side(session, entry))
        .collect::<Result<_, GitError>>()?;
    let pairs = Matrix::new(session, merger, memo, &sides, Scope::WithoutIntegration)?.pairs()?;
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
    Ok(pairs)
}

fn side(session: &Session, entry: &Entry) -> Result<TrackSide, GitError> {
    Ok(TrackSide {
        track: entry.track.clone(),
        tip: Some(entry.tip),
        commit: Some(entry.tip),
        tree: Some(session.repository.commit(entry.tip)?.tree),
        dirty: false,
        unavailable: None,
        note: None,
    })
}

/// A conflict that a rule is going to resolve is in nobody's way.
fn stands_in_the_way(integration: &Integration, pair: &Pair) -> bool {
    match &pair.verdict {
        Verdict::Clean => false,
        Verdict::Unavailable(_) => true,
        Verdict::Conflict(conflicts) => !conflicts
            .iter()
            .all(|conflict| foreseen_by_rule(integration, conflict, None) != ByRule::Nothing),
    }
}
