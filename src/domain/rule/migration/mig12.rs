//! MIG12: a migration reads or refers to a table of a track that it does not depend on.

use std::collections::BTreeSet;

use super::deed::{deeds, dialect, verb};
use crate::domain::name::TrackId;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};
use crate::domain::tables::TableOwners;

pub(super) const RULE: Rule = Rule {
    code: "MIG12",
    severity: Severity::Warning,
    law: "who uses a table of another track depends on that track",
    why: "A foreign key, a view, a trigger or a query ties a migration to the shape of a table that somebody else may change at any \
          time. `depends_on` says so: the two are then merged in this order and tested together.",
    example: "track-b adds `CREATE TABLE runs (agent_id uuid REFERENCES agent_registry (id));`, and agent_registry is track-a's.\n\
              warning: track-b refers to table agent_registry, which track-a owns, and does not depend on track-a",
    way_out: "Put the owner into `depends_on`, or have an `[[allow]]` where the table will not change.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let dialect = dialect(facts);
    let owners = TableOwners::new(facts.project, dialect);
    let track = &facts.work().track;
    let beneath = facts.project.built_on(track);
    let mut seen = BTreeSet::new();
    for deed in deeds(facts.work(), dialect) {
        let Some(table) = deed.effect.used_table() else {
            continue;
        };
        let of = owners.of_relation(table);
        let known = |owner: &&TrackId| *owner == track || beneath.contains(*owner);
        let Some(owner) = of.first().filter(|_| !of.iter().any(known)) else {
            continue;
        };
        if !seen.insert((deed.path, table.clone())) {
            continue;
        }
        let message = format!(
            "{track} {} table {table}, which {owner} owns, and does not depend on {owner}",
            verb(&deed.effect)
        );
        let fix = format!("add \"{owner}\" to `depends_on` under `[track.{track}]` in tracks.toml");
        let finding = Finding::new(&RULE, message, fix).at(deed.path).with(owner);
        findings.push(match deed.line {
            Some(line) => finding.line(line),
            None => finding,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::fixture;
    use crate::domain::rule::testing::Given;

    #[test]
    fn use_wants_a_dependency() {
        let message = |verb: &str| {
            format!(
                "warning m/1.sql:1: b {verb} table users, which a owns, and does not depend on a"
            )
        };
        for (needs, sql, expected) in [
            (
                "",
                "create table o (u int references users);",
                message("refers to"),
            ),
            (
                "",
                "create view v as select * from users;",
                message("reads"),
            ),
            (
                "",
                "insert into o select * from users join users u on true;",
                message("reads"),
            ),
            (
                "",
                "create function f() returns int language sql as 'select 1 from users';",
                message("reads"),
            ),
            ("a", "create view v as select * from users;", String::new()),
            ("c", "create view v as select * from users;", String::new()),
            ("", "create view v as select * from mine;", String::new()),
            ("", "create view v as select * from nobodys;", String::new()),
            (
                "",
                "with users as (select 1) select * from users;",
                String::new(),
            ),
            ("", "alter table users add x int;", String::new()),
        ] {
            let mut given = Given::tracks("a b c");
            given.tables("a", "users");
            given.tables("b", "mine");
            given.project.tracks[1].depends_on = fixture::depends_on(needs);
            given.project.tracks[2].depends_on = fixture::depends_on("a");
            given.work("b", "").sql("m/1.sql", sql);
            assert_eq!(given.found("b", &RULE).join("|"), expected, "{needs} {sql}");
        }
    }
}
