//! The own work of tracks: what each adds to base and the tracks that it is built on.
//!
//! As trees: base and the declared dependencies, merged, against the same with the track merged on top. Where that conflicts,
//! the track's tree against the newest commit that it has of base or of its dependencies, without what is as in one of these.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::domain::merge::{Change, Mode};
use crate::domain::name::TrackId;
use crate::domain::path::{Pattern, RepoPath, Selection};
use crate::domain::project::{Project, SharedPolicy, Track};
use crate::domain::revision::{BlobId, CommitId};
use crate::domain::rule::{Commit, Contents, FileChange, Work};
use crate::git::{Engine, GitError, Outcome, Tip, VirtualCommit, Want};
use crate::process::{cores, in_parallel};

use super::super::Session;
use super::super::matrix::{Matrix, TrackSide};
use super::Whose;

/// A track whose own history is longer than this is not judged further back.
const LIMIT: usize = 10_000;

/// Works in landing order, of the tracks that have any and of those whose commits are asked for by name.
pub(super) fn read(
    session: &Session,
    matrix: &Matrix<'_, '_>,
    commits: Whose<'_>,
) -> Result<Vec<Work>, GitError> {
    let place = |side: &TrackSide| session.order.iter().position(|id| *id == side.track);
    let mut sides: Vec<(&TrackSide, Tip)> = (matrix.sides().iter())
        .filter_map(|side| Some((side, side.as_tip()?)))
        .collect();
    sides.sort_by_key(|(side, _)| place(side));
    let reader = Reader {
        session,
        matrix,
        engine: matrix.engine(),
        wanted: wanted(&session.project),
        tips: (sides.iter())
            .filter_map(|(side, tip)| Some((&side.track, (*tip, matrix.commit_of(&side.track)?))))
            .collect(),
    };
    let works = in_parallel(&sides, cores().get(), |(side, tip)| {
        let with_commits = match commits {
            Whose::Everybody => true,
            Whose::Of(tracks) => tracks.contains(&side.track),
            Whose::Nobody => false,
        };
        reader.work(side, *tip, with_commits)
    });
    let works: Vec<Work> = works.into_iter().collect::<Result<_, _>>()?;
    let asked_for =
        |track: &TrackId| matches!(commits, Whose::Of(tracks) if tracks.contains(track));
    let counts = |work: &Work| {
        !work.changes.is_empty() || !work.commits.is_empty() || asked_for(&work.track)
    };
    Ok(works.into_iter().filter(counts).collect())
}

struct Reader<'a> {
    session: &'a Session,
    matrix: &'a Matrix<'a, 'a>,
    engine: &'a Engine<'a, 'a>,
    wanted: Selection,
    tips: HashMap<&'a TrackId, (Tip, &'a VirtualCommit)>,
}

/// The paths whose content a rule may ask for.
pub(super) fn wanted(project: &Project) -> Selection {
    let migrations = project.migrations.iter().flat_map(|it| it.paths.iter());
    let contracts = project.contracts.iter().flat_map(|it| it.paths.iter());
    let append_only = (project.shared.iter())
        .filter(|shared| shared.policy == SharedPolicy::AppendOnly)
        .map(|shared| &shared.pattern);
    let named = project.ownership.codeowners.as_deref().into_iter();
    let named = named
        .chain([".gitmodules"])
        .filter_map(|name| Pattern::new(name).ok());
    let patterns = migrations.chain(contracts).chain(append_only).cloned();
    Selection::new(&patterns.chain(named).collect::<Vec<_>>())
}

