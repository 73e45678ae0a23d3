//! Making a worktree fit to run something in: the ignored files it brings along, and its setup commands, one after the
//! other, several worktrees at once. What was done is remembered, so that it is not done again for nothing.

use std::path::{Path, PathBuf};

use crate::domain::project::{Command, Project, Track};
use crate::domain::revision::TreeId;
use crate::domain::trust::{TrustedCommand, commands_of_setup};
use crate::git::GitError;
use crate::process::{End, JobResult, Pool, PoolEvent, ShellJob, Work};
use crate::store::{ResultKey, StoreError};

use super::trust::Trust;
use super::{Emit, Event, Session};

/// A worktree to be set up.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    /// How to call it: the track's id, `.integration` …
    pub name: String,
    pub dir: PathBuf,
    /// Whose `copy` counts there; `None`: the layout's.
    pub track: Option<&'a Track>,
    /// The setup commands, in order.
    pub setup: Vec<TrustedCommand>,
    /// For worktrees of ours: the tree that is checked out, since setup follows what the tree says (lock files). In a
    /// track's own worktree setup runs once; what changes there later is its owner's business.
    pub tree: Option<TreeId>,
}

impl<'a> Place<'a> {
    /// A track's own worktree.
    pub(super) fn of_track(project: &Project, track: &'a Track, dir: &Path) -> Self {
        Place {
            name: track.id.to_string(),
            dir: dir.to_owned(),
            track: Some(track),
            setup: commands_of_setup(project, Some(track)),
            tree: None,
        }
    }
}

/// How a setup ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SetUp {
    Done,
    /// Nothing to do: none wanted, or done before.
    Unneeded,
    /// The commands are not approved.
    NotApproved(Vec<String>),
    Failed {
        message: String,
        log: Option<PathBuf>,
    },
}

/// What could not be done for reasons of our own.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot copy into {}: {source}", dir.display())]
    Copy {
        dir: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot run commands: {0}")]
    Runtime(std::io::Error),
}

/// Copies the ignored files that a new worktree brings along; what is there already stays.
pub(super) fn copy_ignored(session: &Session, place: &Place<'_>) -> Result<usize, SetupError> {
    let Some(main) = session.repository.main_worktree() else {
        return Ok(0);
    };
    let patterns = place
        .track
        .and_then(|track| track.copy.as_deref())
        .unwrap_or(&session.project.layout.copy);
    let paths = session.repository.ignored_to_copy(main, patterns)?;
    let copied =
        crate::files::copy_into(main, &place.dir, &paths).map_err(|source| SetupError::Copy {
            dir: place.dir.clone(),
            source,
        })?;
    Ok(copied.files)
}

/// Whether the setup commands still have to run there.
pub(super) fn is_due(session: &Session, place: &Place<'_>) -> bool {
    !place.setup.is_empty()
        && session.store.setup_done(&place.dir).as_deref() != Some(digest(place).as_str())
}

