//! The answer of `tracks status`.

use serde_json::{Value, json};

use super::mark::{state_cell, state_name};
use super::{document, names, with};
use crate::domain::change::Dirty;
use crate::domain::readiness::Readiness;
use crate::domain::time::{Timestamp, ago};
use crate::ops::status::{Coverage, IntegrationState, Report, Row};
use crate::ui::style::{BAD, DIM, GOOD, HINT, PLAIN, STRONG, WARN, paint, tame};
use crate::ui::table::{Table, cell, styled};

pub fn json(report: &Report) -> Value {
    let integration = &report.integration;
    with(
        document("status", true),
        json!({
            "base": { "branch": report.base.name.as_str(), "commit": report.base.commit.to_string() },
            "integration": {
                "branch": integration.branch.as_str(),
                "commit": integration.commit.map(|id| id.to_string()),
                "behind_base": integration.behind_base,
                "green": integration.green,
                "merged": names(&integration.merged),
            },
            "integration_readiness": match integration.coverage {
                Coverage::None => "none",
                Coverage::Partial => "partial",
                Coverage::Full => "full",
            },
            "tracks": report.rows.iter().map(row_json).collect::<Vec<_>>(),
            "next": report.next.iter().map(|step| format!("{}: {}", step.what, step.command)).collect::<Vec<_>>(),
        }),
    )
}

fn row_json(row: &Row) -> Value {
    json!({
        "track": row.track.as_str(),
        "title": row.title,
        "agent": row.agent,
        "branch": row.branch.as_str(),
        "worktree": row.worktree.as_ref().map(|path| path.display().to_string()),
        "commit": row.commit.map(|id| id.to_string()),
        "ahead": row.ahead,
        "behind": row.behind,
        "dirty": row.dirty.map(|dirty| json!({
            "staged": dirty.staged,
            "unstaged": dirty.unstaged,
            "untracked": dirty.untracked,
            "unmerged": dirty.unmerged,
        })),
        "last_commit": row.last_commit.as_ref().map(|commit| json!({
            "time": commit.time.to_string(),
            "subject": commit.subject,
        })),
        "checks": {
            "passed": row.checks.passed.len(),
            "failed": row.checks.failed.len(),
            "unknown": row.checks.unknown.len(),
        },
        "collisions": names(&row.collisions),
        "conflicts_with_base": row.conflicts_with_base,
        "blockers": [],
        "state": state_name(row.landed, row.declared),
        "readiness": row.readiness.as_str(),
        "missing": row.missing,
        "notes": row.notes,
        "estimated_completion": null,
        "pr": null,
    })
}

pub fn text(report: &Report, now: Timestamp) -> String {
    let base = &report.base;
    let remote = base
        .remote
        .as_ref()
        .map(|remote| format!("{remote}/"))
        .unwrap_or_default();
    let mut text = format!(
        "base {}{} {}   {}\n\n",
        remote,
        paint(STRONG, base.name.as_str()),
        paint(DIM, &base.commit.short()),
        integration(&report.integration)
    );
    if report.rows.is_empty() {
        text.push_str("no tracks yet; add `[track.NAME]` to tracks.toml\n");
        return text;
    }
    let mut table = Table::new(&[
        "TRACK",
        "AGENT",
        "BASE",
        "WORK",
        "CHECKS",
        "COLLIDES WITH",
        "STATE",
        "READINESS",
        "LAST COMMIT",
    ]);
    for row in &report.rows {
        table.row(vec![
            styled(STRONG, row.track.as_str()),
            cell(row.agent.clone().unwrap_or_default()),
            distance(row),
            work(row),
            checks(row),
            collisions(row),
            match row.landed {
                true => cell(""),
                false => state_cell(row.declared),
            },
            readiness(row),
            last_commit(row, now),
        ]);
    }
    text.push_str(&table.render(0));
    for row in &report.rows {
        for note in &row.notes {
            text.push_str(&format!(
                "{} {}: {}\n",
                paint(WARN, "note"),
                row.track,
                tame(note)
            ));
        }
    }
    if !report.next.is_empty() {
        text.push_str("\nnext:\n");
        let mut table = Table::default();
        for step in &report.next {
            table.row(vec![
                styled(HINT, step.command.clone()),
                styled(DIM, step.what.clone()),
            ]);
        }
        text.push_str(&table.render(2));
    }
    text
}

