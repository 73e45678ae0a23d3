//! Names of objects, folded as the database folds them, so that two spellings of one object are equal.

use std::fmt;

use super::Dialect;

/// The name of an object; of `public.x` (Postgres) and `main.x` (SQLite) just `x`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    pub schema: Option<String>,
    pub name: String,
}

impl Name {
    /// Of parts that are folded already.
    pub fn new(dialect: Dialect, schema: Option<String>, name: String) -> Name {
        let schema = schema.filter(|schema| !is_default(dialect, schema));
        Name { schema, name }
    }

    /// Of a text as tracks.toml or a header has it: `users`, `auth.users`, `"Users"`.
    pub fn said(dialect: Dialect, text: &str) -> Name {
        let mut parts = split(text)
            .into_iter()
            .map(|part| fold(dialect, part))
            .collect::<Vec<_>>();
        let name = parts.pop().unwrap_or_default();
        Name::new(dialect, parts.pop(), name)
    }

    /// It belongs to the database itself: `pg_catalog`, `information_schema`, `sqlite_master` and the like.
    pub fn is_of_the_system(&self) -> bool {
        let schema = self.schema.as_deref();
        let of_schema = schema.is_some_and(|schema| {
            [
                "pg_catalog",
                "information_schema",
                "pg_toast",
                "mysql",
                "sys",
            ]
            .contains(&schema)
                || schema == "performance_schema"
        });
        let bare = schema.is_none();
        of_schema || (bare && (self.name.starts_with("pg_") || self.name.starts_with("sqlite_")))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => f.pad(&format!("{schema}.{}", self.name)),
            None => f.pad(&self.name),
        }
    }
}

fn is_default(dialect: Dialect, schema: &str) -> bool {
    match dialect {
        Dialect::Postgres => schema == "public",
        Dialect::Sqlite => schema == "main",
        Dialect::MySql => false,
    }
}

/// One part of a name as it is written, with or without quotes, as the database compares it.
///
/// Postgres lowers what is not quoted. SQLite compares without regard to case; MySQL does on some systems, and two tables
/// that differ in nothing else are a trap on all of them.
pub(super) fn fold(dialect: Dialect, written: &str) -> String {
    let written = written.trim();
    let quoted = [('"', '"'), ('`', '`'), ('[', ']'), ('\'', '\'')]
        .into_iter()
        .find_map(|(open, close)| {
            let inner = written.strip_prefix(open)?.strip_suffix(close)?;
            let twice: String = [close, close].iter().collect();
            Some(inner.replace(&twice, &close.to_string()))
        });
    match (dialect, quoted) {
        (Dialect::Postgres, Some(exact)) => exact,
        (_, Some(exact)) => exact.to_lowercase(),
        (_, None) => written.to_lowercase(),
    }
}

/// At the dots that are in no quotes.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut close) = (Vec::new(), 0, None);
    for (at, c) in text.char_indices() {
        match (close, c) {
            (Some(end), c) if c == end => close = None,
            (Some(_), _) => {}
            (None, '"' | '`' | '\'') => close = Some(c),
            (None, '[') => close = Some(']'),
            (None, '.') => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            (None, _) => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_one_object_are_equal() {
        use Dialect::{MySql, Postgres, Sqlite};
        for (dialect, said, expected) in [
            (Postgres, "Users", "users"),
            (Postgres, "\"Users\"", "Users"),
            (Postgres, "public.users", "users"),
            (Postgres, "\"public\".\"users\"", "users"),
            (Postgres, "Auth.Users", "auth.users"),
            (Postgres, "db.auth.users", "auth.users"),
            (Postgres, "\"a.b\"", "a.b"),
            (Postgres, "\"a\"\"b\"", "a\"b"),
            (MySql, "`Users`", "users"),
            (MySql, "`shop`.`orders`", "shop.orders"),
            (MySql, "public.users", "public.users"),
            (Sqlite, "[Order Items]", "order items"),
            (Sqlite, "main.users", "users"),
            (Sqlite, "\"Users\"", "users"),
            (Sqlite, "temp.users", "temp.users"),
        ] {
            assert_eq!(Name::said(dialect, said).to_string(), expected, "{said}");
        }
    }

    #[test]
    fn what_is_the_databases_own() {
        for (said, expected) in [
            ("pg_catalog.pg_class", true),
            ("pg_class", true),
            ("information_schema.columns", true),
            ("sqlite_master", true),
            ("users", false),
            ("audit.pg_things", false),
        ] {
            let name = Name::said(Dialect::Postgres, said);
            assert_eq!(name.is_of_the_system(), expected, "{said}");
        }
    }
}
