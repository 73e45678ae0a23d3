//! Runs as a JUnit document: a suite for each track, a test case for each check.

use super::xml::Xml;
use crate::domain::check::{Outcome, Run};
use crate::domain::name::Side;

/// The document; `last_lines` gives the end of a run's log.
pub fn xml(runs: &[Run], last_lines: &dyn Fn(&Run) -> Vec<String>) -> String {
    let mut sides: Vec<&Side> = Vec::new();
    for run in runs {
        if !sides.contains(&&run.side) {
            sides.push(&run.side);
        }
    }
    let all: Vec<&Run> = runs.iter().collect();
    Xml::document(|xml| {
        xml.inside("testsuites", &counted("tracks check", &all), |xml| {
            for side in sides {
                let own: Vec<&Run> = runs.iter().filter(|run| run.side == *side).collect();
                xml.inside("testsuite", &counted(&side.to_string(), &own), |xml| {
                    for run in own {
                        case(xml, run, last_lines);
                    }
                });
            }
        });
    })
}

/// What a test case ends in.
enum Verdict {
    Passed,
    /// The element, and what it says.
    Else(&'static str, String),
}

fn case(xml: &mut Xml, run: &Run, last_lines: &dyn Fn(&Run) -> Vec<String>) {
    let attributes = [
        ("name", run.check.to_string()),
        ("classname", run.side.to_string()),
        ("time", seconds([run])),
    ];
    let properties = properties(run);
    let verdict = verdict(run);
    if properties.is_empty() && matches!(verdict, Verdict::Passed) {
        return xml.alone("testcase", &attributes);
    }
    xml.inside("testcase", &attributes, |xml| {
        if !properties.is_empty() {
            xml.inside("properties", &[], |xml| {
                for property in &properties {
                    xml.alone("property", property);
                }
            });
        }
        if let Verdict::Else(element, message) = verdict {
            ending(xml, run, element, message, last_lines);
        }
    });
}

fn ending(
    xml: &mut Xml,
    run: &Run,
    element: &str,
    message: String,
    last_lines: &dyn Fn(&Run) -> Vec<String>,
) {
    let attributes = [
        ("message", message),
        ("type", run.outcome.as_str().to_owned()),
    ];
    let lines = match element {
        "skipped" => Vec::new(),
        _ => last_lines(run),
    };
    match lines.is_empty() {
        true => xml.alone(element, &attributes),
        false => xml.inside(element, &attributes, |xml| xml.text(&lines.join("\n"))),
    }
}

/// Names and values.
fn properties(run: &Run) -> Vec<[(&'static str, String); 2]> {
    let figures = run
        .figures
        .iter()
        .filter_map(|figure| Some((figure.name.clone(), figure.value?.to_string())));
    let flags = [("cached", run.cached), ("flaky", run.flaky)];
    let flags = flags
        .into_iter()
        .filter(|(_, set)| *set)
        .map(|(name, _)| (name.to_owned(), "true".to_owned()));
    figures
        .chain(flags)
        .map(|(name, value)| [("name", name), ("value", value)])
        .collect()
}

/// A failure that is allowed is skipped: whoever reads this must come to the same verdict as the exit status.
fn verdict(run: &Run) -> Verdict {
    let why = || match (&run.note, run.exit_status) {
        (Some(note), _) => note.clone(),
        (None, Some(status)) => format!("exit status {status}"),
        (None, None) => run.outcome.as_str().to_owned(),
    };
    match run.outcome {
        Outcome::Passed => Verdict::Passed,
        Outcome::Failed | Outcome::TimedOut | Outcome::Stalled if run.allow_failure => {
            Verdict::Else("skipped", format!("failed as allowed: {}", why()))
        }
        Outcome::Failed | Outcome::TimedOut | Outcome::Stalled => Verdict::Else("failure", why()),
        Outcome::CouldNotRun => Verdict::Else("error", why()),
        Outcome::Skipped | Outcome::Cancelled => Verdict::Else("skipped", why()),
    }
}

fn counted(name: &str, runs: &[&Run]) -> Vec<(&'static str, String)> {
    let with = |element: &str| {
        let is = |run: &&&Run| matches!(verdict(run), Verdict::Else(found, _) if found == element);
        runs.iter().filter(is).count().to_string()
    };
    vec![
        ("name", name.to_owned()),
        ("tests", runs.len().to_string()),
        ("failures", with("failure")),
        ("errors", with("error")),
        ("skipped", with("skipped")),
        ("time", seconds(runs.iter().copied())),
    ]
}

/// What it took now: nothing, where it was known from before.
fn seconds<'a>(runs: impl IntoIterator<Item = &'a Run>) -> String {
    let ran = runs.into_iter().filter(|run| !run.cached);
    let time: std::time::Duration = ran.map(|run| run.wall).sum();
    format!("{:.3}", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::name::{CheckName, TrackId};

    fn run(track: &str, check: &str, outcome: Outcome) -> Run {
        let (check, track) = (CheckName::new(check), TrackId::new(track));
        Run {
            attempts: 1,
            wall: Duration::from_millis(1500),
            ended: 1,
            ..Run::new(check.unwrap(), Side::Track(track.unwrap()), outcome)
        }
    }

    #[test]
    fn every_outcome() {
        let mut allowed = run("b", "lint", Outcome::Failed);
        (allowed.allow_failure, allowed.exit_status) = (true, Some(2));
        let mut known = run("b", "unit", Outcome::Passed);
        known.cached = true;
        let mut blocked = run("a", "e2e", Outcome::CouldNotRun);
        blocked.note = Some("no \"such\" <program>".to_owned());
        let runs = [
            run("a", "unit", Outcome::TimedOut),
            allowed,
            blocked,
            known,
            run("a", "later", Outcome::Skipped),
        ];
        insta::assert_snapshot!(xml(&runs, &|_| vec!["one".to_owned(), "two".to_owned()]), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="tracks check" tests="5" failures="1" errors="1" skipped="2" time="6.000">
          <testsuite name="a" tests="3" failures="1" errors="1" skipped="1" time="4.500">
            <testcase name="unit" classname="a" time="1.500">
              <failure message="timed-out" type="timed-out">one
        two</failure>
            </testcase>
            <testcase name="e2e" classname="a" time="1.500">
              <error message="no &quot;such&quot; &lt;program&gt;" type="could-not-run">one
        two</error>
            </testcase>
            <testcase name="later" classname="a" time="1.500">
              <skipped message="skipped" type="skipped"/>
            </testcase>
          </testsuite>
          <testsuite name="b" tests="2" failures="0" errors="0" skipped="1" time="1.500">
            <testcase name="lint" classname="b" time="1.500">
              <skipped message="failed as allowed: exit status 2" type="failed"/>
            </testcase>
            <testcase name="unit" classname="b" time="0.000">
              <properties>
                <property name="cached" value="true"/>
              </properties>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }
}
