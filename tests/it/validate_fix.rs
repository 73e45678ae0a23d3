//! What `tracks validate --fix` sets right, and what it keeps its hands off.

use serde_json::json;

use crate::project::{ask, project, texts, work};
use crate::world::World;

/// Track `a` with a worktree, and a migration that is named as nobody wants it.
fn misnamed() -> World {
    let world = project(
        "[migrations]\npaths = [\"m/*.sql\"]\npreset = \"plain\"\nname = \"{date}_{track}_{slug}.sql\"\n[track.a]\n",
        &[("f", "1\n")],
    );
    world.git(&[
        "worktree", "add", "--quiet", "-b", "track/a", "../a", "main",
    ]);
    let dir = world.root().join("a");
    world.write_at("a/m/add-users.sql", "create table users (id int);\n");
    world.git_in(&dir, &["add", "--all"]);
    world.git_in(&dir, &["commit", "--quiet", "-m", "Add users"]);
    world
}

#[test]
fn a_migration_is_renamed_in_the_worktree_and_judged_again() {
    let world = misnamed();
    let dir = world.root().join("a");
    let before = world.git(&["rev-parse", "track/a"]);
    let (status, answer) = ask(&world, &["validate", "a", "--no-checks"]);
    assert_eq!(
        (status, texts(&answer["findings"], "code")),
        (1, vec!["MIG01".to_owned()])
    );
    let (status, answer) = ask(&world, &["validate", "a", "--no-checks", "--fix"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(answer["findings"], json!([]));
    let fixed = &answer["fixed"][0];
    let path = fixed["path"].as_str().expect("a path");
    assert!(
        path.starts_with("m/2026") && path.contains("_a_"),
        "{answer:#}"
    );
    assert_eq!(world.git_in(&dir, &["ls-files", "m"]), path);
    assert_eq!(
        world.git(&["rev-parse", "track/a"]),
        before,
        "nothing is committed"
    );
    let (status, again) = ask(&world, &["validate", "a", "--no-checks", "--fix"]);
    assert_eq!((status, &again["fixed"]), (1, &json!([])), "{again:#}");
    assert_eq!(
        again["not_fixed"],
        json!(["MIG01: fixed already and staged: commit it"])
    );
    let undo = fixed["undo"].as_str().expect("a command");
    let ran = world.run_in(&dir, "sh", &["-c", undo]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert_eq!(world.git_in(&dir, &["status", "--porcelain"]), "");
}

#[test]
fn a_file_that_somebody_works_on_is_left_alone() {
    let world = misnamed();
    world.write_at("a/m/add-users.sql", "create table users (id bigint);\n");
    let (status, answer) = ask(&world, &["validate", "a", "--no-checks", "--fix"]);
    assert_eq!((status, &answer["fixed"]), (1, &json!([])));
    let left = answer["not_fixed"][0].as_str().expect("a reason");
    assert_eq!(
        left,
        "MIG01: m/add-users.sql has uncommitted changes: commit or stash them, then run it again"
    );
    assert_eq!(
        world.git_in(&world.root().join("a"), &["ls-files", "m"]),
        "m/add-users.sql"
    );
}

#[test]
fn without_a_worktree_nothing_is_set_right() {
    let world = misnamed();
    world.git(&["worktree", "remove", "../a"]);
    let (status, answer) = ask(&world, &["validate", "a", "--no-checks", "--fix"]);
    assert_eq!((status, &answer["fixed"]), (1, &json!([])));
    let left = answer["not_fixed"][0].as_str().expect("a reason");
    assert!(left.contains("track a has no worktree"), "{left}");
    work(&world, "a", &[("g", "1\n")]);
}
