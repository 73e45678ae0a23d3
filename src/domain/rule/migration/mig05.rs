//! MIG05: the template gives every migration a version of its own.

use crate::domain::migration::{Preset, Template, template::Values};
use crate::domain::path::RepoPath;
use crate::domain::project::Severity;
use crate::domain::rule::{Facts, Finding, Rule};

pub(super) const RULE: Rule = Rule {
    code: "MIG05",
    severity: Severity::Warning,
    law: "the template of names is fine enough for the runner",
    why: "Where the runner takes a part of the name for the version, and the template has only a day in that part, any two \
          migrations of one day are one version, whoever adds them. A template whose names the runner does not look at is \
          reported, too.",
    example: "tracks.toml has `name = \"{date}_{track}_{slug}.sql\"`, and the project uses sqlx:\n\
              `[migrations] name` {date}_{track}_{slug}.sql gives two migrations of one day the same version: sqlx takes the \
              number before the first `_`",
    way_out: "Take a template with `{timestamp}`, or `{date}{serial:2}`, in the part that the runner looks at.",
    judge,
};

fn judge(facts: &Facts<'_>, findings: &mut Vec<Finding>) {
    // It is about tracks.toml, and so is told where that is judged.
    let Some(migrations) = facts.migrations.filter(|_| facts.files.is_some()) else {
        return;
    };
    let file = RepoPath::new("tracks.toml");
    for template in &migrations.reader.templates {
        let versions = [("100000", 1, "a", "x"), ("110000", 2, "b", "y")].map(
            |(time, serial, track, slug)| {
                let values = Values {
                    date: "20241001",
                    time,
                    serial,
                    track,
                    slug,
                };
                read(migrations, &template.print(&values))
            },
        );
        let preset = migrations.taken_for();
        let [first, second] = versions;
        let (message, fix) = match (first, second) {
            (Ok(first), Ok(second)) if first.is_some() && first == second => (
                format!(
                    "`[migrations] name` {template} gives two migrations of one day the same version: {preset} takes {}",
                    migrations.preset.version_is()
                ),
                format!("use `name = \"{}\"`", finer(template)),
            ),
            (Err(why), _) => (
                format!(
                    "`[migrations] name` {template} makes names that are no migrations to {preset}: it {why}"
                ),
                "use a template as the runner wants it".to_owned(),
            ),
            _ => continue,
        };
        findings.push(Finding::new(&RULE, message, fix).at(&file));
    }
}

type Key = crate::domain::migration::VersionKey;

/// The version in a name; `Err`: why the runner does not look at it.
fn read(
    migrations: &crate::domain::migration::Migrations,
    name: &str,
) -> Result<Option<Key>, String> {
    let path = match migrations.preset {
        Preset::Diesel => format!("m/{name}/up.sql"),
        Preset::Prisma => format!("m/{name}/migration.sql"),
        // Both ways are made from one template.
        Preset::GolangMigrate if !name.contains(".up.") => {
            let (stem, end) = name.rsplit_once('.').unwrap_or((name, "sql"));
            format!("m/{stem}.up.{end}")
        }
        _ => format!("m/{name}"),
    };
    match migrations.reader.by_name(&RepoPath::new(path)) {
        Some(file) => match file.ignored {
            Some(why) => Err(why),
            None => Ok(file.version.map(|version| version.key)),
        },
        None => Err("takes them for something else".to_owned()),
    }
}

/// The same with the time of day beside the day.
fn finer(template: &Template) -> String {
    let text = template.as_str();
    match text.contains("{date}") {
        true => text.replacen("{date}", "{timestamp}", 1),
        false => format!("{{timestamp}}_{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::given;
    use super::RULE;
    use crate::domain::migration::Preset;

    #[test]
    fn templates_are_held_against_the_runner() {
        let day = "{date}_{track}_{slug}.sql";
        for (preset, template, found) in [
            (Preset::Plain, day, false),
            (Preset::Sqlx, day, true),
            (Preset::Sqlx, "{timestamp}_{slug}.sql", false),
            (Preset::Sqlx, "{date}{serial:2}_{slug}.sql", false),
            (Preset::Sqlx, "{date}_{serial:2}_{slug}.sql", true),
            (Preset::Sqlx, "{serial:4}_{slug}.sql", false),
            (Preset::Sqlx, "{track}_{slug}.sql", true),
            (Preset::Flyway, "V{date}__{track}_{slug}.sql", true),
            (Preset::Flyway, "V{date}.{time}__{slug}.sql", false),
            (Preset::Flyway, day, true),
            (Preset::Diesel, "{date}_{track}_{slug}", true),
            (Preset::Prisma, "{date}_{track}_{slug}", false),
            (Preset::GolangMigrate, "{serial:6}_{slug}.sql", false),
            (Preset::Django, "{serial:4}_{slug}.py", false),
        ] {
            let mut given = given(preset, template, "", &[("a", "+x")]);
            assert_eq!(given.found("a", &RULE), [""; 0]);
            given.on_base("tracks.toml");
            assert_eq!(
                given.found("a", &RULE).len(),
                usize::from(found),
                "{preset} {template}"
            );
        }
    }

    #[test]
    fn a_finer_one_is_proposed() {
        let mut given = given(
            Preset::Sqlx,
            "{date}_{track}_{slug}.sql",
            "",
            &[("a", "+x")],
        );
        given.on_base("tracks.toml");
        let finding = given.findings("a", &RULE).remove(0);
        assert_eq!(
            finding.message,
            "`[migrations] name` {date}_{track}_{slug}.sql gives two migrations of one day the same version: sqlx takes the \
             number before the first `_`"
        );
        assert_eq!(
            finding.fix,
            "use `name = \"{timestamp}_{track}_{slug}.sql\"`"
        );
    }
}
