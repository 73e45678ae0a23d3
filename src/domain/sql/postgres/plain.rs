//! Rows, privileges and comments of Postgres.

use squawk_syntax::SyntaxKind::*;
use squawk_syntax::SyntaxNode;

use super::super::{Action, Change, Kind, Object, Write};
use super::Reader;
use super::create::bare;
use super::tree::{below, child, column_of, name_of, names, word, words};

impl Reader<'_> {
    pub(super) fn plain(&mut self, node: &SyntaxNode) {
        match node.kind() {
            INSERT => self.write(node, RELATION_NAME_REF, Write::Insert),
            UPDATE => self.write(node, RELATION_NAME, Write::Update),
            DELETE => self.write(node, RELATION_NAME, Write::Delete),
            MERGE => self.write(node, TABLE_RELATION_NAME, Write::Merge),
            TRUNCATE => {
                for name in names(node, TABLE_NAME_REF) {
                    self.table(name, Action::Write(Write::Truncate, Vec::new()));
                }
            }
            COPY => self.copy(node),
            REFRESH => {
                if let Some(name) = name_of(node) {
                    let change = Change::Other("refresh".to_owned());
                    self.push(Object::new(Kind::View, name), Action::Alter(change));
                }
            }
            GRANT | REVOKE => self.grant(node),
            COMMENT_ON => self.comment(node),
            _ => {}
        }
    }

    fn write(&mut self, node: &SyntaxNode, at: squawk_syntax::SyntaxKind, write: Write) {
        let Some(name) = child(node, at).and_then(|it| name_of(&it)) else {
            return;
        };
        let targets = match write {
            Write::Insert => child(node, COLUMN_TARGET_LIST),
            _ => child(node, SET_CLAUSE),
        };
        let columns = targets.iter().flat_map(|list| {
            below(list, COLUMN_TARGET)
                .filter_map(|it| word(&it, COLUMN_NAME_REF))
                .collect::<Vec<_>>()
        });
        let columns = columns.collect();
        self.table(name, Action::Write(write, columns));
    }

    fn copy(&mut self, node: &SyntaxNode) {
        let Some(target) = child(node, COPY_TABLE) else {
            return;
        };
        let Some(name) = name_of(&target) else {
            return;
        };
        let action = match child(node, COPY_FROM) {
            Some(_) => Action::Write(Write::Copy, words(&target, COLUMN_NAME_REF)),
            None => Action::Read,
        };
        self.table(name, action);
    }

    fn grant(&mut self, node: &SyntaxNode) {
        let Some(on) = child(node, ON_PRIVILEGE_OBJECTS_CLAUSE) else {
            return;
        };
        for objects in on.children() {
            let (kind, names) = match objects.kind() {
                PRIVILEGE_TABLE | PRIVILEGE_DEFAULT => {
                    (Kind::Table, names(&objects, RELATION_NAME_REF))
                }
                PRIVILEGE_SEQUENCE => (Kind::Sequence, names(&objects, SEQUENCE_REF)),
                PRIVILEGE_FUNCTION => (Kind::Function, names(&objects, FUNCTION_NAME_REF)),
                PRIVILEGE_PROCEDURE => (Kind::Function, names(&objects, PROCEDURE_NAME_REF)),
                PRIVILEGE_ROUTINE => (Kind::Function, names(&objects, ROUTINE_NAME_REF)),
                PRIVILEGE_TYPE => (Kind::Type, names(&objects, TYPE_NAME_REF)),
                PRIVILEGE_DOMAIN => (Kind::Type, names(&objects, DOMAIN_REF)),
                _ => {
                    let schemas = words(&objects, SCHEMA_REF);
                    (Kind::Schema, schemas.into_iter().map(bare).collect())
                }
            };
            for name in names {
                self.push(Object::new(kind, name), Action::Grant);
            }
        }
    }

    fn comment(&mut self, node: &SyntaxNode) {
        let Some(on) = node.children().next() else {
            return;
        };
        let hanging = match on.kind() {
            OBJECT_CONSTRAINT => Some((Kind::Constraint, CONSTRAINT_NAME_REF)),
            OBJECT_TRIGGER => Some((Kind::Trigger, TRIGGER_REF)),
            OBJECT_POLICY => Some((Kind::Policy, POLICY_REF)),
            OBJECT_RULE => Some((Kind::Rule, RULE_REF)),
            _ => None,
        };
        if let Some((kind, at)) = hanging {
            let part = child(&on, at);
            let name = part.as_ref().and_then(name_of).map(|name| name.name);
            let name = name.or_else(|| word(&on, at));
            let table = on.children().last().and_then(|it| name_of(&it));
            if let (Some(name), Some(table)) = (name, table) {
                self.attached(kind, Some(bare(name)), &table, Vec::new(), Action::Comment);
            }
            return;
        }
        let object = match on.kind() {
            OBJECT_COLUMN => column_of(&on).map(|(table, _)| Object::new(Kind::Table, table)),
            OBJECT_EXTENSION => {
                word(&on, EXTENSION_REF).map(|it| Object::new(Kind::Extension, bare(it)))
            }
            OBJECT_SCHEMA => word(&on, SCHEMA_REF).map(|it| Object::new(Kind::Schema, bare(it))),
            OBJECT_ROLE => word(&on, ROLE_NAME_REF).map(|it| Object::new(Kind::Role, bare(it))),
            _ => {
                let kind = match on.kind() {
                    OBJECT_TABLE | OBJECT_FOREIGN_TABLE => Some(Kind::Table),
                    OBJECT_VIEW | OBJECT_MATERIALIZED_VIEW => Some(Kind::View),
                    OBJECT_INDEX => Some(Kind::Index),
                    OBJECT_FUNCTION | OBJECT_PROCEDURE | OBJECT_ROUTINE | OBJECT_AGGREGATE => {
                        Some(Kind::Function)
                    }
                    OBJECT_TYPE | OBJECT_DOMAIN => Some(Kind::Type),
                    OBJECT_SEQUENCE => Some(Kind::Sequence),
                    _ => None,
                };
                kind.and_then(|kind| Some(Object::new(kind, name_of(&on)?)))
            }
        };
        if let Some(object) = object {
            self.push(object, Action::Comment);
        }
    }
}
