//! What the commands of `[notify]` read: one line of JSON on stdin. Keys are a promise to other programs.
//!
//! Every line has `schema`, `event` (the key in tracks.toml) and `time`. `on_conflict` is in `watch`, beside the pairs that it
//! is made of.

use serde_json::{Map, Value, json};

use super::names;
use crate::domain::path::RepoPath;
use crate::domain::sync::{Ejected, News, Standing, Turned};
use crate::ops::announce::Landing;
use crate::ops::sync::Report;
use crate::process::clock;

/// What all lines begin with.
pub(super) fn head(event: &str) -> Map<String, Value> {
    Map::from_iter([
        ("schema".to_owned(), json!("tracks/notify/v1")),
        ("event".to_owned(), json!(event)),
        ("time".to_owned(), json!(clock::now().to_string())),
    ])
}

pub(super) fn line(map: Map<String, Value>) -> Vec<u8> {
    format!("{}\n", Value::Object(map)).into_bytes()
}

/// `on_sync`: the round, and what of it is new for whom the command is run.
pub fn round(report: &Report, news: &News) -> Vec<u8> {
    let mut map = head("on_sync");
    let base_turned = news.base_red.map(|red| if red { "red" } else { "green" });
    let base_red: Vec<String> = report.base_red.iter().map(ToString::to_string).collect();
    let turned = news.tracks.iter().map(|turned| turned_json(report, turned));
    map.extend([
        ("round".to_owned(), json!(report.round)),
        (
            "base".to_owned(),
            json!({
                "branch": report.base.branch.as_ref().map(ToString::to_string),
                "commit": report.base.commit.to_string(),
                "red": base_red,
                "turned": base_turned,
            }),
        ),
        (
            "integration".to_owned(),
            json!({
                "branch": report.branch.as_str(),
                "before": report.before.map(|id| id.to_string()),
                "after": report.after.map(|id| id.to_string()),
                "moved": report.moved,
            }),
        ),
        ("tracks".to_owned(), turned.collect()),
    ]);
    line(map)
}

fn turned_json(report: &Report, turned: &Turned) -> Value {
    let ejected: Option<&Ejected> = match &turned.after {
        Standing::Ejected { .. } => report
            .ejected
            .iter()
            .find(|ejected| ejected.track == turned.track),
        Standing::Merged | Standing::Held => None,
    };
    let paths = |ejected: &Ejected| -> Vec<String> {
        let lossy = |path: &RepoPath| path.lossy().into_owned();
        ejected.paths.iter().map(lossy).collect()
    };
    let with = |ejected: &Ejected| super::side_names(&ejected.with);
    json!({
        "track": turned.track.as_str(),
        "before": turned.before.as_ref().map(Standing::as_str),
        "after": turned.after.as_str(),
        "why": ejected.map(|ejected| ejected.why.as_str()),
        "with": ejected.map(with).unwrap_or_default(),
        "paths": ejected.map(paths).unwrap_or_default(),
        "check": ejected.and_then(|ejected| ejected.check.as_ref()).map(ToString::to_string),
        "reason": ejected.map(|ejected| &ejected.reason),
    })
}

/// `on_land`: which tracks base has now.
pub fn landing(landing: &Landing) -> Vec<u8> {
    let mut map = head("on_land");
    map.extend([
        (
            "base".to_owned(),
            json!({
                "branch": landing.branch.as_str(),
                "before": landing.before.to_string(),
                "after": landing.after.to_string(),
            }),
        ),
        ("tracks".to_owned(), json!(names(&landing.tracks))),
        ("operation".to_owned(), json!(landing.operation)),
    ]);
    line(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::name::{BranchName, TrackId};
    use crate::domain::revision::CommitId;

    #[test]
    fn a_landing() {
        let id = |byte: &str| CommitId::from_hex(&byte.repeat(20)).unwrap();
        let landing = Landing {
            branch: BranchName::new("main").unwrap(),
            before: id("01"),
            after: id("02"),
            tracks: vec![TrackId::new("a").unwrap()],
            operation: Some("op".to_owned()),
        };
        let line = super::landing(&landing);
        let mut read: Value = serde_json::from_slice(&line).unwrap();
        assert!(line.ends_with(b"}\n"));
        let time = read.as_object_mut().unwrap().remove("time");
        assert!(time.is_some_and(|time| time.is_string()));
        assert_eq!(
            read,
            json!({
                "schema": "tracks/notify/v1",
                "event": "on_land",
                "base": { "branch": "main", "before": "01".repeat(20), "after": "02".repeat(20) },
                "tracks": ["a"],
                "operation": "op",
            })
        );
    }
}