fn integration(state: &IntegrationState) -> String {
    let Some(commit) = state.commit else {
        return format!("{} {}", state.branch, paint(DIM, "(no round yet)"));
    };
    let colour = match state.green {
        Some(true) => paint(GOOD, "green"),
        Some(false) => paint(BAD, "red"),
        None => paint(WARN, "not made by a round here"),
    };
    let coverage = match state.coverage {
        Coverage::None => "has no track's present work",
        Coverage::Partial => "has part of the tracks' present work",
        Coverage::Full => "has all tracks' present work",
    };
    let behind = match state.behind_base {
        None | Some(0) => String::new(),
        Some(behind) => format!(", {behind} behind base"),
    };
    format!(
        "{} {} {colour}, {coverage}{behind}",
        paint(STRONG, state.branch.as_str()),
        paint(DIM, &commit.short())
    )
}

/// Ahead and behind base: "+3 -1".
fn distance(row: &Row) -> crate::ui::table::Cell {
    match (row.ahead, row.behind) {
        (Some(ahead), Some(0)) => cell(format!("+{ahead}")),
        (Some(ahead), Some(behind)) => cell(format!("+{ahead} -{behind}")),
        _ if row.commit.is_none() => styled(WARN, "no branch"),
        _ => styled(WARN, "?"),
    }
}

fn work(row: &Row) -> crate::ui::table::Cell {
    match (&row.worktree, row.dirty) {
        (None, _) => styled(DIM, "no worktree"),
        (Some(_), None) => styled(WARN, "?"),
        (Some(_), Some(dirty)) if dirty.is_clean() => styled(DIM, "clean"),
        (Some(_), Some(dirty)) => styled(WARN, dirty_text(dirty)),
    }
}

fn dirty_text(dirty: Dirty) -> String {
    let parts: Vec<String> = [
        (dirty.unmerged, "unmerged"),
        (dirty.staged, "staged"),
        (dirty.unstaged, "changed"),
        (dirty.untracked, "new"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{number} {what}"))
    .collect();
    parts.join(" ")
}

fn checks(row: &Row) -> crate::ui::table::Cell {
    let checks = &row.checks;
    let all = checks.passed.len() + checks.failed.len() + checks.unknown.len();
    if all == 0 {
        return styled(DIM, "");
    }
    match (checks.failed.len(), checks.unknown.len()) {
        (0, 0) => styled(GOOD, format!("{all} passed")),
        (0, unknown) if unknown == all => styled(DIM, "not run"),
        (0, unknown) => styled(PLAIN, format!("{} of {all} passed", all - unknown)),
        (failed, _) => styled(BAD, format!("{failed} of {all} failed")),
    }
}

fn collisions(row: &Row) -> crate::ui::table::Cell {
    let mut with = names(&row.collisions);
    if row.conflicts_with_base {
        with.insert(0, "base".to_owned());
    }
    styled(BAD, with.join(", "))
}

fn readiness(row: &Row) -> crate::ui::table::Cell {
    let style = match row.readiness {
        Readiness::Ready => GOOD,
        Readiness::Empty => DIM,
        Readiness::Blocked => WARN,
        Readiness::Failing | Readiness::Conflicting => BAD,
    };
    styled(
        style,
        if row.landed {
            "landed"
        } else {
            row.readiness.as_str()
        },
    )
}

fn last_commit(row: &Row, now: Timestamp) -> crate::ui::table::Cell {
    const SUBJECT: usize = 40;
    styled(
        DIM,
        row.last_commit
            .as_ref()
            .filter(|_| row.ahead != Some(0))
            .map(|commit| {
                let subject: String = commit.subject.chars().take(SUBJECT).collect();
                let more = if commit.subject.chars().count() > SUBJECT {
                    "…"
                } else {
                    ""
                };
                format!("{}  {subject}{more}", ago(now.since(commit.time)))
            })
            .unwrap_or_default(),
    )
}
