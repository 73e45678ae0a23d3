//! Clones, as CI services make them: branches on the remote only, no worktrees, some with little history.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::oddities::{TWO_TRACKS, assert_refused};
use crate::world::{Ran, World};

/// The branch of track a brings a tracks.toml that would judge it less strictly, and drops track b.
const RELAXED: &str = "[track.a]\n[check.c]\nrun = 'true'\n";

fn origin() -> World {
    let world = World::of(TWO_TRACKS);
    // What keeps it out otherwise.
    let message = "Relax\n\nTracks-Allow: OWN06 tracks.toml the tests are about it";
    world.commit("track/a", &[("tracks.toml", RELAXED)], message);
    world.commit("main", &[("g", "2\n")], "Two");
    world
}

fn clone(world: &World, options: &[&str]) -> PathBuf {
    let url = format!("file://{}", world.repo().display());
    let arguments = [&["clone", "--quiet"], options, &[&url, "clone"]].concat();
    world.git_in(world.root(), &arguments);
    world.root().join("clone")
}

fn in_ci(world: &World, dir: &Path, arguments: &[&str]) -> Ran {
    let mut command = world.command(dir, env!("CARGO_BIN_EXE_tracks"));
    let output = command.env("CI", "true").args(arguments).output();
    world.ran(&output.expect("the tool starts"))
}

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.shown()))
}

