//! Which commits each tip has beyond base, and where it left base: found in one walk for all tips.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::sync::{Arc, Mutex};

use fixedbitset::FixedBitSet;

use crate::domain::revision::CommitId;
use crate::git::GitError;
use crate::git::history::known_merge_bases;
use crate::git::object::{commit_id, object_id, unreadable};

const DAY: i64 = 24 * 60 * 60;
/// Where dates are all there is to go by, the walk goes on for so many seconds below the oldest commit that counts, in
/// case a clock was wrong.
const CLOCK_SKEW: i64 = 30 * DAY;
/// A commit-graph makes that unnecessary: generations prove when nothing can come any more. Only where they would take all
/// of a long history to do so (a subtree's history is short, and so its generations are low) dates are believed, too.
const CLOCK_SKEW_WITH_GENERATIONS: i64 = 365 * DAY;

/// A commit that some tip has and base does not.
#[derive(Debug)]
struct Node {
    id: CommitId,
    /// Those of its parents that base does not have.
    parents: Vec<usize>,
    /// Those that base has.
    base_parents: Vec<CommitId>,
    explored: bool,
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
    /// What is in it and not in base's history, as numbers of one [`History`].
    pub(super) own: Arc<FixedBitSet>,
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Ancestor {
    Base,
    /// A commit of base's history.
    Fork(CommitId),
    /// A commit of tracks that are stacked on it.
    Shared(CommitId),
    /// There are several, base may be among them; git merges them first, in this order.
    Several(Vec<CommitId>),
}

/// The history of some tips as far as base does not have it.
#[derive(Debug)]
pub(super) struct History {
    base: CommitId,
    nodes: Vec<Node>,
    numbers: HashMap<CommitId, usize>,
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
    fn own(&mut self, tip: CommitId) -> Result<FixedBitSet, GitError> {
        let mut found = FixedBitSet::new();
        if !self.is_own(tip) {
            return Ok(found);
        }
        let mut next = vec![self.number(tip)];
        while let Some(number) = next.pop() {
            found.grow(number + 1);
            if !found.put(number) {
                self.explore(number)?;
                next.extend(&self.nodes[number].parents);
            }
        }
        Ok(found)
    }

    /// Reads the parents of an own commit, once.
    fn explore(&mut self, number: usize) -> Result<(), GitError> {
        if std::mem::replace(&mut self.nodes[number].explored, true) {
            return Ok(());
        }
        let commit = self.seen.get(&object_id(self.nodes[number].id.as_bytes()));
        let parents = commit.into_iter().flat_map(|commit| &commit.parents);
        let parents: Vec<CommitId> = parents.copied().map(commit_id).collect::<Result<_, _>>()?;
        for parent in parents {
            if self.is_own(parent) {
                let parent = self.number(parent);
                self.nodes[number].parents.push(parent);
            } else {
                self.nodes[number].base_parents.push(parent);
            }
        }
        Ok(())
    }

    fn is_own(&self, id: CommitId) -> bool {
        let seen = self.seen.get(&object_id(id.as_bytes()));
        seen.is_some_and(|commit| commit.data.tip && !commit.data.base)
    }

    /// The parents of a commit that base does not have.
    /// The own commits of a tip that has been walked, level by level.
    fn level_by_level(&self, tip: CommitId) -> Vec<CommitId> {
        let mut order: Vec<usize> = self.numbers.get(&tip).copied().into_iter().collect();
        let mut known: BTreeSet<usize> = order.iter().copied().collect();
        let mut at = 0;
        while let Some(number) = order.get(at) {
            let parents = self.nodes[*number].parents.iter().copied();
            order.extend(parents.filter(|parent| known.insert(*parent)));
            at += 1;
        }
        order
            .into_iter()
            .map(|number| self.nodes[number].id)
            .collect()
    }

    fn number(&mut self, id: CommitId) -> usize {
        let nodes = &mut self.nodes;
        *self.numbers.entry(id).or_insert_with(|| {
            nodes.push(Node {
                id,
                parents: Vec::new(),
                base_parents: Vec::new(),
                explored: false,
            });
            nodes.len() - 1
        })
    }

