//! Which files a new migration is.

use super::super::Reader;
use super::*;
use crate::domain::path::Pattern;
use crate::domain::revision::BlobId;

fn planned(preset: Preset, templates: &str, base: &str, heads: &[&str]) -> Vec<(String, String)> {
    let mut reader = Reader::of_preset(preset, &[Pattern::new("m/**").unwrap()]);
    reader.templates = templates
        .split_whitespace()
        .map(|it| Template::new(it).unwrap())
        .collect();
    reader.sign(&["trackA"]);
    let blob = BlobId::from_hex(&"1".repeat(40)).unwrap();
    let files = base
        .split_whitespace()
        .map(|path| reader.read(&RepoPath::new(path), blob, None).unwrap());
    let files = files.collect();
    let migrations = Migrations::new(reader, "it says so", true, files);
    let taken = Taken::on_base(&migrations);
    let heads: Vec<String> = heads.iter().map(|it| (*it).to_owned()).collect();
    let wanted = Wanted {
        set: &RepoPath::new("m"),
        title: "Add agent registry",
        code: "trackA",
        heads: &heads,
        // 2026-11-25, noon.
        now: Timestamp(1_795_608_000),
    };
    let planned = migrations.next(&wanted, &taken).unwrap();
    planned
        .files
        .into_iter()
        .map(|(path, text)| (path.to_string(), text))
        .collect()
}

#[test]
fn names() {
    for (preset, templates, base, expected) in [
        (
            Preset::Plain,
            "{date}_{track}_{slug}.sql",
            "",
            "m/20261125_trackA_add_agent_registry.sql",
        ),
        (
            Preset::Sqlx,
            "{date}_{track}_{slug}.sql",
            "m/20261125_trackA_x.sql",
            "m/20261126_trackA_add_agent_registry.sql",
        ),
        (
            Preset::Sqlx,
            "",
            "",
            "m/20261125120000_add_agent_registry.sql",
        ),
        (
            Preset::Sqlx,
            "",
            "m/0009_x.sql",
            "m/0010_add_agent_registry.sql",
        ),
        (
            Preset::Sqlx,
            "",
            "m/0009_x.up.sql m/0009_x.down.sql",
            "m/0010_add_agent_registry.down.sql m/0010_add_agent_registry.up.sql",
        ),
        (
            Preset::GolangMigrate,
            "",
            "",
            "m/20261125120000_add_agent_registry.down.sql m/20261125120000_add_agent_registry.up.sql",
        ),
        (
            Preset::GolangMigrate,
            "{serial:6}_{slug}.sql",
            "m/000004_x.up.sql",
            "m/000005_add_agent_registry.down.sql m/000005_add_agent_registry.up.sql",
        ),
        (
            Preset::Goose,
            "",
            "m/00004_x.sql",
            "m/00005_add_agent_registry.sql",
        ),
        (Preset::Flyway, "", "", "m/V1__add_agent_registry.sql"),
        (
            Preset::Flyway,
            "",
            "m/V1.9__x.sql",
            "m/V1.10__add_agent_registry.sql",
        ),
        (
            Preset::Refinery,
            "",
            "m/V9__x.sql",
            "m/V10__add_agent_registry.sql",
        ),
        (
            Preset::Rails,
            "",
            "",
            "m/20261125120000_add_agent_registry.rb",
        ),
        (
            Preset::Diesel,
            "",
            "",
            "m/20261125120000_add_agent_registry/down.sql m/20261125120000_add_agent_registry/up.sql",
        ),
        (
            Preset::Prisma,
            "",
            "",
            "m/20261125120000_add_agent_registry/migration.sql",
        ),
        (
            Preset::Django,
            "",
            "m/0002_x.py",
            "m/0003_add_agent_registry.py",
        ),
        (
            Preset::Sqlx,
            "{date}{serial:2}_{slug}.sql",
            "m/2026112503_x.sql",
            "m/2026112504_add_agent_registry.sql",
        ),
    ] {
        let paths: Vec<String> = planned(preset, templates, base, &[])
            .into_iter()
            .map(|(path, _)| path)
            .collect();
        assert_eq!(paths.join(" "), expected, "{preset} {templates} {base}");
    }
}

#[test]
fn what_is_in_them() {
    let text = |preset, heads: &[&str]| planned(preset, "", "", heads).remove(0).1;
    assert_eq!(text(Preset::Sqlx, &[]), "-- Add agent registry\n");
    assert!(text(Preset::Django, &["shop.0002_x"]).contains("        (\"shop\", \"0002_x\"),\n"));
    assert!(text(Preset::Alembic, &["ab12"]).contains("\ndown_revision = \"ab12\"\n"));
    assert!(text(Preset::Alembic, &["ab", "cd"]).contains("\ndown_revision = (\"ab\", \"cd\")\n"));
    assert!(text(Preset::Rails, &[]).starts_with("class AddAgentRegistry < "));
    let file = planned(Preset::Alembic, "", "", &[]).remove(0);
    let links = super::super::links::alembic(&file.1).unwrap();
    assert!(file.0.starts_with(&format!("m/{}_", links.revision)));
}
