//! How long the rest of a set of runs takes, as far as their last durations tell.

use std::time::Duration;

/// What has been seen of a set of runs until now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Course {
    /// What all of them take together, by the last durations that are known.
    pub work: Duration,
    /// How long it all takes at the least, by the same durations.
    pub at_least: Duration,
    /// Since the first of them could start.
    pub elapsed: Duration,
    /// Of those that have ended and whose last duration was known: the sum of these durations.
    pub ended_expected: Duration,
    /// What the same ones really took.
    pub ended_took: Duration,
    /// Of each that is running: for how long, and its last duration.
    pub running: Vec<(Duration, Option<Duration>)>,
    /// The most that ran at once so far.
    pub side_by_side: u32,
}

/// A machine that is busy or cold is slower than the last time, but not without limit.
const SLOWEST: f64 = 4.0;
const FASTEST: f64 = 0.25;

impl Course {
    /// How long the rest takes; `None` where nothing tells: no duration is known, most of what runs now never ran before, or
    /// everything that is known of should have ended by now.
    ///
    /// It is the largest of three: the longest rest of a run; the rest of the work, spread over as many as ran side by side;
    /// what is left of the least time for it all. All durations are stretched by how much longer than expected those took that
    /// have ended, which counts the more the more of the work they are.
    pub fn remaining(&self) -> Option<Duration> {
        let unknown = self.running.iter().filter(|(_, last)| last.is_none());
        if self.work.is_zero() || unknown.count() * 2 > self.running.len() {
            return None;
        }
        let pace = self.pace();
        let mut longest = Duration::ZERO;
        let mut left = self.work.saturating_sub(self.ended_expected).mul_f64(pace);
        for (elapsed, last) in &self.running {
            let expected = last.unwrap_or_default().mul_f64(pace);
            left = left.saturating_sub(expected.min(*elapsed));
            longest = longest.max(expected.saturating_sub(*elapsed));
        }
        let spread = left / self.side_by_side.max(1);
        let rest = (self.at_least.mul_f64(pace)).saturating_sub(self.elapsed);
        let remaining = longest.max(spread).max(rest);
        (!remaining.is_zero()).then_some(remaining)
    }

    fn pace(&self) -> f64 {
        let still_as_expected = self.work.saturating_sub(self.ended_expected);
        let expected = self.ended_expected + still_as_expected;
        let took = self.ended_took + still_as_expected;
        (took.as_secs_f64() / expected.as_secs_f64()).clamp(FASTEST, SLOWEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    fn course(work: u64, at_least: u64, elapsed: u64, ended: (u64, u64)) -> Course {
        Course {
            work: seconds(work),
            at_least: seconds(at_least),
            elapsed: seconds(elapsed),
            ended_expected: seconds(ended.0),
            ended_took: seconds(ended.1),
            running: Vec::new(),
            side_by_side: 2,
        }
    }

    #[test]
    fn the_rest_of_the_work() {
        type Running = &'static [(u64, Option<u64>)];
        let cases: [(&str, Course, Running, Option<u64>); 11] = [
            (
                "nothing is known",
                course(0, 0, 5, (0, 0)),
                &[(5, None)],
                None,
            ),
            ("all of it", course(100, 50, 0, (0, 0)), &[], Some(50)),
            (
                "a part of each",
                course(100, 50, 10, (0, 0)),
                &[(10, Some(50)), (10, Some(50))],
                Some(40),
            ),
            ("some ended", course(100, 50, 25, (50, 50)), &[], Some(25)),
            (
                "one long one",
                course(100, 80, 30, (20, 20)),
                &[(30, Some(80))],
                Some(50),
            ),
            (
                "the chain behind it",
                course(100, 90, 10, (10, 10)),
                &[(0, Some(40)), (0, Some(10))],
                Some(80),
            ),
            (
                "all twice as slow",
                course(100, 50, 50, (50, 100)),
                &[],
                Some(37),
            ),
            (
                "overdue",
                course(100, 50, 90, (50, 50)),
                &[(90, Some(50))],
                None,
            ),
            (
                "most are new",
                course(10, 10, 1, (0, 0)),
                &[(1, Some(10)), (1, None), (1, None)],
                None,
            ),
            (
                "one is new",
                course(10, 10, 1, (0, 0)),
                &[(1, Some(10)), (1, None)],
                Some(9),
            ),
            (
                "more ended than was planned",
                course(10, 10, 1, (20, 20)),
                &[(1, Some(10))],
                Some(9),
            ),
        ];
        for (name, mut course, running, expected) in cases {
            course.running = running
                .iter()
                .map(|(elapsed, last)| (seconds(*elapsed), last.map(seconds)))
                .collect();
            let remaining = course.remaining().map(|remaining| remaining.as_secs());
            assert_eq!(remaining, expected, "{name}");
        }
    }

    #[test]
    fn no_surprise_makes_it_absurd() {
        let remaining = |took| course(100, 0, 0, (10, took)).remaining().unwrap();
        assert_eq!(
            remaining(1_000_000),
            seconds(180),
            "four times the work that is left"
        );
        assert!(
            remaining(0) > seconds(40),
            "the rest may take what it took the last time"
        );
    }

    #[test]
    fn it_shrinks_as_time_passes() {
        let at = |elapsed: u64| Course {
            running: vec![
                (seconds(elapsed), Some(seconds(60))),
                (seconds(elapsed), Some(seconds(30))),
            ],
            ..course(90, 60, elapsed, (0, 0))
        };
        let all: Vec<u64> = (0..60)
            .map(|second| at(second).remaining().unwrap().as_secs())
            .collect();
        assert_eq!(all, (1..=60).rev().collect::<Vec<u64>>());
    }
}
