//! What `tracks conflicts --watch` tells: events for programs, and a line per change for people and logs.
//!
//! Events: `start` (the keys of the document, without `schema`, `ok` and `stats`), then for each change `base` {time,
//! branch, name, commit}, `moved` {time, track, commit, tree, dirty, note, seconds: from the new tree to the new matrix} and
//! `pair` {time, a, b, before, after, and the keys of a pair without who touched what}; `waiting` {tracks} while git is at
//! work in a worktree, `warning` {message}. A verdict is `null` where the pair is not there. The last line is the document.

use serde_json::{Map, Value, json};

use super::conflicts::{self, base_json, pair_json, side_json, verdict_name};
use super::{count, names, show, told, types};
use crate::domain::merge::{Edge, Pair, Settled, Turn, Verdict};
use crate::domain::name::TrackId;
use crate::domain::time::Timestamp;
use crate::ops::conflicts::Report;
use crate::ops::watch::{Change, News};
use crate::ui::style::{BAD, GOOD, WARN, paint, tame};

/// So many paths are named on a line.
const PATHS: usize = 3;

/// The lines for one piece of news; none where there is nothing to tell a program.
pub fn json(news: &News<'_>) -> Vec<Value> {
    match news {
        News::Started(report) => vec![start(report)],
        News::Changed(change) => changed(change),
        News::Waiting(tracks) => vec![json!({ "event": "waiting", "tracks": names(*tracks) })],
        News::Warning(warning) => {
            vec![json!({ "event": "warning", "message": warning.to_string() })]
        }
        News::Tick => Vec::new(),
    }
}

fn event(name: &str) -> Map<String, Value> {
    Map::from_iter([("event".to_owned(), json!(name))])
}

fn start(report: &Report) -> Value {
    let mut map = event("start");
    if let Value::Object(document) = conflicts::json(report, true) {
        let of_the_end = ["schema", "ok", "stats"];
        map.extend(
            document
                .into_iter()
                .filter(|(key, _)| !of_the_end.contains(&key.as_str())),
        );
    }
    let pairs = map.get_mut("pairs").and_then(Value::as_array_mut);
    for pair in pairs.into_iter().flatten().filter_map(Value::as_object_mut) {
        leave_out_who(pair);
    }
    Value::Object(map)
}

fn changed(change: &Change<'_>) -> Vec<Value> {
    let report = change.report;
    let mut lines = Vec::new();
    if change.base_moved {
        let mut map = timed("base", change.at);
        if let Value::Object(keys) = base_json(report) {
            map.extend(keys);
        }
        lines.push(Value::Object(map));
    }
    for side in report
        .tracks
        .iter()
        .filter(|side| change.moved.contains(&side.track))
    {
        let mut map = timed("moved", change.at);
        if let Value::Object(keys) = side_json(side) {
            map.extend(keys);
        }
        map.insert("seconds".to_owned(), json!(report.elapsed.as_secs_f64()));
        lines.push(Value::Object(map));
    }
    lines.extend(change.turns.iter().map(|turn| pair(change, turn)));
    lines
}

fn timed(name: &str, at: Timestamp) -> Map<String, Value> {
    let mut map = event(name);
    map.insert("time".to_owned(), json!(at.to_string()));
    map
}

fn pair(change: &Change<'_>, turn: &Turn) -> Value {
    let name = |verdict: &Option<Verdict>| verdict.as_ref().map(verdict_name);
    let mut map = timed("pair", change.at);
    map.insert("a".to_owned(), json!(turn.a.to_string()));
    map.insert("b".to_owned(), json!(turn.b.to_string()));
    map.insert("before".to_owned(), json!(name(&turn.before)));
    map.insert("after".to_owned(), json!(name(&turn.after)));
    map.extend(facts_of(change.report, &turn.a, &turn.b));
    Value::Object(map)
}

