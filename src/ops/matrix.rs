//! Who merges with whom: every pair of sides, with git's own verdicts.
//!
//! Each track is first merged into base as a real commit; then commit against commit, so that neither drift of base nor
//! stacked tracks are blamed on a pair. A track that does not merge into base is compared tip against tip.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::merge::{Basis, Pair, Reason, Verdict};
use crate::domain::name::{Side, TrackId};
use crate::domain::order::{Candidates, CleanSet, largest_clean_set};
use crate::domain::path::RepoPath;
use crate::domain::project::Project;
use crate::domain::revision::{CommitId, TreeId};
use crate::domain::time::Timestamp;
use crate::git::{
    DecidedBy, Engine, GitError, Memo, Merger, NewCommit, Outcome, Repository, Snapshot, Tip,
    VirtualCommit, Want, Worktree,
};
use crate::process::{cores, in_parallel, peak_memory};

use super::{Session, integration_side};

/// One track as it goes into the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackSide {
    pub track: TrackId,
    /// The branch's tip; `None`: no such branch.
    pub tip: Option<CommitId>,
    /// What is compared: the tip, or a throw-away commit with the uncommitted work.
    pub commit: Option<CommitId>,
    pub tree: Option<TreeId>,
    pub dirty: bool,
    /// Why there is nothing to compare although there is a branch.
    pub unavailable: Option<String>,
    /// Something to know about what was compared.
    pub note: Option<String>,
}

impl TrackSide {
    /// A track with nothing but what is committed.
    ///
    /// # Errors
    /// When the commit cannot be read.
    pub(super) fn committed(
        session: &Session,
        track: &TrackId,
        tip: CommitId,
    ) -> Result<TrackSide, GitError> {
        Ok(TrackSide {
            track: track.clone(),
            tip: Some(tip),
            commit: Some(tip),
            tree: Some(session.repository.commit(tip)?.tree),
            dirty: false,
            unavailable: None,
            note: None,
        })
    }

    /// `None` where there is nothing to merge.
    pub(super) fn as_tip(&self) -> Option<Tip> {
        Some(Tip {
            commit: self.commit?,
            history: self.tip?,
            tree: self.tree?,
        })
    }
}

/// Reads the tracks' tips and, unless `committed`, the uncommitted work in their worktrees.
pub(super) fn track_sides(
    session: &Session,
    merger: &Merger<'_>,
    tracks: &[TrackId],
    committed: bool,
) -> Result<Vec<TrackSide>, GitError> {
    let worktrees = session.repository.worktrees()?;
    let mut named = Vec::new();
    for id in tracks {
        let Some(track) = session.project.track(id) else {
            continue;
        };
        let tip = session.tip(&track.branch)?;
        let local = session.repository.branch(&track.branch)?;
        let worktree = Worktree::of_branch(&worktrees, &track.branch)
            // Where the remote branch is ahead of the local one, the worktree is not what counts.
            .filter(|_| tip.is_some_and(|tip| Some(tip.commit) == local))
            .map(|worktree| worktree.path.clone());
        named.push((id.clone(), tip.map(|tip| tip.commit), worktree));
    }
    let places = named.iter().filter(|(_, _, worktree)| worktree.is_some());
    let at_once = places.count().min(cores().get());
    in_parallel(&named, cores().get(), |(track, tip, worktree)| {
        let place = worktree.as_deref().filter(|_| !committed);
        one_side(
            session,
            merger,
            track,
            *tip,
            place.map(|dir| (dir, at_once)),
        )
    })
    .into_iter()
    .collect()
}

