//! What a set of runs adds up to.

use std::time::Duration;

use super::{Outcome, Run};

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
        let mut summary = Summary::default();
        for run in runs {
            summary.flaky += usize::from(run.flaky);
            match run.outcome {
                Outcome::Passed => {
                    summary.passed += 1;
                    summary.cached += usize::from(run.cached);
                }
                Outcome::Failed | Outcome::TimedOut | Outcome::Stalled => {
                    summary.failed += 1;
                    summary.allowed += usize::from(run.allow_failure);
                }
                Outcome::CouldNotRun => summary.could_not_run += 1,
                Outcome::Skipped | Outcome::Cancelled => summary.skipped += 1,
            }
        }
        summary
    }
}

/// How well the runs used the machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    pub wall: Duration,
    /// What the runs take one after the other (cached ones count nothing).
    pub sequential: Duration,
    /// No schedule could be faster, see [`super::lower_bound`].
    pub lower_bound: Duration,
}

impl Timing {
    pub fn new(wall: Duration, runs: &[Run], lower_bound: Duration) -> Self {
        let sequential: Duration = runs
            .iter()
            .filter(|run| !run.cached)
            .map(|run| run.wall)
            .sum();
        Timing {
            wall,
            sequential,
            lower_bound,
        }
    }

    /// sequential / wall; 1 where nothing ran.
    pub fn speedup(&self) -> f64 {
        if self.nothing_ran() {
            return 1.0;
        }
        self.sequential.as_secs_f64() / self.wall.as_secs_f64()
    }

    /// lower bound / wall, at most 1; 1 where nothing ran.
    pub fn efficiency(&self) -> f64 {
        if self.nothing_ran() {
            return 1.0;
        }
        (self.lower_bound.as_secs_f64() / self.wall.as_secs_f64()).min(1.0)
    }

    /// wall - lower bound, never negative.
    pub fn overhead(&self) -> Duration {
        self.wall.saturating_sub(self.lower_bound)
    }

    fn nothing_ran(&self) -> bool {
        self.wall.is_zero() || self.sequential.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::name::{CheckName, Side};

    fn run(outcome: Outcome, seconds: u64) -> Run {
        Run {
            attempts: 1,
            wall: Duration::from_secs(seconds),
            ended: 1,
            ..Run::new(CheckName::new("unit").unwrap(), Side::Base, outcome)
        }
    }

    #[test]
    fn runs_are_counted() {
        let cached = Run {
            cached: true,
            ..run(Outcome::Passed, 1)
        };
        let flaky = Run {
            flaky: true,
            ..run(Outcome::Passed, 1)
        };
        let allowed = Run {
            allow_failure: true,
            ..run(Outcome::Stalled, 1)
        };
        let runs = [
            run(Outcome::Passed, 1),
            cached,
            flaky,
            run(Outcome::Failed, 1),
            run(Outcome::TimedOut, 1),
            allowed,
            run(Outcome::CouldNotRun, 1),
            run(Outcome::Skipped, 0),
            run(Outcome::Cancelled, 0),
        ];
        let expected = Summary {
            passed: 3,
            failed: 3,
            allowed: 1,
            could_not_run: 1,
            skipped: 2,
            cached: 1,
            flaky: 1,
        };
        assert_eq!(Summary::of(&runs), expected);
        assert_eq!(Summary::of(&[]), Summary::default());
    }

    #[test]
    fn timings() {
        let cached = Run {
            cached: true,
            ..run(Outcome::Passed, 100)
        };
        let eight_seconds = [run(Outcome::Passed, 5), run(Outcome::Failed, 3), cached];
        // Wall, lower bound → speedup, efficiency, overhead.
        for (wall, lower_bound, speedup, efficiency, overhead) in [
            (8, 4, 1.0, 0.5, 4),
            (5, 5, 1.6, 1.0, 0),
            (4, 8, 2.0, 1.0, 0),
        ] {
            let seconds = Duration::from_secs;
            let timing = Timing::new(seconds(wall), &eight_seconds, seconds(lower_bound));
            assert_eq!(timing.sequential, seconds(8));
            assert!((timing.speedup() - speedup).abs() < 1e-9, "{timing:?}");
            assert!(
                (timing.efficiency() - efficiency).abs() < 1e-9,
                "{timing:?}"
            );
            assert_eq!(timing.overhead(), seconds(overhead));
        }
    }

    #[test]
    fn nothing_ran() {
        for wall in [0, 3] {
            let wall = Duration::from_secs(wall);
            let timing = Timing::new(wall, &[], Duration::ZERO);
            assert!((timing.speedup() - 1.0).abs() < 1e-9);
            assert!((timing.efficiency() - 1.0).abs() < 1e-9);
            assert_eq!(timing.overhead(), wall);
        }
    }
}
