//! The columns, keys and constraints of tables in `CREATE TABLE` and `ALTER TABLE`.

use super::super::lexer::Token;
use super::super::{Action, Change, Column, Dialect, Kind, Name, Object};
use super::Reader;
use super::words::{Words, items, said};

/// A column's type ends where one of these begins.
const BEHIND_TYPE: &[&str] = &[
    "not",
    "null",
    "default",
    "primary",
    "unique",
    "references",
    "check",
    "collate",
    "constraint",
    "auto_increment",
    "autoincrement",
    "comment",
    "generated",
    "as",
    "on",
    "charset",
    "visible",
    "invisible",
    "first",
    "after",
    "key",
    "storage",
    "column_format",
    "virtual",
    "stored",
    "srid",
];

/// What the first word of an `ALTER TABLE` action may be, where nothing more is made of it.
const OPTIONS: &[&str] = &[
    "engine",
    "comment",
    "auto_increment",
    "convert",
    "character",
    "charset",
    "default",
    "order",
    "force",
    "algorithm",
    "lock",
    "row_format",
    "partition",
    "truncate",
    "enable",
    "disable",
    "collate",
    "discard",
    "import",
    "remove",
    "coalesce",
    "reorganize",
    "exchange",
    "key_block_size",
    "stats_persistent",
    "stats_auto_recalc",
    "stats_sample_pages",
    "checksum",
    "max_rows",
    "min_rows",
    "with",
    "without",
    "analyze",
    "check",
    "optimize",
    "rebuild",
    "repair",
    "upgrade",
    "tablespace",
    "compression",
    "encryption",
    "insert_method",
    "pack_keys",
    "delay_key_write",
    "avg_row_length",
    "connection",
    "union",
];

