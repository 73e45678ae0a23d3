//! What uncommitted work of others does to what is found: it warns, and hides nothing that is committed.

use serde_json::{Value, json};

use crate::project::{ask, find, project, work};
use crate::world::World;

/// Two tracks with worktrees; each adds a migration of the same version that makes the same index.
fn colliding() -> World {
    let config = "[migrations]\npaths = ['m/*.sql']\npreset = 'sqlx'\ndialect = 'postgres'\n[ownership]\nunowned = 'claim'\n\
                  [track.a]\nowns = ['a/**', 'm/**']\n[track.b]\n[shared.'m/**']\n";
    let world = project(
        config,
        &[("m/1_base.sql", "CREATE TABLE t (x int, y int);\n")],
    );
    let ran = world.tracks(&["init", "--yes", "--no-hooks"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    world
}

fn found(answer: &Value) -> Vec<String> {
    let findings = answer["findings"].as_array().expect("a list").iter();
    let text = |it: &Value, key: &str| it[key].as_str().unwrap_or("-").to_owned();
    let with_others = findings.filter(|it| !it["other_track"].is_null());
    with_others
        .map(|it| {
            format!(
                "{} {} {} {}",
                text(it, "severity"),
                text(it, "code"),
                text(it, "path"),
                text(it, "other_track")
            )
        })
        .collect()
}

#[test]
fn an_edit_of_somebody_else_hides_nothing_that_is_committed() {
    let world = colliding();
    let index = "CREATE INDEX ix ON t (x);\n";
    work(&world, "a", &[("m/2_x.sql", index)]);
    work(&world, "b", &[("m/2_y.sql", index), ("f", "b\n")]);
    let (status, committed) = ask(&world, &["validate", "b"]);
    let expected = [
        "error MIG04 m/2_y.sql a",
        "error MIG06 m/2_y.sql a",
        "info MIG13 m/2_y.sql a",
    ];
    assert_eq!(
        (status, found(&committed)),
        (1, expected.map(str::to_owned).to_vec())
    );
    let (_, conflicts) = ask(&world, &["conflicts"]);

    // The very file, and another one that collides in the same way.
    for path in ["m/2_x.sql", "m/2_more.sql"] {
        world.write_at(
            &format!("repo/worktrees/a/{path}"),
            &format!("{index}-- more\n"),
        );
        let (status, answer) = ask(&world, &["validate", "b"]);
        assert_eq!((status, found(&answer)), (1, found(&committed)), "{path}");
        let (status, answer) = ask(&world, &["conflicts"]);
        assert_eq!(
            (status, &answer["pairs"][2]["collisions"]),
            (1, &conflicts["pairs"][2]["collisions"]),
            "{path}"
        );
        let (_, answer) = ask(&world, &["status"]);
        assert_eq!(
            find(&answer["tracks"], "track", "b")["readiness"],
            "failing"
        );
    }
}

#[test]
fn what_is_not_committed_only_warns() {
    let world = colliding();
    work(
        &world,
        "b",
        &[("m/2_y.sql", "UPDATE t SET x = 1;\n"), ("f", "b\n")],
    );
    work(&world, "a", &[("a/f", "a\n")]);
    world.write_at(
        "repo/worktrees/a/m/2_x.sql",
        "ALTER TABLE t DROP COLUMN x;\n",
    );
    world.write_at("repo/worktrees/a/f", "b\n");
    let (status, answer) = ask(&world, &["validate", "b"]);
    assert_eq!(
        (status, &answer["verdict"]),
        (0, &json!("pass")),
        "{answer:#}"
    );
    assert_eq!(
        found(&answer),
        [
            "warning MIG04 m/2_y.sql a",
            "warning MIG13 m/2_y.sql a",
            "warning OWN03 f a"
        ]
    );
    let (status, answer) = ask(&world, &["conflicts"]);
    let collisions = &answer["pairs"][2]["collisions"];
    assert_eq!(
        (status, &collisions[0]["severity"]),
        (0, &json!("warning")),
        "{answer:#}"
    );
    let (_, answer) = ask(&world, &["status"]);
    for track in ["a", "b"] {
        assert_eq!(
            find(&answer["tracks"], "track", track)["readiness"],
            "ready"
        );
    }
}
