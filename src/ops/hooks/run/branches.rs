//! Branches as a whole: before they are pushed, before they move, and where a server receives them. What came past the other
//! hooks is found here, as `validate` would find it.

use std::collections::BTreeSet;

use crate::domain::hook::Hook;
use crate::domain::name::BranchName;
use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::domain::rule::{self, Finding};
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
        if let Some(track) = branches.iter().find_map(of_branch) {
            if seen.insert((track.id.clone(), new)) {
                let what = format!("the push of {}", track.branch);
                judge(session, Hook::PrePush, track, what, new, None, &mut report)?;
            }
        } else if branches[0].as_ref() == Some(&session.project.integration.branch)
            && session
                .repository
                .branch(&session.project.integration.branch)?
                != Some(new)
        {
            report.judged.push(by_hand(session, "the push of"));
        }
    }
    Ok(report)
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
            let what = format!("moving {}", track.branch);
            let hook = Hook::ReferenceTransaction;
            judge(
                session,
                hook,
                track,
                what,
                moved.new,
                moved.old,
                &mut report,
            )?;
        } else if moved.branch == session.project.integration.branch
            && session.project.tracks.iter().any(guards)
            && !is_as_elsewhere(session, &moved)?
        {
            report.judged.push(by_hand(session, "moving"));
        }
    }
    Ok(report)
}

/// Lines of `pre-receive`: old value, new value, ref.
pub(super) fn received(session: &Session, input: &[u8]) -> Result<Report, HookError> {
    let mut report = Report::default();
    for moved in moves(input) {
        let track = (session.project.tracks.iter()).find(|track| track.branch == moved.branch);
        if let Some(track) = track {
            let what = format!("the push to {}", track.branch);
            let hook = Hook::PreReceive;
            judge(session, hook, track, what, moved.new, None, &mut report)?;
        }
    }
    Ok(report)
}

/// `old`: what is found there, too, is nothing new and refuses nothing.
fn judge(
    session: &Session,
    hook: Hook,
    track: &Track,
    what: String,
    new: CommitId,
    old: Option<CommitId>,
    report: &mut Report,
) -> Result<(), HookError> {
    let base = session.base.commit;
    if session.repository.is_ancestor(new, base)? {
        return Ok(());
    }
    let Some(mut asked) = Asked::of(session, hook, track)? else {
        return Ok(());
    };
    let trust = Trust::load(session, false)?;
    let find = |head: CommitId| -> Result<Vec<Finding>, HookError> {
        let mut findings = rules::of_branch(session, &trust, &track.id, head)?;
        let is_asked = |code: &str| asked.families.iter().any(|family| family.has(code));
        findings.retain(|finding| is_asked(finding.code));
        Ok(findings)
    };
    let mut findings = find(new)?;
    if let Some(old) = old.filter(|_| findings.iter().any(Finding::refuses)) {
        // Only what the move brings is refused; a commit as such is new where it was not there.
        let before = find(old)?;
        findings.retain(|finding| {
            !before.iter().any(|it| {
                (it.code, &it.path, it.commit) == (finding.code, &finding.path, finding.commit)
            })
        });
    }
    asked.skip(session, hook, track, &mut findings)?;
    let runs = asked.run_checks(session, track)?;
    report.notes.append(&mut asked.notes);
    report.judged.push(Judged {
        track: Some(track.id.clone()),
        what,
        findings,
        runs,
    });
    Ok(())
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
