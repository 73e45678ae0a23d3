//! Names, as each runner reads them.

use super::*;

fn reader(preset: Preset, patterns: &[&str]) -> Reader {
    Reader {
        preset,
        patterns: patterns
            .iter()
            .map(|it| Pattern::new(it).unwrap())
            .collect(),
        ..Reader::default()
    }
}

/// `set: version, direction, slug`, or why it is passed over.
fn read(reader: &Reader, path: &str) -> String {
    let blob = BlobId::from_hex(&"1".repeat(40)).unwrap();
    let Some(file) = reader.read(&RepoPath::new(path), blob, None) else {
        return "nothing".to_owned();
    };
    if let Some(why) = file.ignored {
        return format!("ignored: {why}");
    }
    let version = file.version.map_or("-".to_owned(), |it| it.key.to_string());
    let slug = file.slug.unwrap_or_default();
    format!(
        "{}: {version}, {:?}, {slug}",
        file.set.lossy(),
        file.direction
    )
}

#[test]
fn names() {
    for (preset, path, expected) in [
        (Preset::Plain, "m/0001_a.sql", "m: 0001_a.sql, Only, a"),
        (Preset::Plain, "m/0001_a.up.sql", "m: 0001_a.sql, Up, a"),
        (Preset::Plain, "0001.sql", ": 0001.sql, Only, "),
        (Preset::Plain, "m/README.md", "nothing"),
        (Preset::Plain, "m/.gitkeep", "nothing"),
        (
            Preset::Sqlx,
            "m/20241001_trackA_x.sql",
            "m: 20241001, Only, trackA_x",
        ),
        (Preset::Sqlx, "m/0007_x.up.sql", "m: 7, Up, x"),
        (Preset::Sqlx, "m/0007_x.down.sql", "m: 7, Down, x"),
        (Preset::Sqlx, "m/7_.sql", "m: 7, Only, "),
        (
            Preset::Sqlx,
            "m/7.sql",
            "ignored: looks for a `_` behind the version",
        ),
        (
            Preset::Sqlx,
            "m/7_x.SQL",
            "ignored: only looks at names that end in .sql",
        ),
        (
            Preset::Sqlx,
            "m/v7_x.sql",
            "ignored: stops at what stands before the first `_`, which is no number",
        ),
        (
            Preset::Sqlx,
            "m/9223372036854775808_x.sql",
            "ignored: stops at what stands before the first `_`, which is no number",
        ),
        (
            Preset::Diesel,
            "m/2024-10-01-120000_x_y/up.sql",
            "m: 20241001120000, Up, x_y",
        ),
        (
            Preset::Diesel,
            "m/2024-10-01-120000_x_y/down.sql",
            "m: 20241001120000, Down, x_y",
        ),
        (Preset::Diesel, "m/001_x/metadata.toml", "nothing"),
        (
            Preset::Diesel,
            "m/001_x/UP.sql",
            "ignored: looks for up.sql and down.sql in the directory of a migration",
        ),
        (
            Preset::Diesel,
            "up.sql",
            "ignored: looks for a directory for each migration",
        ),
        (Preset::Refinery, "m/V1__x.sql", "m: 1, Only, x"),
        (Preset::Refinery, "m/U01__x.rs", "m: 1, Unordered, x"),
        (
            Preset::Refinery,
            "m/V1_x.sql",
            "ignored: looks for `__` and one word behind the version",
        ),
        (
            Preset::Refinery,
            "m/V1__x-y.sql",
            "ignored: looks for `__` and one word behind the version",
        ),
        (
            Preset::Refinery,
            "m/V1.2__x.sql",
            "ignored: takes only a whole number as version",
        ),
        (
            Preset::Refinery,
            "m/v1__x.sql",
            "ignored: looks for a `V` or a `U` in front of the version",
        ),
        (Preset::Refinery, "m/mod.rs", "nothing"),
        (Preset::Flyway, "m/V1.2__x.sql", "m: 1.2, Only, x"),
        (Preset::Flyway, "m/V1_2_0__x y.sql", "m: 1.2, Only, x y"),
        (Preset::Flyway, "m/V3.sql", "m: 3, Only, "),
        (Preset::Flyway, "m/U1.2__x.sql", "m: 1.2, Down, x"),
        (Preset::Flyway, "m/B1__x.sql", "m: 1, Baseline, x"),
        (Preset::Flyway, "m/R__views.sql", "m: -, Repeatable, views"),
        (
            Preset::Flyway,
            "m/R1__views.sql",
            "ignored: takes no version between `R` and `__`",
        ),
        (
            Preset::Flyway,
            "m/V1_x.sql",
            "ignored: looks for numbers between its first letter and `__`",
        ),
        (
            Preset::Flyway,
            "m/v1__x.sql",
            "ignored: looks for `V`, `U`, `R` or `B` in front",
        ),
        (Preset::Flyway, "m/V1__x.sql.conf", "nothing"),
        (
            Preset::Rails,
            "m/20241001120000_add_x.rb",
            "m: 20241001120000, Only, add_x",
        ),
        (
            Preset::Rails,
            "m/20241001120000_add_x.engine.rb",
            "m: 20241001120000, Only, add_x",
        ),
        (Preset::Rails, "m/001_x.rb", "m: 1, Only, x"),
        (
            Preset::Rails,
            "m/001_X.rb",
            "ignored: stops at a name with other letters than a to z, digits and `_`",
        ),
        (
            Preset::Rails,
            "m/x.rb",
            "ignored: looks for a `_` behind the version",
        ),
        (Preset::Goose, "m/00001_x.sql", "m: 1, Only, x"),
        (
            Preset::Goose,
            "m/20240101000000_x.go",
            "m: 20240101000000, Only, x",
        ),
        (
            Preset::Goose,
            "m/00000_x.sql",
            "ignored: takes no version 0",
        ),
        (Preset::Goose, "m/x_test.go", "nothing"),
        (
            Preset::Goose,
            "m/helpers_x.go",
            "ignored: looks for a number in front of the first `_`",
        ),
        (Preset::GolangMigrate, "m/000001_x.up.sql", "m: 1, Up, x"),
        (
            Preset::GolangMigrate,
            "m/1_x.down.up.down.sql",
            "m: 1, Down, x.down.up",
        ),
        (Preset::GolangMigrate, "m/1_.up.json", "m: 1, Up, "),
        (
            Preset::GolangMigrate,
            "m/1_x.sql",
            "ignored: looks for .up. or .down. in front of the ending",
        ),
        (
            Preset::GolangMigrate,
            "m/18446744073709551616_x.up.sql",
            "ignored: looks for a number in front of the first `_`",
        ),
        (
            Preset::Prisma,
            "m/20240101_x/migration.sql",
            "m: 20240101_x, Only, x",
        ),
        (Preset::Prisma, "m/migration_lock.toml", "nothing"),
        (
            Preset::Prisma,
            "m/20240101_x/up.sql",
            "ignored: looks for migration.sql in the directory of a migration",
        ),
        (
            Preset::Django,
            "shop/migrations/0001_initial.py",
            "shop/migrations: 0001_initial, Only, initial",
        ),
        (
            Preset::Django,
            "shop/migrations/_old.py",
            "ignored: passes over names that begin with `_` or `~`",
        ),
        (Preset::Django, "shop/migrations/__init__.py", "nothing"),
        (
            Preset::Alembic,
            "alembic/versions/ab12_x.py",
            "alembic/versions: -, Only, x",
        ),
        (
            Preset::Alembic,
            "alembic/versions/notes.sql",
            "ignored: only looks at names that end in .py",
        ),
    ] {
        let reader = reader(preset, &["**"]);
        let reader = match preset {
            Preset::Flyway | Preset::Rails | Preset::Refinery | Preset::Alembic => {
                self::reader(preset, &["m/*", "alembic/versions/*"])
            }
            _ => reader,
        };
        assert_eq!(read(&reader, path), expected, "{preset} {path}");
    }
}

