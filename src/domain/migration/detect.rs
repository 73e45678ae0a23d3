//! `preset = "auto"`: which runner a project uses, told by its manifests and by the names of its migrations.

use std::collections::BTreeSet;

use super::{Direction, Preset, Reader};
use crate::domain::path::{Pattern, RepoPath};

/// What was taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub preset: Preset,
    /// To stand behind "because".
    pub why: String,
}

/// A file that may show which runner a project uses, and its text.
#[derive(Debug, Clone)]
pub struct Manifest {
    pub path: RepoPath,
    pub text: String,
}

/// What is looked for in the directories above the migrations.
const MANIFESTS: [&str; 16] = [
    "Cargo.toml",
    "diesel.toml",
    "alembic.ini",
    "pyproject.toml",
    "requirements.txt",
    "manage.py",
    "prisma/schema.prisma",
    "schema.prisma",
    "package.json",
    "Gemfile",
    "go.mod",
    "flyway.conf",
    "flyway.toml",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
];

/// Where manifests may be, for migrations that these patterns select.
pub fn manifest_paths(patterns: &[Pattern]) -> BTreeSet<RepoPath> {
    let mut paths = BTreeSet::new();
    for pattern in patterns {
        let plain = |segment: &&str| !segment.contains(['*', '?', '[', '{']);
        let mut above = vec![String::new()];
        for segment in pattern.as_str().split('/').take_while(plain) {
            let last = above.last().cloned().unwrap_or_default();
            above.push(format!("{last}{segment}/"));
        }
        for directory in &above {
            paths.extend(
                MANIFESTS
                    .iter()
                    .map(|name| RepoPath::new(format!("{directory}{name}"))),
            );
        }
    }
    paths
}

/// `names`: base's migrations, or where base has none those of the tracks.
pub fn detect(patterns: &[Pattern], manifests: &[Manifest], names: &[RepoPath]) -> Taken {
    let fits = |preset: Preset| fits(preset, patterns, names);
    // What stands nearest to the migrations speaks first.
    let mut by_depth: Vec<(usize, Preset, String)> = (manifests.iter())
        .flat_map(|manifest| {
            let path = manifest.path.lossy();
            let near = path
                .trim_end_matches("prisma/schema.prisma")
                .matches('/')
                .count();
            let signs = signs(manifest).into_iter();
            signs.map(move |(preset, what)| (near, preset, format!("{} {what}", manifest.path)))
        })
        .filter(|(_, preset, _)| fits(*preset))
        .collect();
    by_depth.sort_by_key(|(depth, ..)| std::cmp::Reverse(*depth));
    let nearest = by_depth.first().map(|(depth, ..)| *depth);
    by_depth.retain(|(depth, ..)| Some(*depth) == nearest);
    let presets: BTreeSet<&str> = by_depth.iter().map(|(_, it, _)| it.as_str()).collect();
    match by_depth.first() {
        Some((_, preset, why)) if presets.len() == 1 => Taken {
            preset: *preset,
            why: why.clone(),
        },
        Some(_) => Taken {
            preset: Preset::Plain,
            why: format!(
                "the project shows more than one runner: {}",
                listed(&presets)
            ),
        },
        None => by_names(names, &fits),
    }
}

