//! When to stop starting something that cannot run anyway.

use std::collections::BTreeMap;

/// Counts, for each check and for setups, how often in a row it could not run for the same reason.
#[derive(Debug, Clone)]
pub struct Breaker {
    limit: u32,
    /// The last reason, and how often it was given in a row.
    counts: BTreeMap<String, (String, u32)>,
}

impl Breaker {
    /// `limit` is how often is enough; 0: it never is.
    pub fn new(limit: u32) -> Self {
        Breaker {
            limit,
            counts: BTreeMap::new(),
        }
    }

    /// It could not run.
    pub fn could_not_run(&mut self, what: &str, reason: &str) {
        let count = self.counts.entry(what.to_owned()).or_default();
        if count.0 != reason {
            *count = (reason.to_owned(), 0);
        }
        count.1 = count.1.saturating_add(1);
    }

    /// It did run, however that ended.
    pub fn ran(&mut self, what: &str) {
        self.counts.remove(what);
    }

    /// Why it should not be started any more.
    pub fn objection(&self, what: &str) -> Option<String> {
        let (reason, count) = self.counts.get(what)?;
        (self.limit > 0 && *count >= self.limit)
            .then(|| format!("not started again after {count} in a row: {reason}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_reason_so_often() {
        // What happens, one letter each: `a` and `b` are reasons, `.` is a run. Then whether it would be started again.
        for (limit, history, open) in [
            (3, "aa", true),
            (3, "aaa", false),
            (3, "aaaa", false),
            (3, "aabaa", true),
            (3, "aa.aa", true),
            (3, "abbb", false),
            (1, "a", false),
            (0, "aaaaaaaa", true),
        ] {
            let unit = "unit";
            let mut breaker = Breaker::new(limit);
            for letter in history.chars() {
                match letter {
                    '.' => breaker.ran(unit),
                    reason => breaker.could_not_run(unit, &reason.to_string()),
                }
            }
            assert_eq!(breaker.objection(unit).is_none(), open, "{limit} {history}");
            assert_eq!(breaker.objection("other"), None);
        }
    }

    #[test]
    fn the_reason_is_told() {
        let unit = "unit";
        let mut breaker = Breaker::new(1);
        breaker.could_not_run(unit, "there is no shell");
        let objection = breaker.objection(unit).unwrap();
        assert_eq!(
            objection,
            "not started again after 1 in a row: there is no shell"
        );
    }
}
