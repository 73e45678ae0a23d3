//! What checks need running beside them, such as a database: started when first needed, waited for until it is ready,
//! stopped when nobody needs it any more.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::domain::project::Service;
use crate::domain::trust::{TrustedCommand, commands_of_service};
use crate::ops::Session;
use crate::ops::setup::failure;
use crate::ops::variables::Variables;
use crate::process::{
    Daemon, DaemonJob, Detached, End, Interrupt, JobResult, ShellJob, cores, run_one,
};
use crate::store::{ResultKey, Seat, SharedService, other_log};

/// How long it may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Between two questions whether it is.
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(100);

/// For the command that asks, and for the one that stops.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// One service at one place.
#[derive(Debug, Clone)]
pub(super) struct Spec<'a> {
    pub(super) session: &'a Session,
    pub(super) name: &'a str,
    pub(super) service: &'a Service,
    pub(super) dir: PathBuf,
    pub(super) variables: Variables,
    pub(super) log: PathBuf,
    /// What git needs there to read what is checked out.
    pub(super) env: Vec<(String, String)>,
}

/// A service that is ready.
#[derive(Debug)]
pub(super) struct Ready<'a> {
    spec: Spec<'a>,
    process: Process,
}

#[derive(Debug)]
enum Process {
    Ours(Daemon),
    Shared(Seat, Option<Detached>),
}

impl<'a> Spec<'a> {
    fn is_shared(&self) -> bool {
        self.service.per_repository
    }

    fn command(&self, key: &str) -> Option<TrustedCommand> {
        let place = format!("[service.{}] {key}", self.name);
        let commands = commands_of_service(&self.session.project, self.name);
        commands.into_iter().find(|command| command.place == place)
    }

    fn env(&self, command: &TrustedCommand) -> Vec<(String, String)> {
        let mut env = command.env.clone();
        env.extend(self.env.iter().cloned());
        env.extend(self.variables.iter().cloned());
        env
    }

    /// Takes long: for a thread of its own.
    ///
    /// # Errors
    /// Why it is not ready, in one sentence.
    pub(super) fn start(self) -> Result<Ready<'a>, String> {
        match self.is_shared() {
            true => self.share(),
            false => self.start_own(),
        }
    }

    fn start_own(self) -> Result<Ready<'a>, String> {
        let daemon = Daemon::start(&self.daemon_job()?, &self.session.interrupt)?;
        let began = Instant::now();
        let result = loop {
            // One that puts itself into the background ends well, and can be asked or stopped.
            let status = daemon.exit_status();
            let stays = self.service.ready.is_some() || self.service.stop.is_some();
            if daemon.has_ended() && (status != Some(0) || !stays) {
                break Err(format!("its `start` ended{}", with_status(status)));
            }
            match self.is_ready(began) {
                None => {}
                Some(result) => break result,
            }
        };
        match result {
            Ok(()) => Ok(self.ready(Process::Ours(daemon))),
            Err(why) => {
                self.run_stop();
                daemon.stop(self.session.project.run.grace);
                Err(self.not_ready(&why))
            }
        }
    }

    /// The one that runs for all, started where there is none.
    fn share(self) -> Result<Ready<'a>, String> {
        let store = &self.session.store;
        let told = |error: crate::store::StoreError| error.to_string();
        let _gate = loop {
            match store.service_gate(self.name).map_err(told)? {
                Some(gate) => break gate,
                None if self.session.interrupt.exit_status().is_some() => {
                    return Err(self.not_ready("it was interrupted"));
                }
                // Another process starts it, or stops it.
                None => std::thread::park_timeout(BETWEEN_QUESTIONS),
            }
        };
        let seat = store.service_seat(self.name).map_err(told)?;
        let digest = self.digest();
        let known = store.shared_service(self.name);
        let alive = |service: &SharedService| match service.leader {
            Some((leader, started)) => Detached { leader, started }.is_alive(),
            None => self.asks_ready(),
        };
        let known = known.filter(alive);
        let (known, other) = match known {
            Some(known) if known.digest != digest => (None, Some(known)),
            known => (known, None),
        };
        if let Some(other) = other {
            // Left by who was killed, or in use by a run that started it by another tracks.toml.
            if !seat.is_the_only_one().map_err(told)? {
                let why = "another run uses it as another tracks.toml says; wait for that to end";
                return Err(format!("service {} cannot be started: {why}", self.name));
            }
            if let Some((leader, started)) = other.leader {
                Detached { leader, started }.stop(self.session.project.run.grace);
            }
        }
        let detached = match known {
            Some(known) => known
                .leader
                .map(|(leader, started)| Detached { leader, started }),
            None => {
                let job = self.daemon_job()?;
                let detached = Detached::start(&job)?;
                let leader = Some((detached.leader, detached.started));
                let note = SharedService { digest, leader };
                store.note_service(self.name, Some(&note)).map_err(told)?;
                Some(detached)
            }
        };
        let began = Instant::now();
        loop {
            let ended = detached.is_some_and(|detached| !detached.is_alive());
            let status = detached.and_then(|detached| detached.exit_status());
            let stays = self.service.ready.is_some() || self.service.stop.is_some();
            if status.is_some_and(|status| status != 0) || ended && !stays {
                if seat.leave() {
                    self.stop_shared(detached);
                }
                return Err(self.not_ready(&format!("its `start` ended{}", with_status(status))));
            }
            match self.is_ready(began) {
                None => {}
                Some(Ok(())) => break,
                Some(Err(why)) => {
                    if seat.leave() {
                        self.stop_shared(detached);
                    }
                    return Err(self.not_ready(&why));
                }
            }
        }
        let alive = detached.filter(Detached::is_alive);
        if alive.is_none() {
            let digest = self.digest();
            let note = SharedService {
                digest,
                leader: None,
            };
            store.note_service(self.name, Some(&note)).map_err(told)?;
        }
        Ok(self.ready(Process::Shared(seat, alive)))
    }

    fn ready(self, process: Process) -> Ready<'a> {
        Ready {
            spec: self,
            process,
        }
    }

    fn not_ready(&self, why: &str) -> String {
        format!(
            "service {} is not ready: {why}; see {}",
            self.name,
            self.log.display()
        )
    }

    fn daemon_job(&self) -> Result<DaemonJob, String> {
        let start = self.command("start").ok_or("it has no `start`")?;
        Ok(DaemonJob {
            env: self.env(&start),
            command: start.command,
            cwd: self.dir.clone(),
            log: self.log.clone(),
        })
    }

    fn digest(&self) -> String {
        let commands = commands_of_service(&self.session.project, self.name);
        let texts: Vec<String> = commands.iter().map(TrustedCommand::exact_text).collect();
        let parts = texts.iter().map(String::as_bytes);
        ResultKey::of(parts).as_str().to_owned()
    }

    /// `None`: not yet. Waits a moment before that is said.
    fn is_ready(&self, began: Instant) -> Option<Result<(), String>> {
        if self.session.interrupt.exit_status().is_some() {
            return Some(Err("it was interrupted".to_owned()));
        }
        if self.service.ready.is_none() || self.asks_ready() {
            return Some(Ok(()));
        }
        if began.elapsed() > READY_WITHIN {
            let limit = READY_WITHIN.as_secs();
            return Some(Err(format!("`ready` has not succeeded in {limit}s")));
        }
        std::thread::park_timeout(BETWEEN_QUESTIONS);
        None
    }

    fn asks_ready(&self) -> bool {
        let result = self.run("ready", &self.session.interrupt);
        result.is_none_or(|result| result.end == End::Exited(0))
    }

    fn run_stop(&self) -> Option<String> {
        // Also where everything else is being stopped.
        let result = self.run("stop", &Interrupt::never())?;
        failure(&result.end)
    }

    fn run(&self, key: &str, interrupt: &Interrupt) -> Option<JobResult> {
        let command = self.command(key)?;
        let job = ShellJob {
            key: 0,
            env: self.env(&command),
            command: command.command,
            cwd: self.dir.clone(),
            stdin: Vec::new(),
            log: self.log.with_extension(format!("{key}.log")),
            timeout: Some(COMMAND_TIMEOUT),
            grace: self.session.project.run.grace,
            stall: None,
            end_stalled: false,
        };
        Some(run_one(job, interrupt))
    }

    fn stop_shared(&self, detached: Option<Detached>) {
        self.run_stop();
        if let Some(detached) = detached {
            detached.stop(self.session.project.run.grace);
        }
        // Should that fail, the next one to use it finds nothing alive.
        let _ = self.session.store.note_service(self.name, None);
    }
}

