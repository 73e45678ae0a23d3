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

#[test]
fn no_version_is_given_twice() {
    let world = project(
        "[migrations]\npaths = ['m/*.sql']\npreset = 'sqlx'\nname = '{serial:4}_{slug}.sql'\n[track.a]\n[track.b]\n[track.c]\n",
        &[("m/0001_base.sql", "select 1;\n")],
    );
    let ran = world.tracks(&["init", "--yes", "--no-hooks"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    for track in ["a", "b", "c"] {
        let files = ["one", "two"].map(|name| format!("m/new-{track}-{name}.sql"));
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|it| (it.as_str(), "select 2;\n"))
            .collect();
        work(&world, track, &files);
    }
    // What somebody is about to add counts, too.
    world.write_at("repo/worktrees/c/m/0002_theirs.sql", "select 3;\n");
    let (_, answer) = ask(&world, &["validate", "a", "--no-checks", "--fix"]);
    assert_eq!(
        texts(&answer["fixed"], "path"),
        ["m/0003_new_a_one.sql", "m/0004_new_a_two.sql"]
    );
    let (_, answer) = ask(&world, &["validate", "--all", "--no-checks", "--fix"]);
    let fixed = answer["tracks"].as_array().expect("the tracks").iter();
    let fixed: Vec<String> = fixed
        .flat_map(|track| texts(&track["fixed"], "path"))
        .collect();
    assert_eq!(
        fixed,
        [
            "m/0005_new_b_one.sql",
            "m/0006_new_b_two.sql",
            "m/0007_new_c_one.sql",
            "m/0008_new_c_two.sql"
        ],
        "{answer:#}"
    );
}
