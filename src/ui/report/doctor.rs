//! The answer of `tracks doctor`.

use serde_json::{Value, json};

use super::wrap::wrapped;
use super::{count, document, with};
use crate::domain::project::Severity;
use crate::ops::doctor::{Finding, Report};
use crate::ui::style::{BAD, DIM, GOOD, STRONG, WARN, paint};

pub fn json(report: &Report) -> Value {
    let findings = report.findings.iter().map(|finding| {
        json!({
            "code": finding.code,
            "severity": finding.severity.as_str(),
            "message": finding.message,
            "fix": finding.fix,
        })
    });
    with(
        document("doctor", !report.has_errors()),
        json!({
            "findings": findings.collect::<Vec<_>>(),
            "looked_at": report.looked_at,
        }),
    )
}

/// `width`: columns that lines have.
pub fn text(report: &Report, width: usize) -> String {
    let mut text: String = (report.findings.iter())
        .map(|it| finding(it, width))
        .collect();
    let looked = format!("looked at {}", report.looked_at.join(", "));
    let of = |severity: Severity, noun: &str| {
        let found = report.findings.iter().filter(|it| it.severity == severity);
        match found.count() {
            0 => None,
            number => Some(count(number, noun)),
        }
    };
    let found: Vec<String> = [
        of(Severity::Error, "error"),
        of(Severity::Warning, "warning"),
        of(Severity::Info, "note"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let lead = match found.is_empty() {
        true => "everything is fine".to_owned(),
        false => found.join(", "),
    };
    let style = match () {
        () if report.has_errors() => BAD,
        () if found.is_empty() => GOOD,
        () => STRONG,
    };
    text.push_str(&format!("{}; {looked}\n", paint(style, &lead)));
    text
}

fn finding(finding: &Finding, width: usize) -> String {
    let (word, style) = match finding.severity {
        Severity::Error => ("error", BAD),
        Severity::Warning => ("warning", WARN),
        Severity::Info | Severity::Off => ("note", DIM),
    };
    let lead = word.len() + 1 + finding.code.len() + 1;
    format!(
        "{} {} {}\n  {} {}\n",
        paint(style, word),
        paint(STRONG, finding.code),
        wrapped(lead, &finding.message, width),
        paint(DIM, "fix:"),
        wrapped(7, &finding.fix, width)
    )
}
