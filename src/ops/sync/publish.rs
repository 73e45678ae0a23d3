//! The end of a round: the branch moves if it may, and what happened is recorded.

use std::collections::BTreeMap;

use crate::domain::revision::CommitId;
use crate::git::{Push, RefChange};
use crate::process::clock;
use crate::store::{Event as StoredEvent, Fact, RefMove};

use super::super::notebook;
use super::super::operation::{self, Request};
use super::super::{Emit, Event, Session};
use super::pin::is_integration_merge;
use super::{Options, Report, SyncError, as_round};

/// Holds the newest candidate, so that nothing of it is garbage while its checks run.
pub(in super::super) const CANDIDATE_REF: &str = "refs/tracks/candidate";

pub(super) fn keep_candidate(session: &Session, candidate: CommitId) -> Result<(), SyncError> {
    let before = session.repository.reference(CANDIDATE_REF)?;
    if before == Some(candidate) {
        return Ok(());
    }
    let change = RefChange {
        name: CANDIDATE_REF.to_owned(),
        before,
        after: Some(candidate),
    };
    Ok(session
        .repository
        .update_refs(&[change], "tracks sync: candidate")?)
}

/// Nothing waits for a verdict any more.
fn drop_candidate(session: &Session) -> Result<(), SyncError> {
    let Some(before) = session.repository.reference(CANDIDATE_REF)? else {
        return Ok(());
    };
    let change = RefChange {
        name: CANDIDATE_REF.to_owned(),
        before: Some(before),
        after: None,
    };
    Ok(session
        .repository
        .update_refs(&[change], "tracks sync: green")?)
}

/// Moves the branch where the candidate is green, and records the round.
pub(super) fn finish(
    session: &Session,
    options: &Options,
    report: &mut Report,
    emit: Emit<'_>,
) -> Result<(), SyncError> {
    let green = report.green == Some(true) && !report.interrupted;
    if let Some(candidate) = report
        .candidate
        .filter(|_| green && report.undetermined.is_empty())
    {
        if report.before == Some(candidate) {
            drop_candidate(session)?;
        } else {
            emit(&Event::Stage(format!("moving {}", report.branch)));
            // Known before the branch moves, so that a kill in between leaves no commit of unknown origin on it.
            session.store.record_round(&as_round(report))?;
            move_branch(session, options, report, candidate)?;
        }
        report.after = Some(candidate);
        if options.push {
            let pushed = push(session, report, candidate);
            if let (Ok(()), Some(id)) = (&pushed, &report.operation) {
                let what = format!("{}/{}", session.project.remote, report.branch);
                operation::note_pushed(session, id, what)?;
            }
            report.pushed = Some(pushed);
        }
    }
    session.store.record_round(&as_round(report))?;
    record_events(session, report)
}

fn move_branch(
    session: &Session,
    options: &Options,
    report: &mut Report,
    candidate: CommitId,
) -> Result<(), SyncError> {
    let foreign = match report.before {
        Some(before) => foreign_commits(session, report, before)?,
        None => Vec::new(),
    };
    let name = report.branch.full();
    // The candidate's own ref goes, since the branch holds it now.
    let held = session.repository.reference(CANDIDATE_REF)?;
    let request = Request {
        command: options.command.clone(),
        moves: vec![RefMove {
            name: name.clone(),
            before: report.before,
            after: Some(candidate),
        }],
        beside: held.map_or_else(Vec::new, |held| {
            vec![RefMove {
                name: CANDIDATE_REF.to_owned(),
                before: Some(held),
                after: None,
            }]
        }),
        did: (report.merged.iter())
            .map(|merged| format!("merged {}", merged.track))
            .collect(),
        message: format!("tracks sync: round {}", report.round),
        ..Request::default()
    };
    let done = operation::carry_out(session, request)?;
    if !foreign.is_empty() {
        report.rescued = done.kept(&name).map(str::to_owned);
    }
    report.moved = true;
    report.operation = Some(done.id);
    Ok(())
}

