//! The answer of `tracks restore`.

use std::path::Path;

use serde_json::{Value, json};

use super::init::short;
use super::remove::{finished, refused_text, stays_json};
use super::{bytes, document, with};
use crate::domain::time::{Timestamp, ago};
use crate::ops::restore::{Report, Returned};
use crate::store::Trashed;
use crate::ui::style::{DIM, GOOD, HINT, STRONG, paint};
use crate::ui::table::{Table, cell, styled};

pub fn json(report: &Report, ok: bool) -> Value {
    with(
        document("restore", ok),
        json!({
            "trashed": report.trashed.iter().map(trashed_json).collect::<Vec<_>>(),
            "restored": report.restored.iter().map(returned_json).collect::<Vec<_>>(),
            "refused": report.refused.iter().map(stays_json).collect::<Vec<_>>(),
            "finished": report.settled,
            "operation": report.operation,
        }),
    )
}

fn trashed_json(trashed: &Trashed) -> Value {
    json!({
        "operation": trashed.operation,
        "time": trashed.time.to_string(),
        "track": trashed.track,
        "worktree": trashed.worktree.as_ref().map(|path| path.display().to_string()),
        "branch": trashed.branch.as_ref().map(ToString::to_string),
        "commit": trashed.head.map(|head| head.to_string()),
        "branch_removed": trashed.removed_branch,
        "bytes": trashed.bytes,
    })
}

pub(super) fn returned_json(returned: &Returned) -> Value {
    json!({
        "track": returned.track,
        "worktree": returned.worktree.as_ref().map(|path| path.display().to_string()),
        "branch": returned.branch.as_ref().map(ToString::to_string),
        "branch_restored": returned.with_branch,
    })
}

pub fn list(report: &Report, now: Timestamp, main: Option<&Path>) -> String {
    if report.trashed.is_empty() {
        return "there is nothing to bring back\n".to_owned();
    }
    let mut table = Table::new(&[
        "OPERATION",
        "REMOVED",
        "TRACK",
        "WORKTREE",
        "BRANCH",
        "SIZE",
    ]);
    for trashed in &report.trashed {
        let branch = trashed
            .branch
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        table.row(vec![
            styled(STRONG, trashed.operation.clone()),
            cell(ago(now.since(trashed.time))),
            cell(trashed.track.clone().unwrap_or_default()),
            cell(
                trashed
                    .worktree
                    .as_ref()
                    .map_or_else(String::new, |path| short(path, main)),
            ),
            cell(match trashed.removed_branch {
                true => format!("{branch} (removed, too)"),
                false => branch,
            }),
            styled(DIM, bytes(trashed.bytes)),
        ]);
    }
    format!(
        "{}\nbring one back: {}\n",
        table.render(0),
        paint(HINT, "tracks restore OPERATION")
    )
}

pub fn text(report: &Report, main: Option<&Path>) -> String {
    let mut text = finished(&report.settled);
    let mut table = Table::default();
    for returned in &report.restored {
        row(&mut table, returned, main);
    }
    text.push_str(&table.render(0));
    text.push_str(&refused_text(&report.refused));
    text
}

pub(super) fn row(table: &mut Table, returned: &Returned, main: Option<&Path>) {
    let branch = returned.branch.as_ref().map(ToString::to_string);
    table.row(vec![
        styled(GOOD, "restored"),
        styled(
            STRONG,
            returned
                .track
                .clone()
                .or_else(|| branch.clone())
                .unwrap_or_default(),
        ),
        cell(
            returned
                .worktree
                .as_ref()
                .map_or_else(String::new, |path| short(path, main)),
        ),
        styled(
            DIM,
            match (&branch, returned.with_branch) {
                (Some(branch), true) => format!("and its branch {branch}"),
                (Some(branch), false) => format!("on {branch}"),
                (None, _) => String::new(),
            },
        ),
    ]);
}
