//! What a log gets: a line for each check that ends, whole blocks for failures, and a sign of life where it would be silent.

use std::time::{Duration, Instant};

use super::rows::{coarse, short, times, waiting, waits};
use super::state::{State, What, service};
use crate::domain::check::{Outcome, Run};
use crate::ops::{Event, ServiceStep, Wait};
use crate::ui::github::Workflow;
use crate::ui::report::failures::{self, Length};
use crate::ui::style::{BAD, DIM, WARN, paint, tame};

/// How often time is looked at.
pub(super) const INTERVAL: Duration = Duration::from_millis(250);

/// Where all passes within this, the answer alone tells of it.
const WORTH_A_LINE: Duration = Duration::from_secs(1);

/// Who runs us may take a log that does not grow for the end of all life.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// A sign of life names so many.
const NAMED: usize = 5;

#[derive(Debug)]
pub(super) struct Plain {
    /// Whether failures are shown with their logs.
    logs: bool,
    workflow: Option<Workflow>,
    /// What the next line belongs to.
    stage: Option<String>,
    /// Lines that are not worth being printed yet.
    held: String,
    /// When the first check started.
    started: Option<Instant>,
    /// Something was worth a line, and since then everything is.
    loud: bool,
    printed: Option<Instant>,
    /// What is waited for, and since when, as long as that has not been said.
    wait: Option<(Instant, Vec<Wait>)>,
    blocks: usize,
}

impl Plain {
    pub(super) fn new(logs: bool, workflow: Option<Workflow>) -> Self {
        Plain {
            logs,
            workflow,
            stage: None,
            held: String::new(),
            started: None,
            loud: false,
            printed: None,
            wait: None,
            blocks: 0,
        }
    }

    pub(super) fn is_read_by_a_workflow(&self) -> bool {
        self.workflow.is_some()
    }

    /// With what a check printed in it: no command in it is one.
    pub(super) fn guarded(&self, text: String) -> String {
        match &self.workflow {
            Some(workflow) => workflow.guarded(&text),
            None => text,
        }
    }

    /// What the log gets now; most events need nothing there.
    pub(super) fn lines(&mut self, event: &Event<'_>, now: Instant) -> String {
        let (line, worth_it) = match event {
            Event::Stage(text) => {
                self.stage = Some(text.clone());
                return String::new();
            }
            Event::CheckStarted { .. } => {
                self.started.get_or_insert(now);
                return String::new();
            }
            Event::CheckEnded { run } if !run.cached => self.ended(run),
            Event::CheckStalled {
                check,
                side,
                silent,
            } => {
                let word = paint(WARN, "silent");
                let line = format!("{word} {side} {check} for {}\n", coarse(*silent));
                (line, true)
            }
            Event::CheckRetried {
                check,
                side,
                attempt,
                outcome,
                delay,
            } => {
                let word = paint(WARN, outcome.as_str());
                let delay = short(*delay);
                let next = attempt + 1;
                let line = format!("{word} {side} {check}: again in {delay} (attempt {next})\n");
                (line, true)
            }
            Event::Waiting(waits) => {
                self.wait = (!waits.is_empty()).then(|| (now, waits.to_vec()));
                return String::new();
            }
            Event::Service { name, place, step } => {
                let name = tame(&service(name, *place));
                match step {
                    ServiceStep::Failed(why) => (
                        format!("{} {name}: {}\n", paint(BAD, "failed"), tame(why)),
                        true,
                    ),
                    ServiceStep::Ready => (format!("ready {name}\n"), false),
                    ServiceStep::Starting | ServiceStep::Stopped => return String::new(),
                }
            }
            _ => return String::new(),
        };
        if line.is_empty() {
            return line;
        }
        let stage = self.stage.take().map(|stage| tame(&stage) + "\n");
        self.held.push_str(&stage.unwrap_or_default());
        self.held.push_str(&line);
        self.loud |= worth_it;
        self.release(now)
    }

    /// What the log gets because time has passed.
    pub(super) fn tick(&mut self, state: &State, now: Instant) -> String {
        let takes_long = |since: Instant| now.saturating_duration_since(since) >= WORTH_A_LINE;
        self.loud |= self.started.is_some_and(takes_long);
        // What others give up in a moment is not worth a line.
        let wait = self.wait.take_if(|(since, _)| takes_long(*since));
        if let Some((since, waits)) = wait {
            let waited = now.saturating_duration_since(since);
            let lines = waits.iter().map(|wait| waiting(wait, waited) + "\n");
            self.held.extend(lines);
            self.loud = true;
        }
        let released = self.release(now);
        let silent_since = self.printed.max(self.started);
        let silent = |since| now.saturating_duration_since(since) >= HEARTBEAT;
        if !released.is_empty() || state.lines.is_empty() || !silent_since.is_some_and(silent) {
            return released;
        }
        self.printed = Some(now);
        still_running(state, now)
    }

    fn release(&mut self, now: Instant) -> String {
        if !self.loud || self.held.is_empty() {
            return String::new();
        }
        self.printed = Some(now);
        std::mem::take(&mut self.held)
    }

    /// What is said of a run, and whether the log is worth being begun for it.
    fn ended(&mut self, run: &Run) -> (String, bool) {
        let line = failures::line(run) + "\n";
        let red = run.outcome.is_red();
        if !red || run.allow_failure || failures::is_known(run) || !self.logs {
            let bad = red || run.outcome == Outcome::CouldNotRun;
            return (line, bad || run.wall >= WORTH_A_LINE);
        }
        self.blocks += 1;
        let length = match self.blocks > failures::IN_FULL {
            true => Length::End,
            false => Length::Full,
        };
        (failures::block(run, length, self.workflow.as_ref()), true)
    }
}

/// `still running: pricing unit 1m04s of ~2m00s, docs lint 3s; 7 of 12 ended`.
fn still_running(state: &State, now: Instant) -> String {
    let named = state.lines.iter().take(NAMED).map(|line| {
        let time = match &line.what {
            What::Check(check) => times(check, line, now),
            What::Other(_) => short(now.saturating_duration_since(line.since)),
        };
        format!("{} {time}", tame(&line.key))
    });
    let mut text = named.collect::<Vec<_>>().join(", ");
    if let Some(more @ 1..) = state.lines.len().checked_sub(NAMED) {
        text.push_str(&format!(" and {more} more"));
    }
    for wait in waits(state, now) {
        text.push_str(&format!("; {wait}"));
    }
    if state.plan.checks > 0 {
        let (done, total) = (state.done, state.total());
        text.push_str(&format!("; {done} of {total} ended"));
    }
    format!("{}\n", paint(DIM, &format!("still running: {text}")))
}

#[cfg(test)]
mod tests;
