//! Statements that write rows.

use super::super::lexer::Token;
use super::super::{Action, Name, Write};
use super::Reader;
use super::scan::{self, Relation};
use super::words::{Words, items};

impl Reader<'_> {
    pub(super) fn insert(&mut self, text: &str, words: &mut Words<'_, '_>) {
        let Some(name) = into(words) else {
            return;
        };
        let mut columns = Vec::new();
        let query = words.list.get(words.at + 1);
        if !query.is_some_and(|it| it.is("select") || it.is("with")) {
            columns = words.columns();
        }
        if words.take("set") {
            columns = assigned(self, words.rest())
                .into_iter()
                .map(|it| it.1)
                .collect();
        }
        self.table(name, Action::Write(Write::Insert, columns));
        self.queries(text, words.list);
    }

    pub(super) fn update(&mut self, text: &str, words: &mut Words<'_, '_>) {
        words.at += 1;
        if words.take("or") {
            words.at += 1;
        }
        while words.take("low_priority") || words.take("ignore") {}
        // Neither is known to sqlparser.
        let odd = words.at > 1;
        let from = words.at;
        if !words.seek(&["set"]) {
            return;
        }
        let relations = scan::relations(self.dialect, &words.list[from..words.at]);
        words.at += 1;
        let sets = assigned(self, words.rest());
        let targets = targets(&relations, &sets);
        self.sure = (odd || relations.len() > 1) && !sets.is_empty();
        for (name, columns) in &targets {
            self.table(name.clone(), Action::Write(Write::Update, columns.clone()));
        }
        self.queries(text, words.list);
    }

    pub(super) fn delete(&mut self, text: &str, words: &mut Words<'_, '_>) {
        words.at += 1;
        while words.is_any(&["low_priority", "quick", "ignore"]) {
            words.at += 1;
        }
        let write = || Action::Write(Write::Delete, Vec::new());
        if words.take("from") {
            let named = star_names(words);
            let using = words.take("using");
            let relations = scan::relations(self.dialect, words.rest());
            for name in named {
                let name = if using { meant(&relations, name) } else { name };
                self.table(name, write());
            }
        } else {
            let named = star_names(words);
            if !words.take("from") {
                return;
            }
            let relations = scan::relations(self.dialect, words.rest());
            for name in named {
                self.table(meant(&relations, name), write());
            }
        }
        self.queries(text, words.list);
    }

    pub(super) fn truncate(&mut self, words: &mut Words<'_, '_>) {
        words.at += 1;
        words.take("table");
        if let Some(name) = words.name() {
            self.table(name, Action::Write(Write::Truncate, Vec::new()));
            self.sure = words.is_over();
        }
    }

    /// `LOAD DATA INFILE '…' INTO TABLE x`.
    pub(super) fn load(&mut self, words: &mut Words<'_, '_>) {
        while !words.is_over() {
            if words.take("into table") {
                if let Some(name) = words.name() {
                    self.table(name, Action::Write(Write::Copy, Vec::new()));
                    self.sure = true;
                }
                return;
            }
            words.at += 1;
        }
    }

    /// `WITH … INSERT`, `WITH … UPDATE` and the like.
    pub(super) fn with(&mut self, text: &str, words: &mut Words<'_, '_>) {
        let all = words.list;
        if !words.seek(&["select", "insert", "update", "delete", "replace", "values"]) {
            return;
        }
        let mut rest = Words::new(self.dialect, words.rest());
        match () {
            () if rest.is("insert") || rest.is("replace") => self.insert(text, &mut rest),
            () if rest.is("update") => self.update(text, &mut rest),
            () if rest.is("delete") => self.delete(text, &mut rest),
            () => {}
        }
        self.queries(text, all);
    }
}

/// `INSERT OR IGNORE INTO x`, `INSERT IGNORE x`, `REPLACE INTO x`.
fn into(words: &mut Words<'_, '_>) -> Option<Name> {
    words.at += 1;
    if words.take("or") {
        words.at += 1;
    }
    while words.is_any(&["low_priority", "delayed", "high_priority", "ignore"]) {
        words.at += 1;
    }
    words.take("into");
    words.name()
}

/// `a, b.*`.
fn star_names(words: &mut Words<'_, '_>) -> Vec<Name> {
    let mut names = Vec::new();
    loop {
        let Some(part) = words.part() else {
            return names;
        };
        let mut name = Name::new(words.dialect, None, part);
        if words.take_symbol(".") && !words.take_symbol("*") {
            let Some(part) = words.part() else {
                return names;
            };
            name = Name::new(words.dialect, Some(name.name), part);
            if words.take_symbol(".") {
                words.take_symbol("*");
            }
        }
        names.push(name);
        if !words.take_symbol(",") {
            return names;
        }
    }
}

/// The columns to the left of `=`, each with what stands before its dot.
fn assigned(reader: &Reader<'_>, rest: &[Token<'_>]) -> Vec<(Option<String>, String)> {
    let mut end = Words::new(reader.dialect, rest);
    end.seek(&["where", "from", "order", "limit", "returning", "on"]);
    let list = items(&rest[..end.at.min(rest.len())]);
    let each = list.into_iter().flat_map(|item| {
        let mut words = Words::new(reader.dialect, item);
        if words.is_symbol("(") {
            return words.columns().into_iter().map(|it| (None, it)).collect();
        }
        let name = words.name();
        let is_set = words.is_symbol("=");
        name.filter(|_| is_set)
            .map(|name| vec![(name.schema, name.name)])
            .unwrap_or_default()
    });
    each.collect()
}

/// Which of the tables of `UPDATE a JOIN b … SET a.x = …` are written, with the columns.
fn targets(relations: &[Relation], sets: &[(Option<String>, String)]) -> Vec<(Name, Vec<String>)> {
    let mut targets: Vec<(Name, Vec<String>)> = Vec::new();
    for (of, column) in sets {
        let relation = match of {
            Some(of) => relations.iter().find(|it| it.is_called(of)),
            None => relations.first(),
        };
        let Some(name) = relation.and_then(|it| it.name.clone()) else {
            continue;
        };
        match targets.iter_mut().find(|(known, _)| *known == name) {
            Some((_, columns)) => columns.push(column.clone()),
            None => targets.push((name, vec![column.clone()])),
        }
    }
    if targets.is_empty() {
        let first = relations.first().and_then(|it| it.name.clone());
        targets.extend(first.map(|name| (name, Vec::new())));
    }
    targets
}

/// The table that an alias stands for.
fn meant(relations: &[Relation], name: Name) -> Name {
    let alias = name.schema.is_none().then_some(&name.name);
    alias
        .and_then(|alias| relations.iter().find(|it| it.alias.as_ref() == Some(alias)))
        .and_then(|it| it.name.clone())
        .unwrap_or(name)
}