/// (id, tip) of the tracks of a status.
fn tips(ran: &Ran) -> Vec<(String, String)> {
    let report = document(ran);
    let tracks = report["tracks"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    tracks
        .map(|track| (text(&track["track"]), text(&track["commit"])))
        .collect()
}

#[test]
fn whatever_a_ci_job_has_checked_out() {
    let world = origin();
    let dir = clone(&world, &[]);
    let expected: Vec<(String, String)> = ["a", "b"]
        .map(|track| {
            let tip = world.git(&["rev-parse", &format!("track/{track}")]);
            (track.to_owned(), tip)
        })
        .into();
    type Place<'a> = (&'a str, &'a [&'a [&'a str]], Option<&'a str>);
    let places: [Place<'_>; 4] = [
        ("main", &[], None),
        (
            "a track's branch",
            &[&["switch", "--quiet", "track/a"]],
            Some("a"),
        ),
        (
            "detached on a merge, as for a pull request",
            &[
                &["switch", "--quiet", "--detach", "origin/main"],
                &["merge", "--quiet", "--no-ff", "-m", "M", "origin/track/a"],
                &["branch", "--quiet", "-D", "track/a"],
            ],
            None,
        ),
        (
            "and without any local branch",
            &[&["branch", "--quiet", "-D", "main"]],
            None,
        ),
    ];
    for (place, steps, track) in places {
        for step in steps {
            world.git_in(&dir, step);
        }
        let refs = world.git_in(&dir, &["for-each-ref"]);
        let status = in_ci(&world, &dir, &["status", "--format", "json"]);
        assert_eq!(tips(&status), expected, "{place} {}", status.shown());
        for arguments in [
            &["conflicts"][..],
            &["validate", "a"],
            &["validate", "b"],
            &["sync", "--dry-run"],
        ] {
            let ran = in_ci(&world, &dir, arguments);
            // Nothing differs, since only base's copy counts.
            assert_eq!(
                (ran.status, ran.stderr.as_str()),
                (0, ""),
                "{place} {}",
                ran.shown()
            );
        }
        let here = in_ci(&world, &dir, &["validate", "--format", "json"]);
        match track {
            Some(track) => assert_eq!(document(&here)["track"], track, "{place}"),
            None => assert_eq!((here.status, here.stdout.as_str()), (2, ""), "{place}"),
        }
        // The rules of base: there is no check, whatever the branch says.
        let trust = in_ci(&world, &dir, &["trust", "--list"]);
        assert_eq!(
            trust.stdout, "this tracks.toml runs no commands\n",
            "{place}"
        );
        assert_eq!(world.git_in(&dir, &["for-each-ref"]), refs, "{place}");
    }
}

#[test]
fn a_clone_that_is_worked_in_goes_by_its_own_list_of_tracks() {
    let world = origin();
    let dir = clone(&world, &[]);
    world.git_in(&dir, &["switch", "--quiet", "track/a"]);
    let ran = world.tracks_in(&dir, &["status", "--format", "json"]);
    let names: Vec<String> = tips(&ran).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a"]);
    let note = "note: tracks.toml differs from the one on main, which counts for [check.c]\n";
    assert_eq!(ran.stderr, note);
    assert_eq!(world.tracks_in(&dir, &["trust", "--list"]).status, 0);

    // A second worktree says that somebody works here, in CI or not: then the main worktree's file lists the tracks.
    world.git_in(
        &dir,
        &["worktree", "add", "--quiet", "../other", "origin/main"],
    );
    let other = world.root().join("other");
    for dir in [dir, other] {
        let ran = in_ci(&world, &dir, &["status", "--format", "json"]);
        assert_eq!((tips(&ran).len(), ran.stderr.as_str()), (1, note));
    }
}

#[test]
fn a_tracks_toml_that_only_the_branch_has() {
    let world = World::of("main: One\n  f = 1\n");
    world.git(&["switch", "--quiet", "-c", "track/a"]);
    world.commit("track/a", &[("tracks.toml", "[track.a]\n")], "A");
    let ran = in_ci(&world, &world.repo(), &["validate"]);
    let error = format!(
        "there is no tracks.toml on main, and only the one there counts in {}",
        world.repo().display()
    );
    let hint = "commit it there: a branch cannot bring the rules that judge it";
    assert_refused(&ran, 2, &error, hint);
    let ran = world.tracks(&["validate"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert!(ran.stderr.starts_with("note: main has no tracks.toml yet"));
}

/// Of the local and the remote branch, the one that counts, as the distance from `main` of each changes.
#[test]
fn the_local_branch_counts_unless_it_is_strictly_behind() {
    let world = origin();
    let dir = clone(&world, &[]);
    let id = |revision: &str| world.git_in(&dir, &["rev-parse", revision]);
    let remote = id("origin/track/a");
    let diverged = {
        world.git_in(
            &dir,
            &["switch", "--quiet", "-c", "new", "origin/track/a~1"],
        );
        world.git_in(&dir, &["commit", "--quiet", "--allow-empty", "-m", "Mine"]);
        id("new")
    };
    let ahead = {
        world.git_in(&dir, &["switch", "--quiet", "-C", "new", "origin/track/a"]);
        world.git_in(&dir, &["commit", "--quiet", "--allow-empty", "-m", "More"]);
        id("new")
    };
    world.git_in(&dir, &["switch", "--quiet", "main"]);
    for (local, plainly, preferring_remote) in [
        (id("origin/track/a~1"), &remote, &remote),
        (remote.clone(), &remote, &remote),
        (ahead.clone(), &ahead, &ahead),
        (diverged.clone(), &diverged, &remote),
    ] {
        world.git_in(
            &dir,
            &["branch", "--quiet", "--no-track", "-f", "track/a", &local],
        );
        for (options, expected) in [(&[][..], plainly), (&["--remote"][..], preferring_remote)] {
            let arguments = [&["status", "--format", "json"], options].concat();
            let ran = world.tracks_in(&dir, &arguments);
            assert_eq!(tips(&ran)[0].1, *expected, "{local} {options:?}");
        }
    }
}

#[test]
fn a_round_in_a_clone_reaches_the_remote() {
    let world = origin();
    let dir = clone(&world, &[]);
    let ran = in_ci(&world, &dir, &["sync", "--push"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    let files = world.git(&["ls-tree", "--name-only", "integration"]);
    assert_eq!(files, "a\nb\nf\ng\ntracks.toml");
}

const CUT_OFF: &str =
    "the history needed is not in this shallow clone; `git fetch --unshallow` brings it";

#[test]
fn a_clone_without_history_gives_no_verdict() {
    let world = origin();
    let dir = clone(&world, &["--depth=1", "--no-single-branch"]);
    for (arguments, verdicts) in [
        (&["conflicts", "--format", "json"][..], 3),
        (&["validate", "a", "--format", "json"], 1),
    ] {
        let ran = in_ci(&world, &dir, arguments);
        assert_eq!(
            (ran.status, ran.stderr.as_str()),
            (3, ""),
            "{}",
            ran.shown()
        );
        assert_eq!(
            ran.stdout.matches("unavailable").count(),
            verdicts,
            "{}",
            ran.shown()
        );
        assert!(!ran.stdout.contains("\"clean\""), "{}", ran.shown());
        let told = in_ci(&world, &dir, &arguments[..arguments.len() - 2]);
        assert!(told.stdout.contains(CUT_OFF), "{}", told.shown());
    }
    for (format, told) in [
        ("junit", "<skipped message=\"not judged: "),
        ("github", "::error title=could not be determined a::"),
        ("gitlab", "\"severity\": \"blocker\""),
    ] {
        let ran = in_ci(&world, &dir, &["validate", "a", "--format", format]);
        assert_eq!(ran.status, 3, "{}", ran.shown());
        assert!(ran.stdout.contains(told), "{format}: {}", ran.shown());
    }
    for arguments in [&["sync", "--dry-run"][..], &["sync"]] {
        let ran = in_ci(&world, &dir, arguments);
        let expected = format!("error: {CUT_OFF}\n");
        assert_eq!((ran.status, ran.stdout.as_str()), (3, ""));
        assert_eq!(ran.stderr, expected);
    }
    let status = in_ci(&world, &dir, &["status"]);
    assert_eq!(status.status, 0, "{}", status.shown());
    assert!(status.stdout.contains(CUT_OFF), "{}", status.shown());

    world.git_in(&dir, &["fetch", "--quiet", "--unshallow"]);
    for arguments in [
        &["conflicts"][..],
        &["validate", "a"],
        &["sync", "--dry-run"],
    ] {
        let ran = in_ci(&world, &dir, arguments);
        assert_eq!(ran.status, 0, "{}", ran.shown());
    }
}

#[test]
fn a_clone_of_one_branch_is_told_what_to_fetch() {
    let world = origin();
    let dir = clone(
        &world,
        &["--depth=1", "--single-branch", "--branch=track/b"],
    );
    let ran = in_ci(&world, &dir, &["validate"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    let hint = "`git fetch origin main:refs/remotes/origin/main`, and `git fetch --unshallow` for its history";
    assert!(ran.stderr.contains(hint), "{}", ran.shown());
    world.git_in(
        &dir,
        &[
            "fetch",
            "--quiet",
            "origin",
            "main:refs/remotes/origin/main",
        ],
    );
    world.git_in(&dir, &["fetch", "--quiet", "--unshallow"]);
    let ran = in_ci(&world, &dir, &["validate"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
}

#[test]
fn a_detached_head_stands_for_the_track_whose_tip_it_is() {
    let world = origin();
    let dir = clone(&world, &[]);
    world.git_in(&dir, &["switch", "--quiet", "--detach", "origin/track/b"]);
    for arguments in [
        &["validate", "--format", "json"][..],
        &["validate", "--head", "HEAD", "--format", "json"],
    ] {
        let ran = in_ci(&world, &dir, arguments);
        assert_eq!(ran.status, 0, "{}", ran.shown());
        assert_eq!(document(&ran)["track"], "b");
    }
}

/// Track a takes back what it got from lib, and b edits that. The commit of lib that both have is out of a's reach in the
/// clone, but an older common one is not: from there, git would merge them clean.
#[test]
fn an_older_merge_base_is_no_substitute() {
    let world = World::of(
        "
        main: Old
            tracks.toml = [track.a] | [track.b]
            f = old
        lib from main: New
            f = new
        track/b from lib: Edit it
            f = newer
        lib: Two
            l = 2
        lib: Three
            l = 3
        lib: Four
            l = 4
        track/a from main: Begin
            a = 1
        track/a merges lib: Bring it in
        track/a: Take it back
            f = old
        ",
    );
    world.git(&["branch", "--quiet", "-D", "lib"]);
    let pair = |ran: &Ran| document(ran)["pairs"][2]["verdict"].clone();
    let whole = world.tracks(&["conflicts", "--format", "json"]);
    assert_eq!(pair(&whole), "conflict", "{}", whole.shown());

    let dir = clone(&world, &["--depth=4", "--no-single-branch"]);
    let git = [
        "merge-tree",
        "--write-tree",
        "origin/track/a",
        "origin/track/b",
    ];
    world.git_in(&dir, &git);
    let cut_off = in_ci(&world, &dir, &["conflicts", "--format", "json"]);
    assert_eq!(pair(&cut_off), "unavailable", "{}", cut_off.shown());
    assert_eq!(cut_off.status, 3);
    assert_eq!(in_ci(&world, &dir, &["sync"]).status, 3);

    world.git_in(&dir, &["fetch", "--quiet", "--deepen=2"]);
    let deep = in_ci(&world, &dir, &["conflicts", "--format", "json"]);
    assert_eq!(pair(&deep), "conflict", "{}", deep.shown());
}
