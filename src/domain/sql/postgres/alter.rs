//! `ALTER …` and `DROP …` of Postgres.

use squawk_syntax::SyntaxKind::{self, *};
use squawk_syntax::SyntaxNode;

use super::super::{Action, Change, Kind, Name, Object};
use super::Reader;
use super::create::{bare, column};
use super::tree::{child, has, name_of, names, text, word, words};

/// `ALTER` of one thing: the statement, the node of its name, and what it is.
const ALTERED: &[(SyntaxKind, SyntaxKind, Kind)] = &[
    (ALTER_VIEW, VIEW_REF, Kind::View),
    (ALTER_MATERIALIZED_VIEW, VIEW_REF, Kind::View),
    (ALTER_INDEX, INDEX_REF, Kind::Index),
    (ALTER_FUNCTION, FUNCTION_NAME_REF, Kind::Function),
    (ALTER_PROCEDURE, PROCEDURE_NAME_REF, Kind::Function),
    (ALTER_ROUTINE, ROUTINE_NAME_REF, Kind::Function),
    (ALTER_AGGREGATE, AGGREGATE, Kind::Function),
    (ALTER_TYPE, TYPE_NAME_REF, Kind::Type),
    (ALTER_DOMAIN, DOMAIN_REF, Kind::Type),
    (ALTER_SEQUENCE, SEQUENCE_REF, Kind::Sequence),
    (ALTER_EXTENSION, EXTENSION_REF, Kind::Extension),
    (ALTER_SCHEMA, SCHEMA_REF, Kind::Schema),
    (ALTER_ROLE, ROLE_NAME_REF, Kind::Role),
    (ALTER_USER, ROLE_NAME_REF, Kind::Role),
    (ALTER_GROUP, ROLE_NAME_REF, Kind::Role),
    (ALTER_PUBLICATION, PUBLICATION_REF, Kind::Publication),
    (ALTER_EVENT_TRIGGER, EVENT_TRIGGER_REF, Kind::Event),
];

/// `DROP` of one thing or of many.
const DROPPED: &[(SyntaxKind, SyntaxKind, Kind)] = &[
    (DROP_TABLE, TABLE_NAME_REF, Kind::Table),
    (DROP_FOREIGN_TABLE, TABLE_NAME_REF, Kind::Table),
    (DROP_VIEW, VIEW_REF, Kind::View),
    (DROP_MATERIALIZED_VIEW, VIEW_REF, Kind::View),
    (DROP_INDEX, INDEX_REF, Kind::Index),
    (DROP_FUNCTION, FUNCTION_NAME_REF, Kind::Function),
    (DROP_PROCEDURE, PROCEDURE_NAME_REF, Kind::Function),
    (DROP_ROUTINE, ROUTINE_NAME_REF, Kind::Function),
    (DROP_AGGREGATE, AGGREGATE, Kind::Function),
    (DROP_TYPE, TYPE_NAME_REF, Kind::Type),
    (DROP_DOMAIN, DOMAIN_REF, Kind::Type),
    (DROP_SEQUENCE, SEQUENCE_REF, Kind::Sequence),
    (DROP_EXTENSION, EXTENSION_REF, Kind::Extension),
    (DROP_SCHEMA, SCHEMA_REF, Kind::Schema),
    (DROP_ROLE, ROLE_NAME_REF, Kind::Role),
    (DROP_USER, ROLE_NAME_REF, Kind::Role),
    (DROP_GROUP, ROLE_NAME_REF, Kind::Role),
    (DROP_PUBLICATION, PUBLICATION_REF, Kind::Publication),
    (DROP_EVENT_TRIGGER, EVENT_TRIGGER_REF, Kind::Event),
];

