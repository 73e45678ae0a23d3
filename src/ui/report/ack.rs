//! The answer of `tracks ack`.

use serde_json::{Value, json};

use super::{document, path_fields, show, with};
use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;
use crate::ops::ack::{Report, Row};
use crate::ui::style::{DIM, GOOD, HINT, STRONG, paint};

pub fn json(report: &Report) -> Value {
    let rows: Vec<Value> = report.rows.iter().map(row_json).collect();
    let acknowledged = report.acknowledged.as_ref();
    with(
        document("ack", true),
        json!({
            "acknowledged": acknowledged.map(|(contract, track)| json!({
                "contract": contract.as_str(),
                "track": track.as_str(),
            })),
            "behind": rows,
        }),
    )
}

fn row_json(row: &Row) -> Value {
    let files = row.behind.files.iter();
    let files: Vec<Value> = files.map(|path| Value::Object(path_fields(path))).collect();
    json!({
        "track": row.track.as_str(),
        "contract": row.behind.contract.as_str(),
        "coming_from": row.behind.coming_from.as_ref().map(TrackId::as_str),
        "files": files,
    })
}

pub fn text(report: &Report) -> String {
    if let Some((contract, track)) = &report.acknowledged {
        let track = paint(STRONG, track.as_str());
        if report.rows.is_empty() {
            return format!("{track} has all of contract {contract} already\n");
        }
        let mut text = format!(
            "{track} {} contract {contract}\n",
            paint(GOOD, "acknowledges")
        );
        report
            .rows
            .iter()
            .for_each(|row| text.push_str(&what(row, &report.base)));
        return text;
    }
    if report.rows.is_empty() {
        return match report.any_consumers {
            true => "nothing to acknowledge\n".to_owned(),
            false => {
                "no contract has consumers; `[contract.NAME] consumers` in tracks.toml names them\n"
                    .to_owned()
            }
        };
    }
    let mut text = String::new();
    let mut before: Option<(&TrackId, &str)> = None;
    for row in &report.rows {
        let (track, contract) = (&row.track, row.behind.contract.as_str());
        if before != Some((track, contract)) {
            text.push_str(&format!(
                "{} is behind contract {contract}   {}\n",
                paint(STRONG, track.as_str()),
                paint(HINT, &format!("tracks ack {contract} --track {track}")),
            ));
            before = Some((track, contract));
        }
        text.push_str(&what(row, &report.base));
    }
    text
}

fn what(row: &Row, base: &str) -> String {
    let by = match &row.behind.coming_from {
        Some(owner) => format!("changed by {owner}, not on {base} yet"),
        None => format!("changed on {base}"),
    };
    let line = |path: &RepoPath| format!("  {}  {}\n", show(path), paint(DIM, &by));
    row.behind.files.iter().map(line).collect()
}
