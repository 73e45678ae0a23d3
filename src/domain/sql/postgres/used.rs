//! What queries read and what foreign keys refer to, wherever they stand in a statement.

use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::normalize_name_node;

use super::super::{Action, Change, Dialect, Kind, Name, Object};
use super::Reader;
use super::tree::{below, child, column_of, has, name_of, names, word, words};

impl Reader<'_> {
    pub(super) fn used(&mut self, node: &SyntaxNode) {
        match node.kind() {
            RELATION_FROM_ITEM | TABLE => {
                if let Some(name) = name_of(node).filter(|name| !is_of_with(node, name)) {
                    self.table(name, Action::Read);
                }
            }
            REFERENCES_CONSTRAINT => self.key(node, words(node, COLUMN_NAME_REF)),
            FOREIGN_KEY_CONSTRAINT => {
                let lists = below(node, FOREIGN_KEY_COLUMN_LIST).skip(1);
                let columns = lists.flat_map(|list| words(&list, COLUMN_NAME_REF));
                let columns = columns.collect();
                self.key(node, columns);
            }
            // Its rows may go there from now on.
            PARTITION_OF => {
                for name in names(node, TABLE_NAME_REF) {
                    let change = Change::Attached(Kind::Table, Vec::new());
                    self.table(name, Action::Alter(change));
                }
            }
            INHERITS | INHERIT_TABLE => {
                for name in names(node, TABLE_NAME_REF) {
                    self.table(name, Action::Reference(Vec::new()));
                }
            }
            LIKE_CLAUSE => {
                if let Some(name) = name_of(node) {
                    self.table(name, Action::Reference(Vec::new()));
                }
            }
            OPTION_OWNED_BY => {
                if let Some((table, column)) = column_of(node) {
                    self.table(table, Action::Reference(vec![column]));
                }
            }
            PERCENT_TYPE => {
                if let Some((table, _)) = column_of(node) {
                    self.table(table, Action::Read);
                }
            }
            PLPGSQL_PERCENT_ROWTYPE => {
                if let Some(table) = name_of(node) {
                    self.table(table, Action::Read);
                }
            }
            CONSTRAINT_NAME_CLAUSE => self.constraint(node),
            _ => {}
        }
    }

    fn key(&mut self, node: &SyntaxNode, columns: Vec<String>) {
        let target = child(node, TABLE_NAME_REF).and_then(|it| name_of(&it));
        if let Some(target) = target {
            self.table(target, Action::Reference(columns));
        }
    }

    /// A constraint that is given a name, in a table that is created or changed.
    fn constraint(&mut self, node: &SyntaxNode) {
        let Some(name) = word(node, CONSTRAINT_NAME) else {
            return;
        };
        let statement = node
            .ancestors()
            .find(|it| matches!(it.kind(), CREATE_TABLE | CREATE_FOREIGN_TABLE | ALTER_TABLE));
        let table = statement.and_then(|statement| {
            let written =
                child(&statement, TABLE_NAME).or_else(|| child(&statement, TABLE_RELATION_NAME))?;
            name_of(&written)
        });
        if let Some(table) = table {
            let name = Name::new(Dialect::Postgres, None, name);
            let object = Object::on(Kind::Constraint, name, table);
            self.push(object, Action::create(false));
        }
    }
}

/// Whether a name without a schema is one of the `WITH` queries that can be seen from here.
fn is_of_with(node: &SyntaxNode, name: &Name) -> bool {
    if name.schema.is_some() {
        return false;
    }
    let mut inside: Option<SyntaxNode> = None;
    for ancestor in node.ancestors() {
        if ancestor.kind() == WITH_TABLE {
            inside = Some(ancestor);
            continue;
        }
        let clause = match ancestor.kind() {
            WITH_CLAUSE => Some(ancestor.clone()),
            _ => child(&ancestor, WITH_CLAUSE),
        };
        let Some(clause) = clause else {
            continue;
        };
        let recursive = clause
            .children_with_tokens()
            .any(|it| it.kind() == RECURSIVE_KW);
        let is_clause = ancestor.kind() == WITH_CLAUSE;
        let seen = clause
            .children()
            .filter(|it| it.kind() == WITH_TABLE)
            // A query sees those before it, and itself where the clause is recursive.
            .take_while(|it| !is_clause || recursive || Some(it) != inside.as_ref())
            .filter_map(|it| child(&it, CTE_NAME))
            .any(|it| normalize_name_node(&it) == name.name);
        if seen {
            return true;
        }
        if is_clause {
            // The statement that the clause belongs to adds nothing: its queries were just looked at.
            return ancestor
                .parent()
                .and_then(|statement| statement.parent())
                .is_some_and(|outer| is_of_with(&outer, name));
        }
    }
    false
}

/// Used by what creates tables: whether it is `TEMP`.
pub(super) fn is_temporary(node: &SyntaxNode) -> bool {
    has(node, TEMP)
}
