//! `cargo xtask bench check`: the check runner beside GNU parallel and make, against its own lower bound, and against nothing
//! to do at all.

mod cached;
mod handover;
mod load;
mod mixed;
mod trivial;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::cases::Bench;
use super::document::Json;
use crate::failure::Failure;

/// What it is about, and what measures it.
type Part = (&'static str, fn(&Bench) -> Result<(), Failure>);

/// All of it, in some minutes.
pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    // A miss of one does not keep the others' figures from being seen.
    let parts: [Part; 4] = [
        ("trivial checks", trivial::run),
        ("mixed load", mixed::run),
        ("two processes", handover::run),
        ("nothing to do", cached::run),
    ];
    let mut missed = Vec::new();
    for (name, part) in parts {
        if let Err(failure) = part(bench) {
            crate::say(&format!("{name}: {failure}"));
            missed.push(format!("{name}: {failure}"));
        }
    }
    if missed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(missed.join("\n")))
}

/// Makes a worktree for each track; their paths, in the order of the tracks.
fn worktrees(bench: &Bench, dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    bench.tracks(dir, &["init", "--yes"], &[0])?;
    let mut worktrees: Vec<PathBuf> = super::cases::worktrees(&bench.sealed, dir)?
        .into_iter()
        .map(PathBuf::from)
        .collect();
    worktrees.sort();
    Ok(worktrees)
}

/// The document of a run in which all of so many checks passed, none of them reused.
fn all_ran(bench: &Bench, dir: &Path, arguments: &[&str], checks: usize) -> Result<Json, Failure> {
    let all = [
        &["check", "--yes", "--no-cache", "--format=json"],
        arguments,
    ]
    .concat();
    let document = Json::read(&bench.tracks(dir, &all, &[0])?)?;
    let summary = |key: &str| document.get("summary").get(key).number();
    let passed = summary("passed");
    if passed != Some(number(checks)) || summary("cached") != Some(0.0) {
        return Err(Failure::new(format!(
            "of {checks} checks {passed:?} passed, and {:?} were reused",
            summary("cached")
        )));
    }
    Ok(document)
}

fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// What a check does to say in `file` that it begins and ends: three words a line, `begin` or `end` in the middle.
fn stamp(file: &Path, what: &str) -> String {
    format!(
        "echo $(date +%s%N) {what} $TRACKS_TRACK/$TRACKS_CHECK >>{}",
        file.display()
    )
}

/// When one check ran.
#[derive(Debug, Clone, PartialEq)]
struct Span {
    /// `TRACK/CHECK`.
    name: String,
    from: Duration,
    to: Duration,
}

/// Reads what checks have stamped, by their beginnings; each must have begun and ended once.
fn spans(text: &str) -> Result<Vec<Span>, Failure> {
    let odd = |line: &str| Failure::new(format!("`{line}` is no stamp that is expected here"));
    let mut spans: Vec<Span> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [time, what, name] = words.as_slice() else {
            return Err(odd(line));
        };
        let time = Duration::from_nanos(time.parse().map_err(|_| odd(line))?);
        let known = spans.iter_mut().find(|span| span.name == *name);
        match (*what, known) {
            ("begin", None) => spans.push(Span {
                name: (*name).to_owned(),
                from: time,
                to: Duration::ZERO,
            }),
            ("end", Some(span)) if span.to == Duration::ZERO => span.to = time,
            _ => return Err(odd(line)),
        }
    }
    if let Some(span) = spans.iter().find(|span| span.to < span.from) {
        return Err(Failure::new(format!("{} never ended", span.name)));
    }
    spans.sort_by_key(|span| span.from);
    Ok(spans)
}

/// As stamps tell it.
fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_become_spans_and_what_is_odd_is_refused() {
        let span = |name: &str, from, to| Span {
            name: name.to_owned(),
            from: Duration::from_nanos(from),
            to: Duration::from_nanos(to),
        };
        let text = "20 begin a/y\n10 begin a/x\n30 end a/x\n40 end a/y\n";
        assert_eq!(
            spans(text).unwrap(),
            [span("a/x", 10, 30), span("a/y", 20, 40)]
        );
        for odd in [
            "10 begin a/x\n",
            "10 end a/x\n",
            "1 begin a\n1 begin a\n2 end a\n",
            "x begin a\n",
            "begin a\n",
        ] {
            assert!(spans(odd).is_err(), "{odd}");
        }
    }
}
