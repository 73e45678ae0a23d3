//! JUnit files, in any of the dialects that test runners write: the tests in them are counted.

use std::borrow::Cow;
use std::path::Path;
use std::time::SystemTime;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::figures::{is_written_since, read_whole};
use super::reports::files_below;
use crate::domain::check::Tests;
use crate::domain::path::Pattern;

/// More of what is said of a failing test is not looked at. In bytes.
const LOOKED_AT: usize = 16 * 1024;

/// What the JUnit files of one run say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Junit {
    /// `None` where it has written none.
    pub tests: Option<Tests>,
    /// What is wrong with them, one sentence each.
    pub notes: Vec<String>,
}

/// Reads the files below `root` that were written at `since` or later. What stands in a broken file before the break counts.
pub fn read_junit(root: &Path, patterns: &[Pattern], since: SystemTime) -> Junit {
    let mut junit = Junit::default();
    for file in files_below(root, patterns) {
        if !is_written_since(&file.metadata, since) {
            continue;
        }
        let read = read_whole(&file.place, &file.metadata).map_err(|error| error.to_string());
        let tests = junit.tests.get_or_insert_default();
        let counted = read.and_then(|bytes| count(&String::from_utf8_lossy(&bytes), tests));
        if let Err(why) = counted {
            junit
                .notes
                .push(format!("{} cannot be read: {why}", file.path));
        }
    }
    if junit.tests.is_none() {
        let patterns: Vec<&str> = patterns.iter().map(Pattern::as_str).collect();
        let note = format!("no JUnit file was written ({})", patterns.join(", "));
        junit.notes.push(note);
    }
    junit
}

/// How a test case ended; what is worse comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    Passed,
    Skipped,
    Error,
    Failed,
}

/// An element that failures belong to: a test case, or a whole suite.
#[derive(Debug)]
struct Place {
    name: String,
    ending: Ending,
    message: String,
}

/// A `<failure>` or `<error>` that is being read.
#[derive(Debug)]
struct Failure {
    depth: usize,
    ending: Ending,
    message: String,
    text: String,
}

#[derive(Debug)]
struct Count<'a> {
    tests: &'a mut Tests,
    depth: usize,
    suites: Vec<(usize, Place)>,
    case: Option<(usize, Place)>,
    failure: Option<Failure>,
}

