//! Whether this environment is sane: each group of things to look at is a file. Nothing is changed.
//!
//! Codes, which stay: `DOC-GIT` the git program · `DOC-PROGRAM` which `tracks` is found · `DOC-CONFIG` tracks.toml and base ·
//! `DOC-TOOL` programs that checks, services and contracts need · `DOC-TRUST` commands that nobody has approved ·
//! `DOC-LOCK` lock files that killed gits left · `DOC-UNFINISHED` what killed runs of ours left half done ·
//! `DOC-HOOK` git hooks that would not run, or run another program · `DOC-AGENT` agents that would not ask before they write ·
//! `DOC-SCRATCH` scratch directories of killed runs · `DOC-WORKTREE` worktrees that are gone, missing, or nobody's.

mod config;
mod hooks;
mod programs;
mod state;
mod worktrees;

use std::path::Path;

use crate::domain::project::Severity;
use crate::git::{Git, GitError, OpenError, Repository};
use crate::process::Interrupt;
use crate::store::{Store, StoreError};

use super::{Session, SessionError};

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub code: &'static str,
    pub severity: Severity,
    /// One sentence without a full stop: what is so.
    pub message: String,
    /// One sentence without a full stop: what to do about it.
    pub fix: String,
}

#[derive(Debug, Default)]
pub struct Report {
    /// The worst first.
    pub findings: Vec<Finding>,
    /// What was looked at, for people.
    pub looked_at: Vec<String>,
}

impl Report {
    pub fn has_errors(&self) -> bool {
        self.findings
            .iter()
            .any(|it| it.severity == Severity::Error)
    }

    fn looked_at(&mut self, what: impl Into<String>) {
        self.looked_at.push(what.into());
    }

    fn error(&mut self, code: &'static str, message: impl Into<String>, fix: impl Into<String>) {
        self.add(code, Severity::Error, message.into(), fix.into());
    }

    fn warning(&mut self, code: &'static str, message: impl Into<String>, fix: impl Into<String>) {
        self.add(code, Severity::Warning, message.into(), fix.into());
    }

    fn info(&mut self, code: &'static str, message: impl Into<String>, fix: impl Into<String>) {
        self.add(code, Severity::Info, message.into(), fix.into());
    }

    fn add(&mut self, code: &'static str, severity: Severity, message: String, fix: String) {
        self.findings.push(Finding {
            code,
            severity,
            message,
            fix,
        });
    }
}

#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Looks around the repository of `dir`. What one group cannot look at keeps no other from looking.
///
/// # Errors
/// When there is no repository to look at.
pub fn run(dir: &Path) -> Result<Report, DoctorError> {
    let mut report = Report::default();
    let Some(git) = programs::git(&mut report) else {
        return Ok(report);
    };
    programs::tracks(&mut report);
    let repository = Repository::discover(dir, git.clone())?;
    state::locks(&mut report, &repository);
    state::scratch(&mut report, &Store::new(repository.common_dir()))?;
    match session(dir, git) {
        Ok(session) => {
            config::session(&mut report, &session);
            programs::tools(&mut report, &session);
            programs::trust(&mut report, &session)?;
            state::unfinished(&mut report, &session.store)?;
            worktrees::of_session(&mut report, &session)?;
            hooks::git(&mut report, &session);
            hooks::agents(&mut report, &session)?;
        }
        Err(error) => {
            config::no_session(&mut report, &error);
            state::unfinished(&mut report, &Store::new(repository.common_dir()))?;
            worktrees::of_repository(&mut report, &repository)?;
        }
    }
    report.findings.sort_by_key(|finding| finding.severity);
    Ok(report)
}

fn session(dir: &Path, git: Git) -> Result<Session, SessionError> {
    let repository = Repository::discover(dir, git)?;
    Session::with_repository(repository, false, Interrupt::never())
}
