//! A candidate as a chain of merges: base, then one merge commit per track that fits.

use std::collections::BTreeSet;

use crate::domain::merge::{Conflict, Pair};
use crate::domain::name::{BranchName, Side, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::revision::{CommitId, TreeId};
use crate::domain::sync::{Ejected, Entry, Held, Why};
use crate::git::{GitError, Memo, MergeAnswer, Merger};
use crate::store::Merged;

use super::super::{Session, matrix};
use super::mend::{Meeting, Mend, Mended, Mender};
use super::merging::{Merging, Tried};
use super::{SyncError, partners};

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

    /// Whether something would still be run, so that the candidate will be another one.
    pub(super) fn is_provisional(&self) -> bool {
        self.links.iter().any(|link| link.mended.provisional)
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
    /// What the tips of the plan are to each other, and to base.
    pub pairs: &'w [Pair],
}

/// How to build a chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    /// Of what conflicts, the newest commit that fits is taken.
    pub last_good: bool,
    /// Nothing is merged in the process.
    pub by_git_only: bool,
}

/// Merges the entries one after the other. What conflicts is left out, and with it what depends on it.
pub(super) fn build(
    works: Works<'_>,
    merger: &Merger<'_>,
    memo: &Memo,
    entries: &[Entry],
    how: How,
) -> Result<Chain, SyncError> {
    let session = works.session;
    let base = session.base.commit;
    let mut merging = Merging::new(merger, memo, base, entries, how.by_git_only)?;
    let tips: Vec<CommitId> = entries.iter().map(|entry| entry.tip).collect();
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
        let tried = merging.merge(chain.tip, entry.tip)?;
        let what = (&entry.track, entry.tip);
        let fits = match attempt(works, merger, &chain, what, tried.answer.clone())? {
            Attempt::Merged { commit, mended } => Some(Fits {
                entry: entry.clone(),
                tried,
                commit,
                mended,
            }),
            Attempt::Unavailable(reason) => {
                let sentence = format!("{} could not be merged: {reason}", entry.track);
                chain.undetermined.push(sentence);
                None
            }
            Attempt::Conflicted { conflicts, note } => {
                let mut ejected = partners::ejected(works, merger, &chain, entry, &conflicts)?;
                match note {
                    Some(note) if conflicts.is_empty() => {
                        ejected.reason = format!("merges clean, but {note}");
                    }
                    Some(note) => ejected.reason = format!("{}; {note}", ejected.reason),
                    None => {}
                }
                let fits = match how.last_good {
                    true => newest_that_fits(works, merger, &chain, entry, &tips, &ejected)?,
                    false => Ok(None),
                };
                let fits = fits.unwrap_or_else(|reason| {
                    let sentence = format!("{} could not be merged: {reason}", entry.track);
                    chain.undetermined.push(sentence);
                    None
                });
                if fits.is_none() {
                    chain.ejected.push(ejected);
                }
                fits
            }
        };
        if let Some(fits) = fits {
            let tree = merger.tree_of(fits.commit)?;
            merging.take(fits.entry.tip, &fits.tried, tree)?;
            chain.add(fits.entry, fits.commit, fits.mended);
        }
    }
    Ok(chain)
}

/// A merge that becomes part of the chain.
struct Fits {
    entry: Entry,
    tried: Tried,
    commit: CommitId,
    mended: Mended,
}

/// So many older commits are merged at once: mostly the first of them fits.
const AT_ONCE: usize = 16;

