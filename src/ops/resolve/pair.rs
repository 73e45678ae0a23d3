//! A pair of tracks in a worktree of its own: opened, looked at again, taken away. Whatever the step at which a run was
//! killed, the next one carries on: what was opened is written down before it is made, and forgotten after it is gone.

use std::path::PathBuf;

use crate::domain::change::Unfinished;
use crate::domain::name::{Side, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::revision::{CommitId, TreeId};
use crate::git::{GitError, MergeAnswer, Merger, NotOurs, OwnError, settled};
use crate::store::{Opening, OpeningStage};

use super::super::own_worktree::{self, OwnWorktree, OwnWorktreeError};
use super::super::trust::Trust;
use super::super::{Emit, Event, Session, matrix};
use super::closing::{close, hold, keep, keep_commits};
use super::result::Solved;
use super::{Closed, Notebook, PairOutcome, Report, ResolveError, list, result};

pub(super) struct How<'a> {
    pub fix: bool,
    pub no_checks: bool,
    pub command: &'a str,
    /// Directories in which somebody stands.
    pub here: &'a [PathBuf],
}

impl How<'_> {
    fn stands_in(&self, dir: &std::path::Path) -> bool {
        self.here.iter().any(|here| settled(here).starts_with(dir))
    }
}

pub(super) fn run(
    session: &Session,
    trust: &Trust,
    names: &[String; 2],
    how: &How<'_>,
    emit: Emit<'_>,
) -> Result<Report, ResolveError> {
    let (tracks, known) = find(session, names)?;
    let report = |dir: Option<PathBuf>, outcome| Report::Pair {
        tracks: tracks.clone(),
        dir,
        outcome,
        closed: Closed::default(),
    };
    let opening = match known {
        Some(opening) if is_there(session, &opening)? => opening,
        // Its worktree was taken away by hand.
        Some(opening) if opening.stage != OpeningStage::Making || is_lost(session, &opening)? => {
            keep_commits(session, &opening, how.command)?;
            close(session, &opening, emit)?;
            return run(session, trust, names, how, emit);
        }
        Some(opening) => opening,
        None => match plan(session, &tracks, how.fix)? {
            Planned::Opening(opening) => {
                refuse_forgotten_work(session, &opening)?;
                *opening
            }
            Planned::Outcome(outcome) => return Ok(report(None, outcome)),
        },
    };
    let worktree = own_worktree::enter(session, &opening.name, opening.sides[0])?;
    let dir = worktree.dir.clone();
    match &opening.stage {
        OpeningStage::Making => {
            let paths = make(session, &worktree, opening, how, emit)?;
            Ok(report(Some(dir), opened(paths)))
        }
        // A run was killed before it took the worktree away, where somebody may have gone on.
        OpeningStage::Recorded(id) if !result::is_still(session, &opening, &dir, id)? => {
            let merger = Merger::publishing(&session.repository, session.base.commit);
            session.store.note_opening(&Opening {
                stage: OpeningStage::Open(merger.tree_of(opening.sides[0])?),
                ..opening
            })?;
            drop(worktree);
            run(session, trust, names, how, emit)
        }
        OpeningStage::Recorded(id) => {
            let outcome = match Notebook::read(session)?.record(id) {
                Some(record) => PairOutcome::recorded(record),
                None => PairOutcome::Clean,
            };
            finish(session, &opening, how, outcome, emit)
        }
        OpeningStage::Open(_) => {
            match result::look(session, trust, &opening, &dir, how, emit)? {
                Solved::Not(PairOutcome::Strayed(why)) if why.is_empty() => {
                    // Somebody has taken the merge back, and nothing else was done: it is begun again.
                    let paths = make(session, &worktree, opening, how, emit)?;
                    Ok(report(Some(dir), opened(paths)))
                }
                Solved::Not(outcome) => Ok(report(Some(dir), outcome)),
                Solved::Recorded(id, mut outcome) => {
                    let still = result::is_still(session, &opening, &dir, &id)?;
                    if let PairOutcome::Recorded { since, .. } = &mut outcome {
                        since.moved = list::moved(session, &opening)?;
                        since.went_on = !still;
                    }
                    if !still {
                        return Ok(report(Some(dir), outcome));
                    }
                    let opening = Opening {
                        stage: OpeningStage::Recorded(id),
                        ..opening
                    };
                    session.store.note_opening(&opening)?;
                    finish(session, &opening, how, outcome, emit)
                }
            }
        }
    }
}

