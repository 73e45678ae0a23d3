//! Hooks that somebody told to look away, with `TRACKS_HOOKS=0` or `TRACKS_SKIP`: written down where it happens, and told by
//! `status`.

use std::collections::BTreeMap;

use crate::domain::hook::Hook;
use crate::domain::name::TrackId;
use crate::domain::time::Timestamp;
use crate::process::clock;
use crate::store::{Event, Fact, StoreError};

use super::super::Session;

/// What it is called in the event log.
const KIND: &str = "hook-skipped";

/// A hook that somebody skipped on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    pub hook: String,
    pub times: usize,
    pub last: Timestamp,
    /// The rules that were left out; none: the whole hook.
    pub codes: Vec<String>,
}

/// `codes`: the rules that were left out; none: the whole hook was.
pub(super) fn record(
    session: &Session,
    hook: Hook,
    track: Option<&TrackId>,
    codes: &[String],
) -> Result<(), StoreError> {
    let facts = BTreeMap::from([
        ("hook".to_owned(), Fact::Text(hook.name().to_owned())),
        ("codes".to_owned(), Fact::List(codes.to_vec())),
    ]);
    session.store.append_event(&Event {
        time: clock::now(),
        kind: KIND.to_owned(),
        track: track.map(TrackId::to_string),
        facts,
    })
}

/// By hook.
pub(super) fn all(session: &Session) -> Result<Vec<Skipped>, StoreError> {
    let mut skipped: BTreeMap<String, Skipped> = BTreeMap::new();
    let events = session.store.events()?;
    for event in events.iter().filter(|event| event.kind == KIND) {
        let Some(Fact::Text(hook)) = event.facts.get("hook") else {
            continue;
        };
        let entry = skipped.entry(hook.clone()).or_insert_with(|| Skipped {
            hook: hook.clone(),
            times: 0,
            last: event.time,
            codes: Vec::new(),
        });
        entry.times += 1;
        entry.last = entry.last.max(event.time);
        if let Some(Fact::List(codes)) = event.facts.get("codes") {
            entry.codes.extend(codes.iter().cloned());
        }
    }
    for entry in skipped.values_mut() {
        entry.codes.sort();
        entry.codes.dedup();
    }
    Ok(skipped.into_values().collect())
}
