//! Migrations: what a project's runner makes of a file's name and text. Which rule a file breaks is judged in
//! `rule::migration`.

use super::path::RepoPath;
use super::revision::BlobId;
use super::sql::Script;

/// What base has, and how it is read.
#[derive(Debug, Clone, Default)]
pub struct Migrations {
    /// On base, ascending by path.
    pub base: Vec<MigrationFile>,
}

/// One migration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationFile {
    pub path: RepoPath,
    pub blob: BlobId,
    /// What is in it; `None` where it was not parsed: files of base, and files that are no SQL.
    pub script: Option<Script>,
}
