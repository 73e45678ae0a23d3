//! What is told of a conflict beyond its verdict: who touched the file, in which commits, and what its versions are.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::merge::{Basis, Pair, Verdict};
use crate::domain::name::{Side, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::git::{GitError, Merger, PathSet, Staged, Touch, Version, Worktree};
use crate::process::{cores, in_parallel};

use super::Session;
use super::matrix::TrackSide;

/// So many commits of a side are looked at; who touched a file longer ago no longer matters.
const COMMITS: usize = 10_000;

/// What one side has done to a file since it left the other.
#[derive(Debug, Clone, Default)]
pub struct Touches {
    /// Newest first.
    pub commits: Vec<Touch>,
    /// Also, or only, in the worktree.
    pub uncommitted: bool,
}

impl Touches {
    fn add(&mut self, more: &Touches) {
        self.uncommitted |= more.uncommitted;
        let known: BTreeSet<CommitId> = self.commits.iter().map(|touch| touch.commit).collect();
        let new = more.commits.iter();
        self.commits
            .extend(new.filter(|touch| !known.contains(&touch.commit)).cloned());
        self.commits
            .sort_by_key(|touch| std::cmp::Reverse(touch.committed));
    }
}

type ByPath = BTreeMap<RepoPath, Touches>;

/// Who touched conflicted files: each track since it left base.
#[derive(Debug, Default)]
pub struct Touched {
    tracks: BTreeMap<TrackId, ByPath>,
    /// One side since it left the other, where that is not what it has beyond base: base itself, and two tracks that had to
    /// be compared tip against tip. Only for a single pair.
    against: BTreeMap<(Side, Side), ByPath>,
}

impl Touched {
    /// What `side` did to the files of these names, where it was compared with `other`; `None` where that was not asked.
    pub fn of(&self, side: &Side, other: &Side, names: &[RepoPath]) -> Option<Touches> {
        let by_path = match (self.against.get(&(side.clone(), other.clone())), side) {
            (Some(by_path), _) => by_path,
            (None, Side::Track(track)) => self.tracks.get(track)?,
            (None, Side::Base | Side::Integration | Side::Both(..) | Side::Part(_)) => return None,
        };
        let mut all = Touches::default();
        for touches in names.iter().filter_map(|name| by_path.get(name)) {
            all.add(touches);
        }
        Some(all)
    }

    /// The other tracks that touch a file too, by name.
    pub fn others(&self, pair: &Pair, names: &[RepoPath]) -> Vec<&TrackId> {
        let touches = |by_path: &ByPath| names.iter().any(|name| by_path.contains_key(name));
        self.tracks
            .iter()
            .filter(|(track, by_path)| !is_in(track, pair) && touches(by_path))
            .map(|(track, _)| track)
            .collect()
    }
}

/// One conflict of the one pair that was asked for, or of its sides with base.
#[derive(Debug)]
pub struct Detail {
    pub a: Side,
    pub b: Side,
    /// Where git leaves several paths unmerged for one reason (the three names of a double rename), all of them.
    pub paths: Vec<RepoPath>,
    /// Base, ours, theirs.
    pub versions: [Option<Version>; 3],
    /// All names that git names together, in its order.
    pub named: Vec<RepoPath>,
    /// The file's name in ours and in theirs, where it is another one there.
    pub other_names: [Option<RepoPath>; 2],
}

impl Detail {
    pub fn is_of(&self, pair: &Pair) -> bool {
        self.a == pair.a && self.b == pair.b
    }

    /// Every name that the file has or had.
    pub fn names(&self) -> Vec<RepoPath> {
        let mut names = self.paths.clone();
        let more = self.named.iter().chain(self.other_names.iter().flatten());
        for name in more {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }
}

/// The versions behind each conflict that has a merge to look into.
///
/// # Errors
/// When git cannot be run, or an object cannot be read.
pub(super) fn of_pairs(merger: &Merger<'_>, pairs: &[Pair]) -> Result<Vec<Detail>, GitError> {
    let mut details: Vec<Detail> = Vec::new();
    for pair in pairs {
        let (Verdict::Conflict(conflicts), Some((ours, theirs))) = (&pair.verdict, pair.merged)
        else {
            continue;
        };
        let first = details.len();
        for staged in merger.staged(ours, theirs)? {
            if !conflicts.iter().any(|one| one.path == staged.path) {
                continue;
            }
            let detail = detail(pair, staged);
            if !details[first..]
                .iter_mut()
                .any(|known| joins(known, &detail))
            {
                details.push(detail);
            }
        }
    }
    Ok(details)
}

fn detail(pair: &Pair, staged: Staged) -> Detail {
    Detail {
        a: pair.a.clone(),
        b: pair.b.clone(),
        paths: vec![staged.path],
        versions: staged.versions,
        named: staged.named,
        other_names: staged.other_names,
    }
}

/// Takes a detail in that is the same conflict under another of its names.
fn joins(known: &mut Detail, detail: &Detail) -> bool {
    let versions = || known.versions.iter().zip(&detail.versions);
    let complementary = versions().all(|(one, other)| one.is_none() || other.is_none());
    if known.named.len() < 2 || known.named != detail.named || !complementary {
        return false;
    }
    known.paths.extend(detail.paths.iter().cloned());
    for (one, other) in known.versions.iter_mut().zip(&detail.versions) {
        if one.is_none() {
            one.clone_from(other);
        }
    }
    true
}

/// Who touched the conflicted files of all these pairs: one walk over the own commits of each track.
///
/// # Errors
/// When history cannot be read.
pub(super) fn of_matrix(
    session: &Session,
    merger: &Merger<'_>,
    sides: &[TrackSide],
    pairs: &[Pair],
) -> Result<Touched, GitError> {
    let conflicts = pairs.iter().flat_map(|pair| pair.verdict.conflicts());
    let paths: BTreeSet<&RepoPath> = conflicts.map(|conflict| &conflict.path).collect();
    Ok(Touched {
        tracks: by_track(session, merger, sides, &paths)?,
        against: BTreeMap::new(),
    })
}

/// As [`of_matrix`], for one pair: with base's own commits, and what the tracks that are no part of it have.
///
/// # Errors
/// When history cannot be read.
pub(super) fn of_pair(
    session: &Session,
    merger: &Merger<'_>,
    sides: &[TrackSide],
    pairs: &[Pair],
    details: &[Detail],
    committed: bool,
) -> Result<Touched, GitError> {
    let names: Vec<RepoPath> = details.iter().flat_map(Detail::names).collect();
    let paths: BTreeSet<&RepoPath> = names.iter().collect();
    let mut touched = Touched {
        tracks: by_track(session, merger, sides, &paths)?,
        against: BTreeMap::new(),
    };
    if paths.is_empty() {
        return Ok(touched);
    }
    let set: PathSet = paths.iter().copied().collect();
    let tip_of = |side: &Side| match side {
        Side::Base => Some(session.base.commit),
        Side::Track(track) => sides.iter().find(|one| one.track == *track)?.tip,
        Side::Integration | Side::Both(..) | Side::Part(_) => None,
    };
    for pair in pairs.iter().filter(|pair| pair.basis == Basis::Tips) {
        let (Verdict::Conflict(_), Some(a), Some(b)) =
            (&pair.verdict, tip_of(&pair.a), tip_of(&pair.b))
        else {
            continue;
        };
        for (side, other, tip, without) in [(&pair.a, &pair.b, a, b), (&pair.b, &pair.a, b, a)] {
            let mut by_path = commits(session, without, &[tip], &set)?
                .pop()
                .unwrap_or_default();
            if let Side::Track(track) = side
                && let Some(known) = touched.tracks.get(track)
            {
                mark(&mut by_path, uncommitted(known));
            }
            let key = (side.clone(), other.clone());
            touched.against.insert(key, by_path);
        }
    }
    touched
        .tracks
        .extend(of_the_others(session, sides, &paths, committed)?);
    Ok(touched)
}

fn by_track(
    session: &Session,
    merger: &Merger<'_>,
    sides: &[TrackSide],
    paths: &BTreeSet<&RepoPath>,
) -> Result<BTreeMap<TrackId, ByPath>, GitError> {
    if paths.is_empty() {
        return Ok(BTreeMap::new());
    }
    let set: PathSet = paths.iter().copied().collect();
    let known: Vec<(&TrackSide, CommitId)> = sides
        .iter()
        .filter_map(|side| Some((side, side.tip?)))
        .collect();
    let tips: Vec<CommitId> = known.iter().map(|(_, tip)| *tip).collect();
    let mut found = BTreeMap::new();
    let by_tip = commits(session, session.base.commit, &tips, &set)?;
    for ((side, tip), mut by_path) in known.into_iter().zip(by_tip) {
        if let Some(commit) = side.commit.filter(|commit| *commit != tip) {
            mark(&mut by_path, merger.differing(tip, commit, &set)?);
        }
        found.insert(side.track.clone(), by_path);
    }
    Ok(found)
}

/// For each tip, what it has beyond `base`; never fewer than there are tips.
fn commits(
    session: &Session,
    base: CommitId,
    tips: &[CommitId],
    set: &PathSet,
) -> Result<Vec<ByPath>, GitError> {
    let found = session.repository.touches(base, tips, set, COMMITS)?;
    let touches = |commits| Touches {
        commits,
        uncommitted: false,
    };
    Ok(found
        .into_iter()
        .map(|by_path| {
            by_path
                .into_iter()
                .map(|(path, commits)| (path, touches(commits)))
                .collect()
        })
        .collect())
}

fn uncommitted(by_path: &ByPath) -> BTreeSet<RepoPath> {
    let uncommitted = by_path.iter().filter(|(_, touches)| touches.uncommitted);
    uncommitted.map(|(path, _)| path.clone()).collect()
}

fn mark(by_path: &mut ByPath, uncommitted: BTreeSet<RepoPath>) {
    for path in uncommitted {
        by_path.entry(path).or_default().uncommitted = true;
    }
}

/// The tracks that were not compared. Their worktrees are not turned into trees for this: only the files in question are
/// looked at.
fn of_the_others(
    session: &Session,
    compared: &[TrackSide],
    paths: &BTreeSet<&RepoPath>,
    committed: bool,
) -> Result<Vec<(TrackId, ByPath)>, GitError> {
    let repository = &session.repository;
    let set: PathSet = paths.iter().copied().collect();
    let worktrees = match committed {
        true => Vec::new(),
        false => repository.worktrees()?,
    };
    let mut strangers: Vec<(&Track, CommitId)> = Vec::new();
    for track in &session.project.tracks {
        if compared.iter().any(|side| side.track == track.id) {
            continue;
        }
        if let Some(tip) = session.tip(&track.branch)? {
            strangers.push((track, tip.commit));
        }
    }
    let tips: Vec<CommitId> = strangers.iter().map(|(_, tip)| *tip).collect();
    let by_tip = commits(session, session.base.commit, &tips, &set)?;
    let uncommitted = in_parallel(&strangers, cores().get(), |(track, tip)| {
        let worktree = Worktree::of_branch(&worktrees, &track.branch)
            .filter(|worktree| worktree.commit == Some(*tip));
        match worktree {
            Some(worktree) => repository.uncommitted_among(&worktree.path, *tip, paths),
            None => Ok(BTreeSet::new()),
        }
    });
    let mut found = Vec::new();
    for (((track, _), mut by_path), uncommitted) in
        strangers.into_iter().zip(by_tip).zip(uncommitted)
    {
        mark(&mut by_path, uncommitted?);
        found.push((track.id.clone(), by_path));
    }
    Ok(found)
}

fn is_in(track: &TrackId, pair: &Pair) -> bool {
    [&pair.a, &pair.b]
        .into_iter()
        .any(|side| matches!(side, Side::Track(id) if id == track))
}
