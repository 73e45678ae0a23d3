//! Failed checks: in full where they end, and again below the answer, the root of it all last.

use std::cmp::Reverse;

use super::check::{outcome_text, seconds};
use crate::domain::check::{Outcome, Run};
use crate::domain::name::{CheckName, Side};
use crate::store::{Excerpt, LeftOutOfLog, log_excerpt};
use crate::ui::github::{self, Workflow};
use crate::ui::style::{DIM, STRONG, WARN, paint, tame, tame_output};

/// How much of the log of one failure is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Length {
    Full,
    /// Its last lines.
    End,
}

/// So many failures are shown in full; the end tells enough of the others.
pub(in crate::ui) const IN_FULL: usize = 10;

const FIRST_LINES: usize = 100;
const LAST_LINES: usize = 400;
const END_LINES: usize = 20;

/// The red runs in the order in which they are read from below: first those that are allowed, then from the last to end to
/// the first, and at the very end those for which others were skipped.
pub(in crate::ui) fn in_order(runs: &[Run]) -> Vec<&Run> {
    let mut red: Vec<&Run> = runs.iter().filter(|run| run.outcome.is_red()).collect();
    red.sort_by_key(|run| {
        let rank = match run.allow_failure {
            true => 0,
            false => 1 + u8::from(is_root(run, runs)),
        };
        (rank, Reverse(run.ended))
    });
    red
}

/// Whether something was skipped for it, and says so.
fn is_root(run: &Run, runs: &[Run]) -> bool {
    runs.iter().any(|other| {
        other.outcome == Outcome::Skipped
            && other.side == run.side
            && (other.note.as_deref()).is_some_and(|note| names(note, &run.check))
    })
}

/// Whether the name is a word of this text.
fn names(text: &str, check: &CheckName) -> bool {
    let part_of_a_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.split(|c| !part_of_a_name(c))
        .any(|word| word.trim_end_matches('.') == check.as_str())
}

/// All failures of an answer; empty where there are none.
pub(in crate::ui) fn text(runs: &[Run], workflow: Option<&Workflow>) -> String {
    let failures = in_order(runs);
    let ends = failures.len().saturating_sub(IN_FULL);
    let mut text = String::new();
    for (number, run) in failures.iter().enumerate() {
        let length = match run.allow_failure || number < ends {
            true => Length::End,
            false => Length::Full,
        };
        text.push('\n');
        text.push_str(&block(run, length, workflow));
    }
    text
}

/// One failure: what failed and how, what it printed, and where that lies.
pub(in crate::ui) fn block(run: &Run, length: Length, workflow: Option<&Workflow>) -> String {
    let rule = paint(DIM, "────");
    let log = log(run, length);
    match workflow {
        None => format!("{rule} {}\n{log}{rule} {}\n", line(run), place(run)),
        Some(workflow) => {
            let title = format!("{} {} {}", run.side, run.check, run.outcome.as_str());
            workflow.group(&title, &format!("{}\n{log}{}\n", line(run), place(run)))
        }
    }
}

/// Whether the failure has been shown before: parts of a candidate are judged because the whole of it failed.
pub(in crate::ui) fn is_known(run: &Run) -> bool {
    matches!(run.side, Side::Part(_))
}

/// How one run ended, in one line.
pub(in crate::ui) fn line(run: &Run) -> String {
    let mut how = Vec::new();
    if run.outcome.is_red() && run.allow_failure {
        how.push("allowed".to_owned());
    }
    if run.attempts > 1 {
        how.push(format!("attempt {}", run.attempts));
    }
    if let Some(status) = run.exit_status.filter(|status| *status != 0) {
        how.push(format!("exit status {status}"));
    }
    if run.leaked {
        how.push(LEAKED.to_owned());
    }
    how.extend(run.note.as_deref().map(tame));
    let took = match run.attempts {
        0 => String::new(),
        _ => format!(" {}", paint(DIM, &seconds(run.wall))),
    };
    let how = match how.is_empty() {
        true => String::new(),
        false => format!(": {}", how.join(", ")),
    };
    let name = format!("{} {}", run.side, run.check);
    format!(
        "{} {}{took}{how}",
        outcome_text(run),
        paint(STRONG, &tame(&name))
    )
}

/// What is said of a run that did not end what it had started.
pub(super) const LEAKED: &str = "left processes behind, ended";

/// One line for each that passed at a further attempt.
pub(super) fn flaky(runs: &[Run]) -> String {
    let flaky = runs.iter().filter(|run| run.flaky);
    let lines = flaky.map(|run| {
        let name = format!("{} {}", run.side, run.check);
        let counts = match run.outcome {
            Outcome::Passed => "",
            _ => ", which counts as failed",
        };
        format!(
            "{} {} passed at attempt {}{counts}\n",
            paint(WARN, "flaky:"),
            tame(&name),
            run.attempts
        )
    });
    lines.collect()
}

