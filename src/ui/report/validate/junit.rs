//! The answer of `tracks validate` as a JUnit document: a suite for each track; a test case for each rule, each merge, each
//! deliverable and each check.

use super::problem::{excuse, lacking};
use crate::domain::check::{Outcome, Run};
use crate::domain::merge::Verdict;
use crate::domain::rule::{self, Finding};
use crate::ops::validate::{Judged, Report};
use crate::ui::report::xml::Xml;

/// How a test case ends.
enum Ending {
    Passed,
    /// There is something to know of it.
    Told(String),
    Failed {
        message: String,
        text: String,
    },
    Error(String),
    Skipped(String),
}

struct Case {
    class: &'static str,
    name: String,
    seconds: f64,
    ending: Ending,
}

pub fn xml(report: &Report) -> String {
    let suites: Vec<(&Judged, Vec<Case>)> = report
        .tracks
        .iter()
        .map(|judged| (judged, cases(judged)))
        .collect();
    Xml::document(|xml| {
        let all: Vec<&Case> = suites.iter().flat_map(|(_, cases)| cases).collect();
        xml.inside("testsuites", &counted("tracks validate", &all), |xml| {
            for (judged, cases) in &suites {
                let own: Vec<&Case> = cases.iter().collect();
                xml.inside("testsuite", &counted(judged.track.as_str(), &own), |xml| {
                    for it in cases {
                        case(xml, judged, it);
                    }
                });
            }
        });
    })
}

fn counted(name: &str, cases: &[&Case]) -> Vec<(&'static str, String)> {
    let number = |is: fn(&Ending) -> bool| {
        let found = cases.iter().filter(|case| is(&case.ending));
        found.count().to_string()
    };
    let seconds: f64 = cases.iter().map(|case| case.seconds).sum();
    vec![
        ("name", name.to_owned()),
        ("tests", cases.len().to_string()),
        ("failures", number(|it| matches!(it, Ending::Failed { .. }))),
        ("errors", number(|it| matches!(it, Ending::Error(_)))),
        ("skipped", number(|it| matches!(it, Ending::Skipped(_)))),
        ("time", format!("{seconds:.3}")),
    ]
}

fn case(xml: &mut Xml, judged: &Judged, case: &Case) {
    let attributes = [
        ("name", case.name.clone()),
        ("classname", format!("{}.{}", judged.track, case.class)),
        ("time", format!("{:.3}", case.seconds)),
    ];
    let message = |message: &String| [("message", message.clone())];
    match &case.ending {
        Ending::Passed => xml.alone("testcase", &attributes),
        Ending::Told(text) => xml.inside("testcase", &attributes, |xml| {
            xml.inside("system-out", &[], |xml| xml.text(text));
        }),
        Ending::Failed {
            message: first,
            text,
        } => xml.inside("testcase", &attributes, |xml| {
            let kind = ("type", case.class.to_owned());
            let attributes = [("message", first.clone()), kind];
            xml.inside("failure", &attributes, |xml| xml.text(text));
        }),
        Ending::Error(reason) => xml.inside("testcase", &attributes, |xml| {
            xml.alone("error", &message(reason));
        }),
        Ending::Skipped(reason) => xml.inside("testcase", &attributes, |xml| {
            xml.alone("skipped", &message(reason));
        }),
    }
}

fn cases(judged: &Judged) -> Vec<Case> {
    let plain = |class, name: String, ending| Case {
        class,
        name,
        seconds: 0.0,
        ending,
    };
    let mut cases: Vec<Case> = rule::all()
        .map(|rule| {
            let of = |it: &&Finding| it.code == rule.code;
            let findings: Vec<&Finding> = judged.findings.iter().filter(of).collect();
            plain(
                "rule",
                format!("{} {}", rule.code, rule.law),
                match &judged.open {
                    Some(reason) => Ending::Skipped(format!("not judged: {reason}")),
                    None => of_rule(&findings),
                },
            )
        })
        .collect();
    for (side, verdict) in judged.sides() {
        let ending = match verdict {
            Verdict::Clean => Ending::Passed,
            Verdict::Unavailable(reason) => Ending::Error(reason.clone()),
            Verdict::Conflict(conflicts) => {
                let paths: Vec<String> = conflicts.iter().map(|it| it.path.to_string()).collect();
                let message = format!("conflicts in {}", paths.join(", "));
                match judged.foreseen.contains_key(&side) {
                    true => Ending::Told(format!("{message}; a round resolves it")),
                    false => Ending::Failed {
                        text: paths.join("\n"),
                        message,
                    },
                }
            }
        };
        cases.push(plain("merge", side.to_string(), ending));
    }
    let said = |reason: &String| {
        let is = |verdict: &Verdict| matches!(verdict, Verdict::Unavailable(it) if it == reason);
        judged.sides().any(|(_, verdict)| is(verdict))
    };
    if let Some(reason) = judged.open.as_ref().filter(|reason| !said(reason)) {
        cases.push(plain("rule", reason.clone(), Ending::Error(reason.clone())));
    }
    for delivery in &judged.deliverables {
        let ending = match (delivery.is_complete(), judged.delivers) {
            (true, _) => Ending::Passed,
            (false, true) => Ending::Failed {
                message: lacking(delivery),
                text: lacking(delivery),
            },
            (false, false) => Ending::Skipped(format!(
                "{}, and the track is not declared ready",
                lacking(delivery)
            )),
        };
        cases.push(plain("deliverable", delivery.path.clone(), ending));
    }
    for run in &judged.runs {
        cases.push(Case {
            seconds: match run.cached {
                true => 0.0,
                false => run.wall.as_secs_f64(),
            },
            ..plain("check", run.check.to_string(), of_run(judged, run))
        });
    }
    cases
}

