//! Landing: base goes forward to the green integration commit, after a round where that is not what base and the tracks are now.
//!
//! Everything that can say no speaks first: the round, the checks for landings, the worktree that has base checked out, the
//! remote. Then base moves in one step; what is to be tried out on it comes after.

use std::collections::BTreeMap;

use crate::domain::check::Run;
use crate::domain::name::{BranchName, TrackId};
use crate::domain::project::When;
use crate::domain::revision::CommitId;
use crate::domain::sync::{BeforeLanding, LastRound, Readied, Stale, standing};
use crate::git::{GitError, Push};
use crate::store::{Lock, Merged, Round, StoreError};

use super::base::{Base, BaseError, Moved, Pushed};
use super::integration_side::last_round;
use super::operation::{OperationError, Request};
use super::outstanding::{self, Outstanding};
use super::rollback::{self, RollbackError};
use super::sync::{self, SyncError, landing};
use super::trust::Trust;
use super::{Emit, Event, Session};

/// How to land.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub dry_run: bool,
    /// Refuse where there would have to be a round first.
    pub no_sync: bool,
    pub push: bool,
    /// Push to this branch, and move nothing.
    pub push_only: Option<BranchName>,
    /// The command line, for the operation log.
    pub command: String,
}

/// Why nothing has landed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Base has everything already.
    Landed,
    /// There was to be no round, and this calls for one.
    Stale(Stale),
    /// The round has made nothing that could land; its report says why.
    Round,
    /// Checks for landings are red.
    Red,
    /// They gave no answer.
    Undetermined,
    Interrupted,
    /// The remote did not take it.
    Push,
    /// What is to follow the landing before this one is not through.
    Earlier,
}

#[derive(Debug)]
pub struct Report {
    pub dry_run: bool,
    pub branch: BranchName,
    /// Where base was, as this command read it.
    pub before: CommitId,
    pub after: CommitId,
    /// What lands; `None` where that is not known.
    pub integration: Option<CommitId>,
    pub round: Option<u64>,
    /// Why there was a round first, and what came of it.
    pub stale: Option<Stale>,
    pub synced: Option<Box<sync::Report>>,
    pub tracks: Vec<Merged>,
    pub checks: Vec<Run>,
    pub refusal: Option<Refusal>,
    pub moved: bool,
    pub operation: Option<String>,
    pub pushed: Option<Pushed>,
    /// It was pushed to be landed elsewhere.
    pub proposed: bool,
    /// What `[land] after` ran.
    pub tried: Vec<Run>,
    pub tried_red: bool,
    /// What the rollback did that a red `after` asked for.
    pub rollback: Option<Box<rollback::Report>>,
    pub undetermined: Vec<String>,
    pub interrupted: bool,
    /// Whether those who want to know of the landing have yet to be told.
    pub news: bool,
    /// A landing that had been cut off after base had moved, and whose rest was done first.
    pub earlier: Option<Box<Report>>,
}

impl Report {
    fn new(dry_run: bool, branch: BranchName, base: CommitId) -> Self {
        Report {
            dry_run,
            branch,
            before: base,
            after: base,
            integration: None,
            round: None,
            stale: None,
            synced: None,
            tracks: Vec::new(),
            checks: Vec::new(),
            refusal: None,
            moved: false,
            operation: None,
            pushed: None,
            proposed: false,
            tried: Vec::new(),
            tried_red: false,
            rollback: None,
            undetermined: Vec::new(),
            interrupted: false,
            news: false,
            earlier: None,
        }
    }

    /// Whether something was found that must not be overlooked.
    pub fn found(&self) -> bool {
        let round = self.synced.as_ref().is_some_and(|round| round.found());
        let earlier = self.earlier.as_ref().is_some_and(|report| report.found());
        round || earlier || self.refusal == Some(Refusal::Red) || self.tried_red
    }

