//! The merge base of two commits, as steps from base's tree.

use std::sync::{Arc, PoisonError};

use super::answer::{Outcome, Want};
use super::commit::{Stretch, VirtualCommit};
use super::history::{Ancestor, Onto, Past};
use super::{Engine, trees};
use crate::domain::merge::Reason;
use crate::domain::revision::{CommitId, TreeId};
use crate::git::GitError;

impl Engine<'_, '_> {
    /// The steps from base's tree to that of the merge base.
    pub(super) fn merge_base(
        &self,
        ours: &VirtualCommit,
        theirs: &VirtualCommit,
    ) -> Result<Vec<Stretch>, Reason> {
        let history = self.history.as_ref().ok_or(Reason::History)?;
        let gix = self.merger.repository().local();
        let ancestor = history
            .ancestor(&gix, &ours.0.past, &theirs.0.past)
            .map_err(|_| Reason::Unreadable)?
            .ok_or(Reason::History)?;
        match ancestor {
            Ancestor::Base => Ok(Vec::new()),
            Ancestor::Fork(fork) => self.real(fork).map_err(|_| Reason::Unreadable),
            Ancestor::Shared(commit) => {
                let past = self.past_of(commit)?;
                let tree = self.tree_of(commit)?;
                self.steps_to(&past, tree).map_err(|_| Reason::Unreadable)
            }
            Ancestor::BaseWith(commit) => self.with_base(commit),
        }
    }

    /// base and a commit that tracks are stacked on, merged, as git does it first where both are merge bases.
    pub(super) fn with_base(&self, commit: CommitId) -> Result<Vec<Stretch>, Reason> {
        let lock = || self.stacks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&commit).cloned() {
            return known.ok_or(Reason::History);
        }
        let merged = self.merge_with_base(commit).ok().flatten();
        lock().insert(commit, merged.clone());
        merged.ok_or(Reason::History)
    }

    pub(super) fn merge_with_base(&self, commit: CommitId) -> Result<Option<Vec<Stretch>>, Reason> {
        let past = self.past_of(commit)?;
        let tree = self.tree_of(commit)?;
        let steps = self.steps_to(&past, tree).ok();
        let stack = VirtualCommit::real(commit, tree, steps, past);
        let tried = self.try_merge(&self.base, &stack, Want::Results)?;
        let special = self
            .special(&tried.texts.iter().collect())
            .map_err(|_| Reason::Unreadable)?;
        let Outcome::Clean(combined) = tried.outcome else {
            return Ok(None);
        };
        if !special.is_empty() {
            return Ok(None);
        }
        let merged = self
            .merged(&self.base, &stack, &combined, "")
            .map_err(|_| Reason::Unreadable)?;
        Ok(merged.0.steps.clone())
    }

    pub(super) fn past_of(&self, commit: CommitId) -> Result<Past, Reason> {
        let history = self.history.as_ref().ok_or(Reason::History)?;
        history
            .past_of(&self.merger.repository().local(), commit)
            .map_err(|_| Reason::Unreadable)?
            .ok_or(Reason::History)
    }

    pub(super) fn tree_of(&self, commit: CommitId) -> Result<TreeId, Reason> {
        self.merger.tree_of(commit).map_err(|_| Reason::Unreadable)
    }

    /// From base's tree to this one: by way of where it left base, which several tips may share.
    pub(super) fn steps_to(&self, past: &Past, tree: TreeId) -> Result<Vec<Stretch>, GitError> {
        let Onto::Fork(fork) = past.onto else {
            return self.stretch(self.base_tree, tree);
        };
        let mut steps = self.real(fork)?;
        steps.extend(self.stretch(self.merger.tree_of(fork)?, tree)?);
        Ok(steps)
    }

    /// From base's tree to that of a commit.
    pub(super) fn real(&self, commit: CommitId) -> Result<Vec<Stretch>, GitError> {
        self.stretch(self.base_tree, self.merger.tree_of(commit)?)
    }

    /// At most one step.
    pub(super) fn stretch(&self, from: TreeId, to: TreeId) -> Result<Vec<Stretch>, GitError> {
        if from == to {
            return Ok(Vec::new());
        }
        if let Some(known) = self.memo.difference((from, to)) {
            return Ok(vec![Stretch::forward(known)]);
        }
        let changes = Arc::new(trees::changes(&self.merger.local(), from, to)?);
        let changes = self.memo.keep_difference((from, to), changes);
        Ok(vec![Stretch::forward(changes)])
    }
}