    /// Where the commit, whose own commits these are, left base.
    fn onto(
        &self,
        gix: &gix::Repository,
        tip: CommitId,
        own: &FixedBitSet,
    ) -> Result<Onto, GitError> {
        if own.is_clear() {
            return Ok(Onto::Fork(tip));
        }
        let nodes = own.ones().map(|number| &self.nodes[number]);
        let left: BTreeSet<CommitId> = nodes.flat_map(|node| &node.base_parents).copied().collect();
        // Who has base in its history comes from own commits to it directly.
        if left.contains(&self.base) {
            return Ok(Onto::Fork(self.base));
        }
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
        let lowest = self.seen.get(&to).and_then(|commit| commit.generation);
        let mut passed = gix::hashtable::HashSet::default();
        let mut next = vec![from];
        while let Some(id) = next.pop() {
            if id == to {
                return true;
            }
            let Some(commit) = self.seen.get(&id).filter(|_| passed.insert(id)) else {
                continue;
            };
            // Parents are of lower generations.
            if lowest.is_none() || commit.generation.is_none() || commit.generation > lowest {
                next.extend(&commit.parents);
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
        let mut shared = FixedBitSet::clone(&a.own);
        shared.intersect_with(&b.own);
        if shared.is_clear() {
            return Ok(match from_base {
                Onto::Base => Some(Ancestor::Base),
                Onto::Fork(fork) => Some(Ancestor::Fork(fork)),
                Onto::Unclear => None,
            });
        }
        let mut heads = self.heads(&shared);
        let of_base = match from_base {
            Onto::Base => self.base,
            Onto::Fork(fork) => fork,
            Onto::Unclear => return Ok(None),
        };
        // What the two share beyond base covers what they share of base, if it left base no earlier: all of base that it
        // has, the other has, too.
        let mut left = shared
            .ones()
            .flat_map(|number| &self.nodes[number].base_parents);
        if !left.any(|left| *left == of_base) {
            heads.push(of_base);
        }
        Ok(match heads.as_slice() {
            [head] => Some(Ancestor::Shared(*head)),
            _ => self.oldest_first(heads).map(Ancestor::Several),
        })
    }

    /// Those of the set that no other has in its history. The set has the own history of each of its members.
    fn heads(&self, set: &FixedBitSet) -> Vec<CommitId> {
        let mut heads = set.clone();
        for number in set.ones() {
            for parent in &self.nodes[number].parents {
                if heads.contains(*parent) {
                    heads.remove(*parent);
                }
            }
        }
        heads.ones().map(|head| self.nodes[head].id).collect()
    }

    /// In the order in which git merges merge bases; `None` where dates do not tell. Of two the order does not matter.
    fn oldest_first(&self, mut commits: Vec<CommitId>) -> Option<Vec<CommitId>> {
        let time = |id: &CommitId| {
            let commit = self.seen.get(&object_id(id.as_bytes()));
            commit.map(|commit| commit.commit_time)
        };
        commits.sort_by_key(|id| (time(id), *id));
        let is_clear = commits
            .windows(2)
            .all(|pair| time(&pair[0]) < time(&pair[1]));
        (commits.len() == 2 || is_clear).then_some(commits)
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
        let mut own = FixedBitSet::with_capacity(self.nodes.len());
        let mut next = vec![*number];
        while let Some(number) = next.pop() {
            if !own.put(number) {
                next.extend(&self.nodes[number].parents);
            }
        }
        let onto = self.onto(gix, commit, &own)?;
        let own = Arc::new(own);
        Ok(Some(Past { onto, own }))
    }
}

pub(super) fn union(a: &Arc<FixedBitSet>, b: &Arc<FixedBitSet>) -> Arc<FixedBitSet> {
    let mut all = FixedBitSet::clone(a);
    all.union_with(b);
    Arc::new(all)
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

/// Newest first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    time: i64,
    /// `None`: no commit-graph knows it.
    generation: Option<u32>,
    id: gix::ObjectId,
}

struct Walk<'g> {
    graph: Graph<'g>,
    queue: BinaryHeap<Turn>,
    /// How many in the queue are not known to be in both histories.
    pending: usize,
    /// How many in the queue have a generation, by generation.
    generations: BTreeMap<u32, usize>,
    /// How many in the queue have none.
    unknown: usize,
    oldest_own: i64,
    /// Of the commits that tips have and base has not.
    lowest_own: u32,
    clock_skew: i64,
}

/// Finds out what is in base's history and what in that of tips, down to where no more can differ.
fn walk(gix: &gix::Repository, base: CommitId, tips: &[CommitId]) -> Result<Seen, GitError> {
    let fail = |error: gix::Error| unreadable("history", &error);
    let cache = gix.commit_graph_if_enabled().map_err(fail)?;
    let mut walk = Walk {
        graph: gix.revision_graph(cache.as_ref()),
        queue: BinaryHeap::new(),
        pending: 0,
        generations: BTreeMap::new(),
        unknown: 0,
        oldest_own: i64::MAX,
        lowest_own: u32::MAX,
        clock_skew: match cache {
            Some(_) => CLOCK_SKEW_WITH_GENERATIONS,
            None => CLOCK_SKEW,
        },
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
        // What is of no higher generation than a commit cannot lead to it; nor can what a commit-graph knows to what it
        // does not know, which is younger.
        let highest = self.generations.last_key_value();
        let is_proven =
            self.unknown == 0 && highest.is_none_or(|(highest, _)| *highest <= self.lowest_own);
        let is_near = next.time >= self.oldest_own.saturating_sub(self.clock_skew);
        self.pending > 0 || (is_near && !is_proven)
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
            self.lowest_own = self.lowest_own.min(turn.generation.unwrap_or(u32::MAX));
        }
        self.leaves(turn.generation);
        for parent in parents {
            self.mark(parent, paint.base, paint.tip)?;
        }
        Ok(())
    }

    fn joins(&mut self, generation: Option<u32>) {
        match generation {
            Some(generation) => *self.generations.entry(generation).or_default() += 1,
            None => self.unknown += 1,
        }
    }

    fn leaves(&mut self, generation: Option<u32>) {
        let Some(generation) = generation else {
            self.unknown -= 1;
            return;
        };
        if let Entry::Occupied(mut count) = self.generations.entry(generation) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
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
        let generation = commit.generation;
        self.queue.push(Turn {
            generation,
            time: commit.commit_time,
            id,
        });
        self.joins(generation);
        self.pending += usize::from(!after.is_both());
        Ok(())
    }
}
