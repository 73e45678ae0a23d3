//! What the JUnit files of a check say, counted.

/// So many failing tests are kept by name.
const KEPT: usize = 20;

/// Nobody reads more of a message on one line. In characters.
const LONGEST_MESSAGE: usize = 200;

/// The tests of one run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tests {
    /// Every test case, however it ended.
    pub total: usize,
    pub failed: usize,
    /// Those that could not be judged, such as by an exception in their preparation; also those of whole suites, which are
    /// no test cases and not in `total`.
    pub errors: usize,
    pub skipped: usize,
    /// The first of those that failed or could not be judged.
    pub failing: Vec<FailedTest>,
    /// How many more there are than `failing` has.
    pub more: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedTest {
    pub name: String,
    /// The first line of what is said of it; may be empty.
    pub message: String,
}

impl Tests {
    /// Keeps its name while there is room.
    pub fn add_failing(&mut self, name: &str, message: &str) {
        if self.failing.len() == KEPT {
            self.more += 1;
            return;
        }
        self.failing.push(FailedTest {
            name: shortened(name),
            message: shortened(message),
        });
    }

    /// "312 tests, 2 failed, 1 skipped".
    pub fn counts(&self) -> String {
        let mut parts = vec![match self.total {
            1 => "1 test".to_owned(),
            total => format!("{total} tests"),
        }];
        let counts = [
            (self.failed, "failed"),
            (self.errors, "with errors"),
            (self.skipped, "skipped"),
        ];
        let told = counts.iter().filter(|(number, _)| *number > 0);
        parts.extend(told.map(|(number, what)| format!("{number} {what}")));
        parts.join(", ")
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_names_are_kept_and_the_rest_is_counted() {
        let mut tests = Tests::default();
        for number in 0..KEPT + 3 {
            tests.add_failing(&format!("t{number}"), &"é".repeat(number * 20));
        }
        assert_eq!((tests.failing.len(), tests.more), (KEPT, 3));
        assert_eq!(tests.failing[10].message, "é".repeat(200));
        assert_eq!(tests.failing[11].message, "é".repeat(200) + "…");
    }

    #[test]
    fn counts() {
        let mut tests = Tests::default();
        assert_eq!(tests.counts(), "0 tests");
        tests.total = 1;
        assert_eq!(tests.counts(), "1 test");
        (tests.total, tests.failed, tests.errors, tests.skipped) = (312, 2, 1, 4);
        assert_eq!(
            tests.counts(),
            "312 tests, 2 failed, 1 with errors, 4 skipped"
        );
    }
}
