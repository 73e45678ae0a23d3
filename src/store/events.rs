//! The event log: one JSON object a line, appended with one write each, never rewritten; no lock needed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::journal::Journal;
use super::{Store, StoreError};
use crate::domain::time::Timestamp;

/// One thing that happened, for reports and metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub time: Timestamp,
    /// kebab-case: `init`, `round`, `check`, `ejected` …
    pub kind: String,
    pub track: Option<String>,
    /// Whatever the kind wants to keep.
    pub facts: BTreeMap<String, Fact>,
}

/// What an event can keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    Flag(bool),
    Number(i64),
    Text(String),
    List(Vec<String>),
}

#[derive(Serialize, Deserialize)]
struct Record {
    time: i64,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    track: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    facts: BTreeMap<String, Fact>,
}

impl Store {
    /// # Errors
    /// When the log cannot be written.
    pub fn append_event(&self, event: &Event) -> Result<(), StoreError> {
        let event = event.clone();
        self.event_log().append(&Record {
            time: event.time.0,
            kind: event.kind,
            track: event.track,
            facts: event.facts,
        })
    }

    /// All events in the order written; a torn last line (a kill in the middle of a write) is left out.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn events(&self) -> Result<Vec<Event>, StoreError> {
        let records: Vec<Record> = self.event_log().read()?;
        Ok(records
            .into_iter()
            .map(|record| Event {
                time: Timestamp(record.time),
                kind: record.kind,
                track: record.track,
                facts: record.facts,
            })
            .collect())
    }

    fn event_log(&self) -> Journal {
        Journal::new(self.root.join("events.jsonl"))
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn event(number: i64, track: &str) -> Event {
        let facts = BTreeMap::from([
            ("number".to_owned(), Fact::Number(number)),
            ("text".to_owned(), Fact::Text("x\ny".repeat(100))),
            ("list".to_owned(), Fact::List(vec!["a".to_owned()])),
            ("flag".to_owned(), Fact::Flag(true)),
        ]);
        Event {
            time: Timestamp(number),
            kind: "check".to_owned(),
            track: Some(track.to_owned()),
            facts,
        }
    }

    #[test]
    fn writers_do_not_disturb_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        assert_eq!(store.events().unwrap(), []);
        thread::scope(|scope| {
            for track in ["a", "b"] {
                let store = store.clone();
                scope.spawn(move || {
                    for number in 0..500 {
                        store.append_event(&event(number, track)).unwrap();
                    }
                });
            }
        });
        let events = store.events().unwrap();
        assert_eq!(events.len(), 1000);
        for track in ["a", "b"] {
            let of_track: Vec<_> = events
                .iter()
                .filter(|event| event.track.as_deref() == Some(track))
                .cloned()
                .collect();
            let written: Vec<_> = (0..500).map(|number| event(number, track)).collect();
            assert_eq!(of_track, written);
        }
    }

    #[test]
    fn the_format() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let plain = Event {
            time: Timestamp(7),
            kind: "init".to_owned(),
            track: None,
            facts: BTreeMap::new(),
        };
        store.append_event(&plain).unwrap();
        assert_eq!(
            std::fs::read_to_string(dir.path().join("tracks/events.jsonl")).unwrap(),
            "{\"v\":1,\"time\":7,\"kind\":\"init\"}\n"
        );
        assert_eq!(store.events().unwrap(), [plain]);
    }
}
