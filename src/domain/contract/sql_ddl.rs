//! Two versions of a schema in SQL: its tables and their columns, as they are when all statements have been carried out.

use std::collections::BTreeMap;

use super::{Break, Outcome};
use crate::domain::sql::{self, Action, Change, Column, Dialect, Effect, Kind, Name};

/// What others build against, when all statements have been carried out.
#[derive(Debug)]
pub(super) struct Schema {
    dialect: Dialect,
    objects: BTreeMap<Object, Table>,
}

pub(super) fn compare(old: &Schema, new: &Schema) -> Outcome {
    let (dialect, old, new) = (old.dialect, &old.objects, &new.objects);
    let mut breaks = Vec::new();
    let mut say = |at: String, line: Option<usize>, message: String| {
        breaks.push(Break { at, message, line });
    };
    for (object, before) in old {
        let Some(after) = new.get(object) else {
            let gone = format!("the {} is gone", object.0);
            say(object.1.clone(), None, gone);
            continue;
        };
        for (name, (was, _)) in &before.columns {
            let at = format!("{}.{name}", object.1);
            let Some((is, line)) = after.columns.get(name) else {
                say(at, Some(after.line), "the column is gone".to_owned());
                continue;
            };
            if plain(dialect, &was.of_type) != plain(dialect, &is.of_type) {
                let message = format!("type changes from {} to {}", was.of_type, is.of_type);
                say(at.clone(), Some(*line), message);
            }
            match (was.nullable, is.nullable) {
                (true, false) => say(at.clone(), Some(*line), "may not be null now".to_owned()),
                (false, true) => say(at.clone(), Some(*line), "may be null now".to_owned()),
                _ => {}
            }
            if was.default && !is.default {
                say(at, Some(*line), "has no default any more".to_owned());
            }
        }
        for (name, (is, line)) in &after.columns {
            let needed = !is.nullable && !is.default;
            if needed && !before.columns.contains_key(name) {
                let at = format!("{}.{name}", object.1);
                let message = "is new, may not be null and has no default".to_owned();
                say(at, Some(*line), message);
            }
        }
    }
    Outcome::of(breaks)
}

