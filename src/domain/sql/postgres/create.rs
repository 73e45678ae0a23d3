//! `CREATE …` of Postgres.

use squawk_syntax::SyntaxKind::{self, *};
use squawk_syntax::SyntaxNode;

use super::super::{Action, Column, Dialect, Kind, Name, Object};
use super::Reader;
use super::tree::{below, child, has, name_of, text, word, words};
use super::used::is_temporary;

/// Statements that create one thing: their node, the node of the name, and what it is.
const PLAIN: &[(SyntaxKind, SyntaxKind, Kind)] = &[
    (CREATE_VIEW, VIEW, Kind::View),
    (CREATE_MATERIALIZED_VIEW, VIEW, Kind::View),
    (CREATE_FUNCTION, FUNCTION_NAME, Kind::Function),
    (CREATE_PROCEDURE, PROCEDURE_NAME, Kind::Function),
    (CREATE_AGGREGATE, AGGREGATE_NAME, Kind::Function),
    (CREATE_TYPE, TYPE_NAME, Kind::Type),
    (CREATE_DOMAIN, DOMAIN, Kind::Type),
    (CREATE_SEQUENCE, SEQUENCE, Kind::Sequence),
];

/// The same where the name has no schema.
const BARE: &[(SyntaxKind, SyntaxKind, Kind)] = &[
    (CREATE_EXTENSION, EXTENSION, Kind::Extension),
    (CREATE_SCHEMA, SCHEMA, Kind::Schema),
    (CREATE_ROLE, ROLE, Kind::Role),
    (CREATE_USER, ROLE, Kind::Role),
    (CREATE_GROUP, ROLE, Kind::Role),
    (CREATE_PUBLICATION, PUBLICATION, Kind::Publication),
    (CREATE_EVENT_TRIGGER, EVENT_TRIGGER, Kind::Event),
];

pub(super) fn bare(name: String) -> Name {
    Name::new(Dialect::Postgres, None, name)
}

