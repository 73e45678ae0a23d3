//! The tracks' checks: each in the track's worktree as it is, uncommitted work included; without a worktree, or where only
//! commits are to count, on the tip in a probe worktree.

use crate::domain::check::why::Why;
use crate::domain::check::{self, Run, Summary, Timing};
use crate::domain::name::{CheckName, Side, TrackId};
use crate::domain::project::{Check, Track, When};
use crate::domain::revision::CommitId;
use crate::domain::trust::{commands_of_integration_setup, commands_of_setup};
use crate::git::{GitError, Merger, Worktree};
use crate::process::clock;
use crate::store::{StoreError, log_tail};

use super::figures::Earlier;
use super::keys::{Keys, with_needs};
use super::own_worktree::OwnWorktreeError;
use super::profile::Choice;
use super::runner::{self, Ground, RunnerError};
use super::site::{Probed, Probes, Site, TrackWorktree};
use super::tasks::{Judged, Tasks};
use super::trust::Trust;
use super::why::Explainer;
use super::{Emit, Event, Session, SessionError, affected, matrix};

/// So many lines at the end of a log go into a report.
const TAIL: usize = 50;

/// What to run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Empty: all.
    pub tracks: Vec<String>,
    /// Empty: all.
    pub checks: Vec<String>,
    /// Judge tips, not worktrees.
    pub committed: bool,
    /// Run again what passed before.
    pub no_cache: bool,
    /// Overrides `[run] fail_fast`.
    pub fail_fast: bool,
    /// Only what reads a path that the track has changed, and what that needs.
    pub affected: bool,
    /// Tell why each was run, or was not.
    pub why: bool,
}

#[derive(Debug)]
pub struct Report {
    pub runs: Vec<Run>,
    pub summary: Summary,
    pub timing: Timing,
    pub profile: Option<Choice>,
    /// No check applies to any of the tracks.
    pub nothing_to_run: bool,
    /// As many as runs, in the same order, if that was asked for; otherwise none.
    pub why: Vec<Why>,
    /// Runs that were left out because their track changes nothing that they read; `None`: not asked for.
    pub unaffected: Option<usize>,
}

#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error("there is no check `{name}`")]
    UnknownCheck {
        name: String,
        nearest: Option<String>,
        known: Vec<String>,
    },
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Runner(#[from] RunnerError),
    #[error(transparent)]
    OwnWorktree(#[from] OwnWorktreeError),
}

/// # Errors
/// When tracks or checks do not exist, or the environment does not allow to run anything.
pub fn run(
    session: &Session,
    trust: &Trust,
    options: &Options,
    emit: Emit<'_>,
) -> Result<Report, CheckError> {
    let tracks = session.tracks_named(&options.tracks)?;
    let checks = wanted_checks(session, &options.checks)?;
    let merger = matrix::scratch_merger(session, &session.repository)?;
    emit(&Event::Stage(match tracks.len() {
        1 => "reading 1 track".to_owned(),
        number => format!("reading {number} tracks"),
    }));
    let probes = Probes::new(session, None);
    let (mut grounds, tips) = grounds(session, &merger, &probes, &tracks, options.committed)?;
    let project = &session.project;
    let keys = Keys::new(session, trust, checks.iter().copied());
    let of_tasks = Tasks {
        session,
        keys: &keys,
        earlier: &Earlier::read(session)?,
    };
    let mut unaffected = 0;
    let everybody: Vec<&Track> = project.tracks.iter().collect();
    let of_integration = commands_of_integration_setup(project, &everybody);
    for ((ground, track), tip) in grounds.iter_mut().zip(&tracks).zip(tips) {
        let setup = commands_of_setup(project, Some(track));
        let own = checks.iter().filter(|check| check.applies_to(&track.id));
        let mut own: Vec<&Check> = own.copied().collect();
        if options.affected
            && let Some(changed) = affected::changed_paths(session, &merger, tip, ground.tree)?
        {
            let all = own.len();
            own = check::affected(project, &own, &changed);
            unaffected += all - own.len();
        }
        let judged = Judged {
            side: &ground.side,
            tree: ground.tree,
            setup: &setup,
            setups_of_base: &[&setup, &of_integration],
        };
        ground.tasks = of_tasks.of(&merger, &judged, &own)?;
    }
    let explainer = Explainer {
        session,
        trust,
        keys: &keys,
        merger: &merger,
    };
    let mut before = Vec::new();
    if options.why {
        for ground in &grounds {
            before.push(explainer.explain(ground, options.no_cache)?);
        }
    }
    let number: usize = grounds.iter().map(|ground| ground.tasks.len()).sum();
    emit(&Event::Stage(match number {
        1 => "running 1 check".to_owned(),
        _ => format!("running {number} checks"),
    }));
    let finished = runner::run(
        session,
        trust,
        &grounds,
        &runner::Options {
            no_cache: options.no_cache,
            fail_fast: options.fail_fast || session.project.run.fail_fast,
            log_dir: &session.store.new_log_dir(clock::now())?,
        },
        emit,
    )?;
    let told = grounds.iter().zip(before).zip(&finished.runs);
    let why = told.flat_map(|((ground, before), runs)| explainer.told(ground, before, runs));
    let why: Vec<Why> = why.collect();
    for (ground, runs) in grounds.iter().zip(&finished.runs) {
        explainer.remember(ground, runs);
    }
    let runs: Vec<Run> = finished.runs.into_iter().flatten().collect();
    Ok(Report {
        summary: Summary::of(&runs),
        timing: Timing::new(finished.wall, &runs, finished.lower_bound),
        profile: session.profile.clone(),
        nothing_to_run: runs.is_empty() && unaffected == 0,
        why,
        unaffected: options.affected.then_some(unaffected),
        runs,
    })
}

/// The last lines that a run has printed.
pub fn last_lines(run: &Run) -> Vec<String> {
    run.log
        .as_deref()
        .map_or_else(Vec::new, |log| log_tail(log, TAIL))
}

/// The checks of these names, and what they need.
fn wanted_checks<'a>(session: &'a Session, names: &[String]) -> Result<Vec<&'a Check>, CheckError> {
    let project = &session.project;
    let of_tracks = |check: &&Check| check.when.contains(&When::Track);
    if names.is_empty() {
        return Ok(project.checks.iter().filter(of_tracks).collect());
    }
    let mut wanted: Vec<&CheckName> = Vec::new();
    for name in names {
        let check = named(session, name)?;
        wanted.push(&check.name);
    }
    Ok(with_needs(project, wanted))
}

