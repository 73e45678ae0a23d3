//! Which commits each tip has beyond base, and where it left base: found in one walk for all tips.

use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::sync::{Arc, Mutex};

use crate::domain::revision::CommitId;
use crate::git::GitError;
use crate::git::history::known_merge_bases;
use crate::git::object::{commit_id, object_id, unreadable};

/// Where dates are all there is to go by, the walk goes on for so many seconds below the oldest commit that counts, in
/// case a clock was wrong. A commit-graph makes this unnecessary.
const CLOCK_SKEW: i64 = 30 * 24 * 60 * 60;

/// A commit that some tip has and base does not.
#[derive(Debug)]
struct Node {
    id: CommitId,
    parents: Vec<u32>,
    /// Those of its parents that base has.
    base_parents: Vec<CommitId>,
}

/// For each tip the commits that it has and base has not, from the tip on level by level.
pub(in crate::git) fn own_commits(
    gix: &gix::Repository,
    base: CommitId,
    tips: &[CommitId],
) -> Result<Vec<Vec<CommitId>>, GitError> {
    let mut history = History {
        base,
        nodes: Vec::new(),
        numbers: HashMap::new(),
        seen: walk(gix, base, tips)?,
        forks: Mutex::default(),
    };
    let mut found = Vec::with_capacity(tips.len());
    for tip in tips {
        history.own(*tip)?;
        found.push(history.level_by_level(*tip));
    }
    Ok(found)
}

/// What a commit has in its history.
#[derive(Debug, Clone)]
pub(super) struct Past {
    pub(super) onto: Onto,
    /// What is in it and not in base's history, as numbers of one [`History`], ascending.
    pub(super) own: Arc<[u32]>,
}

/// What of base is in a commit's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Onto {
    /// All of it.
    Base,
    /// Everything up to this one merge base.
    Fork(CommitId),
    /// There is no one such commit: criss-cross or unrelated histories.
    Unclear,
}

/// The merge base of two commits that are made of tips and base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Ancestor {
    Base,
    /// A commit of base's history.
    Fork(CommitId),
    /// A commit of tracks that are stacked on it.
    Shared(CommitId),
    /// There are two: base and this one, which git merges first.
    BaseWith(CommitId),
}

/// The history of some tips as far as base does not have it.
#[derive(Debug)]
pub(super) struct History {
    base: CommitId,
    nodes: Vec<Node>,
    numbers: HashMap<CommitId, u32>,
    /// Everything that the walk saw, with its parents.
    seen: Seen,
    forks: Mutex<HashMap<(CommitId, CommitId), Onto>>,
}

type Seen = gix::hashtable::HashMap<gix::ObjectId, gix::revwalk::graph::Commit<Paint>>;

impl History {
    /// Walks from base and the tips. One that is not here is left out; its past is unclear.
    pub(super) fn walk(
        gix: &gix::Repository,
        base: CommitId,
        tips: &[CommitId],
    ) -> Result<(History, Vec<Past>), GitError> {
        let mut history = History {
            base,
            nodes: Vec::new(),
            numbers: HashMap::new(),
            seen: walk(gix, base, tips)?,
            forks: Mutex::default(),
        };
        let mut pasts = Vec::with_capacity(tips.len());
        for tip in tips {
            let own = history.own(*tip)?;
            let onto = history.onto(gix, *tip, &own)?;
            pasts.push(Past {
                onto,
                own: own.into(),
            });
        }
        Ok((history, pasts))
    }

    /// What `tip` has and base does not.
    fn own(&mut self, tip: CommitId) -> Result<Vec<u32>, GitError> {
        let mut found = BTreeSet::new();
        let mut next = vec![tip];
        while let Some(id) = next.pop() {
            let Some(parents) = self.own_parents(id)? else {
                continue;
            };
            let number = self.number(id);
            if !found.insert(number) {
                continue;
            }
            let (own, shared): (Vec<CommitId>, Vec<CommitId>) =
                parents.into_iter().partition(|parent| self.is_own(*parent));
            let numbers = own.iter().map(|parent| self.number(*parent)).collect();
            let node = &mut self.nodes[number as usize];
            node.parents = numbers;
            node.base_parents = shared;
            next.extend(own);
        }
        Ok(found.into_iter().collect())
    }

    fn is_own(&self, id: CommitId) -> bool {
        let seen = self.seen.get(&object_id(id.as_bytes()));
        seen.is_some_and(|commit| commit.data.tip && !commit.data.base)
    }

    /// The parents of a commit that base does not have.
    fn own_parents(&self, id: CommitId) -> Result<Option<Vec<CommitId>>, GitError> {
        let commit = self.seen.get(&object_id(id.as_bytes()));
        commit
            .filter(|_| self.is_own(id))
            .map(|commit| commit.parents.iter().copied().map(commit_id).collect())
            .transpose()
    }

