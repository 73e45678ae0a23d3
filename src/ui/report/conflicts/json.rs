//! The answer of `tracks conflicts` for programs.

use std::ops::Range;

use serde_json::{Map, Value, json};

use super::super::{document, foreseen_json, names, path_fields, side_names, with};
use super::{behaviour, broken, owner};
use crate::domain::merge::{Advice, Basis, Conflict, HotFile, Pair, Verdict};
use crate::domain::name::BranchName;
use crate::domain::path::RepoPath;
use crate::ops::conflicts::{Report, TrackSide};
use crate::ops::details::Touches;

pub fn json(report: &Report, ok: bool) -> Value {
    let tracks: Vec<Value> = report.tracks.iter().map(side_json).collect();
    let mut answer = with(
        document("conflicts", ok),
        json!({
            "base": base_json(report),
            "uncommitted": report.uncommitted,
            "tracks": tracks,
        }),
    );
    // Of thousands, so not by the macro, which copies what it is given.
    let pairs = report.pairs.iter().map(|pair| pair_json(report, pair));
    answer["pairs"] = Value::Array(pairs.collect());
    let set = report.largest_clean_set.as_ref();
    answer["largest_clean_set"] = json!(set.map(|set| names(&set.tracks)));
    answer["largest_clean_set_exact"] = json!(set.map(|set| set.exact));
    answer["order"] = json!(names(&report.order.tracks));
    answer["order_exact"] = json!(report.order.exact);
    let to_resolve = report
        .order
        .to_resolve
        .iter()
        .map(|(track, with)| json!({ "track": track.as_str(), "with": side_names(with) }));
    answer["to_resolve"] = Value::Array(to_resolve.collect());
    answer["hot_files"] = Value::Array(report.hot_files.iter().map(hot_file_json).collect());
    answer["stats"] = json!({
        "pairs": report.pairs.len(),
        "disjoint": report.stats.disjoint,
        "merged_in_process": report.stats.in_process,
        "merged_by_git": report.stats.by_git.values().sum::<usize>(),
        "asked_git_because": by_reason(report),
        "seconds_by_phase": by_phase(report),
        "cached": report.stats.cached,
        "seconds": report.elapsed.as_secs_f64(),
        "peak_memory_bytes": report.stats.peak_memory,
    });
    if let Some(judged) = &report.behaviour {
        answer["behaviour"] = behaviour::checked(judged);
        answer["stats"]["behaviour"] = behaviour::stats(judged);
    }
    answer
}

pub(in crate::ui::report) fn base_json(report: &Report) -> Value {
    json!({
        "branch": report.base.branch.as_ref().map(BranchName::as_str),
        "name": report.base.name,
        "commit": report.base.commit.to_string(),
    })
}

fn hot_file_json(file: &HotFile) -> Value {
    let mut map = path_fields(&file.path);
    map.insert("pairs".to_owned(), json!(file.pairs));
    map.insert("tracks".to_owned(), json!(names(&file.tracks)));
    let advice = file.advice.as_ref();
    map.insert("advice".to_owned(), json!(advice.map(Advice::as_str)));
    if let Some(Advice::Owner(Some(track))) = advice {
        map.insert("advised_owner".to_owned(), json!(track.as_str()));
    }
    Value::Object(map)
}

fn by_reason(report: &Report) -> Map<String, Value> {
    let reasons = report.stats.by_git.iter();
    reasons
        .map(|(reason, merges)| (reason.as_str().to_owned(), json!(merges)))
        .collect()
}

fn by_phase(report: &Report) -> Map<String, Value> {
    let phases = report.stats.phases.iter();
    phases
        .map(|(phase, time)| ((*phase).to_owned(), json!(time.as_secs_f64())))
        .collect()
}

pub(in crate::ui::report) fn side_json(side: &TrackSide) -> Value {
    json!({
        "track": side.track.as_str(),
        "commit": side.tip.map(|id| id.to_string()),
        "tree": side.tree.map(|id| id.to_string()),
        "dirty": side.dirty,
        "note": side.unavailable.as_ref().or(side.note.as_ref()),
    })
}

