//! `tracks rollback`: what a landing brought is taken out again, and nothing else.

use serde_json::json;

use crate::project::{ask, find, project, refs, texts, work};
use crate::world::World;

fn tip(world: &World, revision: &str) -> String {
    world.git(&["rev-parse", "--verify", revision])
}

/// Tracks `a` and `b` have landed, and base has gone on since.
fn landed() -> World {
    let world = project("[track.a]\n[track.b]\n", &[("x", "1\n2\n3\n4\n5\n")]);
    work(&world, "a", &[("a", "of a\n"), ("x", "1\nzwei\n3\n4\n5\n")]);
    work(&world, "b", &[("b", "of b\n")]);
    let (status, _) = ask(&world, &["land", "--yes"]);
    assert_eq!(status, 0);
    world
}

fn landing(world: &World) -> String {
    let (_, log) = ask(world, &["log"]);
    find(&log["operations"], "command", "land")["id"]
        .as_str()
        .expect("as it is written")
        .to_owned()
}

#[test]
fn what_it_brought_goes_and_what_came_since_stays() {
    let world = landed();
    let x = world.read("x");
    world.commit(
        "main",
        &[("later", "1\n"), ("x", &format!("{x}six\n"))],
        "Later",
    );
    let before = tip(&world, "main");
    let ran = world.tracks(&["rollback", "--dry-run"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert!(ran.stdout.contains("would move"), "{}", ran.shown());
    assert_eq!(tip(&world, "main"), before);

    let id = landing(&world);
    let (status, answer) = ask(&world, &["rollback"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(answer["landing"], id);
    assert_eq!(texts(&answer["tracks"], "track"), ["a", "b"]);
    assert_eq!(tip(&world, "main^"), before);
    assert_eq!(world.read("x"), "1\n2\n3\n4\n5\nsix\n");
    assert_eq!(
        world.git(&["ls-tree", "--name-only", "main"]),
        "later\ntracks.toml\nx"
    );
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    let message = world.git(&["log", "-1", "--format=%B", "main"]);
    assert!(
        message.contains(&format!("Tracks-Rolled-Back: {id}")),
        "{message}"
    );

    for arguments in [&["rollback"] as &[&str], &["rollback", &id]] {
        let ran = world.tracks(arguments);
        assert_eq!(ran.status, 3, "{}", ran.shown());
        assert_eq!(tip(&world, "main^"), before);
    }
    world.git(&["fsck", "--strict"]);
}

#[test]
fn tracks_do_not_show_as_landed_any_more_and_can_land_again() {
    let world = landed();
    ask(&world, &["rollback"]);
    work(&world, "b", &[("more", "of b\n")]);
    let (_, status) = ask(&world, &["status"]);
    let a = find(&status["tracks"], "track", "a").clone();
    assert_eq!(a["state"], "in-progress", "{a:#}");
    let note = a["notes"][0].as_str().unwrap();
    assert!(note.contains("its landing was taken back by"), "{note}");

    let b = find(&status["tracks"], "track", "b");
    let note_of_b = b["notes"][0].as_str().unwrap();
    assert!(note_of_b.contains("but not what they did"), "{note_of_b}");

    // As the note says.
    let command = note
        .split('`')
        .nth(1)
        .unwrap()
        .strip_prefix("git ")
        .unwrap();
    world.git(&["worktree", "add", "--quiet", "../a", "track/a"]);
    let words: Vec<&str> = command.split(' ').collect();
    world.git_in(&world.root().join("a"), &words);
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(world.read("a"), "of a\n");
    assert_eq!(world.read("x"), "1\nzwei\n3\n4\n5\n");
    assert!(!world.repo().join("b").exists() && world.repo().join("more").exists());
    let (_, status) = ask(&world, &["status"]);
    assert_eq!(find(&status["tracks"], "track", "a")["state"], "landed");
}

#[test]
fn a_rollback_that_was_reverted_leaves_them_landed() {
    let world = landed();
    ask(&world, &["rollback"]);
    world.git(&["revert", "--no-edit", "main"]);
    let (_, status) = ask(&world, &["status"]);
    assert_eq!(find(&status["tracks"], "track", "a")["state"], "landed");
}

#[test]
fn what_does_not_come_out_is_listed_and_nothing_moves() {
    let world = landed();
    world.commit("main", &[("x", "1\nzwo\n3\n4\n5\n")], "On top");
    let before = refs(&world);
    let (status, answer) = ask(&world, &["rollback"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(false)), "{answer:#}");
    assert_eq!(texts(&answer["conflicts"], "path"), ["x"]);
    assert_eq!(refs(&world), before);
    let ran = world.tracks(&["rollback"]);
    assert!(ran.stdout.contains("  x contents\n"), "{}", ran.shown());
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_worktree_with_work_in_it_is_not_touched() {
    let world = landed();
    world.write("x", "mine\n");
    let before = refs(&world);
    let ran = world.tracks(&["rollback"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert!(
        ran.stderr.contains("uncommitted changes in x"),
        "{}",
        ran.stderr
    );
    assert_eq!(refs(&world), before);
    assert_eq!(world.read("x"), "mine\n");
}

#[test]
fn only_a_landing_can_be_taken_back() {
    let world = project("[track.a]\n", &[("x", "1\n")]);
    let ran = world.tracks(&["rollback"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert!(ran.stderr.contains("nothing has landed"), "{}", ran.stderr);
    work(&world, "a", &[("a", "1\n")]);
    ask(&world, &["land", "--yes"]);
    let (_, log) = ask(&world, &["log"]);
    let sync = log["operations"][0]["id"].as_str().unwrap().to_owned();
    let ran = world.tracks(&["rollback", "nonsense"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
    let ran = world.tracks(&["rollback", &sync]);
    // The round of a landing moves the integration branch only.
    assert_eq!(ran.status, 2, "{}", ran.shown());

    let landed = landing_of_base(&world);
    world.git(&["reset", "--quiet", "--hard", "main~"]);
    let ran = world.tracks(&["rollback", &landed]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert!(
        ran.stderr.contains("does not have what landing"),
        "{}",
        ran.stderr
    );
}

fn landing_of_base(world: &World) -> String {
    let (_, log) = ask(world, &["log"]);
    let operations = log["operations"].as_array().expect("as it is written");
    let last = operations.last().expect("as it is written");
    last["id"].as_str().expect("as it is written").to_owned()
}

#[test]
fn pushed_along() {
    let world = landed();
    world.git(&["init", "--quiet", "--bare", "../origin"]);
    world.git(&["remote", "add", "origin", "../origin"]);
    world.git(&["push", "--quiet", "origin", "main"]);
    let origin = world.root().join("origin");
    let (status, answer) = ask(&world, &["rollback", "--push"]);
    assert_eq!(
        (status, &answer["pushed"]["ok"]),
        (0, &json!(true)),
        "{answer:#}"
    );
    assert_eq!(
        world.git_in(&origin, &["rev-parse", "main"]),
        tip(&world, "main")
    );
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}
