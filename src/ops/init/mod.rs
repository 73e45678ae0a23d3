//! Branches, worktrees, copied files and setup for every track; run again, it does only what is missing.
//!
//! The plan is made first, as a value, and is what runs. A track that fails does not stop the others.

mod plan;
mod starter;

use std::path::PathBuf;
use std::sync::Mutex;

use crate::domain::name::{BranchName, TrackId};
use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::git::{AddError, GitError, Start, Worktree, settled};
use crate::process::{clock, cores, in_parallel};
use crate::store::{
    LockError, LockName, Operation, RefMove, StoreError, WorktreeChange, WorktreeStep,
};

use super::hooks::{self, HooksError};
use super::own_worktree::{exclude_worktrees, same_dir};
use super::setup::{self, Place, SetUp, SetupError};
use super::trash::{self, TrashError};
use super::trust::Trust;
use super::{Emit, Event, Session, TrackStep};

pub use plan::{Action, Plan, Step, plan};
pub use starter::{StarterError, starter_text, write_starter};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `None`: it is about the hooks, which all share.
    pub track: Option<TrackId>,
    pub message: String,
    pub fix: String,
}

/// A track with its worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub track: TrackId,
    pub branch: BranchName,
    pub worktree: PathBuf,
    pub note: Option<String>,
}

#[derive(Debug)]
pub struct Report {
    pub base: CommitId,
    pub created: Vec<Made>,
    pub kept: Vec<Made>,
    pub problems: Vec<Problem>,
    /// `None` where nothing was changed.
    pub operation: Option<String>,
    /// `--dry-run`: the plan, of which nothing was carried out.
    pub plan: Option<Plan>,
    pub interrupted: bool,
    /// What of a killed run was settled first, one sentence each.
    pub settled: Vec<String>,
    /// `None`: hooks were not to be put in place, or could not be.
    pub hooks: Option<hooks::install::Report>,
    /// Why there are none, where nothing can be done about it.
    pub no_hooks: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum InitError {
    #[error("worktrees are being made or taken away: {holder}")]
    Busy { holder: String },
    #[error(
        "this repository is bare and `[layout] worktrees` is relative, so worktrees have no place"
    )]
    NoPlace,
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Trash(#[from] TrashError),
}

/// What became of one step.
struct Outcome {
    created: bool,
    problem: Option<Problem>,
}

/// # Errors
/// When nothing can be done at all; a track that fails is a problem in the report.
pub fn run(
    session: &Session,
    trust: &Trust,
    tracks: &[&Track],
    dry_run: bool,
    with_hooks: bool,
    command: &str,
    emit: Emit<'_>,
) -> Result<Report, InitError> {
    if dry_run {
        let plan = plan(session, tracks)?;
        return Ok(Report::of_plan(plan));
    }
    let lock = session
        .store
        .lock_patiently(&LockName::Init, "tracks init")
        .map_err(|error| match error {
            LockError::Held { holder } => InitError::Busy { holder },
            LockError::Store(error) => InitError::Store(error),
        })?;
    // A worktree that is half in the trash is neither there nor missing.
    let finished = trash::settle(session)?;
    if let Some(since) = lock.killed_since() {
        // Of all tracks: it may have been about others.
        for track in &session.project.tracks {
            session.repository.clear_branch_lock(&track.branch, since)?;
        }
    }
    let plan = plan(session, tracks).or_else(|_| {
        session.repository.clear_stillborn_worktrees()?;
        plan(session, tracks)
    })?;
    exclude_worktrees(session)?;
    for step in &plan.steps {
        emit(&Event::Track {
            track: &step.track,
            step: TrackStep::Waiting,
        });
    }
    // Should we be killed, the next run knows what is ours to clear away …
    for step in &plan.steps {
        let dir = settled(&step.worktree);
        match step.action {
            Action::Create { .. } => session.store.note_adding(&dir)?,
            Action::Keep | Action::Refuse { .. } => session.store.forget_adding(&dir)?,
        }
    }
    // … and that a git that we have started, and that goes on, is still at work.
    lock.pass_on(true)?;
    let outcomes = make_worktrees(session, &plan, emit);
    lock.pass_on(false)?;
    forget_what_was_added(session, &plan)?;
    let mut report = Report {
        base: plan.base,
        created: Vec::new(),
        kept: Vec::new(),
        problems: Vec::new(),
        operation: None,
        plan: None,
        interrupted: session.interrupt.exit_status().is_some(),
        settled: finished,
        hooks: None,
        no_hooks: None,
    };
    for (step, outcome) in plan.steps.iter().zip(outcomes) {
        let place = Made {
            track: step.track.clone(),
            branch: step.branch.clone(),
            worktree: step.worktree.clone(),
            note: step.note.clone(),
        };
        match (&step.action, outcome.created) {
            (Action::Keep, _) => report.kept.push(place),
            (Action::Create { .. }, true) => report.created.push(place),
            (Action::Create { .. } | Action::Refuse { .. }, _) => {}
        }
        report.problems.extend(outcome.problem);
    }
    // Before setup, which takes long and may be killed; and again when it is known what became of it.
    let id = session.store.new_operation_id(clock::now());
    let mut operation = operation(id, &plan, &report, command);
    if !operation.did.is_empty() {
        session.store.record_operation(&operation)?;
    }
    let set_up = set_up(session, trust, &mut report, emit)?;
    if !set_up.is_empty() {
        operation.did.extend(set_up);
        session.store.record_operation(&operation)?;
    }
    report.operation = (!operation.did.is_empty()).then_some(operation.id);
    if with_hooks && session.interrupt.exit_status().is_none() {
        install_hooks(session, &mut report);
    }
    report.interrupted = session.interrupt.exit_status().is_some();
    Ok(report)
}

