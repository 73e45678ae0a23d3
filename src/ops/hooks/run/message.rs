//! The message of a commit: the trailer that says whose it is, and whether it is as the project wants it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::domain::hook::Judge;
use crate::domain::message;
use crate::domain::name::TrackId;
use crate::domain::owners::Owners;
use crate::domain::project::Track;
use crate::domain::rule::{self, Commit, Facts, Family, Finding, Work};
use crate::domain::trailer;
use crate::files;
use crate::ops::Session;
use crate::process::{clock, environment};

use super::{Asked, Call, HookError, Judged, Report};

/// Adds the trailer where the project wants one. A message that names a track is left as it is if it is this one or one that it
/// is built on; another track's name is that of where the commit was picked from, and is replaced.
pub(super) fn prepare(session: &Session, call: &Call) -> Result<Report, HookError> {
    let report = Report::default();
    let path = message_file(call)?;
    let source = call.arguments.get(1).and_then(|source| source.to_str());
    let Some(track) = track_here(session)? else {
        return Ok(report);
    };
    let names = Judge::Rules(Family::Names);
    let wants =
        session.project.commit.trailer && session.project.judges(call.hook, track).contains(&names);
    // Whose a merge is, nobody asks.
    if !wants || source == Some("merge") {
        return Ok(report);
    }
    let text = read(&path)?;
    let named = trailer::values(&String::from_utf8_lossy(&text), trailer::TRACK);
    let built_on = session.project.built_on(&track.id);
    let is_right =
        |name: &String| TrackId::new(name).is_ok_and(|id| id == track.id || built_on.contains(&id));
    if !named.iter().any(is_right) {
        let trailer = format!("{}: {}", trailer::TRACK, track.id);
        let comments = session.repository.comment_prefix();
        let lossy = String::from_utf8_lossy(&text);
        if message::cleaned(&lossy, Some(&comments)).is_empty() {
            // Below the line that the subject will be written on, and the empty one that is to follow it.
            let with_room = [b"\n\n", trailer.as_bytes(), b"\n", text.as_slice()].concat();
            files::write_atomic(&path, &with_room).map_err(|source| HookError::Message {
                path: path.clone(),
                source,
            })?;
        } else {
            session.repository.set_trailer(&path, &trailer)?;
        }
    }
    Ok(report)
}

/// By what stands in the message alone.
pub(super) fn judge(session: &Session, call: &Call) -> Result<Report, HookError> {
    let path = message_file(call)?;
    let Some(track) = track_here(session)? else {
        return Ok(Report::default());
    };
    let Some(mut asked) = Asked::of(session, call.hook, track)? else {
        return Ok(Report::default());
    };
    let comments = match was_edited() {
        true => Some(session.repository.comment_prefix()),
        false => None,
    };
    let text = read(&path)?;
    let message = message::cleaned(&String::from_utf8_lossy(&text), comments.as_deref());
    let mut report = Report {
        notes: Vec::new(),
        judged: Vec::new(),
        message: Some(path),
        is_empty_message: false,
    };
    if message::says_nothing(&message) {
        // Without a word git gives up by itself; with nothing but our trailer it does not see that.
        report.is_empty_message = !message.is_empty();
        return Ok(report);
    }
    let mut findings = findings(session, track, message, &asked.families)?;
    asked.skip(session, call.hook, track, &mut findings)?;
    let runs = asked.run_checks(session, track)?;
    report.notes = asked.notes;
    report.judged.push(Judged {
        track: Some(track.id.clone()),
        what: "this commit".to_owned(),
        findings,
        runs,
    });
    Ok(report)
}

fn findings(
    session: &Session,
    track: &Track,
    message: String,
    families: &[Family],
) -> Result<Vec<Finding>, HookError> {
    let now = clock::now();
    let commit = Commit {
        id: None,
        subject: message::subject(&message),
        message,
        authored: now,
        committed: now,
        is_merge: !session.repository.merge_heads()?.is_empty(),
    };
    let works = [Work {
        track: track.id.clone(),
        tip: None,
        changes: Vec::new(),
        commits: vec![commit],
        migrations: Vec::new(),
        contents: BTreeMap::new(),
        uncommitted: BTreeSet::new(),
    }];
    let facts = Facts {
        project: &session.project,
        owners: &Owners::new(&session.project),
        now,
        works: &works,
        judged: 0,
        without: &BTreeSet::new(),
        migrations: None,
        comparisons: &[],
        behind: &[],
        files: None,
        texts: &BTreeMap::new(),
        approvals: &[],
        strays: &[],
        branch: None,
    };
    let is_asked = |code: &str| families.iter().any(|family| family.has(code));
    let rules = rule::of_messages().filter(|rule| is_asked(rule.code));
    Ok(rule::judge_by(&facts, rules))
}

/// Git itself names this editor where nobody was to edit the message; then its comments are none.
fn was_edited() -> bool {
    environment::var("GIT_EDITOR").is_none_or(|editor| editor != ":")
}

fn track_here(session: &Session) -> Result<Option<&Track>, HookError> {
    Ok(session.track_here()?)
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
