//! What `tracks init` does in a worktree once it is there: the ignored files brought along, and the setup commands.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::init::{document, init, operations, tracks_in, world};
use crate::world::World;

fn problem<'a>(answer: &'a Value, track: &str) -> &'a Value {
    let problems = answer["problems"].as_array().expect("a list");
    let found = problems.iter().find(|problem| problem["track"] == track);
    found.unwrap_or_else(|| panic!("no problem of {track}: {answer}"))
}

fn has(world: &World, path: &str) -> bool {
    world.repo().join("worktrees").join(path).exists()
}

const SETUP: &str = "[layout]\nsetup = ['echo x >> ran']\n[track.api]\n[track.ui]\n";

#[test]
fn nothing_runs_without_approval() {
    let world = world(SETUP);
    let (status, answer) = init(&world, &[]);
    assert_eq!(status, 3);
    assert_eq!(tracks_in(&answer, "created"), ["api", "ui"]);
    assert_eq!(tracks_in(&answer, "problems"), ["api", "ui"]);
    let api = problem(&answer, "api");
    let text = |key: &str| api[key].as_str().unwrap();
    assert!(text("message").contains("echo x >> ran"), "{api}");
    assert!(text("fix").contains("`tracks trust`") && text("fix").contains("`tracks init --yes`"));
    assert!(!has(&world, "api/ran") && !has(&world, "ui/ran"));
    let shown = world.tracks(&["init"]);
    assert_eq!(shown.status, 3);
    assert!(shown.stdout.contains("tracks trust"), "{}", shown.shown());
    assert_eq!(
        operations(&world).len(),
        1,
        "the second run changed nothing"
    );
    assert!(
        !world.repo().join(".git/tracks/logs").exists(),
        "nothing was run, so there is no log"
    );

    let (status, answer) = init(&world, &["--yes"]);
    assert_eq!(
        (status, tracks_in(&answer, "kept").len()),
        (0, 2),
        "{answer}"
    );
    assert!(has(&world, "api/ran") && has(&world, "ui/ran"));
    let log = operations(&world);
    assert_eq!((log.len(), &log[1]["id"]), (2, &answer["operation"]));
    assert_eq!(
        world.tracks(&["trust", "--list"]).status,
        3,
        "approved for one run only"
    );
}

#[test]
fn what_succeeded_is_not_run_again() {
    let world = world(SETUP);
    let yes = |value: &str| {
        let mut command = world.command(&world.repo(), env!("CARGO_BIN_EXE_tracks"));
        let output = command
            .arg("init")
            .env("TRACKS_YES", value)
            .output()
            .unwrap();
        world.ran(&output)
    };
    assert_eq!(yes("0").status, 3);
    assert!(!has(&world, "api/ran"));
    assert_eq!(yes("1").status, 0);
    assert_eq!((yes("1").status, init(&world, &[]).0), (0, 0));
    assert_eq!(world.read("worktrees/api/ran"), "x\n");

    // A worktree that is made anew is set up anew.
    world.git(&["worktree", "remove", "--force", "worktrees/api"]);
    let (status, answer) = init(&world, &["--yes"]);
    assert_eq!(
        (status, tracks_in(&answer, "created")),
        (0, vec!["api".to_owned()])
    );
    assert_eq!(world.read("worktrees/api/ran"), "x\n");
    assert_eq!(world.read("worktrees/ui/ran"), "x\n");

    let more = SETUP.replace("'echo x >> ran'", "'echo x >> ran', ['touch', 'two words']");
    world.commit("main", &[("tracks.toml", &more)], "More setup");
    assert_eq!(
        init(&world, &["--yes"]).0,
        0,
        "other commands, so they are due"
    );
    assert!(has(&world, "ui/two words"));
}

