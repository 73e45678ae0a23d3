//! What a log gets, from events made by hand.

use std::time::{Duration, Instant};

use super::*;
use crate::domain::name::{CheckName, Side};
use crate::ops::{Plan, Wait};

/// A log that events are shown in, at moments in milliseconds since the beginning.
struct Log {
    plain: Plain,
    state: State,
    start: Instant,
}

impl Log {
    fn new(workflow: Option<Workflow>) -> Self {
        Log {
            plain: Plain::new(true, workflow),
            state: State::default(),
            start: Instant::now(),
        }
    }

    fn show(&mut self, ms: u64, event: &Event<'_>) -> String {
        let now = self.start + Duration::from_millis(ms);
        self.state.take(event, now);
        shown(&self.plain.lines(event, now))
    }

    fn start(&mut self, ms: u64, name: &str) -> String {
        let event = Event::CheckStarted {
            check: &check(name),
            side: &Side::Base,
            attempt: 1,
            expected: Some(Duration::from_secs(90)),
        };
        self.show(ms, &event)
    }

    fn end(&mut self, ms: u64, run: &Run) -> String {
        self.show(ms, &Event::CheckEnded { run })
    }

    fn tick(&mut self, ms: u64) -> String {
        let now = self.start + Duration::from_millis(ms);
        shown(&self.plain.tick(&self.state, now))
    }
}

fn shown(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn check(name: &str) -> CheckName {
    CheckName::new(name).unwrap()
}

fn run(name: &str, outcome: Outcome, ms: u64) -> Run {
    Run {
        attempts: 1,
        wall: Duration::from_millis(ms),
        ended: 1,
        ..Run::new(check(name), Side::Base, outcome)
    }
}

#[test]
fn a_short_run_that_passes_says_nothing() {
    let mut log = Log::new(None);
    assert_eq!(
        log.show(0, &Event::Stage("running 2 checks".to_owned())),
        ""
    );
    for name in ["a", "b"] {
        assert_eq!(log.start(0, name), "");
        assert_eq!(log.end(500, &run(name, Outcome::Passed, 500)), "");
    }
    assert_eq!(log.tick(900), "");
}

#[test]
fn once_it_takes_long_every_check_has_its_line() {
    let mut log = Log::new(None);
    log.show(0, &Event::Stage("running 4 checks".to_owned()));
    log.start(0, "a");
    assert_eq!(log.end(100, &run("a", Outcome::Passed, 100)), "");
    log.start(100, "b");
    assert_eq!(log.tick(900), "");
    assert_eq!(log.tick(1000), "running 4 checks\npassed base a 0.1s\n");
    assert_eq!(
        log.end(1100, &run("b", Outcome::Passed, 300)),
        "passed base b 0.3s\n"
    );
    let cached = Run {
        cached: true,
        ..run("c", Outcome::Passed, 5000)
    };
    assert_eq!(log.end(1100, &cached), "");
}

#[test]
fn a_failure_is_a_block_and_brings_out_what_was_held() {
    let mut log = Log::new(None);
    log.show(0, &Event::Stage("running 2 checks".to_owned()));
    log.start(0, "a");
    log.start(0, "b");
    assert_eq!(log.end(100, &run("a", Outcome::Passed, 100)), "");
    assert_eq!(
        log.end(200, &run("b", Outcome::Failed, 200)),
        "running 2 checks\npassed base a 0.1s\n──── failed base b 0.2s\nit printed nothing\n──── no log of base b\n"
    );
    let allowed = Run {
        allow_failure: true,
        ..run("c", Outcome::Failed, 100)
    };
    assert_eq!(log.end(300, &allowed), "failed base c 0.1s: allowed\n");
    let skipped = Run {
        note: Some("b did not pass".to_owned()),
        attempts: 0,
        ..run("d", Outcome::Skipped, 0)
    };
    assert_eq!(log.end(300, &skipped), "skipped base d: b did not pass\n");
}

#[test]
fn for_programs_a_failure_is_a_line() {
    let mut log = Log::new(None);
    log.plain = Plain::new(false, None);
    assert_eq!(
        log.end(0, &run("a", Outcome::Failed, 100)),
        "failed base a 0.1s\n"
    );
}

#[test]
fn waiting_stalling_and_trying_again_are_told() {
    let mut log = Log::new(None);
    log.start(0, "a");
    let (name, side) = (check("a"), Side::Base);
    let wait = Wait {
        resource: "postgres".to_owned(),
        holder: "track-b unit".to_owned(),
        held: Duration::from_secs(64),
    };
    // A moment is not worth a line.
    assert_eq!(
        log.show(10, &Event::Waiting(std::slice::from_ref(&wait))),
        ""
    );
    assert_eq!(log.show(20, &Event::Waiting(&[])), "");
    assert_eq!(log.tick(1_200), "");
    assert_eq!(log.show(1_300, &Event::Waiting(&[wait])), "");
    assert_eq!(log.tick(2_200), "");
    assert_eq!(
        log.tick(2_300),
        "waiting for postgres (track-b unit, 1m05s)\n"
    );
    assert_eq!(log.tick(9_000), "", "it is said once");
    let stalled = Event::CheckStalled {
        check: &name,
        side: &side,
        silent: Duration::from_secs(600),
    };
    assert_eq!(log.show(9_030, &stalled), "silent base a for 10m\n");
    let retried = Event::CheckRetried {
        check: &name,
        side: &side,
        attempt: 1,
        outcome: Outcome::TimedOut,
        delay: Duration::from_secs(2),
    };
    assert_eq!(
        log.show(9_040, &retried),
        "timed-out base a: again in 2s (attempt 2)\n"
    );
}

#[test]
fn a_silent_log_gets_a_sign_of_life_every_minute() {
    let mut log = Log::new(None);
    log.show(
        0,
        &Event::Planned(Plan {
            checks: 8,
            ..Plan::default()
        }),
    );
    for name in ["a", "b", "c", "d", "e", "f"] {
        log.start(0, name);
    }
    assert_eq!(log.tick(59_000), "");
    let all = "still running: base a 1m00s of ~1m30s, base b 1m00s of ~1m30s, base c 1m00s of ~1m30s, \
               base d 1m00s of ~1m30s, base e 1m00s of ~1m30s and 1 more; 0 of 8 ended\n";
    assert_eq!(log.tick(60_000), all);
    assert_eq!(log.tick(61_000), "");
    assert_eq!(
        log.end(100_000, &run("b", Outcome::Passed, 100_000)),
        "passed base b 1m 40s\n"
    );
    assert_eq!(log.tick(159_000), "", "something was printed meanwhile");
    assert!(log.tick(160_000).starts_with("still running: base a 2m40s"));
    for name in ["a", "c", "d", "e", "f"] {
        log.end(161_000, &run(name, Outcome::Passed, 100_000));
    }
    assert_eq!(log.tick(300_000), "", "nothing runs");
}

#[test]
fn a_workflow_gets_groups_in_which_nothing_commands() {
    let workflow = Workflow::with_token("T".to_owned());
    let mut log = Log::new(Some(workflow));
    assert_eq!(
        log.end(0, &run("a", Outcome::Failed, 200)),
        "::group::base a failed\n::stop-commands::T\nfailed base a 0.2s\nit printed nothing\n\
         no log of base a\n::T::\n::endgroup::\n"
    );
    assert_eq!(
        log.plain.guarded("::error::no\n".to_owned()),
        "::stop-commands::T\n::error::no\n::T::\n"
    );
}