/// Without any manifest: by names that only one runner has.
fn by_names(names: &[RepoPath], fits: &dyn Fn(Preset) -> bool) -> Taken {
    let taken = |preset, why: &str| Taken {
        preset,
        why: why.to_owned(),
    };
    if names.is_empty() {
        return taken(Preset::Plain, "nothing in the project shows a runner");
    }
    let all = |end: &str| names.iter().all(|name| name.lossy().ends_with(end));
    if all("/migration.sql") && fits(Preset::Prisma) {
        return taken(
            Preset::Prisma,
            "each migration is a directory with migration.sql",
        );
    }
    if names.iter().all(|name| {
        let name = name.lossy();
        name.ends_with("/up.sql") || name.ends_with("/down.sql")
    }) {
        return taken(Preset::Diesel, "each migration is a directory with up.sql");
    }
    if all(".rb") && fits(Preset::Rails) {
        return taken(Preset::Rails, "the files are named as Rails names them");
    }
    let both: Vec<&str> = [Preset::Flyway, Preset::Refinery]
        .into_iter()
        .filter(|preset| fits(*preset))
        .map(Preset::as_str)
        .collect();
    match both.as_slice() {
        ["flyway"] => taken(Preset::Flyway, "the files are named as Flyway names them"),
        [] => taken(Preset::Plain, "nothing in the project shows a runner"),
        _ => taken(
            Preset::Plain,
            "the files may be for flyway or for refinery, and nothing else in the project shows which",
        ),
    }
}

/// Whether the runner would look at most of the files.
fn fits(preset: Preset, patterns: &[Pattern], names: &[RepoPath]) -> bool {
    /// More say no more.
    const SAMPLE: usize = 200;
    let reader = Reader::of_preset(preset, patterns);
    let sample = names.iter().rev().take(SAMPLE);
    let (mut read, mut ignored) = (0, 0);
    for file in sample.filter_map(|path| reader.by_name(path)) {
        match (&file.ignored, file.direction) {
            (None, _) | (_, Direction::Repeatable) => read += 1,
            _ => ignored += 1,
        }
    }
    read >= ignored
}

