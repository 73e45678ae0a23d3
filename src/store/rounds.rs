//! What each round did: the last one that moved is what "integration" means as a side of a merge.

use super::{Store, StoreError};
use crate::domain::name::TrackId;
use crate::domain::revision::CommitId;
use crate::domain::time::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    pub track: TrackId,
    /// The tip that was merged.
    pub commit: CommitId,
    pub merge_commit: CommitId,
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
    /// Track and why.
    pub ejected: Vec<(TrackId, String)>,
}

impl Store {
    /// The number that the next round gets.
    ///
    /// # Errors
    /// When rounds cannot be read.
    pub fn next_round(&self) -> Result<u64, StoreError> {
        todo!()
    }

    /// # Errors
    /// When it cannot be written.
    pub fn record_round(&self, round: &Round) -> Result<(), StoreError> {
        let _ = round;
        todo!()
    }

    /// Oldest first.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn rounds(&self) -> Result<Vec<Round>, StoreError> {
        todo!()
    }
}
