//! The colour of commits: checks on the candidate in the integration worktree, and on parts of it, side by side in probe
//! worktrees where there is room.

use std::collections::BTreeMap;

use crate::domain::check::{Outcome, Run};
use crate::domain::name::{CheckName, Side, TrackId};
use crate::domain::project::{Check, Track, When};
use crate::domain::revision::{CommitId, TreeId};
use crate::domain::trust::{TrustedCommand, commands_of_integration_setup};
use crate::git::Merger;
use crate::process::clock;

use super::super::figures::Earlier;
use super::super::keys::{Keys, with_needs};
use super::super::limits::job_slots;
use super::super::own_worktree::{self, OwnWorktree};
use super::super::runner::{self, Ground};
use super::super::site::{Integrated, Probed, Probes, Site};
use super::super::tasks::{Judged, Tasks};
use super::super::trust::Trust;
use super::super::{Emit, Session};
use super::SyncError;

/// The name of the worktree in which candidates are checked.
pub(super) const WORKTREE: &str = ".integration";

/// A commit to be judged.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    pub side: Side,
    pub commit: CommitId,
    /// Whose work is in it.
    pub tracks: Vec<TrackId>,
}

/// What was red in this round, so that no tree is judged twice: failures are not kept beyond it.
#[derive(Debug, Default)]
pub(super) struct Seen {
    red: BTreeMap<(TreeId, CheckName), (Vec<TrustedCommand>, Run)>,
    /// So many parts of candidates have been asked about.
    pub parts: u32,
}

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
    probes: Probes<'a>,
}

