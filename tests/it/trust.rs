//! `tracks trust`: nothing from tracks.toml runs before somebody approved it, in its exact text, for this repository.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::init::{document, everything, init, init_in, tracks_in, world};
use crate::world::World;

const CONFIG: &str = "[run]\nenv = { CI = '1' }\n[layout]\nsetup = ['touch ran']\n[check.unit]\nrun = ['make', 'te st']\ncwd = 'sub'\n[track.api]\n[track.ui]\nsetup = ['touch other']\n";

fn trust(world: &World, arguments: &[&str]) -> (i32, Value) {
    trust_in(world, &world.repo(), arguments)
}

fn trust_in(world: &World, dir: &Path, arguments: &[&str]) -> (i32, Value) {
    let ran = world.tracks_in(dir, &[&["trust", "--format", "json"], arguments].concat());
    (ran.status, document(&ran))
}

fn approved(answer: &Value) -> Vec<bool> {
    let commands = answer["commands"].as_array().expect("a list");
    commands
        .iter()
        .map(|command| command["approved"].as_bool().expect("yes or no"))
        .collect()
}

#[test]
fn everything_that_would_run_is_shown() {
    let world = world(CONFIG);
    let (status, answer) = trust(&world, &["--list"]);
    assert_eq!((status, &answer["ok"]), (3, &json!(false)));
    let shown: Vec<[&Value; 4]> = answer["commands"]
        .as_array()
        .unwrap()
        .iter()
        .map(|command| {
            [
                &command["place"],
                &command["run"],
                &command["cwd"],
                &command["env"],
            ]
        })
        .collect();
    assert_eq!(
        json!(shown),
        json!([
            ["[layout] setup", "touch ran", ".", {"CI": "1"}],
            ["[track.ui] setup", "touch other", ".", {"CI": "1"}],
            ["[check.unit] run", ["make", "te st"], "sub", {"CI": "1"}],
        ])
    );
    let text = world.tracks(&["trust", "--list"]);
    for part in ["touch ran", "touch other", "te st", "not approved"] {
        assert!(text.stdout.contains(part), "{}", text.shown());
    }
}

#[test]
fn without_a_terminal_only_yes_approves() {
    let world = world(CONFIG);
    assert_eq!(trust(&world, &[]).0, 3, "nobody to ask");
    assert_eq!(approved(&trust(&world, &["--list"]).1), [false; 3]);
    let (status, answer) = trust(&world, &["--yes"]);
    assert_eq!((status, approved(&answer)), (0, vec![true; 3]));
    assert_eq!(trust(&world, &["--list"]).0, 0);
    let (status, answer) = init(&world, &[]);
    assert_eq!(status, 0, "{answer}");
    let at = |path: &str| world.repo().join("worktrees").join(path).exists();
    assert!(at("api/ran") && at("ui/other") && !at("ui/ran"));
    for arguments in [
        ["--list", "--yes"],
        ["--list", "--withdraw"],
        ["--withdraw", "--yes"],
    ] {
        let ran = world.tracks(&[&["trust"], &arguments[..]].concat());
        assert_eq!(ran.status, 2, "{arguments:?}");
    }
}

#[test]
fn another_text_needs_another_approval() {
    let world = world(CONFIG);
    assert_eq!(trust(&world, &["--yes"]).0, 0);
    for (change, expected) in [
        (
            CONFIG.replace("'touch ran'", "'touch  ran'"),
            [false, true, true],
        ),
        (
            CONFIG.replace("'touch ran'", "['touch', 'ran']"),
            [false, true, true],
        ),
        (
            CONFIG.replace("cwd = 'sub'", "cwd = '.'"),
            [true, true, false],
        ),
        (
            CONFIG.replace("CI = '1'", "CI = '2'"),
            [false, false, false],
        ),
        (CONFIG.replace("'te st'", "'te', 'st'"), [true, true, false]),
    ] {
        world.commit("main", &[("tracks.toml", &change)], "Change");
        let (status, answer) = trust(&world, &["--list"]);
        assert_eq!(
            (status, approved(&answer)),
            (3, expected.to_vec()),
            "{change}"
        );
    }
    let (status, answer) = init(&world, &[]);
    assert_eq!(status, 0, "setup is what it was: {answer}");
    world.commit("main", &[("tracks.toml", CONFIG)], "Back");
    assert_eq!(trust(&world, &["--list"]).0, 0, "still approved");
    assert_eq!(approved(&trust(&world, &["--withdraw"]).1), [false; 3]);
    assert_eq!(trust(&world, &["--list"]).0, 3);
}

#[test]
fn one_track_approved_and_another_not() {
    let world = world(CONFIG);
    world.commit(
        "main",
        &[("tracks.toml", &CONFIG.replace("touch other", "true"))],
        "Before",
    );
    assert_eq!(trust(&world, &["--yes"]).0, 0);
    world.commit("main", &[("tracks.toml", CONFIG)], "After");
    let (status, answer) = init(&world, &[]);
    assert_eq!(
        (status, tracks_in(&answer, "problems")),
        (3, vec!["ui".to_owned()])
    );
    assert!(world.repo().join("worktrees/api/ran").exists());
    assert!(!world.repo().join("worktrees/ui/other").exists());
}

#[test]
fn what_a_track_changes_in_its_tracks_toml_does_not_run() {
    let world = world(CONFIG);
    assert_eq!(trust(&world, &["--yes"]).0, 0);
    world.write("tracks.toml", &CONFIG.replace("touch ran", "touch evil"));
    let (status, answer) = init(&world, &[]);
    assert_eq!(status, 0, "the committed commands count: {answer}");
    assert!(world.repo().join("worktrees/api/ran").exists());
    assert!(!world.repo().join("worktrees/api/evil").exists());
}

#[test]
fn approvals_are_kept_outside_and_for_one_repository() {
    let world = world(CONFIG);
    let before = everything(&world.repo());
    assert_eq!(trust(&world, &["--yes"]).0, 0);
    assert_eq!(
        everything(&world.repo()),
        before,
        "nothing in the repository"
    );
    let state = world.root().join("home/.local/state/tracks/trust");
    let files: Vec<_> = everything(&state)
        .into_keys()
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    assert_eq!(files.len(), 1);
    assert_eq!(
        fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777,
        0o600
    );

    world.run_in(world.root(), "cp", &["-R", "repo", "copy"]);
    let copy = world.root().join("copy");
    assert_eq!(
        trust_in(&world, &copy, &["--list"]).0,
        3,
        "another repository"
    );
    assert_eq!(init_in(&world, &copy, &[]).0, 3);
    assert!(!copy.join("worktrees/api/ran").exists());
    init(&world, &[]);
    let linked = world.repo().join("worktrees/api/sub");
    assert_eq!(
        trust_in(&world, &linked, &["--list"]).0,
        0,
        "the same repository"
    );

    fs::set_permissions(&files[0], fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(
        trust(&world, &["--list"]).0,
        3,
        "others could have written it"
    );
}

#[test]
fn without_commands_there_is_nothing_to_approve() {
    let world = world(crate::init::TWO);
    let (status, answer) = trust(&world, &["--list"]);
    assert_eq!((status, &answer["commands"]), (0, &json!([])));
}
