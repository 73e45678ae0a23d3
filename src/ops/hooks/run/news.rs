//! After a commit, a merge or a checkout: what has come to collide with the track, told by the hook that runs next.
//!
//! The shim has left this process on its own, so nobody waits for it and nothing that it prints is read. Many of them at once
//! are one: who comes while another one looks only asks it to look once more.

use std::collections::BTreeSet;

use crate::domain::hook::Hook;
use crate::domain::merge::{Pair, Verdict};
use crate::domain::name::{Side, TrackId};
use crate::domain::project::{Severity, Track};
use crate::git::Head;
use crate::ops::{Session, conflicts};
use crate::store::News;

use super::{HookError, Report};

/// What has not been told yet in this worktree, as notes; it is told once.
pub(super) fn waiting(session: &Session) -> Result<Vec<String>, HookError> {
    match session.track_here()? {
        Some(track) => Ok(session.store.tell_news(&track.id)?),
        None => Ok(Vec::new()),
    }
}

pub(super) fn look(session: &Session, _hook: Hook) -> Result<Report, HookError> {
    let nothing = Report::default();
    // In the middle of a rebase there is nothing that stays.
    if matches!(session.repository.head()?, Head::Detached { .. }) {
        return Ok(nothing);
    }
    let Some(track) = session.track_here()? else {
        return Ok(nothing);
    };
    let Some(mut watch) = session.store.watch_for_news(&track.id)? else {
        return Ok(nothing);
    };
    loop {
        let found = collisions(session, track)?;
        watch.found(&found)?;
        if !watch.is_asked_again()? {
            return Ok(nothing);
        }
    }
}

/// Everything that stands between the track and another one now.
fn collisions(session: &Session, track: &Track) -> Result<BTreeSet<News>, HookError> {
    // Who commits has seen what is not committed, and others' worktrees are theirs.
    let options = conflicts::Options {
        committed: true,
        ..conflicts::Options::default()
    };
    let report = conflicts::run(session, &options, None, &|_| {}).map_err(|error| match error {
        conflicts::ConflictsError::Git(error) => HookError::Git(error),
        conflicts::ConflictsError::Check(error) => HookError::Check(error),
    })?;
    let mut found = BTreeSet::new();
    for pair in &report.pairs {
        let Some(other) = other(pair, &track.id) else {
            continue;
        };
        if report.foreseen(pair).is_none()
            && let Verdict::Conflict(all) = &pair.verdict
        {
            let command = match other {
                Side::Track(other) => format!("tracks conflicts {} {other}", track.id),
                _ => format!("tracks resolve {}", track.id),
            };
            found.extend(all.iter().map(|conflict| News {
                key: format!("{other} {}", conflict.path),
                text: format!(
                    "track {} now conflicts with {} in {}: `{command}`",
                    track.id,
                    called(other),
                    conflict.path
                ),
            }));
        }
        let collisions = report.collisions(pair).iter();
        found.extend(
            collisions
                .filter(|it| it.severity == Severity::Error)
                .map(|it| News {
                    key: format!("{other} {} {}", it.code, it.message),
                    text: format!("{} {}: `tracks explain {}`", it.code, it.message, it.code),
                }),
        );
    }
    Ok(found)
}

fn called(side: &Side) -> String {
    match side {
        Side::Track(id) => format!("track {id}"),
        side => side.to_string(),
    }
}

/// The other side of a pair that the track is in. What it has against the integration, it has against one of the tracks in it.
fn other<'p>(pair: &'p Pair, track: &TrackId) -> Option<&'p Side> {
    let is_own = |side: &Side| matches!(side, Side::Track(id) if id == track);
    let other = match (is_own(&pair.a), is_own(&pair.b)) {
        (true, _) => &pair.b,
        (_, true) => &pair.a,
        _ => return None,
    };
    (*other != Side::Integration).then_some(other)
}
