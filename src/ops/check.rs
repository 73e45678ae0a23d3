//! The tracks' checks: each in the track's worktree as it is, uncommitted work included; without a worktree, or where only
//! commits are to count, on the tip in a probe worktree.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::check::why::Why;
use crate::domain::check::{self, Run, Summary, Timing};
use crate::domain::name::{CheckName, Side, TrackId};
use crate::domain::project::{Check, Track, When};
use crate::domain::revision::{CommitId, TreeId};
use crate::domain::trust::commands_of_setup;
use crate::git::{GitError, Merger, Snapshot, Worktree};
use crate::process::clock;
use crate::store::StoreError;

use super::keys::{Keys, with_needs};
use super::own_worktree::{self, OwnWorktree, OwnWorktreeError};
use super::runner::{self, Finished, RunnerError, Task};
use super::setup::{self, Place, SetUp, SetupError, job_slots};
use super::trust::Trust;
use super::why::Explainer;
use super::{Emit, Event, Session, SessionError, affected, matrix};

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
    Setup(#[from] SetupError),
    #[error(transparent)]
    Runner(#[from] RunnerError),
    #[error(transparent)]
    OwnWorktree(#[from] OwnWorktreeError),
}

/// Where one track's checks run.
struct Ground<'a> {
    track: &'a Track,
    /// `None` until a probe worktree is lent to it, or where there is no branch.
    dir: Option<PathBuf>,
    tip: Option<CommitId>,
    tree: Option<TreeId>,
    blocked: Option<String>,
    in_probe: bool,
    /// Their needs are indices into this list.
    tasks: Vec<Task<'a>>,
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
    let keys = Keys::new(session, trust, checks.iter().copied());
    let mut unaffected = 0;
    for ground in &mut grounds {
        let own = checks.iter().copied();
        let mut own: Vec<&Check> = own.filter(|it| it.applies_to(&ground.track.id)).collect();
        if options.affected {
            let changed = affected::changed_paths(session, &merger, ground.tip, ground.tree)?;
            let before = own.len();
            if let Some(changed) = changed {
                own = check::affected(&session.project, &own, &changed);
            }
            unaffected += before - own.len();
        }
        ground.tasks = tasks(session, &merger, &keys, ground, own)?;
    }
    let explainer = Explainer {
        session,
        trust,
        keys: &keys,
        merger: &merger,
    };
    let number: usize = grounds.iter().map(|ground| ground.tasks.len()).sum();
    let fail_fast = options.fail_fast || session.project.run.fail_fast;
    let mut course = Course {
        session,
        trust,
        fresh: options.no_cache,
        log_dir: session.store.new_log_dir(clock::now())?,
        probes: Vec::new(),
        emit,
    };
    let mut runs: Vec<(usize, Vec<Run>)> = Vec::new();
    let mut why: Vec<(usize, Vec<Why>)> = Vec::new();
    let mut total = Finished {
        runs: Vec::new(),
        wall: Duration::ZERO,
        critical: Duration::ZERO,
        slots: job_slots(&session.project),
    };
    for (round, batch) in course.batches(&grounds).into_iter().enumerate() {
        let red = |run: &Run| run.outcome.is_red() && !run.allow_failure;
        let stopped = session.interrupt.exit_status().is_some()
            || fail_fast && runs.iter().any(|(_, runs)| runs.iter().any(red));
        if !stopped {
            course.prepare(&mut grounds, &batch)?;
        }
        if round == 0 {
            emit(&Event::Stage(format!("running {number} checks")));
        }
        let tasks = joined(&grounds, &batch);
        let mut reasons = if options.why {
            explainer.explain(&tasks, options.no_cache)?.into_iter()
        } else {
            Vec::new().into_iter()
        };
        let finished = runner::run(
            session,
            trust,
            &tasks,
            &runner::Options {
                fresh: options.no_cache,
                fail_fast,
                stopped,
                log_dir: &course.log_dir,
                env: &[],
                tree_now: &|task| tree_now(session, &merger, &grounds, task),
            },
            emit,
        )?;
        explainer.remember(&tasks, &finished.runs);
        total.wall += finished.wall;
        total.critical = total.critical.max(finished.critical);
        let mut finished = finished.runs.into_iter();
        for index in batch {
            let own = grounds[index].tasks.len();
            runs.push((index, finished.by_ref().take(own).collect()));
            why.push((index, reasons.by_ref().take(own).collect()));
        }
    }
    runs.sort_by_key(|(index, _)| *index);
    why.sort_by_key(|(index, _)| *index);
    total.runs = runs.into_iter().flat_map(|(_, runs)| runs).collect();
    Ok(Report {
        summary: Summary::of(&total.runs),
        timing: Timing::new(total.wall, &total.runs, total.slots, total.critical),
        nothing_to_run: total.runs.is_empty() && unaffected == 0,
        why: why.into_iter().flat_map(|(_, why)| why).collect(),
        unaffected: options.affected.then_some(unaffected),
        runs: total.runs,
    })
}

/// The tasks of several grounds in one list.
fn joined<'a>(grounds: &[Ground<'a>], batch: &[usize]) -> Vec<Task<'a>> {
    let mut joined: Vec<Task<'a>> = Vec::new();
    for &index in batch {
        let before = joined.len();
        joined.extend(grounds[index].tasks.iter().cloned().map(|task| Task {
            needs: task.needs.iter().map(|need| need + before).collect(),
            ..task
        }));
    }
    joined
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
        let worktree = Worktree::of_branch(&worktrees, &track.branch)
            .filter(|worktree| !committed && side.tip == worktree.commit);
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
            in_probe: false,
            tasks: Vec::new(),
        });
    }
    Ok(grounds)
}

