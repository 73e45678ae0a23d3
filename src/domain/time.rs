//! Points in time and the durations of tracks.toml; where "now" comes from is `process::clock`.

use std::fmt;
use std::time::Duration;

/// Seconds since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Reads `20261123T093000Z`.
    pub fn from_compact(text: &str) -> Option<Timestamp> {
        let well_formed = text.len() == 16 && text.ends_with('Z');
        let time: jiff::Timestamp = text.parse().ok().filter(|_| well_formed)?;
        Some(Timestamp(time.as_second()))
    }

    /// Zero where `earlier` is in fact later.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, for example `2026-11-23T09:30:00Z`; beyond the years -9999 to 9999 the nearest there is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        };
        let time = jiff::Timestamp::from_second(self.0).unwrap_or(limit);
        f.pad(&time.to_string())
    }
}

/// The calendar day in UTC, for example `2026-11-23`.
pub fn date(time: Timestamp) -> String {
    time.to_string().chars().take_while(|c| *c != 'T').collect()
}

/// Whether the text is a calendar date in the one form that sorts as text, `2026-11-23`.
pub fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// The day in UTC as eight digits, `20261123`; beyond the years 0 to 9999 the nearest there is.
pub fn compact_date(time: Timestamp) -> String {
    time.to_string()
        .chars()
        .take(10)
        .filter(|c| *c != '-')
        .collect()
}

/// The time of day in UTC as six digits, `093000`.
pub fn compact_time(time: Timestamp) -> String {
    let text = time.to_string();
    let time = text.split_once('T').map_or("", |(_, time)| time);
    time.chars().take(8).filter(|c| *c != ':').collect()
}

/// The beginning of the day that eight digits name; `None` where there is no such day.
pub fn from_compact_date(digits: &str) -> Option<Timestamp> {
    (digits.len() == 8).then(|| from_compact_digits(&format!("{digits}000000")))?
}

/// The time in UTC that fourteen digits name; `None` where there is none.
pub fn from_compact_digits(digits: &str) -> Option<Timestamp> {
    let well_formed = digits.len() == 14 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (date, time) = digits.split_at_checked(8).filter(|_| well_formed)?;
    Timestamp::from_compact(&format!("{date}T{time}Z"))
}

/// A text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration; write a number and a unit, like `90s`, `10m`, `4h` or `2d`")]
pub struct DurationError(pub String);

/// # Errors
/// When the text is not a whole number followed by `s`, `m`, `h` or `d`.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let fail = || DurationError(text.to_owned());
    let unit = text.chars().last().ok_or_else(fail)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(fail()),
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(fail());
    }
    let number: u64 = digits.parse().map_err(|_| fail())?;
    number
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .ok_or_else(fail)
}

/// The largest unit that gives a whole number, as [`parse_duration`] reads it; fractions of a second are dropped.
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    for (unit, size) in [("d", 24 * 60 * 60), ("h", 60 * 60), ("m", 60)] {
        if seconds >= size && seconds.is_multiple_of(size) {
            return format!("{}{unit}", seconds / size);
        }
    }
    format!("{seconds}s")
}

/// A point in time relative to now, as people say it: "3 hours ago".
pub fn ago(age: Duration) -> String {
    if age < Duration::from_secs(60) {
        return "just now".to_owned();
    }
    format!("{} ago", span(age))
}

/// A length of time as people say it, in its largest unit: "3 hours".
pub fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    let (number, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86400 => (seconds / 3600, "hour"),
        _ => (seconds / 86400, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert!(is_date("2026-11-23"));
        for bad in [
            "2026-02-30",
            "20261123",
            "2026-11-2",
            "",
            "2026-11-23T",
            "+02026-11-",
        ] {
            assert!(!is_date(bad), "{bad}");
        }
    }

    #[test]
    fn compact_ones() {
        let noon = Timestamp(1_795_608_000);
        assert_eq!(compact_date(noon), "20261125");
        assert_eq!(compact_time(noon), "120000");
        assert_eq!(from_compact_digits("20261125120000"), Some(noon));
        assert_eq!(
            from_compact_date("20240229").map(compact_date).as_deref(),
            Some("20240229")
        );
        for bad in [
            "20230229",
            "20261301",
            "2026112",
            "202611255",
            "2026112x",
            "",
            "００００",
        ] {
            assert_eq!(from_compact_date(bad), None, "{bad}");
        }
        for bad in ["20261125240000", "20261125126000", "20261125"] {
            assert_eq!(from_compact_digits(bad), None, "{bad}");
        }
    }

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("90s", 90),
            ("10m", 600),
            ("4h", 14400),
            ("2d", 172_800),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)));
        }
        for bad in [
            "",
            "s",
            "10",
            "1.5h",
            "-1s",
            "1 h",
            "h1",
            "10ms",
            "99999999999999999999d",
            "ü",
        ] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
        for text in ["90s", "10m", "4h", "2d", "0s", "25h", "61m"] {
            assert_eq!(format_duration(parse_duration(text).unwrap()), text);
        }
    }

    #[test]
    fn times() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_795_426_200, "2026-11-23T09:30:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(Timestamp(seconds).to_string(), text);
        }
        assert!(Timestamp(i64::MAX).to_string().starts_with("9999-12-30"));
        for (later, earlier, seconds) in [(7, 2, 5), (2, 7, 0), (i64::MAX, -1, u64::MAX / 2)] {
            let since = Timestamp(later).since(Timestamp(earlier));
            assert_eq!(since, Duration::from_secs(seconds));
        }
        for (seconds, text) in [
            (5, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (7200, "2 hours ago"),
            (200_000, "2 days ago"),
        ] {
            assert_eq!(ago(Duration::from_secs(seconds)), text);
        }
        for (seconds, text) in [(1, "1 second"), (59, "59 seconds"), (86_400, "1 day")] {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
    }
}
