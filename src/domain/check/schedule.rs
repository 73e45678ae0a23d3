//! Which run may start next: needs first, then the head of the longest chain, within the job slots; with retries and
//! fail-fast.

use std::cmp::Reverse;
use std::time::Duration;

use super::Outcome;

/// One run to be scheduled; nodes refer to each other by their index.
#[derive(Debug, Clone)]
pub struct Node {
    /// Never in a cycle.
    pub needs: Vec<usize>,
    /// Job slots it takes; more than there are counts as all of them, 0 as 1.
    pub weight: u32,
    pub retries: u32,
    /// How long it took last time, in milliseconds; the longer ones start first. 0: unknown, taken as the average of the
    /// known ones.
    pub expected_ms: u64,
    /// A failure here does not stop what needs it, nor trigger fail-fast.
    pub allow_failure: bool,
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
}

/// The state of a set of runs. Drive it: take every [`Schedule::next`], report each with [`Schedule::finish`], collect
/// [`Schedule::ended`], until [`Schedule::is_done`].
///
/// Of the runs that may start, the one with the most expected work behind it goes first: its own time and the longest
/// chain of what needs it (critical-path list scheduling). One that does not fit into the free slots lets smaller ones
/// pass, so that no slot idles.
#[derive(Debug)]
pub struct Schedule {
    nodes: Vec<Node>,
    states: Vec<State>,
    /// By node: expected time of the longest chain that starts with it.
    chains: Vec<Duration>,
    slots: u32,
    fail_fast: bool,
    /// Nothing starts any more.
    cancelled: bool,
    /// Fail-fast has struck.
    failed_fast: bool,
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
    /// `opens` is whether it lets go ahead what needs it.
    Ended {
        opens: bool,
    },
}

impl Schedule {
    /// `slots` is how much weight may run at once (at least 1).
    pub fn new(nodes: Vec<Node>, slots: u32, fail_fast: bool) -> Self {
        let fresh = State::Waiting {
            attempts: 0,
            last: None,
        };
        Schedule {
            states: vec![fresh; nodes.len()],
            chains: chains(&nodes, &expected(&nodes)),
            nodes,
            slots: slots.max(1),
            fail_fast,
            cancelled: false,
            failed_fast: false,
            ended: Vec::new(),
        }
    }

    /// A run that may start now, if any; it is then running. After none there may be one again.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator would borrow the schedule while its runs end"
    )]
    pub fn next(&mut self) -> Option<Start> {
        let free = self.slots.saturating_sub(self.used());
        let node = (0..self.nodes.len())
            .filter(|&node| self.may_start(node) && self.weight(node) <= free)
            .min_by_key(|&node| (Reverse(self.chains[node]), node))?;
        let State::Waiting { attempts, .. } = self.states[node] else {
            return None;
        };
        let attempt = attempts + 1;
        self.states[node] = State::Running { attempt };
        Some(Start { node, attempt })
    }

    /// How an attempt ended. A red one with attempts left goes back to be started again; otherwise the node has ended, and
    /// everything that needs a node that did not pass is skipped. With fail-fast, a red node cancels what has not started.
    /// A node that is not running is left as it is.
    pub fn finish(&mut self, node: usize, outcome: Outcome) {
        let State::Running { attempt } = self.states[node] else {
            return;
        };
        let retry = outcome.is_red() && attempt <= self.nodes[node].retries && !self.cancelled;
        if retry {
            self.states[node] = State::Waiting {
                attempts: attempt,
                last: Some(outcome),
            };
            return;
        }
        self.end(node, outcome, attempt);
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
                } => self.end(node, last, attempts),
                State::Waiting {
                    attempts,
                    last: None,
                } => self.record(node, Outcome::Cancelled, attempts),
                State::Running { .. } | State::Ended { .. } => {}
            }
        }
    }

    /// The nodes that ended since the last call, in the order they did.
    pub fn ended(&mut self) -> Vec<Ended> {
        std::mem::take(&mut self.ended)
    }

    /// Whether every node has ended; the last of them may still be there to be collected.
    pub fn is_done(&self) -> bool {
        self.states
            .iter()
            .all(|state| matches!(state, State::Ended { .. }))
    }

    fn weight(&self, node: usize) -> u32 {
        self.nodes[node].weight.clamp(1, self.slots)
    }

    fn used(&self) -> u32 {
        (0..self.nodes.len())
            .filter(|&node| matches!(self.states[node], State::Running { .. }))
            .map(|node| self.weight(node))
            .sum()
    }

    fn may_start(&self, node: usize) -> bool {
        matches!(self.states[node], State::Waiting { .. })
            && self.nodes[node]
                .needs
                .iter()
                .all(|&need| self.states[need] == State::Ended { opens: true })
    }

    /// Ends a node, and with it what waits for it in vain.
    fn end(&mut self, node: usize, outcome: Outcome, attempts: u32) {
        self.record(node, outcome, attempts);
        if self.states[node] == (State::Ended { opens: true }) {
            return;
        }
        for dependent in 0..self.nodes.len() {
            if matches!(self.states[dependent], State::Waiting { .. })
                && self.nodes[dependent].needs.contains(&node)
            {
                self.end(dependent, Outcome::Skipped, 0);
            }
        }
    }

    fn record(&mut self, node: usize, outcome: Outcome, attempts: u32) {
        let passed = outcome == Outcome::Passed;
        self.states[node] = State::Ended {
            opens: passed || (outcome.is_red() && self.nodes[node].allow_failure),
        };
        self.ended.push(Ended {
            node,
            outcome,
            attempts,
            flaky: passed && attempts > 1,
        });
    }
}

/// How long the longest chain of needs takes, where each node takes what `took` says at its index: no number of slots
/// makes a set of runs faster than that.
pub fn critical_path(nodes: &[Node], took: &[Duration]) -> Duration {
    chains(nodes, took).into_iter().max().unwrap_or_default()
}

/// What each node is expected to take; with nothing known, all the same, so that longer chains still go first.
fn expected(nodes: &[Node]) -> Vec<Duration> {
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
fn chains(nodes: &[Node], took: &[Duration]) -> Vec<Duration> {
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