    /// Whether something could not be determined, or was not allowed.
    pub fn undetermined(&self) -> bool {
        let refused = matches!(
            self.refusal,
            Some(Refusal::Stale(_) | Refusal::Undetermined | Refusal::Push | Refusal::Round)
        );
        let earlier = (self.earlier.as_ref()).is_some_and(|report| report.undetermined());
        refused || earlier || !self.undetermined.is_empty()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum LandError {
    #[error("{branch} is {what}")]
    NotForProposals { branch: BranchName, what: String },
    #[error(
        "{remote}/{branch} has commits that no round made, {} the newest",
        newest.short()
    )]
    Foreign {
        branch: BranchName,
        remote: String,
        newest: CommitId,
    },
    #[error(transparent)]
    Base(#[from] BaseError),
    #[error(transparent)]
    Sync(#[from] SyncError),
    #[error(transparent)]
    Rollback(#[from] RollbackError),
}

impl From<GitError> for LandError {
    fn from(error: GitError) -> Self {
        LandError::Sync(error.into())
    }
}

impl From<StoreError> for LandError {
    fn from(error: StoreError) -> Self {
        LandError::Sync(error.into())
    }
}

impl From<OperationError> for LandError {
    fn from(error: OperationError) -> Self {
        LandError::Base(error.into())
    }
}

/// # Errors
/// When it cannot be found out what would land, or base must not be moved.
pub fn run(
    session: &Session,
    trust: &Trust,
    options: &Options,
    emit: Emit<'_>,
) -> Result<Report, LandError> {
    let lock = match options.dry_run {
        true => None,
        false => Some(sync::lock(session, "tracks land")?),
    };
    let base = Base::read(session)?;
    if let Some(branch) = &options.push_only {
        may_propose(session, &base, branch)?;
    }
    let mut landing = Landing {
        session,
        trust,
        options,
        emit,
        lock,
        report: fresh(session, options, &base),
        base,
    };
    if !landing.goes_on()? {
        landing.report.refusal = Some(Refusal::Earlier);
    } else if let Some(commit) = landing.ready()? {
        landing.land(commit)?;
    }
    landing.report.interrupted = session.interrupt.exit_status().is_some();
    Ok(landing.report)
}

fn fresh(session: &Session, options: &Options, base: &Base) -> Report {
    let at = base.local.unwrap_or(session.base.commit);
    Report::new(options.dry_run, base.branch.clone(), at)
}

/// A landing on its way.
struct Landing<'a> {
    session: &'a Session,
    trust: &'a Trust,
    options: &'a Options,
    emit: Emit<'a>,
    lock: Option<Lock>,
    base: Base,
    report: Report,
}

impl Landing<'_> {
    /// Does what was left of a landing that was cut off; whether another one may follow.
    fn goes_on(&mut self) -> Result<bool, LandError> {
        if self.options.dry_run || self.options.push_only.is_some() {
            return Ok(true);
        }
        let Some(left) = outstanding::find(self.session, &self.base)? else {
            return Ok(true);
        };
        let commit = left.commit;
        let report = &mut self.report;
        (report.before, report.after) = (left.before, commit);
        (report.moved, report.integration) = (true, Some(commit));
        (report.operation, report.round) = (left.operation.clone(), left.round);
        report.tracks.clone_from(&left.tracks);
        let stands = self.follow_up(&left);
        let report = fresh(self.session, self.options, &self.base);
        let earlier = std::mem::replace(&mut self.report, report);
        self.report.earlier = Some(Box::new(earlier));
        Ok(stands)
    }

    /// The commit that is to land, after a round if there has to be one.
    fn ready(&mut self) -> Result<Option<CommitId>, LandError> {
        let last = last_round(self.session)?;
        let standing = standing_of(self.session, last.as_ref())?;
        match (self.lawful(standing, last.as_ref()))? {
            Readied::Ready(commit) => {
                self.take_round(last);
                Ok(Some(commit))
            }
            // A push whose run was killed before base here could follow.
            Readied::Landed if self.lags() => {
                self.take_round(last);
                Ok(Some(self.session.base.commit))
            }
            Readied::Landed => {
                self.report.round = last.map(|round| round.number);
                self.report.refusal = Some(Refusal::Landed);
                Ok(None)
            }
            Readied::Stale(stale) if self.options.no_sync => {
                self.report.refusal = Some(Refusal::Stale(stale));
                Ok(None)
            }
            Readied::Stale(stale) => {
                self.report.stale = Some(stale);
                self.sync()
            }
        }
    }

    /// The rules have the last word, too: what they make of it may depend on the day.
    fn lawful(&self, standing: Readied, last: Option<&Round>) -> Result<Readied, LandError> {
        let (Readied::Ready(_), Some(round)) = (&standing, last) else {
            return Ok(standing);
        };
        let broken = sync::unlawful(self.session, self.trust, &round.merged)?;
        Ok(match broken.is_empty() {
            true => standing,
            false => Readied::Stale(Stale::Unlawful(broken)),
        })
    }

    fn lags(&self) -> bool {
        let (local, at) = (self.base.local, self.session.base.commit);
        local.is_some_and(|local| local != at) && self.options.push_only.is_none()
    }

    fn take_round(&mut self, round: Option<Round>) {
        if let Some(round) = round {
            self.report.integration = round.candidate;
            self.report.round = Some(round.number);
            self.report.tracks = round.merged;
        }
    }

    fn sync(&mut self) -> Result<Option<CommitId>, LandError> {
        let options = sync::Options {
            dry_run: self.options.dry_run,
            command: format!("sync, for {}", self.options.command),
            ..sync::Options::default()
        };
        let (session, lock) = (self.session, self.lock.as_ref());
        let round = sync::run_locked(session, self.trust, &options, lock, self.emit)?;
        let report = &mut self.report;
        report.round = Some(round.round);
        report.tracks.clone_from(&round.merged);
        let green = round.green == Some(true)
            && round.undetermined.is_empty()
            && !round.interrupted
            && round.quorum.met();
        let planned = round.dry_run && round.quorum.met();
        let commit = round.candidate.filter(|_| green || planned);
        report.integration = commit;
        report.refusal = match commit {
            None => Some(Refusal::Round),
            Some(commit) if commit == session.base.commit => Some(Refusal::Landed),
            Some(_) => None,
        };
        report.synced = Some(Box::new(round));
        Ok(commit.filter(|_| report.refusal.is_none()))
    }

    fn land(&mut self, commit: CommitId) -> Result<(), LandError> {
        let session = self.session;
        // A dry run has merged it somewhere else.
        let is_here = session.repository.commit(commit).is_ok();
        if self.options.push_only.is_none() && is_here {
            self.base.may_move(session, commit, self.options.push)?;
        }
        if self.options.dry_run {
            return Ok(());
        }
        if self.options.push_only.is_none() && !self.may_follow() {
            return Ok(());
        }
        if !self.passes(commit)? {
            return Ok(());
        }
        if let Some(branch) = self.options.push_only.clone() {
            return self.propose(commit, branch);
        }
        let before = self.report.before;
        outstanding::begin(session, commit, before)?;
        (self.emit)(&Event::Stage(format!("moving {}", self.base.branch)));
        let tracks = self.report.tracks.iter();
        let request = Request {
            command: self.options.command.clone(),
            did: tracks
                .map(|merged| format!("landed {}", merged.track))
                .collect(),
            message: match self.report.round {
                Some(round) => format!("tracks land: round {round}"),
                None => "tracks land".to_owned(),
            },
            ..Request::default()
        };
        let moved = (self.base).advance(session, commit, self.options.push, request)?;
        self.take(commit, moved);
        match self.report.moved {
            true => drop(self.follow_up(&Outstanding::new(commit, before))),
            false => outstanding::end(session, commit)?,
        }
        Ok(())
    }

    /// Whether all that is to run once base has moved may run.
    fn may_follow(&mut self) -> bool {
        let places = landing::not_approved(self.session, self.trust, &self.tracks());
        if places.is_empty() {
            return true;
        }
        let verb = if places.len() == 1 { "is" } else { "are" };
        self.report.undetermined.push(format!(
            "what is to run after the landing may not: {} {verb} not approved; `tracks trust` shows what would run",
            places.join(", ")
        ));
        self.report.refusal = Some(Refusal::Undetermined);
        false
    }

    /// Whether the checks for landings let it pass.
    fn passes(&mut self, commit: CommitId) -> Result<bool, LandError> {
        let tracks = self.tracks();
        let lands =
            (self.session.project.checks.iter()).any(|check| check.when.contains(&When::Land));
        if lands {
            (self.emit)(&Event::Stage("checking what is to land".to_owned()));
        }
        let runs = landing::check(self.session, self.trust, self.emit, commit, &tracks)?;
        let (red, open) = landing::verdict(&runs);
        self.report.checks = runs;
        self.report.refusal = if self.session.interrupt.exit_status().is_some() {
            Some(Refusal::Interrupted)
        } else if !red.is_empty() {
            Some(Refusal::Red)
        } else if !open.is_empty() {
            Some(Refusal::Undetermined)
        } else {
            None
        };
        self.report.undetermined.extend(open);
        Ok(self.report.refusal.is_none())
    }

    fn tracks(&self) -> Vec<TrackId> {
        let merged = self.report.tracks.iter();
        merged.map(|merged| merged.track.clone()).collect()
    }

    fn propose(&mut self, commit: CommitId, branch: BranchName) -> Result<(), LandError> {
        let session = self.session;
        let remote = session.project.remote.clone();
        (self.emit)(&Event::Stage(format!("pushing to {remote}/{branch}")));
        if let Some(there) = session.repository.remote_branch(&remote, &branch)? {
            let foreign = sync::commits_of_others(session, there, &[commit])?;
            if let Some(newest) = foreign.first() {
                return Err(LandError::Foreign {
                    branch,
                    remote,
                    newest: *newest,
                });
            }
        }
        let pushes = [Push::leased(branch.clone(), commit)];
        let result = session.repository.push_all(&remote, &pushes);
        let result = result.map_err(|error| error.to_string());
        self.report.proposed = result.is_ok();
        if result.is_err() {
            self.report.refusal = Some(Refusal::Push);
        }
        self.report.pushed = Some(Pushed {
            remote,
            branch,
            result,
        });
        Ok(())
    }

    fn take(&mut self, commit: CommitId, moved: Moved) {
        let report = &mut self.report;
        report.moved = moved.has_moved();
        if report.moved {
            report.after = commit;
        }
        report.operation = moved.done;
        if let Some(error) = moved.unrecorded {
            let problem = format!("the operation log could not be written: {error}");
            report.undetermined.push(problem);
        }
        if matches!(&moved.pushed, Some(Pushed { result: Err(_), .. })) {
            report.refusal = Some(Refusal::Push);
        }
        report.pushed = moved.pushed;
        if let Some(error) = moved.behind {
            report.undetermined.push(format!(
                "{} is on the remote, but could not follow here: {error}; put that right, then run again",
                report.branch
            ));
        }
    }

    /// All that comes once base has moved. Nothing that goes wrong here undoes that, so that it is told and no error. The
    /// result is whether the landing stands and nothing of it is left.
    fn follow_up(&mut self, left: &Outstanding) -> bool {
        let session = self.session;
        self.report.news = !left.told;
        let mut through = true;
        if !left.recorded
            && let Err(error) = outstanding::record_events(session, &self.report)
        {
            through = false;
            let problem = format!("the landing could not be written down: {error}");
            self.report.undetermined.push(problem);
        }
        through &= self.try_out(left.commit).unwrap_or_else(|error| {
            let problem = format!("[land] after could not run: {error}");
            self.report.undetermined.push(problem);
            false
        });
        let interrupted = session.interrupt.exit_status().is_some();
        // Who is interrupted tells nobody any more.
        self.report.news &= !interrupted;
        let noted = match through {
            true => outstanding::end(session, left.commit),
            false if self.report.news => outstanding::told(session, left.commit),
            false => Ok(()),
        };
        if let Err(error) = noted {
            let problem = format!("the landing could not be written down: {error}");
            self.report.undetermined.push(problem);
        }
        if !through {
            let left =
                "what follows the landing is not through: the next `tracks land` goes on with it";
            self.report.undetermined.push(left.to_owned());
        }
        if self.report.tried_red && session.project.land.rollback_auto && !interrupted {
            self.take_back();
        }
        through && !self.report.tried_red
    }

    /// `[land] after`; whether it has said what it has to say.
    fn try_out(&mut self, commit: CommitId) -> Result<bool, LandError> {
        if self.session.project.land.after.is_empty() {
            return Ok(true);
        }
        (self.emit)(&Event::Stage("trying out what has landed".to_owned()));
        let tracks = self.tracks();
        let runs = landing::try_out(self.session, self.trust, self.emit, commit, &tracks)?;
        let (red, open) = landing::verdict(&runs);
        self.report.tried = runs;
        self.report.tried_red = !red.is_empty();
        let through = self.report.tried_red || open.is_empty();
        self.report.undetermined.extend(open);
        Ok(through)
    }

    /// What a red `[land] after` asks for.
    fn take_back(&mut self) {
        let Some(operation) = self.report.operation.clone() else {
            return;
        };
        let options = rollback::Options {
            operation: Some(operation),
            push: self.options.push,
            dry_run: false,
        };
        match rollback::run_locked(self.session, &options, self.emit) {
            Ok(report) => self.report.rollback = Some(Box::new(report)),
            Err(error) => {
                let problem = format!("the landing could not be taken back: {error}");
                self.report.undetermined.push(problem);
            }
        }
    }
}

fn standing_of(session: &Session, last: Option<&Round>) -> Result<Readied, LandError> {
    let mut tips = BTreeMap::new();
    let mut with_work = Vec::new();
    for track in &session.project.tracks {
        if let Some(tip) = session.tip(&track.branch)? {
            tips.insert(track.id.clone(), tip.commit);
            if !session
                .repository
                .is_ancestor(tip.commit, session.base.commit)?
            {
                with_work.push(track.id.clone());
            }
        }
    }
    let round = last.map(|round| LastRound {
        base: round.base,
        candidate: round.candidate,
        green: round.green,
        merged: (round.merged.iter())
            .map(|merged| {
                let newest = merged.held.first().unwrap_or(&merged.commit);
                (merged.track.clone(), *newest)
            })
            .collect(),
        left_out: (round.ejected.iter())
            .filter_map(|left| Some((left.track.clone(), left.commit?)))
            .collect(),
    });
    let branch = &session.project.integration.branch;
    Ok(standing(&BeforeLanding {
        base: session.base.commit,
        integration: session.repository.branch(branch)?,
        round,
        tips: &tips,
        with_work: &with_work,
    }))
}

/// A branch whose commits are somebody's must not be pushed over.
fn may_propose(session: &Session, base: &Base, branch: &BranchName) -> Result<(), LandError> {
    let track = session.project.track_on(branch);
    let what = match track {
        _ if *branch == base.branch => "base itself".to_owned(),
        _ if *branch == session.project.integration.branch => "the integration branch".to_owned(),
        Some(track) => format!("the branch of track {}", track.id),
        None => return Ok(()),
    };
    Err(LandError::NotForProposals {
        branch: branch.clone(),
        what,
    })
}
