//! Whom to leave out so that nothing that cannot go together is left: exact branch and bound, cut off by a budget.
//!
//! Tracks are numbers here, ascending by name. The method is that for a least vertex cover: a track that can take the
//! place of a rival at no cost does so (dominance), and of tracks that all conflict with each other all but one are lost,
//! which tells from below what a partial decision will cost (a cover by cliques).

use fixedbitset::FixedBitSet;

/// What is decided about.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) priority: Vec<i64>,
    /// By track: itself and, transitively, what it depends on.
    pub(super) needs: Vec<FixedBitSet>,
    /// By track: itself and, transitively, what depends on it.
    pub(super) needed_by: Vec<FixedBitSet>,
    /// By track: those that cannot go with it. Never itself.
    pub(super) rivals: Vec<FixedBitSet>,
    /// More than two that cannot go together, though some of them can.
    pub(super) groups: Vec<FixedBitSet>,
    /// Those that cannot go at all.
    pub(super) outcasts: FixedBitSet,
}

/// Who is left out, and how much of the search that took was done.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LeftOut {
    pub(super) tracks: FixedBitSet,
    /// Nobody can leave out fewer, or as many with a lower sum of priorities.
    pub(super) least: bool,
}

/// What leaving tracks out costs; the smaller is the better. The order of fields is the order of what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Loss {
    tracks: usize,
    priority: i128,
}

impl Loss {
    fn add(&mut self, priority: i64) {
        self.tracks += 1;
        self.priority += i128::from(priority);
    }
}

/// A partial decision: what is neither open nor kept is left out. What a kept track depends on is kept, what depends on
/// one that is left out is left out, and of what cannot go together never all but one is kept without the last being out.
#[derive(Debug, Clone)]
struct State {
    /// In, unless the search decides otherwise.
    open: FixedBitSet,
    kept: FixedBitSet,
    loss: Loss,
}

/// The least loss: fewest tracks, then the lowest sum of priorities, then the names that come last.
///
/// `budget` bounds the work, in tracks looked at. Where it does not suffice for the proof, the answer is the best found,
/// which is never worse than leaving out, again and again, the track with the most conflicts; where it suffices for the
/// proof but not for the names, it is any of the best.
pub(super) fn least_loss(graph: &Graph, budget: usize) -> LeftOut {
    let Some(start) = State::undecided(graph) else {
        let mut all = FixedBitSet::with_capacity(graph.priority.len());
        all.insert_range(..);
        return LeftOut {
            tracks: all,
            least: true,
        };
    };
    let mut search = Search {
        graph,
        best: None,
        first_of: None,
        budget,
    };
    search.explore(start.clone());
    let least = search.budget > 0;
    let found = search.best.take();
    if let Some(best) = found.as_ref().filter(|_| least) {
        search.first_of = Some(best.loss);
        search.budget = budget;
        search.explore(start);
    }
    let mut tracks = FixedBitSet::with_capacity(graph.priority.len());
    tracks.insert_range(..);
    if let Some(best) = search.best.or(found) {
        tracks.difference_with(&best.open);
        tracks.difference_with(&best.kept);
    }
    LeftOut { tracks, least }
}

impl State {
    /// `None` where nobody is left.
    fn undecided(graph: &Graph) -> Option<State> {
        let tracks = graph.priority.len();
        let mut state = State {
            open: FixedBitSet::with_capacity(tracks),
            kept: FixedBitSet::with_capacity(tracks),
            loss: Loss {
                tracks: 0,
                priority: 0,
            },
        };
        state.open.insert_range(..);
        for outcast in graph.outcasts.ones() {
            state.leave_out(graph, outcast)?;
        }
        (!state.open.is_clear()).then_some(state)
    }

    /// `None`: that cannot be.
    fn leave_out(&mut self, graph: &Graph, track: usize) -> Option<()> {
        let gone = &graph.needed_by[track];
        if !gone.is_disjoint(&self.kept) {
            return None;
        }
        for track in gone.intersection(&self.open) {
            self.loss.add(graph.priority[track]);
        }
        self.open.difference_with(gone);
        Some(())
    }

    /// With everything that follows from it. `None`: that cannot be.
    fn keep(&mut self, graph: &Graph, track: usize) -> Option<()> {
        let needs = &graph.needs[track];
        let new: Vec<usize> = needs.difference(&self.kept).collect();
        if !new.iter().all(|track| self.open.contains(*track)) {
            return None;
        }
        self.open.difference_with(needs);
        self.kept.union_with(needs);
        for kept in &new {
            let rivals = &graph.rivals[*kept];
            if !rivals.is_disjoint(&self.kept) {
                return None;
            }
            let out: Vec<usize> = rivals.intersection(&self.open).collect();
            for rival in out {
                self.leave_out(graph, rival)?;
            }
        }
        for group in graph
            .groups
            .iter()
            .filter(|group| !group.is_disjoint(needs))
        {
            if !self.may_stand(group) {
                continue;
            }
            let mut open = group.intersection(&self.open);
            match (open.next(), open.next()) {
                (None, _) => return None,
                (Some(last), None) => self.leave_out(graph, last)?,
                (Some(_), Some(_)) => {}
            }
        }
        Some(())
    }

