//! The matrix as a triangle of cells.

use super::behaviour::fails;
use super::broken;
use crate::domain::merge::{Pair, Verdict};
use crate::domain::name::Side;
use crate::domain::project::Severity;
use crate::ops::conflicts::Report;
use crate::ui::style::{BAD, DIM, STRONG, WARN};
use crate::ui::table::{Table, cell, styled};

/// The verdicts of all pairs with a track, as a triangle.
pub(super) fn grid(report: &Report) -> String {
    let mut columns: Vec<Side> = vec![Side::Base];
    if report.pairs.iter().any(|pair| pair.a == Side::Integration) {
        columns.push(Side::Integration);
    }
    let tracks: Vec<Side> = report
        .tracks
        .iter()
        .map(|side| Side::Track(side.track.clone()))
        .collect();
    let mut table = Table::default();
    let mut head = vec![cell("")];
    let all: Vec<&Side> = columns
        .iter()
        .chain(&tracks[..tracks.len().saturating_sub(1)])
        .collect();
    // Beyond a few tracks full names make the grid too wide; numbers in the rows' order stand in.
    let narrow = all
        .iter()
        .map(|side| side.to_string().len() + 2)
        .sum::<usize>()
        > 80;
    for (index, side) in all.iter().enumerate() {
        let label = match side {
            Side::Track(_) if narrow => (index + 1 - columns.len()).to_string(),
            Side::Integration if narrow => "int".to_owned(),
            _ => side.to_string(),
        };
        head.push(styled(DIM, label));
    }
    table.row(head);
    for (row_index, row) in tracks.iter().enumerate() {
        let label = if narrow {
            format!("{} {row}", row_index + 1)
        } else {
            row.to_string()
        };
        let mut cells = vec![styled(STRONG, label)];
        for column in &all {
            let pair = find(report, column, row);
            cells.push(match pair.map(|pair| &pair.verdict) {
                None => cell(""),
                Some(Verdict::Clean) if pair.is_some_and(|pair| fails(report, pair)) => {
                    styled(BAD, "!")
                }
                Some(Verdict::Clean) => match pair.and_then(|pair| broken::worst(report, pair)) {
                    Some(Severity::Error) => styled(BAD, "§"),
                    Some(Severity::Warning) => styled(WARN, "§"),
                    Some(Severity::Info | Severity::Off) | None => styled(DIM, "·"),
                },
                Some(Verdict::Conflict(conflicts)) => styled(BAD, format!("✗{}", conflicts.len())),
                Some(Verdict::Unavailable(_)) => styled(WARN, "?"),
            });
        }
        table.row(cells);
    }
    table.render(0)
}

fn find<'a>(report: &'a Report, a: &Side, b: &Side) -> Option<&'a Pair> {
    report
        .pairs
        .iter()
        .find(|pair| pair.a == *a && pair.b == *b)
}
