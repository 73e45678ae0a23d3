//! Runs as a JUnit document: a suite for each track, a test case for each check.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::domain::check::{Outcome, Run};
use crate::domain::name::Side;
use crate::ui::style::tame;

/// The document; `last_lines` gives the end of a run's log.
pub fn xml(runs: &[Run], last_lines: &dyn Fn(&Run) -> Vec<String>) -> String {
    let mut sides: Vec<&Side> = Vec::new();
    for run in runs {
        if !sides.contains(&&run.side) {
            sides.push(&run.side);
        }
    }
    let mut document = Document {
        writer: Writer::new_with_indent(Vec::new(), b' ', 2),
        last_lines,
    };
    // Writing to memory does not fail.
    let _ = document.suites(runs, &sides);
    let mut bytes = document.writer.into_inner();
    bytes.push(b'\n');
    String::from_utf8_lossy(&bytes).into_owned()
}

struct Document<'a> {
    writer: Writer<Vec<u8>>,
    last_lines: &'a dyn Fn(&Run) -> Vec<String>,
}

/// What a test case ends in.
enum Verdict {
    Passed,
    /// The element, and what it says.
    Else(&'static str, String),
}

impl Document<'_> {
    fn suites(&mut self, runs: &[Run], sides: &[&Side]) -> io::Result<()> {
        let declaration = BytesDecl::new("1.0", Some("UTF-8"), None);
        self.writer.write_event(Event::Decl(declaration))?;
        let all: Vec<&Run> = runs.iter().collect();
        self.inside("testsuites", &counted("tracks check", &all), |document| {
            for side in sides {
                let own: Vec<&Run> = runs.iter().filter(|run| run.side == **side).collect();
                let attributes = counted(&side.to_string(), &own);
                document.inside("testsuite", &attributes, |document| {
                    own.iter().try_for_each(|run| document.case(run))
                })?;
            }
            Ok(())
        })
    }

    fn case(&mut self, run: &Run) -> io::Result<()> {
        let attributes = [
            ("name", run.check.to_string()),
            ("classname", run.side.to_string()),
            ("time", seconds([run])),
        ];
        let properties = properties(run);
        let verdict = verdict(run);
        if properties.is_empty() && matches!(verdict, Verdict::Passed) {
            return self.alone("testcase", &attributes);
        }
        self.inside("testcase", &attributes, |document| {
            if !properties.is_empty() {
                document.inside("properties", &[], |document| {
                    let mut properties = properties.iter();
                    properties.try_for_each(|property| document.alone("property", property))
                })?;
            }
            match verdict {
                Verdict::Passed => Ok(()),
                Verdict::Else(element, message) => document.verdict(run, element, message),
            }
        })
    }

    fn verdict(&mut self, run: &Run, element: &str, message: String) -> io::Result<()> {
        let attributes = [
            ("message", message),
            ("type", run.outcome.as_str().to_owned()),
        ];
        let lines = match element {
            "skipped" => Vec::new(),
            _ => (self.last_lines)(run),
        };
        if lines.is_empty() {
            return self.alone(element, &attributes);
        }
        self.inside(element, &attributes, |document| {
            let text = harmless(&lines.join("\n"));
            let text = BytesText::new(&text);
            document.writer.write_event(Event::Text(text))
        })
    }

    fn inside(
        &mut self,
        name: &str,
        attributes: &[(&str, String)],
        content: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        let start = start(name, attributes);
        self.writer.write_event(Event::Start(start))?;
        content(self)?;
        self.writer.write_event(Event::End(BytesEnd::new(name)))
    }

    fn alone(&mut self, name: &str, attributes: &[(&str, String)]) -> io::Result<()> {
        let start = start(name, attributes);
        self.writer.write_event(Event::Empty(start))
    }
}

fn start<'n>(name: &'n str, attributes: &[(&str, String)]) -> BytesStart<'n> {
    let mut start = BytesStart::new(name);
    for (key, value) in attributes {
        start.push_attribute((*key, harmless(value).as_str()));
    }
    start
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

/// Text without colours and without what no XML document may hold.
fn harmless(text: &str) -> String {
    let plain = anstream::adapter::strip_str(text).to_string();
    let lines: Vec<String> = plain.split('\n').map(tame).collect();
    lines
        .join("\n")
        .replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
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

    #[test]
    fn no_log_makes_it_something_else_than_xml() {
        let mut hostile: String = (0..=0x2ff_u32).filter_map(char::from_u32).collect();
        hostile.push_str("]]>&amp;</failure>\u{1b}[31mred\u{1b}[0m \u{fffe}\u{ffff}\u{10ffff}");
        let mut failed = run("a", "unit", Outcome::Failed);
        failed.note = Some(hostile.clone());
        let text = xml(&[failed], &|_| hostile.lines().map(str::to_owned).collect());
        let allowed = |c: char| match c {
            '\t' | '\n' | '\r' => true,
            c => c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}',
        };
        assert!(text.chars().all(allowed), "{text}");
        let mut reader = quick_xml::Reader::from_str(&text);
        reader.config_mut().enable_all_checks(true);
        let mut names = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(element) => {
                    for attribute in element.attributes() {
                        attribute
                            .unwrap()
                            .normalized_value(quick_xml::XmlVersion::Explicit1_0)
                            .unwrap();
                    }
                    names.push(element.name().as_ref().to_owned());
                }
                Event::GeneralRef(entity) => {
                    let known = ["lt", "gt", "amp", "quot", "apos"].contains(&&*entity);
                    assert!(known || entity.is_char_ref(), "{entity:?}");
                }
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(names, ["testsuites", "testsuite", "testcase", "failure"]);
    }
}
