//! The answer of `tracks conflicts`: the matrix, each conflict with its place, and for one pair the lines themselves.

mod answers;
mod behaviour;
mod broken;
mod columns;
mod compared;
mod detail;
mod grid;
mod hunks;
mod json;
mod line;
mod why;
mod wide;

pub use hunks::Layout;
pub use json::json;
pub(super) use json::{base_json, pair_json, side_json, verdict_name};

use super::{count, foreseen_text, lines, show, types};
use crate::domain::merge::{Basis, Conflict, Pair, Verdict};
use crate::domain::name::Side;
use crate::domain::path::RepoPath;
use crate::ops::conflicts::Report;
use crate::ui::style::{BAD, DIM, GOOD, STRONG, WARN, paint, tame};
use crate::ui::table::{Table, cell, styled};

/// Up to so many tracks the matrix is drawn as a grid.
const GRID: usize = 24;
/// So many conflicted paths are listed for a pair; the rest are counted.
const PATHS: usize = 8;

/// `layout` counts for the lines of a single pair.
pub fn text(report: &Report, layout: Layout) -> String {
    let between = report.pairs.iter().filter(|pair| is_track(&pair.a)).count();
    let mut text = format!(
        "{} on {} {}, {}{}\n",
        count(
            report.tracks.len(),
            match report.branches {
                Some(_) => "branch",
                None => "track",
            }
        ),
        paint(STRONG, &tame(&report.base.name)),
        paint(DIM, &report.base.commit.short()),
        count(between, "pair"),
        if report.uncommitted {
            ", uncommitted work included"
        } else {
            ", committed work only"
        },
    );
    for side in &report.tracks {
        let note = match side.tip {
            None => Some("no branch yet; nothing to compare".to_owned()),
            Some(_) => side.unavailable.clone().or_else(|| side.note.clone()),
        };
        if let Some(note) = note {
            text.push_str(&format!(
                "{} {}: {}\n",
                paint(WARN, "note"),
                tame(side.track.as_str()),
                tame(&note)
            ));
        }
    }
    if (3..=GRID).contains(&report.tracks.len()) {
        text.push('\n');
        text.push_str(&grid::grid(report));
        text.push_str(&broken::legend(report));
        text.push_str(&behaviour::legend(report));
    }
    if report.tracks.len() > GRID {
        text.push_str(&wide::summary(report));
    }
    if wide::has_many_pairs(report) {
        text.push_str(&wide::pairs(report));
    } else {
        text.push_str(&pairs(report, layout));
    }
    text.push_str(&broken::section(report));
    text.push_str(&behaviour::section(report));
    text.push_str(&answers::answers(report));
    text
}

fn owner(report: &Report, path: &RepoPath) -> Option<String> {
    report.owners.get(path).map(ToString::to_string)
}

fn is_track(side: &Side) -> bool {
    matches!(side, Side::Track(_))
}

/// Every pair that is not clean, with its paths.
fn pairs(report: &Report, layout: Layout) -> String {
    let mut text = String::new();
    for pair in report.pairs.iter().filter(|pair| !pair.verdict.is_clean()) {
        let names = tame(&format!("{} × {}", pair.a, pair.b));
        text.push('\n');
        match &pair.verdict {
            Verdict::Clean => {}
            Verdict::Unavailable(reason) => {
                text.push_str(&format!(
                    "{} {names}: {}\n",
                    paint(WARN, "unavailable"),
                    tame(reason)
                ));
            }
            Verdict::Conflict(conflicts) => {
                text.push_str(&format!(
                    "{} {}{}\n",
                    paint(BAD, "conflict"),
                    paint(STRONG, &names),
                    tip_against_tip(pair),
                ));
                if let Some(foreseen) = report.foreseen(pair) {
                    let how = foreseen_text(foreseen);
                    let how = format!("  a round resolves it: {how}");
                    text.push_str(&format!("{}\n", paint(GOOD, &how)));
                }
                // What there is but one of is told below.
                if conflicts.len() > 1 || report.details.is_empty() {
                    text.push_str(&conflict_table(report, conflicts));
                }
            }
        }
        text.push_str(&detail::details(report, pair, layout));
    }
    if report.pairs.is_empty() {
        text.push_str("\nnothing to compare: no track has a branch here\n");
    } else if report.pairs.iter().all(|pair| pair.verdict.is_clean()) {
        text.push_str(&format!("\n{}\n", paint(GOOD, "every pair merges clean")));
    }
    text
}

/// Said of two tracks only: with base every track is compared as it is.
fn tip_against_tip(pair: &Pair) -> String {
    match (&pair.a, pair.basis) {
        (Side::Track(_), Basis::Tips) => {
            paint(DIM, "  tip against tip: not both of them merge into base")
        }
        _ => String::new(),
    }
}

fn conflict_table(report: &Report, conflicts: &[Conflict]) -> String {
    let mut table = Table::default();
    let shown = if report.details.is_empty() {
        PATHS
    } else {
        usize::MAX
    };
    for conflict in conflicts.iter().take(shown) {
        let places: Vec<String> = conflict
            .regions
            .iter()
            .take(3)
            .map(|region| format!("{} / {}", lines(&region.ours), lines(&region.theirs)))
            .collect();
        let more = conflict.regions.len().saturating_sub(3);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        table.row(vec![
            cell(show(&conflict.path)),
            cell(types(conflict)),
            styled(
                DIM,
                if places.is_empty() {
                    String::new()
                } else {
                    format!("lines {}{more}", places.join(", "))
                },
            ),
            styled(
                DIM,
                owner(report, &conflict.path)
                    .map(|owner| format!("owner {owner}"))
                    .unwrap_or_default(),
            ),
        ]);
    }
    let mut text = table.render(2);
    if conflicts.len() > shown {
        text.push_str(&paint(
            DIM,
            &format!("  and {} more\n", conflicts.len() - shown),
        ));
    }
    text
}