/// The newest older commit of a track whose tip does not fit; the error says why that cannot be told. `others`: the tips of
/// the other tracks of the round.
fn newest_that_fits(
    works: Works<'_>,
    merger: &Merger<'_>,
    chain: &Chain,
    entry: &Entry,
    others: &[CommitId],
    cause: &Ejected,
) -> Result<Result<Option<Fits>, String>, SyncError> {
    let line = own_line(works.session, entry.tip, others)?;
    for older in line.get(1..).unwrap_or_default().chunks(AT_ONCE) {
        let pairs: Vec<_> = older.iter().map(|commit| (chain.tip, *commit)).collect();
        for (tip, answer) in older.iter().zip(merger.merge_all(&pairs)?) {
            let what = (&entry.track, *tip);
            let (commit, mended) = match attempt(works, merger, chain, what, answer.clone())? {
                Attempt::Merged { commit, mended } => (commit, mended),
                Attempt::Conflicted { .. } => continue,
                Attempt::Unavailable(reason) => return Ok(Err(reason)),
            };
            let entry = Entry {
                track: entry.track.clone(),
                tip: *tip,
                held: Some(held(&line, *tip, entry.held.as_ref(), cause.clone())),
            };
            return Ok(Ok(Some(Fits {
                entry,
                tried: Tried::by_git(answer),
                commit,
                mended,
            })));
        }
    }
    Ok(Ok(None))
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

/// The commits of a track's own line of first parents that neither base has nor another track that it is built on, newest
/// first. `others`: the tips of the other tracks.
pub(super) fn own_line(
    session: &Session,
    tip: CommitId,
    others: &[CommitId],
) -> Result<Vec<CommitId>, GitError> {
    const LIMIT: usize = 10_000;
    let repository = &session.repository;
    let mut hidden = vec![session.base.commit];
    for other in others.iter().filter(|other| **other != tip) {
        if repository.is_ancestor(*other, tip)? {
            hidden.push(*other);
        }
    }
    let own: BTreeSet<CommitId> = (repository.commits_between(tip, &hidden, LIMIT)?)
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

/// What becomes of a merge on top of a chain.
fn attempt(
    works: Works<'_>,
    merger: &Merger<'_>,
    chain: &Chain,
    (track, commit): (&TrackId, CommitId),
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
        Mend::Left { why, open, untried } => Ok(Attempt::Conflicted {
            conflicts: only_those_left(conflicts, &[open, untried].concat()),
            note: why,
        }),
        Mend::Undetermined(why) => Ok(Attempt::Unavailable(why)),
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

/// The conflicts that nothing resolves. Where it is not known which these are, all of them.
fn only_those_left(conflicts: Vec<Conflict>, left: &[RepoPath]) -> Vec<Conflict> {
    match conflicts
        .iter()
        .any(|conflict| left.contains(&conflict.path))
    {
        true => (conflicts.into_iter())
            .filter(|conflict| left.contains(&conflict.path))
            .collect(),
        false => conflicts,
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
        // A line break in a path would end the line.
        let path: String = (resolved.path.lossy().chars())
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect();
        message.push_str(&format!(
            "{RESOLVED_TRAILER}{path} ({}, {}{how})\n",
            resolved.strategy, resolved.by
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

/// Has git itself make every merge of the chain once more, and brings the chain into the repository's own objects. Only at the
/// paths that were resolved may it differ from what git makes. Nothing of the trials around it comes along.
///
/// # Errors
/// [`SyncError::NotReproducible`] where git makes something else.
pub(super) fn publish(
    session: &Session,
    scratch: &Merger<'_>,
    chain: &Chain,
) -> Result<(), SyncError> {
    let mut at = chain.base;
    let mut pairs = Vec::new();
    for link in &chain.links {
        pairs.push((at, link.tip));
        at = link.commit;
    }
    for (link, answer) in chain.links.iter().zip(scratch.merge_all(&pairs)?) {
        let made = match answer {
            MergeAnswer::Merged { tree } => Some(tree),
            MergeAnswer::Conflicted { tree, .. } if !link.mended.resolved.is_empty() => Some(tree),
            MergeAnswer::Conflicted { .. } | MergeAnswer::Unavailable(_) => None,
        };
        let again = match made {
            Some(tree) => Some(scratch.edited(tree, &link.mended.edits)?),
            None => None,
        };
        let first = scratch.tree_of(link.commit)?;
        if again != Some(first) {
            return Err(SyncError::NotReproducible {
                track: link.track.clone(),
                first,
                second: again,
            });
        }
    }
    let commits: Vec<CommitId> = chain.links.iter().map(|link| link.commit).collect();
    let merger = Merger::publishing(&session.repository, chain.base);
    Ok(merger.take_commits(scratch, &commits)?)
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
            None => {
                let Some(answer) = merger.merge_all(&[(part.tip, *tip)])?.pop() else {
                    return Ok(None);
                };
                match attempt(works, &merger, &part, (track, *tip), answer)? {
                    Attempt::Merged { commit, mended } => (commit, mended),
                    Attempt::Conflicted { .. } | Attempt::Unavailable(_) => return Ok(None),
                }
            }
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
