//! A graph with weights and resources whose checks sleep: how near the schedule comes to its lower bound.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::load::{JOBS, LOADS, Load, RESOURCES, checks, lower_bound};
use super::{Span, all_ran, milliseconds, spans, stamp, worktrees};
use crate::bench::cases::Bench;
use crate::bench::repository::Shape;
use crate::failure::Failure;

const TRACKS: u32 = 3;
const STARTS: usize = 5;
/// What a run with known durations may take beyond its lower bound and the cost of starting so many checks.
const BEYOND: f64 = 0.05;
/// The tool's own bound is made of what it measured, which is a little more than what we asked for.
const HONEST: std::ops::RangeInclusive<f64> = 0.99..=1.10;

pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    let stamps = bench.dir.join("stamps");
    let marked = |work: &str| {
        // Only where somebody looks: a stamp costs two processes.
        let on = bench.dir.join("stamping");
        let stamped = |what| format!("[ ! -e {} ] || {}", on.display(), stamp(&stamps, what));
        format!("{}; {work}; {}", stamped("begin"), stamped("end"))
    };
    let sleeping = site(bench, "mixed", |load| {
        marked(&format!("sleep {}", load.takes as f64 / 1000.0))
    })?;
    let starting = site(bench, "mixed-starts", |_| marked("true"))?;
    let number = LOADS.len() * TRACKS as usize;

    Bench::forget(&sleeping)?;
    let first = timed(bench, &sleeping, number)?;
    let second = timed(bench, &sleeping, number)?;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(timed(bench, &starting, number)?.wall);
    }
    starts.sort();
    let start_cost = starts[STARTS / 2];
    let bound = lower_bound(&LOADS, TRACKS);

    crate::say(&format!(
        "\nA mixed load of {number} checks in {TRACKS} tracks, {JOBS} at once: {} of sleep, lower bound {}\n  to start as many that do nothing: median {}, {} to {} ({STARTS} runs)",
        shown(LOADS.iter().map(|load| load.takes).sum::<u64>() * u64::from(TRACKS)),
        text(bound),
        text(start_cost),
        text(starts[0]),
        text(starts[STARTS - 1]),
    ));
    for (name, run) in [("nothing known", &first), ("durations known", &second)] {
        crate::say(&format!(
            "  {name:<15}  wall {}  its own lower bound {}  beyond bound and starts {:+.1} %",
            text(run.wall),
            text(run.own_bound),
            beyond(run.wall, bound, start_cost) * 100.0
        ));
    }
    limits_hold(bench, &sleeping, &stamps, number)?;
    for run in [&first, &second] {
        let ratio = run.own_bound.as_secs_f64() / bound.as_secs_f64();
        if !HONEST.contains(&ratio) {
            return Err(Failure::new(format!(
                "the lower bound that the tool tells is {ratio:.2} times the true one"
            )));
        }
    }
    let beyond = beyond(second.wall, bound, start_cost);
    if beyond <= BEYOND {
        return Ok(());
    }
    Err(Failure::new(format!(
        "with known durations the mixed load takes {:.1} % more than its lower bound and the starts; at most {:.0} % is promised",
        beyond * 100.0,
        BEYOND * 100.0
    )))
}

struct Ran {
    wall: Duration,
    own_bound: Duration,
}

fn site(bench: &Bench, name: &str, command: impl Fn(&Load) -> String) -> Result<PathBuf, Failure> {
    let shape = Shape {
        files: 300,
        tracks: u64::from(TRACKS),
    };
    let dir = bench.repository(name, shape, &checks(command))?;
    worktrees(bench, &dir)?;
    Ok(dir)
}

fn timed(bench: &Bench, dir: &Path, number: usize) -> Result<Ran, Failure> {
    let started = Instant::now();
    let document = all_ran(bench, dir, &[], number)?;
    let wall = started.elapsed();
    let own = document.get("lower_bound_seconds").number();
    let own = own.ok_or_else(|| Failure::new("a run without its `lower_bound_seconds`"))?;
    Ok(Ran {
        wall,
        own_bound: Duration::from_secs_f64(own),
    })
}

