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
            Ancestor::Several(commits) => self.together(commits),
        }
    }

    /// Several merge bases as one, as git makes it before it merges; known for all who share them.
    fn together(&self, commits: Vec<CommitId>) -> Result<Vec<Stretch>, Reason> {
        let lock = || self.several.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&commits).cloned() {
            return known.ok_or(Reason::History);
        }
        let merged = self.merge_one_by_one(&commits).ok().flatten();
        lock().insert(commits, merged.clone());
        merged.ok_or(Reason::History)
    }

    /// `None` where they conflict in more than lines.
    fn merge_one_by_one(&self, commits: &[CommitId]) -> Result<Option<Vec<Stretch>>, Reason> {
        let mut together: Option<VirtualCommit> = None;
        for commit in commits {
            let commit = self.merge_base_commit(*commit)?;
            let Some(so_far) = together else {
                together = Some(commit);
                continue;
            };
            let tried = self.try_merge(&so_far, &commit, Want::MergeBase)?;
            let special = self
                .special(&tried.texts.iter().collect())
                .map_err(|_| Reason::Unreadable)?;
            let Outcome::Clean(combined) = tried.outcome else {
                return Ok(None);
            };
            if !special.is_empty() {
                return Ok(None);
            }
            let merged = self.merged(&so_far, &commit, &combined, "");
            together = Some(merged.map_err(|_| Reason::Unreadable)?);
        }
        Ok(together.and_then(|together| together.0.steps.clone()))
    }

    fn merge_base_commit(&self, commit: CommitId) -> Result<VirtualCommit, Reason> {
        if commit == self.base_commit {
            return Ok(self.base.clone());
        }
        let history = self.history.as_ref().ok_or(Reason::History)?;
        let past = history
            .past_of(&self.merger.repository().local(), commit)
            .map_err(|_| Reason::Unreadable)?;
        // One of base's history.
        let past = past.unwrap_or_else(|| Past {
            onto: Onto::Fork(commit),
            own: Arc::default(),
        });
        let tree = self.tree_of(commit)?;
        let steps = self.steps_to(&past, tree).ok();
        Ok(VirtualCommit::real(commit, tree, steps, past))
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