impl<'a> Judge<'a> {
    /// `None` where no check is defined for `when` and a candidate of these tracks.
    pub(super) fn new(
        session: &'a Session,
        trust: &'a Trust,
        emit: Emit<'a>,
        when: When,
        tracks: &[TrackId],
    ) -> Result<Option<Self>, SyncError> {
        let concerned = |check: &&Check| {
            check.when.contains(&when)
                && (check.tracks.is_none() || tracks.iter().any(|track| check.applies_to(track)))
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
        let tracks: Vec<&Track> = tracks
            .iter()
            .filter_map(|track| session.project.track(track))
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
            probes: Probes::new(session, None),
        }))
    }

    /// So many commits can be judged side by side.
    pub(super) fn at_once(&self, names: &[CheckName]) -> usize {
        let needed = with_needs(&self.session.project, names.iter().collect());
        let weight = needed.iter().map(|check| check.weight.max(1)).max();
        let slots = job_slots(&self.session.project);
        usize::try_from(slots / weight.unwrap_or(1)).map_or(1, |count| count.clamp(1, 8))
    }

    /// Every check on the candidate. What was red on its tree before is red.
    pub(super) fn all(&self, candidate: &Trial, seen: &mut Seen) -> Result<Vec<Run>, SyncError> {
        let tree = self.session.repository.commit(candidate.commit)?.tree;
        let known: Vec<Run> = (self.checks.iter())
            .filter_map(|check| self.seen(seen, tree, &check.name))
            .map(|run| Run {
                side: candidate.side.clone(),
                ..run.clone()
            })
            .collect();
        if !known.is_empty() {
            return Ok(known);
        }
        let runs = self.run(std::slice::from_ref(candidate), &self.checks, false, seen)?;
        Ok(runs.into_iter().flatten().collect())
    }

    /// These checks, and what they need, once more on the candidate, whatever is known.
    pub(super) fn again(
        &self,
        candidate: &Trial,
        names: &[CheckName],
        seen: &mut Seen,
    ) -> Result<Vec<Run>, SyncError> {
        let checks = with_needs(&self.session.project, names.iter().collect());
        seen.parts += 1;
        // What fails again has been shown.
        let trial = Trial {
            side: Side::Part(seen.parts),
            ..candidate.clone()
        };
        let runs = self.run(&[trial], &checks, true, seen)?;
        let of_candidate = |run: Run| Run {
            side: candidate.side.clone(),
            ..run
        };
        Ok(runs.into_iter().flatten().map(of_candidate).collect())
    }

    /// By commit, which of `names`, and of what they need, are red on it; `None` where one of them could not be run.
    pub(super) fn red_among(
        &self,
        trials: &[Trial],
        names: &[CheckName],
        seen: &mut Seen,
    ) -> Result<Vec<Option<Vec<CheckName>>>, SyncError> {
        let checks = with_needs(&self.session.project, names.iter().collect());
        let mut answers: Vec<Option<Vec<CheckName>>> = Vec::new();
        let mut asked = Vec::new();
        for trial in trials {
            let tree = self.session.repository.commit(trial.commit)?.tree;
            let red: Vec<CheckName> = (checks.iter())
                .filter(|check| self.seen(seen, tree, &check.name).is_some())
                .map(|check| check.name.clone())
                .collect();
            if red.is_empty() {
                asked.push((answers.len(), trial.clone()));
            }
            answers.push(Some(red));
        }
        let (places, asked): (Vec<usize>, Vec<Trial>) = asked.into_iter().unzip();
        for (place, runs) in places.iter().zip(self.run(&asked, &checks, false, seen)?) {
            answers[*place] = red(&runs, names);
        }
        Ok(answers)
    }

    fn seen<'s>(&self, seen: &'s Seen, tree: TreeId, check: &CheckName) -> Option<&'s Run> {
        let (setup, run) = seen.red.get(&(tree, check.clone()))?;
        (*setup == self.setup).then_some(run)
    }

    fn run(
        &self,
        trials: &[Trial],
        checks: &[&Check],
        no_cache: bool,
        seen: &mut Seen,
    ) -> Result<Vec<Vec<Run>>, SyncError> {
        if trials.is_empty() {
            return Ok(Vec::new());
        }
        let session = self.session;
        let merger = Merger::publishing(&session.repository, session.base.commit);
        let of_tasks = Tasks {
            session,
            keys: &self.keys,
            earlier: &self.earlier,
        };
        let mut grounds = Vec::new();
        for (number, trial) in trials.iter().enumerate() {
            let tree = session.repository.commit(trial.commit)?.tree;
            let judged = Judged {
                side: &trial.side,
                tree: Some(tree),
                setup: &self.setup,
                setups_of_base: &[&self.setup],
            };
            grounds.push(Ground {
                tasks: of_tasks.of(&merger, &judged, checks)?,
                side: trial.side.clone(),
                site: self.site(number, trial),
                tree: Some(tree),
                blocked: None,
            });
        }
        let options = runner::Options {
            no_cache,
            fail_fast: session.project.run.fail_fast && trials.len() == 1,
            log_dir: &session.store.new_log_dir(clock::now())?,
        };
        let finished = runner::run(session, self.trust, &grounds, &options, self.emit)?;
        for (ground, runs) in grounds.iter().zip(&finished.runs) {
            for run in runs {
                let Some(tree) = ground.tree else { continue };
                let what = (tree, run.check.clone());
                match run.outcome.is_red() && !run.allow_failure {
                    true => drop(seen.red.insert(what, (self.setup.clone(), run.clone()))),
                    false => drop(seen.red.remove(&what)),
                }
            }
        }
        Ok(finished.runs)
    }

    /// The first is judged where the builds are warm.
    fn site(&self, number: usize, trial: &Trial) -> Box<dyn Site + '_> {
        let (commit, tracks) = (trial.commit, trial.tracks.clone());
        let setup = self.setup.clone();
        match number {
            0 => Box::new(Integrated {
                session: self.session,
                worktree: &self.worktree,
                commit,
                tracks,
                setup,
            }),
            _ => Box::new(Probed::new(&self.probes, commit, tracks, setup)),
        }
    }
}

/// The checks that speak against a commit; `None` where that could not be found out.
fn red(runs: &[Run], names: &[CheckName]) -> Option<Vec<CheckName>> {
    // A need that is red is an answer, too: the check is not green there.
    let red: Vec<CheckName> = runs
        .iter()
        .filter(|run| run.outcome.is_red() && !run.allow_failure)
        .map(|run| run.check.clone())
        .collect();
    let unknown = |run: &Run| names.contains(&run.check) && run.outcome != Outcome::Passed;
    if red.is_empty() && runs.iter().any(unknown) {
        return None;
    }
    Some(red)
}
