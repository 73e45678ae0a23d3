//! `[notify] on_conflict`: told once for each edge, whichever run sees it; what comes of it changes nothing.

use std::fs;

use serde_json::{Value, json};

use crate::project::{ask, find, wait_for, work};
use crate::watch::{FILE, Watch, edit, three, with};
use crate::world::World;

const TOLD: &str = "[notify]\non_conflict = 'cat >>.told'\n";

/// What the command has been given so far.
fn told(world: &World) -> Vec<Value> {
    let text = fs::read_to_string(world.repo().join(".told")).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

fn edges(world: &World) -> Vec<String> {
    told(world).iter().map(edge).collect()
}

fn edge(facts: &Value) -> String {
    ["a", "b", "before", "after"]
        .map(|key| facts[key].as_str().expect("a text"))
        .join(" ")
}

#[test]
fn edges_are_told_while_watching() {
    let world = three(TOLD);
    let (watch, _) = Watch::start(&world, &["--yes"]);
    edit(&world, "a", "f", &with("5", "five"));
    edit(&world, "b", "f", &with("5", "cinq"));
    let one = wait_for("the first edge", || told(&world).first().cloned());
    assert_eq!(edge(&one), "a b clean conflict");
    assert_eq!(one["schema"], "tracks/notify/v1");
    assert_eq!(
        (&one["event"], &one["uncommitted"]),
        (&json!("on_conflict"), &json!(true))
    );
    assert_eq!(one["base"]["commit"], world.git(&["rev-parse", "main"]));
    assert_eq!(one["conflicts"][0]["path"], "f");

    // The same conflict with more in it is no edge.
    edit(&world, "a", "f", &with("5", "fünf"));
    watch.until(&json!({ "event": "moved", "track": "a" }));
    edit(&world, "b", "f", FILE);
    wait_for("the second edge", || (told(&world).len() > 1).then_some(()));
    watch.end();
    assert_eq!(edges(&world), ["a b clean conflict", "a b conflict clean"]);
}

#[test]
fn edges_are_told_between_runs() {
    let world = three(TOLD);
    let run = |arguments: &[&str]| ask(&world, &[&["conflicts", "--yes"], arguments].concat()).0;
    edit(&world, "a", "f", &with("5", "five"));
    edit(&world, "b", "f", &with("5", "cinq"));
    assert_eq!(run(&[]), 1);
    assert_eq!(edges(&world), [""; 0], "nothing was known before");
    edit(&world, "c", "f", &with("5", "cinco"));
    assert_eq!(
        run(&["--committed"]),
        0,
        "this sees other things, and goes on from its own"
    );
    assert_eq!(edges(&world), [""; 0]);
    assert_eq!(run(&[]), 1);
    let mut new = edges(&world);
    new.sort();
    assert_eq!(new, ["a c clean conflict", "b c clean conflict"]);
    assert_eq!(run(&[]), 1);
    assert_eq!(edges(&world).len(), 2, "edges only");
    edit(&world, "c", "f", FILE);
    assert_eq!(run(&["a", "b"]), 1);
    assert_eq!(edges(&world).len(), 2, "not asked for");

    // A run that watches goes on from there.
    let (watch, _) = Watch::start(&world, &["--yes"]);
    wait_for("both edges", || (told(&world).len() == 4).then_some(()));
    watch.end();
    assert_eq!(run(&[]), 1);
    assert_eq!(edges(&world).len(), 4);
}

#[test]
fn two_that_watch_tell_once() {
    let world = three(TOLD);
    let (one, _) = Watch::start(&world, &["--yes"]);
    let (other, _) = Watch::start(&world, &["--yes"]);
    edit(&world, "a", "f", &with("5", "five"));
    edit(&world, "b", "f", &with("5", "cinq"));
    let conflict = json!({ "event": "pair", "a": "a", "b": "b", "after": "conflict" });
    one.until(&conflict);
    other.until(&conflict);
    wait_for("the edge", || told(&world).first().cloned());
    one.end();
    other.end();
    assert_eq!(edges(&world), ["a b clean conflict"]);
}

#[test]
fn nothing_runs_without_approval() {
    let world = three(TOLD);
    world.tracks(&["conflicts"]);
    edit(&world, "a", "f", &with("5", "five"));
    edit(&world, "b", "f", &with("5", "cinq"));
    let ran = world.tracks(&["conflicts"]);
    assert_eq!(ran.status, 1);
    assert_eq!(
        ran.stderr,
        "warning: nobody was told: [notify] on_conflict is not approved; `tracks trust` shows what would run\n"
    );
    assert_eq!(edges(&world), [""; 0]);
    let (_, trust) = ask(&world, &["trust", "--list"]);
    let command = find(&trust["commands"], "place", "[notify] on_conflict");
    assert_eq!(command["run"], "cat >>.told");
    assert_eq!(world.tracks(&["trust", "--yes"]).status, 0);
    edit(&world, "b", "f", FILE);
    let ran = world.tracks(&["conflicts"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert_eq!(edges(&world), ["a b conflict clean"]);
}

#[test]
fn one_tracks_own_command() {
    let world = three("[track.c.notify]\non_conflict = 'cat >>.told'\n");
    let run = || ask(&world, &["conflicts", "--yes"]).0;
    assert_eq!(run(), 0);
    for track in ["a", "b"] {
        edit(&world, track, "f", &with("5", track));
    }
    assert_eq!(run(), 1);
    assert_eq!(edges(&world), [""; 0], "not a pair with c");
    work(&world, "c", &[("f", &with("5", "c"))]);
    assert_eq!(run(), 1);
    let mut told = edges(&world);
    told.sort();
    assert_eq!(told, ["a c clean conflict", "b c clean conflict"]);
}

#[test]
fn what_comes_of_it_changes_nothing() {
    let world = three("[notify]\non_conflict = 'cat >/dev/null; echo oh >&2; exit 7'\n");
    world.tracks(&["conflicts", "--yes"]);
    edit(&world, "a", "f", &with("5", "five"));
    edit(&world, "b", "f", &with("5", "cinq"));
    let ran = world.tracks(&["conflicts", "--yes"]);
    assert_eq!(ran.status, 1);
    let (text, log) = ran.stderr.trim().split_once("; what it printed: ").unwrap();
    assert_eq!(
        text,
        "warning: [notify] on_conflict `cat >/dev/null; echo oh >&2; exit 7` exited with 7 for a and b"
    );
    assert_eq!(fs::read_to_string(log).unwrap(), "oh\n");

    edit(&world, "b", "f", FILE);
    let (watch, _) = Watch::start(&world, &["--yes"]);
    let warning = watch.until(&json!({ "event": "warning" })).pop().unwrap();
    let message = warning["message"].as_str().unwrap();
    assert!(message.contains("exited with 7 for a and b"), "{message}");
    edit(&world, "c", "f", &with("5", "three"));
    watch.until(&json!({ "event": "moved", "track": "c" }));
}

#[test]
fn a_command_that_hangs_holds_nothing_up() {
    let world = three("[notify]\non_conflict = 'echo here >>.told; exec sleep 1000'\n");
    let (watch, _) = Watch::start(&world, &["--yes"]);
    edit(&world, "a", "f", &with("5", "five"));
    edit(&world, "b", "f", &with("5", "cinq"));
    let file = world.repo().join(".told");
    assert_eq!(crate::project::wait_for_file(&file), "here\n");
    edit(&world, "c", "g", &with("5", "three"));
    watch.until(&json!({ "event": "moved", "track": "c" }));
    watch.end();
}
