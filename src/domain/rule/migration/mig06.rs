//! MIG06: two migrations make something of the same name.

use super::deed::{Deed, builds_on, deeds, dialect, files};
use crate::domain::migration::{Direction, MigrationFile, Preset};
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, FileChange, Finding, Peer, Rule};
use crate::domain::sql::{Action, Dialect, Kind, Object};

pub(super) const RULE: Rule = Rule {
    code: "MIG06",
    severity: Severity::Error,
    law: "no two migrations make something of the same name",
    why: "Two tracks that each create an index, constraint, view or type of one name are green alone, git merges the two files, and the \
          second to run fails, or does nothing where it says IF NOT EXISTS. Names are compared as the database does: an index by its \
          schema in Postgres and SQLite, by its table in MySQL. The same words in the names of two files (their slug) are a warning; \
          with rails, where they are the name of a class, an error. Tables that two tracks create are MIG13.",
    example: "track-a adds `CREATE INDEX idx_agent ON agents (name);`, track-b `CREATE INDEX idx_agent ON runs (agent_id);`.\n\
              error: creates index idx_agent, and so does track-a in db/migrations/20241001_trackA_agents.sql",
    way_out: "Give one of them another name; where they are the same thing, leave it to one track and depend on it.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    objects(facts, findings);
    slugs(facts, findings);
}

/// Whether such an object on another table may have the same name.
fn is_per_table(kind: Kind, dialect: Dialect) -> bool {
    match (kind, dialect) {
        (Kind::Index, dialect) => dialect == Dialect::MySql,
        (Kind::Constraint | Kind::Trigger | Kind::Policy | Kind::Rule, dialect) => {
            dialect == Dialect::Postgres
        }
        _ => false,
    }
}

fn is_same(a: &Object, b: &Object, dialect: Dialect) -> bool {
    let per_table = is_per_table(a.kind, dialect);
    a.kind == b.kind && a.name == b.name && (!per_table || a.table == b.table)
}

/// With how little harm it may happen twice; `None`: with none.
fn severity(effect: &Action, kind: Kind) -> Option<Severity> {
    let Action::Create {
        if_not_exists,
        or_replace,
        ..
    } = effect
    else {
        return None;
    };
    let is_there_once = matches!(kind, Kind::Extension | Kind::Schema | Kind::Role);
    match (if_not_exists, or_replace) {
        (true, _) if is_there_once => None,
        // It may be another of the same name by its arguments.
        _ if kind == Kind::Function => Some(Severity::Warning),
        (true, _) | (_, true) => Some(Severity::Warning),
        (false, false) => Some(Severity::Error),
    }
}

fn objects(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let dialect = dialect(facts);
    let own = deeds(facts.work(), dialect);
    let peers: Vec<(Peer<'_>, Vec<Deed<'_>>)> = facts
        .peers()
        .filter(|peer| !are_related(facts, peer))
        .map(|peer| (peer, deeds(peer.work, dialect)))
        .collect();
    for (at, deed) in own.iter().enumerate() {
        let object = &deed.effect.object;
        let Some(severity) = severity(&deed.effect.action, object.kind) else {
            continue;
        };
        let kind = object.kind;
        let what = format!("creates {kind} {}", object.name);
        let fix = format!("give the {kind} another name than {}", object.name);
        let place = |finding: Finding| {
            let finding = finding.at(deed.path).as_severe_as(severity);
            match deed.line {
                Some(line) => finding.line(line),
                None => finding,
            }
        };
        let known = facts.migrations.map(|migrations| &migrations.known);
        let on_base = known.and_then(|known| known.made(object, is_per_table(kind, dialect)));
        // What went away before, in this work, is not there any more.
        let is_gone = |there: &Object| {
            own[..at].iter().any(|before| {
                let gone = &before.effect.object;
                let goes = matches!(
                    before.effect.action,
                    Action::Drop { .. } | Action::Rename { .. }
                );
                let with_table = gone.kind == Kind::Table
                    && matches!(before.effect.action, Action::Drop { .. })
                    && there.table.as_ref() == Some(&gone.name);
                (goes && gone.kind == there.kind && gone.name == there.name) || with_table
            })
        };
        if let Some((_, path)) =
            on_base.filter(|(there, path)| !is_gone(there) && *path != deed.path)
        {
            let message = format!("{what}, which base has from {path}");
            findings.push(place(Finding::new(&RULE, message, fix.clone())));
        }
        if kind == Kind::Table {
            continue;
        }
        for (peer, theirs) in &peers {
            let creates = |deed: &&Deed<'_>| {
                matches!(deed.effect.action, Action::Create { .. })
                    && is_same(&deed.effect.object, object, dialect)
            };
            let Some(their) = theirs.iter().find(creates) else {
                continue;
            };
            let other = &peer.work.track;
            let message = format!("{what}, and so does {other} in {}", their.path);
            let finding = place(Finding::new(&RULE, message, fix.clone()).with(other));
            findings.push(against(peer, their.path, finding));
        }
    }
}

