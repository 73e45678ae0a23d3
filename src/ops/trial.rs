//! Checks on one commit that no worktree stands on, in a probe worktree.

use crate::domain::check::{Outcome, Run};
use crate::domain::name::{Side, TrackId};
use crate::domain::project::{Check, Track};
use crate::domain::revision::CommitId;
use crate::domain::trust::{TrustedCommand, commands_of_integration_setup};
use crate::git::{GitError, Merger};
use crate::process::clock;
use crate::store::StoreError;

use super::figures::Earlier;
use super::keys::Keys;
use super::own_worktree::{self, OwnWorktreeError};
use super::runner::{self, Ground, RunnerError};
use super::site::{Probed, Probes};
use super::tasks::{Judged, Tasks};
use super::trust::Trust;
use super::{Emit, Session};

#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Runner(#[from] RunnerError),
    #[error(transparent)]
    OwnWorktree(#[from] OwnWorktreeError),
}

/// What is to be judged.
#[derive(Clone, Copy)]
pub(super) struct Trial<'t> {
    pub session: &'t Session,
    pub trust: &'t Trust,
    /// It can read the commit.
    pub merger: &'t Merger<'t>,
    pub commit: CommitId,
    /// Whose work is in it.
    pub tracks: &'t [TrackId],
}

impl Trial<'_> {
    /// The setup of the worktree that it is judged in.
    pub(super) fn setup(&self) -> Vec<TrustedCommand> {
        let project = &self.session.project;
        let tracks = self.tracks.iter().filter_map(|track| project.track(track));
        let tracks: Vec<&Track> = tracks.collect();
        commands_of_integration_setup(project, &tracks)
    }

    /// `checks` with all that they need. With `run`, what is not known to pass is run; without, `None` where something is not
    /// known.
    ///
    /// # Errors
    /// When the environment does not allow to run anything.
    pub(super) fn judge(
        &self,
        checks: &[&Check],
        run: bool,
        emit: Emit<'_>,
    ) -> Result<Option<Vec<Run>>, TrialError> {
        let (session, merger) = (self.session, self.merger);
        let setup = self.setup();
        let keys = Keys::new(session, self.trust, checks.iter().copied());
        let earlier = Earlier::read(session)?;
        let tree = merger.tree_of(self.commit)?;
        let of_tasks = Tasks {
            session,
            keys: &keys,
            earlier: &earlier,
        };
        let judged = Judged {
            side: &Side::Integration,
            tree: Some(tree),
            setup: &setup,
            setups_of_base: &[&setup],
        };
        let tasks = of_tasks.of(merger, &judged, checks)?;
        if run {
            own_worktree::bring_back_probes(session)?;
        }
        let probes = Probes::new(session, Some(merger));
        let ground = Ground {
            side: Side::Integration,
            site: Box::new(Probed::new(
                &probes,
                self.commit,
                self.tracks.to_vec(),
                setup.clone(),
            )),
            tree: Some(tree),
            blocked: None,
            tasks,
        };
        if !run {
            let known = runner::known_passes(session, &ground);
            let passed = |(task, known): (&runner::Task<'_>, Option<_>)| {
                known.map(|_| Run::new(task.check.name.clone(), Side::Integration, Outcome::Passed))
            };
            return Ok(ground.tasks.iter().zip(known).map(passed).collect());
        }
        let options = runner::Options {
            no_cache: false,
            fail_fast: false,
            log_dir: &session.store.new_log_dir(clock::now())?,
        };
        let finished = runner::run(session, self.trust, &[ground], &options, emit)?;
        probes.finish()?;
        Ok(Some(finished.runs.into_iter().flatten().collect()))
    }
}
