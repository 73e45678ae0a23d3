//! What is going on, as far as the events of an operation have told.

use std::time::{Duration, Instant};

use crate::domain::check::{Course, Run};
use crate::domain::name::{CheckName, Side};
use crate::ops::{Event, Plan, ServiceStep, TrackStep, Wait};
use crate::ui::style::tame;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) stage: Option<(String, Instant)>,
    pub(super) plan: Plan,
    planned: Option<Instant>,
    /// What is going on, the longest running first.
    pub(super) lines: Vec<Line>,
    /// With when it was said.
    pub(super) waits: Vec<(Wait, Instant)>,
    /// Checks of the plan that have ended, beyond what passed before.
    pub(super) done: usize,
    /// Of those: red, and not allowed to be.
    pub(super) failed: usize,
    /// As many of them as there were under all plans.
    pub(super) failures: usize,
    ended_expected: Duration,
    ended_took: Duration,
    side_by_side: u32,
}

/// One thing that is going on.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) key: String,
    pub(super) since: Instant,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Check(Check),
    /// Anything else, in words.
    Other(String),
}

#[derive(Debug)]
pub(super) struct Check {
    pub(super) attempt: u32,
    pub(super) expected: Option<Duration>,
    /// The last line of its output, and when it came.
    pub(super) output: Option<(String, Instant)>,
    /// Since when it has been silent, once that is too long.
    pub(super) silent_since: Option<Instant>,
    /// Red; when it starts again.
    pub(super) again: Option<Instant>,
}

impl State {
    pub(super) fn take(&mut self, event: &Event<'_>, now: Instant) {
        match event {
            Event::Stage(text) => self.stage = Some((text.clone(), now)),
            Event::Track { track, step } => match step {
                TrackStep::Waiting => self.other(track.as_str(), "waiting", now),
                TrackStep::Creating => self.other(track.as_str(), "creating worktree", now),
                TrackStep::Copying => self.other(track.as_str(), "copying files", now),
                TrackStep::Created | TrackStep::Kept | TrackStep::Failed(_) => {
                    self.end(track.as_str());
                }
            },
            Event::Planned(plan) => self.planned(*plan, now),
            Event::CheckStarted {
                check,
                side,
                attempt,
                expected,
            } => self.start(key(side, check), *attempt, *expected, now),
            Event::CheckOutput { check, side, line } => {
                if let Some(check) = self.check(side, check) {
                    check.output = Some(((*line).to_owned(), now));
                    check.silent_since = None;
                }
            }
            Event::CheckStalled {
                check,
                side,
                silent,
            } => {
                if let Some(check) = self.check(side, check) {
                    check.silent_since = now.checked_sub(*silent).or(Some(now));
                }
            }
            Event::CheckRetried {
                check, side, delay, ..
            } => {
                if let Some(check) = self.check(side, check) {
                    check.again = now.checked_add(*delay);
                }
            }
            Event::CheckEnded { run } => self.ended(run),
            Event::Waiting(waits) => {
                self.waits = waits.iter().map(|wait| (wait.clone(), now)).collect();
            }
            Event::Service { name, place, step } => {
                let key = service(name, *place);
                match step {
                    ServiceStep::Starting => self.other(&key, "starting", now),
                    ServiceStep::Ready | ServiceStep::Stopped | ServiceStep::Failed(_) => {
                        self.end(&key);
                    }
                }
            }
            Event::SetupOutput { place, line } => {
                self.other(place, &format!("setup: {}", tame(line)), now);
            }
            Event::SetupEnded { place } => {
                self.end(place);
            }
        }
    }

    /// Checks that have to end, all in all.
    pub(super) fn total(&self) -> usize {
        self.plan.checks.max(self.done + self.checks())
    }

    /// Checks that run, those that wait for a further attempt included.
    pub(super) fn checks(&self) -> usize {
        let is_check = |line: &&Line| matches!(line.what, What::Check(_));
        self.lines.iter().filter(is_check).count()
    }

    /// Since the plan was made.
    pub(super) fn elapsed(&self, now: Instant) -> Duration {
        let since = self.planned.or(self.stage.as_ref().map(|(_, at)| *at));
        since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// How long the rest takes, if that can be told.
    pub(super) fn remaining(&self, now: Instant) -> Option<Duration> {
        let running = self.lines.iter().filter_map(|line| match &line.what {
            What::Check(check) => Some(match check.again {
                // It has everything before it.
                Some(_) => (Duration::ZERO, check.expected),
                None => (now.saturating_duration_since(line.since), check.expected),
            }),
            What::Other(_) => None,
        });
        let course = Course {
            work: self.plan.work,
            at_least: self.plan.at_least,
            elapsed: self.elapsed(now),
            ended_expected: self.ended_expected,
            ended_took: self.ended_took,
            running: running.collect(),
            side_by_side: self.side_by_side,
        };
        course.remaining()
    }

    /// A plan that is said again while it is carried out has grown; after its end, another one begins.
    fn planned(&mut self, plan: Plan, now: Instant) {
        if self.checks() == 0 && self.done >= self.plan.checks {
            self.planned = None;
            (self.done, self.failed, self.side_by_side) = (0, 0, 0);
            (self.ended_expected, self.ended_took) = (Duration::ZERO, Duration::ZERO);
        }
        self.plan = plan;
        self.planned.get_or_insert(now);
    }

    fn start(&mut self, key: String, attempt: u32, expected: Option<Duration>, now: Instant) {
        let check = Check {
            attempt,
            expected,
            output: None,
            silent_since: None,
            again: None,
        };
        self.end(&key);
        self.lines.push(Line {
            key,
            since: now,
            what: What::Check(check),
        });
        let busy = self.lines.iter().filter(|line| match &line.what {
            What::Check(check) => check.again.is_none(),
            What::Other(_) => false,
        });
        let busy = u32::try_from(busy.count()).unwrap_or(u32::MAX);
        self.side_by_side = self.side_by_side.max(busy);
    }

    fn ended(&mut self, run: &Run) {
        let line = self.end(&key(&run.side, &run.check));
        if run.cached {
            return;
        }
        self.done += 1;
        let failed = usize::from(run.outcome.is_red() && !run.allow_failure);
        self.failed += failed;
        self.failures += failed;
        if let Some(What::Check(check)) = line.map(|line| line.what)
            && let Some(expected) = check.expected
        {
            self.ended_expected += expected;
            self.ended_took += run.wall;
        }
    }

    fn other(&mut self, key: &str, words: &str, now: Instant) {
        let what = What::Other(words.to_owned());
        match self.lines.iter_mut().find(|line| line.key == key) {
            Some(line) => line.what = what,
            None => self.lines.push(Line {
                key: key.to_owned(),
                since: now,
                what,
            }),
        }
    }

    fn check(&mut self, side: &Side, check: &CheckName) -> Option<&mut Check> {
        let key = key(side, check);
        let line = self.lines.iter_mut().find(|line| line.key == key)?;
        match &mut line.what {
            What::Check(check) => Some(check),
            What::Other(_) => None,
        }
    }

    fn end(&mut self, key: &str) -> Option<Line> {
        let index = self.lines.iter().position(|line| line.key == key)?;
        Some(self.lines.remove(index))
    }
}

fn key(side: &Side, check: &CheckName) -> String {
    format!("{side} {check}")
}

/// `service postgres`, with the worktree that it is for.
pub(super) fn service(name: &str, place: Option<&str>) -> String {
    match place {
        Some(place) => format!("service {name} ({place})"),
        None => format!("service {name}"),
    }
}
