//! `tracks check --affected`: what reads a path that the track has changed, and nothing else.

use serde_json::Value;

use crate::project::{ask, project, texts, work};
use crate::world::World;

const CHECKS: &str = "[track.a]\n[track.b]\n\
    [check.test]\nneeds = [\"build\"]\ninputs = [\"tests\"]\nrun = \"true\"\n\
    [check.build]\ninputs = [\"src/**\"]\nrun = \"true\"\n\
    [check.docs]\ninputs = [\"docs\", \"**/*.md\"]\nrun = \"true\"\n\
    [check.whole]\nrun = \"true\"\n";

fn world() -> World {
    let world = project(
        CHECKS,
        &[
            ("src/a", "a\nfew\nlines\n"),
            ("docs/d", "1\n"),
            ("other", "1\n"),
        ],
    );
    for track in ["a", "b"] {
        let (branch, place) = (format!("track/{track}"), format!("../{track}"));
        world.git(&["worktree", "add", "--quiet", "-b", &branch, &place, "main"]);
    }
    world
}

/// What ran on `a`, and how many were left out.
fn affected(world: &World, more: &[&str]) -> (Vec<String>, Value) {
    let (status, answer) = ask(
        world,
        &[&["check", "a", "--yes", "--affected"], more].concat(),
    );
    assert_eq!(status, 0, "{answer:#}");
    (
        texts(&answer["runs"], "check"),
        answer["unaffected"].clone(),
    )
}

#[test]
fn only_what_the_track_itself_has_changed_counts() {
    let world = world();
    let none: [&str; 0] = [];
    assert_eq!(affected(&world, &[]).0, none);
    // Base goes on, and the track does not have that yet.
    world.commit("main", &[("docs/d", "2\n")], "Docs on base");
    assert_eq!(affected(&world, &[]).0, none);
    work(&world, "a", &[("src/a", "2\n")]);
    let (ran, left_out) = affected(&world, &[]);
    assert_eq!(
        ran,
        ["build", "test", "whole"],
        "a test reads what was built"
    );
    assert_eq!(left_out, 1);
    // Taking in base's work is no change of the track's own.
    world.git_in(
        &world.root().join("a"),
        &["merge", "-q", "--no-edit", "main"],
    );
    assert_eq!(affected(&world, &[]).0, ["build", "test", "whole"]);
    assert_eq!(affected(&world, &["--check", "docs"]).0, none);
}

#[test]
fn uncommitted_work_counts_unless_only_commits_do() {
    let world = world();
    world.write_at("a/new.md", "1\n");
    assert_eq!(affected(&world, &[]).0, ["docs", "whole"]);
    let (ran, left_out) = affected(&world, &["--committed"]);
    assert_eq!((ran.len(), left_out), (0, 4.into()));
}

#[test]
fn both_names_of_what_was_renamed_count() {
    let world = world();
    world.git_in(&world.root().join("a"), &["mv", "src/a", "docs/a"]);
    assert_eq!(affected(&world, &[]).0.len(), 4);
}

#[test]
fn how_many_were_left_out_is_said() {
    let world = world();
    insta::assert_snapshot!(world.tracks(&["check", "--yes", "--affected"]).shown(), @r"
    exit: 0
    --- stdout
    8 checks left out: their tracks change nothing that they read
    --- stderr
    ");
    world.write_at("a/docs/d", "2\n");
    let ran = world.tracks(&["check", "--yes", "--affected"]);
    assert_eq!(
        ran.stdout.lines().last(),
        Some("6 checks left out: their tracks change nothing that they read"),
        "{}",
        ran.shown()
    );
    let (_, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(answer.get("unaffected"), None);
}

#[test]
fn what_cannot_be_compared_is_affected_or_said() {
    let world = world();
    // A history of its own.
    world.git(&["worktree", "remove", "../a"]);
    world.git(&["checkout", "-q", "--orphan", "fresh", "main"]);
    world.git(&["commit", "-qm", "Alone"]);
    world.git(&["branch", "-qM", "track/a"]);
    world.git(&["checkout", "-q", "main"]);
    let (status, answer) = ask(&world, &["check", "a", "--yes", "--affected"]);
    assert_eq!((status, &answer["summary"]["passed"]), (0, &4.into()));
}
