//! What SQL does: statements, with the objects that they make, change, drop, write and read.
//!
//! [`parse`] is the one way in. A statement that cannot be read hides none of the others. What is no SQL never comes here.

mod effect;
mod name;

use std::fmt;

pub use effect::{Action, Change, Column, Effect, Kind, Object, Write};
pub use name::Name;

/// Whose SQL it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    Postgres,
    MySql,
    Sqlite,
}

impl Dialect {
    pub const ALL: [Dialect; 3] = [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite];

    pub fn as_str(self) -> &'static str {
        match self {
            Dialect::Postgres => "postgres",
            Dialect::MySql => "mysql",
            Dialect::Sqlite => "sqlite",
        }
    }

    /// By the name that tracks.toml has for it.
    pub fn named(text: &str) -> Option<Dialect> {
        Dialect::ALL
            .into_iter()
            .find(|dialect| dialect.as_str() == text)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    pub statements: Vec<Statement>,
    /// What a line `-- tracks: touches a, b` says beside what the statements say; tables, as they are called in SQL.
    pub touches: Vec<Name>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statement {
    /// Where it begins, from 1.
    pub line: usize,
    /// In the order of the text; empty for `BEGIN`, `SET` and the like.
    pub effects: Vec<Effect>,
    /// Why it, or a part of it, could not be read; one sentence without a full stop.
    pub unreadable: Option<String>,
    /// It is in the part of the file that takes the migration back (`-- +goose Down`, `-- migrate:down`).
    pub undoes: bool,
}

impl Script {
    /// The statements that the migration is made of, without those that take it back.
    pub fn forward(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| !statement.undoes)
    }

    /// Their effects, each with the line of its statement.
    pub fn effects(&self) -> impl Iterator<Item = (usize, &Effect)> {
        self.forward()
            .flat_map(|statement| statement.effects.iter().map(|it| (statement.line, it)))
    }
}

/// What a file does. Never fails and never panics: what cannot be read is said in the statements.
pub fn parse(dialect: Dialect, text: &str) -> Script {
    let _ = (dialect, text);
    Script::default()
}
