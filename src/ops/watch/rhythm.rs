//! How often is looked at what nobody tells us of.

use std::time::{Duration, Instant};

/// When polling is due: never so often that it is all that the machine does.
pub(super) struct Rhythm {
    every: Duration,
    pub(super) next: Instant,
}

impl Rhythm {
    pub(super) fn new(every: Duration) -> Self {
        Rhythm {
            every,
            next: Instant::now() + every,
        }
    }

    pub(super) fn took(&mut self, time: Duration) {
        self.next = Instant::now() + self.every.max(time * 10);
    }
}

/// When the system's queue has run over, everything has to be looked at. Looking makes events too, so a look that found
/// nothing makes the next one wait longer.
#[derive(Default)]
pub(super) struct Overrun {
    pub(super) due: bool,
    not_before: Option<Instant>,
    delay: Duration,
}

impl Overrun {
    const SHORTEST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(60);

    /// Whether it is time for the look that is due.
    pub(super) fn take(&mut self) -> bool {
        let now = Instant::now();
        let due = self.due && self.not_before.is_none_or(|at| at <= now);
        if due {
            self.due = false;
        }
        due
    }

    pub(super) fn looked(&mut self, found: bool) {
        self.delay = match found {
            true => Self::SHORTEST,
            false => (self.delay * 2).clamp(Self::SHORTEST, Self::LONGEST),
        };
        self.not_before = Some(Instant::now() + self.delay);
    }

    pub(super) fn at(&self) -> Option<Instant> {
        self.not_before.filter(|_| self.due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_that_find_nothing_become_rare() {
        let mut overrun = Overrun::default();
        assert!(!overrun.take() && overrun.at().is_none());
        overrun.due = true;
        assert!(overrun.take(), "the first at once");
        let mut delays = Vec::new();
        for found in [false, false, false, true, false] {
            overrun.looked(found);
            overrun.due = true;
            assert!(!overrun.take());
            delays.push(overrun.delay.as_secs());
        }
        assert_eq!(delays, [1, 2, 4, 1, 2]);
        for _ in 0..10 {
            overrun.looked(false);
        }
        assert_eq!(overrun.delay, Overrun::LONGEST);
        assert!(overrun.at().is_some_and(|at| at > Instant::now()));
    }

    #[test]
    fn slow_looks_are_rare() {
        let mut poll = Rhythm::new(Duration::from_secs(2));
        poll.took(Duration::from_secs(3));
        assert!(poll.next > Instant::now() + Duration::from_secs(25));
        poll.took(Duration::ZERO);
        assert!(poll.next <= Instant::now() + Duration::from_secs(2));
    }
}
