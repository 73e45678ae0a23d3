//! What an agent is told before it starts to work in a track.

use insta::assert_snapshot;
use serde_json::json;

use crate::project::{ask, ask_in, project, texts, work};
use crate::world::World;

const CONFIG: &str = r#"
[layout]
worktrees = "ROOT/w"
[track.a]
title = "Agent registry"
agent = "alpha"
contact = "@alpha"
owns = ["src/a/**", "docs/a"]
code = "trackA"
tables = ["agents"]
depends_on = ["b"]
responsibilities = ["the registry", "its documentation"]
due = "day 4"
deliverables = ["src/a/index.ts", { path = "docs/a.md", sections = ["Errors"] }]
[track.b]
owns = ["src/b", "docs/b"]
[track.c]
owns = ["db"]
depends_on = ["a"]
[ownership]
frozen = ["LICENSE"]
[shared."src/types/**"]
owner = "b"
policy = "owner-approves"
[migrations]
paths = ["m/*.sql"]
preset = "plain"
name = "{date}_{track}_{slug}.sql"
[contract.api]
paths = ["src/b/api.yaml"]
owner = "b"
consumers = ["a"]
[contract.registry]
paths = ["src/a/registry.yaml"]
owner = "a"
consumers = ["c"]
[check.unit]
run = ["npm", "test", "it's"]
[check.slow]
run = "make `date`"
allow_failure = true
cwd = "src"
[commit]
pattern = "conventional"
trailer = true
"#;

fn three() -> World {
    let world = project(
        CONFIG,
        &[
            ("LICENSE", "x\n"),
            ("src/b/api.yaml", "1\n"),
            ("src/x", "1\n"),
            ("m/20261101_trackA_first.sql", "select 1;\n"),
        ],
    );
    work(
        &world,
        "a",
        &[
            ("src/a/index.ts", "a\n"),
            ("docs/a.md", "# Errors\n"),
            ("src/x", "a\n"),
        ],
    );
    work(&world, "b", &[("src/x", "b\n"), ("src/b/api.yaml", "2\n")]);
    world
}

#[test]
fn the_page() {
    let world = three();
    let ran = world.tracks(&["brief", "a"]);
    assert_snapshot!(ran.shown(), @"");
}

#[test]
fn a_project_of_two_lines_has_a_page_of_a_few() {
    let world = project("[track.a]\n[track.b]\n", &[]);
    world.git(&[
        "worktree",
        "add",
        "--quiet",
        "-b",
        "track/a",
        "worktrees/a",
        "main",
    ]);
    let here = world.repo().join("worktrees/a");
    let ran = world.tracks_in(&here, &["brief"]);
    assert_snapshot!(ran.shown(), @"");
}

#[test]
fn programs_get_all_of_it() {
    let world = three();
    let (status, answer) = ask(&world, &["brief", "a"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(answer["schema"], "tracks/brief/v1");
    assert_eq!(answer["owns"], json!(["src/a/**", "docs/a"]));
    assert_eq!(answer["open"]["collisions"], json!(["b"]));
    assert_eq!(texts(&answer["neighbours"], "track"), ["b"]);
    assert_eq!(
        texts(&answer["checks"], "run"),
        ["npm test 'it'\\''s'", "make `date`"]
    );
    assert_eq!(
        answer["migrations"]["next"],
        json!(["m/20261127_trackA_what_it_does.sql"])
    );
    assert_eq!(answer["consumes"][0]["behind"][0]["coming_from"], "b");
    assert_eq!(texts(&answer["provides"], "contract"), ["registry"]);
    assert_eq!(answer["needed_by"], json!(["c"]));
    assert_eq!(answer["due"], "day 4");
    let (_, other) = ask(&world, &["brief", "c"]);
    assert_eq!(
        (other.get("title"), &other["worktree"]),
        (None, &json!(null))
    );
}

#[test]
fn it_is_about_the_track_of_this_worktree() {
    let world = three();
    let refused = world.tracks(&["brief"]);
    assert_snapshot!(refused.shown(), @"");
    let unknown = world.tracks(&["brief", "aa"]);
    assert_eq!(unknown.status, 2, "{}", unknown.shown());
    assert!(
        unknown.stderr.contains("did you mean `a`?"),
        "{}",
        unknown.stderr
    );
    world.git(&["worktree", "add", "--quiet", "../w/b", "track/b"]);
    let (status, answer) = ask_in(&world, &world.root().join("w/b"), &["brief"]);
    assert_eq!((status, &answer["track"]), (0, &json!("b")));
    assert!(answer["worktree"].as_str().unwrap().ends_with("/w/b"));
}