/// Commits of an earlier integration branch that neither a round made nor base, a track or the candidate has: somebody put
/// them there.
fn foreign_commits(
    session: &Session,
    report: &Report,
    earlier: CommitId,
) -> Result<Vec<CommitId>, SyncError> {
    let mut known: Vec<CommitId> = report.candidate.into_iter().collect();
    known.extend(report.merged.iter().map(|merged| merged.commit));
    commits_of_others(session, earlier, &known)
}

/// Commits in the history of `earlier` that neither a round made nor base, a track or what is `known` has, newest first.
pub(in crate::ops) fn commits_of_others(
    session: &Session,
    earlier: CommitId,
    known: &[CommitId],
) -> Result<Vec<CommitId>, SyncError> {
    const LIMIT: usize = 10_000;
    let mut known = known.to_vec();
    known.push(session.base.commit);
    for track in &session.project.tracks {
        known.extend(session.tip(&track.branch)?.map(|tip| tip.commit));
    }
    // What earlier rounds merged may have left its track since.
    for round in session.store.rounds()? {
        known.extend(round.merged.iter().map(|merged| merged.commit));
    }
    known.retain(|commit| session.repository.commit(*commit).is_ok());
    let mut foreign = Vec::new();
    for commit in session.repository.commits_between(earlier, &known, LIMIT)? {
        if !is_integration_merge(&session.repository.commit(commit)?) {
            foreign.push(commit);
        }
    }
    Ok(foreign)
}

/// Pushes the branch, unless that would throw away what somebody else pushed there.
fn push(session: &Session, report: &Report, candidate: CommitId) -> Result<(), String> {
    let remote = &session.project.remote;
    let there = session
        .repository
        .remote_branch(remote, &report.branch)
        .map_err(|error| error.to_string())?;
    if let Some(there) = there {
        let foreign = foreign_commits(session, report, there).map_err(|error| error.to_string())?;
        if let Some(first) = foreign.first() {
            return Err(format!(
                "{remote}/{} has commits that no round made, {} the newest; take them into a track, then push again",
                report.branch,
                first.short()
            ));
        }
    }
    let mut pushes = vec![Push::leased(report.branch.clone(), candidate)];
    let resolutions =
        (session.repository.reference(notebook::REF)).map_err(|error| error.to_string())?;
    // Who gets the branch gets what it was resolved with. Those of others are never thrown away.
    pushes.extend(resolutions.map(|commit| Push::forward(notebook::REF.to_owned(), commit)));
    session
        .repository
        .push_all(remote, &pushes)
        .map_err(|error| error.to_string())
}

fn record_events(session: &Session, report: &Report) -> Result<(), SyncError> {
    let time = clock::now();
    let round = || {
        (
            "round".to_owned(),
            Fact::Number(i64::try_from(report.round).unwrap_or(i64::MAX)),
        )
    };
    let merged = report
        .merged
        .iter()
        .map(|merged| merged.track.to_string())
        .collect();
    let mut facts = BTreeMap::from([
        round(),
        ("moved".to_owned(), Fact::Flag(report.moved)),
        ("merged".to_owned(), Fact::List(merged)),
    ]);
    facts.extend(
        report
            .green
            .map(|green| ("green".to_owned(), Fact::Flag(green))),
    );
    session.store.append_event(&StoredEvent {
        time,
        kind: "round".to_owned(),
        track: None,
        facts,
    })?;
    for ejected in &report.ejected {
        let with = ejected.with.iter().map(ToString::to_string).collect();
        let facts = BTreeMap::from([
            round(),
            (
                "why".to_owned(),
                Fact::Text(ejected.why.as_str().to_owned()),
            ),
            ("with".to_owned(), Fact::List(with)),
        ]);
        session.store.append_event(&StoredEvent {
            time,
            kind: "ejected".to_owned(),
            track: Some(ejected.track.to_string()),
            facts,
        })?;
    }
    Ok(())
}
