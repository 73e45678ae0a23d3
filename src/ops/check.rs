//! The tracks' checks: each in the track's worktree as it is, uncommitted work included; without a worktree, or where only
//! commits are to count, on the tip in a probe worktree.

use std::collections::BTreeMap;

use crate::domain::check::{Run, Summary, Timing};
use crate::domain::name::{CheckName, Side, TrackId};
use crate::domain::project::{Check, Track, When};
use crate::domain::revision::TreeId;
use crate::domain::trust::{TrustedCommand, commands_of_setup};
use crate::git::{GitError, Merger, Worktree};
use crate::process::clock;
use crate::store::StoreError;

use super::keys::{Keys, with_needs};
use super::own_worktree::OwnWorktreeError;
use super::profile::Choice;
use super::runner::{self, Ground, RunnerError, Task};
use super::site::{Probed, Probes, Site, TrackWorktree};
use super::trust::Trust;
use super::{Emit, Event, Session, SessionError, matrix};

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
}

#[derive(Debug)]
pub struct Report {
    pub runs: Vec<Run>,
    pub summary: Summary,
    pub timing: Timing,
    pub profile: Option<Choice>,
    /// No check applies to any of the tracks.
    pub nothing_to_run: bool,
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
    emit(&Event::Stage(format!("reading {} tracks", tracks.len())));
    let probes = Probes::new(session, None);
    let mut grounds = grounds(session, &merger, &probes, &tracks, options.committed)?;
    let keys = Keys::new(&session.project, trust);
    for (ground, track) in grounds.iter_mut().zip(&tracks) {
        let setup = commands_of_setup(&session.project, Some(track));
        let own = checks.iter().filter(|check| check.applies_to(&track.id));
        let checks = in_order_of_needs(own.copied().collect());
        ground.tasks = tasks(&merger, &keys, &setup, ground.tree, &checks)?;
    }
    let number: usize = grounds.iter().map(|ground| ground.tasks.len()).sum();
    emit(&Event::Stage(format!("running {number} checks")));
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
    let runs: Vec<Run> = finished.runs.into_iter().flatten().collect();
    Ok(Report {
        summary: Summary::of(&runs),
        timing: Timing::new(finished.wall, &runs, finished.lower_bound),
        profile: session.profile.clone(),
        nothing_to_run: runs.is_empty(),
        runs,
    })
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

/// One for each track, without tasks.
fn grounds<'a>(
    session: &'a Session,
    merger: &'a Merger<'a>,
    probes: &'a Probes<'a>,
    tracks: &[&'a Track],
    committed: bool,
) -> Result<Vec<Ground<'a>>, CheckError> {
    let ids: Vec<TrackId> = tracks.iter().map(|track| track.id.clone()).collect();
    let sides = matrix::track_sides(session, merger, &ids, committed)?;
    let worktrees = session.repository.worktrees()?;
    let mut grounds = Vec::new();
    for (track, side) in tracks.iter().zip(sides) {
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
    Ok(grounds)
}

/// One for each check, with what its pass is keyed by on this tree. `checks`: needs before what needs them.
pub(super) fn tasks<'a>(
    merger: &Merger<'_>,
    keys: &Keys<'_>,
    setup: &[TrustedCommand],
    tree: Option<TreeId>,
    checks: &[&'a Check],
) -> Result<Vec<Task<'a>>, GitError> {
    let mut tasks: Vec<Task<'a>> = Vec::new();
    let mut index_of: BTreeMap<&CheckName, usize> = BTreeMap::new();
    for check in checks {
        let key = match tree {
            Some(tree) => keys.key(merger, check, setup, tree)?,
            None => None,
        };
        let needs = check.needs.iter();
        let needs = needs.filter_map(|need| index_of.get(need).copied());
        let needs: Vec<usize> = needs.collect();
        index_of.insert(&check.name, tasks.len());
        tasks.push(Task { check, key, needs });
    }
    Ok(tasks)
}

/// Needs before what needs them; otherwise the order of the file.
pub(super) fn in_order_of_needs(checks: Vec<&Check>) -> Vec<&Check> {
    let mut rest = checks;
    let mut ordered: Vec<&Check> = Vec::new();
    while !rest.is_empty() {
        let free = rest
            .iter()
            .position(|check| !rest.iter().any(|other| check.needs.contains(&other.name)));
        // `config` refuses cycles; the order of the file is as good as any, should one get here.
        ordered.push(rest.remove(free.unwrap_or(0)));
    }
    ordered
}
