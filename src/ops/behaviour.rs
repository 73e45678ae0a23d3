//! Collisions by behaviour: tracks that merge clean, and whose merge fails a check that each of them passes alone.
//!
//! The check runs on base, then on each track merged into base, then on the pairs: only where the parts are green does the
//! whole say something of the pair. All of it happens in probe worktrees, on merges that the repository never gets to see.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::domain::check::{Outcome, Run};
use crate::domain::merge::{Basis, Pair, directories_of};
use crate::domain::name::{CheckName, Side, TrackId};
use crate::domain::order::likeliest_first;
use crate::domain::project::{Check, Track};
use crate::domain::revision::{CommitId, TreeId};
use crate::domain::trust::{TrustedCommand, commands_of_integration_setup};
use crate::git::{Memo, Merger};
use crate::process::clock;
use crate::store::log_tail;

use super::check::CheckError;
use super::conflicts::Report;
use super::figures::Earlier;
use super::keys::{Keys, with_needs};
use super::matrix::{Matrix, Scope};
use super::own_worktree;
use super::runner::{self, Ground};
use super::site::{Probed, Probes};
use super::tasks::{Judged, Tasks};
use super::trust::Trust;
use super::{Emit, Event, Session};

/// So many lines of a failed check's log are shown.
const TAIL: usize = 10;

/// The check that pairs are judged by. What it says of `when` does not count: it was asked for by its name.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub check: &'a Check,
    pub trust: &'a Trust,
}

/// What the check says of one tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    Passed {
        cached: bool,
    },
    Red(Failure),
    /// One sentence why it could not be found out.
    Unknown(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The check that was asked for, or one that it needs.
    pub check: CheckName,
    pub outcome: Outcome,
    pub exit_status: Option<i32>,
    pub log: Option<PathBuf>,
    /// Its last lines.
    pub tail: Vec<String>,
}

/// What came out.
#[derive(Debug)]
pub struct Behaviour {
    pub check: CheckName,
    /// `None` where there was nothing to judge.
    pub base: Option<Judgement>,
    /// base + track.
    pub alone: BTreeMap<TrackId, Judgement>,
    /// The pairs that were judged, as the matrix has them.
    pub pairs: BTreeMap<(TrackId, TrackId), Judgement>,
    /// How many clean pairs there are that this check applies to.
    pub candidates: usize,
}

impl Judgement {
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Judgement::Red(failure) => Some(failure),
            Judgement::Passed { .. } | Judgement::Unknown(_) => None,
        }
    }

    fn passed(&self) -> bool {
        matches!(self, Judgement::Passed { .. })
    }

    fn is_unknown(&self) -> bool {
        matches!(self, Judgement::Unknown(_))
    }
}

impl Behaviour {
    /// A pair collides, or a track is red by itself.
    pub fn found(&self) -> bool {
        let mut judged = self.alone.values().chain(self.pairs.values());
        judged.any(|judgement| judgement.failure().is_some())
    }

    /// Also where base is red: then no pair was judged.
    pub fn undetermined(&self) -> bool {
        let mut judged = self.alone.values().chain(self.pairs.values());
        self.base.as_ref().is_some_and(|base| !base.passed()) || judged.any(Judgement::is_unknown)
    }

    /// What the check says of a cell of the matrix: of two tracks together, or of one track on base.
    pub fn of(&self, a: &Side, b: &Side) -> Option<&Judgement> {
        match (a, b) {
            (Side::Base, Side::Track(track)) => self.alone.get(track),
            (Side::Track(a), Side::Track(b)) => self.pairs.get(&(a.clone(), b.clone())),
            _ => None,
        }
    }

    pub fn failure_of(&self, a: &Side, b: &Side) -> Option<&Failure> {
        self.of(a, b)?.failure()
    }
}

/// One tree to be judged.
struct Trial {
    side: Side,
    commit: CommitId,
    tree: TreeId,
    /// Whose work is in it.
    tracks: Vec<TrackId>,
}

