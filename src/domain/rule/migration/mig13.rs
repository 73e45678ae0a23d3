//! MIG13: two tracks change the same table.

use std::collections::{BTreeMap, BTreeSet};

use super::deed::{Deed, deeds, dialect, listed, met, verb};
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};
use crate::domain::sql::{Action, Change, Name};

pub(super) const RULE: Rule = Rule {
    code: "MIG13",
    severity: Severity::Error,
    law: "no two tracks change the same table without knowing of each other",
    why: "Each is tested against the table as base has it. What two do to one table is weighed by pair: both create it, one drops or \
          renames it, or both are about one column: an error. Different columns are a warning, indexes alone an information. The \
          track that lands later has to give way; the earlier is warned. Where one depends on the other it knows what that does, \
          and is told only of a table or column that it makes once more.",
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
    columns: BTreeSet<&'a str>,
    /// Columns that rows are written with.
    written: BTreeSet<&'a str>,
    /// Columns that are dropped or renamed.
    ruined: BTreeSet<&'a str>,
    /// Nothing but indexes and the like.
    attaches_only: bool,
    /// Rows only.
    writes_only: bool,
}

/// Two that do not go together.
struct Clash<'a> {
    severity: Severity,
    /// That it is about, if it is about columns.
    columns: Vec<String>,
    mine: &'a Deed<'a>,
    their: &'a Deed<'a>,
}

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let dialect = dialect(facts);
    let own = deeds(facts.work(), dialect);
    let own = by_table(own.iter());
    if own.is_empty() {
        return;
    }
    let track = &facts.work().track;
    for met in met(facts) {
        let theirs = met.deeds(facts.work(), dialect);
        let theirs = by_table(theirs.iter());
        let other = &met.peer.work.track;
        for (table, mine) in &own {
            let Some(their) = theirs.get(table) else {
                continue;
            };
            let clash = match met.is_beneath {
                true => again(table, mine, their),
                false => weigh(mine, their),
            };
            let Some(clash) = clash else { continue };
            let about = match clash.columns.as_slice() {
                [] => String::new(),
                [one] => format!(" (column {one})"),
                many => format!(" (columns {})", listed(many)),
            };
            let (deed, their) = (clash.mine, clash.their);
            let message = format!(
                "{track} {} table {table}{about}, and {other} {} it in {}",
                verb(&deed.effect),
                verb(&their.effect),
                their.path
            );
            let fix = match met.is_beneath {
                true => format!("leave it out: what {other} makes is there when this runs"),
                false => format!(
                    "put \"{other}\" into `depends_on` under `[track.{track}]` and write it on top of what {other} does, or let one \
                     track make both changes"
                ),
            };
            let finding = met
                .finding(&RULE, message, fix)
                .at(deed.path)
                .as_severe_as(clash.severity);
            findings.push(match deed.line {
                Some(line) => finding.line(line),
                None => finding,
            });
        }
    }
}

fn by_table<'a>(deeds: impl Iterator<Item = &'a Deed<'a>>) -> BTreeMap<&'a Name, Doing<'a>> {
    let mut tables: BTreeMap<&Name, Doing<'a>> = BTreeMap::new();
    for deed in deeds {
        let Some(table) = deed.effect.changed_table() else {
            continue;
        };
        if matches!(deed.effect.action, Action::Grant | Action::Comment) {
            continue;
        }
        let doing = tables.entry(table).or_insert_with(|| Doing {
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
                    let new = tables.entry(to).or_default();
                    new.deeds.push(deed);
                    new.creates = true;
                }
            }
            Action::Alter(change) => {
                doing.columns.extend(change.columns());
                match change {
                    Change::RenameColumn { from, to } => {
                        doing.columns.insert(to);
                        doing.ruined.insert(from);
                    }
                    Change::DropColumn { column, .. } => {
                        doing.ruined.insert(column);
                    }
                    _ => {}
                }
            }
            Action::Write(_, columns) => doing.written.extend(columns.iter().map(String::as_str)),
            _ => {}
        }
    }
    tables
}

