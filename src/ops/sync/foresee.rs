//! What a round would do about conflicts, without running anything: for those who show them.

use std::collections::BTreeMap;

use crate::domain::merge::{Pair, Verdict};
use crate::domain::name::{Side, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::resolution::{ByRule, Facts, foreseen_by_rule};
use crate::domain::revision::CommitId;
use crate::domain::sync::{Foreseen, Resolved, ResolvedBy};
use crate::git::{GitError, MergeAnswer, Merger};

use super::super::trust::Trust;
use super::super::{Session, integration_side, matrix};
use super::SyncError;
use super::mend::{Meeting, Mend, Mender};

/// By pair, what a round would do where it would resolve everything that conflicts between the two. It looks at commits only,
/// as a round does. A rule is believed, since to try it for each of many pairs would take longer than all their merges; what
/// was recorded or decided is tried.
///
/// # Errors
/// When git or the state cannot be asked.
pub(in crate::ops) fn foresee(
    session: &Session,
    merger: &Merger<'_>,
    pairs: &[Pair],
) -> Result<BTreeMap<(Side, Side), Foreseen>, SyncError> {
    let mut found = BTreeMap::new();
    let conflicts = |pair: &&Pair| matches!(pair.verdict, Verdict::Conflict(_));
    let conflicting: Vec<&Pair> = pairs.iter().filter(conflicts).collect();
    if conflicting.is_empty() || session.branches.is_some() {
        return Ok(found);
    }
    let integration = &session.project.integration;
    let mender = Mender::new(session, &Trust::Nothing, &|_| {}, true)?;
    let mut to_be_tried: Vec<(&Pair, Vec<&RepoPath>)> = Vec::new();
    for pair in conflicting {
        let conflicts = pair.verdict.conflicts().iter();
        let paths: Vec<&RepoPath> = (pair.verdict.conflicts().iter())
            .map(|conflict| &conflict.path)
            .collect();
        let earlier = match &pair.a {
            Side::Base => Some(Vec::new()),
            Side::Track(first) => Some(vec![first.clone()]),
            // Whose of the integrated tracks the path is, is not known.
            Side::Integration | Side::Both(..) | Side::Part(_) => None,
        };
        let by_rule = conflicts.map(|conflict| {
            let facts = match (&pair.b, &earlier) {
                (Side::Track(track), Some(earlier)) => Some(Facts {
                    project: &session.project,
                    path: &conflict.path,
                    track,
                    earlier,
                    green: mender.green(),
                    changed: [None, None],
                }),
                _ => None,
            };
            foreseen_by_rule(integration, conflict, facts.as_ref())
        });
        let by_rule: Vec<ByRule> = by_rule.collect();
        let resolved = by_rule.iter().map(|by_rule| match by_rule {
            ByRule::Resolves(resolved) => Some(resolved.clone()),
            ByRule::ToBeTried | ByRule::Nothing => None,
        });
        let mut may_be = by_rule.iter().zip(&paths);
        if let Some(resolved) = resolved.collect::<Option<Vec<_>>>() {
            let foreseen = Foreseen {
                resolved,
                to_be_tried: Vec::new(),
            };
            found.insert((pair.a.clone(), pair.b.clone()), foreseen);
        } else if may_be.all(|(by_rule, path)| {
            *by_rule != ByRule::Nothing || mender.knows(&pair.a, &pair.b, path)
        }) {
            to_be_tried.push((pair, paths));
        }
    }
    let mut tips = Tips::new(session, merger);
    for (pair, paths) in to_be_tried.into_iter().take(MOST_TRIED) {
        if let Some(foreseen) = by_trying(&mut tips, &mender, pair, &paths)? {
            found.insert((pair.a.clone(), pair.b.clone()), foreseen);
        }
    }
    Ok(found)
}

/// So many pairs are tried, since each takes git some time: of more, a conflict counts as one.
const MOST_TRIED: usize = 64;

/// Merges the second of the pair onto the first as a round would, and onto each of the others where that is the integration.
fn by_trying(
    tips: &mut Tips<'_>,
    mender: &Mender<'_>,
    pair: &Pair,
    paths: &[&RepoPath],
) -> Result<Option<Foreseen>, SyncError> {
    let Side::Track(track) = &pair.b else {
        return Ok(None);
    };
    let (session, merger) = (tips.session, tips.merger);
    let Some(theirs) = tips.of(track)? else {
        return Ok(None);
    };
    let firsts: Vec<(TrackId, CommitId)> = match &pair.a {
        Side::Base => Vec::new(),
        Side::Integration => match integration_side::last_round(session)? {
            Some(round) => (round.merged.into_iter())
                .filter(|merged| merged.track != *track)
                .map(|merged| (merged.track, merged.commit))
                .collect(),
            None => return Ok(None),
        },
        Side::Track(first) => match tips.of(first)? {
            Some(tip) => vec![(first.clone(), tip)],
            None => return Ok(None),
        },
        Side::Both(..) | Side::Part(_) => return Ok(None),
    };
    let mut merges: Vec<(CommitId, Vec<(TrackId, CommitId)>)> = Vec::new();
    if pair.a == Side::Base {
        merges.push((session.base.commit, Vec::new()));
    }
    for (first, commit) in firsts {
        if let Some(ours) = tips.onto_base(commit)? {
            merges.push((ours, vec![(first, commit)]));
        }
    }
    let asked: Vec<_> = merges.iter().map(|(ours, _)| (*ours, theirs)).collect();
    let mut foreseen = Foreseen::default();
    let mut seen: Vec<RepoPath> = Vec::new();
    for ((ours, earlier), answer) in merges.iter().zip(merger.merge_all(&asked)?) {
        let MergeAnswer::Conflicted { tree, conflicts } = answer else {
            continue;
        };
        let meeting = Meeting {
            ours: *ours,
            theirs,
            track,
            earlier,
            tree,
            conflicts: &conflicts,
        };
        match mender.mend(merger, &meeting)? {
            Mend::Whole(mended) => {
                // What was recorded of two says nothing of three that change the same lines.
                let of_two = |resolved: &Resolved| {
                    resolved.by != ResolvedBy::Rule && seen.contains(&resolved.path)
                };
                if mended.resolved.iter().any(of_two) {
                    return Ok(None);
                }
                foreseen.resolved.extend(mended.resolved);
                foreseen.to_be_tried.extend(mended.untried);
            }
            Mend::Left { .. } | Mend::Undetermined(_) => return Ok(None),
        }
        seen.extend(conflicts.into_iter().map(|conflict| conflict.path));
    }
    // Uncommitted work may conflict elsewhere, too.
    let all = paths.iter().all(|path| seen.contains(path));
    foreseen.resolved.sort();
    foreseen.resolved.dedup();
    Ok(all.then_some(foreseen))
}

/// What is asked of many pairs, each found out once.
struct Tips<'t> {
    session: &'t Session,
    merger: &'t Merger<'t>,
    /// By commit: itself merged into base; `None` where the two do not merge.
    onto_base: BTreeMap<CommitId, Option<CommitId>>,
}

impl<'t> Tips<'t> {
    fn new(session: &'t Session, merger: &'t Merger<'t>) -> Self {
        Tips {
            session,
            merger,
            onto_base: BTreeMap::new(),
        }
    }

    fn of(&self, track: &TrackId) -> Result<Option<CommitId>, GitError> {
        let Some(track) = self.session.project.track(track) else {
            return Ok(None);
        };
        Ok(self.session.tip(&track.branch)?.map(|tip| tip.commit))
    }

    fn onto_base(&mut self, commit: CommitId) -> Result<Option<CommitId>, GitError> {
        if let Some(known) = self.onto_base.get(&commit) {
            return Ok(*known);
        }
        let parents = [self.session.base.commit, commit];
        let merged = match self.merger.merge_all(&[(parents[0], parents[1])])?.pop() {
            Some(MergeAnswer::Merged { tree }) => {
                let commit = matrix::merge_commit(self.merger, tree, &parents, "base and track\n")?;
                Some(commit)
            }
            _ => None,
        };
        self.onto_base.insert(commit, merged);
        Ok(merged)
    }
}
