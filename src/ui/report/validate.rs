//! The answer of `tracks validate`.

use serde_json::{Value, json};

use super::conflicts::verdict_name;
use super::{count, document, foreseen_json, foreseen_text, path_fields, show, types, with};
use crate::domain::merge::Verdict;
use crate::domain::name::{Side, TrackId};
use crate::domain::project::Severity;
use crate::domain::rule::{Excuse, Finding};
use crate::domain::sync::Foreseen;
use crate::ops::validate::Report;
use crate::ui::style::{BAD, DIM, GOOD, HINT, STRONG, WARN, paint, tame};

pub fn json(report: &Report, ok: bool) -> Value {
    let findings: Vec<Value> = report.findings.iter().map(finding).collect();
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

fn finding(finding: &Finding) -> Value {
    let mut map = match &finding.path {
        Some(path) => path_fields(path),
        None => [("path".to_owned(), Value::Null)].into_iter().collect(),
    };
    let allowed = match &finding.excuse {
        Some(Excuse::Allowed(reason)) => Some(reason),
        Some(Excuse::OnBase) | None => None,
    };
    map.insert("code".to_owned(), json!(finding.code));
    with(
        map,
        json!({
            "severity": finding.severity.as_str(),
            "line": finding.line,
            "commit": finding.commit.map(|commit| commit.to_string()),
            "message": finding.message,
            "fix": finding.fix,
            "other_track": finding.other.as_ref().map(TrackId::as_str),
            "allowed": allowed.is_some(),
            "reason": allowed,
            "on_base": finding.excuse == Some(Excuse::OnBase),
            "refuses": finding.refuses(),
        }),
    )
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
            _ if finding.excuse.is_some() => DIM,
            Severity::Error => BAD,
            Severity::Warning => WARN,
            Severity::Info | Severity::Off => DIM,
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
