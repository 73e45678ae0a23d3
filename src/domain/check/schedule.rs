//! Which run may start next: needs first, then the longest expected, within the job slots; with retries and fail-fast.

use super::Outcome;

/// One run to be scheduled; nodes refer to each other by their index.
#[derive(Debug, Clone)]
pub struct Node {
    pub needs: Vec<usize>,
    /// Job slots it takes; more than there are counts as all of them.
    pub weight: u32,
    pub retries: u32,
    /// How long it took last time, in milliseconds; the longer ones start first. 0: unknown.
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
#[derive(Debug)]
pub struct Schedule {}

impl Schedule {
    /// `slots` is how much weight may run at once (at least 1).
    pub fn new(nodes: Vec<Node>, slots: u32, fail_fast: bool) -> Self {
        let _ = (nodes, slots, fail_fast);
        todo!()
    }

    /// A run that may start now, if any; it is then running.
    pub fn next(&mut self) -> Option<Start> {
        todo!()
    }

    /// How an attempt ended. A red one with attempts left goes back to be started again; otherwise the node has ended, and
    /// everything that needs a node that did not pass is skipped. With fail-fast, a red node cancels what has not started.
    pub fn finish(&mut self, node: usize, outcome: Outcome) {
        let _ = (node, outcome);
        todo!()
    }

    /// Cancels everything that has not started; what runs is for the caller to stop and to report with `finish`.
    pub fn cancel(&mut self) {
        todo!()
    }

    /// The nodes that ended since the last call, in the order they did.
    pub fn ended(&mut self) -> Vec<Ended> {
        todo!()
    }

    pub fn is_done(&self) -> bool {
        todo!()
    }
}
