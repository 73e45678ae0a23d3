//! After a commit, a merge or a checkout: what has come to collide with the track, told by the hook that runs next.
//!
//! The shim has left this process on its own, so nobody waits for it and nothing that it prints is read. Many of them at once
//! are one: who comes while another one looks only asks it to look once more.

use std::collections::BTreeSet;

use crate::domain::merge::{Pair, Verdict};
use crate::domain::name::{Side, TrackId};
use crate::domain::project::{Severity, Track};
use crate::domain::revision::CommitId;
use crate::git::Head;
use crate::ops::{Session, conflicts};
use crate::store::News;

use super::{HookError, Report};

/// What has not been told yet in this worktree, as notes; it is told once, and only as long as both sides still have what it is
/// about.
pub(super) fn waiting(session: &Session) -> Result<Vec<String>, HookError> {
    let Some(track) = session.track_here()? else {
        return Ok(Vec::new());
    };
    let mut notes = Vec::new();
    for news in session.store.tell_news(&track.id)? {
        if still_there(session, track, &news)? {
            notes.push(news.text);
        }
    }
    Ok(notes)
}

fn still_there(session: &Session, track: &Track, news: &News) -> Result<bool, HookError> {
    let other = match &news.other {
        // One that is gone collides with nobody.
        Some(id) => match session.track(id) {
            Ok(other) => session.tip(&other.branch)?.map(|tip| tip.commit),
            Err(_) => None,
        },
        None => Some(session.base.commit),
    };
    let own = session.tip(&track.branch)?.map(|tip| tip.commit);
    for (hex, now) in news.tips.iter().zip([own, other]) {
        let (Ok(then), Some(now)) = (CommitId::from_hex(hex), now) else {
            return Ok(false);
        };
        if !session.repository.is_ancestor(then, now)? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn look(session: &Session) -> Result<Report, HookError> {
    let nothing = Report::default();
    // In the middle of a rebase there is nothing that stays.
    if matches!(session.repository.head()?, Head::Detached { .. }) {
        return Ok(nothing);
    }
    let Some(track) = session.track_here()? else {
        return Ok(nothing);
    };
    while let Some(mut watch) = session.store.watch_for_news(&track.id)? {
        loop {
            watch.found(&collisions(session, track)?)?;
            if !watch.is_asked_again()? {
                break;
            }
        }
        if !watch.end() {
            break;
        }
    }
    Ok(nothing)
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
    let tip_of = |track: &TrackId| {
        let side = report.tracks.iter().find(|side| side.track == *track);
        side.and_then(|side| side.tip)
    };
    let mut found = BTreeSet::new();
    for pair in &report.pairs {
        let Some(other) = other(pair, &track.id) else {
            continue;
        };
        let (name, tip) = match other {
            Side::Track(id) => (Some(id.to_string()), tip_of(id)),
            _ => (None, Some(session.base.commit)),
        };
        let (Some(own), Some(tip)) = (tip_of(&track.id), tip) else {
            continue;
        };
        let news = |key: String, text: String| News {
            key,
            text,
            other: name.clone(),
            tips: [own.to_string(), tip.to_string()],
        };
        if report.foreseen(pair).is_none()
            && let Verdict::Conflict(all) = &pair.verdict
        {
            let command = match other {
                Side::Track(other) => format!("tracks conflicts {} {other}", track.id),
                _ => format!("tracks resolve {}", track.id),
            };
            found.extend(all.iter().map(|conflict| {
                let text = format!(
                    "track {} now conflicts with {} in {}: `{command}`",
                    track.id,
                    called(other),
                    conflict.path
                );
                news(format!("{other} {}", conflict.path), text)
            }));
        }
        let collisions = report.collisions(pair).iter();
        let errors = collisions.filter(|it| it.severity == Severity::Error);
        found.extend(errors.map(|it| {
            let text = format!("{} {}: `tracks explain {}`", it.code, it.message, it.code);
            news(format!("{other} {} {}", it.code, it.message), text)
        }));
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
