//! MIG20: what lies among the migrations is one.

use std::collections::BTreeSet;

use super::versions;
use crate::domain::path::RepoPath;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "MIG20",
    severity: Severity::Warning,
    law: "a file among the migrations is one that the runner runs",
    why: "A runner passes over a name that is not as it wants it, mostly without a word, and the tables that the file makes are \
          missing where nobody looks. Judged are files that the track adds: those that `[migrations] paths` selects, and .sql \
          files in or below a directory of migrations that it does not. Read-me files, hidden files and the like are left \
          alone.",
    example: "The runner is flyway, and a track adds db/migration/V7_users.sql, with one `_`:\n\
              flyway does not run db/migration/V7_users.sql: it looks for numbers between its first letter and `__`",
    way_out: "Rename the file as the runner wants it, or move it out of the directory.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let (Some(migrations), Some(said)) = (facts.migrations, &facts.project.migrations) else {
        return;
    };
    let work = facts.work();
    let runner = migrations.taken_for();
    for file in work
        .migrations
        .iter()
        .filter(|file| versions::is_new(work, file))
    {
        let Some(why) = &file.ignored else { continue };
        let message = format!("{} does not run {}: it {why}", migrations.preset, file.path);
        let fix = format!("rename it as {runner} wants it, or move it elsewhere");
        findings.push(Finding::new(&RULE, message, fix).at(&file.path));
    }
    let sets: BTreeSet<&RepoPath> = (migrations.base.iter())
        .chain(versions::own(facts))
        .map(|file| &file.set)
        .filter(|set| !set.as_bytes().is_empty())
        .collect();
    for change in work.changes.iter().filter(|change| change.is_new()) {
        let path = &change.path;
        let selected = said.paths.iter().any(|pattern| pattern.matches(path));
        let is_sql = path.lossy().to_lowercase().ends_with(".sql");
        let among = sets.iter().any(|set| set.contains(path));
        if is_sql && among && !selected {
            let message = format!(
                "{path} lies among the migrations, and no pattern of `[migrations] paths` takes it for one"
            );
            let fix = "rename it as the others, or add a pattern for it to `[migrations] paths`";
            findings.push(Finding::new(&RULE, message, fix).at(path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::given;
    use super::RULE;
    use crate::domain::migration::Preset;

    #[test]
    fn what_is_passed_over() {
        for (preset, work, expected) in [
            (
                Preset::Flyway,
                "+m/V7__x.sql +m/README.md +m/.keep",
                &[][..],
            ),
            (
                Preset::Flyway,
                "+m/V7_x.sql",
                &[
                    "warning m/V7_x.sql: flyway does not run m/V7_x.sql: it looks for numbers between its first letter and `__`",
                ],
            ),
            (
                Preset::Sqlx,
                "+m/7-x.sql",
                &[
                    "warning m/7-x.sql: sqlx does not run m/7-x.sql: it looks for a `_` behind the version",
                ],
            ),
            (Preset::Sqlx, "~m/7-x.sql", &[]),
            (Preset::Plain, "+m/anything.sql", &[]),
            (
                Preset::Sqlx,
                "+m/7_x.sql +m/deep/8_y.sql +other/1.sql",
                &[
                    "warning m/deep/8_y.sql: m/deep/8_y.sql lies among the migrations, and no pattern of `[migrations] paths` takes it for one",
                ],
            ),
        ] {
            let given = given(preset, "", "m/1_a.sql m/V1__a.sql", &[("a", work)]);
            assert_eq!(given.found("a", &RULE), expected, "{work}");
        }
    }
}
