//! Making a worktree fit to run something in: the ignored files it brings along, and its setup commands, one after the
//! other, several worktrees at once. What was done is remembered, so that it is not done again for nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::project::{Command, Project, Track};
use crate::domain::revision::CommitId;
use crate::domain::trust::{TrustedCommand, commands_of_setup};
use crate::git::{GitError, Merger};
use crate::process::{End, Job, JobResult, Pool, PoolEvent, ShellJob, Work};
use crate::store::{Claimant, Claimed, Grant, ResultKey, StoreError, other_log};

use super::limits::{BETWEEN_CLAIMS, Limits};
use super::trust::Trust;
use super::variables::{self, Variables};
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
    /// For worktrees of ours: what setup reads of the tree that is checked out, see [`reads`]. In a track's own worktree
    /// setup runs once; what changes there later is its owner's business.
    pub reads: Option<ResultKey>,
    /// What git needs there to read what is checked out.
    pub env: Vec<(String, String)>,
}

impl<'a> Place<'a> {
    /// A track's own worktree.
    pub(super) fn of_track(project: &Project, track: &'a Track, dir: &Path) -> Self {
        Place {
            name: track.id.to_string(),
            dir: dir.to_owned(),
            track: Some(track),
            setup: commands_of_setup(project, Some(track)),
            reads: None,
            env: Vec::new(),
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
    let digest = digest(&place.setup, place.reads.as_ref());
    !place.setup.is_empty()
        && session.store.setup_done(&place.dir).as_deref() != Some(digest.as_str())
}

/// Notes that the setup of this place is done, so that it is not done again for nothing.
pub(super) fn note_done(session: &Session, place: &Place<'_>) -> Result<(), StoreError> {
    let digest = digest(&place.setup, place.reads.as_ref());
    session.store.note_setup(&place.dir, &digest)
}

/// What setup reads of a commit: what `[layout] setup_inputs` names, or all of it. `merger` may have written the commit.
///
/// # Errors
/// When its tree cannot be read.
pub(super) fn reads(
    session: &Session,
    merger: Option<&Merger<'_>>,
    setup: &[TrustedCommand],
    commit: CommitId,
) -> Result<Option<ResultKey>, GitError> {
    if setup.is_empty() {
        return Ok(None);
    }
    let own;
    let merger = match merger {
        Some(merger) => merger,
        None => {
            own = Merger::publishing(&session.repository, session.base.commit);
            &own
        }
    };
    let tree = merger.tree_of(commit)?;
    let inputs = &session.project.layout.setup_inputs;
    if inputs.is_empty() {
        return Ok(Some(ResultKey::of([tree.as_bytes()])));
    }
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for (path, mode, blob) in merger.tree_entries(tree)? {
        if inputs.iter().any(|input| input.matches(&path)) {
            parts.push(path.as_bytes().to_vec());
            parts.push(format!("{mode:o} {blob}").into_bytes());
        }
    }
    Ok(Some(ResultKey::of(parts.iter().map(Vec::as_slice))))
}

/// One setup command of a place as a job.
pub(super) fn job(
    session: &Session,
    place: &Place<'_>,
    step: usize,
    variables: &Variables,
    log: PathBuf,
    key: usize,
) -> ShellJob {
    let run = &session.project.run;
    let setup = &place.setup[step];
    let mut env = setup.env.clone();
    env.extend(place.env.iter().cloned());
    env.extend(variables.iter().cloned());
    ShellJob {
        key,
        command: setup.command.clone(),
        cwd: place.dir.join(&setup.cwd),
        env,
        stdin: Vec::new(),
        log,
        timeout: Some(run.timeout),
        grace: run.grace,
        stall: None,
        end_stalled: false,
    }
}

/// One sentence about a setup command that did not do what it should.
pub(super) fn complaint(setup: &TrustedCommand, how: &str) -> String {
    format!("setup `{}` {how}", show(&setup.command))
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
        sequences.push(Sequence {
            variables: variables_of(session, place)?,
            place,
            state,
        });
    }
    let mut work = Setups {
        session,
        sequences,
        log_dir,
        claimant: session.store.claimant(),
        grants: BTreeMap::new(),
        waits: false,
        emit,
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
            PoolEvent::Stalled { .. } => {}
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
            note_done(session, sequence.place)?;
        }
        results.push(result);
    }
    Ok(results)
}

