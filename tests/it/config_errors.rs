//! Mistakes in tracks.toml, as they are shown.

use insta::assert_snapshot;

use crate::world::World;

fn status_with(text: &str) -> String {
    let world = World::of("main: One\n  f = 1\n");
    world.write("tracks.toml", text);
    let ran = world.tracks(&["status", "--format", "json"]);
    assert_eq!(
        (ran.status, ran.stdout.as_str()),
        (2, ""),
        "{}",
        ran.shown()
    );
    assert_eq!(world.tracks(&["init"]).status, 2);
    assert_eq!(world.git(&["branch", "--list"]), "* main");
    ran.stderr
}

#[test]
fn an_unknown_key() {
    assert_snapshot!(status_with("[track.a]\nbrnch = 'x'\n"), @r"
    error: unknown key `brnch` in [track.a]
     --> tracks.toml:2:1
      |
    2 | brnch = 'x'
      | ^^^^^ unknown key
      |
      = help: did you mean `branch`?

    error: tracks.toml is not valid
    ");
}

#[test]
fn a_wrong_type() {
    assert_snapshot!(status_with("[track.a]\n[run]\njobs = 'four'\n"), @r"
    error: `[run] jobs` must be a whole number, 0 or more
     --> tracks.toml:3:8
      |
    3 | jobs = 'four'
      |        ^^^^^^ this is the string 'four'

    error: tracks.toml is not valid
    ");
}

#[test]
fn two_tracks_with_one_branch() {
    assert_snapshot!(
        status_with("[track.a]\nbranch = 'topic'\n\n[track.b]\nbranch = 'topic'\n"),
        @r"
    error: [track.a] and [track.b] have the same branch `topic`
     --> tracks.toml:5:10
      |
    2 | branch = 'topic'
      |          ------- [track.a]
    ...
    5 | branch = 'topic'
      |          ^^^^^^^ [track.b]
      |
      = help: give one of them its own `branch`

    error: tracks.toml is not valid
    "
    );
}

#[test]
fn a_cycle() {
    assert_snapshot!(
        status_with("[track.a]\ndepends_on = ['b']\n[track.b]\ndepends_on = ['a']\n"),
        @r"
    error: these tracks wait for each other: a → b → a
     --> tracks.toml:4:15
      |
    4 | depends_on = ['a']
      |               ^^^ this closes the circle

    error: tracks.toml is not valid
    "
    );
}

#[test]
fn a_worktree_that_escapes() {
    assert_snapshot!(status_with("[track.a]\nworktree = '../../etc'\n"), @r"
    error: `[track.a] worktree` cannot be used: `../../etc` climbs with `..`
     --> tracks.toml:2:12
      |
    2 | worktree = '../../etc'
      |            ^^^^^^^^^^^ expected a worktree directory

    error: tracks.toml is not valid
    ");
}

#[test]
fn several_at_once() {
    assert_snapshot!(
        status_with("[track.a]\nbranch = 'with space'\nown = ['src/**']\n\n[check.unit]\nwhen = ['trak']\n"),
        @r"
    error: `[track.a] branch` cannot be used: `with space` contains ' ', which git does not allow in a branch name
     --> tracks.toml:2:10
      |
    2 | branch = 'with space'
      |          ^^^^^^^^^^^^ expected a branch

    error: unknown key `own` in [track.a]
     --> tracks.toml:3:1
      |
    3 | own = ['src/**']
      | ^^^ unknown key
      |
      = help: did you mean `owns`?

    error: unknown value `trak` for `[check.unit] when`
     --> tracks.toml:6:9
      |
    6 | when = ['trak']
      |         ^^^^^^ unknown value
      |
      = help: did you mean `track`?

    error: tracks.toml is not valid: 3 mistakes
    "
    );
}

#[test]
fn keys_that_do_nothing_yet_only_warn() {
    let world = World::of("main: One\n  f = 1\n");
    world.write("tracks.toml", "[track.a]\nreviewers = 'x@example.com'\n");
    let ran = world.tracks(&["status", "--format", "json"]);
    assert_eq!(ran.status, 0);
    serde_json::from_str::<serde_json::Value>(&ran.stdout).expect("a document");
    assert_snapshot!(ran.stderr, @r"
    warning: tracks.toml: `[track.a] reviewers` does nothing yet
    note: main has no tracks.toml yet, so the working copy judges everything; commit it there
    ");
    let ran = world.tracks(&["init", "--dry-run"]);
    assert_eq!(ran.status, 0);
    assert_snapshot!(ran.stderr, @r"
    warning: `[track.a] reviewers` does nothing yet
     --> tracks.toml:2:1
      |
    2 | reviewers = 'x@example.com'
      | ^^^^^^^^^

    note: main has no tracks.toml yet, so the working copy judges everything; commit it there
    ");
    for (arguments, status) in [(&["init"][..], 0), (&["conflicts"], 0), (&["sync"], 0)] {
        let ran = world.tracks(arguments);
        assert_eq!(ran.status, status, "{}", ran.shown());
        assert_eq!(ran.stderr.matches("warning:").count(), 1, "{}", ran.shown());
    }
}
