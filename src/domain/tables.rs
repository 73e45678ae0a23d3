//! Who owns a table or another object of the database: the `tables` and `objects` of all tracks.

use super::name::TrackId;
use super::project::Project;
use super::sql::{Dialect, Kind, Name};

/// The patterns of a project.
#[derive(Debug, Clone, Default)]
pub struct TableOwners {
    list: Vec<(Kind, Pattern, TrackId)>,
}

/// `users`, `auth.*`, `agent_*`: `*` and `?` as in file names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    /// Of the default schema: `None`.
    schema: Option<String>,
    name: String,
    /// MySQL: a name without a database is meant in each.
    in_any_schema: bool,
}

impl TableOwners {
    pub fn new(project: &Project, dialect: Dialect) -> TableOwners {
        let mut list = Vec::new();
        for track in &project.tracks {
            for table in &track.tables {
                list.push((Kind::Table, Pattern::new(dialect, table), track.id.clone()));
            }
            for object in &track.objects {
                let Some((kind, name)) = object.split_once(':') else {
                    continue;
                };
                if let Some(kind) = Kind::named(kind) {
                    list.push((kind, Pattern::new(dialect, name), track.id.clone()));
                }
            }
        }
        TableOwners { list }
    }

    /// Whether any track owns a table.
    pub fn has_tables(&self) -> bool {
        self.list.iter().any(|(kind, _, _)| *kind == Kind::Table)
    }

    /// Each once, in the order of the file.
    pub fn of(&self, kind: Kind, name: &Name) -> Vec<&TrackId> {
        let mut owners: Vec<&TrackId> = Vec::new();
        for (of, pattern, track) in &self.list {
            if *of == kind && pattern.matches(name) && !owners.contains(&track) {
                owners.push(track);
            }
        }
        owners
    }

    /// The same of what is read: nothing in a query tells a table from a view.
    pub fn of_relation(&self, name: &Name) -> Vec<&TrackId> {
        match self.of(Kind::Table, name) {
            none if none.is_empty() => self.of(Kind::View, name),
            owners => owners,
        }
    }
}

impl Pattern {
    fn new(dialect: Dialect, text: &str) -> Pattern {
        let Name { schema, name } = Name::said(dialect, text);
        Pattern {
            in_any_schema: dialect == Dialect::MySql && schema.is_none(),
            schema,
            name,
        }
    }

    fn matches(&self, name: &Name) -> bool {
        let schema = match (&self.schema, &name.schema) {
            (None, None) => true,
            (None, Some(_)) => self.in_any_schema,
            (Some(pattern), Some(schema)) => glob(pattern, schema),
            // The default schema has no name here, and `*.users` means each.
            (Some(pattern), None) => pattern.bytes().all(|byte| byte == b'*'),
        };
        schema && glob(&self.name, &name.name)
    }
}

fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut of, mut star) = (0, 0, None);
    while of < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, of));
                at += 1;
            }
            Some(c) if *c == '?' || *c == text[of] => (at, of) = (at + 1, of + 1),
            _ => {
                // The last star takes one more.
                let Some((from, taken)) = star else {
                    return false;
                };
                star = Some((from, taken + 1));
                (at, of) = (from + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::fixture;

    #[test]
    fn patterns_of_tables() {
        use Dialect::{MySql, Postgres, Sqlite};
        for (dialect, pattern, name, expected) in [
            (Postgres, "users", "users", true),
            (Postgres, "users", "public.users", true),
            (Postgres, "Users", "users", true),
            (Postgres, "\"Users\"", "users", false),
            (Postgres, "\"Users\"", "\"Users\"", true),
            (Postgres, "users", "auth.users", false),
            (Postgres, "public.users", "users", true),
            (Postgres, "auth.*", "auth.users", true),
            (Postgres, "auth.*", "users", false),
            (Postgres, "public.*", "users", true),
            (Postgres, "*.users", "auth.users", true),
            (Postgres, "*.users", "users", true),
            (Postgres, "agent_*", "agent_registry", true),
            (Postgres, "agent_*", "agents", false),
            (Postgres, "*_log_*", "a_log_b_log_c", true),
            (Postgres, "user?", "users", true),
            (Postgres, "*", "users", true),
            (Postgres, "*", "auth.users", false),
            (MySql, "users", "shop.users", true),
            (MySql, "shop.*", "`Shop`.`Users`", true),
            (Sqlite, "User", "\"User\"", true),
        ] {
            let name = Name::said(dialect, name);
            assert_eq!(
                Pattern::new(dialect, pattern).matches(&name),
                expected,
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn owners_by_kind() {
        let mut project = fixture::project(&["a", "b"]);
        project.tracks[0].tables = vec!["users".to_owned(), "user*".to_owned()];
        project.tracks[1].objects = vec!["view:analytics_*".to_owned()];
        let owners = TableOwners::new(&project, Dialect::Postgres);
        let name = |text: &str| Name::said(Dialect::Postgres, text);
        assert_eq!(
            owners.of(Kind::Table, &name("users")),
            [&project.tracks[0].id]
        );
        assert_eq!(owners.of(Kind::View, &name("users")), [] as [&TrackId; 0]);
        let view = name("analytics_daily");
        assert_eq!(owners.of(Kind::Table, &view), [] as [&TrackId; 0]);
        assert_eq!(owners.of_relation(&view), [&project.tracks[1].id]);
    }
}
