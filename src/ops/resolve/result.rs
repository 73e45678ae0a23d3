//! What somebody has made of a pair: whether it is finished, whether the checks pass on it, and what of it is recorded.

use std::collections::BTreeSet;
use std::path::Path;

use crate::domain::check::{Outcome, Run};
use crate::domain::name::{CheckName, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::project::{Check, When};
use crate::domain::resolution::{
    Entry, Fixed, Proof, Record, RecordKind, Sides, Version, path_key,
};
use crate::domain::revision::{CommitId, TreeId};
use crate::git::{GitError, MergeAnswer, Merger, Unmerged};
use crate::process::clock;
use crate::store::Opening;

use super::super::keys::with_needs;
use super::super::notebook::{self, Change};
use super::super::trial::Trial;
use super::super::trust::Trust;
use super::super::{Emit, Event, Session, matrix};
use super::own::marker_at;
use super::pair::How;
use super::{PairOutcome, ResolveError, Since};

pub(super) enum Solved {
    Not(PairOutcome),
    /// Under this id.
    Recorded(String, PairOutcome),
}

/// Looks at the worktree of a pair, and records what is finished.
pub(super) fn look(
    session: &Session,
    trust: &Trust,
    opening: &Opening,
    dir: &Path,
    how: &How<'_>,
    emit: Emit<'_>,
) -> Result<Solved, ResolveError> {
    let repository = &session.repository;
    let merger = Merger::publishing(repository, session.base.commit);
    let Found {
        kind,
        fixed,
        tree,
        taken,
    } = match examine(session, &merger, opening, dir)? {
        Ok(found) => found,
        Err(outcome) => return Ok(Solved::Not(outcome)),
    };
    let parents: BTreeSet<CommitId> = opening.sides.into_iter().collect();
    let parents: Vec<CommitId> = parents.into_iter().collect();
    let commit = matrix::merge_commit(&merger, tree, &parents, "to be recorded\n")?;
    let judged = match how.no_checks {
        true => Judged::nothing(),
        false => judge(session, trust, &merger, opening, commit, emit)?,
    };
    if session.interrupt.exit_status().is_some() {
        return Ok(Solved::Not(PairOutcome::Interrupted));
    }
    let runs = judged.runs;
    if judged.red {
        return Ok(Solved::Not(PairOutcome::Red { runs }));
    }
    if let Some(why) = judged.stuck {
        return Ok(Solved::Not(PairOutcome::Unproved { runs, why }));
    }
    let record = Record {
        id: Record::id_of(&opening.tracks, &kind, &fixed),
        who: repository.who()?.unwrap_or_else(|| "somebody".to_owned()),
        when: clock::now(),
        tracks: opening.tracks.clone(),
        kind,
        fixed,
        proof: judged.proof,
    };
    let id = record.id.clone();
    notebook::write(session, how.command, &Change::Record(record.clone()))?;
    Ok(Solved::Recorded(
        id,
        PairOutcome::Recorded {
            record: Box::new(record),
            runs,
            taken,
            since: Since::default(),
        },
    ))
}

/// Whether a worktree still holds what was recorded under this id, and nothing that would have been recorded otherwise.
pub(super) fn is_still(
    session: &Session,
    opening: &Opening,
    dir: &Path,
    id: &str,
) -> Result<bool, ResolveError> {
    let merger = Merger::publishing(&session.repository, session.base.commit);
    let found = examine(session, &merger, opening, dir)?;
    Ok(found.is_ok_and(|found| Record::id_of(&opening.tracks, &found.kind, &found.fixed) == id))
}

/// What is to be recorded.
struct Found {
    kind: RecordKind,
    fixed: Vec<Fixed>,
    tree: TreeId,
    /// Untracked files that are a part of it.
    taken: Vec<RepoPath>,
}

fn examine(
    session: &Session,
    merger: &Merger<'_>,
    opening: &Opening,
    dir: &Path,
) -> Result<Result<Found, PairOutcome>, ResolveError> {
    match opening.fix {
        true => fix(merger, opening, dir),
        false => resolution(session, merger, opening, dir),
    }
}

/// Everything that is there: nobody need add what is not in conflict.
fn fix(
    merger: &Merger<'_>,
    opening: &Opening,
    dir: &Path,
) -> Result<Result<Found, PairOutcome>, ResolveError> {
    let before = merger.tree_of(opening.sides[0])?;
    let taken = merger.repository().untracked_in(dir, false)?;
    let tree = merger.tree_in(dir)?;
    let fixed = changed(merger, before, tree)?;
    Ok(match fixed.is_empty() {
        true => Err(PairOutcome::Unchanged),
        false => Ok(Found {
            kind: RecordKind::Fix,
            fixed,
            tree,
            taken,
        }),
    })
}

fn changed(merger: &Merger<'_>, from: TreeId, to: TreeId) -> Result<Vec<Fixed>, GitError> {
    let changes = merger.changes(from, to)?;
    let fixed = changes.list().iter().map(|change| Fixed {
        path: change.path.clone(),
        from: change.before.map(Version::from),
        to: change.after.map(Version::from),
    });
    Ok(fixed.collect())
}

/// What is in the index, committed or not.
fn resolution(
    session: &Session,
    merger: &Merger<'_>,
    opening: &Opening,
    dir: &Path,
) -> Result<Result<Found, PairOutcome>, ResolveError> {
    let repository = &session.repository;
    let [ours, theirs] = opening.sides;
    let head = repository.commit_in(dir)?;
    let merging = repository.merge_head(dir)?;
    let strayed = |why: &str| Ok(Err(PairOutcome::Strayed(why.to_owned())));
    if merging.is_none() && head == ours {
        let clean = repository.worktree_status(dir)?.dirty.is_clean();
        return strayed(match clean {
            true => "",
            false => "no merge is under way there any more, and something is changed",
        });
    }
    if merging.is_some_and(|merging| merging != theirs) {
        return strayed("another merge is under way there");
    }
    let has = |commit| repository.is_ancestor(commit, head);
    if !has(ours)? || (merging.is_none() && !has(theirs)?) {
        return strayed("what is checked out there is no merge of the two any more");
    }
    let unmerged_paths = repository.unmerged_in(dir)?;
    let unmerged = merger.unmerged(ours, theirs)?;
    let index = merger.index_in(dir)?;
    // As long as there is no result, markers are looked for in the files, as far as git can read them.
    let looked_at = index.or_else(|| merger.tree_in(dir).ok());
    let mut markers = Vec::new();
    for one in &unmerged {
        let sides = [one.sides.base, one.sides.ours, one.sides.theirs];
        if let Some(tree) = looked_at {
            let line = marker_at(merger, tree, &one.path, sides)?;
            markers.extend(line.map(|line| (one.path.clone(), line)));
        }
    }
    let not_added = repository.not_added_in(dir)?;
    let tree = match index {
        Some(tree) if markers.is_empty() && not_added.is_empty() => tree,
        _ => {
            return Ok(Err(PairOutcome::Unfinished {
                unmerged: unmerged_paths,
                markers,
                not_added,
            }));
        }
    };
    let git_made = match merger.merge_all(&[(ours, theirs)])?.pop() {
        Some(MergeAnswer::Conflicted { tree, .. } | MergeAnswer::Merged { tree }) => tree,
        _ => merger.tree_of(ours)?,
    };
    let conflicted: BTreeSet<&RepoPath> = (unmerged.iter())
        .flat_map(|one| one.in_tree.iter().chain([&one.path]))
        .collect();
    let mut fixed = changed(merger, git_made, tree)?;
    fixed.retain(|fixed| !conflicted.contains(&fixed.path));
    let as_tracks = as_in_rounds(merger, opening)?;
    let mut entries = Vec::new();
    for one in &unmerged {
        entries.push(Entry {
            path: one.path.clone(),
            sides: all_sides(one, &as_tracks),
            result: merger.entry_at(tree, &one.path)?,
        });
    }
    Ok(Ok(Found {
        kind: RecordKind::Resolution(entries),
        fixed,
        tree,
        taken: Vec::new(),
    }))
}

/// The same conflict as a round meets it: base and the one track against the other one alone, which may have started from an
/// older base.
fn as_in_rounds(merger: &Merger<'_>, opening: &Opening) -> Result<Vec<Unmerged>, GitError> {
    let [ours, theirs] = opening.sides;
    let [(_, a), (_, b)] = opening.tracks;
    let mut found = Vec::new();
    for (candidate, track) in [(ours, b), (theirs, a)] {
        found.extend(merger.unmerged(candidate, track)?);
    }
    Ok(found)
}

fn all_sides(one: &Unmerged, others: &[Unmerged]) -> Vec<Sides> {
    let mut all = vec![one.sides];
    for other in others.iter().filter(|other| other.path == one.path) {
        let key = path_key(&other.sides);
        if !all.iter().any(|sides| path_key(sides) == key) {
            all.push(other.sides);
        }
    }
    all
}

struct Judged {
    red: bool,
    runs: Vec<Run>,
    proof: Proof,
    /// What keeps the checks from saying anything.
    stuck: Option<String>,
}

impl Judged {
    fn nothing() -> Self {
        Judged {
            red: false,
            runs: Vec::new(),
            proof: Proof::Unchecked,
            stuck: None,
        }
    }
}

/// The checks of a candidate with these two tracks.
fn judge(
    session: &Session,
    trust: &Trust,
    merger: &Merger<'_>,
    opening: &Opening,
    commit: CommitId,
    emit: Emit<'_>,
) -> Result<Judged, ResolveError> {
    let tracks: Vec<TrackId> = opening
        .tracks
        .iter()
        .map(|(track, _)| track.clone())
        .collect();
    let concerned = |check: &&Check| {
        let applies = check.tracks.is_none() || tracks.iter().any(|track| check.applies_to(track));
        check.when.contains(&When::Integration) && applies
    };
    let wanted = session.project.checks.iter().filter(concerned);
    let checks = with_needs(&session.project, wanted.map(|check| &check.name).collect());
    if checks.is_empty() {
        return Ok(Judged::nothing());
    }
    emit(&Event::Stage("checking what came of it".to_owned()));
    let trial = Trial {
        session,
        trust,
        merger,
        commit,
        tracks: &tracks,
    };
    let runs = trial.judge(&checks, true, emit)?.unwrap_or_default();
    let counts = |run: &&Run| !run.allow_failure;
    let red = runs.iter().filter(counts).any(|run| run.outcome.is_red());
    let passed = runs.iter().filter(|run| run.outcome == Outcome::Passed);
    let passed: Vec<CheckName> = passed.map(|run| run.check.clone()).collect();
    let stuck = (runs.iter().filter(counts)).find(|run| run.outcome != Outcome::Passed);
    let stuck = stuck.filter(|_| !red).map(|run| {
        let why = run.note.clone();
        let why = why.unwrap_or_else(|| run.outcome.as_str().to_owned());
        format!("check {} could not run: {why}", run.check)
    });
    Ok(Judged {
        red,
        proof: Proof::Checks(passed),
        runs,
        stuck,
    })
}
