//! `admit = "green"`: the checks of each track run on its tip, and only what is green enters the round.

use crate::domain::check::{Outcome, Run};
use crate::domain::name::Side;
use crate::domain::project::{Check, Track, When};
use crate::domain::sync::{Ejected, Entry, Why};
use crate::domain::trust::commands_of_setup;
use crate::git::Merger;
use crate::process::clock;

use super::super::figures::Earlier;
use super::super::keys::Keys;
use super::super::runner::{self, Ground};
use super::super::site::{Probed, Probes};
use super::super::tasks::{Judged, Tasks};
use super::super::trust::Trust;
use super::super::{Emit, Event, Session};
use super::SyncError;

/// What was found out about the tracks that would enter.
pub(super) struct Admission {
    /// In the order of the entries.
    pub turned_away: Vec<Ejected>,
    pub runs: Vec<Run>,
}

/// `dry_run`: nothing runs; what is not known is taken as green.
pub(super) fn admit_green(
    session: &Session,
    trust: &Trust,
    entries: &[Entry],
    dry_run: bool,
    emit: Emit<'_>,
) -> Result<Admission, SyncError> {
    let project = &session.project;
    let of_tracks = |check: &&Check| check.when.contains(&When::Track);
    let checks: Vec<&Check> = project.checks.iter().filter(of_tracks).collect();
    let keys = Keys::new(session, trust, checks.iter().copied());
    let of_tasks = Tasks {
        session,
        keys: &keys,
        earlier: &Earlier::read(session)?,
    };
    let merger = Merger::publishing(&session.repository, session.base.commit);
    let probes = Probes::new(session, None);
    let mut grounds = Vec::new();
    let entries = entries
        .iter()
        .filter_map(|entry| Some((entry, project.track(&entry.track)?)));
    for (entry, track) in entries {
        let own = checks.iter().filter(|check| check.applies_to(&track.id));
        grounds.push(ground(&of_tasks, &merger, &probes, track, entry, own)?);
    }
    let mut admission = Admission {
        turned_away: Vec::new(),
        runs: Vec::new(),
    };
    if dry_run {
        return Ok(admission);
    }
    emit(&Event::Stage(format!(
        "checking {} tracks before they enter",
        grounds.len()
    )));
    let options = runner::Options {
        no_cache: false,
        // A red track says nothing of the next.
        fail_fast: false,
        log_dir: &session.store.new_log_dir(clock::now())?,
    };
    let finished = runner::run(session, trust, &grounds, &options, emit)?;
    for (ground, runs) in grounds.iter().zip(finished.runs) {
        if let Side::Track(track) = &ground.side {
            admission.turned_away.extend(turned_away(track, &runs));
        }
        admission.runs.extend(runs);
    }
    Ok(admission)
}

fn ground<'a, 'c: 'a>(
    of_tasks: &Tasks<'_, 'a>,
    merger: &Merger<'_>,
    probes: &'a Probes<'a>,
    track: &'a Track,
    entry: &Entry,
    checks: impl Iterator<Item = &'a &'c Check>,
) -> Result<Ground<'a>, SyncError> {
    let session = of_tasks.session;
    let tree = session.repository.commit(entry.tip)?.tree;
    let setup = commands_of_setup(&session.project, Some(track));
    let side = Side::Track(track.id.clone());
    let judged = Judged {
        side: &side,
        tree: Some(tree),
        setup: &setup,
        setups_of_base: &[&setup],
    };
    let checks: Vec<&Check> = checks.copied().collect();
    Ok(Ground {
        tasks: of_tasks.of(merger, &judged, &checks)?,
        side,
        site: Box::new(Probed::of_track(probes, track, entry.tip)),
        tree: Some(tree),
        blocked: None,
    })
}

/// Why a track whose checks came out like this does not enter.
fn turned_away(track: &crate::domain::name::TrackId, runs: &[Run]) -> Option<Ejected> {
    let counts = |run: &&Run| !run.allow_failure;
    let red = runs.iter().filter(counts).find(|run| run.outcome.is_red());
    let open = runs
        .iter()
        .filter(counts)
        .find(|run| run.outcome != Outcome::Passed);
    let (why, run, reason) = match (red, open) {
        (Some(run), _) => (
            Why::Check,
            run,
            format!(
                "its own check {} fails: `tracks check {track}` shows it",
                run.check
            ),
        ),
        (None, Some(run)) => {
            let note = run.note.as_deref().unwrap_or(run.outcome.as_str());
            let reason = format!("whether check {} passes is not known: {note}", run.check);
            (Why::NotAdmitted, run, reason)
        }
        (None, None) => return None,
    };
    Some(Ejected {
        track: track.clone(),
        why,
        with: Vec::new(),
        paths: Vec::new(),
        check: Some(run.check.clone()),
        reason,
    })
}
