//! Runs checks: passes are reused, needs come first, what there is only so much of is shared by all processes of the
//! repository, every tree is prepared, logs are kept.

mod gate;
mod ground;
mod keep;
mod service;
mod shift;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::domain::check::{Outcome, Run};
use crate::domain::name::Side;
use crate::domain::project::{Check, Flaky, Project};
use crate::domain::revision::TreeId;
use crate::store::{CachedResult, ResultKey, StoreError};

use super::figures::{self, Before};
use super::site::{Site, SiteError};
use super::trust::Trust;
use super::{Emit, Event, Session};
use shift::Shift;

/// One check on the tree of its ground.
#[derive(Debug, Clone)]
pub(super) struct Task<'a> {
    pub check: &'a Check,
    /// `None`: the result is neither looked up nor kept.
    pub key: Option<ResultKey>,
    /// Those tasks of the same ground that must pass first, by their index.
    pub needs: Vec<usize>,
    /// What its numbers are compared with.
    pub before: Before,
}

/// One tree, and what is to run on it.
pub(super) struct Ground<'a> {
    pub side: Side,
    pub site: Box<dyn Site + 'a>,
    /// `None`: what is there is no tree.
    pub tree: Option<TreeId>,
    /// Why nothing can run, where that is known before.
    pub blocked: Option<String>,
    /// Needs before what needs them.
    pub tasks: Vec<Task<'a>>,
}

/// How to run.
pub(super) struct Options<'a> {
    /// Run again what passed before.
    pub no_cache: bool,
    pub fail_fast: bool,
    pub log_dir: &'a Path,
}

