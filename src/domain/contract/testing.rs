//! Comparisons as short lines, for the tables of the comparers.

use super::{Format, Outcome};

/// `at: message`, one a line, with the line of the new version where it is told; a reason where it could not run.
pub(super) fn found(format: Format, old: &str, new: &str) -> Vec<String> {
    match format.compare(old.as_bytes(), new.as_bytes()) {
        Outcome::Compatible => Vec::new(),
        Outcome::Breaking(breaks) => {
            assert!(!breaks.is_empty());
            let shown = breaks
                .into_iter()
                .map(|it| format!("{}: {}", it.at, it.message));
            shown.collect()
        }
        Outcome::CouldNotRun(why) => vec![format!("could not run: {why}")],
    }
}

/// The lines of the breaks.
pub(super) fn lines(format: Format, old: &str, new: &str) -> Vec<Option<usize>> {
    match format.compare(old.as_bytes(), new.as_bytes()) {
        Outcome::Breaking(breaks) => breaks.into_iter().map(|it| it.line).collect(),
        Outcome::Compatible | Outcome::CouldNotRun(_) => Vec::new(),
    }
}
