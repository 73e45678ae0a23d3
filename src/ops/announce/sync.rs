//! `on_sync`: a round has changed something for tracks.

use std::path::PathBuf;

use crate::domain::name::TrackId;
use crate::domain::sync::{Found, News, Standing, news};
use crate::domain::trust::ON_SYNC;
use crate::ops::Session;
use crate::ops::sync::Report;
use crate::store::StoreError;

use super::{Calls, Gather, Listeners};

/// What a command reads of a round: all that is new, or what of it is about its tracks.
pub type RoundFacts<'a> = &'a dyn Fn(&Report, &News) -> Vec<u8>;

/// Takes the round for what is known from now on, and gives what has to be told because of it: to all that integration moved,
/// and to all and the tracks concerned what has turned. Nothing is kept where nobody wants to be told. What
/// the command line left out, `asked_for` says.
///
/// # Errors
/// When what was known or the approvals cannot be read or kept.
pub fn calls(
    session: &Session,
    yes: bool,
    report: &Report,
    asked_for: &dyn Fn(&TrackId) -> bool,
    facts: RoundFacts<'_>,
    logs: &mut Option<PathBuf>,
) -> Result<Option<Calls>, StoreError> {
    let listeners = Listeners::new(session, ON_SYNC);
    // Such a round has decided nothing.
    if listeners.is_empty() || report.dry_run || report.no_checks || report.interrupted {
        return Ok(None);
    }
    let found = found(report, asked_for);
    let mut gather = Gather::new(session, yes, logs)?;
    let all = session.store.update_standings(|last| {
        let (all, now) = news(last, &found);
        let told = listeners.of(|track| concerns(&all, &found, track));
        let heard = told.is_empty() || told.iter().any(|(command, _)| gather.allows(command));
        match heard {
            true => (all, now),
            // What nobody may be told yet stays news.
            false => (all, last.cloned().unwrap_or_default()),
        }
    })?;
    if all.is_empty() {
        return Ok(None);
    }
    let told = listeners.of(|track| concerns(&all, &found, track));
    for (number, (command, whom)) in told.into_iter().enumerate() {
        let mut part = all.clone();
        part.tracks.retain(|turned| whom.has(&turned.track));
        let about = format!("round {}", report.round);
        let log = format!("notify-round-{}-{number}", report.round);
        gather.add(command, about, &log, facts(report, &part))?;
    }
    Ok(Some(gather.calls))
}

fn concerns(all: &News, found: &Found, track: &TrackId) -> bool {
    let turned = all.tracks.iter().any(|turned| turned.track == *track);
    turned || all.base_red.is_some() && (found.tracks.iter()).any(|(id, _)| id == track)
}

fn found(report: &Report, asked_for: &dyn Fn(&TrackId) -> bool) -> Found {
    let merged = report.merged.iter().map(|merged| {
        let standing = match merged.held.is_empty() {
            true => Standing::Merged,
            false => Standing::Held,
        };
        (merged.track.clone(), standing)
    });
    let ejected = report.ejected.iter().map(|ejected| {
        let standing = Standing::Ejected {
            why: ejected.why.as_str().to_owned(),
            with: ejected.with.iter().map(ToString::to_string).collect(),
            check: ejected.check.as_ref().map(ToString::to_string),
        };
        (ejected.track.clone(), standing)
    });
    Found {
        round: report.round,
        moved: report.moved,
        settled: report.candidate.is_some() && report.after == report.candidate,
        base_red: match report.green {
            _ if !report.base_red.is_empty() => Some(true),
            // Base was asked, or what is built on it passes.
            Some(_) => Some(false),
            None => None,
        },
        tracks: merged
            .chain(ejected)
            .filter(|(track, _)| asked_for(track))
            .collect(),
        empty: report.empty.clone(),
    }
}
