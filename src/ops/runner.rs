//! Runs checks: passes are reused, needs come first, slots are shared by all processes of the repository, logs are kept.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::domain::check::{Ended, Node, Outcome, Run, Schedule, Start};
use crate::domain::name::Side;
use crate::domain::project::{Check, Flaky};
use crate::domain::revision::TreeId;
use crate::process::{End, JobResult, Pool, PoolEvent, ShellJob, Slot, Work, clock};
use crate::store::{CachedResult, ResultKey, StoreError};

use super::setup::job_slots;
use super::trust::Trust;
use super::{Emit, Event, Session};

/// One check on one tree.
#[derive(Debug, Clone)]
pub(super) struct Task<'a> {
    pub check: &'a Check,
    pub side: Side,
    /// The root of the worktree it runs in.
    pub dir: PathBuf,
    pub tree: Option<TreeId>,
    /// `None`: the result is neither looked up nor kept.
    pub key: Option<ResultKey>,
    /// Indices of the tasks that must pass first.
    pub needs: Vec<usize>,
    /// Why it cannot run, where that is known before.
    pub blocked: Option<String>,
}

/// How to run.
pub(super) struct Options<'a> {
    /// Run again what passed before.
    pub fresh: bool,
    pub fail_fast: bool,
    /// Only says what is known; the rest is cancelled.
    pub stopped: bool,
    pub log_dir: &'a Path,
    /// What git needs to read what is checked out there.
    pub env: &'a [(String, String)],
    /// The tree that a task's worktree holds now: a result counts only for a tree that did not change meanwhile.
    pub tree_now: &'a (dyn Fn(&Task<'_>) -> Option<TreeId> + 'a),
}

/// What came out.
#[derive(Debug)]
pub(super) struct Finished {
    /// In the order of the tasks.
    pub runs: Vec<Run>,
    pub wall: Duration,
    /// The longest chain of needs.
    pub critical: Duration,
    pub slots: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot run commands: {0}")]
    Runtime(std::io::Error),
}

