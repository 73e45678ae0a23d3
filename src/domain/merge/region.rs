//! Where two sides of a text merge collide: lines of ours against lines of theirs.

use std::ops::Range;

use super::plan::Which;

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
    /// The lines of base that both sides changed here, with what both changed alike at its ends; empty where both only
    /// added lines, at the same place.
    pub base: Range<usize>,
    /// Whether nothing of base comes behind it.
    pub at_end: bool,
}

/// What a three-way merge of one file gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThreeWay {
    /// Where the sides conflict; nowhere: the merge is clean.
    pub regions: Vec<Region>,
    /// What becomes of base where it changes, ascending; complete only where the merge is clean.
    pub taken: Vec<Taken>,
    /// Whether it is clean only because different hunks of the two sides add up to the same lines. Git sees that in its
    /// usual conflict style, and not in `diff3`.
    pub adds_up: bool,
}

/// Lines of base, and the lines of a side that take their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub base: Range<usize>,
    pub from: Which,
    pub lines: Range<usize>,
}

/// Merges the changes of two sides of one base file.
///
/// `ours` and `theirs` are the hunks of base → side, ascending and disjoint. Hunks of the two sides that overlap or touch
/// in base conflict, unless both sides put the same lines there; `same` answers whether the given lines of ours equal the
/// given lines of theirs. `base_lines` is how many lines base has. Equal lines at both ends of a region are left out, as git's zealous merge does; unlike git's, a
/// region is not split at equal lines in its middle. Whether there is any conflict is the same either way.
pub fn three_way(
    ours: &[Edit],
    theirs: &[Edit],
    base_lines: usize,
    same: impl Fn(Range<usize>, Range<usize>) -> bool,
) -> ThreeWay {
    let mut merged = ThreeWay::default();
    let (mut ours, mut theirs) = (ours, theirs);
    while let Some(first) = first_of(ours, theirs) {
        let mut grown = first.base.clone();
        let (our_hunks, their_hunks) = absorb(&mut grown, &mut ours, &mut theirs);
        let region = Region {
            ours: on_side(our_hunks, &grown),
            theirs: on_side(their_hunks, &grown),
            base: grown.clone(),
            at_end: grown.end == base_lines,
        };
        let from = match our_hunks {
            [] => Which::Theirs,
            _ => Which::Ours,
        };
        if !our_hunks.is_empty() && !their_hunks.is_empty() {
            if !equal(&region, &same) {
                merged.regions.push(trimmed(region, &same));
                continue;
            }
            let alike = |a: &[Edit], b: &[Edit]| matches!((a, b), ([a], [b]) if a.base == b.base);
            merged.adds_up |= !alike(our_hunks, their_hunks);
        }
        merged.taken.push(Taken {
            base: grown,
            lines: match from {
                Which::Ours => region.ours,
                Which::Theirs => region.theirs,
            },
            from,
        });
    }
    merged
}

/// The hunk that begins first in base.
fn first_of<'e>(ours: &'e [Edit], theirs: &'e [Edit]) -> Option<&'e Edit> {
    match (ours.first(), theirs.first()) {
        (Some(our), Some(their)) if their.base.start < our.base.start => Some(their),
        (Some(our), _) => Some(our),
        (None, their) => their,
    }
}

/// Takes from the front of both sides every hunk that overlaps or touches `grown`, which grows with each.
fn absorb<'e>(
    grown: &mut Range<usize>,
    ours: &mut &'e [Edit],
    theirs: &mut &'e [Edit],
) -> (&'e [Edit], &'e [Edit]) {
    let (all_ours, all_theirs) = (*ours, *theirs);
    loop {
        let before = ours.len() + theirs.len();
        for side in [&mut *ours, &mut *theirs] {
            while let Some((hunk, rest)) = side.split_first()
                && hunk.base.start <= grown.end
            {
                grown.end = grown.end.max(hunk.base.end);
                *side = rest;
            }
        }
        if ours.len() + theirs.len() == before {
            break;
        }
    }
    (
        &all_ours[..all_ours.len() - ours.len()],
        &all_theirs[..all_theirs.len() - theirs.len()],
    )
}

/// What `grown` became on a side that has these hunks in it: the unchanged lines around them count one for one.
fn on_side(hunks: &[Edit], grown: &Range<usize>) -> Range<usize> {
    match (hunks.first(), hunks.last()) {
        (Some(first), Some(last)) => {
            let start = first.side.start - (first.base.start - grown.start);
            let end = last.side.end + (grown.end - last.base.end);
            start..end
        }
        _ => grown.clone(),
    }
}