/// Adds the test cases of one document to `tests`. The error says why the rest cannot be read.
fn count(document: &str, tests: &mut Tests) -> Result<(), String> {
    let document = document.trim_start_matches('\u{feff}');
    let mut reader = Reader::from_str(document);
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().allow_dangling_amp = true;
    let mut count = Count {
        tests,
        depth: 0,
        suites: Vec::new(),
        case: None,
        failure: None,
    };
    let mut empty = true;
    loop {
        let event = reader.read_event().map_err(|error| {
            let before = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
            let before = document.as_bytes().get(..before).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            format!("line {line}: {error}")
        })?;
        match event {
            Event::Start(element) => {
                let name = element.local_name();
                if empty && !matches!(name.as_ref(), "testsuites" | "testsuite" | "testcase") {
                    return Err(format!(
                        "it is no JUnit file, it begins with <{}>",
                        name.as_ref()
                    ));
                }
                empty = false;
                count.start(&element);
            }
            Event::End(_) => count.end(),
            Event::Text(text) => count.text(&text),
            Event::CData(text) => count.text(&text),
            Event::GeneralRef(entity) => count.text(&resolved(&entity)),
            Event::Eof if empty => return Err("there is nothing in it".to_owned()),
            Event::Eof if count.depth > 0 => return Err("it is cut off".to_owned()),
            Event::Eof => return Ok(()),
            Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

impl Count<'_> {
    fn start(&mut self, element: &BytesStart<'_>) {
        self.depth += 1;
        let ending = match element.local_name().as_ref() {
            "testsuite" => {
                let name = attribute(element, "name").unwrap_or_default();
                self.suites.push((self.depth, Place::new(name)));
                return;
            }
            "testcase" => {
                let mut case = Place::new(case_name(element));
                if attribute(element, "status").is_some_and(|status| status == "notrun") {
                    case.ending = Ending::Skipped;
                }
                self.case = Some((self.depth, case));
                return;
            }
            "failure" => Ending::Failed,
            "error" => Ending::Error,
            "skipped" => {
                if let Some((_, case)) = &mut self.case {
                    case.ending = case.ending.max(Ending::Skipped);
                }
                return;
            }
            _ => return,
        };
        // Where it stands, so that one inside of a test's own output is not taken for one.
        let parent = self.case.as_ref().or(self.suites.last());
        if parent.is_some_and(|(depth, _)| depth + 1 == self.depth) {
            self.failure = Some(Failure {
                depth: self.depth,
                ending,
                message: attribute(element, "message").unwrap_or_default(),
                text: String::new(),
            });
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(failure) = &mut self.failure
            && failure.text.len() < LOOKED_AT
        {
            failure.text.push_str(text);
        }
    }

    fn end(&mut self) {
        let depth = self.depth;
        self.depth = depth.saturating_sub(1);
        if let Some(failure) = self.failure.take_if(|failure| failure.depth == depth)
            && let Some((_, place)) = self.case.as_mut().or(self.suites.last_mut())
        {
            place.fail(failure.ending, failure.line());
        }
        if let Some((_, case)) = self.case.take_if(|(at, _)| *at == depth) {
            self.tests.total += 1;
            self.tests.skipped += usize::from(case.ending == Ending::Skipped);
            self.add_if_failing(&case);
        }
        if let Some((_, suite)) = self.suites.pop_if(|(at, _)| *at == depth) {
            self.add_if_failing(&suite);
        }
    }

    fn add_if_failing(&mut self, place: &Place) {
        match place.ending {
            Ending::Passed | Ending::Skipped => return,
            Ending::Failed => self.tests.failed += 1,
            Ending::Error => self.tests.errors += 1,
        }
        self.tests.add_failing(&place.name, &place.message);
    }
}

impl Place {
    fn new(name: String) -> Self {
        Place {
            name,
            ending: Ending::Passed,
            message: String::new(),
        }
    }

    /// The first message stays.
    fn fail(&mut self, ending: Ending, message: String) {
        self.ending = self.ending.max(ending);
        if self.message.is_empty() {
            self.message = message;
        }
    }
}

impl Failure {
    /// The first line that says something: of the message, or where that says no more than that it failed, of the text.
    fn line(&self) -> String {
        let first = |text: &str| {
            let mut lines = text.lines().map(str::trim);
            let tells = |line: &&str| !line.is_empty() && !is_banner(line);
            lines.find(tells).map(str::to_owned)
        };
        let message = first(&self.message);
        let tells = message
            .as_ref()
            .is_some_and(|line| !line.eq_ignore_ascii_case("failed"));
        if tells {
            return message.unwrap_or_default();
        }
        first(&self.text).or(message).unwrap_or_default()
    }
}

/// Go's test runner begins what it says of a test with its name.
fn is_banner(line: &str) -> bool {
    line.starts_with("=== ") || line.starts_with("--- ")
}

/// `CLASS::NAME`, where there is a class and the name does not repeat it.
fn case_name(element: &BytesStart<'_>) -> String {
    let name = attribute(element, "name").unwrap_or_default();
    match attribute(element, "classname") {
        Some(class) if name.is_empty() => class,
        Some(class) if !class.is_empty() && !name.starts_with(&class) => format!("{class}::{name}"),
        _ => name,
    }
}

/// `None` without it. What is broken in one is left as it is.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)?;
    let value = match found.normalized_value(XmlVersion::Implicit1_0) {
        Ok(value) => value.into_owned(),
        Err(_) => found.value.into_owned(),
    };
    Some(value.trim().to_owned())
}

fn resolved(entity: &BytesRef<'_>) -> Cow<'static, str> {
    if let Ok(Some(c)) = entity.resolve_char_ref() {
        return Cow::Owned(c.to_string());
    }
    match &**entity {
        "lt" => "<".into(),
        "gt" => ">".into(),
        "amp" => "&".into(),
        "quot" => "\"".into(),
        "apos" => "'".into(),
        other => format!("&{other};").into(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write as _;
    use std::time::Duration;

    use super::*;

    fn counted(document: &str) -> Tests {
        let mut tests = Tests::default();
        assert_eq!(count(document, &mut tests), Ok(()), "{document}");
        tests
    }

    fn failing(tests: &Tests) -> Vec<(&str, &str)> {
        let failing = tests.failing.iter();
        failing
            .map(|test| (test.name.as_str(), test.message.as_str()))
            .collect()
    }

    #[test]
    fn dialects() {
        // Document → total, failed, errors, skipped, failing tests.
        type Expected<'a> = (usize, usize, usize, usize, &'a [(&'a str, &'a str)]);
        let table: [(&str, Expected<'_>); 9] = [
            // Of a Java build: the exception is in `type` and in the text.
            (
                r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" name="com.x.AT" tests="4" errors="1" skipped="1" failures="1">
  <properties><property name="a" value="b"/></properties>
  <testcase name="ok" classname="com.x.AT" time="0.01"/>
  <testcase name="bad" classname="com.x.AT"><failure message="expected:&lt;1&gt; but was:&lt;2&gt;&#10;more" type="java.lang.AssertionError"><![CDATA[stack
trace]]></failure><system-out><![CDATA[<failure>no</failure>]]></system-out></testcase>
  <testcase name="broke" classname="com.x.AT"><error type="java.io.IOException">java.io.IOException: gone
	at x</error></testcase>
  <testcase name="off" classname="com.x.AT"><skipped/></testcase>
  <testcase name="again" classname="com.x.AT"><flakyFailure message="once"/></testcase>
</testsuite>"#,
                (
                    5,
                    1,
                    1,
                    1,
                    &[
                        ("com.x.AT::bad", "expected:<1> but was:<2>"),
                        ("com.x.AT::broke", "java.io.IOException: gone"),
                    ],
                ),
            ),
            // Of Python: a failure and an error of one test.
            (
                r#"<testsuites><testsuite name="pytest"><testcase classname="tests.test_x" name="test_y[1]"><failure message="assert 1 == 2">def test_y</failure><error message="teardown"/></testcase></testsuite></testsuites>"#,
                (1, 1, 0, 0, &[("tests.test_x::test_y[1]", "assert 1 == 2")]),
            ),
            // Of Go: the message says nothing.
            (
                "<testsuites><testsuite name=\"pkg\"><testcase classname=\"pkg\" name=\"TestX\"><failure message=\"Failed\" type=\"\">=== RUN   TestX\n    x_test.go:7: got 1\n--- FAIL</failure></testcase></testsuite></testsuites>",
                (1, 1, 0, 0, &[("pkg::TestX", "x_test.go:7: got 1")]),
            ),
            // Of Rust: repeated runs of a test that failed in all of them.
            (
                r#"<testsuites name="nextest-run"><testsuite name="crate"><testcase name="m::t" classname="crate"><failure message="thread 'm::t' panicked at src/lib.rs:1" type="test failure with exit code 101">text</failure><rerunFailure message="again" type="x"/><system-err>x</system-err></testcase></testsuite></testsuites>"#,
                (
                    1,
                    1,
                    0,
                    0,
                    &[("crate::m::t", "thread 'm::t' panicked at src/lib.rs:1")],
                ),
            ),
            // Of JavaScript: the class repeats the name; the text is all there is.
            (
                "<testsuites><testsuite name=\"s\"><testcase classname=\"adds\" name=\"adds two\"><failure>\n\n  Error: no &#x2603; &amp; &unknown; no\n  at x</failure></testcase></testsuite></testsuites>",
                (1, 1, 0, 0, &[("adds two", "Error: no ☃ & &unknown; no")]),
            ),
            // Nested suites, a namespace, and a suite that broke as a whole.
            (
                r#"<j:testsuites xmlns:j="x"><j:testsuite name="outer"><j:testsuite name="inner"><j:testcase name="t"/></j:testsuite><j:error message="no database"/></j:testsuite></j:testsuites>"#,
                (1, 0, 1, 0, &[("outer", "no database")]),
            ),
            (
                r#"<testsuite><testcase name="off" status="notrun"/><testcase/></testsuite>"#,
                (2, 0, 0, 1, &[]),
            ),
            (
                r#"<testcase name="a & b" classname="x < y" name="c"><failure message="&broken"/></testcase>"#,
                (1, 1, 0, 0, &[("x < y::a & b", "&broken")]),
            ),
            ("\u{feff}<!-- nobody --><testsuites/>", (0, 0, 0, 0, &[])),
        ];
        for (document, (total, failed, errors, skipped, expected)) in table {
            let tests = counted(document);
            assert_eq!(
                (tests.total, tests.failed, tests.errors, tests.skipped),
                (total, failed, errors, skipped),
                "{document}"
            );
            assert_eq!(failing(&tests), expected, "{document}");
        }
    }

    #[test]
    fn broken_documents_count_up_to_the_break() {
        let whole = "<testsuites>\n<testsuite name=\"s\">\n<testcase name=\"a\"/>\n<testcase name=\"b\"><failure message=\"no\">text</failure></testcase>\n</testsuite>\n</testsuites>";
        let all = counted(whole);
        for cut in 1..whole.len() - 1 {
            let mut tests = Tests::default();
            let result = count(&whole[..cut], &mut tests);
            assert!(result.is_err(), "{}", &whole[..cut]);
            assert!(tests.total <= all.total && tests.failed <= all.failed);
        }
        for (document, total, expected) in [
            ("", 0, "there is nothing in it"),
            (" \n", 0, "there is nothing in it"),
            ("no XML", 0, "there is nothing in it"),
            ("<html/>", 0, "it is no JUnit file, it begins with <html>"),
            ("<testsuite><testcase name=\"a\"/>", 1, "it is cut off"),
            (
                "<testsuite>\n<testcase name=\"a\"/>\n<testcase></testsuite>",
                1,
                "line 3: ill-formed document: expected `</testcase>`, but `</testsuite>` was found",
            ),
        ] {
            let mut tests = Tests::default();
            assert_eq!(count(document, &mut tests), Err(expected.to_owned()));
            assert_eq!(tests.total, total, "{document}");
        }
    }

    #[test]
    fn files_of_before_do_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let since = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let write = |name: &str, text: &[u8], seconds_later: i64| {
            let mut file = File::create(dir.path().join(name)).unwrap();
            file.write_all(text).unwrap();
            let later = Duration::from_secs(seconds_later.unsigned_abs());
            let time = if seconds_later < 0 {
                since - later
            } else {
                since + later
            };
            file.set_modified(time).unwrap();
        };
        let patterns = [Pattern::new("*.xml").unwrap()];
        let read = || read_junit(dir.path(), &patterns, since);
        let missing = ["no JUnit file was written (*.xml)"];
        assert_eq!(
            (read().tests, read().notes.as_slice()),
            (None, missing.map(str::to_owned).as_slice())
        );
        write("old.xml", b"<testsuite><testcase/></testsuite>", -1);
        assert_eq!(
            (read().tests, read().notes.as_slice()),
            (None, missing.map(str::to_owned).as_slice())
        );
        write(
            "a.xml",
            b"<testsuite><testcase name='\xff'><failure/></testcase></testsuite>",
            0,
        );
        write("b.xml", b"<testsuite><testcase/>", 1);
        write("c.xml", b"<testsuite><testcase/></testsuite>", 1);
        let junit = read();
        let tests = junit.tests.unwrap();
        assert_eq!((tests.total, tests.failed), (3, 1));
        assert_eq!(failing(&tests), [("\u{fffd}", "")]);
        assert_eq!(junit.notes, ["b.xml cannot be read: it is cut off"]);
    }
}
