//! Which check changed which files, by the times at which they were last written.

use std::time::SystemTime;

/// From when to when something ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: SystemTime,
    pub to: SystemTime,
}

/// By file: the indices of the windows in which it may have been changed. A time that lies in none of them, or is not known
/// (the file is gone), leaves all of them.
pub fn suspects(windows: &[Window], changed: &[Option<SystemTime>]) -> Vec<Vec<usize>> {
    let all = || (0..windows.len()).collect::<Vec<_>>();
    let of = |time: &Option<SystemTime>| {
        let time = (*time)?;
        let within = |index: &usize| windows[*index].from <= time && time <= windows[*index].to;
        let found: Vec<usize> = (0..windows.len()).filter(within).collect();
        (!found.is_empty()).then_some(found)
    };
    changed
        .iter()
        .map(|time| of(time).unwrap_or_else(all))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_ran_when_it_was_written() {
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let window = |from, to| Window {
            from: at(from),
            to: at(to),
        };
        let windows = [window(10, 20), window(15, 30), window(40, 50)];
        let cases: [(Option<u64>, &[usize]); 6] = [
            (Some(12), &[0]),
            (Some(17), &[0, 1]),
            (Some(20), &[0, 1]),
            (Some(40), &[2]),
            (Some(35), &[0, 1, 2]),
            (None, &[0, 1, 2]),
        ];
        for (time, expected) in cases {
            assert_eq!(suspects(&windows, &[time.map(at)]), [expected], "{time:?}");
        }
        assert_eq!(suspects(&[], &[None]), [Vec::<usize>::new()]);
    }
}
