//! The example of three teams in one phase: who owns which code and which tables, and migrations that are signed by date and
//! track, from the first commit to the round.

use serde_json::{Value, json};

use crate::project::{ask, find, project, texts};
use crate::world::World;

/// `preset`: the runner.
fn phase(preset: &str, more: &str) -> World {
    let config = format!(
        r#"
        [project]
        phase = "phase-1"
        [layout]
        branch = "feature/{{phase}}-{{track}}"
        [migrations]
        paths = ["db/migrations/*.sql"]
        name = "{{date}}_{{track}}_{{slug}}.sql"
        preset = "{preset}"
        dialect = "postgres"
        {more}
        [track.track-a]
        title = "Agent registry"
        code = "trackA"
        owns = ["src/api/agents/**"]
        tables = ["agent_registry", "agent_versions"]
        [track.track-b]
        title = "Workflow engine"
        code = "trackB"
        owns = ["src/workflow/**"]
        tables = ["workflow_*"]
        [track.track-c]
        title = "Monitoring"
        code = "trackC"
        owns = ["src/monitoring/**"]
        tables = ["metrics.*"]
        "#
    );
    let world = project(
        &config,
        &[
            ("README.md", "demo\n"),
            (
                "db/migrations/20240930_base_users.sql",
                "CREATE TABLE users (id bigint PRIMARY KEY);\n",
            ),
        ],
    );
    for track in ["track-a", "track-b", "track-c"] {
        let branch = format!("feature/phase-1-{track}");
        world.git(&["branch", "--no-track", &branch, "main"]);
    }
    world
}

fn commit(world: &World, track: &str, files: &[(&str, &str)]) {
    world.commit(&format!("feature/phase-1-{track}"), files, "Work");
}

const A: (&str, &str) = (
    "db/migrations/20241001_trackA_agent_registry_core.sql",
    "CREATE TABLE agent_registry (id bigint PRIMARY KEY, name text NOT NULL);\n",
);
const B: (&str, &str) = (
    "db/migrations/20241001_trackB_workflow_core.sql",
    "CREATE TABLE workflow_runs (id bigint PRIMARY KEY);\n",
);
const C: (&str, &str) = (
    "db/migrations/20241002_trackC_metrics.sql",
    "CREATE SCHEMA metrics;\nCREATE TABLE metrics.samples (at timestamptz NOT NULL);\n",
);

fn codes(answer: &Value, severity: &str) -> Vec<String> {
    let findings = answer["findings"]
        .as_array()
        .expect("as the answer is made")
        .iter();
    findings
        .filter(|finding| finding["severity"] == severity && finding["allowed"] == json!(false))
        .map(|finding| {
            finding["code"]
                .as_str()
                .expect("as the answer is made")
                .to_owned()
        })
        .collect()
}

#[test]
fn who_keeps_to_it_passes_and_is_merged() {
    let world = phase("plain", "");
    commit(&world, "track-a", &[A, ("src/api/agents/index.ts", "a\n")]);
    commit(&world, "track-b", &[B, ("src/workflow/run.ts", "b\n")]);
    commit(&world, "track-c", &[C, ("src/monitoring/m.ts", "c\n")]);
    for track in ["track-a", "track-b", "track-c"] {
        let (status, answer) = ask(&world, &["validate", track]);
        assert_eq!((status, codes(&answer, "error")), (0, vec![]), "{answer:#}");
    }
    let (status, answer) = ask(&world, &["conflicts"]);
    assert_eq!(status, 0, "{answer:#}");
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(
        texts(&answer["merged"], "track"),
        ["track-a", "track-b", "track-c"]
    );
}

