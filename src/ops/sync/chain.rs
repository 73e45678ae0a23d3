//! A candidate as a chain of merges: base, then one merge commit per track that fits.

use crate::domain::merge::Conflict;
use crate::domain::name::{BranchName, Side, TrackId};
use crate::domain::revision::CommitId;
use crate::domain::sync::{Ejected, Entry, Why};
use crate::git::{GitError, MergeAnswer, Merger};
use crate::store::Merged;

use super::super::{Session, matrix};
use super::{SyncError, list};

/// Marks a commit as an integration merge, so that a track that took one in is told apart.
pub(super) const INTEGRATION_TRAILER: &str = "Tracks-Integration: ";

/// One merged track.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub track: TrackId,
    pub tip: CommitId,
    /// The candidate with this track and all before it.
    pub commit: CommitId,
}

impl Link {
    pub(super) fn as_merged(&self) -> Merged {
        Merged {
            track: self.track.clone(),
            commit: self.tip,
            merge_commit: self.commit,
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
    branch: &BranchName,
    entries: &[Entry],
) -> Result<Chain, GitError> {
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
        match merge(merger, branch, chain.tip, entry)? {
            Ok(commit) => {
                chain.tip = commit;
                chain.links.push(Link {
                    track: entry.track.clone(),
                    tip: entry.tip,
                    commit,
                });
            }
            Err(MergeAnswer::Unavailable(reason)) => {
                chain
                    .undetermined
                    .push(format!("{} could not be merged: {reason}", entry.track));
            }
            Err(MergeAnswer::Conflicted { conflicts }) => {
                let ejected = conflicting(session, merger, &chain, entry, &conflicts)?;
                chain.ejected.push(ejected);
            }
            Err(MergeAnswer::Merged { .. }) => {}
        }
    }
    Ok(chain)
}

/// A merge commit, or git's answer why there is none.
fn merge(
    merger: &Merger<'_>,
    branch: &BranchName,
    at: CommitId,
    entry: &Entry,
) -> Result<Result<CommitId, MergeAnswer>, GitError> {
    match merger.merge_all(&[(at, entry.tip)])?.pop() {
        // Git, too, would say "already up to date".
        Some(MergeAnswer::Merged { tree })
            if tree == merger.tree_of(at)? && merger.is_ancestor(entry.tip, at)? =>
        {
            Ok(Ok(at))
        }
        Some(MergeAnswer::Merged { tree }) => {
            let message = format!(
                "Merge track {} into {branch}\n\n{INTEGRATION_TRAILER}{branch}\n",
                entry.track
            );
            Ok(Ok(matrix::merge_commit(
                merger,
                tree,
                &[at, entry.tip],
                &message,
            )?))
        }
        Some(answer) => Ok(Err(answer)),
        None => Ok(Err(MergeAnswer::Unavailable(
            "git gave no answer".to_owned(),
        ))),
    }
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
/// nothing of the trials around it stays behind.
pub(super) fn publish(
    session: &Session,
    branch: &BranchName,
    chain: &Chain,
) -> Result<(), SyncError> {
    let merger = Merger::publishing(&session.repository, chain.base);
    let mut at = chain.base;
    for link in &chain.links {
        let entry = Entry {
            track: link.track.clone(),
            tip: link.tip,
        };
        let again = merge(&merger, branch, at, &entry)?;
        match again {
            Ok(commit) if commit == link.commit => at = commit,
            Ok(commit) => {
                return Err(SyncError::NotReproducible {
                    track: link.track.clone(),
                    first: link.commit,
                    second: commit,
                });
            }
            Err(_) => {
                return Err(SyncError::NotReproducible {
                    track: link.track.clone(),
                    first: link.commit,
                    second: at,
                });
            }
        }
    }
    Ok(())
}

/// One more merge on top of a published commit, for a question that a search asks; `None` where it does not merge.
pub(super) fn probe(
    session: &Session,
    branch: &BranchName,
    at: CommitId,
    link: &Link,
) -> Result<Option<CommitId>, GitError> {
    let merger = Merger::publishing(&session.repository, session.base.commit);
    let entry = Entry {
        track: link.track.clone(),
        tip: link.tip,
    };
    Ok(merge(&merger, branch, at, &entry)?.ok())
}
