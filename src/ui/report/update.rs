//! The answer of `tracks update`.

use serde_json::{Map, Value, json};

use super::{count, document, path_fields, show, types, with};
use crate::domain::merge::ConflictType;
use crate::ops::update::{Dropped, Outcome, Report, Row};
use crate::ui::style::{BAD, DIM, GOOD, HINT, PLAIN, STRONG, WARN, paint, tame};
use crate::ui::table::{Table, cell, styled};

pub fn json(report: &Report, ok: bool) -> Value {
    with(
        document("update", ok),
        json!({
            "from": { "name": report.from, "commit": report.commit.to_string() },
            "by": if report.rebase { "rebase" } else { "merge" },
            "dry_run": report.dry_run,
            "tracks": report.rows.iter().map(row_json).collect::<Vec<_>>(),
            "recovered": report.recovered,
            "operation": report.operation,
        }),
    )
}

fn row_json(row: &Row) -> Value {
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    put("track", json!(row.track.as_str()));
    put("branch", json!(row.branch.as_str()));
    match &row.outcome {
        Outcome::UpToDate => {
            put("outcome", json!("up-to-date"));
        }
        Outcome::Updated {
            before,
            after,
            fast_forward,
            rebased,
            dropped,
            worktree,
        } => {
            put("outcome", json!("updated"));
            put("before", json!(before.to_string()));
            put("after", json!(after.to_string()));
            put("fast_forward", json!(fast_forward));
            put("rebased", json!(rebased));
            put(
                "dropped",
                json!(dropped.iter().map(dropped_json).collect::<Vec<_>>()),
            );
            put(
                "worktree",
                json!(worktree.as_ref().map(|path| path.display().to_string())),
            );
        }
        Outcome::Conflict { conflicts, at } => {
            let conflicts = conflicts.iter().map(|conflict| {
                let mut map = path_fields(&conflict.path);
                let types: Vec<&str> = conflict.types.iter().map(ConflictType::as_str).collect();
                map.insert("type".to_owned(), json!(types.first()));
                map.insert("types".to_owned(), json!(types));
                Value::Object(map)
            });
            put("outcome", json!("conflict"));
            put("conflicts", json!(conflicts.collect::<Vec<_>>()));
            put("at", json!(at.as_ref().map(dropped_json)));
        }
        Outcome::Mixed { reason } => {
            put("outcome", json!("not-an-own-history"));
            put("reason", json!(reason));
        }
        Outcome::Skipped { why, fix } => {
            put("outcome", json!("skipped"));
            put("reason", json!(why));
            put("fix", json!(fix));
        }
    }
    Value::Object(map)
}

fn dropped_json(dropped: &Dropped) -> Value {
    json!({ "commit": dropped.commit.to_string(), "subject": dropped.subject })
}

pub fn text(report: &Report) -> String {
    let mut text: String = report
        .recovered
        .iter()
        .map(|note| format!("{}\n", tame(note)))
        .collect();
    let mut table = Table::default();
    for row in &report.rows {
        let (style, word, what) = summary(report, row);
        table.row(vec![
            styled(style, word),
            styled(STRONG, row.track.as_str()),
            cell(what),
        ]);
    }
    text.push_str(&table.render(0));
    for row in &report.rows {
        text.push_str(&details(row));
    }
    if report.dry_run {
        text.push_str("\nnothing has been changed\n");
    } else if let Some(operation) = &report.operation {
        let undo = format!("tracks undo --operation {operation}");
        text.push_str(&format!("\nto take it back: {}\n", paint(HINT, &undo)));
    }
    text
}

fn summary(report: &Report, row: &Row) -> (anstyle::Style, &'static str, String) {
    let from = &report.from;
    match &row.outcome {
        Outcome::UpToDate => (PLAIN, "up to date", String::new()),
        Outcome::Updated {
            before,
            after,
            fast_forward,
            rebased,
            ..
        } => {
            let ids = match report.dry_run {
                true => String::new(),
                false => format!("  {} → {}", before.short(), after.short()),
            };
            let what = match (fast_forward, report.rebase) {
                (true, _) => format!("goes to {from}, it has nothing of its own"),
                (false, true) => format!("{} onto {from}", count(*rebased, "commit")),
                (false, false) => format!("{from} merged into it"),
            };
            let word = if report.dry_run {
                "would update"
            } else {
                "updated"
            };
            (GOOD, word, format!("{what}{ids}"))
        }
        Outcome::Conflict {
            conflicts,
            at: None,
        } => {
            let what = format!(
                "with {from} in {}; it is as it was",
                count(conflicts.len(), "file")
            );
            (BAD, "conflict", what)
        }
        Outcome::Conflict {
            conflicts,
            at: Some(at),
        } => {
            let what = format!(
                "commit {} ({}) with {from} in {}; it is as it was",
                at.commit.short(),
                at.subject,
                count(conflicts.len(), "file")
            );
            (BAD, "conflict", what)
        }
        Outcome::Mixed { reason } => (BAD, "refused", reason.clone()),
        Outcome::Skipped { why, .. } => (WARN, "skipped", why.clone()),
    }
}

fn details(row: &Row) -> String {
    let mut text = String::new();
    match &row.outcome {
        Outcome::Conflict { conflicts, .. } => {
            text.push_str(&format!("{}:\n", paint(STRONG, row.track.as_str())));
            let mut table = Table::default();
            for conflict in conflicts {
                table.row(vec![
                    cell(show(&conflict.path)),
                    styled(DIM, types(conflict)),
                ]);
            }
            text.push_str(&table.render(2));
            let resolve = format!("tracks resolve {}", row.track);
            text.push_str(&format!("  solve it: {}\n", paint(HINT, &resolve)));
        }
        Outcome::Skipped { fix, .. } => text.push_str(&format!(
            "{} {}: {}\n",
            paint(HINT, "fix"),
            paint(STRONG, row.track.as_str()),
            tame(fix)
        )),
        Outcome::Updated { dropped, .. } => {
            for dropped in dropped {
                text.push_str(&format!(
                    "{}: {} ({}) is there already, left out\n",
                    paint(STRONG, row.track.as_str()),
                    dropped.commit.short(),
                    tame(&dropped.subject)
                ));
            }
        }
        Outcome::UpToDate | Outcome::Mixed { .. } => {}
    }
    text
}
