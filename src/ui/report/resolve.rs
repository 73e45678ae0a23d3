//! The answer of `tracks resolve`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::check::{run_json, runs};
use super::{
    count, document, failures, foreseen_json, foreseen_text, names, path_fields, show, with,
};
use crate::domain::name::{CheckName, Side, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::resolution::{Proof, Record, RecordKind};
use crate::domain::sync::{Foreseen, ResolvedBy};
use crate::ops::resolve::{Closed, Listed, Open, PairOutcome, Report, TrackOutcome};
use crate::ui::Workflow;
use crate::ui::style::{BAD, DIM, GOOD, HINT, STRONG, WARN, paint, tame};
use crate::ui::table::{Table, cell, styled};

pub fn json(report: &Report, ok: bool) -> Value {
    let head = document("resolve", ok);
    match report {
        Report::Listed(listed) => with(head, listed_json(listed)),
        Report::Records(records) => with(
            head,
            json!({ "records": records.iter().map(record_json).collect::<Vec<_>>() }),
        ),
        Report::Forgotten { id } => with(head, json!({ "outcome": "forgotten", "id": id })),
        Report::Pair {
            tracks,
            dir,
            outcome,
            closed,
        } => {
            let path =
                |path: &Option<PathBuf>| path.as_deref().map(|path| path.display().to_string());
            let more = json!({ "tracks": names(tracks), "worktree": path(dir), "trash": path(&closed.trash) });
            let mut all = head;
            all.extend(fields(more));
            with(all, pair_json(outcome))
        }
        Report::Track {
            track,
            base,
            dir,
            outcome,
        } => {
            let more = json!({ "tracks": [track.as_str()], "base": base, "worktree": dir.display().to_string() });
            let mut all = head;
            all.extend(fields(more));
            with(all, track_json(outcome))
        }
    }
}

fn fields(value: Value) -> serde_json::Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => serde_json::Map::new(),
    }
}

fn listed_json(listed: &Listed) -> Value {
    let open = |open: &Open| {
        json!({
            "a": open.a.to_string(),
            "b": open.b.as_str(),
            "paths": paths_json(&open.paths),
            "resolved_by": open.foreseen.as_ref().map(records_of),
            "foreseen": open.foreseen.as_ref().map(foreseen_json),
        })
    };
    let under_way = listed.under_way.iter().map(|under_way| {
        json!({
            "tracks": names(&under_way.tracks),
            "worktree": under_way.dir.display().to_string(),
            "fix": under_way.fix,
        })
    });
    json!({
        "conflicts": listed.open.iter().map(open).collect::<Vec<_>>(),
        "under_way": under_way.collect::<Vec<_>>(),
        "records": listed.records.iter().map(record_json).collect::<Vec<_>>(),
    })
}

/// The records that have a part in it, each once.
fn records_of(foreseen: &Foreseen) -> Vec<&str> {
    let mut ids = Vec::new();
    for resolved in &foreseen.resolved {
        if let ResolvedBy::Recorded(id) = &resolved.by
            && !ids.contains(&id.as_str())
        {
            ids.push(id.as_str());
        }
    }
    ids
}

fn paths_json(paths: &[RepoPath]) -> Vec<Value> {
    let paths = paths.iter().map(path_fields);
    paths.map(Value::Object).collect()
}

fn markers_json(markers: &[(RepoPath, usize)]) -> Vec<Value> {
    let marker =
        |(path, line): &(RepoPath, usize)| with(path_fields(path), json!({ "line": line }));
    markers.iter().map(marker).collect()
}

pub(super) fn record_json(record: &Record) -> Value {
    let [a, b] = &record.tracks;
    let paths: Vec<RepoPath> = record.paths().cloned().collect();
    json!({
        "id": record.id,
        "who": record.who,
        "time": record.when.to_string(),
        "tracks": [a.0.as_str(), b.0.as_str()],
        "kind": match record.kind {
            RecordKind::Resolution(_) => "resolution",
            RecordKind::Fix => "fix",
        },
        "paths": paths_json(&paths),
        "checks": match &record.proof {
            Proof::Checks(checks) => Some(checks.iter().map(ToString::to_string).collect::<Vec<_>>()),
            Proof::Unchecked => Some(Vec::new()),
            Proof::CouldNotRun => None,
        },
    })
}

