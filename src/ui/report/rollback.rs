//! The answer of `tracks rollback`.

use serde_json::{Value, json};

use super::land::{pushed, pushed_json};
use super::{document, path_fields, show, types, with};
use crate::ops::rollback::Report;
use crate::ui::style::{BAD, DIM, GOOD, HINT, STRONG, WARN, paint, tame};

pub fn json(report: &Report, ok: bool) -> Value {
    with(document("rollback", ok), body(report))
}

/// What stands in the document of the landing, too, that was taken back at once.
pub(super) fn body(report: &Report) -> Value {
    let tracks: Vec<Value> = (report.tracks.iter())
        .map(
            |landed| json!({ "track": landed.track.as_str(), "commit": landed.commit.to_string() }),
        )
        .collect();
    let conflicts: Vec<Value> = (report.conflicts.iter())
        .map(|conflict| {
            with(
                path_fields(&conflict.path),
                json!({ "types": conflict.types.iter().map(|kind| kind.as_str().to_owned()).collect::<Vec<_>>() }),
            )
        })
        .collect();
    json!({
        "landing": report.landing,
        "dry_run": report.dry_run,
        "base": {
            "branch": report.branch.as_str(),
            "before": report.before.to_string(),
            "after": report.after.to_string(),
        },
        "commit": report.commit.map(|commit| commit.to_string()),
        "tracks": tracks,
        "conflicts": conflicts,
        "nothing": report.nothing,
        "moved": report.moved,
        "pushed": pushed_json(report.pushed.as_ref()),
        "undetermined": report.undetermined,
        "operation": report.operation,
    })
}

pub fn text(report: &Report) -> String {
    let branch = paint(STRONG, report.branch.as_str());
    let landing = &report.landing;
    let mut text = String::new();
    if !report.conflicts.is_empty() {
        text.push_str(&format!(
            "{branch} {}: what came since landing {landing} changes the same lines\n",
            paint(WARN, "was not moved")
        ));
        for conflict in &report.conflicts {
            text.push_str(&format!(
                "  {} {}\n",
                show(&conflict.path),
                paint(DIM, &types(conflict))
            ));
        }
        let command = format!(
            "git revert -m 1 $(git rev-list --first-parent {}..{})",
            report.base_before.short(),
            report.landed.short()
        );
        text.push_str(&format!(
            "next: {}  {}\n",
            paint(HINT, &command),
            paint(DIM, "takes out merge by merge, where you can solve it")
        ));
        return text;
    }
    if report.nothing {
        return format!("{branch} has nothing of landing {landing} any more\n");
    }
    let (before, commit) = (report.before.short(), report.commit);
    let commit = commit.map(|commit| commit.short()).unwrap_or_default();
    let names: Vec<&str> = (report.tracks.iter())
        .map(|landed| landed.track.as_str())
        .collect();
    let names = match names.is_empty() {
        true => format!("landing {landing}"),
        false => format!("{} (landing {landing})", names.join(", ")),
    };
    if report.dry_run {
        return format!("{branch} would move {before} → {commit}, without {names}\n");
    }
    match report.moved {
        true => text.push_str(&format!(
            "{branch} moved {before} → {commit}, {} {names}\n",
            paint(GOOD, "without")
        )),
        false => text.push_str(&format!("{branch} {}\n", paint(BAD, "was not moved"))),
    }
    text.push_str(&pushed(report.pushed.as_ref()));
    for reason in &report.undetermined {
        text.push_str(&format!(
            "{} {}\n",
            paint(WARN, "undetermined:"),
            tame(reason)
        ));
    }
    if report.moved {
        text.push_str(&again(report));
    }
    text
}

/// How what was taken out gets in again.
fn again(report: &Report) -> String {
    let mut text = format!(
        "{} {} still has their commits in its history, so a track lands again only with new ones. To give the same work new ids, in the track's worktree:\n",
        paint(HINT, "note:"),
        report.branch
    );
    let command = format!(
        "git rebase --force-rebase --onto {} {}",
        report.branch,
        report.base_before.short()
    );
    text.push_str(&format!("  {}\n", paint(HINT, &command)));
    text
}
