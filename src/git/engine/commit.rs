//! Commits as steps from base's tree, whether git has them or not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

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

/// What differs between a merge base, to which `base` leads, and a commit; `flat`, where that is known as one step.
pub(super) fn delta<'a>(
    base: &'a [Stretch],
    commit: &'a VirtualCommit,
    flat: Option<&'a Changes>,
) -> Result<Delta<'a>, Reason> {
    if let Some(changes) = flat {
        return Ok(Delta::new(vec![Step {
            changes,
            backwards: false,
        }]));
    }
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

/// The differences between merge bases and tips, worked out once for all the merges that need them. That pays where tips
/// have left base long ago: the steps by way of base are many times what a tip has beyond the merge base.
#[derive(Debug, Default)]
pub(super) struct Beyond(Mutex<HashMap<Way, Known>>);

/// Addresses, which stay taken as long as what lies there is known.
type Way = (Vec<(usize, bool)>, usize);

#[derive(Debug)]
struct Known {
    changes: Arc<Changes>,
    _base: Vec<Stretch>,
    _tip: VirtualCommit,
}

impl Beyond {
    /// `None` where it is one step anyway, and for commits that merging has made: they are merged on, once.
    pub(super) fn base(&self, base: &[Stretch], tip: &VirtualCommit) -> Option<Arc<Changes>> {
        if tip.0.merge.is_some() {
            return None;
        }
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let delta = delta(base, tip, None)
            .ok()
            .filter(|it| it.steps().len() > 1)?;
        let address = |stretch: &Stretch| (Arc::as_ptr(&stretch.changes).addr(), stretch.backwards);
        let way = (base.iter().map(address).collect(), tip.identity());
        let known = lock().get(&way).map(|known| Arc::clone(&known.changes));
        known.or_else(|| {
            let changes = Arc::new(delta.flat());
            let known = Known {
                changes: Arc::clone(&changes),
                _base: base.to_vec(),
                _tip: tip.clone(),
            };
            lock().insert(way, known);
            Some(changes)
        })
    }
}
