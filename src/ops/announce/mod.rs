//! `[notify]`: who is told of what has turned. One file per event says what that is; how commands are run is the same for all.
//!
//! What was last known is kept, so that an edge is told once, whichever run sees it: a command that is watching, or one
//! that a timer starts. What comes of the telling never changes what a run answers.

mod conflicts;
mod land;
mod sync;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::domain::name::TrackId;
use crate::domain::trust::{self, TrustedCommand};
use crate::process::{End, Interrupt, Job, JobResult, Pool, ShellJob, Work, clock};
use crate::store::StoreError;

use super::Session;
use super::setup::{failure, show};
use super::trust::Trust;
pub use conflicts::{Facts, calls as of_conflicts};
pub use land::{Landing, calls as of_landing};
pub use sync::{RoundFacts, calls as of_round};

/// Somebody is told in passing: who takes longer is not heard to the end.
const TIMEOUT: Duration = Duration::from_secs(30);

/// So many are told at once.
const AT_ONCE: usize = 4;

/// One command to be run for one thing that happened.
#[derive(Debug, Clone)]
struct Call {
    command: TrustedCommand,
    /// "a and b", "round 3".
    about: String,
    facts: Vec<u8>,
    log: PathBuf,
}

/// What is to be told.
#[derive(Debug)]
pub struct Calls {
    calls: Vec<Call>,
    place: Place,
    /// Where commands stand that nobody has approved, and that would have been run.
    not_approved: BTreeSet<String>,
}

/// Where and how commands run.
#[derive(Debug, Clone)]
struct Place {
    cwd: PathBuf,
    grace: Duration,
}

/// Somebody wanted to be told and was not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nobody was told: {} not approved; `tracks trust` shows what would run", are(.0))]
pub struct NotApproved(BTreeSet<String>);

fn are(places: &BTreeSet<String>) -> String {
    let verb = if places.len() == 1 { "is" } else { "are" };
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    format!("{} {verb}", places.join(", "))
}

impl Calls {
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// What is not run because nobody has approved it.
    pub fn not_approved(&self) -> Option<NotApproved> {
        let places = &self.not_approved;
        (!places.is_empty()).then(|| NotApproved(places.clone()))
    }
}

/// Gathers what is to be told.
struct Gather<'a> {
    session: &'a Session,
    trust: Trust,
    /// The directory for what the commands print, made where it is first needed.
    logs: &'a mut Option<PathBuf>,
    calls: Calls,
}

impl<'a> Gather<'a> {
    fn new(
        session: &'a Session,
        yes: bool,
        logs: &'a mut Option<PathBuf>,
    ) -> Result<Self, StoreError> {
        let repository = &session.repository;
        let cwd = repository
            .main_worktree()
            .unwrap_or(repository.common_dir());
        Ok(Gather {
            session,
            trust: Trust::load(session, yes)?,
            logs,
            calls: Calls {
                calls: Vec::new(),
                place: Place {
                    cwd: cwd.to_owned(),
                    grace: session.project.run.grace,
                },
                not_approved: BTreeSet::new(),
            },
        })
    }

    fn allows(&self, command: &TrustedCommand) -> bool {
        self.trust.allows(command)
    }

    /// `log` is the name of its log without an ending.
    fn add(
        &mut self,
        command: &TrustedCommand,
        about: String,
        log: &str,
        facts: Vec<u8>,
    ) -> Result<(), StoreError> {
        if !self.trust.allows(command) {
            self.calls.not_approved.insert(command.place.clone());
            return Ok(());
        }
        let dir = match &*self.logs {
            Some(dir) => dir.clone(),
            None => self
                .logs
                .insert(self.session.store.new_log_dir(clock::now())?)
                .clone(),
        };
        self.calls.calls.push(Call {
            command: command.clone(),
            about,
            facts,
            log: dir.join(format!("{log}.log")),
        });
        Ok(())
    }
}

/// The commands of the project that want to know of one event.
struct Listeners {
    of_all: Option<TrustedCommand>,
    of_tracks: Vec<(TrackId, TrustedCommand)>,
}

/// Whom a command is run for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum For {
    All,
    Tracks(BTreeSet<TrackId>),
}

impl For {
    fn has(&self, track: &TrackId) -> bool {
        match self {
            For::All => true,
            For::Tracks(tracks) => tracks.contains(track),
        }
    }
}

