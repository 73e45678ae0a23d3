//! The answer of `tracks undo`.

use std::path::Path;

use serde_json::{Value, json};

use super::init::short;
use super::remove::{finished, ignored_json, ignored_line, refused_text, stays_json};
use super::{document, with};
use crate::domain::revision::CommitId;
use crate::ops::undo::Report;
use crate::store::WorktreeStep;
use crate::ui::style::{DIM, GOOD, HINT, STRONG, WARN, paint, tame};
use crate::ui::table::{Table, cell, styled};

pub fn json(report: &Report, ok: bool) -> Value {
    let id = |id: &Option<CommitId>| id.map(|id| id.to_string());
    let refs = report.refs.iter().map(|moved| {
        json!({ "name": moved.name, "before": id(&moved.before), "after": id(&moved.after) })
    });
    let worktrees = report.worktrees.iter().map(|done| {
        json!({
            "path": done.path.display().to_string(),
            "track": done.track,
            "step": word(done.step),
            "ignored": done.ignored.iter().map(ignored_json).collect::<Vec<_>>(),
            "more_ignored": done.more_ignored,
        })
    });
    with(
        document("undo", ok),
        json!({
            "dry_run": report.dry_run,
            "operation": report.operation,
            "undone": report.undone.as_ref().map(|operation| &operation.id),
            "refs": refs.collect::<Vec<_>>(),
            "worktrees": worktrees.collect::<Vec<_>>(),
            "stays_deleted": report.stays_deleted,
            "pushed": report.undone.as_ref().map_or(&[][..], |operation| &operation.pushed),
            "refused": report.refused.iter().map(stays_json).collect::<Vec<_>>(),
            "finished": report.settled,
        }),
    )
}

fn word(step: WorktreeStep) -> &'static str {
    match step {
        WorktreeStep::Made => "restored",
        WorktreeStep::Removed => "removed",
    }
}

pub fn text(report: &Report, main: Option<&Path>) -> String {
    let mut text = finished(&report.settled);
    let Some(undone) = &report.undone else {
        text.push_str("there is nothing to take back\n");
        return text;
    };
    let what = format!("{} (tracks {})", undone.id, tame(&undone.command));
    if !report.refused.is_empty() {
        text.push_str(&format!(
            "{} {what} is not taken back\n",
            paint(WARN, "refused")
        ));
        text.push_str(&refused_text(&report.refused));
        return text;
    }
    let (word, end) = match report.dry_run {
        true => ("would undo", "\nnothing has been changed\n".to_owned()),
        false => (
            "undone",
            match &report.operation {
                Some(_) => format!("\nto do it again: {}\n", paint(HINT, "tracks undo")),
                None => String::new(),
            },
        ),
    };
    text.push_str(&format!("{} {what}\n", paint(GOOD, word)));
    let id = |id: &Option<CommitId>| id.map_or_else(|| "(none)".to_owned(), |id| id.short());
    let mut table = Table::default();
    for done in &report.worktrees {
        table.row(vec![
            cell(self::word(done.step)),
            styled(STRONG, short(&done.path, main)),
        ]);
    }
    for moved in &report.refs {
        let name = moved
            .name
            .strip_prefix("refs/heads/")
            .unwrap_or(&moved.name);
        table.row(vec![
            cell("moved"),
            styled(STRONG, name),
            styled(DIM, format!("{} → {}", id(&moved.before), id(&moved.after))),
        ]);
    }
    if report.worktrees.is_empty() && report.refs.is_empty() {
        text.push_str("  everything was as before already\n");
    }
    text.push_str(&table.render(2));
    let mut lists_ignored = false;
    for done in report
        .worktrees
        .iter()
        .filter(|done| !done.ignored.is_empty())
    {
        lists_ignored = true;
        let name = short(&done.path, main);
        text.push_str(&ignored_line(&name, &done.ignored, done.more_ignored));
    }
    if let (Some(operation), true) = (&report.operation, lists_ignored) {
        text.push_str(&format!(
            "  to bring worktrees back: {}\n",
            paint(HINT, &format!("tracks restore {operation}"))
        ));
    }
    for sentence in &report.stays_deleted {
        text.push_str(&format!("  {}\n", tame(sentence)));
    }
    for pushed in &undone.pushed {
        text.push_str(&format!(
            "  {pushed} was pushed and stays as it is: a remote is never taken back\n"
        ));
    }
    text.push_str(&end);
    text
}
