//! Lines that move, at the bottom of a terminal, and what is printed above them.

use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::rows;
use super::state::State;
use crate::ui::Terminal;

/// How often the lines are drawn.
pub(super) const FRAME: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Moving {
    terminal: Terminal,
    all: MultiProgress,
    /// All lines are one bar: they change together.
    lines: ProgressBar,
    hidden: bool,
}

impl Moving {
    pub(super) fn new(terminal: Terminal) -> Self {
        let all = MultiProgress::new();
        let lines = all.add(ProgressBar::new_spinner());
        let style = ProgressStyle::with_template("{msg}");
        lines.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Moving {
            terminal,
            all,
            lines,
            hidden: false,
        }
    }

    pub(super) fn draw(&self, state: &State, now: Instant) {
        if self.hidden {
            return;
        }
        let rows = rows::rows(state, now, self.terminal.size_beside());
        let mut text = rows.join("\n");
        if !self.terminal.has_colour_beside() {
            text = anstream::adapter::strip_str(&text).to_string();
        }
        if text.is_empty() {
            let _ = self.all.clear();
        } else {
            self.lines.set_message(text);
        }
    }

    /// Prints something above the lines, to stay.
    pub(super) fn above(&self, text: &str) {
        if !text.is_empty() {
            self.all.suspend(|| self.terminal.aside(text));
        }
    }

    /// No lines, until they are shown again.
    pub(super) fn hide(&mut self, hidden: bool) {
        self.hidden = hidden;
        if hidden {
            let _ = self.all.clear();
        }
    }

    pub(super) fn clear(&self) {
        self.lines.finish_and_clear();
        let _ = self.all.clear();
    }
}
