//! The event log: one JSON object a line, appended with one write each, never rewritten; no lock needed.

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
    pub facts: serde_json::Map<String, serde_json::Value>,
}

impl Store {
    /// # Errors
    /// When the log cannot be written.
    pub fn append_event(&self, event: &Event) -> Result<(), StoreError> {
        let _ = event;
        todo!()
    }

    /// All events in the order written; a torn last line (a kill in the middle of a write) is left out.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn events(&self) -> Result<Vec<Event>, StoreError> {
        todo!()
    }
}