/// How badly two go together; `None`: well.
fn weigh<'a>(mine: &Doing<'a>, their: &Doing<'a>) -> Option<Clash<'a>> {
    let clash = |severity, columns: BTreeSet<&str>| {
        Some(Clash {
            severity,
            mine: worst(mine, &columns),
            their: worst(their, &columns),
            columns: columns.into_iter().map(str::to_owned).collect(),
        })
    };
    let none = BTreeSet::new();
    if mine.creates && their.creates {
        return clash(Severity::Error, none);
    }
    if mine.creates || their.creates {
        // One is in need of the other: MIG15.
        return None;
    }
    if mine.drops || their.drops {
        return clash(Severity::Error, none);
    }
    let lost = mine.ruined.intersection(&their.written);
    let lost = lost.chain(their.ruined.intersection(&mine.written));
    let lost: BTreeSet<&str> = lost.copied().collect();
    if mine.writes_only || their.writes_only {
        return match lost.is_empty() {
            true => None,
            false => clash(Severity::Error, lost),
        };
    }
    let mut same: BTreeSet<&str> = mine.columns.intersection(&their.columns).copied().collect();
    let attached = mine.attaches_only || their.attaches_only;
    let are_ruined = same
        .iter()
        .any(|it| mine.ruined.contains(it) || their.ruined.contains(it));
    if attached && !are_ruined {
        same.clear();
    }
    same.extend(lost);
    match (same.is_empty(), attached) {
        (false, _) => clash(Severity::Error, same),
        (true, true) => clash(Severity::Info, none),
        (true, false) => clash(Severity::Warning, none),
    }
}

/// What fails though one is written on top of the other: what it makes is there already.
fn again<'a>(table: &Name, mine: &Doing<'a>, their: &Doing<'a>) -> Option<Clash<'a>> {
    let added = mine
        .deeds
        .iter()
        .filter_map(|deed| match &deed.effect.action {
            Action::Alter(Change::AddColumn { column, .. }) => Some(Some(column.name.as_str())),
            _ => None,
        });
    for column in [None].into_iter().chain(added) {
        let leaves = |deed: &&'a Deed<'a>| Some((*deed, leaves(deed, table, column)?));
        let first = mine.deeds.iter().find_map(leaves);
        let last = their.deeds.iter().rev().find_map(leaves);
        let (Some((mine, true)), Some((their, true))) = (first, last) else {
            continue;
        };
        let severity = match &mine.effect.action {
            Action::Create {
                if_not_exists: true,
                ..
            }
            | Action::Alter(Change::AddColumn {
                if_not_exists: true,
                ..
            }) => Severity::Warning,
            _ => Severity::Error,
        };
        return Some(Clash {
            severity,
            columns: column.into_iter().map(str::to_owned).collect(),
            mine,
            their,
        });
    }
    None
}

/// Whether a table, or a column of it, is there after a deed; `None`: as before.
fn leaves(deed: &Deed<'_>, table: &Name, column: Option<&str>) -> Option<bool> {
    let is_it = deed.effect.object.name == *table;
    match (&deed.effect.action, column) {
        (Action::Drop { .. }, _) => Some(false),
        (Action::Rename { .. }, _) if is_it => Some(false),
        (Action::Rename { .. } | Action::Create { .. }, None) => Some(true),
        (Action::Create { columns, .. }, Some(column)) => {
            Some(columns.iter().any(|it| it.name == column))
        }
        (Action::Alter(change), Some(column)) => match change {
            Change::AddColumn { column: it, .. } if it.name == column => Some(true),
            Change::RenameColumn { to, .. } if to == column => Some(true),
            Change::RenameColumn { from: it, .. } | Change::DropColumn { column: it, .. }
                if it == column =>
            {
                Some(false)
            }
            _ => None,
        },
        _ => None,
    }
}

