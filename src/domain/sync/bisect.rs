//! Plain bisection: whose merge turned a green base into a red candidate, and with whom it does not get along.
//!
//! The merges of a candidate form a chain `0..=n`: 0 is base, `k` has the first `k` tracks. The search asks for the colour
//! of trees and never asks twice; it takes about `2 log2 n` answers.

/// A tree whose colour the search wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// The first `len` tracks merged into base.
    Prefix { len: usize },
    /// The first `len` tracks and, on top, the track at index `culprit` (counted from 0).
    PrefixAnd { len: usize, culprit: usize },
}

/// The search for one culprit in a chain of `n` tracks whose base is green and whose whole is red.
///
/// First the culprit: the smallest `k` with a red prefix `k`; the culprit is track `k - 1`. Then its partner: if base and
/// the culprit alone are red, nobody; otherwise the smallest `j` with the first `j` tracks and the culprit red; the partner
/// is track `j - 1`.
#[derive(Debug, Clone)]
pub struct Isolation {
    state: State,
}

/// In both bisections `green < red` are lengths whose colour is known, and the search is over when they are neighbours.
#[derive(Debug, Clone, Copy)]
enum State {
    Culprit {
        green: usize,
        red: usize,
    },
    /// Whether the culprit is red without anybody else.
    Alone {
        culprit: usize,
    },
    Partner {
        culprit: usize,
        green: usize,
        red: usize,
    },
    Over {
        culprit: Option<usize>,
        partner: Option<usize>,
    },
}

impl State {
    fn culprit(green: usize, red: usize) -> State {
        if red - green > 1 {
            return State::Culprit { green, red };
        }
        let culprit = red - 1;
        if culprit == 0 {
            // Base and the culprit alone are the first prefix, which is known to be red.
            State::without_partner(culprit)
        } else {
            State::Alone { culprit }
        }
    }

    fn partner(culprit: usize, green: usize, red: usize) -> State {
        if red - green > 1 {
            return State::Partner {
                culprit,
                green,
                red,
            };
        }
        State::Over {
            culprit: Some(culprit),
            partner: Some(red - 1),
        }
    }

    fn without_partner(culprit: usize) -> State {
        State::Over {
            culprit: Some(culprit),
            partner: None,
        }
    }

    fn after(self, red_answer: Option<bool>) -> State {
        match (self, red_answer) {
            (State::Culprit { green, red }, Some(true)) => {
                State::culprit(green, middle(green, red))
            }
            (State::Culprit { green, red }, Some(false)) => State::culprit(middle(green, red), red),
            (State::Culprit { .. }, None) => State::Over {
                culprit: None,
                partner: None,
            },
            // All tracks before the culprit, and the culprit, are the red prefix that exposed it.
            (State::Alone { culprit }, Some(false)) => State::partner(culprit, 0, culprit),
            (
                State::Partner {
                    culprit,
                    green,
                    red,
                },
                Some(is_red),
            ) => {
                let middle = middle(green, red);
                let (green, red) = if is_red {
                    (green, middle)
                } else {
                    (middle, red)
                };
                State::partner(culprit, green, red)
            }
            (State::Alone { culprit }, Some(true) | None)
            | (State::Partner { culprit, .. }, None) => State::without_partner(culprit),
            (State::Over { .. }, _) => self,
        }
    }
}

fn middle(green: usize, red: usize) -> usize {
    green + (red - green) / 2
}

impl Isolation {
    /// `n` is at least 1.
    pub fn new(n: usize) -> Self {
        Isolation {
            state: State::culprit(0, n.max(1)),
        }
    }

    /// What to find out next; `None` when the search is over.
    pub fn question(&self) -> Option<Question> {
        match self.state {
            State::Culprit { green, red } => Some(Question::Prefix {
                len: middle(green, red),
            }),
            State::Alone { culprit } => Some(Question::PrefixAnd { len: 0, culprit }),
            State::Partner {
                culprit,
                green,
                red,
            } => Some(Question::PrefixAnd {
                len: middle(green, red),
                culprit,
            }),
            State::Over { .. } => None,
        }
    }