fn tasks<'a>(
    session: &'a Session,
    merger: &Merger<'_>,
    keys: &Keys<'_>,
    ground: &Ground<'a>,
    own: Vec<&'a Check>,
) -> Result<Vec<Task<'a>>, CheckError> {
    let setup = commands_of_setup(&session.project, Some(ground.track));
    let mut tasks: Vec<Task<'a>> = Vec::new();
    let mut index_of: BTreeMap<&CheckName, usize> = BTreeMap::new();
    for check in in_order_of_needs(own) {
        let key = match ground.tree {
            Some(tree) => keys.key(merger, check, &setup, tree)?,
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

/// One run of the command, batch after batch.
struct Course<'a> {
    session: &'a Session,
    trust: &'a Trust,
    fresh: bool,
    log_dir: PathBuf,
    /// Opened when first needed, and lent to one track after the other.
    probes: Vec<OwnWorktree>,
    emit: Emit<'a>,
}

impl<'a> Course<'a> {
    /// Indices of grounds that can be worked on together: a probe worktree is a whole checkout, and more of them than can be
    /// busy at once would be waste.
    fn batches(&self, grounds: &[Ground<'_>]) -> Vec<Vec<usize>> {
        let (probed, rest): (Vec<usize>, Vec<usize>) = (0..grounds.len())
            .partition(|index| grounds[*index].dir.is_none() && self.will_run(&grounds[*index]));
        let mut batches: Vec<Vec<usize>> = probed
            .chunks(job_slots(&self.session.project).max(1) as usize)
            .map(<[usize]>::to_vec)
            .collect();
        match batches.first_mut() {
            Some(first) => first.extend(rest),
            None => batches.push(rest),
        }
        batches
    }

    fn will_run(&self, ground: &Ground<'_>) -> bool {
        let known = runner::known_passes(self.session, &ground.tasks);
        let runs = ground.tasks.iter().zip(&known).any(|(task, known)| {
            (self.fresh || known.is_none()) && self.trust.allows_check(task.check)
        });
        runs && ground.tip.is_some() && ground.blocked.is_none()
    }

    /// Lends probe worktrees and runs setups, but only where something will really run.
    fn prepare(&mut self, grounds: &mut [Ground<'a>], batch: &[usize]) -> Result<(), CheckError> {
        let mut places: Vec<(usize, Place<'_>)> = Vec::new();
        let mut lent = 0;
        for &index in batch {
            let ground = &mut grounds[index];
            let Some(tip) = ground.tip.filter(|_| self.will_run(ground)) else {
                continue;
            };
            let place = match &ground.dir {
                Some(dir) => Place::of_track(&self.session.project, ground.track, dir),
                None => {
                    if lent == self.probes.len() {
                        let probe = own_worktree::open_probe(self.session, tip)?;
                        self.probes.push(probe);
                    }
                    let probe = &self.probes[lent];
                    lent += 1;
                    let setup = commands_of_setup(&self.session.project, Some(ground.track));
                    let place = probe.stand_on(
                        self.session,
                        tip,
                        Some(ground.track),
                        setup,
                        std::slice::from_ref(&ground.track.id),
                    )?;
                    setup::copy_ignored(self.session, &place)?;
                    for task in &mut ground.tasks {
                        task.dir.clone_from(&probe.dir);
                    }
                    ground.dir = Some(probe.dir.clone());
                    ground.in_probe = true;
                    place
                }
            };
            places.push((index, place));
        }
        let only: Vec<Place<'_>> = places.iter().map(|(_, place)| place.clone()).collect();
        let results = setup::run(self.session, self.trust, &only, &self.log_dir, self.emit)?;
        for ((index, _), result) in places.iter().zip(results) {
            if let Some(obstacle) = obstacle(&result) {
                for task in &mut grounds[*index].tasks {
                    task.blocked.get_or_insert_with(|| obstacle.clone());
                }
            }
        }
        Ok(())
    }
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
    if ground.in_probe {
        return task.tree;
    }
    let tip = session.repository.branch(&ground.track.branch).ok()??;
    match merger.snapshot(&task.dir, tip, 1).ok()? {
        Snapshot::Clean(tree) | Snapshot::Dirty(tree) => Some(tree),
        Snapshot::TipOnly { .. } | Snapshot::Unavailable(_) => None,
    }
}
