//! The largest set of tracks that merges clean together: exact branch and bound, cut off by a budget.

use std::collections::{BTreeMap, BTreeSet};

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

/// How many states of one component are looked at: enough for a few dozen conflicting tracks, and well under a second.
const BUDGET: usize = 20_000;

/// Most tracks first; among equals the higher sum of priorities, then the names that come first. Closed under
/// `depends_on` (a dependency that is not among `tracks` is taken as met). Exact branch and bound over the components of
/// the conflict graph.
///
/// Where a component is too hard, the answer is the best found so far, which is never worse than leaving out, again and
/// again, the track with the most conflicts.
pub fn largest_clean_set(candidates: &Candidates<'_>) -> CleanSet {
    within(candidates, BUDGET)
}

fn within(candidates: &Candidates<'_>, budget: usize) -> CleanSet {
    let graph = Graph::new(candidates);
    let mut left_out = vec![false; graph.names.len()];
    let mut exact = true;
    for sets in graph.components() {
        let mut search = Search {
            graph: &graph,
            sets,
            best: None,
            budget,
            exact: true,
        };
        search.explore(State {
            marks: vec![Mark::Open; graph.names.len()],
            loss: Loss::nothing(&graph),
        });
        exact &= search.exact;
        for (track, lost) in search
            .best
            .into_iter()
            .flat_map(|loss| loss.which)
            .enumerate()
        {
            left_out[track] |= lost;
        }
    }
    if !exact {
        graph.readmit(&mut left_out, candidates.tracks);
    }
    let is_in = |id: &&TrackId| graph.index(id).is_some_and(|track| !left_out[track]);
    CleanSet {
        tracks: candidates.tracks.iter().filter(is_in).cloned().collect(),
        exact,
    }
}

/// The candidates by index.
struct Graph<'a> {
    /// Ascending, so that the smaller index is the name that comes first.
    names: Vec<&'a TrackId>,
    priority: Vec<i64>,
    /// By track: itself and, transitively, what it depends on.
    needs: Vec<Vec<usize>>,
    /// By track: itself and, transitively, what depends on it.
    needed_by: Vec<Vec<usize>>,
    /// The sets that cannot go together.
    sets: Vec<Vec<usize>>,
}

impl<'a> Graph<'a> {
    fn new(candidates: &Candidates<'a>) -> Self {
        let names: Vec<&TrackId> = candidates
            .tracks
            .iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let mut graph = Graph {
            priority: names
                .iter()
                .map(|id| candidates.priority.get(id).copied().unwrap_or(0))
                .collect(),
            needs: Vec::new(),
            needed_by: Vec::new(),
            sets: Vec::new(),
            names,
        };
        let mut needs = vec![Vec::new(); graph.names.len()];
        let mut needed_by = vec![Vec::new(); graph.names.len()];
        for (track, id) in graph.names.iter().enumerate() {
            for need in candidates.depends_on.get(id).into_iter().flatten() {
                if let Some(need) = graph.index(need) {
                    needs[track].push(need);
                    needed_by[need].push(track);
                }
            }
        }
        graph.needs = closures(&needs);
        graph.needed_by = closures(&needed_by);
        // A set with a member that is not here cannot come together, whatever is decided.
        graph.sets = candidates
            .conflicts
            .iter()
            .filter(|set| !set.is_empty())
            .filter_map(|set| set.iter().map(|id| graph.index(id)).collect())
            .collect();
        graph
    }

    fn index(&self, id: &TrackId) -> Option<usize> {
        self.names.binary_search(&id).ok()
    }

    /// The conflicting sets, grouped so that what is left out for one group has no bearing on another.
    fn components(&self) -> Vec<Vec<&[usize]>> {
        let mut label: Vec<usize> = (0..self.names.len()).collect();
        for joined in self.sets.iter().chain(&self.needs) {
            let labels: BTreeSet<usize> = joined.iter().map(|&track| label[track]).collect();
            if let Some(&first) = labels.first() {
                for label in label.iter_mut().filter(|label| labels.contains(label)) {
                    *label = first;
                }
            }
        }
        let mut components: BTreeMap<usize, Vec<&[usize]>> = BTreeMap::new();
        for set in &self.sets {
            components.entry(label[set[0]]).or_default().push(set);
        }
        components.into_values().collect()
    }

