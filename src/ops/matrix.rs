//! Who merges with whom: every pair of sides, with git's own verdicts.
//!
//! Each track is first merged into base as a real commit; then commit against commit, so that neither drift of base nor
//! stacked tracks are blamed on a pair. A track that does not merge into base is compared tip against tip.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::merge::{Basis, Conflict, ConflictType, Pair, Verdict};
use crate::domain::name::{Side, TrackId};
use crate::domain::order::{Candidates, CleanSet, largest_clean_set};
use crate::domain::path::RepoPath;
use crate::domain::project::Project;
use crate::domain::revision::{CommitId, TreeId};
use crate::domain::time::Timestamp;
use crate::git::{GitError, MergeAnswer, Merger, NewCommit, Repository, Snapshot, Worktree};
use crate::process::{cores, in_parallel};

use super::{Session, integration_side};

/// One track as it goes into the matrix.
#[derive(Debug, Clone)]
pub struct TrackSide {
    pub track: TrackId,
    /// The branch's tip; `None`: no such branch.
    pub tip: Option<CommitId>,
    /// What is compared: the tip, or a throw-away commit with the uncommitted work.
    pub commit: Option<CommitId>,
    pub tree: Option<TreeId>,
    pub dirty: bool,
    /// Why there is nothing to compare although there is a branch.
    pub unavailable: Option<String>,
    /// Something to know about what was compared.
    pub note: Option<String>,
}

/// Reads the tracks' tips and, unless `committed`, the uncommitted work in their worktrees.
pub(super) fn track_sides(
    session: &Session,
    merger: &Merger<'_>,
    tracks: &[TrackId],
    committed: bool,
) -> Result<Vec<TrackSide>, GitError> {
    let worktrees = session.repository.worktrees()?;
    let mut named = Vec::new();
    for id in tracks {
        let Some(track) = session.project.track(id) else {
            continue;
        };
        let tip = session.tip(&track.branch)?;
        let local = session.repository.branch(&track.branch)?;
        let worktree = Worktree::of_branch(&worktrees, &track.branch)
            // Where the remote branch is ahead of the local one, the worktree is not what counts.
            .filter(|_| tip.is_some_and(|tip| Some(tip.commit) == local))
            .map(|worktree| worktree.path.clone());
        named.push((id.clone(), tip.map(|tip| tip.commit), worktree));
    }
    in_parallel(&named, cores().get(), |(track, tip, worktree)| {
        one_side(
            session,
            merger,
            track,
            *tip,
            worktree.as_deref().filter(|_| !committed),
        )
    })
    .into_iter()
    .collect()
}

fn one_side(
    session: &Session,
    merger: &Merger<'_>,
    track: &TrackId,
    tip: Option<CommitId>,
    worktree: Option<&std::path::Path>,
) -> Result<TrackSide, GitError> {
    let mut side = TrackSide {
        track: track.clone(),
        tip,
        commit: tip,
        tree: None,
        dirty: false,
        unavailable: None,
        note: None,
    };
    let Some(tip) = tip else { return Ok(side) };
    let info = session.repository.commit(tip)?;
    side.tree = Some(info.tree);
    let Some(worktree) = worktree else {
        return Ok(side);
    };
    match merger.snapshot(worktree, tip)? {
        Snapshot::Clean(tree) => side.tree = Some(tree),
        Snapshot::Dirty(tree) => {
            side.dirty = true;
            side.tree = Some(tree);
            side.commit = Some(merger.write_commit(&NewCommit {
                tree,
                parents: vec![tip],
                time: info.committed,
                message: format!("uncommitted work of {track}\n"),
            })?);
        }
        Snapshot::TipOnly { tree, reason } => {
            side.dirty = true;
            side.tree = Some(tree);
            side.note = Some(reason);
        }
        Snapshot::Unavailable(reason) => {
            side.dirty = true;
            side.commit = None;
            side.tree = None;
            side.unavailable = Some(reason);
        }
    }
    Ok(side)
}

/// A track merged into base, or why that was not possible.
#[derive(Debug, Clone)]
pub(super) struct OnBase {
    tip: CommitId,
    /// base + track, as a commit.
    pub(super) merged: Option<CommitId>,
    pub(super) verdict: Verdict,
}