/// What a place is known to be set up by.
pub(super) fn digest(setup: &[TrustedCommand], reads: Option<&ResultKey>) -> String {
    let exact = |command: &TrustedCommand| command.exact_text().into_bytes();
    let mut parts: Vec<Vec<u8>> = setup.iter().map(exact).collect();
    parts.extend(reads.map(|reads| reads.as_str().as_bytes().to_vec()));
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
    variables: Variables,
    state: State,
}

/// How the log of a setup command is called.
pub(super) fn log(name: &str, step: usize) -> String {
    other_log(name, &format!("setup-{}", step + 1))
}

struct Setups<'a> {
    session: &'a Session,
    claimant: Claimant,
    grants: BTreeMap<usize, Grant>,
    /// What could not be had the last time.
    waits: bool,
    sequences: Vec<Sequence<'a>>,
    log_dir: &'a Path,
    emit: Emit<'a>,
}

impl Setups<'_> {
    fn log(&self, key: usize, step: usize) -> PathBuf {
        self.log_dir
            .join(log(&self.sequences[key].place.name, step))
    }
}

impl Setups<'_> {
    /// A place whose next command may run: that takes a job slot of the repository, and that nobody else sets up there.
    fn next_step(&mut self) -> Option<(usize, usize)> {
        self.waits = false;
        for (key, sequence) in self.sequences.iter_mut().enumerate() {
            let State::Waiting(step) = sequence.state else {
                continue;
            };
            if self.grants.contains_key(&key) {
                return Some((key, step));
            }
            let mut limits = Limits::new(&self.session.project);
            let wanted = limits.of_setup(Some(&sequence.place.dir));
            let who = format!("{} setup", sequence.place.name);
            match self.claimant.claim(&who, &limits.claims(&wanted)) {
                Ok(Claimed::Granted(grant)) => {
                    self.grants.insert(key, grant);
                    return Some((key, step));
                }
                Ok(Claimed::Taken(_)) => self.waits = true,
                Err(error) => {
                    sequence.state = State::Ended(SetUp::Failed {
                        message: error.to_string(),
                        log: None,
                    });
                }
            }
        }
        self.claimant.end_round();
        None
    }
}

impl Work<'_> for Setups<'_> {
    fn next(&mut self) -> Option<Job<'static>> {
        let (key, step) = self.next_step()?;
        let log = self.log(key, step);
        let sequence = &mut self.sequences[key];
        sequence.state = State::Running(step);
        let (place, variables) = (sequence.place, &sequence.variables);
        let job = job(self.session, place, step, variables, log, key);
        Some(Job::Command(job))
    }

    fn ask_again(&self) -> Option<Duration> {
        self.waits.then_some(BETWEEN_CLAIMS)
    }

    fn ended(&mut self, key: usize, result: &JobResult) {
        let State::Running(step) = self.sequences[key].state else {
            return;
        };
        let log = self.log(key, step);
        let sequence = &mut self.sequences[key];
        (self.emit)(&Event::SetupEnded {
            place: &sequence.place.name,
        });
        sequence.state = match failure(&result.end) {
            None if step + 1 < sequence.place.setup.len() => State::Waiting(step + 1),
            None => State::Ended(SetUp::Done),
            Some(how) => State::Ended(SetUp::Failed {
                message: complaint(&sequence.place.setup[step], &how),
                log: Some(log),
            }),
        };
        if matches!(sequence.state, State::Ended(_)) {
            self.grants.remove(&key);
        }
    }
}

pub(super) fn failure(end: &End) -> Option<String> {
    match end {
        End::Exited(0) => None,
        End::Exited(status) => Some(format!("exited with {status}")),
        End::Signalled(signal) => Some(format!("was killed by signal {signal}")),
        End::TimedOut => Some("ran into its timeout".to_owned()),
        End::Stalled => Some("printed nothing for too long".to_owned()),
        End::Cancelled => Some("was interrupted".to_owned()),
        End::CouldNotStart(why) => Some(format!("could not be started: {why}")),
    }
}

/// Of a track's own worktree.
fn variables_of(session: &Session, place: &Place<'_>) -> Result<Variables, StoreError> {
    let mut variables = variables::of_place(session, &place.name, &place.dir)?;
    variables.push(("TRACKS_TRACK".to_owned(), place.name.clone()));
    Ok(variables)
}
