//! The answer of `tracks remove`.

use std::path::Path;

use serde_json::{Value, json};

use super::init::short;
use super::{bytes, count, document, path_fields, with};
use crate::ops::remove::{Ignored, MOST_COMMITS, Removed, Report, Stays};
use crate::ui::style::{BAD, DIM, HINT, STRONG, WARN, paint, tame};
use crate::ui::table::{Table, cell, styled};

pub fn json(report: &Report, ok: bool) -> Value {
    with(
        document("remove", ok),
        json!({
            "dry_run": report.dry_run,
            "removed": report.removed.iter().map(removed_json).collect::<Vec<_>>(),
            "refused": report.refused.iter().map(stays_json).collect::<Vec<_>>(),
            "nothing": report.nothing,
            "finished": report.settled,
            "operation": report.operation,
        }),
    )
}

pub(super) fn removed_json(removed: &Removed) -> Value {
    let ignored = removed.ignored.iter().map(ignored_json);
    json!({
        "track": removed.track,
        "worktree": removed.worktree.as_ref().map(|path| path.display().to_string()),
        "branch": removed.branch.as_ref().map(ToString::to_string),
        "branch_removed": removed.branch_gone.as_ref().map(|gone| json!({
            "kept_as": (!gone.kept_as.is_empty()).then_some(&gone.kept_as),
            "unmerged": gone.unmerged,
        })),
        "bytes": removed.size.bytes,
        "files": removed.size.files,
        "ignored": ignored.collect::<Vec<_>>(),
        "more_ignored": removed.more_ignored,
        "kept_as": removed.kept_as,
        "incomplete": removed.incomplete,
        "trash": removed.trash.as_ref().map(|path| path.display().to_string()),
    })
}

pub(super) fn ignored_json(ignored: &Ignored) -> Value {
    let mut value = path_fields(&ignored.path);
    value.insert("directory".to_owned(), json!(ignored.is_dir));
    value.insert("bytes".to_owned(), json!(ignored.size.bytes));
    Value::Object(value)
}

pub(super) fn stays_json(stays: &Stays) -> Value {
    json!({
        "name": stays.name,
        "why": stays.refusal.why,
        "fix": stays.refusal.fix,
    })
}

pub fn text(report: &Report, main: Option<&Path>) -> String {
    let mut text = finished(&report.settled);
    for removed in &report.removed {
        text.push_str(&removed_text(removed, report.dry_run, main));
    }
    text.push_str(&refused_text(&report.refused));
    for nothing in &report.nothing {
        text.push_str(&format!("{}\n", tame(nothing)));
    }
    match &report.operation {
        Some(operation) => text.push_str(&format!(
            "\nto bring {} back: {}\n",
            if report.removed.len() == 1 {
                "it"
            } else {
                "them"
            },
            paint(HINT, &format!("tracks restore {operation}"))
        )),
        None if report.dry_run && !report.removed.is_empty() => {
            text.push_str("\nnothing has been changed\n");
        }
        None if text.is_empty() => text.push_str("there is nothing to take away\n"),
        None => {}
    }
    text
}

/// What this run has finished for a killed one.
pub(super) fn finished(sentences: &[String]) -> String {
    sentences
        .iter()
        .map(|sentence| format!("{}\n", tame(sentence)))
        .collect()
}

pub(super) fn refused_text(refused: &[Stays]) -> String {
    let mut text = String::new();
    for stays in refused {
        text.push_str(&format!(
            "{} {} {}\n        {} {}\n",
            paint(BAD, "refused"),
            paint(STRONG, &tame(&stays.name)),
            tame(&stays.refusal.why),
            paint(HINT, "fix:"),
            tame(&stays.refusal.fix)
        ));
    }
    text
}

pub(super) fn removed_text(removed: &Removed, dry_run: bool, main: Option<&Path>) -> String {
    let branch = removed.branch.as_ref().map(ToString::to_string);
    let name = removed.track.clone().or_else(|| branch.clone());
    let stays = match (&removed.branch_gone, &branch) {
        (Some(_), _) => String::new(),
        (None, Some(branch)) => format!("branch {branch} stays"),
        (None, None) => "it was on no branch".to_owned(),
    };
    let (word, mut table) = (
        if dry_run { "would remove" } else { "removed" },
        Table::default(),
    );
    table.row(vec![
        styled(WARN, word),
        styled(STRONG, name.unwrap_or_default()),
        cell(
            removed
                .worktree
                .as_ref()
                .map_or_else(String::new, |path| short(path, main)),
        ),
        styled(
            DIM,
            match removed.size.files {
                0 => String::new(),
                _ => bytes(removed.size.bytes),
            },
        ),
        styled(DIM, stays),
    ]);
    let mut text = table.render(0);
    if let (Some(gone), Some(branch)) = (&removed.branch_gone, &branch) {
        let merged = match gone.unmerged {
            0 => "all of it is in base or on its remote".to_owned(),
            MOST_COMMITS => format!("at least {MOST_COMMITS} commits of it are not merged"),
            unmerged => format!(
                "{} of it {} not merged",
                count(unmerged, "commit"),
                if unmerged == 1 { "is" } else { "are" }
            ),
        };
        let kept = match gone.kept_as.as_str() {
            "" => String::new(),
            kept => format!("; kept as {kept}"),
        };
        text.push_str(&format!("  branch {branch} too: {merged}{kept}\n"));
    }
    if let Some(kept) = &removed.kept_as {
        text.push_str(&format!("  uncommitted work is kept as {kept}\n"));
    }
    if let Some(incomplete) = &removed.incomplete {
        text.push_str(&format!(
            "  that commit is not complete, the directory is: {}\n",
            tame(incomplete)
        ));
    }
    if !removed.ignored.is_empty() {
        text.push_str(&ignored_line("it", &removed.ignored, removed.more_ignored));
    }
    text
}

pub(super) fn ignored_line(what: &str, ignored: &[Ignored], more: usize) -> String {
    let listed: Vec<String> = ignored.iter().map(ignored_text).collect();
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "  ignored files in {}: {}{more}\n",
        tame(what),
        listed.join(", ")
    )
}

fn ignored_text(ignored: &Ignored) -> String {
    let slash = if ignored.is_dir { "/" } else { "" };
    format!(
        "{}{slash} ({})",
        super::show(&ignored.path),
        bytes(ignored.size.bytes)
    )
}
