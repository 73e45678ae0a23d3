//! The face of a run that goes from round to round: a line with the time before each report, events for programs, and on a
//! terminal when the next round is due.

use std::ops::ControlFlow;

use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::time::{Timestamp, span};
use crate::ops::watch::rounds::{Between, Occasion};
use crate::process::clock;

use super::style::{DIM, HINT, STRONG, paint};
use super::{Format, Terminal, message};

/// Shows what happens between rounds.
#[derive(Debug, Clone, Copy)]
pub struct Rounds {
    terminal: Terminal,
}

impl Rounds {
    pub fn new(terminal: Terminal) -> Self {
        Rounds { terminal }
    }

    /// Before a round.
    pub fn begins(self, occasion: &Occasion) {
        let now = clock::now();
        match self.terminal.format {
            Format::JsonLines => {
                let mut event = json!({ "event": "round-begins", "time": now.to_string() });
                event["because"] = occasion_json(occasion);
                self.terminal.document(&event);
            }
            Format::Text => {
                let now = now.to_string();
                let line = format!("{} {}\n", paint(STRONG, &now), occasion_text(occasion));
                self.terminal.answer(&line);
            }
            Format::Json => {}
        }
    }

    /// Somebody else runs a round.
    pub fn busy(self, holder: &str) {
        let text = format!("another round is running: {holder}; waiting for the next occasion");
        self.event("waiting", "for", holder);
        self.note(&text);
    }

    /// A round could not be run; people are told by the error itself.
    pub fn failed(self, message: &str) {
        self.event("round-failed", "message", message);
    }

    /// A break says that nobody reads on.
    pub fn show(self, between: &Between<'_>) -> ControlFlow<()> {
        match between {
            Between::Warning(warning) => {
                let text = warning.to_string();
                self.event("warning", "message", &text);
                if self.terminal.format != Format::JsonLines {
                    message::warning(self.terminal, &text);
                }
            }
            Between::Next(at) => {
                self.event("next-round", "due", &at.to_string());
                if self.terminal.is_watched() {
                    let line = paint(DIM, &next(*at, clock::now()));
                    self.terminal.aside(&format!("{line}\n"));
                }
            }
        }
        match self.terminal.is_unread() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn note(self, text: &str) {
        self.terminal
            .aside(&format!("{} {text}\n", paint(HINT, "note:")));
    }

    fn event(self, name: &str, key: &str, value: &str) {
        if self.terminal.format == Format::JsonLines {
            let mut event = json!({ "event": name, "time": clock::now().to_string() });
            event[key] = json!(value);
            self.terminal.document(&event);
        }
    }
}

fn next(at: Timestamp, now: Timestamp) -> String {
    let mut left = at.since(now);
    // Seconds after a round, it still is two days to the next one.
    if left > Duration::from_secs(3600) {
        left += Duration::from_secs(60);
    }
    format!("next round in {}, at {at}", span(left))
}

fn occasion_text(occasion: &Occasion) -> String {
    match occasion {
        Occasion::First => "first round".to_owned(),
        Occasion::Due(age) => format!("the last round was {} ago", span(*age)),
        Occasion::Moved(things) => {
            let names: Vec<String> = things.iter().map(ToString::to_string).collect();
            format!("moved: {}", names.join(", "))
        }
    }
}

fn occasion_json(occasion: &Occasion) -> Value {
    match occasion {
        Occasion::First => json!("first"),
        Occasion::Due(_) => json!("due"),
        Occasion::Moved(things) => {
            let names: Vec<String> = things.iter().map(ToString::to_string).collect();
            json!(names)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::name::TrackId;
    use crate::ops::watch::rounds::Thing;

    #[test]
    fn words() {
        let a = TrackId::new("a").unwrap();
        let things = vec![
            Thing::Base,
            Thing::File,
            Thing::Track(a.clone()),
            Thing::State(a),
        ];
        for (occasion, text) in [
            (Occasion::First, "first round"),
            (
                Occasion::Due(Duration::from_secs(7200)),
                "the last round was 2 hours ago",
            ),
            (
                Occasion::Moved(things),
                "moved: base, tracks.toml, a, the state of a",
            ),
        ] {
            assert_eq!(occasion_text(&occasion), text);
        }
        assert_eq!(
            next(Timestamp(172_800), Timestamp(5)),
            "next round in 2 days, at 1970-01-03T00:00:00Z"
        );
        assert_eq!(
            next(Timestamp(90_000), Timestamp(0)),
            "next round in 1 day, at 1970-01-02T01:00:00Z"
        );
    }
}
