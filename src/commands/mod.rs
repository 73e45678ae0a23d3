//! One verb per file: its arguments (their doc comments are the help text), then one function that opens a session, runs
//! one operation and shows its report. Verbs do not call each other.

pub mod ack;
pub mod brief;
pub mod check;
pub mod completions;
pub mod conflicts;
pub mod decide;
pub mod doctor;
pub mod explain;
pub mod hooks;
pub mod init;
pub mod land;
pub mod lease;
pub mod log;
pub mod mark;
pub mod new;
pub mod own;
pub mod path;
pub mod prune;
pub mod reference;
pub mod remove;
pub mod resolve;
pub mod restore;
pub mod rollback;
pub mod schedule;
pub mod schema;
pub mod status;
pub mod sync;
pub mod trust;
pub mod undo;
pub mod update;
pub mod validate;
pub mod who;

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use crate::domain::agent::Agent;
use crate::domain::name::TrackId;
use crate::domain::time::parse_duration;
use crate::failure::{DONE, FOUND, Failure, UNDETERMINED};
use crate::ops::announce::Calls;
use crate::ops::trust::Trust;
use crate::ops::{self, Notice, OpenOptions, Session};
use crate::process::{Interrupt, environment};
use crate::store::StoreError;
use crate::ui::{self, Format, Terminal, report};

/// What every verb gets.
#[derive(Debug)]
pub struct Context {
    pub dir: PathBuf,
    pub terminal: Terminal,
}

impl Context {
    /// # Errors
    /// When the directory does not exist.
    pub fn new(dir: Option<PathBuf>, terminal: Terminal) -> Result<Context, Failure> {
        let dir = match dir {
            Some(dir) if dir.is_absolute() => dir,
            dir => {
                let here = environment::current_dir().map_err(|error| {
                    Failure::new(
                        UNDETERMINED,
                        format!("the current directory is not there: {error}"),
                    )
                    .hint("go to one that exists, or name one with `-C DIR`")
                })?;
                dir.map_or(here.clone(), |dir| here.join(dir))
            }
        };
        if !dir.is_dir() {
            return Err(Failure::usage(format!(
                "{} is not a directory",
                dir.display()
            )));
        }
        Ok(Context { dir, terminal })
    }

    /// The directories that whoever started us stands in: where we run, and where we were sent with `-C`.
    fn here(&self) -> Vec<PathBuf> {
        let mut here = vec![self.dir.clone()];
        here.extend(environment::current_dir().ok());
        here
    }

    /// Opens a session and says what it has to say.
    ///
    /// # Errors
    /// See [`Session::open`].
    pub fn session(&self, prefer_remote: bool, interrupt: Interrupt) -> Result<Session, Failure> {
        let session = Session::open(OpenOptions {
            dir: self.dir.clone(),
            prefer_remote,
            interrupt,
        })?;
        ui::notices(self.terminal, &session.notices, false);
        Ok(session)
    }

    /// The same for a verb that moves refs: what a killed run has left unfinished is settled first, and told.
    ///
    /// # Errors
    /// See [`Session::open`] and [`ops::operation::recover`].
    pub fn session_to_change(
        &self,
        prefer_remote: bool,
        interrupt: Interrupt,
    ) -> Result<Session, Failure> {
        let session = self.session(prefer_remote, interrupt.clone())?;
        let recovered = ops::operation::recover(&session)?;
        for note in recovered.notes {
            self.note(note);
        }
        if !recovered.moved {
            return Ok(session);
        }
        Ok(Session::with_repository(
            session.repository,
            prefer_remote,
            interrupt,
        )?)
    }

    /// Lets the profile count that was asked for, or whose condition holds for these tracks, and says so.
    fn profile(
        &self,
        session: &mut Session,
        by_hand: Option<&str>,
        tracks: &[TrackId],
        uncommitted: bool,
    ) -> Result<(), Failure> {
        let choice = ops::profile::choose(session, by_hand, tracks, uncommitted)?;
        let Some(choice) = choice else { return Ok(()) };
        let text = format!("profile {}: {}", choice.profile, choice.reason);
        self.note(text);
        Ok(session.use_profile(choice)?)
    }

