//! The collision matrix: who merges with whom, the largest set that merges together, the files behind most conflicts.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::domain::merge::{Pair, Verdict};
use crate::domain::name::{Side, TrackId};
use crate::domain::order::CleanSet;
use crate::domain::path::RepoPath;
use crate::domain::project::Project;
use crate::git::{GitError, Memo, Merger};

use super::matrix::{self, Matrix, Scope, Stats, TrackSide};
use super::{BasePoint, Emit, Event, Session};

/// What to compare.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Leave uncommitted work out.
    pub committed: bool,
    /// Only this pair.
    pub pair: Option<(TrackId, TrackId)>,
}

#[derive(Debug)]
pub struct Report {
    pub base: BasePoint,
    pub uncommitted: bool,
    pub tracks: Vec<TrackSide>,
    pub pairs: Vec<Pair>,
    /// `None` when one pair was asked for.
    pub largest_clean_set: Option<CleanSet>,
    pub order: Vec<TrackId>,
    /// Path and the number of track pairs that conflict there, most first.
    pub hot_files: Vec<(RepoPath, usize)>,
    pub owners: BTreeMap<RepoPath, TrackId>,
    /// The text of both sides of each conflicted file, for a single pair only.
    pub texts: Vec<ConflictText>,
    pub stats: Stats,
    pub elapsed: Duration,
}

/// Both sides of one conflicted path.
#[derive(Debug)]
pub struct ConflictText {
    pub path: RepoPath,
    pub ours: Option<Vec<u8>>,
    pub theirs: Option<Vec<u8>>,
}

impl Report {
    pub fn found(&self) -> bool {
        self.pairs
            .iter()
            .any(|pair| matches!(pair.verdict, Verdict::Conflict(_)))
    }

    pub fn undetermined(&self) -> bool {
        self.pairs
            .iter()
            .any(|pair| matches!(pair.verdict, Verdict::Unavailable(_)))
    }
}

/// # Errors
/// When the repository cannot be read or git cannot be run.
pub fn run(session: &Session, options: &Options, emit: Emit<'_>) -> Result<Report, GitError> {
    let started = Instant::now();
    let merger = matrix::scratch_merger(session, &session.repository)?;
    let wanted: Vec<TrackId> = match &options.pair {
        Some((a, b)) => vec![a.clone(), b.clone()],
        None => session
            .project
            .tracks
            .iter()
            .map(|track| track.id.clone())
            .collect(),
    };
    emit(&Event::Stage(format!("reading {} tracks", wanted.len())));
    let tracks = matrix::track_sides(session, &merger, &wanted, options.committed)?;
    emit(&Event::Stage(format!(
        "merging {} tracks in memory",
        wanted.len()
    )));
    let read = started.elapsed();
    let scope = match options.pair {
        Some(_) => Scope::WithoutIntegration,
        None => Scope::All,
    };
    let memo = Memo::default();
    let mut matrix = Matrix::new(session, &merger, &memo, &tracks, scope)?;
    let pairs = matrix.pairs()?;
    let compared = started.elapsed();
    let largest_clean_set = match options.pair {
        Some(_) => None,
        None => Some(matrix.clean_set(&pairs)?),
    };
    let mut stats = matrix.stats();
    stats.phases.insert("reading tracks", read);
    stats.phases.insert("pairs in all", compared - read);
    stats
        .phases
        .insert("largest set in all", started.elapsed() - compared);
    let texts = match &options.pair {
        Some(_) => conflict_texts(&merger, &pairs)?,
        None => Vec::new(),
    };
    Ok(Report {
        base: session.base.clone(),
        uncommitted: !options.committed,
        hot_files: hot_files(&pairs),
        owners: owners(&session.project, &pairs),
        order: session
            .order
            .iter()
            .filter(|id| wanted.contains(id))
            .cloned()
            .collect(),
        tracks,
        pairs,
        largest_clean_set,
        texts,
        stats,
        elapsed: started.elapsed(),
    })
}

fn hot_files(pairs: &[Pair]) -> Vec<(RepoPath, usize)> {
    let mut counts: BTreeMap<&RepoPath, usize> = BTreeMap::new();
    let between_tracks = pairs.iter().filter(|pair| is_between_tracks(pair));
    for conflict in between_tracks.flat_map(|pair| pair.verdict.conflicts()) {
        *counts.entry(&conflict.path).or_default() += 1;
    }
    let mut files: Vec<_> = counts
        .into_iter()
        .map(|(path, count)| (path.clone(), count))
        .collect();
    files.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    files
}

/// The one track whose `owns` has the path; nobody where two do.
fn owners(project: &Project, pairs: &[Pair]) -> BTreeMap<RepoPath, TrackId> {
    let mut owners = BTreeMap::new();
    for conflict in pairs.iter().flat_map(|pair| pair.verdict.conflicts()) {
        let mut of = project.tracks.iter().filter(|track| {
            track
                .owns
                .iter()
                .any(|pattern| pattern.matches(&conflict.path))
        });
        if let (Some(owner), None) = (of.next(), of.next()) {
            owners.insert(conflict.path.clone(), owner.id.clone());
        }
    }
    owners
}

fn conflict_texts(merger: &Merger<'_>, pairs: &[Pair]) -> Result<Vec<ConflictText>, GitError> {
    let mut texts = Vec::new();
    for pair in pairs.iter().filter(|pair| is_between_tracks(pair)) {
        let Some((ours, theirs)) = pair.merged else {
            continue;
        };
        for conflict in pair.verdict.conflicts() {
            texts.push(ConflictText {
                path: conflict.path.clone(),
                ours: merger.file_at(ours, &conflict.path)?,
                theirs: merger.file_at(theirs, &conflict.path)?,
            });
        }
    }
    Ok(texts)
}

fn is_between_tracks(pair: &Pair) -> bool {
    matches!((&pair.a, &pair.b), (Side::Track(_), Side::Track(_)))
}