#[test]
fn a_setup_that_fails_is_run_again() {
    let world = world(
        "[run]\njobs = 2\n[layout]\nsetup = ['touch first', 'echo spoken; test -e ../../mended', 'touch last']\n[track.api]\n[track.ui]\nsetup = ['touch ran']\n",
    );
    let (status, answer) = init(&world, &["--yes"]);
    assert_eq!(status, 3);
    assert_eq!(tracks_in(&answer, "problems"), ["api"]);
    let problem = problem(&answer, "api");
    let message = problem["message"].as_str().unwrap();
    assert!(
        message.contains("exited with 1") && message.contains("mended"),
        "{message}"
    );
    let fix = problem["fix"].as_str().unwrap();
    let log = fix
        .split([' ', ','])
        .find(|word| word.ends_with(".log"))
        .unwrap();
    assert_eq!(fs::read_to_string(log).unwrap(), "spoken\n");
    assert!(
        has(&world, "api/first") && !has(&world, "api/last"),
        "stops at the first failure"
    );
    assert!(has(&world, "ui/ran"), "the other is not stopped");
    assert_eq!(operations(&world).len(), 1);

    fs::remove_file(world.repo().join("worktrees/ui/ran")).unwrap();
    world.write("mended", "");
    let (status, answer) = init(&world, &["--yes"]);
    assert_eq!(status, 0, "{answer}");
    assert!(has(&world, "api/last"));
    assert!(!has(&world, "ui/ran"), "not run again");
}

#[test]
fn setups_run_in_parallel() {
    // Each waits for the other, for ten seconds at most.
    let meet = |me: &str, other: &str| {
        format!(
            "setup = ['touch ../met-{me}; i=0; until [ -e ../met-{other} ]; do i=$((i+1)); [ $i -lt 500 ] || exit 9; sleep 0.02; done; {me}']\n"
        )
    };
    let config = format!(
        "[run]\njobs = 2\n[track.true]\n{}[track.false]\n{}",
        meet("true", "false"),
        meet("false", "true")
    );
    let world = world(&config);
    let (status, answer) = init(&world, &["--yes"]);
    assert_eq!(status, 3);
    assert_eq!(tracks_in(&answer, "problems"), ["false"], "{answer}");
    assert!(
        problem(&answer, "false")["message"]
            .as_str()
            .unwrap()
            .ends_with("exited with 1")
    );
}

#[test]
fn setup_has_a_small_environment() {
    let world = world(
        "[run]\nenv = { CI = '1', COLOUR = 'ü \"q\" $HOME' }\n[layout]\nsetup = ['env | cut -d= -f1 > names; printf %s \"$COLOUR\" > colour; printf %s \"$TRACKS_TRACK\" > track']\n[track.api]\n",
    );
    let mut command = world.command(&world.repo(), env!("CARGO_BIN_EXE_tracks"));
    command
        .args(["init", "--yes"])
        .env("SECRET_TOKEN", "x")
        .env("GIT_DIR", world.repo().join(".git"));
    let ran = world.ran(&command.output().unwrap());
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert_eq!(world.read("worktrees/api/colour"), "ü \"q\" $HOME");
    assert_eq!(world.read("worktrees/api/track"), "api");
    let names = world.read("worktrees/api/names");
    let names: BTreeSet<&str> = names.lines().collect();
    for name in ["PATH", "HOME", "CI", "COLOUR", "TRACKS_TRACK"] {
        assert!(names.contains(name), "{name} in {names:?}");
    }
    let strangers: Vec<&&str> = names
        .iter()
        .filter(|name| {
            ["GIT_", "SECRET", "TRACKS_NOW", "TRACKS_YES", "COLUMNS"]
                .iter()
                .any(|no| name.starts_with(no))
        })
        .collect();
    assert!(strangers.is_empty(), "{strangers:?}");
}

