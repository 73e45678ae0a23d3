//! A candidate as a chain of merges: base, then one merge commit per track that fits.

use std::collections::BTreeSet;

use crate::domain::merge::Conflict;
use crate::domain::name::{BranchName, Side, TrackId};
use crate::domain::revision::{CommitId, TreeId};
use crate::domain::sync::{Ejected, Entry, Held, Why};
use crate::git::{GitError, MergeAnswer, Merger};
use crate::store::Merged;

use super::super::{Session, matrix};
use super::mend::{Meeting, Mend, Mended, Mender};
use super::{SyncError, list};

/// Marks a commit as an integration merge, so that a track that took one in is told apart.
pub(super) const INTEGRATION_TRAILER: &str = "Tracks-Integration: ";

/// One line for each path that was resolved automatically.
const RESOLVED_TRAILER: &str = "Tracks-Resolved: ";

/// One merged track.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub track: TrackId,
    /// What was merged: the track's tip, or an older commit of it.
    pub tip: CommitId,
    /// Newer commits of the track that stay out.
    pub held: Option<Held>,
    /// The candidate with this track and all before it.
    pub commit: CommitId,
    /// How git's tree was made whole.
    pub mended: Mended,
}

impl Link {
    pub(super) fn as_merged(&self) -> Merged {
        Merged {
            track: self.track.clone(),
            commit: self.tip,
            merge_commit: self.commit,
            held: (self.held.as_ref()).map_or_else(Vec::new, |held| held.commits.clone()),
            held_because: (self.held.as_ref()).map(|held| held.cause.reason.clone()),
            resolved: self.mended.resolved.clone(),
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub base: CommitId,
    pub links: Vec<Link>,
    /// The last link's commit, or base.
    pub tip: CommitId,
    /// What did not fit.
    pub ejected: Vec<Ejected>,
    /// Merges that gave no answer, one sentence each.
    pub undetermined: Vec<String>,
}

impl Chain {
    pub(super) fn tracks(&self) -> Vec<TrackId> {
        self.links.iter().map(|link| link.track.clone()).collect()
    }

    fn add(&mut self, entry: Entry, commit: CommitId, mended: Mended) {
        self.tip = commit;
        self.links.push(Link {
            track: entry.track,
            tip: entry.tip,
            held: entry.held,
            commit,
            mended,
        });
    }

    /// The commit with the first `len` tracks.
    pub(super) fn prefix(&self, len: usize) -> CommitId {
        match len {
            0 => self.base,
            _ => self.links[len - 1].commit,
        }
    }
}

/// What every merge of a round needs.
#[derive(Clone, Copy)]
pub(super) struct Works<'w> {
    pub session: &'w Session,
    pub mender: &'w Mender<'w>,
    pub branch: &'w BranchName,
}

/// Merges the entries one after the other. Of what conflicts, the newest commit that fits is taken if `last_good`; otherwise it
/// is left out, and with it what depends on it.
pub(super) fn build(
    works: Works<'_>,
    merger: &Merger<'_>,
    entries: &[Entry],
    last_good: bool,
) -> Result<Chain, SyncError> {
    let session = works.session;
    let base = session.base.commit;
    let mut chain = Chain {
        base,
        links: Vec::new(),
        tip: base,
        ejected: Vec::new(),
        undetermined: Vec::new(),
    };
    for entry in entries {
        if let Some(lost) = lost_need(session, &chain, &entry.track) {
            chain.ejected.push(lost_dependency(&entry.track, &lost));
            continue;
        }
        match merge(works, merger, &chain, &entry.track, entry.tip)? {
            Attempt::Merged { commit, mended } => chain.add(entry.clone(), commit, mended),
            Attempt::Unavailable(reason) => {
                chain
                    .undetermined
                    .push(format!("{} could not be merged: {reason}", entry.track));
            }
            Attempt::Conflicted { conflicts, note } => {
                let mut ejected = conflicting(session, merger, &chain, entry, &conflicts)?;
                if let Some(note) = note {
                    ejected.reason = format!("{}; {note}", ejected.reason);
                }
                match last_good {
                    true => add_newest_that_fits(works, merger, &mut chain, entry, ejected)?,
                    false => chain.ejected.push(ejected),
                }
            }
        }
    }
    Ok(chain)
}

/// Of a track whose tip does not fit.
fn add_newest_that_fits(
    works: Works<'_>,
    merger: &Merger<'_>,
    chain: &mut Chain,
    entry: &Entry,
    ejected: Ejected,
) -> Result<(), SyncError> {
    let line = own_line(works.session, entry.tip)?;
    let older = line.get(1..).unwrap_or_default();
    let pairs: Vec<_> = older.iter().map(|commit| (chain.tip, *commit)).collect();
    for (commit, answer) in older.iter().zip(merger.merge_all(&pairs)?) {
        let attempt = attempt(works, merger, chain, &entry.track, *commit, answer)?;
        if let Attempt::Merged {
            commit: merge,
            mended,
        } = attempt
        {
            let entry = Entry {
                track: entry.track.clone(),
                tip: *commit,
                held: Some(held(&line, *commit, entry.held.as_ref(), ejected)),
            };
            chain.add(entry, merge, mended);
            return Ok(());
        }
    }
    chain.ejected.push(ejected);
    Ok(())
}

/// What of a track's own line is newer than `kept`, and what has been held back before.
pub(super) fn held(
    line: &[CommitId],
    kept: CommitId,
    before: Option<&Held>,
    cause: Ejected,
) -> Held {
    let newer = line.iter().take_while(|commit| **commit != kept);
    let before = before.into_iter().flat_map(|held| &held.commits);
    Held {
        commits: before.chain(newer).copied().collect(),
        cause,
    }
}

/// The commits of a track's own line of first parents that base has not, newest first.
pub(super) fn own_line(session: &Session, tip: CommitId) -> Result<Vec<CommitId>, GitError> {
    const LIMIT: usize = 10_000;
    let repository = &session.repository;
    let own: BTreeSet<CommitId> =
        (repository.commits_between(tip, &[session.base.commit], LIMIT)?)
            .into_iter()
            .collect();
    let mut line = Vec::new();
    let mut at = Some(tip);
    while let Some(commit) = at.filter(|commit| own.contains(commit)) {
        line.push(commit);
        at = repository.commit(commit)?.parents.first().copied();
    }
    Ok(line)
}

/// What came of one merge.
enum Attempt {
    Merged {
        commit: CommitId,
        mended: Mended,
    },
    Conflicted {
        conflicts: Vec<Conflict>,
        note: Option<String>,
    },
    Unavailable(String),
}

/// One more merge on top of a chain.
fn merge(
    works: Works<'_>,
    merger: &Merger<'_>,
    chain: &Chain,
    track: &TrackId,
    commit: CommitId,
) -> Result<Attempt, SyncError> {
    match merger.merge_all(&[(chain.tip, commit)])?.pop() {
        Some(answer) => attempt(works, merger, chain, track, commit, answer),
        None => Ok(Attempt::Unavailable("git gave no answer".to_owned())),
    }
}

fn attempt(
    works: Works<'_>,
    merger: &Merger<'_>,
    chain: &Chain,
    track: &TrackId,
    commit: CommitId,
    answer: MergeAnswer,
) -> Result<Attempt, SyncError> {
    let (tree, conflicts) = match answer {
        MergeAnswer::Merged { tree } => (tree, Vec::new()),
        MergeAnswer::Conflicted { tree, conflicts } => (tree, conflicts),
        MergeAnswer::Unavailable(reason) => return Ok(Attempt::Unavailable(reason)),
    };
    let earlier: Vec<(TrackId, CommitId)> = (chain.links.iter())
        .map(|link| (link.track.clone(), link.tip))
        .collect();
    let meeting = Meeting {
        ours: chain.tip,
        theirs: commit,
        track,
        earlier: &earlier,
        tree,
        conflicts: &conflicts,
    };
    match works.mender.mend(merger, &meeting)? {
        Mend::Left(note) => Ok(Attempt::Conflicted { conflicts, note }),
        Mend::Whole(mended) => Ok(Attempt::Merged {
            commit: seal(
                merger,
                works.branch,
                chain.tip,
                (track, commit),
                tree,
                &mended,
            )?,
            mended,
        }),
    }
}

/// The merge commit of git's tree with the edits.
fn seal(
    merger: &Merger<'_>,
    branch: &BranchName,
    at: CommitId,
    (track, tip): (&TrackId, CommitId),
    tree: TreeId,
    mended: &Mended,
) -> Result<CommitId, GitError> {
    let tree = merger.edited(tree, &mended.edits)?;
    // Git, too, would say "already up to date".
    if tree == merger.tree_of(at)? && merger.is_ancestor(tip, at)? {
        return Ok(at);
    }
    let mut message =
        format!("Merge track {track} into {branch}\n\n{INTEGRATION_TRAILER}{branch}\n");
    for resolved in &mended.resolved {
        let how = match resolved.exact {
            true => "",
            false => ", adapted",
        };
        message.push_str(&format!(
            "{RESOLVED_TRAILER}{} ({}, {}{how})\n",
            resolved.path, resolved.strategy, resolved.by
        ));
    }
    matrix::merge_commit(merger, tree, &[at, tip], &message)
}

/// A declared dependency that was ejected while this chain was built.
fn lost_need(session: &Session, chain: &Chain, track: &TrackId) -> Option<TrackId> {
    let mut needs = session.project.track(track)?.tracks_needed();
    needs
        .find(|need| chain.ejected.iter().any(|ejected| ejected.track == **need))
        .cloned()
}

pub(super) fn lost_dependency(track: &TrackId, lost: &TrackId) -> Ejected {
    Ejected {
        track: track.clone(),
        why: Why::Dependency,
        with: vec![Side::Track(lost.clone())],
        paths: Vec::new(),
        check: None,
        reason: format!("depends on {lost}, which is not in this round"),
    }
}

fn conflicting(
    session: &Session,
    merger: &Merger<'_>,
    chain: &Chain,
    entry: &Entry,
    conflicts: &[Conflict],
) -> Result<Ejected, GitError> {
    let with = partners(session, merger, chain, entry)?;
    let first = conflicts.first().map(|conflict| {
        let kind = conflict
            .types
            .first()
            .map(|kind| format!(" ({kind})"))
            .unwrap_or_default();
        format!(" in {}{kind}", conflict.path)
    });
    let more = match conflicts.len() {
        0 | 1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let whom = if with.is_empty() {
        "the tracks before it".to_owned()
    } else {
        list(&with)
    };
    Ok(Ejected {
        track: entry.track.clone(),
        why: Why::Conflict,
        reason: format!("conflicts with {whom}{}{more}", first.unwrap_or_default()),
        with,
        paths: conflicts
            .iter()
            .map(|conflict| conflict.path.clone())
            .collect(),
        check: None,
    })
}

/// Whom the track conflicts with by itself: base, or else those of the merged tracks.
fn partners(
    session: &Session,
    merger: &Merger<'_>,
    chain: &Chain,
    entry: &Entry,
) -> Result<Vec<Side>, GitError> {
    let base = session.base.commit;
    let mut requests = vec![(base, entry.tip)];
    requests.extend(chain.links.iter().map(|link| (base, link.tip)));
    let mut on_base = Vec::new();
    for (request, answer) in requests.iter().zip(merger.merge_all(&requests)?) {
        on_base.push(match answer {
            MergeAnswer::Merged { tree } => Some(matrix::merge_commit(
                merger,
                tree,
                &[request.0, request.1],
                "base and track\n",
            )?),
            MergeAnswer::Conflicted { .. } | MergeAnswer::Unavailable(_) => None,
        });
    }
    let Some(own) = on_base[0] else {
        return Ok(vec![Side::Base]);
    };
    let others: Vec<(TrackId, CommitId)> = chain
        .links
        .iter()
        .zip(&on_base[1..])
        .map(|(link, merged)| (link.track.clone(), merged.unwrap_or(link.tip)))
        .collect();
    let requests: Vec<_> = others.iter().map(|(_, commit)| (*commit, own)).collect();
    Ok(others
        .into_iter()
        .zip(merger.merge_all(&requests)?)
        .filter(|(_, answer)| matches!(answer, MergeAnswer::Conflicted { .. }))
        .map(|((track, _), _)| Side::Track(track))
        .collect())
}

/// Merges the chain once more, by git and into the repository's own objects: what gets published is thereby checked, and
/// nothing of the trials around it stays behind. Only at the paths that were resolved does it differ from what git makes.
pub(super) fn publish(
    session: &Session,
    scratch: &Merger<'_>,
    branch: &BranchName,
    chain: &Chain,
) -> Result<(), SyncError> {
    let merger = Merger::publishing(&session.repository, chain.base);
    let mut at = chain.base;
    for link in &chain.links {
        let commit = repeat(&merger, scratch, branch, at, link)?;
        if commit != Some(link.commit) {
            return Err(SyncError::NotReproducible {
                track: link.track.clone(),
                first: link.commit,
                second: commit.unwrap_or(at),
            });
        }
        at = link.commit;
    }
    Ok(())
}

/// The merge of a link once more; `None` where git has another opinion now of whether it merges.
fn repeat(
    merger: &Merger<'_>,
    scratch: &Merger<'_>,
    branch: &BranchName,
    at: CommitId,
    link: &Link,
) -> Result<Option<CommitId>, SyncError> {
    let tree = match merger.merge_all(&[(at, link.tip)])?.pop() {
        Some(MergeAnswer::Merged { tree }) => tree,
        Some(MergeAnswer::Conflicted { tree, .. }) if !link.mended.edits.is_empty() => tree,
        _ => return Ok(None),
    };
    for (_, blob) in link.mended.edits.iter().filter_map(|edit| edit.entry) {
        merger.take_blob(scratch, blob)?;
    }
    let what = (&link.track, link.tip);
    Ok(Some(seal(merger, branch, at, what, tree, &link.mended)?))
}

/// Some tracks of a published chain merged onto base, in the order of the chain, into the repository's own objects; `None`
/// where they do not merge.
pub(super) fn part(
    works: Works<'_>,
    chain: &Chain,
    links: &[(&TrackId, CommitId)],
) -> Result<Option<CommitId>, SyncError> {
    let merger = Merger::publishing(&works.session.repository, works.session.base.commit);
    let mut part = Chain {
        links: Vec::new(),
        tip: chain.base,
        ejected: Vec::new(),
        undetermined: Vec::new(),
        base: chain.base,
    };
    for (track, tip) in links {
        // As long as it is the beginning of the chain, it has been merged.
        let known = chain.links.get(part.links.len()).filter(|link| {
            part.tip == chain.prefix(part.links.len()) && link.track == **track && link.tip == *tip
        });
        let (commit, mended) = match known {
            Some(link) => (link.commit, link.mended.clone()),
            None => match merge(works, &merger, &part, track, *tip)? {
                Attempt::Merged { commit, mended } => (commit, mended),
                Attempt::Conflicted { .. } | Attempt::Unavailable(_) => return Ok(None),
            },
        };
        let entry = Entry {
            track: (*track).clone(),
            tip: *tip,
            held: None,
        };
        part.add(entry, commit, mended);
    }
    Ok(Some(part.tip))
}
