//! Tables with owners: three tracks whose migrations git merges without a word, and what `tracks validate` says of them.

use serde_json::Value;

use crate::project::{ask, project, work};
use crate::world::World;

const CONFIG: &str = r#"
[track.track-a]
code = "trackA"
priority = 3
tables = ["agent_registry", "agent_versions"]
objects = ["view:agent_*"]
[track.track-b]
code = "trackB"
priority = 2
tables = ["run*"]
[track.track-c]
code = "trackC"
priority = 1
depends_on = ["track-a"]
tables = ["billing.*"]
[migrations]
paths = ["db/migrations/*.sql"]
preset = "plain"
dialect = "postgres"
"#;

const USERS: &str = "CREATE TABLE users (id bigint PRIMARY KEY, email text);\n";
const CORE: &str = "\
CREATE TABLE agent_registry (id uuid PRIMARY KEY, name text NOT NULL);
CREATE TABLE agent_versions (agent_id uuid REFERENCES agent_registry (id), version int);
CREATE INDEX idx_agent_name ON agent_registry (name);
";

fn three() -> World {
    let world = project(CONFIG, &[("db/migrations/20240901_base_users.sql", USERS)]);
    work(
        &world,
        "track-a",
        &[(
            "db/migrations/20241001_trackA_agent_registry_core.sql",
            CORE,
        )],
    );
    world
}

/// `code severity path:line message`, of the rules about SQL.
#[track_caller]
fn found(world: &World, track: &str) -> (i32, Vec<String>) {
    let (status, answer) = ask(world, &["validate", track, "--no-checks"]);
    let of = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let codes = [
        "MIG06", "MIG10", "MIG11", "MIG12", "MIG13", "MIG15", "MIG21", "MIG22", "MIG23",
    ];
    let list = answer["findings"]
        .as_array()
        .expect("as the answer is made")
        .iter();
    let list = list.filter(|it| codes.contains(&of(it, "code").as_str()));
    let shown = list.map(|it| {
        let path = of(it, "path");
        let file = path.rsplit('/').next().unwrap_or_default();
        let line = it["line"].as_u64().unwrap_or_default();
        format!(
            "{} {} {file}:{line} {}",
            of(it, "code"),
            of(it, "severity"),
            of(it, "message")
        )
    });
    (status, shown.collect())
}

#[test]
fn a_track_with_its_own_tables_passes() {
    let (status, list) = found(&three(), "track-a");
    assert_eq!((status, list), (0, Vec::new()));
}

#[test]
fn tables_of_others_are_changed_used_and_needed() {
    let world = three();
    let sql = "\
CREATE TABLE runs (id bigint, agent_id uuid REFERENCES agent_registry (id));
ALTER TABLE agent_registry
    ADD COLUMN last_run bigint;
CREATE INDEX idx_agent_name ON runs (agent_id);
CREATE TABLE notes (x int);
ALTER TABLE users DROP COLUMN email;
FROBNICATE everything;
CREATE VIEW agent_runs AS SELECT * FROM runs;
";
    work(
        &world,
        "track-b",
        &[("db/migrations/20241002_trackB_runs.sql", sql)],
    );
    let (status, list) = found(&world, "track-b");
    assert_eq!(status, 1);
    let file = "20241002_trackB_runs.sql";
    let core = "db/migrations/20241001_trackA_agent_registry_core.sql";
    let expected = [
        format!("MIG06 error {file}:4 creates index idx_agent_name, and so does track-a in {core}"),
        format!("MIG10 error {file}:2 track-b changes table agent_registry, which track-a owns"),
        format!("MIG22 error {file}:8 track-b creates view agent_runs, which track-a owns"),
        format!(
            "MIG11 warning {file}:5 track-b creates table notes, which is in no track's `tables`"
        ),
        format!(
            "MIG12 warning {file}:1 track-b refers to table agent_registry, which track-a owns, and does not depend on track-a"
        ),
        format!(
            "MIG15 warning {file}:1 track-b needs table agent_registry, which only track-a creates, in {core}"
        ),
    ];
    for line in &expected {
        assert!(list.contains(line), "{line}\n{list:#?}");
    }
    let unreadable = format!("MIG21 warning {file}:7 this statement could not be read");
    assert!(
        list.iter().any(|it| it.starts_with(&unreadable)),
        "{list:#?}"
    );
    let drops = format!("MIG23 warning {file}:6 drops column email of table users");
    assert!(list.iter().any(|it| it.starts_with(&drops)), "{list:#?}");
    // The earlier track is told, and goes on.
    let (status, list) = found(&world, "track-a");
    assert_eq!(status, 0, "{list:#?}");
    assert!(
        list.iter().any(|it| it.starts_with("MIG06 warning")),
        "{list:#?}"
    );
}

#[test]
fn who_depends_on_the_owner_may_use_its_tables() {
    let world = three();
    let sql = "CREATE TABLE billing.accounts (agent uuid REFERENCES agent_registry (id));\n";
    work(
        &world,
        "track-c",
        &[("db/migrations/20241003_trackC_accounts.sql", sql)],
    );
    assert_eq!(found(&world, "track-c"), (0, Vec::new()));
}

#[test]
fn two_tracks_that_change_one_column_cannot_both_land() {
    let world = three();
    let add = |kind: &str| format!("ALTER TABLE users ADD COLUMN plan {kind};\n");
    work(
        &world,
        "track-b",
        &[("db/migrations/20241002_trackB_plan.sql", &add("text"))],
    );
    work(
        &world,
        "track-c",
        &[("db/migrations/20241003_trackC_plans.sql", &add("int"))],
    );
    let (status, list) = found(&world, "track-c");
    let message = "track-c changes table users (column plan), and track-b changes it in db/migrations/20241002_trackB_plan.sql";
    assert_eq!(status, 1);
    assert_eq!(
        list,
        [format!("MIG13 error 20241003_trackC_plans.sql:1 {message}")]
    );
    let (status, list) = found(&world, "track-b");
    assert_eq!((status, list.len()), (0, 1));
    assert!(list[0].starts_with("MIG13 warning"), "{list:?}");
}
