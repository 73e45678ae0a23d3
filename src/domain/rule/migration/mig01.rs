//! MIG01: a migration is named by the template.

use super::versions;
use crate::domain::migration::{Direction, Template};
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Mend, Rule};

pub(super) const RULE: Rule = Rule {
    code: "MIG01",
    severity: Severity::Error,
    law: "a new migration is named by a template of `[migrations] name`",
    why: "Names that all look alike tell whose a migration is and when it runs, and other rules read them. Judged are files \
          that the track adds; of a template list any one will do. Whether a file goes up or down need not be in the template, \
          and for runners that have a directory for each migration, the template is for the name of the directory. Files that \
          run again whenever they change are not judged.",
    example: "tracks.toml has `name = \"{date}_{track}_{slug}.sql\"`; a track adds db/migrations/add-users.sql:\n\
              db/migrations/add-users.sql is not named as {date}_{track}_{slug}.sql says",
    way_out: "Rename the file; `tracks new migration TITLE` makes one with the right name to begin with.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    let Some(migrations) = facts.migrations else {
        return;
    };
    let reader = &migrations.reader;
    if reader.templates.is_empty() {
        return;
    }
    let work = facts.work();
    for file in &work.migrations {
        let counts = !matches!(file.direction, Direction::Repeatable | Direction::Baseline);
        if !counts || !versions::is_new(work, file) {
            continue;
        }
        let path = file.path.lossy();
        let name = reader.named(&path, file.direction);
        if reader.fields(&name).is_some() {
            continue;
        }
        let code = &facts.track().code;
        let to = versions::proposed(findings, file).or_else(|| {
            let taken = versions::taken(facts, migrations, &[file], findings);
            migrations.by_template(file, code, &taken, facts.now)
        });
        let templates: Vec<&str> = reader.templates.iter().map(Template::as_str).collect();
        let templates = templates.join(" or ");
        let fix = match &to {
            Some(to) => format!("rename it: `{}`", versions::git_mv(&file.path, to)),
            None => format!("rename it so that it is named as {templates} says"),
        };
        let message = format!("{} is not named as {templates} says", file.path);
        let finding = Finding::new(&RULE, message, fix).at(&file.path);
        findings.push(versions::mended(
            finding,
            to.map(|to| Mend::Rename {
                from: file.path.clone(),
                to,
            }),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::given;
    use super::RULE;
    use crate::domain::migration::Preset;
    use crate::domain::rule::Mend;

    #[test]
    fn names_are_held_against_the_templates() {
        let template = "{date}_{track}_{slug}.sql";
        for (templates, work, expected) in [
            (template, "+m/20261125_a_x.sql", &[][..]),
            (
                template,
                "+m/20261125_a_x.up.sql +m/20261125_a_x.down.sql",
                &[],
            ),
            (template, "~m/old.sql", &[]),
            ("", "+m/anything.sql", &[]),
            (
                "{serial:4}_{slug}.sql {date}_{slug}.sql",
                "+m/0001_x.sql +m/20261125_x.sql",
                &[],
            ),
            (template, "+m/README.md +other/x.sql", &[]),
            (
                template,
                "+m/add-users.sql",
                &[
                    "error m/add-users.sql: m/add-users.sql is not named as {date}_{track}_{slug}.sql says",
                ],
            ),
            (
                "{serial:4}_{slug}.sql {date}_{slug}.sql",
                "+m/1_x.sql",
                &[
                    "error m/1_x.sql: m/1_x.sql is not named as {serial:4}_{slug}.sql or {date}_{slug}.sql says",
                ],
            ),
        ] {
            let given = given(Preset::Plain, templates, "", &[("a", work)]);
            assert_eq!(given.found("a", &RULE), expected, "{work}");
        }
    }

    #[test]
    fn both_files_of_a_directory_go_together() {
        let given = given(
            Preset::Diesel,
            "{date}_{slug}",
            "",
            &[("a", "+m/users/up.sql +m/users/down.sql")],
        );
        let findings = given.findings("a", &RULE);
        let directories: Vec<String> = findings
            .iter()
            .filter_map(|it| match &it.mend {
                Some(Mend::Rename { to, .. }) => Some(to.lossy().into_owned()),
                _ => None,
            })
            .collect();
        assert_eq!(
            directories,
            ["m/20261125_users/down.sql", "m/20261125_users/up.sql"]
        );
    }

    #[test]
    fn no_name_is_offered_twice() {
        let given = given(
            Preset::Sqlx,
            "{serial:4}_{slug}.sql",
            "m/0002_x.sql",
            &[("a", "+m/7_a.sql +m/8_b.up.sql +m/8_b.down.sql +m/9_c.sql")],
        );
        let fixes: Vec<String> = (given.findings("a", &RULE).into_iter())
            .map(|it| it.fix.rsplit(' ').next().unwrap_or("").to_owned())
            .collect();
        assert_eq!(
            fixes,
            [
                "m/0010_a.sql`",
                "m/0011_b.down.sql`",
                "m/0011_b.up.sql`",
                "m/0012_c.sql`"
            ]
        );
    }

    #[test]
    fn the_right_name_is_offered() {
        let given = given(
            Preset::Sqlx,
            "{date}_{track}_{slug}.sql",
            "m/20261125_b_x.sql",
            &[("a", "+m/7_Users.sql")],
        );
        let finding = given.findings("a", &RULE).remove(0);
        assert_eq!(
            finding.fix,
            "rename it: `git mv m/7_Users.sql m/20261126_a_users.sql`"
        );
        assert!(finding.mend.is_some());
    }
}
