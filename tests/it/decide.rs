//! `tracks decide`: who takes precedence, recorded with a reason, and what rounds make of it.

use serde_json::json;

use crate::project::{ask, find, work};
use crate::resolve_verb::{clash, with};
use crate::world::World;

#[track_caller]
fn decide(world: &World, more: &[&str]) -> String {
    let arguments = [&["decide", "a", "b", "--because", "a has the data"], more].concat();
    let (status, answer) = ask(world, &arguments);
    assert_eq!(
        (status, &answer["outcome"]),
        (0, &json!("decided")),
        "{answer:#}"
    );
    answer["decision"]["id"].as_str().expect("an id").to_owned()
}

fn middle(world: &World) -> String {
    let text = world.git(&["show", "integration:f"]);
    text.lines().nth(4).expect("five lines").to_owned()
}

#[test]
fn the_preferred_one_wins_in_the_lines_that_conflict_whoever_comes_first() {
    for (order, prefer) in [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")] {
        let world = clash("");
        let config = world.read("tracks.toml").replace(
            &format!("[track.{order}]\n"),
            &format!("[track.{order}]\npriority = 9\n"),
        );
        world.commit("main", &[("tracks.toml", &config)], "Order");
        work(
            &world,
            "b",
            &[("f", &with("5", "b").replace("9\n", "more\n"))],
        );
        let id = decide(&world, &["--prefer", prefer]);
        let (status, answer) = ask(&world, &["sync"]);
        assert_eq!(status, 0, "{answer:#}");
        assert_eq!(middle(&world), prefer);
        assert!(world.git(&["show", "integration:f"]).ends_with("more"));
        let later = answer["merged"][1].clone();
        assert_eq!(
            later["resolved"],
            json!([{ "path": "f", "strategy": "decision", "by": id, "exact": true }])
        );
    }
}

#[test]
fn the_newest_about_a_path_counts_until_it_is_revoked() {
    let world = clash("");
    decide(&world, &["--prefer", "a"]);
    world.set_now(crate::world::FRIDAY_NOON + 60);
    let newer = decide(&world, &["--prefer", "b", "--paths", "f", "docs/**"]);
    ask(&world, &["sync"]);
    assert_eq!(middle(&world), "b");
    let ran = world.tracks(&["sync"]);
    assert!(
        ran.stdout
            .contains(&format!("resolved f by decision {newer}")),
        "{}",
        ran.stdout
    );
    assert_eq!(world.tracks(&["decide", "--revoke", &newer[..5]]).status, 0);
    ask(&world, &["sync"]);
    assert_eq!(middle(&world), "a");

    world.set_now(crate::world::FRIDAY_NOON + 120);
    decide(&world, &["--prefer", "b", "--paths", "docs/**"]);
    ask(&world, &["sync"]);
    assert_eq!(middle(&world), "a", "that one is about other paths");
}

#[test]
fn critical_paths_and_other_tracks_are_left_alone() {
    let world = clash("[integration]\ncritical = 'f'\n");
    decide(&world, &["--prefer", "a"]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 1);
    assert!(
        answer["ejected"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("f is critical")
    );

    let world = clash("");
    work(&world, "c", &[("f", &with("5", "c"))]);
    decide(&world, &["--prefer", "a"]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 1);
    assert_eq!(answer["ejected"].as_array().unwrap().len(), 1, "{answer:#}");
    find(&answer["ejected"], "track", "c");
}

#[test]
fn what_was_decided_is_listed_for_people_and_pages() {
    let world = clash("");
    let (_, answer) = ask(&world, &["decide", "--list"]);
    assert_eq!(answer["decisions"], json!([]));
    let id = decide(&world, &["--prefer", "a", "--paths", "src/**"]);
    let (_, answer) = ask(&world, &["decide", "--list"]);
    assert_eq!(
        answer["decisions"],
        json!([{
            "id": id,
            "who": "Ada <ada@example.com>",
            "time": "2026-11-27T12:00:00Z",
            "prefer": "a",
            "over": "b",
            "because": "a has the data",
            "paths": ["src/**"],
        }])
    );
    let shown = world
        .tracks(&["decide", "--list"])
        .stdout
        .replace(&id, "ID");
    insta::assert_snapshot!(shown, @"ID  a before b  in src/**  a has the data  2026-11-27T12:00:00Z Ada <ada@example.com>");
    let page = world
        .tracks(&["decide", "--list", "--format", "markdown"])
        .stdout
        .replace(&id, "ID");
    insta::assert_snapshot!(page, @r"
    # Decisions

    ## a before b (ID)

    - Where: `src/**`
    - When: 2026-11-27T12:00:00Z
    - Who: Ada <ada@example.com>

    a has the data
    ");
}

#[test]
fn what_cannot_be_decided_is_said() {
    let world = clash("");
    for (arguments, said) in [
        (
            vec!["a", "b", "--prefer", "c", "--because", "x"],
            "`--prefer c` is neither a nor b",
        ),
        (
            vec!["a", "a", "--prefer", "a", "--because", "x"],
            "a cannot take precedence over itself",
        ),
        (
            vec!["a", "b", "--prefer", "a", "--because", " "],
            "a decision needs a reason",
        ),
        (vec!["a", "b", "--prefer", "a"], "--because"),
        (
            vec!["a", "b", "--prefer", "a", "--because", "x", "--paths", "/x"],
            "it is absolute",
        ),
        (vec!["--revoke", "12"], "nothing is recorded here as `12`"),
    ] {
        let ran = world.tracks(&[&["decide"], arguments.as_slice()].concat());
        assert_eq!(ran.status, 2, "{}", ran.shown());
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    assert!(!crate::project::refs(&world).contains("resolutions"));
}