fn opened(paths: Option<Vec<RepoPath>>) -> PairOutcome {
    PairOutcome::Opened {
        fix: paths.is_none(),
        paths: paths.unwrap_or_default(),
    }
}

/// Takes the worktree away; whoever calls holds it.
fn finish(
    session: &Session,
    opening: &Opening,
    how: &How<'_>,
    outcome: PairOutcome,
    emit: Emit<'_>,
) -> Result<Report, ResolveError> {
    let dir = own_worktree::dir_of(session, &opening.name)?;
    let stood_in = how.stands_in(&dir);
    Ok(Report::Pair {
        tracks: opening.tracks.each_ref().map(|(track, _)| track.clone()),
        dir: None,
        outcome,
        closed: Closed {
            trash: close(session, opening, emit)?,
            stood_in,
        },
    })
}

/// Whether the checks of the integration are run.
pub(super) fn runs_checks(session: &Session, names: &[String; 2]) -> bool {
    let open = |opening: &Opening| matches!(opening.stage, OpeningStage::Open(_));
    find(session, names).is_ok_and(|(_, opening)| opening.as_ref().is_some_and(open))
}

/// The tracks, in the order in which they were opened, and what is known of that.
fn find(
    session: &Session,
    names: &[String; 2],
) -> Result<([TrackId; 2], Option<Opening>), ResolveError> {
    let tracks =
        [&names[0], &names[1]].map(|name| session.track(name).map(|track| track.id.clone()));
    let [a, b] = tracks;
    let (a, b) = (a?, b?);
    if a == b {
        return Err(ResolveError::WithItself(a));
    }
    let openings = session.store.openings()?;
    for pair in [[a.clone(), b.clone()], [b.clone(), a.clone()]] {
        let of =
            |opening: &&Opening| opening.tracks.each_ref().map(|(track, _)| track.clone()) == pair;
        if let Some(opening) = openings.iter().find(of) {
            return Ok((pair, Some(opening.clone())));
        }
    }
    let name = name_of(&a, &b);
    if let Some(other) = openings.into_iter().find(|opening| opening.name == name) {
        return Err(ResolveError::Taken {
            dir: own_worktree::dir_of(session, &name)?,
            tracks: other.tracks.map(|(track, _)| track),
        });
    }
    Ok(([a, b], None))
}

fn name_of(a: &TrackId, b: &TrackId) -> String {
    format!(".resolve-{a}-{b}")
}

/// Whether there is an entry of its worktree, and nothing else.
fn is_lost(session: &Session, opening: &Opening) -> Result<bool, ResolveError> {
    let dir = own_worktree::dir_of(session, &opening.name)?;
    let entries = session.repository.worktrees()?;
    let lost = |entry: &crate::git::Worktree| {
        settled(&entry.path) == dir && entry.prunable.is_some() && !entry.half_made
    };
    Ok(entries.iter().any(lost))
}

fn is_there(session: &Session, opening: &Opening) -> Result<bool, ResolveError> {
    Ok(own_worktree::dir_of(session, &opening.name)?.is_dir())
}

