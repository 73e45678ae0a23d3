//! How a check ended.

use std::path::PathBuf;
use std::time::Duration;

use super::{Figure, Tests};
use crate::domain::name::{CheckName, Side};
use crate::domain::revision::TreeId;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    Passed,
    Failed,
    TimedOut,
    Stalled,
    Cancelled,
    /// A check that it needs did not pass.
    Skipped,
    /// It could not be started, its setup failed, or its command was not approved: says nothing about the tree.
    CouldNotRun,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::TimedOut => "timed-out",
            Outcome::Stalled => "stalled",
            Outcome::Cancelled => "cancelled",
            Outcome::Skipped => "skipped",
            Outcome::CouldNotRun => "could-not-run",
        }
    }

    /// Whether it speaks against the tree it ran on.
    pub fn is_red(self) -> bool {
        matches!(self, Outcome::Failed | Outcome::TimedOut | Outcome::Stalled)
    }
}

/// One check on one tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub check: CheckName,
    pub side: Side,
    /// `None` where the tree could not be determined.
    pub tree: Option<TreeId>,
    pub outcome: Outcome,
    /// One sentence where there is more to say than the outcome (why it could not run, what it waits for).
    pub note: Option<String>,
    pub cached: bool,
    pub flaky: bool,
    /// It left processes behind, which were ended.
    pub leaked: bool,
    pub allow_failure: bool,
    pub attempts: u32,
    pub exit_status: Option<i32>,
    pub wall: Duration,
    pub cpu: Option<Duration>,
    pub peak_memory: Option<u64>,
    pub log: Option<PathBuf>,
    /// The how-manieth it was to end, from 1; 0: it did not run.
    pub ended: usize,
    /// In the order of the file; of a run that failed, those that it yielded all the same.
    pub figures: Vec<Figure>,
    /// `None`: it names no JUnit files, or has written none.
    pub tests: Option<Tests>,
}

impl Run {
    /// One that has not run: nothing is known of it but this.
    pub fn new(check: CheckName, side: Side, outcome: Outcome) -> Self {
        Run {
            check,
            side,
            tree: None,
            outcome,
            note: None,
            cached: false,
            flaky: false,
            leaked: false,
            allow_failure: false,
            attempts: 0,
            exit_status: None,
            wall: Duration::ZERO,
            cpu: None,
            peak_memory: None,
            log: None,
            ended: 0,
            figures: Vec::new(),
            tests: None,
        }
    }
}
