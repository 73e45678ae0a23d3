//! Which run may start next: needs first, then the head of the longest chain, within what there is of job slots and
//! resources; with retries and fail-fast.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use super::Outcome;

/// One run to be scheduled; nodes refer to each other by their index.
#[derive(Debug, Clone, Default)]
pub struct Node {
    /// Never in a cycle.
    pub needs: Vec<usize>,
    /// What it takes of what there is only so much of: its index among the capacities, and how much. More than there is
    /// counts as all of it.
    pub claims: Vec<(usize, u32)>,
    pub retries: u32,
    /// How long it took last time, in milliseconds; the longer ones start first. 0: unknown, taken as the average of the
    /// known ones.
    pub expected_ms: u64,
    /// A failure here does not stop what needs it, nor trigger fail-fast.
    pub allow_failure: bool,
    /// It makes ready what needs it, so where it does not pass, nothing can be said of them: they could not run.
    pub prepares: bool,
}

/// What the schedule wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    pub node: usize,
    /// From 1.
    pub attempt: u32,
}

/// What became of a node for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    pub node: usize,
    pub outcome: Outcome,
    pub attempts: u32,
    /// Passed, but not at the first attempt.
    pub flaky: bool,
    /// The node for whose sake it was not started.
    pub because: Option<usize>,
}

/// The state of a set of runs. Drive it: take every [`Schedule::next`], report each with [`Schedule::finish`], collect
/// [`Schedule::ended`], until [`Schedule::is_done`].
///
/// Of the runs that may start, the one with the most expected work behind it goes first: its own time and the longest
/// chain of what needs it (critical-path list scheduling); or what another order says, see
/// [`super::quickest_schedule`]. One that does not fit into what is free lets smaller ones pass, so that nothing idles.
#[derive(Debug)]
pub struct Schedule {
    nodes: Vec<Node>,
    states: Vec<State>,
    /// By node: what needs it.
    dependents: Vec<Vec<usize>>,
    /// By node: how many of its needs are still to end.
    unmet: Vec<usize>,
    /// What may start as far as needs go, what goes first at the front.
    ready: BTreeSet<(Reverse<Duration>, usize)>,
    /// By node, the greatest goes first.
    order: Vec<Duration>,
    capacities: Vec<u32>,
    used: Vec<u32>,
    fail_fast: bool,
    /// Nothing starts any more.
    cancelled: bool,
    /// Fail-fast has struck.
    failed_fast: bool,
    unfinished: usize,
    ended: Vec<Ended>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not started, or to be started again; with how its last attempt ended.
    Waiting {
        attempts: u32,
        last: Option<Outcome>,
    },
    Running {
        attempt: u32,
    },
    Ended,
}

impl Schedule {
    /// By the longest chain. `capacities` is how much there is of each thing that nodes claim (at least 1 of each).
    pub fn new(nodes: Vec<Node>, capacities: &[u32], fail_fast: bool) -> Self {
        let order = chains(&nodes, &expected(&nodes));
        Self::in_order(nodes, capacities, fail_fast, order)
    }

    /// By node, the greatest goes first.
    pub(super) fn in_order(
        nodes: Vec<Node>,
        capacities: &[u32],
        fail_fast: bool,
        order: Vec<Duration>,
    ) -> Self {
        let fresh = State::Waiting {
            attempts: 0,
            last: None,
        };
        let mut dependents = vec![Vec::new(); nodes.len()];
        let mut unmet = vec![0; nodes.len()];
        for (index, node) in nodes.iter().enumerate() {
            let needs: BTreeSet<usize> = node.needs.iter().copied().collect();
            unmet[index] = needs.len();
            for need in needs {
                dependents[need].push(index);
            }
        }
        Schedule {
            states: vec![fresh; nodes.len()],
            ready: (0..nodes.len())
                .filter(|node| unmet[*node] == 0)
                .map(|node| (Reverse(order[node]), node))
                .collect(),
            dependents,
            unmet,
            order,
            capacities: capacities
                .iter()
                .map(|capacity| (*capacity).max(1))
                .collect(),
            used: vec![0; capacities.len()],
            fail_fast,
            cancelled: false,
            failed_fast: false,
            unfinished: nodes.len(),
            ended: Vec::new(),
            nodes,
        }
    }

