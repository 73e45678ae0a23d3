//! The newest commit of a track that is good, where its tip is not, in few answers: steps that double, then halves.

/// A search among `len` commits, newest first, behind a tip that is bad. What is before the first of them is good.
///
/// It supposes that a track turned bad once and stayed so. Where it did not, what is found still is good, and followed by a
/// commit that is bad, but a newer one may be good, too.
#[derive(Debug, Clone)]
pub struct NewestGood {
    len: usize,
    /// Everything before is bad.
    bad: usize,
    /// Known to be good; `len` stands for what is before them all.
    good: Option<usize>,
    step: usize,
    over: bool,
}

impl NewestGood {
    pub fn new(len: usize) -> Self {
        NewestGood {
            len,
            bad: 0,
            good: None,
            step: 1,
            over: len == 0,
        }
    }

    /// The commit to be judged next; `None`: the search is over.
    pub fn question(&self) -> Option<usize> {
        if self.over {
            return None;
        }
        match self.good {
            Some(good) if good <= self.bad => None,
            Some(good) => Some(self.bad + (good - self.bad) / 2),
            None => Some((self.bad + self.step - 1).min(self.len - 1)),
        }
    }

    /// The answer to [`NewestGood::question`]; `None` where it could not be found out, which counts as bad.
    pub fn answer(&mut self, good: Option<bool>) {
        let Some(asked) = self.question() else { return };
        if good == Some(true) {
            self.good = Some(asked);
            return;
        }
        self.bad = asked + 1;
        if self.good.is_none() {
            self.step *= 2;
            self.over = self.bad >= self.len;
        }
    }

    /// The newest good commit, once the search is over; `None`: none of them is.
    pub fn found(&self) -> Option<usize> {
        self.good.filter(|_| self.question().is_none())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(len: usize, good: impl Fn(usize) -> bool) -> (Option<usize>, Vec<usize>) {
        let mut search = NewestGood::new(len);
        let mut asked = Vec::new();
        while let Some(question) = search.question() {
            assert!(question < len && !asked.contains(&question), "{asked:?}");
            asked.push(question);
            search.answer(Some(good(question)));
        }
        (search.found(), asked)
    }

    proptest! {
        #[test]
        fn finds_where_it_turned_bad(len in 0_usize..300, turn in 0_usize..300) {
            let (found, asked) = run(len, |commit| commit >= turn);
            prop_assert_eq!(found, (turn < len).then_some(turn));
            let limit = 2 * (turn.min(len) + 1).next_power_of_two().ilog2() as usize + 2;
            prop_assert!(asked.len() <= limit, "{} answers for {} of {}", asked.len(), turn, len);
        }

        #[test]
        fn what_is_found_is_good(pattern in prop::collection::vec(any::<bool>(), 0..40)) {
            let (found, asked) = run(pattern.len(), |commit| pattern[commit]);
            if let Some(found) = found {
                prop_assert!(pattern[found]);
                prop_assert!(found == 0 || !pattern[found - 1]);
            } else {
                prop_assert!(asked.iter().all(|commit| !pattern[*commit]));
            }
        }
    }

    #[test]
    fn what_cannot_be_told_is_bad() {
        let mut search = NewestGood::new(2);
        search.answer(None);
        search.answer(Some(true));
        assert_eq!(search.found(), Some(1));
    }
}