    /// The own commits of a tip that has been walked, level by level.
    fn level_by_level(&self, tip: CommitId) -> Vec<CommitId> {
        let mut order: Vec<u32> = self.numbers.get(&tip).copied().into_iter().collect();
        let mut known: BTreeSet<u32> = order.iter().copied().collect();
        let mut at = 0;
        while let Some(number) = order.get(at) {
            let parents = &self.nodes[*number as usize].parents;
            order.extend(
                parents
                    .iter()
                    .copied()
                    .filter(|parent| known.insert(*parent)),
            );
            at += 1;
        }
        order
            .into_iter()
            .map(|number| self.nodes[number as usize].id)
            .collect()
    }

    fn number(&mut self, id: CommitId) -> u32 {
        let nodes = &mut self.nodes;
        *self.numbers.entry(id).or_insert_with(|| {
            nodes.push(Node {
                id,
                parents: Vec::new(),
                base_parents: Vec::new(),
            });
            // More commits than fit could not have been walked.
            u32::try_from(nodes.len() - 1).unwrap_or(u32::MAX)
        })
    }

    /// Where the commit, whose own commits these are, left base.
    fn onto(&self, gix: &gix::Repository, tip: CommitId, own: &[u32]) -> Result<Onto, GitError> {
        if own.is_empty() {
            return Ok(Onto::Fork(tip));
        }
        let nodes = own.iter().map(|number| &self.nodes[*number as usize]);
        let left: BTreeSet<CommitId> = nodes.flat_map(|node| &node.base_parents).copied().collect();
        let mut left = left.into_iter();
        match (left.next(), left.next()) {
            (None, _) => Ok(Onto::Unclear),
            (Some(fork), None) => Ok(Onto::Fork(fork)),
            // It left base more than once; usually because it has merged base.
            (Some(_), Some(_)) => self.only_base(gix, self.base, tip),
        }
    }

    /// The merge base of two real commits, if there is exactly one.
    fn only_base(&self, gix: &gix::Repository, a: CommitId, b: CommitId) -> Result<Onto, GitError> {
        if let Some(known) = self
            .forks
            .lock()
            .ok()
            .and_then(|forks| forks.get(&(a, b)).copied())
        {
            return Ok(known);
        }
        let onto = if self.leads_to(a, b) {
            Onto::Fork(b)
        } else if self.leads_to(b, a) {
            Onto::Fork(a)
        } else {
            match known_merge_bases(gix, a, b)?.as_slice() {
                [one] => Onto::Fork(*one),
                _ => Onto::Unclear,
            }
        };
        if let Ok(mut forks) = self.forks.lock() {
            forks.insert((a, b), onto);
        }
        Ok(onto)
    }

    /// Whether `to` is in the history of `from`, as far as the walk saw it: a "no" proves nothing.
    fn leads_to(&self, from: CommitId, to: CommitId) -> bool {
        let (from, to) = (object_id(from.as_bytes()), object_id(to.as_bytes()));
        let mut passed = gix::hashtable::HashSet::default();
        let mut next = vec![from];
        while let Some(id) = next.pop() {
            if id == to {
                return true;
            }
            if passed.insert(id) {
                let commit = self.seen.get(&id);
                next.extend(commit.iter().flat_map(|commit| &commit.parents));
            }
        }
        false
    }

    /// The merge base that git would find; `None` where that is not one known tree.
    pub(super) fn ancestor(
        &self,
        gix: &gix::Repository,
        a: &Past,
        b: &Past,
    ) -> Result<Option<Ancestor>, GitError> {
        let from_base = match (a.onto, b.onto) {
            (Onto::Unclear, _) | (_, Onto::Unclear) => return Ok(None),
            (Onto::Base, Onto::Base) => Onto::Base,
            (Onto::Base, fork) | (fork, Onto::Base) => fork,
            (Onto::Fork(a), Onto::Fork(b)) if a == b => Onto::Fork(a),
            (Onto::Fork(a), Onto::Fork(b)) => self.only_base(gix, a.min(b), a.max(b))?,
        };
        let shared = intersection(&a.own, &b.own);
        if shared.is_empty() {
            return Ok(match from_base {
                Onto::Base => Some(Ancestor::Base),
                Onto::Fork(fork) => Some(Ancestor::Fork(fork)),
                Onto::Unclear => None,
            });
        }
        let Some(head) = self.only_head(&shared) else {
            return Ok(None);
        };
        // What the two share beyond base covers what they share of base, if it left base no earlier.
        let left = self.onto(gix, head, &shared)?;
        Ok(match (from_base, left) {
            (Onto::Base, Onto::Fork(fork)) if fork == self.base => Some(Ancestor::Shared(head)),
            (Onto::Base, Onto::Fork(_)) => Some(Ancestor::BaseWith(head)),
            (Onto::Fork(one), Onto::Fork(other)) if one == other => Some(Ancestor::Shared(head)),
            _ => None,
        })
    }

