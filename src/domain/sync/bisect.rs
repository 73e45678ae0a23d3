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
pub struct Isolation {}

impl Isolation {
    /// `n` is at least 1.
    pub fn new(n: usize) -> Self {
        let _ = n;
        todo!()
    }

    /// What to find out next; `None` when the search is over.
    pub fn question(&self) -> Option<Question> {
        todo!()
    }

    /// The answer to [`Isolation::question`]. `None` where it could not be found out (the merge conflicts, the check could
    /// not run): while looking for the culprit that ends the search without one; while looking for the partner that leaves
    /// the partner unknown.
    pub fn answer(&mut self, red: Option<bool>) {
        let _ = red;
        todo!()
    }

    /// The index of the culprit, once it is known.
    pub fn culprit(&self) -> Option<usize> {
        todo!()
    }

    /// The index of the partner, once it is known.
    pub fn partner(&self) -> Option<usize> {
        todo!()
    }
}
