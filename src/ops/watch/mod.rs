//! `tracks conflicts --watch`: the matrix once, and from then on only what moved is looked at again.
//!
//! Events of the file system say where to look, never what is the case: a track counts as moved when its tip or the tree
//! of its work is another. So nothing is lost where the system tells too much, and where it tells too little (a limit, a
//! queue that ran over) looking at all tracks makes up for it.

mod news;
mod places;
mod rhythm;
pub mod rounds;
mod stretch;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::domain::merge::turns;
use crate::domain::name::{BranchName, TrackId};
use crate::files::{Batch, DirWatcher};
use crate::git::GitError;
use crate::process::clock;

use super::announce::{self, Facts, Teller};
use super::branches::BranchesError;
use super::conflicts::{self, Report};
use super::{Session, Tip, matrix, tips};
pub use news::{Change, News, Warning};
use places::{Depth, Moves, Places};
use rhythm::{Overrun, Rhythm};
use stretch::{Stretch, integration};

/// How often is looked at what cannot be watched.
const POLL: Duration = Duration::from_secs(2);

/// How long a worktree is left alone while git holds its index and nothing else happens there: then the lock is a stale one,
/// or git waits for an editor.
const HOLD: Duration = Duration::from_secs(2);

/// After something could not be read.
const RETRY: Duration = Duration::from_secs(1);

/// So many matrices one scratch directory serves.
const RENEW: usize = 2000;

/// How to watch.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub conflicts: conflicts::Options,
    /// Look every two seconds instead of waiting for events, which network file systems do not give.
    pub poll: bool,
    /// How often to say [`News::Tick`].
    pub tick: Option<Duration>,
    /// Run commands without approval.
    pub yes: bool,
}

/// What the loop needs from outside.
#[expect(missing_debug_implementations, reason = "functions show nothing")]
pub struct Surroundings<'a> {
    /// Opens the session anew, as the first one was.
    pub open: &'a dyn Fn() -> Result<Session, BranchesError>,
    pub facts: Facts<'a>,
    /// A break ends the watching: nobody listens any more.
    pub tell: &'a mut dyn FnMut(News<'_>) -> ControlFlow<()>,
}

/// Watches until interrupted, or until nobody listens; the last matrix, or `None` where there was none yet.
///
/// # Errors
/// When there can be no first matrix.
pub fn run<'o>(
    mut session: Session,
    options: &'o Options,
    around: Surroundings<'o>,
) -> Result<Option<Report>, GitError> {
    let _visit = session.branches.as_ref().map(|_| session.store.visit());
    let (watcher, refused) = match options.poll {
        true => (DirWatcher::blind(), None),
        false => DirWatcher::new(),
    };
    let waker = watcher.waker();
    session.interrupt.on_request({
        let waker = waker.clone();
        move || waker.wake()
    });
    let teller = Teller::new(&session.interrupt, move || waker.wake());
    let mut watch = Watch {
        options,
        around,
        watcher,
        places: Places::default(),
        teller,
        logs: None,
        report: None,
        held: BTreeMap::new(),
        pending: Moves::default(),
        retry: None,
        poll: Rhythm::new(POLL),
        overrun: Overrun::default(),
        unheard: false,
        said: BTreeSet::new(),
    };
    if let Some(error) = refused {
        let tracks = Vec::new();
        watch.warn(&Warning::NotWatched { tracks, error });
    }
    loop {
        match watch.stretch(&session) {
            Ok(Next::Renew) => {}
            Ok(Next::Session(other)) => session = *other,
            Ok(Next::Ended) => return Ok(watch.report),
            Err(error) if watch.report.is_none() => return Err(error),
            Err(error) => {
                watch.warn(&Warning::Git(error));
                watch.watcher.next(Some(Instant::now() + RETRY));
                if watch.is_over(&session) {
                    return Ok(watch.report);
                }
            }
        }
    }
}

/// Why a stretch ended.
enum Next {
    /// The scratch directory has served long enough.
    Renew,
    /// Base or tracks.toml is another.
    Session(Box<Session>),
    Ended,
}

