//! The answer of `tracks check`.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{count, document, failures, figures, timing, with};
use crate::domain::check::why::Why;
use crate::domain::check::{Outcome, Run, Summary};
use crate::ops::check::Report;
use crate::ops::profile::Choice;
use crate::ui::Workflow;
use crate::ui::style::{BAD, DIM, GOOD, WARN, paint, tame};
use crate::ui::table::{Table, cell, styled};

pub fn json(report: &Report, ok: bool) -> Value {
    let timing = &report.timing;
    let mut head = document("check", ok);
    if let Some(unaffected) = report.unaffected {
        head.insert("unaffected".to_owned(), json!(unaffected));
    }
    with(
        head,
        json!({
            "profile": report.profile.as_ref().map(profile_json),
            "runs": runs_json(report),
            "summary": summary_json(&report.summary, figures::score_of(&report.runs)),
            "wall_seconds": timing.wall.as_secs_f64(),
            "sequential_seconds": timing.sequential.as_secs_f64(),
            "lower_bound_seconds": timing.lower_bound.as_secs_f64(),
            "speedup": timing.speedup(),
            "efficiency_ratio": timing.efficiency(),
            "overhead_seconds": timing.overhead().as_secs_f64(),
        }),
    )
}

/// The profile that counted, as in `check` and `sync`.
pub(super) fn profile_json(choice: &Choice) -> Value {
    json!({ "name": choice.profile.as_str(), "reason": choice.reason })
}

fn runs_json(report: &Report) -> Vec<Value> {
    let mut runs: Vec<Value> = report.runs.iter().map(run_json).collect();
    for (run, why) in runs.iter_mut().zip(&report.why) {
        run["why"] = json!(why.to_string());
    }
    runs
}

/// One run, as in `check`, `validate` and `sync`.
pub fn run_json(run: &Run) -> Value {
    let fields = json!({
        "check": run.check.as_str(),
        "track": run.side.to_string(),
        "tree": run.tree.map(|tree| tree.to_string()),
        "outcome": run.outcome.as_str(),
        "cached": run.cached,
        "flaky": run.flaky,
        "allow_failure": run.allow_failure,
        "attempts": run.attempts,
        "exit_status": run.exit_status,
        "seconds": run.wall.as_secs_f64(),
        "cpu_seconds": run.cpu.map(|cpu| cpu.as_secs_f64()),
        "peak_memory_bytes": run.peak_memory,
        "log": run.log.as_ref().map(|log| log.display().to_string()),
        "note": run.note,
    });
    with(object(fields), figures::run_fields(run).into())
}

fn summary_json(summary: &Summary, score: Option<f64>) -> Value {
    let counts = json!({
        "passed": summary.passed,
        "failed": summary.failed,
        "could_not_run": summary.could_not_run,
        "skipped": summary.skipped,
        "cached": summary.cached,
        "flaky": summary.flaky,
    });
    let mut fields = object(counts);
    if let Some(score) = score {
        fields.insert("score".to_owned(), json!(score));
    }
    fields.into()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// `workflow`: the one whose log the answer goes to.
pub fn text(report: &Report, workflow: Option<&Workflow>) -> String {
    if report.nothing_to_run {
        return "no check applies to these tracks; checks are defined as [check.NAME] in tracks.toml\n"
            .to_owned();
    }
    let mut text = String::new();
    if !report.runs.is_empty() {
        text.push_str(&explained(&report.runs, &report.why));
        text.push_str(&failures::text(&report.runs, workflow));
        text.push('\n');
        text.push_str(&failures::flaky(&report.runs));
        text.push_str(&summary(&report.summary, figures::score_of(&report.runs)));
        text.push_str(&timing::figures(&report.timing, &report.runs));
    }
    if let Some(number) = report.unaffected.filter(|number| *number > 0) {
        let left_out = count(number, "check");
        text.push_str(&format!(
            "{left_out} left out: their tracks change nothing that they read\n"
        ));
    }
    text
}

/// A table of runs, with their numbers and tests.
pub(super) fn runs(runs: &[Run]) -> String {
    explained(runs, &[])
}

/// As [`runs`]; where there are reasons, there is one for each.
fn explained(runs: &[Run], why: &[Why]) -> String {
    let mut table = Table::default();
    for (index, run) in runs.iter().enumerate() {
        let (style, word) = outcome(run);
        let mut remarks = Vec::new();
        if let Some(why) = why.get(index) {
            remarks.push(tame(&why.to_string()));
        } else if run.cached {
            remarks.push("passed before on the same tree".to_owned());
        }
        if run.flaky {
            remarks.push(format!("flaky: {} attempts", run.attempts));
        }
        if let Some(status) = run.exit_status.filter(|status| *status != 0) {
            remarks.push(format!("exit status {status}"));
        }
        if run.leaked {
            remarks.push(failures::LEAKED.to_owned());
        }
        remarks.extend(run.note.as_deref().map(tame));
        if run.outcome.is_red() && run.allow_failure {
            remarks.push("allowed".to_owned());
        }
        table.row(vec![
            styled(style, word),
            cell(run.side.to_string()),
            cell(run.check.to_string()),
            styled(
                DIM,
                if run.cached || run.attempts == 0 {
                    String::new()
                } else {
                    seconds(run.wall)
                },
            ),
            styled(DIM, remarks.join(", ")),
        ]);
    }
    table.render(0) + &figures::lines(runs)
}

fn summary(summary: &Summary, score: Option<f64>) -> String {
    let mut parts = vec![paint(GOOD, &format!("{} passed", summary.passed))];
    let mut part = |number: usize, style, what: &str| {
        if number > 0 {
            parts.push(paint(style, &format!("{number} {what}")));
        }
    };
    part(summary.failed - summary.allowed, BAD, "failed");
    part(summary.allowed, WARN, "failed as allowed");
    part(summary.could_not_run, WARN, "could not run");
    part(summary.skipped, DIM, "skipped");
    part(summary.cached, DIM, "of them known from before");
    part(summary.flaky, WARN, "flaky");
    parts.extend(score.map(|score| format!("score {}", figures::score_text(score))));
    let total = summary.passed + summary.failed + summary.could_not_run + summary.skipped;
    format!("{}: {}\n", count(total, "check"), parts.join(", "))
}

fn outcome(run: &Run) -> (anstyle::Style, &'static str) {
    let style = match run.outcome {
        Outcome::Passed => GOOD,
        Outcome::Failed | Outcome::TimedOut | Outcome::Stalled if !run.allow_failure => BAD,
        Outcome::Skipped | Outcome::Cancelled => DIM,
        Outcome::Failed | Outcome::TimedOut | Outcome::Stalled | Outcome::CouldNotRun => WARN,
    };
    (style, run.outcome.as_str())
}

pub(in crate::ui) fn outcome_text(run: &Run) -> String {
    let (style, word) = outcome(run);
    paint(style, word)
}

/// "0.4s", "12s", "3m 05s".
pub(in crate::ui) fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1}s", duration.as_secs_f64()),
        10..60 => format!("{seconds}s"),
        _ => format!("{}m {:02}s", seconds / 60, seconds % 60),
    }
}
