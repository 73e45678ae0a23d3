//! When the next round is due.

use std::time::Duration;

use crate::domain::time::Timestamp;

/// How long it still is until a round is due, with rounds that are to be `every` apart; zero: now. Without any round yet it
/// is now, too. A round in the future, where somebody has set the clock back, counts as just now.
pub fn until_due(every: Duration, last: Option<Timestamp>, now: Timestamp) -> Duration {
    match last {
        Some(last) => every.saturating_sub(now.since(last)),
        None => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_the_last_round() {
        // every, last, now → seconds
        for (every, last, now, expected) in [
            (100, None, 50, 0),
            (100, Some(50), 50, 100),
            (100, Some(50), 51, 99),
            (100, Some(50), 150, 0),
            (100, Some(50), 1000, 0),
            (100, Some(500), 50, 100),
        ] {
            let wait = until_due(
                Duration::from_secs(every),
                last.map(Timestamp),
                Timestamp(now),
            );
            assert_eq!(wait.as_secs(), expected, "{last:?} {now}");
        }
    }
}