impl Reader<'_> {
    pub(super) fn create_table(
        &mut self,
        text: &str,
        name: Name,
        action: &Action,
        words: &mut Words<'_, '_>,
    ) {
        let &Action::Create {
            if_not_exists,
            or_replace,
            ..
        } = action
        else {
            return;
        };
        let mut like = *words;
        like.take_symbol("(");
        if like.take("like") {
            let of = like.name();
            self.table(name, Action::create(if_not_exists));
            self.sure = of.is_some();
            if let Some(of) = of {
                self.table(of, Action::Reference(Vec::new()));
            }
            return;
        }
        let list = words.brackets();
        let at = self.effects.len();
        let mut columns = Vec::new();
        for item in list.map(items).unwrap_or_default() {
            columns.extend(self.item(&name, item, false));
        }
        let keyed = list.map(items).unwrap_or_default();
        let keys = keyed.into_iter().filter_map(|item| {
            let at = item.iter().position(|it| it.is("primary"))?;
            let mut words = Words::new(self.dialect, item);
            words.at = at + 2;
            (at == 0 || item[0].is("constraint")).then(|| words.columns())
        });
        for key in keys.flatten().collect::<Vec<_>>() {
            if let Some(column) = columns.iter_mut().find(|column| column.name == key) {
                column.nullable = false;
            }
        }
        let action = Action::Create {
            if_not_exists,
            or_replace,
            columns,
        };
        let added = self.effects.split_off(at.min(self.effects.len()));
        self.table(name, action);
        self.effects.extend(added);
        let queried = words.list.iter().any(|it| it.is("select") || it.is("with"));
        if queried && words.list.iter().any(|it| it.is("select")) {
            self.queries(text, words.list);
        } else {
            let is_virtual = words.list.get(1).is_some_and(|it| it.is("virtual"));
            // Where sqlparser does not know an option of MySQL, the definition itself is still beyond doubt.
            self.sure = is_virtual || (list.is_some() && words.rest().iter().all(plausible));
        }
    }

    /// One column, which is given back, or one key or constraint.
    fn item(&mut self, table: &Name, item: &[Token<'_>], alters: bool) -> Option<Column> {
        let mut words = Words::new(self.dialect, item);
        let mut named = None;
        if words.take("constraint") {
            let has_name = !words.is_any(&["primary", "unique", "foreign", "check"]);
            named = has_name.then(|| words.part()).flatten();
        }
        let mysql = self.dialect == Dialect::MySql;
        let is_key = |words: &Words<'_, '_>| {
            let next = words.list.get(words.at + 1);
            let opens = next.is_some_and(|it| it.is_symbol("(") || it.is("key") || it.is("index"));
            let single = words.is_any(&["key", "index", "fulltext", "spatial"]);
            let many = words.is_any(&["primary", "unique", "foreign", "check"]);
            // A column may be called `key` in SQLite.
            (many && (opens || mysql)) || (single && mysql)
        };
        let constrains = named.is_some() || is_key(&words);
        if let Some(name) = named.clone() {
            let object = Object::on(Kind::Constraint, self.bare(name), table.clone());
            self.push(object, Action::create(false));
        }
        self.references(item);
        if !constrains {
            self.named_constraints(table, item);
            return self.column(&mut words);
        }
        let unique = words.is("unique");
        let plain = words.is_any(&["key", "index", "fulltext", "spatial"]);
        words.at += 1;
        let index = words.take("key") || words.take("index") || plain;
        if mysql && (plain || unique) && (index || unique) {
            let name = match words.is_symbol("(") || words.is("using") {
                true => named,
                false => words.part(),
            };
            if words.take("using") {
                words.at += 1;
            }
            let columns = words.columns();
            let name = name.map(|name| self.bare(name));
            if alters {
                self.attached(Kind::Index, name, table, columns, Action::create(false));
            } else if let Some(name) = name {
                let object = Object::on(Kind::Index, name, table.clone());
                self.push(object, Action::create(false));
            }
        } else if alters {
            self.change(table, Change::AddConstraint { name: named });
        }
        None
    }

    fn references(&mut self, item: &[Token<'_>]) {
        let mut words = Words::new(self.dialect, item);
        while words.seek(&["references"]) {
            words.at += 1;
            if let Some(name) = words.name() {
                let columns = words.columns();
                self.table(name, Action::Reference(columns));
            }
        }
    }

    fn column(&self, words: &mut Words<'_, '_>) -> Option<Column> {
        let name = words.part()?;
        let from = words.at;
        while !words.is_over() {
            let charset = words.is("character")
                && words.list.get(words.at + 1).is_some_and(|it| it.is("set"));
            if charset || words.is_any(BEHIND_TYPE) {
                break;
            }
            words.skip();
        }
        let of_type = said(&words.list[from..words.at.min(words.list.len())]);
        let (mut not_null, mut key, mut default) = (false, false, false);
        while !words.is_over() {
            if words.take("not null") {
                not_null = true;
            } else if words.take("primary key") {
                key = true;
            } else if words.is_any(&[
                "default",
                "auto_increment",
                "autoincrement",
                "generated",
                "as",
            ]) {
                default = true;
                words.at += 1;
            } else if words.is("references") {
                break;
            } else {
                words.skip();
            }
        }
        let counts = key && self.dialect == Dialect::Sqlite && of_type == "integer";
        Some(Column {
            name,
            nullable: !(not_null || key || of_type == "serial"),
            default: default || counts || of_type == "serial",
            of_type,
        })
    }

    pub(super) fn alter_table(&mut self, name: &Name, words: &mut Words<'_, '_>) {
        let actions = items(words.rest());
        let mut sure = !actions.is_empty();
        // `ADD PARTITION (…), …` and the like have commas of their own.
        for action in actions {
            sure &= self.altered(name, action);
        }
        self.sure = sure;
    }

    /// One action; whether it is understood.
    fn altered(&mut self, table: &Name, action: &[Token<'_>]) -> bool {
        let mut words = Words::new(self.dialect, action);
        if words.take("add") {
            return self.added(table, &mut words);
        }
        if words.take("drop") {
            return self.dropped(table, &mut words);
        }
        if words.take("rename") {
            return self.renamed(table, &mut words);
        }
        if words.take("modify") {
            words.take("column");
            words.if_exists();
            self.references(action);
            let Some(column) = self.column(&mut words) else {
                return false;
            };
            let (column, to) = (column.name, column.of_type);
            self.change(table, Change::ColumnType { column, to });
            return true;
        }
        if words.take("change") {
            words.take("column");
            words.if_exists();
            self.references(action);
            let from = words.part();
            let (Some(from), Some(column)) = (from, self.column(&mut words)) else {
                return false;
            };
            if from != column.name {
                let to = column.name;
                self.change(
                    table,
                    Change::RenameColumn {
                        from: from.clone(),
                        to,
                    },
                );
            }
            let to = column.of_type;
            self.change(table, Change::ColumnType { column: from, to });
            return true;
        }
        if words.take("alter") {
            return self.alters_part(table, &mut words);
        }
        let known = words.is_any(OPTIONS);
        self.change(table, Change::Other(words.said()));
        known
    }

    fn added(&mut self, table: &Name, words: &mut Words<'_, '_>) -> bool {
        if words.is("partition") {
            self.change(table, Change::Other(format!("add {}", words.said())));
            return true;
        }
        let column = words.take("column");
        let if_not_exists = words.if_not_exists();
        let many = words.is_symbol("(").then(|| words.brackets()).flatten();
        let list = match many {
            Some(inside) => items(inside),
            None => vec![words.rest()],
        };
        let mut understood = !words.rest().is_empty() || many.is_some();
        for item in list {
            let added = match column {
                true => {
                    self.references(item);
                    self.named_constraints(table, item);
                    self.column(&mut Words::new(self.dialect, item))
                }
                false => self.item(table, item, true),
            };
            if let Some(added) = added {
                understood &= self.dialect == Dialect::Sqlite || !added.of_type.is_empty();
                let change = Change::AddColumn {
                    column: added,
                    if_not_exists,
                };
                self.change(table, change);
            }
        }
        understood
    }

    /// `CONSTRAINT name` within the definition of a column.
    fn named_constraints(&mut self, table: &Name, item: &[Token<'_>]) {
        let mut words = Words::new(self.dialect, item);
        while words.seek(&["constraint"]) {
            words.at += 1;
            if let Some(name) = words.part() {
                let object = Object::on(Kind::Constraint, self.bare(name), table.clone());
                self.push(object, Action::create(false));
            }
        }
    }

    fn dropped(&mut self, table: &Name, words: &mut Words<'_, '_>) -> bool {
        let said = format!("drop {}", words.said());
        if words.take("primary key") || words.is("partition") {
            self.change(table, Change::Other(said));
            return true;
        }
        let constraint =
            words.take("foreign key") || words.take("constraint") || words.take("check");
        let index = !constraint && (words.take("index") || words.take("key"));
        if !constraint && !index {
            words.take("column");
        }
        let if_exists = words.if_exists();
        let Some(name) = words.part() else {
            return false;
        };
        let action = Action::Drop {
            if_exists,
            cascade: false,
        };
        if constraint {
            let object = Object::on(Kind::Constraint, self.bare(name.clone()), table.clone());
            self.push(object, action);
            self.change(table, Change::DropConstraint { name });
        } else if index {
            let name = self.bare(name);
            self.attached(Kind::Index, Some(name), table, Vec::new(), action);
        } else {
            let column = name;
            self.change(table, Change::DropColumn { column, if_exists });
        }
        true
    }

    fn renamed(&mut self, table: &Name, words: &mut Words<'_, '_>) -> bool {
        if words.take("index") || words.take("key") {
            let from = words.part();
            words.take("to");
            let (Some(from), Some(to)) = (from, words.part()) else {
                return false;
            };
            let to = self.bare(to);
            let name = self.bare(from);
            self.attached(
                Kind::Index,
                Some(name),
                table,
                Vec::new(),
                Action::Rename { to },
            );
            return true;
        }
        let column = words.take("column");
        if !column && (words.take("to") || words.take("as") || words.list.len() == 2) {
            let Some(to) = words.name() else {
                return false;
            };
            let schema = to.schema.clone().or_else(|| table.schema.clone());
            let to = Name { schema, ..to };
            self.table(table.clone(), Action::Rename { to });
            return true;
        }
        let from = words.part();
        let is_one = words.take("to");
        let (Some(from), Some(to), true) = (from, words.part(), is_one) else {
            return false;
        };
        self.change(table, Change::RenameColumn { from, to });
        true
    }

    fn alters_part(&mut self, table: &Name, words: &mut Words<'_, '_>) -> bool {
        let other = Change::Other(format!("alter {}", words.said()));
        let other_kind = words.is_any(&["index", "check", "constraint"]);
        words.take("column");
        let column = words.part();
        let change = match column {
            Some(column) if !other_kind && words.take("set default") => {
                Change::Default { column, set: true }
            }
            Some(column) if !other_kind && words.take("drop default") => {
                Change::Default { column, set: false }
            }
            _ => other,
        };
        let understood = other_kind || !matches!(change, Change::Other(_)) || words.take("set");
        self.change(table, change);
        understood
    }
}

/// Behind the brackets of `CREATE TABLE`: options and their values, partitions.
fn plausible(token: &Token<'_>) -> bool {
    !["create", "drop", "alter", "insert"]
        .iter()
        .any(|word| token.is(word))
}
