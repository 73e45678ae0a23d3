//! Collisions by behaviour: what merges clean and fails a check.

use serde_json::{Map, Value, json};

use super::super::{count, names};
use crate::domain::merge::Pair;
use crate::domain::name::{CheckName, Side, TrackId};
use crate::ops::behaviour::{Behaviour, Failure, Judgement};
use crate::ops::conflicts::Report;
use crate::ui::style::{BAD, DIM, STRONG, WARN, paint, tame};

/// Of so many collisions the end of the log is shown; of the others, where it lies.
const IN_FULL: usize = 8;

/// What it is called for programs.
const COLLIDES: &str = "BEH01";
const RED_ALONE: &str = "BEH02";

/// What the sign in the grid means; empty where it is not there.
pub(super) fn legend(report: &Report) -> String {
    match &report.behaviour {
        Some(behaviour) if behaviour.found() => {
            let line = format!("! merges clean, but check {} fails", behaviour.check);
            paint(DIM, &line) + "\n"
        }
        _ => String::new(),
    }
}

pub(super) fn fails(report: &Report, pair: &Pair) -> bool {
    let behaviour = report.behaviour.as_ref();
    behaviour.is_some_and(|behaviour| behaviour.failure_of(&pair.a, &pair.b).is_some())
}

/// Everything that there is to say of it; empty where no check was asked for.
pub(super) fn section(report: &Report) -> String {
    let Some(behaviour) = &report.behaviour else {
        return String::new();
    };
    let check = &behaviour.check;
    let mut text = match &behaviour.base {
        None => return format!("\nno two tracks merge clean here that check {check} applies to\n"),
        Some(Judgement::Passed { .. }) => String::from("\n"),
        Some(Judgement::Red(failure)) => {
            let how = format!("check {check} fails on base, so no pair was judged by it");
            format!(
                "\n{} {how}\n{}",
                paint(WARN, "base red"),
                log(failure, true)
            )
        }
        Some(Judgement::Unknown(why)) => format!(
            "\n{} check {check} could not run on base, so no pair was judged by it: {}\n",
            paint(WARN, "unavailable"),
            tame(why)
        ),
    };
    for (track, judgement) in &behaviour.alone {
        text.push_str(&match judgement {
            Judgement::Passed { .. } => String::new(),
            Judgement::Red(failure) => format!(
                "{} {}: check {check} fails on base with this track alone{}; none of its pairs was judged\n{}",
                paint(BAD, "already red alone"),
                paint(STRONG, track.as_str()),
                of_need(failure, check),
                log(failure, true)
            ),
            Judgement::Unknown(why) => unavailable(track.as_str(), check, why),
        });
    }
    let mut shown = 0;
    for ((a, b), judgement) in &behaviour.pairs {
        let pair = format!("{a} × {b}");
        text.push_str(&match judgement {
            Judgement::Passed { .. } => String::new(),
            Judgement::Red(failure) => {
                shown += 1;
                format!(
                    "{} {}: merges clean, but check {check} fails{}\n{}",
                    paint(BAD, "collision"),
                    paint(STRONG, &pair),
                    of_need(failure, check),
                    log(failure, shown <= IN_FULL)
                )
            }
            Judgement::Unknown(why) => unavailable(&pair, check, why),
        });
    }
    text.push_str(&summary(behaviour));
    text
}

fn unavailable(what: &str, check: &CheckName, why: &str) -> String {
    let word = paint(WARN, "unavailable");
    format!("{word} {what}: check {check}: {}\n", tame(why))
}

/// How it failed, where that is more than an exit status of its own.
fn of_need(failure: &Failure, asked: &CheckName) -> String {
    let mut how = Vec::new();
    if failure.check != *asked {
        how.push(format!("at {}, which it needs", failure.check));
    }
    match failure.exit_status {
        Some(status) => how.push(format!("exit status {status}")),
        None => how.push(failure.outcome.as_str().to_owned()),
    }
    format!(" ({})", how.join(", "))
}

fn log(failure: &Failure, with_tail: bool) -> String {
    let mut text = String::new();
    for line in failure.tail.iter().filter(|_| with_tail) {
        text.push_str(&format!("  {} {}\n", paint(DIM, "│"), tame(line)));
    }
    if let Some(log) = &failure.log {
        let line = format!("  log: {}", log.display());
        text.push_str(&paint(DIM, &line));
        text.push('\n');
    }
    text
}

