//! Postgres: statements as squawk's syntax tree has them, which stays whole where a part of it is wrong, and which has trees
//! for the bodies of functions, too.

mod alter;
mod create;
mod plain;
mod tree;
mod used;
mod variables;

use std::collections::BTreeSet;

use squawk_syntax::SyntaxKind::*;
use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::plpgsql::Plpgsql;
use squawk_syntax::syntax_error::SyntaxError;
use squawk_syntax::{SourceFile, SyntaxNode};

use super::{Action, Change, Dialect, Effect, Kind, Name, Object, bounds};

/// How many statements may be inside each other by `EXECUTE '…'` and `DO`.
const DEEPEST: usize = 4;

/// What one statement does, and why a part of it could not be read. `temporary`: the names that mean temporary tables, to
/// which the statement adds its own.
pub(super) fn read(text: &str, temporary: &mut BTreeSet<Name>) -> (Vec<Effect>, Option<String>) {
    let mut reader = Reader {
        effects: Vec::new(),
        unreadable: None,
        temporary,
        body: 0,
        routine: 0,
        depth: 0,
    };
    match bounds::exceeded(Dialect::Postgres, text) {
        Some(why) => reader.unreadable = Some(why),
        None => reader.text(text),
    }
    (reader.effects, reader.unreadable)
}

struct Reader<'t> {
    effects: Vec<Effect>,
    unreadable: Option<String>,
    temporary: &'t mut BTreeSet<Name>,
    /// In how many bodies of functions it is: what is done there is not done by this statement.
    body: usize,
    /// In how many blocks of PL/pgSQL it is, where `INTO` fills variables.
    routine: usize,
    depth: usize,
}

impl Reader<'_> {
    fn text(&mut self, text: &str) {
        if self.depth == DEEPEST {
            return;
        }
        self.depth += 1;
        let parse = SourceFile::parse(text);
        self.fails(&parse.errors());
        self.walk(parse.tree().syntax());
        self.depth -= 1;
    }

    fn fails(&mut self, errors: &[SyntaxError]) {
        if let (Some(error), None) = (errors.first(), &self.unreadable) {
            self.unreadable = Some(error.message().to_owned());
        }
    }

    fn walk(&mut self, root: &SyntaxNode) {
        // What `BEGIN ATOMIC … END` of a function and what a rule does is done some other time.
        let later: Vec<_> = root
            .descendants()
            .filter(|it| matches!(it.kind(), ATOMIC_BODY | RULE_DO))
            .map(|it| it.text_range())
            .collect();
        for node in root.descendants() {
            let range = node.text_range();
            let inside = later
                .iter()
                .any(|it| it.contains_range(range) && *it != range);
            self.body += usize::from(inside);
            self.create(&node);
            self.alter(&node);
            self.plain(&node);
            self.used(&node);
            self.bodies(&node);
            self.body -= usize::from(inside);
        }
    }

    /// Statements that are inside a string.
    fn bodies(&mut self, node: &SyntaxNode) {
        let kind = node.kind();
        if kind == DO {
            if let Some(block) = ast::Do::cast(node.clone()).and_then(|it| it.plpgsql()) {
                self.block(&block);
            }
            return;
        }
        if kind == PLPGSQL_DYN_EXECUTE_STMT {
            return self.executed(node);
        }
        let (block, queries) = match kind {
            CREATE_FUNCTION => match ast::CreateFunction::cast(node.clone()) {
                Some(it) => (it.plpgsql(), it.sql_body()),
                None => return,
            },
            CREATE_PROCEDURE => match ast::CreateProcedure::cast(node.clone()) {
                Some(it) => (it.plpgsql(), it.sql_body()),
                None => return,
            },
            _ => return,
        };
        self.body += 1;
        if let Some(block) = block {
            self.block(&block);
        }
        if let Some(queries) = queries {
            self.walk(&queries.syntax());
        }
        self.body -= 1;
    }

    fn block(&mut self, block: &Plpgsql) {
        if self.depth == DEEPEST {
            return;
        }
        (self.depth, self.routine) = (self.depth + 1, self.routine + 1);
        let errors = block.errors();
        let without = match errors.is_empty() {
            true => None,
            false => variables::without(block.text()).and_then(|body| anew(&body)),
        };
        match without {
            Some(again) => {
                self.fails(&again.errors());
                self.walk(&again.syntax());
            }
            None => {
                self.fails(&errors);
                self.walk(&block.syntax());
            }
        }
        (self.depth, self.routine) = (self.depth - 1, self.routine - 1);
    }

    /// `EXECUTE 'DROP TABLE x'`. Of what is put together from parts the first counts, if it ends between two words; the rest is
    /// not known before it runs.
    fn executed(&mut self, node: &SyntaxNode) {
        let Some(literal) = tree::first(node, LITERAL) else {
            return;
        };
        let mut tokens = node
            .descendants_with_tokens()
            .filter_map(squawk_syntax::SyntaxElement::into_token)
            .filter(|token| !token.kind().is_trivia());
        tokens.next();
        let is_first = tokens
            .next()
            .is_some_and(|token| token.text_range() == literal.text_range());
        let is_all = tokens
            .next()
            .is_none_or(|next| next.text() == ";" || next.kind() == USING_KW);
        let said = ast::Literal::cast(literal).and_then(|it| it.string_value());
        let Some(text) = said.filter(|_| is_first) else {
            return;
        };
        if is_all {
            self.text(&text);
        } else if text.ends_with(char::is_whitespace) {
            let before = self.unreadable.take();
            self.text(&text);
            self.unreadable = before;
        }
    }

    fn push(&mut self, object: Object, action: Action) {
        let is_table = matches!(object.kind, Kind::Table | Kind::View | Kind::Sequence);
        let is_temp = |name: &Name| self.temporary.contains(name);
        let temporary =
            (is_table && is_temp(&object.name)) || object.table.as_ref().is_some_and(is_temp);
        let of_temp = |name: &Name| name.schema.as_deref() == Some("pg_temp");
        if (is_table && object.name.is_of_the_system()) || temporary || of_temp(&object.name) {
            return;
        }
        let action = match (self.body > 0, action) {
            (false, action) => action,
            (true, Action::Write(..) | Action::Read | Action::Reference(_)) => Action::Read,
            (true, Action::Alter(_)) if object.kind == Kind::Table => Action::Read,
            (true, _) => return,
        };
        let effect = Effect { object, action };
        if !self.effects.contains(&effect) {
            self.effects.push(effect);
        }
    }

    fn table(&mut self, name: Name, action: Action) {
        self.push(Object::new(Kind::Table, name), action);
    }

    fn change(&mut self, table: &Name, change: Change) {
        self.table(table.clone(), Action::Alter(change));
    }

    /// Something that hangs on a table, and the table.
    fn attached(
        &mut self,
        kind: Kind,
        name: Option<Name>,
        table: &Name,
        columns: Vec<String>,
        action: Action,
    ) {
        let comments = action == Action::Comment;
        if let Some(name) = name {
            self.push(Object::on(kind, name, table.clone()), action);
        }
        if !comments {
            self.change(table, Change::Attached(kind, columns));
        }
    }
}

/// Another body, as if a `DO` had it.
fn anew(body: &str) -> Option<Plpgsql> {
    let mut tag = "$tracks$".to_owned();
    while body.contains(&tag) {
        tag.insert(1, 't');
    }
    let parse = SourceFile::parse(&format!("DO {tag}{body}{tag}"));
    let tree = parse.tree();
    let found = tree.syntax().children().find_map(ast::Do::cast);
    found.and_then(|it| it.plpgsql())
}