    /// A run that may start now, if any; it is then running. After none there may be one again. Those that fit are offered to
    /// `may`, in their order, until it agrees to one: it knows what the schedule does not (what other
    /// processes hold, what has to wait for a while).
    pub fn next(&mut self, mut may: impl FnMut(Start) -> bool) -> Option<Start> {
        let mut starts = self.ready.iter().filter_map(|(_, node)| {
            let State::Waiting { attempts, .. } = self.states[*node] else {
                return None;
            };
            let attempt = attempts + 1;
            self.fits(*node).then_some(Start {
                node: *node,
                attempt,
            })
        });
        let start = starts.find(|start| may(*start))?;
        let Start { node, attempt } = start;
        self.ready.remove(&(Reverse(self.order[node]), node));
        self.states[node] = State::Running { attempt };
        self.count(node, u32::saturating_add);
        Some(start)
    }

    /// How an attempt ended. A red one with attempts left goes back to be started again, and the number of the attempt is
    /// returned; otherwise the node has ended, and everything that needs a node that did not pass is not started. With
    /// fail-fast, a red node cancels what has not started. A node that is not running is left as it is.
    pub fn finish(&mut self, node: usize, outcome: Outcome) -> Option<u32> {
        let State::Running { attempt } = self.states[node] else {
            return None;
        };
        let retry = outcome.is_red() && attempt <= self.nodes[node].retries && !self.cancelled;
        if !retry {
            self.finish_for_good(node, outcome);
            return None;
        }
        self.count(node, u32::saturating_sub);
        self.states[node] = State::Waiting {
            attempts: attempt,
            last: Some(outcome),
        };
        self.ready.insert((Reverse(self.order[node]), node));
        Some(attempt)
    }

    /// As [`Schedule::finish`], with no further attempt.
    pub fn finish_for_good(&mut self, node: usize, outcome: Outcome) {
        let State::Running { attempt } = self.states[node] else {
            return;
        };
        self.count(node, u32::saturating_sub);
        self.end(node, outcome, attempt, None);
        if self.fail_fast && outcome.is_red() && !self.nodes[node].allow_failure {
            self.failed_fast = true;
            self.cancel();
        }
    }

    /// Whether what still runs should be stopped: a red node, with fail-fast.
    pub fn stops_running(&self) -> bool {
        self.failed_fast
    }

    /// Cancels everything that has not started; what runs is for the caller to stop and to report with `finish`. A node
    /// that waits for a further attempt ends as its last one did.
    pub fn cancel(&mut self) {
        self.cancelled = true;
        for node in 0..self.nodes.len() {
            match self.states[node] {
                State::Waiting {
                    attempts,
                    last: Some(last),
                } => self.end(node, last, attempts, None),
                State::Waiting {
                    attempts,
                    last: None,
                } => self.record(node, Outcome::Cancelled, attempts, None),
                State::Running { .. } | State::Ended => {}
            }
        }
    }

    /// The nodes that ended since the last call, in the order they did.
    pub fn ended(&mut self) -> Vec<Ended> {
        std::mem::take(&mut self.ended)
    }

    /// Whether every node has ended; the last of them may still be there to be collected.
    pub fn is_done(&self) -> bool {
        self.unfinished == 0
    }

    /// Whether a node runs that has run before.
    pub fn is_further(&self, node: usize) -> bool {
        matches!(self.states[node], State::Running { attempt: 2.. })
    }

    fn claims(&self, node: usize) -> impl Iterator<Item = (usize, u32)> {
        let capacities = &self.capacities;
        let claims = self.nodes[node].claims.iter();
        claims.map(|(what, amount)| (*what, (*amount).clamp(1, capacities[*what])))
    }

    fn fits(&self, node: usize) -> bool {
        self.claims(node)
            .all(|(what, amount)| self.used[what].saturating_add(amount) <= self.capacities[what])
    }

    fn count(&mut self, node: usize, change: fn(u32, u32) -> u32) {
        let claims: Vec<(usize, u32)> = self.claims(node).collect();
        for (what, amount) in claims {
            self.used[what] = change(self.used[what], amount);
        }
    }