struct Watch<'o> {
    options: &'o Options,
    around: Surroundings<'o>,
    watcher: DirWatcher,
    places: Places,
    teller: Teller,
    logs: Option<PathBuf>,
    report: Option<Report>,
    /// Tracks in whose worktree git is at work, and since when nothing has happened there.
    held: BTreeMap<TrackId, Instant>,
    /// What has not been looked at yet.
    pending: Moves,
    /// Something could not be read; not to be tried before.
    retry: Option<Instant>,
    poll: Rhythm,
    overrun: Overrun,
    /// Nobody listens any more.
    unheard: bool,
    /// Warnings that would only repeat themselves.
    said: BTreeSet<String>,
}

impl Watch<'_> {
    /// Watches as long as base and tracks.toml stay the same.
    fn stretch(&mut self, session: &Session) -> Result<Next, GitError> {
        let wanted = conflicts::wanted(session, &self.options.conflicts);
        self.pending = Moves::default();
        self.held.clear();
        self.retry = None;
        self.arrange(session, &wanted, &BTreeSet::new())?;
        let mut stretch = Stretch::new(session)?;
        let sides = self.read(&stretch, &wanted)?;
        let report = stretch.judge(sides, &self.brief())?;
        self.publish(session, report);
        for _ in 0..RENEW {
            loop {
                let batch = match self.is_over(session) {
                    false => self.watcher.next(self.until()),
                    true => Batch::default(),
                };
                if self.is_over(session) {
                    self.complete(&mut stretch);
                    return Ok(Next::Ended);
                }
                self.hear(session, &batch);
                match self.step(&mut stretch, &wanted) {
                    Ok(Step::Nothing) => {}
                    Ok(Step::Matrix) => break,
                    Ok(Step::Session(other)) => return Ok(Next::Session(other)),
                    Err(error) => {
                        self.retry = Some(Instant::now() + RETRY);
                        self.pending = Moves::all(wanted.iter().cloned());
                        self.warn(&Warning::Git(error));
                    }
                }
                self.say(News::Tick);
            }
        }
        Ok(Next::Renew)
    }

    /// What is compared while watching: who touched what is told once, at the end.
    fn brief(&self) -> conflicts::Options {
        conflicts::Options {
            touched: false,
            ..self.options.conflicts.clone()
        }
    }

    /// Makes the last report one that says all that was asked for.
    fn complete(&mut self, stretch: &mut Stretch<'_>) {
        if !self.options.conflicts.touched {
            return;
        }
        if let Ok(report) = stretch.judge(self.sides().to_vec(), &self.options.conflicts) {
            self.report = Some(report);
        }
    }

    /// When there is something to do even if nothing happens.
    fn until(&self) -> Option<Instant> {
        let now = Instant::now();
        let tick = self.options.tick.map(|tick| now + tick);
        if let Some(retry) = self.retry {
            return Some(tick.map_or(retry, |tick| tick.min(retry)));
        }
        let polled = !self.places.polled.is_empty() || self.places.all_polled;
        let held = self.held.values().min().map(|since| *since + HOLD);
        [
            tick,
            polled.then_some(self.poll.next),
            held,
            self.overrun.at(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Takes down what a batch is about.
    fn hear(&mut self, session: &Session, batch: &Batch) {
        let failures: Vec<String> = self.teller.failures().collect();
        for failure in failures {
            self.warn(&Warning::Notify(failure));
        }
        match self.places.sort(session, batch, &self.watcher) {
            Ok(moves) => {
                let now = Instant::now();
                for track in &moves.tracks {
                    self.held
                        .entry(track.clone())
                        .and_modify(|since| *since = now);
                }
                self.pending.add(moves);
            }
            // Which is ignored could not be told: then all of it counts.
            Err(_) => self.overrun.due = true,
        }
        self.overrun.due |= batch.lost;
    }
}

/// What came of looking.
enum Step {
    Nothing,
    Matrix,
    Session(Box<Session>),
}

impl Watch<'_> {
    fn step(&mut self, stretch: &mut Stretch<'_>, wanted: &[TrackId]) -> Result<Step, GitError> {
        let session = stretch.session;
        let overrun = self.overrun.take();
        if overrun {
            self.pending.add(Moves::all(wanted.iter().cloned()));
        }
        let polled = self.add_polled();
        if self.pending.is_empty() && self.held.is_empty()
            || self.retry.is_some_and(|at| at > Instant::now())
        {
            return Ok(Step::Nothing);
        }
        self.retry = None;
        let started = Instant::now();
        let mut moves = std::mem::take(&mut self.pending);
        // Without tracks, it is the refs that say which branches there are, and where.
        moves.project |= moves.refs && session.branches.is_some();
        if (moves.project || moves.refs && self.base_moved(session)?)
            && let Some(other) = self.reopened(session, moves.rules)
        {
            return Ok(Step::Session(other));
        }
        if moves.list || !moves.rearrange.is_empty() || moves.refs {
            let elsewhere = self.arrange(session, wanted, &moves.rearrange)?;
            moves.tracks.extend(elsewhere);
        }
        let mut integration_moved = false;
        if moves.refs || moves.project {
            moves.tracks.extend(self.tips_moved(session, wanted)?);
            let now = integration(session)?;
            integration_moved = now != stretch.integration;
            stretch.integration = now;
        }
        let due = self.due(moves.tracks);
        let step = self.look(stretch, &due, integration_moved)?;
        if polled {
            self.poll.took(started.elapsed());
        }
        if overrun {
            self.overrun.looked(matches!(step, Step::Matrix));
        }
        Ok(step)
    }

    /// Adds what cannot be watched, where it is time to look.
    fn add_polled(&mut self) -> bool {
        let due = self.poll.next <= Instant::now();
        if !due {
            return false;
        }
        if self.places.all_polled {
            self.pending.list = true;
            self.pending.refs = true;
            self.pending.project = true;
        }
        self.pending
            .tracks
            .extend(self.places.polled.iter().cloned());
        !self.pending.is_empty()
    }

    /// Another session, where base or tracks.toml is another, or the rules by which git merges may be. What keeps it from
    /// being opened is said, and the old one goes on until it can.
    fn reopened(&mut self, session: &Session, rules: bool) -> Option<Box<Session>> {
        match (self.around.open)() {
            Ok(other) => {
                let same = !rules
                    && other.project == session.project
                    && other.base == session.base
                    && pinned(&other) == pinned(session);
                self.said.retain(|said| !said.starts_with(PROJECT));
                (!same).then(|| Box::new(other))
            }
            Err(error) => {
                self.warn(&Warning::Project(error));
                None
            }
        }
    }

    fn base_moved(&self, session: &Session) -> Result<bool, GitError> {
        let Some(branch) = &session.base.branch else {
            return Ok(false);
        };
        let base = tips::resolve(
            &session.repository,
            &session.project.remote,
            branch,
            session.prefer_remote,
        )?;
        Ok(base.map(|tip| tip.commit) != Some(session.base.commit))
    }

    fn tips_moved(&self, session: &Session, wanted: &[TrackId]) -> Result<Vec<TrackId>, GitError> {
        let mut moved = Vec::new();
        for side in self.sides() {
            let Some(track) = session.project.track(&side.track) else {
                continue;
            };
            let tip = session.tip(&track.branch)?.map(|tip| tip.commit);
            if tip != side.tip && wanted.contains(&side.track) {
                moved.push(side.track.clone());
            }
        }
        Ok(moved)
    }

    /// Who can be looked at now: not those in whose worktree git is at work, until it has ended.
    fn due(&mut self, moved: BTreeSet<TrackId>) -> Vec<TrackId> {
        let before: BTreeSet<TrackId> = self.held.keys().cloned().collect();
        let now = Instant::now();
        for track in moved {
            self.held.entry(track).or_insert(now);
        }
        let places = &self.places;
        let mut due = Vec::new();
        self.held.retain(|track, since| {
            let hold = places.is_locked(track) && now.duration_since(*since) < HOLD;
            if !hold {
                due.push(track.clone());
            }
            hold
        });
        let held: BTreeSet<TrackId> = self.held.keys().cloned().collect();
        if held != before {
            self.say(News::Waiting(&held));
        }
        due
    }

    /// Looks at these tracks, and makes a new matrix if that is another.
    fn look(
        &mut self,
        stretch: &mut Stretch<'_>,
        due: &[TrackId],
        integration_moved: bool,
    ) -> Result<Step, GitError> {
        let mut sides = self.sides().to_vec();
        let mut moved = integration_moved;
        for fresh in self.read(stretch, due)? {
            let known = sides.iter_mut().find(|side| side.track == fresh.track);
            if let Some(known) = known.filter(|known| **known != fresh) {
                moved = true;
                *known = fresh;
            }
        }
        if !moved {
            return Ok(Step::Nothing);
        }
        let report = stretch.judge(sides, &self.brief())?;
        self.publish(stretch.session, report);
        Ok(Step::Matrix)
    }

    fn read(
        &self,
        stretch: &Stretch<'_>,
        tracks: &[TrackId],
    ) -> Result<Vec<matrix::TrackSide>, GitError> {
        if tracks.is_empty() {
            return Ok(Vec::new());
        }
        let committed = self.options.conflicts.committed;
        matrix::track_sides(stretch.session, &stretch.merger, tracks, committed)
    }

    fn sides(&self) -> &[matrix::TrackSide] {
        self.report.as_ref().map_or(&[], |report| &report.tracks)
    }

    fn arrange(
        &mut self,
        session: &Session,
        wanted: &[TrackId],
        anew: &BTreeSet<TrackId>,
    ) -> Result<BTreeSet<TrackId>, GitError> {
        let depth = match self.options.conflicts.committed {
            true => Depth::Committed,
            false => Depth::Worktrees,
        };
        let (elsewhere, warnings) =
            self.places
                .arrange(session, wanted, anew, depth, &mut self.watcher)?;
        for warning in warnings {
            self.warn(&warning);
        }
        Ok(elsewhere)
    }

    /// Tells of a new matrix, and whoever wants to know of what has turned.
    fn publish(&mut self, session: &Session, report: Report) {
        let before = self.report.take();
        match &before {
            None => self.say(News::Started(&report)),
            Some(before) => {
                let change = change(before, &report);
                if change.is_any() {
                    self.say(News::Changed(change));
                }
            }
        }
        let calls = announce::of_conflicts(
            session,
            self.options.yes,
            &self.options.conflicts,
            &report,
            self.around.facts,
            &mut self.logs,
        );
        match calls {
            Ok(None) => {}
            Ok(Some(calls)) => {
                if let Some(missing) = calls.not_approved() {
                    self.warn(&Warning::NotApproved(missing));
                }
                if !calls.is_empty() {
                    self.teller.tell(calls);
                }
            }
            Err(error) => self.warn(&Warning::Store(error)),
        }
        self.report = Some(report);
    }

    fn say(&mut self, news: News<'_>) {
        if (self.around.tell)(news).is_break() {
            self.unheard = true;
        }
    }

    fn is_over(&self, session: &Session) -> bool {
        self.unheard || session.interrupt.exit_status().is_some()
    }

    /// Each warning once; one about tracks.toml again after it was good.
    fn warn(&mut self, warning: &Warning) {
        let key = match warning {
            Warning::Project(_) => format!("{PROJECT}{warning}"),
            _ => warning.to_string(),
        };
        // A command that fails again has failed once more.
        if self.said.insert(key) || matches!(warning, Warning::Notify(_)) {
            self.say(News::Warning(warning));
        }
    }
}

/// Where the branches of a session without tracks stood when it was opened.
fn pinned(session: &Session) -> Option<&BTreeMap<BranchName, Tip>> {
    session.branches.as_ref().map(|branches| &branches.tips)
}

fn change<'r>(before: &Report, report: &'r Report) -> Change<'r> {
    let moved = report.tracks.iter().filter(|side| {
        let known = before.tracks.iter().find(|known| known.track == side.track);
        known != Some(side)
    });
    Change {
        report,
        at: clock::now(),
        moved: moved.map(|side| side.track.clone()).collect(),
        base_moved: before.base != report.base,
        turns: turns(&before.pairs, &report.pairs),
    }
}

/// What warnings about the project are remembered under.
const PROJECT: &str = "project: ";
