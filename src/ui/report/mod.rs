//! What each operation found, for people and for programs: one file per operation, both faces side by side. The keys of
//! the JSON face are a promise to other programs.

pub mod ack;
pub mod agent_settings;
pub mod brief;
pub mod check;
pub mod conflicts;
pub mod decide;
pub mod doctor;
pub mod events;
pub mod explain;
pub(super) mod failures;
mod figures;
pub mod hooks;
pub mod init;
pub mod judged;
pub mod junit;
pub mod land;
pub mod log;
pub mod logs;
pub mod mark;
pub mod new_migration;
pub mod own;
pub mod prune;
pub mod remove;
pub mod resolve;
pub mod restore;
pub mod rollback;
pub mod schedule;
pub mod status;
pub mod sync;
mod timing;
pub mod told;
pub mod trust;
pub mod undo;
pub mod update;
pub mod validate;
pub mod watch;
pub mod who;
mod wrap;
mod xml;

use serde_json::{Map, Value, json};

use crate::domain::merge::Conflict;
use crate::domain::name::{Side, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::sync::{Foreseen, Resolved};

use super::style::tame;

/// The head of every document.
fn document(command: &str, ok: bool) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("schema".to_owned(), json!(format!("tracks/{command}/v1")));
    map.insert("ok".to_owned(), json!(ok));
    map
}

/// Adds the keys of `value`, which is an object.
fn with(mut map: Map<String, Value>, value: Value) -> Value {
    if let Value::Object(more) = value {
        map.extend(more);
    }
    Value::Object(map)
}

/// A path under `key`; one that is not UTF-8 is shown lossily, with its bytes beside it.
fn path_fields(path: &RepoPath) -> Map<String, Value> {
    use base64::Engine as _;
    let mut map = Map::new();
    map.insert("path".to_owned(), json!(path.lossy()));
    if path.as_str().is_none() {
        let bytes = base64::engine::general_purpose::STANDARD.encode(path.as_bytes());
        map.insert("path_bytes".to_owned(), json!(bytes));
    }
    map
}

fn names<'a>(tracks: impl IntoIterator<Item = &'a TrackId>) -> Vec<String> {
    tracks.into_iter().map(TrackId::to_string).collect()
}

fn side_names<'a>(sides: impl IntoIterator<Item = &'a Side>) -> Vec<String> {
    sides.into_iter().map(Side::to_string).collect()
}

/// "1 track", "2 tracks", "2 branches".
fn count(number: usize, noun: &str) -> String {
    let ending = match number {
        1 => "",
        _ if noun.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{number} {noun}{ending}")
}

/// "12 B", "3.4 kB", "180 MB": as file managers count, by thousands.
fn bytes(number: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if number < 1000 {
        return format!("{number} B");
    }
    let (mut tenths, mut unit) = (number / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    match (tenths / 10, tenths % 10) {
        (whole @ 0..10, tenth) if tenth > 0 => format!("{whole}.{tenth} {}", UNITS[unit]),
        (whole, _) => format!("{whole} {}", UNITS[unit]),
    }
}

/// The types of a conflict: "contents, modify/delete".
fn types(conflict: &Conflict) -> String {
    let types: Vec<&str> = conflict
        .types
        .iter()
        .map(crate::domain::merge::ConflictType::as_str)
        .collect();
    types.join(", ")
}

/// Lines for people, counted from 1: "3-7", "3", or "after 2" for none.
fn lines(range: &std::ops::Range<usize>) -> String {
    match range.len() {
        0 => format!("after {}", range.start),
        1 => format!("{}", range.start + 1),
        _ => format!("{}-{}", range.start + 1, range.end),
    }
}

/// How a round resolves a conflict by itself: "CHANGELOG.md by union (rule)".
fn foreseen_text(foreseen: &Foreseen) -> String {
    let resolved = foreseen.resolved.iter().map(|resolved| {
        let adapted = if resolved.exact { "" } else { ", adapted" };
        format!(
            "{} by {} ({}{adapted})",
            show(&resolved.path),
            resolved.strategy,
            resolved.by
        )
    });
    let tried = foreseen.to_be_tried.iter();
    let tried = tried.map(|path| format!("{} by what is tried then", show(path)));
    resolved.chain(tried).collect::<Vec<_>>().join(", ")
}

/// The same for programs.
fn foreseen_json(foreseen: &Foreseen) -> Value {
    json!({
        "resolved": foreseen.resolved.iter().map(resolved_json).collect::<Vec<_>>(),
        "to_be_tried": foreseen.to_be_tried.iter().map(|path| Value::Object(path_fields(path))).collect::<Vec<_>>(),
    })
}

fn resolved_json(resolved: &Resolved) -> Value {
    with(
        path_fields(&resolved.path),
        json!({
            "strategy": resolved.strategy,
            "by": resolved.by.to_string(),
            "exact": resolved.exact,
        }),
    )
}

/// A path for people.
fn show(path: &RepoPath) -> String {
    tame(&path.lossy())
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes() {
        for (number, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1 kB"),
            (3456, "3.4 kB"),
            (34_567, "34 kB"),
            (999_999, "999 kB"),
            (1_000_000, "1 MB"),
            (187_654_321, "187 MB"),
            (2_300_000_000, "2.3 GB"),
            (u64::MAX, "18446744 TB"),
        ] {
            assert_eq!(super::bytes(number), text);
        }
    }
}
