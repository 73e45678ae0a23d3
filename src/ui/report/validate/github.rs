//! The answer of `tracks validate` as annotations of GitHub Actions, and as a summary of the step.
//!
//! Of each kind, that shows only the first ten of a step: the worst come first, and what is left over is one more notice.

use super::problem::{Problem, problems};
use super::{text, verdict};
use crate::domain::project::Severity;
use crate::ops::validate::Report;
use crate::ui::github::{ANNOTATIONS, Place, annotation};
use crate::ui::style::tame;

/// What goes to the log of the step.
pub fn annotations(report: &Report) -> String {
    let problems = problems(report);
    let counted: Vec<&Problem<'_>> = problems.iter().filter(|it| it.excuse.is_none()).collect();
    let mut text = String::new();
    let mut left = Vec::new();
    // One of the notices is for what is left over.
    for (severity, kind, most) in [
        (Severity::Error, "error", ANNOTATIONS),
        (Severity::Warning, "warning", ANNOTATIONS),
        (Severity::Info, "notice", ANNOTATIONS - 2),
    ] {
        let of_kind: Vec<_> = counted
            .iter()
            .filter(|it| it.severity == severity)
            .collect();
        for problem in of_kind.iter().take(most) {
            let path = problem.path.as_ref().map(|path| path.lossy());
            let place = Place {
                file: path.as_deref(),
                line: problem.line,
            };
            let title = format!("{} {}", problem.code, problem.track);
            text.push_str(&annotation(kind, &place, &title, &problem.with_fix()));
        }
        if of_kind.len() > most {
            left.push(format!(
                "{} more of severity {}",
                of_kind.len() - most,
                severity.as_str()
            ));
        }
    }
    let nowhere = Place {
        file: None,
        line: None,
    };
    if !left.is_empty() {
        let message = format!("{}: `tracks validate` shows all of them", left.join(", "));
        text.push_str(&annotation("notice", &nowhere, "not shown here", &message));
    }
    let open = report.tracks.iter().flat_map(|judged| {
        let reasons = judged.reasons();
        reasons
            .into_iter()
            .map(|reason| format!("track {}: {reason}", judged.track))
    });
    let open: Vec<String> = open.collect();
    if !open.is_empty() {
        let message = open.join("\n");
        text.push_str(&annotation(
            "notice",
            &nowhere,
            "could not be determined",
            &message,
        ));
    }
    for judged in &report.tracks {
        text.push_str(&line(judged));
        text.push('\n');
    }
    text
}

/// "track a: refused: 1 error".
fn line(judged: &crate::ops::validate::Judged) -> String {
    let word = match verdict(judged.refused(), judged.undetermined()) {
        Some("refuse") => "refused",
        Some(_) => "passed",
        None => "could not be determined",
    };
    let counts = text::counts(judged).join(", ");
    match counts.is_empty() {
        true => format!("track {}: {word}", judged.track),
        false => format!("track {}: {word}: {counts}", judged.track),
    }
}

/// What goes to the summary of the step: Markdown.
pub fn summary(report: &Report) -> String {
    /// A summary has a megabyte; nobody reads that.
    const ROWS: usize = 200;
    let mut text = "### tracks validate\n\n".to_owned();
    for judged in &report.tracks {
        text.push_str(&format!("- {}\n", cell(&line(judged))));
    }
    let problems = problems(report);
    if problems.is_empty() {
        return text + "\n";
    }
    text.push_str("\n| | track | place | what | fix |\n|---|---|---|---|---|\n");
    for problem in problems.iter().take(ROWS) {
        let place = match (&problem.path, problem.line) {
            (Some(path), Some(line)) => format!("{path}:{line}"),
            (Some(path), None) => path.to_string(),
            (None, _) => String::new(),
        };
        let severity = match problem.excuse {
            Some(_) => "excused",
            None => problem.severity.as_str(),
        };
        let what = problem.excuse.as_deref().or(problem.fix.as_deref());
        text.push_str(&format!(
            "| {severity} {} | {} | {} | {} | {} |\n",
            problem.code,
            problem.track,
            cell(&place),
            cell(&problem.message),
            cell(what.unwrap_or_default()),
        ));
    }
    if problems.len() > ROWS {
        text.push_str(&format!("\nand {} more\n", problems.len() - ROWS));
    }
    text + "\n"
}

/// Text that ends no cell and opens no tag.
fn cell(text: &str) -> String {
    tame(text).replace('|', "\\|").replace('<', "&lt;")
}