impl Listeners {
    fn new(session: &Session, event: &str) -> Self {
        let project = &session.project;
        let of_tracks = project.tracks.iter().filter_map(|track| {
            let command = trust::notify(project, Some(track), event)?;
            Some((track.id.clone(), command))
        });
        Listeners {
            of_all: trust::notify(project, None, event),
            of_tracks: of_tracks.collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.of_all.is_none() && self.of_tracks.is_empty()
    }

    /// Each command once, also where several tracks that are concerned name the same.
    fn of(&self, concerned: impl Fn(&TrackId) -> bool) -> Vec<(&TrustedCommand, For)> {
        let mut found: Vec<(&TrustedCommand, For)> = Vec::new();
        found.extend(self.of_all.iter().map(|command| (command, For::All)));
        for (track, command) in self.of_tracks.iter().filter(|(track, _)| concerned(track)) {
            let known = found
                .iter_mut()
                .find(|(known, _)| known.exact_text() == command.exact_text());
            match known {
                None => found.push((command, For::Tracks(BTreeSet::from([track.clone()])))),
                Some((_, For::Tracks(tracks))) => drop(tracks.insert(track.clone())),
                Some((_, For::All)) => {}
            }
        }
        found
    }
}

/// Runs the commands and waits for them; the result is what went wrong, one sentence each.
pub fn tell(calls: Calls, interrupt: &Interrupt) -> Vec<String> {
    let mut work = Telling {
        place: calls.place,
        calls: calls.calls,
        next: 0,
        running: 0,
        failures: Vec::new(),
    };
    let ran = Pool { interrupt }.run(&mut work, &mut |_| {});
    if let Err(error) = ran {
        work.failures
            .push(format!("commands of [notify] cannot be run: {error}"));
    }
    work.failures
}

struct Telling {
    place: Place,
    calls: Vec<Call>,
    next: usize,
    running: usize,
    failures: Vec<String>,
}

impl Work<'_> for Telling {
    fn next(&mut self) -> Option<Job<'static>> {
        if self.running >= AT_ONCE {
            return None;
        }
        let key = self.next;
        let call = self.calls.get(key)?;
        self.next += 1;
        self.running += 1;
        Some(Job::Command(ShellJob {
            key,
            command: call.command.command.clone(),
            cwd: self.place.cwd.clone(),
            env: call.command.env.clone(),
            stdin: call.facts.clone(),
            log: call.log.clone(),
            timeout: Some(TIMEOUT),
            grace: self.place.grace,
            stall: None,
            end_stalled: false,
        }))
    }

    fn ended(&mut self, key: usize, result: &JobResult) {
        self.running -= 1;
        // Who interrupts us need not be told that we were interrupted.
        if result.end == End::Cancelled {
            return;
        }
        if let Some(how) = failure(&result.end) {
            let call = &self.calls[key];
            self.failures.push(format!(
                "{} `{}` {how} for {}; what it printed: {}",
                call.command.place,
                show(&call.command.command),
                call.about,
                call.log.display()
            ));
        }
    }
}

/// Tells while something else goes on: batch after batch, in order. Dropping it waits for what is being told.
#[derive(Debug)]
pub(super) struct Teller {
    queue: Option<Sender<Calls>>,
    failures: Receiver<String>,
    thread: Option<JoinHandle<()>>,
}

impl Teller {
    /// `wake` is called when there is a failure to look at.
    pub(super) fn new(interrupt: &Interrupt, wake: impl Fn() + Send + 'static) -> Teller {
        let (queue, batches) = channel::<Calls>();
        let (report, failures) = channel();
        let interrupt = interrupt.clone();
        let listen = move || {
            for batch in batches {
                if interrupt.exit_status().is_some() {
                    return;
                }
                for failure in tell(batch, &interrupt) {
                    // Nobody looks any more when the program ends.
                    let _ = report.send(failure);
                    wake();
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("notify".to_owned())
            .spawn(listen);
        Teller {
            queue: Some(queue),
            failures,
            // Without the thread, nobody takes from the queue, and sending says so.
            thread: thread.ok(),
        }
    }

    pub(super) fn tell(&self, calls: Calls) {
        if let Some(queue) = &self.queue {
            let _ = queue.send(calls);
        }
    }

    pub(super) fn failures(&self) -> impl Iterator<Item = String> {
        self.failures.try_iter()
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic over there has been reported, and is no reason to end otherwise than we would have.
            let _ = thread.join();
        }
    }
}
