//! What commits outside the judged work say of it: those of the track on integration and on base, and approvals by owners.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::name::TrackId;
use crate::domain::project::SharedPolicy;
use crate::domain::revision::CommitId;
use crate::domain::rule::{APPROVAL, Approval, Stray, StrayPlace, Work};
use crate::domain::trailer;
use crate::git::GitError;

use super::super::matrix::TrackSide;
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
    sides: &[TrackSide],
    judged: Whose<'_>,
    everywhere: bool,
) -> Result<Strays, GitError> {
    let mut strays = Strays::default();
    let by_owners = by_owners(session, sides)?;
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
            for id in on_base_since_fork(session, work, tip)? {
                approvals.extend(approvals_in(session, id, None)?);
            }
            approvals.retain(|approval| approval.track == work.track);
            strays.approvals.insert(work.track.clone(), approvals);
        }
    }
    Ok(strays)
}

/// What base has got since the track's first own commit was made, also where the track has taken base in since.
fn on_base_since_fork(
    session: &Session,
    work: &Work,
    tip: CommitId,
) -> Result<Vec<CommitId>, GitError> {
    let (repository, base) = (&session.repository, session.base.commit);
    let mut own: BTreeSet<CommitId> = work.commits.iter().filter_map(|commit| commit.id).collect();
    own.insert(tip);
    let mut forks = BTreeSet::new();
    for id in &own {
        for parent in repository.commit(*id)?.parents {
            // Merges bring in what is newer than the fork.
            if !own.contains(&parent) {
                forks.insert(parent);
            }
        }
    }
    let mut left: Option<CommitId> = None;
    for fork in forks {
        let since = match repository.merge_bases(fork, base) {
            Err(GitError::Shallow) => continue,
            since => since?,
        };
        for since in since {
            let older = match left {
                Some(so_far) => repository.is_ancestor(since, so_far)?,
                None => true,
            };
            if older {
                left = Some(since);
            }
        }
    }
    let hidden: Vec<CommitId> = vec![left.unwrap_or(tip)];
    repository.commits_between(base, &hidden, LIMIT)
}

/// What the owners of shared paths approve on their branches, whether or not there is other work on them; `None`: there is
/// nothing to approve.
fn by_owners(session: &Session, sides: &[TrackSide]) -> Result<Option<Vec<Approval>>, GitError> {
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
        let side = sides.iter().find(|side| side.track == *owner);
        let Some(tip) = side.and_then(|side| side.tip) else {
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
    let mut found = Vec::new();
    for value in values {
        let Some((track, rest)) = trailer::first_word(&value) else {
            continue;
        };
        let Ok(track) = TrackId::new(&track) else {
            continue;
        };
        // Without quotes it is all that is left.
        let quoted = trailer::first_word(rest).filter(|_| rest.starts_with('"'));
        let path = quoted.map_or_else(|| rest.to_owned(), |(path, _)| path);
        found.extend(trailer::paths(&path).into_iter().map(|path| Approval {
            by: by.cloned(),
            track: track.clone(),
            path,
            commit,
        }));
    }
    Ok(found)
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
