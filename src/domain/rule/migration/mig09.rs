//! MIG09: what has two ways has both.

use super::versions;
use crate::domain::migration::{Direction, MigrationFile, Preset};
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "MIG09",
    severity: Severity::Error,
    law: "a migration with a way up has its way down, and the other way round",
    why: "A migration of two files is whole with both: without the one that takes it back, going back stops half-way, and \
          without the one that brings it about, there is nothing to take back. Judged are versions that the track adds files \
          of, with base's files beside them. Flyway's `U` files may be missing, and so may diesel's down.sql where base's \
          migrations have none.",
    example: "A track adds db/migrations/000007_users.up.sql and no 000007_users.down.sql:\n\
              db/migrations/000007_users.up.sql has no way back: there is no .down. file of version 000007",
    way_out: "Add the missing file; one with a comment only will do where there is nothing to take back.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(migrations) = facts.migrations else {
        return;
    };
    let work = facts.work();
    for file in versions::own(facts).filter(|file| versions::is_new(work, file)) {
        let wanted = match file.direction {
            Direction::Up => Direction::Down,
            Direction::Down => Direction::Up,
            _ => continue,
        };
        let Some(version) = &file.version else {
            continue;
        };
        let is_it = |other: &MigrationFile| {
            other.direction == wanted || (wanted == Direction::Up && other.direction.applies())
        };
        let same = |other: &&MigrationFile| {
            other.set == file.set
                && other
                    .version
                    .as_ref()
                    .is_some_and(|it| it.key == version.key)
        };
        let ground = (facts.beneath(&work.track))
            .flat_map(|below| &below.migrations)
            .filter(|it| work.change(&it.path).is_none_or(|it| !it.is_gone()));
        let own = versions::own(facts).chain(ground).filter(same).any(is_it);
        let mut on_base = migrations.with_version(&file.set, &version.key);
        let on_base =
            on_base.any(|it| is_it(it) && work.change(&it.path).is_none_or(|it| !it.is_gone()));
        let optional = wanted == Direction::Down && migrations.preset == Preset::Diesel && {
            let mut of_set = migrations
                .base
                .iter()
                .filter(|it| it.set == file.set)
                .peekable();
            of_set.peek().is_some() && of_set.all(|it| it.direction != Direction::Down)
        };
        if own || on_base || optional {
            continue;
        }
        let (what, missing) = match wanted {
            Direction::Down => ("has no way back", "down"),
            _ => ("takes back what nothing brings about", "up"),
        };
        let path = file.path.lossy();
        let other = match missing {
            "down" => path
                .replacen(".up.", ".down.", 1)
                .replacen("/up.sql", "/down.sql", 1),
            _ => path
                .replacen(".down.", ".up.", 1)
                .replacen("/down.sql", "/up.sql", 1),
        };
        let name = match (migrations.reader.has_directories(), migrations.preset) {
            (true, _) => format!("there is no {missing}.sql beside it"),
            (_, Preset::Flyway) => format!("there is no `V` file of version {}", version.text),
            _ => format!("there is no .{missing}. file of version {}", version.text),
        };
        let fix = match migrations.preset {
            Preset::Flyway => format!("add the `V` file of version {}", version.text),
            _ => format!("add {other}"),
        };
        findings.push(Finding::new(&RULE, format!("{path} {what}: {name}"), fix).at(&file.path));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::given;
    use super::RULE;
    use crate::domain::migration::Preset;

    #[test]
    fn what_it_is_built_on_counts() {
        let mut given = given(
            Preset::GolangMigrate,
            "",
            "",
            &[("a", "+m/1_a.up.sql"), ("b", "+m/1_a.down.sql")],
        );
        assert_eq!(given.findings("b", &RULE).len(), 1);
        let needed = crate::domain::project::Dependency::Track(given.works[0].track.clone());
        given.project.tracks[1].depends_on.push(needed);
        assert_eq!(given.findings("b", &RULE), []);
    }

    #[test]
    fn both_ways() {
        for (preset, base, work, expected) in [
            (
                Preset::GolangMigrate,
                "",
                "+m/1_a.up.sql +m/1_a.down.sql",
                None,
            ),
            (
                Preset::GolangMigrate,
                "",
                "+m/1_a.up.sql",
                Some("m/1_a.up.sql has no way back: there is no .down. file of version 1"),
            ),
            (
                Preset::GolangMigrate,
                "",
                "+m/1_a.down.sql",
                Some(
                    "m/1_a.down.sql takes back what nothing brings about: there is no .up. file of version 1",
                ),
            ),
            (
                Preset::GolangMigrate,
                "m/1_a.up.sql",
                "+m/1_a.down.sql",
                None,
            ),
            (
                Preset::GolangMigrate,
                "m/1_a.up.sql",
                "-m/1_a.up.sql +m/01_b.down.sql",
                Some(
                    "m/01_b.down.sql takes back what nothing brings about: there is no .up. file of version 01",
                ),
            ),
            // Words may differ.
            (Preset::Sqlx, "", "+m/1_a.up.sql +m/01_b.down.sql", None),
            (Preset::Sqlx, "", "+m/1_a.sql", None),
            (
                Preset::Diesel,
                "m/1_a/up.sql m/1_a/down.sql",
                "+m/2_b/up.sql",
                Some("m/2_b/up.sql has no way back: there is no down.sql beside it"),
            ),
            (Preset::Diesel, "m/1_a/up.sql", "+m/2_b/up.sql", None),
            (Preset::Diesel, "", "+m/2_b/up.sql +m/2_b/down.sql", None),
            (Preset::Flyway, "", "+m/V1__a.sql", None),
            (
                Preset::Flyway,
                "",
                "+m/U1__a.sql",
                Some(
                    "m/U1__a.sql takes back what nothing brings about: there is no `V` file of version 1",
                ),
            ),
            (
                Preset::Plain,
                "",
                "+m/1_a.up.sql",
                Some("m/1_a.up.sql has no way back: there is no .down. file of version 1_a.sql"),
            ),
            (Preset::Plain, "m/1_a.up.sql", "~m/1_a.up.sql", None),
        ] {
            let given = given(preset, "", base, &[("a", work)]);
            let found: Vec<String> = given
                .findings("a", &RULE)
                .into_iter()
                .map(|it| it.message)
                .collect();
            assert_eq!(
                found,
                expected.into_iter().collect::<Vec<_>>(),
                "{preset} {base} {work}"
            );
        }
    }
}