/// Which pairs are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'a> {
    All,
    /// Every pair of tracks and base, but not integration.
    WithoutIntegration,
    /// Only this track against base and integration.
    Branches(&'a TrackId),
}

impl Scope<'_> {
    fn wants_tracks(self) -> bool {
        matches!(self, Scope::All | Scope::WithoutIntegration)
    }

    fn wants_branches(self, track: &TrackId) -> bool {
        match self {
            Scope::All | Scope::WithoutIntegration => true,
            Scope::Branches(one) => one == track,
        }
    }
}

/// Every pair that `scope` asks for: base against each track, each track against each, and integration against each where
/// a round has moved the integration branch.
pub(super) fn pairs(
    session: &Session,
    merger: &Merger<'_>,
    sides: &[TrackSide],
    scope: Scope<'_>,
) -> Result<Vec<Pair>, GitError> {
    let on_base = merge_into_base(merger, session.base.commit, sides)?;
    let mut pairs = Vec::new();
    for side in sides
        .iter()
        .filter(|side| side.tip.is_some() && scope.wants_branches(&side.track))
    {
        let verdict = match (&side.unavailable, on_base.get(&side.track)) {
            (Some(reason), _) => Verdict::Unavailable(reason.clone()),
            (None, Some(on_base)) => on_base.verdict.clone(),
            (None, None) => continue,
        };
        let b = Side::Track(side.track.clone());
        let merged = side.commit.map(|commit| (session.base.commit, commit));
        pairs.push(Pair {
            a: Side::Base,
            b,
            basis: Basis::Tips,
            verdict,
            merged,
        });
    }
    if !matches!(scope, Scope::WithoutIntegration) {
        let wanted = |track: &TrackId| scope.wants_branches(track);
        pairs.extend(integration_side::pairs(session, merger, sides, &wanted)?);
    }
    pairs.extend(between_tracks(merger, sides, &on_base, scope)?);
    Ok(pairs)
}

pub(super) fn merge_into_base(
    merger: &Merger<'_>,
    base: CommitId,
    sides: &[TrackSide],
) -> Result<BTreeMap<TrackId, OnBase>, GitError> {
    let known: Vec<(&TrackId, CommitId)> = sides
        .iter()
        .filter_map(|side| Some((&side.track, side.commit?)))
        .collect();
    let requests: Vec<_> = known.iter().map(|(_, tip)| (base, *tip)).collect();
    let answers = merger.merge_all(&requests)?;
    let mut result = BTreeMap::new();
    for ((track, tip), answer) in known.into_iter().zip(answers) {
        let merged = match &answer {
            MergeAnswer::Merged { tree } => Some(merge_commit(
                merger,
                *tree,
                &[base, tip],
                &format!("base and {track}\n"),
            )?),
            MergeAnswer::Conflicted { .. } | MergeAnswer::Unavailable(_) => None,
        };
        let on_base = OnBase {
            tip,
            merged,
            verdict: verdict((base, tip), answer),
        };
        result.insert(track.clone(), on_base);
    }
    Ok(result)
}

pub(super) fn between_tracks(
    merger: &Merger<'_>,
    sides: &[TrackSide],
    on_base: &BTreeMap<TrackId, OnBase>,
    scope: Scope<'_>,
) -> Result<Vec<Pair>, GitError> {
    if !scope.wants_tracks() {
        return Ok(Vec::new());
    }
    let mut pairs = Vec::new();
    let mut asked = Vec::new();
    let mut requests = Vec::new();
    let present: Vec<&TrackSide> = sides.iter().filter(|side| side.tip.is_some()).collect();
    for (index, a) in present.iter().enumerate() {
        for b in &present[index + 1..] {
            let mut pair = Pair {
                a: Side::Track(a.track.clone()),
                b: Side::Track(b.track.clone()),
                basis: Basis::BasePlusTrack,
                verdict: Verdict::Clean,
                merged: None,
            };
            match (on_base.get(&a.track), on_base.get(&b.track)) {
                (Some(left), Some(right)) => {
                    let (basis, ours, theirs) = match (left.merged, right.merged) {
                        (Some(ours), Some(theirs)) => (Basis::BasePlusTrack, ours, theirs),
                        _ => (Basis::Tips, left.tip, right.tip),
                    };
                    pair.basis = basis;
                    pair.merged = Some((ours, theirs));
                    asked.push(pairs.len());
                    requests.push((ours, theirs));
                }
                (left, _) => {
                    let missing = if left.is_none() { a } else { b };
                    let reason = missing.unavailable.clone().unwrap_or_default();
                    pair.verdict = Verdict::Unavailable(format!("{}: {reason}", missing.track));
                }
            }
            pairs.push(pair);
        }
    }
    let answers = merger.merge_all(&requests)?;
    for ((index, sides), answer) in asked.into_iter().zip(requests).zip(answers) {
        pairs[index].verdict = verdict(sides, answer);
    }
    Ok(pairs)
}

