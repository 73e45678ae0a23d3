//! MIG07: a new version is above all that base has.

use super::versions;
use crate::domain::migration::{Direction, Late, MigrationFile};
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "MIG07",
    severity: Severity::Warning,
    law: "a new migration comes after all that have landed",
    why: "Where base's migrations have run, a runner meets a version below the highest that it knows. golang-migrate passes \
          over it without a word; flyway, refinery and goose stop; for those it is an error. The others run it late, in \
          another order than on a new database, which is a warning. Runners that go by what files say they follow (alembic, \
          django) are not judged.",
    example: "Base has 000012_orders.up.sql, and a track that began earlier adds 000011_users.up.sql for golang-migrate:\n\
              db/migrations/000011_users.up.sql comes before version 000012, which has landed: golang-migrate passes over it \
              without a word where that has run",
    way_out: "Rename the file to the next version (`tracks validate --fix` does), or let `sync` do it with \
              `[migrations] renumber = true`.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(migrations) = facts.migrations else {
        return;
    };
    let preset = migrations.preset;
    let (severity, what) = match preset.late() {
        Late::ByLinks => return,
        Late::Refuses => (Severity::Error, "stops at it"),
        Late::Skips => (Severity::Error, "passes over it without a word"),
        Late::Runs => (Severity::Warning, "runs it late"),
    };
    let work = facts.work();
    for file in versions::own(facts).filter(|file| versions::is_new(work, file)) {
        let Some(version) = &file.version else {
            continue;
        };
        if matches!(file.direction, Direction::Unordered | Direction::Baseline) {
            continue;
        }
        let stays = |it: &&MigrationFile| work.change(&it.path).is_none_or(|it| !it.is_gone());
        let left = || {
            let of_set = migrations.base.iter().filter(|it| it.set == file.set);
            of_set
                .filter(stays)
                .filter_map(|it| Some((&it.version.as_ref()?.key, it)))
                .max_by_key(|(key, _)| *key)
                .map(|(_, it)| it)
        };
        let highest = migrations.highest(&file.set);
        let Some(highest) = highest.filter(stays).or_else(left) else {
            continue;
        };
        let Some(theirs) = &highest.version else {
            continue;
        };
        let same = migrations
            .with_version(&file.set, &version.key)
            .next()
            .is_some();
        if !version.key.is_late(&theirs.key) || same {
            // The same version is MIG04's.
            continue;
        }
        let runner = match preset.as_str() {
            "plain" | "custom" => "a runner",
            name => name,
        };
        let message = format!(
            "{} comes before version {}, which has landed: {runner} {what} where that has run",
            file.path, theirs.text
        );
        let to = versions::free_name(facts, migrations, file, findings);
        let (fix, mend) = versions::to_rename(to, file, "give it a version above that");
        let finding = Finding::new(&RULE, message, fix)
            .at(&file.path)
            .as_severe_as(severity);
        findings.push(versions::mended(finding, mend));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{given, shortly};
    use super::RULE;
    use crate::domain::migration::Preset;

    #[test]
    fn late_versions() {
        for (preset, base, work, expected) in [
            (Preset::Sqlx, "m/5_a.sql", "+m/6_b.sql", &[][..]),
            (
                Preset::Sqlx,
                "m/10_a.sql",
                "+m/9_b.sql",
                &["warning m/9_b.sql with nobody, m/11_b.sql"],
            ),
            // What is edited is there still, and of what is deleted the next highest is.
            (
                Preset::Sqlx,
                "m/10_a.sql",
                "~m/10_a.sql +m/9_b.sql",
                &["warning m/9_b.sql with nobody, m/11_b.sql"],
            ),
            (
                Preset::Sqlx,
                "m/8_a.sql m/10_a.sql",
                "-m/10_a.sql +m/7_b.sql",
                &["warning m/7_b.sql with nobody, m/11_b.sql"],
            ),
            (Preset::Sqlx, "m/10_a.sql", "-m/10_a.sql +m/9_b.sql", &[]),
            // The same version is another rule's.
            (Preset::Sqlx, "m/10_a.sql", "+m/10_b.sql", &[]),
            (
                Preset::Goose,
                "m/10_a.sql",
                "+m/9_b.sql",
                &["error m/9_b.sql with nobody, m/11_b.sql"],
            ),
            (
                Preset::Flyway,
                "m/V1.10__a.sql",
                "+m/V1.9__b.sql",
                &["error m/V1.9__b.sql with nobody, m/V1.11__b.sql"],
            ),
            (
                Preset::Refinery,
                "m/V3__a.sql",
                "+m/V2__b.sql +m/U1__c.sql",
                &["error m/V2__b.sql with nobody, m/V4__b.sql"],
            ),
            (
                Preset::GolangMigrate,
                "m/2_a.up.sql",
                "+m/1_b.up.sql +m/1_b.down.sql",
                &[
                    "error m/1_b.down.sql with nobody, m/3_b.down.sql",
                    "error m/1_b.up.sql with nobody, m/3_b.up.sql",
                ],
            ),
            (Preset::Django, "m/0002_a.py", "+m/0001_b.py", &[]),
            (Preset::Plain, "m/20261124_a.sql", "+m/20261124_0.sql", &[]),
            (
                Preset::Plain,
                "m/20261124_a.sql",
                "+m/20261123_z.sql",
                &["warning m/20261123_z.sql with nobody, m/20261125_z.sql"],
            ),
            // Files that are not new, and another directory.
            (Preset::Sqlx, "m/10_a.sql m/9_b.sql", "~m/9_b.sql", &[]),
            (Preset::Sqlx, "n/10_a.sql", "+m/9_b.sql", &[]),
            (Preset::Sqlx, "", "+m/9_b.sql", &[]),
        ] {
            let given = given(preset, "", base, &[("a", work)]);
            assert_eq!(
                shortly(&given.findings("a", &RULE)),
                expected,
                "{preset} {base} {work}"
            );
        }
    }
}
