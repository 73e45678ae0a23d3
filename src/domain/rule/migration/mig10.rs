//! MIG10: a migration changes or fills a table that another track owns.

use std::collections::BTreeSet;

use super::deed::{deeds, dialect, listed, one_more, verb};
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};
use crate::domain::sql::{Action, Kind};
use crate::domain::tables::TableOwners;

pub(super) const RULE: Rule = Rule {
    code: "MIG10",
    severity: Severity::Error,
    law: "a migration changes only tables of its own track",
    why: "Two tracks that change one table each test their change alone; what the table looks like once both have landed nobody has \
          seen. The tables of a track are its `tables` in tracks.toml: names, `schema.*`, or patterns such as `agent_*`. Judged is \
          what the SQL creates, changes, drops or fills, and what it hangs on a table: indexes, triggers, policies. Rights and \
          comments are warnings. What nobody owns is free here (see MIG11).",
    example: "track-b adds `ALTER TABLE agent_registry ADD COLUMN note text;`, and `[track.track-a]` has `tables = [\"agent_*\"]`.\n\
              error: track-b changes table agent_registry, which track-a owns",
    way_out: "Let the owner make the change and depend on it, move the table in tracks.toml, or have an `[[allow]]` with a reason.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let dialect = dialect(facts);
    let owners = TableOwners::new(facts.project, dialect);
    let track = &facts.work().track;
    let mut seen = BTreeSet::new();
    for deed in deeds(facts.work(), dialect) {
        let Some(table) = deed.effect.changed_table() else {
            continue;
        };
        let of = owners.of(Kind::Table, table);
        let minor = matches!(deed.effect.action, Action::Grant | Action::Comment);
        let others: Vec<_> = of.iter().filter(|owner| **owner != track).collect();
        let Some(owner) = others.first().filter(|_| others.len() == of.len()) else {
            continue;
        };
        if !seen.insert((deed.path, table.clone(), minor)) {
            continue;
        }
        let names: Vec<String> = others.iter().map(ToString::to_string).collect();
        let owns = if names.len() == 1 { "owns" } else { "own" };
        let message = format!(
            "{track} {} table {table}, which {} {owns}",
            verb(&deed.effect),
            listed(&names)
        );
        let fix = format!(
            "leave it to {owner} and put `depends_on = [\"{owner}\"]` under `[track.{track}]`, or give the table to {track}: `{}`",
            one_more("tables", &facts.track().tables, &table.to_string())
        );
        let mut finding = Finding::new(&RULE, message, fix).at(deed.path).with(owner);
        if let Some(line) = deed.line {
            finding = finding.line(line);
        }
        if minor {
            finding = finding.as_severe_as(Severity::Warning);
        }
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::Given;

    #[test]
    fn tables_of_others_are_left_alone() {
        for (sql, expected) in [
            (
                "alter table users add x int;",
                "error m/1.sql:1: b changes table users, which a owns",
            ),
            (
                "\n\nUPDATE users SET x = 1;",
                "error m/1.sql:3: b writes to table users, which a owns",
            ),
            (
                "create index i on users (x);",
                "error m/1.sql:1: b changes table users, which a owns",
            ),
            (
                "drop table auth.keys;",
                "error m/1.sql:1: b drops table auth.keys, which a owns",
            ),
            (
                "grant select on users to x;",
                "warning m/1.sql:1: b grants rights on table users, which a owns",
            ),
            (
                "create table users_2024 partition of users for values in (1);",
                "error m/1.sql:1: b changes table users, which a owns",
            ),
            ("select * from users;", ""),
            ("create table orders (u int references users);", ""),
            ("alter table shared add x int;", ""),
            ("alter table nobodys add x int;", ""),
            (
                "-- tracks: touches users",
                "error m/1.sql: b changes table users, which a owns",
            ),
            (
                "alter table users add x int; alter table users add y int;",
                "error m/1.sql:1: b changes table users, which a owns",
            ),
            (
                "-- +goose Up\nselect 1;\n-- +goose Down\ndrop table users;",
                "",
            ),
        ] {
            let mut given = Given::tracks("a b");
            given.tables("a", "users auth.* shared");
            given.tables("b", "orders shared");
            given.work("b", "").sql("m/1.sql", sql);
            assert_eq!(given.found("b", &RULE).join("|"), expected, "{sql}");
        }
    }

    #[test]
    fn what_a_file_did_before_is_bases() {
        let mut given = Given::tracks("a b");
        given.tables("a", "users");
        let before = "alter table users add x int;";
        let work = given.work("b", "~m/1.sql");
        work.sql("m/1.sql", "alter table users add x int; select 2;");
        work.content("m/1.sql", before, "x");
        assert_eq!(given.found("b", &RULE), [] as [&str; 0]);
    }

    #[test]
    fn the_fix_can_be_pasted() {
        let mut given = Given::tracks("a b");
        given.tables("a", "users");
        given.tables("b", "orders items");
        given.work("b", "").sql("m/1.sql", "drop table users;");
        assert_eq!(
            given.findings("b", &RULE)[0].fix,
            "leave it to a and put `depends_on = [\"a\"]` under `[track.b]`, or give the table to b: \
             `tables = [\"orders\", \"items\", \"users\"]`"
        );
    }
}
