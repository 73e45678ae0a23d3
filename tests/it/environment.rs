//! What surrounds a run: which git there is, whose the repository is, git's variables, and where one stands.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::oddities::{TWO_TRACKS, assert_refused};
use crate::world::{Ran, World};

const TOOL: &str = env!("CARGO_BIN_EXE_tracks");

fn run(world: &World, command: &mut Command) -> Ran {
    let output = command.output().expect("the tool starts");
    world.ran(&output)
}

/// The tool with this directory as the only one to find programs in.
fn with_path(world: &World, path: &Path, arguments: &[&str]) -> Ran {
    let mut command = world.command(&world.repo(), TOOL);
    run(world, command.args(arguments).env("PATH", path))
}

const QUESTIONS: [&[&str]; 5] = [
    &["init"],
    &["status"],
    &["validate", "a"],
    &["log"],
    &["path", "a"],
];

#[test]
fn without_git() {
    let world = World::of(TWO_TRACKS);
    for question in QUESTIONS {
        assert_refused(
            &with_path(&world, &world.root().join("tmp"), question),
            3,
            "there is no `git` on the PATH",
            "install git, or put it on the PATH",
        );
    }
}

#[test]
fn with_a_git_that_will_not_do() {
    let world = World::of(TWO_TRACKS);
    let bin = world.root().join("bin");
    let program = bin.join("git");
    let does_not_work = |what: &str| format!("{} does not work: {what}", program.display());
    let old = "install a newer git, or put one first on the PATH";
    let bad = "see what `git version` says; tracks runs the first git on the PATH";
    for (script, error, hint) in [
        (
            "#!/bin/sh\necho git version 2.39.5\n",
            "git 2.39.5 is too old; tracks needs 2.41 or newer".to_owned(),
            old,
        ),
        (
            "#!/bin/sh\necho 'you must accept a licence first' >&2; exit 69\n",
            does_not_work("you must accept a licence first"),
            bad,
        ),
        (
            "#!/no/such/interpreter\n",
            does_not_work("No such file or directory (os error 2)"),
            bad,
        ),
    ] {
        world.write_program("bin/git", script);
        for question in QUESTIONS {
            assert_refused(&with_path(&world, &bin, question), 3, &error, hint);
        }
    }
}

#[test]
fn the_repository_of_another_user() {
    let world = World::of(TWO_TRACKS);
    assert_eq!(world.tracks(&["init"]).status, 0);
    let given = world.run_in(
        world.root(),
        "chown",
        &["--recursive", "12345", &world.repo().to_string_lossy()],
    );
    if given.status != 0 {
        // Only root can give a directory away.
        return;
    }
    for dir in [world.repo(), world.repo().join("worktrees/a")] {
        let git = world.run_in(&dir, "git", &["status"]);
        if git.status == 0 {
            // Where sudo says who really asks, git takes their word.
            continue;
        }
        let hint = format!(
            "if you trust it: `git config --global --add safe.directory {}`",
            dir.display()
        );
        let error = format!("{} belongs to another user", dir.display());
        assert_refused(&world.tracks_in(&dir, &["status"]), 3, &error, &hint);
        let place = dir.to_string_lossy();
        let add = ["config", "--global", "--add", "safe.directory", &place];
        world.git_in(world.root(), &add);
        world.git_in(&dir, &["status"]);
        let trusted = world.tracks_in(&dir, &["status"]);
        assert_eq!(trusted.status, 0, "{}", trusted.shown());
    }
}

