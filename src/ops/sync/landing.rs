//! What a landing has run on the integration commit: the checks for it before, and what is to be tried afterwards.

use std::collections::BTreeSet;

use crate::domain::check::{Outcome, Run};
use crate::domain::name::{CheckName, Side, TrackId};
use crate::domain::project::{Check, CheckSettings, Flaky, Track, When};
use crate::domain::revision::CommitId;
use crate::domain::trust::{TrustedCommand, commands_of_integration_setup, commands_of_land};
use crate::git::Merger;
use crate::process::clock;

use super::super::figures::Earlier;
use super::super::keys::Keys;
use super::super::own_worktree;
use super::super::runner::{self, Ground};
use super::super::site::Integrated;
use super::super::tasks::{Judged, Tasks};
use super::super::trust::Trust;
use super::super::{Emit, Session};
use super::SyncError;
use super::judge::{Judge, Seen, Trial, WORKTREE};

/// The checks with "land" in their `when`, on a commit with the work of these tracks. Empty where there are none.
///
/// # Errors
/// When nothing can be run at all.
pub(in crate::ops) fn check(
    session: &Session,
    trust: &Trust,
    emit: Emit<'_>,
    commit: CommitId,
    tracks: &[TrackId],
) -> Result<Vec<Run>, SyncError> {
    let trial = Trial {
        side: Side::Integration,
        commit,
        tracks: tracks.to_vec(),
    };
    match Judge::new(session, trust, emit, When::Land, tracks)? {
        Some(judge) => judge.all(&trial, &mut Seen::default()),
        None => Ok(Vec::new()),
    }
}

/// Which of these runs speak against the commit, and what kept others from saying anything.
pub(in crate::ops) fn verdict(runs: &[Run]) -> (Vec<CheckName>, Vec<String>) {
    let counts = || runs.iter().filter(|run| !run.allow_failure);
    let red: Vec<CheckName> = counts()
        .filter(|run| run.outcome.is_red())
        .map(|run| run.check.clone())
        .collect();
    let open = counts().filter(|run| match run.outcome {
        Outcome::CouldNotRun => true,
        Outcome::Cancelled | Outcome::Skipped => red.is_empty(),
        Outcome::Passed | Outcome::Failed | Outcome::TimedOut | Outcome::Stalled => false,
    });
    let open = open.map(|run| {
        let why = run.note.as_deref().unwrap_or(run.outcome.as_str());
        format!("check {} could not run: {why}", run.check)
    });
    (red.clone(), open.collect())
}

/// `[land] after`: one after the other on what has landed, in the integration worktree. Never known from before: they are
/// about more than the tree.
///
/// # Errors
/// When nothing can be run at all.
pub(in crate::ops) fn try_out(
    session: &Session,
    trust: &Trust,
    emit: Emit<'_>,
    commit: CommitId,
    tracks: &[TrackId],
) -> Result<Vec<Run>, SyncError> {
    let checks = as_checks(session);
    if checks.is_empty() {
        return Ok(Vec::new());
    }
    let known: Vec<&Track> = (tracks.iter())
        .filter_map(|track| session.project.track(track))
        .collect();
    let setup = commands_of_integration_setup(&session.project, &known);
    let worktree = own_worktree::open(session, WORKTREE, session.base.commit)?;
    let keys = Keys::new(session, trust, &checks);
    let of_tasks = Tasks {
        session,
        keys: &keys,
        earlier: &Earlier::read(session)?,
    };
    let judged = Judged {
        side: &Side::Integration,
        tree: None,
        setup: &setup,
        setups_of_base: &[&setup],
    };
    let merger = Merger::publishing(&session.repository, commit);
    let ground = Ground {
        tasks: of_tasks.of(&merger, &judged, &checks.iter().collect::<Vec<_>>())?,
        side: Side::Integration,
        site: Box::new(Integrated {
            session,
            worktree: &worktree,
            commit,
            tracks: tracks.to_vec(),
            setup: setup.clone(),
        }),
        tree: Some(session.repository.commit(commit)?.tree),
        blocked: None,
    };
    let options = runner::Options {
        no_cache: true,
        fail_fast: false,
        log_dir: &session.store.new_log_dir(clock::now())?,
    };
    let finished = runner::run(session, trust, &[ground], &options, emit)?;
    Ok(finished.runs.into_iter().flatten().collect())
}

/// Where commands stand that [`try_out`] would run and that nobody has approved.
pub(in crate::ops) fn not_approved(
    session: &Session,
    trust: &Trust,
    tracks: &[TrackId],
) -> Vec<String> {
    let project = &session.project;
    let known: Vec<&Track> = (tracks.iter())
        .filter_map(|track| project.track(track))
        .collect();
    let mut commands: Vec<TrustedCommand> = commands_of_land(project).collect();
    if !commands.is_empty() {
        commands.extend(commands_of_integration_setup(project, &known));
    }
    let places = (commands.iter()).filter(|command| !trust.allows(command));
    let places: BTreeSet<String> = places.map(|command| command.place.clone()).collect();
    places.into_iter().collect()
}

/// A check for each command, each needing the one before it.
fn as_checks(session: &Session) -> Vec<Check> {
    let run = &session.project.run;
    let mut checks: Vec<Check> = Vec::new();
    for (number, command) in session.project.land.after.iter().enumerate() {
        let Ok(name) = CheckName::new(&format!("land.after-{}", number + 1)) else {
            continue;
        };
        checks.push(Check {
            name,
            run: command.clone(),
            tracks: None,
            when: vec![When::Land],
            needs: checks
                .last()
                .map(|check| check.name.clone())
                .into_iter()
                .collect(),
            inputs: Vec::new(),
            tools: Vec::new(),
            cwd: ".".to_owned(),
            settings: CheckSettings {
                timeout: run.timeout,
                retries: run.retries,
                backoff: run.backoff,
                stall_timeout: run.stall_timeout,
                stall: run.stall,
                flaky: Flaky::Pass,
                env: run.env.clone(),
            },
            weight: 1,
            jobs: 0,
            resources: Vec::new(),
            services: Vec::new(),
            allow_failure: false,
            retry: None,
            metrics: Vec::new(),
            junit: Vec::new(),
        });
    }
    checks
}
