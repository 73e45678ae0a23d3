//! How long to wait before a further attempt.

use std::time::Duration;

/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// The pause after the red attempt of this number, from 1: `first`, and twice as much each time.
pub fn backoff(first: Duration, attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(31);
    first.saturating_mul(1 << doublings).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit() {
        let seconds = Duration::from_secs;
        for (first, attempt, pause) in [
            (1, 1, 1),
            (1, 2, 2),
            (1, 4, 8),
            (3, 3, 12),
            (1, 9, 256),
            (1, 10, 300),
            (1, u32::MAX, 300),
            (0, 7, 0),
            (900, 1, 300),
        ] {
            assert_eq!(
                backoff(seconds(first), attempt),
                seconds(pause),
                "{first} {attempt}"
            );
        }
    }
}