impl Reader<'_> {
    pub(super) fn alter(&mut self, node: &SyntaxNode) {
        let kind = node.kind();
        match kind {
            ALTER_TABLE | ALTER_FOREIGN_TABLE => return self.alter_table(node),
            ALTER_POLICY | ALTER_TRIGGER | ALTER_RULE | DROP_POLICY | DROP_TRIGGER | DROP_RULE => {
                return self.hanging(node);
            }
            _ => {}
        }
        if let Some((_, at, what)) = ALTERED.iter().find(|(it, _, _)| *it == kind) {
            if let Some(name) = named(node, *at).into_iter().next() {
                let action = renaming(node, &name).unwrap_or_else(|| other(node, &name));
                self.push(Object::new(*what, name), action);
            }
        } else if let Some((_, at, what)) = DROPPED.iter().find(|(it, _, _)| *it == kind) {
            for name in named(node, *at) {
                self.push(Object::new(*what, name), dropping(node));
            }
        }
    }

    /// What hangs on a table.
    fn hanging(&mut self, node: &SyntaxNode) {
        let (kind, at) = match node.kind() {
            ALTER_POLICY | DROP_POLICY => (Kind::Policy, POLICY_REF),
            ALTER_TRIGGER | DROP_TRIGGER => (Kind::Trigger, TRIGGER_REF),
            _ => (Kind::Rule, RULE_REF),
        };
        let place = child(node, ON_TABLE).or_else(|| child(node, ON_RELATION));
        let place = place.and_then(|it| name_of(&it)).or_else(|| name_of(node));
        let (Some(name), Some(table)) = (word(node, at), place) else {
            return;
        };
        let name = bare(name);
        let drops = matches!(node.kind(), DROP_POLICY | DROP_TRIGGER | DROP_RULE);
        let action = match drops {
            true => dropping(node),
            false => renaming(node, &name)
                .unwrap_or_else(|| Action::Alter(Change::Other("alter".to_owned()))),
        };
        self.attached(kind, Some(name), &table, Vec::new(), action);
    }

    fn alter_table(&mut self, node: &SyntaxNode) {
        let Some(table) = child(node, TABLE_RELATION_NAME).and_then(|it| name_of(&it)) else {
            return;
        };
        for action in node.children() {
            let part = match action.kind() {
                TABLE_RELATION_NAME | IF_EXISTS => continue,
                ATTACH_PARTITION | DETACH_PARTITION => name_of(&action),
                _ => None,
            };
            if let Some(action) = renaming_by(&action, &table) {
                self.table(table.clone(), action);
                continue;
            }
            self.constraint_changed(&action, &table);
            for change in changes(&action) {
                self.change(&table, change);
            }
            if let Some(part) = part {
                self.change(&part, Change::Other(text(&action)));
            }
        }
    }

    /// Of constraints that stay, or go: those that come are seen wherever they stand.
    fn constraint_changed(&mut self, action: &SyntaxNode, table: &Name) {
        let of = |name: String| Object::on(Kind::Constraint, bare(name), table.clone());
        let old = child(action, CONSTRAINT_NAME_REF).and_then(|it| name_of(&it));
        match (action.kind(), old) {
            (DROP_CONSTRAINT, Some(old)) => self.push(of(old.name), dropping(action)),
            (RENAME_CONSTRAINT, Some(old)) => {
                let to = word(action, CONSTRAINT_NAME).map(bare);
                if let Some(to) = to {
                    self.push(of(old.name), Action::Rename { to });
                }
            }
            _ => {}
        }
    }
}

