//! What lets a node start beyond its needs: what other processes hold, pauses before further attempts, and how many
//! worktrees may be lent at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::ops::Wait;
use crate::ops::limits::{BETWEEN_CLAIMS, waits};
use crate::store::{Claim, Claimant, Claimed, Grant, StoreError};

/// What one node takes.
#[derive(Debug)]
pub(super) struct Toll {
    pub(super) claims: Vec<Claim>,
    /// What others are told while it runs.
    pub(super) who: String,
    /// It needs a worktree that is lent.
    pub(super) lent: bool,
}

#[derive(Debug)]
pub(super) struct Gate {
    claimant: Claimant,
    /// By node.
    tolls: Vec<Toll>,
    grants: BTreeMap<usize, Grant>,
    not_before: BTreeMap<usize, Instant>,
    lent: u32,
    most_lent: u32,
    /// What could not be had in this round.
    refused: BTreeSet<String>,
    waits: Vec<Wait>,
    /// When to ask again for what was refused in this round: what others hold, and what pauses.
    ask_at: Option<Instant>,
    /// The same of the last round.
    next: Option<Instant>,
    failure: Option<StoreError>,
}

impl Gate {
    pub(super) fn new(claimant: Claimant, tolls: Vec<Toll>, most_lent: u32) -> Self {
        Gate {
            claimant,
            tolls,
            grants: BTreeMap::new(),
            not_before: BTreeMap::new(),
            lent: 0,
            most_lent: most_lent.max(1),
            refused: BTreeSet::new(),
            waits: Vec::new(),
            ask_at: None,
            next: None,
            failure: None,
        }
    }

    /// Whether the node may start now; it then has what it takes.
    pub(super) fn admits(&mut self, node: usize, name: impl Fn(&str) -> String) -> bool {
        let Toll { claims, who, lent } = &self.tolls[node];
        let pause = self.not_before.get(&node).copied();
        if let Some(time) = pause.filter(|time| *time > Instant::now()) {
            self.ask_at = self.ask_at.into_iter().chain([time]).min();
            return false;
        }
        if *lent && self.lent >= self.most_lent
            || claims
                .iter()
                .any(|claim| self.refused.contains(&claim.name))
        {
            return false;
        }
        if !claims.is_empty() {
            match self.claimant.claim(who, claims) {
                Ok(Claimed::Granted(grant)) => {
                    self.grants.insert(node, grant);
                }
                Ok(Claimed::Taken(taken)) => {
                    self.waits.extend(waits(&taken, name));
                    self.refused
                        .extend(taken.into_iter().map(|taken| taken.name));
                    return false;
                }
                Err(error) => {
                    self.failure.get_or_insert(error);
                    return false;
                }
            }
        }
        self.lent += u32::from(*lent);
        self.not_before.remove(&node);
        true
    }

    /// The node runs no longer.
    pub(super) fn release(&mut self, node: usize) {
        self.grants.remove(&node);
    }

    /// The node has ended for good, maybe during a pause.
    pub(super) fn forget(&mut self, node: usize) {
        self.grants.remove(&node);
        self.not_before.remove(&node);
    }

    /// A lent worktree is free again.
    pub(super) fn given_back(&mut self) {
        self.lent = self.lent.saturating_sub(1);
    }

    pub(super) fn pause(&mut self, node: usize, delay: Duration) {
        self.not_before.insert(node, Instant::now() + delay);
    }

    /// The number of the unit that the node holds of what the store calls `claim`.
    pub(super) fn unit(&self, node: usize, claim: &str) -> Option<u32> {
        self.grants.get(&node)?.unit(claim)
    }

    /// Everything that may start has been started: what others have to give up first.
    pub(super) fn end_round(&mut self) -> Vec<Wait> {
        self.claimant.end_round();
        let waits = std::mem::take(&mut self.waits);
        if !self.refused.is_empty() {
            let soon = Instant::now() + BETWEEN_CLAIMS;
            self.ask_at = self.ask_at.into_iter().chain([soon]).min();
        }
        self.refused.clear();
        self.next = self.ask_at.take();
        waits
    }

    /// When to try again though nothing of ours has ended.
    pub(super) fn next_try(&self) -> Option<Duration> {
        Some(self.next?.saturating_duration_since(Instant::now()))
    }

    pub(super) fn take_failure(&mut self) -> Option<StoreError> {
        self.failure.take()
    }
}
