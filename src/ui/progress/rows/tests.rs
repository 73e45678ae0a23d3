//! What moves and what is told, from events made by hand.

use std::time::{Duration, Instant};

use super::*;
use crate::domain::check::Run;
use crate::domain::name::{CheckName, Side, TrackId};
use crate::ops::Plan;

/// Events at moments of a run, in milliseconds since it began.
struct Play {
    state: State,
    start: Instant,
}

fn side(track: &str) -> Side {
    Side::Track(TrackId::new(track).unwrap())
}

fn run(track: &str, check: &str, outcome: Outcome) -> Run {
    Run {
        attempts: 1,
        wall: Duration::from_secs(1),
        ended: 1,
        ..Run::new(CheckName::new(check).unwrap(), side(track), outcome)
    }
}

impl Play {
    fn new() -> Self {
        Play {
            state: State::default(),
            start: Instant::now(),
        }
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    fn take(&mut self, ms: u64, event: &Event<'_>) {
        let now = self.at(ms);
        self.state.take(event, now);
    }

    fn stage(&mut self, ms: u64, text: &str) {
        self.take(ms, &Event::Stage(text.to_owned()));
    }

    fn plan(&mut self, ms: u64, checks: usize, work: u64, at_least: u64) {
        let plan = Plan {
            checks,
            work: Duration::from_secs(work),
            at_least: Duration::from_secs(at_least),
        };
        self.take(ms, &Event::Planned(plan));
    }

    fn start(&mut self, ms: u64, track: &str, check: &str, attempt: u32, expected: Option<u64>) {
        let event = Event::CheckStarted {
            check: &CheckName::new(check).unwrap(),
            side: &side(track),
            attempt,
            expected: expected.map(Duration::from_secs),
        };
        self.take(ms, &event);
    }

    fn output(&mut self, ms: u64, track: &str, check: &str, line: &str) {
        let event = Event::CheckOutput {
            check: &CheckName::new(check).unwrap(),
            side: &side(track),
            line,
        };
        self.take(ms, &event);
    }

    fn end(&mut self, ms: u64, run: &Run) {
        self.take(ms, &Event::CheckEnded { run });
    }

    fn rows(&self, ms: u64, size: (usize, usize)) -> Vec<String> {
        rows(&self.state, self.at(ms), size)
            .iter()
            .map(|row| plain(row))
            .collect()
    }

    fn status(&self, ms: u64) -> String {
        plain(&status(&self.state, self.at(ms)))
    }
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

const WIDE: (usize, usize) = (100, 24);

#[test]
fn one_row_for_each_running_check_and_the_bar_below() {
    let mut play = Play::new();
    play.stage(0, "running 3 checks");
    assert_eq!(play.rows(0, WIDE), ["⠋ running 3 checks"]);
    play.plan(0, 4, 80, 40);
    play.start(0, "pricing", "unit", 1, Some(40));
    play.start(2000, "a", "lint", 1, None);
    play.output(
        3000,
        "pricing",
        "unit",
        "\u{1b}[32mok\u{1b}[0m\tparser\u{7}",
    );
    assert_eq!(
        play.rows(12_100, WIDE),
        [
            "⠙ pricing unit  12s of ~40s  ok parser",
            "⠙ a lint        10s",
            "⠙ running 3 checks  ────────────────────────  0/4  2 running  about 33s left",
        ]
    );
    play.end(13_000, &run("a", "lint", Outcome::Passed));
    play.end(13_000, &run("pricing", "unit", Outcome::Failed));
    assert_eq!(
        play.rows(13_000, WIDE),
        ["⠋ running 3 checks  ━━━━━━━━━━━━────────────  2/4  0 running, 1 failed  about 10s left"]
    );
    play.end(
        14_000,
        &Run {
            cached: true,
            ..run("b", "lint", Outcome::Passed)
        },
    );
    play.end(14_000, &run("b", "unit", Outcome::Skipped));
    play.end(14_000, &run("b", "docs", Outcome::Skipped));
    assert_eq!(play.rows(14_000, WIDE), ["⠋ running 3 checks"]);
}

#[test]
fn after_the_end_of_a_plan_another_one_begins() {
    let mut play = Play::new();
    play.stage(0, "checking base");
    play.plan(0, 2, 0, 0);
    play.end(1000, &run("a", "lint", Outcome::Failed));
    play.plan(1000, 3, 0, 0);
    let bar = |play: &Play, ms| play.rows(ms, WIDE).pop().unwrap();
    assert!(
        bar(&play, 1000).contains("1/3  0 running, 1 failed"),
        "it has grown"
    );
    play.end(2000, &run("a", "unit", Outcome::Passed));
    play.end(2000, &run("a", "docs", Outcome::Passed));
    play.plan(3000, 4, 0, 0);
    assert!(
        bar(&play, 3000).ends_with("0/4  0 running"),
        "{}",
        bar(&play, 3000)
    );
    assert_eq!((play.state.failed, play.state.failures), (0, 1));
}

#[test]
fn nothing_is_estimated_where_nothing_is_known() {
    let mut play = Play::new();
    play.stage(0, "running 2 checks");
    play.plan(0, 2, 0, 0);
    play.start(0, "a", "unit", 1, None);
    let rows = play.rows(60_000, WIDE);
    assert_eq!(
        rows[1],
        "⠋ running 2 checks  ────────────────────────  0/2  1 running"
    );
    assert_eq!(rows[0], "⠋ a unit  1m00s");
}

#[test]
fn never_more_rows_than_the_terminal_has_and_none_wider() {
    let mut play = Play::new();
    play.stage(0, "running 100 checks");
    play.plan(0, 100, 0, 0);
    for number in 0..30 {
        play.start(number, "a", &format!("c{number}"), 1, None);
        play.output(number, "a", &format!("c{number}"), &"x".repeat(500));
    }
    let rows = play.rows(5000, (60, 10));
    assert_eq!(rows.len(), 9);
    assert!(rows[0].starts_with("⠋ a c0 "), "{rows:?}");
    assert_eq!(rows[7], "  … and 23 more");
    assert!(rows[8].contains("0/100"), "{rows:?}");
    assert!(rows.iter().all(|row| row.chars().count() <= 60), "{rows:?}");
    for height in 0..4 {
        assert!(play.rows(5000, (60, height)).len() < height.max(2));
    }
}

#[test]
fn what_takes_long_stalls_or_starts_again_is_seen() {
    let mut play = Play::new();
    play.stage(0, "running");
    play.start(0, "a", "unit", 1, Some(10));
    let row = |play: &Play, ms| rows(&play.state, play.at(ms), WIDE)[0].clone();
    let yellow = paint(WARN, "16s of ~10s");
    assert!(!row(&play, 15_000).contains(&paint(WARN, "15s of ~10s")));
    assert!(
        row(&play, 16_000).contains(&yellow),
        "{}",
        row(&play, 16_000)
    );
    let (check, side) = (CheckName::new("unit").unwrap(), side("a"));
    let silent = Duration::from_secs(600);
    play.take(
        601_000,
        &Event::CheckStalled {
            check: &check,
            side: &side,
            silent,
        },
    );
    assert_eq!(
        play.rows(601_000, WIDE)[0],
        "⠋ a unit  10m01s of ~10s  silent for 10m"
    );
    assert_eq!(
        play.rows(721_000, WIDE)[0],
        "⠋ a unit  12m01s of ~10s  silent for 12m"
    );
    play.output(722_000, "a", "unit", "back");
    assert_eq!(
        play.rows(722_000, WIDE)[0],
        "⠋ a unit  12m02s of ~10s  back"
    );
    play.take(
        723_000,
        &Event::CheckRetried {
            check: &check,
            side: &side,
            attempt: 1,
            outcome: Outcome::Failed,
            delay: Duration::from_secs(2),
        },
    );
    assert_eq!(
        play.rows(724_000, WIDE)[0],
        "⠋ a unit  again in 1s (attempt 2)"
    );
    play.start(725_000, "a", "unit", 2, Some(10));
    assert_eq!(
        play.rows(726_000, WIDE)[0],
        "⠋ a unit  1s of ~10s  attempt 2"
    );
}

#[test]
fn waiting_ticks_and_services_start() {
    let mut play = Play::new();
    play.stage(0, "running 2 checks");
    let wait = Wait {
        resource: "postgres".to_owned(),
        holder: "track-b unit".to_owned(),
        held: Duration::from_secs(60),
    };
    play.take(0, &Event::Waiting(&[wait]));
    let service = |step| Event::Service {
        name: "db",
        place: Some("a"),
        step,
    };
    play.take(0, &service(ServiceStep::Starting));
    assert_eq!(
        play.rows(4000, WIDE),
        [
            "⠋ service db (a)  4s  starting",
            "waiting for postgres (track-b unit, 1m04s)",
            "⠋ running 2 checks"
        ]
    );
    play.take(5000, &Event::Waiting(&[]));
    play.take(5000, &service(ServiceStep::Ready));
    assert_eq!(play.rows(5000, WIDE), ["⠋ running 2 checks"]);
    let failed = service(ServiceStep::Failed("it ended with status 1"));
    assert_eq!(
        plain(&news(&failed, &play.state)),
        "failed service db (a): it ended with status 1\n"
    );
}

#[test]
fn failures_are_printed_above_when_they_end() {
    let play = Play::new();
    let shown = |run: &Run| plain(&news(&Event::CheckEnded { run }, &play.state));
    let failed = run("a", "unit", Outcome::Failed);
    assert_eq!(
        shown(&failed),
        "──── failed a unit 1.0s\nit printed nothing\n──── no log of a unit\n"
    );
    let allowed = Run {
        allow_failure: true,
        ..failed
    };
    assert_eq!(shown(&allowed), "failed a unit 1.0s: allowed\n");
    assert_eq!(shown(&run("a", "unit", Outcome::Passed)), "");
    assert_eq!(shown(&run("a", "unit", Outcome::Cancelled)), "");
}

#[test]
fn whoever_asks_is_told() {
    let mut play = Play::new();
    assert_eq!(play.status(0), "for 0s\n");
    play.stage(0, "merging 4 tracks");
    assert_eq!(play.status(3000), "merging 4 tracks: for 3s\n");
    play.stage(3000, "running 5 checks");
    play.plan(3000, 5, 100, 50);
    play.end(3000, &run("a", "docs", Outcome::Failed));
    play.start(3000, "pricing", "unit", 1, Some(40));
    play.start(3000, "a", "lint", 2, None);
    play.output(10_000, "pricing", "unit", "test parser");
    let wait = Wait {
        resource: "postgres".to_owned(),
        holder: "track-b unit".to_owned(),
        held: Duration::ZERO,
    };
    play.take(10_000, &Event::Waiting(&[wait]));
    assert_eq!(
        play.status(15_000),
        "running 5 checks: 1 of 5 ended (1 failed), 2 running, 2 to come; about 44s left\n  \
         pricing unit  12s of ~40s, last output 5s ago: test parser\n  \
         a lint        12s, attempt 2, no output yet\n  \
         waiting for postgres (track-b unit, 5s)\n"
    );
}

#[test]
fn durations_in_one_word() {
    for (seconds, exact, about) in [
        (0, "0s", "0s"),
        (59, "59s", "59s"),
        (60, "1m00s", "1m"),
        (64, "1m04s", "1m"),
        (600, "10m00s", "10m"),
        (7500, "2h05m", "2h05m"),
    ] {
        let duration = Duration::from_secs(seconds);
        assert_eq!(
            (short(duration).as_str(), coarse(duration).as_str()),
            (exact, about)
        );
    }
}