    /// The answer to [`Isolation::question`]. `None` where it could not be found out (the merge conflicts, the check could
    /// not run): while looking for the culprit that ends the search without one; while looking for the partner that leaves
    /// the partner unknown.
    pub fn answer(&mut self, red: Option<bool>) {
        self.state = self.state.after(red);
    }

    /// The index of the culprit, once it is known.
    pub fn culprit(&self) -> Option<usize> {
        match self.state {
            State::Culprit { .. } => None,
            State::Alone { culprit } | State::Partner { culprit, .. } => Some(culprit),
            State::Over { culprit, .. } => culprit,
        }
    }

    /// The index of the partner, once it is known.
    pub fn partner(&self) -> Option<usize> {
        match self.state {
            State::Over { partner, .. } => partner,
            State::Culprit { .. } | State::Alone { .. } | State::Partner { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether a tree is red in a world where `culprit` breaks it, alone or together with `partner`.
    fn colour(question: Question, culprit: usize, partner: Option<usize>) -> bool {
        let has = |track: usize| match question {
            Question::Prefix { len } => track < len,
            Question::PrefixAnd { len, culprit } => track < len || track == culprit,
        };
        has(culprit) && partner.is_none_or(has)
    }

    fn ceil_log2(n: usize) -> u32 {
        n.next_power_of_two().ilog2()
    }

    /// A chain, who breaks it, and with whom (an earlier track).
    fn worlds() -> impl Strategy<Value = (usize, usize, Option<usize>)> {
        (1_usize..200)
            .prop_flat_map(|n| (Just(n), 0..n))
            .prop_flat_map(|(n, culprit)| {
                let partner = if culprit == 0 {
                    Just(None).boxed()
                } else {
                    prop::option::of(0..culprit).boxed()
                };
                (Just(n), Just(culprit), partner)
            })
    }

    proptest! {
        #[test]
        fn finds_exactly_who_it_was((n, culprit, partner) in worlds()) {
            let mut search = Isolation::new(n);
            let mut asked = Vec::new();
            while let Some(question) = search.question() {
                prop_assert!(!asked.contains(&question), "asked twice: {question:?}");
                asked.push(question);
                search.answer(Some(colour(question, culprit, partner)));
            }
            prop_assert_eq!(search.culprit(), Some(culprit));
            prop_assert_eq!(search.partner(), partner);
            let limit = usize::try_from(2 * ceil_log2(n + 1) + 2).unwrap();
            prop_assert!(asked.len() <= limit, "{} answers for {n}", asked.len());
        }

        #[test]
        fn without_an_answer_nothing_is_made_up((n, culprit, partner) in worlds(), lost in 0_usize..20) {
            let mut search = Isolation::new(n);
            let mut count = 0;
            while let Some(question) = search.question() {
                let known = search.culprit();
                if count == lost {
                    search.answer(None);
                    prop_assert_eq!(search.question(), None);
                    prop_assert_eq!(search.culprit(), known);
                    prop_assert_eq!(search.partner(), None);
                    return Ok(());
                }
                search.answer(Some(colour(question, culprit, partner)));
                count += 1;
            }
        }
    }

    #[test]
    fn a_chain_of_one_asks_nothing() {
        let search = Isolation::new(1);
        assert_eq!(search.question(), None);
        assert_eq!((search.culprit(), search.partner()), (Some(0), None));
    }

    #[test]
    fn the_questions_for_four_tracks() {
        let mut search = Isolation::new(4);
        let answers = [
            (Question::Prefix { len: 2 }, false),
            (Question::Prefix { len: 3 }, true),
            (Question::PrefixAnd { len: 0, culprit: 2 }, false),
            (Question::PrefixAnd { len: 1, culprit: 2 }, false),
        ];
        for (question, red) in answers {
            assert_eq!(search.question(), Some(question));
            search.answer(Some(red));
        }
        assert_eq!(search.question(), None);
        assert_eq!((search.culprit(), search.partner()), (Some(2), Some(1)));
        search.answer(Some(true));
        assert_eq!((search.culprit(), search.partner()), (Some(2), Some(1)));
    }
}
