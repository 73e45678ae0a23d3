//! What rules judge: the own work of every track, what base has, and what tracks.toml says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::contract::{Behind, Comparison};
use crate::domain::merge::Entry;
use crate::domain::migration::{MigrationFile, Migrations};
use crate::domain::name::{BranchName, TrackId};
use crate::domain::owners::Owners;
use crate::domain::path::{Pattern, RepoPath};
use crate::domain::project::{Project, Track};
use crate::domain::revision::CommitId;
use crate::domain::time::Timestamp;

/// Everything that the work of one track is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub project: &'a Project,
    pub owners: &'a Owners,
    pub now: Timestamp,
    /// Of every track with work, in landing order; the one that is judged is among them.
    pub works: &'a [Work],
    /// Which of them is judged.
    pub judged: usize,
    /// Tracks that do not count, though they have work: a round has left them out.
    pub without: &'a BTreeSet<TrackId>,
    /// `None`: no `[migrations]`.
    pub migrations: Option<&'a Migrations>,
    /// How the judged track's versions of contracts compare, with base's and with those of its peers.
    pub comparisons: &'a [Comparison],
    /// Contracts that the judged track consumes and has not taken in as they are now, or are about to be.
    pub behind: &'a [Behind],
    /// Every path that base has; `None` where the file as such is not judged, only the work.
    pub files: Option<&'a [RepoPath]>,
    /// Texts of base that rules compare with: CODEOWNERS where tracks.toml names it, and `.gitmodules`.
    pub texts: &'a BTreeMap<RepoPath, Arc<[u8]>>,
    /// What owners of shared files have approved of the judged work.
    pub approvals: &'a [Approval],
    /// Commits that say that they are of the judged track, where it does not work.
    pub strays: &'a [Stray],
    /// The branch that the work is said to be on, where that is not the track's.
    pub branch: Option<&'a BranchName>,
}

/// Another track with work.
#[derive(Debug, Clone, Copy)]
pub struct Peer<'a> {
    pub work: &'a Work,
    /// Whether it lands before the one that is judged, which then is the one to give way.
    pub earlier: bool,
}

static NOBODY: BTreeSet<TrackId> = BTreeSet::new();
static NO_TEXTS: BTreeMap<RepoPath, Arc<[u8]>> = BTreeMap::new();

impl<'a> Facts<'a> {
    /// Nothing but works, of which the first is judged.
    pub fn of(project: &'a Project, owners: &'a Owners, now: Timestamp, works: &'a [Work]) -> Self {
        Facts {
            project,
            owners,
            now,
            works,
            judged: 0,
            without: &NOBODY,
            migrations: None,
            comparisons: &[],
            behind: &[],
            files: None,
            texts: &NO_TEXTS,
            approvals: &[],
            strays: &[],
            branch: None,
        }
    }

    /// The work that is judged.
    pub fn work(&self) -> &'a Work {
        &self.works[self.judged]
    }

    /// The track that is judged.
    ///
    /// # Panics
    /// When the work is of no track of the project.
    pub fn track(&self) -> &'a Track {
        self.project
            .track(&self.work().track)
            .expect("work is of a track of the project")
    }

    /// Whether one track is built on the other, directly or not.
    pub fn is_built_on(&self, track: &TrackId, other: &TrackId) -> bool {
        self.project.built_on(track).contains(other)
    }

    /// The work that the work of a track is built on, in landing order.
    pub fn beneath(&self, track: &TrackId) -> impl Iterator<Item = &'a Work> + use<'a> {
        let built_on = self.project.built_on(track);
        let (works, without) = (self.works, self.without);
        works
            .iter()
            .filter(move |work| built_on.contains(&work.track) && !without.contains(&work.track))
    }

    /// The other tracks with work that may come in before or after the judged one, because neither is built on the other.
    pub fn rivals(&self) -> impl Iterator<Item = Peer<'a>> + use<'a, '_> {
        let judged = &self.work().track;
        self.peers().filter(move |peer| {
            let other = &peer.work.track;
            !self.is_built_on(judged, other) && !self.is_built_on(other, judged)
        })
    }

    /// The other tracks with work, in landing order.
    pub fn peers(&self) -> impl Iterator<Item = Peer<'a>> + use<'a> {
        let (works, judged, without) = (self.works, self.judged, self.without);
        works
            .iter()
            .enumerate()
            .filter(move |(index, work)| *index != judged && !without.contains(&work.track))
            .map(move |(index, work)| Peer {
                work,
                earlier: index < judged,
            })
    }
}

