//! The collision matrix: who merges with whom, the largest set that merges together, the files behind most conflicts.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::domain::merge::{HotFile, Pair, Verdict, hot_files};
use crate::domain::name::{Side, TrackId};
use crate::domain::order::{CleanSet, Landing, LandingOrder, fewest_conflicts};
use crate::domain::path::RepoPath;
use crate::domain::project::Project;
use crate::domain::time::Timestamp;
use crate::git::{GitError, Memo, Merger};
use crate::process::clock;

use super::branches::Asked;
use super::details::{self, Detail, Touched};
pub use super::matrix::TrackSide;
use super::matrix::{self, Matrix, Scope, Stats};
use super::{BasePoint, Emit, Event, Session};

/// What to compare.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Leave uncommitted work out.
    pub committed: bool,
    /// Only this pair.
    pub pair: Option<(TrackId, TrackId)>,
    /// Say who touched the conflicted files; of a single pair that is always said.
    pub touched: bool,
}

#[derive(Debug)]
pub struct Report {
    /// Where branches were compared, and no tracks.
    pub branches: Option<Asked>,
    pub base: BasePoint,
    pub prefer_remote: bool,
    pub uncommitted: bool,
    pub tracks: Vec<TrackSide>,
    pub pairs: Vec<Pair>,
    /// `None` when one pair was asked for.
    pub largest_clean_set: Option<CleanSet>,
    /// The order in which the fewest have to be resolved.
    pub order: LandingOrder,
    pub hot_files: Vec<HotFile>,
    pub owners: BTreeMap<RepoPath, TrackId>,
    /// Each conflict looked into, for a single pair only.
    pub details: Vec<Detail>,
    pub touched: Touched,
    pub now: Timestamp,
    pub stats: Stats,
    pub elapsed: Duration,
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
    let _visit = session.branches.as_ref().map(|_| session.store.visit());
    let merger = matrix::scratch_merger(session, &session.repository)?;
    let wanted = wanted(session, options);
    let what = match session.branches {
        Some(_) => "branches",
        None => "tracks",
    };
    emit(&Event::Stage(format!("reading {} {what}", wanted.len())));
    let tracks = matrix::track_sides(session, &merger, &wanted, options.committed)?;
    emit(&Event::Stage(format!(
        "merging {} {what} in memory",
        wanted.len()
    )));
    let read = started.elapsed();
    let memo = matrix::memory(session);
    let mut report = judge(session, &merger, &memo, tracks, options)?;
    matrix::remember(session, &memo);
    report.stats.phases.insert("reading tracks", read);
    report.elapsed = started.elapsed();
    Ok(report)
}

/// The tracks that are asked for.
pub(super) fn wanted(session: &Session, options: &Options) -> Vec<TrackId> {
    match &options.pair {
        Some((a, b)) => vec![a.clone(), b.clone()],
        None => session
            .project
            .tracks
            .iter()
            .map(|track| track.id.clone())
            .collect(),
    }
}

/// The matrix of tracks that have been read, by the merger that has read them.
pub(super) fn judge(
    session: &Session,
    merger: &Merger<'_>,
    memo: &Memo,
    tracks: Vec<TrackSide>,
    options: &Options,
) -> Result<Report, GitError> {
    let started = Instant::now();
    let scope = match options.pair {
        // What the last round merged were tracks.
        None if session.branches.is_none() => Scope::All,
        _ => Scope::WithoutIntegration,
    };
    let mut matrix = Matrix::new(session, merger, memo, &tracks, scope)?;
    let pairs = matrix.pairs()?;
    let compared = started.elapsed();
    let largest_clean_set = match options.pair {
        Some(_) => None,
        None => Some(matrix.clean_set(&pairs)?),
    };
    let mut stats = matrix.stats();
    stats.phases.insert("pairs in all", compared);
    stats
        .phases
        .insert("largest set in all", started.elapsed() - compared);
    let looking = Instant::now();
    let (details, touched) = match &options.pair {
        Some(_) => {
            let details = details::of_pairs(merger, &pairs)?;
            let touched = details::of_pair(
                session,
                merger,
                &tracks,
                &pairs,
                &details,
                options.committed,
            )?;
            (details, touched)
        }
        None if options.touched => {
            let touched = details::of_matrix(session, merger, &tracks, &pairs)?;
            (Vec::new(), touched)
        }
        None => Default::default(),
    };
    stats.phases.insert("who touched what", looking.elapsed());
    let owners = owners(&session.project, &pairs);
    let wanted = wanted(session, options);
    Ok(Report {
        branches: (session.branches.as_ref()).map(|branches| branches.asked.clone()),
        base: session.base.clone(),
        prefer_remote: session.prefer_remote,
        uncommitted: !options.committed,
        hot_files: hot_files(&pairs, &owners),
        owners,
        order: landing_order(session, &wanted, &pairs),
        tracks,
        pairs,
        largest_clean_set,
        details,
        touched,
        now: clock::now(),
        stats,
        elapsed: started.elapsed(),
    })
}

fn landing_order(session: &Session, wanted: &[TrackId], pairs: &[Pair]) -> LandingOrder {
    let (priority, depends_on) = matrix::order_facts(&session.project);
    let conflicts: Vec<(Side, Side)> = pairs
        .iter()
        .filter(|pair| !pair.verdict.is_clean())
        .map(|pair| (pair.a.clone(), pair.b.clone()))
        .collect();
    fewest_conflicts(&Landing {
        tracks: wanted,
        priority: &priority,
        depends_on: &depends_on,
        conflicts: &conflicts,
    })
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