/// An annotation for each failure that is not allowed, the root first; where there are more than are shown, the last says so.
pub(in crate::ui) fn annotations(runs: &[Run]) -> String {
    let mut failures = in_order(runs);
    failures.retain(|run| !run.allow_failure);
    failures.reverse();
    let shown = match failures.len() > github::ANNOTATIONS {
        true => github::ANNOTATIONS - 1,
        false => failures.len(),
    };
    let mut text: String = failures[..shown]
        .iter()
        .map(|run| github::error(&format!("{} {}", run.side, run.check), &telling_line(run)))
        .collect();
    if let Some(more @ 1..) = failures.len().checked_sub(shown) {
        text.push_str(&github::error(
            "tracks",
            &format!("{more} more checks failed"),
        ));
    }
    text
}

/// The first line of the log that says what is wrong; where none looks like it, the last one.
fn telling_line(run: &Run) -> String {
    let excerpt = excerpt(run, Length::Full).unwrap_or_default();
    let lines: Vec<String> = (excerpt.first.iter().chain(&excerpt.last))
        .map(|line| {
            let plain = anstream::adapter::strip_str(&shown(line)).to_string();
            plain.trim().to_owned()
        })
        .filter(|line| !line.is_empty())
        .collect();
    let telling = (lines.iter().find(|line| begins_with_trouble(line)))
        .or_else(|| lines.iter().find(|line| speaks_of_trouble(line)))
        .or(lines.last());
    telling.map_or_else(|| how(run), |line| tame(line))
}

fn how(run: &Run) -> String {
    match run.exit_status {
        Some(status) => format!("exit status {status}"),
        None => (run.note.clone()).unwrap_or_else(|| run.outcome.as_str().to_owned()),
    }
}

fn begins_with_trouble(line: &str) -> bool {
    const BEGINNINGS: [&str; 10] = [
        "error", "fatal", "failed", "failure", "fail:", "fail ", "panic", "not ok", "e  ", "✗",
    ];
    let line = line.to_lowercase();
    BEGINNINGS
        .iter()
        .any(|beginning| line.starts_with(beginning))
}

fn speaks_of_trouble(line: &str) -> bool {
    const WORDS: [&str; 5] = ["error:", "panicked at", "assertion", "exception", "failed"];
    let line = line.to_lowercase();
    !line.contains("0 failed") && WORDS.iter().any(|word| line.contains(word))
}

fn excerpt(run: &Run, length: Length) -> std::io::Result<Excerpt> {
    let (first, last) = match length {
        Length::Full => (FIRST_LINES, LAST_LINES),
        Length::End => (0, END_LINES),
    };
    match &run.log {
        Some(log) => log_excerpt(log, first, last),
        None => Ok(Excerpt::default()),
    }
}

fn log(run: &Run, length: Length) -> String {
    match excerpt(run, length) {
        Ok(excerpt) => excerpt_text(run, &excerpt),
        Err(error) => paint(DIM, &format!("its log cannot be read: {error}")) + "\n",
    }
}

fn excerpt_text(run: &Run, excerpt: &Excerpt) -> String {
    const RESET: &str = "\u{1b}[0m";
    let left_out = match excerpt.left_out {
        LeftOutOfLog::Nothing => None,
        LeftOutOfLog::Lines(1) => Some("1 line".to_owned()),
        LeftOutOfLog::Lines(lines) => Some(format!("{} lines", in_thousands(lines))),
        LeftOutOfLog::Bytes(bytes) => Some(format!("{} MB", in_thousands(bytes / 1_000_000))),
    };
    if excerpt.first.is_empty() && excerpt.last.is_empty() {
        return paint(DIM, "it printed nothing") + "\n";
    }
    let mut text = String::new();
    let part = |lines: &[Vec<u8>], text: &mut String| {
        let start = text.len();
        for line in lines {
            text.push_str(&shown(line));
            text.push('\n');
        }
        // A colour that the check did not end goes on in its lines, not in ours.
        if text[start..].contains('\u{1b}') {
            text.insert_str(text.len() - 1, RESET);
        }
    };
    part(&excerpt.first, &mut text);
    if let Some(left_out) = left_out {
        let all = format!("tracks check --logs {}/{}", run.side, run.check);
        text.push_str(&paint(
            DIM,
            &format!("… {left_out} left out; all of it: {all}"),
        ));
        text.push('\n');
    }
    part(&excerpt.last, &mut text);
    text
}

/// A line as a terminal would show it: what was written over is gone.
fn shown(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let last = line.rsplit(|byte| *byte == b'\r').next().unwrap_or(line);
    tame_output(&String::from_utf8_lossy(last))
}

fn place(run: &Run) -> String {
    match &run.log {
        Some(log) => paint(
            DIM,
            &format!("log of {} {}: {}", run.side, run.check, log.display()),
        ),
        None => paint(DIM, &format!("no log of {} {}", run.side, run.check)),
    }
}

/// "1,234,567".
fn in_thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