/// Runs the setup commands of every place that needs it; results in the order of the places.
pub(super) fn run(
    session: &Session,
    trust: &Trust,
    places: &[Place<'_>],
    log_dir: &Path,
    emit: Emit<'_>,
) -> Result<Vec<SetUp>, SetupError> {
    let mut sequences: Vec<Sequence<'_>> = Vec::new();
    for place in places {
        let state = if !is_due(session, place) {
            State::Ended(SetUp::Unneeded)
        } else if !trust.allows_all(&place.setup) {
            let commands = place.setup.iter();
            State::Ended(SetUp::NotApproved(
                commands.map(|setup| show(&setup.command)).collect(),
            ))
        } else {
            session.store.forget_setup(&place.dir)?;
            State::Waiting(0)
        };
        sequences.push(Sequence { place, state });
    }
    let mut work = Setups {
        session,
        sequences,
        log_dir,
        running: 0,
    };
    if work
        .sequences
        .iter()
        .any(|sequence| matches!(sequence.state, State::Waiting(_)))
    {
        let names: Vec<String> = places.iter().map(|place| place.name.clone()).collect();
        Pool {
            interrupt: &session.interrupt,
        }
        .run(&mut work, &mut |event| match event {
            PoolEvent::Output { key, line } => emit(&Event::SetupOutput {
                place: &names[key],
                line,
            }),
            PoolEvent::Ended { key, .. } => emit(&Event::SetupEnded { place: &names[key] }),
            PoolEvent::Started { .. } | PoolEvent::WaitingForSlot => {}
        })
        .map_err(SetupError::Runtime)?;
    }
    let mut results = Vec::new();
    for sequence in work.sequences {
        let result = match sequence.state {
            State::Ended(result) => result,
            State::Waiting(_) | State::Running(_) => SetUp::Failed {
                message: "setup was interrupted".to_owned(),
                log: None,
            },
        };
        if result == SetUp::Done {
            session
                .store
                .note_setup(&sequence.place.dir, &digest(sequence.place))?;
        }
        results.push(result);
    }
    Ok(results)
}

fn digest(place: &Place<'_>) -> String {
    let exact = |command: &TrustedCommand| command.exact_text().into_bytes();
    let mut parts: Vec<Vec<u8>> = place.setup.iter().map(exact).collect();
    parts.extend(place.tree.map(|tree| tree.as_bytes().to_vec()));
    ResultKey::of(parts.iter().map(Vec::as_slice))
        .as_str()
        .to_owned()
}

/// A command for people.
pub(super) fn show(command: &Command) -> String {
    match command {
        Command::Shell(line) => line.clone(),
        Command::Argv(argv) => argv.join(" "),
    }
}

#[derive(Debug)]
enum State {
    /// Which command is next.
    Waiting(usize),
    Running(usize),
    Ended(SetUp),
}

struct Sequence<'a> {
    place: &'a Place<'a>,
    state: State,
}

struct Setups<'a> {
    session: &'a Session,
    sequences: Vec<Sequence<'a>>,
    log_dir: &'a Path,
    running: usize,
}

impl Setups<'_> {
    fn log(&self, key: usize) -> PathBuf {
        self.log_dir
            .join(format!("{}.setup.log", self.sequences[key].place.name))
    }
}

impl Work for Setups<'_> {
    fn next(&mut self) -> Option<ShellJob> {
        if self.running >= job_slots(&self.session.project) as usize {
            return None;
        }
        let (key, step) = self
            .sequences
            .iter()
            .enumerate()
            .find_map(|(key, sequence)| match sequence.state {
                State::Waiting(step) => Some((key, step)),
                State::Running(_) | State::Ended(_) => None,
            })?;
        let log = self.log(key);
        let sequence = &mut self.sequences[key];
        sequence.state = State::Running(step);
        self.running += 1;
        let run = &self.session.project.run;
        let setup = &sequence.place.setup[step];
        let mut env = setup.env.clone();
        env.push(("TRACKS_TRACK".to_owned(), sequence.place.name.clone()));
        Some(ShellJob {
            key,
            command: setup.command.clone(),
            cwd: sequence.place.dir.join(&setup.cwd),
            env,
            stdin: Vec::new(),
            log,
            timeout: run.timeout,
            grace: run.grace,
        })
    }

    fn ended(&mut self, key: usize, result: &JobResult) {
        self.running -= 1;
        let log = self.log(key);
        let sequence = &mut self.sequences[key];
        let State::Running(step) = sequence.state else {
            return;
        };
        sequence.state = match failure(&result.end) {
            None if step + 1 < sequence.place.setup.len() => State::Waiting(step + 1),
            None => State::Ended(SetUp::Done),
            Some(how) => State::Ended(SetUp::Failed {
                message: format!(
                    "setup `{}` {how}",
                    show(&sequence.place.setup[step].command)
                ),
                log: Some(log),
            }),
        };
    }
}

pub(super) fn failure(end: &End) -> Option<String> {
    match end {
        End::Exited(0) => None,
        End::Exited(status) => Some(format!("exited with {status}")),
        End::Signalled(signal) => Some(format!("was killed by signal {signal}")),
        End::TimedOut => Some("ran into its timeout".to_owned()),
        End::Cancelled => Some("was interrupted".to_owned()),
        End::CouldNotStart(why) => Some(format!("could not be started: {why}")),
    }
}

/// How much may run at once in this repository.
pub(super) fn job_slots(project: &Project) -> u32 {
    match project.run.jobs {
        0 => u32::try_from(crate::process::cores().get()).unwrap_or(1),
        jobs => jobs,
    }
}