/// What a manifest shows, each to stand behind its path: "depends on sqlx".
fn signs(manifest: &Manifest) -> Vec<(Preset, String)> {
    let path = manifest.path.lossy();
    let file = path.rsplit_once('/').map_or(&*path, |(_, file)| file);
    let text = manifest.text.as_str();
    let depends =
        |found: bool, preset: Preset, on: &str| found.then(|| (preset, format!("depends on {on}")));
    let is_there = |preset: Preset| vec![(preset, "is there".to_owned())];
    match file {
        "diesel.toml" => is_there(Preset::Diesel),
        "alembic.ini" => is_there(Preset::Alembic),
        "schema.prisma" => is_there(Preset::Prisma),
        "flyway.conf" | "flyway.toml" => is_there(Preset::Flyway),
        "manage.py" if text.contains("django") || text.contains("DJANGO") => {
            is_there(Preset::Django)
        }
        "Cargo.toml" => [
            depends(has_key(text, "sqlx"), Preset::Sqlx, "sqlx"),
            depends(
                has_key(text, "diesel") || has_key(text, "diesel_migrations"),
                Preset::Diesel,
                "diesel",
            ),
            depends(has_key(text, "refinery"), Preset::Refinery, "refinery"),
        ]
        .into_iter()
        .flatten()
        .collect(),
        "pyproject.toml" | "requirements.txt" => [
            depends(has_word(text, "alembic"), Preset::Alembic, "alembic"),
            depends(has_word(text, "django"), Preset::Django, "django"),
        ]
        .into_iter()
        .flatten()
        .collect(),
        "package.json" => depends(text.contains("\"prisma\""), Preset::Prisma, "prisma")
            .into_iter()
            .collect(),
        "Gemfile" => {
            let found = ["rails", "activerecord"].iter().any(|gem| {
                text.contains(&format!("'{gem}'")) || text.contains(&format!("\"{gem}\""))
            });
            depends(found, Preset::Rails, "rails").into_iter().collect()
        }
        "go.mod" => [
            depends(
                text.contains("github.com/pressly/goose"),
                Preset::Goose,
                "goose",
            ),
            depends(
                text.contains("github.com/golang-migrate/migrate"),
                Preset::GolangMigrate,
                "golang-migrate",
            ),
        ]
        .into_iter()
        .flatten()
        .collect(),
        "pom.xml" | "build.gradle" | "build.gradle.kts" => {
            depends(text.contains("flyway"), Preset::Flyway, "flyway")
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

/// `name = …`, `name.workspace = true`, or a table whose name ends in it.
fn has_key(toml: &str, name: &str) -> bool {
    toml.lines().map(str::trim).any(|line| {
        let key = line.strip_prefix(name).map(str::trim_start);
        let is_key = key.is_some_and(|rest| rest.starts_with(['=', '.']));
        let table = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'));
        is_key
            || table.is_some_and(|table| table.rsplit_once('.').is_some_and(|(_, it)| it == name))
    })
}

/// Whether a requirement of this name is there, in any case: `Django>=4`, `"alembic"`.
fn has_word(text: &str, word: &str) -> bool {
    let text = text.to_lowercase();
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || c == '.';
    text.lines()
        .map(|line| line.split('#').next().unwrap_or(line))
        .any(|line| line.split(|c| !is_part(c)).any(|part| part == word))
}

fn listed(names: &BTreeSet<&str>) -> String {
    let names: Vec<&str> = names.iter().copied().collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The SQL that a project speaks, where its manifests show one and no other.
pub fn dialect(manifests: &[Manifest]) -> Option<&'static str> {
    const SIGNS: [(&str, &[&str]); 3] = [
        (
            "postgres",
            &[
                "postgres",
                "psycopg",
                "lib/pq",
                "jackc/pgx",
                "\"pg\"",
                "'pg'",
            ],
        ),
        ("mysql", &["mysql", "mariadb"]),
        ("sqlite", &["sqlite"]),
    ];
    let shows = |signs: &[&str]| {
        let has = |manifest: &Manifest| signs.iter().any(|sign| manifest.text.contains(sign));
        manifests.iter().any(has)
    };
    let mut shown = SIGNS
        .iter()
        .filter(|(_, signs)| shows(signs))
        .map(|(name, _)| *name);
    let first = shown.next()?;
    shown.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(patterns: &str, manifests: &[(&str, &str)], names: &str) -> String {
        let patterns: Vec<Pattern> = patterns
            .split(' ')
            .map(|it| Pattern::new(it).unwrap())
            .collect();
        let known = manifest_paths(&patterns);
        let manifests: Vec<Manifest> = (manifests.iter())
            .map(|(path, text)| Manifest {
                path: RepoPath::new(path),
                text: (*text).to_owned(),
            })
            .filter(|manifest| known.contains(&manifest.path))
            .collect();
        let names: Vec<RepoPath> = names.split_whitespace().map(RepoPath::new).collect();
        let taken = detect(&patterns, &manifests, &names);
        format!("{}, because {}", taken.preset, taken.why)
    }

    #[test]
    fn runners_are_found() {
        let sqlx = (
            "Cargo.toml",
            "[dependencies]\nsqlx = { version = \"0.8\" }\n",
        );
        for (patterns, manifests, names, expected) in [
            (
                "m/*.sql",
                &[sqlx][..],
                "m/1_a.sql",
                "sqlx, because Cargo.toml depends on sqlx",
            ),
            (
                "m/*.sql",
                &[("Cargo.toml", "[dependencies.sqlx]\nversion = \"0.8\"\n")],
                "",
                "sqlx, because Cargo.toml depends on sqlx",
            ),
            (
                "m/*.sql",
                &[("Cargo.toml", "[dependencies]\nsqlx.workspace = true\n")],
                "m/1_a.sql",
                "sqlx, because Cargo.toml depends on sqlx",
            ),
            // It is only asked for its queries.
            (
                "m/*.sql",
                &[(
                    "Cargo.toml",
                    "[dependencies]\nsqlx = \"0.8\"\nrefinery = \"0.8\"\n",
                )],
                "m/V1__a.sql m/V2__b.sql",
                "refinery, because Cargo.toml depends on refinery",
            ),
            (
                "m/**",
                &[
                    ("Cargo.toml", "[dependencies]\nsqlx = \"0.8\"\n"),
                    ("diesel.toml", ""),
                ],
                "m/1_a/up.sql",
                "diesel, because diesel.toml is there",
            ),
            (
                "m/*.sql",
                &[(
                    "go.mod",
                    "require (\n\tgithub.com/pressly/goose/v3 v3\n\tgithub.com/golang-migrate/migrate/v4 v4\n)",
                )],
                "",
                "plain, because the project shows more than one runner: golang-migrate and goose",
            ),
            (
                "m/*.sql",
                &[(
                    "go.mod",
                    "\tgithub.com/pressly/goose/v3 v3\n\tgithub.com/golang-migrate/migrate/v4 v4\n",
                )],
                "m/1_a.up.sql m/1_a.down.sql",
                "plain, because the project shows more than one runner: golang-migrate and goose",
            ),
            // The nearest one.
            (
                "api/m/*.sql",
                &[
                    sqlx,
                    (
                        "api/go.mod",
                        "require github.com/golang-migrate/migrate/v4 v4",
                    ),
                ],
                "api/m/1_a.up.sql",
                "golang-migrate, because api/go.mod depends on golang-migrate",
            ),
            (
                "shop/migrations/*.py",
                &[("manage.py", "DJANGO_SETTINGS_MODULE")],
                "shop/migrations/0001_initial.py",
                "django, because manage.py is there",
            ),
            (
                "*/migrations/*.py",
                &[("requirements.txt", "Django>=4 # web\n")],
                "",
                "django, because requirements.txt depends on django",
            ),
            (
                "m/*.py",
                &[("requirements.txt", "django-alembic-thing\n")],
                "",
                "plain, because nothing in the project shows a runner",
            ),
            (
                "alembic/versions/*.py",
                &[("alembic.ini", "[alembic]")],
                "alembic/versions/ab_x.py",
                "alembic, because alembic.ini is there",
            ),
            (
                "prisma/migrations/**",
                &[("prisma/schema.prisma", "")],
                "prisma/migrations/1_a/migration.sql",
                "prisma, because prisma/schema.prisma is there",
            ),
            (
                "db/migrate/*.rb",
                &[("Gemfile", "gem 'rails', '~> 7'\n")],
                "db/migrate/20240101000000_a.rb",
                "rails, because Gemfile depends on rails",
            ),
            (
                "db/migration/*.sql",
                &[("pom.xml", "<artifactId>flyway-core</artifactId>")],
                "db/migration/V1__a.sql",
                "flyway, because pom.xml depends on flyway",
            ),
            (
                "m/*/migration.sql",
                &[],
                "m/1_a/migration.sql",
                "prisma, because each migration is a directory with migration.sql",
            ),
            (
                "m/**",
                &[],
                "m/1_a/up.sql m/1_a/down.sql",
                "diesel, because each migration is a directory with up.sql",
            ),
            (
                "m/*",
                &[],
                "m/V1.2__a.sql",
                "flyway, because the files are named as Flyway names them",
            ),
            (
                "m/*",
                &[],
                "m/V1__a.sql",
                "plain, because the files may be for flyway or for refinery, and nothing else in the project shows which",
            ),
            (
                "m/*",
                &[],
                "m/1_a.sql m/2_b.sql",
                "plain, because nothing in the project shows a runner",
            ),
            (
                "m/*",
                &[],
                "",
                "plain, because nothing in the project shows a runner",
            ),
        ] {
            assert_eq!(
                taken(patterns, manifests, names),
                expected,
                "{patterns} {names}"
            );
        }
    }

    #[test]
    fn dialects() {
        let said = |text: &str| {
            dialect(&[Manifest {
                path: RepoPath::new("Cargo.toml"),
                text: text.to_owned(),
            }])
        };
        for (text, expected) in [
            ("sqlx = { features = [\"postgres\"] }", Some("postgres")),
            ("provider = \"mysql\"", Some("mysql")),
            ("mattn/go-sqlite3", Some("sqlite")),
            ("features = [\"postgres\", \"sqlite\"]", None),
            ("", None),
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
    }
}
