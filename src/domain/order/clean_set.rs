//! The largest set of tracks that merges clean together: exact branch and bound, cut off by a budget.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;

use super::least_loss::{Graph, least_loss};
use crate::domain::name::TrackId;

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

/// How much is looked at in the search of one component, in tracks: a fraction of a second, and enough for hundreds of
/// tracks where conflicts come from files that many of them change.
const BUDGET: usize = 500_000;

/// Most tracks first; among equals the higher sum of priorities, then the names that come first. Closed under
/// `depends_on` (a dependency that is not among `tracks` is taken as met). Exact branch and bound over the components of
/// the conflict graph.
///
/// Where a component is too hard, the answer is the best found so far, which is never worse than leaving out, again and
/// again, the track with the most conflicts. Where only the last word among equals is too hard, names may decide otherwise.
pub fn largest_clean_set(candidates: &Candidates<'_>) -> CleanSet {
    within(candidates, BUDGET)
}

fn within(candidates: &Candidates<'_>, budget: usize) -> CleanSet {
    let all = All::new(candidates);
    let mut left_out = FixedBitSet::with_capacity(all.names.len());
    let mut exact = true;
    for component in all.components() {
        let found = least_loss(&component.graph, budget);
        exact &= found.least;
        left_out.extend(found.tracks.ones().map(|track| component.tracks[track]));
    }
    if !exact {
        all.readmit(&mut left_out, candidates.tracks);
    }
    let is_in = |id: &&TrackId| all.index(id).is_some_and(|track| !left_out.contains(track));
    CleanSet {
        tracks: candidates.tracks.iter().filter(is_in).cloned().collect(),
        exact,
    }
}

/// The candidates by index.
struct All<'a> {
    /// Ascending, so that the smaller index is the name that comes first.
    names: Vec<&'a TrackId>,
    priority: Vec<i64>,
    /// By track: itself and, transitively, what it depends on.
    needs: Vec<Vec<usize>>,
    /// The sets that cannot go together.
    sets: Vec<Vec<usize>>,
}

/// Tracks that are decided about together, and by no others.
struct Component {
    /// By their number in the graph, ascending.
    tracks: Vec<usize>,
    graph: Graph,
}

impl<'a> All<'a> {
    fn new(candidates: &Candidates<'a>) -> Self {
        let names: BTreeSet<&TrackId> = candidates.tracks.iter().collect();
        let names: Vec<&TrackId> = names.into_iter().collect();
        let mut all = All {
            priority: names
                .iter()
                .map(|id| candidates.priority.get(id).copied().unwrap_or(0))
                .collect(),
            needs: Vec::new(),
            sets: Vec::new(),
            names,
        };
        let needs = |id: &&TrackId| {
            let needs = candidates.depends_on.get(*id).into_iter().flatten();
            needs.filter_map(|need| all.index(need)).collect()
        };
        let needs: Vec<Vec<usize>> = all.names.iter().map(needs).collect();
        all.needs = closures(&needs);
        // A set with a member that is not here cannot come together, whatever is decided.
        all.sets = candidates
            .conflicts
            .iter()
            .filter(|set| !set.is_empty())
            .filter_map(|set| set.iter().map(|id| all.index(id)).collect())
            .collect();
        all
    }

    fn index(&self, id: &TrackId) -> Option<usize> {
        self.names.binary_search(&id).ok()
    }

    /// Those with conflicts, grouped so that what is left out for one group has no bearing on another.
    fn components(&self) -> Vec<Component> {
        let mut label: Vec<usize> = (0..self.names.len()).collect();
        for joined in self.sets.iter().chain(&self.needs) {
            let labels: BTreeSet<usize> = joined.iter().map(|&track| label[track]).collect();
            if let Some(&first) = labels.first().filter(|_| labels.len() > 1) {
                for label in label.iter_mut().filter(|label| labels.contains(label)) {
                    *label = first;
                }
            }
        }
        let mut sets: BTreeMap<usize, Vec<&[usize]>> = BTreeMap::new();
        for set in &self.sets {
            sets.entry(label[set[0]]).or_default().push(set);
        }
        let component = |(of, sets): (usize, Vec<&[usize]>)| {
            let tracks = (0..label.len()).filter(|track| label[*track] == of);
            self.component(tracks.collect(), &sets)
        };
        sets.into_iter().map(component).collect()
    }