#[test]
fn custom_patterns() {
    let mut reader = reader(Preset::Custom, &["m/*"]);
    reader.custom = Regex::new(r"^v(\w+)-").ok();
    for (path, expected) in [
        ("m/v007-x.sql", "m: 7, Only, v007-x"),
        ("m/v7a-x.down.sql", "m: 7a, Down, v7a-x"),
        (
            "m/x.sql",
            "ignored: finds no version in its name by the pattern of `[migrations] version`",
        ),
    ] {
        assert_eq!(read(&reader, path), expected, "{path}");
    }
}

#[test]
fn sets() {
    for (preset, pattern, path, set) in [
        (Preset::Sqlx, "s/*/m/*.sql", "s/a/m/1_x.sql", "s/a/m"),
        (Preset::Flyway, "s/*/m/*.sql", "s/a/m/V1__x.sql", "s/a/m"),
        (Preset::Flyway, "s/*/m/**", "s/a/m/v1/V1__x.sql", "s/a/m"),
        (Preset::Flyway, "m/**/*.sql", "m/V1__x.sql", "m"),
        (Preset::Flyway, "m", "m/a/V1__x.sql", "m/a"),
        (Preset::Refinery, "**", "m/V1__x.sql", ""),
        (
            Preset::Alembic,
            "a/versions/*.py",
            "a/versions/x.py",
            "a/versions",
        ),
        (Preset::Alembic, "a/*/v/*.py", "a/b/v/x.py", "a"),
    ] {
        let reader = reader(preset, &[pattern]);
        let blob = BlobId::from_hex(&"1".repeat(40)).unwrap();
        let file = reader.read(&RepoPath::new(path), blob, None).unwrap();
        assert_eq!(file.set, RepoPath::new(set), "{preset} {pattern} {path}");
    }
}

