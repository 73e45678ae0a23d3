//! What is told of a conflict beyond its verdict: who touched the file, in which commits, and what its versions are.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::domain::merge::{Conflict, Pair, Verdict};
use crate::domain::name::{Side, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::revision::CommitId;
use crate::git::{GitError, Merger, PathSet, Staged, Touch, Version, Worktree, base_lines};
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
    fn is_empty(&self) -> bool {
        self.commits.is_empty() && !self.uncommitted
    }

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
    /// Base since the track left it. Only for a single pair: it is another stretch of base for each track.
    base: BTreeMap<TrackId, ByPath>,
}

impl Touched {
    /// What `side` did to the files of these names, where it was compared with `other`; `None` where that was not asked.
    pub fn of(&self, side: &Side, other: &Side, names: &[RepoPath]) -> Option<Touches> {
        let by_path = match (side, other) {
            (Side::Track(track), _) => self.tracks.get(track)?,
            (Side::Base, Side::Track(track)) => self.base.get(track)?,
            (Side::Base | Side::Integration, _) => return None,
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
    /// For each region of the conflict, the lines of base that it is about, from 0.
    pub base_lines: Vec<Range<usize>>,
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
            let Some(conflict) = conflicts.iter().find(|one| one.path == staged.path) else {
                continue;
            };
            let detail = detail(pair, conflict, staged);
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

fn detail(pair: &Pair, conflict: &Conflict, staged: Staged) -> Detail {
    let text = |version: &Option<Version>| {
        let content = version.as_ref().map(|version| version.content.text());
        // What is not there has no lines; what is no text has none that could be told.
        content.unwrap_or(Some(b"")).map(<[u8]>::to_vec)
    };
    let texts: Option<Vec<Vec<u8>>> = staged.versions.iter().map(text).collect();
    let base_lines = match texts.as_deref() {
        Some([base, ours, theirs]) => conflict
            .regions
            .iter()
            .map(|region| base_lines(base, ours, theirs, region))
            .collect(),
        _ => Vec::new(),
    };
    Detail {
        a: pair.a.clone(),
        b: pair.b.clone(),
        paths: vec![staged.path],
        versions: staged.versions,
        named: staged.named,
        other_names: staged.other_names,
        base_lines,
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
        base: BTreeMap::new(),
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
    details: &[Detail],
    committed: bool,
) -> Result<Touched, GitError> {
    let names: Vec<RepoPath> = details.iter().flat_map(Detail::names).collect();
    let paths: BTreeSet<&RepoPath> = names.iter().collect();
    let mut touched = Touched {
        tracks: by_track(session, merger, sides, &paths)?,
        base: BTreeMap::new(),
    };
    if paths.is_empty() {
        return Ok(touched);
    }
    for side in sides {
        let of_base = details
            .iter()
            .filter(|detail| detail.a == Side::Base && detail.b == Side::Track(side.track.clone()));
        let names: Vec<RepoPath> = of_base.flat_map(Detail::names).collect();
        if let (Some(tip), false) = (side.tip, names.is_empty()) {
            let by_path = commits(session, session.base.commit, tip, &names.iter().collect())?;
            touched.base.insert(side.track.clone(), by_path);
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
    let found = in_parallel(&known, cores().get(), |(side, tip)| {
        let mut by_path = commits(session, *tip, session.base.commit, &set)?;
        if let Some(commit) = side.commit.filter(|commit| commit != tip) {
            mark(&mut by_path, merger.differing(*tip, commit, &set)?);
        }
        Ok((side.track.clone(), by_path))
    });
    found.into_iter().collect()
}

fn commits(
    session: &Session,
    tip: CommitId,
    hidden: CommitId,
    set: &PathSet,
) -> Result<ByPath, GitError> {
    let found = session.repository.touches(tip, &[hidden], set, COMMITS)?;
    Ok(found
        .into_iter()
        .map(|(path, commits)| {
            let touches = Touches {
                commits,
                uncommitted: false,
            };
            (path, touches)
        })
        .collect())
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
    let strangers: Vec<_> = session
        .project
        .tracks
        .iter()
        .filter(|track| !compared.iter().any(|side| side.track == track.id))
        .collect();
    let found = in_parallel(&strangers, cores().get(), |track| {
        let Some(tip) = session.tip(&track.branch)? else {
            return Ok(None);
        };
        let mut by_path = commits(session, tip.commit, session.base.commit, &set)?;
        if let Some(worktree) = Worktree::of_branch(&worktrees, &track.branch)
            .filter(|worktree| worktree.commit == Some(tip.commit))
        {
            let uncommitted = repository.uncommitted_among(&worktree.path, tip.commit, paths)?;
            mark(&mut by_path, uncommitted);
        }
        by_path.retain(|_, touches| !touches.is_empty());
        Ok(Some((track.id.clone(), by_path)))
    });
    let found: Result<Vec<_>, GitError> = found.into_iter().collect();
    Ok(found?.into_iter().flatten().collect())
}

fn is_in(track: &TrackId, pair: &Pair) -> bool {
    [&pair.a, &pair.b]
        .into_iter()
        .any(|side| matches!(side, Side::Track(id) if id == track))
}
