//! In which order tracks go: dependencies first, then priority, then the order of the file; and the largest set of them
//! that merges clean together.

use std::collections::{BTreeMap, BTreeSet};

use super::name::TrackId;
use super::project::Track;

/// A cycle in `depends_on`, as the ids along it; the first is repeated at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle(pub Vec<TrackId>);

/// Every track after the tracks it depends on; among those that are free to go, the higher priority first, then the
/// order of the file.
///
/// # Errors
/// When `depends_on` has a cycle.
pub fn landing_order(tracks: &[Track]) -> Result<Vec<TrackId>, Cycle> {
    let _ = tracks;
    todo!()
}

/// What [`largest_clean_set`] decides about.
#[derive(Debug, Clone)]
pub struct Candidates<'a> {
    /// In landing order.
    pub tracks: &'a [TrackId],
    pub priority: &'a BTreeMap<TrackId, i64>,
    pub depends_on: &'a BTreeMap<TrackId, BTreeSet<TrackId>>,
    /// Sets that cannot go together: the conflicting pairs (two members), and larger sets that failed when really merged.
    /// A set with one member excludes that track.
    pub conflicts: &'a [BTreeSet<TrackId>],
}

/// The answer, and whether it is proven to be the largest (false where the search was cut off and greed took over).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanSet {
    /// In landing order.
    pub tracks: Vec<TrackId>,
    pub exact: bool,
}

/// Most tracks first; among equals the higher sum of priorities, then the names that come first. Closed under
/// `depends_on` (a dependency that is not among `tracks` is taken as met). Exact branch and bound over the components of
/// the conflict graph.
pub fn largest_clean_set(candidates: &Candidates<'_>) -> CleanSet {
    let _ = candidates;
    todo!()
}