/// # Errors
/// When the environment does not allow to run anything.
pub(super) fn run(
    session: &Session,
    merger: &Merger<'_>,
    memo: &Memo,
    report: &Report,
    asked: &Asked<'_>,
    emit: Emit<'_>,
) -> Result<Behaviour, CheckError> {
    own_worktree::bring_back_probes(session)?;
    let name = &asked.check.name;
    let mut candidates = candidates(&report.pairs, asked.check);
    let mut behaviour = Behaviour {
        check: name.clone(),
        base: None,
        alone: BTreeMap::new(),
        pairs: BTreeMap::new(),
        candidates: candidates.len(),
    };
    if candidates.is_empty() {
        return Ok(behaviour);
    }
    let scope = Scope::WithoutIntegration;
    let matrix = Matrix::new(session, merger, memo, &report.tracks, scope)?;
    let mut course = Course::new(session, merger, asked, emit)?;
    emit(&Event::Stage(format!("checking base: {name}")));
    let base = session.base.commit;
    let judged = course.judge(vec![course.trial(Side::Base, base)?])?.pop();
    let green = judged.as_ref().is_some_and(Judgement::passed);
    behaviour.base = judged;
    if green {
        let tracks: BTreeSet<&TrackId> = candidates.iter().flat_map(|(a, b)| [a, b]).collect();
        emit(&Event::Stage(format!(
            "checking {} tracks alone: {name}",
            tracks.len()
        )));
        let mut trials = Vec::new();
        for track in tracks {
            if let Some(commit) = matrix.with_base(track)? {
                trials.push(course.trial(Side::Track(track.clone()), commit)?);
            }
        }
        let names: Vec<TrackId> = trials
            .iter()
            .flat_map(|trial| trial.tracks.clone())
            .collect();
        behaviour.alone = names.into_iter().zip(course.judge(trials)?).collect();
        let alone = &behaviour.alone;
        let green = |track: &TrackId| alone.get(track).is_some_and(Judgement::passed);
        candidates.retain(|(a, b)| green(a) && green(b));
        let directories = directories(&matrix, &candidates);
        likeliest_first(&mut candidates, &directories);
        emit(&Event::Stage(format!(
            "checking {} pairs: {name}",
            candidates.len()
        )));
        let mut trials = Vec::new();
        let mut judged = Vec::new();
        let commits = matrix.together(&candidates)?;
        for ((a, b), commit) in candidates.into_iter().zip(commits) {
            let Some(commit) = commit else { continue };
            trials.push(course.trial(Side::Both(a.clone(), b.clone()), commit)?);
            judged.push((a, b));
        }
        behaviour.pairs = judged.into_iter().zip(course.judge(trials)?).collect();
    }
    course.finish()?;
    Ok(behaviour)
}

/// The pairs of tracks that merge clean, and that the check applies to.
fn candidates(pairs: &[Pair], check: &Check) -> Vec<(TrackId, TrackId)> {
    let clean = pairs
        .iter()
        .filter(|pair| pair.verdict.is_clean() && pair.basis == Basis::BasePlusTrack);
    clean
        .filter_map(|pair| match (&pair.a, &pair.b) {
            (Side::Track(a), Side::Track(b)) => Some((a.clone(), b.clone())),
            _ => None,
        })
        .filter(|(a, b)| check.applies_to(a) || check.applies_to(b))
        .collect()
}

/// Where the tracks of these pairs change something.
fn directories(
    matrix: &Matrix<'_, '_>,
    pairs: &[(TrackId, TrackId)],
) -> BTreeMap<TrackId, BTreeSet<crate::domain::path::RepoPath>> {
    let tracks: BTreeSet<&TrackId> = pairs.iter().flat_map(|(a, b)| [a, b]).collect();
    let of = |track| {
        let paths = matrix.changed_paths(track);
        paths.iter().flat_map(directories_of).collect()
    };
    let each = tracks.into_iter().map(|track| (track.clone(), of(track)));
    each.collect()
}

/// One check on tree after tree.
struct Course<'a> {
    session: &'a Session,
    merger: &'a Merger<'a>,
    trust: &'a Trust,
    emit: Emit<'a>,
    /// The check that was asked for, behind all that it needs.
    checks: Vec<&'a Check>,
    keys: Keys<'a>,
    earlier: Earlier,
    /// The same for every tree, so that what differs is the tree alone.
    setup: Vec<TrustedCommand>,
    log_dir: PathBuf,
    probes: Probes<'a>,
    judged: BTreeMap<TreeId, Judgement>,
}

