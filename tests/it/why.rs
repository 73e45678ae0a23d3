//! `tracks check --why`: of each run, what has changed since the last pass, or why it need not be made.

use std::ffi::OsStr;
use std::fs;

use serde_json::Value;

use crate::project::{document, find, project, work};
use crate::world::World;

/// One track `a` in its worktree, and these lines of tracks.toml.
fn with(config: &str) -> World {
    let world = project(
        &format!("[track.a]\n{config}"),
        &[("src/a", "1\n"), ("src/b", "1\n"), ("docs/d", "1\n")],
    );
    worktree(&world, "a");
    world
}

fn worktree(world: &World, track: &str) {
    let (branch, place) = (format!("track/{track}"), format!("../{track}"));
    world.git(&["worktree", "add", "--quiet", "-b", &branch, &place, "main"]);
}

fn runs(world: &World, more: &[&str]) -> Value {
    let arguments = [&["check", "--yes", "--why", "--format", "json"], more].concat();
    document(&world.tracks(&arguments))["runs"].take()
}

/// The reasons for all runs of `a`.
fn why(world: &World, more: &[&str]) -> Vec<String> {
    let runs = runs(world, more);
    let of = |run: &Value| run["why"].as_str().unwrap_or_default().to_owned();
    runs.as_array().into_iter().flatten().map(of).collect()
}

/// Replaces tracks.toml, in the working copy and on base.
fn reconfigure(world: &World, config: &str) {
    let config = format!("[track.a]\n{config}");
    let config = config.replace("ROOT", &world.root().to_string_lossy());
    world.commit("main", &[("tracks.toml", &config)], "Other rules");
}

const UNIT: &str = "[check.unit]\nrun = \"true\"\ninputs = [\"src/**\"]\n";

#[test]
fn what_changed_since_the_last_pass_is_named() {
    let world = with(UNIT);
    let passed = "passed before on the same inputs, 2026-11-23 09:30, in a";
    world.set_now(1_795_426_200);
    assert_eq!(why(&world, &[]), ["no pass is known yet"]);
    assert_eq!(why(&world, &[]), [passed]);
    world.write_at("a/docs/d", "2\n");
    assert_eq!(why(&world, &[]), [passed], "not among its inputs");
    world.write_at("a/src/a", "2\n");
    assert_eq!(why(&world, &[]), ["src/a changed"]);
    // What passed was never committed, and is compared with all the same.
    world.write_at("a/src/b", "2\n");
    assert_eq!(why(&world, &[]), ["src/b changed"]);
    world.write_at("a/src/a", "1\n");
    fs::remove_file(world.root().join("a/src/b")).unwrap();
    assert_eq!(why(&world, &[]), ["src/a and src/b changed"]);
    for file in ["c", "d", "e", "f"] {
        world.write_at(&format!("a/src/{file}"), "1\n");
    }
    assert_eq!(why(&world, &[]), ["src/c, src/d, src/e and 1 more changed"]);
    world.git_in(&world.root().join("a"), &["add", "--all"]);
    world.git_in(&world.root().join("a"), &["commit", "-qm", "All of it"]);
    assert_eq!(why(&world, &[]), [passed]);
    work(&world, "a", &[("src/a", "committed\n")]);
    assert_eq!(why(&world, &["--committed"]), ["src/a changed"]);
}

#[test]
fn a_pass_on_another_track_says_where() {
    let world = project(
        &format!("[track.a]\n[track.b]\n{UNIT}"),
        &[("src/a", "1\n")],
    );
    worktree(&world, "a");
    worktree(&world, "b");
    runs(&world, &["a"]);
    let reused = runs(&world, &["b"]);
    let text = reused[0]["why"].as_str().unwrap();
    assert!(text.ends_with(", in a"), "{text}");
    world.write_at("b/src/a", "2\n");
    let changed = runs(&world, &["b"]);
    assert_eq!(changed[0]["why"], "src/a changed", "a reused pass is one");
}

#[test]
fn what_passes_on_a_twin_meanwhile_is_reused() {
    let world = project(
        &format!("[track.a]\n[track.b]\n{UNIT}"),
        &[("src/a", "1\n")],
    );
    worktree(&world, "a");
    worktree(&world, "b");
    let runs = runs(&world, &[]);
    assert_eq!(runs[0]["why"], "no pass is known yet");
    let reused = runs[1]["why"].as_str().unwrap_or_default();
    assert!(reused.starts_with("passed before"), "{runs:#}");
}

#[test]
fn limits_that_became_narrower_are_a_reason() {
    let of = |most: u32| {
        format!(
            "[check.unit]\nrun = \"echo took 5\"\n\
             [[check.unit.metric]]\nname = \"took\"\npattern = \"took ([0-9]+)\"\nmax = {most}\n"
        )
    };
    let world = with(&of(9));
    assert_eq!(why(&world, &[]), ["no pass is known yet"]);
    reconfigure(&world, &of(3));
    assert_eq!(
        why(&world, &[]),
        ["it passed before, but its numbers are beyond today's limits"]
    );
}

#[test]
fn what_is_not_in_the_tree_is_named_too() {
    let world = with(UNIT);
    let more = "[layout]\nsetup = \"true\"\n";
    let unit = |lines: &str| format!("{UNIT}{lines}\n");
    assert_eq!(why(&world, &[]), ["no pass is known yet"]);
    for (config, expected) in [
        (
            UNIT.replace("\"true\"", "\"exit 0\""),
            "its command changed",
        ),
        (UNIT.to_owned(), "passed before on the same inputs"),
        (unit("cwd = \"docs\""), "its directory changed"),
        (
            unit("env = { A = \"1\" }"),
            "its directory changed; its environment changed",
        ),
        (
            format!("{more}{UNIT}"),
            "its environment changed; the setup changed",
        ),
        (
            UNIT.replace("[\"src/**\"]", "[\"src/a\"]"),
            "the setup changed; `inputs` names others",
        ),
    ] {
        reconfigure(&world, &config);
        let why = why(&world, &[]);
        assert!(why[0].starts_with(expected), "{config}: {why:?}");
    }
}

