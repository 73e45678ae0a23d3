//! Migration files of several tracks, judged through the binary: what each runner would trip over in the merged tree.

use serde_json::{Value, json};

use crate::project::{ask, project, texts, work};
use crate::world::World;

/// The findings of one code.
fn found(answer: &Value, code: &str) -> Vec<String> {
    let all = answer["findings"]
        .as_array()
        .expect("as the answer is made");
    let of_code = all.iter().filter(|finding| finding["code"] == code);
    of_code
        .map(|finding| {
            format!(
                "{} {}",
                finding["severity"].as_str().expect("as the answer is made"),
                finding["message"].as_str().expect("as the answer is made")
            )
        })
        .collect()
}

const CONVENTION: &str = "\
[track.core]\ncode = 'trackA'\n[track.billing]\ncode = 'trackB'\n[track.reports]\ncode = 'trackC'\n\
[migrations]\npaths = 'db/migrations/*.sql'\nname = '{date}_{track}_{slug}.sql'\n";

/// The convention that this tool was made for, with a runner to which two files of one day are one version.
fn convention(manifest: (&str, &str)) -> World {
    let world = project(
        CONVENTION,
        &[
            manifest,
            (
                "db/migrations/20240901_trackA_begin.sql",
                "create table begin_ (id int);\n",
            ),
        ],
    );
    work(
        &world,
        "core",
        &[(
            "db/migrations/20241001_trackA_agent_registry_core.sql",
            "create table agent_registry (id int);\n",
        )],
    );
    work(
        &world,
        "billing",
        &[(
            "db/migrations/20241001_trackB_invoices.sql",
            "create table invoices (id int);\n",
        )],
    );
    work(
        &world,
        "reports",
        &[(
            "db/migrations/20241002_trackC_daily.sql",
            "create table daily (id int);\n",
        )],
    );
    world
}

#[test]
fn one_day_is_one_version_to_some_runners() {
    let world = convention(("Cargo.toml", "[dependencies]\nsqlx = '0.8'\n"));
    let (status, answer) = ask(&world, &["validate", "billing"]);
    assert_eq!(status, 1, "{answer:#}");
    assert_eq!(
        found(&answer, "MIG04"),
        ["error db/migrations/20241001_trackB_invoices.sql and \
          db/migrations/20241001_trackA_agent_registry_core.sql (track core) are both version 20241001 for sqlx (because \
          Cargo.toml depends on sqlx), which takes the number before the first `_`: it runs the first and stops at the second"]
    );
    let notes = answer["notes"].to_string();
    assert!(
        notes.contains("migrations are read as those of sqlx (because Cargo.toml depends on sqlx)"),
        "{notes}"
    );
    let (status, answer) = ask(&world, &["validate", "core"]);
    assert_eq!(status, 0, "the later one gives way: {answer:#}");
    assert_eq!(found(&answer, "MIG04").len(), 1, "{answer:#}");
    assert!(found(&answer, "MIG04")[0].starts_with("warning "));
    assert_eq!(found(&answer, "MIG05").len(), 1, "{answer:#}");
    let (status, answer) = ask(&world, &["validate", "reports"]);
    assert_eq!((status, found(&answer, "MIG04")), (0, vec![]));

    let world = convention(("README.md", "no runner\n"));
    for track in ["core", "billing", "reports"] {
        let (status, answer) = ask(&world, &["validate", track]);
        assert_eq!((status, found(&answer, "MIG04")), (0, vec![]), "{answer:#}");
    }
}

