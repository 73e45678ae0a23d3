//! The colour of commits: integration checks in the integration worktree, and the search for the merge that turned a
//! green base red.

use crate::domain::check::{Outcome, Run};
use crate::domain::name::{CheckName, Side, TrackId};
use crate::domain::project::{Check, Track, When};
use crate::domain::revision::CommitId;
use crate::domain::sync::{Ejected, Isolation, Question, Why};
use crate::domain::trust::{TrustedCommand, commands_of_integration_setup};
use crate::git::Merger;
use crate::process::clock;

use super::super::figures::Earlier;
use super::super::keys::{Keys, with_needs};
use super::super::own_worktree::{self, OwnWorktree};
use super::super::runner::{self, Ground};
use super::super::site::Integrated;
use super::super::tasks::{Judged, Tasks};
use super::super::trust::Trust;
use super::super::{Emit, Session};
use super::SyncError;
use super::chain::{self, Chain};
use super::mend::Mender;

/// The name of the worktree in which candidates are checked.
const WORKTREE: &str = ".integration";

pub(super) struct Judge<'a> {
    session: &'a Session,
    trust: &'a Trust,
    emit: Emit<'a>,
    checks: Vec<&'a Check>,
    keys: Keys<'a>,
    earlier: Earlier,
    /// The same for every commit that is judged, base too: what differs must be the tree alone.
    setup: Vec<TrustedCommand>,
    worktree: OwnWorktree,
}

impl<'a> Judge<'a> {
    /// `None` where no check is defined for these tracks' integration.
    pub(super) fn new(
        session: &'a Session,
        trust: &'a Trust,
        emit: Emit<'a>,
        chain: &Chain,
    ) -> Result<Option<Self>, SyncError> {
        let concerned = |check: &&Check| {
            check.when.contains(&When::Integration)
                && chain.links.iter().any(|link| check.applies_to(&link.track))
                || check.when.contains(&When::Integration) && check.tracks.is_none()
        };
        let wanted = session
            .project
            .checks
            .iter()
            .filter(concerned)
            .map(|check| &check.name);
        let checks = with_needs(&session.project, wanted.collect());
        if checks.is_empty() {
            return Ok(None);
        }
        let tracks: Vec<&Track> = chain
            .links
            .iter()
            .filter_map(|link| session.project.track(&link.track))
            .collect();
        Ok(Some(Judge {
            session,
            trust,
            emit,
            keys: Keys::new(session, trust, checks.iter().copied()),
            checks,
            earlier: Earlier::read(session)?,
            setup: commands_of_integration_setup(&session.project, &tracks),
            worktree: own_worktree::open(session, WORKTREE, session.base.commit)?,
        }))
    }

    /// Every check on the candidate.
    pub(super) fn all(&self, chain: &Chain) -> Result<Vec<Run>, SyncError> {
        self.run(chain.tip, &chain.tracks(chain.links.len()), &self.checks)
    }

    /// Which of `names`, and of what they need, are red on a commit with the work of `tracks`; `None` where one of them could not be run.
    pub(super) fn red_among(
        &self,
        commit: CommitId,
        tracks: &[TrackId],
        names: &[CheckName],
    ) -> Result<Option<Vec<CheckName>>, SyncError> {
        let checks = with_needs(&self.session.project, names.iter().collect());
        let runs = self.run(commit, tracks, &checks)?;
        // A need that is red is an answer, too: the check is not green there.
        let red: Vec<CheckName> = runs
            .iter()
            .filter(|run| run.outcome.is_red() && !run.allow_failure)
            .map(|run| run.check.clone())
            .collect();
        let unknown = |run: &Run| names.contains(&run.check) && run.outcome != Outcome::Passed;
        if red.is_empty() && runs.iter().any(unknown) {
            return Ok(None);
        }
        Ok(Some(red))
    }

    fn run(
        &self,
        commit: CommitId,
        tracks: &[TrackId],
        checks: &[&Check],
    ) -> Result<Vec<Run>, SyncError> {
        let session = self.session;
        let tree = session.repository.commit(commit)?.tree;
        let merger = Merger::publishing(&session.repository, session.base.commit);
        let of_tasks = Tasks {
            session,
            keys: &self.keys,
            earlier: &self.earlier,
        };
        let judged = Judged {
            side: &Side::Integration,
            tree: Some(tree),
            setup: &self.setup,
            setups_of_base: &[&self.setup],
        };
        let tasks = of_tasks.of(&merger, &judged, checks)?;
        let ground = Ground {
            side: Side::Integration,
            site: Box::new(Integrated {
                session,
                worktree: &self.worktree,
                commit,
                tracks: tracks.to_vec(),
                setup: self.setup.clone(),
            }),
            tree: Some(tree),
            blocked: None,
            tasks,
        };
        let options = runner::Options {
            no_cache: false,
            fail_fast: session.project.run.fail_fast,
            // Of each commit apart: they are all about the same side.
            log_dir: &session.store.new_log_dir(clock::now())?,
        };
        let finished = runner::run(session, self.trust, &[ground], &options, self.emit)?;
        Ok(finished.runs.into_iter().flatten().collect())
    }

    /// The track whose merge turned it red, with whom, and at which check; `None` where that could not be found out.
    pub(super) fn isolate(
        &self,
        mender: &Mender<'_>,
        chain: &Chain,
        red: &[CheckName],
    ) -> Result<Option<Ejected>, SyncError> {
        let mut search = Isolation::new(chain.links.len());
        let mut found_at: Option<CheckName> = red.first().cloned();
        while let Some(question) = search.question() {
            if self.session.interrupt.exit_status().is_some() {
                return Ok(None);
            }
            let commit = match question {
                Question::Prefix { len } => Some(chain.prefix(len)),
                Question::PrefixAnd { len, culprit } => chain::probe(
                    self.session,
                    mender,
                    &self.session.project.integration.branch,
                    chain,
                    len,
                    &chain.links[culprit],
                )?,
            };
            let tracks = match question {
                Question::Prefix { len } => chain.tracks(len),
                Question::PrefixAnd { len, culprit } => {
                    let mut tracks = chain.tracks(len);
                    tracks.push(chain.links[culprit].track.clone());
                    tracks
                }
            };
            let answer = match commit {
                Some(commit) => self.red_among(commit, &tracks, red)?,
                None => None,
            };
            if let (Question::Prefix { .. }, Some(first)) =
                (question, answer.as_ref().and_then(|names| names.first()))
            {
                found_at = Some(first.clone());
            }
            search.answer(answer.map(|names| !names.is_empty()));
        }
        let Some(culprit) = search.culprit() else {
            return Ok(None);
        };
        let check = found_at.map(|name| name.to_string()).unwrap_or_default();
        let with: Vec<Side> = search
            .partner()
            .map(|partner| Side::Track(chain.links[partner].track.clone()))
            .into_iter()
            .collect();
        let reason = match with.first() {
            Some(partner) => {
                format!("merges, but check {check} fails once it is together with {partner}")
            }
            None => format!("merges, but check {check} fails with it"),
        };
        Ok(Some(Ejected {
            track: chain.links[culprit].track.clone(),
            why: Why::Check,
            with,
            paths: Vec::new(),
            check: CheckName::new(&check).ok(),
            reason,
        }))
    }
}
