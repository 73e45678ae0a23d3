//! MySQL and SQLite: what a statement does is read off its words, because sqlparser's trees leave out what DROP, COMMENT,
//! GRANT, triggers and foreign keys are about; which tables a query reads is read off sqlparser's tree of it, and whether a
//! statement is one at all is for sqlparser to say where the words do not.

mod definition;
mod making;
mod queries;
mod rows;
mod scan;
mod words;

use std::collections::BTreeSet;

use super::lexer::{Token, tokens};
use super::{Action, Change, Dialect, Effect, Kind, Name, Object};
use words::Words;

/// What one statement does, and why it could not be read.
pub(super) fn read(
    dialect: Dialect,
    text: &str,
    temporary: &mut BTreeSet<Name>,
) -> (Vec<Effect>, Option<String>) {
    let list = tokens(dialect, text);
    let mut reader = Reader {
        dialect,
        effects: Vec::new(),
        temporary,
        in_body: false,
        tree: None,
        sure: false,
    };
    reader.statement(text, &list);
    let unreadable = match reader.sure {
        true => None,
        false => reader.tree(text).err(),
    };
    (reader.effects, unreadable)
}

struct Reader<'t> {
    dialect: Dialect,
    effects: Vec<Effect>,
    temporary: &'t mut BTreeSet<Name>,
    /// In the body of a trigger or a routine: what is done there is not done by this statement.
    in_body: bool,
    /// Sqlparser's answer, once it was asked.
    tree: Option<Result<queries::Tree, String>>,
    /// The words left no doubt about the statement.
    sure: bool,
}

/// Statements that do nothing to any object.
const IDLE: &[&str] = &[
    "set",
    "begin",
    "start",
    "commit",
    "rollback",
    "savepoint",
    "release",
    "end",
    "use",
    "pragma",
    "lock",
    "unlock",
    "analyze",
    "optimize",
    "check",
    "flush",
    "vacuum",
    "reindex",
    "attach",
    "detach",
    "show",
    "describe",
    "desc",
    "do",
    "call",
    "kill",
    "checksum",
    "repair",
    "source",
    "warnings",
    "deallocate",
    "prepare",
    "execute",
];

impl Reader<'_> {
    fn statement(&mut self, text: &str, list: &[Token<'_>]) {
        let mut words = Words::new(self.dialect, list);
        let first = words.peek().map(|it| it.text.to_ascii_lowercase());
        match first.as_deref().unwrap_or_default() {
            "create" => self.create(text, &mut words),
            "alter" => self.alter(text, &mut words),
            "drop" => self.drop(&mut words),
            "rename" => self.rename(&mut words),
            "grant" | "revoke" => self.grant(&mut words),
            "insert" | "replace" => self.insert(text, &mut words),
            "update" => self.update(text, &mut words),
            "delete" => self.delete(text, &mut words),
            "truncate" => self.truncate(&mut words),
            "load" => self.load(&mut words),
            "with" => self.with(text, &mut words),
            "select" | "values" | "table" | "explain" | "(" => self.queries(text, list),
            word if IDLE.contains(&word) => self.sure = true,
            _ => {}
        }
    }

    fn push(&mut self, object: Object, action: Action) {
        let is_table = matches!(object.kind, Kind::Table | Kind::View);
        let is_temp = |name: &Name| {
            let schema = name.schema.as_deref();
            self.temporary.contains(name)
                || (self.dialect == Dialect::Sqlite && matches!(schema, Some("temp" | "temporary")))
        };
        let skipped = (is_table && (object.name.is_of_the_system() || is_temp(&object.name)))
            || object.table.as_ref().is_some_and(is_temp)
            || (is_table && object.name.name == "dual" && self.dialect == Dialect::MySql);
        if skipped {
            return;
        }
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

    fn bare(&self, name: String) -> Name {
        Name::new(self.dialect, None, name)
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
        if let Some(name) = name {
            self.push(Object::on(kind, name, table.clone()), action);
        }
        self.change(table, Change::Attached(kind, columns));
    }
}
