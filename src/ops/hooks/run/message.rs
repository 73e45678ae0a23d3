//! The message of a commit: the trailer that says whose it is, and whether it is as the project wants it.

use std::path::{Path, PathBuf};

use crate::domain::message;
use crate::domain::name::TrackId;
use crate::domain::rule::Commit;
use crate::domain::trailer;
use crate::files;
use crate::ops::Session;
use crate::ops::rules::step;
use crate::process::{clock, environment};

use super::{Asked, Call, HookError, Judged, Report};

/// Adds the trailer where the project wants one. A message that names a track is left as it is if it is this one or one that it
/// is built on; another track's name is that of where the commit was picked from, and is replaced.
pub(super) fn prepare(session: &Session, call: &Call) -> Result<Report, HookError> {
    let report = Report::default();
    let path = message_file(call)?;
    let Some(track) = session.track_here()? else {
        return Ok(report);
    };
    // Whose a merge is, nobody asks. Git says "merge" of some picks, too.
    if !session.project.adds_trailer(track) || !session.repository.merge_heads()?.is_empty() {
        return Ok(report);
    }
    let text = read(&path)?;
    let comments = session.repository.comments(was_edited());
    let message = message::cleaned(&String::from_utf8_lossy(&text), &comments);
    let named = trailer::values(&message, trailer::TRACK);
    let built_on = session.project.built_on(&track.id);
    let is_right =
        |name: &String| TrackId::new(name).is_ok_and(|id| id == track.id || built_on.contains(&id));
    if !named.iter().any(is_right) {
        let id = track.id.as_str();
        let written = message::with_trailer(&text, &comments, trailer::TRACK, id);
        files::write_soon(&path, &written).map_err(|source| HookError::Message {
            path: path.clone(),
            source,
        })?;
    }
    Ok(report)
}

/// By what stands in the message alone.
pub(super) fn judge(session: &Session, call: &Call) -> Result<Report, HookError> {
    let path = message_file(call)?;
    let Some(track) = session.track_here()? else {
        return Ok(Report::default());
    };
    let Some(mut asked) = Asked::of(session, call.hook, track)? else {
        return Ok(Report::default());
    };
    let comments = session.repository.comments(was_edited());
    let text = read(&path)?;
    let message = message::cleaned(&String::from_utf8_lossy(&text), &comments);
    let mut report = Report {
        notes: Vec::new(),
        judged: Vec::new(),
        message: Some(path),
        is_empty_message: false,
    };
    // Without a word git gives up by itself; with nothing but our trailer it does not see that.
    let ours = format!("{}: {}", trailer::TRACK, track.id);
    if session.project.commit.trailer && message::says_nothing_but(&ours, &message) {
        report.is_empty_message = true;
    }
    if message.is_empty() || report.is_empty_message {
        return Ok(report);
    }
    let commit = commit(session, message)?;
    let mut findings = step::judge_messages(session, track, vec![commit], &asked.families);
    asked.skip(session, call.hook, Some(&track.id), &mut findings)?;
    let runs = asked.run_checks(session, track, false)?;
    report.notes = asked.notes;
    report.judged.push(Judged {
        track: Some(track.id.clone()),
        what: "this commit".to_owned(),
        findings,
        runs,
    });
    Ok(report)
}

/// The commit that is about to be made.
fn commit(session: &Session, message: String) -> Result<Commit, HookError> {
    let now = clock::now();
    Ok(Commit {
        id: None,
        subject: message::subject(&message),
        message,
        authored: now,
        committed: now,
        is_merge: !session.repository.merge_heads()?.is_empty(),
    })
}

/// Git itself names this editor where nobody was to edit the message; then its comments are none.
fn was_edited() -> bool {
    environment::var("GIT_EDITOR").is_none_or(|editor| editor != ":")
}

fn message_file(call: &Call) -> Result<PathBuf, HookError> {
    let file = call.arguments.first().ok_or(HookError::Arguments {
        hook: call.hook,
        what: "the file of the message",
    })?;
    Ok(call.dir.join(file))
}

fn read(path: &Path) -> Result<Vec<u8>, HookError> {
    std::fs::read(path).map_err(|source| HookError::Message {
        path: path.to_owned(),
        source,
    })
}
