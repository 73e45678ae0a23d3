//! A pair of tracks in a worktree of its own: opened, looked at again, taken away. Whatever the step at which a run was
//! killed, the next one carries on: what was opened is written down before it is made, and forgotten after it is gone.

use std::path::{Path, PathBuf};

use crate::domain::change::Unfinished;
use crate::domain::name::{Side, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::revision::{CommitId, TreeId};
use crate::git::{GitError, MergeAnswer, Merger, NewCommit, NotOurs, OwnError, RefChange, settled};
use crate::process::clock;
use crate::store::{Opening, OpeningStage, Operation, RefMove, ResultKey};

use super::super::own_worktree::{self, OwnWorktree, OwnWorktreeError};
use super::super::trust::Trust;
use super::super::{Emit, Event, Session, matrix};
use super::result::Solved;
use super::{Notebook, PairOutcome, Report, ResolveError, list, result};

/// What keeps the two sides from being garbage while somebody is at it.
const REFS: &str = "refs/tracks/resolving";

pub(super) struct How<'a> {
    pub fix: bool,
    pub no_checks: bool,
    pub command: &'a str,
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
    };
    let opening = match known {
        Some(opening) if is_there(session, &opening)? => opening,
        // Its worktree was taken away by hand.
        Some(opening) if opening.stage != OpeningStage::Making || is_lost(session, &opening)? => {
            keep_commits(session, &opening, how.command)?;
            close(session, &opening)?;
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
            let paths = make(session, &worktree, opening, emit)?;
            Ok(report(
                Some(dir),
                PairOutcome::Opened {
                    fix: paths.is_none(),
                    paths: paths.unwrap_or_default(),
                },
            ))
        }
        OpeningStage::Recorded(id) => {
            drop(worktree);
            close(session, &opening)?;
            let record = Notebook::read(session)?.record(id);
            Ok(report(
                None,
                match record {
                    Some(record) => PairOutcome::Recorded {
                        record: Box::new(record),
                        runs: Vec::new(),
                        unproved: None,
                    },
                    None => PairOutcome::Clean,
                },
            ))
        }
        OpeningStage::Open(_) => {
            match result::look(session, trust, &opening, &dir, how, emit)? {
                Solved::Not(PairOutcome::Strayed(why)) if why.is_empty() => {
                    // Somebody has taken the merge back, and nothing else was done: it is begun again.
                    let paths = make(session, &worktree, opening, emit)?;
                    Ok(report(
                        Some(dir),
                        PairOutcome::Opened {
                            fix: paths.is_none(),
                            paths: paths.unwrap_or_default(),
                        },
                    ))
                }
                Solved::Not(outcome) => Ok(report(Some(dir), outcome)),
                Solved::Recorded(record, outcome) => {
                    let opening = Opening {
                        stage: OpeningStage::Recorded(record),
                        ..opening
                    };
                    session.store.note_opening(&opening)?;
                    drop(worktree);
                    close(session, &opening)?;
                    Ok(report(None, outcome))
                }
            }
        }
    }
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
            if let Some(ids) = list::resolved_by(&unmerged, &notebook) {
                return Ok(Planned::Outcome(PairOutcome::Known(ids)));
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
    emit: Emit<'_>,
) -> Result<Option<Vec<RepoPath>>, ResolveError> {
    let (repository, dir) = (&session.repository, &worktree.dir);
    let [ours, theirs] = opening.sides;
    emit(&Event::Stage(format!("opening {}", opening.name)));
    let opening = Opening {
        stage: OpeningStage::Making,
        ..opening
    };
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
    let handed_over = merger.tree_in(dir)?;
    session.store.note_opening(&Opening {
        stage: OpeningStage::Open(handed_over),
        ..opening
    })?;
    Ok(paths)
}

fn ref_names(opening: &Opening) -> [String; 2] {
    let mut tag = ResultKey::of([opening.name.as_bytes()]).as_str().to_owned();
    tag.truncate(10);
    ["ours", "theirs"].map(|side| format!("{REFS}/{tag}/{side}"))
}

