//! Which commits touch the same things: an index over all of them, so that what does not overlap costs nothing.

use std::collections::{BTreeSet, HashMap};

use fixedbitset::FixedBitSet;

use super::commit::{Stretch, VirtualCommit};
use super::history::Onto;
use crate::domain::merge::{Delta, directories_of};
use crate::domain::path::RepoPath;

/// Commits by what they touch.
#[derive(Debug, Default)]
pub(super) struct Table {
    size: usize,
    /// Who changed a path.
    changed: HashMap<RepoPath, Vec<usize>>,
    /// Who added something somewhere below a directory.
    adds_below: HashMap<RepoPath, BTreeSet<usize>>,
    /// Who removed a directory.
    removed: HashMap<RepoPath, Vec<usize>>,
    /// Who has a commit that base does not have.
    own: HashMap<usize, Vec<usize>>,
    /// About whom too little is known.
    unknown: Vec<usize>,
}

impl VirtualCommit {
    /// Every path that is not what it is in base; none where that could not be read.
    pub fn changed_paths(&self) -> Vec<RepoPath> {
        let steps = self.0.steps.as_deref().unwrap_or_default();
        let delta = Delta::new(steps.iter().map(super::Stretch::step).collect());
        let changes = delta.each();
        changes.into_iter().map(|change| change.path).collect()
    }
}

impl Table {
    pub(super) fn add(&mut self, index: usize, commit: &VirtualCommit) {
        self.size = self.size.max(index + 1);
        let Some(steps) = commit
            .0
            .steps
            .as_deref()
            .filter(|_| commit.0.past.onto == Onto::Base)
        else {
            self.unknown.push(index);
            return;
        };
        for number in commit.0.past.own.ones() {
            self.own.entry(number).or_default().push(index);
        }
        let delta = Delta::new(steps.iter().map(Stretch::step).collect());
        for change in delta.each() {
            if change.before.is_none() {
                for directory in directories_of(&change.path) {
                    self.adds_below.entry(directory).or_default().insert(index);
                }
            }
            self.changed.entry(change.path).or_default().push(index);
        }
        let removed: BTreeSet<&RepoPath> = delta.maybe_removed().collect();
        for directory in removed {
            self.removed
                .entry(directory.clone())
                .or_default()
                .push(index);
        }
    }

    /// Every pair (lower, higher) that shares a path or a commit, or of which one adds below what the other has as a file or
    /// removed as a directory.
    pub(super) fn pairs(&self) -> BTreeSet<(usize, usize)> {
        // Some meet a thousand times.
        let mut met = FixedBitSet::with_capacity(self.size * self.size);
        let mut meet = |a: usize, b: usize| met.insert(a.min(b) * self.size + a.max(b));
        for together in self.changed.values().chain(self.own.values()) {
            for (nth, a) in together.iter().enumerate() {
                together[nth + 1..].iter().for_each(|b| meet(*a, *b));
            }
        }
        for (directory, adders) in &self.adds_below {
            let opposed = [self.changed.get(directory), self.removed.get(directory)];
            for other in opposed.into_iter().flatten().flatten() {
                adders.iter().for_each(|adder| meet(*adder, *other));
            }
        }
        for unknown in &self.unknown {
            (0..self.size).for_each(|other| meet(*unknown, other));
        }
        met.ones()
            .map(|met| (met / self.size, met % self.size))
            .filter(|(a, b)| a != b)
            .collect()
    }
}
