//! The face of a run that watches: the matrix painted in place on a terminal, a line per change in a log, events for
//! programs.

use std::ops::ControlFlow;

use crate::domain::time::{Timestamp, ago};
use crate::ops::watch::{Change, News};
use crate::process::clock;

use super::report::conflicts::{self, Layout};
use super::report::watch;
use super::screen::Screen;
use super::style::{DIM, STRONG, WARN, paint};
use super::{Format, Terminal, message};

/// Warnings that stand on the screen at once.
const WARNINGS: usize = 3;

/// Shows what a watching run tells.
#[derive(Debug)]
pub struct Watching {
    terminal: Terminal,
    face: Face,
}

#[derive(Debug)]
enum Face {
    Events,
    /// For a program that wants the document at the end and nothing before.
    Silent,
    Lines(Layout),
    Painted(Box<Painted>),
}

#[derive(Debug)]
struct Painted {
    screen: Screen,
    layout: Layout,
    matrix: String,
    last: Option<(Timestamp, String)>,
    waiting: Option<String>,
    warnings: Vec<String>,
}

impl Watching {
    /// `layout` is for the lines of a single pair.
    pub fn new(terminal: Terminal, layout: Layout) -> Self {
        let face = match terminal.format {
            Format::JsonLines => Face::Events,
            Format::Json => Face::Silent,
            Format::Text if terminal.has_screen() => Face::Painted(Box::new(Painted {
                screen: Screen::new(terminal),
                layout,
                matrix: String::new(),
                last: None,
                waiting: None,
                warnings: Vec::new(),
            })),
            Format::Text => Face::Lines(layout),
        };
        Watching { terminal, face }
    }

    /// Whether it has something to do when time passes: ages grow, and the window may have another size.
    pub fn wants_ticks(&self) -> bool {
        matches!(self.face, Face::Painted(_))
    }

    /// A break says that nobody reads on.
    pub fn show(&mut self, news: &News<'_>) -> ControlFlow<()> {
        match &mut self.face {
            Face::Events => {
                for line in watch::json(news) {
                    self.terminal.document(&line);
                }
            }
            Face::Silent => {
                if let News::Warning(warning) = news {
                    message::warning(self.terminal, &warning.to_string());
                }
            }
            Face::Lines(layout) => line(self.terminal, *layout, news),
            Face::Painted(painted) => painted.show(news),
        }
        match self.terminal.is_unread() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

fn line(terminal: Terminal, layout: Layout, news: &News<'_>) {
    match news {
        News::Started(report) => terminal.answer(&conflicts::text(report, layout)),
        News::Changed(change) => {
            let lines = watch::lines(change);
            if !lines.is_empty() {
                terminal.answer(&lines);
            }
        }
        News::Warning(warning) => message::warning(terminal, &warning.to_string()),
        News::Waiting(_) | News::Tick => {}
    }
}

impl Painted {
    fn show(&mut self, news: &News<'_>) {
        match news {
            News::Started(report) => self.matrix = conflicts::text(report, self.layout),
            News::Changed(change) => {
                self.matrix = conflicts::text(change.report, self.layout);
                self.last = Some((change.at, what(change)));
                self.warnings.clear();
            }
            News::Waiting(tracks) => {
                let tracks: Vec<_> = tracks.iter().cloned().collect();
                let text = format!("git is at work in {}", watch::few(&tracks));
                self.waiting = (!tracks.is_empty()).then_some(text);
            }
            News::Warning(warning) => {
                self.warnings.push(warning.to_string());
                let surplus = self.warnings.len().saturating_sub(WARNINGS);
                self.warnings.drain(..surplus);
            }
            News::Tick => {}
        }
        let text = self.text(clock::now());
        self.screen.show(&text);
    }

    fn text(&self, now: Timestamp) -> String {
        let mut text = match &self.last {
            None => paint(DIM, "watching; nothing has changed yet"),
            Some((at, what)) => {
                let age = ago(now.since(*at));
                format!("{} {what}", paint(STRONG, &format!("changed {age}:")))
            }
        };
        text.push('\n');
        if let Some(waiting) = &self.waiting {
            text.push_str(&format!("{} {waiting}\n", paint(DIM, "waiting:")));
        }
        for warning in &self.warnings {
            text.push_str(&format!("{} {warning}\n", paint(WARN, "warning:")));
        }
        format!("{text}\n{}", self.matrix)
    }
}

/// Which rows moved, and what turned.
fn what(change: &Change<'_>) -> String {
    let mut parts = Vec::new();
    if change.base_moved {
        parts.push(format!(
            "base moved to {}",
            change.report.base.commit.short()
        ));
    }
    if !change.moved.is_empty() {
        parts.push(format!("{} moved", watch::few(&change.moved)));
    }
    parts.extend(
        change
            .turns
            .iter()
            .filter(|turn| turn.is_of_kind())
            .map(watch::said),
    );
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_above_the_matrix() {
        let mut painted = Painted {
            screen: Screen::new(Terminal::new(Format::Text, false)),
            layout: Layout::fitting(None),
            matrix: "matrix\n".to_owned(),
            last: None,
            waiting: None,
            warnings: Vec::new(),
        };
        let plain = |painted: &Painted, now: i64| {
            let text = painted.text(Timestamp(now));
            anstream::adapter::strip_str(&text).to_string()
        };
        assert_eq!(
            plain(&painted, 0),
            "watching; nothing has changed yet\n\nmatrix\n"
        );
        painted.last = Some((Timestamp(1000), "a moved".to_owned()));
        painted.waiting = Some("git is at work in a".to_owned());
        painted.warnings = vec!["oh".to_owned()];
        assert_eq!(
            plain(&painted, 1120),
            "changed 2 minutes ago: a moved\nwaiting: git is at work in a\nwarning: oh\n\nmatrix\n"
        );
        let back_in_time = plain(&painted, 0);
        assert!(back_in_time.starts_with("changed just now: a moved\n"));
    }
}
