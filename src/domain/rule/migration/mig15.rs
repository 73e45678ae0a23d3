//! MIG15: a migration needs a table or column that only another track creates.

use std::collections::{HashMap, HashSet};

use super::deed::{Deed, deeds, deeds_of, dialect};
use crate::domain::name::TrackId;
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
        .map(|peer| (&peer.work.track, deeds_of(&peer, facts.work(), dialect)))
        .collect();
    let peers: Vec<Maker<'_>> = peers
        .iter()
        .map(|(id, deeds)| Maker::new(facts, id, deeds))
        .collect();
    let mut made = HashSet::new();
    let mut seen = HashSet::new();
    for deed in &own {
        let needs = needs(deed, &made);
        made.extend(makes(deed));
        for need in needs {
            // Once in a file.
            if !seen.insert((deed.path, need)) {
                continue;
            }
            let there = match (need.column, facts.migrations) {
                (_, None) => false,
                (None, Some(migrations)) => migrations.known.has_relation(need.table),
                (Some(column), Some(migrations)) => {
                    migrations.known.has_column(need.table, column) == Some(true)
                }
            };
            if there {
                continue;
            }
            let mut makers = peers.iter().filter(|it| it.made.contains_key(&need));
            let Some(first) = makers.next() else {
                continue;
            };
            // One that it depends on is enough.
            if first.is_needed || makers.any(|it| it.is_needed) {
                continue;
            }
            let (maker, made) = (first.track, first.made[&need]);
            let what = need.said();
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Need<'a> {
    table: &'a Name,
    column: Option<&'a str>,
}

impl Need<'_> {
    fn said(&self) -> String {
        match self.column {
            Some(column) => format!("column {column} of table {}", self.table),
            None => format!("table {}", self.table),
        }
    }
}

/// Another track, and the first deed that makes each thing that it makes.
struct Maker<'a> {
    track: &'a TrackId,
    /// The judged track is built on it.
    is_needed: bool,
    made: HashMap<Need<'a>, &'a Deed<'a>>,
}

impl<'a> Maker<'a> {
    fn new(facts: &Facts<'_>, track: &'a TrackId, deeds: &'a [Deed<'a>]) -> Maker<'a> {
        let mut made = HashMap::new();
        for deed in deeds {
            if let Some(need) = makes(deed) {
                made.entry(need).or_insert(deed);
            }
        }
        Maker {
            track,
            is_needed: facts.is_built_on(&facts.work().track, track),
            made,
        }
    }
}

/// The need that a deed meets.
fn makes<'a>(deed: &'a Deed<'_>) -> Option<Need<'a>> {
    if let Some(table) = deed.made() {
        let column = None;
        return Some(Need { table, column });
    }
    let column = match &deed.effect.action {
        Action::Alter(Change::AddColumn { column, .. }) => &column.name,
        Action::Alter(Change::RenameColumn { to, .. }) => to,
        _ => return None,
    };
    Some(Need {
        table: &deed.effect.object.name,
        column: Some(column),
    })
}

/// What a deed needs that those before it, in the same work, have not made.
fn needs<'a>(deed: &'a Deed<'_>, made: &HashSet<Need<'_>>) -> Vec<Need<'a>> {
    let object = &deed.effect.object;
    if !matches!(object.kind, Kind::Table) {
        return Vec::new();
    }
    let tolerant = match &deed.effect.action {
        Action::Create { .. } | Action::Grant | Action::Comment => true,
        Action::Drop { if_exists, .. } => *if_exists,
        _ => false,
    };
    let table = &object.name;
    let itself = Need {
        table,
        column: None,
    };
    if tolerant || made.contains(&itself) {
        return Vec::new();
    }
    let columns: Vec<&str> = match &deed.effect.action {
        Action::Write(_, columns) | Action::Reference(columns) => {
            columns.iter().map(String::as_str).collect()
        }
        Action::Alter(Change::AddColumn { .. }) => Vec::new(),
        Action::Alter(change) => change.columns(),
        _ => Vec::new(),
    };
    let columns = columns.into_iter().map(|column| Need {
        table,
        column: Some(column),
    });
    let mut needs: Vec<Need<'_>> = columns.filter(|need| !made.contains(need)).collect();
    needs.push(itself);
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

    #[test]
    fn what_both_have_is_not_only_anothers() {
        let mut given = Given::tracks("a b");
        given
            .work("a", "")
            .sql("m/3.sql", "create table t (x int);");
        given.work("b", "").sql("m/2.sql", "select * from t;");
        assert_eq!(given.found("b", &RULE).len(), 1);
        given.works[1].sql("m/3.sql", "create table t (x int);");
        assert_eq!(given.found("b", &RULE), [""; 0]);
    }

    #[test]
    fn many_statements_are_one_finding_and_one_pass() {
        let mut given = Given::tracks("a b");
        given
            .work("a", "")
            .sql("m/1.sql", "create table t (x int);");
        let made: String = (0..3000)
            .map(|at| format!("create table own{at} (x int); insert into t (x) values ({at});"))
            .collect();
        given.work("b", "").sql("m/2.sql", &made);
        assert_eq!(given.found("b", &RULE).len(), 1);
    }
}