#[test]
fn a_tool_with_another_version_is_named() {
    let world = with("[check.unit]\nrun = \"true\"\ntools = [\"thing\"]\n");
    let bin = world.root().join("bin");
    let ask = || {
        let mut command = world.command(&world.repo(), env!("CARGO_BIN_EXE_tracks"));
        let path = command.get_envs().find(|(name, _)| *name == "PATH");
        let path = path.and_then(|(_, path)| path).unwrap().to_owned();
        command.env("PATH", [bin.as_os_str(), &path].join(OsStr::new(":")));
        command.args(["check", "--yes", "--why", "--format", "json"]);
        let answer = document(&world.ran(&command.output().unwrap()));
        answer["runs"][0]["why"].clone()
    };
    assert_eq!(ask(), "no pass is known yet");
    // Version managers go by the directory.
    world.write_program(
        "bin/thing",
        "#!/bin/sh\necho \"thing 1 in $(basename $PWD)\"\n",
    );
    assert_eq!(ask(), "thing: missing -> thing 1 in repo");
    world.write_program("bin/thing", "#!/bin/sh\necho thing 2\n");
    assert_eq!(ask(), "thing: thing 1 in repo -> thing 2");
    assert!(ask().as_str().unwrap().starts_with("passed before"));
}

#[test]
fn a_need_brings_its_own_reason() {
    let world = with(
        "[check.build]\ninputs = [\"src/**\"]\nrun = \"true\"\n\
         [check.test]\nneeds = [\"build\"]\ninputs = [\"docs\"]\nrun = \"true\"\n",
    );
    runs(&world, &[]);
    world.write_at("a/src/a", "2\n");
    assert_eq!(
        why(&world, &[]),
        ["src/a changed", "build, which it needs: src/a changed"]
    );
    world.write_at("a/docs/d", "2\n");
    let why = why(&world, &[]);
    assert!(why[0].starts_with("passed before"), "{why:?}");
    assert_eq!(why[1], "docs/d changed");
}

#[test]
fn what_is_not_built_here_is_built_again() {
    let world = project(
        "[track.a]\n[track.b]\n[check.build]\ninputs = [\"src\"]\nrun = \"true\"\n\
         [check.test]\nneeds = [\"build\"]\ninputs = [\"docs\"]\nrun = \"true\"\n",
        &[("src/a", "1\n"), ("docs/d", "1\n")],
    );
    worktree(&world, "a");
    worktree(&world, "b");
    runs(&world, &["a"]);
    world.write_at("b/docs/d", "2\n");
    let runs = runs(&world, &["b"]);
    let build = find(&runs, "check", "build");
    assert_eq!(build["why"], "what it builds is not in this worktree");
    assert_eq!(build["cached"], false);
    assert_eq!(find(&runs, "check", "test")["why"], "no pass is known yet");
}

#[test]
fn failures_and_wishes_are_reasons() {
    let world = with(
        "[check.red]\nrun = \"false\"\n\
         [check.shaky]\nrun = \"test -e ROOT/once || { touch ROOT/once; exit 1; }\"\nretries = 1\nflaky = \"fail\"\n",
    );
    let unknown = "no pass is known yet";
    assert_eq!(why(&world, &[]), [unknown, unknown]);
    assert_eq!(
        why(&world, &[]),
        [
            "it failed last time, and failures are run again",
            "it passed only when run again, and `flaky = \"fail\"`",
        ]
    );
    assert_eq!(why(&world, &["--no-cache"]), ["--no-cache was given"; 2]);
    let ran = world.tracks(&["check", "--why", "--format", "json"]);
    let answer = document(&ran);
    let red = find(&answer["runs"], "check", "red");
    assert_eq!(red["why"], "its command is not approved");
}

#[test]
fn only_who_asks_is_told() {
    let world = with(UNIT);
    let ran = world.tracks(&["check", "--yes", "--format", "json"]);
    assert_eq!(document(&ran)["runs"][0].get("why"), None);
    world.write_at("a/src/a", "2\n");
    let ran = world.tracks(&["check", "--yes", "--why"]);
    let first = ran.stdout.lines().next().unwrap_or_default();
    assert!(first.ends_with("  src/a changed"), "{}", ran.shown());
    insta::assert_snapshot!(world.tracks(&["check", "--yes", "--why"]).shown(), @r"
    exit: 0
    --- stdout
    passed  a  unit  passed before on the same inputs, [TIME], in a
    
    1 check: 1 passed, 1 of them known from before
    --- stderr
    ");
}

#[test]
fn what_is_kept_of_a_pass_may_be_damaged_or_gone() {
    let world = with(UNIT);
    runs(&world, &[]);
    world.write_at("a/src/a", "2\n");
    runs(&world, &[]);
    let kept = world.repo().join(".git/tracks");
    fs::remove_dir_all(kept.join("uncommitted")).unwrap();
    world.write_at("a/src/a", "3\n");
    assert_eq!(why(&world, &[]), ["its inputs changed"]);
    for damage in ["", "{", "{\"v\":9}"] {
        world.write_at("repo/.git/tracks/passes/a/unit.json", damage);
        world.write_at("a/src/a", &format!("{damage}x\n"));
        assert_eq!(why(&world, &[]), ["no pass is known yet"], "{damage}");
    }
}