/// One action of `ALTER TABLE`.
fn changes(action: &SyntaxNode) -> Vec<Change> {
    let old = || word(action, COLUMN_NAME_REF);
    let constraint = || child(action, CONSTRAINT_NAME_REF).and_then(|it| name_of(&it));
    let change = match action.kind() {
        ADD_COLUMN => column(action).map(|column| Change::AddColumn {
            column,
            if_not_exists: has(action, IF_NOT_EXISTS),
        }),
        DROP_COLUMN => old().map(|column| Change::DropColumn {
            column,
            if_exists: has(action, IF_EXISTS),
        }),
        RENAME_COLUMN => old().and_then(|from| {
            let to = word(action, COLUMN_NAME)?;
            Some(Change::RenameColumn { from, to })
        }),
        ADD_CONSTRAINT => Some(Change::AddConstraint {
            name: word(action, CONSTRAINT_NAME),
        }),
        DROP_CONSTRAINT => constraint().map(|name| Change::DropConstraint { name: name.name }),
        RENAME_CONSTRAINT => constraint().and_then(|from| {
            let to = word(action, CONSTRAINT_NAME)?;
            let from = from.name;
            Some(Change::RenameConstraint { from, to })
        }),
        ALTER_COLUMN => old().map(|column| column_change(action, column)),
        _ => None,
    };
    vec![change.unwrap_or_else(|| Change::Other(text(action)))]
}

fn column_change(action: &SyntaxNode, column: String) -> Change {
    let option = action.children().find(|it| it.kind() != COLUMN_NAME_REF);
    match option.as_ref().map(|it| (it.kind(), it)) {
        Some((SET_TYPE, option)) => Change::ColumnType {
            column,
            to: option
                .children()
                .next()
                .map(|it| text(&it))
                .unwrap_or_default(),
        },
        Some((SET_NOT_NULL, _)) => Change::Nullable {
            column,
            nullable: false,
        },
        Some((DROP_NOT_NULL, _)) => Change::Nullable {
            column,
            nullable: true,
        },
        Some((SET_DEFAULT | ADD_GENERATED, _)) => Change::Default { column, set: true },
        Some((DROP_DEFAULT | DROP_IDENTITY, _)) => Change::Default { column, set: false },
        _ => Change::Other(text(action)),
    }
}

fn named(node: &SyntaxNode, at: SyntaxKind) -> Vec<Name> {
    let with_schema = names(node, at);
    if with_schema.is_empty() {
        return words(node, at).into_iter().map(bare).collect();
    }
    with_schema
}

/// `RENAME TO` and `SET SCHEMA` among the actions of a statement.
fn renaming(node: &SyntaxNode, name: &Name) -> Option<Action> {
    node.children().find_map(|it| renaming_by(&it, name))
}

fn renaming_by(action: &SyntaxNode, name: &Name) -> Option<Action> {
    if action.kind() == SET_SCHEMA {
        let schema = word(action, SCHEMA_REF)?;
        let to = Name::new(
            super::super::Dialect::Postgres,
            Some(schema),
            name.name.clone(),
        );
        return Some(Action::Rename { to });
    }
    let to = match action.kind() {
        SCHEMA_RENAME_TO => bare(word(action, SCHEMA)?),
        ROLE_RENAME_TO => bare(word(action, ROLE)?),
        POLICY_RENAME_TO => bare(word(action, POLICY)?),
        TRIGGER_RENAME_TO => bare(word(action, TRIGGER)?),
        TABLE_RENAME_TO | VIEW_RENAME_TO | INDEX_RENAME_TO | FUNCTION_RENAME_TO
        | PROCEDURE_RENAME_TO | ROUTINE_RENAME_TO | AGGREGATE_RENAME_TO | TYPE_RENAME_TO
        | DOMAIN_RENAME_TO | SEQUENCE_RENAME_TO => Name {
            schema: name.schema.clone(),
            name: name_of(action)?.name,
        },
        _ => return None,
    };
    Some(Action::Rename { to })
}

/// In the words of the statement, without its name.
fn other(node: &SyntaxNode, name: &Name) -> Action {
    let last = node.children().last();
    let said = last
        .map(|it| text(&it))
        .filter(|it| *it != name.to_string());
    Action::Alter(Change::Other(said.unwrap_or_else(|| "alter".to_owned())))
}

fn dropping(node: &SyntaxNode) -> Action {
    Action::Drop {
        if_exists: has(node, IF_EXISTS),
        cascade: has(node, CASCADE),
    }
}