/// The tasks whose pass is known already, without running anything.
pub(super) fn known_passes(session: &Session, tasks: &[Task<'_>]) -> Vec<Option<CachedResult>> {
    let mut known: Vec<Option<CachedResult>> = tasks
        .iter()
        .map(|task| {
            let result = session.store.result(task.key.as_ref()?)?;
            (result.outcome == Outcome::Passed && !(result.flaky && flaky_fails(task.check)))
                .then_some(result)
        })
        .collect();
    // What a check needs leaves files in its worktree (a build). A pass from elsewhere does not bring them along, and neither
    // does one from before something else was built there.
    for index in (0..tasks.len()).rev() {
        if known[index].is_none() {
            forget_what_is_not_built(session, tasks, index, &mut known);
        }
    }
    known
}

fn forget_what_is_not_built(
    session: &Session,
    tasks: &[Task<'_>],
    index: usize,
    known: &mut [Option<CachedResult>],
) {
    for &need in &tasks[index].needs {
        let task = &tasks[need];
        let built = task.key.as_ref().is_some_and(|key| {
            session
                .store
                .stands_built(&task.dir, task.check.name.as_str(), key)
        });
        if !built {
            known[need] = None;
        }
        if known[need].is_none() {
            forget_what_is_not_built(session, tasks, need, known);
        }
    }
}

fn flaky_fails(check: &Check) -> bool {
    check.settings.flaky == Flaky::Fail
}

/// # Errors
/// When results cannot be kept or children cannot be run at all.
pub(super) fn run(
    session: &Session,
    trust: &Trust,
    tasks: &[Task<'_>],
    options: &Options<'_>,
    emit: Emit<'_>,
) -> Result<Finished, RunnerError> {
    let started = Instant::now();
    let slots = job_slots(&session.project);
    let known = if options.fresh {
        vec![None; tasks.len()]
    } else {
        known_passes(session, tasks)
    };
    let mut runs: Vec<Option<Run>> = tasks
        .iter()
        .zip(&known)
        .map(|(task, known)| known.as_ref().map(|result| reused(task, result)))
        .collect();
    for run in runs.iter().flatten() {
        emit(&Event::CheckEnded { run });
    }
    let todo: Vec<usize> = (0..tasks.len())
        .filter(|index| runs[*index].is_none())
        .collect();
    let nodes = todo
        .iter()
        .map(|index| node(session, tasks, &todo, *index))
        .collect();
    let mut work = Checks {
        session,
        trust,
        tasks,
        todo: &todo,
        options,
        slots,
        schedule: Schedule::new(nodes, slots, options.fail_fast),
        results: vec![None; todo.len()],
        notes: vec![None; todo.len()],
        runs: &mut runs,
        emit,
        failure: None,
    };
    if options.stopped {
        work.schedule.cancel();
    }
    work.settle();
    if !work.schedule.is_done() {
        let pool = Pool {
            interrupt: &session.interrupt,
        };
        pool.run(&mut work, &mut |event| announce(tasks, &todo, &event, emit))
            .map_err(RunnerError::Runtime)?;
        work.schedule.cancel();
        work.settle();
    }
    if let Some(error) = work.failure {
        return Err(error.into());
    }
    let runs: Vec<Run> = runs
        .into_iter()
        .zip(tasks)
        .map(|(run, task)| run.unwrap_or_else(|| blank(task, Outcome::Cancelled)))
        .collect();
    // Only for who looks for a log: that it cannot be noted is no news.
    let _ = session.store.note_ended(options.log_dir, &runs);
    let critical = critical(tasks, &runs);
    Ok(Finished {
        runs,
        wall: started.elapsed(),
        critical,
        slots,
    })
}

fn node(session: &Session, tasks: &[Task<'_>], todo: &[usize], index: usize) -> Node {
    let task = &tasks[index];
    let expected = session
        .store
        .last_duration(task.check.name.as_str(), &task.side.to_string())
        .unwrap_or_default();
    Node {
        needs: task
            .needs
            .iter()
            .filter_map(|need| todo.binary_search(need).ok())
            .collect(),
        weight: task.check.weight,
        retries: task.check.settings.retries,
        expected_ms: u64::try_from(expected.as_millis()).unwrap_or(u64::MAX),
        allow_failure: task.check.allow_failure,
    }
}

fn blank(task: &Task<'_>, outcome: Outcome) -> Run {
    Run {
        check: task.check.name.clone(),
        side: task.side.clone(),
        tree: task.tree,
        outcome,
        note: None,
        cached: false,
        flaky: false,
        allow_failure: task.check.allow_failure,
        attempts: 0,
        exit_status: None,
        wall: Duration::ZERO,
        cpu: None,
        peak_memory: None,
        log: None,
    }
}

fn reused(task: &Task<'_>, result: &CachedResult) -> Run {
    Run {
        cached: true,
        flaky: result.flaky,
        attempts: result.attempts,
        exit_status: result.exit_status,
        wall: result.wall,
        cpu: result.cpu,
        peak_memory: result.peak_memory,
        log: result.log.clone(),
        ..blank(task, Outcome::Passed)
    }
}

fn announce(tasks: &[Task<'_>], todo: &[usize], event: &PoolEvent<'_>, emit: Emit<'_>) {
    match event {
        PoolEvent::Output { key, line } => {
            let task = &tasks[todo[*key]];
            emit(&Event::CheckOutput {
                check: &task.check.name,
                side: &task.side,
                line,
            });
        }
        PoolEvent::WaitingForSlot => emit(&Event::WaitingForSlot),
        PoolEvent::Started { .. } | PoolEvent::Ended { .. } => {}
    }
}

/// The longest chain of needs, in wall time of what really ran.
fn critical(tasks: &[Task<'_>], runs: &[Run]) -> Duration {
    fn chain(tasks: &[Task<'_>], runs: &[Run], index: usize) -> Duration {
        let own = if runs[index].cached {
            Duration::ZERO
        } else {
            runs[index].wall
        };
        let before = tasks[index]
            .needs
            .iter()
            .map(|need| chain(tasks, runs, *need))
            .max();
        own + before.unwrap_or_default()
    }
    (0..tasks.len())
        .map(|index| chain(tasks, runs, index))
        .max()
        .unwrap_or_default()
}

struct Checks<'a, 'r> {
    session: &'a Session,
    trust: &'a Trust,
    tasks: &'a [Task<'a>],
    /// Node of the schedule → task.
    todo: &'a [usize],
    options: &'a Options<'a>,
    slots: u32,
    schedule: Schedule,
    /// The last attempt of each node.
    results: Vec<Option<JobResult>>,
    notes: Vec<Option<String>>,
    runs: &'r mut Vec<Option<Run>>,
    emit: Emit<'a>,
    failure: Option<StoreError>,
}

impl Checks<'_, '_> {
    fn log(&self, node: usize) -> PathBuf {
        let task = &self.tasks[self.todo[node]];
        self.options
            .log_dir
            .join(format!("{}.{}.log", task.side, task.check.name))
    }

    /// Why this node cannot run at all.
    fn obstacle(&self, task: &Task<'_>) -> Option<String> {
        if task.blocked.is_some() {
            return task.blocked.clone();
        }
        if !self.trust.allows_check(task.check) {
            return Some("its command is not approved; see `tracks trust`".to_owned());
        }
        let cwd = task.dir.join(&task.check.cwd);
        (!cwd.is_dir()).then(|| format!("its directory `{}` does not exist", task.check.cwd))
    }

    fn job(&self, node: usize, attempt: u32) -> ShellJob {
        let task = &self.tasks[self.todo[node]];
        let check = task.check;
        let command = match (&check.retry, attempt) {
            (Some(narrower), 2..) => narrower.clone(),
            _ => check.run.clone(),
        };
        let env: Vec<(String, String)> = check
            .settings
            .env
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .chain(self.options.env.iter().cloned())
            .collect();
        ShellJob {
            key: node,
            command,
            cwd: task.dir.join(&check.cwd),
            env,
            stdin: Vec::new(),
            log: self.log(node),
            timeout: check.settings.timeout,
            grace: self.session.project.run.grace,
        }
    }

    /// Takes over what the schedule has ended.
    fn settle(&mut self) {
        for ended in self.schedule.ended() {
            let run = self.finished(&ended);
            self.keep(&ended, &run);
            (self.emit)(&Event::CheckEnded { run: &run });
            self.runs[self.todo[ended.node]] = Some(run);
        }
    }

    fn finished(&mut self, ended: &Ended) -> Run {
        let task = &self.tasks[self.todo[ended.node]];
        let result = self.results[ended.node].take();
        let mut run = blank(task, ended.outcome);
        run.note = self.notes[ended.node].take();
        run.attempts = ended.attempts;
        run.flaky = ended.flaky;
        if let Some(result) = result {
            run.exit_status = match result.end {
                End::Exited(status) => Some(status),
                _ => None,
            };
            run.wall = result.wall;
            run.cpu = result.cpu;
            run.peak_memory = result.peak_memory;
            run.log = Some(self.log(ended.node));
        }
        if run.flaky && flaky_fails(task.check) {
            run.outcome = Outcome::Failed;
            run.note = Some("passed only when run again, and `flaky = \"fail\"`".to_owned());
        }
        if run.outcome == Outcome::Skipped {
            run.note
                .get_or_insert_with(|| "a check that it needs did not pass".to_owned());
        }
        run
    }

    fn keep(&mut self, ended: &Ended, run: &Run) {
        let task = &self.tasks[self.todo[ended.node]];
        if !matches!(run.outcome, Outcome::Passed) && !run.outcome.is_red() {
            return;
        }
        let store = &self.session.store;
        let name = task.check.name.as_str();
        let mut kept = store.keep_duration(name, &task.side.to_string(), run.wall);
        if let Some(key) = &task.key
            && task.tree.is_some()
            && (self.options.tree_now)(task) == task.tree
        {
            if run.outcome == Outcome::Passed {
                kept = kept.and(store.note_built(&task.dir, name, Some(key)));
            }
            let result = CachedResult {
                outcome: run.outcome,
                flaky: run.flaky,
                exit_status: run.exit_status,
                attempts: run.attempts,
                wall: run.wall,
                cpu: run.cpu,
                peak_memory: run.peak_memory,
                log: run.log.clone(),
                finished: clock::now(),
            };
            kept = kept.and(store.keep_result(key, &result));
        }
        self.note_failure(kept);
    }

    fn note_failure(&mut self, kept: Result<(), StoreError>) {
        if let Err(error) = kept {
            self.failure.get_or_insert(error);
        }
    }
}

impl Work for Checks<'_, '_> {
    fn next(&mut self) -> Option<ShellJob> {
        loop {
            let Start { node, attempt } = self.schedule.next()?;
            let task = &self.tasks[self.todo[node]];
            if let Some(obstacle) = self.obstacle(task) {
                self.notes[node] = Some(obstacle);
                self.schedule.finish(node, Outcome::CouldNotRun);
                self.settle();
                continue;
            }
            // From now on, what it left before is being written over.
            let name = task.check.name.as_str();
            let forgotten = self.session.store.note_built(&task.dir, name, None);
            self.note_failure(forgotten);
            (self.emit)(&Event::CheckStarted {
                check: &task.check.name,
                side: &task.side,
                attempt,
            });
            return Some(self.job(node, attempt));
        }
    }

    fn ended(&mut self, key: usize, result: &JobResult) {
        let outcome = match &result.end {
            End::Exited(0) => Outcome::Passed,
            End::Exited(status @ (126 | 127)) => {
                self.notes[key] = Some(match status {
                    126 => "the shell could not execute the command (126)".to_owned(),
                    _ => "the shell did not find the command (127)".to_owned(),
                });
                Outcome::CouldNotRun
            }
            End::Exited(_) | End::Signalled(_) => Outcome::Failed,
            End::TimedOut => Outcome::TimedOut,
            End::Cancelled => Outcome::Cancelled,
            End::CouldNotStart(why) => {
                self.notes[key] = Some(why.clone());
                Outcome::CouldNotRun
            }
        };
        self.results[key] = Some(result.clone());
        self.schedule.finish(key, outcome);
        self.settle();
    }

    fn cancel_running(&mut self) -> bool {
        self.schedule.stops_running()
    }

    fn slot(&mut self, key: usize) -> std::io::Result<Option<Box<dyn Slot>>> {
        let weight = self.tasks[self.todo[key]].check.weight;
        match self.session.store.try_slots(self.slots, weight) {
            Ok(guard) => Ok(guard.map(|guard| Box::new(guard) as Box<dyn Slot>)),
            Err(error) => Err(std::io::Error::other(error)),
        }
    }
}