#[test]
fn uncommitted_work_of_others_counts_and_only_warns() {
    let world = project(
        "[track.core]\n[track.billing]\n[migrations]\npaths = 'm/*.sql'\npreset = 'goose'\n",
        &[("m/00001_a.sql", "select 1;\n")],
    );
    world.tracks(&["init"]);
    work(&world, "billing", &[("m/00002_b.sql", "select 2;\n")]);
    world.write("worktrees/core/m/00002_c.sql", "select 3;\n");
    let (status, answer) = ask(&world, &["validate", "billing"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(
        found(&answer, "MIG04"),
        [
            "warning m/00002_b.sql and m/00002_c.sql (track core) are both version 00002 for goose, which takes the number before \
          the first `_`: it refuses the whole directory"
        ]
    );
}

#[test]
fn names_dates_and_signatures() {
    let world = convention(("README.md", "no runner\n"));
    work(
        &world,
        "core",
        &[
            ("db/migrations/20241003_trackB_x.sql", "select 1;\n"),
            ("db/migrations/20240231_trackA_y.sql", "select 1;\n"),
            ("db/migrations/Add Users.sql", "select 1;\n"),
            (
                "db/migrations/20240901_trackA_begin.sql",
                "create table begin_ (id bigint);\n",
            ),
        ],
    );
    let (status, answer) = ask(&world, &["validate", "core"]);
    assert_eq!(status, 1);
    assert_eq!(
        found(&answer, "MIG01"),
        ["error db/migrations/Add Users.sql is not named as {date}_{track}_{slug}.sql says"]
    );
    assert_eq!(
        found(&answer, "MIG02"),
        [
            "error db/migrations/20241003_trackB_x.sql is signed trackB, which is the code of track billing, but track core adds it"
        ]
    );
    assert_eq!(
        found(&answer, "MIG03"),
        [
            "warning db/migrations/20240231_trackA_y.sql has 20240231 for a date and time, which there is not"
        ]
    );
    assert_eq!(
        found(&answer, "MIG08"),
        [
            "error track core changes db/migrations/20240901_trackA_begin.sql, which has landed: databases that have run it do not \
          run it again"
        ]
    );
}

#[test]
fn two_heads_exist_in_the_merged_tree_only() {
    let world = project(
        "[track.core]\n[track.billing]\n[migrations]\npaths = 'alembic/versions/*.py'\n",
        &[
            ("alembic.ini", "[alembic]\n"),
            (
                "alembic/versions/a1_begin.py",
                "revision = 'a1'\ndown_revision = None\n",
            ),
        ],
    );
    work(
        &world,
        "core",
        &[(
            "alembic/versions/b1_users.py",
            "revision = 'b1'\ndown_revision = 'a1'\n",
        )],
    );
    work(
        &world,
        "billing",
        &[(
            "alembic/versions/c1_bills.py",
            "revision = 'c1'\ndown_revision = 'a1'\n",
        )],
    );
    let (status, answer) = ask(&world, &["validate", "billing"]);
    assert_eq!(status, 1, "{answer:#}");
    assert_eq!(
        found(&answer, "MIG17"),
        [
            "error alembic/versions/c1_bills.py and alembic/versions/b1_users.py (track core) both follow a1: the merged tree has 2 \
          heads, and alembic stops there"
        ]
    );
    // The matrix shows it beside what git sees.
    let (_, answer) = ask(&world, &["conflicts"]);
    assert!(answer.to_string().contains("MIG17"), "{answer:#}");
    work(
        &world,
        "billing",
        &[(
            "alembic/versions/c1_bills.py",
            "revision = 'c1'\ndown_revision = 'b1'\n",
        )],
    );
    let (status, answer) = ask(&world, &["validate", "billing"]);
    assert_eq!(status, 1, "{answer:#}");
    assert_eq!(texts(&answer["findings"], "code"), ["MIG16"]);
    assert_eq!(answer["findings"][0]["other_track"], json!("core"));
}

#[test]
fn late_versions_and_pairs() {
    let world = project(
        "[track.core]\n[migrations]\npaths = 'm/*'\n",
        &[
            (
                "go.mod",
                "require github.com/golang-migrate/migrate/v4 v4.17.0\n",
            ),
            ("m/000002_a.up.sql", "select 1;\n"),
            ("m/000002_a.down.sql", "select 1;\n"),
        ],
    );
    work(
        &world,
        "core",
        &[
            ("m/000001_b.up.sql", "select 1;\n"),
            ("m/x.sql", "select 1;\n"),
        ],
    );
    let (status, answer) = ask(&world, &["validate", "core"]);
    assert_eq!(status, 1);
    assert_eq!(
        texts(&answer["findings"], "code"),
        ["MIG07", "MIG09", "MIG20"],
        "{answer:#}"
    );
    assert_eq!(
        answer["findings"][0]["fix"],
        json!("rename it: `git mv m/000001_b.up.sql m/000003_b.up.sql`")
    );
}