fn pair_json(outcome: &PairOutcome) -> Value {
    match outcome {
        PairOutcome::Opened { paths, fix } => {
            json!({ "outcome": "opened", "fix": fix, "paths": paths_json(paths) })
        }
        PairOutcome::Unfinished {
            unmerged,
            markers,
            not_added,
        } => json!({
            "outcome": "unfinished",
            "unmerged": paths_json(unmerged),
            "markers": markers_json(markers),
            "not_added": paths_json(not_added),
        }),
        PairOutcome::Strayed(why) => json!({ "outcome": "strayed", "reason": why }),
        PairOutcome::Unchanged => json!({ "outcome": "unchanged" }),
        PairOutcome::Red { runs } => json!({
            "outcome": "red",
            "checks": runs.iter().map(run_json).collect::<Vec<_>>(),
        }),
        PairOutcome::Unproved { runs, why } => json!({
            "outcome": "unproved",
            "checks": runs.iter().map(run_json).collect::<Vec<_>>(),
            "reason": why,
        }),
        PairOutcome::Interrupted => json!({ "outcome": "interrupted" }),
        PairOutcome::Recorded {
            record,
            runs,
            taken,
            since,
        } => json!({
            "outcome": "recorded",
            "record": record_json(record),
            "checks": runs.iter().map(run_json).collect::<Vec<_>>(),
            "taken": paths_json(taken),
            "moved": since.moved.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "went_on": since.went_on,
        }),
        PairOutcome::Known { records, left_out } => json!({
            "outcome": "known",
            "records": records,
            "left_out": left_out.as_ref().map(TrackId::as_str),
        }),
        PairOutcome::Clean => json!({ "outcome": "clean" }),
        PairOutcome::NotOnBase { track, paths } => json!({
            "outcome": "not-on-base",
            "track": track.as_str(),
            "paths": paths_json(paths),
        }),
        PairOutcome::Aborted { kept } => json!({ "outcome": "aborted", "kept": kept }),
        PairOutcome::NothingToAbort => json!({ "outcome": "nothing-to-abort" }),
    }
}

fn track_json(outcome: &TrackOutcome) -> Value {
    match outcome {
        TrackOutcome::Opened { paths } => {
            json!({ "outcome": "opened", "paths": paths_json(paths) })
        }
        TrackOutcome::Unfinished { unmerged, markers } => json!({
            "outcome": "unfinished",
            "unmerged": paths_json(unmerged),
            "markers": markers_json(markers),
        }),
        TrackOutcome::ToBeCommitted => json!({ "outcome": "to-be-committed" }),
        TrackOutcome::Done => json!({ "outcome": "done" }),
        TrackOutcome::Clean => json!({ "outcome": "clean" }),
    }
}

/// `workflow`: the one whose log the answer goes to.
pub fn text(report: &Report, workflow: Option<&Workflow>) -> String {
    match report {
        Report::Listed(listed) => listed_text(listed),
        Report::Records(records) if records.is_empty() => "nothing is recorded\n".to_owned(),
        Report::Records(records) => table_of(records),
        Report::Forgotten { id } => format!("forgot {}\n", paint(STRONG, id)),
        Report::Pair {
            tracks,
            dir,
            outcome,
            closed,
        } => pair_text(tracks, dir.as_deref(), outcome, workflow) + &closed_text(closed),
        Report::Track {
            track,
            base,
            dir,
            outcome,
        } => track_text(track, base, dir, outcome),
    }
}

