//! The answer of `tracks validate`: for people (`text`), for programs (here), and in the formats of other tools.

pub mod github;
pub mod gitlab;
pub mod hook;
pub mod junit;
pub mod paths;
mod problem;
pub mod sarif;
#[cfg(test)]
mod testing;
mod text;

use serde_json::{Map, Value, json};

use super::check::run_json;
use super::conflicts::verdict_name;
use super::{document, foreseen_json, path_fields, with};
use crate::domain::deliverable::Delivery;
use crate::domain::name::{Side, TrackId};
use crate::domain::rule::{Excuse, Finding};
use crate::ops::validate::{Judged, Mending, Report};

pub use text::text;

pub fn json(report: &Report, ok: bool) -> Value {
    let head = document("validate", ok);
    match (report.all, report.tracks.as_slice()) {
        (false, [judged]) => {
            let mut fields = judged_json(report, judged);
            let mut notes = judged.notes.clone();
            notes.extend(report.notes.iter().cloned());
            fields.insert("notes".to_owned(), json!(notes));
            with(head, fields.into())
        }
        _ => {
            let tracks: Vec<Value> = report
                .tracks
                .iter()
                .map(|judged| judged_json(report, judged).into())
                .collect();
            with(
                head,
                json!({
                    "base": report.base.commit.to_string(),
                    "tracks": tracks,
                    "verdict": verdict(report.refused(), report.undetermined()),
                    "notes": report.notes,
                }),
            )
        }
    }
}

fn verdict(refused: bool, undetermined: bool) -> Option<&'static str> {
    match (refused, undetermined) {
        (true, _) => Some("refuse"),
        (false, true) => None,
        (false, false) => Some("pass"),
    }
}

fn judged_json(report: &Report, judged: &Judged) -> Map<String, Value> {
    let findings: Vec<Value> = judged.findings.iter().map(finding).collect();
    let deliverables: Vec<Value> = judged.deliverables.iter().map(delivery).collect();
    let runs: Vec<Value> = judged
        .runs
        .iter()
        .map(|run| {
            let mut fields = run_json(run);
            fields["red_on_base"] = json!(run.outcome.is_red() && judged.is_red_on_base(run));
            fields
        })
        .collect();
    let fields = json!({
        "track": judged.track.as_str(),
        "branch": judged.branch.as_str(),
        "base": report.base.commit.to_string(),
        "head": judged.head.to_string(),
        "findings": findings,
        "merges": {
            "base": verdict_name(&judged.with_base),
            "integration": judged.with_integration.as_ref().map(verdict_name),
        },
        "foreseen": {
            "base": judged.foreseen.get(&Side::Base).map(foreseen_json),
            "integration": judged.foreseen.get(&Side::Integration).map(foreseen_json),
        },
        "deliverables": deliverables,
        "checks": runs,
        "verdict": verdict(judged.refused(), judged.undetermined()),
        "reasons": judged.reasons(),
        "notes": judged.notes,
    });
    let mut fields = match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    if let Some(Mending { done, left }) = &judged.mending {
        let done: Vec<Value> = done
            .iter()
            .map(|mended| {
                let more = json!({ "code": mended.code, "what": mended.what, "undo": mended.undo });
                with(path_fields(&mended.path), more)
            })
            .collect();
        fields.insert("fixed".to_owned(), json!(done));
        fields.insert("not_fixed".to_owned(), json!(left));
    }
    fields
}

fn delivery(delivery: &Delivery) -> Value {
    json!({
        "path": delivery.path,
        "present": delivery.present,
        "missing_sections": delivery.missing_sections,
    })
}

/// One finding, as in every answer that has some.
pub(in crate::ui::report) fn finding(finding: &Finding) -> Value {
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
            "fixable": finding.mend.is_some(),
            "other_track": finding.other.as_ref().map(TrackId::as_str),
            "allowed": allowed.is_some(),
            "reason": allowed,
            "on_base": finding.excuse == Some(Excuse::OnBase),
            "undetermined": finding.undetermined,
            "refuses": finding.refuses(),
        }),
    )
}