/// Other names of the same types, and what they are called here.
const SAME: [(&str, &str); 12] = [
    ("int", "integer"),
    ("int2", "smallint"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("bool", "boolean"),
    ("float4", "real"),
    ("float8", "double precision"),
    ("decimal", "numeric"),
    ("character varying", "varchar"),
    ("character", "char"),
    ("timestamptz", "timestamp with time zone"),
    ("timestamp without time zone", "timestamp"),
];

/// A type by one of its names. In SQLite each name may mean something.
fn plain(dialect: Dialect, of_type: &str) -> String {
    let same = SAME.iter().find_map(|(other, name)| {
        let rest = of_type.strip_prefix(other)?;
        let ends = rest.is_empty() || rest.starts_with(['(', '[']);
        ends.then(|| format!("{name}{rest}"))
    });
    match dialect {
        Dialect::Postgres | Dialect::MySql => same.unwrap_or_else(|| of_type.to_owned()),
        Dialect::Sqlite => of_type.to_owned(),
    }
}

/// Kind and name.
type Object = (&'static str, String);

#[derive(Debug, Default)]
struct Table {
    line: usize,
    columns: BTreeMap<String, (Column, usize)>,
}

/// # Errors
/// One clause: why it cannot be read.
pub(super) fn read(dialect: Dialect, text: &[u8]) -> Result<Schema, String> {
    let text = std::str::from_utf8(text).map_err(|_| "it is not UTF-8 text".to_owned())?;
    let script = sql::parse(dialect, text);
    let mut objects: BTreeMap<Object, Table> = BTreeMap::new();
    for statement in script.forward() {
        if let Some(why) = &statement.unreadable {
            return Err(format!("line {}: {why}", statement.line));
        }
        for effect in &statement.effects {
            apply(&mut objects, effect, statement.line);
        }
    }
    Ok(Schema { dialect, objects })
}

fn apply(objects: &mut BTreeMap<Object, Table>, effect: &Effect, line: usize) {
    let kind = effect.object.kind;
    if !matches!(
        kind,
        Kind::Table | Kind::View | Kind::Type | Kind::Function | Kind::Sequence
    ) {
        return;
    }
    let object = |name: &Name| (kind.as_str(), name.to_string());
    let key = object(&effect.object.name);
    match &effect.action {
        Action::Create {
            columns,
            if_not_exists,
            ..
        } => {
            if *if_not_exists && objects.contains_key(&key) {
                return;
            }
            let columns = columns.iter();
            let columns = columns.map(|column| (column.name.clone(), (column.clone(), line)));
            let columns = columns.collect();
            objects.insert(key, Table { line, columns });
        }
        Action::Drop { .. } => {
            objects.remove(&key);
        }
        Action::Rename { to } => {
            if let Some(table) = objects.remove(&key) {
                objects.insert(object(to), table);
            }
        }
        Action::Alter(change) => {
            if let Some(table) = objects.get_mut(&key) {
                alter(table, change, line);
            }
        }
        Action::Write(..)
        | Action::Read
        | Action::Reference(_)
        | Action::Grant
        | Action::Comment => {}
    }
}

fn alter(table: &mut Table, change: &Change, line: usize) {
    let columns = &mut table.columns;
    let mut with = |name: &String, change: &dyn Fn(&mut Column)| {
        if let Some((column, at)) = columns.get_mut(name) {
            change(column);
            *at = line;
        }
    };
    match change {
        Change::AddColumn {
            column,
            if_not_exists,
        } => {
            if !(*if_not_exists && columns.contains_key(&column.name)) {
                columns.insert(column.name.clone(), (column.clone(), line));
            }
        }
        Change::DropColumn { column, .. } => {
            columns.remove(column);
        }
        Change::RenameColumn { from, to } => {
            if let Some((mut column, _)) = columns.remove(from) {
                column.name.clone_from(to);
                columns.insert(to.clone(), (column, line));
            }
        }
        Change::ColumnType { column, to } => with(column, &|it| it.of_type.clone_from(to)),
        Change::Nullable { column, nullable } => with(column, &|it| it.nullable = *nullable),
        Change::Default { column, set } => with(column, &|it| it.default = *set),
        Change::AddConstraint { .. }
        | Change::DropConstraint { .. }
        | Change::RenameConstraint { .. }
        | Change::Attached(..)
        | Change::Other(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::testing::{found, lines};
    use super::Dialect;

    const POSTGRES: Format = Format::SqlDdl(Dialect::Postgres);
    const OLD: &str =
        "CREATE TABLE a (id bigint PRIMARY KEY, name text NOT NULL DEFAULT '', note text);\n";

    #[test]
    fn what_is_compatible() {
        for new in [
            OLD,
            "-- x\ncreate table a (id BIGINT primary key, name text not null default '', note TEXT);",
            "CREATE TABLE a (id bigint PRIMARY KEY, name text NOT NULL DEFAULT '', note text, more int);",
            "CREATE TABLE a (id int8 PRIMARY KEY, name text NOT NULL DEFAULT '', note text);",
            "CREATE TABLE a (id bigint PRIMARY KEY, name text NOT NULL DEFAULT '', note text); CREATE TABLE b (id int);",
            "CREATE TABLE a (id bigint PRIMARY KEY, name text NOT NULL DEFAULT ''); ALTER TABLE a ADD COLUMN note text;",
            "CREATE TABLE a (id bigint PRIMARY KEY, name text NOT NULL DEFAULT '', note text, n int NOT NULL DEFAULT 0); CREATE INDEX i ON a (n);",
        ] {
            assert_eq!(found(POSTGRES, OLD, new), [""; 0], "{new}");
        }
    }

    #[test]
    fn what_breaks() {
        for (new, expected) in [
            ("", "a: the table is gone"),
            (
                "CREATE TABLE a (id bigint PRIMARY KEY, name text NOT NULL DEFAULT '');",
                "a.note: the column is gone",
            ),
            (
                "CREATE TABLE a (id int PRIMARY KEY, name text NOT NULL DEFAULT '', note text);",
                "a.id: type changes from bigint to int",
            ),
            (
                "CREATE TABLE a (id bigint PRIMARY KEY, name text NOT NULL DEFAULT '', note text NOT NULL);",
                "a.note: may not be null now",
            ),
            (
                "CREATE TABLE a (id bigint PRIMARY KEY, name text DEFAULT '', note text);",
                "a.name: may be null now",
            ),
            (
                "CREATE TABLE a (id bigint PRIMARY KEY, name text NOT NULL, note text);",
                "a.name: has no default any more",
            ),
            (
                "CREATE TABLE a (id bigint PRIMARY KEY, name text NOT NULL DEFAULT '', note text, x int NOT NULL);",
                "a.x: is new, may not be null and has no default",
            ),
            (
                "CREATE TABLE a (id bigint PRIMARY KEY, name text NOT NULL DEFAULT '', note text); ALTER TABLE a DROP COLUMN note;",
                "a.note: the column is gone",
            ),
        ] {
            assert_eq!(found(POSTGRES, OLD, new), [expected], "{new}");
        }
        let new = format!("{OLD}\nALTER TABLE a ALTER COLUMN note SET NOT NULL;\n");
        assert_eq!(lines(POSTGRES, OLD, &new), [Some(3)]);
    }

    #[test]
    fn what_cannot_be_read_is_never_compatible() {
        let bad = "CREATE TABLE a (id;";
        for (old, new) in [(OLD, bad), (bad, OLD), (bad, bad)] {
            let found = found(POSTGRES, old, new);
            assert!(found[0].starts_with("could not run: the "), "{found:?}");
        }
    }
}
