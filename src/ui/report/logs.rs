//! The answer of `tracks check --logs`.

use serde_json::{Value, json};

use super::{document, with};
use crate::domain::check::Outcome;
use crate::domain::time::ago;
use crate::ops::logs::Report;
use crate::ui::style::{BAD, DIM, GOOD, WARN};
use crate::ui::table::{Table, cell, styled};

pub fn json(report: &Report) -> Value {
    let logs = report.logs.iter().map(|log| {
        json!({
            "track": log.side,
            "check": log.check,
            "outcome": log.outcome.map(Outcome::as_str),
            "time": log.written.to_string(),
            "age_seconds": report.now.since(log.written).as_secs(),
            "log": log.path.display().to_string(),
        })
    });
    with(
        document("check-logs", true),
        json!({ "logs": logs.collect::<Vec<_>>() }),
    )
}

pub fn text(report: &Report) -> String {
    if report.logs.is_empty() {
        return "no log is kept yet\n".to_owned();
    }
    let mut table = Table::default();
    for log in &report.logs {
        let style = match log.outcome {
            Some(Outcome::Passed) => GOOD,
            Some(outcome) if outcome.is_red() => BAD,
            Some(Outcome::CouldNotRun) => WARN,
            _ => DIM,
        };
        let outcome = log.outcome.map_or("unknown", Outcome::as_str);
        table.row(vec![
            styled(style, outcome),
            cell(log.side.clone()),
            cell(log.check.clone()),
            cell(ago(report.now.since(log.written))),
            styled(DIM, log.path.display().to_string()),
        ]);
    }
    table.render(0)
}
