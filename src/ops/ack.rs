//! Which consumers are behind a contract, and that one of them has taken in what it says now.

use std::collections::BTreeMap;

use crate::domain::contract::Behind;
use crate::domain::name::{ContractName, TrackId, nearest};
use crate::domain::project::{Contract, Track};
use crate::git::GitError;
use crate::process::clock;
use crate::store::{Event, Fact, StoreError};

use super::behind::{Acknowledged, KIND, Looker};
use super::{Session, SessionError, matrix};

/// A consumer and what it is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub track: TrackId,
    pub behind: Behind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whether the rows have been acknowledged just now; otherwise they are to be.
    pub acknowledged: Option<(ContractName, TrackId)>,
    pub rows: Vec<Row>,
    /// Whether there is any contract with consumers.
    pub any_consumers: bool,
    /// What base is called.
    pub base: String,
}

#[derive(Debug, thiserror::Error)]
pub enum AckError {
    #[error("which track?")]
    NoTrack { consumers: Vec<String> },
    #[error("there is no contract `{name}`")]
    NoContract {
        name: String,
        nearest: Option<String>,
        known: Vec<String>,
    },
    #[error("{track} is no consumer of contract {contract}")]
    NoConsumer {
        track: TrackId,
        contract: ContractName,
        consumers: Vec<String>,
    },
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Everything that is to be acknowledged, by whom.
///
/// # Errors
/// When the event log or the repository cannot be read.
pub fn list(session: &Session, track: Option<&str>) -> Result<Report, AckError> {
    let only = track.map(|track| session.track(track)).transpose()?;
    let merger = matrix::scratch_merger(session, &session.repository)?;
    let looker = Looker::new(session, &merger, Acknowledged::read(session)?)?;
    let mut rows = Vec::new();
    for track in &session.project.tracks {
        if only.is_some_and(|only| only.id != track.id) {
            continue;
        }
        let Some(tip) = session.tip(&track.branch)? else {
            continue;
        };
        rows.extend(
            looker
                .of(&track.id, tip.commit)?
                .into_iter()
                .map(|open| Row {
                    track: track.id.clone(),
                    behind: open.behind,
                }),
        );
    }
    Ok(report(session, None, rows))
}

/// Says that a consumer has taken in a contract as it is on base now, and as its owner is about to change it.
///
/// # Errors
/// When there is no such contract or consumer, or the event cannot be kept.
pub fn ack(session: &Session, contract: &str, track: Option<&str>) -> Result<Report, AckError> {
    let contract = find(session, contract)?;
    let track = consumer(session, contract, track)?;
    let merger = matrix::scratch_merger(session, &session.repository)?;
    let looker = Looker::new(session, &merger, Acknowledged::read(session)?)?;
    let open = match session.tip(&track.branch)? {
        Some(tip) => looker.of(&track.id, tip.commit)?,
        None => Vec::new(),
    };
    let of_contract = open
        .into_iter()
        .filter(|open| open.behind.contract == contract.name);
    let (mut rows, mut versions) = (Vec::new(), Vec::new());
    for open in of_contract {
        versions.extend(open.versions);
        rows.push(Row {
            track: track.id.clone(),
            behind: open.behind,
        });
    }
    if !versions.is_empty() {
        let name = contract.name.to_string();
        session.store.append_event(&Event {
            time: clock::now(),
            kind: KIND.to_owned(),
            track: Some(track.id.to_string()),
            facts: BTreeMap::from([
                ("contract".to_owned(), Fact::Text(name)),
                ("versions".to_owned(), Fact::List(versions)),
            ]),
        })?;
    }
    let acknowledged = (contract.name.clone(), track.id.clone());
    Ok(report(session, Some(acknowledged), rows))
}

fn report(
    session: &Session,
    acknowledged: Option<(ContractName, TrackId)>,
    rows: Vec<Row>,
) -> Report {
    let mut contracts = session.project.contracts.iter();
    Report {
        acknowledged,
        rows,
        any_consumers: contracts.any(|contract| !contract.consumers.is_empty()),
        base: session.base.name.clone(),
    }
}

fn find<'s>(session: &'s Session, name: &str) -> Result<&'s Contract, AckError> {
    let contracts = &session.project.contracts;
    let names = || contracts.iter().map(|contract| contract.name.as_str());
    let found = contracts
        .iter()
        .find(|contract| contract.name.as_str() == name);
    found.ok_or_else(|| AckError::NoContract {
        name: name.to_owned(),
        nearest: nearest(name, names()).map(str::to_owned),
        known: names().map(str::to_owned).collect(),
    })
}

fn consumer<'s>(
    session: &'s Session,
    contract: &Contract,
    track: Option<&str>,
) -> Result<&'s Track, AckError> {
    let consumers = || contract.consumers.iter().map(TrackId::to_string).collect();
    let track = match track {
        Some(id) => session.track(id)?,
        None => session.track_here()?.ok_or_else(|| AckError::NoTrack {
            consumers: consumers(),
        })?,
    };
    match contract.consumers.contains(&track.id) {
        true => Ok(track),
        false => Err(AckError::NoConsumer {
            track: track.id.clone(),
            contract: contract.name.clone(),
            consumers: consumers(),
        }),
    }
}
