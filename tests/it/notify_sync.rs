//! `[notify] on_sync`: told once for each edge of rounds, to the tracks concerned; what comes of it changes nothing.

use std::fs;

use serde_json::{Value, json};

use crate::project::{ask, find, project, texts, work};
use crate::world::World;

const TRACKS: &str = "[track.a]\n[track.b]\n[track.c]\n[check.unit]\nrun = 'test ! -e red'\n";
const ALL: &str = "[notify]\non_sync = 'cat >>../told'\n";

/// Tracks a, b and c; a and b conflict.
fn three(more: &str) -> World {
    let world = project(&format!("{TRACKS}{more}"), &[("x", "1\n")]);
    work(&world, "a", &[("x", "a\n")]);
    work(&world, "b", &[("x", "b\n")]);
    work(&world, "c", &[("c", "1\n")]);
    world
}

/// What has been told since the last time.
fn told(world: &World, name: &str) -> Vec<Value> {
    let path = world.root().join(name);
    let text = fs::read_to_string(&path).unwrap_or_default();
    let _ = fs::remove_file(&path);
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

/// `moved red b=merged>ejected`.
fn news(facts: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let mut words = Vec::new();
    if facts["integration"]["moved"] == true {
        words.push("moved".to_owned());
    }
    words.extend(facts["base"]["turned"].as_str().map(str::to_owned));
    for turned in facts["tracks"].as_array().expect("a list") {
        let (before, after) = (text(&turned["before"]), text(&turned["after"]));
        words.push(format!("{}={before}>{after}", text(&turned["track"])));
    }
    words.join(" ")
}

fn sync(world: &World, arguments: &[&str]) -> (i32, Vec<String>) {
    let (status, _) = ask(world, &[&["sync", "--yes"], arguments].concat());
    (status, told(world, "told").iter().map(news).collect())
}

#[test]
fn edges_only() {
    let world = three(ALL);
    assert_eq!(sync(&world, &["--dry-run"]), (1, vec![]));
    assert_eq!(sync(&world, &["--no-checks"]).1, Vec::<String>::new());
    assert_eq!(sync(&world, &[]), (1, vec!["moved b=?>ejected".to_owned()]));
    assert_eq!(sync(&world, &[]), (1, vec![]), "the same again");

    // Who is left out by hand stands where it stood.
    assert_eq!(
        sync(&world, &["--without", "a"]).1,
        ["moved b=ejected>merged"]
    );
    assert_eq!(sync(&world, &[]).1, ["moved b=merged>ejected"]);
    world.git(&["branch", "--force", "track/b", "main"]);
    work(&world, "b", &[("b", "1\n")]);
    assert_eq!(sync(&world, &[]).1, ["moved b=ejected>merged"]);

    // Base is red, and green again.
    world.commit("main", &[("red", "1\n")], "Break it");
    assert_eq!(sync(&world, &[]), (1, vec!["red".to_owned()]));
    assert_eq!(sync(&world, &[]), (1, vec![]));
    world.git(&["rm", "--quiet", "red"]);
    world.git(&["commit", "--quiet", "--message", "Mend it"]);
    assert_eq!(sync(&world, &[]), (0, vec!["moved green".to_owned()]));
    assert_eq!(sync(&world, &[]), (0, vec![]));
}

#[test]
fn the_facts() {
    let world = three(ALL);
    let (_, answer) = ask(&world, &["sync", "--yes"]);
    let told = told(&world, "told");
    let facts = &told[0];
    let integration = world.git(&["rev-parse", "integration"]);
    assert_eq!(
        *facts,
        json!({
            "schema": "tracks/notify/v1",
            "event": "on_sync",
            "time": "2026-11-27T12:00:00Z",
            "round": answer["round"],
            "base": { "branch": "main", "commit": world.git(&["rev-parse", "main"]), "red": [], "turned": null },
            "integration": { "branch": "integration", "before": null, "after": integration, "moved": true },
            "tracks": [{
                "track": "b", "before": null, "after": "ejected", "why": "conflict", "with": ["a"], "paths": ["x"],
                "check": null, "reason": answer["ejected"][0]["reason"],
            }],
        })
    );
}

#[test]
fn a_track_is_told_what_concerns_it() {
    let own = |track: &str| format!("[track.{track}.notify]\non_sync = 'cat >>../of-{track}'\n");
    let both = "[track.c.notify]\non_sync = 'cat >>../of-a'\n";
    let world = three(&format!("{}{}{both}", own("a"), own("b")));
    let round = || {
        ask(&world, &["sync", "--yes"]);
        ["of-a", "of-b"].map(|name| told(&world, name).iter().map(news).collect::<Vec<_>>())
    };
    assert_eq!(round(), [vec![], vec!["moved b=?>ejected".to_owned()]]);
    assert_eq!(round(), [[""; 0]; 2]);
    // c and a name the same command: it is run once, with what concerns either.
    for track in ["a", "c"] {
        world.tracks(&["mark", track, "dropped"]);
    }
    let c_and_a = "moved a=merged>ejected c=merged>ejected".to_owned();
    assert_eq!(
        round(),
        [vec![c_and_a], vec!["moved b=ejected>merged".to_owned()]]
    );
    // Base concerns everybody.
    world.commit("main", &[("red", "1\n")], "Break it");
    assert_eq!(round(), [["red"]; 2]);
}

#[test]
fn nothing_runs_without_approval_and_failures_change_nothing() {
    let world = three(
        "[notify]\non_sync = 'cat >/dev/null; echo oh >&2; exit 7'\n[track.b.notify]\non_land = 'true'\n",
    );
    let (_, trust) = ask(&world, &["trust", "--list"]);
    let places = texts(&trust["commands"], "place");
    assert!(
        places.contains(&"[track.b.notify] on_land".to_owned()),
        "{places:?}"
    );
    assert_eq!(
        find(&trust["commands"], "place", "[notify] on_sync")["approved"],
        json!(false)
    );

    work(&world, "b", &[("b", "2\n")]);
    world.git(&["branch", "--force", "track/b", "main"]);
    let ran = world.tracks(&["sync", "--no-checks"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let ran = world.tracks(&["sync", "--yes"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    let (text, log) = ran.stderr.trim().split_once("; what it printed: ").unwrap();
    assert_eq!(
        text,
        "warning: [notify] on_sync `cat >/dev/null; echo oh >&2; exit 7` exited with 7 for round 2"
    );
    assert_eq!(fs::read_to_string(log).unwrap(), "oh\n");

    world.commit("main", &[("y", "1\n")], "Go on");
    // The check is not approved either, so this round finds out nothing; the next one does, and nobody is told.
    assert_eq!(world.tracks(&["sync"]).status, 3);
    world.commit("track/c", &[("x", "c\n")], "Into a");
    let ran = world.tracks(&["sync"]);
    assert!(
        ran.stderr.contains(
            "nobody was told: [notify] on_sync is not approved; `tracks trust` shows what would run"
        ),
        "{}",
        ran.shown()
    );
    // It stays news until somebody may be told.
    let ran = world.tracks(&["sync", "--yes"]);
    assert!(ran.stderr.contains("exited with 7"), "{}", ran.shown());
    let ran = world.tracks(&["sync", "--yes"]);
    assert_eq!(ran.stderr, "", "once");
}

#[test]
fn a_landing_and_the_round_before_it() {
    let world = project(
        "[track.a]\n[track.b]\n[notify]\non_sync = 'cat >>../told'\non_land = 'cat >>../told'\n\
         [track.a.notify]\non_land = 'cat >>../of-a'\n[track.b.notify]\non_land = 'cat >>../of-b'\n",
        &[("x", "1\n")],
    );
    work(&world, "a", &[("a", "1\n")]);
    let before = world.git(&["rev-parse", "main"]);
    let (status, answer) = ask(&world, &["land", "--yes"]);
    assert_eq!(status, 0, "{answer:#}");
    let all = told(&world, "told");
    assert_eq!(texts(&json!(all), "event"), ["on_sync", "on_land"]);
    assert_eq!(news(&all[0]), "moved");
    let after = world.git(&["rev-parse", "main"]);
    assert_eq!(
        all[1]["base"],
        json!({ "branch": "main", "before": before, "after": after })
    );
    assert_eq!(all[1]["tracks"], json!(["a"]));
    assert_eq!(all[1]["operation"], answer["operation"]);
    assert_eq!(told(&world, "of-a").len(), 1);
    assert_eq!(told(&world, "of-b").len(), 0, "not landed");
}
