//! MIG15: a migration needs a table or column that only another track creates.

use std::collections::BTreeSet;

use super::deed::{Deed, builds_on, deeds, dialect, made};
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};
use crate::domain::sql::{Action, Change, Kind, Name};

pub(super) const RULE: Rule = Rule {
    code: "MIG15",
    severity: Severity::Warning,
    law: "a migration that needs what another track creates depends on that track",
    why: "The table or column is not on base; it comes with the work of another track that has not landed. Merged in the wrong order, \
          or alone, the migration fails. `depends_on` fixes the order.",
    example: "track-b adds `CREATE TABLE runs (agent_id uuid REFERENCES agent_registry (id));`, and only track-a creates agent_registry.\n\
              warning: track-b needs table agent_registry, which only track-a creates, in db/migrations/20241001_trackA_core.sql",
    way_out: "Put the other track into `depends_on`.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let dialect = dialect(facts);
    let own = deeds(facts.work(), dialect);
    if own.is_empty() {
        return;
    }
    let track = &facts.work().track;
    let peers: Vec<_> = facts
        .peers()
        .map(|peer| (&peer.work.track, deeds(peer.work, dialect)))
        .collect();
    let mut seen = BTreeSet::new();
    for (at, deed) in own.iter().enumerate() {
        for need in needs(deed, &own[..at]) {
            let there = match (&need.column, facts.migrations) {
                (_, None) => false,
                (None, Some(migrations)) => migrations.known.has_relation(&need.table),
                (Some(column), Some(migrations)) => {
                    migrations.known.has_column(&need.table, column) == Some(true)
                }
            };
            if there {
                continue;
            }
            let makers: Vec<_> = peers
                .iter()
                .filter_map(|(maker, deeds)| {
                    let deed = deeds.iter().find(|deed| need.is_made_by(deed))?;
                    Some((*maker, deed))
                })
                .collect();
            // One that it depends on is enough.
            let is_known = makers
                .iter()
                .any(|(maker, _)| builds_on(facts.project, track, maker));
            let Some((maker, made)) = makers.first().filter(|_| !is_known) else {
                continue;
            };
            let what = need.said();
            if !seen.insert((deed.path, what.clone())) {
                continue;
            }
            let verb = if need.column.is_some() {
                "adds"
            } else {
                "creates"
            };
            let message = format!(
                "{track} needs {what}, which only {maker} {verb}, in {}",
                made.path
            );
            let fix =
                format!("add \"{maker}\" to `depends_on` under `[track.{track}]` in tracks.toml");
            let finding = Finding::new(&RULE, message, fix).at(deed.path).with(maker);
            findings.push(match deed.line {
                Some(line) => finding.line(line),
                None => finding,
            });
        }
    }
}

/// Something that has to be there.
struct Need {
    table: Name,
    column: Option<String>,
}

impl Need {
    fn said(&self) -> String {
        match &self.column {
            Some(column) => format!("column {column} of table {}", self.table),
            None => format!("table {}", self.table),
        }
    }

    fn is_made_by(&self, deed: &Deed<'_>) -> bool {
        let object = &deed.effect.object;
        let is_relation = matches!(object.kind, Kind::Table | Kind::View);
        match (&self.column, &deed.effect.action) {
            (None, Action::Create { .. }) => is_relation && object.name == self.table,
            (None, Action::Rename { to }) => is_relation && *to == self.table,
            (Some(column), Action::Alter(Change::AddColumn { column: added, .. })) => {
                object.name == self.table && added.name == *column
            }
            (Some(column), Action::Alter(Change::RenameColumn { to, .. })) => {
                object.name == self.table && to == column
            }
            _ => false,
        }
    }
}

/// What a deed needs that those before it, in the same work, have not made.
fn needs(deed: &Deed<'_>, before: &[Deed<'_>]) -> Vec<Need> {
    let object = &deed.effect.object;
    if !matches!(object.kind, Kind::Table) {
        return Vec::new();
    }
    let tolerant = match &deed.effect.action {
        Action::Create { .. } | Action::Grant | Action::Comment => true,
        Action::Drop { if_exists, .. } => *if_exists,
        _ => false,
    };
    let table = object.name.clone();
    if tolerant || made(before).contains(&table) {
        return Vec::new();
    }
    let columns: Vec<String> = match &deed.effect.action {
        Action::Write(_, columns) | Action::Reference(columns) => columns.clone(),
        Action::Alter(Change::AddColumn { .. }) => Vec::new(),
        Action::Alter(change) => change.columns().into_iter().map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let added = |column: &String| {
        before.iter().any(|it| {
            let need = Need {
                table: table.clone(),
                column: Some(column.clone()),
            };
            need.is_made_by(it)
        })
    };
    let mut needs: Vec<Need> = columns
        .into_iter()
        .filter(|column| !added(column))
        .map(|column| Need {
            table: table.clone(),
            column: Some(column),
        })
        .collect();
    needs.push(Need {
        table,
        column: None,
    });
    needs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::fixture;
    use crate::domain::rule::testing::Given;

    #[test]
    fn what_only_another_track_has() {
        let table = "warning m/2.sql:1: b needs table t, which only a creates, in m/1.sql";
        let column =
            "warning m/2.sql:1: b needs column x of table old, which only a adds, in m/1.sql";
        for (base, first, second, expected) in [
            (
                "",
                "create table t (x int);",
                "create table u (x int references t);",
                table,
            ),
            ("", "create table t (x int);", "select * from t;", table),
            (
                "",
                "create table t (x int);",
                "alter table t add y int;",
                table,
            ),
            (
                "",
                "create table t (x int);",
                "create index i on t (x);",
                table,
            ),
            ("", "create view t as select 1;", "select * from t;", table),
            ("", "alter table q rename to t;", "select * from t;", table),
            (
                "create table t (x int);",
                "create table t (x int);",
                "select * from t;",
                "",
            ),
            (
                "",
                "create table t (x int);",
                "create table t (y int); select * from t;",
                "",
            ),
            ("", "create table t (x int);", "drop table if exists t;", ""),
            ("", "create table t (x int);", "select * from nobodys;", ""),
            (
                "create table old (y int);",
                "alter table old add x int;",
                "update old set x = 1;",
                column,
            ),
            (
                "create table old (y int);",
                "alter table old add x int;",
                "create index i on old (x);",
                column,
            ),
            (
                "create table old (y int);",
                "alter table old add x int;",
                "insert into old (x) values (1);",
                column,
            ),
            (
                "create table old (x int);",
                "alter table old add x int;",
                "update old set x = 1;",
                "",
            ),
            (
                "create table old (y int);",
                "alter table old add x int;",
                "update old set y = 1;",
                "",
            ),
            (
                "create table old (y int);",
                "alter table old add x int;",
                "alter table old add x int; update old set x = 1;",
                "",
            ),
        ] {
            let mut given = Given::tracks("a b");
            given.base_sql(&[("m/0.sql", base)]);
            given.work("a", "").sql("m/1.sql", first);
            given.work("b", "").sql("m/2.sql", second);
            assert_eq!(
                given.found("b", &RULE).join("|"),
                expected,
                "{base} {first} {second}"
            );
            given.project.tracks[1].depends_on = fixture::depends_on("a");
            assert_eq!(given.found("b", &RULE), [] as [&str; 0], "{first} {second}");
        }
    }
}
