//! The collision matrix: who merges with whom, the largest set that merges together, the files behind most conflicts.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::time::{Duration, Instant};

use crate::domain::merge::{HotFile, Pair, Verdict, hot_files};
use crate::domain::name::{Side, TrackId};
use crate::domain::order::{CleanSet, Landing, LandingOrder, fewest_conflicts};
use crate::domain::path::RepoPath;
use crate::domain::project::{Project, Severity};
use crate::domain::rule::Collision;
use crate::domain::sync::Foreseen;
use crate::domain::time::Timestamp;
use crate::git::{GitError, Memo, Merger};
use crate::process::clock;

use super::behaviour::{self, Behaviour};
use super::branches::Asked;
use super::check::CheckError;
use super::details::{self, Detail, Touched};
pub use super::matrix::TrackSide;
use super::matrix::{self, Matrix, Scope, Stats};
use super::rules::{self, Whose, WithUncommitted};
use super::{BasePoint, Emit, Event, Session, sync};

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

/// Why there is no matrix.
#[derive(Debug, thiserror::Error)]
pub enum ConflictsError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Check(#[from] CheckError),
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
    /// Those of the pairs whose conflicts a round resolves by itself, and how.
    pub foreseen: BTreeMap<(Side, Side), Foreseen>,
    /// What two tracks break together, by rules, though they may merge clean.
    pub collisions: BTreeMap<(Side, Side), Vec<Collision>>,
    /// `None` when one pair was asked for.
    pub largest_clean_set: Option<CleanSet>,
    /// The order in which the fewest have to be resolved.
    pub order: LandingOrder,
    pub hot_files: Vec<HotFile>,
    pub owners: BTreeMap<RepoPath, TrackId>,
    /// Each conflict looked into, for a single pair only.
    pub details: Vec<Detail>,
    pub touched: Touched,
    /// `None` where no check was asked for.
    pub behaviour: Option<Behaviour>,
    pub now: Timestamp,
    pub stats: Stats,
    pub elapsed: Duration,
}

impl Report {
    /// A conflict that no round resolves by itself, or a collision that is an error; what a check found is asked of
    /// [`Report::behaviour`].
    pub fn found(&self) -> bool {
        let mut pairs = self.pairs.iter();
        pairs.any(|pair| {
            matches!(pair.verdict, Verdict::Conflict(_)) && self.foreseen(pair).is_none()
        }) || (self.collisions.values().flatten()).any(|it| it.severity == Severity::Error)
    }

    /// What the two of a pair break together.
    pub fn collisions(&self, pair: &Pair) -> &[Collision] {
        let of_pair = self.collisions.get(&(pair.a.clone(), pair.b.clone()));
        of_pair.map_or(&[], Vec::as_slice)
    }

    /// What a round would do about a pair, where it would resolve all of it.
    pub fn foreseen(&self, pair: &Pair) -> Option<&Foreseen> {
        self.foreseen.get(&(pair.a.clone(), pair.b.clone()))
    }

    pub fn undetermined(&self) -> bool {
        self.pairs
            .iter()
            .any(|pair| matches!(pair.verdict, Verdict::Unavailable(_)))
    }
}

