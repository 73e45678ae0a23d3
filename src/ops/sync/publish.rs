//! The end of a round: the branch moves if it may, and what happened is recorded.

use std::collections::BTreeMap;

use crate::domain::revision::CommitId;
use crate::git::RefChange;
use crate::process::clock;
use crate::store::{Event as StoredEvent, Fact, Operation, RefMove};

use super::super::{Emit, Event, Session};
use super::{Options, Report, SyncError, as_round, refuse_checked_out};

/// Holds the newest candidate, so that nothing of it is garbage while its checks run.
pub(super) const CANDIDATE_REF: &str = "refs/tracks/candidate";

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
            // Somebody may have switched to it while the checks ran.
            refuse_checked_out(session, &report.branch)?;
            move_branch(session, options, report, candidate)?;
        }
        report.after = Some(candidate);
        if options.push {
            let pushed =
                session
                    .repository
                    .push(&session.project.remote, &report.branch, candidate);
            report.pushed = Some(pushed.map_err(|error| error.to_string()));
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
    let now = clock::now();
    let id = session.store.new_operation_id(now);
    let mut changes = vec![RefChange {
        name: report.branch.full(),
        before: report.before,
        after: Some(candidate),
    }];
    if let Some(before) = report.before {
        // What an operation replaces stays reachable.
        let name = format!("refs/tracks/replaced/{id}");
        if !made_by_a_round(session, before) {
            report.rescued = Some(name.clone());
        }
        changes.push(RefChange {
            name,
            before: None,
            after: Some(before),
        });
    }
    let kept = session.repository.reference(CANDIDATE_REF)?;
    if kept.is_some() {
        changes.push(RefChange {
            name: CANDIDATE_REF.to_owned(),
            before: kept,
            after: None,
        });
    }
    let message = format!("tracks sync: round {}", report.round);
    session.repository.update_refs(&changes, &message)?;
    report.moved = true;
    report.operation = Some(id.clone());
    let refs = changes
        .into_iter()
        .filter(|change| change.name != CANDIDATE_REF)
        .map(|change| RefMove {
            name: change.name,
            before: change.before,
            after: change.after,
        })
        .collect();
    let did = report
        .merged
        .iter()
        .map(|merged| format!("merged {}", merged.track))
        .collect();
    let command = options.command.clone();
    session.store.record_operation(&Operation {
        id,
        time: now,
        command,
        refs,
        did,
        undone: false,
    })?;
    Ok(())
}

fn made_by_a_round(session: &Session, commit: CommitId) -> bool {
    session
        .store
        .rounds()
        .is_ok_and(|rounds| rounds.iter().any(|round| round.candidate == Some(commit)))
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
