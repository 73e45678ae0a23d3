//! Branches as a whole: before they are pushed, before they move, and where a server receives them. What came past the other
//! hooks is found here, as `validate` would find it.

use std::collections::BTreeSet;

use crate::domain::hook::Hook;
use crate::domain::name::BranchName;
use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::domain::rule::{self, Family, Finding};
use crate::ops::rules::staged::{self, StagedWork};
use crate::ops::trust::Trust;
use crate::ops::{Session, rules};

use super::{Asked, Call, HookError, Judged, Report, news};

/// One branch that gets another commit.
struct Move {
    branch: BranchName,
    /// `None`: it is made.
    old: Option<CommitId>,
    new: CommitId,
}

/// Lines of `pre-push`: local ref, its commit, remote ref, its commit.
pub(super) fn pushed(session: &Session, input: &[u8]) -> Result<Report, HookError> {
    let mut report = Report {
        notes: news::waiting(session)?,
        ..Report::default()
    };
    let mut seen = BTreeSet::new();
    for line in String::from_utf8_lossy(input).lines() {
        let [local, new, remote, _] = fields(line);
        // Where a branch is deleted there is nothing to judge.
        let Some(new) = commit(new) else { continue };
        let branches = [remote, local].map(branch);
        let of_branch = |branch: &Option<BranchName>| {
            let branch = branch.as_ref()?;
            session
                .project
                .tracks
                .iter()
                .find(|it| it.branch == *branch)
        };
        let integration = &session.project.integration.branch;
        if branches[0].as_ref() == Some(integration) {
            if session.repository.branch(integration)? != Some(new) {
                report.judged.push(by_hand(session, "the push of"));
            }
            continue;
        }
        let track = match branches.iter().find_map(of_branch) {
            None => at(session, new)?,
            named => named,
        };
        if let Some(track) = track.filter(|track| seen.insert((track.id.clone(), new))) {
            let what = format!("the push of {}", track.branch);
            report.add(judge(session, Hook::PrePush, track, what, new)?);
        }
    }
    Ok(report)
}

/// The track whose branch is at a commit: it may be pushed as `HEAD` or by its id, to whatever branch.
fn at(session: &Session, commit: CommitId) -> Result<Option<&Track>, HookError> {
    for track in &session.project.tracks {
        if session.repository.branch(&track.branch)? == Some(commit) {
            return Ok(Some(track));
        }
    }
    Ok(None)
}

/// Lines of `reference-transaction`: old value, new value, ref. Only what is prepared can be refused.
pub(super) fn moved(session: &Session, call: &Call) -> Result<Report, HookError> {
    let mut report = Report::default();
    if call
        .arguments
        .first()
        .is_none_or(|phase| phase != "prepared")
    {
        return Ok(report);
    }
    let guards = |track: &Track| session.project.has_backstop(track);
    for moved in moves(&call.input) {
        let track = (session.project.tracks.iter()).find(|track| track.branch == moved.branch);
        if let Some(track) = track.filter(|track| guards(track)) {
            report.add(judge_move(session, track, &moved)?);
        } else if moved.branch == session.project.integration.branch
            && session.project.tracks.iter().any(guards)
            && !is_as_elsewhere(session, &moved)?
        {
            report.judged.push(by_hand(session, "moving"));
        }
    }
    Ok(report)
}

/// What the move brings, quickly: by what differs, and by the messages of what is new. Only where that finds anything, the
/// branch is judged as a whole, and what was found there before is nothing new.
fn judge_move(session: &Session, track: &Track, moved: &Move) -> Result<Report, HookError> {
    let (repository, base) = (&session.repository, session.base.commit);
    let mut report = Report::default();
    if repository.is_ancestor(moved.new, base)? {
        return Ok(report);
    }
    let Some(mut asked) = Asked::of(session, Hook::ReferenceTransaction, track)? else {
        return Ok(report);
    };
    let from = repository.tree_of(moved.old.unwrap_or(base))?;
    let changes = repository.changes(from, repository.tree_of(moved.new)?)?;
    let work = StagedWork {
        track,
        head: moved.new,
        merged: Vec::new(),
        changes: changes.list().to_vec(),
    };
    let mut findings = staged::judge(session, work, &asked.families)?;
    let known: Vec<CommitId> = [base].into_iter().chain(moved.old).collect();
    findings.extend(staged::judge_messages(
        session,
        track,
        rules::commits(session, moved.new, &known)?,
        &asked.families,
    ));
    if let Some(old) = moved.old.filter(|_| findings.iter().any(Finding::refuses)) {
        let before = of_branch(session, track, old, &asked.families)?;
        let is_new = |it: &Finding| {
            let same = |other: &Finding| {
                (other.code, &other.path, other.commit) == (it.code, &it.path, it.commit)
            };
            !before.iter().any(same)
        };
        findings.retain(is_new);
    }
    asked.skip(session, Hook::ReferenceTransaction, track, &mut findings)?;
    report.notes.append(&mut asked.notes);
    report.judged.push(Judged {
        track: Some(track.id.clone()),
        what: format!("moving {}", track.branch),
        findings,
        runs: Vec::new(),
    });
    Ok(report)
}