    /// Takes back, in landing order, whom nothing speaks against.
    fn readmit(&self, left_out: &mut [bool], landing_order: &[TrackId]) {
        for track in landing_order.iter().filter_map(|id| self.index(id)) {
            let stands = |&other: &usize| other == track || !left_out[other];
            let fits = self.needs[track].iter().all(stands)
                && !self
                    .sets
                    .iter()
                    .any(|set| set.contains(&track) && set.iter().all(stands));
            if fits {
                left_out[track] = false;
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

/// What leaving tracks out costs; the smaller is the better. The order of fields is the order of what counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Loss {
    tracks: usize,
    priority: i128,
    /// By index: whether the track is left out. Of two equally large sets the smaller is the one that keeps the names
    /// that come first.
    which: Vec<bool>,
}

impl Loss {
    fn nothing(graph: &Graph<'_>) -> Loss {
        Loss {
            tracks: 0,
            priority: 0,
            which: vec![false; graph.names.len()],
        }
    }

    fn add(&mut self, graph: &Graph<'_>, track: usize) {
        self.tracks += 1;
        self.priority += i128::from(graph.priority[track]);
        self.which[track] = true;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// In, unless the search decides otherwise.
    Open,
    Kept,
    LeftOut,
}

/// A partial decision. What a kept track depends on is kept, what depends on one that is left out is left out.
#[derive(Debug, Clone)]
struct State {
    marks: Vec<Mark>,
    loss: Loss,
}

impl State {
    fn keep(&mut self, graph: &Graph<'_>, track: usize) {
        for &need in &graph.needs[track] {
            self.marks[need] = Mark::Kept;
        }
    }

    fn leave_out(&mut self, graph: &Graph<'_>, track: usize) {
        for &dependent in &graph.needed_by[track] {
            if self.marks[dependent] != Mark::LeftOut {
                self.marks[dependent] = Mark::LeftOut;
                self.loss.add(graph, dependent);
            }
        }
    }

    /// The members that may still be left out of a set of which nobody is left out yet; `None` for another set.
    fn open_members(&self, set: &[usize]) -> Option<Vec<usize>> {
        let mut open = Vec::with_capacity(set.len());
        for &track in set {
            match self.marks[track] {
                Mark::LeftOut => return None,
                Mark::Open => open.push(track),
                Mark::Kept => {}
            }
        }
        Some(open)
    }
}

/// Depth first: in each set that still stands, somebody has to go.
struct Search<'g> {
    graph: &'g Graph<'g>,
    sets: Vec<&'g [usize]>,
    best: Option<Loss>,
    budget: usize,
    exact: bool,
}

impl Search<'_> {
    fn explore(&mut self, mut state: State) {
        if self.budget == 0 && self.best.is_some() {
            self.exact = false;
            return;
        }
        self.budget = self.budget.saturating_sub(1);
        let Some(standing) = self.settle(&mut state) else {
            return;
        };
        let bound = self.bound(&state, &standing);
        if self.best.as_ref().is_some_and(|best| bound >= *best) {
            return;
        }
        let Some(track) = self.most_conflicting(&standing) else {
            self.best = Some(state.loss);
            return;
        };
        // Leaving it out first makes the very first descent the greedy answer.
        let mut without = state.clone();
        without.leave_out(self.graph, track);
        self.explore(without);
        state.keep(self.graph, track);
        self.explore(state);
    }

    /// Leaves out who is the only one that can go, until there is a choice in every set that stands: their open members.
    /// `None` where nobody can go.
    fn settle(&self, state: &mut State) -> Option<Vec<Vec<usize>>> {
        loop {
            let mut standing = Vec::new();
            let mut settled = true;
            for set in &self.sets {
                match state.open_members(set) {
                    None => {}
                    Some(open) if open.is_empty() => return None,
                    Some(open) if open.len() == 1 => {
                        state.leave_out(self.graph, open[0]);
                        settled = false;
                    }
                    Some(open) => standing.push(open),
                }
            }
            if settled {
                return Some(standing);
            }
        }
    }

    /// At least this will be lost: of sets without a common member, each loses its cheapest.
    fn bound(&self, state: &State, standing: &[Vec<usize>]) -> Loss {
        let mut loss = state.loss.clone();
        let mut counted = vec![false; self.graph.names.len()];
        for set in standing {
            if set.iter().any(|&track| counted[track]) {
                continue;
            }
            for &track in set {
                counted[track] = true;
            }
            if let Some(cheapest) = set.iter().copied().min_by_key(|&track| self.cost(track)) {
                loss.add(self.graph, cheapest);
            }
        }
        loss
    }

    /// The order in which tracks are given up: low priority, late name.
    fn cost(&self, track: usize) -> (i64, std::cmp::Reverse<usize>) {
        (self.graph.priority[track], std::cmp::Reverse(track))
    }

    fn most_conflicting(&self, standing: &[Vec<usize>]) -> Option<usize> {
        let mut conflicts = BTreeMap::new();
        for &track in standing.iter().flatten() {
            *conflicts.entry(track).or_insert(0_usize) += 1;
        }
        conflicts
            .into_iter()
            .min_by_key(|&(track, count)| (std::cmp::Reverse(count), self.cost(track)))
            .map(|(track, _)| track)
    }
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
                    let priority: i64 = (set.iter())
                        .map(|track| self.priority.get(track).copied().unwrap_or(0))
                        .sum();
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
                prop_assert_eq!(found.tracks, case.by_brute_force());
            }
        }
    }
}
