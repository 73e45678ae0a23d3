//! How versions of contracts compare: by the built-in comparers, and by programs.

use std::collections::BTreeSet;

use crate::domain::contract::Comparison;
use crate::domain::name::TrackId;
use crate::domain::rule::Work;
use crate::git::{GitError, Merger};

use super::super::Session;

/// What is needed to compare.
#[derive(Debug, Default)]
pub(super) struct Contracts {}

impl Contracts {
    pub(super) fn read(
        _session: &Session,
        _merger: &Merger<'_>,
        _works: &[Work],
    ) -> Result<Contracts, GitError> {
        Ok(Contracts::default())
    }

    /// The versions of one track with base's, and with those of the peers that changed the same contract.
    pub(super) fn compare(
        &self,
        _works: &[Work],
        _judged: usize,
        _without: &BTreeSet<TrackId>,
    ) -> Vec<Comparison> {
        Vec::new()
    }
}
