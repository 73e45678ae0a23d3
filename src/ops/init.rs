//! Branches, worktrees, copied files and setup for every track; run again, it does only what is missing.
//!
//! The plan is made first, as a value, and is what runs. A track that fails does not stop the others.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::config::starter::Starter;
use crate::domain::name::{BranchName, TrackId};
use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::git::{AddError, GitError, Repository, Start, Worktree};
use crate::process::{clock, cores, in_parallel};
use crate::store::{LockError, LockName, Operation, RefMove, StoreError};

use super::own_worktree::{exclude_worktrees, same_dir, worktrees_dir};
use super::session::FILE_NAME;
use super::setup::{self, Place, SetUp, SetupError};
use super::trust::Trust;
use super::{Emit, Event, Origin, Session, TrackStep};

/// What `init` will do about one track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The worktree is there.
    Keep,
    Create {
        start: Start,
        /// What a killed run, or a deleted directory, left behind and must be cleared away first.
        mend: Option<Worktree>,
    },
    /// It cannot be done; nothing will be touched.
    Refuse { message: String, fix: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub track: TrackId,
    pub branch: BranchName,
    pub worktree: PathBuf,
    pub action: Action,
    /// Why this branch or directory rather than the obvious one.
    pub note: Option<String>,
    /// Setup commands that will run there.
    pub setup: Vec<String>,
}

/// The frozen plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub base: CommitId,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub track: TrackId,
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
}

#[derive(Debug, thiserror::Error)]
pub enum InitError {
    #[error("another `tracks init` is at work: {holder}")]
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
}

/// Decides what to do, and touches nothing.
///
/// # Errors
/// When the repository cannot be read.
pub fn plan(session: &Session, tracks: &[&Track]) -> Result<Plan, InitError> {
    let dir = worktrees_dir(session).ok_or(InitError::NoPlace)?;
    let existing = session.repository.worktrees()?;
    let mut steps = Vec::new();
    for track in tracks {
        steps.push(step(session, &dir, &existing, track)?);
    }
    Ok(Plan {
        base: session.base.commit,
        steps,
    })
}

fn step(
    session: &Session,
    dir: &Path,
    existing: &[Worktree],
    track: &Track,
) -> Result<Step, InitError> {
    let path = dir.join(&track.worktree);
    let mut step = Step {
        track: track.id.clone(),
        branch: track.branch.clone(),
        worktree: path.clone(),
        action: Action::Keep,
        note: None,
        setup: Vec::new(),
    };
    let here = existing.iter().find(|entry| same_dir(&entry.path, &path));
    let on_branch = existing
        .iter()
        .find(|entry| entry.branch.as_ref() == Some(&track.branch));
    let broken = |entry: &Worktree| entry.half_made || entry.prunable.is_some();
    // An entry that is broken elsewhere blocks the branch as much as one at the track's own place.
    let here = here.or_else(|| on_branch.filter(|entry| broken(entry)));
    let refuse = |message: String, fix: String| Action::Refuse { message, fix };
    step.action = match (here, on_branch) {
        (Some(entry), _) if broken(entry) => match &entry.locked {
            // Somebody locked it on purpose, for example because it lives on a disk that is not mounted.
            Some(reason) if !entry.half_made => refuse(
                format!(
                    "its worktree {} is gone but locked{}",
                    entry.path.display(),
                    because(reason)
                ),
                format!(
                    "bring the directory back, or `git worktree unlock {}`",
                    entry.path.display()
                ),
            ),
            _ => create(session, track, Some(entry.clone()), &mut step.note)?,
        },
        (Some(entry), _) if entry.branch.as_ref() == Some(&track.branch) => Action::Keep,
        (Some(entry), _) => refuse(
            match &entry.branch {
                Some(other) => format!(
                    "{} stands on branch {other}, not on {}",
                    path.display(),
                    track.branch
                ),
                None => format!("{} stands on no branch", path.display()),
            },
            format!(
                "run `git -C {} switch {}`, or give the track another worktree",
                path.display(),
                track.branch
            ),
        ),
        (None, Some(entry)) if entry.is_main => refuse(
            format!(
                "branch {} is checked out in the main worktree",
                track.branch
            ),
            format!(
                "switch the main worktree to another branch: `git switch {}`",
                session.base.name
            ),
        ),
        (None, Some(entry)) => {
            step.note = Some("adopted where it was".to_owned());
            step.worktree.clone_from(&entry.path);
            Action::Keep
        }
        (None, None) if in_the_way(&path) => refuse(
            format!("{} exists and is not an empty directory", path.display()),
            "move it away, or give the track another worktree".to_owned(),
        ),
        (None, None) => create(session, track, None, &mut step.note)?,
    };
    if !matches!(step.action, Action::Refuse { .. }) {
        let place = place(track, &step.worktree);
        if matches!(step.action, Action::Create { .. }) || setup::is_due(session, &place) {
            let commands = super::keys::setup_commands(&session.project, Some(track));
            step.setup = commands.iter().map(setup::show).collect();
        }
    }
    Ok(step)
}

