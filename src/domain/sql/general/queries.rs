//! Which tables a query reads, by sqlparser's tree of it.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, FromTable, ObjectName, ObjectNamePart, Query, Statement, TableFactor, Visit, Visitor,
};
use sqlparser::dialect::{Dialect as Grammar, MySqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

use super::super::lexer::Token;
use super::super::name::fold;
use super::super::{Action, Dialect, Effect, Name, Write};
use super::Reader;

/// The tables that are read, each as often as it is.
pub(super) type Tree = Vec<Name>;

/// Sqlparser is asked for no more than this: what is longer is rows.
const LONGEST: usize = 200_000;

impl Reader<'_> {
    /// What the queries in the statement read; by its words where there is no tree.
    pub(super) fn queries(&mut self, text: &str, list: &[Token<'_>]) {
        match self.tree(text) {
            Ok(mut names) => {
                // What is written stands among the tables, once.
                for written in self.written() {
                    if let Some(at) = names.iter().position(|name| *name == written) {
                        names.remove(at);
                    }
                }
                for name in names {
                    self.table(name, Action::Read);
                }
            }
            Err(_) => self.scan_queries(list),
        }
    }

    fn scan_queries(&mut self, list: &[Token<'_>]) {
        let from = self.effects.len();
        self.scan(list);
        let written = self.written();
        let mut at = 0;
        self.effects.retain(|effect| {
            at += 1;
            let known = effect
                .used_table()
                .is_some_and(|name| written.contains(name));
            at <= from || !known
        });
    }

    /// The tables whose rows the statement was seen to change or to delete.
    fn written(&self) -> Vec<Name> {
        let changes = |effect: &&Effect| {
            matches!(
                effect.action,
                Action::Write(Write::Update | Write::Delete, _)
            )
        };
        let written = self.effects.iter().filter(changes);
        written
            .filter_map(|it| it.changed_table().cloned())
            .collect()
    }

    pub(super) fn tree(&mut self, text: &str) -> Result<Tree, String> {
        let dialect = self.dialect;
        self.tree
            .get_or_insert_with(|| parsed(dialect, text))
            .clone()
    }
}

fn parsed(dialect: Dialect, text: &str) -> Result<Tree, String> {
    if text.len() > LONGEST {
        return Err("it is too long to be read".to_owned());
    }
    let grammar: &dyn Grammar = match dialect {
        Dialect::Sqlite => &SQLiteDialect {},
        Dialect::MySql | Dialect::Postgres => &MySqlDialect {},
    };
    let statements =
        Parser::parse_sql(grammar, text).map_err(|error| message(&error.to_string()))?;
    let mut names = Vec::new();
    for statement in &statements {
        let mut seen = Seen {
            dialect,
            names: Vec::new(),
            scopes: Vec::new(),
        };
        let _ = Visit::visit(statement, &mut seen);
        if let Some(alias) = alias_deleted(dialect, statement)
            && let Some(at) = seen.names.iter().position(|name| *name == alias)
        {
            seen.names.remove(at);
        }
        names.extend(seen.names);
    }
    Ok(names)
}

/// Without the kind of error and the place, which counts from the statement's beginning.
fn message(error: &str) -> String {
    let said = error
        .strip_prefix("sql parser error: ")
        .or_else(|| error.strip_prefix("tokenizer error: "))
        .unwrap_or(error);
    let said = said.split(" at Line:").next().unwrap_or(said);
    match said.strip_prefix("Expected: ") {
        Some(rest) => format!("expected {rest}"),
        None => said.to_owned(),
    }
}

/// In `DELETE FROM a USING orders AS a`, `a` is no table.
fn alias_deleted(dialect: Dialect, statement: &Statement) -> Option<Name> {
    let Statement::Delete(delete) = statement else {
        return None;
    };
    let using = delete.using.as_ref()?;
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    let TableFactor::Table { name, .. } = &from.first()?.relation else {
        return None;
    };
    let called = named(dialect, name)?;
    let is_alias = using.iter().any(|table| {
        let all = std::iter::once(&table.relation).chain(table.joins.iter().map(|it| &it.relation));
        all.into_iter().any(|factor| match factor {
            TableFactor::Table {
                alias: Some(alias), ..
            } => fold(dialect, &alias.name.to_string()) == called.name,
            _ => false,
        })
    });
    is_alias.then_some(called)
}

fn named(dialect: Dialect, name: &ObjectName) -> Option<Name> {
    let mut parts: Vec<String> = name
        .0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) => fold(dialect, &ident.to_string()),
            ObjectNamePart::Function(function) => function.to_string(),
        })
        .collect();
    let name = parts.pop()?;
    Some(Name::new(dialect, parts.pop(), name))
}

struct Seen {
    dialect: Dialect,
    names: Vec<Name>,
    /// Of the queries that this place is in, from outside.
    scopes: Vec<Scope>,
}

/// The queries of a `WITH`.
struct Scope {
    /// Where each lies, by which it is known again.
    queries: Vec<(*const Query, String)>,
    recursive: bool,
    /// How many of them can be seen: those before the one that this place is in.
    visible: usize,
}

impl Visitor for Seen {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if let Some(scope) = self.scopes.last_mut() {
            let inside = scope
                .queries
                .iter()
                .position(|(at, _)| std::ptr::eq(*at, query));
            if let (Some(inside), false) = (inside, scope.recursive) {
                scope.visible = inside;
            }
        }
        let tables = query.with.as_ref().map(|with| &with.cte_tables);
        let queries: Vec<(*const Query, String)> = tables
            .into_iter()
            .flatten()
            .map(|table| {
                let name = fold(self.dialect, &table.alias.name.to_string());
                (std::ptr::from_ref(&*table.query), name)
            })
            .collect();
        self.scopes.push(Scope {
            recursive: query.with.as_ref().is_some_and(|with| with.recursive),
            visible: queries.len(),
            queries,
        });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.scopes.pop();
        if let Some(scope) = self.scopes.last_mut() {
            let is_one = scope.queries.iter().any(|(at, _)| std::ptr::eq(*at, query));
            if is_one {
                scope.visible = scope.queries.len();
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        let TableFactor::Table {
            name, args: None, ..
        } = factor
        else {
            return ControlFlow::Continue(());
        };
        if let Some(name) = named(self.dialect, name) {
            let is_with = name.schema.is_none()
                && self.scopes.iter().any(|scope| {
                    let seen = &scope.queries[..scope.visible];
                    seen.iter().any(|(_, known)| *known == name.name)
                });
            if !is_with {
                self.names.push(name);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, _: &Expr) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