/// Of the paths that are wanted, and of links, which are read with `read`.
pub(super) fn contents(
    wanted: &Selection,
    changes: &[Change],
    read: impl Fn(BlobId) -> Result<Vec<u8>, GitError>,
) -> Result<BTreeMap<RepoPath, Contents>, GitError> {
    let mut contents = BTreeMap::new();
    for change in changes {
        let sides = [change.before, change.after];
        let is_link = sides.iter().flatten().any(|it| it.mode == Mode::Link);
        if !is_link && !wanted.matches(&change.path) {
            continue;
        }
        let [before, after] = sides.map(|entry| {
            let file = entry.filter(|entry| entry.mode != Mode::Submodule);
            file.map(|entry| read(entry.id).map(Arc::from)).transpose()
        });
        let both = Contents {
            before: before?,
            after: after?,
        };
        contents.insert(change.path.clone(), both);
    }
    Ok(contents)
}

impl Reader<'_> {
    fn work(&self, side: &TrackSide, tip: Tip, with_commits: bool) -> Result<Work, GitError> {
        let track = self.session.project.track(&side.track);
        let needed = track.map_or_else(Vec::new, |track| self.needed(track));
        let list = match self.on_ground(&side.track, &needed)? {
            Some(list) => list,
            None => {
                let list = self.since_left(tip, &needed)?;
                self.not_of(&needed, tip, list)?
            }
        };
        let uncommitted = match side.dirty {
            true => {
                let committed = self.session.repository.commit(tip.history)?.tree;
                let changes = self.engine.merger().changes(committed, tip.tree)?;
                let paths = changes.list().iter().map(|change| change.path.clone());
                paths.collect()
            }
            false => BTreeSet::new(),
        };
        let contents = contents(&self.wanted, &list, |id| self.engine.content(id))?;
        let commits = match with_commits {
            true => self.commits(tip.history, &needed)?,
            false => Vec::new(),
        };
        Ok(Work {
            changes: with_moves(list),
            commits,
            contents,
            uncommitted,
            ..Work::of(&side.track, Some(tip.history))
        })
    }

    /// The tracks that it is built on, transitively, in landing order.
    fn needed(&self, track: &Track) -> Vec<&TrackId> {
        let all = self.session.project.built_on(&track.id);
        let order = self.session.order.iter();
        order
            .filter(|id| all.contains(id) && **id != track.id)
            .filter(|id| self.tips.contains_key(id))
            .collect()
    }

    /// `None`: it does not merge.
    fn on_ground(
        &self,
        track: &TrackId,
        needed: &[&TrackId],
    ) -> Result<Option<Vec<Change>>, GitError> {
        if needed.is_empty() {
            let Some(whole) = self.matrix.merged_on_base(track) else {
                return Ok(None);
            };
            return self.engine.difference(self.engine.base(), whole).map(Some);
        }
        let mut ground = self.engine.base().clone();
        for need in needed {
            if let Some((_, commit)) = self.tips.get(*need) {
                // Without it, its work would be the track's.
                let Some(more) = self.merged(&ground, commit)? else {
                    return Ok(None);
                };
                ground = more;
            }
        }
        let Some((_, tip)) = self.tips.get(track) else {
            return Ok(None);
        };
        let Some(whole) = self.merged(&ground, tip)? else {
            return Ok(None);
        };
        self.engine.difference(&ground, &whole).map(Some)
    }

    fn merged(
        &self,
        ours: &VirtualCommit,
        theirs: &VirtualCommit,
    ) -> Result<Option<VirtualCommit>, GitError> {
        let answers = self.engine.merge_all(&[(ours, theirs)], Want::Results)?;
        let Some(Outcome::Clean(combined)) = answers.into_iter().next().map(|it| it.outcome) else {
            return Ok(None);
        };
        self.engine
            .merged(ours, theirs, &combined, "own work\n")
            .map(Some)
    }

    /// What the track has done since it last took in base or a dependency.
    fn since_left(&self, tip: Tip, needed: &[&TrackId]) -> Result<Vec<Change>, GitError> {
        let repository = &self.session.repository;
        let mut ends: Vec<CommitId> = vec![self.session.base.commit];
        ends.extend(needed.iter().filter_map(|need| {
            let (tip, _) = self.tips.get(*need)?;
            Some(tip.history)
        }));
        let mut left: Vec<CommitId> = Vec::new();
        for end in ends {
            left.extend(repository.merge_bases(tip.history, end)?);
        }
        let mut newest: Option<CommitId> = None;
        for candidate in left {
            let newer = match newest {
                Some(so_far) => repository.is_ancestor(so_far, candidate)?,
                None => true,
            };
            if newer {
                newest = Some(candidate);
            }
        }
        let from = match newest {
            Some(commit) => repository.commit(commit)?.tree,
            None => self.engine.merger().empty_tree()?,
        };
        Ok(self
            .engine
            .merger()
            .changes(from, tip.tree)?
            .list()
            .to_vec())
    }

    /// Those of the changes that have not come from a track that it is built on: what is as it is there, or as it was there
    /// when the track last took it in.
    fn not_of(
        &self,
        needed: &[&TrackId],
        tip: Tip,
        list: Vec<Change>,
    ) -> Result<Vec<Change>, GitError> {
        let (repository, merger) = (&self.session.repository, self.engine.merger());
        let mut theirs: Vec<BTreeSet<RepoPath>> = Vec::new();
        for need in needed {
            let Some((other, _)) = self.tips.get(*need) else {
                continue;
            };
            let mut trees = vec![other.tree];
            for base in repository.merge_bases(tip.history, other.history)? {
                trees.push(repository.commit(base)?.tree);
            }
            for tree in trees {
                let changes = merger.changes(tree, tip.tree)?;
                let changes = changes.list().iter();
                theirs.push(changes.map(|it| it.path.clone()).collect());
            }
        }
        // Where the two have a path in the same way, it is among no changes.
        let is_own = |change: &Change| theirs.iter().all(|it| it.contains(&change.path));
        Ok(list.into_iter().filter(is_own).collect())
    }

    fn commits(&self, tip: CommitId, needed: &[&TrackId]) -> Result<Vec<Commit>, GitError> {
        let mut hidden = vec![self.session.base.commit];
        hidden.extend(needed.iter().filter_map(|need| {
            let (tip, _) = self.tips.get(*need)?;
            Some(tip.history)
        }));
        commits(self.session, tip, &hidden)
    }
}