/// Somebody may have worked there of whom nothing is known any more.
fn refuse_forgotten_work(session: &Session, opening: &Opening) -> Result<(), ResolveError> {
    let dir = own_worktree::dir_of(session, &opening.name)?;
    let entries = session.repository.worktrees()?;
    let there = |entry: &crate::git::Worktree| entry.path == dir && entry.prunable.is_none();
    if !entries.iter().any(there) {
        return Ok(());
    }
    let status = session.repository.worktree_status(&dir)?;
    match status.dirty.is_clean() && status.unfinished.is_none() {
        true => Ok(()),
        false => Err(ResolveError::Dirty {
            track: opening.tracks[0].0.clone(),
            dir,
        }),
    }
}

enum Planned {
    Opening(Box<Opening>),
    Outcome(PairOutcome),
}

/// Which of the two the last round left out for a conflict, although it knew these records and took the other one in.
fn left_out(
    session: &Session,
    notebook: &Notebook,
    records: &[String],
    tracks: &[TrackId; 2],
    tips: &[CommitId],
) -> Result<Option<TrackId>, ResolveError> {
    let rounds = session.store.rounds()?;
    let Some(last) = rounds.last() else {
        return Ok(None);
    };
    let mut known = records.iter().filter_map(|id| notebook.record(id));
    if known.any(|record| record.when > last.time) {
        return Ok(None);
    }
    let is_out = |(track, tip): &(&TrackId, &CommitId)| {
        let mut out = last.ejected.iter();
        out.any(|out| out.track == **track && out.why == "conflict" && out.commit == Some(**tip))
    };
    let out = tracks.iter().zip(tips).find(is_out);
    let merged = |track: &TrackId| last.merged.iter().any(|merged| merged.track == *track);
    Ok(out
        .map(|(track, _)| track.clone())
        .filter(|_| tracks.iter().any(merged)))
}

/// Merges both into base and then with each other, and says what is to be opened, if anything.
fn plan(session: &Session, tracks: &[TrackId; 2], fix: bool) -> Result<Planned, ResolveError> {
    let base = session.base.commit;
    let scratch = matrix::scratch_merger(session, &session.repository)?;
    let mut tips = Vec::new();
    for id in tracks {
        let track = session.track(id.as_str())?;
        let tip = session.tip(&track.branch)?;
        let track = id.clone();
        tips.push(tip.ok_or(ResolveError::NoBranch { track })?.commit);
    }
    let mut on_base = Vec::new();
    for ((track, tip), answer) in
        (tracks.iter().zip(&tips)).zip(scratch.merge_all(&[(base, tips[0]), (base, tips[1])])?)
    {
        match answer {
            MergeAnswer::Merged { tree } => {
                on_base.push(on_top(&scratch, tree, [base, *tip])?);
            }
            MergeAnswer::Conflicted { conflicts, .. } => {
                let paths = conflicts.into_iter().map(|conflict| conflict.path);
                return Ok(Planned::Outcome(PairOutcome::NotOnBase {
                    track: track.clone(),
                    paths: paths.collect(),
                }));
            }
            MergeAnswer::Unavailable(reason) => {
                return Err(ResolveError::Unavailable {
                    a: Side::Base,
                    b: track.clone(),
                    reason,
                });
            }
        }
    }
    let sides = [on_base[0], on_base[1]];
    let (sides, fix) = match scratch.merge_all(&[(sides[0], sides[1])])?.pop() {
        Some(MergeAnswer::Conflicted { .. }) => {
            let unmerged = scratch.unmerged(sides[0], sides[1])?;
            let notebook = Notebook::read(session)?;
            if let Some(records) = list::resolved_by(&unmerged, &notebook) {
                let left_out = left_out(session, &notebook, &records, tracks, &tips)?;
                let known = PairOutcome::Known { records, left_out };
                return Ok(Planned::Outcome(known));
            }
            (sides, false)
        }
        Some(MergeAnswer::Merged { tree }) if fix => {
            let both = on_top(&scratch, tree, sides)?;
            ([both, both], true)
        }
        Some(MergeAnswer::Merged { .. }) | None => {
            return Ok(Planned::Outcome(PairOutcome::Clean));
        }
        Some(MergeAnswer::Unavailable(reason)) => {
            return Err(ResolveError::Unavailable {
                a: Side::Track(tracks[0].clone()),
                b: tracks[1].clone(),
                reason,
            });
        }
    };
    let publishing = Merger::publishing(&session.repository, base);
    let mut commits = on_base;
    commits.extend(sides);
    publishing.take_commits(&scratch, &commits)?;
    let [a, b] = tracks.clone();
    Ok(Planned::Opening(Box::new(Opening {
        name: name_of(&a, &b),
        tracks: [(a, tips[0]), (b, tips[1])],
        sides,
        fix,
        stage: OpeningStage::Making,
    })))
}