fn of_rule(findings: &[&Finding]) -> Ending {
    let lines: Vec<String> = findings.iter().map(|it| line(it)).collect();
    let refusing: Vec<&&Finding> = findings.iter().filter(|it| it.refuses()).collect();
    // What could not be found out is no breach.
    if let Some(first) = refusing.first()
        && refusing.iter().all(|it| it.undetermined)
    {
        return Ending::Error(first.message.clone());
    }
    let mut refusing = refusing.into_iter().filter(|it| !it.undetermined);
    match (refusing.next(), lines.is_empty()) {
        (Some(first), _) => Ending::Failed {
            message: match refusing.count() {
                0 => first.message.clone(),
                more => format!("{} (and {more} more)", first.message),
            },
            text: lines.join("\n"),
        },
        (None, false) => Ending::Told(lines.join("\n")),
        (None, true) => Ending::Passed,
    }
}

/// "error src/a.rs:3: what is so (fix: what to do)".
fn line(finding: &Finding) -> String {
    let place = match (&finding.path, finding.line) {
        (Some(path), Some(line)) => format!(" {path}:{line}"),
        (Some(path), None) => format!(" {path}"),
        (None, _) => String::new(),
    };
    let (severity, message, fix) = (finding.severity.as_str(), &finding.message, &finding.fix);
    match excuse(finding) {
        Some(excuse) => format!("{severity}{place}: {message} ({excuse})"),
        None => format!("{severity}{place}: {message} (fix: {fix})"),
    }
}

fn of_run(judged: &Judged, run: &Run) -> Ending {
    let why = match (&run.note, run.exit_status) {
        (Some(note), _) => note.clone(),
        (None, Some(status)) => format!("exit status {status}"),
        (None, None) => run.outcome.as_str().to_owned(),
    };
    match run.outcome {
        Outcome::Passed => Ending::Passed,
        _ if judged.speaks_against(run) => Ending::Failed {
            message: why,
            text: crate::ops::check::last_lines(run).join("\n"),
        },
        Outcome::Failed | Outcome::TimedOut | Outcome::Stalled => {
            Ending::Skipped(match run.allow_failure {
                true => format!("failed as allowed: {why}"),
                false => format!("red on base, too: {why}"),
            })
        }
        Outcome::CouldNotRun | Outcome::Cancelled => Ending::Error(why),
        Outcome::Skipped => Ending::Skipped(why),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cut_off, finding, judged, report};
    use super::*;

    #[test]
    fn rules_that_were_not_judged_have_not_passed() {
        let text = xml(&report(cut_off()));
        let rules = rule::all().count();
        assert_eq!(text.matches("<skipped ").count(), rules, "{text}");
        assert_eq!(text.matches("<error ").count(), 1, "said once: {text}");
        assert!(text.contains("errors=\"1\""), "{text}");
    }

    #[test]
    fn what_could_not_be_found_out_is_an_error_and_no_failure() {
        let open = finding("CON01", "the program was not run").undetermined();
        let text = xml(&report(judged(vec![open.clone()])));
        assert_eq!(text.matches("<error ").count(), 1, "{text}");
        assert_eq!(text.matches("<failure ").count(), 0, "{text}");
        let text = xml(&report(judged(vec![open, finding("CON01", "broken")])));
        assert_eq!(text.matches("<error ").count(), 0, "{text}");
        assert!(text.contains("<failure message=\"broken\""), "{text}");
    }
}