fn because(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(" ({reason})")
    }
}

fn in_the_way(path: &Path) -> bool {
    match std::fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

/// A worktree on the branch if there is one, locally or remotely; on a new branch from base otherwise.
fn create(
    session: &Session,
    track: &Track,
    mend: Option<Worktree>,
    note: &mut Option<String>,
) -> Result<Action, GitError> {
    let start = match session.tip(&track.branch)? {
        None => Start::NewBranch {
            name: track.branch.clone(),
            at: session.base.commit,
        },
        Some(tip) => match session.repository.branch(&track.branch)? {
            Some(_) => {
                *note = Some("on the branch that was there".to_owned());
                Start::Branch(track.branch.clone())
            }
            None => {
                debug_assert_eq!(tip.origin, Origin::Remote);
                *note = Some(format!("from {}/{}", session.project.remote, track.branch));
                Start::NewBranch {
                    name: track.branch.clone(),
                    at: tip.commit,
                }
            }
        },
    };
    Ok(Action::Create { start, mend })
}

fn place<'a>(track: &'a Track, dir: &Path) -> Place<'a> {
    Place {
        name: track.id.to_string(),
        dir: dir.to_owned(),
        track: Some(track),
        tree: None,
    }
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
    command: &str,
    emit: Emit<'_>,
) -> Result<Report, InitError> {
    if dry_run {
        let plan = plan(session, tracks)?;
        return Ok(Report::of_plan(plan));
    }
    let who = format!("process {}", std::process::id());
    let _lock = session
        .store
        .lock(&LockName::Init, &who)
        .map_err(|error| match error {
            LockError::Held { holder } => InitError::Busy { holder },
            LockError::Store(error) => InitError::Store(error),
        })?;
    let plan = plan(session, tracks)?;
    exclude_worktrees(session)?;
    for step in &plan.steps {
        emit(&Event::Track {
            track: &step.track,
            step: TrackStep::Waiting,
        });
    }
    let outcomes = make_worktrees(session, &plan, emit);
    let mut report = Report {
        base: plan.base,
        created: Vec::new(),
        kept: Vec::new(),
        problems: Vec::new(),
        operation: None,
        plan: None,
        interrupted: session.interrupt.exit_status().is_some(),
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
    let set_up = set_up(session, trust, &mut report, emit)?;
    report.operation = record(session, &plan, &report, &set_up, command)?;
    report.interrupted = session.interrupt.exit_status().is_some();
    Ok(report)
}

impl Report {
    fn of_plan(plan: Plan) -> Report {
        let problems = plan
            .steps
            .iter()
            .filter_map(|step| match &step.action {
                Action::Refuse { message, fix } => Some(Problem {
                    track: step.track.clone(),
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
                track: step.track.clone(),
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
                match make(session, &step.worktree, start, mend.as_ref()) {
                    Ok(()) => Outcome {
                        created: true,
                        problem: None,
                    },
                    Err(AddError::Hook { message }) => Outcome {
                        created: true,
                        problem: problem(
                            format!("the post-checkout hook failed: {message}"),
                            "the worktree is complete; see to the hook".to_owned(),
                        ),
                    },
                    Err(error @ AddError::InTheWay { .. }) => Outcome {
                        created: false,
                        problem: problem(error.to_string(), "move it away".to_owned()),
                    },
                    Err(AddError::Git(error)) => Outcome {
                        created: false,
                        problem: problem(
                            error.to_string(),
                            "mend what git says and run `tracks init` again".to_owned(),
                        ),
                    },
                }
            }
        }
    })
}

fn make(
    session: &Session,
    path: &Path,
    start: &Start,
    mend: Option<&Worktree>,
) -> Result<(), AddError> {
    let Some(entry) = mend else {
        return session.repository.add_worktree(path, start);
    };
    session.repository.mend_worktree(entry)?;
    if is_whole(&session.repository, path)? {
        return Ok(());
    }
    session.repository.add_worktree(path, start)
}

fn is_whole(repository: &Repository, path: &Path) -> Result<bool, GitError> {
    let worktrees = repository.worktrees()?;
    Ok(worktrees
        .iter()
        .any(|entry| same_dir(&entry.path, path) && !entry.half_made && entry.prunable.is_none()))
}

/// Copies and setup, for new worktrees and for those whose setup never finished. Returns whose setup ran.
fn set_up(
    session: &Session,
    trust: &Trust,
    report: &mut Report,
    emit: Emit<'_>,
) -> Result<Vec<TrackId>, InitError> {
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
        let place = place(track, &made.worktree);
        if new {
            // A directory of that name may have been set up once, and deleted.
            session.store.forget_setup(&place.dir)?;
        }
        places.push((made.track.clone(), place, new));
    }
    in_parallel(&places, cores().get().clamp(2, 4), |(track, place, new)| {
        emit(&Event::Track {
            track,
            step: TrackStep::Copying,
        });
        if let Err(error) = setup::copy_ignored(session, place)
            && let Ok(mut problems) = problems.lock()
        {
            problems.push(Problem {
                track: track.clone(),
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
    let log_dir = session.store.new_log_dir(clock::now())?;
    let mut ran = Vec::new();
    for (place, result) in due
        .iter()
        .zip(setup::run(session, trust, &due, &log_dir, emit)?)
    {
        let Some(track) = place.track.map(|track| track.id.clone()) else {
            continue;
        };
        match result {
            SetUp::Unneeded => {}
            SetUp::Done => ran.push(track),
            SetUp::NotApproved(commands) => report.problems.push(Problem {
                track,
                message: format!("setup was not run, its commands are not approved: {}", commands.join("; ")),
                fix: "look at them with `tracks trust`, then run `tracks init` again (or `tracks init --yes`)"
                    .to_owned(),
            }),
            SetUp::Failed { message, log } => report.problems.push(Problem {
                track,
                message,
                fix: match log {
                    Some(log) => format!("see {}, then run `tracks init` again", log.display()),
                    None => "run `tracks init` again".to_owned(),
                },
            }),
        }
    }
    Ok(ran)
}

fn record(
    session: &Session,
    plan: &Plan,
    report: &Report,
    set_up: &[TrackId],
    command: &str,
) -> Result<Option<String>, StoreError> {
    if report.created.is_empty() && set_up.is_empty() {
        return Ok(None);
    }
    let now = clock::now();
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
    let mut did: Vec<String> = report
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
    did.extend(
        set_up
            .iter()
            .map(|track| format!("ran the setup of {track}")),
    );
    let id = session.store.new_operation_id(now);
    let command = command.to_owned();
    let operation = Operation {
        id: id.clone(),
        time: now,
        command,
        refs,
        did,
        undone: false,
    };
    session.store.record_operation(&operation)?;
    Ok(Some(id))
}

/// Writes a commented tracks.toml into the main worktree, unless there is one.
///
/// # Errors
/// When there is no main worktree, a file already, or it cannot be written.
pub fn write_starter(repository: &Repository, starter: &Starter) -> Result<PathBuf, StarterError> {
    let main = repository.main_worktree().ok_or(StarterError::Bare)?;
    let path = main.join(FILE_NAME);
    if path.exists() {
        return Err(StarterError::Exists { path });
    }
    crate::files::write_atomic(&path, starter.text.as_bytes()).map_err(|source| {
        StarterError::Write {
            path: path.clone(),
            source,
        }
    })?;
    Ok(path)
}

#[derive(Debug, thiserror::Error)]
pub enum StarterError {
    #[error("this repository is bare; tracks.toml belongs into a worktree of the base branch")]
    Bare,
    #[error("{} exists already", path.display())]
    Exists { path: PathBuf },
    #[error("{}: {source}", path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
}