#[test]
fn ignored_files_are_brought_along() {
    let world = world(
        "[layout]\ncopy = ['.env', 'node_modules', 'a.txt', 'link', 'untracked.txt']\n[track.api]\n[track.ui]\ncopy = []\n",
    );
    world.commit(
        "main",
        &[
            (".gitignore", ".env\nnode_modules/\nlink\nlocal.db\n"),
            (".worktreeinclude", "local.db\na.txt\n"),
        ],
        "Ignore",
    );
    world.write(".env", "KEY=1\n");
    world.write("local.db", "rows\n");
    world.write("node_modules/p/index.js", "js\n");
    world.write("a.txt", "edited, not committed\n");
    world.write("untracked.txt", "not ignored\n");
    symlink("p/index.js", world.repo().join("node_modules/linked")).unwrap();
    symlink("/no/such/place", world.repo().join("link")).unwrap();
    let (status, answer) = init(&world, &["api"]);
    assert_eq!(status, 0, "{answer}");
    // Another worktree's files are that worktree's.
    world.write("worktrees/api/node_modules/other.js", "js\n");
    assert_eq!(init(&world, &[]).0, 0);
    assert_eq!(world.read("worktrees/api/.env"), "KEY=1\n");
    assert_eq!(world.read("worktrees/api/node_modules/p/index.js"), "js\n");
    let at = |path: &str| world.repo().join("worktrees").join(path);
    assert_eq!(
        fs::read_link(at("api/node_modules/linked"))
            .unwrap()
            .to_str(),
        Some("p/index.js")
    );
    assert_eq!(
        fs::read_link(at("api/link")).unwrap().to_str(),
        Some("/no/such/place")
    );
    assert_eq!(world.read("worktrees/api/a.txt"), "one\n", "tracked");
    assert!(!has(&world, "api/untracked.txt"));
    assert!(
        has(&world, "api/local.db") && has(&world, "ui/local.db"),
        ".worktreeinclude"
    );
    assert!(
        !has(&world, "ui/.env") && !has(&world, "ui/node_modules"),
        "the track says otherwise"
    );
    for track in ["api", "ui"] {
        assert_eq!(world.git_in(&at(track), &["status", "--porcelain"]), "");
    }

    world.write("worktrees/api/.env", "KEY=mine\n");
    world.write("node_modules/late.js", "js\n");
    assert_eq!(init(&world, &[]).0, 0);
    assert_eq!(world.read("worktrees/api/.env"), "KEY=mine\n");
    assert!(
        has(&world, "api/node_modules/late.js"),
        "what is missing comes later, too"
    );
    assert!(has(&world, "api/node_modules/other.js"));
}

#[test]
fn a_copy_that_fails_is_a_problem_of_its_track() {
    let world =
        world("[layout]\ncopy = ['deep/.env']\nsetup = ['touch ran']\n[track.api]\n[track.ui]\n");
    world.commit("main", &[(".gitignore", ".env\ndeep\n")], "Ignore");
    assert_eq!(init(&world, &["api"]).0, 3);
    world.write("worktrees/api/deep", "a file\n");
    world.write("deep/.env", "KEY=1\n");
    let (status, answer) = init(&world, &["--yes"]);
    assert_eq!(status, 3);
    assert_eq!(tracks_in(&answer, "problems"), ["api"], "{answer}");
    let message = problem(&answer, "api")["message"].as_str().unwrap();
    assert!(message.contains("worktrees/api/deep"), "{message}");
    assert_eq!(world.read("worktrees/api/deep"), "a file\n");
    assert!(has(&world, "ui/deep/.env") && has(&world, "ui/ran"));
}

#[test]
fn json_lines_end_with_the_document() {
    let world = world(SETUP);
    let ran = world.tracks(&["init", "--yes", "--format", "json-lines"]);
    let lines: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let (last, events) = lines.split_last().unwrap();
    assert_eq!(last["schema"], "tracks/init/v1");
    assert!(
        !events.is_empty() && events.iter().all(|event| event["event"].is_string()),
        "{}",
        ran.shown()
    );
    assert_eq!(
        document(&world.tracks(&["init", "--format", "json"]))["kept"],
        last["created"]
    );
}