/// What came out.
#[derive(Debug)]
pub(super) struct Finished {
    /// By ground, in the order of its tasks.
    pub runs: Vec<Vec<Run>>,
    pub wall: Duration,
    /// No schedule could have been faster.
    pub lower_bound: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Site(#[from] SiteError),
    #[error("cannot run commands: {0}")]
    Runtime(std::io::Error),
}

/// The tasks whose pass is known already, without running anything.
pub(super) fn known_passes(session: &Session, ground: &Ground<'_>) -> Vec<Option<CachedResult>> {
    let tasks = &ground.tasks;
    let mut known: Vec<Option<CachedResult>> = tasks
        .iter()
        .map(|task| {
            let result = session.store.result(task.key.as_ref()?)?;
            is_pass(task.check, &result, &task.before).then_some(result)
        })
        .collect();
    let dir = ground.site.standing().map(|place| place.dir);
    // What a check needs leaves files in its worktree (a build). A pass from elsewhere does not bring them along, and neither
    // does one from before something else was built there. Needs come before what needs them.
    for index in (0..tasks.len()).rev() {
        if known[index].is_some() {
            continue;
        }
        for &need in &tasks[index].needs {
            let task = &tasks[need];
            let name = task.check.name.as_str();
            let built = (dir.as_deref())
                .zip(task.key.as_ref())
                .is_some_and(|(dir, key)| session.store.stands_built(dir, name, key));
            if !built {
                known[need] = None;
            }
        }
    }
    known
}

/// Whether a result that was kept is a pass by what tracks.toml says today.
pub(super) fn is_pass(check: &Check, result: &CachedResult, before: &Before) -> bool {
    result.outcome == Outcome::Passed
        && !(result.flaky && flaky_fails(check))
        && figures::still_pass(check, result, before)
}

fn flaky_fails(check: &Check) -> bool {
    check.settings.flaky == Flaky::Fail
}

/// Whether what the check leaves in its worktree is needed there by others.
fn is_needed(project: &Project, check: &Check) -> bool {
    let mut others = project.checks.iter();
    others.any(|other| other.needs.contains(&check.name))
}

/// # Errors
/// When results cannot be kept, places cannot be made ready for reasons of ours, or children cannot be run at all.
pub(super) fn run(
    session: &Session,
    trust: &Trust,
    grounds: &[Ground<'_>],
    options: &Options<'_>,
    emit: Emit<'_>,
) -> Result<Finished, RunnerError> {
    let started = Instant::now();
    let mut book = Book {
        runs: (grounds.iter())
            .map(|ground| vec![None; ground.tasks.len()])
            .collect(),
        ended: 0,
    };
    let mut lower_bound = Duration::ZERO;
    let mut open: Vec<usize> = (0..grounds.len()).collect();
    while !open.is_empty() {
        let stopped = session.interrupt.exit_status().is_some() || {
            let red = |run: &Run| run.outcome.is_red() && !run.allow_failure;
            options.fail_fast && book.runs.iter().flatten().flatten().any(red)
        };
        let mut wave: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut later = Vec::new();
        for index in open {
            let ground = &grounds[index];
            let known = match options.no_cache {
                true => vec![None; ground.tasks.len()],
                false => known_passes(session, ground),
            };
            let todo = (0..known.len()).filter(|task| known[*task].is_none());
            let todo: Vec<usize> = todo.collect();
            let twin = |(other, _): &(usize, Vec<usize>)| are_twins(&grounds[*other], ground);
            if !todo.is_empty() && !options.no_cache && !stopped && wave.iter().any(twin) {
                // What passes there has passed here, too.
                later.push(index);
                continue;
            }
            for (task, result) in known.iter().enumerate() {
                if let Some(result) = result {
                    let run = reused(ground, &ground.tasks[task], result);
                    emit(&Event::CheckEnded { run: &run });
                    book.runs[index][task] = Some(run);
                }
            }
            if !todo.is_empty() {
                wave.push((index, todo));
            }
        }
        if !wave.is_empty() {
            let shift = Shift::new(session, trust, grounds, &wave, options, &mut book, emit)?;
            lower_bound += shift.work(stopped)?;
        }
        open = later;
    }
    let runs = book.runs.into_iter().zip(grounds).map(|(runs, ground)| {
        let runs = runs.into_iter().zip(&ground.tasks);
        runs.map(|(run, task)| run.unwrap_or_else(|| blank(ground, task, Outcome::Cancelled)))
            .collect()
    });
    let runs: Vec<Vec<Run>> = runs.collect();
    // Only for who looks for a log: that it cannot be noted is no news.
    let _ = (session.store).note_ended(options.log_dir, runs.iter().flatten());
    session.store.leave_log_dir(options.log_dir);
    Ok(Finished {
        runs,
        wall: started.elapsed(),
        lower_bound,
    })
}

/// What has come out so far.
struct Book {
    /// By ground and task.
    runs: Vec<Vec<Option<Run>>>,
    /// How many have ended.
    ended: usize,
}

/// Whether everything that runs on the one reads the same as what runs on the other.
fn are_twins(one: &Ground<'_>, other: &Ground<'_>) -> bool {
    let keys = |ground: &Ground<'_>| -> Option<Vec<ResultKey>> {
        ground.tasks.iter().map(|task| task.key.clone()).collect()
    };
    let usable = |ground: &Ground<'_>| ground.blocked.is_none();
    usable(one)
        && usable(other)
        && keys(one).is_some_and(|keys_of_one| Some(keys_of_one) == keys(other))
}

fn blank(ground: &Ground<'_>, task: &Task<'_>, outcome: Outcome) -> Run {
    Run {
        tree: ground.tree,
        allow_failure: task.check.allow_failure,
        ..Run::new(task.check.name.clone(), ground.side.clone(), outcome)
    }
}

fn reused(ground: &Ground<'_>, task: &Task<'_>, result: &CachedResult) -> Run {
    Run {
        cached: true,
        flaky: result.flaky,
        attempts: result.attempts,
        exit_status: result.exit_status,
        wall: result.wall,
        cpu: result.cpu,
        peak_memory: result.peak_memory,
        log: result.log.clone(),
        figures: figures::recalled(task.check, result, &task.before),
        tests: result.tests.clone(),
        ..blank(ground, task, Outcome::Passed)
    }
}