impl<'a> Course<'a> {
    fn new(
        session: &'a Session,
        merger: &'a Merger<'_>,
        asked: &Asked<'a>,
        emit: Emit<'a>,
    ) -> Result<Self, CheckError> {
        let project = &session.project;
        let tracks: Vec<&Track> = project.tracks.iter().collect();
        let checks = with_needs(project, vec![&asked.check.name]);
        Ok(Course {
            session,
            merger,
            trust: asked.trust,
            emit,
            keys: Keys::new(session, asked.trust, checks.iter().copied()),
            checks,
            earlier: Earlier::read(session)?,
            setup: commands_of_integration_setup(project, &tracks),
            log_dir: session.store.new_log_dir(clock::now())?,
            probes: Probes::new(session, Some(merger)),
            judged: BTreeMap::new(),
        })
    }

    fn trial(&self, side: Side, commit: CommitId) -> Result<Trial, CheckError> {
        let tracks = match &side {
            Side::Track(track) => vec![track.clone()],
            Side::Both(a, b) => vec![a.clone(), b.clone()],
            Side::Base | Side::Integration | Side::Part(_) => Vec::new(),
        };
        Ok(Trial {
            side,
            commit,
            tree: self.merger.tree_of(commit)?,
            tracks,
        })
    }

    /// What the check says of each, in the same order. Each tree is judged once.
    fn judge(&mut self, trials: Vec<Trial>) -> Result<Vec<Judgement>, CheckError> {
        let trees: Vec<TreeId> = trials.iter().map(|trial| trial.tree).collect();
        let mut seen: BTreeSet<TreeId> = self.judged.keys().copied().collect();
        let mut grounds = Vec::new();
        let of_tasks = Tasks {
            session: self.session,
            keys: &self.keys,
            earlier: &self.earlier,
        };
        for trial in trials {
            if !seen.insert(trial.tree) {
                continue;
            }
            let (tree, setup) = (Some(trial.tree), &self.setup);
            let judged = Judged {
                side: &trial.side,
                tree,
                setup,
                setups_of_base: &[setup],
            };
            grounds.push(Ground {
                tasks: of_tasks.of(self.merger, &judged, &self.checks)?,
                side: trial.side,
                site: Box::new(Probed::new(
                    &self.probes,
                    trial.commit,
                    trial.tracks,
                    setup.clone(),
                )),
                tree,
                blocked: None,
            });
        }
        let options = runner::Options {
            no_cache: false,
            // A red pair says nothing of the next.
            fail_fast: false,
            log_dir: &self.log_dir,
        };
        let finished = runner::run(self.session, self.trust, &grounds, &options, self.emit)?;
        for (ground, runs) in grounds.iter().zip(&finished.runs) {
            self.judged
                .extend(ground.tree.map(|tree| (tree, judgement(runs))));
        }
        let interrupted = || Judgement::Unknown("it was interrupted".to_owned());
        let of = |tree| self.judged.get(&tree).cloned().unwrap_or_else(interrupted);
        Ok(trees.into_iter().map(of).collect())
    }

    /// Brings the probe worktrees back to what everybody can read.
    fn finish(self) -> Result<(), CheckError> {
        Ok(self.probes.finish()?)
    }
}

/// The last run is that of the check that was asked for: it is red where it fails, even where a failure would be allowed.
/// A red need is an answer, too.
fn judgement(runs: &[Run]) -> Judgement {
    let Some((asked, needs)) = runs.split_last() else {
        return Judgement::Unknown("nothing ran".to_owned());
    };
    let mut red_needs = needs
        .iter()
        .filter(|run| run.outcome.is_red() && !run.allow_failure);
    if asked.outcome == Outcome::Passed {
        return Judgement::Passed {
            cached: asked.cached,
        };
    }
    if let Some(red) = Some(asked)
        .filter(|run| run.outcome.is_red())
        .or_else(|| red_needs.next())
    {
        return Judgement::Red(Failure {
            check: red.check.clone(),
            outcome: red.outcome,
            exit_status: red.exit_status,
            tail: (red.log.as_deref()).map_or_else(Vec::new, |log| log_tail(log, TAIL)),
            log: red.log.clone(),
        });
    }
    let stuck = |run: &&Run| run.outcome != Outcome::Passed && run.outcome != Outcome::Skipped;
    let first = runs.iter().find(stuck).unwrap_or(asked);
    Judgement::Unknown(match (&first.note, first.outcome) {
        (Some(note), _) => note.clone(),
        (None, Outcome::Cancelled) => "it was interrupted".to_owned(),
        (None, outcome) => outcome.as_str().to_owned(),
    })
}