#[test]
fn what_templates_say() {
    let mut reader = reader(Preset::Sqlx, &["m/*"]);
    reader.codes = vec!["trackA".to_owned()];
    reader.templates = ["{date}_{track}_{slug}.sql", "{timestamp}_{slug}.sql"]
        .map(|it| Template::new(it).unwrap())
        .to_vec();
    let blob = BlobId::from_hex(&"1".repeat(40)).unwrap();
    for (path, token, slug) in [
        ("m/20241001_trackA_x.sql", Some("trackA"), "x"),
        ("m/20241001_nobody_x.sql", Some("nobody"), "x"),
        ("m/20241001120000_trackA_x.sql", None, "trackA_x"),
        ("m/7_x.sql", None, "x"),
    ] {
        let file = reader.read(&RepoPath::new(path), blob, None).unwrap();
        assert_eq!(
            (file.token.as_deref(), file.slug.as_deref()),
            (token, Some(slug)),
            "{path}"
        );
    }
    let named = reader.named("m/1_x.up.sql", Direction::Up);
    assert_eq!(named, "1_x.sql");
}

#[test]
fn texts_are_read_for_their_links() {
    let blob = BlobId::from_hex(&"1".repeat(40)).unwrap();
    let alembic = reader(Preset::Alembic, &["v/*"]);
    let path = RepoPath::new("v/x.py");
    let file = alembic
        .read(&path, blob, Some(b"revision = 'a'\ndown_revision = None\n"))
        .unwrap();
    assert_eq!(file.version.unwrap().text, "a");
    let file = alembic.read(&path, blob, Some(b"x = 1\n")).unwrap();
    assert_eq!(file.ignored.as_deref(), Some("finds no `revision` in it"));
    let sqlx = reader(Preset::Sqlx, &["v/*"]);
    let file = sqlx.read(
        &RepoPath::new("v/1_x.sql"),
        blob,
        Some(b"-- tracks: needs 7\n\xff"),
    );
    assert_eq!(file.unwrap().links.unwrap().depends_on, ["7"]);
}
