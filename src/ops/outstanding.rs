//! What is left of a landing that was cut off after base had moved: it stands in the event log from before that until all of
//! it is done.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::revision::CommitId;
use crate::process::clock;
use crate::store::{Event, Fact, Merged, StoreError};

use super::Session;
use super::base::Base;
use super::land::Report;
use super::rollback::{self, RollbackError};

const BEGUN: &str = "landing";
const TOLD: &str = "landing-told";
const OVER: &str = "landing-over";

/// A landing of which something is left.
pub(super) struct Outstanding {
    pub commit: CommitId,
    pub before: CommitId,
    pub operation: Option<String>,
    pub round: Option<u64>,
    pub tracks: Vec<Merged>,
    /// Its events have been written down.
    pub recorded: bool,
    /// Those who want to know have been told.
    pub told: bool,
}

impl Outstanding {
    /// One that has only moved base.
    pub(super) fn new(commit: CommitId, before: CommitId) -> Self {
        Outstanding {
            commit,
            before,
            operation: None,
            round: None,
            tracks: Vec::new(),
            recorded: false,
            told: false,
        }
    }
}

/// Before base moves.
///
/// # Errors
/// When the event log cannot be written.
pub(super) fn begin(
    session: &Session,
    commit: CommitId,
    before: CommitId,
) -> Result<(), StoreError> {
    note(session, BEGUN, commit, &[("before", before)])
}

/// Those who want to know are told although something is left.
///
/// # Errors
/// As [`begin`].
pub(super) fn told(session: &Session, commit: CommitId) -> Result<(), StoreError> {
    note(session, TOLD, commit, &[])
}

/// Nothing is left.
///
/// # Errors
/// As [`begin`].
pub(super) fn end(session: &Session, commit: CommitId) -> Result<(), StoreError> {
    note(session, OVER, commit, &[])
}

fn note(
    session: &Session,
    kind: &str,
    commit: CommitId,
    more: &[(&str, CommitId)],
) -> Result<(), StoreError> {
    let all = [("commit", commit)];
    let facts = all.iter().chain(more);
    let facts = facts.map(|(key, id)| ((*key).to_owned(), Fact::Text(id.to_string())));
    session.store.append_event(&Event {
        time: clock::now(),
        kind: kind.to_owned(),
        track: None,
        facts: facts.collect(),
    })
}

/// The last landing, if something of it is left, base still has it, and it has not been taken back.
///
/// # Errors
/// When what is recorded cannot be read.
pub(super) fn find(session: &Session, base: &Base) -> Result<Option<Outstanding>, RollbackError> {
    let events = session.store.events()?;
    let Some(begun) = events.iter().rposition(|event| event.kind == BEGUN) else {
        return Ok(None);
    };
    let facts = &events[begun].facts;
    let (Some(commit), Some(before)) = (id(facts, "commit"), id(facts, "before")) else {
        return Ok(None);
    };
    let later = |kind: &str| {
        let mut later = events[begun..].iter();
        later.any(|event| event.kind == kind && id(&event.facts, "commit") == Some(commit))
    };
    if later(OVER) {
        return Ok(None);
    }
    // Where base here lags behind, it has yet to land here.
    let has_it = match base.local.or(base.remote) {
        Some(at) => session.repository.is_ancestor(commit, at)?,
        None => false,
    };
    let operation = rollback::landing_of(session, &base.branch, commit)?;
    if !has_it || operation.as_ref().is_some_and(|found| found.taken_back) {
        return Ok(None);
    }
    let round = rollback::round_of(session, commit)?;
    Ok(Some(Outstanding {
        operation: operation.map(|found| found.id),
        round: round.as_ref().map(|round| round.number),
        tracks: round.map(|round| round.merged).unwrap_or_default(),
        recorded: later("land"),
        told: later(TOLD),
        ..Outstanding::new(commit, before)
    }))
}

/// What reports and metrics want to know of a landing.
///
/// # Errors
/// As [`begin`].
pub(super) fn record_events(session: &Session, report: &Report) -> Result<(), StoreError> {
    let time = clock::now();
    let text = |key: &str, value: String| (key.to_owned(), Fact::Text(value));
    let of_landing: BTreeMap<String, Fact> = BTreeMap::from([
        text("commit", report.after.to_string()),
        text("operation", report.operation.clone().unwrap_or_default()),
    ]);
    let tracks: BTreeSet<String> = (report.tracks.iter())
        .map(|merged| merged.track.to_string())
        .collect();
    let mut facts = of_landing.clone();
    let list = Fact::List(tracks.into_iter().collect());
    facts.insert("tracks".to_owned(), list);
    session.store.append_event(&Event {
        time,
        kind: "land".to_owned(),
        track: None,
        facts,
    })?;
    for merged in &report.tracks {
        let mut facts = of_landing.clone();
        facts.extend([text("tip", merged.commit.to_string())]);
        session.store.append_event(&Event {
            time,
            kind: "landed".to_owned(),
            track: Some(merged.track.to_string()),
            facts,
        })?;
    }
    Ok(())
}

fn id(facts: &BTreeMap<String, Fact>, key: &str) -> Option<CommitId> {
    match facts.get(key)? {
        Fact::Text(text) => CommitId::from_hex(text).ok(),
        _ => None,
    }
}