impl Ready<'_> {
    /// Whether it has ended by itself: what fails then says nothing of the tree.
    pub(super) fn has_ended(&self) -> bool {
        match &self.process {
            // One that has put itself into the background is not seen any more.
            Process::Ours(daemon) => daemon.has_ended() && daemon.exit_status() != Some(0),
            Process::Shared(_, None) => false,
            Process::Shared(_, Some(detached)) => !detached.is_alive(),
        }
    }

    /// Takes long: for a thread of its own.
    pub(super) fn stop(self) {
        let (spec, grace) = (&self.spec, self.spec.session.project.run.grace);
        match self.process {
            Process::Ours(daemon) => {
                spec.run_stop();
                daemon.stop(grace);
            }
            Process::Shared(seat, detached) => {
                // Without the gate somebody could sit down while it is being stopped. Who has it now is about to be among the
                // users, or has found none but us.
                let store = &spec.session.store;
                let mut gate = store.service_gate(spec.name);
                while matches!(gate, Ok(None)) {
                    std::thread::park_timeout(BETWEEN_QUESTIONS);
                    gate = store.service_gate(spec.name);
                }
                if gate.is_ok() && seat.leave() {
                    spec.stop_shared(detached);
                }
            }
        }
    }
}

/// Where `start` has ended.
fn with_status(status: Option<i32>) -> String {
    status.map_or_else(String::new, |status| format!(" with status {status}"))
}

/// Stops several at once.
pub(super) fn stop_all(services: Vec<Ready<'_>>) {
    let limit = cores().get().max(4);
    let services: Vec<_> = services
        .into_iter()
        .map(|service| std::sync::Mutex::new(Some(service)))
        .collect();
    crate::process::in_parallel(&services, limit, |service| {
        let service = service.lock().ok().and_then(|mut service| service.take());
        if let Some(service) = service {
            service.stop();
        }
    });
}

/// Where the log of a service goes.
pub(super) fn log(dir: &Path, place: &str, name: &str) -> PathBuf {
    dir.join(other_log(place, &format!("service-{name}")))
}
