//! The answer of `tracks sync`.

use serde_json::{Value, json};

use super::check::{profile_json, run_json, runs};
use super::{count, document, failures, names, resolved_json, show, side_names, with};
use crate::domain::name::Side;
use crate::domain::revision::CommitId;
use crate::domain::sync::{Blamed, Ejected, Resolved, ResolvedBy, Why, overdue_text};
use crate::ops::overdue::Overdue;
use crate::ops::sync::Report;
use crate::store::Merged;
use crate::ui::Workflow;
use crate::ui::style::{BAD, DIM, GOOD, HINT, STRONG, WARN, paint, tame};
use crate::ui::table::{Table, cell, styled};

pub fn json(report: &Report, ok: bool) -> Value {
    let id = |id: Option<CommitId>| id.map(|id| id.to_string());
    let merged: Vec<Value> = report.merged.iter().map(merged_json).collect();
    with(
        document("sync", ok),
        json!({
            "round": report.round,
            "dry_run": report.dry_run,
            "profile": report.profile.as_ref().map(profile_json),
            "candidate": id(report.candidate),
            "integration": {
                "branch": report.branch.as_str(),
                "before": id(report.before),
                "after": id(report.after),
            },
            "base": report.base.commit.to_string(),
            "base_red": report.base_red.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "merged": merged,
            "ejected": report.ejected.iter().map(ejected_json).collect::<Vec<_>>(),
            "empty": names(&report.empty),
            "culprits": report.blamed.iter().map(blamed_json).collect::<Vec<_>>(),
            "notes": report.notes,
            "checks": report.checks.iter().map(run_json).collect::<Vec<_>>(),
            "quorum": {
                "needed": report.quorum.needed,
                "have": report.quorum.have,
                "met": report.quorum.met(),
                "missing": names(&report.quorum.missing),
            },
            "green": report.green,
            "undetermined": report.undetermined,
            "dirty": names(&report.dirty),
            "overdue": report.overdue.iter().map(overdue_json).collect::<Vec<_>>(),
            "replaced": report.rescued,
            "pushed": report.pushed.as_ref().map(Result::is_ok),
            "moved": report.moved,
            "operation": report.operation,
        }),
    )
}

fn merged_json(merged: &Merged) -> Value {
    let mut json = json!({
        "track": merged.track.as_str(),
        "commit": merged.commit.to_string(),
        "merge_commit": merged.merge_commit.to_string(),
        "held": merged.held.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "resolved": merged.resolved.iter().map(resolved_json).collect::<Vec<_>>(),
        "notes": merged.notes,
    });
    if let Some(reason) = &merged.held_because {
        json["held_because"] = json!(reason);
    }
    json
}

fn blamed_json(blamed: &Blamed) -> Value {
    json!({
        "check": blamed.check.as_str(),
        "tracks": names(&blamed.tracks),
        "out": blamed.loser.as_str(),
        "confirmed": blamed.confirmed,
        "judged": blamed.judged,
    })
}

fn overdue_json(overdue: &Overdue) -> Value {
    json!({
        "track": overdue.track.as_str(),
        "seconds": overdue.age.as_secs(),
        "max_age_seconds": overdue.max_age.as_secs(),
    })
}

fn ejected_json(ejected: &Ejected) -> Value {
    json!({
        "track": ejected.track.as_str(),
        "why": ejected.why.as_str(),
        "with": side_names(&ejected.with),
        "paths": ejected.paths.iter().map(|path| path.lossy().into_owned()).collect::<Vec<_>>(),
        "check": ejected.check.as_ref().map(ToString::to_string),
        "reason": ejected.reason,
    })
}

/// `workflow`: the one whose log the answer goes to.
pub fn text(report: &Report, workflow: Option<&Workflow>) -> String {
    let mut text = format!(
        "round {} on {} {}{}\n",
        report.round,
        paint(STRONG, report.base.name.as_str()),
        paint(DIM, &report.base.commit.short()),
        if report.dry_run {
            ", a dry run: nothing is changed and no check runs"
        } else {
            ""
        },
    );
    text.push_str(&tracks(report));
    if !report.checks.is_empty() {
        text.push_str("\nchecks on the candidate\n");
        text.push_str(&runs(&report.checks));
        text.push_str(&failures::text(&report.checks, workflow));
    }
    text.push('\n');
    text.push_str(&verdict(report));
    text.push_str(&asides(report));
    text
}

