//! One set of grounds worked on together: the schedule says what may start, the pool runs it, and what ends is settled here.

mod checks;
mod places;
mod plan;

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, SystemTime};

use crate::domain::check::{Breaker, Node, Outcome, Schedule, Start, lower_bound};
use crate::domain::name::{CheckName, Side};
use crate::ops::figures::Taken;
use crate::ops::limits::Limits;
use crate::ops::setup::Place;
use crate::ops::site::{Look, Site, SiteError};
use crate::ops::trust::Trust;
use crate::ops::{Emit, Event, Session, Wait};
use crate::process::{Call, Job, JobResult, Pool, PoolEvent, Work};
use crate::store::StoreError;

use super::gate::Gate;
use super::ground::{Stage, Worked};
use super::keep::Looked;
use super::service::{self, Ready};
use super::{Book, Ground, Options, RunnerError};

/// What a node of the schedule stands for. Grounds and services are those of the shift, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Prepare(usize),
    Service(usize),
    Check { ground: usize, task: usize },
}

/// What a call is for.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    Open(usize),
    LookAfterSetup(usize),
    Look(usize),
    Restore(usize),
    Close(usize),
    StartService(usize),
    StopService(usize),
}

/// What a call gives back.
enum Returned<'a> {
    Opened(Result<Place<'a>, SiteError>),
    /// And whether what it has made lasts.
    AfterSetup(Look, bool),
    Looked(Looked),
    Restored(Result<(), SiteError>),
    Service(Result<Ready<'a>, String>),
    Nothing,
}

/// A service of this shift.
struct Instance<'a> {
    name: &'a str,
    /// Where it runs; `None`: for the whole repository.
    ground: Option<usize>,
    /// Checks that need it and have not ended.
    users: usize,
    /// Starting, ready or stopping.
    busy: bool,
    ready: Option<Ready<'a>>,
}

pub(super) struct Shift<'a, 'r> {
    session: &'a Session,
    trust: &'a Trust,
    grounds: &'a [Ground<'a>],
    options: &'a Options<'a>,
    emit: Emit<'a>,
    worked: Vec<Worked<'a>>,
    services: Vec<Instance<'a>>,
    kinds: Vec<Kind>,
    nodes: Vec<Node>,
    limits: Limits,
    schedule: Schedule,
    gate: Gate,
    breaker: Breaker,
    /// Of calls. Their keys come after those of commands: by node for checks, then by ground for setup commands.
    purposes: Vec<Purpose>,
    /// Go on with something that has its place already.
    follow_ups: VecDeque<Job<'a>>,
    /// By node: of the last attempt, and when it began.
    results: Vec<Option<JobResult>>,
    since: Vec<SystemTime>,
    /// By node: what its last attempt has yielded.
    taken: Vec<Option<Taken>>,
    notes: Vec<Option<String>>,
    /// By node: it passed only when run again, which is to count as a failure.
    flaky_red: Vec<bool>,
    /// By node: all attempts together.
    took: Vec<Duration>,
    give: Sender<(usize, Returned<'a>)>,
    given: Receiver<(usize, Returned<'a>)>,
    waits: Vec<Wait>,
    book: &'r mut Book,
    failure: Option<RunnerError>,
}

impl<'a> Shift<'a, '_> {
    /// Does it all; how long it takes at the least. `stopped`: what is not known is cancelled.
    pub(super) fn work(mut self, stopped: bool) -> Result<Duration, RunnerError> {
        if stopped {
            self.schedule.cancel();
        }
        self.settle();
        if !self.schedule.is_done() {
            let pool = Pool {
                interrupt: &self.session.interrupt,
            };
            let names = self.names();
            let emit = self.emit;
            pool.run(&mut self, &mut |event| names.show(&event, emit))
                .map_err(RunnerError::Runtime)?;
            self.schedule.cancel();
            self.settle();
            self.leave();
        }
        if let Some(error) = self.failure {
            return Err(error);
        }
        let capacities = self.limits.capacities();
        Ok(lower_bound(&self.nodes, &capacities, &self.took))
    }

    /// What an interrupt has left standing.
    fn leave(&mut self) {
        // Calls that were about to be made end something. Commands stay undone.
        while let Some(job) = self.follow_ups.pop_front() {
            if let Job::Call(call) = job {
                (call.call)();
                self.take_returned();
            }
        }
        let services = self.services.iter_mut();
        service::stop_all(
            services
                .filter_map(|service| service.ready.take())
                .collect(),
        );
        for at in 0..self.worked.len() {
            if !matches!(self.worked[at].stage, Stage::Untouched | Stage::Closed) {
                self.look_for_the_last_time(at);
                self.site(at).close();
            }
        }
    }

    fn ground(&self, at: usize) -> &'a Ground<'a> {
        &self.grounds[self.worked[at].index]
    }

    fn site(&self, at: usize) -> &'a dyn Site {
        self.ground(at).site.as_ref()
    }

    /// A call of ours; what it gives back is there when it has returned.
    fn call(
        &mut self,
        purpose: Purpose,
        call: impl FnOnce() -> Returned<'a> + Send + 'a,
    ) -> Job<'a> {
        let key = self.nodes.len() + self.worked.len() + self.purposes.len();
        self.purposes.push(purpose);
        let give = self.give.clone();
        Job::Call(Call {
            key,
            call: Box::new(move || {
                // Nobody takes it any more when the shift is being torn down.
                let _ = give.send((key, call()));
            }),
        })
    }

    /// Takes what calls have given back.
    fn take_returned(&mut self) {
        while let Ok((key, returned)) = self.given.try_recv() {
            let purpose = self.purposes[key - self.nodes.len() - self.worked.len()];
            self.returned(purpose, returned);
        }
    }

    fn fail(&mut self, error: impl Into<RunnerError>) {
        self.failure.get_or_insert(error.into());
        self.schedule.cancel();
    }

    fn must(&mut self, result: Result<(), StoreError>) {
        if let Err(error) = result {
            self.fail(error);
        }
    }

    fn begin(&mut self, Start { node, attempt }: Start) -> Option<Job<'a>> {
        match self.kinds[node] {
            Kind::Prepare(at) => self.open(node, at),
            Kind::Service(at) => self.start_service(node, at),
            Kind::Check { ground, task } => self.start_check(node, ground, task, attempt),
        }
    }

    /// A node has ended, or its attempt has: then the number of the attempt, after which there is to be another one.
    fn finish(&mut self, node: usize, outcome: Outcome) -> Option<u32> {
        self.gate.release(node);
        let again = self.schedule.finish(node, outcome);
        self.settle();
        again
    }

    /// Says what has to be waited for, when that has changed.
    fn say_waits(&mut self, waits: Vec<Wait>) {
        let facts = |waits: &[Wait]| -> Vec<(String, String)> {
            let fact = |wait: &Wait| (wait.resource.clone(), wait.holder.clone());
            waits.iter().map(fact).collect()
        };
        if facts(&waits) != facts(&self.waits) {
            (self.emit)(&Event::Waiting(&waits));
        }
        self.waits = waits;
    }
}

