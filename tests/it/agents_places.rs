//! Settings of agents in several places, of which one cannot be changed, is moved, or is gone.

use std::path::PathBuf;

use serde_json::Value;

use crate::project::{ask, project, texts};
use crate::world::World;

const SETTINGS: &str = ".claude/settings.local.json";
const INSTALL: [&str; 4] = ["hooks", "install", "--agent", "claude"];
const UNINSTALL: [&str; 4] = ["hooks", "uninstall", "--agent", "claude"];

fn two() -> World {
    let world = project("[track.a]\n[track.b]\n", &[]);
    for track in ["a", "b"] {
        let branch = format!("track/{track}");
        let place = format!("worktrees/{track}");
        world.git(&["worktree", "add", "--quiet", "-b", &branch, &place, "main"]);
    }
    world.write_at("repo/.git/info/exclude", "/worktrees/\n");
    world
}

fn file(world: &World, track: &str) -> PathBuf {
    world.repo().join("worktrees").join(track).join(SETTINGS)
}

fn states(answer: &Value) -> Vec<String> {
    texts(&answer["places"], "state")
}

fn excluded(world: &World) -> bool {
    world.read(".git/info/exclude").contains(SETTINGS)
}

#[test]
fn a_place_that_cannot_be_cleaned_is_remembered_and_keeps_no_other_from_it() {
    let world = two();
    ask(&world, &INSTALL);
    // In the way: a directory, later a file.
    let a = file(&world, "a");
    std::fs::remove_file(&a).unwrap();
    std::fs::create_dir(&a).unwrap();
    let (status, answer) = ask(&world, &UNINSTALL);
    assert_eq!(status, 3, "{answer:#}");
    assert_eq!(states(&answer), ["left-alone", "removed"]);
    assert_eq!(answer["places"][0]["reason"], "it is a directory");
    assert!(!file(&world, "b").exists() && excluded(&world));
    std::fs::remove_dir(&a).unwrap();
    std::fs::remove_dir(a.parent().unwrap()).unwrap();
    world.write_at("repo/worktrees/a/.claude", "mine");
    let (status, answer) = ask(&world, &UNINSTALL);
    assert_eq!(
        (status, states(&answer)),
        (3, vec!["left-alone".to_owned()])
    );
    assert_eq!(
        answer["places"][0]["reason"],
        "a file is where its directory has to be"
    );
    assert!(excluded(&world));
    std::fs::remove_file(a.parent().unwrap()).unwrap();
    let (status, answer) = ask(&world, &UNINSTALL);
    assert_eq!((status, states(&answer)), (0, Vec::<String>::new()));
    assert_eq!(world.read(".git/info/exclude"), "/worktrees/\n");
    assert!(!world.repo().join(".git/tracks/agents").exists());
}

#[test]
fn settings_that_somebody_has_begun_to_track_are_told() {
    let world = two();
    ask(&world, &INSTALL);
    let b = world.repo().join("worktrees/b");
    world.git_in(&b, &["add", "--force", SETTINGS]);
    let (status, answer) = ask(&world, &UNINSTALL);
    assert_eq!(status, 3, "{answer:#}");
    assert_eq!(states(&answer), ["removed", "left-alone"]);
    let fix = answer["places"][1]["fix"].as_str().unwrap();
    assert!(fix.contains("validate --stdin-agent claude"), "{fix}");
    assert!(excluded(&world));
    world.git_in(&b, &["rm", "--quiet", "--cached", SETTINGS]);
    let (status, answer) = ask(&world, &UNINSTALL);
    assert_eq!((status, states(&answer)), (0, vec!["removed".to_owned()]));
    assert!(!excluded(&world) && !file(&world, "b").exists());
}

#[test]
fn a_place_where_nothing_can_be_put_keeps_no_other_from_it() {
    let world = two();
    std::fs::create_dir_all(file(&world, "a")).unwrap();
    world.write_at("repo/worktrees/b/.claude", "mine");
    let (status, answer) = ask(&world, &INSTALL);
    assert_eq!(status, 3, "{answer:#}");
    assert_eq!(states(&answer), ["left-alone", "left-alone"]);
    assert_eq!(answer["places"][0]["reason"], "it is a directory");
    assert_eq!(
        answer["places"][1]["reason"],
        "a file is where its directory has to be"
    );
    for place in answer["places"].as_array().unwrap() {
        let fix = place["fix"].as_str().unwrap();
        let (_, entry) = fix.split_once("by hand: ").unwrap();
        let entry: Value = serde_json::from_str(entry).expect("what can be put in");
        assert_eq!(entry["hooks"]["PreToolUse"].as_array().unwrap().len(), 1);
    }
    let (status, answer) = ask(&world, &UNINSTALL);
    assert_eq!((status, states(&answer)), (0, Vec::<String>::new()));
}

#[test]
fn an_empty_file_is_like_none_and_comes_back() {
    for empty in ["", " \n\n", "\u{feff}"] {
        let world = two();
        world.write_at(&format!("repo/worktrees/a/{SETTINGS}"), empty);
        let (status, answer) = ask(&world, &INSTALL);
        assert_eq!(status, 0, "{answer:#}");
        assert_eq!(states(&answer), ["installed", "installed"]);
        ask(&world, &UNINSTALL);
        let text = std::fs::read_to_string(file(&world, "a")).unwrap();
        assert_eq!(text, empty);
    }
}

#[test]
fn a_worktree_may_move() {
    let world = two();
    let mine = "{ \"model\": \"x\" }";
    world.write_at(&format!("repo/worktrees/a/{SETTINGS}"), mine);
    ask(&world, &INSTALL);
    let moved = |name: &str| world.root().join(name).join(SETTINGS);
    world.git(&["worktree", "move", "worktrees/a", "../moved"]);
    world.git(&["worktree", "move", "worktrees/b", "worktrees/a"]);
    let (_, again) = ask(&world, &INSTALL);
    assert_eq!(states(&again), ["unchanged", "unchanged"]);
    world.git(&["worktree", "move", "../moved", "../again"]);
    let (status, answer) = ask(&world, &UNINSTALL);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(states(&answer), ["removed", "removed"]);
    assert_eq!(std::fs::read_to_string(moved("again")).unwrap(), mine);
    assert!(!file(&world, "a").exists());
    assert_eq!(world.read(".git/info/exclude"), "/worktrees/\n");
    assert!(!world.repo().join(".git/tracks/agents").exists());
}

#[test]
fn what_git_ignores_comes_back_as_it_was() {
    let world = two();
    let exclude = world.repo().join(".git/info/exclude");
    let elsewhere = world.root().join("excluded");
    std::fs::remove_file(&exclude).unwrap();
    world.write_at("excluded", "/worktrees/\n*.log");
    std::os::unix::fs::symlink(&elsewhere, &exclude).unwrap();
    ask(&world, &INSTALL);
    assert!(excluded(&world));
    let (status, _) = ask(&world, &UNINSTALL);
    assert_eq!(status, 0);
    assert!(exclude.is_symlink());
    assert_eq!(
        std::fs::read_to_string(&elsewhere).unwrap(),
        "/worktrees/\n*.log"
    );
}