pub(in crate::ui::report) fn pair_json(report: &Report, pair: &Pair) -> Value {
    let mut map = Map::new();
    map.insert("a".to_owned(), json!(pair.a.to_string()));
    map.insert("b".to_owned(), json!(pair.b.to_string()));
    map.insert("verdict".to_owned(), json!(verdict_name(&pair.verdict)));
    map.insert(
        "basis".to_owned(),
        json!(match pair.basis {
            Basis::BasePlusTrack => "base+track",
            Basis::Tips => "tips",
        }),
    );
    if let Verdict::Unavailable(reason) = &pair.verdict {
        map.insert("reason".to_owned(), json!(reason));
    }
    let conflicts = pair.verdict.conflicts().iter();
    let conflicts = conflicts.map(|conflict| conflict_json(report, pair, conflict));
    map.insert("conflicts".to_owned(), Value::Array(conflicts.collect()));
    if let Some(foreseen) = report.foreseen(pair) {
        map.insert("foreseen".to_owned(), foreseen_json(foreseen));
    }
    let mut collisions = broken::collisions(report, pair);
    collisions.extend(behaviour::collisions(report, pair));
    map.insert("collisions".to_owned(), Value::from(collisions));
    Value::Object(map)
}

pub(in crate::ui::report) fn verdict_name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Clean => "clean",
        Verdict::Conflict(_) => "conflict",
        Verdict::Unavailable(_) => "unavailable",
    }
}

fn conflict_json(report: &Report, pair: &Pair, conflict: &Conflict) -> Value {
    let mut map = path_fields(&conflict.path);
    let types: Vec<&str> = conflict
        .types
        .iter()
        .map(crate::domain::merge::ConflictType::as_str)
        .collect();
    map.insert("type".to_owned(), json!(types.first()));
    map.insert("types".to_owned(), json!(types));
    map.insert("owner".to_owned(), json!(owner(report, &conflict.path)));
    let side = |range: &Range<usize>| json!({ "start": range.start + 1, "lines": range.len() });
    let regions = conflict.regions.iter().map(|region| {
        let sides = [
            ("ours", &region.ours),
            ("theirs", &region.theirs),
            ("base", &region.base),
        ];
        sides
            .map(|(name, range)| (name.to_owned(), side(range)))
            .into_iter()
            .collect()
    });
    map.insert("regions".to_owned(), Value::Array(regions.collect()));
    add_touched(&mut map, report, pair, &conflict.path);
    Value::Object(map)
}

/// Who touched the file on either side, and which other tracks did; a side that nothing is known of is absent.
fn add_touched(map: &mut Map<String, Value>, report: &Report, pair: &Pair, path: &RepoPath) {
    let detail = report
        .details
        .iter()
        .find(|detail| detail.is_of(pair) && detail.paths.contains(path));
    let known_as = match detail {
        Some(detail) => detail.names(),
        None => vec![path.clone()],
    };
    let mut touched = Map::new();
    for (key, side, other) in [("ours", &pair.a, &pair.b), ("theirs", &pair.b, &pair.a)] {
        if let Some(touches) = report.touched.of(side, other, &known_as) {
            touched.insert(key.to_owned(), touches_json(&touches));
        }
    }
    map.insert("touched".to_owned(), Value::Object(touched));
    let others = names(report.touched.others(pair, &known_as));
    map.insert("also_touched_by".to_owned(), json!(others));
}

fn touches_json(touches: &Touches) -> Value {
    let commits = touches.commits.iter().map(|touch| {
        json!({
            "commit": touch.commit.to_string(),
            "subject": touch.subject,
            "author": touch.author,
            "time": touch.committed.to_string(),
        })
    });
    json!({ "uncommitted": touches.uncommitted, "commits": commits.collect::<Vec<_>>() })
}
