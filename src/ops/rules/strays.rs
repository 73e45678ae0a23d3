//! What commits outside the judged work say of it: those of the track on integration and on base, and approvals by owners.

use std::collections::BTreeMap;

use crate::domain::name::TrackId;
use crate::domain::path::Pattern;
use crate::domain::project::SharedPolicy;
use crate::domain::revision::CommitId;
use crate::domain::rule::{APPROVAL, Approval, Stray, StrayPlace, Work};
use crate::domain::trailer;
use crate::git::GitError;

use super::super::{Session, integration_side};
use super::Whose;

/// A history that is longer than this is not looked at further back.
const LIMIT: usize = 1_000;

/// Of every judged track.
#[derive(Debug, Default)]
pub(super) struct Strays {
    pub(super) commits: BTreeMap<TrackId, Vec<Stray>>,
    pub(super) approvals: BTreeMap<TrackId, Vec<Approval>>,
}

/// `everywhere`: whether commits are looked for on integration and on base, too.
pub(super) fn read(
    session: &Session,
    works: &[Work],
    judged: Whose<'_>,
    everywhere: bool,
) -> Result<Strays, GitError> {
    let mut strays = Strays::default();
    let by_owners = by_owners(session, works)?;
    for work in works {
        let Some(tip) = work.tip else { continue };
        let counts = match judged {
            Whose::Everybody => true,
            Whose::Of(tracks) => tracks.contains(&work.track),
            Whose::Nobody => false,
        };
        if !counts {
            continue;
        }
        if everywhere {
            let mut found = on_integration(session, works, &work.track)?;
            found.extend(on_base(session, &work.track, tip)?);
            strays.commits.insert(work.track.clone(), found);
        }
        if let Some(by_owners) = &by_owners {
            let mut approvals: Vec<Approval> = by_owners.clone();
            for id in (session.repository).commits_between(session.base.commit, &[tip], LIMIT)? {
                approvals.extend(approvals_in(session, id, None)?);
            }
            approvals.retain(|approval| approval.track == work.track);
            strays.approvals.insert(work.track.clone(), approvals);
        }
    }
    Ok(strays)
}

/// What the owners of shared paths approve on their branches; `None`: there is nothing to approve.
fn by_owners(session: &Session, works: &[Work]) -> Result<Option<Vec<Approval>>, GitError> {
    let shared = session.project.shared.iter();
    let mut owners: Vec<&TrackId> = shared
        .filter(|shared| shared.policy == SharedPolicy::OwnerApproves)
        .filter_map(|shared| shared.owner.as_ref())
        .collect();
    owners.sort();
    owners.dedup();
    if owners.is_empty() {
        return Ok(None);
    }
    let mut found = Vec::new();
    for owner in owners {
        let work = works.iter().find(|work| work.track == *owner);
        let Some(tip) = work.and_then(|work| work.tip) else {
            continue;
        };
        let base = session.base.commit;
        for id in session.repository.commits_between(tip, &[base], LIMIT)? {
            found.extend(approvals_in(session, id, Some(owner))?);
        }
    }
    Ok(Some(found))
}

fn approvals_in(
    session: &Session,
    commit: CommitId,
    by: Option<&TrackId>,
) -> Result<Vec<Approval>, GitError> {
    let message = session.repository.commit(commit)?.message;
    let values = trailer::values(&String::from_utf8_lossy(&message), APPROVAL);
    let read = |value: String| {
        let (track, path) = value.split_once(char::is_whitespace)?;
        Some(Approval {
            by: by.cloned(),
            track: TrackId::new(track).ok()?,
            path: Pattern::new(path.trim()).ok()?,
            commit,
        })
    };
    Ok(values.into_iter().filter_map(read).collect())
}

/// What the integration branch has beyond the last round and all tracks.
fn on_integration(
    session: &Session,
    works: &[Work],
    track: &TrackId,
) -> Result<Vec<Stray>, GitError> {
    let branch = &session.project.integration.branch;
    let Some(tip) = session.repository.branch(branch)? else {
        return Ok(Vec::new());
    };
    // Where the record of rounds cannot be read, whoever needs it says so.
    let round = integration_side::last_round(session).ok().flatten();
    let round = round.and_then(|round| round.candidate);
    if round == Some(tip) {
        return Ok(Vec::new());
    }
    let mut hidden = vec![session.base.commit];
    hidden.extend(round.filter(|round| session.repository.commit(*round).is_ok()));
    hidden.extend(works.iter().filter_map(|work| work.tip));
    let mut found = Vec::new();
    for id in session.repository.commits_between(tip, &hidden, LIMIT)? {
        found.extend(stray(session, id, track, StrayPlace::Integration)?);
    }
    Ok(found)
}

/// What was committed on base itself since the track left it: what merges brought there went its way.
fn on_base(session: &Session, track: &TrackId, tip: CommitId) -> Result<Vec<Stray>, GitError> {
    let base = session.base.commit;
    let left = match session.repository.merge_bases(tip, base) {
        Err(GitError::Shallow) => return Ok(Vec::new()),
        left => left?,
    };
    let (mut found, mut next) = (Vec::new(), Some(base));
    for _ in 0..LIMIT {
        let Some(id) = next.filter(|id| !left.contains(id)) else {
            break;
        };
        found.extend(stray(session, id, track, StrayPlace::Base)?);
        next = session.repository.commit(id)?.parents.first().copied();
    }
    Ok(found)
}

fn stray(
    session: &Session,
    commit: CommitId,
    track: &TrackId,
    place: StrayPlace,
) -> Result<Option<Stray>, GitError> {
    let info = session.repository.commit(commit)?;
    let values = trailer::values(&String::from_utf8_lossy(&info.message), trailer::TRACK);
    let is_one = info.parents.len() < 2 && values.iter().any(|value| value == track.as_str());
    Ok(is_one.then_some(Stray {
        commit,
        subject: info.subject,
        place,
    }))
}
