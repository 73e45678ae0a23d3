//! What each round did: the last one that moved is what "integration" means as a side of a merge.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::journal::{Journal, latest};
use super::{Store, StoreError};
use crate::domain::name::{NameError, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::revision::{CommitId, IdError};
use crate::domain::sync::{Resolved, ResolvedBy};
use crate::domain::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    pub track: TrackId,
    /// The tip that was merged.
    pub commit: CommitId,
    pub merge_commit: CommitId,
    /// Newer commits of the track that stay out, newest first.
    pub held: Vec<CommitId>,
    /// Why they do, in one sentence for people.
    pub held_because: Option<String>,
    /// What was put right in this merge without anybody.
    pub resolved: Vec<Resolved>,
    /// What else there is to say of this merge, one sentence each.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// From 1.
    pub number: u64,
    pub time: Timestamp,
    pub base: CommitId,
    pub before: Option<CommitId>,
    pub candidate: Option<CommitId>,
    pub moved: bool,
    /// Whether every integration check passed on the candidate; `None`: could not be told.
    pub green: Option<bool>,
    /// In the order merged.
    pub merged: Vec<Merged>,
    pub ejected: Vec<LeftOut>,
}

/// A track that the round did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    pub track: TrackId,
    /// The tip that was judged.
    pub commit: Option<CommitId>,
    /// `conflict`, `check` …
    pub why: String,
    /// One sentence for people.
    pub reason: String,
}

#[derive(Serialize, Deserialize)]
struct Record {
    number: u64,
    time: i64,
    base: String,
    before: Option<String>,
    candidate: Option<String>,
    moved: bool,
    green: Option<bool>,
    merged: Vec<MergedRecord>,
    ejected: Vec<EjectedRecord>,
}

#[derive(Serialize, Deserialize)]
struct MergedRecord {
    track: String,
    commit: String,
    merge_commit: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    held: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held_because: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    resolved: Vec<ResolvedRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct ResolvedRecord {
    /// Lossy where it is not UTF-8: only for people.
    path: String,
    strategy: String,
    by: String,
    exact: bool,
}

#[derive(Serialize, Deserialize)]
struct EjectedRecord {
    track: String,
    why: String,
    #[serde(default)]
    commit: Option<String>,
    #[serde(default)]
    reason: String,
}

#[derive(Debug, thiserror::Error)]
enum Damaged {
    #[error(transparent)]
    Id(#[from] IdError),
    #[error(transparent)]
    Name(#[from] NameError),
}

impl Store {
    /// The number that the next round gets. Two rounds at once would get the same: hold the round lock.
    ///
    /// # Errors
    /// When rounds cannot be read.
    pub fn next_round(&self) -> Result<u64, StoreError> {
        let records: Vec<Record> = self.round_log().read()?;
        let last = records.iter().map(|record| record.number).max();
        Ok(last.unwrap_or(0) + 1)
    }

    /// Recording a number again replaces what was said of that round.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record_round(&self, round: &Round) -> Result<(), StoreError> {
        self.round_log().append_durably(&record(round))
    }

    /// Oldest first.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn rounds(&self) -> Result<Vec<Round>, StoreError> {
        let path = self.rounds_path();
        let records: Vec<Record> = self.round_log().read()?;
        latest(records, |record| record.number)
            .into_iter()
            .map(|record| round(record).map_err(|error| StoreError::format(&path, &error)))
            .collect()
    }

    fn round_log(&self) -> Journal {
        Journal::new(self.rounds_path())
    }