fn listed_text(listed: &Listed) -> String {
    let mut text = String::new();
    let mut table = Table::default();
    for open in &listed.open {
        let more = match open.paths.len() {
            0 | 1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let first = open.paths.first().map(show).unwrap_or_default();
        let state = match &open.foreseen {
            Some(_) => styled(GOOD, "resolved"),
            None => styled(BAD, "open"),
        };
        let how = match (&open.foreseen, &open.a) {
            (Some(foreseen), _) => foreseen_text(foreseen),
            (None, Side::Track(a)) => format!("tracks resolve {a} {}", open.b),
            (None, _) => format!("tracks resolve {}", open.b),
        };
        table.row(vec![
            state,
            styled(STRONG, format!("{} × {}", open.a, open.b)),
            cell(format!("{first}{more}")),
            styled(HINT, how),
        ]);
    }
    for under_way in &listed.under_way {
        let [a, b] = &under_way.tracks;
        table.row(vec![
            styled(WARN, "under way"),
            styled(STRONG, format!("{a} × {b}")),
            cell(under_way.dir.display().to_string()),
            styled(HINT, format!("tracks resolve {a} {b}")),
        ]);
    }
    text.push_str(&table.render(0));
    if listed.open.is_empty() && listed.under_way.is_empty() {
        text.push_str("nothing conflicts\n");
    }
    if !listed.records.is_empty() {
        text.push_str("\nrecorded\n");
        text.push_str(&table_of(&listed.records));
    }
    text
}

fn table_of(records: &[Record]) -> String {
    let mut table = Table::default();
    for record in records {
        let [(a, _), (b, _)] = &record.tracks;
        let paths: Vec<String> = record.paths().map(show).collect();
        table.row(vec![
            styled(STRONG, record.id.clone()),
            cell(match record.kind {
                RecordKind::Resolution(_) => "resolution",
                RecordKind::Fix => "fix",
            }),
            cell(format!("{a} × {b}")),
            cell(paths.join(", ")),
            styled(DIM, proof(&record.proof)),
            styled(DIM, format!("{} {}", record.when, record.who)),
        ]);
    }
    table.render(2)
}

fn proof(proof: &Proof) -> String {
    match proof {
        Proof::Checks(checks) if checks.is_empty() => "unchecked".to_owned(),
        Proof::Checks(checks) => {
            let checks: Vec<&str> = checks.iter().map(CheckName::as_str).collect();
            format!("passed {}", checks.join(", "))
        }
        Proof::Unchecked => "unchecked".to_owned(),
        Proof::CouldNotRun => "could not be checked".to_owned(),
    }
}

fn pair_text(
    [a, b]: &[TrackId; 2],
    dir: Option<&Path>,
    outcome: &PairOutcome,
    workflow: Option<&Workflow>,
) -> String {
    let pair = paint(STRONG, &format!("{a} × {b}"));
    let there = dir.map(|dir| dir.display().to_string()).unwrap_or_default();
    let again = |why: &str| next(&format!("tracks resolve {a} {b}"), why);
    let give_up = next(
        &format!("tracks resolve {a} {b} --abort"),
        "to give up; what was done is kept",
    );
    match outcome {
        PairOutcome::Opened { paths, fix: false } => {
            let mut text = format!("opened {pair} in {there}\n{}", list(paths));
            text.push_str(&next(
                "solve it there, `git add` what is solved",
                "with any tool: git mergetool, an editor",
            ));
            text + &again("when it is solved: checks and records it") + &give_up
        }
        PairOutcome::Opened { fix: true, .. } => {
            let text = format!("opened the merge of {pair} in {there}\n");
            text + &next(
                "change there what does not work together",
                "committed or not",
            ) + &again("when it works: checks and records it")
                + &give_up
        }
        PairOutcome::Unfinished {
            unmerged,
            markers,
            not_added,
        } => {
            let text = format!("{pair} is {} in {there}\n", paint(WARN, "not solved yet"));
            text + &left(unmerged, markers)
                + &not_added_text(not_added, unmerged)
                + &again("when it is solved")
        }
        PairOutcome::Strayed(why) => {
            format!("{pair} cannot be recorded from {there}: {why}\n{give_up}")
        }
        PairOutcome::Unchanged => {
            format!("nothing has been changed in {there} yet\n") + &again("when it is") + &give_up
        }
        PairOutcome::Red { runs: all } => {
            let mut text = runs(all);
            text.push_str(&failures::text(all, workflow));
            text.push_str(&format!(
                "\n{pair} is {}: a check is red on it; the worktree stays: {there}\n",
                paint(BAD, "not recorded")
            ));
            text + &again("when it is mended")
                + &next(
                    &format!("tracks resolve {a} {b} --no-checks"),
                    "records it all the same",
                )
        }
        PairOutcome::Unproved { runs: all, why } => {
            let text = runs(all);
            let text = text
                + &format!(
                    "\n{pair} is {}: {}; the worktree stays: {there}\n",
                    paint(WARN, "not recorded"),
                    tame(why)
                );
            text + &again("when it can run")
                + &next(
                    &format!("tracks resolve {a} {b} --no-checks"),
                    "records it unchecked",
                )
        }
        PairOutcome::Interrupted => {
            format!(
                "{pair} is {}: it was interrupted; the worktree stays: {there}\n",
                paint(WARN, "not recorded")
            ) + &again("checks and records it")
        }
        PairOutcome::Recorded {
            record,
            runs: all,
            taken,
            since,
        } => {
            let mut text = match all.is_empty() {
                true => String::new(),
                false => runs(all) + "\n",
            };
            let what = count(record.paths().count(), "path");
            let used = match since.moved.as_slice() {
                [] => "rounds use it from now on".to_owned(),
                moved => {
                    let moved: Vec<String> = moved.iter().map(ToString::to_string).collect();
                    let has = if moved.len() == 1 { "has" } else { "have" };
                    format!(
                        "for the commits it was opened on, but {} {has} moved since, and they conflict in another way now",
                        moved.join(" and ")
                    )
                }
            };
            text.push_str(&format!(
                "{} {pair} as {}: {what}; {used}\n",
                paint(GOOD, "recorded"),
                paint(STRONG, &record.id)
            ));
            if !taken.is_empty() {
                text.push_str(&format!(
                    "new files that are a part of it:\n{}",
                    list(taken)
                ));
            }
            if all.is_empty() {
                text.push_str(&format!("{} nothing was checked\n", paint(HINT, "note:")));
            }
            if since.went_on {
                text.push_str(&format!(
                    "{} something was changed meanwhile in {there}, which stays\n",
                    paint(WARN, "warning:")
                ));
                text.push_str(&again("records what is there now"));
            } else if !since.moved.is_empty() {
                text.push_str(&again("opens what is left"));
            }
            text
        }
        PairOutcome::Known { records, left_out } => {
            let ids = records.join(", ");
            let mut text = format!("{pair} is resolved by {}\n", paint(STRONG, &ids));
            if let Some(track) = left_out {
                text.push_str(&format!(
                    "{} the last round left {track} out all the same: where more than two change the same lines, what was recorded of two does not do\n",
                    paint(WARN, "note:")
                ));
                text.push_str(&next("tracks land", "brings the others to base"));
                let resolve = format!("tracks resolve {track}");
                text.push_str(&next(&resolve, "then solves it against base, for good"));
            }
            text + &next("tracks resolve --forget ID", "to resolve it anew")
        }
        PairOutcome::Clean => {
            format!("{pair} merges clean\n")
                + &next(
                    &format!("tracks resolve {a} {b} --fix"),
                    "where it does not work all the same",
                )
        }
        PairOutcome::NotOnBase { track, paths } => {
            format!(
                "{} does not merge with base, which comes first\n{}",
                paint(STRONG, track.as_str()),
                list(paths)
            ) + &next(&format!("tracks resolve {track}"), "merges base into it")
        }
        PairOutcome::Aborted { kept: Some(kept) } => {
            format!("took the worktree of {pair} away; what was done there is kept as {kept}\n")
        }
        PairOutcome::Aborted { kept: None } => {
            format!("took the worktree of {pair} away; nothing had been done there\n")
        }
        PairOutcome::NothingToAbort => format!("nothing is open for {pair}\n"),
    }
}

fn closed_text(closed: &Closed) -> String {
    let mut text = String::new();
    if let Some(trash) = &closed.trash {
        text.push_str(&format!(
            "{} it had files that git does not hold; it is in the trash: {}\n",
            paint(HINT, "note:"),
            trash.display()
        ));
    }
    if closed.stood_in {
        text.push_str(&format!(
            "{} the directory that you are in is gone\n",
            paint(HINT, "note:")
        ));
    }
    text
}

/// Where a path is unmerged, that has been said.
fn not_added_text(not_added: &[RepoPath], unmerged: &[RepoPath]) -> String {
    let mut text = String::new();
    for path in not_added.iter().filter(|path| !unmerged.contains(path)) {
        text.push_str(&format!(
            "  {}: changed or new, and not added: `git add` it, or remove it\n",
            show(path)
        ));
    }
    text
}

fn track_text(track: &TrackId, base: &str, dir: &Path, outcome: &TrackOutcome) -> String {
    let name = paint(STRONG, track.as_str());
    let dir = dir.display();
    let again = next(&format!("tracks resolve {track}"), "tells what is left");
    match outcome {
        TrackOutcome::Opened { paths } => {
            format!(
                "began to merge {base} into {name} in {dir}\n{}",
                list(paths)
            ) + &next(
                "solve it there, `git add` what is solved, `git commit`",
                "with any tool: git mergetool, an editor",
            ) + &again
                + &next(&format!("git -C {dir} merge --abort"), "to give up")
        }
        TrackOutcome::Unfinished { unmerged, markers } => {
            format!(
                "the merge of {base} into {name} is {} in {dir}\n",
                paint(WARN, "not solved yet")
            ) + &left(unmerged, markers)
                + &again
        }
        TrackOutcome::ToBeCommitted => {
            format!("the merge of {base} into {name} is solved and not committed yet\n")
                + &next(&format!("git -C {dir} commit"), "ends it")
        }
        TrackOutcome::Done => format!("everything of {base} is in {name}\n"),
        TrackOutcome::Clean => {
            format!("{base} merges clean into {name}; there is nothing to resolve\n")
        }
    }
}

fn list(paths: &[RepoPath]) -> String {
    let lines = paths.iter().map(|path| format!("  {}\n", show(path)));
    lines.collect()
}

fn left(unmerged: &[RepoPath], markers: &[(RepoPath, usize)]) -> String {
    let mut text = String::new();
    for (path, line) in markers {
        text.push_str(&format!(
            "  {}: a conflict marker is left in line {line}\n",
            show(path)
        ));
    }
    let marked = |path: &&RepoPath| !markers.iter().any(|(marked, _)| marked == *path);
    for path in unmerged.iter().filter(marked) {
        text.push_str(&format!(
            "  {}: not marked as solved with `git add`\n",
            show(path)
        ));
    }
    text
}

fn next(command: &str, why: &str) -> String {
    format!("next: {}  {}\n", paint(HINT, command), paint(DIM, why))
}
