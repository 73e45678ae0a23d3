//! `max_age`: tracks whose work has been away from integration for too long.

use std::time::Duration;

use crate::domain::time::{Timestamp, format_duration, span};

/// What is known of one track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Integrated {
    /// The date of the track's newest commit that a round has brought in; `None`: none has.
    pub last: Option<Timestamp>,
    /// The date of its first own commit; `None`: it has none.
    pub first: Option<Timestamp>,
    /// It has work that integration lacks.
    pub has_more: bool,
}

/// How old what integration has of a track is, where that is too old: it is measured from the last commit that was
/// integrated, and where there is none, from the track's first own commit.
pub fn overdue(
    max_age: Option<Duration>,
    integrated: Integrated,
    now: Timestamp,
) -> Option<Duration> {
    let since = integrated.last.or(integrated.first)?;
    let age = now.since(since);
    (integrated.has_more && age > max_age?).then_some(age)
}

/// "not integrated for 6 days (max_age 4d)".
pub fn overdue_text(age: Duration, max_age: Duration) -> String {
    format!(
        "not integrated for {} (max_age {})",
        span(age),
        format_duration(max_age)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_old() {
        const DAY: i64 = 24 * 60 * 60;
        let days = |days: u64| Duration::from_secs(days * 86_400);
        let max = Some(days(4));
        // max_age, days since the last integrated and the first own commit, more work → days.
        let cases = [
            (max, Some(6), Some(9), true, Some(6)),
            (max, Some(6), Some(9), false, None),
            (max, Some(3), Some(9), true, None),
            (max, Some(4), Some(9), true, None),
            (max, None, Some(5), true, Some(5)),
            (max, None, Some(4), true, None),
            (max, None, None, true, None),
            (max, Some(-1), None, true, None),
            (None, Some(6), Some(9), true, None),
        ];
        for (max, last, first, has_more, expected) in cases {
            let now = Timestamp(100 * DAY);
            let at = |days: i64| Timestamp(now.0 - days * DAY);
            let integrated = Integrated {
                last: last.map(at),
                first: first.map(at),
                has_more,
            };
            let case = format!("{max:?} {integrated:?}");
            assert_eq!(overdue(max, integrated, now), expected.map(days), "{case}");
        }
        let text = overdue_text(days(6) + Duration::from_secs(5), days(4));
        assert_eq!(text, "not integrated for 6 days (max_age 4d)");
    }
}
