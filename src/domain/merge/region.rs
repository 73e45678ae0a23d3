//! Where two sides of a text merge collide: lines of ours against lines of theirs.

use std::ops::Range;

/// One hunk of a line diff: `base` lines of the old side became `side` lines of the new one. Line numbers from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub base: Range<usize>,
    pub side: Range<usize>,
}

/// The lines of both sides that one conflict spans, numbered from 0; either may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    pub ours: Range<usize>,
    pub theirs: Range<usize>,
}

/// The regions that conflict when two sides changed one base file.
///
/// `ours` and `theirs` are the hunks of base → side, ascending and disjoint. Hunks of the two sides that overlap or touch
/// in base conflict, unless both sides put the same lines there; `same` answers whether the given lines of ours equal the
/// given lines of theirs. Equal lines at both ends of a region are left out, as git's zealous merge does.
pub fn three_way(
    ours: &[Edit],
    theirs: &[Edit],
    same: impl Fn(Range<usize>, Range<usize>) -> bool,
) -> Vec<Region> {
    let _ = (ours, theirs, same);
    todo!()
}