fn beyond(wall: Duration, bound: Duration, start_cost: Duration) -> f64 {
    (wall.as_secs_f64() - start_cost.as_secs_f64()) / bound.as_secs_f64() - 1.0
}

/// Once more, with stamps: were it quick by breaking the limits, that would show.
fn limits_hold(bench: &Bench, dir: &Path, stamps: &Path, number: usize) -> Result<(), Failure> {
    let on = bench.dir.join("stamping");
    std::fs::write(&on, "").map_err(Failure::at(&on))?;
    all_ran(bench, dir, &[], number)?;
    std::fs::remove_file(&on).map_err(Failure::at(&on))?;
    let text = std::fs::read_to_string(stamps).map_err(Failure::at(stamps))?;
    let spans = spans(&text)?;
    if spans.len() != number {
        return Err(Failure::new(format!(
            "{} stamps, not {number}",
            spans.len()
        )));
    }
    let broken = broken_limits(&spans);
    match broken.first() {
        None => Ok(()),
        Some(first) => Err(Failure::new(format!(
            "{} limits broken: {first}",
            broken.len()
        ))),
    }
}

fn broken_limits(spans: &[Span]) -> Vec<String> {
    let load = |span: &Span| {
        let name = span.name.rsplit('/').next().unwrap_or_default();
        LOADS.iter().find(|load| load.name == name)
    };
    let mut broken = Vec::new();
    for span in spans {
        let Some(own) = load(span) else {
            broken.push(format!("there is no check {}", span.name));
            continue;
        };
        let at_once = || {
            spans
                .iter()
                .filter(|other| other.from <= span.from && span.from < other.to)
                .filter_map(load)
        };
        let weight: u32 = at_once().map(|load| load.weight).sum();
        if weight > JOBS {
            broken.push(format!("weights of {weight} at once with {}", span.name));
        }
        for (name, count) in RESOURCES {
            let users = at_once().filter(|load| load.resource == Some(name)).count();
            if users > count as usize {
                broken.push(format!(
                    "{users} users of {name} at once with {}",
                    span.name
                ));
            }
        }
        let track = span.name.split('/').next().unwrap_or_default();
        for need in own.needs {
            let name = format!("{track}/{need}");
            let need = spans.iter().find(|other| other.name == name);
            if need.is_none_or(|need| need.to > span.from) {
                broken.push(format!("{} began before {name} had ended", span.name));
            }
        }
    }
    broken
}

fn text(time: Duration) -> String {
    format!("{:.0} ms", milliseconds(time))
}

fn shown(milliseconds: u64) -> String {
    format!("{:.1} s", milliseconds as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(name: &str, from: u64, to: u64) -> Span {
        Span {
            name: name.to_owned(),
            from: Duration::from_millis(from),
            to: Duration::from_millis(to),
        }
    }

    #[test]
    fn broken_limits_are_found() {
        let table: &[(&[Span], usize)] = &[
            (&[span("a/query", 0, 9), span("b/query", 9, 20)], 0),
            (&[span("a/query", 0, 9), span("b/migrate", 8, 20)], 1),
            (&[span("a/flash", 0, 9), span("b/flash", 0, 9)], 0),
            (&[span("a/whole", 0, 9), span("b/short", 3, 4)], 1),
            (&[span("a/first", 0, 9), span("a/second", 9, 10)], 0),
            (&[span("a/first", 0, 9), span("a/second", 8, 10)], 1),
            (&[span("b/first", 0, 1), span("a/second", 8, 10)], 1),
            (&[span("a/unknown", 0, 1)], 1),
        ];
        for (spans, broken) in table {
            assert_eq!(broken_limits(spans).len(), *broken, "{spans:?}");
        }
    }

    #[test]
    fn beyond_is_a_part_of_the_bound() {
        let ms = Duration::from_millis;
        assert!((beyond(ms(1250), ms(1000), ms(200)) - 0.05).abs() < 1e-9);
    }
}
