//! The lines of one pair's conflicts.

use std::ops::Range;

use similar::{ChangeTag, TextDiff};

use super::super::{lines, show};
use crate::domain::merge::{Conflict, Pair, Region};
use crate::ops::conflicts::ConflictText;
use crate::ui::style::{BAD, DIM, GOOD, STRONG, paint, tame};

/// The lines of both sides, as a diff from the first to the second.
pub(super) fn regions(pair: &Pair, conflict: &Conflict, detail: &ConflictText) -> String {
    let (Some(ours), Some(theirs)) = (&detail.ours, &detail.theirs) else {
        return String::new();
    };
    let ours: Vec<String> = split(ours);
    let theirs: Vec<String> = split(theirs);
    let mut text = String::new();
    for region in &conflict.regions {
        text.push_str(&format!(
            "\n  {} {}\n",
            paint(STRONG, &show(&conflict.path)),
            paint(
                DIM,
                &format!(
                    "lines {} in {} (-), {} in {} (+)",
                    lines(&region.ours),
                    tame(&pair.a.to_string()),
                    lines(&region.theirs),
                    tame(&pair.b.to_string())
                )
            ),
        ));
        text.push_str(&region_diff(region, &ours, &theirs));
    }
    text
}

fn split(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes)
        .lines()
        .map(str::to_owned)
        .collect()
}

fn region_diff(region: &Region, ours: &[String], theirs: &[String]) -> String {
    const CONTEXT: usize = 2;
    let of = |lines: &[String], range: Range<usize>| -> Vec<String> {
        lines
            .get(range.start.min(lines.len())..range.end.min(lines.len()))
            .unwrap_or_default()
            .to_vec()
    };
    let before = of(
        ours,
        region.ours.start.saturating_sub(CONTEXT)..region.ours.start,
    );
    let after = of(ours, region.ours.end..region.ours.end + CONTEXT);
    let left = of(ours, region.ours.clone());
    let right = of(theirs, region.theirs.clone());
    let mut text = String::new();
    let mut put = |sign: &str, style, line: &str| {
        text.push_str(&format!(
            "    {}\n",
            paint(style, &format!("{sign} {}", tame(line)))
        ));
    };
    before.iter().for_each(|line| put(" ", DIM, line));
    let left: Vec<&str> = left.iter().map(String::as_str).collect();
    let right: Vec<&str> = right.iter().map(String::as_str).collect();
    for change in TextDiff::from_slices(&left, &right).iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => put(" ", anstyle::Style::new(), change.value()),
            ChangeTag::Delete => put("-", BAD, change.value()),
            ChangeTag::Insert => put("+", GOOD, change.value()),
        }
    }
    after.iter().for_each(|line| put(" ", DIM, line));
    text
}
