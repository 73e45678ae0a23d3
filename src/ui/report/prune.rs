//! The answer of `tracks prune`.

use std::path::Path;

use serde_json::{Value, json};

use super::init::short;
use super::remove::{finished, ignored_json, ignored_line};
use super::{bytes, count, document, with};
use crate::ops::prune::{Item, Kind, Report};
use crate::ui::style::{BAD, DIM, HINT, PLAIN, STRONG, WARN, paint, tame};
use crate::ui::table::{Table, cell, styled};

pub fn json(report: &Report, ok: bool) -> Value {
    with(
        document("prune", ok),
        json!({
            "pruned": report.done,
            "items": report.goes.iter().map(item_json).collect::<Vec<_>>(),
            "kept": report.stays.iter().map(item_json).collect::<Vec<_>>(),
            "bytes": total(report),
            "finished": report.settled,
            "operation": report.operation,
        }),
    )
}

fn item_json(item: &Item) -> Value {
    json!({
        "kind": item.kind.as_str(),
        "name": item.name,
        "path": item.path.as_ref().map(|path| path.display().to_string()),
        "branch": item.branch.as_ref().map(ToString::to_string),
        "refs": item.refs,
        "bytes": item.bytes,
        "reason": item.reason,
        "ignored": item.ignored.iter().map(ignored_json).collect::<Vec<_>>(),
        "more_ignored": item.more_ignored,
        "problem": item.problem,
    })
}

fn total(report: &Report) -> u64 {
    let gone = report.goes.iter().filter(|item| item.problem.is_none());
    gone.map(|item| item.bytes).sum()
}

pub fn text(report: &Report, main: Option<&Path>) -> String {
    let mut text = finished(&report.settled);
    let mut table = Table::default();
    for item in &report.goes {
        let (style, word) = match (&item.problem, report.done) {
            (Some(_), _) => (BAD, "could not"),
            (None, true) => (WARN, "pruned"),
            (None, false) => (WARN, "would prune"),
        };
        row(&mut table, styled(style, word), item, main);
    }
    for item in &report.stays {
        row(&mut table, styled(PLAIN, "stays"), item, main);
    }
    text.push_str(&table.render(0));
    let mut lists_ignored = false;
    for item in &report.goes {
        if item.problem.is_none() && !item.ignored.is_empty() {
            lists_ignored = true;
            text.push_str(&ignored_line(&item.name, &item.ignored, item.more_ignored));
        }
    }
    let gone = report
        .goes
        .iter()
        .filter(|item| item.problem.is_none())
        .count();
    text.push_str(&match (gone, report.done) {
        (0, _) if report.goes.is_empty() => "there is nothing to prune\n".to_owned(),
        (gone, true) => format!(
            "\n{} pruned, {}\n",
            count(gone, "thing"),
            bytes(total(report))
        ),
        (gone, false) => format!(
            "\n{}, {}; nothing has been changed. To prune: {}\n",
            count(gone, "thing"),
            bytes(total(report)),
            paint(HINT, "tracks prune --yes")
        ),
    });
    if let (Some(operation), true) = (&report.operation, lists_ignored) {
        text.push_str(&format!(
            "to bring worktrees back: {}\n",
            paint(HINT, &format!("tracks restore {operation}"))
        ));
    }
    text
}

fn row(table: &mut Table, word: crate::ui::table::Cell, item: &Item, main: Option<&Path>) {
    let what = match item.kind {
        Kind::Worktree => "worktree of",
        Kind::OwnWorktree => "own worktree",
        Kind::Trash => "trash of",
        Kind::Refs => "refs of",
        Kind::Candidate => "candidate",
    };
    let name = match item.kind {
        Kind::Candidate => "",
        _ => &item.name,
    };
    let refs = (!item.refs.is_empty()).then(|| item.refs.join(" "));
    table.row(vec![
        word,
        cell(what),
        styled(STRONG, name),
        cell(
            item.path
                .as_ref()
                .map(|path| short(path, main))
                .or(refs)
                .unwrap_or_default(),
        ),
        styled(
            DIM,
            match item.bytes {
                0 => String::new(),
                number => bytes(number),
            },
        ),
        styled(DIM, tame(item.problem.as_ref().unwrap_or(&item.reason))),
    ]);
}
