//! Whether this environment is sane: each group of things to look at is a file. Nothing is changed.
//!
//! Codes, which stay: `DOC-GIT` the git program · `DOC-PROGRAM` which `tracks` is found · `DOC-CONFIG` tracks.toml and base ·
//! `DOC-TOOL` programs that checks, services and contracts need · `DOC-TRUST` commands that nobody has approved ·
//! `DOC-STATE` what cannot be looked at, such as a damaged file of ours · `DOC-LOCK` lock files that killed gits left · `DOC-UNFINISHED` what killed runs of ours left half done ·
//! `DOC-HOOK` git hooks that would not run, or run another program · `DOC-AGENT` agents that would not ask before they write ·
//! `DOC-SCRATCH` scratch directories of killed runs · `DOC-WORKTREE` worktrees that are gone, missing, or nobody's.

mod config;
mod hooks;
mod programs;
mod state;
mod worktrees;

use std::path::Path;

use crate::domain::project::Severity;
use crate::git::{Git, OpenError, Repository};
use crate::process::Interrupt;
use crate::store::Store;

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

    /// Tells of what could not be looked at, so that all else still is.
    fn unless_looked_at<E: std::fmt::Display>(&mut self, what: &str, result: Result<(), E>) {
        if let Err(error) = result {
            self.error(
                "DOC-STATE",
                format!("{what} cannot be looked at: {error}"),
                "mend what is named there, or move it away to have it made anew",
            );
        }
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
    let store = Store::new(repository.common_dir());
    let scratch = state::scratch(&mut report, &store);
    report.unless_looked_at("scratch directories", scratch);
    match session(dir, git) {
        Ok(session) => {
            config::session(&mut report, &session);
            programs::tools(&mut report, &session);
            let trust = programs::trust(&mut report, &session);
            report.unless_looked_at("approvals", trust);
            let unfinished = state::unfinished(&mut report, &store);
            report.unless_looked_at("operations", unfinished);
            let worktrees = worktrees::of_session(&mut report, &session);
            report.unless_looked_at("worktrees", worktrees);
            hooks::git(&mut report, &session);
            let agents = hooks::agents(&mut report, &session);
            report.unless_looked_at("settings of agents", agents);
        }
        Err(error) => {
            config::no_session(&mut report, &error);
            let unfinished = state::unfinished(&mut report, &store);
            report.unless_looked_at("operations", unfinished);
            let worktrees = worktrees::of_repository(&mut report, &repository);
            report.unless_looked_at("worktrees", worktrees);
        }
    }
    report.findings.sort_by_key(|finding| finding.severity);
    Ok(report)
}

fn session(dir: &Path, git: Git) -> Result<Session, SessionError> {
    let repository = Repository::discover(dir, git)?;
    Session::with_repository(repository, false, Interrupt::never())
}