impl<'a> Work<'a> for Shift<'a, '_> {
    fn next(&mut self) -> Option<Job<'a>> {
        loop {
            if let Some(job) = self.follow_ups.pop_front() {
                return Some(job);
            }
            self.advance();
            if !self.follow_ups.is_empty() {
                continue;
            }
            let (gate, limits) = (&mut self.gate, &self.limits);
            let (kinds, worked) = (&self.kinds, &self.worked);
            let name = |claim: &str| limits.name(claim).to_owned();
            let in_doubt = |node: usize| match kinds[node] {
                Kind::Check { ground, .. } => worked[ground].is_in_doubt(),
                Kind::Prepare(_) | Kind::Service(_) => false,
            };
            let start = self
                .schedule
                .next(|start| !in_doubt(start.node) && gate.admits(start.node, name));
            let Some(start) = start else {
                break;
            };
            if let Some(job) = self.begin(start) {
                return Some(job);
            }
        }
        let waits = self.gate.end_round();
        self.say_waits(waits);
        if let Some(error) = self.gate.take_failure() {
            self.fail(error);
            self.settle();
        }
        None
    }

    fn ended(&mut self, key: usize, result: &JobResult) {
        match key.checked_sub(self.nodes.len()) {
            None => self.check_ended(key, result),
            Some(at) => self.setup_ended(at, result),
        }
    }

    fn called(&mut self, _key: usize) {
        // A call that has panicked gives nothing; the pool passes the panic on.
        self.take_returned();
    }

    fn to_stop(&mut self) -> Vec<usize> {
        if !self.schedule.stops_running() && self.failure.is_none() {
            return Vec::new();
        }
        let commands = 0..self.nodes.len() + self.worked.len();
        commands.collect()
    }

    fn ask_again(&self) -> Option<Duration> {
        let looks = self.worked.iter().filter_map(Worked::look_due);
        looks.chain(self.gate.next_try()).min()
    }
}

/// What to call the commands of the pool.
struct Names<'a> {
    /// By node.
    checks: Vec<Option<(&'a CheckName, &'a Side)>>,
    /// By ground.
    setups: Vec<String>,
}

impl<'a> Shift<'a, '_> {
    fn names(&self) -> Names<'a> {
        let check = |kind: &Kind| match kind {
            Kind::Check { ground, task } => {
                let ground = self.ground(*ground);
                Some((&ground.tasks[*task].check.name, &ground.side))
            }
            Kind::Prepare(_) | Kind::Service(_) => None,
        };
        let setup = |at: usize| self.ground(at).side.to_string();
        Names {
            checks: self.kinds.iter().map(check).collect(),
            setups: (0..self.worked.len()).map(setup).collect(),
        }
    }
}

impl Names<'_> {
    fn show(&self, event: &PoolEvent<'_>, emit: Emit<'_>) {
        let (PoolEvent::Output { key, .. } | PoolEvent::Stalled { key, .. }) = event;
        let event = match (event, self.checks.get(*key)) {
            (PoolEvent::Output { line, .. }, Some(Some((check, side)))) => {
                Event::CheckOutput { check, side, line }
            }
            (PoolEvent::Stalled { silent, .. }, Some(Some((check, side)))) => {
                let silent = *silent;
                Event::CheckStalled {
                    check,
                    side,
                    silent,
                }
            }
            (PoolEvent::Output { line, .. }, None) => Event::SetupOutput {
                place: &self.setups[key - self.checks.len()],
                line,
            },
            _ => return,
        };
        emit(&event);
    }
}
