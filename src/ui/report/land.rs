//! The answer of `tracks land`.

use serde_json::{Value, json};

use super::check::{run_json, runs};
use super::{document, failures, names, rollback, sync, with};
use crate::domain::sync::Stale;
use crate::ops::base::Pushed;
use crate::ops::land::{Refusal, Report};
use crate::ui::Workflow;
use crate::ui::style::{BAD, DIM, GOOD, HINT, STRONG, WARN, paint, tame};
use crate::ui::table::{Table, styled};

pub fn json(report: &Report, ok: bool) -> Value {
    with(document("land", ok), body(report))
}

fn body(report: &Report) -> Value {
    let tracks: Vec<Value> = (report.tracks.iter())
        .map(|merged| {
            json!({
                "track": merged.track.as_str(),
                "commit": merged.commit.to_string(),
                "merge_commit": merged.merge_commit.to_string(),
            })
        })
        .collect();
    json!({
        "dry_run": report.dry_run,
        "base": {
            "branch": report.branch.as_str(),
            "before": report.before.to_string(),
            "after": report.after.to_string(),
        },
        "integration": report.integration.map(|id| id.to_string()),
        "round": report.round,
        "stale": report.stale.as_ref().map(stale),
        "synced": report.synced.as_ref().map(|round| sync::json(round, !round.found())),
        "tracks": tracks,
        "checks": report.checks.iter().map(run_json).collect::<Vec<_>>(),
        "refused": report.refusal.as_ref().map(refusal),
        "moved": report.moved,
        "proposed": report.proposed,
        "pushed": pushed_json(report.pushed.as_ref()),
        "after": report.tried.iter().map(run_json).collect::<Vec<_>>(),
        "rollback": report.rollback.as_ref().map(|rollback| rollback::body(rollback)),
        "undetermined": report.undetermined,
        "operation": report.operation,
        "earlier": report.earlier.as_ref().map(|report| body(report)),
    })
}

fn refusal(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Landed => "landed",
        Refusal::Stale(_) => "stale",
        Refusal::Round => "round",
        Refusal::Red => "red",
        Refusal::Undetermined => "undetermined",
        Refusal::Interrupted => "interrupted",
        Refusal::Push => "push",
        Refusal::Earlier => "earlier",
    }
}

/// Why what is integrated cannot land as it is.
fn stale(stale: &Stale) -> String {
    match stale {
        Stale::NoRound => "there was no round yet".to_owned(),
        Stale::BranchMoved => {
            "the integration branch is not where the last round put it".to_owned()
        }
        Stale::NotGreen => "the last round is not known to be green".to_owned(),
        Stale::BaseMoved => "base has moved since the last round".to_owned(),
        Stale::Unlawful(tracks) => {
            let verb = match tracks.len() {
                1 => "breaks",
                _ => "break",
            };
            let tracks = names(tracks).join(", ");
            format!("{tracks} {verb} a rule now, which was not so in the last round")
        }
        Stale::TracksMoved(tracks) => {
            let verb = match tracks.len() {
                1 => "has",
                _ => "have",
            };
            format!(
                "{} {verb} moved since the last round",
                names(tracks).join(", ")
            )
        }
    }
}

pub(super) fn pushed_json(pushed: Option<&Pushed>) -> Value {
    match pushed {
        None => Value::Null,
        Some(pushed) => json!({
            "remote": pushed.remote,
            "branch": pushed.branch.as_str(),
            "ok": pushed.result.is_ok(),
            "message": pushed.result.as_ref().err(),
        }),
    }
}

pub(super) fn pushed(pushed: Option<&Pushed>) -> String {
    match pushed {
        None => String::new(),
        Some(Pushed {
            remote,
            branch,
            result: Ok(()),
        }) => format!("pushed to {remote}/{branch}\n"),
        Some(Pushed {
            remote,
            branch,
            result: Err(message),
        }) => format!(
            "{} {remote} did not take {branch}: {}\n",
            paint(BAD, "error:"),
            tame(message)
        ),
    }
}

