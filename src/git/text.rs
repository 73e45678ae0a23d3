//! Line diffs of three blobs, for the regions of a conflict.

use std::ops::Range;

use gix_imara_diff::{Algorithm, Diff, InternedInput, TokenSource};

use super::histogram;
use crate::domain::merge::{Edit, Region, Which, three_way};

/// Git's own test for a binary file looks at this many bytes.
const BINARY_PROBE: usize = 8000;

/// Whether git takes it for binary, by its first bytes.
pub fn is_binary(content: &[u8]) -> bool {
    content[..content.len().min(BINARY_PROBE)].contains(&0)
}

/// Where the two sides of a text merge collide. Empty where one of them is no text.
pub fn regions(base: &[u8], ours: &[u8], theirs: &[u8]) -> Vec<Region> {
    if [base, ours, theirs].into_iter().any(is_binary) {
        return Vec::new();
    }
    let our_lines: Vec<&[u8]> = lines(ours).collect();
    let their_lines: Vec<&[u8]> = lines(theirs).collect();
    let same = |a: Range<usize>, b: Range<usize>| our_lines.get(a) == their_lines.get(b);
    let base_lines = lines(base).count();
    three_way(&edits(base, ours), &edits(base, theirs), base_lines, same).regions
}

/// How one text became another, as git's merge sees it; `None` where that takes git itself, or one is no text.
pub fn merge_hunks(before: &[u8], after: &[u8]) -> Option<Vec<Edit>> {
    match is_binary(before) || is_binary(after) {
        true => None,
        false => histogram::hunks(before, after),
    }
}

/// What git makes of both sides, by their hunks; `None` where they conflict.
pub fn clean_merge(
    [base, ours, theirs]: [&[u8]; 3],
    our_hunks: &[Edit],
    their_hunks: &[Edit],
) -> Option<Vec<u8>> {
    let [base, our_lines, their_lines] =
        [base, ours, theirs].map(|text| lines(text).collect::<Vec<&[u8]>>());
    let same = |a: Range<usize>, b: Range<usize>| our_lines.get(a) == their_lines.get(b);
    let merged = three_way(our_hunks, their_hunks, base.len(), same);
    if !merged.regions.is_empty() {
        return None;
    }
    let mut made = Vec::new();
    let mut at = 0;
    for taken in &merged.taken {
        made.extend_from_slice(base.get(at..taken.base.start)?);
        let side = match taken.from {
            Which::Ours => &our_lines,
            Which::Theirs => &their_lines,
        };
        made.extend_from_slice(side.get(taken.lines.clone())?);
        at = taken.base.end;
    }
    made.extend_from_slice(base.get(at..)?);
    Some(made.concat())
}

/// The hunks of git's merge, or good ones for showing where git does not use its histogram.
fn edits(before: &[u8], after: &[u8]) -> Vec<Edit> {
    if let Some(hunks) = histogram::hunks(before, after) {
        return hunks;
    }
    let input = InternedInput::new(Lines(before), Lines(after));
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    diff.postprocess_no_heuristic(&input);
    let range = |lines: Range<u32>| lines.start as usize..lines.end as usize;
    diff.hunks()
        .map(|hunk| Edit {
            base: range(hunk.before),
            side: range(hunk.after),
        })
        .collect()
}

/// Lines with their terminators, so that a missing last one counts as a difference.
fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split_inclusive(|byte| *byte == b'\n')
}

struct Lines<'a>(&'a [u8]);

impl<'a> TokenSource for Lines<'a> {
    type Token = &'a [u8];
    type Tokenizer = std::slice::SplitInclusive<'a, u8, fn(&u8) -> bool>;

    fn tokenize(&self) -> Self::Tokenizer {
        self.0.split_inclusive(|byte| *byte == b'\n')
    }

    fn estimate_tokens(&self) -> u32 {
        u32::try_from(self.0.len() / 40).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_line_ranges() {
        let base = b"1\n2\n3\n4\n";
        assert_eq!(
            edits(base, b"1\nx\ny\n3\n4"),
            [
                Edit {
                    base: 1..2,
                    side: 1..3
                },
                Edit {
                    base: 3..4,
                    side: 4..5
                },
            ]
        );
        assert_eq!(
            edits(b"", b"a\nb\n"),
            [Edit {
                base: 0..0,
                side: 0..2
            }]
        );
        assert_eq!(edits(base, base), []);
    }

    #[test]
    fn one_changed_line_on_both_sides() {
        assert_eq!(
            regions(b"1\n2\n3\n", b"0\n1\nA\n3\n", b"1\nB\n3\n"),
            [Region {
                ours: 2..3,
                theirs: 1..2,
                base: 1..2,
                at_end: false,
            }]
        );
        assert_eq!(regions(b"1\n", b"2\n", b"2\n"), [], "both say the same");
    }

    #[test]
    fn a_clean_merge_has_what_both_changed() {
        let base: &[u8] = b"1\n2\n3\n4\n5";
        for (ours, theirs, expected) in [
            (
                &b"0\n1\n2\n3\n4\n5"[..],
                &b"1\n2\n3\n4\n6\n"[..],
                Some(&b"0\n1\n2\n3\n4\n6\n"[..]),
            ),
            (b"1\n3\n4\n5", b"1\n2\n3\n5", Some(b"1\n3\n5")),
            (b"1\nA\n3\n4\n5", b"1\nB\n3\n4\n5", None),
        ] {
            let hunks = |side| merge_hunks(base, side).unwrap();
            let found = clean_merge([base, ours, theirs], &hunks(ours), &hunks(theirs));
            assert_eq!(found.as_deref(), expected);
        }
    }

    #[test]
    fn binary_content_has_no_regions() {
        assert_eq!(regions(b"1\n", b"2\n\0", b"3\n"), []);
        let mut late = vec![b'x'; BINARY_PROBE];
        late.push(0);
        assert!(!is_binary(&late), "a NUL after the probe is not seen");
    }
}
