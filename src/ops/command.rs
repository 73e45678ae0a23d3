//! One command of tracks.toml that is no check: it takes a job slot like any other, waits for one where there is none, and
//! its output goes to a log.

use std::time::Duration;

use crate::domain::trust::TrustedCommand;
use crate::process::{End, Interrupt, Job, JobResult, Pool, ShellJob, Work};
use crate::store::{Claimant, Claimed, Grant};

use super::Session;
use super::limits::{BETWEEN_CLAIMS, Limits};
use super::setup::{failure, show};
use super::trust::Trust;

/// How a command ended that did not end well, one clause.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It ran, and said no.
    Failed(String),
    /// It did not run, or not to its end, which says nothing.
    NotRun(String),
}

/// Runs the job when there is a slot for it; `who` is what others are told meanwhile. `None`: it ended well.
pub(super) fn run(session: &Session, who: &str, job: ShellJob) -> Option<Trouble> {
    let end = end(session, who, job);
    let how = failure(&end)?;
    Some(match end {
        // As of a check: a shell's 126 and 127 are about the command, not about what it was run on.
        End::Cancelled | End::CouldNotStart(_) | End::Exited(126 | 127) => Trouble::NotRun(how),
        _ => Trouble::Failed(how),
    })
}

/// As [`run`], for who knows better what its status means.
pub(super) fn end(session: &Session, who: &str, job: ShellJob) -> End {
    let mut one = One {
        session,
        who,
        job: Some(job),
        claimant: session.store.claimant(),
        grant: None,
        waits: false,
        end: None,
    };
    let interrupt: &Interrupt = &session.interrupt;
    let ran = Pool { interrupt }.run(&mut one, &mut |_| {});
    match (ran, one.end) {
        (Err(error), _) => End::CouldNotStart(error.to_string()),
        (Ok(()), Some(end)) => end,
        (Ok(()), None) => End::Cancelled,
    }
}

/// Why it may not run, as a clause.
pub(super) fn not_approved(trust: &Trust, command: &TrustedCommand) -> Option<String> {
    let shown = show(&command.command);
    (!trust.allows(command))
        .then(|| format!("`{shown}` is not approved; `tracks trust` shows what would run"))
}

struct One<'a> {
    session: &'a Session,
    who: &'a str,
    job: Option<ShellJob>,
    claimant: Claimant,
    grant: Option<Grant>,
    waits: bool,
    end: Option<End>,
}

impl Work<'_> for One<'_> {
    fn next(&mut self) -> Option<Job<'static>> {
        self.job.as_ref()?;
        self.waits = false;
        let limits = Limits::new(&self.session.project);
        let wanted = limits.claims(&[limits.slots(1)]);
        match self.claimant.claim(self.who, &wanted) {
            Ok(Claimed::Granted(grant)) => self.grant = Some(grant),
            Ok(Claimed::Taken(_)) => {
                self.waits = true;
                self.claimant.end_round();
                return None;
            }
            Err(error) => {
                self.end = Some(End::CouldNotStart(error.to_string()));
                self.job = None;
                return None;
            }
        }
        self.job.take().map(Job::Command)
    }

    fn ask_again(&self) -> Option<Duration> {
        self.waits.then_some(BETWEEN_CLAIMS)
    }

    fn ended(&mut self, _key: usize, result: &JobResult) {
        self.end = Some(result.end.clone());
        self.grant = None;
    }
}
