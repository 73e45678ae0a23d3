//! Two processes at once in two worktrees, with one job and one resource between them: do the limits hold, and how long is
//! what the one frees idle until the other has it?

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::{Span, milliseconds, now, spans, stamp, worktrees};
use crate::bench::cases::Bench;
use crate::bench::document::Json;
use crate::bench::repository::Shape;
use crate::child;
use crate::failure::Failure;

/// In each track.
const CHECKS: usize = 20;
const TAKES: &str = "0.05";

pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    let stamps = bench.dir.join("handover-stamps");
    let mut checks = String::from("\n[run]\njobs = 1\n[resource]\ndatabase = 1\n");
    for check in 0..CHECKS {
        let (begin, end) = (stamp(&stamps, "begin"), stamp(&stamps, "end"));
        checks.push_str(&format!(
            "\n[check.c{check:02}]\nrun = '''{begin}; sleep {TAKES}; {end}'''\nresources = [\"database\"]\n"
        ));
    }
    let shape = Shape {
        files: 300,
        tracks: 2,
    };
    let dir = bench.repository("handover", shape, &checks)?;
    let worktrees = worktrees(bench, &dir)?;
    let (began, started) = (now(), Instant::now());
    let mut children = Vec::new();
    for (number, worktree) in worktrees.iter().enumerate() {
        let mut command = bench.sealed.command(&bench.tracks, worktree);
        let track = crate::bench::repository::track(number as u64 + 1);
        command
            .args(["check", &track, "--yes", "--no-cache", "--format=json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let child = command
            .spawn()
            .map_err(|error| child::could_not_start(&command, &error))?;
        children.push(child);
    }
    for child in children {
        all_passed(child)?;
    }
    let wall = started.elapsed();
    let text = std::fs::read_to_string(&stamps).map_err(Failure::at(&stamps))?;
    let spans = spans(&text)?;
    if spans.len() != 2 * CHECKS {
        return Err(Failure::new(format!("{} checks ran", spans.len())));
    }
    let sum: Duration = spans.iter().map(|span| span.to - span.from).sum();
    let (between, within) = gaps(&spans)?;
    if between.is_empty() {
        return Err(Failure::new("the two processes never took turns"));
    }
    let share = wall.as_secs_f64() / sum.as_secs_f64() - 1.0;
    crate::say(&format!(
        "\nTwo processes, {CHECKS} checks each, with one job and one resource between them: no two ever overlapped\n  wall {:.0} ms, the checks one after the other {:.0} ms ({:+.1} %), the first began after {:.0} ms\n  idle when handed over to the other process: {}\n  idle when the same process goes on: {}",
        milliseconds(wall),
        milliseconds(sum),
        share * 100.0,
        milliseconds(spans[0].from.saturating_sub(began)),
        spread(between),
        spread(within),
    ));
    Ok(())
}

fn all_passed(child: Child) -> Result<(), Failure> {
    let ran = child.wait_with_output();
    let ran = ran.map_err(|error| Failure::new(error.to_string()))?;
    let document = Json::read(&String::from_utf8_lossy(&ran.stdout))?;
    let passed = document.get("summary").get("passed").number();
    if ran.status.success() && passed == Some(super::number(CHECKS)) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{}: of {CHECKS} checks {passed:?} passed",
        ran.status
    )))
}

/// The time between the end of each and the beginning of the next: where that belongs to the other track, and to the same.
fn gaps(spans: &[Span]) -> Result<(Vec<Duration>, Vec<Duration>), Failure> {
    let (mut between, mut within) = (Vec::new(), Vec::new());
    for pair in spans.windows(2) {
        let [one, next] = pair else { continue };
        let Some(gap) = next.from.checked_sub(one.to) else {
            return Err(Failure::new(format!(
                "{} and {} ran at the same time",
                one.name, next.name
            )));
        };
        let track = |span: &Span| span.name.split('/').next().map(str::to_owned);
        match track(one) == track(next) {
            true => within.push(gap),
            false => between.push(gap),
        }
    }
    Ok((between, within))
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    match times.as_slice() {
        [] => "never".to_owned(),
        times => format!(
            "median {:.1} ms, {:.1} to {:.1} ms ({} times)",
            milliseconds(times[times.len() / 2]),
            milliseconds(times[0]),
            milliseconds(times[times.len() - 1]),
            times.len()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_told_apart_and_an_overlap_is_a_failure() {
        let span = |name: &str, from, to| Span {
            name: name.to_owned(),
            from: Duration::from_millis(from),
            to: Duration::from_millis(to),
        };
        let spans = [span("a/1", 0, 10), span("b/1", 13, 20), span("b/2", 21, 30)];
        let ms = Duration::from_millis;
        assert_eq!(gaps(&spans).unwrap(), (vec![ms(3)], vec![ms(1)]));
        assert!(gaps(&[span("a/1", 0, 10), span("b/1", 9, 20)]).is_err());
    }
}
