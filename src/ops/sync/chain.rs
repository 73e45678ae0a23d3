//! A candidate as a chain of merges: base, then one merge commit per track that fits.

use crate::domain::merge::Conflict;
use crate::domain::name::{BranchName, Side, TrackId};
use crate::domain::revision::{CommitId, TreeId};
use crate::domain::sync::{Ejected, Entry, Why};
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
    /// Newer commits of the track that stay out, newest first.
    pub held: Vec<CommitId>,
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
            held: self.held.clone(),
            resolved: self.mended.resolved.clone(),
            notes: self.mended.notes.clone(),
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
    /// The first `len` tracks.
    pub(super) fn tracks(&self, len: usize) -> Vec<TrackId> {
        let links = self.links.iter().take(len);
        links.map(|link| link.track.clone()).collect()
    }

    /// The commit with the first `len` tracks.
    pub(super) fn prefix(&self, len: usize) -> CommitId {
        match len {
            0 => self.base,
            _ => self.links[len - 1].commit,
        }
    }
}

/// Merges the entries one after the other; what conflicts is left out, and with it what depends on it.
pub(super) fn build(
    session: &Session,
    merger: &Merger<'_>,
    mender: &Mender<'_>,
    branch: &BranchName,
    entries: &[Entry],
) -> Result<Chain, SyncError> {
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
        match merge(merger, mender, branch, &chain, entry)? {
            Attempt::Merged { commit, mended } => {
                chain.tip = commit;
                chain.links.push(Link {
                    track: entry.track.clone(),
                    tip: entry.tip,
                    held: Vec::new(),
                    commit,
                    mended,
                });
            }
            Attempt::Unavailable(reason) => {
                chain
                    .undetermined
                    .push(format!("{} could not be merged: {reason}", entry.track));
            }
            Attempt::Conflicted { conflicts, note } => {
                let mut ejected = conflicting(session, merger, &chain, entry, &conflicts)?;
                match note {
                    Some(note) if conflicts.is_empty() => {
                        ejected.reason = format!("merges clean, but {note}");
                    }
                    Some(note) => ejected.reason = format!("{}; {note}", ejected.reason),
                    None => {}
                }
                chain.ejected.push(ejected);
            }
        }
    }
    Ok(chain)
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
    merger: &Merger<'_>,
    mender: &Mender<'_>,
    branch: &BranchName,
    chain: &Chain,
    entry: &Entry,
) -> Result<Attempt, SyncError> {
    let at = chain.tip;
    let (tree, conflicts) = match merger.merge_all(&[(at, entry.tip)])?.pop() {
        Some(MergeAnswer::Merged { tree }) => (tree, Vec::new()),
        Some(MergeAnswer::Conflicted { tree, conflicts }) => (tree, conflicts),
        Some(MergeAnswer::Unavailable(reason)) => return Ok(Attempt::Unavailable(reason)),
        None => return Ok(Attempt::Unavailable("git gave no answer".to_owned())),
    };
    let earlier: Vec<(TrackId, CommitId)> = (chain.links.iter())
        .map(|link| (link.track.clone(), link.tip))
        .collect();
    let meeting = Meeting {
        ours: at,
        theirs: entry.tip,
        track: &entry.track,
        earlier: &earlier,
        tree,
        conflicts: &conflicts,
    };
    match mender.mend(merger, &meeting)? {
        Mend::Left(note) => Ok(Attempt::Conflicted { conflicts, note }),
        Mend::Whole(mended) => Ok(Attempt::Merged {
            commit: seal(merger, branch, at, entry, tree, &mended)?,
            mended,
        }),
    }
}

/// The merge commit of git's tree with the edits.
fn seal(
    merger: &Merger<'_>,
    branch: &BranchName,
    at: CommitId,
    entry: &Entry,
    tree: TreeId,
    mended: &Mended,
) -> Result<CommitId, GitError> {
    let tree = merger.edited(tree, &mended.edits)?;
    // Git, too, would say "already up to date".
    if tree == merger.tree_of(at)? && merger.is_ancestor(entry.tip, at)? {
        return Ok(at);
    }
    let mut message = format!(
        "Merge track {} into {branch}\n\n{INTEGRATION_TRAILER}{branch}\n",
        entry.track
    );
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
    matrix::merge_commit(merger, tree, &[at, entry.tip], &message)
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
        Some(MergeAnswer::Conflicted { tree, .. }) if !link.mended.resolved.is_empty() => tree,
        _ => return Ok(None),
    };
    for (mode, blob) in link.mended.edits.iter().filter_map(|edit| edit.entry) {
        // The commit of a submodule is in another repository.
        if mode & 0o170_000 != 0o160_000 {
            merger.take_blob(scratch, blob)?;
        }
    }
    let entry = Entry {
        track: link.track.clone(),
        tip: link.tip,
    };
    Ok(Some(seal(merger, branch, at, &entry, tree, &link.mended)?))
}

/// One more merge on top of the first `len` tracks of a published chain, for a question that a search asks; `None` where it
/// does not merge.
pub(super) fn probe(
    session: &Session,
    mender: &Mender<'_>,
    branch: &BranchName,
    chain: &Chain,
    len: usize,
    link: &Link,
) -> Result<Option<CommitId>, SyncError> {
    let merger = Merger::publishing(&session.repository, session.base.commit);
    let entry = Entry {
        track: link.track.clone(),
        tip: link.tip,
    };
    let part = Chain {
        tip: chain.prefix(len),
        links: chain.links[..len].to_vec(),
        ..chain.clone()
    };
    Ok(match merge(&merger, mender, branch, &part, &entry)? {
        Attempt::Merged { commit, .. } => Some(commit),
        Attempt::Conflicted { .. } | Attempt::Unavailable(_) => None,
    })
}
