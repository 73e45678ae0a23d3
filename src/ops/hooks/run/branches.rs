//! Branches as a whole: before they are pushed, before they move, and where a server receives them. What came past the other
//! hooks is found here, as `validate` would find it.

use std::collections::BTreeSet;

use crate::domain::hook::Hook;
use crate::domain::name::BranchName;
use crate::domain::path::RepoPath;
use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::domain::rule::{self, Family, Finding};
use crate::domain::time::Timestamp;
use crate::ops::rules::step::{self, Step};
use crate::ops::trust::Trust;
use crate::ops::{Session, rules};

use super::{Asked, Call, HookError, Judged, Report, news};

/// A round that merges more is not looked at further.
const LIMIT: usize = 1_000;

/// One branch that gets another commit.
struct Move {
    branch: BranchName,
    /// `None`: git does not say; often, but not always, because it is made.
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
        let of_branch = |branch: &Option<BranchName>| session.project.track_on(branch.as_ref()?);
        let integration = &session.project.integration.branch;
        if branches[0].as_ref() == Some(integration) {
            let what = format!("the push of {integration}");
            report.add(judge_integration(session, Hook::PrePush, what, new)?);
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
        let track = session.project.track_on(&moved.branch);
        if let Some(track) = track.filter(|track| guards(track)) {
            report.add(judge_move(session, track, &moved)?);
        } else if moved.branch == session.project.integration.branch
            && session.project.tracks.iter().any(guards)
        {
            let what = format!("moving {}", moved.branch);
            let hook = Hook::ReferenceTransaction;
            report.add(judge_integration(session, hook, what, moved.new)?);
        }
    }
    Ok(report)
}

/// What the move brings, quickly: by what differs, and by the messages of what is new. Where that finds anything, it counts only
/// if the branch as a whole has it, and did not have it before.
fn judge_move(session: &Session, track: &Track, moved: &Move) -> Result<Report, HookError> {
    let (repository, base) = (&session.repository, session.base.commit);
    let mut report = Report::default();
    // Git does not always say where a branch is; as long as nothing is committed, it is there.
    let old = match moved.old {
        None => repository.branch(&moved.branch)?,
        old => old,
    };
    if old == Some(moved.new)
        || is_as_elsewhere(session, moved)?
        || repository.is_ancestor(moved.new, base)?
    {
        return Ok(report);
    }
    let hook = Hook::ReferenceTransaction;
    let Some(mut asked) = Asked::of(session, hook, track)? else {
        return Ok(report);
    };
    let from = repository.tree_of(old.unwrap_or(base))?;
    let changes = repository.changes(from, repository.tree_of(moved.new)?)?;
    let made = Step {
        track,
        head: moved.new,
        merged: Vec::new(),
        changes: changes.list().to_vec(),
    };
    let mut findings = step::judge(session, made, &asked.families)?;
    let mut known: Vec<CommitId> = vec![base];
    known.extend(old);
    known.extend(step::tips_beneath(session, &track.id)?);
    findings.extend(step::judge_messages(
        session,
        track,
        rules::commits(session, moved.new, &known)?,
        &asked.families,
    ));
    if findings.iter().any(Finding::refuses) {
        let marks = |findings: &[Finding]| -> Result<BTreeSet<Mark>, HookError> {
            findings.iter().map(|it| Mark::of(session, it)).collect()
        };
        let after = marks(&of_branch(session, track, moved.new, &asked.families)?)?;
        let before = match old {
            Some(old) => marks(&of_branch(session, track, old, &asked.families)?)?,
            None => BTreeSet::new(),
        };
        let mut counting = Vec::new();
        for finding in findings {
            let mark = Mark::of(session, &finding)?;
            if after.contains(&mark) && !before.contains(&mark) {
                counting.push(finding);
            }
        }
        findings = counting;
    }
    asked.skip(session, hook, Some(&track.id), &mut findings)?;
    report.notes.append(&mut asked.notes);
    report.judged.push(Judged {
        track: Some(track.id.clone()),
        what: format!("moving {}", track.branch),
        findings,
        runs: Vec::new(),
    });
    Ok(report)
}

/// By what a finding is the same on another line of history: a rebase gives commits new ids, and keeps what they say and when
/// they were written.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    code: &'static str,
    path: Option<RepoPath>,
    commit: Option<(String, Timestamp)>,
}

impl Mark {
    fn of(session: &Session, finding: &Finding) -> Result<Mark, HookError> {
        let commit = match finding.commit {
            Some(id) => {
                let info = session.repository.commit(id)?;
                Some((info.subject, info.authored))
            }
            None => None,
        };
        Ok(Mark {
            code: finding.code,
            path: finding.path.clone(),
            commit,
        })
    }
}

/// Lines of `pre-receive`: old value, new value, ref. Base counts as it is about to be.
pub(super) fn received(session: &mut Session, input: &[u8]) -> Result<Report, HookError> {
    let mut report = Report::default();
    let moves = moves(input);
    let of_base = |moved: &&Move| Some(&moved.branch) == session.base.branch.as_ref();
    if let Some(base) = moves.iter().find(of_base) {
        session.base.commit = base.new;
    }
    let session = &*session;
    for moved in moves {
        let what = format!("the push to {}", moved.branch);
        let track = session.project.track_on(&moved.branch);
        if let Some(track) = track {
            report.add(judge(session, Hook::PreReceive, track, what, moved.new)?);
        } else if moved.branch == session.project.integration.branch {
            let hook = Hook::PreReceive;
            report.add(judge_integration(session, hook, what, moved.new)?);
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
    asked.skip(session, hook, Some(&track.id), &mut findings)?;
    // A server has no worktree to run anything in, and its environment is nobody's.
    let runs = match hook {
        Hook::PrePush => asked.run_checks(session, track, true)?,
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
    findings.retain(|finding| Family::any_has(families, finding.code));
    Ok(findings)
}

/// Only rounds commit on the integration branch, and they commit nothing but merges: on its first line of parents there is
/// nothing else down to base.
fn judge_integration(
    session: &Session,
    hook: Hook,
    what: String,
    new: CommitId,
) -> Result<Report, HookError> {
    let mut report = Report::default();
    let Some(by_hand) = plain_commit(session, new)? else {
        return Ok(report);
    };
    let Some(mut asked) = Asked::of_nobody(session, hook)? else {
        return Ok(report);
    };
    let branch = &session.project.integration.branch;
    let rule = rule::find("OWN10").expect("a rule of ours");
    let message = format!(
        "{branch} is the integration branch, where only rounds commit; this commit is lost with the next one"
    );
    let fix = "bring it to a track's branch, and run `tracks sync`";
    let mut findings = vec![Finding::new(rule, message, fix).of_commit(by_hand)];
    asked.skip(session, hook, None, &mut findings)?;
    report.notes.append(&mut asked.notes);
    report.judged.push(Judged {
        track: None,
        what,
        findings,
        runs: Vec::new(),
    });
    Ok(report)
}

/// The first commit, from the tip on, that is no merge and not on base.
fn plain_commit(session: &Session, tip: CommitId) -> Result<Option<CommitId>, HookError> {
    let mut next = Some(tip);
    for _ in 0..LIMIT {
        let Some(id) = next else { break };
        if session.repository.is_ancestor(id, session.base.commit)? {
            break;
        }
        let parents = session.repository.commit(id)?.parents;
        if parents.len() < 2 {
            return Ok(Some(id));
        }
        next = parents.first().copied();
    }
    Ok(None)
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