/// What a track has beyond base and the tracks that it is built on.
#[derive(Debug, Clone)]
pub struct Work {
    pub track: TrackId,
    /// `None`: it is not committed at all.
    pub tip: Option<CommitId>,
    /// Ascending by path, each once; what was moved is a deletion and an addition that know of each other.
    pub changes: Vec<FileChange>,
    /// Newest first; of the judged track only.
    pub commits: Vec<Commit>,
    /// Those of the changed files that are migrations.
    pub migrations: Vec<MigrationFile>,
    /// Before and after, of the changed files whose content a rule may ask for: migrations, contracts, links, what is shared
    /// `append-only`.
    pub contents: BTreeMap<RepoPath, Contents>,
    /// Changed paths whose change, as it stands here, is in no commit yet.
    pub uncommitted: BTreeSet<RepoPath>,
}

impl Work {
    /// No work yet.
    pub fn of(track: &TrackId, tip: Option<CommitId>) -> Work {
        Work {
            track: track.clone(),
            tip,
            changes: Vec::new(),
            commits: Vec::new(),
            migrations: Vec::new(),
            contents: BTreeMap::new(),
            uncommitted: BTreeSet::new(),
        }
    }

    pub fn change(&self, path: &RepoPath) -> Option<&FileChange> {
        let at = self.changes.binary_search_by(|it| it.path.cmp(path)).ok()?;
        self.changes.get(at)
    }
}

/// One changed path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    pub path: RepoPath,
    pub before: Option<Entry>,
    pub after: Option<Entry>,
    /// Of a deletion: where the same content is new. Of an addition: from where it came.
    pub moved: Option<RepoPath>,
}

impl FileChange {
    pub fn is_new(&self) -> bool {
        self.before.is_none()
    }

    pub fn is_gone(&self) -> bool {
        self.after.is_none()
    }

    /// "adds", "deletes", "moves away", "changes", to stand between a track and a path.
    pub fn verb(&self) -> &'static str {
        match (&self.before, &self.after, &self.moved) {
            (None, _, _) => "adds",
            (_, None, Some(_)) => "moves away",
            (_, None, None) => "deletes",
            _ => "changes",
        }
    }
}

/// The content of a file on both sides; of a link, where it leads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    pub before: Option<Arc<[u8]>>,
    pub after: Option<Arc<[u8]>>,
}

/// One commit of the judged work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// `None`: it is about to be made.
    pub id: Option<CommitId>,
    pub subject: String,
    /// The whole message, lossily.
    pub message: String,
    pub authored: Timestamp,
    pub committed: Timestamp,
    pub is_merge: bool,
}

impl Commit {
    /// As messages name it.
    pub fn called(&self) -> String {
        match self.id {
            Some(id) => format!("commit {}", short(id)),
            None => "this commit".to_owned(),
        }
    }
}

/// A commit's id as messages give it.
pub(super) fn short(commit: CommitId) -> String {
    format!("{commit:.7}")
}

/// The trailer with which an owner approves a change of another track to what is shared `owner-approves`.
pub const APPROVAL: &str = "Tracks-Approve";

/// One [`APPROVAL`] of a change to a path, by a track or, where it is on base, by everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// `None`: base has it.
    pub by: Option<TrackId>,
    pub track: TrackId,
    pub path: Pattern,
    pub commit: CommitId,
}

/// A commit that is not a merge, on a branch that the track does not work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    pub commit: CommitId,
    pub subject: String,
    pub place: StrayPlace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrayPlace {
    Integration,
    Base,
}
