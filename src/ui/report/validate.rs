//! The answer of `tracks validate`.

use serde_json::{Value, json};

use super::conflicts::verdict_name;
use super::{count, document, foreseen_json, foreseen_text, show, types, with};
use crate::domain::merge::Verdict;
use crate::domain::name::Side;
use crate::domain::sync::Foreseen;
use crate::ops::validate::{FindingSeverity, Report};
use crate::ui::style::{BAD, DIM, GOOD, HINT, STRONG, WARN, paint, tame};

pub fn json(report: &Report, ok: bool) -> Value {
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            json!({
                "code": finding.code,
                "severity": severity(finding.severity),
                "path": null,
                "line": null,
                "message": finding.message,
                "fix": finding.fix,
                "other_track": null,
                "allowed": false,
            })
        })
        .collect();
    with(
        document("validate", ok),
        json!({
            "track": report.track.as_str(),
            "base": report.base.commit.to_string(),
            "head": report.head.to_string(),
            "findings": findings,
            "merges": {
                "base": verdict_name(&report.with_base),
                "integration": report.with_integration.as_ref().map(verdict_name),
            },
            "foreseen": {
                "base": report.foreseen.get(&Side::Base).map(foreseen_json),
                "integration": report.foreseen.get(&Side::Integration).map(foreseen_json),
            },
            "checks": [],
            "verdict": match (report.refused(), report.undetermined()) {
                (true, _) => Some("refuse"),
                (false, true) => None,
                (false, false) => Some("pass"),
            },
            "reasons": report.reasons(),
            "notes": report.notes,
        }),
    )
}

fn severity(severity: FindingSeverity) -> &'static str {
    match severity {
        FindingSeverity::Error => "error",
        FindingSeverity::Warning => "warning",
    }
}

pub fn text(report: &Report) -> String {
    let mut text = format!(
        "track {} at {} against {} {}\n",
        paint(STRONG, report.track.as_str()),
        paint(DIM, &report.head.short()),
        report.base.name,
        paint(DIM, &report.base.commit.short()),
    );
    for finding in &report.findings {
        let style = match finding.severity {
            FindingSeverity::Error => BAD,
            FindingSeverity::Warning => WARN,
        };
        text.push_str(&format!(
            "  {} {}\n          {} {}\n",
            paint(style, finding.code),
            tame(&finding.message),
            paint(HINT, "fix:"),
            tame(&finding.fix),
        ));
    }
    let foreseen = |side| report.foreseen.get(&side);
    text.push_str(&merge("base", &report.with_base, foreseen(Side::Base)));
    if let Some(verdict) = &report.with_integration {
        let foreseen = foreseen(Side::Integration);
        text.push_str(&merge("integration", verdict, foreseen));
    }
    for note in &report.notes {
        text.push_str(&format!("  {} {note}\n", paint(WARN, "note")));
    }
    text.push_str(&match (report.refused(), report.undetermined()) {
        (true, _) => paint(BAD, "refused"),
        (false, true) => paint(WARN, "could not be determined"),
        (false, false) => paint(GOOD, "passed"),
    });
    text.push('\n');
    text
}

fn merge(with: &str, verdict: &Verdict, foreseen: Option<&Foreseen>) -> String {
    match verdict {
        Verdict::Clean => format!("  {} merges clean with {with}\n", paint(GOOD, "ok")),
        Verdict::Unavailable(reason) => {
            format!(
                "  {} merge with {with}: {}\n",
                paint(WARN, "unavailable"),
                tame(reason)
            )
        }
        Verdict::Conflict(conflicts) => {
            let style = if foreseen.is_some() { WARN } else { BAD };
            let mut text = format!(
                "  {} with {with} in {}\n",
                paint(style, "conflict"),
                count(conflicts.len(), "path")
            );
            for conflict in conflicts {
                text.push_str(&format!(
                    "    {}  {}\n",
                    show(&conflict.path),
                    paint(DIM, &types(conflict))
                ));
            }
            if let Some(foreseen) = foreseen {
                let how = foreseen_text(foreseen);
                text.push_str(&format!("    a round resolves it: {how}\n"));
            }
            text
        }
    }
}