fn equal(region: &Region, same: &impl Fn(Range<usize>, Range<usize>) -> bool) -> bool {
    region.ours.len() == region.theirs.len() && same(region.ours.clone(), region.theirs.clone())
}

/// The region without the lines that both sides have in common at its start and end.
fn trimmed(region: Region, same: &impl Fn(Range<usize>, Range<usize>) -> bool) -> Region {
    let Region { ours, theirs, .. } = region;
    let alike = |&(our, their): &(usize, usize)| same(our..our + 1, their..their + 1);
    let head = (ours.clone().zip(theirs.clone())).take_while(alike).count();
    let (ours, theirs) = (ours.start + head..ours.end, theirs.start + head..theirs.end);
    let tail = (ours.clone().rev().zip(theirs.clone().rev()))
        .take_while(alike)
        .count();
    Region {
        ours: ours.start..ours.end - tail,
        theirs: theirs.start..theirs.end - tail,
        ..region
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A side of a merge: hunks against a base whose line `n` is the number `n`, and the lines they give.
    #[derive(Debug, Clone)]
    struct Text {
        edits: Vec<Edit>,
        lines: Vec<u32>,
    }

    /// Replaces ranges of a base of `len` lines.
    fn edited(len: u32, hunks: &[(Range<usize>, &[u32])]) -> Text {
        let mut text = Text {
            edits: Vec::new(),
            lines: Vec::new(),
        };
        let mut at = 0;
        for (base, lines) in hunks {
            text.lines
                .extend((at..base.start).map(|line| u32::try_from(line).unwrap()));
            let start = text.lines.len();
            text.lines.extend(*lines);
            text.edits.push(Edit {
                base: base.clone(),
                side: start..text.lines.len(),
            });
            at = base.end;
        }
        text.lines.extend(u32::try_from(at).unwrap()..len);
        text
    }

    fn merge(ours: &Text, theirs: &Text) -> Vec<Region> {
        let same = |a, b| ours.lines[a] == theirs.lines[b];
        three_way(&ours.edits, &theirs.edits, BASE as usize, same).regions
    }

    #[test]
    fn regions_follow_git() {
        type Hunks = &'static [(Range<usize>, &'static [u32])];
        type Found = &'static [(Range<usize>, Range<usize>)];
        let cases: [(&str, Hunks, Hunks, Found); 16] = [
            ("nothing", &[], &[], &[]),
            ("one side", &[(0..9, &[50])], &[], &[]),
            ("a line between", &[(1..2, &[50])], &[(3..4, &[60])], &[]),
            (
                "same line",
                &[(1..2, &[50])],
                &[(1..2, &[60])],
                &[(1..2, 1..2)],
            ),
            ("identical", &[(1..2, &[50])], &[(1..2, &[50])], &[]),
            (
                "adjacent",
                &[(1..2, &[50])],
                &[(2..3, &[60])],
                &[(1..3, 1..3)],
            ),
            (
                "insertions at one place",
                &[(3..3, &[50])],
                &[(3..3, &[60, 61])],
                &[(3..4, 3..5)],
            ),
            (
                "identical insertions",
                &[(3..3, &[50])],
                &[(3..3, &[50])],
                &[],
            ),
            (
                "insertions that begin alike",
                &[(3..3, &[50, 51])],
                &[(3..3, &[50])],
                &[(4..5, 4..4)],
            ),
            (
                "insertion touches a deletion",
                &[(3..3, &[50])],
                &[(3..5, &[])],
                &[(3..6, 3..3)],
            ),
            (
                "insertion below a deletion",
                &[(5..5, &[50])],
                &[(3..5, &[])],
                &[(3..6, 3..3)],
            ),
            (
                "equal once grown, from different hunks",
                &[(1..4, &[50, 2, 51])],
                &[(1..2, &[50]), (3..4, &[51])],
                &[],
            ),
            (
                "transitive: the second theirs only meets the first through ours",
                &[(1..6, &[50])],
                &[(0..2, &[60]), (5..8, &[61])],
                &[(0..4, 0..5)],
            ),
            (
                "zig-zag growth",
                &[(0..2, &[50]), (4..6, &[51])],
                &[(2..4, &[60]), (6..7, &[61])],
                &[(0..5, 0..6)],
            ),
            (
                "equal head of a grown region is left out",
                &[(1..2, &[50]), (3..4, &[51])],
                &[(1..3, &[50, 60])],
                &[(2..4, 2..4)],
            ),
            (
                "earlier hunks shift the later region",
                &[(0..1, &[50, 51, 52]), (8..9, &[53])],
                &[(4..5, &[]), (8..9, &[60])],
                &[(10..11, 7..8)],
            ),
        ];
        for (what, ours, theirs, expected) in cases {
            let found: Vec<_> = merge(&edited(12, ours), &edited(12, theirs))
                .into_iter()
                .map(|region| (region.ours, region.theirs))
                .collect();
            assert_eq!(found, expected, "{what}");
        }
    }

    #[test]
    fn regions_know_what_of_base_they_are_about() {
        type Hunks = &'static [(Range<usize>, &'static [u32])];
        type Case = (&'static str, Hunks, Hunks, (Range<usize>, bool));
        let cases: [Case; 5] = [
            ("a line", &[(1..2, &[50])], &[(1..2, &[60])], (1..2, false)),
            (
                "the last",
                &[(11..12, &[50])],
                &[(11..12, &[60])],
                (11..12, true),
            ),
            ("added", &[(3..3, &[50])], &[(3..3, &[60])], (3..3, false)),
            (
                "added at the end",
                &[(12..12, &[50])],
                &[(12..12, &[60])],
                (12..12, true),
            ),
            (
                "what both end with is part of it",
                &[(12..12, &[50, 70])],
                &[(12..12, &[60, 70])],
                (12..12, true),
            ),
        ];
        for (what, ours, theirs, expected) in cases {
            let found = merge(&edited(BASE, ours), &edited(BASE, theirs));
            let [region] = found.as_slice() else {
                panic!("{what}: {found:?}");
            };
            assert_eq!((region.base.clone(), region.at_end), expected, "{what}");
        }
    }

    /// How many lines base has.
    const BASE: u32 = 12;

    /// Hunks as a diff gives them: at least one unchanged line between two, no line kept.
    fn side() -> impl Strategy<Value = Text> {
        let hunk = (
            1_usize..4,
            0_usize..3,
            prop::collection::vec(50_u32..53, 0..3),
        );
        prop::collection::vec(hunk, 0..4).prop_map(|hunks| {
            let mut at = 0;
            let mut placed = Vec::new();
            for (index, (gap, removed, added)) in hunks.into_iter().enumerate() {
                let start = at + gap - usize::from(index == 0);
                if start + removed <= BASE as usize && !(removed == 0 && added.is_empty()) {
                    at = start + removed;
                    placed.push((start..at, added));
                }
            }
            let hunks: Vec<_> = placed
                .iter()
                .map(|(base, added)| (base.clone(), added.as_slice()))
                .collect();
            edited(BASE, &hunks)
        })
    }

    proptest! {
        #[test]
        fn sides_may_be_swapped(ours in side(), theirs in side()) {
            let swapped: Vec<Region> = merge(&theirs, &ours)
                .into_iter()
                .map(|region| Region { ours: region.theirs, theirs: region.ours, ..region })
                .collect();
            prop_assert_eq!(merge(&ours, &theirs), swapped);
        }

        #[test]
        fn one_edited_side_never_conflicts(ours in side()) {
            let base = edited(BASE, &[]);
            prop_assert_eq!(merge(&ours, &base), vec![]);
            prop_assert_eq!(merge(&base, &ours), vec![]);
            prop_assert_eq!(merge(&ours, &ours), vec![]);
        }

        #[test]
        fn regions_ascend_and_differ_at_both_ends(ours in side(), theirs in side()) {
            let (mut our_end, mut their_end) = (0, 0);
            for region in merge(&ours, &theirs) {
                prop_assert!(region.ours.start >= our_end && region.ours.end <= ours.lines.len());
                prop_assert!(region.theirs.start >= their_end && region.theirs.end <= theirs.lines.len());
                (our_end, their_end) = (region.ours.end, region.theirs.end);
                let (a, b) = (&ours.lines[region.ours], &theirs.lines[region.theirs]);
                prop_assert!(!(a.is_empty() && b.is_empty()));
                prop_assert!(a.is_empty() || b.is_empty() || (a[0] != b[0] && a.last() != b.last()));
            }
        }
    }
}