/// `place`: the worktree whose uncommitted work counts, and how many are read at the same time.
fn one_side(
    session: &Session,
    merger: &Merger<'_>,
    track: &TrackId,
    tip: Option<CommitId>,
    place: Option<(&std::path::Path, usize)>,
) -> Result<TrackSide, GitError> {
    let mut side = TrackSide {
        track: track.clone(),
        tip,
        commit: tip,
        tree: None,
        dirty: false,
        unavailable: None,
        note: None,
    };
    let Some(tip) = tip else { return Ok(side) };
    let info = session.repository.commit(tip)?;
    side.tree = Some(info.tree);
    let Some((worktree, at_once)) = place else {
        return Ok(side);
    };
    match merger.snapshot(worktree, tip, at_once)? {
        Snapshot::Clean(tree) => side.tree = Some(tree),
        Snapshot::Dirty(tree) => {
            side.dirty = true;
            side.tree = Some(tree);
            side.commit = Some(merger.write_commit(&NewCommit {
                tree,
                parents: vec![tip],
                time: info.committed,
                message: format!("uncommitted work of {track}\n"),
            })?);
        }
        Snapshot::TipOnly { tree, reason } => {
            side.dirty = true;
            side.tree = Some(tree);
            side.note = Some(reason);
        }
        Snapshot::Unavailable(reason) => {
            side.dirty = true;
            side.commit = None;
            side.tree = None;
            side.unavailable = Some(reason);
        }
    }
    Ok(side)
}

/// A track merged into base, or why that was not possible.
#[derive(Debug, Clone)]
struct OnBase {
    tip: VirtualCommit,
    /// base + track.
    merged: Option<VirtualCommit>,
    verdict: Verdict,
}

/// Which pairs are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'a> {
    All,
    /// Every pair of tracks and base, but not integration.
    WithoutIntegration,
    /// Only these tracks, against base and integration.
    Branches(&'a [TrackId]),
}

impl Scope<'_> {
    fn wants_tracks(self) -> bool {
        matches!(self, Scope::All | Scope::WithoutIntegration)
    }

    fn wants_branches(self, track: &TrackId) -> bool {
        match self {
            Scope::All | Scope::WithoutIntegration => true,
            Scope::Branches(some) => some.contains(track),
        }
    }
}

/// How many pairs were decided in which way.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// They share nothing that could conflict, so nothing was merged.
    pub disjoint: usize,
    pub in_process: usize,
    /// They had been decided before.
    pub cached: usize,
    /// Pairs that only git could decide, by the reason.
    pub by_git: BTreeMap<Reason, usize>,
    /// Wall clock by what was done.
    pub phases: BTreeMap<&'static str, Duration>,
    /// Of this process, in bytes; git's own processes are not in it.
    pub peak_memory: Option<u64>,
}

impl Stats {
    pub(super) fn count(&mut self, by: DecidedBy) {
        match by {
            DecidedBy::Process => self.in_process += 1,
            DecidedBy::Memory => self.cached += 1,
            DecidedBy::Git(reason) => *self.by_git.entry(reason).or_default() += 1,
        }
    }
}

/// What earlier runs found out. It is a cache: that it cannot be read or written is no news. A repository that nobody has
/// set up for tracks is left without one.
pub(super) fn memory(session: &Session) -> Memo {
    if session.branches.is_some() {
        return Memo::default();
    }
    Memo::new(session.store.known_merges())
}

/// Keeps what this run found out for the next; a repository that is only visited is left as it was.
pub(super) fn remember(session: &Session, memo: &Memo) {
    if memo.has_learned() && session.branches.is_none() {
        let _ = session
            .store
            .keep_merges(memo.known(), session.store.known_merges());
    }
}

/// The tracks' sides, ready to be merged with each other.
#[derive(Debug)]
pub(super) struct Matrix<'m, 'r> {
    session: &'m Session,
    engine: Engine<'m, 'r>,
    sides: &'m [TrackSide],
    /// What can be merged, as the engine knows it.
    commits: BTreeMap<TrackId, VirtualCommit>,
    on_base: BTreeMap<TrackId, OnBase>,
    rebuilt: Option<integration_side::Ready>,
    scope: Scope<'m>,
    stats: Stats,
}

