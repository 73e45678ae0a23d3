//! `tracks hooks status`: what git would really run, worktree by worktree, and what is in the way.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;
use serde_json::json;

use crate::project::{ask, find, project, texts};
use crate::world::World;

fn world() -> World {
    let world = project("[track.api]\n[track.ui]\n", &[("a", "1\n")]);
    world.git(&["worktree", "add", "--quiet", "-b", "x", "linked"]);
    world
}

#[test]
fn nothing_is_installed() {
    let world = world();
    assert_snapshot!(world.tracks(&["hooks", "status"]).shown(), @r"
    exit: 1
    --- stdout
    missing  pre-commit        in all 2 worktrees  .git/hooks/pre-commit
    missing  pre-merge-commit  in all 2 worktrees  .git/hooks/pre-merge-commit
    missing  pre-push          in all 2 worktrees  .git/hooks/pre-push
    missing  post-commit       in all 2 worktrees  .git/hooks/post-commit
    missing  post-merge        in all 2 worktrees  .git/hooks/post-merge
    missing  post-checkout     in all 2 worktrees  .git/hooks/post-checkout
    git does not run them all: tracks hooks install
    --- stderr
    ");
}

#[test]
fn everything_is_and_each_was_started() {
    let world = world();
    world.tracks(&["hooks", "install", "--shims"]);
    assert_snapshot!(world.tracks(&["hooks", "status"]).shown(), @r"
    exit: 0
    --- stdout
    installed  pre-commit        in all 2 worktrees  .git/hooks/pre-commit
    installed  pre-merge-commit  in all 2 worktrees  .git/hooks/pre-merge-commit
    installed  pre-push          in all 2 worktrees  .git/hooks/pre-push
    installed  post-commit       in all 2 worktrees  .git/hooks/post-commit
    installed  post-merge        in all 2 worktrees  .git/hooks/post-merge
    installed  post-checkout     in all 2 worktrees  .git/hooks/post-checkout
    git runs them all
    --- stderr
    ");
    let (status, answer) = ask(&world, &["hooks", "status"]);
    assert_eq!((status, &answer["effective"]), (0, &json!(true)));
    assert_eq!(texts(&answer["hooks"], "name").len(), 12);
    let first = &answer["hooks"][0];
    assert_eq!(first["worktree"], world.repo().to_string_lossy().as_ref());
    assert_eq!(
        (&first["runs"], &first["chained"]),
        (&json!(true), &json!(null))
    );
}

#[test]
fn one_worktree_looks_elsewhere() {
    let world = world();
    world.tracks(&["hooks", "install", "--shims"]);
    world.git(&["config", "extensions.worktreeConfig", "true"]);
    let linked = world.repo().join("linked");
    world.git_in(
        &linked,
        &["config", "--worktree", "core.hooksPath", "/mine"],
    );
    assert_snapshot!(world.tracks(&["hooks", "status"]).shown(), @r"
    exit: 1
    --- stdout
    installed  pre-commit        in the main worktree  .git/hooks/pre-commit
    installed  pre-merge-commit  in the main worktree  .git/hooks/pre-merge-commit
    installed  pre-push          in the main worktree  .git/hooks/pre-push
    installed  post-commit       in the main worktree  .git/hooks/post-commit
    installed  post-merge        in the main worktree  .git/hooks/post-merge
    installed  post-checkout     in the main worktree  .git/hooks/post-checkout
    shadowed   pre-commit        in linked             /mine/pre-commit
    shadowed   pre-merge-commit  in linked             /mine/pre-merge-commit
    shadowed   pre-push          in linked             /mine/pre-push
    shadowed   post-commit       in linked             /mine/post-commit
    shadowed   post-merge        in linked             /mine/post-merge
    shadowed   post-checkout     in linked             /mine/post-checkout
    shadowed linked: core.hooksPath of this worktree is /mine
            fix: `git -C [ROOT]/repo/linked config --worktree --unset-all core.hooksPath`
    git does not run them all
    --- stderr
    ");
    let again = world.tracks(&["hooks", "install", "--shims"]);
    assert_eq!(again.status, 1);
    assert!(
        again.stdout.contains("--worktree --unset-all"),
        "{}",
        again.shown()
    );
    world.git_in(
        &linked,
        &["config", "--worktree", "--unset-all", "core.hooksPath"],
    );
    assert_eq!(ask(&world, &["hooks", "status"]).0, 0);
}

#[test]
fn git_is_sent_to_a_directory_that_is_not_there() {
    let world = world();
    world.tracks(&["hooks", "install", "--shims"]);
    world.git(&["config", "core.hooksPath", "/no/such/directory"]);
    let (status, answer) = ask(&world, &["hooks", "status"]);
    assert_eq!(
        (status, &answer["hooks"][0]["state"]),
        (1, &json!("shadowed"))
    );
    assert_eq!(answer["shadows"][0]["fix"], "run `tracks hooks install`");
}

#[test]
fn the_environment_counts_for_who_works_in_it() {
    let world = world();
    world.tracks(&["hooks", "install", "--shims"]);
    let with = |variables: &[(&str, &str)]| {
        let mut command = world.command(&world.repo(), env!("CARGO_BIN_EXE_tracks"));
        command
            .args(["hooks", "status"])
            .envs(variables.iter().copied());
        world.ran(&command.output().expect("the tool starts"))
    };
    let ran = with(&[
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "core.hooksPath"),
        ("GIT_CONFIG_VALUE_0", "/dev/null"),
    ]);
    assert_snapshot!(ran.shown(), @r"
    exit: 1
    --- stdout
    shadowed  pre-commit        in all 2 worktrees  /dev/null/pre-commit
    shadowed  pre-merge-commit  in all 2 worktrees  /dev/null/pre-merge-commit
    shadowed  pre-push          in all 2 worktrees  /dev/null/pre-push
    shadowed  post-commit       in all 2 worktrees  /dev/null/post-commit
    shadowed  post-merge        in all 2 worktrees  /dev/null/post-merge
    shadowed  post-checkout     in all 2 worktrees  /dev/null/post-checkout
    shadowed core.hooksPath is /dev/null in the environment
            fix: take it out of GIT_CONFIG_PARAMETERS or GIT_CONFIG_COUNT
    git does not run them all
    --- stderr
    ");
    let ran = with(&[("TRACKS_HOOKS", "0")]);
    assert_eq!(ran.status, 1, "{}", ran.shown());
    assert!(ran.stdout.contains("unset TRACKS_HOOKS"), "{}", ran.shown());
    let last = ran.stdout.lines().last();
    assert_eq!(last, Some("git does not run them all"));
}

#[test]
fn each_state() {
    let world = world();
    world.tracks(&["hooks", "install", "--shims"]);
    let hooks = world.repo().join(".git/hooks");
    fs::remove_file(hooks.join("pre-merge-commit")).expect("it is there");
    world.write_program("repo/.git/hooks/pre-push", "#!/bin/sh\n");
    let old = world
        .read(".git/hooks/pre-commit")
        .replace("version 2", "version 1");
    world.write(".git/hooks/pre-commit", &old);
    fs::set_permissions(hooks.join("post-merge"), fs::Permissions::from_mode(0o644))
        .expect("its mode");
    let (status, answer) = ask(&world, &["hooks", "status"]);
    assert_eq!(status, 1);
    for (name, state, runs) in [
        ("pre-commit", "outdated", true),
        ("pre-merge-commit", "missing", false),
        ("pre-push", "foreign", false),
        ("post-commit", "installed", true),
        ("post-merge", "outdated", false),
    ] {
        let hook = find(&answer["hooks"], "name", name);
        assert_eq!(
            (&hook["state"], &hook["runs"]),
            (&json!(state), &json!(runs)),
            "{hook:#}"
        );
    }
    world.tracks(&["hooks", "install", "--shims"]);
    assert_eq!(ask(&world, &["hooks", "status"]).0, 0);
}

#[test]
fn a_program_that_is_gone_is_seen() {
    let world = world();
    world.tracks(&["hooks", "install", "--shims"]);
    let tool = env!("CARGO_BIN_EXE_tracks");
    let shim = world
        .read(".git/hooks/post-commit")
        .replace(tool, "/no/such/tracks");
    world.write(".git/hooks/post-commit", &shim);
    let (status, answer) = ask(&world, &["hooks", "status"]);
    let hook = find(&answer["hooks"], "name", "post-commit");
    assert_eq!(
        (status, &hook["state"], &hook["runs"]),
        (0, &json!("outdated"), &json!(true)),
        "the one on the PATH will do: {hook:#}"
    );
}

#[test]
fn a_probe_reaches_every_kind_of_shim() {
    let config = "[track.api]\n[hooks]\nreference_transaction = true\n[commit]\ntrailer = true\n";
    let world = project(config, &[("a", "1\n")]);
    for name in ["pre-push", "post-commit", "reference-transaction"] {
        let text = "#!/bin/sh\necho \"$0\" >>\"$HOME/calls\"\n";
        world.write_program(&format!("repo/.git/hooks/{name}"), text);
    }
    world.tracks(&["hooks", "install", "--shims"]);
    let calls = world.root().join("home/calls");
    let _ = fs::remove_file(&calls);
    let (status, answer) = ask(&world, &["hooks", "status"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(texts(&answer["hooks"], "name").len(), 9);
    assert!(!calls.exists(), "nobody else was started");
}

#[test]
fn what_was_skipped_is_told() {
    let world = world();
    world.tracks(&["hooks", "install", "--shims"]);
    let log = world.repo().join(".git/tracks/events.jsonl");
    let mut text = fs::read_to_string(&log).expect("the log");
    for (time, facts) in [
        (1_795_424_400, r#"{"hook":"pre-commit","codes":["OWN03"]}"#),
        (
            1_795_428_000,
            r#"{"hook":"pre-commit","codes":["OWN03","MIG07"]}"#,
        ),
        (1_795_424_400, r#"{"hook":"pre-push"}"#),
    ] {
        text.push_str(&format!(
            "{{\"v\":1,\"time\":{time},\"kind\":\"hook-skipped\",\"facts\":{facts}}}\n"
        ));
    }
    world.write_at("repo/.git/tracks/events.jsonl", &text);
    let ran = world.tracks(&["hooks", "status"]);
    let notes: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| line.starts_with("note"))
        .collect();
    assert_snapshot!(notes.join("\n"), @r"
    note: pre-commit (MIG07, OWN03) was skipped 2 times, last 2026-11-23T10:00:00Z
    note: pre-push was skipped 1 time, last 2026-11-23T09:00:00Z
    ");
}
