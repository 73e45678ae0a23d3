//! Cron expressions for periods, and the same in the words of systemd: only some can be said, and the nearest that is not longer stands for the others.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Those that divide what they are counted in, so that all gaps are equal.
const MINUTES: [u64; 11] = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];
const HOURS: [u64; 7] = [1, 2, 3, 4, 6, 8, 12];
/// A month has at least one of the days that these steps lead to, and no gap between two is longer.
const DAYS: u64 = 31;

/// Not on the hour, when everybody's timers fire.
const AT_MINUTE: u64 = 17;
const AT_HOUR: u64 = 3;

/// How often a timer can run at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    Minute,
    FiveMinutes,
}

/// A cron expression and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    pub text: String,
    /// The same as systemd says it. Format: systemd.time(7), "CALENDAR EVENTS".
    pub calendar: String,
    /// The longest time between two runs.
    pub every: Duration,
    /// Some gaps are shorter.
    pub uneven: bool,
}

impl Expression {
    /// How uneven periods are counted; empty where they are not.
    pub(super) fn counted(&self) -> &'static str {
        match self.uneven {
            true => {
                ", counted from the first of each month, so that the last one of a month may be shorter"
            }
            false => "",
        }
    }
}

/// The expression for a period: the nearest that is not longer; where there is none, the shortest.
pub fn expression(every: Duration, pace: Pace) -> Expression {
    let least = match pace {
        Pace::Minute => MINUTE,
        Pace::FiveMinutes => 5 * MINUTE,
    };
    let wanted = every.as_secs().max(least);
    let largest = |steps: &[u64], unit: u64| {
        (steps.iter().rev().copied()).find(|step| step * unit <= wanted && step * unit >= least)
    };
    let (text, calendar, seconds, uneven) = if wanted >= DAY {
        let (days, calendar, step) = match (wanted / DAY).min(DAYS) {
            1 => ("*".to_owned(), "*".to_owned(), 1),
            DAYS => ("1".to_owned(), "01".to_owned(), DAYS),
            step => (format!("*/{step}"), format!("01/{step}"), step),
        };
        (
            format!("{AT_MINUTE} {AT_HOUR} {days} * *"),
            format!("*-*-{calendar} {AT_HOUR:02}:{AT_MINUTE}:00"),
            step * DAY,
            step > 1,
        )
    } else if let Some(step) = largest(&HOURS, HOUR) {
        let (hours, calendar) = match step {
            1 => ("*".to_owned(), "*".to_owned()),
            step => (format!("*/{step}"), format!("00/{step}")),
        };
        (
            format!("{AT_MINUTE} {hours} * * *"),
            format!("*-*-* {calendar}:{AT_MINUTE}:00"),
            step * HOUR,
            false,
        )
    } else {
        let step = largest(&MINUTES, MINUTE).unwrap_or(1);
        let (minutes, calendar) = match step {
            1 => ("*".to_owned(), "*".to_owned()),
            step => (format!("*/{step}"), format!("00/{step}")),
        };
        (
            format!("{minutes} * * * *"),
            format!("*-*-* *:{calendar}:00"),
            step * MINUTE,
            false,
        )
    };
    Expression {
        text,
        calendar,
        every: Duration::from_secs(seconds),
        uneven,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{format_duration, parse_duration};

    #[test]
    fn the_nearest_that_is_not_longer() {
        for (every, pace, text, nearest) in [
            ("1s", Pace::Minute, "* * * * *", "1m"),
            ("1m", Pace::Minute, "* * * * *", "1m"),
            ("1m", Pace::FiveMinutes, "*/5 * * * *", "5m"),
            ("7m", Pace::Minute, "*/6 * * * *", "6m"),
            ("30m", Pace::FiveMinutes, "*/30 * * * *", "30m"),
            ("45m", Pace::Minute, "*/30 * * * *", "30m"),
            ("1h", Pace::Minute, "17 * * * *", "1h"),
            ("90m", Pace::Minute, "17 * * * *", "1h"),
            ("5h", Pace::Minute, "17 */4 * * *", "4h"),
            ("23h", Pace::Minute, "17 */12 * * *", "12h"),
            ("1d", Pace::Minute, "17 3 * * *", "1d"),
            ("47h", Pace::Minute, "17 3 * * *", "1d"),
            ("2d", Pace::FiveMinutes, "17 3 */2 * *", "2d"),
            ("30d", Pace::Minute, "17 3 */30 * *", "30d"),
            ("90d", Pace::Minute, "17 3 1 * *", "31d"),
        ] {
            let found = expression(parse_duration(every).unwrap(), pace);
            assert_eq!(found.text, text, "{every}");
            assert_eq!(format_duration(found.every), nearest, "{every}");
            assert_eq!(
                found.uneven,
                found.every > Duration::from_secs(DAY),
                "{every}"
            );
        }
    }

    #[test]
    fn as_systemd_says_it() {
        for (every, calendar) in [
            ("30s", "*-*-* *:*:00"),
            ("7m", "*-*-* *:00/6:00"),
            ("1h", "*-*-* *:17:00"),
            ("5h", "*-*-* 00/4:17:00"),
            ("1d", "*-*-* 03:17:00"),
            ("2d", "*-*-01/2 03:17:00"),
            ("90d", "*-*-01 03:17:00"),
        ] {
            let found = expression(parse_duration(every).unwrap(), Pace::Minute);
            assert_eq!(found.calendar, calendar, "{every}");
        }
    }
}
