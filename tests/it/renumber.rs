//! Migrations that a round calls by another name.

use serde_json::json;

use crate::project::{ask, find, project, texts, work};
use crate::world::World;

fn numbered(more: &str) -> World {
    let config = format!(
        "[migrations]\npaths = ['m/*.sql']\npreset = 'golang-migrate'\nrenumber = true\n\
         [severity]\nMIG09 = 'off'\n{more}[track.a]\n[track.b]\n[track.c]\n"
    );
    project(&config, &[("m/0001_init.up.sql", "SELECT 1;\n")])
}

fn integrated(world: &World) -> Vec<String> {
    let listed = world.git(&["ls-tree", "-r", "--name-only", "integration", "m"]);
    listed.lines().map(str::to_owned).collect()
}

#[test]
fn both_ways_of_the_later_one_go_together_and_everybody_is_told_the_same() {
    let world = numbered("");
    work(&world, "a", &[("m/0002_a.up.sql", "SELECT 2;\n")]);
    work(
        &world,
        "b",
        &[
            ("m/0002_b.up.sql", "SELECT 3;\n"),
            ("m/0002_b.down.sql", "SELECT 4;\n"),
        ],
    );
    // Nobody is stopped for what a round puts right.
    let (status, answer) = ask(&world, &["validate", "b"]);
    assert_eq!(status, 0, "{answer:#}");
    let found = find(&answer["findings"], "code", "MIG04");
    assert_eq!(found["severity"], "info");
    let message = found["message"].as_str().unwrap();
    assert!(
        message.contains("; the integration calls it m/0003_b."),
        "{message}"
    );
    let (_, answer) = ask(&world, &["status"]);
    assert_eq!(find(&answer["tracks"], "track", "b")["readiness"], "ready");

    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    let expected = [
        "m/0001_init.up.sql",
        "m/0002_a.up.sql",
        "m/0003_b.down.sql",
        "m/0003_b.up.sql",
    ];
    assert_eq!(integrated(&world), expected);
    assert_eq!(
        texts(&find(&answer["merged"], "track", "b")["resolved"], "path"),
        ["m/0003_b.down.sql", "m/0003_b.up.sql"]
    );
    // It lands so, and what follows on the track goes on from there.
    let (status, answer) = ask(&world, &["land"]);
    assert_eq!(status, 0, "{answer:#}");
    work(&world, "b", &[("f", "b\n")]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(integrated(&world), expected);
}

#[test]
fn what_base_has_keeps_its_name() {
    let world = numbered("MIG08 = 'off'\n");
    work(&world, "a", &[("m/0001_init.up.sql", "SELECT 10;\n")]);
    work(&world, "b", &[("m/0001_init.down.sql", "SELECT 11;\n")]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(
        integrated(&world),
        ["m/0001_init.down.sql", "m/0001_init.up.sql"]
    );
}

#[test]
fn one_migration_in_two_tracks_is_one() {
    let world = numbered("");
    work(&world, "a", &[("m/0002_x.up.sql", "SELECT 2;\n")]);
    work(&world, "a", &[("m/0003_y.up.sql", "SELECT 3;\n")]);
    work(
        &world,
        "b",
        &[("m/0002_x.up.sql", "SELECT 2;\n"), ("f", "b\n")],
    );
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(texts(&answer["merged"], "track"), ["a", "b"]);
    assert_eq!(
        integrated(&world),
        ["m/0001_init.up.sql", "m/0002_x.up.sql", "m/0003_y.up.sql"]
    );
}

#[test]
fn what_is_made_of_the_names_is_made_of_the_new_ones() {
    let world = numbered(
        "[[integration.resolve]]\npaths = 'm.lock'\nstrategy = 'regenerate'\ncommand = 'ls m > m.lock'\n\
         when = 'inputs-changed'\ninputs = 'm/*'\n",
    );
    world.commit("main", &[("m.lock", "0001_init.up.sql\n")], "Lock");
    work(&world, "a", &[("m/0002_a.up.sql", "SELECT 2;\n")]);
    work(&world, "b", &[("m/0002_b.up.sql", "SELECT 3;\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(
        world.git(&["show", "integration:m.lock"]),
        "0001_init.up.sql\n0002_a.up.sql\n0003_b.up.sql"
    );
}

#[test]
fn who_does_not_merge_into_base_is_in_nobodys_way() {
    let config = "[migrations]\npaths = ['m/*.sql']\npreset = 'sqlx'\n[track.a]\n[track.b]\n";
    let world = project(config, &[("m/1_init.sql", "SELECT 1;\n"), ("f", "1\n")]);
    work(&world, "a", &[("m/2_a.sql", "SELECT 2;\n"), ("f", "a\n")]);
    work(&world, "b", &[("m/2_b.sql", "SELECT 3;\n")]);
    world.commit("main", &[("f", "main\n")], "Drift");
    let (_, answer) = ask(&world, &["sync"]);
    assert_eq!(texts(&answer["merged"], "track"), ["b"], "{answer:#}");
    assert_eq!(find(&answer["ejected"], "track", "a")["why"], "conflict");
}

#[test]
fn nobody_answers_for_what_came_from_the_track_below() {
    let config =
        "[track.a]\nowns = ['a/**']\n[track.b]\ndepends_on = ['a']\nowns = ['b/**', 'f']\n";
    let world = project(config, &[("f", "1\n")]);
    work(&world, "a", &[("a/x", "a\n"), ("a/y", "a\n")]);
    world.git(&["branch", "--no-track", "track/b", "track/a"]);
    work(&world, "b", &[("b/x", "b\n"), ("f", "b\n")]);
    // The one below goes on in a way that does not merge with what is above it, and base has moved, too.
    work(&world, "a", &[("a/x", "again\n"), ("b/x", "a\n")]);
    world.commit("main", &[("g", "main\n")], "Drift");
    let (_, answer) = ask(&world, &["validate", "b"]);
    let found = answer["findings"].as_array().unwrap();
    let paths: Vec<_> = (found.iter())
        .filter(|finding| finding["code"] == "OWN01")
        .map(|finding| &finding["path"])
        .collect();
    assert_eq!(paths, Vec::<&serde_json::Value>::new(), "{answer:#}");
    assert_eq!(answer["merges"]["base"], json!("clean"));
}