    fn rounds_path(&self) -> PathBuf {
        self.root.join("rounds.jsonl")
    }
}

fn record(round: &Round) -> Record {
    let hex = |id: &Option<CommitId>| id.map(|id| id.to_string());
    Record {
        number: round.number,
        time: round.time.0,
        base: round.base.to_string(),
        before: hex(&round.before),
        candidate: hex(&round.candidate),
        moved: round.moved,
        green: round.green,
        merged: round
            .merged
            .iter()
            .map(|merged| MergedRecord {
                track: merged.track.to_string(),
                commit: merged.commit.to_string(),
                merge_commit: merged.merge_commit.to_string(),
                held: merged.held.iter().map(ToString::to_string).collect(),
                held_because: merged.held_because.clone(),
                resolved: merged.resolved.iter().map(resolved_record).collect(),
                notes: merged.notes.clone(),
            })
            .collect(),
        ejected: round
            .ejected
            .iter()
            .map(|left| EjectedRecord {
                track: left.track.to_string(),
                why: left.why.clone(),
                commit: left.commit.map(|commit| commit.to_string()),
                reason: left.reason.clone(),
            })
            .collect(),
    }
}

fn resolved_record(resolved: &Resolved) -> ResolvedRecord {
    ResolvedRecord {
        path: resolved.path.lossy().into_owned(),
        strategy: resolved.strategy.clone(),
        by: match &resolved.by {
            ResolvedBy::Rule => "rule".to_owned(),
            ResolvedBy::Recorded(id) => format!("recorded:{id}"),
            ResolvedBy::Decision(id) => format!("decision:{id}"),
        },
        exact: resolved.exact,
    }
}

fn resolved(record: ResolvedRecord) -> Resolved {
    Resolved {
        path: RepoPath::new(record.path),
        strategy: record.strategy,
        by: match record.by.split_once(':') {
            Some(("recorded", id)) => ResolvedBy::Recorded(id.to_owned()),
            Some(("decision", id)) => ResolvedBy::Decision(id.to_owned()),
            _ => ResolvedBy::Rule,
        },
        exact: record.exact,
    }
}

fn round(record: Record) -> Result<Round, Damaged> {
    let id = |hex: Option<String>| hex.map(|hex| CommitId::from_hex(&hex)).transpose();
    let merged = record.merged.into_iter().map(|merged| {
        Ok(Merged {
            track: TrackId::new(&merged.track)?,
            commit: CommitId::from_hex(&merged.commit)?,
            merge_commit: CommitId::from_hex(&merged.merge_commit)?,
            held: (merged.held.iter())
                .map(|id| CommitId::from_hex(id))
                .collect::<Result<_, _>>()?,
            held_because: merged.held_because,
            resolved: merged.resolved.into_iter().map(resolved).collect(),
            notes: merged.notes,
        })
    });
    let ejected = record.ejected.into_iter().map(|ejected| {
        Ok(LeftOut {
            track: TrackId::new(&ejected.track)?,
            commit: id(ejected.commit)?,
            why: ejected.why,
            reason: ejected.reason,
        })
    });
    Ok(Round {
        number: record.number,
        time: Timestamp(record.time),
        base: CommitId::from_hex(&record.base)?,
        before: id(record.before)?,
        candidate: id(record.candidate)?,
        moved: record.moved,
        green: record.green,
        merged: merged.collect::<Result<_, Damaged>>()?,
        ejected: ejected.collect::<Result<_, Damaged>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: &str) -> CommitId {
        CommitId::from_hex(&byte.repeat(20)).unwrap()
    }

    #[test]
    fn rounds_are_numbered_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        assert_eq!(store.next_round().unwrap(), 1);
        let track = |text| TrackId::new(text).unwrap();
        let mut first = Round {
            number: 1,
            time: Timestamp(5),
            base: id("01"),
            before: None,
            candidate: Some(id("02")),
            moved: false,
            green: None,
            merged: vec![Merged {
                track: track("a"),
                commit: id("03"),
                merge_commit: id("04"),
                held: vec![id("06")],
                held_because: Some("conflicts with b".to_owned()),
                resolved: vec![Resolved {
                    path: RepoPath::new("CHANGELOG.md"),
                    strategy: "union".to_owned(),
                    by: ResolvedBy::Recorded("12ab".to_owned()),
                    exact: true,
                }],
                notes: vec!["Something.".to_owned()],
            }],
            ejected: vec![LeftOut {
                track: track("b"),
                commit: Some(id("05")),
                why: "conflict".to_owned(),
                reason: "conflicts with a".to_owned(),
            }],
        };
        store.record_round(&first).unwrap();
        assert_eq!(store.rounds().unwrap(), [first.clone()]);
        assert_eq!(store.next_round().unwrap(), 2);
        let second = Round {
            number: 2,
            before: Some(id("02")),
            ..first.clone()
        };
        store.record_round(&second).unwrap();
        first.green = Some(true);
        first.moved = true;
        store.record_round(&first).unwrap();
        assert_eq!(store.rounds().unwrap(), [first, second]);
        assert_eq!(store.next_round().unwrap(), 3);
    }
}