/// The deed to point at: one that is about these columns, if any is.
fn worst<'a>(doing: &Doing<'a>, columns: &BTreeSet<&str>) -> &'a Deed<'a> {
    let is_about = |deed: &Deed<'_>| match &deed.effect.action {
        Action::Alter(Change::RenameColumn { from, to }) => {
            columns.contains(from.as_str()) || columns.contains(to.as_str())
        }
        Action::Alter(change) => change.columns().iter().any(|it| columns.contains(it)),
        Action::Write(_, written) => written.iter().any(|it| columns.contains(it.as_str())),
        _ => false,
    };
    let rank = |deed: &&&Deed<'_>| {
        let rank = match &deed.effect.action {
            Action::Drop { .. } => 0,
            Action::Rename { .. } => 1,
            Action::Create { .. } => 2,
            Action::Alter(Change::Attached(..)) => 4,
            Action::Alter(_) => 3,
            _ => 5,
        };
        (!is_about(deed), rank)
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
    use crate::domain::project::fixture;
    use crate::domain::revision::BlobId;
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
                "alter table t drop column j;",
                "update t set j = 1;",
                format!(
                    "error m/2.sql:1: b writes to table t (column j), {a} changes it in m/1.sql"
                ),
            ),
            (
                "insert into t (i, j) values (1, 2);",
                "alter table t add k int;\nalter table t rename j to k2;",
                format!(
                    "error m/2.sql:2: b changes table t (column j), {a} writes to it in m/1.sql"
                ),
            ),
            (
                "alter table t add k int; update t set k = 1, j = 2;",
                "alter table t drop column j;",
                format!(
                    "error m/2.sql:1: b changes table t (column j), {a} writes to it in m/1.sql"
                ),
            ),
            (
                "alter table t drop column j;",
                "update t set i = 1;",
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
        given.without.insert(given.works[0].track.clone());
        assert_eq!(given.found("b", &RULE), [] as [&str; 0]);
    }

    #[test]
    fn each_is_told_what_it_can_do() {
        let mut given = Given::tracks("a b");
        given.work("a", "").sql("m/1.sql", "drop table t;");
        given.work("b", "").sql("m/2.sql", "drop table t;");
        assert_eq!(
            given.findings("b", &RULE)[0].fix,
            "put \"a\" into `depends_on` under `[track.b]` and write it on top of what a does, or let one track make both changes"
        );
        assert_eq!(
            given.findings("a", &RULE)[0].fix,
            "nothing to do here but to tell track b, which lands later and gives way"
        );
    }

    #[test]
    fn on_top_of_another_track() {
        let again = "error m/2.sql:1: b creates table t, and a creates it in m/1.sql";
        let column = "error m/2.sql:1: b changes table t (column x), and a";
        for (below, above, expected) in [
            (
                "create table t (x int);",
                "create table t (y int);",
                again.to_owned(),
            ),
            (
                "create table t (x int);",
                "create table if not exists t (y int);",
                again.replace("error", "warning"),
            ),
            (
                "create table t (x int);",
                "drop table t; create table t (y int);",
                String::new(),
            ),
            (
                "create table t (x int);",
                "alter table t rename to old; create table t (y int);",
                String::new(),
            ),
            (
                "create table t (x int); drop table t;",
                "create table t (y int);",
                String::new(),
            ),
            (
                "create table t (x int);",
                "alter table t add x int;",
                format!("{column} creates it in m/1.sql"),
            ),
            (
                "alter table t add x int;",
                "alter table t add x int;",
                format!("{column} changes it in m/1.sql"),
            ),
            (
                "alter table t add x int;",
                "alter table t drop x; alter table t add x text;",
                String::new(),
            ),
            (
                "alter table t add x int;",
                "alter table t add y int;",
                String::new(),
            ),
            ("alter table t add x int;", "drop table t;", String::new()),
        ] {
            let mut given = Given::tracks("a b");
            given.work("a", "").sql("m/1.sql", below);
            given.work("b", "").sql("m/2.sql", above);
            given.project.tracks[1].depends_on = fixture::depends_on("a");
            assert_eq!(
                given.found("b", &RULE).join("|"),
                expected,
                "{below} {above}"
            );
            assert_eq!(given.found("a", &RULE), [""; 0], "{below} {above}");
        }
    }

    #[test]
    fn a_migration_that_both_have_is_one() {
        let sql = "create table t (x int);";
        let mut given = Given::tracks("a b");
        given.work("a", "").sql("m/1.sql", sql);
        given.work("b", "").sql("m/1.sql", sql);
        assert_eq!(given.found("b", &RULE), [""; 0]);
        given.works[1].migrations[0].blob = BlobId::from_bytes(&[9; 20]).unwrap();
        assert_eq!(given.found("b", &RULE).len(), 1, "other content");
    }
}