/// What `tip` has and the hidden ones have not, newest first.
pub(in crate::ops) fn commits(
    session: &Session,
    tip: CommitId,
    hidden: &[CommitId],
) -> Result<Vec<Commit>, GitError> {
    let repository = &session.repository;
    let mut commits = Vec::new();
    for id in repository.commits_between(tip, hidden, LIMIT)? {
        let info = repository.commit(id)?;
        commits.push(Commit {
            id: Some(id),
            subject: info.subject,
            message: String::from_utf8_lossy(&info.message).into_owned(),
            authored: info.authored,
            committed: info.committed,
            is_merge: info.parents.len() > 1,
        });
    }
    Ok(commits)
}

/// A deletion and an addition of the same content are a move: each content once, in the order of the paths.
pub(super) fn with_moves(list: Vec<Change>) -> Vec<FileChange> {
    let mut gone: HashMap<BlobId, Vec<RepoPath>> = HashMap::new();
    for change in list.iter().rev().filter(|change| change.after.is_none()) {
        if let Some(entry) = change.before {
            gone.entry(entry.id).or_default().push(change.path.clone());
        }
    }
    let mut moved: HashMap<RepoPath, RepoPath> = HashMap::new();
    for change in list.iter().filter(|change| change.before.is_none()) {
        let from = change
            .after
            .and_then(|entry| gone.get_mut(&entry.id)?.pop());
        if let Some(from) = from {
            moved.insert(from.clone(), change.path.clone());
            moved.insert(change.path.clone(), from);
        }
    }
    list.into_iter()
        .map(|change| FileChange {
            moved: moved.remove(&change.path),
            path: change.path,
            before: change.before,
            after: change.after,
        })
        .collect()
}
