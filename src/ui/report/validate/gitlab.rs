//! The answer of `tracks validate` as GitLab's Code Quality report reads it. What is excused is left out: that format has no
//! word for it.

use serde_json::{Value, json};

use super::problem::{Problem, problems, unjudged};
use crate::domain::project::Severity;
use crate::ops::validate::Report;

pub fn json(report: &Report) -> Value {
    let problems = problems(report);
    let counted = problems.iter().filter(|it| it.excuse.is_none());
    let counted = counted.map(|problem| {
        let severity = match problem.severity {
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Info | Severity::Off => "info",
        };
        issue(problem, severity)
    });
    // An empty list would say that all is well.
    let unjudged = unjudged(report);
    let unjudged = unjudged.iter().map(|problem| issue(problem, "blocker"));
    unjudged.chain(counted).collect::<Vec<_>>().into()
}

fn issue(problem: &Problem<'_>, severity: &str) -> Value {
    json!({
        "description": format!("{}: {}", problem.code, problem.with_fix().replace('\n', "; ")),
        "check_name": problem.code,
        "fingerprint": problem.fingerprint,
        "severity": severity,
        "location": {
            "path": problem.place().lossy(),
            "lines": { "begin": problem.line.unwrap_or(1) },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cut_off, judged, report};
    use super::*;

    #[test]
    fn what_could_not_be_judged_is_no_empty_list() {
        let issues = json(&report(cut_off()));
        assert_eq!(issues.as_array().map(Vec::len), Some(1), "{issues:#}");
        assert_eq!(issues[0]["severity"], "blocker");
        assert_eq!(
            issues[0]["description"],
            "undetermined: track a could not be judged: history is cut off"
        );
        assert_eq!(json(&report(judged(Vec::new()))), json!([]));
    }
}
