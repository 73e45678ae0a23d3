//! What time it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use super::environment;
use crate::domain::time::Timestamp;

/// Now, or what `TRACKS_NOW` (seconds since the epoch) says, so that tests and replays give the same output.
pub fn now() -> Timestamp {
    environment::var("TRACKS_NOW")
        .and_then(|text| text.parse().ok())
        .map_or_else(system_time, Timestamp)
}

/// Now, as file systems put it down: no file that is written later bears an earlier time. `TRACKS_NOW` has no say in it.
pub fn file_time() -> SystemTime {
    // Linux takes the time of the last tick for files, which the ordinary clock is ahead of.
    #[cfg(target_os = "linux")]
    let clock = ClockId::RealtimeCoarse;
    #[cfg(not(target_os = "linux"))]
    let clock = ClockId::Realtime;
    let now = clock_gettime(clock);
    let part = |number: i64| u64::try_from(number).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(part(now.tv_sec)) + Duration::from_nanos(part(now.tv_nsec))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the clock"
)]
fn system_time() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_not_older_than_what_was_written_before() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..200 {
            let before = file_time();
            let file = std::fs::File::create(dir.path().join(number.to_string())).unwrap();
            let written = file.metadata().unwrap().modified().unwrap();
            assert!(written >= before, "{written:?} {before:?}");
        }
    }

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
