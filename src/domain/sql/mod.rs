//! What SQL does: statements, with the objects that they make, change, drop, write and read.
//!
//! [`parse`] is the one way in. A statement that cannot be read hides none of the others. What is no SQL never comes here.

mod bounds;
#[cfg(test)]
mod corpus;
mod effect;
mod general;
mod lexer;
mod name;
mod postgres;
#[cfg(test)]
mod random;
mod split;

use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

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

/// What the header of a file in another language says that it touches; `None` where it says nothing.
pub fn said(dialect: Dialect, text: &str) -> Option<Script> {
    let touches = split::touched(dialect, text);
    let statements = Vec::new();
    (!touches.is_empty()).then_some(Script {
        statements,
        touches,
    })
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

/// What a statement does, and why a part of it could not be read.
type Read = (Vec<Effect>, Option<String>);

/// What a file does. Never fails and never panics: what cannot be read is said in the statements.
pub fn parse(dialect: Dialect, text: &str) -> Script {
    let text = split::without_conditions(dialect, text);
    let pieces = split::split(dialect, &text);
    let mut temporary = BTreeSet::new();
    let read = |piece: &split::Piece<'_>| {
        let text = bounds::with_one_row(dialect, piece.text);
        let (effects, unreadable) = match dialect {
            Dialect::Postgres => guarded(|| postgres::read(&text, &mut temporary)),
            Dialect::MySql | Dialect::Sqlite => {
                guarded(|| general::read(dialect, &text, &mut temporary))
            }
        };
        Statement {
            line: piece.line,
            effects,
            unreadable,
            undoes: piece.undoes,
        }
    };
    Script {
        statements: pieces.list.iter().map(read).collect(),
        touches: pieces.touches,
    }
}

/// The parsers are of others, and what they do with what nobody would write is not for them to promise: a panic in one of
/// them must not keep a whole team from being judged.
fn guarded(read: impl FnOnce() -> Read) -> Read {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| (Vec::new(), Some("the parser gave up on it".to_owned())))
}
