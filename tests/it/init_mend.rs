//! What `tracks init` makes of entries that it finds broken: what is not surely its own, or may hold work, stays.

use std::fs;
use std::path::Path;

use crate::init::{TWO, assert_whole, everything, init, tracks_in, world};
use crate::project::{Gate, wait_for_file};
use crate::world::World;

fn made() -> World {
    let world = world(TWO);
    assert_eq!(init(&world, &[]).0, 0);
    world
}

fn sh(world: &World, dir: &Path, script: &str) {
    let ran = world.run_in(dir, "sh", &["-e", "-c", script]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
}

#[test]
fn a_moved_worktree_never_shares_its_index_with_the_new_one() {
    let world = made();
    let moved = world.root().join("moved");
    fs::rename(world.repo().join("worktrees/api"), &moved).unwrap();
    sh(&world, &moved, "echo edited >a.txt");
    for _ in 0..2 {
        let (status, answer) = init(&world, &[]);
        assert_eq!(status, 0, "{answer}");
        assert_whole(&world, &["api", "ui"]);
        for command in ["status", "add --all", "commit -qam Mine"] {
            let ran = world.run_in(&moved, "sh", &["-c", &format!("git {command}")]);
            assert_ne!(ran.status, 0, "it has no entry: {}", ran.shown());
        }
        assert_whole(&world, &["api", "ui"]);
        // Nor with one that comes after git has cleared up.
        world.git(&["worktree", "prune", "--expire=now"]);
        fs::remove_dir_all(world.repo().join("worktrees/api")).unwrap();
    }
    assert_eq!(
        fs::read_to_string(moved.join("a.txt")).unwrap(),
        "edited\n",
        "its files are all there"
    );
}

#[test]
fn a_worktree_whose_link_to_git_is_lost_keeps_its_index() {
    let world = made();
    let api = world.repo().join("worktrees/api");
    sh(
        &world,
        &api,
        "echo staged >a.txt; git add a.txt; echo edited >a.txt; rm .git",
    );
    let before = everything(&world.repo());
    let (status, answer) = init(&world, &["api"]);
    assert_eq!(status, 3, "{answer}");
    let fix = answer["problems"][0]["fix"].as_str().unwrap();
    assert!(fix.contains("`git worktree repair`"), "{fix}");
    assert_eq!(everything(&world.repo()), before);
    world.git(&["worktree", "repair"]);
    assert_eq!(tracks_in(&init(&world, &["api"]).1, "kept"), ["api"]);
    assert_eq!(world.git_in(&api, &["show", ":a.txt"]), "staged");
}

#[test]
fn a_git_worktree_add_at_work_elsewhere_is_left_in_peace() {
    let world = world(TWO);
    world.git(&["branch", "track/api"]);
    world.commit(
        "track/api",
        &[(".gitattributes", "m.txt filter=gate\n")],
        "Attributes",
    );
    let gate = Gate::new(&world, "gate");
    let root = world.root().display().to_string();
    let smudge = format!("echo >{root}/here; read go <{root}/gate; cat");
    world.git(&["config", "filter.gate.smudge", &smudge]);
    world.git(&["config", "filter.gate.clean", "cat"]);
    let mut theirs = world
        .command(&world.repo(), "git")
        .args(["worktree", "add", "-q", "../mine", "track/api"])
        .spawn()
        .unwrap();
    wait_for_file(&world.root().join("here"));
    let (status, answer) = init(&world, &[]);
    assert_eq!(status, 3, "{answer}");
    assert_eq!(tracks_in(&answer, "created"), ["ui"]);
    let problem = &answer["problems"][0];
    let message = problem["message"].as_str().unwrap();
    assert!(
        message.contains("a `git worktree add` is making"),
        "{message}"
    );
    gate.open();
    assert!(theirs.wait().unwrap().success());
    let mine = world.root().join("mine");
    assert_eq!(world.git_in(&mine, &["status", "--porcelain"]), "");
    let (status, answer) = init(&world, &[]);
    assert_eq!(
        (status, tracks_in(&answer, "kept")),
        (0, vec!["api".to_owned(), "ui".to_owned()]),
        "{answer}"
    );
}

#[test]
fn a_half_made_worktree_of_somebody_else_is_not_cleared_away() {
    let world = made();
    let api = world.repo().join("worktrees/api");
    sh(
        &world,
        &world.repo(),
        "printf initializing >.git/worktrees/api/locked; mv .git/worktrees/api/index .git/worktrees/api/index.lock",
    );
    let before = (
        everything(&api),
        everything(&world.repo().join(".git/worktrees")),
    );
    let (status, answer) = init(&world, &[]);
    assert_eq!(status, 3, "{answer}");
    let after = (
        everything(&api),
        everything(&world.repo().join(".git/worktrees")),
    );
    assert_eq!(after, before);
    // The way out that is named.
    let fix = answer["problems"][0]["fix"].as_str().unwrap();
    let command = fix.split('`').nth(1).unwrap();
    sh(&world, &world.repo(), command);
    let (status, answer) = init(&world, &[]);
    assert_eq!(
        (status, tracks_in(&answer, "created")),
        (0, vec!["api".to_owned()])
    );
    assert_whole(&world, &["api", "ui"]);
}

#[test]
fn a_run_that_ends_leaves_no_word_of_what_it_began() {
    let world = made();
    let began = || fs::read_dir(world.repo().join(".git/tracks/adding")).map(Iterator::count);
    assert!(matches!(began(), Ok(0)), "{:?}", began());
    fs::remove_dir_all(world.repo().join("worktrees/api")).unwrap();
    assert_eq!(init(&world, &[]).0, 0);
    assert!(matches!(began(), Ok(0)));
}