/// The keys of a pair but its names and verdict.
fn facts_of(
    report: &Report,
    a: &crate::domain::name::Side,
    b: &crate::domain::name::Side,
) -> Map<String, Value> {
    let found: Option<&Pair> = report
        .pairs
        .iter()
        .find(|pair| pair.a == *a && pair.b == *b);
    let mut map = match found.map(|pair| pair_json(report, pair)) {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    };
    map.retain(|key, _| !["a", "b", "verdict"].contains(&key.as_str()));
    leave_out_who(&mut map);
    map
}

/// Who touched a file takes a walk through history, and is told by the document alone.
fn leave_out_who(pair: &mut Map<String, Value>) {
    let conflicts = pair.get_mut("conflicts").and_then(Value::as_array_mut);
    for conflict in conflicts
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        conflict.retain(|key, _| !["touched", "also_touched_by"].contains(&key.as_str()));
    }
}

/// What a command of `[notify] on_conflict` reads: one line of JSON.
pub fn facts(report: &Report, edge: &Edge) -> Vec<u8> {
    let before = match edge.after {
        Settled::Clean => Settled::Conflict,
        Settled::Conflict => Settled::Clean,
    };
    let mut map = told::head("on_conflict");
    map.extend([
        ("a".to_owned(), json!(edge.a.to_string())),
        ("b".to_owned(), json!(edge.b.to_string())),
        ("before".to_owned(), json!(before.as_str())),
        ("after".to_owned(), json!(edge.after.as_str())),
        ("uncommitted".to_owned(), json!(report.uncommitted)),
        ("base".to_owned(), base_json(report)),
    ]);
    map.extend(facts_of(report, &edge.a, &edge.b));
    told::line(map)
}

/// One line for each change that somebody would want to read of: base, and what turned.
pub fn lines(change: &Change<'_>) -> String {
    let mut text = String::new();
    if change.base_moved {
        let base = &change.report.base;
        let line = format!(
            "{} base {} is at {}\n",
            change.at,
            base.name,
            base.commit.short()
        );
        text.push_str(&line);
    }
    for turn in &change.turns {
        text.push_str(&format!("{} {}\n", change.at, said(turn)));
    }
    text
}

/// "api × ui: clean -> conflict, in src/a.rs (contents)".
pub fn said(turn: &Turn) -> String {
    let name = |verdict: &Option<Verdict>| match verdict {
        None => "not there".to_owned(),
        Some(verdict) => {
            let style = match verdict {
                Verdict::Clean => GOOD,
                Verdict::Conflict(_) => BAD,
                Verdict::Unavailable(_) => WARN,
            };
            paint(style, verdict_name(verdict))
        }
    };
    let mut text = format!("{} × {}: ", turn.a, turn.b);
    if turn.is_of_kind() {
        text.push_str(&format!("{} -> ", name(&turn.before)));
    } else {
        text.push_str("still ");
    }
    text.push_str(&name(&turn.after));
    match &turn.after {
        Some(Verdict::Conflict(conflicts)) => {
            let paths: Vec<String> = conflicts
                .iter()
                .take(PATHS)
                .map(|conflict| format!("{} ({})", show(&conflict.path), types(conflict)))
                .collect();
            text.push_str(&format!(", in {}", paths.join(", ")));
            if conflicts.len() > PATHS {
                text.push_str(&format!(" and {} more", conflicts.len() - PATHS));
            }
        }
        Some(Verdict::Unavailable(reason)) => text.push_str(&format!(": {}", tame(reason))),
        Some(Verdict::Clean) | None => {}
    }
    text
}

/// "a, b and 3 more".
pub fn few(tracks: &[TrackId]) -> String {
    const FEW: usize = 4;
    if tracks.len() <= FEW {
        return names(tracks).join(", ");
    }
    let first = names(&tracks[..FEW]).join(", ");
    format!("{first} and {} more", count(tracks.len() - FEW, "track"))
}
