//! Making grounds ready, looking after them, and giving them back; and the services that run there.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::domain::check::Outcome;
use crate::domain::path::RepoPath;
use crate::domain::trust::commands_of_service;
use crate::ops::own_worktree::OwnWorktreeError;
use crate::ops::setup::{self, complaint, failure};
use crate::ops::site::{Look, SiteError};
use crate::ops::{Event, ServiceStep, variables};
use crate::process::{Job, JobResult, clock};

use super::super::ground::Stage;
use super::super::keep::{self, Looked, look_and_keep};
use super::super::service::{self, Spec};
use super::{Instance, Kind, Purpose, Returned, Shift};

/// How the breaker calls setups, as opposed to checks, whose names have no blank.
const SETUP: &str = "the setup";

impl<'a> Shift<'a, '_> {
    pub(super) fn open(&mut self, node: usize, at: usize) -> Option<Job<'a>> {
        debug_assert_eq!(self.worked[at].node, Some(node));
        self.worked[at].began = Instant::now();
        self.worked[at].stage = Stage::Opening;
        let site = self.site(at);
        Some(self.call(Purpose::Open(at), move || Returned::Opened(site.open())))
    }

    pub(super) fn returned(&mut self, purpose: Purpose, returned: Returned<'a>) {
        match (purpose, returned) {
            (Purpose::Open(at), Returned::Opened(Ok(place))) => {
                let variables = variables::of_place(self.session, &place.name, &place.dir);
                match variables {
                    Ok(variables) => {
                        self.worked[at].variables = variables;
                        let side = self.ground(at).side.to_string();
                        let variables = &mut self.worked[at].variables;
                        variables.push(("TRACKS_TRACK".to_owned(), side));
                    }
                    Err(error) => self.fail(error),
                }
                self.worked[at].place = Some(place);
                self.set_up(at);
            }
            (Purpose::Open(at), Returned::Opened(Err(error))) => {
                self.worked[at].stage = Stage::Failed;
                match error {
                    // A git of ours has heard the same signal.
                    _ if self.session.interrupt.exit_status().is_some() => {
                        self.finish_preparing(at, Outcome::Cancelled);
                    }
                    SiteError::OwnWorktree(error @ OwnWorktreeError::NotOurs { .. }) => {
                        self.not_prepared(at, error.to_string());
                    }
                    error => {
                        self.fail(error);
                        self.finish_preparing(at, Outcome::CouldNotRun);
                    }
                }
            }
            (Purpose::LookAfterSetup(at), Returned::AfterSetup(look, lasts)) => match look {
                Look::Same => self.set_up_well(at, lasts),
                Look::Changed(_) => self.not_prepared(
                    at,
                    "setup changes tracked files, so what would be checked is not what was merged"
                        .to_owned(),
                ),
                Look::Unknown => {
                    let why = "git cannot tell what setup has changed in its worktree";
                    self.not_prepared(at, why.to_owned());
                }
            },
            (Purpose::Look(at), Returned::Looked(looked)) => self.looked(at, looked),
            (Purpose::Restore(at), Returned::Restored(result)) => {
                self.worked[at].looking = false;
                if let Err(error) = result {
                    let why = format!("what a check changed there cannot be put right: {error}");
                    self.worked[at].lost = Some(why);
                }
            }
            (Purpose::Close(at), _) => {
                self.worked[at].stage = Stage::Closed;
                if self.site(at).is_lent() {
                    self.gate.given_back();
                }
            }
            (Purpose::StartService(at), Returned::Service(result)) => {
                self.service_started(at, result);
            }
            (Purpose::StopService(at), _) => {
                self.services[at].busy = false;
                self.say_service(at, ServiceStep::Stopped);
            }
            // No call gives back anything else.
            _ => {}
        }
    }

    /// Begins with the first setup command, if any has to run.
    fn set_up(&mut self, at: usize) {
        let Some(place) = &self.worked[at].place else {
            return;
        };
        if !setup::is_due(self.session, place) {
            self.prepared(at);
        } else if let Some(objection) = self.breaker.objection(SETUP) {
            self.not_prepared(at, objection);
        } else if !self.trust.allows_all(&place.setup) {
            let why = "the setup commands are not approved; see `tracks trust`";
            self.not_prepared(at, why.to_owned());
        } else {
            let forgotten = self.session.store.forget_setup(&place.dir);
            self.must(forgotten);
            self.set_up_further(at, 0);
        }
    }

    fn set_up_further(&mut self, at: usize, step: usize) {
        self.worked[at].stage = Stage::SettingUp(step);
        let (log, key) = (self.setup_log(at, step), self.nodes.len() + at);
        if let Some(place) = &self.worked[at].place {
            let variables = &self.worked[at].variables;
            let job = setup::job(self.session, place, step, variables, log, key);
            self.follow_ups.push_back(Job::Command(job));
        }
    }

    fn setup_log(&self, at: usize, step: usize) -> PathBuf {
        let side = self.ground(at).side.to_string();
        self.options.log_dir.join(setup::log(&side, step))
    }

    pub(super) fn setup_ended(&mut self, at: usize, result: &JobResult) {
        let side = self.ground(at).side.to_string();
        (self.emit)(&Event::SetupEnded { place: &side });
        let Stage::SettingUp(step) = self.worked[at].stage else {
            return;
        };
        let Some(place) = &self.worked[at].place else {
            return;
        };
        let how = failure(&result.end).map(|how| complaint(&place.setup[step], &how));
        let more = step + 1 < place.setup.len();
        match how {
            Some(message) => {
                if result.end != crate::process::End::Cancelled {
                    self.breaker.could_not_run(SETUP, &message);
                }
                let log = self.setup_log(at, step);
                self.not_prepared(at, format!("{message}; see {}", log.display()));
            }
            None if more => self.set_up_further(at, step + 1),
            None => {
                self.breaker.ran(SETUP);
                self.look_after_setup(at);
            }
        }
    }

    /// In a worktree of ours, what is judged has to be what was merged.
    fn look_after_setup(&mut self, at: usize) {
        let dir = self.worked[at].dir();
        let (Some(dir), site) = (dir, self.site(at)) else {
            return;
        };
        if !site.is_ours() {
            self.set_up_well(at, true);
            return;
        }
        let repository = &self.session.repository;
        let look = move || {
            // What is neither tracked nor ignored goes when the worktree is put onto another commit.
            let lasts = matches!(repository.has_untracked_files(&dir), Ok(false));
            Returned::AfterSetup(site.look(&dir), lasts)
        };
        let job = self.call(Purpose::LookAfterSetup(at), look);
        self.follow_ups.push_back(job);
    }

    /// `lasts`: what setup has made is there the next time, too.
    fn set_up_well(&mut self, at: usize, lasts: bool) {
        if let Some(place) = self.worked[at].place.as_ref().filter(|_| lasts) {
            let noted = setup::note_done(self.session, place);
            self.must(noted);
        }
        self.prepared(at);
    }

    fn prepared(&mut self, at: usize) {
        self.worked[at].stage = Stage::Ready;
        self.finish_preparing(at, Outcome::Passed);
    }

    fn not_prepared(&mut self, at: usize, why: String) {
        self.worked[at].stage = Stage::Failed;
        if let Some(node) = self.worked[at].node {
            self.notes[node] = Some(why);
        }
        self.finish_preparing(at, Outcome::CouldNotRun);
    }

    fn finish_preparing(&mut self, at: usize, outcome: Outcome) {
        if let Some(node) = self.worked[at].node {
            self.took[node] = self.worked[at].began.elapsed();
            self.finish(node, outcome);
        }
    }

    pub(super) fn start_service(&mut self, node: usize, at: usize) -> Option<Job<'a>> {
        let Instance { name, ground, .. } = self.services[at];
        let service = self.session.project.services.get(name);
        let commands = commands_of_service(&self.session.project, name);
        let why = match service {
            Some(_) if self.trust.allows_all(&commands) => None,
            _ => Some(format!(
                "the commands of service {name} are not approved; see `tracks trust`"
            )),
        };
        let place = ground.and_then(|at| self.worked[at].place.as_ref());
        let (Some(service), None) = (service, &why) else {
            self.notes[node] = why;
            self.finish(node, Outcome::CouldNotRun);
            return None;
        };
        let repository = &self.session.repository;
        let main = repository
            .main_worktree()
            .unwrap_or(repository.common_dir());
        let (dir, variables, side) = match (place, ground) {
            (Some(place), Some(at)) => (
                place.dir.clone(),
                self.worked[at].variables.clone(),
                self.ground(at).side.to_string(),
            ),
            _ => (
                main.to_owned(),
                variables::of_slot(self.session, 0, main),
                "repository".to_owned(),
            ),
        };
        let spec = Spec {
            session: self.session,
            name,
            service,
            dir,
            variables,
            log: service::log(self.options.log_dir, &side, name),
            env: place.map_or_else(Vec::new, |place| place.env.clone()),
        };
        self.services[at].busy = true;
        self.say_service(at, ServiceStep::Starting);
        Some(self.call(Purpose::StartService(at), move || {
            Returned::Service(spec.start())
        }))
    }

    fn service_started(&mut self, at: usize, result: Result<service::Ready<'a>, String>) {
        self.services[at].busy = false;
        let kind = Kind::Service(at);
        let Some(node) = self.kinds.iter().position(|other| *other == kind) else {
            return;
        };
        match result {
            Ok(ready) => {
                self.services[at].ready = Some(ready);
                self.say_service(at, ServiceStep::Ready);
                self.finish(node, Outcome::Passed);
            }
            Err(why) => {
                self.say_service(at, ServiceStep::Failed(&why));
                self.notes[node] = Some(why);
                self.finish(node, Outcome::CouldNotRun);
            }
        }
    }

    fn say_service(&self, at: usize, step: ServiceStep<'_>) {
        let service = &self.services[at];
        let place = service.ground.map(|at| self.ground(at).side.to_string());
        (self.emit)(&Event::Service {
            name: service.name,
            place: place.as_deref(),
            step,
        });
    }

    /// Stops services that nobody needs any more, looks at trees where something ran, and gives back what is done.
    pub(super) fn advance(&mut self) {
        for at in 0..self.services.len() {
            if self.services[at].users > 0 {
                continue;
            }
            if let Some(ready) = self.services[at].ready.take() {
                self.services[at].busy = true;
                let job = self.call(Purpose::StopService(at), move || {
                    ready.stop();
                    Returned::Nothing
                });
                self.follow_ups.push_back(job);
            }
        }
        for at in 0..self.worked.len() {
            if self.worked[at].look_due() == Some(Duration::ZERO) {
                self.look(at);
            }
            let served = |service: &Instance<'_>| {
                service.ground == Some(at) && (service.busy || service.ready.is_some())
            };
            if self.worked[at].is_over() && !self.services.iter().any(served) {
                self.worked[at].stage = Stage::Closing;
                let site = self.site(at);
                self.worked[at].place = None;
                let job = self.call(Purpose::Close(at), move || {
                    site.close();
                    Returned::Nothing
                });
                self.follow_ups.push_back(job);
            }
        }
    }

    fn look(&mut self, at: usize) {
        let Some(dir) = self.worked[at].dir() else {
            return;
        };
        let batch = std::mem::take(&mut self.worked[at].unproven);
        self.worked[at].looking = true;
        let (session, ground) = (self.session, self.ground(at));
        let job = self.call(Purpose::Look(at), move || {
            Returned::Looked(look_and_keep(session, ground, &dir, batch))
        });
        self.follow_ups.push_back(job);
    }

    fn looked(&mut self, at: usize, looked: Looked) {
        let Looked {
            batch,
            look,
            cost,
            kept,
        } = looked;
        self.must(kept);
        self.worked[at].looking = false;
        self.worked[at].looked = Some((Instant::now(), cost));
        let Look::Changed(paths) = look else {
            return;
        };
        let (index, ground) = (self.worked[at].index, self.ground(at));
        let Some(dir) = self.worked[at].dir() else {
            return;
        };
        let beside = self.worked[at].running.iter();
        let beside: Vec<_> = beside
            .map(|(task, from)| (ground.tasks[*task].check.name.to_string(), *from))
            .collect();
        let site = ground.site.as_ref();
        let remarks = keep::remarks(site, &dir, &paths, &batch, &beside, clock::file_time());
        self.put_right(at, &paths, dir);
        for (one, remark) in batch.iter().zip(remarks) {
            if let Some(run) = &mut self.book.runs[index][one.task] {
                let note = run.note.take();
                run.note =
                    Some(note.map_or_else(|| remark.clone(), |note| format!("{note}; {remark}")));
            }
        }
    }

    /// Where a check has changed what is judged, the next one shall not be judged by that. `paths`: what it changed; none where
    /// it has led the worktree elsewhere.
    fn put_right(&mut self, at: usize, paths: &[RepoPath], dir: PathBuf) {
        let worked = &mut self.worked[at];
        // Whoever still runs there may change more: then it is looked at again.
        if !worked.is_ours || worked.left == 0 || !worked.running.is_empty() {
            return;
        }
        if paths.is_empty() {
            let why = "a check has led its worktree elsewhere, so it is not what is to be judged";
            worked.lost = Some(why.to_owned());
            return;
        }
        worked.looking = true;
        let site = self.site(at);
        let job = self.call(Purpose::Restore(at), move || {
            Returned::Restored(site.restore(&dir))
        });
        self.follow_ups.push_back(job);
    }

    /// After an interrupt: what is known by now is worth keeping.
    pub(super) fn look_for_the_last_time(&mut self, at: usize) {
        // A look that was going on has returned by now, and is taken first.
        self.take_returned();
        let dir = self.worked[at].dir();
        let batch = std::mem::take(&mut self.worked[at].unproven);
        if let Some(dir) = dir.filter(|_| !batch.is_empty()) {
            let looked = look_and_keep(self.session, self.ground(at), &dir, batch);
            self.looked(at, looked);
        }
    }
}
