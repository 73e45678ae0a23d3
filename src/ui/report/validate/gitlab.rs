//! The answer of `tracks validate` as GitLab's Code Quality report reads it. What is excused is left out: that format has no
//! word for it.

use serde_json::{Value, json};

use super::problem::{Problem, problems};
use crate::domain::project::Severity;
use crate::ops::validate::Report;

pub fn json(report: &Report) -> Value {
    let problems = problems(report);
    let counted = problems.iter().filter(|it| it.excuse.is_none());
    counted.map(issue).collect::<Vec<_>>().into()
}

fn issue(problem: &Problem<'_>) -> Value {
    json!({
        "description": format!("{}: {}", problem.code, problem.with_fix().replace('\n', "; ")),
        "check_name": problem.code,
        "fingerprint": problem.fingerprint,
        "severity": match problem.severity {
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Info | Severity::Off => "info",
        },
        "location": {
            "path": problem.place().lossy(),
            "lines": { "begin": problem.line.unwrap_or(1) },
        },
    })
}