    fn component(&self, tracks: Vec<usize>, sets: &[&[usize]]) -> Component {
        let numbers = |of: &[usize]| -> FixedBitSet {
            let mut numbers = FixedBitSet::with_capacity(tracks.len());
            numbers.extend(
                of.iter()
                    .filter_map(|track| tracks.binary_search(track).ok()),
            );
            numbers
        };
        let none = || vec![FixedBitSet::with_capacity(tracks.len()); tracks.len()];
        let needs: Vec<FixedBitSet> = tracks.iter().map(|&it| numbers(&self.needs[it])).collect();
        let (mut needed_by, mut rivals) = (none(), none());
        for (track, needs) in needs.iter().enumerate() {
            for need in needs.ones() {
                needed_by[need].insert(track);
            }
        }
        let (mut groups, mut outcasts) = (Vec::new(), FixedBitSet::with_capacity(tracks.len()));
        for set in sets {
            let set = numbers(set);
            match *set.ones().collect::<Vec<_>>() {
                [track] => outcasts.insert(track),
                [a, b] => {
                    rivals[a].insert(b);
                    rivals[b].insert(a);
                }
                _ => groups.push(set),
            }
        }
        let graph = Graph {
            priority: tracks.iter().map(|&track| self.priority[track]).collect(),
            needs,
            needed_by,
            rivals,
            groups,
            outcasts,
        };
        Component { tracks, graph }
    }

    /// Takes back, in landing order, whom nothing speaks against.
    fn readmit(&self, left_out: &mut FixedBitSet, landing_order: &[TrackId]) {
        for track in landing_order.iter().filter_map(|id| self.index(id)) {
            let stands = |&other: &usize| other == track || !left_out.contains(other);
            let fits = self.needs[track].iter().all(stands)
                && !self
                    .sets
                    .iter()
                    .any(|set| set.contains(&track) && set.iter().all(stands));
            if fits {
                left_out.remove(track);
            }
        }
    }
}