fn tracks(report: &Report) -> String {
    let mut table = Table::default();
    // What was resolved, by the row below which it stands.
    let mut details: Vec<&[Resolved]> = Vec::new();
    for merged in &report.merged {
        details.push(&merged.resolved);
        table.row(vec![
            styled(GOOD, "merged"),
            styled(STRONG, merged.track.as_str()),
            styled(DIM, merged.commit.short()),
        ]);
        if let Some(reason) = &merged.held_because {
            let held = count(merged.held.len(), "newer commit");
            details.push(&[]);
            table.row(vec![
                styled(BAD, "held back"),
                styled(STRONG, merged.track.as_str()),
                cell(format!("{held}: {reason}")),
            ]);
        }
    }
    for ejected in &report.ejected {
        let word = match ejected.why {
            Why::NotAdmitted => styled(DIM, "left out"),
            _ => styled(BAD, "ejected"),
        };
        table.row(vec![
            word,
            styled(STRONG, ejected.track.as_str()),
            cell(ejected.reason.clone()),
        ]);
    }
    for track in &report.empty {
        table.row(vec![
            styled(DIM, "empty"),
            styled(STRONG, track.as_str()),
            styled(DIM, "no work of its own"),
        ]);
    }
    let rows = table.render(2);
    let mut text = String::new();
    for (index, row) in rows.lines().enumerate() {
        text.push_str(row);
        text.push('\n');
        for resolved in details.get(index).copied().unwrap_or_default() {
            text.push_str(&format!("    {}\n", paint(DIM, &resolved_line(resolved))));
        }
    }
    text
}

/// `resolved CHANGELOG.md by union (rule)`, `resolved a.txt by recorded 12ab34 (adapted)`.
fn resolved_line(resolved: &Resolved) -> String {
    let (path, strategy) = (show(&resolved.path), &resolved.strategy);
    let how = match (&resolved.by, resolved.exact) {
        (ResolvedBy::Rule, _) => " (rule)".to_owned(),
        (ResolvedBy::Recorded(id) | ResolvedBy::Decision(id), true) => format!(" {id}"),
        (ResolvedBy::Recorded(id) | ResolvedBy::Decision(id), false) => format!(" {id} (adapted)"),
    };
    format!("resolved {path} by {strategy}{how}")
}

/// What became of the integration branch, in one line, and what to do about it.
fn verdict(report: &Report) -> String {
    let branch = paint(STRONG, report.branch.as_str());
    let unmoved = |why: &str| format!("{branch} {}: {why}\n", paint(WARN, "was not moved"));
    let candidate = report.candidate.map(|id| id.short()).unwrap_or_default();
    if report.dry_run {
        return match report.candidate {
            Some(_) => format!("the candidate would be {candidate}\n"),
            None => "the candidate is not known before something is run\n".to_owned(),
        };
    }
    if report.interrupted {
        return unmoved("the round was interrupted");
    }
    if !report.base_red.is_empty() {
        let checks: Vec<String> = report.base_red.iter().map(ToString::to_string).collect();
        return unmoved(&format!(
            "{} on base itself ({}), so no track is to blame; mend base first",
            paint(BAD, "red"),
            checks.join(", ")
        ));
    }
    if !report.quorum.met() {
        return unmoved(&quorum(report));
    }
    if report.no_checks {
        return unmoved(&format!(
            "--no-checks leaves the candidate {candidate} at refs/tracks/candidate"
        ));
    }
    match report.green {
        Some(true) if report.undetermined.is_empty() => moved(report, &branch, &candidate),
        Some(false) if report.undetermined.is_empty() => unmoved("the candidate is red"),
        _ if report.undetermined.is_empty() => {
            unmoved("a conflict stops the round (`on_conflict = \"stop\"`)")
        }
        _ => unmoved("something could not be determined"),
    }
}

