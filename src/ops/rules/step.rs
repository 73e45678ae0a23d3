//! Judging one step of a track, a commit that is about to be made or a move of its branch: without the worktree, and without
//! any history as long as nothing is found.
//!
//! Each path that the step changes is held against base. That is quick, and finds at least what the whole work of the track
//! would be found guilty of at these paths; only where it finds anything, the track's history is read for what excuses it.

use std::collections::BTreeSet;

use crate::domain::merge::Change;
use crate::domain::name::TrackId;
use crate::domain::owners::Owners;
use crate::domain::path::RepoPath;
use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::domain::rule::{self, Commit, Facts, Family, FileChange, Finding, Work};
use crate::git::GitError;
use crate::process::clock;

use super::super::Session;
use super::super::matrix::TrackSide;
use super::strays::Strays;
use super::{Whose, migrations, strays, texts, works};

/// What a track is about to do.
#[derive(Debug)]
pub(in crate::ops) struct Step<'a> {
    pub(in crate::ops) track: &'a Track,
    /// The newest commit that counts as the track's.
    pub(in crate::ops) head: CommitId,
    /// What is being merged.
    pub(in crate::ops) merged: Vec<CommitId>,
    /// What becomes different: the index from HEAD, or the branch from what it was.
    pub(in crate::ops) changes: Vec<Change>,
}

/// What is found at the changed paths by rules of these families.
///
/// # Errors
/// When the repository cannot be read.
pub(in crate::ops) fn judge(
    session: &Session,
    step: Step<'_>,
    families: &[Family],
) -> Result<Vec<Finding>, GitError> {
    let Step {
        track,
        head,
        merged,
        changes,
    } = step;
    let (repository, base) = (&session.repository, session.base.commit);
    let changes = not_of_others(session, track, &merged, changes)?;
    let paths: BTreeSet<RepoPath> = changes.iter().map(|it| it.path.clone()).collect();
    let on_base = repository.entries_at(repository.tree_of(base)?, &paths)?;
    let against_base = changes.into_iter().map(|change| Change {
        before: on_base.get(&change.path).copied(),
        ..change
    });
    // What comes to be as base has it, nobody has changed.
    let against_base: Vec<Change> = against_base.filter(|it| it.before != it.after).collect();
    if against_base.is_empty() {
        return Ok(Vec::new());
    }
    let contents = works::contents(&works::wanted(&session.project), &against_base, |id| {
        session.repository.read_blob(id)
    })?;
    let mut all = vec![Work {
        changes: works::with_moves(against_base),
        contents,
        ..Work::of(&track.id, Some(head))
    }];
    let migrations = match families.contains(&Family::Migrations) {
        true => migrations::at_commit(session, &mut all, head)?,
        false => None,
    };
    let judged = (all.iter().position(|work| work.track == track.id)).unwrap_or_default();
    let owners = Owners::new(&session.project);
    let texts = texts(session)?;
    let judge = |all: &[Work], strays: &Strays| {
        let approvals = strays.approvals.get(&track.id);
        let facts = Facts {
            judged,
            migrations: migrations.as_ref(),
            texts: &texts,
            approvals: approvals.map_or(&[], Vec::as_slice),
            ..Facts::of(&session.project, &owners, clock::now(), all)
        };
        let rules = rule::of_commits().filter(|rule| Family::any_has(families, rule.code));
        let mut findings = rule::judge_by(&facts, rules);
        findings.retain(|finding| (finding.path.as_ref()).is_some_and(|it| paths.contains(it)));
        findings
    };
    let findings = judge(&all, &Strays::default());
    if !findings.iter().any(Finding::refuses) {
        return Ok(findings);
    }
    // What the track's commits and others' say may excuse it.
    all[judged].commits = works::commits(session, head, &[base])?;
    let strays = approvals(session, &all[judged..=judged])?;
    let mut findings = judge(&all, &strays);
    let innocent = innocent(session, &all[judged], &merged)?;
    findings.retain(|it| it.path.as_ref().is_none_or(|path| !innocent.contains(path)));
    Ok(findings)
}