    /// Ends a node, and with it what waits for it in vain.
    fn end(&mut self, node: usize, outcome: Outcome, attempts: u32, because: Option<usize>) {
        self.record(node, outcome, attempts, because);
        let opens =
            outcome == Outcome::Passed || (outcome.is_red() && self.nodes[node].allow_failure);
        let waiting: Vec<usize> = (self.dependents[node].iter().copied())
            .filter(|dependent| matches!(self.states[*dependent], State::Waiting { .. }))
            .collect();
        for dependent in waiting {
            if opens {
                self.unmet[dependent] -= 1;
                if self.unmet[dependent] == 0 {
                    self.ready
                        .insert((Reverse(self.order[dependent]), dependent));
                }
            } else if matches!(self.states[dependent], State::Waiting { .. }) {
                let (outcome, because) = match (self.nodes[node].prepares, outcome) {
                    (_, Outcome::Cancelled) => (Outcome::Cancelled, None),
                    // What it makes ready may be skipped itself for the sake of a check: then that is why.
                    (false, _) | (true, Outcome::Skipped) => {
                        (Outcome::Skipped, Some(because.unwrap_or(node)))
                    }
                    (true, _) => (Outcome::CouldNotRun, Some(because.unwrap_or(node))),
                };
                self.end(dependent, outcome, 0, because);
            }
        }
    }

    fn record(&mut self, node: usize, outcome: Outcome, attempts: u32, because: Option<usize>) {
        self.states[node] = State::Ended;
        self.ready.remove(&(Reverse(self.order[node]), node));
        self.unfinished -= 1;
        self.ended.push(Ended {
            node,
            outcome,
            attempts,
            flaky: outcome == Outcome::Passed && attempts > 1,
            because,
        });
    }
}

/// How long a set of runs takes at the least, where each node takes what `took` says at its index: no schedule makes it
/// faster than its longest chain of needs, nor than the work on any one thing divided by how much there is of it.
pub fn lower_bound(nodes: &[Node], capacities: &[u32], took: &[Duration]) -> Duration {
    let mut work = vec![0_f64; capacities.len()];
    for (node, took) in nodes.iter().zip(took) {
        for (what, amount) in &node.claims {
            let capacity = capacities[*what].max(1);
            let share = f64::from((*amount).clamp(1, capacity)) / f64::from(capacity);
            work[*what] += took.as_secs_f64() * share;
        }
    }
    let busiest = work.into_iter().fold(0.0, f64::max);
    let busiest = Duration::try_from_secs_f64(busiest).unwrap_or(Duration::MAX);
    critical_path(nodes, took).max(busiest)
}

/// How long the longest chain of needs takes, where each node takes what `took` says at its index.
fn critical_path(nodes: &[Node], took: &[Duration]) -> Duration {
    chains(nodes, took).into_iter().max().unwrap_or_default()
}

/// What each node is expected to take; with nothing known, all the same, so that longer chains still go first.
pub(super) fn expected(nodes: &[Node]) -> Vec<Duration> {
    let known: Vec<u64> = nodes
        .iter()
        .map(|node| node.expected_ms)
        .filter(|&ms| ms > 0)
        .collect();
    let count = u64::try_from(known.len()).unwrap_or(u64::MAX).max(1);
    let total = known.iter().fold(0_u64, |sum, ms| sum.saturating_add(*ms));
    let average = (total / count).max(1);
    nodes
        .iter()
        .map(|node| match node.expected_ms {
            0 => Duration::from_millis(average),
            ms => Duration::from_millis(ms),
        })
        .collect()
}

/// By node: the time of the longest chain that starts with it and goes on through what needs it.
pub(super) fn chains(nodes: &[Node], took: &[Duration]) -> Vec<Duration> {
    // Dependents before what they need, so that each chain is complete when it is handed down.
    let mut dependents_left = vec![0_usize; nodes.len()];
    for need in nodes.iter().flat_map(|node| &node.needs) {
        dependents_left[*need] += 1;
    }
    let mut complete: Vec<usize> = (0..nodes.len())
        .filter(|&node| dependents_left[node] == 0)
        .collect();
    let mut chains = took.to_vec();
    while let Some(node) = complete.pop() {
        for &need in &nodes[node].needs {
            let through_node = took[need].saturating_add(chains[node]);
            chains[need] = chains[need].max(through_node);
            dependents_left[need] -= 1;
            if dependents_left[need] == 0 {
                complete.push(need);
            }
        }
    }
    chains
}

#[cfg(test)]
mod tests;