/// `workflow`: the one whose log the answer goes to.
pub fn text(report: &Report, workflow: Option<&Workflow>) -> String {
    let mut text = String::new();
    if let Some(earlier) = &report.earlier {
        text.push_str("the landing before was cut off; first, what was left of it\n\n");
        text.push_str(&self::text(earlier, workflow));
        text.push('\n');
    }
    if let (Some(why), Some(round)) = (&report.stale, &report.synced) {
        text.push_str(&format!("a round first: {}\n\n", stale(why)));
        text.push_str(&sync::text(round, workflow));
        text.push('\n');
    }
    if !report.checks.is_empty() {
        text.push_str("checks before landing\n");
        text.push_str(&runs(&report.checks));
        text.push_str(&failures::text(&report.checks, workflow));
        text.push('\n');
    }
    text.push_str(&verdict(report));
    text.push_str(&pushed(report.pushed.as_ref()));
    if report.proposed {
        let branch = report
            .pushed
            .as_ref()
            .map(|pushed| pushed.branch.to_string());
        text.push_str(&format!(
            "next: open a pull request from {} into {}; its tracks show as landed when that has them\n",
            branch.unwrap_or_default(),
            report.branch
        ));
    }
    if !report.tried.is_empty() {
        text.push_str("\nafter landing\n");
        text.push_str(&runs(&report.tried));
        text.push_str(&failures::text(&report.tried, workflow));
    }
    for reason in &report.undetermined {
        text.push_str(&format!(
            "{} {}\n",
            paint(WARN, "undetermined:"),
            tame(reason)
        ));
    }
    match &report.rollback {
        Some(rollback) => {
            text.push('\n');
            text.push_str(&rollback::text(rollback));
        }
        None if report.tried_red => text.push_str(&offer(report)),
        None => {}
    }
    text
}

fn offer(report: &Report) -> String {
    let mut command = match &report.operation {
        Some(operation) => format!("tracks rollback {operation}"),
        None => "tracks rollback".to_owned(),
    };
    if matches!(&report.pushed, Some(Pushed { result: Ok(()), .. })) {
        command.push_str(" --push");
    }
    format!(
        "next: {}  {}\n",
        paint(HINT, &command),
        paint(DIM, "takes the landing back")
    )
}

/// What became of base, in one line, and what has landed.
fn verdict(report: &Report) -> String {
    let branch = paint(STRONG, report.branch.as_str());
    let unmoved = |why: &str| format!("{branch} {}: {why}\n", paint(WARN, "was not moved"));
    let commit = report.integration.map(|id| id.short()).unwrap_or_default();
    let before = report.before.short();
    match &report.refusal {
        Some(Refusal::Landed) => {
            return format!("nothing to land: {branch} has all that is integrated\n");
        }
        Some(Refusal::Stale(why)) => {
            return format!(
                "{}next: {}\n",
                unmoved(&stale(why)),
                paint(HINT, "tracks sync")
            );
        }
        Some(Refusal::Round) => return unmoved("the round has made nothing that could land"),
        Some(Refusal::Red) => return unmoved(&format!("{commit} is {}", paint(BAD, "red"))),
        Some(Refusal::Undetermined) => return unmoved("something could not be determined"),
        Some(Refusal::Interrupted) => return unmoved("the landing was interrupted"),
        Some(Refusal::Earlier) => {
            return unmoved("what follows the landing before has to be through first");
        }
        Some(Refusal::Push) => {
            return format!(
                "{}next: {}  {}\n      {}  {}\n",
                unmoved("the remote did not take it, so it does not land here either"),
                paint(HINT, "tracks land --push"),
                paint(DIM, "fetches, and has a round on what is there now"),
                paint(HINT, "tracks land --push-only BRANCH"),
                paint(DIM, "where base is protected"),
            );
        }
        None if report.dry_run => {}
        None if report.proposed => return unmoved(&format!("{commit} waits on the remote")),
        None => {}
    }
    let mut text = match report.dry_run {
        true => format!("{branch} would move {before} → {commit}\n"),
        false => format!("{branch} moved {before} → {commit}\n"),
    };
    let mut table = Table::default();
    for merged in &report.tracks {
        table.row(vec![
            match report.dry_run {
                true => styled(DIM, "lands"),
                false => styled(GOOD, "landed"),
            },
            styled(STRONG, merged.track.as_str()),
            styled(DIM, merged.commit.short()),
        ]);
    }
    text.push_str(&table.render(2));
    text
}