/// A merge commit whose id depends on nothing but its inputs: the newest parent gives the date.
pub(super) fn merge_commit(
    merger: &Merger<'_>,
    tree: TreeId,
    parents: &[CommitId],
    message: &str,
) -> Result<CommitId, GitError> {
    let mut time = Timestamp(0);
    for parent in parents {
        time = time.max(merger.commit(*parent)?.committed);
    }
    merger.write_commit(&NewCommit {
        tree,
        parents: parents.to_vec(),
        time,
        message: message.to_owned(),
    })
}

/// What git answered about merging these two.
pub(super) fn verdict(sides: (CommitId, CommitId), answer: MergeAnswer) -> Verdict {
    match answer {
        MergeAnswer::Merged { .. } => Verdict::Clean,
        MergeAnswer::Conflicted { conflicts } => {
            Verdict::Conflict(under_their_own_names(sides, conflicts))
        }
        MergeAnswer::Unavailable(reason) => Verdict::Unavailable(reason),
    }
}

/// Where a file is in the way of a directory, git moves it to `PATH~SIDE`, and the side is a commit of ours that nobody
/// knows. The conflict is about `PATH`.
pub(super) fn under_their_own_names(
    sides: (CommitId, CommitId),
    conflicts: Vec<Conflict>,
) -> Vec<Conflict> {
    let suffixes = [sides.0, sides.1].map(|side| format!("~{side}").into_bytes());
    let mut by_path: BTreeMap<RepoPath, Conflict> = BTreeMap::new();
    for mut conflict in conflicts {
        conflict.path = own_name(&conflict.path, &suffixes);
        match by_path.get_mut(&conflict.path) {
            None => {
                by_path.insert(conflict.path.clone(), conflict);
            }
            Some(known) => {
                let new = |kind: &ConflictType| !known.types.contains(kind);
                let more: Vec<_> = conflict.types.into_iter().filter(new).collect();
                known.types.extend(more);
                known.regions.extend(conflict.regions);
            }
        }
    }
    by_path.into_values().collect()
}

fn own_name(path: &RepoPath, suffixes: &[Vec<u8>]) -> RepoPath {
    let bytes = path.as_bytes();
    // Where that name is taken too, git appends a number: `PATH~SIDE_0`.
    let number = bytes
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let unnumbered = bytes[..bytes.len() - number].strip_suffix(b"_");
    let stripped = suffixes.iter().find_map(|suffix| {
        bytes
            .strip_suffix(suffix.as_slice())
            .or_else(|| unnumbered?.strip_suffix(suffix.as_slice()))
    });
    stripped.map_or_else(|| path.clone(), RepoPath::new)
}