/// Lines of `pre-receive`: old value, new value, ref.
pub(super) fn received(session: &Session, input: &[u8]) -> Result<Report, HookError> {
    let mut report = Report::default();
    for moved in moves(input) {
        let track = (session.project.tracks.iter()).find(|track| track.branch == moved.branch);
        if let Some(track) = track {
            let what = format!("the push to {}", track.branch);
            report.add(judge(session, Hook::PreReceive, track, what, moved.new)?);
        }
    }
    Ok(report)
}

fn judge(
    session: &Session,
    hook: Hook,
    track: &Track,
    what: String,
    head: CommitId,
) -> Result<Report, HookError> {
    let mut report = Report::default();
    if session.repository.is_ancestor(head, session.base.commit)? {
        return Ok(report);
    }
    let Some(mut asked) = Asked::of(session, hook, track)? else {
        return Ok(report);
    };
    let mut findings = of_branch(session, track, head, &asked.families)?;
    asked.skip(session, hook, track, &mut findings)?;
    // A server has no worktree to run anything in, and its environment is nobody's.
    let runs = match hook {
        Hook::PrePush => asked.run_checks(session, track)?,
        _ => Vec::new(),
    };
    report.notes.append(&mut asked.notes);
    report.judged.push(Judged {
        track: Some(track.id.clone()),
        what,
        findings,
        runs,
    });
    Ok(report)
}

fn of_branch(
    session: &Session,
    track: &Track,
    head: CommitId,
    families: &[Family],
) -> Result<Vec<Finding>, HookError> {
    let trust = Trust::load(session, false)?;
    let mut findings = rules::of_branch(session, &trust, &track.id, head)?;
    let is_asked = |code: &str| families.iter().any(|family| family.has(code));
    findings.retain(|finding| is_asked(finding.code));
    Ok(findings)
}

/// Nobody but a round moves the integration branch.
fn by_hand(session: &Session, deed: &str) -> Judged {
    let branch = &session.project.integration.branch;
    let rule = rule::find("OWN10").expect("a rule of ours");
    let message = format!(
        "{branch} is the integration branch, which only rounds move; what is put there by hand is lost with the next one"
    );
    let fix = "put it on a track's branch, and run `tracks sync`";
    Judged {
        track: None,
        what: format!("{deed} {branch}"),
        findings: vec![Finding::new(rule, message, fix)],
        runs: Vec::new(),
    }
}

/// Whether the branch becomes as the remote has it, which is how it is fetched.
fn is_as_elsewhere(session: &Session, moved: &Move) -> Result<bool, HookError> {
    let remote = &session.project.remote;
    let there = session.repository.remote_branch(remote, &moved.branch)?;
    Ok(there == Some(moved.new))
}

fn moves(input: &[u8]) -> Vec<Move> {
    let text = String::from_utf8_lossy(input);
    let moves = text.lines().filter_map(|line| {
        let [old, new, name, _] = fields(line);
        Some(Move {
            branch: branch(name)?,
            old: commit(old),
            new: commit(new)?,
        })
    });
    moves.collect()
}

/// Git writes nothing but zeros where there is none.
fn commit(hex: &str) -> Option<CommitId> {
    let is_none = hex.bytes().all(|digit| digit == b'0');
    CommitId::from_hex(hex).ok().filter(|_| !is_none)
}

fn branch(full: &str) -> Option<BranchName> {
    BranchName::new(full.strip_prefix("refs/heads/")?).ok()
}

/// The first four words of a line.
fn fields(line: &str) -> [&str; 4] {
    let mut words = line.split(' ');
    [(); 4].map(|()| words.next().unwrap_or_default())
}
