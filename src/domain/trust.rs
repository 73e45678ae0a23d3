//! Which commands a tracks.toml would run, in the exact form that somebody approves.

use super::project::{Command, Project};

/// One command with everything that decides what it does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrustedCommand {
    /// Where it stands, for people: `[check.unit] run`.
    pub place: String,
    pub command: Command,
    pub cwd: String,
    pub env: Vec<(String, String)>,
}

impl TrustedCommand {
    /// The text that an approval is bound to: unambiguous, so that no two different commands share it. The place is not
    /// part of it: the same command elsewhere in the file does nothing new.
    pub fn exact_text(&self) -> String {
        let _ = self;
        todo!()
    }
}

/// Every command of the project that this version can run, in the order of the file, each exact text once.
pub fn commands(project: &Project) -> Vec<TrustedCommand> {
    let _ = project;
    todo!()
}