/// # Errors
/// When there is no such check.
pub fn named<'a>(session: &'a Session, name: &str) -> Result<&'a Check, CheckError> {
    let checks = &session.project.checks;
    let found = checks.iter().find(|check| check.name.as_str() == name);
    found.ok_or_else(|| {
        let known: Vec<String> = checks.iter().map(|check| check.name.to_string()).collect();
        let nearest = crate::domain::name::nearest(name, known.iter().map(String::as_str));
        CheckError::UnknownCheck {
            name: name.to_owned(),
            nearest: nearest.map(str::to_owned),
            known,
        }
    })
}

/// One for each track, without tasks; and the tips of their branches.
fn grounds<'a>(
    session: &'a Session,
    merger: &'a Merger<'a>,
    probes: &'a Probes<'a>,
    tracks: &[&'a Track],
    committed: bool,
) -> Result<(Vec<Ground<'a>>, Vec<Option<CommitId>>), CheckError> {
    let ids: Vec<TrackId> = tracks.iter().map(|track| track.id.clone()).collect();
    let sides = matrix::track_sides(session, merger, &ids, committed)?;
    let worktrees = session.repository.worktrees()?;
    let (mut grounds, mut tips) = (Vec::new(), Vec::new());
    for (track, side) in tracks.iter().zip(sides) {
        tips.push(side.tip);
        let worktree = Worktree::of_branch(&worktrees, &track.branch)
            .filter(|worktree| !committed && side.tip == worktree.commit);
        let blocked = match side.tip {
            None => Some(format!(
                "branch {} does not exist; run `tracks init`",
                track.branch
            )),
            Some(_) => side.unavailable.clone(),
        };
        // In the middle of a merge the files are not what any tree says.
        let tree = side.tree.filter(|_| side.note.is_none());
        let site: Box<dyn Site + 'a> = match (worktree, side.tip) {
            (None, Some(tip)) => Box::new(Probed::of_track(probes, track, tip)),
            // Without a branch nothing will run there.
            (worktree, _) => Box::new(TrackWorktree {
                session,
                merger,
                track,
                dir: worktree.map_or_else(
                    || session.repository.common_dir().to_owned(),
                    |worktree| worktree.path.clone(),
                ),
                tree,
            }),
        };
        grounds.push(Ground {
            side: Side::Track(track.id.clone()),
            site,
            tree,
            blocked,
            tasks: Vec::new(),
        });
    }
    Ok((grounds, tips))
}
