//! What a statement does to an object.

use std::fmt;

use super::Name;

/// One thing that is done to one object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Effect {
    pub object: Object,
    pub action: Action,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Object {
    pub kind: Kind,
    pub name: Name,
    /// Of an index, a trigger, a constraint, a policy or a rule: the table that it is on, where the statement says so.
    pub table: Option<Name>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Table,
    /// Materialised ones, too.
    View,
    Index,
    Constraint,
    Trigger,
    Policy,
    /// Of `CREATE RULE`.
    Rule,
    /// Procedures and aggregates, too.
    Function,
    /// Domains, too.
    Type,
    Sequence,
    Extension,
    Schema,
    Role,
    Publication,
    /// Of the server, not of a table: `CREATE EVENT TRIGGER` (Postgres), `CREATE EVENT` (MySQL).
    Event,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Action {
    Create {
        /// Nothing happens where it is there already.
        if_not_exists: bool,
        /// It takes the place of what was there.
        or_replace: bool,
        /// Of a table, where they are written out.
        columns: Vec<Column>,
    },
    Drop {
        if_exists: bool,
        cascade: bool,
    },
    /// Also into another schema.
    Rename {
        to: Name,
    },
    /// Of a table mostly; of another object `Other` only.
    Alter(Change),
    /// The columns that are named, none where that cannot be told.
    Write(Write, Vec<String>),
    /// By a query, the body of a view, function, trigger or policy.
    Read,
    /// By a foreign key, `LIKE` or `INHERITS`; the columns that are named.
    Reference(Vec<String>),
    /// `REVOKE`, too.
    Grant,
    Comment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Write {
    Insert,
    Update,
    Delete,
    Truncate,
    Merge,
    Copy,
}

/// What is changed about an object that stays.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Change {
    AddColumn {
        column: Column,
        if_not_exists: bool,
    },
    DropColumn {
        column: String,
        if_exists: bool,
    },
    RenameColumn {
        from: String,
        to: String,
    },
    /// To another type; where the statement says the whole column anew (MySQL's `MODIFY`), that.
    ColumnType {
        column: String,
        to: String,
    },
    /// `NOT NULL` set (false) or taken away (true).
    Nullable {
        column: String,
        nullable: bool,
    },
    /// A default set (true) or taken away (false).
    Default {
        column: String,
        set: bool,
    },
    AddConstraint {
        name: Option<String>,
    },
    DropConstraint {
        name: String,
    },
    RenameConstraint {
        from: String,
        to: String,
    },
    /// An index, trigger, policy, rule or partition of the table was created, dropped or changed, with the columns that it names: the effect
    /// on that object stands beside this one.
    Attached(Kind, Vec<String>),
    /// Anything else, such as its owner or how it is stored; in the words of SQL.
    Other(String),
}

impl Change {
    /// The columns that it is about, as they are called before it.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Change::AddColumn { column, .. } => vec![&column.name],
            Change::DropColumn { column, .. }
            | Change::ColumnType { column, .. }
            | Change::Nullable { column, .. }
            | Change::Default { column, .. } => vec![column],
            Change::RenameColumn { from, .. } => vec![from],
            Change::Attached(_, columns) => columns.iter().map(String::as_str).collect(),
            Change::AddConstraint { .. }
            | Change::DropConstraint { .. }
            | Change::RenameConstraint { .. }
            | Change::Other(_) => Vec::new(),
        }
    }
}

/// A column as it is declared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Column {
    /// Folded.
    pub name: String,
    /// Lower case, blanks made single: `varchar(255)`, `timestamp with time zone`; empty where none is said (SQLite).
    pub of_type: String,
    /// Neither `NOT NULL` nor `PRIMARY KEY`.
    pub nullable: bool,
    /// It has a default, is generated or counts by itself (`serial`, `AUTO_INCREMENT`, identity).
    pub default: bool,
}

impl Kind {
    /// As `objects` of tracks.toml and the corpus call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Table => "table",
            Kind::View => "view",
            Kind::Index => "index",
            Kind::Constraint => "constraint",
            Kind::Trigger => "trigger",
            Kind::Policy => "policy",
            Kind::Rule => "rule",
            Kind::Function => "function",
            Kind::Type => "type",
            Kind::Sequence => "sequence",
            Kind::Extension => "extension",
            Kind::Schema => "schema",
            Kind::Role => "role",
            Kind::Publication => "publication",
            Kind::Event => "event",
        }
    }

    pub const ALL: [Kind; 15] = [
        Kind::Table,
        Kind::View,
        Kind::Index,
        Kind::Constraint,
        Kind::Trigger,
        Kind::Policy,
        Kind::Rule,
        Kind::Function,
        Kind::Type,
        Kind::Sequence,
        Kind::Extension,
        Kind::Schema,
        Kind::Role,
        Kind::Publication,
        Kind::Event,
    ];

    pub fn named(text: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Two of them on different tables may have the same name.
    pub fn is_named_per_table(self) -> bool {
        matches!(
            self,
            Kind::Constraint | Kind::Trigger | Kind::Policy | Kind::Rule
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.table {
            Some(table) => write!(f, "{} {} on {table}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

impl Object {
    pub fn new(kind: Kind, name: Name) -> Object {
        Object {
            kind,
            name,
            table: None,
        }
    }

    pub fn on(kind: Kind, name: Name, table: Name) -> Object {
        Object {
            kind,
            name,
            table: Some(table),
        }
    }

    /// Whether it is gone once the other is dropped: it is the same, is on that table or in that schema.
    pub fn goes_with(&self, dropped: &Object) -> bool {
        let is_in = |name: &Name| match &name.schema {
            Some(schema) => *schema == dropped.name.name,
            // Where names are without one that is the default.
            None => dropped.name.name == "public",
        };
        let has_no_schema = matches!(
            self.kind,
            Kind::Schema | Kind::Role | Kind::Extension | Kind::Publication | Kind::Event
        );
        match dropped.kind {
            kind if kind == self.kind && self.name == dropped.name => true,
            Kind::Table => self.table.as_ref() == Some(&dropped.name),
            Kind::Schema if !has_no_schema => is_in(self.table.as_ref().unwrap_or(&self.name)),
            _ => false,
        }
    }
}

impl Effect {
    pub fn new(kind: Kind, name: Name, action: Action) -> Effect {
        Effect {
            object: Object::new(kind, name),
            action,
        }
    }

    /// The table that it changes, fills or drops: its shape, its rows, or what hangs on it.
    pub fn changed_table(&self) -> Option<&Name> {
        let changes = !matches!(self.action, Action::Read | Action::Reference(_));
        (self.object.kind == Kind::Table && changes).then_some(&self.object.name)
    }

    /// The table that it reads or refers to.
    pub fn used_table(&self) -> Option<&Name> {
        let uses = matches!(self.action, Action::Read | Action::Reference(_));
        (self.object.kind == Kind::Table && uses).then_some(&self.object.name)
    }
}

impl Action {
    /// A plain creation.
    pub fn create(if_not_exists: bool) -> Action {
        Action::Create {
            if_not_exists,
            or_replace: false,
            columns: Vec::new(),
        }
    }

    /// What it is called in the corpus and in messages: `creates`, `drops`, `writes`.
    pub fn verb(&self) -> &'static str {
        match self {
            Action::Create { .. } => "creates",
            Action::Drop { .. } => "drops",
            Action::Rename { .. } => "renames",
            Action::Alter(_) => "alters",
            Action::Write(..) => "writes",
            Action::Read => "reads",
            Action::Reference(_) => "references",
            Action::Grant => "grants",
            Action::Comment => "comments",
        }
    }
}
