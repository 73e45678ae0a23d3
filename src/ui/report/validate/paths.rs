//! The answer of `tracks validate --stdin-paths`.

use serde_json::{Value, json};

use super::super::{count, document, with};
use super::text::finding;
use crate::ops::validate::paths::Report;
use crate::ui::style::{BAD, GOOD, WARN, paint, tame};

pub fn json(report: &Report, ok: bool) -> Value {
    let findings: Vec<Value> = report.findings.iter().map(super::finding).collect();
    with(
        document("validate-paths", ok),
        json!({
            "track": report.track.as_str(),
            "paths": report.paths,
            "findings": findings,
            "outside": report.outside,
            "verdict": super::verdict(report.refused(), false),
        }),
    )
}

pub fn text(report: &Report, width: usize) -> String {
    let mut text: String = (report.findings.iter())
        .map(|it| finding(it, width))
        .collect();
    for path in &report.outside {
        let note = format!("{} is not in this worktree", tame(path));
        text.push_str(&format!("  {} {note}\n", paint(WARN, "note")));
    }
    let word = match report.refused() {
        true => paint(BAD, "refused"),
        false => paint(GOOD, "passed"),
    };
    let number = count(report.paths, "path");
    text.push_str(&format!("{word}: {number} for track {}\n", report.track));
    text
}
