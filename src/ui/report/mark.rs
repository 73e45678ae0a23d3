//! The answer of `tracks mark`.

use serde_json::{Map, Value, json};

use super::{document, with};
use crate::domain::state::{Mark, State};
use crate::domain::time::{Timestamp, ago};
use crate::ops::mark::{Report, Row};
use crate::ui::style::{DIM, GOOD, HINT, PLAIN, STRONG, WARN, paint, tame};
use crate::ui::table::{Cell, Table, cell, styled};

pub fn json(report: &Report) -> Value {
    let mut map = document("mark", true);
    map.insert(
        "tracks".to_owned(),
        report.rows.iter().map(row_json).collect(),
    );
    let change = report.change.as_ref().map(|change| {
        json!({ "marked": { "before": change.before.as_str(), "state": change.state.as_str() } })
    });
    with(map, change.unwrap_or(Value::Object(Map::new())))
}

fn row_json(row: &Row) -> Value {
    json!({
        "track": row.track.as_str(),
        "state": state_name(row.landed, row.declared()),
        "declared": row.mark.as_ref().map(|mark| json!({
            "state": mark.state.as_str(),
            "time": mark.time.to_string(),
            "by": mark.by,
            "because": mark.because,
            "commit": mark.commit.map(|id| id.to_string()),
        })),
    })
}

/// What is observed wins.
pub(super) fn state_name(landed: bool, declared: State) -> &'static str {
    if landed { "landed" } else { declared.as_str() }
}

/// Empty where nothing is declared.
pub(super) fn state_cell(declared: State) -> Cell {
    let style = match declared {
        State::InProgress => return cell(""),
        State::Ready | State::Done => GOOD,
        State::Draft => PLAIN,
        State::Dropped => WARN,
    };
    styled(style, declared.as_str())
}

pub fn text(report: &Report, now: Timestamp) -> String {
    match (&report.change, report.rows.first()) {
        (Some(change), Some(row)) => marked(change.before, change.state, row),
        _ if report.rows.is_empty() => {
            "no tracks yet; add `[track.NAME]` to tracks.toml\n".to_owned()
        }
        _ => list(&report.rows, now),
    }
}

fn marked(before: State, state: State, row: &Row) -> String {
    let mut text = format!(
        "{} is marked {}",
        paint(STRONG, row.track.as_str()),
        state.as_str()
    );
    if before != state {
        text.push_str(&format!(", and was {}", before.as_str()));
    }
    text.push('\n');
    let note = match row.mark.as_ref().and_then(|mark| mark.commit) {
        Some(commit) => Some(format!(
            "commit {} is newer and declares it {}, which counts",
            commit.short(),
            row.declared().as_str()
        )),
        None if row.landed => Some("it has landed, which counts".to_owned()),
        None => None,
    };
    if let Some(note) = note {
        text.push_str(&format!("{} {note}\n", paint(HINT, "note:")));
    }
    text
}

fn list(rows: &[Row], now: Timestamp) -> String {
    let mut table = Table::new(&["TRACK", "STATE", "SINCE", "BY", "BECAUSE"]);
    for row in rows {
        let mark = row.mark.as_ref();
        let text = |part: fn(&Mark) -> Option<&String>| {
            cell(
                mark.and_then(part)
                    .map(|text| tame(text))
                    .unwrap_or_default(),
            )
        };
        table.row(vec![
            styled(STRONG, row.track.as_str()),
            match row.landed {
                false if row.declared() == State::InProgress => styled(DIM, "in-progress"),
                false => state_cell(row.declared()),
                true => cell("landed"),
            },
            styled(
                DIM,
                mark.map(|mark| ago(now.since(mark.time)))
                    .unwrap_or_default(),
            ),
            text(|mark| mark.by.as_ref()),
            text(|mark| mark.because.as_ref()),
        ]);
    }
    table.render(0)
}
