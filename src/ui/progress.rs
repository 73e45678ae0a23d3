//! What happens while an operation runs: moving lines on a terminal, plain lines in a log, JSON lines for programs.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::ops::{Event, TrackStep};

use super::report::check::{outcome_text, seconds};
use super::report::events;
use super::style::{BAD, DIM, STRONG, paint, tame};
use super::{Format, Terminal};

const WAITING: &str = "waiting: other runs take every job slot of this repository";

/// In a log, a check that took less than this is told by the answer alone.
const WORTH_A_LINE: Duration = Duration::from_secs(1);

/// Shows the events of one operation. Dropping it clears the moving lines.
#[derive(Debug)]
pub struct Progress {
    terminal: Terminal,
    face: Face,
}

#[derive(Debug)]
enum Face {
    Json,
    Plain(Plain),
    Moving(Moving),
}

/// A log: only what takes long is worth a line there, under the stage that it belongs to.
#[derive(Debug, Default)]
struct Plain {
    stage: Mutex<Option<String>>,
}

#[derive(Debug)]
struct Moving {
    all: MultiProgress,
    stage: ProgressBar,
    lines: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Progress {
    pub fn new(terminal: Terminal) -> Self {
        let face = match terminal.format {
            Format::JsonLines => Face::Json,
            Format::Text | Format::Json if terminal.is_watched() => Face::Moving(Moving::new()),
            Format::Text | Format::Json => Face::Plain(Plain::default()),
        };
        Progress { terminal, face }
    }

    pub fn show(&self, event: &Event<'_>) {
        match &self.face {
            Face::Json => self.terminal.document(&events::json(event)),
            Face::Plain(plain) => self.terminal.aside(&plain.lines(event)),
            Face::Moving(moving) => moving.show(event),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Face::Moving(moving) = &self.face {
            moving.stage.finish_and_clear();
            let _ = moving.all.clear();
        }
    }
}

impl Moving {
    fn new() -> Self {
        let all = MultiProgress::new();
        let stage = all.add(ProgressBar::new_spinner());
        stage.set_style(style("{spinner:.cyan} {msg}"));
        Moving {
            all,
            stage,
            lines: Mutex::new(BTreeMap::new()),
        }
    }

    fn show(&self, event: &Event<'_>) {
        match event {
            Event::Stage(text) => {
                self.stage.set_message(text.clone());
                self.stage.enable_steady_tick(Duration::from_millis(120));
            }
            Event::Waiting(_) => {
                self.stage.set_message(WAITING);
            }
            Event::Planned(_)
            | Event::CheckStalled { .. }
            | Event::CheckRetried { .. }
            | Event::Service { .. } => {}
            Event::Track { track, step } => match step {
                TrackStep::Waiting => self.start(track.as_str(), "waiting"),
                TrackStep::Creating => self.start(track.as_str(), "creating worktree"),
                TrackStep::Copying => self.start(track.as_str(), "copying files"),
                TrackStep::Created => self.end(track.as_str(), None),
                TrackStep::Kept => self.end(track.as_str(), None),
                TrackStep::Failed(message) => {
                    let line = format!("{} {track}: {}", paint(BAD, "failed"), tame(message));
                    self.end(track.as_str(), Some(&line));
                }
            },
            Event::SetupOutput { place, line } => {
                self.start(place, &format!("setup: {}", tame(line)));
            }
            Event::SetupEnded { place } => self.end(place, None),
            Event::CheckStarted {
                check,
                side,
                attempt,
                ..
            } => {
                let again = if *attempt > 1 {
                    format!("attempt {attempt}")
                } else {
                    String::new()
                };
                self.start(&format!("{side} {check}"), &again);
            }
            Event::CheckOutput { check, side, line } => {
                self.tell(&format!("{side} {check}"), &paint(DIM, &tame(line)));
            }
            Event::CheckEnded { run } => {
                let key = format!("{} {}", run.side, run.check);
                // The answer tells of all; what went wrong is worth knowing before the rest has ended.
                let line = run.outcome.is_red().then(|| {
                    format!(
                        "{} {key} {}",
                        outcome_text(run),
                        paint(DIM, &seconds(run.wall))
                    )
                });
                self.end(&key, line.as_deref());
            }
        }
    }

    /// Makes or changes a moving line.
    fn start(&self, key: &str, message: &str) {
        let Ok(mut lines) = self.lines.lock() else {
            return;
        };
        let bar = lines.entry(key.to_owned()).or_insert_with(|| {
            let bar = self
                .all
                .insert_before(&self.stage, ProgressBar::new_spinner());
            bar.set_style(style("{spinner:.cyan} {prefix} {elapsed:.dim} {wide_msg}"));
            bar.set_prefix(paint(STRONG, key));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        bar.set_message(message.to_owned());
    }

    /// Changes a moving line that is there; the last output of a check may come after its end.
    fn tell(&self, key: &str, message: &str) {
        if let Ok(lines) = self.lines.lock()
            && let Some(bar) = lines.get(key)
        {
            bar.set_message(message.to_owned());
        }
    }

    /// Takes a moving line away, leaving one for good where there is something to say.
    fn end(&self, key: &str, line: Option<&str>) {
        let Ok(mut lines) = self.lines.lock() else {
            return;
        };
        if let Some(bar) = lines.remove(key) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
        if let Some(line) = line {
            let _ = self.all.println(line);
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

impl Plain {
    /// What the log gets; most events need nothing there.
    fn lines(&self, event: &Event<'_>) -> String {
        let line = match event {
            Event::Stage(text) => {
                if let Ok(mut stage) = self.stage.lock() {
                    *stage = Some(text.clone());
                }
                return String::new();
            }
            Event::CheckEnded { run } if !run.cached && run.wall >= WORTH_A_LINE => {
                let (side, check) = (&run.side, &run.check);
                format!(
                    "{} {side} {check} {}\n",
                    outcome_text(run),
                    seconds(run.wall)
                )
            }
            Event::Waiting(_) => format!("{WAITING}\n"),
            _ => return String::new(),
        };
        let stage = self.stage.lock().ok().and_then(|mut stage| stage.take());
        stage.map(|stage| format!("{stage}\n")).unwrap_or_default() + &line
    }
}
