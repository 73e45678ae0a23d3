//! What an agent is told that is about to write files: at once, and nothing where all is well.

use std::path::Path;

use crate::domain::name::TrackId;
use crate::domain::project::Severity;
use crate::domain::rule::Finding;
use crate::git::{GitError, Worktree};
use crate::ops::Session;
use crate::ops::validate::{ValidateError, paths};

/// Something to be told.
#[derive(Debug)]
pub struct Advice {
    /// For whom it writes.
    pub track: TrackId,
    /// Errors and warnings.
    pub findings: Vec<Finding>,
    /// Files that are in another worktree of this repository: as they were named, and whose it is (`None`: no track's).
    pub elsewhere: Vec<(String, Option<TrackId>)>,
}

impl Advice {
    /// Whether a rule keeps it from being written.
    pub fn refuses(&self) -> bool {
        self.findings.iter().any(Finding::refuses)
    }
}

/// `files`: as the agent names them, from `dir`. `None`: nothing is to be said, for example since this is no track's worktree.
///
/// # Errors
/// When it cannot be told.
pub fn advise(
    session: &Session,
    dir: &Path,
    files: &[String],
) -> Result<Option<Advice>, ValidateError> {
    let Some(track) = session.track_here()? else {
        return Ok(None);
    };
    let report = paths::run(session, track, files.join("\0").as_bytes(), dir)?;
    let mut advice = Advice {
        track: track.id.clone(),
        findings: report.findings,
        elsewhere: elsewhere(session, dir, &report.outside)?,
    };
    advice
        .findings
        .retain(|it| it.excuse.is_none() && it.severity <= Severity::Warning);
    let is_empty = advice.findings.is_empty() && advice.elsewhere.is_empty();
    Ok((!is_empty).then_some(advice))
}

/// What lies in another worktree of this repository; what is outside of all is the agent's own business.
fn elsewhere(
    session: &Session,
    dir: &Path,
    outside: &[String],
) -> Result<Vec<(String, Option<TrackId>)>, GitError> {
    if outside.is_empty() {
        return Ok(Vec::new());
    }
    let list = session.repository.worktrees()?;
    let here = session.repository.current_worktree();
    let of = |written: &String| {
        // The worktree itself, and what git keeps in it, are in no other, whichever this one lies in.
        if here.is_some_and(|top| paths::relative(top, dir, written.as_bytes()).is_some()) {
            return None;
        }
        let inside =
            |entry: &&Worktree| paths::inside(&entry.path, dir, written.as_bytes()).is_some();
        // Worktrees may lie in one another: the innermost counts.
        let entry = list
            .iter()
            .filter(inside)
            .max_by_key(|entry| entry.path.components().count())?;
        let track = entry.branch.as_ref();
        let track = track.and_then(|branch| session.project.track_on(branch));
        Some((written.clone(), track.map(|track| track.id.clone())))
    };
    Ok(outside.iter().filter_map(of).collect())
}