    /// Whether nobody of the group is left out.
    fn may_stand(&self, group: &FixedBitSet) -> bool {
        group
            .ones()
            .all(|track| self.open.contains(track) || self.kept.contains(track))
    }
}

/// Depth first.
struct Search<'g> {
    graph: &'g Graph,
    best: Option<State>,
    /// The least loss, once it is known: then the first to have it is wanted, by names.
    first_of: Option<Loss>,
    budget: usize,
}

impl Search<'_> {
    fn explore(&mut self, mut state: State) {
        if self.is_over() {
            return;
        }
        let work = state.open.count_ones(..).max(1);
        self.budget = self.budget.saturating_sub(work);
        let groups: Vec<&FixedBitSet> = (self.graph.groups.iter())
            .filter(|group| state.may_stand(group))
            .collect();
        if self.first_of.is_none() && self.give_way(&mut state, &groups).is_none() {
            return;
        }
        if self.is_hopeless(self.bound(&state, &groups)) {
            return;
        }
        let Some(track) = self.to_decide(&state, &groups) else {
            self.best = Some(state);
            return;
        };
        let mut without = state.clone();
        let without = without.leave_out(self.graph, track).map(|()| without);
        let with = state.keep(self.graph, track).map(|()| state);
        // Leaving it out first makes the very first descent the greedy answer; who comes first by name is kept first.
        let both = match self.first_of {
            None => [without, with],
            Some(_) => [with, without],
        };
        for state in both.into_iter().flatten() {
            self.explore(state);
        }
    }

    fn is_over(&self) -> bool {
        match self.first_of {
            None => self.budget == 0 && self.best.is_some(),
            Some(_) => self.budget == 0 || self.best.is_some(),
        }
    }

    fn is_hopeless(&self, bound: Loss) -> bool {
        match (self.first_of, &self.best) {
            (Some(least), _) => bound > least,
            (None, Some(best)) => bound >= best.loss,
            (None, None) => false,
        }
    }

    /// Leaves out each track of which a rival can take the place: one that needs nothing, has no enemy that the track does
    /// not have, and counts as much. `None`: that cannot be.
    fn give_way(&self, state: &mut State, groups: &[&FixedBitSet]) -> Option<()> {
        let graph = self.graph;
        let mut changed = true;
        while std::mem::take(&mut changed) {
            let open: Vec<usize> = state.open.ones().collect();
            for track in open {
                let alone = |of: &FixedBitSet| of.intersection_count(&state.open) == 1;
                let is_plain = state.open.contains(track)
                    && alone(&graph.needs[track])
                    && !groups.iter().any(|group| group.contains(track));
                if !is_plain {
                    continue;
                }
                let mut enemies = graph.rivals[track].clone();
                enemies.intersect_with(&state.open);
                let gives_way = enemies.ones().find(|&rival| {
                    let others = graph.rivals[rival].intersection_count(&enemies);
                    others + 1 == enemies.count_ones(..)
                        && alone(&graph.needed_by[rival])
                        && graph.priority[rival] <= graph.priority[track]
                });
                if let Some(rival) = gives_way {
                    state.leave_out(graph, rival)?;
                    changed = true;
                }
            }
        }
        Some(())
    }

    /// At least this will be lost: of rivals among each other all but the dearest, and of each group without a common
    /// member the cheapest.
    fn bound(&self, state: &State, groups: &[&FixedBitSet]) -> Loss {
        let graph = self.graph;
        let mut loss = state.loss;
        let mut left = state.open.clone();
        let mut counted = FixedBitSet::with_capacity(left.len());
        for first in state.open.ones() {
            if !left.contains(first) {
                continue;
            }
            left.remove(first);
            let mut others = graph.rivals[first].clone();
            others.intersect_with(&left);
            let (mut dearest, mut last) = (graph.priority[first], first);
            while let Some(next) = others.minimum() {
                counted.insert(last);
                counted.insert(next);
                left.remove(next);
                others.intersect_with(&graph.rivals[next]);
                loss.add(dearest.min(graph.priority[next]));
                dearest = dearest.max(graph.priority[next]);
                last = next;
            }
        }
        for group in groups {
            let mut open = (*group).clone();
            open.intersect_with(&state.open);
            if !open.is_disjoint(&counted) {
                continue;
            }
            counted.union_with(&open);
            if let Some(cheapest) = open.ones().map(|track| graph.priority[track]).min() {
                loss.add(cheapest);
            }
        }
        loss
    }

    /// The track to decide next; `None` where all that are open can go together.
    fn to_decide(&self, state: &State, groups: &[&FixedBitSet]) -> Option<usize> {
        let conflicts = |track: usize| {
            let standing = groups.iter().filter(|group| group.contains(track));
            self.graph.rivals[track].intersection_count(&state.open) + standing.count()
        };
        let mut open = state.open.ones();
        match self.first_of {
            Some(_) => open.find(|&track| {
                conflicts(track) > 0 || self.graph.needs[track].intersection_count(&state.open) > 1
            }),
            None => open
                .map(|track| (conflicts(track), track))
                .filter(|(conflicts, _)| *conflicts > 0)
                // The most conflicts; among equals the lowest priority, and then the last name.
                .max_by_key(|&(conflicts, track)| {
                    (
                        conflicts,
                        std::cmp::Reverse(self.graph.priority[track]),
                        track,
                    )
                })
                .map(|(_, track)| track),
        }
    }
}
