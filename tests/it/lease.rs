//! `tracks lease`: resources of tracks.toml in the hands of any command, and of checks.

use std::fs;

use crate::project::{Gate, ask, finish, project, signal, start, wait_for, wait_for_file, work};
use crate::world::World;

fn leasing() -> World {
    let world = project(
        "[run]\njobs = 2\n[resource]\ndb = 1\nport = 2\n[track.a]\n[check.unit]\nresources = [\"db\"]\n\
         run = \"test ! -e ROOT/held; echo $TRACKS_RESOURCE_DB >ROOT/unit\"\n",
        &[("f", "1\n")],
    );
    work(&world, "a", &[("a", "1\n")]);
    world
}

#[test]
fn the_status_is_the_commands() {
    let world = leasing();
    for (command, status) in [
        (&["sh", "-c", "exit 0"][..], 0),
        (&["sh", "-c", "exit 7"], 7),
        (&["sh", "-c", "kill -9 $$"], 137),
        (&["no-such-program-here"], 127),
        (&["/"], 126),
    ] {
        let words = [&["lease", "db", "--"], command].concat();
        assert_eq!(world.tracks(&words).status, status, "{command:?}");
    }
}

#[test]
fn nonsense_is_told_apart() {
    let world = leasing();
    let told = |resource: &str| {
        let ran = world.tracks(&["lease", resource, "--", "true"]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
        ran.stderr
    };
    insta::assert_snapshot!(told("dp"), @"
    error: there is no resource `dp`
    hint: did you mean `db`?
    ");
    insta::assert_snapshot!(told("nothing"), @"
    error: there is no resource `nothing`
    hint: the resources are: db, port
    ");
    assert_eq!(world.tracks(&["lease", "db"]).status, 2);
    assert_eq!(world.tracks(&["lease", "--", "true"]).status, 2);
}

#[test]
fn each_holder_has_a_unit_of_its_own() {
    let world = leasing();
    let gate = Gate::new(&world, "gate");
    let script = "echo $TRACKS_RESOURCE_PORT >first; read go <gate";
    let first = start(
        &world,
        &["lease", "port", "--", "sh", "-c", &in_root(&world, script)],
    );
    wait_for_file(&world.root().join("first"));
    let script = in_root(&world, "echo $TRACKS_RESOURCE_PORT >second");
    assert_eq!(
        world
            .tracks(&["lease", "port", "--", "sh", "-c", &script])
            .status,
        0
    );
    gate.open();
    assert_eq!(finish(&world, first).status, 0);
    let unit = |name: &str| fs::read_to_string(world.root().join(name)).unwrap();
    assert_eq!(
        (unit("first"), unit("second")),
        ("0\n".to_owned(), "1\n".to_owned())
    );
}

#[test]
fn a_check_waits_for_a_lease_and_says_for_whose() {
    let world = leasing();
    let gate = Gate::new(&world, "gate");
    let script = in_root(&world, "echo >held; read go <gate; rm held");
    let lease = start(&world, &["lease", "db", "--", "sh", "-c", &script]);
    wait_for_file(&world.root().join("held"));
    let check = start(&world, &["check", "--yes", "--format", "json-lines"]);
    // A place in the queue is there as soon as it waits.
    let queue = world.repo().join(".git/tracks/claims/queue");
    wait_for("a wait in the queue", || {
        fs::read_dir(&queue).ok()?.next().map(drop)
    });
    gate.open();
    assert_eq!(finish(&world, lease).status, 0);
    let ran = finish(&world, check);
    assert_eq!(ran.status, 0, "it did not start before: {}", ran.shown());
    let waits: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|event: &serde_json::Value| event["event"] == "waiting")
        .collect();
    assert_eq!(waits[0]["for"][0]["resource"], "db");
    let holder = waits[0]["for"][0]["holder"].as_str().unwrap();
    assert!(holder.starts_with("tracks lease: sh -c"), "{holder}");
    assert_eq!(fs::read_dir(&queue).unwrap().count(), 0);
}

#[test]
fn who_is_killed_while_the_command_goes_on_leaves_it_what_it_was_promised() {
    let world = leasing();
    let gate = Gate::new(&world, "gate");
    let script = in_root(&world, "echo >held; read go <gate; rm held");
    let mut lease = start(&world, &["lease", "db", "--", "sh", "-c", &script]);
    wait_for_file(&world.root().join("held"));
    signal(&world, &lease, "KILL");
    assert_eq!(lease.wait().unwrap().code(), None);
    let check = start(&world, &["check", "--yes", "--format", "json"]);
    let queue = world.repo().join(".git/tracks/claims/queue");
    wait_for("a wait in the queue", || {
        fs::read_dir(&queue).ok()?.next().map(drop)
    });
    gate.open();
    assert_eq!(finish(&world, check).status, 0);
    let (status, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(
        (status, &answer["summary"]["cached"]),
        (0, &serde_json::json!(1))
    );
}

/// As a script that starts in the world's root.
fn in_root(world: &World, script: &str) -> String {
    format!("cd '{}'; {script}", world.root().display())
}
