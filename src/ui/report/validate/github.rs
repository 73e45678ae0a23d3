//! The answer of `tracks validate` as annotations of GitHub Actions, and as a summary of the step.
//!
//! Of each kind, that shows only the first ten of a step: the worst come first, and what is left over is one more notice.

use super::problem::{Problem, problems, spread, unjudged};
use super::{text, verdict};
use crate::domain::project::Severity;
use crate::ops::validate::Report;
use crate::ui::github::{ANNOTATIONS, Place, annotation};
use crate::ui::style::tame;

/// What goes to the log of the step.
pub fn annotations(report: &Report) -> String {
    let problems = problems(report);
    let counted: Vec<&Problem<'_>> = problems.iter().filter(|it| it.excuse.is_none()).collect();
    let nowhere = Place {
        file: None,
        line: None,
    };
    let mut text = String::new();
    // As long as that is so, nothing else says much.
    let unjudged = unjudged(report);
    for problem in unjudged.iter().take(ANNOTATIONS) {
        let title = format!("could not be determined {}", problem.track);
        text.push_str(&annotation("error", &nowhere, &title, &problem.message));
    }
    let unfixed = report.tracks.iter().flat_map(|judged| {
        let left = judged.mending.iter().flat_map(|mending| &mending.left);
        left.map(|why| (format!("not fixed {}", judged.track), why))
    });
    let unfixed: Vec<(String, &String)> = unfixed.take(ANNOTATIONS).collect();
    for (title, why) in &unfixed {
        text.push_str(&annotation("warning", &nowhere, title, why));
    }
    let mut left = Vec::new();
    if let Some(more) = unjudged.len().checked_sub(ANNOTATIONS).filter(|it| *it > 0) {
        left.push(format!("{more} more that could not be judged"));
    }
    // One of the notices is for what is left over.
    for (severity, kind, most) in [
        (
            Severity::Error,
            "error",
            ANNOTATIONS.saturating_sub(unjudged.len()),
        ),
        (Severity::Warning, "warning", ANNOTATIONS - unfixed.len()),
        (Severity::Info, "notice", ANNOTATIONS - 1),
    ] {
        let of_kind: Vec<&Problem<'_>> = counted
            .iter()
            .copied()
            .filter(|it| it.severity == severity)
            .collect();
        let of_kind = spread(&of_kind);
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
    if !left.is_empty() {
        let message = format!("{}: `tracks validate` shows all of them", left.join(", "));
        text.push_str(&annotation("notice", &nowhere, "not shown here", &message));
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

#[cfg(test)]
mod tests {
    use super::super::testing::{cut_off, finding, judged, report};
    use super::*;
    use crate::domain::deliverable::Delivery;
    use crate::ops::validate::{Judged, Mending};

    #[test]
    fn what_could_not_be_judged_is_an_error() {
        assert_eq!(
            annotations(&report(cut_off())),
            "::error title=could not be determined a::track a could not be judged: history is cut off\n\
             track a: could not be determined: 1 undetermined\n"
        );
    }

    #[test]
    fn of_ten_errors_each_kind_has_one() {
        let mut findings: Vec<_> = (0..20)
            .map(|number| finding("OWN01", &format!("path {number}")))
            .collect();
        findings.push(finding("NAM01", "the branch"));
        let missing = Delivery {
            path: "docs/x.md".to_owned(),
            present: false,
            missing_sections: Vec::new(),
        };
        let text = annotations(&report(Judged {
            deliverables: vec![missing],
            delivers: true,
            ..judged(findings)
        }));
        let titles: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("::error title=")?.split_once(' '))
            .map(|(code, _)| code)
            .collect();
        assert_eq!(titles[..3], ["deliverable", "OWN01", "NAM01"], "{text}");
        assert_eq!(titles.len(), ANNOTATIONS, "{text}");
        assert!(text.contains("12 more of severity error"), "{text}");
    }

    #[test]
    fn what_was_not_fixed_is_a_warning() {
        let mending = Mending {
            done: Vec::new(),
            left: vec!["MIG01: it is there already".to_owned()],
        };
        let text = annotations(&report(Judged {
            mending: Some(mending),
            ..judged(Vec::new())
        }));
        assert_eq!(
            text,
            "::warning title=not fixed a::MIG01: it is there already\ntrack a: passed\n"
        );
    }
}