impl<'m, 'r> Matrix<'m, 'r> {
    /// Merges each side into base.
    pub(super) fn new(
        session: &'m Session,
        merger: &'m Merger<'r>,
        memo: &'m Memo,
        sides: &'m [TrackSide],
        scope: Scope<'m>,
    ) -> Result<Self, GitError> {
        let rebuilt = match scope {
            Scope::WithoutIntegration => None,
            Scope::All | Scope::Branches(_) => integration_side::ready(session, merger)?,
        };
        let known: Vec<&TrackSide> = sides
            .iter()
            .filter(|side| side.as_tip().is_some())
            .collect();
        let mut tips: Vec<Tip> = known.iter().filter_map(|side| side.as_tip()).collect();
        tips.extend(rebuilt.iter().flat_map(integration_side::Ready::tips));
        let engine = Engine::new(merger, session.base.commit, &tips, memo)?;
        let commits: BTreeMap<TrackId, VirtualCommit> = known
            .iter()
            .zip(engine.tips())
            .map(|(side, commit)| (side.track.clone(), commit.clone()))
            .collect();
        let mut matrix = Matrix {
            session,
            engine,
            sides,
            commits,
            on_base: BTreeMap::new(),
            rebuilt,
            scope,
            stats: Stats::default(),
        };
        matrix.merge_into_base()?;
        Ok(matrix)
    }

    pub(super) fn engine(&self) -> &Engine<'m, 'r> {
        &self.engine
    }