    /// One sentence beside the answer.
    fn note(&self, text: String) {
        ui::notices(self.terminal, &[Notice::Text(text)], false);
    }

    /// The commands of `[notify]` that are to run now; what keeps others from it is said.
    fn to_tell(&self, calls: Result<Option<Calls>, StoreError>) -> Option<Calls> {
        let calls = match calls {
            Ok(calls) => calls?,
            Err(error) => {
                ui::warning(self.terminal, &error.to_string());
                return None;
            }
        };
        if let Some(missing) = calls.not_approved() {
            ui::warning(self.terminal, &missing.to_string());
        }
        (!calls.is_empty()).then_some(calls)
    }

    /// Runs them and says what went wrong, which changes nothing.
    fn tell(&self, calls: Calls, interrupt: &Interrupt) {
        for failure in ops::announce::tell(calls, interrupt) {
            ui::warning(self.terminal, &failure);
        }
    }

    /// Tells whom tracks.toml names what a round has changed; these tracks are those that it was to take.
    fn tell_of_round(
        &self,
        session: &Session,
        yes: bool,
        report: &ops::sync::Report,
        tracks: &[TrackId],
    ) {
        let asked_for = |track: &TrackId| tracks.contains(track);
        let facts = &report::told::round;
        let calls = ops::announce::of_round(session, yes, report, &asked_for, facts, &mut None);
        if let Some(calls) = self.to_tell(calls) {
            self.tell(calls, &session.interrupt);
        }
    }

    /// What may run. Where somebody is there to ask, and something is not approved yet, they are asked.
    fn trust(&self, session: &Session, yes: bool) -> Result<Trust, Failure> {
        let trust = Trust::load(session, yes)?;
        let missing = trust.missing(&session.project);
        if missing.is_empty() || !self.terminal.can_ask() || !ui::approve(self.terminal, &missing) {
            return Ok(trust);
        }
        ops::trust::approve(session, &missing)?;
        Ok(Trust::load(session, yes)?)
    }
}

/// A duration as in tracks.toml, longer than none.
fn duration(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text).map_err(|error| error.to_string())?;
    match duration.is_zero() {
        true => Err("it must be longer than none".to_owned()),
        false => Ok(duration),
    }
}

/// A coding agent, by its name.
fn agent_named(name: &str) -> Result<Agent, String> {
    let known = || Agent::ALL.map(Agent::name).join(", ");
    Agent::named(name).ok_or_else(|| format!("it is one of {}", known()))
}

/// The exit status: found wins over undetermined, an interruption over both.
fn status(found: bool, undetermined: bool, interrupted: Option<u8>) -> u8 {
    match (interrupted, found, undetermined) {
        (Some(status), _, _) => status,
        (None, true, _) => FOUND,
        (None, false, true) => UNDETERMINED,
        (None, false, false) => DONE,
    }
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShortFormat {
    Text,
    Json,
}

/// How the answer of a long run is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LongFormat {
    Text,
    Json,
    /// One event a line while it runs, then the same document as with `json`.
    JsonLines,
}

/// How the answer of `check` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    Text,
    Json,
    /// One event a line while it runs, then the same document as with `json`.
    JsonLines,
    /// A suite for each track, a test case for each check.
    Junit,
}

impl From<ShortFormat> for Format {
    fn from(format: ShortFormat) -> Self {
        match format {
            ShortFormat::Text => Format::Text,
            ShortFormat::Json => Format::Json,
        }
    }
}

impl From<CheckFormat> for Format {
    fn from(format: CheckFormat) -> Self {
        match format {
            CheckFormat::Text => Format::Text,
            // Both are one document for programs.
            CheckFormat::Json | CheckFormat::Junit => Format::Json,
            CheckFormat::JsonLines => Format::JsonLines,
        }
    }
}

impl From<LongFormat> for Format {
    fn from(format: LongFormat) -> Self {
        match format {
            LongFormat::Text => Format::Text,
            LongFormat::Json => Format::Json,
            LongFormat::JsonLines => Format::JsonLines,
        }
    }
}