impl Reader<'_> {
    pub(super) fn create(&mut self, node: &SyntaxNode) {
        let kind = node.kind();
        match kind {
            CREATE_TABLE | CREATE_FOREIGN_TABLE | CREATE_TABLE_AS => self.create_table(node),
            SELECT_INTO => self.select_into(node),
            CREATE_INDEX => self.create_index(node),
            CREATE_TRIGGER | CREATE_POLICY | CREATE_RULE => self.create_attached(node),
            _ => {
                let plain = PLAIN.iter().find(|(it, _, _)| *it == kind);
                let made =
                    plain.and_then(|(_, at, made)| Some((*made, name_of(&child(node, *at)?)?)));
                let without = BARE.iter().find(|(it, _, _)| *it == kind);
                let made = made.or_else(|| {
                    let (_, at, made) = without?;
                    Some((*made, bare(word(node, *at)?)))
                });
                let Some((made, name)) = made else {
                    return;
                };
                if is_temporary(node) {
                    self.temporary.insert(name);
                } else {
                    self.push(Object::new(made, name), creation(node, Vec::new()));
                }
            }
        }
    }

    fn create_table(&mut self, node: &SyntaxNode) {
        let Some(name) = child(node, TABLE_NAME).and_then(|it| name_of(&it)) else {
            return;
        };
        if is_temporary(node) || name.schema.as_deref() == Some("pg_temp") {
            self.temporary.insert(bare(name.name.clone()));
            self.temporary.insert(name);
            return;
        }
        let list = child(node, TABLE_ARG_LIST);
        let columns = list.iter().flat_map(SyntaxNode::children);
        let mut columns: Vec<Column> = columns
            .filter(|it| it.kind() == COLUMN)
            .filter_map(|it| column(&it))
            .collect();
        let keys = list.iter().flat_map(|list| {
            list.children()
                .filter(|it| it.kind() == PRIMARY_KEY_CONSTRAINT)
                .flat_map(|it| words(&it, COLUMN_NAME_REF))
                .collect::<Vec<_>>()
        });
        for key in keys {
            if let Some(column) = columns.iter_mut().find(|column| column.name == key) {
                column.nullable = false;
            }
        }
        self.table(name, creation(node, columns));
    }

    /// `SELECT … INTO x` makes a table, unless a function fills a variable with it.
    fn select_into(&mut self, node: &SyntaxNode) {
        let Some(into) = child(node, INTO_CLAUSE).filter(|_| self.routine == 0) else {
            return;
        };
        match name_of(&into) {
            Some(name) if is_temporary(&into) => {
                self.temporary.insert(name);
            }
            Some(name) => self.table(name, Action::create(false)),
            None => {}
        }
    }

    fn create_index(&mut self, node: &SyntaxNode) {
        let Some(table) = child(node, TABLE_RELATION_NAME).and_then(|it| name_of(&it)) else {
            return;
        };
        let name = child(node, INDEX).and_then(|it| name_of(&it));
        // An index is where its table is.
        let name = name.map(|name| Name {
            schema: table.schema.clone(),
            name: name.name,
        });
        let items = child(node, PARTITION_ITEM_LIST);
        let items = items.iter().flat_map(SyntaxNode::children);
        let columns = items.filter_map(|item| {
            let only = item.children().next()?;
            (only.kind() == NAME_REF).then(|| word(&only, NAME_REF))?
        });
        let columns = columns.collect();
        let action = creation(node, Vec::new());
        self.attached(Kind::Index, name, &table, columns, action);
    }

    fn create_attached(&mut self, node: &SyntaxNode) {
        let (kind, name, table) = match node.kind() {
            CREATE_TRIGGER => (Kind::Trigger, TRIGGER, ON_RELATION),
            CREATE_POLICY => (Kind::Policy, POLICY, ON_TABLE),
            _ => (Kind::Rule, RULE, RULE_ON),
        };
        let table = child(node, table).and_then(|it| name_of(&it));
        let (Some(name), Some(table)) = (word(node, name), table) else {
            return;
        };
        let columns = below(node, TRIGGER_EVENT_UPDATE).flat_map(|it| words(&it, COLUMN_NAME_REF));
        let columns = columns.collect();
        let action = creation(node, Vec::new());
        self.attached(kind, Some(bare(name)), &table, columns, action);
    }
}

fn creation(node: &SyntaxNode, columns: Vec<Column>) -> Action {
    Action::Create {
        if_not_exists: has(node, IF_NOT_EXISTS),
        or_replace: has(node, OR_REPLACE),
        columns,
    }
}

/// Of a column in `CREATE TABLE` or `ADD COLUMN`.
pub(super) fn column(node: &SyntaxNode) -> Option<Column> {
    let name = word(node, COLUMN_NAME)?;
    let of_type = node
        .children()
        .find(|it| it.kind() != COLUMN_NAME && is_type(it.kind()))
        .map(|it| text(&it))
        .unwrap_or_default();
    let counts = [
        "serial",
        "bigserial",
        "smallserial",
        "serial4",
        "serial8",
        "serial2",
    ];
    let is_serial = counts.contains(&of_type.as_str());
    let is_key = has(node, PRIMARY_KEY_CONSTRAINT);
    let default = is_serial || has(node, DEFAULT_CONSTRAINT) || has(node, GENERATED_CONSTRAINT);
    Some(Column {
        name,
        nullable: !(is_serial || is_key || has(node, NOT_NULL_CONSTRAINT)),
        default,
        of_type,
    })
}

fn is_type(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        ARRAY_TYPE
            | BIT_TYPE
            | BIT_VARYING_TYPE
            | CHARACTER_TYPE
            | DOUBLE_TYPE
            | INTERVAL_TYPE
            | PATH_TYPE
            | TIME_TYPE
            | TIMESTAMP_TYPE
            | VARCHAR_TYPE
    )
}
