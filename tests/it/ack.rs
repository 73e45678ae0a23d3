//! Consumers that are behind a contract: where it shows, and how they catch up.

use insta::assert_snapshot;
use serde_json::json;

use crate::project::{ask, find, project, texts, work};
use crate::world::World;

const CONFIG: &str = "[track.a]\n[track.b]\n[track.c]\n[contract.x]\npaths = 'x.json'\nowner = 'a'\nconsumers = ['b', 'c']\ncompatible = 'json-schema'\n";

/// b and c were there before the contract changed on base.
fn behind() -> World {
    let world = project(CONFIG, &[("x.json", "{}\n"), ("f", "1\n")]);
    work(&world, "b", &[("b", "1\n")]);
    work(&world, "c", &[("c", "1\n")]);
    world.commit("main", &[("x.json", "{\"title\": \"x\"}\n")], "Change x");
    world
}

fn open(world: &World) -> Vec<String> {
    texts(&ask(world, &["ack"]).1["behind"], "track")
}

#[test]
fn who_is_behind_and_says_so() {
    let world = behind();
    assert_snapshot!(world.tracks(&["ack"]).shown(), @"
    exit: 0
    --- stdout
    b is behind contract x   tracks ack x --track b
      x.json  changed on main
    c is behind contract x   tracks ack x --track c
      x.json  changed on main
    --- stderr
    ");
    let (_, status) = ask(&world, &["status"]);
    let missing = &find(&status["tracks"], "track", "b")["missing"];
    assert_eq!(
        missing,
        &json!(["contract x has changed on base: `tracks update b`, or `tracks ack x --track b`"])
    );
    let (code, answer) = ask(&world, &["validate", "b"]);
    let finding = find(&answer["findings"], "code", "CON04");
    assert_eq!((code, &finding["severity"]), (0, &json!("info")));
    assert_eq!(
        finding["message"],
        "contract x has changed on base since b last took it in: x.json"
    );

    let ran = world.tracks(&["ack", "x", "--track", "b"]);
    assert_eq!(
        ran.stdout,
        "b acknowledges contract x\n  x.json  changed on main\n"
    );
    assert_eq!(open(&world), ["c"]);
    let ran = world.tracks(&["ack", "x", "--track", "b"]);
    assert_eq!(ran.stdout, "b has all of contract x already\n");
    // This version, not what comes after it.
    world.commit(
        "main",
        &[("x.json", "{\"title\": \"y\"}\n")],
        "Change x again",
    );
    assert_eq!(open(&world), ["b", "c"]);
}

#[test]
fn taking_base_in_ends_it() {
    let world = behind();
    world.tracks(&["init"]);
    assert_eq!(world.tracks(&["update", "b"]).status, 0);
    assert_eq!(open(&world), ["c"]);
    // Or having the same by oneself.
    work(&world, "c", &[("x.json", "{\"title\": \"x\"}\n")]);
    assert_eq!(open(&world), [""; 0]);
    assert_eq!(world.tracks(&["ack"]).stdout, "nothing to acknowledge\n");
}

#[test]
fn what_the_owner_is_about_to_change_is_announced() {
    let world = project(CONFIG, &[("x.json", "{}\n"), ("f", "1\n")]);
    work(&world, "b", &[("b", "1\n")]);
    work(&world, "a", &[("x.json", "{\"title\": \"x\"}\n")]);
    let (_, answer) = ask(&world, &["validate", "b"]);
    let finding = find(&answer["findings"], "code", "CON04");
    assert_eq!(
        finding["message"],
        "a changes contract x, which b consumes, and has not landed it yet: x.json"
    );
    let (_, answer) = ask(&world, &["validate", "a"]);
    let finding = find(&answer["findings"], "code", "CON04");
    assert_eq!(
        finding["message"],
        "b and c will have to take in this change to contract x: x.json"
    );
    assert_eq!(open(&world), ["b"], "c has no branch");
    let (_, done) = ask(&world, &["ack", "x", "--track", "b"]);
    assert_eq!(
        done["acknowledged"],
        json!({ "contract": "x", "track": "b" })
    );
    assert_eq!(done["behind"][0]["coming_from"], "a");
    assert_eq!(open(&world), [""; 0]);
    // It has landed as it was acknowledged.
    world.git(&["merge", "--quiet", "track/a"]);
    assert_eq!(open(&world), [""; 0]);
}

#[test]
fn what_cannot_be_acknowledged() {
    let world = behind();
    for (arguments, message) in [
        (
            &["ack", "y", "--track", "b"][..],
            "there is no contract `y`",
        ),
        (
            &["ack", "x", "--track", "a"],
            "a is no consumer of contract x",
        ),
        (&["ack", "x"], "which track?"),
        (&["ack", "x", "--track", "z"], "there is no track `z`"),
    ] {
        let ran = world.tracks(arguments);
        assert_eq!(ran.status, 2, "{}", ran.shown());
        assert!(ran.stderr.contains(message), "{}", ran.stderr);
    }
}