/// Last, so that they know every track, and in every worktree there is. What goes wrong there keeps nobody from working.
fn install_hooks(session: &Session, report: &mut Report) {
    match hooks::install::run(session, false) {
        Ok(hooks) => {
            let problems = hooks.problems.iter().map(|problem| Problem {
                track: None,
                message: problem.message.clone(),
                fix: problem.fix.clone(),
            });
            report.problems.extend(problems);
            report.hooks = Some(hooks);
        }
        // Everything else works there.
        Err(error @ HooksError::NotText { .. }) => report.no_hooks = Some(error.to_string()),
        Err(error) => report.problems.push(Problem {
            track: None,
            message: error.to_string(),
            fix: "mend it and run `tracks hooks install`, or leave them out with `--no-hooks`"
                .to_owned(),
        }),
    }
}

impl Report {
    fn of_plan(plan: Plan) -> Report {
        let problems = plan
            .steps
            .iter()
            .filter_map(|step| match &step.action {
                Action::Refuse { message, fix } => Some(Problem {
                    track: Some(step.track.clone()),
                    message: message.clone(),
                    fix: fix.clone(),
                }),
                Action::Keep | Action::Create { .. } => None,
            })
            .collect();
        Report {
            base: plan.base,
            created: Vec::new(),
            kept: Vec::new(),
            problems,
            operation: None,
            plan: Some(plan),
            interrupted: false,
            settled: Vec::new(),
            hooks: None,
            no_hooks: None,
        }
    }
}

/// Two to four at once and never more than cores: on a disk, writeback dominates and more only hurts.
fn make_worktrees(session: &Session, plan: &Plan, emit: Emit<'_>) -> Vec<Outcome> {
    let limit = cores().get().clamp(2, 4);
    in_parallel(&plan.steps, limit, |step| {
        let problem = |message: String, fix: String| {
            emit(&Event::Track {
                track: &step.track,
                step: TrackStep::Failed(message.clone()),
            });
            Some(Problem {
                track: Some(step.track.clone()),
                message,
                fix,
            })
        };
        match &step.action {
            Action::Keep => {
                emit(&Event::Track {
                    track: &step.track,
                    step: TrackStep::Kept,
                });
                Outcome {
                    created: false,
                    problem: None,
                }
            }
            Action::Refuse { message, fix } => Outcome {
                created: false,
                problem: problem(message.clone(), fix.clone()),
            },
            Action::Create { .. } if session.interrupt.exit_status().is_some() => Outcome {
                created: false,
                problem: problem(
                    "interrupted".to_owned(),
                    "run `tracks init` again".to_owned(),
                ),
            },
            Action::Create { start, mend } => {
                emit(&Event::Track {
                    track: &step.track,
                    step: TrackStep::Creating,
                });
                match make(session, step, start, mend.as_ref()) {
                    Ok(()) => Outcome {
                        created: true,
                        problem: None,
                    },
                    Err(error) => Outcome {
                        created: matches!(error, AddError::Hook { .. }),
                        problem: problem(error.to_string(), how_to_mend(&error).to_owned()),
                    },
                }
            }
        }
    })
}

fn forget_what_was_added(session: &Session, plan: &Plan) -> Result<(), InitError> {
    let there = session.repository.worktrees()?;
    for step in &plan.steps {
        let Action::Create { mend, .. } = &step.action else {
            continue;
        };
        let mended = mend.iter().map(|entry| entry.path.clone());
        for dir in mended.chain([settled(&step.worktree)]) {
            // Not where git was killed and what it left could not be cleared away.
            if !there
                .iter()
                .any(|entry| entry.half_made && entry.path == dir)
            {
                session.store.forget_adding(&dir)?;
            }
        }
    }
    Ok(())
}

fn how_to_mend(error: &AddError) -> &'static str {
    match error {
        AddError::InTheWay { .. } => "move it away, or give the track another worktree",
        AddError::Hook { .. } => "the worktree is complete; see to the hook",
        AddError::Git(_) => "mend what git says and run `tracks init` again",
    }
}

