//! Hooks as `tracks init` brings them along; and installing them from any worktree, or into the configuration of others.

use std::fs;

use insta::assert_snapshot;

use crate::hooks_install::{CONFIG, everything, noting, world};
use crate::project::ask;
use crate::world::World;

#[test]
fn works_from_any_worktree_and_without_a_valid_tracks_toml() {
    let world = world();
    world.git(&["worktree", "add", "--quiet", "-b", "x", "../linked"]);
    let linked = world.root().join("linked");
    let ran = world.tracks_in(&linked, &["hooks", "install", "--shims"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert!(world.repo().join(".git/hooks/pre-commit").exists());
    world.write("tracks.toml", "nonsense");
    assert_eq!(
        world
            .tracks_in(&linked, &["hooks", "install", "--shims"])
            .status,
        2
    );
    assert_eq!(world.tracks_in(&linked, &["hooks", "status"]).status, 2);
    let ran = world.tracks_in(&linked, &["hooks", "uninstall"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert!(!world.repo().join(".git/hooks/pre-commit").exists());
}

#[test]
fn lines_for_the_configuration_of_others() {
    let world = world();
    let before = everything(&world);
    for tool in ["husky", "lefthook", "pre-commit", "prek"] {
        let ran = world.tracks(&["hooks", "install", "--print", tool]);
        assert_eq!(ran.status, 0, "{}", ran.shown());
        assert!(
            ran.stdout.contains("tracks hooks run pre-commit --"),
            "{}",
            ran.shown()
        );
    }
    assert_eq!(everything(&world), before);
    let ran = world.tracks(&["hooks", "install", "--print", "huskie"]);
    assert_eq!(ran.status, 2);
}

#[test]
fn init_brings_the_hooks_along_and_refreshes_what_they_know() {
    let world = world();
    let ran = world.tracks(&["init"]);
    assert!(
        ran.stdout.contains("\nhooks: pre-commit, "),
        "{}",
        ran.shown()
    );
    let ran = world.tracks(&["init"]);
    assert!(!ran.stdout.contains("hooks"), "{}", ran.shown());
    let branches = |world: &World| {
        let (_, answer) = ask(world, &["hooks", "status"]);
        let path = answer["hooks"][0]["path"]
            .as_str()
            .expect("a path")
            .to_owned();
        let shim = fs::read_to_string(path).expect("the shim");
        let line = shim.lines().find(|line| line.starts_with("branches="));
        line.map(str::to_owned)
    };
    assert_eq!(
        branches(&world).as_deref(),
        Some("branches='track/api track/ui'")
    );
    world.write("tracks.toml", &format!("{CONFIG}[track.new]\n"));
    world.git(&["commit", "--quiet", "--no-verify", "-am", "Another"]);
    world.tracks(&["init"]);
    assert_eq!(
        branches(&world).as_deref(),
        Some("branches='track/api track/ui track/new'")
    );
}

#[test]
fn init_leaves_them_where_that_is_wished_and_lives_with_what_is_in_the_way() {
    let world = world();
    let ran = world.tracks(&["init", "--no-hooks"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert!(!world.repo().join(".git/hooks/pre-commit").exists());
    world.write_program("repo/.git/hooks/pre-commit", &noting("one"));
    world.write_program("repo/.git/hooks/pre-commit.before-tracks", &noting("other"));
    let ran = world.tracks(&["init"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 3
    --- stdout
    kept  api  worktrees/api  on track/api
    kept  ui   worktrees/ui   on track/ui
    hooks: pre-merge-commit, pre-push, post-commit, post-merge, post-checkout
    problem hooks: [ROOT]/repo/.git/hooks/pre-commit was replaced after tracks had set another one aside as [ROOT]/repo/.git/hooks/pre-commit.before-tracks
            fix: keep what you need of the two in the first, move the other away (`mv [ROOT]/repo/.git/hooks/pre-commit.before-tracks ELSEWHERE`), and run `tracks hooks install` again
    --- stderr
    ");
    let (_, answer) = ask(&world, &["init"]);
    assert_eq!(answer["problems"][0].get("track"), None);
}
