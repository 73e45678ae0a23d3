//! What the matrix says as a whole: who fits together, which files cause most of it, and how to see more.

use super::super::{count, names, show, side_names};
use super::is_track;
use crate::domain::merge::{Advice, Pair, Verdict};
use crate::domain::name::TrackId;
use crate::domain::order::CleanSet;
use crate::ops::conflicts::Report;
use crate::ui::style::{DIM, HINT, paint, tame};
use crate::ui::table::{Table, cell, styled};

/// More tracks than these are not listed where the others are fewer.
const SPELLED_OUT: usize = 8;
/// So many hot files are listed.
const HOT: usize = 5;
/// Of so many tracks it is said with what they have to be resolved.
const RESOLVED: usize = 8;
/// And up to so many by name.
const NAMED: usize = 4;

pub(super) fn answers(report: &Report) -> String {
    let mut text = String::new();
    if let Some(set) = report.largest_clean_set.as_ref().filter(|_| report.found()) {
        text.push_str(&clean_set(report, set));
    }
    if report.largest_clean_set.is_some() && report.found() {
        text.push_str(&landing_order(report));
    }
    text.push_str(&hot_files(report));
    let first = report
        .pairs
        .iter()
        .find(|pair| is_track(&pair.a) && matches!(pair.verdict, Verdict::Conflict(_)));
    if let Some(pair) = first.filter(|_| report.details.is_empty()) {
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
    let members = if set.tracks.len() > SPELLED_OUT && left_out.len() < set.tracks.len() {
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

/// Who lands later resolves, so what matters is how many have to.
fn landing_order(report: &Report) -> String {
    let order = &report.order;
    let last: Vec<&TrackId> = order.to_resolve.iter().map(|(track, _)| track).collect();
    let first = order.tracks.len() - last.len();
    let sequence = if first > SPELLED_OUT && order.tracks[first..].iter().eq(last) {
        format!(
            "the other {first}, then {}",
            names(&order.tracks[first..]).join(", ")
        )
    } else {
        names(&order.tracks).join(", ")
    };
    let mut text = format!(
        "landing order with the fewest conflicts ({} of {} to be resolved{}): {}\n",
        order.to_resolve.len(),
        order.tracks.len(),
        if order.exact {
            ""
        } else {
            ", not proven to be the fewest"
        },
        tame(&sequence),
    );
    for (track, with) in order.to_resolve.iter().take(RESOLVED) {
        let with = match with.len() {
            0..=NAMED => side_names(with).join(", "),
            more => format!("{more} before it"),
        };
        text.push_str(&format!(
            "  {}\n",
            tame(&format!("resolve {track} with {with}"))
        ));
    }
    if order.to_resolve.len() > RESOLVED {
        text.push_str(&format!(
            "  and {} more\n",
            order.to_resolve.len() - RESOLVED
        ));
    }
    text
}

fn hot_files(report: &Report) -> String {
    let mut table = Table::default();
    let said = |what: &Advice| advice(what, report.branches.is_some());
    let hot = report.hot_files.iter().filter(|file| file.pairs > 1);
    for file in hot.take(HOT) {
        table.row(vec![
            cell(show(&file.path)),
            cell(count(file.pairs, "pair")),
            styled(DIM, file.advice.as_ref().map(said).unwrap_or_default()),
        ]);
    }
    match table.render(2) {
        files if files.is_empty() => files,
        files => format!("hot files:\n{files}"),
    }
}

fn advice(advice: &Advice, of_branches: bool) -> String {
    match advice {
        Advice::AppendOnly => {
            "both only add at its end: keep it append-only, and `merge=union` takes both".to_owned()
        }
        Advice::Union => {
            "both only add: where order does not matter, `merge=union` takes both".to_owned()
        }
        Advice::Split => "different parts collide separately: split it".to_owned(),
        // Branches that no tracks.toml knows own nothing.
        Advice::Owner(Some(track)) if of_branches => {
            format!("{track} is in every pair: leave this file to it")
        }
        Advice::Owner(Some(track)) => {
            format!("nobody owns it, and {track} is in every pair: let it be the owner")
        }
        Advice::Owner(None) if of_branches => "leave this file to one of them".to_owned(),
        Advice::Owner(None) => "nobody owns it: give it an owner".to_owned(),
    }
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
