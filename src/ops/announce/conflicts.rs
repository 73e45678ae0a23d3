//! `on_conflict`: a pair has turned from clean to conflict, or back.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::domain::merge::{self, Edge};
use crate::domain::name::{Side, TrackId};
use crate::domain::trust::ON_CONFLICT;
use crate::ops::Session;
use crate::ops::conflicts::{Options, Report};
use crate::store::StoreError;

use super::{Calls, Gather, Listeners};

/// The facts of an edge, as the command reads them.
pub type Facts<'a> = &'a dyn Fn(&Report, &Edge) -> Vec<u8>;

/// Takes the report for what is known from now on, and gives what has to be told because of it. Nothing is kept where
/// nobody wants to be told. `logs` is the directory for what the commands print, made where it is first needed.
///
/// # Errors
/// When the last verdicts or the approvals cannot be read or kept.
pub fn calls(
    session: &Session,
    yes: bool,
    options: &Options,
    report: &Report,
    facts: Facts<'_>,
    logs: &mut Option<PathBuf>,
) -> Result<Option<Calls>, StoreError> {
    let listeners = Listeners::new(session, ON_CONFLICT);
    // Who wants to know of tracks was not asked about branches.
    if listeners.is_empty() || session.branches.is_some() {
        return Ok(None);
    }
    let tracks = session.project.tracks.iter().map(|track| track.id.clone());
    let tracks: BTreeSet<TrackId> = tracks.collect();
    let edges = session
        .store
        .update_verdicts(view(session, options), |last| {
            merge::edges(last, &report.pairs, &tracks)
        })?;
    if edges.is_empty() {
        return Ok(None);
    }
    let mut gather = Gather::new(session, yes, logs)?;
    for edge in edges {
        let sides = [&edge.a, &edge.b];
        let concerned = |track: &TrackId| {
            (sides.iter()).any(|side| matches!(side, Side::Track(id) if id == track))
        };
        for (number, (command, _)) in listeners.of(concerned).into_iter().enumerate() {
            let about = format!("{} and {}", edge.a, edge.b);
            // A later edge of the same pair writes over it.
            let log = format!("notify-{}-{}-{number}", edge.a, edge.b);
            gather.add(command, about, &log, facts(report, &edge))?;
        }
    }
    Ok(Some(gather.calls))
}

/// Runs with and without uncommitted work, or with remote branches first, see different things, and each goes on from what
/// its like saw.
fn view(session: &Session, options: &Options) -> &'static str {
    match (options.committed, session.prefer_remote) {
        (false, false) => "work",
        (true, false) => "committed",
        (false, true) => "work-remote",
        (true, true) => "committed-remote",
    }
}
