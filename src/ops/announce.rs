//! `[notify] on_conflict`: who is told when a pair turns from clean to conflict, or back.
//!
//! What was last known is kept, so that an edge is told once, whichever run sees it: a command that is watching, or one
//! that a timer starts. What comes of the telling never changes what a run answers.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::domain::merge::{self, Edge};
use crate::domain::name::{Side, TrackId};
use crate::domain::trust::{self, ON_CONFLICT, TrustedCommand};
use crate::process::{End, Interrupt, Job, JobResult, Pool, ShellJob, Work, clock};
use crate::store::StoreError;

use super::Session;
use super::conflicts::{Options, Report};
use super::setup::{failure, show};
use super::trust::Trust;

/// Somebody is told in passing: who takes longer is not heard to the end.
const TIMEOUT: Duration = Duration::from_secs(30);

/// So many are told at once.
const AT_ONCE: usize = 4;

/// One command to be run for one edge.
#[derive(Debug, Clone)]
struct Call {
    command: TrustedCommand,
    edge: Edge,
    facts: Vec<u8>,
    log: PathBuf,
}

/// The facts of an edge, as the command reads them.
pub type Facts<'a> = &'a dyn Fn(&Report, &Edge) -> Vec<u8>;

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

/// Takes the report for what is known from now on, and gives what has to be told because of it. Nothing is kept where
/// nobody wants to be told. `logs` is the directory for what the commands print, made where it is first needed.
///
/// # Errors
/// When the last verdicts or the approvals cannot be read or kept.
pub fn calls(
    session: &Session,
    yes: bool,
    options: &Options,
    report: &Report,
    facts: Facts<'_>,
    logs: &mut Option<PathBuf>,
) -> Result<Option<Calls>, StoreError> {
    let commands = Listeners::new(session);
    // Who wants to know of tracks was not asked about branches.
    if commands.is_empty() || session.branches.is_some() {
        return Ok(None);
    }
    let tracks = session.project.tracks.iter().map(|track| track.id.clone());
    let tracks: BTreeSet<TrackId> = tracks.collect();
    let edges = session
        .store
        .update_verdicts(view(session, options), |last| {
            merge::edges(last, &report.pairs, &tracks)
        })?;
    if edges.is_empty() {
        return Ok(None);
    }
    let trust = Trust::load(session, yes)?;
    let repository = &session.repository;
    let cwd = repository
        .main_worktree()
        .unwrap_or(repository.common_dir());
    let mut found = Calls {
        calls: Vec::new(),
        place: Place {
            cwd: cwd.to_owned(),
            grace: session.project.run.grace,
        },
        not_approved: BTreeSet::new(),
    };
    for edge in edges {
        for (number, command) in commands.of(&edge).into_iter().enumerate() {
            if !trust.allows(command) {
                found.not_approved.insert(command.place.clone());
                continue;
            }
            let dir = match &*logs {
                Some(dir) => dir.clone(),
                None => logs
                    .insert(session.store.new_log_dir(clock::now())?)
                    .clone(),
            };
            found.calls.push(Call {
                command: command.clone(),
                facts: facts(report, &edge),
                // A later edge of the same pair writes over it.
                log: dir.join(format!("notify-{}-{}-{number}.log", edge.a, edge.b)),
                edge: edge.clone(),
            });
        }
    }
    Ok(Some(found))
}

/// Runs with and without uncommitted work, or with remote branches first, see different things, and each goes on from what
/// its like saw.
fn view(session: &Session, options: &Options) -> &'static str {
    match (options.committed, session.prefer_remote) {
        (false, false) => "work",
        (true, false) => "committed",
        (false, true) => "work-remote",
        (true, true) => "committed-remote",
    }
}

/// The commands of the project that want to know.
struct Listeners {
    of_all: Option<TrustedCommand>,
    of_tracks: Vec<(TrackId, TrustedCommand)>,
}

impl Listeners {
    fn new(session: &Session) -> Self {
        let project = &session.project;
        let of_tracks = project.tracks.iter().filter_map(|track| {
            let command = trust::notify(project, Some(track), ON_CONFLICT)?;
            Some((track.id.clone(), command))
        });
        Listeners {
            of_all: trust::notify(project, None, ON_CONFLICT),
            of_tracks: of_tracks.collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.of_all.is_none() && self.of_tracks.is_empty()
    }

    /// Each command once, also where both tracks of the pair name the same.
    fn of(&self, edge: &Edge) -> Vec<&TrustedCommand> {
        let sides = [&edge.a, &edge.b];
        let concerned = |track: &TrackId| {
            sides
                .iter()
                .any(|side| matches!(side, Side::Track(id) if id == track))
        };
        let own = self
            .of_tracks
            .iter()
            .filter(|(track, _)| concerned(track))
            .map(|(_, command)| command);
        let mut seen = BTreeSet::new();
        self.of_all
            .iter()
            .chain(own)
            .filter(|command| seen.insert(command.exact_text()))
            .collect()
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
                "{} `{}` {how} for {} and {}; what it printed: {}",
                call.command.place,
                show(&call.command.command),
                call.edge.a,
                call.edge.b,
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