    pub(super) fn sides(&self) -> &'m [TrackSide] {
        self.sides
    }

    /// The track as the engine knows it; `None` where there is nothing to merge.
    pub(super) fn commit_of(&self, track: &TrackId) -> Option<&VirtualCommit> {
        self.commits.get(track)
    }

    /// base + track; `None` where the two do not merge.
    pub(super) fn merged_on_base(&self, track: &TrackId) -> Option<&VirtualCommit> {
        self.on_base.get(track)?.merged.as_ref()
    }

    pub(super) fn stats(&self) -> Stats {
        Stats {
            phases: self.engine.phases(),
            peak_memory: peak_memory(),
            ..self.stats.clone()
        }
    }

    fn merge_into_base(&mut self) -> Result<(), GitError> {
        let base = self.engine.base();
        let requests: Vec<_> = self.commits.values().map(|commit| (base, commit)).collect();
        let answers = self.engine.merge_all(&requests, Want::Results)?;
        let merged: Vec<_> = self.commits.iter().zip(&answers).collect();
        let merged = in_parallel(&merged, cores().get(), |((track, tip), answer)| {
            let Outcome::Clean(combined) = &answer.outcome else {
                return Ok(None);
            };
            let message = format!("base and {track}\n");
            self.engine.merged(base, tip, combined, &message).map(Some)
        });
        for (((track, tip), answer), merged) in self.commits.iter().zip(answers).zip(merged) {
            self.stats.count(answer.by);
            let on_base = OnBase {
                tip: tip.clone(),
                merged: merged?,
                verdict: verdict(answer.outcome),
            };
            self.on_base.insert(track.clone(), on_base);
        }
        Ok(())
    }

    /// Every pair that the scope asks for: base against each track, each track against each, and integration against each
    /// where a round has moved the integration branch.
    pub(super) fn pairs(&mut self) -> Result<Vec<Pair>, GitError> {
        let mut pairs = Vec::new();
        let (base, scope) = (self.session.base.commit, self.scope);
        let wanted = |side: &&TrackSide| side.tip.is_some() && scope.wants_branches(&side.track);
        for side in self.sides.iter().filter(wanted) {
            let verdict = match (&side.unavailable, self.on_base.get(&side.track)) {
                (Some(reason), _) => Verdict::Unavailable(reason.clone()),
                (None, Some(on_base)) => on_base.verdict.clone(),
                (None, None) => continue,
            };
            pairs.push(Pair {
                a: Side::Base,
                b: Side::Track(side.track.clone()),
                basis: Basis::Tips,
                verdict,
                merged: side.commit.map(|commit| (base, commit)),
            });
        }
        let sides: Vec<&TrackSide> = self.sides.iter().filter(wanted).collect();
        if let Some(ready) = &self.rebuilt {
            let commits = &self.commits;
            pairs.extend(ready.pairs(&self.engine, &sides, commits, &mut self.stats)?);
        }
        if scope.wants_tracks() {
            pairs.extend(self.between_tracks()?);
        }
        Ok(pairs)
    }

    fn between_tracks(&mut self) -> Result<Vec<Pair>, GitError> {
        let present: Vec<&TrackSide> = self
            .sides
            .iter()
            .filter(|side| side.tip.is_some())
            .collect();
        let may_meet = self.may_meet(&present);
        let mut pairs = Vec::new();
        let mut asked: Vec<usize> = Vec::new();
        let mut requests: Vec<(&VirtualCommit, &VirtualCommit)> = Vec::new();
        let mut disjoint = 0;
        for (index, a) in present.iter().enumerate() {
            for (beyond, b) in present[index + 1..].iter().enumerate() {
                let mut pair = Pair {
                    a: Side::Track(a.track.clone()),
                    b: Side::Track(b.track.clone()),
                    basis: Basis::BasePlusTrack,
                    verdict: Verdict::Clean,
                    merged: None,
                };
                match (self.on_base.get(&a.track), self.on_base.get(&b.track)) {
                    (Some(left), Some(right)) => match (&left.merged, &right.merged) {
                        (Some(_), Some(_)) if !may_meet.contains(&(index, index + 1 + beyond)) => {
                            disjoint += 1;
                        }
                        (Some(ours), Some(theirs)) => {
                            asked.push(pairs.len());
                            requests.push((ours, theirs));
                        }
                        _ => {
                            pair.basis = Basis::Tips;
                            asked.push(pairs.len());
                            requests.push((&left.tip, &right.tip));
                        }
                    },
                    (left, _) => {
                        let missing = if left.is_none() { a } else { b };
                        let reason = missing.unavailable.clone().unwrap_or_default();
                        pair.verdict = Verdict::Unavailable(format!("{}: {reason}", missing.track));
                    }
                }
                pairs.push(pair);
            }
        }
        let answers = self.engine.merge_all(&requests, Want::Verdicts)?;
        // The lines of one pair are shown from what was merged; of a whole matrix nobody reads them all.
        let to_be_shown = pairs.len() == 1;
        for ((index, sides), answer) in asked.into_iter().zip(requests).zip(answers) {
            self.stats.count(answer.by);
            pairs[index].verdict = verdict(answer.outcome);
            if to_be_shown {
                pairs[index].merged =
                    Some((self.engine.commit(sides.0)?, self.engine.commit(sides.1)?));
            }
        }
        self.stats.disjoint += disjoint;
        Ok(pairs)
    }

    /// The pairs, by their places in `present`, that share anything at all.
    fn may_meet(&self, present: &[&TrackSide]) -> BTreeSet<(usize, usize)> {
        let (places, merged): (Vec<usize>, Vec<&VirtualCommit>) = present
            .iter()
            .enumerate()
            .filter_map(|(place, side)| {
                Some((place, self.on_base.get(&side.track)?.merged.as_ref()?))
            })
            .unzip();
        self.engine
            .meeting(&merged)
            .into_iter()
            .map(|(a, b)| (places[a], places[b]))
            .collect()
    }

    /// base + track as a commit in the merger's objects; `None` where the two do not merge.
    pub(super) fn with_base(&self, track: &TrackId) -> Result<Option<CommitId>, GitError> {
        let merged = self.on_base.get(track).and_then(|it| it.merged.as_ref());
        merged.map(|merged| self.engine.commit(merged)).transpose()
    }

    /// What base + track has other than base.
    pub(super) fn changed_paths(&self, track: &TrackId) -> Vec<RepoPath> {
        let merged = self.on_base.get(track).and_then(|it| it.merged.as_ref());
        merged.map_or_else(Vec::new, VirtualCommit::changed_paths)
    }

    /// The two of each pair on base and merged together, as commits in the merger's objects; `None` where they do not merge.
    pub(super) fn together(
        &self,
        pairs: &[(TrackId, TrackId)],
    ) -> Result<Vec<Option<CommitId>>, GitError> {
        let on_base = |track| self.on_base.get(track)?.merged.as_ref();
        let asked: Vec<Option<_>> = pairs
            .iter()
            .map(|(a, b)| Some((on_base(a)?, on_base(b)?)))
            .collect();
        let requests: Vec<_> = asked.iter().copied().flatten().collect();
        let mut answers = self.engine.merge_all(&requests, Want::Results)?.into_iter();
        let mut commits = Vec::with_capacity(pairs.len());
        for ((a, b), sides) in pairs.iter().zip(&asked) {
            let answer = sides.and_then(|_| answers.next());
            commits.push(match (sides, answer.map(|answer| answer.outcome)) {
                (Some((ours, theirs)), Some(Outcome::Clean(combined))) => {
                    let message = format!("{a} and {b}\n");
                    let merged = self.engine.merged(ours, theirs, &combined, &message)?;
                    Some(self.engine.commit(&merged)?)
                }
                _ => None,
            });
        }
        Ok(commits)
    }

    /// The largest set of tracks that merges clean together, proven by merging it: pairs that are clean can still clash as
    /// a set, and what fails becomes one more constraint.
    pub(super) fn clean_set(&self, pairs: &[Pair]) -> Result<CleanSet, GitError> {
        let tracks: Vec<TrackId> = self
            .session
            .order
            .iter()
            .filter(|id| self.commits.contains_key(id))
            .cloned()
            .collect();
        let (priority, depends_on) = order_facts(&self.session.project);
        let mut conflicts: Vec<BTreeSet<TrackId>> = pairs.iter().filter_map(exclusion).collect();
        loop {
            let set = largest_clean_set(&Candidates {
                tracks: &tracks,
                priority: &priority,
                depends_on: &depends_on,
                conflicts: &conflicts,
            });
            match self.first_clash(&set.tracks)? {
                None => return Ok(set),
                Some(clash) => conflicts.push(clash),
            }
        }
    }

    /// Merges the set in order; the tracks up to and with the first that does not fit.
    fn first_clash(&self, tracks: &[TrackId]) -> Result<Option<BTreeSet<TrackId>>, GitError> {
        let mut at = self.engine.base().clone();
        for (index, track) in tracks.iter().enumerate() {
            let Some(tip) = self.commits.get(track) else {
                continue;
            };
            let answer = self.engine.merge_all(&[(&at, tip)], Want::Results)?.pop();
            match answer.map(|answer| answer.outcome) {
                Some(Outcome::Clean(combined)) => {
                    at = self.engine.merged(&at, tip, &combined, "set\n")?;
                }
                _ => return Ok(Some(tracks[..=index].iter().cloned().collect())),
            }
        }
        Ok(None)
    }
}

