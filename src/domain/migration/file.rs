//! One migration file, as its runner reads it.

use super::Version;
use crate::domain::path::RepoPath;
use crate::domain::revision::BlobId;
use crate::domain::sql::Script;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationFile {
    pub path: RepoPath,
    pub blob: BlobId,
    /// The directory whose files the runner numbers together.
    pub set: RepoPath,
    /// `None`: the runner gives it none (a repeatable one), or passes it over.
    pub version: Option<Version>,
    /// What the name says beside version and token: `agent_registry_core`.
    pub slug: Option<String>,
    /// The code of a track, where a name template of the project has found one.
    pub token: Option<String>,
    pub direction: Direction,
    /// Which others it follows, for runners that say so in the text.
    pub links: Option<Links>,
    /// Why the runner does not run it, to stand behind its name: "looks for a number in front".
    pub ignored: Option<String>,
    /// What is in it; `None` where it was not parsed: files of base, and files that are no SQL.
    pub script: Option<Script>,
}

/// Which way a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Direction {
    /// The whole of a migration, which has no way back or has both in one file.
    #[default]
    Only,
    Up,
    Down,
    /// Runs again whenever it changes; has no version.
    Repeatable,
    /// Stands for all before it, where a database is new.
    Baseline,
    /// The whole of one that may come later than its version says (refinery's `U`).
    Unordered,
}

impl Direction {
    /// Whether the runner applies it, so that two of one version are one too many.
    pub fn applies(self) -> bool {
        matches!(self, Direction::Only | Direction::Up | Direction::Unordered)
    }
}

/// What a migration says of its place among others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Links {
    /// What it is called by others: the `revision` of alembic, `app.0001_initial` for django.
    pub revision: String,
    /// Those that it follows directly.
    pub parents: Vec<String>,
    /// Others that must have run before, without being followed.
    pub depends_on: Vec<String>,
    /// Those that it stands for (django's `replaces`).
    pub replaces: Vec<String>,
    /// Names that others may use for it (alembic's `branch_labels`): a branch of its own is no second head by accident.
    pub labels: Vec<String>,
    /// Where the text says it, from 1.
    pub line: usize,
}
