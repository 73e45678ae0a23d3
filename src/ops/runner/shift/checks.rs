//! The checks of a shift: their start, their end, and what becomes of them.

use std::path::PathBuf;

use crate::domain::check::{Ended, Outcome, Run, backoff};
use crate::domain::project::Stall;
use crate::ops::Event;
use crate::ops::figures::{self, Attempt};
use crate::ops::variables::{Variables, as_part, port_of};
use crate::process::{End, Job, JobResult, ShellJob, clock};
use crate::store::{check_log, keep_earlier_log};

use super::super::ground::Unproven;
use super::super::{blank, flaky_fails, is_needed};
use super::{Kind, Shift};

impl<'a> Shift<'a, '_> {
    pub(super) fn start_check(
        &mut self,
        node: usize,
        at: usize,
        task: usize,
        attempt: u32,
    ) -> Option<Job<'a>> {
        let ground = self.ground(at);
        let check = ground.tasks[task].check;
        if let Some(obstacle) = self.obstacle(at, task) {
            self.notes[node] = Some(obstacle);
            self.finish(node, Outcome::CouldNotRun);
            return None;
        }
        if let Some(place) = &self.worked[at].place
            && is_needed(&self.session.project, check)
        {
            // From now on, what it left before is being written over.
            let name = check.name.as_str();
            let forgotten = self.session.store.note_built(&place.dir, name, None);
            self.must(forgotten);
        }
        let expected = self.nodes[node].expected_ms;
        (self.emit)(&Event::CheckStarted {
            check: &check.name,
            side: &ground.side,
            attempt,
            expected: (expected > 0).then(|| std::time::Duration::from_millis(expected)),
        });
        if attempt > 1 {
            keep_earlier_log(&self.log(at, task), attempt - 1);
        }
        let job = self.job(node, at, task, attempt)?;
        self.since[node] = clock::file_time();
        self.worked[at].running.push((task, self.since[node]));
        Some(Job::Command(job))
    }

    /// Why this check cannot run at all.
    fn obstacle(&self, at: usize, task: usize) -> Option<String> {
        let ground = self.ground(at);
        let check = ground.tasks[task].check;
        if ground.blocked.is_some() {
            return ground.blocked.clone();
        }
        if !self.trust.allows_check(check) {
            return Some("its command is not approved; see `tracks trust`".to_owned());
        }
        if let Some(objection) = self.breaker.objection(check.name.as_str()) {
            return Some(objection);
        }
        if self.worked[at].lost.is_some() {
            return self.worked[at].lost.clone();
        }
        let Some(place) = &self.worked[at].place else {
            return Some("it has no worktree".to_owned());
        };
        let cwd = place.dir.join(&check.cwd);
        (!cwd.is_dir()).then(|| format!("its directory `{}` does not exist", check.cwd))
    }

    fn log(&self, at: usize, task: usize) -> PathBuf {
        let ground = self.ground(at);
        let name = check_log(&ground.side, &ground.tasks[task].check.name);
        self.options.log_dir.join(name)
    }

    fn job(&self, node: usize, at: usize, task: usize, attempt: u32) -> Option<ShellJob> {
        let place = self.worked[at].place.as_ref()?;
        let check = self.ground(at).tasks[task].check;
        // The narrower form goes by what the last attempt has put down, and one that was ended may have put down nothing.
        let ended = self.results[node].as_ref().map(|result| &result.end);
        let command = match (&check.retry, ended) {
            (Some(narrower), Some(End::Exited(_))) if attempt > 1 => narrower.clone(),
            _ => check.run.clone(),
        };
        let own = check.settings.env.iter();
        let env = own
            .map(|(name, value)| (name.clone(), value.clone()))
            .chain(place.env.iter().cloned())
            .chain(self.worked[at].variables.iter().cloned())
            .chain(self.variables(node, at, task, attempt));
        Some(ShellJob {
            key: node,
            command,
            cwd: place.dir.join(&check.cwd),
            env: env.collect(),
            stdin: Vec::new(),
            log: self.log(at, task),
            timeout: Some(check.settings.timeout),
            grace: self.session.project.run.grace,
            stall: Some(check.settings.stall_timeout),
            end_stalled: check.settings.stall == Stall::Kill,
        })
    }

    /// Beside those of the place.
    fn variables(&self, node: usize, at: usize, task: usize, attempt: u32) -> Variables {
        let ground = self.ground(at);
        let check = ground.tasks[task].check;
        let mut variables = vec![
            ("TRACKS_CHECK".to_owned(), check.name.to_string()),
            ("TRACKS_ATTEMPT".to_owned(), attempt.to_string()),
        ];
        if let Some(tree) = ground.tree {
            variables.push(("TRACKS_TREE".to_owned(), tree.to_string()));
        }
        for name in &check.resources {
            if let Some(unit) = self.gate.unit(node, &format!("resource {name}")) {
                let variable = format!("TRACKS_RESOURCE_{}", as_part(name));
                variables.push((variable, unit.to_string()));
            }
        }
        for name in &check.services {
            let shared = self.session.project.services.get(name);
            if shared.is_some_and(|service| service.per_repository) {
                let variable = format!("TRACKS_SERVICE_{}_PORT", as_part(name));
                variables.push((variable, port_of(self.session, 0).to_string()));
            }
        }
        variables
    }

    pub(super) fn check_ended(&mut self, node: usize, result: &JobResult) {
        let Kind::Check { ground: at, task } = self.kinds[node] else {
            return;
        };
        self.worked[at].running.retain(|(other, _)| *other != task);
        let check = self.ground(at).tasks[task].check;
        let (mut outcome, mut notes) = judged(&result.end);
        if outcome.is_red()
            && let Some(service) = self.ended_service(at, task)
        {
            outcome = Outcome::CouldNotRun;
            notes.push(format!("service {service} ended while it ran"));
        }
        outcome = self.judge_figures(node, at, task, outcome, &mut notes);
        if outcome == Outcome::CouldNotRun {
            let reason = notes.first().map_or("it could not run", String::as_str);
            self.breaker.could_not_run(check.name.as_str(), reason);
        } else if outcome != Outcome::Cancelled {
            self.breaker.ran(check.name.as_str());
        }
        if result.leaked {
            notes.push("it left processes behind".to_owned());
        }
        notes.extend(result.log_trouble.clone());
        self.notes[node] = (!notes.is_empty()).then(|| notes.join("; "));
        self.took[node] += result.wall;
        self.results[node] = Some(result.clone());
        if outcome == Outcome::Passed && self.schedule.is_further(node) && flaky_fails(check) {
            self.flaky_red[node] = true;
            self.gate.release(node);
            self.schedule.finish_for_good(node, Outcome::Failed);
            self.settle();
        } else if let Some(attempt) = self.finish(node, outcome) {
            let delay = backoff(check.settings.backoff, attempt);
            self.gate.pause(node, delay);
            (self.emit)(&Event::CheckRetried {
                check: &check.name,
                side: &self.ground(at).side,
                attempt,
                outcome,
                delay,
            });
        }
    }

    /// Reads what an attempt has yielded: where a limit is broken, it has not passed.
    fn judge_figures(
        &mut self,
        node: usize,
        at: usize,
        task: usize,
        outcome: Outcome,
        notes: &mut Vec<String>,
    ) -> Outcome {
        self.taken[node] = None;
        let Some(place) = self.worked[at].place.as_ref() else {
            return outcome;
        };
        if outcome != Outcome::Passed && !outcome.is_red() {
            return outcome;
        }
        let ground = self.ground(at);
        let attempt = Attempt {
            check: ground.tasks[task].check,
            side: &ground.side,
            worktree: &place.dir,
            log: &self.log(at, task),
            since: self.since[node],
            complete: outcome == Outcome::Passed,
        };
        let taken = figures::take(&attempt, &ground.tasks[task].before);
        notes.extend(taken.note());
        let fails = outcome == Outcome::Passed && !taken.complaints.is_empty();
        self.taken[node] = Some(taken);
        if fails { Outcome::Failed } else { outcome }
    }

    /// A service of this check that has ended by itself.
    fn ended_service(&self, at: usize, task: usize) -> Option<&'a str> {
        let names = &self.ground(at).tasks[task].check.services;
        let mut used = self.services.iter().filter(|service| {
            service.ground.is_none_or(|ground| ground == at)
                && names.iter().any(|name| name == service.name)
        });
        used.find(|service| service.ready.as_ref().is_some_and(super::Ready::has_ended))
            .map(|service| service.name)
    }

    /// Takes over what the schedule has ended.
    pub(super) fn settle(&mut self) {
        for ended in self.schedule.ended() {
            self.gate.forget(ended.node);
            if let Kind::Check { ground, task } = self.kinds[ended.node] {
                self.settle_check(ended, ground, task);
            }
        }
    }

    fn settle_check(&mut self, ended: Ended, at: usize, task: usize) {
        let run = self.finished(&ended, at, task);
        (self.emit)(&Event::CheckEnded { run: &run });
        self.worked[at].left -= 1;
        let check = self.ground(at).tasks[task].check;
        // Those that were counted when the shift was planned.
        let counted = self.worked[at].node.is_some() && self.trust.allows_check(check);
        for name in check.services.iter().filter(|_| counted) {
            let uses = |service: &&mut super::Instance<'_>| {
                service.name == name && service.ground.is_none_or(|ground| ground == at)
            };
            if let Some(service) = self.services.iter_mut().find(uses) {
                service.users = service.users.saturating_sub(1);
            }
        }
        let index = self.worked[at].index;
        let mut needs = self.ground(at).tasks[task].needs.iter();
        let passed = |need: &usize| {
            let run = self.book.runs[index][*need].as_ref();
            run.is_some_and(|run| run.outcome == Outcome::Passed)
        };
        let sound = needs.all(passed);
        if run.outcome == Outcome::Passed || run.outcome.is_red() {
            self.worked[at].unproven.push(Unproven {
                sound,
                task,
                run: run.clone(),
                from: self.since[ended.node],
                to: clock::file_time(),
            });
        }
        self.book.runs[index][task] = Some(run);
    }

    fn finished(&mut self, ended: &Ended, at: usize, task: usize) -> Run {
        let ground = self.ground(at);
        let mut run = blank(ground, &ground.tasks[task], ended.outcome);
        run.note = self.notes[ended.node].take();
        run.attempts = ended.attempts;
        run.flaky = ended.flaky;
        if let Some(result) = self.results[ended.node].take() {
            run.exit_status = match result.end {
                End::Exited(status) => Some(status),
                _ => None,
            };
            run.wall = result.wall;
            run.cpu = result.cpu;
            run.peak_memory = result.peak_memory;
            run.leaked = result.leaked;
            run.log = Some(self.log(at, task));
            self.book.ended += 1;
            run.ended = self.book.ended;
        }
        if let Some(taken) = self.taken[ended.node].take() {
            run.figures = taken.figures;
            run.tests = taken.tests;
        }
        if self.flaky_red[ended.node] {
            run.flaky = true;
            run.note = Some("passed only when run again, and `flaky = \"fail\"`".to_owned());
        }
        if let Some(because) = ended.because {
            run.note = Some(match (self.kinds[because], &self.notes[because]) {
                (Kind::Check { ground, task }, _) => {
                    let need = &self.ground(ground).tasks[task].check.name;
                    format!("{need}, which it needs, did not pass")
                }
                (_, Some(note)) => note.clone(),
                (_, None) => "what it needs could not be made ready".to_owned(),
            });
        }
        run
    }
}

/// What the end of a command says, with one sentence where there is more to say.
fn judged(end: &End) -> (Outcome, Vec<String>) {
    let note = |outcome, note: &str| (outcome, vec![note.to_owned()]);
    match end {
        End::Exited(0) => (Outcome::Passed, Vec::new()),
        End::Exited(126) => note(
            Outcome::CouldNotRun,
            "the shell could not execute the command (126)",
        ),
        End::Exited(127) => note(
            Outcome::CouldNotRun,
            "the shell did not find the command (127)",
        ),
        End::Exited(_) => (Outcome::Failed, Vec::new()),
        End::Signalled(signal) => (Outcome::Failed, vec![format!("ended by signal {signal}")]),
        End::TimedOut => (Outcome::TimedOut, Vec::new()),
        End::Stalled => (Outcome::Stalled, Vec::new()),
        End::Cancelled => (Outcome::Cancelled, Vec::new()),
        End::CouldNotStart(why) => note(Outcome::CouldNotRun, why),
    }
}