/// Where a check is given, it is run on what merges clean.
///
/// # Errors
/// When the repository cannot be read, git cannot be run, or the environment does not allow to run checks.
pub fn run(
    session: &Session,
    options: &Options,
    check: Option<&behaviour::Asked<'_>>,
    emit: Emit<'_>,
) -> Result<Report, ConflictsError> {
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
    if let Some(asked) = check {
        let checking = Instant::now();
        let judged = behaviour::run(session, &merger, &memo, &report, asked, emit)?;
        report.behaviour = Some(judged);
        report.stats.phases.insert("checks", checking.elapsed());
    }
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
    let (collisions, not_compared) = collisions(session, &matrix, &pairs)?;
    let ruled = started.elapsed() - compared;
    let wanted = wanted(session, options);
    let owners = owners(&session.project, &pairs);
    let (set, looked, order) = std::thread::scope(|scope| {
        let set = scope.spawn(|| match options.pair {
            Some(_) => Ok((None, Duration::ZERO)),
            None => {
                let searching = Instant::now();
                let set = matrix.clean_set(&pairs)?;
                Ok((Some(set), searching.elapsed()))
            }
        });
        let looking = Instant::now();
        let looked = look_closer(session, merger, &tracks, &pairs, options);
        let looked = looked.map(|found| (found, looking.elapsed()));
        let order = landing_order(session, &wanted, &pairs);
        let set = set.join().unwrap_or_else(|panic| resume_unwind(panic));
        (set, looked, order)
    });
    let (largest_clean_set, searching) = set?;
    let ((details, touched), looking) = looked?;
    // Where that cannot be told, a conflict is one.
    let foreseen = sync::foresee(session, merger, &pairs).unwrap_or_default();
    let mut stats = matrix.stats();
    stats.phases.insert("pairs in all", compared);
    stats.phases.insert("rules", ruled);
    stats.phases.insert("largest set in all", searching);
    stats.phases.insert("who touched what", looking);
    Ok(Report {
        branches: (session.branches.as_ref()).map(|branches| branches.asked.clone()),
        base: session.base.clone(),
        prefer_remote: session.prefer_remote,
        uncommitted: !options.committed,
        hot_files: hot_files(&pairs, &owners),
        owners,
        order,
        tracks: noted(tracks, &not_compared),
        pairs,
        foreseen,
        collisions,
        largest_clean_set,
        details,
        touched,
        behaviour: None,
        now: clock::now(),
        stats,
        elapsed: started.elapsed(),
    })
}

/// By the two in landing order.
type Collisions = BTreeMap<(Side, Side), Vec<Collision>>;

/// What is to be told of contracts that tracks change.
type NotCompared = BTreeMap<TrackId, Vec<String>>;

/// What pairs break together, by the rules that can be broken together.
fn collisions(
    session: &Session,
    matrix: &Matrix<'_, '_>,
    pairs: &[Pair],
) -> Result<(Collisions, NotCompared), GitError> {
    let project = &session.project;
    if session.branches.is_some() || (project.migrations.is_none() && project.contracts.is_empty())
    {
        return Ok(Default::default());
    }
    let asked = rules::Asked {
        commits: Whose::Nobody,
        ..rules::Asked::default()
    };
    let (mut found, not_compared) = match WithUncommitted::read(session, matrix, asked, &[]) {
        Ok(rules) => {
            let tracks = pairs.iter().flat_map(|pair| [&pair.a, &pair.b]);
            let not_compared = tracks.filter_map(|side| match side {
                Side::Track(track) => Some((track.clone(), rules.not_compared(track))),
                _ => None,
            });
            (rules.collisions(), not_compared.collect())
        }
        // Every pair says so already, and is no "clean".
        Err(GitError::Shallow) => return Ok(Default::default()),
        Err(error) => return Err(error),
    };
    let mut all = BTreeMap::new();
    for pair in pairs {
        let (Side::Track(a), Side::Track(b)) = (&pair.a, &pair.b) else {
            continue;
        };
        let ways = [(a.clone(), b.clone()), (b.clone(), a.clone())];
        if let Some(of_pair) = ways.iter().find_map(|way| found.remove(way)) {
            all.insert((pair.a.clone(), pair.b.clone()), of_pair);
        }
    }
    Ok((all, not_compared))
}

/// What was not compared is never to look like what fits.
fn noted(mut tracks: Vec<TrackSide>, not_compared: &NotCompared) -> Vec<TrackSide> {
    for side in &mut tracks {
        let texts = not_compared.get(&side.track).into_iter().flatten();
        let texts: Vec<String> = side.note.take().into_iter().chain(texts.cloned()).collect();
        side.note = (!texts.is_empty()).then(|| texts.join("; "));
    }
    tracks
}

/// The lines of one pair, and who touched what is in conflict.
fn look_closer(
    session: &Session,
    merger: &Merger<'_>,
    tracks: &[TrackSide],
    pairs: &[Pair],
    options: &Options,
) -> Result<(Vec<Detail>, Touched), GitError> {
    if options.pair.is_some() {
        let details = details::of_pairs(merger, pairs)?;
        let committed = options.committed;
        let touched = details::of_pair(session, merger, tracks, pairs, &details, committed)?;
        Ok((details, touched))
    } else if options.touched {
        let touched = details::of_matrix(session, merger, tracks, pairs)?;
        Ok((Vec::new(), touched))
    } else {
        Ok(Default::default())
    }
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
