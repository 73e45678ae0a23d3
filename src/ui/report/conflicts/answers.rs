//! What the matrix says as a whole: who fits together, which files cause most of it, and how to see more.

use super::super::{names, show};
use super::{GRID, is_track};
use crate::domain::merge::{Pair, Verdict};
use crate::domain::name::TrackId;
use crate::domain::order::CleanSet;
use crate::ops::conflicts::Report;
use crate::ui::style::{HINT, paint, tame};

pub(super) fn answers(report: &Report) -> String {
    let mut text = String::new();
    if let Some(set) = report.largest_clean_set.as_ref().filter(|_| report.found()) {
        text.push_str(&clean_set(report, set));
    }
    let hot: Vec<String> = report
        .hot_files
        .iter()
        .filter(|(_, pairs)| *pairs > 1)
        .take(5)
        .map(|(path, pairs)| format!("{} ({pairs} pairs)", show(path)))
        .collect();
    if !hot.is_empty() {
        text.push_str(&format!("hot files: {}\n", hot.join(", ")));
    }
    let first = report
        .pairs
        .iter()
        .find(|pair| is_track(&pair.a) && matches!(pair.verdict, Verdict::Conflict(_)));
    if let Some(pair) = first.filter(|_| report.texts.is_empty()) {
        let command = tame(&command_for(report, pair));
        text.push_str(&format!("the lines of a pair: {}\n", paint(HINT, &command)));
    }
    text
}

fn clean_set(report: &Report, set: &CleanSet) -> String {
    let present: Vec<&TrackId> = report
        .tracks
        .iter()
        .filter(|side| side.tip.is_some())
        .map(|side| &side.track)
        .collect();
    let left_out: Vec<&TrackId> = present
        .iter()
        .filter(|id| !set.tracks.contains(id))
        .copied()
        .collect();
    let members = if present.len() > GRID && left_out.len() * 2 < present.len() {
        format!("all but {}", names(left_out).join(", "))
    } else {
        names(&set.tracks).join(", ")
    };
    format!(
        "\nlargest set that merges clean together ({} of {}{}): {}\n",
        set.tracks.len(),
        present.len(),
        if set.exact {
            ""
        } else {
            ", not proven to be the largest"
        },
        tame(&members),
    )
}

/// What shows the lines of this pair, of the same sides.
fn command_for(report: &Report, pair: &Pair) -> String {
    let [a, b] = [&pair.a, &pair.b].map(|side| quoted(&side.to_string()));
    let mut command = format!("tracks conflicts {a} {b}");
    if let Some(asked) = &report.branches {
        for pattern in &asked.patterns {
            command.push_str(&format!(" --branches {}", quoted(pattern)));
        }
        if let Some(base) = &asked.base {
            command.push_str(&format!(" --base {}", quoted(base)));
        }
    }
    if report.prefer_remote {
        command.push_str(" --remote");
    }
    if !report.uncommitted {
        command.push_str(" --committed");
    }
    command
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
