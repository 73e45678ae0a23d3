//! Commits as steps from base's tree, whether git has them or not.

use std::sync::{Arc, OnceLock};

use super::history::Past;
use super::memo::digest;
use crate::domain::merge::{Changes, Delta, Reason, Step};
use crate::domain::revision::{CommitId, TreeId};

/// A commit that may exist in memory only.
#[derive(Debug, Clone)]
pub struct VirtualCommit(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    /// From the tree of base to its own; `None` where that could not be read.
    pub(super) steps: Option<Vec<Stretch>>,
    pub(super) past: Past,
    /// A digest of its whole history and its tree.
    pub(super) name: [u8; 32],
    /// What it is a merge of; `None` for a real one.
    pub(super) merge: Option<(VirtualCommit, VirtualCommit, String)>,
    pub(super) commit: OnceLock<CommitId>,
    pub(super) tree: OnceLock<TreeId>,
}

/// The differences between two trees, one way or the other.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    pub(super) changes: Arc<Changes>,
    pub(super) backwards: bool,
}

impl VirtualCommit {
    /// Tells it from every other that lives.
    pub fn identity(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// The real commits that it is made of. As parents they give it the history that it has, however many merges in memory
    /// lie between.
    pub(super) fn real_parents(&self) -> Vec<CommitId> {
        let (mut found, mut next) = (Vec::new(), vec![self]);
        while let Some(commit) = next.pop() {
            match (&commit.0.merge, commit.0.commit.get()) {
                (Some((ours, theirs, _)), _) => next.extend([theirs, ours]),
                (None, Some(id)) if !found.contains(id) => found.push(*id),
                (None, _) => {}
            }
        }
        found
    }

    pub(super) fn message(&self) -> String {
        let merge = self.0.merge.as_ref();
        merge.map_or_else(String::new, |(_, _, message)| message.clone())
    }

    pub(super) fn real(
        commit: CommitId,
        tree: TreeId,
        steps: Option<Vec<Stretch>>,
        past: Past,
    ) -> Self {
        VirtualCommit(Arc::new(Inner {
            steps,
            past,
            name: digest([commit.as_bytes(), tree.as_bytes()]),
            merge: None,
            commit: commit.into(),
            tree: tree.into(),
        }))
    }
}

impl Stretch {
    pub(super) fn forward(changes: Arc<Changes>) -> Self {
        Stretch {
            changes,
            backwards: false,
        }
    }

    pub(super) fn step(&self) -> Step<'_> {
        Step {
            changes: &self.changes,
            backwards: self.backwards,
        }
    }

    pub(super) fn is(&self, other: &Stretch) -> bool {
        Arc::ptr_eq(&self.changes, &other.changes) && self.backwards == other.backwards
    }
}

/// What differs between a merge base, to which `base` leads, and a commit.
pub(super) fn delta<'a>(
    base: &'a [Stretch],
    commit: &'a VirtualCommit,
) -> Result<Delta<'a>, Reason> {
    let steps = commit.0.steps.as_deref().ok_or(Reason::Unreadable)?;
    let shared = base.iter().zip(steps).take_while(|(a, b)| a.is(b)).count();
    let back = base[shared..].iter().rev().map(|stretch| Step {
        changes: &stretch.changes,
        backwards: !stretch.backwards,
    });
    Ok(Delta::new(
        back.chain(steps[shared..].iter().map(Stretch::step))
            .collect(),
    ))
}
