//! What a hook does. A hook only reads; it judges what git is about to do, and is a courtesy: where it cannot tell, it lets pass.
//!
//! Commits are judged in `commit`, messages in `message`, branches that are pushed, moved or received in `branches`; `news` is
//! told after the fact.

mod branches;
mod commit;
mod message;
mod news;

use std::ffi::OsString;
use std::path::PathBuf;

use crate::domain::check::Run;
use crate::domain::hook::{Hook, Judge};
use crate::domain::name::TrackId;
use crate::domain::project::Track;
use crate::domain::rule::{self, Family, Finding};
use crate::git::GitError;
use crate::process::{Interrupt, environment};
use crate::store::StoreError;

use super::super::check::{self, CheckError};
use super::super::trust::Trust;
use super::super::{OpenOptions, Session, SessionError};
use super::skipped;

/// How git has started us.
#[derive(Debug)]
pub struct Call {
    pub dir: PathBuf,
    pub hook: Hook,
    pub arguments: Vec<OsString>,
    /// What came on stdin, for hooks that git tells something there.
    pub input: Vec<u8>,
    pub interrupt: Interrupt,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    pub judged: Vec<Judged>,
    /// One sentence each, without a full stop.
    pub notes: Vec<String>,
    /// Of a refused commit: where the message that was written for it is.
    pub message: Option<PathBuf>,
    /// It says nothing but whose the commit is.
    pub is_empty_message: bool,
}

/// The part of one track.
#[derive(Debug)]
pub struct Judged {
    /// `None`: what belongs to no track.
    pub track: Option<TrackId>,
    /// What is refused where anything refuses: "this commit", "the push of track/api".
    pub what: String,
    pub findings: Vec<Finding>,
    pub runs: Vec<Run>,
}

#[derive(Debug, thiserror::Error)]
pub enum HookError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error("{}: {source}", path.display())]
    Message {
        path: PathBuf,
        source: std::io::Error,
    },
    /// Git has not given what it gives to this hook.
    #[error("git has started the {hook} hook without {what}")]
    Arguments { hook: Hook, what: &'static str },
}

impl Report {
    fn add(&mut self, mut more: Report) {
        self.judged.append(&mut more.judged);
        self.notes.append(&mut more.notes);
    }

    pub fn refuses(&self) -> bool {
        self.is_empty_message || self.judged.iter().any(Judged::refuses)
    }
}

impl Judged {
    pub fn refuses(&self) -> bool {
        let is_red = |run: &Run| run.outcome.is_red() && !run.allow_failure;
        self.findings.iter().any(Finding::refuses) || self.runs.iter().any(is_red)
    }
}

/// # Errors
/// When it could not be found out whether anything is wrong.
pub fn run(call: &Call) -> Result<Report, HookError> {
    let is_server = matches!(call.hook, Hook::PreReceive | Hook::Update);
    if !is_server && environment::flag(environment::OWN_MOVE) {
        return Ok(Report::default());
    }
    let options = OpenOptions {
        dir: call.dir.clone(),
        prefer_remote: false,
        interrupt: call.interrupt.clone(),
    };
    let opened = match call.hook {
        // These merge, for which git's version counts.
        Hook::PrePush
        | Hook::PreReceive
        | Hook::Update
        | Hook::PostCommit
        | Hook::PostMerge
        | Hook::PostCheckout => Session::open(options),
        _ => Session::open_quickly(options),
    };
    let mut session = match opened {
        Ok(session) => session,
        // Nobody keeps tracks here, or not on this branch.
        Err(
            SessionError::NoConfig { .. }
            | SessionError::NoConfigOnBase { .. }
            | SessionError::NoBase { .. }
            | SessionError::Unborn,
        ) => return Ok(Report::default()),
        Err(error) => return Err(error.into()),
    };
    match call.hook {
        Hook::PreCommit | Hook::PreMergeCommit => commit::judge(&session, call.hook),
        Hook::PrepareCommitMsg => message::prepare(&session, call),
        Hook::CommitMsg => message::judge(&session, call),
        Hook::PrePush => branches::pushed(&session, &call.input),
        Hook::ReferenceTransaction => branches::moved(&session, call),
        Hook::PreReceive => branches::received(&mut session, &call.input),
        Hook::Update => branches::received(&mut session, &update_line(&call.arguments)?),
        Hook::PostCommit | Hook::PostMerge | Hook::PostCheckout => news::look(&session),
    }
}

