//! Contracts: whether a new version of one breaks those who build against the old.
//!
//! Each format has a comparer of its own, a function of two texts. What cannot be read is never compatible.

mod between;
mod document;
mod json_schema;
mod openapi;
mod parsed;
mod places;
mod protobuf;
mod schema;
mod sql_ddl;
#[cfg(test)]
mod testing;
mod text;

use super::name::{ContractName, TrackId};
use super::path::RepoPath;
use super::project::Command;
use super::sql::Dialect;

pub use between::{Side, between};
pub use parsed::Parsed;

/// How one version of a contract's file compares to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    pub contract: ContractName,
    pub path: RepoPath,
    /// Whose version the judged one is compared with; `None`: base's.
    pub other: Option<TrackId>,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Compatible,
    /// Never empty.
    Breaking(Vec<Break>),
    /// One sentence why it could not be found out. Never to be read as compatible.
    CouldNotRun(String),
}

impl Outcome {
    pub(super) fn of(breaks: Vec<Break>) -> Outcome {
        match breaks.is_empty() {
            true => Outcome::Compatible,
            false => Outcome::Breaking(breaks),
        }
    }
}

/// One thing that no longer works for who relies on the old version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// Where in the contract, in the words of its format; empty for the whole.
    pub at: String,
    /// One sentence without a full stop, whose subject is what stands there.
    pub message: String,
    /// In the new version, from 1.
    pub line: Option<usize>,
}

/// A consumer that has not taken in what a contract says now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    pub contract: ContractName,
    /// Ascending, never empty: those that have changed.
    pub files: Vec<RepoPath>,
    /// Whose change it is that base does not have yet; `None`: it is on base.
    pub coming_from: Option<TrackId>,
}

impl Behind {
    /// One sentence; `None` where base has it already.
    pub fn coming_text(&self) -> Option<String> {
        let owner = self.coming_from.as_ref()?;
        Some(format!(
            "{owner} changes contract {}, which it consumes",
            self.contract
        ))
    }
}

/// What the tool itself can compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    JsonSchema,
    OpenApi,
    Protobuf,
    SqlDdl(Dialect),
    Text,
}

impl Format {
    pub const ALL: [Format; 5] = [
        Format::JsonSchema,
        Format::OpenApi,
        Format::Protobuf,
        Format::SqlDdl(Dialect::Postgres),
        Format::Text,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Format::JsonSchema => "json-schema",
            Format::OpenApi => "openapi",
            Format::Protobuf => "protobuf",
            Format::SqlDdl(_) => "sql-ddl",
            Format::Text => "text",
        }
    }

    /// `None`: the command is one to run. `dialect`: of what is SQL.
    pub fn of(command: &Command, dialect: Dialect) -> Option<Format> {
        let name = match command {
            Command::Shell(line) => line,
            Command::Argv(words) => match words.as_slice() {
                [word] => word,
                _ => return None,
            },
        };
        Format::ALL
            .into_iter()
            .find(|format| format.as_str() == name)
            .map(|format| match format {
                Format::SqlDdl(_) => Format::SqlDdl(dialect),
                format => format,
            })
    }

    pub fn compare(self, old: &[u8], new: &[u8]) -> Outcome {
        self.parsed(old).compare(&self.parsed(new))
    }

    /// To be compared with any number of others.
    pub fn parsed(self, text: &[u8]) -> Parsed {
        Parsed::new(self, text)
    }
}

/// Why a version cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unreadable {
    which: &'static str,
    /// One clause.
    why: String,
}

impl Unreadable {
    fn old(why: String) -> Unreadable {
        Unreadable {
            which: "the version before",
            why,
        }
    }

    fn new(why: String) -> Unreadable {
        Unreadable {
            which: "the new version",
            why,
        }
    }
}
