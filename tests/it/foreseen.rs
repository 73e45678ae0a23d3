//! Conflicts that a round resolves by itself: those who show conflicts say so, and count them as none.

use serde_json::json;

use crate::project::{ask, find, project, work};
use crate::world::World;

fn three(rules: &str) -> World {
    let world = project(
        &format!("{rules}[track.a]\n[track.b]\n[track.c]\n"),
        &[("log", "begin\n"), ("x", "1\n")],
    );
    for track in ["a", "b", "c"] {
        work(&world, track, &[("log", &format!("begin\n{track}\n"))]);
    }
    world
}

#[test]
fn what_a_rule_resolves_is_no_collision() {
    let world = three("[[integration.resolve]]\npaths = [\"log\"]\nstrategy = \"union\"\n");
    let (status, conflicts) = ask(&world, &["conflicts"]);
    assert_eq!(status, 0, "{conflicts:#}");
    for pair in conflicts["pairs"].as_array().unwrap() {
        let expected = if pair["a"] == "base" {
            "clean"
        } else {
            "conflict"
        };
        assert_eq!(pair["verdict"], expected);
        if expected == "conflict" {
            let resolved = &pair["foreseen"]["resolved"][0];
            assert_eq!(
                (&resolved["path"], &resolved["strategy"], &resolved["by"]),
                (&json!("log"), &json!("union"), &json!("rule"))
            );
        }
    }
    let (_, status) = ask(&world, &["status"]);
    for track in ["a", "b", "c"] {
        let row = find(&status["tracks"], "track", track);
        assert_eq!(
            (&row["collisions"], &row["readiness"]),
            (&json!([]), &json!("ready"))
        );
    }
    let (status, round) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{round:#}");
    assert_eq!(round["merged"].as_array().unwrap().len(), 3);
    let (status, validated) = ask(&world, &["validate", "b"]);
    assert_eq!(status, 0, "{validated:#}");
    assert_eq!(validated["merges"]["integration"], "conflict");
    let resolved = &validated["foreseen"]["integration"]["resolved"];
    assert_eq!(resolved[0]["path"], "log");
    let (status, listed) = ask(&world, &["resolve"]);
    assert_eq!(status, 0, "{listed:#}");
}

#[test]
fn what_no_rule_may_resolve_is_one() {
    let world = three(
        "[integration]\ncritical = [\"log\"]\n[[integration.resolve]]\npaths = [\"log\"]\nstrategy = \"union\"\n",
    );
    assert_eq!(ask(&world, &["conflicts"]).0, 1);
    let (_, status) = ask(&world, &["status"]);
    let row = find(&status["tracks"], "track", "a");
    assert_eq!(row["collisions"], json!(["b", "c"]));
}

#[test]
fn what_somebody_has_resolved_is_none_either() {
    let world = project("[track.a]\n[track.b]\n", &[("log", "begin\n")]);
    for track in ["a", "b"] {
        work(&world, track, &[("log", &format!("begin\n{track}\n"))]);
    }
    assert_eq!(ask(&world, &["conflicts"]).0, 1);
    assert_eq!(ask(&world, &["resolve", "a", "b"]).0, 1);
    let dir = world.repo().join("worktrees/.resolve-a-b");
    world.write("worktrees/.resolve-a-b/log", "begin\na\nb\n");
    world.git_in(&dir, &["add", "log"]);
    assert_eq!(ask(&world, &["resolve", "a", "b"]).0, 0);

    let (status, conflicts) = ask(&world, &["conflicts"]);
    assert_eq!(status, 0, "{conflicts:#}");
    let pair = conflicts["pairs"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(pair["verdict"], "conflict");
    assert_eq!(pair["foreseen"]["resolved"][0]["strategy"], "recorded");
    let ran = world.tracks(&["conflicts"]);
    assert!(
        ran.stdout.contains("a round resolves it: log by recorded"),
        "{}",
        ran.stdout
    );
    assert_eq!(ask(&world, &["sync"]).0, 0);
    assert_eq!(ask(&world, &["validate", "b"]).0, 0);

    // Another line conflicts, of which nobody has said anything.
    work(&world, "b", &[("log", "begin\nother\n")]);
    assert_eq!(ask(&world, &["conflicts"]).0, 1);
    assert_eq!(ask(&world, &["validate", "b"]).0, 1);
}

#[test]
fn only_what_is_left_is_told_of_a_track_that_stays_out() {
    let world = project(
        "[[integration.resolve]]\npaths = [\"log\"]\nstrategy = \"union\"\n[track.a]\n[track.b]\n[track.c]\n",
        &[("log", "begin\n"), ("x", "1\n")],
    );
    work(&world, "a", &[("log", "begin\na\n")]);
    work(&world, "b", &[("log", "begin\nb\n"), ("x", "b\n")]);
    work(&world, "c", &[("log", "begin\nc\n"), ("x", "c\n")]);
    let (status, round) = ask(&world, &["sync"]);
    assert_eq!(status, 1);
    let ejected = find(&round["ejected"], "track", "c");
    assert_eq!(
        (&ejected["with"], &ejected["paths"]),
        (&json!(["b"]), &json!(["x"])),
        "{ejected:#}"
    );
}