#[test]
fn with_the_variables_that_git_gives_to_hooks() {
    let world = World::of(TWO_TRACKS);
    assert_eq!(world.tracks(&["init"]).status, 0);
    let git_dir = world.repo().join(".git");
    let private = git_dir.join("worktrees/a");
    let a = world.repo().join("worktrees/a");
    let before = world.git_in(&a, &["status", "--porcelain=v2", "--branch"]);
    let index = |dir: &Path| dir.join("index").display().to_string();
    let text = |path: &Path| path.display().to_string();
    type Case<'a> = (&'a Path, Vec<(&'a str, String)>, &'a [&'a str]);
    let cases: [Case<'_>; 5] = [
        (
            &a,
            vec![
                ("GIT_DIR", text(&private)),
                ("GIT_INDEX_FILE", index(&private)),
            ],
            &["validate"],
        ),
        (
            &world.repo(),
            vec![("GIT_INDEX_FILE", ".git/index".to_owned())],
            &["status"],
        ),
        (
            world.root(),
            vec![
                ("GIT_DIR", text(&git_dir)),
                ("GIT_WORK_TREE", text(&world.repo())),
            ],
            &["conflicts"],
        ),
        // An index in the making, of a `commit -a`, is not what worktrees are read with.
        (
            &a,
            vec![
                ("GIT_DIR", text(&private)),
                ("GIT_INDEX_FILE", text(&private.join("index.lock"))),
                ("GIT_PREFIX", "sub/".to_owned()),
            ],
            &["sync"],
        ),
        // As `git -C` from another repository's hook leaves it.
        (
            &world.repo(),
            vec![(
                "GIT_OBJECT_DIRECTORY",
                text(&world.root().join("tmp/objects")),
            )],
            &["sync"],
        ),
    ];
    for (dir, variables, arguments) in cases {
        let mut command = world.command(dir, TOOL);
        let ran = run(&world, command.args(arguments).envs(variables.clone()));
        assert_eq!(ran.status, 0, "{variables:?} {}", ran.shown());
    }
    assert_eq!(
        world.git_in(&a, &["status", "--porcelain=v2", "--branch"]),
        before
    );
    world.git(&["fsck", "--no-dangling"]);
    world.git(&["rev-parse", "--verify", "integration"]);
}

#[test]
fn with_a_git_dir_that_is_none() {
    let world = World::of(TWO_TRACKS);
    let nowhere = world.root().join("nowhere");
    let mut command = world.command(&world.repo(), TOOL);
    let ran = run(&world, command.arg("status").env("GIT_DIR", &nowhere));
    assert_refused(
        &ran,
        3,
        &format!(
            "GIT_DIR is {}, which is not a git repository",
            nowhere.display()
        ),
        "unset GIT_DIR, or set it to a repository's `.git`",
    );
}

#[test]
fn in_a_directory_that_is_gone() {
    let world = World::of(TWO_TRACKS);
    let gone = world.root().join("gone");
    fs::create_dir(&gone).expect("a directory");
    let script = "rmdir ../gone && exec \"$0\" status";
    let ran = world.run_in(&gone, "sh", &["-c", script, TOOL]);
    assert_eq!(
        (ran.status, ran.stdout.as_str()),
        (3, ""),
        "{}",
        ran.shown()
    );
    assert_eq!(ran.stderr.matches("error:").count(), 1, "{}", ran.shown());
}

#[test]
fn started_for_a_directory_that_is_none() {
    let world = World::of(TWO_TRACKS);
    for place in ["nowhere", "f", "f/below"] {
        let ran = world.tracks(&["-C", place, "status"]);
        let error = format!(
            "error: {} is not a directory\n",
            world.repo().join(place).display()
        );
        assert_eq!(
            (ran.status, ran.stdout, ran.stderr),
            (2, String::new(), error)
        );
    }
}

#[test]
fn forms_that_a_tracks_toml_can_have() {
    let world = World::of(TWO_TRACKS);
    let path = world.repo().join("tracks.toml");
    let comments = "# a line of comment\n".repeat(50_000);
    for text in [
        "\u{feff}[track.a]\n[track.b]\n",
        "[track.a]\r\n[track.b]\r\n",
        "\u{feff}[track.a]\r\n\r\n[track.b]",
        &format!("{comments}[track.a]\n[track.b]\n"),
    ] {
        world.write("tracks.toml", text);
        let ran = world.tracks(&["conflicts"]);
        assert_eq!(
            (ran.status, ran.stderr.as_str()),
            (0, ""),
            "{}",
            ran.shown()
        );
    }
    let refused = |what: &str| {
        let ran = world.tracks(&["conflicts"]);
        let error = format!("error: {} {what}\n", path.display());
        assert_eq!(
            (ran.status, ran.stdout, ran.stderr),
            (2, String::new(), error)
        );
    };
    let script = "printf '[track.a]\\ntitle = \"\\377\"\\n' >tracks.toml";
    world.run_in(&world.repo(), "sh", &["-c", script]);
    refused("is not UTF-8 text");
    fs::remove_file(&path).expect("the file");
    fs::create_dir(&path).expect("a directory");
    refused("is not a file");
    fs::remove_dir(&path).expect("the directory");
    world.run_in(&world.repo(), "mkfifo", &["tracks.toml"]);
    refused("is not a file");
}
