//! Which tracks base has landed, and which of those were taken back: read from base's own history, so that it is the same in
//! every clone.

use std::collections::BTreeSet;

use crate::domain::name::TrackId;
use crate::domain::revision::CommitId;
use crate::git::{GitError, Repository};

use super::Session;
use super::rollback::{BASE_TRAILER, TRACK_TRAILER};

/// So far back is looked at the most.
pub(super) const LIMIT: usize = 5_000;

/// Whether base has what was done on a track: all of its commits, and nobody has taken them out again.
pub(super) fn has_landed(session: &Session, track: &TrackId, tip: Option<CommitId>) -> bool {
    let (repository, base) = (&session.repository, session.base.commit);
    let Some(tip) = tip.filter(|tip| *tip != base) else {
        return false;
    };
    if !repository.is_ancestor(tip, base).unwrap_or(false) {
        return false;
    }
    let line = Line::read(repository, base, LIMIT);
    !line.has(tip) && line.taken_back(repository, track, tip).is_none()
}

/// The first-parent line of base.
#[derive(Debug, Default)]
pub(super) struct Line {
    commits: BTreeSet<CommitId>,
    /// Newest first.
    taken_back: Vec<TakenBack>,
}

/// A track whose landing was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TakenBack {
    pub track: TrackId,
    /// What had been merged of it.
    pub tip: CommitId,
    /// Where base was before the landing.
    pub base_before: CommitId,
    /// The commit that took it back.
    pub by: CommitId,
}

impl TakenBack {
    /// What the track has to know.
    pub(super) fn what_happened(&self, base: &str) -> String {
        let by = self.by.short();
        format!("its landing was taken back by {by}: {base} has its commits, but not what they did")
    }

    /// The command that makes new commits of the same work. `dir`: git's options that say where.
    pub(super) fn way_in_again(&self, dir: &str, base: &str) -> String {
        let before = self.base_before.short();
        format!("`git{dir} rebase --force-rebase --onto {base} {before}`")
    }
}

impl Line {
    /// The newest `limit` commits of it.
    pub(super) fn read(repository: &Repository, base: CommitId, limit: usize) -> Line {
        let mut line = Line::default();
        let mut reverted = BTreeSet::new();
        let mut at = base;
        for _ in 0..limit.min(LIMIT) {
            let Ok(info) = repository.commit(at) else {
                break;
            };
            line.commits.insert(at);
            // As git says it.
            let text = String::from_utf8_lossy(&info.message).into_owned();
            let reverts = text.split("This reverts commit ").skip(1);
            reverted.extend(reverts.filter_map(|rest| {
                let end = rest.find(|c: char| !c.is_ascii_hexdigit());
                CommitId::from_hex(&rest[..end.unwrap_or(rest.len())]).ok()
            }));
            if !reverted.contains(&at) {
                line.taken_back.extend(taken_back(at, &text));
            }
            match info.parents.first() {
                Some(parent) => at = *parent,
                None => break,
            }
        }
        line
    }

    /// Whether the commit is on the line itself: a branch there may just be one that nobody has worked on yet.
    pub(super) fn has(&self, commit: CommitId) -> bool {
        self.commits.contains(&commit)
    }

    /// Whether something of what the track has is in base's history and was taken out again. A track that has that commit, too,
    /// knows of it.
    pub(super) fn taken_back(
        &self,
        repository: &Repository,
        track: &TrackId,
        tip: CommitId,
    ) -> Option<&TakenBack> {
        let is_ancestor = |one, other| repository.is_ancestor(one, other).unwrap_or(false);
        (self.taken_back.iter()).find(|taken| {
            let shared = is_ancestor(taken.tip, tip) || is_ancestor(tip, taken.tip);
            taken.track == *track && !self.has(tip) && shared && !is_ancestor(taken.by, tip)
        })
    }

    /// Whether a landing of the track with this commit was taken back.
    pub(super) fn took_back(
        &self,
        repository: &Repository,
        track: &TrackId,
        commit: CommitId,
    ) -> Result<bool, GitError> {
        for taken in self.taken_back.iter().filter(|taken| taken.track == *track) {
            if repository.is_ancestor(commit, taken.tip)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn taken_back(by: CommitId, text: &str) -> Vec<TakenBack> {
    let trailer = |line: &str, name: &str| line.strip_prefix(name).map(str::to_owned);
    let base = text.lines().find_map(|line| trailer(line, BASE_TRAILER));
    let Some(base_before) = base.and_then(|hex| CommitId::from_hex(&hex).ok()) else {
        return Vec::new();
    };
    let tracks = text.lines().filter_map(|line| trailer(line, TRACK_TRAILER));
    tracks
        .filter_map(|rest| {
            let (track, tip) = rest.split_once(' ')?;
            Some(TakenBack {
                track: TrackId::new(track).ok()?,
                tip: CommitId::from_hex(tip).ok()?,
                base_before,
                by,
            })
        })
        .collect()
}
