//! MIG06: two migrations make something of the same name.

use std::collections::HashMap;

use super::deed::{Deed, Met, deeds, dialect, files, is_shared, met};
use crate::domain::migration::{Direction, MigrationFile, Preset};
use crate::domain::path::RepoPath;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, FileChange, Finding, Rule};
use crate::domain::sql::{Action, Dialect, Kind, Name, Object};

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
    way_out: "Give one of them another name; where they are the same thing, leave it to one track and depend on it, \
              without making it again.",
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

/// What a track makes, for looking up by name.
struct Maker<'a> {
    met: Met<'a>,
    deeds: &'a [Deed<'a>],
    creates: HashMap<(Kind, &'a Name), Vec<usize>>,
}

impl<'a> Maker<'a> {
    fn new(met: Met<'a>, deeds: &'a [Deed<'a>]) -> Maker<'a> {
        let mut creates: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, deed) in deeds.iter().enumerate() {
            let object = &deed.effect.object;
            if matches!(deed.effect.action, Action::Create { .. }) {
                let places = creates.entry((object.kind, &object.name));
                places.or_default().push(at);
            }
        }
        Maker {
            met,
            deeds,
            creates,
        }
    }

    /// The deed that makes the same. `before`: what the judged work has done until then.
    fn made(&self, object: &Object, dialect: Dialect, before: &[Deed<'_>]) -> Option<&'a Deed<'a>> {
        let places = self.creates.get(&(object.kind, &object.name))?;
        let is_there = |at: usize| {
            let there = &self.deeds[at].effect.object;
            let stays = |later: &[Deed<'_>]| !later.iter().any(|deed| deed.ends(there));
            // Beside each other, both may run first.
            !self.met.is_beneath || (stays(&self.deeds[at + 1..]) && stays(before))
        };
        places
            .iter()
            .find(|at| is_same(&self.deeds[**at].effect.object, object, dialect) && is_there(**at))
            .map(|at| &self.deeds[*at])
    }
}

fn objects(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let dialect = dialect(facts);
    let own = deeds(facts.work(), dialect);
    let peers: Vec<(Met<'_>, Vec<Deed<'_>>)> = met(facts)
        .map(|met| (met, met.deeds(facts.work(), dialect)))
        .collect();
    let peers: Vec<Maker<'_>> = peers
        .iter()
        .map(|(met, deeds)| Maker::new(*met, deeds))
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
        // What went away before, in this work, is not there any more; nor is a file that the work has moved.
        let is_gone = |there: &Object, path: &RepoPath| {
            own[..at].iter().any(|before| before.ends(there)) || is_gone(facts, path)
        };
        if let Some((_, path)) =
            on_base.filter(|(there, path)| *path != deed.path && !is_gone(there, path))
        {
            let message = format!("{what}, which base has from {path}");
            findings.push(place(Finding::new(&RULE, message, fix.clone())));
        }
        if kind == Kind::Table {
            continue;
        }
        for peer in &peers {
            let Some(their) = peer.made(object, dialect, &own[..at]) else {
                continue;
            };
            let (met, theirs) = (peer.met, their.path);
            let other = &met.peer.work.track;
            let message = format!("{what}, and so does {other} in {theirs}");
            findings.push(place(met.finding(&RULE, message, fix.clone())));
        }
    }
}

fn is_gone(facts: &Facts<'_>, path: &RepoPath) -> bool {
    facts.work().change(path).is_some_and(FileChange::is_gone)
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
        if let Some(twin) = migrations
            .base
            .iter()
            .filter(is_twin)
            .find(|it| !is_gone(facts, &it.path))
        {
            let message = format!("`{slug}` is also the name of {}, which base has", twin.path);
            let finding = Finding::new(&RULE, message, fix.clone()).at(&file.path);
            findings.push(finding.as_severe_as(severity));
        }
        for met in met(facts) {
            let mut twins = files(met.peer.work)
                .filter(is_twin)
                .filter(|it| !is_shared(it, facts.work()))
                .filter(|it| !(met.is_beneath && is_gone(facts, &it.path)));
            let Some(twin) = twins.next() else {
                continue;
            };
            let other = &met.peer.work.track;
            let message = format!(
                "`{slug}` is also the name of {}, which {other} adds",
                twin.path
            );
            let finding = met.finding(&RULE, message, fix.clone());
            findings.push(finding.at(&file.path).as_severe_as(severity));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::fixture;
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
    fn the_earlier_is_only_warned() {
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
        assert_eq!(
            given.findings("a", &RULE)[0].fix,
            "nothing to do here but to tell track b, which lands later and gives way"
        );
        assert_eq!(
            given.findings("b", &RULE)[0].fix,
            "give the index another name than i"
        );
    }

    #[test]
    fn on_top_of_another_track() {
        let again = "error m/2.sql:1: creates index i, and so does a in m/1.sql";
        for (below, above, expected) in [
            (
                "create index i on x (a);",
                "create index i on y (a);",
                again,
            ),
            (
                "create index i on x (a);",
                "create index if not exists i on y (a);",
                "warning m/2.sql:1: creates index i, and so does a in m/1.sql",
            ),
            (
                "create index i on x (a);",
                "drop index i; create index i on y (a);",
                "",
            ),
            (
                "create index i on x (a);",
                "alter index i rename to j; create index i on y (a);",
                "",
            ),
            (
                "create index i on x (a);",
                "drop table x; create index i on y (a);",
                "",
            ),
            (
                "create index i on x (a); drop index i;",
                "create index i on y (a);",
                "",
            ),
            ("create index i on x (a);", "create index j on x (a);", ""),
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
        // On top of it, the file was given another name.
        let mut given = Given::tracks("a b");
        let sql = "create index i on x (a);";
        given.work("a", "+m/1.sql").sql("m/1.sql", sql);
        given.work("b", "m/1.sql>m/2.sql").sql("m/2.sql", sql);
        given.project.tracks[1].depends_on = fixture::depends_on("a");
        assert_eq!(given.found("b", &RULE), [""; 0]);
    }

    #[test]
    fn a_migration_that_both_have_is_one() {
        let sql = "create index i on x (a);";
        let mut given = Given::tracks("a b");
        given.work("a", "").sql("m/1.sql", sql);
        given.work("b", "").sql("m/1.sql", sql);
        assert_eq!(given.found("b", &RULE), [""; 0]);
        assert_eq!(given.found("a", &RULE), [""; 0]);
        given.works[1].migrations[0].blob =
            crate::domain::revision::BlobId::from_bytes(&[9; 20]).unwrap();
        assert_eq!(given.found("b", &RULE).len(), 1, "other content");
    }

    #[test]
    fn a_moved_migration_makes_nothing_twice() {
        let sql = "create table x (a int);";
        let mut given = Given::tracks("a b");
        given.base_sql(&[("m/0.sql", sql)]);
        given.work("b", "m/0.sql>m/2.sql").sql("m/2.sql", sql);
        assert_eq!(given.found("b", &RULE), [""; 0]);
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
            (
                "create table s.y (a int);",
                "error m/2.sql:1: creates table s.y, which base has from m/0.sql",
            ),
            ("drop schema s cascade; create table s.y (a int);", ""),
        ] {
            let mut given = Given::tracks("a b");
            given.base_sql(&[(
                "m/0.sql",
                "create table x (a int); create index i on x (a); create table s.y (a int);",
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