fn summary(behaviour: &Behaviour) -> String {
    let stats = Counts::of(behaviour);
    if stats.judged == 0 {
        return String::new();
    }
    let mut parts = vec![format!(
        "check {} on {}",
        behaviour.check,
        count(stats.judged, "clean pair")
    )];
    let mut part = |number: usize, what: &str| {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    };
    part(stats.passed, "passed");
    part(stats.cached, "of them known from before");
    part(stats.collisions, "failed");
    part(stats.could_not_run, "could not run");
    part(behaviour.candidates - stats.judged, "not judged");
    let first = parts.remove(0);
    format!("{first}: {}\n", parts.join(", "))
}

/// The pairs by what came out.
struct Counts {
    judged: usize,
    passed: usize,
    cached: usize,
    collisions: usize,
    could_not_run: usize,
}

impl Counts {
    fn of(behaviour: &Behaviour) -> Counts {
        let number = |is: &dyn Fn(&Judgement) -> bool| {
            let judged = behaviour.pairs.values();
            judged.filter(|judgement| is(judgement)).count()
        };
        Counts {
            judged: behaviour.pairs.len(),
            passed: number(&|judgement| matches!(judgement, Judgement::Passed { .. })),
            cached: number(&|judgement| matches!(judgement, Judgement::Passed { cached: true })),
            collisions: number(&|judgement| matches!(judgement, Judgement::Red(_))),
            could_not_run: number(&|judgement| matches!(judgement, Judgement::Unknown(_))),
        }
    }
}

/// The collisions of one pair for programs, by the rules' shape.
pub(super) fn collisions(report: &Report, pair: &Pair) -> Vec<Value> {
    let Some(behaviour) = &report.behaviour else {
        return Vec::new();
    };
    let failure = behaviour.failure_of(&pair.a, &pair.b);
    let each = failure.map(|failure| {
        let check = &behaviour.check;
        let how = of_need(failure, check);
        let (code, message) = match (&pair.a, &pair.b) {
            (Side::Track(a), b) => (
                COLLIDES,
                format!("{a} and {b} merge clean, but check {check} fails{how}"),
            ),
            (_, b) => (
                RED_ALONE,
                format!("check {check} fails on base with {b} alone{how}"),
            ),
        };
        let mut map = judgement_fields(&Judgement::Red(failure.clone()));
        map.insert("code".to_owned(), json!(code));
        map.insert("message".to_owned(), json!(message));
        map.insert("paths".to_owned(), json!([]));
        map.insert("check".to_owned(), json!(failure.check.as_str()));
        Value::Object(map)
    });
    each.into_iter().collect()
}

fn judgement_fields(judgement: &Judgement) -> Map<String, Value> {
    let mut map = Map::new();
    let outcome = match judgement {
        Judgement::Passed { .. } => "passed",
        Judgement::Red(failure) => failure.outcome.as_str(),
        Judgement::Unknown(_) => "could-not-run",
    };
    map.insert("outcome".to_owned(), json!(outcome));
    match judgement {
        Judgement::Passed { cached } => {
            map.insert("cached".to_owned(), json!(cached));
        }
        Judgement::Red(failure) => {
            let log = failure.log.as_ref().map(|log| log.display().to_string());
            map.insert("log".to_owned(), json!(log));
            map.insert("exit_status".to_owned(), json!(failure.exit_status));
        }
        Judgement::Unknown(why) => {
            map.insert("reason".to_owned(), json!(why));
        }
    }
    map
}

/// What the check says of base and of each track alone.
pub(super) fn checked(behaviour: &Behaviour) -> Value {
    let alone = behaviour.alone.iter().map(|(track, judgement)| {
        let mut map = judgement_fields(judgement);
        map.insert("track".to_owned(), json!(track.as_str()));
        Value::Object(map)
    });
    let judged = behaviour.pairs.iter().map(|((a, b), judgement)| {
        let mut map = judgement_fields(judgement);
        map.insert("a".to_owned(), json!(a.as_str()));
        map.insert("b".to_owned(), json!(b.as_str()));
        Value::Object(map)
    });
    json!({
        "check": behaviour.check.as_str(),
        "base": behaviour.base.as_ref().map(judgement_fields),
        "alone": alone.collect::<Vec<_>>(),
        "pairs": judged.collect::<Vec<_>>(),
    })
}

pub(super) fn stats(behaviour: &Behaviour) -> Value {
    let counts = Counts::of(behaviour);
    let red: Vec<&TrackId> = (behaviour.alone.iter())
        .filter(|(_, judgement)| judgement.failure().is_some())
        .map(|(track, _)| track)
        .collect();
    json!({
        "candidates": behaviour.candidates,
        "judged": counts.judged,
        "passed": counts.passed,
        "cached": counts.cached,
        "collisions": counts.collisions,
        "could_not_run": counts.could_not_run,
        "not_judged": behaviour.candidates - counts.judged,
        "red_alone": names(red),
    })
}