fn hold(session: &Session, opening: &Opening) -> Result<(), ResolveError> {
    let mut changes = Vec::new();
    for (name, side) in ref_names(opening).into_iter().zip(opening.sides) {
        let before = session.repository.reference(&name)?;
        if before != Some(side) {
            let after = Some(side);
            changes.push(RefChange {
                name,
                before,
                after,
            });
        }
    }
    Ok(session
        .repository
        .update_refs(&changes, "tracks resolve: opened")?)
}

/// The worktree goes, then what holds its sides, then what is known of it.
fn close(session: &Session, opening: &Opening) -> Result<(), ResolveError> {
    let repository = &session.repository;
    let dir = own_worktree::dir_of(session, &opening.name)?;
    let entries = repository.worktrees()?;
    if entries.iter().any(|entry| settled(&entry.path) == dir) {
        repository.remove_worktree(&dir)?;
    }
    let mut changes = Vec::new();
    for name in ref_names(opening) {
        let before = repository.reference(&name)?;
        if before.is_some() {
            let after = None;
            changes.push(RefChange {
                name,
                before,
                after,
            });
        }
    }
    repository.update_refs(&changes, "tracks resolve: closed")?;
    Ok(session.store.forget_opening(&opening.name)?)
}

/// Takes the worktree away; what somebody has done there is kept as a commit.
pub(super) fn abort(
    session: &Session,
    names: &[String; 2],
    command: &str,
) -> Result<Report, ResolveError> {
    let (tracks, opening) = find(session, names)?;
    let report = |outcome| Report::Pair {
        tracks: tracks.clone(),
        dir: None,
        outcome,
    };
    let Some(opening) = opening else {
        return Ok(report(PairOutcome::NothingToAbort));
    };
    let mut kept = None;
    if !is_there(session, &opening)? {
        keep_commits(session, &opening, command)?;
    } else {
        let worktree = own_worktree::enter(session, &opening.name, opening.sides[0])?;
        kept = keep(session, &opening, &worktree, command)?;
    }
    close(session, &opening)?;
    Ok(report(PairOutcome::Aborted { kept }))
}

fn keep(
    session: &Session,
    opening: &Opening,
    worktree: &OwnWorktree,
    command: &str,
) -> Result<Option<String>, ResolveError> {
    let OpeningStage::Open(handed_over) = &opening.stage else {
        return Ok(None);
    };
    let (repository, dir) = (&session.repository, &worktree.dir);
    let merger = Merger::publishing(repository, session.base.commit);
    let head = repository.commit_in(dir)?;
    let tree = merger.tree_in(dir)?;
    if head == opening.sides[0] && tree == *handed_over {
        return Ok(None);
    }
    let mut parents = vec![head];
    parents.extend(repository.merge_head(dir)?);
    let [(a, _), (b, _)] = &opening.tracks;
    let commit = merger.write_commit(&NewCommit {
        tree,
        parents,
        time: clock::now(),
        message: format!("What was done to resolve {a} and {b}\n"),
    })?;
    keep_as(session, dir, commit, command).map(Some)
}

/// What somebody has committed in a worktree of which only the entry is left.
fn keep_commits(session: &Session, opening: &Opening, command: &str) -> Result<(), ResolveError> {
    let dir = own_worktree::dir_of(session, &opening.name)?;
    let entries = session.repository.worktrees()?.into_iter();
    let left = entries
        .filter(|entry| settled(&entry.path) == dir)
        .find_map(|entry| entry.commit);
    if let Some(commit) = left.filter(|commit| *commit != opening.sides[0]) {
        keep_as(session, &dir, commit, command)?;
    }
    Ok(())
}

/// Keeps a commit of a worktree that goes; the ref that it is kept under.
fn keep_as(
    session: &Session,
    dir: &Path,
    commit: CommitId,
    command: &str,
) -> Result<String, ResolveError> {
    let repository = &session.repository;
    let now = clock::now();
    let id = session.store.new_operation_id(now);
    let name = format!("refs/tracks/replaced/{id}");
    session.store.record_operation(&Operation {
        refs: vec![RefMove {
            name: name.clone(),
            before: None,
            after: Some(commit),
        }],
        did: vec![format!("took {} away", dir.display())],
        ..Operation::new(id, now, command)
    })?;
    let change = RefChange {
        name: name.clone(),
        before: None,
        after: Some(commit),
    };
    repository.update_refs(&[change], "tracks resolve: aborted")?;
    Ok(name)
}