    /// The one commit of the set that has all the others in its history. The set has the own history of each of its members.
    fn only_head(&self, set: &[u32]) -> Option<CommitId> {
        let below: BTreeSet<u32> = set
            .iter()
            .flat_map(|number| &self.nodes[*number as usize].parents)
            .copied()
            .collect();
        let mut heads = set.iter().filter(|number| !below.contains(number));
        match (heads.next(), heads.next()) {
            (Some(head), None) => Some(self.nodes[*head as usize].id),
            _ => None,
        }
    }

    /// What a commit that some tips are stacked on has in its history.
    pub(super) fn past_of(
        &self,
        gix: &gix::Repository,
        commit: CommitId,
    ) -> Result<Option<Past>, GitError> {
        let Some(number) = self.numbers.get(&commit) else {
            return Ok(None);
        };
        let mut own = BTreeSet::new();
        let mut next = vec![*number];
        while let Some(number) = next.pop() {
            if own.insert(number) {
                next.extend(&self.nodes[number as usize].parents);
            }
        }
        let own: Arc<[u32]> = own.into_iter().collect();
        let onto = self.onto(gix, commit, &own)?;
        Ok(Some(Past { onto, own }))
    }
}

pub(super) fn intersection(a: &[u32], b: &[u32]) -> Vec<u32> {
    let (small, large) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    small
        .iter()
        .filter(|number| large.binary_search(number).is_ok())
        .copied()
        .collect()
}

pub(super) fn union(a: &[u32], b: &[u32]) -> Arc<[u32]> {
    let all: BTreeSet<u32> = a.iter().chain(b).copied().collect();
    all.into_iter().collect()
}

/// In whose history a commit is.
#[derive(Debug, Clone, Copy, Default)]
struct Paint {
    base: bool,
    tip: bool,
    queued: bool,
}

impl Paint {
    fn is_both(self) -> bool {
        self.base && self.tip
    }
}

type Graph<'g> = gix::revwalk::Graph<'g, 'g, gix::revwalk::graph::Commit<Paint>>;

/// Newest first: by generation where a commit-graph knows it, by date elsewhere.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    generation: u32,
    time: i64,
    id: gix::ObjectId,
}

struct Walk<'g> {
    graph: Graph<'g>,
    queue: BinaryHeap<Turn>,
    /// How many in the queue are not known to be in both histories.
    pending: usize,
    oldest_own: i64,
}

/// Finds out what is in base's history and what in that of tips, down to where no more can differ.
fn walk(gix: &gix::Repository, base: CommitId, tips: &[CommitId]) -> Result<Seen, GitError> {
    let fail = |error: gix::Error| unreadable("history", &error);
    let cache = gix.commit_graph_if_enabled().map_err(fail)?;
    let mut walk = Walk {
        graph: gix.revision_graph(cache.as_ref()),
        queue: BinaryHeap::new(),
        pending: 0,
        oldest_own: i64::MAX,
    };
    walk.mark(object_id(base.as_bytes()), true, false)?;
    for tip in tips {
        walk.mark(object_id(tip.as_bytes()), false, true)?;
    }
    while walk.goes_on() {
        walk.step()?;
    }
    Ok(walk.graph.detach())
}

impl Walk<'_> {
    fn goes_on(&self) -> bool {
        let Some(next) = self.queue.peek() else {
            return false;
        };
        // Generations never lie; what comes after cannot lead back to what has been passed.
        let by_date = next.generation == u32::MAX;
        self.pending > 0 || (by_date && next.time >= self.oldest_own.saturating_sub(CLOCK_SKEW))
    }

    fn step(&mut self) -> Result<(), GitError> {
        let Some(turn) = self.queue.pop() else {
            return Ok(());
        };
        let Some(commit) = self.graph.get_mut(&turn.id) else {
            return Ok(());
        };
        commit.data.queued = false;
        let paint = commit.data;
        let parents = commit.parents.clone();
        if !paint.is_both() {
            self.pending -= 1;
        }
        if !paint.base {
            self.oldest_own = self.oldest_own.min(turn.time);
        }
        for parent in parents {
            self.mark(parent, paint.base, paint.tip)?;
        }
        Ok(())
    }

    fn mark(&mut self, id: gix::ObjectId, base: bool, tip: bool) -> Result<(), GitError> {
        let fail = |error: gix::Error| unreadable("history", &error);
        let mut before = Paint::default();
        let commit = self
            .graph
            .get_or_insert_full_commit(id, |commit| {
                before = commit.data;
                commit.data.base |= base;
                commit.data.tip |= tip;
            })
            .map_err(fail)?
            .ok_or_else(|| GitError::Read {
                what: "history".to_owned(),
                message: format!("commit {id} is not here"),
            })?;
        let after = commit.data;
        if (before.base, before.tip) == (after.base, after.tip) {
            return Ok(());
        }
        if before.queued {
            self.pending -= usize::from(!before.is_both() && after.is_both());
            return Ok(());
        }
        commit.data.queued = true;
        self.queue.push(Turn {
            generation: commit.generation.unwrap_or(u32::MAX),
            time: commit.commit_time,
            id,
        });
        self.pending += usize::from(!after.is_both());
        Ok(())
    }
}
