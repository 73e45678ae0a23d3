//! MIG13: two tracks change the same table.

use std::collections::{BTreeMap, BTreeSet};

use super::deed::{Deed, deeds, dialect, listed, verb};
use super::mig06::{against, are_related};
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};
use crate::domain::sql::{Action, Change, Name};

pub(super) const RULE: Rule = Rule {
    code: "MIG13",
    severity: Severity::Error,
    law: "no two tracks change the same table without knowing of each other",
    why: "Each is tested against the table as base has it. What two do to one table is weighed by pair: both create it, one drops or \
          renames it, or both are about one column: an error. Different columns are a warning, indexes alone an information. The \
          track that lands later has to give way; the earlier is warned. Silent where one depends on the other.",
    example: "track-a and track-b both add `ALTER TABLE users ADD COLUMN note …;`.\n\
              error: track-b changes table users (column note), and so does track-a in db/migrations/20241001_trackA_note.sql",
    way_out: "Let one track make both changes, or put the other into `depends_on` and write the migration on top of its.",
    judge,
};

/// What a work does to one table.
#[derive(Default)]
struct Doing<'a> {
    deeds: Vec<&'a Deed<'a>>,
    creates: bool,
    /// Or renames.
    drops: bool,
    columns: BTreeSet<String>,
    /// Nothing but indexes and the like.
    attaches_only: bool,
    /// Rows only.
    writes_only: bool,
}

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let dialect = dialect(facts);
    let own = deeds(facts.work(), dialect);
    let own = by_table(&own);
    if own.is_empty() {
        return;
    }
    let track = &facts.work().track;
    for peer in facts.peers().filter(|peer| !are_related(facts, peer)) {
        let theirs = deeds(peer.work, dialect);
        let theirs = by_table(&theirs);
        let other = &peer.work.track;
        for (table, mine) in &own {
            let Some(their) = theirs.get(table) else {
                continue;
            };
            let Some((severity, about)) = weigh(mine, their) else {
                continue;
            };
            let deed = worst(mine);
            let their_deed = worst(their);
            let message = format!(
                "{track} {} table {table}{about}, and {other} {} it in {}",
                verb(&deed.effect),
                verb(&their_deed.effect),
                their_deed.path
            );
            let fix = format!(
                "put \"{other}\" into `depends_on` under `[track.{track}]` and write it on top of what {other} does, or let one track \
                 make both changes"
            );
            let finding = Finding::new(&RULE, message, fix)
                .at(deed.path)
                .with(other)
                .as_severe_as(severity);
            let finding = match deed.line {
                Some(line) => finding.line(line),
                None => finding,
            };
            findings.push(against(&peer, their_deed.path, finding));
        }
    }
}

fn by_table<'a>(deeds: &'a [Deed<'a>]) -> BTreeMap<Name, Doing<'a>> {
    let mut tables: BTreeMap<Name, Doing<'a>> = BTreeMap::new();
    for deed in deeds {
        let Some(table) = deed.effect.changed_table() else {
            continue;
        };
        if matches!(deed.effect.action, Action::Grant | Action::Comment) {
            continue;
        }
        let doing = tables.entry(table.clone()).or_insert_with(|| Doing {
            attaches_only: true,
            writes_only: true,
            ..Doing::default()
        });
        doing.deeds.push(deed);
        let is_write = matches!(deed.effect.action, Action::Write(..));
        let is_attached = matches!(deed.effect.action, Action::Alter(Change::Attached(..)));
        doing.writes_only &= is_write;
        doing.attaches_only &= is_attached || is_write;
        match &deed.effect.action {
            Action::Create { .. } => doing.creates = true,
            Action::Drop { .. } => doing.drops = true,
            Action::Rename { to } => {
                doing.drops = true;
                // The new name is taken, too.
                if to != table {
                    let new = tables.entry(to.clone()).or_default();
                    new.deeds.push(deed);
                    new.creates = true;
                }
            }
            Action::Alter(change) => {
                let columns = change.columns().into_iter().map(str::to_owned);
                let doing = tables.entry(table.clone()).or_default();
                doing.columns.extend(columns);
                if let Change::RenameColumn { to, .. } = change {
                    doing.columns.insert(to.clone());
                }
            }
            _ => {}
        }
    }
    tables
}

/// How badly two go together, and what to say it is about; `None`: well.
fn weigh(mine: &Doing<'_>, their: &Doing<'_>) -> Option<(Severity, String)> {
    let none = String::new();
    if mine.creates && their.creates {
        return Some((Severity::Error, none));
    }
    if mine.creates || their.creates {
        // One is in need of the other: MIG15.
        return None;
    }
    if mine.drops || their.drops {
        return Some((Severity::Error, none));
    }
    if mine.writes_only || their.writes_only {
        return None;
    }
    if mine.attaches_only && their.attaches_only {
        return Some((Severity::Info, none));
    }
    let same: Vec<String> = mine.columns.intersection(&their.columns).cloned().collect();
    let indexed = mine.attaches_only || their.attaches_only;
    let ruins = |doing: &Doing<'_>| {
        doing.deeds.iter().any(|deed| match &deed.effect.action {
            Action::Alter(
                Change::DropColumn { column, .. } | Change::RenameColumn { from: column, .. },
            ) => same.contains(column),
            _ => false,
        })
    };
    match same.as_slice() {
        [] if indexed => Some((Severity::Info, none)),
        [] => Some((Severity::Warning, none)),
        _ if indexed && !ruins(mine) && !ruins(their) => Some((Severity::Info, none)),
        [one] => Some((Severity::Error, format!(" (column {one})"))),
        many => Some((Severity::Error, format!(" (columns {})", listed(many)))),
    }
}

