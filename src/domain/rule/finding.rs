//! One breach of one rule.

use std::cmp::Reverse;

use super::Rule;
use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;
use crate::domain::project::Severity;
use crate::domain::revision::CommitId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub code: &'static str,
    pub severity: Severity,
    pub path: Option<RepoPath>,
    /// From 1.
    pub line: Option<usize>,
    pub commit: Option<CommitId>,
    /// The track on the other side, where there is one.
    pub other: Option<TrackId>,
    /// One sentence without a full stop: what is so, with its facts.
    pub message: String,
    /// One sentence without a full stop: what to do about it.
    pub fix: String,
    /// Why it does not count although it is one.
    pub excuse: Option<Excuse>,
    /// How the tool itself can set it right.
    pub mend: Option<Mend>,
    /// Whether anything is broken could not be found out. It keeps the track out all the same.
    pub undetermined: bool,
    /// No severity above this, whatever `[severity]` says.
    at_most: Severity,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Excuse {
    /// An exception was made, for this reason.
    Allowed(String),
    /// Base had it before the track.
    OnBase,
}

/// A mechanical fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mend {
    Rename {
        from: RepoPath,
        to: RepoPath,
    },
    /// The whole new content of a file; what is there now is not needed to know it.
    Write {
        path: RepoPath,
        content: Vec<u8>,
    },
}

impl Finding {
    pub fn new(rule: &Rule, message: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding {
            code: rule.code,
            severity: rule.severity,
            path: None,
            line: None,
            commit: None,
            other: None,
            message: message.into(),
            fix: fix.into(),
            excuse: None,
            mend: None,
            undetermined: false,
            at_most: Severity::Error,
        }
    }

    pub fn at(mut self, path: &RepoPath) -> Finding {
        self.path = Some(path.clone());
        self
    }

    /// From 1.
    pub fn line(mut self, line: usize) -> Finding {
        self.line = Some(line);
        self
    }

    pub fn of_commit(mut self, commit: impl Into<Option<CommitId>>) -> Finding {
        self.commit = commit.into();
        self
    }

    pub fn with(mut self, other: &TrackId) -> Finding {
        self.other = Some(other.clone());
        self
    }

    /// Another severity than the rule's; `[severity]` still has the last word.
    pub fn as_severe_as(mut self, severity: Severity) -> Finding {
        self.severity = severity;
        self
    }

    /// Never more than a warning: what the other of two tracks has to answer for.
    pub fn at_most_warning(mut self) -> Finding {
        self.at_most = Severity::Warning;
        self
    }

    /// Information at most: what nobody has to do anything about.
    pub fn at_most_info(mut self) -> Finding {
        self.at_most = Severity::Info;
        self
    }

    /// It could not be found out.
    pub fn undetermined(mut self) -> Finding {
        self.undetermined = true;
        self
    }

    /// Base had it before the track, which therefore is not to blame.
    pub fn on_base(mut self) -> Finding {
        self.excuse = Some(Excuse::OnBase);
        self
    }

    pub fn mended_by(mut self, mend: Mend) -> Finding {
        self.mend = Some(mend);
        self
    }

    /// What rests on work that is not committed is a warning at most, and leaves nothing open.
    pub fn not_committed(mut self) -> Finding {
        self.severity = self.severity.max(Severity::Warning);
        self.undetermined = false;
        self.at_most_warning()
    }

    /// Whether it keeps the track out.
    pub fn refuses(&self) -> bool {
        self.severity == Severity::Error && self.excuse.is_none()
    }

    /// `said`: what `[severity]` has for its code.
    pub(super) fn weigh(&mut self, said: Option<Severity>) {
        // From most to least severe.
        self.severity = said.unwrap_or(self.severity).max(self.at_most);
    }
}

/// What refuses first, then by severity, code and place.
pub fn sort(findings: &mut Vec<Finding>) {
    let key = |finding: &Finding| {
        (
            Reverse(finding.refuses()),
            finding.excuse.is_some(),
            finding.severity,
            finding.code,
            finding.path.clone(),
            finding.line,
            finding.message.clone(),
        )
    };
    findings.sort_by_cached_key(key);
    findings.dedup();
}
