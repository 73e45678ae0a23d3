//! The answer of `tracks validate` as SARIF 2.1.0 (OASIS).

use serde_json::{Value, json};

use super::problem::{OTHERS, Problem, problems};
use crate::domain::path::RepoPath;
use crate::domain::project::Severity;
use crate::domain::rule::{self, Rule};
use crate::ops::validate::Report;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What paths start from.
const ROOT: &str = "SRCROOT";

/// `exit`: the status that this process ends with.
pub fn json(report: &Report, exit: u8) -> Value {
    let rules: Vec<Value> = rule::all()
        .map(described)
        .chain(OTHERS.into_iter().map(|(code, law)| other(code, law)))
        .collect();
    let places: Vec<&str> = rule::all()
        .map(|rule| rule.code)
        .chain(OTHERS.into_iter().map(|(code, _)| code))
        .collect();
    let results: Vec<Value> = problems(report)
        .iter()
        .map(|problem| {
            result(
                problem,
                places.iter().position(|code| *code == problem.code),
            )
        })
        .collect();
    let notifications: Vec<Value> = report
        .tracks
        .iter()
        .flat_map(|judged| {
            let track = &judged.track;
            let reasons = judged.reasons().into_iter();
            reasons.map(move |reason| {
                let text = format!("track {track}: {reason}");
                json!({ "level": "error", "message": { "text": text } })
            })
        })
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "tracks",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "automationDetails": { "id": category(report) },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                (ROOT): { "description": { "text": "the root of the repository" } },
            },
            "invocations": [{
                "executionSuccessful": notifications.is_empty(),
                "exitCode": exit,
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    })
}

/// Runs of one category stand in for each other.
fn category(report: &Report) -> String {
    match (report.all, report.tracks.as_slice()) {
        (false, [judged]) => format!("tracks-validate/{}/", judged.track),
        _ => "tracks-validate/".to_owned(),
    }
}

fn described(rule: &'static Rule) -> Value {
    let Rule {
        why,
        example,
        way_out,
        ..
    } = rule;
    json!({
        "id": rule.code,
        "shortDescription": { "text": sentence(rule.law) },
        "fullDescription": { "text": why },
        "help": {
            "text": format!("{why}\n\n{example}\n\n{way_out}"),
            "markdown": format!("{why}\n\n```text\n{example}\n```\n\n{way_out}"),
        },
        "defaultConfiguration": configuration(rule.severity),
    })
}

fn other(code: &str, law: &str) -> Value {
    json!({
        "id": code,
        "shortDescription": { "text": sentence(law) },
        "defaultConfiguration": configuration(Severity::Error),
    })
}

fn configuration(severity: Severity) -> Value {
    match severity {
        Severity::Off => json!({ "enabled": false }),
        severity => json!({ "level": level(severity) }),
    }
}

fn sentence(law: &str) -> String {
    let mut letters = law.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
        Severity::Off => "none",
    }
}

fn result(problem: &Problem<'_>, index: Option<usize>) -> Value {
    let mut place = json!({
        "artifactLocation": { "uri": uri(&problem.place()), "uriBaseId": ROOT },
    });
    // Who shows results wants a line of each.
    place["region"] = json!({ "startLine": problem.line.unwrap_or(1) });
    let fingerprint = &problem.fingerprint;
    let mut result = json!({
        "ruleId": problem.code,
        "level": level(problem.severity),
        "message": { "text": problem.with_fix() },
        "locations": [{ "physicalLocation": place }],
        "partialFingerprints": {
            "tracksFinding/v1": fingerprint,
            "primaryLocationLineHash": format!("{}:1", &fingerprint[..16]),
        },
        "properties": { "track": problem.track.as_str() },
    });
    if let Some(index) = index {
        result["ruleIndex"] = json!(index);
    }
    if let Some(excuse) = &problem.excuse {
        let kind = ("external", "accepted");
        result["suppressions"] =
            json!([{ "kind": kind.0, "status": kind.1, "justification": excuse }]);
    }
    result
}

/// A relative reference of RFC 3986.
fn uri(path: &RepoPath) -> String {
    let mut uri = String::new();
    for byte in path.as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(*byte));
            }
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        for (path, expected) in [
            (&b"src/a.rs"[..], "src/a.rs"),
            (b"a b/c:d%", "a%20b/c%3Ad%25"),
            (b"\xff/\xc3\xa4", "%FF/%C3%A4"),
        ] {
            assert_eq!(uri(&RepoPath::new(path)), expected);
        }
    }

    #[test]
    fn laws_become_sentences() {
        assert_eq!(sentence("a track is"), "A track is.");
        assert_eq!(sentence(""), ".");
    }
}