fn on_top(merger: &Merger<'_>, tree: TreeId, parents: [CommitId; 2]) -> Result<CommitId, GitError> {
    // A track that begins at base has everything of it.
    if merger.is_ancestor(parents[0], parents[1])? {
        return Ok(parents[1]);
    }
    matrix::merge_commit(merger, tree, &parents, "base and track\n")
}

/// Makes the worktree and begins the merge there; the paths in conflict, or `None` for a fix.
fn make(
    session: &Session,
    worktree: &OwnWorktree,
    opening: Opening,
    how: &How<'_>,
    emit: Emit<'_>,
) -> Result<Option<Vec<RepoPath>>, ResolveError> {
    let (repository, dir) = (&session.repository, &worktree.dir);
    let [ours, theirs] = opening.sides;
    emit(&Event::Stage(format!("opening {}", opening.name)));
    let opening = Opening {
        stage: OpeningStage::Making,
        ..opening
    };
    // Whoever found the worktree may have worked there before anybody was told of it.
    keep(session, &opening, worktree, how.command)?;
    session.store.note_opening(&opening)?;
    hold(session, &opening)?;
    match repository.assert_own_worktree(dir) {
        // It was begun, and nobody has been told of it.
        Err(OwnError::NotOurs {
            why: NotOurs::Unfinished(Unfinished::Merge),
            ..
        }) => repository.take_merge_back(dir)?,
        other => other.map_err(OwnWorktreeError::from)?,
    }
    repository
        .reset_own_worktree(dir, ours)
        .map_err(OwnWorktreeError::from)?;
    let merger = Merger::publishing(repository, session.base.commit);
    let paths = match opening.fix {
        true => None,
        false => {
            repository.start_merge(dir, &theirs.to_string())?;
            let [(a, _), (b, _)] = &opening.tracks;
            repository.name_sides(dir, theirs, [a.as_str(), b.as_str()])?;
            let unmerged = merger.unmerged(ours, theirs)?.into_iter();
            Some(unmerged.map(|one| one.path).collect())
        }
    };
    // Where git cannot read all of it (a submodule that nobody has checked out), everything counts as changed.
    let handed_over = match merger.tree_in(dir) {
        Ok(tree) => tree,
        Err(_) => merger.tree_of(ours)?,
    };
    session.store.note_opening(&Opening {
        stage: OpeningStage::Open(handed_over),
        ..opening
    })?;
    Ok(paths)
}

/// Takes the worktree away; what somebody has done there is kept as a commit.
pub(super) fn abort(
    session: &Session,
    names: &[String; 2],
    how: &How<'_>,
    emit: Emit<'_>,
) -> Result<Report, ResolveError> {
    let (tracks, opening) = find(session, names)?;
    let Some(opening) = opening else {
        return Ok(Report::Pair {
            tracks,
            dir: None,
            outcome: PairOutcome::NothingToAbort,
            closed: Closed::default(),
        });
    };
    if !is_there(session, &opening)? {
        keep_commits(session, &opening, how.command)?;
        return finish(
            session,
            &opening,
            how,
            PairOutcome::Aborted { kept: None },
            emit,
        );
    }
    let worktree = own_worktree::enter(session, &opening.name, opening.sides[0])?;
    let kept = keep(session, &opening, &worktree, how.command)?;
    finish(session, &opening, how, PairOutcome::Aborted { kept }, emit)
}