fn make(
    session: &Session,
    step: &Step,
    start: &Start,
    mend: Option<&Worktree>,
) -> Result<(), AddError> {
    if let Some(entry) = mend {
        session.repository.mend_worktree(entry)?;
        let whole = |entry: &Worktree| {
            same_dir(&entry.path, &step.worktree)
                && entry.branch.as_ref() == Some(&step.branch)
                && !entry.half_made
                && entry.prunable.is_none()
        };
        if session.repository.worktrees()?.iter().any(whole) {
            return Ok(());
        }
    }
    session.repository.add_worktree(&step.worktree, start)
}

/// Copies and setup, for new worktrees and for those whose setup never finished. Returns what was done, a sentence each.
fn set_up(
    session: &Session,
    trust: &Trust,
    report: &mut Report,
    emit: Emit<'_>,
) -> Result<Vec<String>, InitError> {
    let problems = Mutex::new(Vec::new());
    let mut places = Vec::new();
    for (made, new) in report
        .created
        .iter()
        .map(|made| (made, true))
        .chain(report.kept.iter().map(|kept| (kept, false)))
    {
        let Some(track) = session.project.track(&made.track) else {
            continue;
        };
        let place = Place::of_track(&session.project, track, &made.worktree);
        if new {
            // A directory of that name may have been set up once, and deleted.
            session.store.forget_setup(&place.dir)?;
        }
        places.push((made.track.clone(), place, new));
    }
    in_parallel(&places, cores().get().clamp(2, 4), |(track, place, new)| {
        if session.interrupt.exit_status().is_some() {
            return;
        }
        emit(&Event::Track {
            track,
            step: TrackStep::Copying,
        });
        if let Err(error) = setup::copy_ignored(session, place)
            && let Ok(mut problems) = problems.lock()
        {
            problems.push(Problem {
                track: Some(track.clone()),
                message: error.to_string(),
                fix: "run `tracks init` again; what is there already stays".to_owned(),
            });
        }
        let step = if *new {
            TrackStep::Created
        } else {
            TrackStep::Kept
        };
        emit(&Event::Track { track, step });
    });
    report
        .problems
        .extend(problems.into_inner().unwrap_or_default());
    let due: Vec<Place<'_>> = places
        .iter()
        .map(|(_, place, _)| place.clone())
        .filter(|place| setup::is_due(session, place))
        .collect();
    if due.is_empty() || session.interrupt.exit_status().is_some() {
        return Ok(Vec::new());
    }
    let runs = |place: &Place<'_>| trust.allows_all(&place.setup);
    let log_dir = match due.iter().any(runs) {
        true => session.store.new_log_dir(clock::now())?,
        // Nothing will be written there.
        false => PathBuf::new(),
    };
    let mut did = Vec::new();
    for (place, result) in due
        .iter()
        .zip(setup::run(session, trust, &due, &log_dir, emit)?)
    {
        let Some(track) = place.track.map(|track| track.id.clone()) else {
            continue;
        };
        match result {
            SetUp::Unneeded => {}
            SetUp::Done => did.push(format!("ran the setup of {track}")),
            SetUp::NotApproved(commands) => report.problems.push(Problem {
                track: Some(track),
                message: format!("setup was not run, its commands are not approved: {}", commands.join("; ")),
                fix: "look at them with `tracks trust`, then run `tracks init` again (or `tracks init --yes`)"
                    .to_owned(),
            }),
            SetUp::Failed { message, log } => {
                did.push(format!("began the setup of {track}, which failed"));
                report.problems.push(Problem {
                    track: Some(track),
                    message,
                    fix: match log {
                        Some(log) => format!("see {}, then run `tracks init` again", log.display()),
                        None => "run `tracks init` again".to_owned(),
                    },
                });
            }
        }
    }
    Ok(did)
}

/// What has been done so far: the branches made, and the worktrees.
fn operation(id: String, plan: &Plan, report: &Report, command: &str) -> Operation {
    let created = |track: &TrackId| report.created.iter().any(|made| made.track == *track);
    let refs = plan
        .steps
        .iter()
        .filter(|step| created(&step.track))
        .filter_map(|step| match &step.action {
            Action::Create {
                start: Start::NewBranch { name, at },
                ..
            } => Some(RefMove {
                name: name.full(),
                before: None,
                after: Some(*at),
            }),
            Action::Create { .. } | Action::Keep | Action::Refuse { .. } => None,
        })
        .collect();
    let did = report
        .created
        .iter()
        .map(|made| {
            format!(
                "made worktree {} for {}",
                made.worktree.display(),
                made.track
            )
        })
        .collect();
    let worktrees = report.created.iter().map(|made| WorktreeChange {
        path: settled(&made.worktree),
        track: Some(made.track.to_string()),
        step: WorktreeStep::Made,
    });
    Operation {
        refs,
        did,
        worktrees: worktrees.collect(),
        ..Operation::new(id, clock::now(), command)
    }
}
