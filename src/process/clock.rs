//! What time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use super::environment;
use crate::domain::time::Timestamp;

/// Now, or what `TRACKS_NOW` (seconds since the epoch) says, so that tests and replays give the same output.
pub fn now() -> Timestamp {
    environment::var("TRACKS_NOW")
        .and_then(|text| text.parse().ok())
        .map_or_else(system_time, Timestamp)
}

/// Now, by the clock that files are dated with, whatever `TRACKS_NOW` says.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the clock"
)]
pub fn system() -> SystemTime {
    SystemTime::now()
}

fn system_time() -> Timestamp {
    let since = system().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_is_in_seconds() {
        let now = system_time();
        // Between 2026 and the year 4000: neither milliseconds nor zero.
        assert!(
            (1_767_225_600..64_060_588_800).contains(&now.0),
            "{}",
            now.0
        );
    }
}
