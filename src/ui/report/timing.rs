//! How long a set of runs took, beside how long it could have taken.

use std::time::Duration;

use super::check::seconds;
use crate::domain::check::{Run, Timing};

/// So much is not worth a word.
const NOTHING: Duration = Duration::from_millis(50);

/// "in 41s; one after the other 1m 52s (2.7 times as long), at best 40s; 0.9s overhead"; empty where nothing ran.
pub(super) fn figures(timing: &Timing, runs: &[Run]) -> String {
    let ran = (runs.iter())
        .filter(|run| !run.cached && run.attempts > 0)
        .count();
    if ran == 0 {
        return String::new();
    }
    let mut text = format!("in {}", seconds(timing.wall));
    if ran > 1 {
        text.push_str("; one after the other ");
        text.push_str(&seconds(timing.sequential));
        if timing.speedup() >= 1.05 {
            text.push_str(&format!(" ({:.1} times as long)", timing.speedup()));
        }
        text.push_str(&format!(", at best {}", seconds(timing.lower_bound)));
    }
    if timing.overhead() >= NOTHING {
        text.push_str(&format!("; {} overhead", seconds(timing.overhead())));
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::check::Outcome;
    use crate::domain::name::{CheckName, Side};

    fn run(cached: bool, attempts: u32) -> Run {
        let unit = CheckName::new("unit").unwrap();
        Run {
            cached,
            attempts,
            exit_status: Some(0),
            ended: 1,
            ..Run::new(unit, Side::Base, Outcome::Passed)
        }
    }

    #[test]
    fn figures_say_what_there_is_to_say() {
        let timing = |wall, sequential, lower_bound| Timing {
            wall: Duration::from_millis(wall),
            sequential: Duration::from_millis(sequential),
            lower_bound: Duration::from_millis(lower_bound),
        };
        let (ran, cached, skipped) = (run(false, 1), run(true, 1), run(false, 0));
        for (timing, runs, expected) in [
            (timing(100, 0, 0), vec![cached.clone(), skipped], ""),
            (
                timing(41_000, 112_000, 40_100),
                vec![ran.clone(), ran.clone()],
                "in 41s; one after the other 1m 52s (2.7 times as long), at best 40s; 0.9s overhead\n",
            ),
            (
                timing(300, 200, 100),
                vec![ran.clone(), ran.clone()],
                "in 0.3s; one after the other 0.2s, at best 0.1s; 0.2s overhead\n",
            ),
            (timing(2000, 1980, 1980), vec![ran, cached], "in 2.0s\n"),
        ] {
            assert_eq!(figures(&timing, &runs), expected);
        }
    }
}
