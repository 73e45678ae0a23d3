//! `CREATE`, `DROP`, `RENAME` and `GRANT` of MySQL and SQLite.

use super::super::{Action, Change, Kind, Name, Object};
use super::Reader;
use super::words::Words;

/// What a statement can make or drop, by the word for it.
const KINDS: &[(&str, Kind)] = &[
    ("table", Kind::Table),
    ("view", Kind::View),
    ("index", Kind::Index),
    ("trigger", Kind::Trigger),
    ("procedure", Kind::Function),
    ("function", Kind::Function),
    ("event", Kind::Event),
    ("database", Kind::Schema),
    ("schema", Kind::Schema),
    ("user", Kind::Role),
    ("role", Kind::Role),
    ("sequence", Kind::Sequence),
];

/// Up to and with the word for what the statement is about.
fn kind(words: &mut Words<'_, '_>) -> Option<Kind> {
    while let Some(token) = words.peek() {
        words.at += 1;
        if words.at > 24 {
            return None;
        }
        if let Some((_, kind)) = KINDS.iter().find(|(word, _)| token.is(word)) {
            return Some(*kind);
        }
    }
    None
}

impl Reader<'_> {
    pub(super) fn create(&mut self, text: &str, words: &mut Words<'_, '_>) {
        let from = words.at;
        let Some(kind) = kind(words) else {
            return;
        };
        let before = &words.list[from..words.at];
        let temporary = before.iter().any(|it| it.is("temp") || it.is("temporary"));
        let or_replace = before
            .windows(2)
            .any(|it| it[0].is("or") && it[1].is("replace"));
        let if_not_exists = words.if_not_exists();
        let action = Action::Create {
            if_not_exists,
            or_replace,
            columns: Vec::new(),
        };
        if kind == Kind::Index && words.is("on") {
            return;
        }
        let Some(name) = words.name() else {
            return;
        };
        if temporary && matches!(kind, Kind::Table | Kind::View) {
            self.temporary.insert(name);
            return self.queries(text, words.list);
        }
        match kind {
            Kind::Table => self.create_table(text, name, &action, words),
            Kind::View => {
                self.push(Object::new(kind, name), action);
                self.queries(text, words.list);
            }
            Kind::Index => self.create_index(name, action, words),
            Kind::Trigger => self.create_trigger(&name, action, words, temporary),
            Kind::Function | Kind::Event => {
                self.push(Object::new(kind, name), action);
                self.body(words);
            }
            _ => {
                self.push(Object::new(kind, name), action);
                self.sure = true;
            }
        }
    }

    fn create_index(&mut self, name: Name, action: Action, words: &mut Words<'_, '_>) {
        if words.take("using") {
            words.at += 1;
        }
        if !words.take("on") {
            return;
        }
        let Some(table) = words.name() else {
            return;
        };
        // SQLite says the schema with the index, and the table is where the index is.
        let table = Name {
            schema: table.schema.clone().or_else(|| name.schema.clone()),
            ..table
        };
        let name = Name {
            schema: table.schema.clone(),
            ..name
        };
        if words.take("using") {
            words.at += 1;
        }
        let columns = words.columns();
        self.attached(Kind::Index, Some(name), &table, columns, action);
        self.sure = true;
    }

    fn create_trigger(
        &mut self,
        name: &Name,
        action: Action,
        words: &mut Words<'_, '_>,
        temporary: bool,
    ) {
        let (mut events, mut columns) = (*words, Vec::new());
        if !words.seek(&["on"]) {
            return;
        }
        if events.seek(&["of"])
            && events.at < words.at
            && !events.before(1).is_some_and(|it| it.is("instead"))
        {
            events.at += 1;
            columns = events.names().into_iter().map(|it| it.name).collect();
        }
        words.at += 1;
        let Some(table) = words.name() else {
            return;
        };
        if temporary {
            self.sure = true;
            return;
        }
        let name = self.bare(name.name.clone());
        self.attached(Kind::Trigger, Some(name), &table, columns, action);
        self.body(words);
    }

    /// The rest of the statement is done some other time.
    fn body(&mut self, words: &Words<'_, '_>) {
        self.in_body = true;
        self.scan(words.rest());
        self.in_body = false;
        self.sure = true;
    }

    pub(super) fn drop(&mut self, words: &mut Words<'_, '_>) {
        words.at += 1;
        let Some(kind) = kind(words) else {
            return;
        };
        let if_exists = words.if_exists();
        let names = match kind {
            Kind::Role => roles(words),
            _ => words.names(),
        };
        let cascade = words.rest().iter().any(|it| it.is("cascade"));
        let action = Action::Drop { if_exists, cascade };
        if kind == Kind::Index && words.take("on") {
            let table = words.name();
            if let (Some(name), Some(table)) = (names.into_iter().next(), table) {
                self.attached(kind, Some(name), &table, Vec::new(), action);
                self.sure = true;
            }
            return;
        }
        self.sure = !names.is_empty();
        for name in names {
            let is_temp = kind == Kind::Table && self.temporary.remove(&name);
            if !is_temp {
                self.push(Object::new(kind, name), action.clone());
            }
        }
    }

    /// `RENAME TABLE a TO b, c TO d`.
    pub(super) fn rename(&mut self, words: &mut Words<'_, '_>) {
        words.at += 1;
        if !(words.take("table") || words.take("tables")) {
            self.sure = words.take("user");
            return;
        }
        while let Some(from) = words.name() {
            if !words.take("to") {
                return;
            }
            let Some(to) = words.name() else {
                return;
            };
            self.table(from, Action::Rename { to });
            if !words.take_symbol(",") {
                self.sure = words.is_over();
                return;
            }
        }
    }

    pub(super) fn grant(&mut self, words: &mut Words<'_, '_>) {
        self.sure = words.list.len() > 3;
        if !words.seek(&["on"]) {
            return;
        }
        words.at += 1;
        let routine = words.take("function") || words.take("procedure");
        words.take("table");
        if let Some(schema) = every(words) {
            if let Some(schema) = schema {
                let name = self.bare(schema);
                self.push(Object::new(Kind::Schema, name), Action::Grant);
            }
            return;
        }
        if let Some(name) = words.name() {
            let kind = if routine { Kind::Function } else { Kind::Table };
            self.push(Object::new(kind, name), Action::Grant);
        }
    }

    pub(super) fn alter(&mut self, text: &str, words: &mut Words<'_, '_>) {
        words.at += 1;
        let from = words.at;
        let Some(kind) = kind(words) else {
            return;
        };
        let online = words.list[from..words.at - 1]
            .iter()
            .all(|it| it.is("online") || it.is("ignore"));
        words.if_exists();
        let Some(name) = words.name() else {
            return;
        };
        if kind == Kind::Table && online {
            return self.alter_table(&name, words);
        }
        let other = Change::Other(words.said());
        self.push(Object::new(kind, name), Action::Alter(other));
        match kind {
            Kind::View => self.queries(text, words.list),
            _ => self.sure = true,
        }
    }
}

/// `'app'@'%'`, `app@localhost`: what stands behind the `@` is where it may come from.
fn roles(words: &mut Words<'_, '_>) -> Vec<Name> {
    let mut names = Vec::new();
    while let Some(name) = words.name() {
        names.push(name);
        if words.take_symbol("@") {
            words.part();
            words.take_symbol("%");
        }
        if !words.take_symbol(",") {
            break;
        }
    }
    names
}

/// `*`, `*.*` or `schema.*`, with the schema.
fn every(words: &mut Words<'_, '_>) -> Option<Option<String>> {
    if words.is_symbol("*") {
        return Some(None);
    }
    let mut ahead = *words;
    let schema = ahead.part()?;
    (ahead.take_symbol(".") && ahead.is_symbol("*")).then_some(Some(schema))
}