/// The largest set of tracks that merges clean together, proven by merging it: pairs that are clean can still clash as a
/// set, and what fails becomes one more constraint.
pub(super) fn clean_set(
    session: &Session,
    merger: &Merger<'_>,
    sides: &[TrackSide],
    pairs: &[Pair],
) -> Result<CleanSet, GitError> {
    let commits: BTreeMap<&TrackId, CommitId> = sides
        .iter()
        .filter_map(|side| Some((&side.track, side.commit?)))
        .collect();
    let tracks: Vec<TrackId> = session
        .order
        .iter()
        .filter(|id| commits.contains_key(id))
        .cloned()
        .collect();
    let (priority, depends_on) = order_facts(&session.project);
    let mut conflicts: Vec<BTreeSet<TrackId>> = pairs.iter().filter_map(exclusion).collect();
    loop {
        let set = largest_clean_set(&Candidates {
            tracks: &tracks,
            priority: &priority,
            depends_on: &depends_on,
            conflicts: &conflicts,
        });
        match first_clash(merger, session.base.commit, &set.tracks, &commits)? {
            None => return Ok(set),
            Some(clash) => conflicts.push(clash),
        }
    }
}

type OrderFacts = (BTreeMap<TrackId, i64>, BTreeMap<TrackId, BTreeSet<TrackId>>);

fn order_facts(project: &Project) -> OrderFacts {
    let priority = project
        .tracks
        .iter()
        .map(|track| (track.id.clone(), track.priority))
        .collect();
    let depends_on = project
        .tracks
        .iter()
        .map(|track| (track.id.clone(), track.tracks_needed().cloned().collect()))
        .collect();
    (priority, depends_on)
}

/// What a pair says about sets. Integration is no constraint here: the set is merged onto base.
fn exclusion(pair: &Pair) -> Option<BTreeSet<TrackId>> {
    if pair.verdict.is_clean() || [&pair.a, &pair.b].contains(&&Side::Integration) {
        return None;
    }
    let members = [&pair.a, &pair.b]
        .into_iter()
        .filter_map(|side| match side {
            Side::Track(id) => Some(id.clone()),
            Side::Base | Side::Integration => None,
        });
    Some(members.collect())
}

/// Merges the set in order; the tracks up to and with the first that does not fit.
fn first_clash(
    merger: &Merger<'_>,
    base: CommitId,
    tracks: &[TrackId],
    commits: &BTreeMap<&TrackId, CommitId>,
) -> Result<Option<BTreeSet<TrackId>>, GitError> {
    let mut at = base;
    for (index, track) in tracks.iter().enumerate() {
        let Some(tip) = commits.get(track) else {
            continue;
        };
        match merger.merge_all(&[(at, *tip)])?.pop() {
            Some(MergeAnswer::Merged { tree }) => {
                at = merge_commit(merger, tree, &[at, *tip], "set\n")?;
            }
            _ => return Ok(Some(tracks[..=index].iter().cloned().collect())),
        }
    }
    Ok(None)
}

/// Opens a merger for throw-away merges with the attributes of base.
pub(super) fn scratch_merger<'r>(
    session: &Session,
    repository: &'r Repository,
) -> Result<Merger<'r>, GitError> {
    Merger::scratch(
        repository,
        session.base.commit,
        &session.store.scratch_root(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_git_makes_up_are_taken_back() {
        let id = |digit: &str| CommitId::from_hex(&digit.repeat(40)).unwrap();
        let (ours, theirs) = (id("a"), id("b"));
        let suffixes = [ours, theirs].map(|side| format!("~{side}").into_bytes());
        for (path, expected) in [
            (format!("d/f~{ours}"), "d/f".to_owned()),
            (format!("f~{theirs}_12"), "f".to_owned()),
            (format!("f~{}", id("c")), format!("f~{}", id("c"))),
            (format!("f~{ours}x"), format!("f~{ours}x")),
            ("f_12".to_owned(), "f_12".to_owned()),
        ] {
            assert_eq!(
                own_name(&RepoPath::new(path), &suffixes),
                RepoPath::new(expected)
            );
        }
        let conflict = |path: String, kind: ConflictType| Conflict {
            path: RepoPath::new(path),
            types: vec![kind],
            regions: Vec::new(),
        };
        let merged = under_their_own_names(
            (ours, theirs),
            vec![
                conflict(format!("f~{ours}"), ConflictType::contents()),
                conflict("f".to_owned(), ConflictType::add_add()),
            ],
        );
        assert_eq!(merged.len(), 1);
        assert_eq!(
            merged[0].types,
            [ConflictType::contents(), ConflictType::add_add()]
        );
    }
}