fn slugs(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(migrations) = facts.migrations else {
        return;
    };
    let is_class = migrations.preset == Preset::Rails;
    let severity = if is_class {
        Severity::Error
    } else {
        Severity::Warning
    };
    for file in files(facts.work()).filter(|file| migrations.at(&file.path).is_none()) {
        let Some(slug) = file.slug.as_ref().filter(|slug| !slug.is_empty()) else {
            continue;
        };
        let is_twin = |other: &&MigrationFile| {
            other.slug.as_ref() == Some(slug)
                && other.set == file.set
                && other.path != file.path
                && other.direction != Direction::Down
        };
        let fix = format!("call one of the two something else than `{slug}`");
        let gone = |path| facts.work().change(path).is_some_and(FileChange::is_gone);
        if let Some(twin) = migrations
            .base
            .iter()
            .filter(is_twin)
            .find(|it| !gone(&it.path))
        {
            let message = format!("`{slug}` is also the name of {}, which base has", twin.path);
            let finding = Finding::new(&RULE, message, fix.clone()).at(&file.path);
            findings.push(finding.as_severe_as(severity));
        }
        for peer in facts.peers().filter(|peer| !are_related(facts, peer)) {
            let Some(twin) = files(peer.work).find(is_twin) else {
                continue;
            };
            let other = &peer.work.track;
            let message = format!(
                "`{slug}` is also the name of {}, which {other} adds",
                twin.path
            );
            let finding = Finding::new(&RULE, message, fix.clone())
                .at(&file.path)
                .with(other);
            findings.push(against(&peer, &twin.path, finding.as_severe_as(severity)));
        }
    }
}

/// One is built on the other: it has seen what the other does.
pub(super) fn are_related(facts: &Facts<'_>, peer: &Peer<'_>) -> bool {
    let (own, other) = (&facts.work().track, &peer.work.track);
    builds_on(facts.project, own, other) || builds_on(facts.project, other, own)
}

/// The later of two gives way, and nobody has to for what another has not committed.
pub(super) fn against(
    peer: &Peer<'_>,
    path: &crate::domain::path::RepoPath,
    finding: Finding,
) -> Finding {
    let certain = peer.earlier && !peer.work.uncommitted.contains(path);
    match certain {
        true => finding,
        false => finding.at_most_warning(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::testing::Given;

    #[test]
    fn objects_of_two_tracks() {
        for (a, b, expected) in [
            (
                "create index i on x (a);",
                "create index i on y (b);",
                "error m/2.sql:1: creates index i, and so does a in m/1.sql",
            ),
            (
                "create index i on x (a);",
                "create index if not exists i on y (b);",
                "warning m/2.sql:1: creates index i, and so does a in m/1.sql",
            ),
            ("create index s.i on x (a);", "create index j on y (b);", ""),
            (
                "create trigger t before update on x for each row execute function f();",
                "create trigger t before update on y for each row execute function f();",
                "",
            ),
            (
                "alter table x add constraint c check (a > 0);",
                "alter table x add constraint c check (b > 0);",
                "error m/2.sql:1: creates constraint c, and so does a in m/1.sql",
            ),
            (
                "alter table x add constraint c check (a > 0);",
                "alter table y add constraint c check (b > 0);",
                "",
            ),
            (
                "create type t as enum ('a');",
                "create type t as enum ('b');",
                "error m/2.sql:1: creates type t, and so does a in m/1.sql",
            ),
            (
                "create extension if not exists e;",
                "create extension if not exists e;",
                "",
            ),
            (
                "create or replace view v as select 1;",
                "create or replace view v as select 2;",
                "warning m/2.sql:1: creates view v, and so does a in m/1.sql",
            ),
            ("create table t (x int);", "create table t (y int);", ""),
        ] {
            let mut given = Given::tracks("a b");
            given.work("a", "").sql("m/1.sql", a);
            given.work("b", "").sql("m/2.sql", b);
            assert_eq!(given.found("b", &RULE).join("|"), expected, "{a} {b}");
        }
    }

    #[test]
    fn the_earlier_is_only_warned_and_who_depends_knows() {
        let mut given = Given::tracks("a b");
        given
            .work("a", "")
            .sql("m/1.sql", "create index i on x (a);");
        given
            .work("b", "")
            .sql("m/2.sql", "create index i on y (a);");
        assert_eq!(
            given.found("a", &RULE),
            ["warning m/1.sql:1: creates index i, and so does b in m/2.sql"]
        );
        given.project.tracks[1].depends_on = crate::domain::project::fixture::depends_on("a");
        assert_eq!(given.found("b", &RULE), [] as [&str; 0]);
    }

    #[test]
    fn objects_of_base() {
        for (sql, expected) in [
            (
                "create index i on y (b);",
                "error m/2.sql:1: creates index i, which base has from m/0.sql",
            ),
            (
                "create table x (q int);",
                "error m/2.sql:1: creates table x, which base has from m/0.sql",
            ),
            (
                "create table if not exists x (q int);",
                "warning m/2.sql:1: creates table x, which base has from m/0.sql",
            ),
            ("drop index i; create index i on y (b);", ""),
            ("drop table x; create index i on z (b);", ""),
            ("create index j on x (a);", ""),
        ] {
            let mut given = Given::tracks("a b");
            given.base_sql(&[(
                "m/0.sql",
                "create table x (a int); create index i on x (a);",
            )]);
            given.work("b", "").sql("m/2.sql", sql);
            assert_eq!(given.found("b", &RULE).join("|"), expected, "{sql}");
        }
    }

    #[test]
    fn slugs_of_two_tracks() {
        let mut given = Given::tracks("a b");
        given.base_sql(&[]);
        given.work("a", "").sql("m/1_add_users.sql", "");
        given
            .work("b", "")
            .sql("m/2_add_users.sql", "")
            .sql("m/3_other.sql", "");
        let expected =
            "m/2_add_users.sql: `add_users` is also the name of m/1_add_users.sql, which a adds";
        assert_eq!(given.found("b", &RULE), [format!("warning {expected}")]);
        given.migrations.as_mut().unwrap().preset = Preset::Rails;
        assert_eq!(given.found("b", &RULE), [format!("error {expected}")]);
    }
}