/// The domain's word for what came out.
pub(super) fn verdict(outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Clean(_) => Verdict::Clean,
        Outcome::Conflicted(conflicts) => Verdict::Conflict(conflicts),
        Outcome::Unavailable(reason) => Verdict::Unavailable(reason),
    }
}

/// A merge commit whose id depends on nothing but its inputs: the newest parent gives the date.
pub(super) fn merge_commit(
    merger: &Merger<'_>,
    tree: TreeId,
    parents: &[CommitId],
    message: &str,
) -> Result<CommitId, GitError> {
    let mut time = Timestamp(0);
    for parent in parents {
        time = time.max(merger.commit(*parent)?.committed);
    }
    merger.write_commit(&NewCommit {
        tree,
        parents: parents.to_vec(),
        time,
        message: message.to_owned(),
    })
}

pub(super) type OrderFacts = (BTreeMap<TrackId, i64>, BTreeMap<TrackId, BTreeSet<TrackId>>);

pub(super) fn order_facts(project: &Project) -> OrderFacts {
    let priority = project
        .tracks
        .iter()
        .map(|track| (track.id.clone(), track.priority))
        .collect();
    let depends_on = project
        .tracks
        .iter()
        .map(|track| (track.id.clone(), track.tracks_needed().cloned().collect()))
        .collect();
    (priority, depends_on)
}

/// What a pair says about sets. Integration is no constraint here: the set is merged onto base.
fn exclusion(pair: &Pair) -> Option<BTreeSet<TrackId>> {
    if pair.verdict.is_clean() || [&pair.a, &pair.b].contains(&&Side::Integration) {
        return None;
    }
    let members = [&pair.a, &pair.b]
        .into_iter()
        .filter_map(|side| match side {
            Side::Track(id) => Some(id.clone()),
            Side::Base | Side::Integration | Side::Both(..) | Side::Part(_) => None,
        });
    Some(members.collect())
}

/// Opens a merger for throw-away merges with the attributes of base.
pub(super) fn scratch_merger<'r>(
    session: &Session,
    repository: &'r Repository,
) -> Result<Merger<'r>, GitError> {
    Merger::scratch(
        repository,
        session.base.commit,
        &session.store.scratch_root(),
    )
}
