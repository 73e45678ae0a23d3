//! The checks of the tracks that are judged: in a track's worktree where that is what is judged, else in a probe worktree.
//! What is red runs on base, too: what is red there is not the track's fault.

use crate::domain::check::Run;
use crate::domain::name::{CheckName, Side};
use crate::domain::project::{Check, Track, When};
use crate::domain::revision::CommitId;
use crate::domain::trust::{commands_of_integration_setup, commands_of_setup};
use crate::git::{GitError, Merger, Worktree};
use crate::ops::check::CheckError;
use crate::ops::figures::Earlier;
use crate::ops::keys::{Keys, with_needs};
use crate::ops::matrix::TrackSide;
use crate::ops::runner::{self, Ground};
use crate::ops::site::{Probed, Probes, Site, TrackWorktree};
use crate::ops::tasks::{self, Tasks};
use crate::ops::trust::Trust;
use crate::ops::{Emit, Event, Session};
use crate::process::clock;

/// What came out for one track.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub runs: Vec<Run>,
    /// Of those that are red, and what they need.
    pub on_base: Vec<Run>,
}

pub(super) fn is_for_tracks(check: &Check) -> bool {
    check.when.contains(&When::Track)
}

/// One for each side.
pub(super) fn run(
    session: &Session,
    merger: &Merger<'_>,
    trust: &Trust,
    sides: &[TrackSide],
    emit: Emit<'_>,
) -> Result<Vec<Checked>, CheckError> {
    let project = &session.project;
    let checks: Vec<&Check> = project
        .checks
        .iter()
        .filter(|it| is_for_tracks(it))
        .collect();
    let applies = |side: &TrackSide| checks.iter().any(|check| check.applies_to(&side.track));
    let nothing = || sides.iter().map(|_| Checked::default()).collect();
    if !sides.iter().any(applies) {
        return Ok(nothing());
    }
    let course = Course {
        session,
        merger,
        trust,
        keys: Keys::new(session, trust, checks.iter().copied()),
        earlier: Earlier::read(session)?,
        probes: Probes::new(session, None),
        worktrees: session.repository.worktrees()?,
        emit,
    };
    let tracks: Vec<(&Track, &TrackSide)> = sides
        .iter()
        .filter_map(|side| Some((project.track(&side.track)?, side)))
        .collect();
    let mut grounds = Vec::new();
    for (track, side) in &tracks {
        let own = checks.iter().filter(|check| check.applies_to(&track.id));
        let own: Vec<&Check> = own.copied().collect();
        grounds.push(course.ground(track, side, &own)?);
    }
    let runs = course.run(&grounds, "")?;
    let red = |run: &Run| run.outcome.is_red() && !run.allow_failure;
    let mut on_base = Vec::new();
    let mut places = Vec::new();
    for (index, ((track, _), runs)) in tracks.iter().zip(&runs).enumerate() {
        let is_red = |check: &&&Check| runs.iter().any(|run| run.check == check.name && red(run));
        let names: Vec<&CheckName> = checks.iter().filter(is_red).map(|it| &it.name).collect();
        if !names.is_empty() {
            on_base.push(course.base(track, &with_needs(project, names))?);
            places.push(index);
        }
    }
    let mut checked: Vec<Checked> = runs
        .into_iter()
        .map(|runs| Checked {
            runs,
            on_base: Vec::new(),
        })
        .collect();
    if !on_base.is_empty() {
        for (place, runs) in places.into_iter().zip(course.run(&on_base, " on base")?) {
            checked[place].on_base = runs;
        }
    }
    Ok(checked)
}

struct Course<'a> {
    session: &'a Session,
    merger: &'a Merger<'a>,
    trust: &'a Trust,
    keys: Keys<'a>,
    earlier: Earlier,
    probes: Probes<'a>,
    worktrees: Vec<Worktree>,
    emit: Emit<'a>,
}

impl<'a> Course<'a> {
    fn run(&self, grounds: &[Ground<'_>], place: &str) -> Result<Vec<Vec<Run>>, CheckError> {
        let number: usize = grounds.iter().map(|ground| ground.tasks.len()).sum();
        (self.emit)(&Event::Stage(match number {
            1 => format!("running 1 check{place}"),
            _ => format!("running {number} checks{place}"),
        }));
        let options = runner::Options {
            no_cache: false,
            // A red check says nothing of the next.
            fail_fast: false,
            log_dir: &self.session.store.new_log_dir(clock::now())?,
        };
        let finished = runner::run(self.session, self.trust, grounds, &options, self.emit)?;
        Ok(finished.runs)
    }

    fn ground<'g>(
        &'g self,
        track: &'g Track,
        side: &TrackSide,
        checks: &[&'g Check],
    ) -> Result<Ground<'g>, CheckError> {
        let worktree = self.worktree(track, side)?;
        let site: Box<dyn Site + 'g> = match (worktree, side.tip) {
            (Some(worktree), _) => Box::new(TrackWorktree {
                session: self.session,
                merger: self.merger,
                track,
                dir: worktree.path.clone(),
                tree: side.tree,
            }),
            (None, Some(tip)) => Box::new(Probed::of_track(&self.probes, track, tip)),
            (None, None) => Box::new(Probed::of_track(
                &self.probes,
                track,
                self.session.base.commit,
            )),
        };
        let this = Side::Track(track.id.clone());
        self.with_tasks(this, site, side.tree, track, checks)
    }

    /// The same setup as in the track's own place, so that what differs is the tree alone.
    fn base<'g>(
        &'g self,
        track: &'g Track,
        checks: &[&'g Check],
    ) -> Result<Ground<'g>, CheckError> {
        let base: CommitId = self.session.base.commit;
        let tree = Some(self.session.repository.commit(base)?.tree);
        let setup = commands_of_setup(&self.session.project, Some(track));
        let site = Box::new(Probed::new(&self.probes, base, Vec::new(), setup));
        self.with_tasks(Side::Base, site, tree, track, checks)
    }

    fn with_tasks<'g>(
        &'g self,
        side: Side,
        site: Box<dyn Site + 'g>,
        tree: Option<crate::domain::revision::TreeId>,
        track: &Track,
        checks: &[&'g Check],
    ) -> Result<Ground<'g>, CheckError> {
        let project = &self.session.project;
        let setup = commands_of_setup(project, Some(track));
        let everybody: Vec<&Track> = project.tracks.iter().collect();
        let of_integration = commands_of_integration_setup(project, &everybody);
        let of_tasks = Tasks {
            session: self.session,
            keys: &self.keys,
            earlier: &self.earlier,
        };
        let judged = tasks::Judged {
            side: &side,
            tree,
            setup: &setup,
            setups_of_base: &[&setup, &of_integration],
        };
        Ok(Ground {
            tasks: of_tasks.of(self.merger, &judged, checks)?,
            side,
            site,
            tree,
            blocked: None,
        })
    }

    /// The track's worktree, where what is there is what is judged.
    fn worktree(&self, track: &Track, side: &TrackSide) -> Result<Option<&Worktree>, GitError> {
        let worktree = Worktree::of_branch(&self.worktrees, &track.branch)
            .filter(|worktree| worktree.commit == side.tip && side.note.is_none());
        let Some(worktree) = worktree else {
            return Ok(None);
        };
        if side.dirty {
            // It is what the worktree has that is judged.
            return Ok(Some(worktree));
        }
        let status = self.session.repository.worktree_status(&worktree.path)?;
        let as_committed = status.dirty.is_clean() && status.unfinished.is_none();
        Ok(as_committed.then_some(worktree))
    }
}