/// By node: itself and everything that edges lead to.
fn closures(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    (0..edges.len())
        .map(|start| {
            let mut reached = BTreeSet::from([start]);
            let mut open = vec![start];
            while let Some(node) = open.pop() {
                open.extend(edges[node].iter().filter(|&&next| reached.insert(next)));
            }
            reached.into_iter().collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(names: &str) -> Vec<TrackId> {
        names
            .split_whitespace()
            .map(|name| TrackId::new(name).unwrap())
            .collect()
    }

    /// A case in words: priorities as `a=5`, dependencies as `a<b`, conflicts as `a-b`.
    struct Case {
        tracks: Vec<TrackId>,
        priority: BTreeMap<TrackId, i64>,
        depends_on: BTreeMap<TrackId, BTreeSet<TrackId>>,
        conflicts: Vec<BTreeSet<TrackId>>,
    }

    impl Case {
        fn new(tracks: &str, facts: &str) -> Case {
            let id = |name: &str| TrackId::new(name).unwrap();
            let mut case = Case {
                tracks: ids(tracks),
                priority: BTreeMap::new(),
                depends_on: BTreeMap::new(),
                conflicts: Vec::new(),
            };
            for fact in facts.split_whitespace() {
                if let Some((track, priority)) = fact.split_once('=') {
                    case.priority.insert(id(track), priority.parse().unwrap());
                } else if let Some((track, need)) = fact.split_once('<') {
                    case.depends_on
                        .entry(id(track))
                        .or_default()
                        .insert(id(need));
                } else {
                    case.conflicts.push(fact.split('-').map(id).collect());
                }
            }
            case
        }

        fn candidates(&self) -> Candidates<'_> {
            Candidates {
                tracks: &self.tracks,
                priority: &self.priority,
                depends_on: &self.depends_on,
                conflicts: &self.conflicts,
            }
        }

        fn allows(&self, set: &BTreeSet<&TrackId>) -> bool {
            let closed = set.iter().all(|track| {
                (self.depends_on.get(track).into_iter().flatten())
                    .all(|need| set.contains(need) || !self.tracks.contains(need))
            });
            closed
                && !self
                    .conflicts
                    .iter()
                    .any(|conflict| conflict.iter().all(|track| set.contains(track)))
        }

        fn priority_of<'t>(&self, set: impl IntoIterator<Item = &'t TrackId>) -> i64 {
            let priority = |track| self.priority.get(track).copied().unwrap_or(0);
            set.into_iter().map(priority).sum()
        }

        /// Every subset tried.
        fn by_brute_force(&self) -> Vec<TrackId> {
            let best = (0_u32..1 << self.tracks.len())
                .map(|bits| {
                    (self.tracks.iter().enumerate())
                        .filter(|(index, _)| bits & 1 << index != 0)
                        .map(|(_, track)| track)
                        .collect::<BTreeSet<_>>()
                })
                .filter(|set| self.allows(set))
                .max_by_key(|set| {
                    let priority = self.priority_of(set.iter().copied());
                    (set.len(), priority, std::cmp::Reverse(set.clone()))
                })
                .unwrap();
            (self.tracks.iter())
                .filter(|track| best.contains(track))
                .cloned()
                .collect()
        }
    }

    #[test]
    fn sets() {
        for (tracks, facts, expected) in [
            ("", "", ""),
            ("c a b", "", "c a b"),
            ("a b", "a-b", "a"),
            ("b a", "a-b", "a"),
            ("a b", "a-b b=1", "b"),
            ("a b c", "a-b a-c a=9", "b c"),
            ("a b c", "a-b-c", "a b"),
            ("a b c", "a-b-c b-c", "a b"),
            ("a b c", "a b<a", "c"),
            ("b c a", "a<b b-c", "b a"),
            ("a b c d", "c<b d<b a-b", "b c d"),
            ("a b", "a<x a-b b=-1", "a"),
            ("a b", "a-x x", "a b"),
            ("a b c d", "a-b b-c c-d d-a", "a c"),
            ("a b", "a<b b<a a", ""),
            ("a b c", "a<b a-b", "b c"),
        ] {
            let case = Case::new(tracks, facts);
            let found = largest_clean_set(&case.candidates());
            assert_eq!(found.tracks, ids(expected), "{tracks}: {facts}");
            assert!(found.exact);
        }
    }

    #[test]
    fn without_a_budget_greed_still_gives_a_clean_set() {
        let case = Case::new("a b c d e", "a-b b-c c-d d-e e-a d<c");
        let found = within(&case.candidates(), 0);
        assert!(!found.exact);
        assert!(case.allows(&found.tracks.iter().collect()));
        assert!(!found.tracks.is_empty());
    }

    /// Conflicts come from files that many change, so tracks conflict all with each other, file by file.
    #[test]
    fn two_hundred_tracks_around_hot_files_are_proven() {
        let names: Vec<String> = (0..200).map(|track| format!("t{track:03}")).collect();
        let tracks = ids(&names.join(" "));
        let mut conflicts = BTreeSet::new();
        for file in 1..=60_usize {
            let size = 3 + 90 / file;
            let of: BTreeSet<usize> = (1..=size).map(|nth| file * file * nth * 37 % 199).collect();
            for a in &of {
                let later = of.iter().filter(|b| a < *b);
                let pair = |b: &usize| BTreeSet::from([tracks[*a].clone(), tracks[*b].clone()]);
                conflicts.extend(later.map(pair));
            }
        }
        let conflicts: Vec<BTreeSet<TrackId>> = conflicts.into_iter().collect();
        assert!(conflicts.len() > 1_000);
        let found = largest_clean_set(&Candidates {
            tracks: &tracks,
            priority: &BTreeMap::new(),
            depends_on: &BTreeMap::new(),
            conflicts: &conflicts,
        });
        assert!(found.exact);
        let is_whole = |set: &BTreeSet<TrackId>| set.iter().all(|id| found.tracks.contains(id));
        assert!(!conflicts.iter().any(is_whole));
    }

    fn cases() -> impl Strategy<Value = Case> {
        let set = prop::collection::btree_set(0_usize..9, 1..4);
        let edge = (0_usize..8, 0_usize..9);
        (
            Just((0..8).collect::<Vec<usize>>()).prop_shuffle(),
            0_usize..9,
            prop::collection::vec(-2_i64..3, 8),
            prop::collection::vec(edge, 0..5),
            prop::collection::vec(set, 0..12),
        )
            .prop_map(|(order, count, priority, edges, sets)| {
                let id = |track: usize| TrackId::new(&format!("t{track}")).unwrap();
                let mut depends_on: BTreeMap<TrackId, BTreeSet<TrackId>> = BTreeMap::new();
                for (track, need) in edges {
                    depends_on.entry(id(track)).or_default().insert(id(need));
                }
                Case {
                    tracks: order.into_iter().take(count).map(id).collect(),
                    priority: (priority.into_iter().enumerate())
                        .map(|(track, priority)| (id(track), priority))
                        .collect(),
                    depends_on,
                    conflicts: (sets.into_iter())
                        .map(|set| set.into_iter().map(id).collect())
                        .collect(),
                }
            })
    }

    impl std::fmt::Debug for Case {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.candidates().fmt(f)
        }
    }

    proptest! {
        #[test]
        fn as_good_as_brute_force(case in cases()) {
            let found = largest_clean_set(&case.candidates());
            prop_assert!(found.exact);
            prop_assert_eq!(found.tracks, case.by_brute_force());
        }

        #[test]
        fn clean_whatever_the_budget(case in cases(), budget in 0_usize..4) {
            let found = within(&case.candidates(), budget);
            prop_assert!(case.allows(&found.tracks.iter().collect()));
            if found.exact {
                let worth = |set: &[TrackId]| (set.len(), case.priority_of(set));
                prop_assert_eq!(worth(&found.tracks), worth(&case.by_brute_force()));
            }
        }
    }
}