/// What is found in messages by rules of these families.
pub(in crate::ops) fn judge_messages(
    session: &Session,
    track: &Track,
    commits: Vec<Commit>,
    families: &[Family],
) -> Vec<Finding> {
    let works = [Work {
        commits,
        ..Work::of(&track.id, None)
    }];
    let owners = Owners::new(&session.project);
    let facts = Facts::of(&session.project, &owners, clock::now(), &works);
    let rules = rule::of_messages().filter(|rule| Family::any_has(families, rule.code));
    rule::judge_by(&facts, rules)
}

/// Without what a merge takes from base, from the branch itself elsewhere, and from tracks that it is built on, as it is there.
fn not_of_others(
    session: &Session,
    track: &Track,
    merged: &[CommitId],
    mut changes: Vec<Change>,
) -> Result<Vec<Change>, GitError> {
    if merged.is_empty() {
        return Ok(changes);
    }
    let repository = &session.repository;
    let mut sources = vec![session.base.commit];
    sources.extend(repository.remote_branch(&session.project.remote, &track.branch)?);
    sources.extend(tips_beneath(session, &track.id)?);
    for head in merged {
        let mut is_theirs = false;
        for source in &sources {
            is_theirs = is_theirs || repository.is_ancestor(*head, *source)?;
        }
        if is_theirs {
            let paths: BTreeSet<RepoPath> = changes.iter().map(|it| it.path.clone()).collect();
            let there = repository.entries_at(repository.tree_of(*head)?, &paths)?;
            changes.retain(|change| there.get(&change.path).copied() != change.after);
        }
    }
    Ok(changes)
}

/// Paths that become as they were where the track left base, or as they are in a track that it is built on; and, of a merge,
/// those that the track had changed before.
fn innocent(
    session: &Session,
    work: &Work,
    merged: &[CommitId],
) -> Result<BTreeSet<RepoPath>, GitError> {
    let repository = &session.repository;
    let Some(head) = work.tip else {
        return Ok(BTreeSet::new());
    };
    let paths: BTreeSet<RepoPath> = work.changes.iter().map(|it| it.path.clone()).collect();
    let in_head = repository.entries_at(repository.tree_of(head)?, &paths)?;
    let mut innocent = BTreeSet::new();
    for beneath in tips_beneath(session, &work.track)? {
        let there = repository.entries_at(repository.tree_of(beneath)?, &paths)?;
        let same = |change: &&FileChange| there.get(&change.path).copied() == change.after;
        innocent.extend(work.changes.iter().filter(same).map(|it| it.path.clone()));
    }
    for left in repository.merge_bases(head, session.base.commit)? {
        let there = repository.entries_at(repository.tree_of(left)?, &paths)?;
        for change in &work.changes {
            let then = there.get(&change.path).copied();
            let was_changed = in_head.get(&change.path).copied() != then;
            if change.after == then || (!merged.is_empty() && was_changed) {
                innocent.insert(change.path.clone());
            }
        }
    }
    Ok(innocent)
}

/// Of the tracks that a track is built on.
pub(in crate::ops) fn tips_beneath(
    session: &Session,
    track: &TrackId,
) -> Result<Vec<CommitId>, GitError> {
    let mut tips = Vec::new();
    for id in session.project.built_on(track) {
        if let Some(other) = session.project.track(id) {
            tips.extend(session.tip(&other.branch)?.map(|tip| tip.commit));
        }
    }
    Ok(tips)
}

/// Approvals of what the work changes.
fn approvals(session: &Session, works: &[Work]) -> Result<Strays, GitError> {
    let mut sides = Vec::new();
    for track in &session.project.tracks {
        if let Some(tip) = session.tip(&track.branch)? {
            sides.push(TrackSide::committed(session, &track.id, tip.commit)?);
        }
    }
    strays::read(session, works, &sides, Whose::Everybody, false)
}
