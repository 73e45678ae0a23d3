//! A matrix that is too large for a grid: who conflicts with most first, and one line a pair.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::super::{count, show, types};
use super::is_track;
use crate::domain::merge::{Conflict, Pair, Verdict};
use crate::domain::name::Side;
use crate::ops::conflicts::Report;
use crate::ui::style::{BAD, DIM, STRONG, WARN, paint, tame};
use crate::ui::table::{Table, cell, styled};

/// More pairs than these get one line each.
const IN_FULL: usize = 40;
/// So many tracks are listed by how many others they conflict with.
const MOST: usize = 12;
/// So many paths stand in a pair's line.
const PATHS: usize = 3;

/// Whether pairs have to do with one line each.
pub(super) fn has_many_pairs(report: &Report) -> bool {
    let pairs = report.pairs.iter();
    pairs.filter(|pair| !pair.verdict.is_clean()).count() > IN_FULL
}

/// How many pairs there are of each verdict, and who conflicts with most.
pub(super) fn summary(report: &Report) -> String {
    let (mut clean, mut conflict, mut unavailable) = (0, 0, 0);
    let mut rivals: BTreeMap<&Side, Vec<&Side>> = BTreeMap::new();
    for pair in &report.pairs {
        match pair.verdict {
            Verdict::Clean => clean += 1,
            Verdict::Unavailable(_) => unavailable += 1,
            Verdict::Conflict(_) => {
                conflict += 1;
                rivals.entry(&pair.a).or_default().push(&pair.b);
                rivals.entry(&pair.b).or_default().push(&pair.a);
            }
        }
    }
    let mut parts = vec![format!("{clean} clean")];
    if conflict > 0 {
        parts.push(paint(BAD, &format!("{conflict} in conflict")));
    }
    if unavailable > 0 {
        parts.push(paint(WARN, &format!("{unavailable} unavailable")));
    }
    let of = count(report.pairs.len(), "pair");
    let mut text = format!("{of} with base and each other: {}\n", parts.join(", "));
    let mut tracks: Vec<_> = rivals
        .into_iter()
        .filter(|(side, _)| is_track(side))
        .collect();
    tracks.sort_by_key(|(_, rivals)| Reverse(rivals.len()));
    let mut table = Table::default();
    for (side, rivals) in tracks.iter().take(MOST) {
        let with = match rivals.as_slice() {
            [one] => one.to_string(),
            many if many.contains(&&Side::Base) => format!("base and {} others", many.len() - 1),
            many => format!("{} others", many.len()),
        };
        table.row(vec![
            styled(STRONG, side.to_string()),
            cell(format!("conflicts with {with}")),
        ]);
    }
    if !tracks.is_empty() {
        text.push('\n');
        text.push_str(&table.render(2));
    }
    if let Some((_, most)) = tracks.get(MOST) {
        let more = format!(
            "  and {} more, with at most {} each\n",
            tracks.len() - MOST,
            most.len()
        );
        text.push_str(&paint(DIM, &more));
    }
    text
}

/// Every pair that is not clean, in one line.
pub(super) fn pairs(report: &Report) -> String {
    let mut table = Table::default();
    for pair in &report.pairs {
        let (style, what, more) = match &pair.verdict {
            Verdict::Clean => continue,
            Verdict::Conflict(conflicts) => (BAD, "conflict", paths(conflicts)),
            Verdict::Unavailable(reason) => (WARN, "unavailable", tame(reason)),
        };
        table.row(vec![
            styled(style, what),
            cell(sides(pair)),
            styled(DIM, more),
        ]);
    }
    format!("\n{}", table.render(0))
}

fn sides(pair: &Pair) -> String {
    format!("{} × {}", pair.a, pair.b)
}

/// With the type where it is not the usual one.
fn paths(conflicts: &[Conflict]) -> String {
    let mut paths: Vec<String> = conflicts
        .iter()
        .take(PATHS)
        .map(|conflict| match types(conflict).as_str() {
            "contents" => show(&conflict.path),
            types => format!("{} ({types})", show(&conflict.path)),
        })
        .collect();
    if conflicts.len() > PATHS {
        paths.push(format!("{} more", conflicts.len() - PATHS));
    }
    paths.join(", ")
}
