//! MIG08: what has landed stays as it is.

use super::versions;
use crate::domain::migration::{Direction, MigrationFile, Preset};
use crate::domain::project::Severity;
use crate::domain::quote::{shell_path, shell_word};
use crate::domain::rule::{Contents, Facts, FileChange, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "MIG08",
    severity: Severity::Error,
    law: "a migration that has landed is not edited, renamed or deleted",
    why: "Where it has run it does not run again: databases that are made from now on differ from those that are there. \
          sqlx, refinery, flyway and prisma compare checksums and stop; comments, line ends and a byte order mark count. Judged \
          are files of base, by their content. Files that run again whenever they change may be edited.",
    example: "A track corrects a typing error in db/migrations/20241001_trackA_users.sql, which is on base:\n\
              track billing changes db/migrations/20241001_trackA_users.sql, which has landed: sqlx compares checksums and \
              stops",
    way_out: "Take the change back and write a new migration. Where the file has run nowhere yet, an exception is in order: \
              `Tracks-Allow: MIG08 PATH REASON`, or a dated [[allow]].",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(migrations) = facts.migrations else {
        return;
    };
    let (work, preset) = (facts.work(), migrations.preset);
    for change in &work.changes {
        let Some(landed) = migrations.at(&change.path) else {
            continue;
        };
        let same = change
            .after
            .is_some_and(|after| after.id == landed.blob && after.mode.is_regular());
        let may_change = landed.direction == Direction::Repeatable && !change.is_gone();
        if same || may_change {
            continue;
        }
        let path = &change.path;
        let what = match (&change.moved, change.after) {
            (Some(to), None) => format!("renames {path} to {to}"),
            (_, None) => format!("deletes {path}"),
            _ => format!("{} {path}{}", change.verb(), only(work.contents.get(path))),
        };
        let message = format!(
            "track {} {what}, which has landed: {}",
            work.track,
            because(preset, landed, change)
        );
        let base = facts.project.base.as_ref();
        let base = base.map_or("main", |base| base.as_str());
        let back = match (&change.moved, change.after) {
            // A checkout would leave it under the new name, too.
            (Some(to), None) => versions::git_mv(to, path),
            _ => format!("git checkout {} -- {}", shell_word(base), shell_path(path)),
        };
        let fix = format!(
            "take it back: `{back}`, and write a new migration: `tracks new migration \"…\"`"
        );
        let finding = Finding::new(&RULE, message, fix).at(path);
        findings.push(match landed.direction {
            // Nobody has run it, or nobody should have.
            Direction::Down => finding.as_severe_as(Severity::Warning),
            _ => finding,
        });
    }
}

fn because(preset: Preset, landed: &MigrationFile, change: &FileChange) -> String {
    if change.is_gone() {
        return match preset {
            Preset::Plain | Preset::Custom => {
                "databases that have run it know it by that name".to_owned()
            }
            _ => format!("{preset} knows it where it has run"),
        };
    }
    match preset.keeps_checksums() && landed.direction != Direction::Down {
        true => format!("{preset} compares checksums and stops"),
        false => "databases that have run it do not run it again".to_owned(),
    }
}

/// What the change comes down to, where it is next to nothing.
fn only(contents: Option<&Contents>) -> &'static str {
    let Some((before, after)) =
        contents.and_then(|it| Some((it.before.as_deref()?, it.after.as_deref()?)))
    else {
        return "";
    };
    let bare = |text: &[u8]| -> Vec<u8> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        text.iter().copied().filter(|byte| *byte != b'\r').collect()
    };
    let (mut before, mut after) = (bare(before), bare(after));
    if before == after {
        return " (line ends or byte order mark only)";
    }
    for text in [&mut before, &mut after] {
        text.retain(|byte| !byte.is_ascii_whitespace());
    }
    match before == after {
        true => " (spaces only)",
        false => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::given;
    use super::RULE;
    use crate::domain::migration::Preset;

    #[test]
    fn what_has_landed() {
        for (preset, base, work, expected) in [
            (Preset::Sqlx, "m/1_a.sql", "+m/2_b.sql", &[][..]),
            (Preset::Sqlx, "", "~m/1_a.sql", &[]),
            (
                Preset::Sqlx,
                "m/1_a.sql",
                "~m/1_a.sql",
                &[
                    "error m/1_a.sql: track a changes m/1_a.sql, which has landed: sqlx compares checksums and stops",
                ],
            ),
            (
                Preset::Goose,
                "m/1_a.sql",
                "-m/1_a.sql",
                &[
                    "error m/1_a.sql: track a deletes m/1_a.sql, which has landed: goose knows it where it has run",
                ],
            ),
            (
                Preset::Plain,
                "m/1_a.sql",
                "m/1_a.sql>m/2_a.sql",
                &[
                    "error m/1_a.sql: track a renames m/1_a.sql to m/2_a.sql, which has landed: databases that have run it know it by that name",
                ],
            ),
            (Preset::Flyway, "m/R__v.sql", "~m/R__v.sql", &[]),
            (
                Preset::Sqlx,
                "m/1_a.down.sql",
                "~m/1_a.down.sql",
                &[
                    "warning m/1_a.down.sql: track a changes m/1_a.down.sql, which has landed: databases that have run it do not run it again",
                ],
            ),
            (Preset::Sqlx, "m/README.md", "~m/README.md", &[]),
        ] {
            let given = given(preset, "", base, &[("a", work)]);
            assert_eq!(given.found("a", &RULE), expected, "{base} {work}");
        }
    }

    #[test]
    fn how_it_is_taken_back() {
        for (base, work, back) in [
            ("m/1_a.sql", "~m/1_a.sql", "git checkout main -- m/1_a.sql"),
            (
                "m/1_a$.sql",
                "-m/1_a$.sql",
                "git checkout main -- 'm/1_a$.sql'",
            ),
            (
                "m/1_a.sql",
                "m/1_a.sql>m/2_a.sql",
                "git mv m/2_a.sql m/1_a.sql",
            ),
        ] {
            let given = given(Preset::Sqlx, "", base, &[("a", work)]);
            let fix = &given.findings("a", &RULE)[0].fix;
            assert!(
                fix.starts_with(&format!("take it back: `{back}`,")),
                "{fix}"
            );
        }
    }

    #[test]
    fn next_to_nothing_is_said() {
        let mut given = given(Preset::Sqlx, "", "m/1_a.sql", &[("a", "~m/1_a.sql")]);
        for (before, after, said) in [
            (
                "select 1;\n",
                "select 1;\r\n",
                "(line ends or byte order mark only)",
            ),
            (
                "select 1;\n",
                "\u{feff}select 1;\n",
                "(line ends or byte order mark only)",
            ),
            ("select 1;\n", "select  1;", "(spaces only)"),
        ] {
            given.works[0].content("m/1_a.sql", before, after);
            assert!(given.found("a", &RULE)[0].contains(said), "{said}");
        }
    }
}
