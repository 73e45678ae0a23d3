//! Contracts: whether a new version of one breaks those who build against the old.

use super::name::{ContractName, TrackId};
use super::path::RepoPath;

/// How one version of a contract's file compares to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    pub contract: ContractName,
    pub path: RepoPath,
    /// Whose version the judged one is compared with; `None`: base's.
    pub other: Option<TrackId>,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Compatible,
    /// Never empty.
    Breaking(Vec<Break>),
    /// One sentence why it could not be found out. Never to be read as compatible.
    CouldNotRun(String),
}

/// One thing that no longer works for who relies on the old version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// Where in the contract, in the words of its format; empty for the whole.
    pub at: String,
    /// One sentence without a full stop.
    pub message: String,
    /// In the new version, from 1.
    pub line: Option<usize>,
}