/// `update` is given in arguments what `pre-receive` is given in a line.
fn update_line(arguments: &[OsString]) -> Result<Vec<u8>, HookError> {
    let [name, old, new] = arguments else {
        return Err(HookError::Arguments {
            hook: Hook::Update,
            what: "a ref and its two values",
        });
    };
    let parts = [old, new, name].map(|part| part.as_encoded_bytes());
    Ok(parts.join(&b' '))
}

/// What one hook judges one track by, and what is left out this time.
struct Asked {
    families: Vec<Family>,
    checks: Vec<String>,
    /// Codes that `TRACKS_SKIP` names.
    skipped: Vec<String>,
    notes: Vec<String>,
}

impl Asked {
    /// `None`: nothing is judged. That somebody wanted it so is recorded.
    fn of(session: &Session, hook: Hook, track: &Track) -> Result<Option<Asked>, HookError> {
        let judges = session.project.judges(hook, track);
        Asked::by(session, hook, &judges, Some(&track.id))
    }

    /// The same by ownership alone, of what belongs to no track.
    fn of_nobody(session: &Session, hook: Hook) -> Result<Option<Asked>, HookError> {
        Asked::by(session, hook, &[Judge::Rules(Family::Ownership)], None)
    }

    fn by(
        session: &Session,
        hook: Hook,
        judges: &[Judge],
        track: Option<&TrackId>,
    ) -> Result<Option<Asked>, HookError> {
        let mut asked = Asked {
            families: Vec::new(),
            checks: Vec::new(),
            skipped: Vec::new(),
            notes: Vec::new(),
        };
        for judge in judges {
            match judge {
                Judge::Rules(family) => asked.families.push(*family),
                Judge::Check(name) => asked.checks.push(name.to_string()),
            }
        }
        if judges.is_empty() {
            return Ok(None);
        }
        if environment::hooks_are_off() {
            skipped::record(session, hook, track, &[])?;
            return Ok(None);
        }
        let named = environment::var("TRACKS_SKIP").unwrap_or_default();
        for code in named.split([',', ' ']).filter(|code| !code.is_empty()) {
            let code = code.to_ascii_uppercase();
            match rule::find(&code) {
                Some(_) => asked.skipped.push(code),
                None => asked.notes.push(format!(
                    "TRACKS_SKIP names {code}, and there is no such rule"
                )),
            }
        }
        Ok(Some(asked))
    }

    /// Takes out what is skipped, and records that.
    fn skip(
        &mut self,
        session: &Session,
        hook: Hook,
        track: Option<&TrackId>,
        findings: &mut Vec<Finding>,
    ) -> Result<(), HookError> {
        let mut left_out = Vec::new();
        findings.retain(|finding| {
            let is_skipped = self.skipped.iter().any(|code| code == finding.code);
            if is_skipped && finding.excuse.is_none() && !left_out.contains(&finding.code) {
                left_out.push(finding.code);
            }
            !is_skipped
        });
        if left_out.is_empty() {
            return Ok(());
        }
        let codes: Vec<String> = left_out.iter().map(|code| (*code).to_owned()).collect();
        self.notes.push(format!(
            "TRACKS_SKIP lets {} pass here, which is recorded; `tracks validate` and rounds judge it all the same",
            codes.join(", ")
        ));
        Ok(skipped::record(session, hook, track, &codes)?)
    }

    /// Runs the checks in the track's worktree as it is, or (`committed`) on the branch's tip. What nobody has approved is
    /// skipped.
    fn run_checks(
        &mut self,
        session: &Session,
        track: &Track,
        committed: bool,
    ) -> Result<Vec<Run>, HookError> {
        if self.checks.is_empty() {
            return Ok(Vec::new());
        }
        let trust = Trust::load(session, false)?;
        let (mut approved, mut others) = (Vec::new(), Vec::new());
        for name in &self.checks {
            let check = check::named(session, name)?;
            match trust.allows_check(check) {
                true => approved.push(name.clone()),
                false => others.push(name.clone()),
            }
        }
        if !others.is_empty() {
            self.notes.push(format!(
                "not run, since nobody has approved the commands (`tracks trust`): {}",
                others.join(", ")
            ));
        }
        if approved.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(worktree) = session.repository.current_worktree().filter(|_| !committed) {
            let dirty = session.repository.worktree_status(worktree)?.dirty;
            if dirty.unstaged + dirty.untracked > 0 {
                self.notes.push(format!(
                    "{} ran on the worktree as it is, where more has changed than what is staged",
                    approved.join(", ")
                ));
            }
        }
        let options = check::Options {
            tracks: vec![track.id.to_string()],
            checks: approved,
            committed,
            ..check::Options::default()
        };
        Ok(check::run(session, &trust, &options, &|_| {})?.runs)
    }
}
