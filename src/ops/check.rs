//! The tracks' checks: each in the track's worktree as it is, uncommitted work included; without a worktree, or where only
//! commits are to count, on the tip in a probe worktree.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::check::{Run, Summary, Timing};
use crate::domain::name::{CheckName, Side, TrackId};
use crate::domain::project::{Check, Track, When};
use crate::domain::revision::{CommitId, TreeId};
use crate::git::{GitError, Merger, Snapshot};
use crate::process::clock;
use crate::store::StoreError;

use super::keys::{Keys, with_needs};
use super::own_worktree::{self, OwnWorktree, OwnWorktreeError};
use super::runner::{self, RunnerError, Task};
use super::setup::{self, Place, SetUp, SetupError};
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
    pub fresh: bool,
    /// Overrides `[run] fail_fast`.
    pub fail_fast: bool,
}

#[derive(Debug)]
pub struct Report {
    pub runs: Vec<Run>,
    pub summary: Summary,
    pub timing: Timing,
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
    Setup(#[from] SetupError),
    #[error(transparent)]
    Runner(#[from] RunnerError),
    #[error(transparent)]
    OwnWorktree(#[from] OwnWorktreeError),
}

/// Where one track's checks run.
struct Ground<'a> {
    track: &'a Track,
    /// `None` until a probe worktree is opened, or where there is no branch.
    dir: Option<PathBuf>,
    tip: Option<CommitId>,
    tree: Option<TreeId>,
    blocked: Option<String>,
    probe: Option<OwnWorktree>,
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
    let mut grounds = grounds(session, &merger, &tracks, options.committed)?;
    let keys = Keys::new(&session.project);
    let mut tasks = tasks(session, &merger, &keys, &grounds, &checks)?;
    let nothing_to_run = tasks.is_empty();
    let log_dir = session.store.new_log_dir(clock::now())?;
    prepare(
        session,
        trust,
        &mut grounds,
        &mut tasks,
        options.fresh,
        &log_dir,
        emit,
    )?;
    emit(&Event::Stage(format!("running {} checks", tasks.len())));
    let finished = runner::run(
        session,
        trust,
        &tasks,
        &runner::Options {
            fresh: options.fresh,
            fail_fast: options.fail_fast || session.project.run.fail_fast,
            log_dir: &log_dir,
            tree_now: &|task| tree_now(session, &merger, &grounds, task),
        },
        emit,
    )?;
    Ok(Report {
        summary: Summary::of(&finished.runs),
        timing: Timing::new(
            finished.wall,
            &finished.runs,
            finished.slots,
            finished.critical,
        ),
        runs: finished.runs,
        nothing_to_run,
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
        let check = project
            .checks
            .iter()
            .find(|check| check.name.as_str() == name)
            .ok_or_else(|| {
                let known: Vec<String> = project
                    .checks
                    .iter()
                    .map(|check| check.name.to_string())
                    .collect();
                let nearest = crate::domain::name::nearest(name, known.iter().map(String::as_str));
                CheckError::UnknownCheck {
                    name: name.clone(),
                    nearest: nearest.map(str::to_owned),
                    known,
                }
            })?;
        wanted.push(&check.name);
    }
    Ok(with_needs(project, wanted))
}

fn grounds<'a>(
    session: &Session,
    merger: &Merger<'_>,
    tracks: &[&'a Track],
    committed: bool,
) -> Result<Vec<Ground<'a>>, CheckError> {
    let ids: Vec<TrackId> = tracks.iter().map(|track| track.id.clone()).collect();
    let sides = matrix::track_sides(session, merger, &ids, committed)?;
    let worktrees = session.repository.worktrees()?;
    let mut grounds = Vec::new();
    for (track, side) in tracks.iter().zip(sides) {
        let worktree = worktrees
            .iter()
            .find(|worktree| worktree.branch.as_ref() == Some(&track.branch))
            .filter(|worktree| {
                !committed && worktree.prunable.is_none() && side.tip == worktree.commit
            });
        let blocked = match side.tip {
            None => Some(format!(
                "branch {} does not exist; run `tracks init`",
                track.branch
            )),
            Some(_) => side.unavailable.clone(),
        };
        grounds.push(Ground {
            track,
            dir: worktree.map(|worktree| worktree.path.clone()),
            tip: side.tip,
            // In the middle of a merge the files are not what any tree says.
            tree: if side.note.is_some() { None } else { side.tree },
            blocked,
            probe: None,
        });
    }
    Ok(grounds)
}

fn tasks<'a>(
    session: &'a Session,
    merger: &Merger<'_>,
    keys: &Keys<'_>,
    grounds: &[Ground<'a>],
    checks: &[&'a Check],
) -> Result<Vec<Task<'a>>, CheckError> {
    let mut tasks: Vec<Task<'a>> = Vec::new();
    for ground in grounds {
        let mut index_of: BTreeMap<&CheckName, usize> = BTreeMap::new();
        let own = checks
            .iter()
            .filter(|check| check.applies_to(&ground.track.id));
        for check in in_order_of_needs(own.copied().collect()) {
            let key = match ground.tree {
                Some(tree) => Some(keys.key(merger, check, Some(ground.track), tree)?),
                None => None,
            };
            index_of.insert(&check.name, tasks.len());
            tasks.push(Task {
                check,
                side: Side::Track(ground.track.id.clone()),
                dir: ground
                    .dir
                    .clone()
                    .unwrap_or_else(|| session.repository.common_dir().to_owned()),
                tree: ground.tree,
                key,
                needs: check
                    .needs
                    .iter()
                    .filter_map(|need| index_of.get(need).copied())
                    .collect(),
                blocked: ground.blocked.clone(),
            });
        }
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

/// Opens probe worktrees and runs setups, but only where something will really run.
fn prepare(
    session: &Session,
    trust: &Trust,
    grounds: &mut [Ground<'_>],
    tasks: &mut [Task<'_>],
    fresh: bool,
    log_dir: &std::path::Path,
    emit: Emit<'_>,
) -> Result<(), CheckError> {
    let known = runner::known_passes(session, tasks);
    let mut places: Vec<(TrackId, Place<'_>)> = Vec::new();
    for ground in grounds.iter_mut() {
        let side = Side::Track(ground.track.id.clone());
        let runs = tasks.iter().zip(&known).any(|(task, known)| {
            task.side == side && (fresh || known.is_none()) && trust.allows_check(task.check)
        });
        let Some(tip) = ground.tip.filter(|_| runs && ground.blocked.is_none()) else {
            continue;
        };
        let place = match &ground.dir {
            Some(dir) => Place {
                name: ground.track.id.to_string(),
                dir: dir.clone(),
                track: Some(ground.track),
                tree: None,
            },
            None => {
                let probe = own_worktree::open_probe(session, tip)?;
                let place = probe.stand_on(session, tip, Some(ground.track))?;
                setup::copy_ignored(session, &place)?;
                for task in tasks.iter_mut().filter(|task| task.side == side) {
                    task.dir.clone_from(&probe.dir);
                }
                ground.dir = Some(probe.dir.clone());
                ground.probe = Some(probe);
                place
            }
        };
        places.push((ground.track.id.clone(), place));
    }
    let only: Vec<Place<'_>> = places.iter().map(|(_, place)| place.clone()).collect();
    for ((track, _), result) in places
        .iter()
        .zip(setup::run(session, trust, &only, log_dir, emit)?)
    {
        if let Some(obstacle) = obstacle(&result) {
            let side = Side::Track(track.clone());
            for task in tasks.iter_mut().filter(|task| task.side == side) {
                task.blocked.get_or_insert_with(|| obstacle.clone());
            }
        }
    }
    Ok(())
}

/// Why nothing can run where setup ended like this.
pub(super) fn obstacle(result: &SetUp) -> Option<String> {
    match result {
        SetUp::Done | SetUp::Unneeded => None,
        SetUp::NotApproved(_) => {
            Some("the setup commands are not approved; see `tracks trust`".to_owned())
        }
        SetUp::Failed { message, log } => Some(match log {
            Some(log) => format!("{message}; see {}", log.display()),
            None => message.clone(),
        }),
    }
}

/// The tree that the task's worktree holds at this moment.
fn tree_now(
    session: &Session,
    merger: &Merger<'_>,
    grounds: &[Ground<'_>],
    task: &Task<'_>,
) -> Option<TreeId> {
    let ground = grounds
        .iter()
        .find(|ground| Side::Track(ground.track.id.clone()) == task.side)?;
    if ground.probe.is_some() {
        return task.tree;
    }
    let tip = session.repository.branch(&ground.track.branch).ok()??;
    match merger.snapshot(&task.dir, tip).ok()? {
        Snapshot::Clean(tree) | Snapshot::Dirty(tree) => Some(tree),
        Snapshot::TipOnly { .. } | Snapshot::Unavailable(_) => None,
    }
}
