//! MIG11: a migration creates a table that no track claims.

use super::deed::{deeds, dialect, one_more};
use crate::domain::project::{Severity, Unowned};
use crate::domain::rule::{Facts, Finding, Rule};
use crate::domain::sql::{Action, Kind};
use crate::domain::tables::TableOwners;

pub(super) const RULE: Rule = Rule {
    code: "MIG11",
    severity: Severity::Warning,
    law: "every new table has a track that owns it",
    why: "A table that nobody owns is one that everybody may change. `[migrations] unclaimed` says what becomes of a new one: `warn`, \
          `deny`, or `claim`, by which it counts as a table of the track that creates it without a word. Silent while no track has \
          `tables`.",
    example: "track-a adds `CREATE TABLE agent_audit (…);`, and no `tables` has it.\n\
              warning: track-a creates table agent_audit, which is in no track's `tables`",
    way_out: "Add it to the `tables` of the track in tracks.toml, or set `[migrations] unclaimed = \"claim\"`.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let severity = match facts.project.migrations.as_ref().map(|it| it.unclaimed) {
        Some(Unowned::Deny) => Severity::Error,
        Some(Unowned::Claim | Unowned::Allow) => return,
        Some(Unowned::Warn) | None => Severity::Warning,
    };
    let dialect = dialect(facts);
    let owners = TableOwners::new(facts.project, dialect);
    if !owners.has_tables() {
        return;
    }
    let track = facts.track();
    let deeds = deeds(facts.work(), dialect);
    for (at, deed) in deeds.iter().enumerate() {
        let table = &deed.effect.object.name;
        let creates = deed.effect.object.kind == Kind::Table
            && matches!(deed.effect.action, Action::Create { .. });
        if !creates || !owners.of(Kind::Table, table).is_empty() {
            continue;
        }
        // A table that is only on its way to another name, as SQLite's way to change one has it.
        let passes = deeds[at..].iter().any(|later| {
            let goes = matches!(
                later.effect.action,
                Action::Rename { .. } | Action::Drop { .. }
            );
            goes && later.effect.object == deed.effect.object
        });
        if passes {
            continue;
        }
        let id = &track.id;
        let message = format!("{id} creates table {table}, which is in no track's `tables`");
        let fix = format!(
            "put `{}` under `[track.{id}]` in tracks.toml",
            one_more("tables", &track.tables, &table.to_string())
        );
        let finding = Finding::new(&RULE, message, fix)
            .at(deed.path)
            .as_severe_as(severity);
        findings.push(match deed.line {
            Some(line) => finding.line(line),
            None => finding,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::Given;

    #[test]
    fn new_tables_are_claimed() {
        for (tables, sql, expected) in [
            ("users", "create table users (x int);", ""),
            (
                "users",
                "create table orders (x int);",
                "warning m/1.sql:1: a creates table orders, which is in no track's `tables`",
            ),
            ("", "create table orders (x int);", ""),
            ("users", "create view orders as select 1;", ""),
            ("users", "create temp table orders (x int);", ""),
            (
                "users",
                "create table n (x int); drop table users; alter table n rename to users;",
                "",
            ),
            ("u*", "create table if not exists u2 (x int);", ""),
        ] {
            let mut given = Given::tracks("a b");
            given.tables("b", tables);
            given.work("a", "").sql("m/1.sql", sql);
            assert_eq!(given.found("a", &RULE).join("|"), expected, "{sql}");
        }
    }

    #[test]
    fn the_fix_can_be_pasted() {
        let mut given = Given::tracks("a b");
        given.tables("a", "users");
        given
            .work("a", "")
            .sql("m/1.sql", "create table orders (x int);");
        let found = given.findings("a", &RULE);
        assert_eq!(
            found[0].fix,
            "put `tables = [\"users\", \"orders\"]` under `[track.a]` in tracks.toml"
        );
    }
}