/// The deed to point at.
fn worst<'a>(doing: &Doing<'a>) -> &'a Deed<'a> {
    let rank = |deed: &&&Deed<'_>| match &deed.effect.action {
        Action::Drop { .. } => 0,
        Action::Rename { .. } => 1,
        Action::Create { .. } => 2,
        Action::Alter(Change::Attached(..)) => 4,
        Action::Alter(_) => 3,
        _ => 5,
    };
    // Each table in the list has at least one.
    doing
        .deeds
        .iter()
        .min_by_key(rank)
        .unwrap_or(&doing.deeds[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::Given;

    #[test]
    fn two_by_two() {
        let a = "and a";
        for (first, second, expected) in [
            (
                "create table t (x int);",
                "create table t (y int);",
                format!("error m/2.sql:1: b creates table t, {a} creates it in m/1.sql"),
            ),
            (
                "create table if not exists t (x int);",
                "create table if not exists t (y int);",
                format!("error m/2.sql:1: b creates table t, {a} creates it in m/1.sql"),
            ),
            (
                "drop table t;",
                "alter table t add x int;",
                format!("error m/2.sql:1: b changes table t, {a} drops it in m/1.sql"),
            ),
            (
                "alter table t add x int;",
                "drop table t;",
                format!("error m/2.sql:1: b drops table t, {a} changes it in m/1.sql"),
            ),
            (
                "alter table t rename to u;",
                "create index i on t (x);",
                format!("error m/2.sql:1: b changes table t, {a} renames it in m/1.sql"),
            ),
            (
                "drop table t;",
                "insert into t values (1);",
                format!("error m/2.sql:1: b writes to table t, {a} drops it in m/1.sql"),
            ),
            (
                "alter table s rename to t;",
                "create table t (x int);",
                format!("error m/2.sql:1: b creates table t, {a} renames it in m/1.sql"),
            ),
            (
                "alter table t add x int;",
                "alter table t add x text;",
                format!("error m/2.sql:1: b changes table t (column x), {a} changes it in m/1.sql"),
            ),
            (
                "alter table t drop x, drop y;",
                "alter table t alter x type int, alter y set not null;",
                format!(
                    "error m/2.sql:1: b changes table t (columns x and y), {a} changes it in m/1.sql"
                ),
            ),
            (
                "alter table t rename x to y;",
                "alter table t add y int;",
                format!("error m/2.sql:1: b changes table t (column y), {a} changes it in m/1.sql"),
            ),
            (
                "alter table t add x int;",
                "alter table t add y int;",
                format!("warning m/2.sql:1: b changes table t, {a} changes it in m/1.sql"),
            ),
            (
                "create index i on t (x);",
                "create index j on t (x);",
                format!("info m/2.sql:1: b changes table t, {a} changes it in m/1.sql"),
            ),
            (
                "create index i on t (x);",
                "alter table t add y int;",
                format!("info m/2.sql:1: b changes table t, {a} changes it in m/1.sql"),
            ),
            (
                "create index i on t (x);",
                "alter table t drop x;",
                format!("error m/2.sql:1: b changes table t (column x), {a} changes it in m/1.sql"),
            ),
            (
                "alter table t enable row level security;",
                "alter table t add y int;",
                format!("warning m/2.sql:1: b changes table t, {a} changes it in m/1.sql"),
            ),
            (
                "insert into t values (1);",
                "alter table t add y int;",
                String::new(),
            ),
            (
                "create table t (x int);",
                "alter table t add y int;",
                String::new(),
            ),
            (
                "alter table t add x int;",
                "alter table u add x int;",
                String::new(),
            ),
            ("select * from t;", "drop table t;", String::new()),
            (
                "comment on table t is 'x';",
                "alter table t add y int;",
                String::new(),
            ),
        ] {
            let mut given = Given::tracks("a b");
            given.work("a", "").sql("m/1.sql", first);
            given.work("b", "").sql("m/2.sql", second);
            assert_eq!(
                given.found("b", &RULE).join("|"),
                expected,
                "{first} {second}"
            );
        }
    }

    #[test]
    fn the_later_gives_way() {
        let mut given = Given::tracks("a b c");
        given.work("a", "").sql("m/1.sql", "drop table t;");
        given.work("b", "").sql("m/2.sql", "drop table t;");
        let error = "error m/2.sql:1: b drops table t, and a drops it in m/1.sql";
        assert_eq!(given.found("b", &RULE), [error]);
        let warning = "warning m/1.sql:1: a drops table t, and b drops it in m/2.sql";
        assert_eq!(given.found("a", &RULE), [warning]);
        let path = crate::domain::path::RepoPath::new("m/1.sql");
        given.works[0].uncommitted.insert(path);
        assert_eq!(given.found("b", &RULE), [error.replace("error", "warning")]);
        given.without.insert(given.works[0].track.clone());
        assert_eq!(given.found("b", &RULE), [] as [&str; 0]);
    }
}
