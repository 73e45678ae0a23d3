//! What a set of runs adds up to.

use std::time::Duration;

use super::Run;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    pub passed: usize,
    /// Failed, timed out, stalled.
    pub failed: usize,
    /// Of `failed`: those whose failure is allowed.
    pub allowed: usize,
    pub could_not_run: usize,
    /// Skipped or cancelled.
    pub skipped: usize,
    /// Counted in `passed` too.
    pub cached: usize,
    /// Counted in `passed` too, unless `flaky = "fail"`.
    pub flaky: usize,
}

impl Summary {
    pub fn of(runs: &[Run]) -> Self {
        let _ = runs;
        todo!()
    }
}

/// How well the runs used the machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    pub wall: Duration,
    /// What the runs take one after the other (cached ones count nothing).
    pub sequential: Duration,
    /// No schedule could be faster: the larger of the longest chain of needs and sequential / slots.
    pub lower_bound: Duration,
}

impl Timing {
    /// `critical` is the longest chain of needs.
    pub fn new(wall: Duration, runs: &[Run], slots: u32, critical: Duration) -> Self {
        let _ = (wall, runs, slots, critical);
        todo!()
    }

    /// sequential / wall; 1 where nothing ran.
    pub fn speedup(&self) -> f64 {
        todo!()
    }

    /// lower bound / wall, at most 1; 1 where nothing ran.
    pub fn efficiency(&self) -> f64 {
        todo!()
    }

    /// wall - lower bound, never negative.
    pub fn overhead(&self) -> Duration {
        todo!()
    }
}
