//! MIG23: a statement after which something that was there is gone.

use std::collections::{BTreeSet, HashMap};

use super::deed::{Deed, deeds, dialect};
use crate::domain::path::RepoPath;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};
use crate::domain::sql::{Action, Change, Kind, Name, Write};

pub(super) const RULE: Rule = Rule {
    code: "MIG23",
    severity: Severity::Warning,
    law: "a statement that destroys or renames is meant to",
    why: "A dropped table or column takes its rows with it, and whatever still runs with the old name or type fails from that moment, \
          in every track that was built on it. Tables that the same work creates do not count.",
    example: "track-a adds `ALTER TABLE users DROP COLUMN email;`.\n\
              warning: drops column email of table users: its values are lost, and what still reads it fails",
    way_out: "Add the new beside the old, move readers over, and drop in a later migration; or have an `[[allow]]` with a reason.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let deeds = deeds(facts.work(), dialect(facts));
    let mut own: BTreeSet<&Name> = BTreeSet::new();
    let mut renamed: HashMap<(&RepoPath, &Name), usize> = HashMap::new();
    for (at, deed) in deeds.iter().enumerate() {
        if let Action::Rename { to } = &deed.effect.action {
            renamed.insert((deed.path, to), at);
        }
    }
    // A drop after which another table gets the name, which is how SQLite changes a table.
    let is_replaced = |at: usize, dropped: &Deed<'_>| {
        let is_drop = matches!(dropped.effect.action, Action::Drop { .. });
        let taken = renamed.get(&(dropped.path, &dropped.effect.object.name));
        is_drop && taken.is_some_and(|later| *later > at)
    };
    for (at, deed) in deeds.iter().enumerate() {
        let object = &deed.effect.object;
        let is_own = own.contains(&object.name);
        own.extend(deed.made());
        if object.kind != Kind::Table || is_own || is_replaced(at, deed) {
            continue;
        }
        let Some((what, why)) = destroyed(deed) else {
            continue;
        };
        let finding = Finding::new(
            &RULE,
            format!("{what}: {why}"),
            "do it in two steps, the new beside the old first, or allow it in `[[allow]]` with a reason",
        );
        let finding = finding.at(deed.path);
        findings.push(match deed.line {
            Some(line) => finding.line(line),
            None => finding,
        });
    }
}

fn destroyed(deed: &Deed<'_>) -> Option<(String, &'static str)> {
    let table = &deed.effect.object.name;
    let said = match &deed.effect.action {
        Action::Drop { .. } => (
            format!("drops table {table}"),
            "its rows are lost, and what still uses it fails",
        ),
        Action::Rename { to } => (
            format!("renames table {table} to {to}"),
            "what still uses the old name fails",
        ),
        Action::Write(Write::Truncate, _) => {
            (format!("empties table {table}"), "its rows are lost")
        }
        Action::Alter(Change::DropColumn { column, .. }) => (
            format!("drops column {column} of table {table}"),
            "its values are lost, and what still reads it fails",
        ),
        Action::Alter(Change::RenameColumn { from, to }) => (
            format!("renames column {from} of table {table} to {to}"),
            "what still uses the old name fails",
        ),
        Action::Alter(Change::ColumnType { column, to }) => (
            format!("gives column {column} of table {table} another type, {to}"),
            "values may not fit, the table is locked while it is rewritten, and what expects the old type fails",
        ),
        _ => return None,
    };
    Some(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::Given;

    #[test]
    fn what_is_lost_is_told() {
        for (sql, expected) in [
            (
                "drop table users;",
                "drops table users: its rows are lost, and what still uses it fails",
            ),
            (
                "alter table users drop column x;",
                "drops column x of table users: its values are lost, and what still reads it fails",
            ),
            (
                "alter table users rename to people;",
                "renames table users to people: what still uses the old name fails",
            ),
            (
                "alter table users rename x to y;",
                "renames column x of table users to y: what still uses the old name fails",
            ),
            (
                "alter table users alter x type bigint;",
                "gives column x of table users another type, bigint: values may not fit, the table is locked while it is rewritten, and what expects the old type fails",
            ),
            ("truncate users;", "empties table users: its rows are lost"),
            ("drop view v;", ""),
            ("drop index i;", ""),
            (
                "create table t (x int); alter table t drop column x; drop table t;",
                "",
            ),
            (
                "create table n (x int); insert into n select x from users; drop table users; alter table n rename to users;",
                "",
            ),
            ("alter table users add column x int;", ""),
            (
                "drop table users; create table users (x int);",
                "drops table users: its rows are lost, and what still uses it fails",
            ),
        ] {
            let mut given = Given::tracks("a b");
            given.work("a", "").sql("m/1.sql", sql);
            let expected = match expected {
                "" => String::new(),
                message => format!("warning m/1.sql:1: {message}"),
            };
            assert_eq!(given.found("a", &RULE).join("|"), expected, "{sql}");
        }
    }
}