fn moved(report: &Report, branch: &str, candidate: &str) -> String {
    let unchecked = if report.nothing_checked {
        paint(
            WARN,
            ", but nothing was checked: no check has \"integration\" in its `when`",
        )
    } else {
        String::new()
    };
    let green = paint(GOOD, "green");
    match report.before {
        Some(before) if report.moved => {
            format!(
                "{branch} moved {} → {candidate}, {green}{unchecked}\n",
                before.short()
            )
        }
        None if report.moved => format!("{branch} made at {candidate}, {green}{unchecked}\n"),
        _ => format!("{branch} is up to date at {candidate}, {green}{unchecked}\n"),
    }
}

fn quorum(report: &Report) -> String {
    let quorum = &report.quorum;
    if let Some(needed) = quorum.needed.filter(|needed| quorum.have < *needed) {
        return format!("{} of at least {needed} tracks fit", quorum.have);
    }
    format!("required but not in: {}", names(&quorum.missing).join(", "))
}

fn asides(report: &Report) -> String {
    let mut text = String::new();
    for merged in &report.merged {
        for note in &merged.notes {
            text.push_str(&format!(
                "{} {}: {}\n",
                paint(HINT, "note:"),
                merged.track,
                tame(note)
            ));
        }
    }
    for note in &report.notes {
        text.push_str(&format!("{} {}\n", paint(HINT, "note:"), tame(note)));
    }
    for reason in &report.undetermined {
        text.push_str(&format!(
            "{} {}\n",
            paint(WARN, "undetermined:"),
            tame(reason)
        ));
    }
    if !report.dirty.is_empty() {
        text.push_str(&format!(
            "{} uncommitted work of {} is not in this round; only commits are\n",
            paint(HINT, "note:"),
            names(&report.dirty).join(", ")
        ));
    }
    for overdue in &report.overdue {
        text.push_str(&format!(
            "{} {} is {}\n",
            paint(WARN, "note:"),
            overdue.track,
            overdue_text(overdue.age, overdue.max_age)
        ));
    }
    if let Some(name) = &report.rescued {
        text.push_str(&format!(
            "{} {} had commits that no round made here; they are kept at {name}\n",
            paint(WARN, "warning:"),
            report.branch
        ));
    }
    match &report.pushed {
        Some(Ok(())) => text.push_str("pushed\n"),
        Some(Err(error)) => {
            text.push_str(&format!(
                "{} not pushed: {}\n",
                paint(BAD, "error:"),
                tame(error)
            ));
        }
        None => {}
    }
    text.push_str(&next(report));
    text
}

/// What to do about those that stayed out for a conflict, or for a rule.
fn next(report: &Report) -> String {
    let mut table = Table::default();
    for ejected in &report.ejected {
        if ejected.why == Why::Rule {
            table.row(vec![
                cell("next:"),
                styled(HINT, format!("tracks validate {}", ejected.track)),
                styled(DIM, "shows the rules that keep it out, and the way out"),
            ]);
        }
        if ejected.why != Why::Conflict || ejected.paths.is_empty() {
            continue;
        }
        let Some(other) = ejected.with.first() else {
            continue;
        };
        let track = ejected.track.as_str();
        let first = ejected.paths.first().map(show).unwrap_or_default();
        let (look, resolve) = match other {
            Side::Track(other) => (
                format!("tracks conflicts {other} {track}"),
                format!("tracks resolve {other} {track}"),
            ),
            _ => (
                format!("tracks validate {track}"),
                format!("tracks resolve {track}"),
            ),
        };
        for (command, what) in [
            (look, format!("shows {first}")),
            (resolve, "solves it, once for every later round".to_owned()),
        ] {
            table.row(vec![
                cell("next:"),
                styled(HINT, command),
                styled(DIM, what),
            ]);
        }
    }
    table.render(0)
}
