//! The operation log: every state-changing run, with the refs it moved, so that it can be shown and taken back.

use super::{Store, StoreError};
use crate::domain::revision::CommitId;
use crate::domain::time::Timestamp;

/// One ref that an operation moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefMove {
    pub name: String,
    pub before: Option<CommitId>,
    pub after: Option<CommitId>,
}

/// One state-changing run of the tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Sortable by time, unique in the repository, usable as a part of a ref name.
    pub id: String,
    pub time: Timestamp,
    /// The verb with its arguments, for people.
    pub command: String,
    pub refs: Vec<RefMove>,
    /// One sentence each on what else it did (worktrees made, setup run).
    pub did: Vec<String>,
    pub undone: bool,
}

impl Store {
    /// A fresh id: the time and a counter or process id.
    pub fn new_operation_id(&self, now: Timestamp) -> String {
        let _ = now;
        todo!()
    }

    /// # Errors
    /// When it cannot be written.
    pub fn record_operation(&self, operation: &Operation) -> Result<(), StoreError> {
        let _ = operation;
        todo!()
    }

    /// Oldest first.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn operations(&self) -> Result<Vec<Operation>, StoreError> {
        todo!()
    }
}
