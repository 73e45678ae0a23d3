//! What base's migrations have made of the objects that the work of tracks is about.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::path::RepoPath;
use crate::domain::sql::{Action, Change, Kind, Name, Object, Script};

/// Of the names that were asked for; what else there is on base is not known here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// What is there once all have run, and the file that made it.
    objects: BTreeMap<Object, RepoPath>,
    columns: BTreeMap<Name, BTreeSet<String>>,
    /// Tables of which it is not known what columns they have.
    without_columns: BTreeSet<Name>,
    /// Tables and views that are on base, though no migration was seen to make them: others are changed or read there.
    used: BTreeSet<Name>,
}

impl Known {
    /// One more file of base, in the order in which they run.
    pub fn add(&mut self, path: &RepoPath, script: &Script) {
        for (_, effect) in script.effects() {
            let object = &effect.object;
            let is_relation = matches!(object.kind, Kind::Table | Kind::View);
            match &effect.action {
                Action::Create { columns, .. } => {
                    self.objects.insert(object.clone(), path.clone());
                    if object.kind == Kind::Table {
                        let known = self.columns.entry(object.name.clone()).or_default();
                        known.extend(columns.iter().map(|column| column.name.clone()));
                        if columns.is_empty() {
                            self.without_columns.insert(object.name.clone());
                        }
                    }
                }
                Action::Drop { .. } => {
                    self.objects.retain(|it, _| !it.goes_with(object));
                    let goes =
                        |name: &Name, kind| Object::new(kind, name.clone()).goes_with(object);
                    self.columns.retain(|it, _| !goes(it, Kind::Table));
                    self.without_columns.retain(|it| !goes(it, Kind::Table));
                    self.used
                        .retain(|it| !goes(it, Kind::Table) && !goes(it, Kind::View));
                }
                Action::Rename { to } => self.rename(object, to, path),
                Action::Alter(change) if object.kind == Kind::Table => {
                    self.used.insert(object.name.clone());
                    self.change(&object.name, change);
                }
                _ if is_relation => {
                    self.used.insert(object.name.clone());
                }
                _ => {}
            }
        }
        self.used.extend(script.touches.iter().cloned());
    }

    fn rename(&mut self, object: &Object, to: &Name, path: &RepoPath) {
        self.objects.retain(|it, _| !is_same(it, object));
        let mut new = object.clone();
        new.name = to.clone();
        self.objects.insert(new, path.clone());
        if object.kind == Kind::Table {
            let columns = self.columns.remove(&object.name);
            if columns.is_none() || self.without_columns.remove(&object.name) {
                self.without_columns.insert(to.clone());
            }
            self.columns.insert(to.clone(), columns.unwrap_or_default());
            self.used.remove(&object.name);
        }
    }

    fn change(&mut self, table: &Name, change: &Change) {
        let columns = self.columns.entry(table.clone()).or_default();
        match change {
            Change::AddColumn { column, .. } => {
                columns.insert(column.name.clone());
            }
            Change::DropColumn { column, .. } => {
                columns.remove(column);
            }
            Change::RenameColumn { from, to } => {
                columns.remove(from);
                columns.insert(to.clone());
            }
            _ => {}
        }
    }

    /// The object of this kind and name, and the file that made it; what hangs on tables is told apart by its table as `per_table` says.
    pub fn made(&self, object: &Object, per_table: bool) -> Option<(&Object, &RepoPath)> {
        let is_it = |it: &Object| {
            is_same(it, object) && (!per_table || it.table.is_none() || it.table == object.table)
        };
        self.objects.iter().find(|(it, _)| is_it(it))
    }

    /// Whether a table or view of this name is there.
    pub fn has_relation(&self, name: &Name) -> bool {
        let is_it = |it: &Object| matches!(it.kind, Kind::Table | Kind::View) && it.name == *name;
        self.used.contains(name) || self.objects.keys().any(is_it)
    }

    /// Whether a column is on base; `None`: that is not known.
    pub fn has_column(&self, table: &Name, column: &str) -> Option<bool> {
        let known = self.columns.get(table)?;
        match known.contains(column) {
            true => Some(true),
            false if self.without_columns.contains(table) => None,
            false => {
                let made = self
                    .objects
                    .keys()
                    .any(|it| it.kind == Kind::Table && it.name == *table);
                made.then_some(false)
            }
        }
    }
}

fn is_same(a: &Object, b: &Object) -> bool {
    a.kind == b.kind && a.name == b.name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sql::{Dialect, parse};

    #[test]
    fn files_are_added_up() {
        let mut known = Known::default();
        for (path, text) in [
            (
                "1.sql",
                "create table a (x int, y int); create index i on a (x); create table z (q int);",
            ),
            (
                "2.sql",
                "alter table a add column n int, drop column y; alter table z rename to w;",
            ),
            (
                "3.sql",
                "alter table old add column c int; create table gone (x int); drop table gone;",
            ),
        ] {
            known.add(&RepoPath::new(path), &parse(Dialect::Postgres, text));
        }
        let name = |text: &str| Name::said(Dialect::Postgres, text);
        for (table, expected) in [
            ("a", true),
            ("w", true),
            ("z", false),
            ("old", true),
            ("gone", false),
        ] {
            assert_eq!(known.has_relation(&name(table)), expected, "{table}");
        }
        for (table, column, expected) in [
            ("a", "x", Some(true)),
            ("a", "n", Some(true)),
            ("a", "y", Some(false)),
            ("w", "q", Some(true)),
            ("old", "c", Some(true)),
            ("old", "d", None),
            ("none", "x", None),
        ] {
            assert_eq!(
                known.has_column(&name(table), column),
                expected,
                "{table}.{column}"
            );
        }
        let index = Object::on(Kind::Index, name("i"), name("other"));
        let made = known.made(&index, false).map(|(_, path)| path);
        assert_eq!(made, Some(&RepoPath::new("1.sql")));
        assert_eq!(known.made(&index, true), None);
    }

    #[test]
    fn what_a_drop_takes_with_it() {
        for (drop, table, columns, index) in [
            ("drop schema s cascade;", false, None, false),
            ("drop schema other cascade;", true, Some(true), true),
            ("drop table s.t;", false, None, false),
            ("drop index t;", true, Some(true), true),
            ("drop schema public cascade;", true, Some(true), true),
        ] {
            let mut known = Known::default();
            let made = "create schema s; create table s.t (x int); create index i on s.t (x);";
            for text in [made, drop] {
                known.add(&RepoPath::new("1.sql"), &parse(Dialect::Postgres, text));
            }
            let name = |text: &str| Name::said(Dialect::Postgres, text);
            assert_eq!(known.has_relation(&name("s.t")), table, "{drop}");
            assert_eq!(known.has_column(&name("s.t"), "x"), columns, "{drop}");
            let has = known.objects.keys().any(|it| it.kind == Kind::Index);
            assert_eq!(has, index, "{drop}");
        }
        let mut known = Known::default();
        for text in ["create table t (x int);", "drop schema public cascade;"] {
            known.add(&RepoPath::new("1.sql"), &parse(Dialect::Postgres, text));
        }
        assert!(!known.has_relation(&Name::said(Dialect::Postgres, "t")));
    }
}