#[test]
fn to_a_runner_that_keys_on_the_date_two_of_a_day_are_one_version() {
    let world = phase("sqlx", "");
    commit(&world, "track-a", &[A]);
    commit(&world, "track-b", &[B]);
    commit(&world, "track-c", &[C]);
    // Both are green alone, and git merges them without a word.
    let (status, answer) = ask(&world, &["conflicts"]);
    assert_eq!(status, 1, "{answer:#}");
    let pair = (answer["pairs"].as_array().unwrap().iter())
        .find(|pair| pair["a"] == "track-a" && pair["b"] == "track-b")
        .unwrap();
    assert_eq!(pair["verdict"], "clean");
    assert_eq!(texts(&pair["collisions"], "code"), ["MIG04"], "{pair:#}");

    let (status, answer) = ask(&world, &["validate", "track-a"]);
    assert_eq!(status, 0, "the earlier one: {answer:#}");
    assert!(codes(&answer, "warning").contains(&"MIG04".to_owned()));
    let (status, answer) = ask(&world, &["validate", "track-b"]);
    assert_eq!(status, 1);
    assert_eq!(codes(&answer, "error"), ["MIG04"], "{answer:#}");
    assert_eq!(
        find(&answer["findings"], "code", "MIG04")["other_track"],
        "track-a"
    );

    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 1);
    assert_eq!(texts(&answer["merged"], "track"), ["track-a", "track-c"]);
    let out = find(&answer["ejected"], "track", "track-b");
    assert_eq!(out["why"], "rule");
    assert_eq!(out["with"], json!(["track-a"]));

    let (_, answer) = ask(&world, &["status"]);
    let row = find(&answer["tracks"], "track", "track-b");
    assert_eq!(row["readiness"], "failing");
    let missing = row["missing"][0].as_str().unwrap();
    assert!(missing.starts_with("MIG04 "), "{missing}");
}

#[test]
fn renumbered_where_that_is_wanted() {
    let world = phase("sqlx", "renumber = true");
    commit(&world, "track-a", &[A]);
    commit(&world, "track-b", &[B]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(texts(&answer["merged"], "track"), ["track-a", "track-b"]);
    let resolved = &find(&answer["merged"], "track", "track-b")["resolved"];
    assert_eq!(texts(resolved, "strategy"), ["renumber"]);
    let listed = world.git(&["ls-tree", "-r", "--name-only", "integration/phase-1", "db"]);
    let names: Vec<&str> = listed.lines().collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.contains(&A.0), "{names:?}");
    assert!(!names.contains(&B.0), "{names:?}");
    let new = resolved[0]["path"].as_str().unwrap();
    assert!(names.contains(&new), "{names:?}");
    let content = world.git(&["show", &format!("integration/phase-1:{new}")]);
    assert_eq!(content.trim_end(), B.1.trim_end());

    // The same again: nothing changes from round to round.
    let (_, again) = ask(&world, &["sync"]);
    assert_eq!(
        again["integration"]["after"],
        answer["integration"]["after"]
    );
}

#[test]
fn a_table_a_path_and_a_signature_of_somebody_else() {
    let world = phase("plain", "");
    commit(&world, "track-a", &[A]);
    commit(
        &world,
        "track-b",
        &[
            (
                "db/migrations/20241003_trackB_extend_registry.sql",
                "ALTER TABLE agent_registry ADD COLUMN workflow_id bigint;\n",
            ),
            (
                "db/migrations/20241003_trackA_workflow.sql",
                "CREATE TABLE workflow_steps (id bigint);\n",
            ),
            ("src/api/agents/hooks.ts", "b\n"),
        ],
    );
    let (status, answer) = ask(&world, &["validate", "track-b"]);
    assert_eq!(status, 1);
    let errors = codes(&answer, "error");
    for code in ["OWN01", "MIG02", "MIG10"] {
        assert!(errors.contains(&code.to_owned()), "{code}: {answer:#}");
    }
    let own = find(&answer["findings"], "code", "OWN01");
    assert_eq!(
        (&own["path"], &own["other_track"]),
        (&json!("src/api/agents/hooks.ts"), &json!("track-a"))
    );
    let table = find(&answer["findings"], "code", "MIG10");
    assert_eq!(
        (&table["line"], &table["other_track"]),
        (&json!(1), &json!("track-a"))
    );

    let (_, answer) = ask(&world, &["sync"]);
    assert_eq!(texts(&answer["merged"], "track"), ["track-a"]);
}
