//! Rounds whose colour must not depend on what is not in the candidate: leftovers, setups, other people's branches.

use serde_json::json;

use crate::project::{ask, find, project, refs, texts, work};
use crate::world::World;

fn of(tracks: &str, check: &str) -> World {
    let config = format!("{tracks}\n[check.unit]\nrun = '''{check}'''\nwhen = [\"integration\"]\n");
    project(
        &config,
        &[("shared", "1\n"), (".gitignore", "out\n.tool\n")],
    )
}

/// What a departed track's build has left is gone before anything is judged without it.
#[test]
fn leftovers_of_a_track_that_left_make_nothing_green() {
    let check = "if test -e a; then echo made > out; fi; if test -e b; then test -e out; fi";
    let world = of("[track.a]\n[track.b]\n", check);
    work(&world, "a", &[("a", "1\n")]);
    work(&world, "b", &[("b", "1\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    let (status, answer) = ask(&world, &["sync", "--yes", "--without", "a"]);
    assert_eq!(status, 1, "{answer:#}");
    assert_eq!(find(&answer["ejected"], "track", "b")["why"], "check");
}

/// The other way round: what only the candidate wrote does not make base red.
#[test]
fn leftovers_of_a_candidate_do_not_make_base_red() {
    let check =
        "test -e out && ! test -e a && exit 1; test -e a && echo schema2 > out; ! test -e b";
    let world = of("[track.a]\n[track.b]\n", check);
    work(&world, "a", &[("a", "1\n")]);
    work(&world, "b", &[("b", "1\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["base_red"]), (1, &json!([])), "{answer:#}");
    assert_eq!(texts(&answer["merged"], "track"), ["a"]);
    assert_eq!(find(&answer["ejected"], "track", "b")["why"], "check");
}

/// As long as no track leaves, builds stay warm.
#[test]
fn ignored_files_stay_while_the_tracks_stay() {
    let world = of("[track.a]\n", "echo x >> out");
    work(&world, "a", &[("a", "1\n")]);
    assert_eq!(world.tracks(&["sync", "--yes"]).status, 0);
    work(&world, "a", &[("a", "2\n")]);
    assert_eq!(world.tracks(&["sync", "--yes"]).status, 0);
    assert_eq!(world.read("worktrees/.integration/out"), "x\nx\n");
}

/// A track whose worktree needs a setup of its own needs it in integration, too.
#[test]
fn the_setups_of_merged_tracks_run_in_integration() {
    let world = of(
        "[track.a]\nsetup = 'touch .tool'\n[track.b]\n",
        "test -e .tool || ! test -e a",
    );
    work(&world, "a", &[("a", "1\n")]);
    work(&world, "b", &[("b", "1\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
}

/// Setup that writes over what was merged would have something else judged.
#[test]
fn a_setup_that_changes_tracked_files_leaves_the_branch_alone() {
    let config =
        "[layout]\nsetup = 'echo ok > shared'\n[track.a]\n[check.unit]\nrun = 'grep ok shared'\n";
    let world = project(config, &[("shared", "bad\n")]);
    work(&world, "a", &[("a", "1\n")]);
    let before = refs(&world);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (3, &json!(false)), "{answer:#}");
    let said = answer["undetermined"][0].as_str().expect("a sentence");
    assert!(said.contains("setup changes tracked files"), "{said}");
    let candidate = |refs: &str| !refs.contains("refs/heads/integration");
    assert!(candidate(&before) && candidate(&refs(&world)));
}

/// Base is never what a round moves, whatever tracks.toml says or leaves out.
#[test]
fn the_integration_branch_is_neither_base_nor_a_track_nor_symbolic() {
    for (config, says) in [
        (
            "[integration]\nbranch = 'main'\n[track.a]\n",
            "is also the base",
        ),
        ("[integration]\nbranch = 'track/a'\n[track.a]\n", "track/a"),
    ] {
        let world = World::of("main: One\n  shared = 1\n");
        world.git(&["switch", "--quiet", "--detach"]);
        world.write("tracks.toml", config);
        let before = refs(&world);
        let ran = world.tracks(&["sync", "--yes"]);
        assert_eq!(ran.status, 2, "{}", ran.shown());
        assert!(ran.stderr.contains(says), "{}", ran.shown());
        assert_eq!(refs(&world), before);
    }
    let world = of("[track.a]\n", "true");
    work(&world, "a", &[("a", "1\n")]);
    world.git(&["symbolic-ref", "refs/heads/integration", "refs/heads/main"]);
    let before = refs(&world);
    let ran = world.tracks(&["sync", "--yes"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert!(
        ran.stderr.contains("symbolic ref to refs/heads/main"),
        "{}",
        ran.shown()
    );
    assert_eq!(refs(&world), before);
}

/// A stacked track that says nothing of it is contained in what was merged before: no second merge, and no error.
#[test]
fn a_track_that_another_contains_is_merged_once() {
    let world = of("[track.top]\npriority = 1\n[track.bottom]\n", "true");
    work(&world, "bottom", &[("b", "1\n")]);
    world.git(&["branch", "--force", "track/top", "track/bottom"]);
    work(&world, "top", &[("t", "1\n")]);
    let (status, first) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &first["moved"]), (0, &json!(true)), "{first:#}");
    assert_eq!(texts(&first["merged"], "track"), ["top", "bottom"]);
    let (status, second) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &second["moved"]), (0, &json!(false)));
    assert_eq!(first["candidate"], second["candidate"]);
}

/// Nobody's commits are pushed away, even those that only the remote has.
#[test]
fn a_push_does_not_throw_away_what_somebody_pushed() {
    let world = of("[track.a]\n", "true");
    work(&world, "a", &[("a", "1\n")]);
    let remote = world.root().join("remote.git");
    world.git(&["init", "--quiet", "--bare", &remote.to_string_lossy()]);
    world.git(&["remote", "add", "origin", &remote.to_string_lossy()]);
    world.git(&["push", "--quiet", "origin", "main"]);
    assert_eq!(world.tracks(&["sync", "--yes", "--push"]).status, 0);
    // Somebody else commits on it.
    world.git(&["branch", "theirs", "integration"]);
    world.commit("theirs", &[("hotfix", "1\n")], "Fix in a hurry");
    world.git(&["push", "--quiet", "origin", "theirs:integration"]);
    let theirs = world.git(&["rev-parse", "theirs"]);
    world.git(&["branch", "--quiet", "-D", "theirs"]);
    work(&world, "a", &[("a", "2\n")]);
    let ran = world.tracks(&["sync", "--yes", "--fetch", "--push"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert!(
        ran.stdout.contains("has commits that no round made"),
        "{}",
        ran.shown()
    );
    let there = world.git(&["ls-remote", "origin", "refs/heads/integration"]);
    assert!(there.starts_with(&theirs), "{there}");
}

/// The log knows of the move before it happens, and of a move that did not happen that it did not.
#[test]
fn a_move_that_is_refused_is_in_the_log_as_undone() {
    let world = of("[track.a]\n", "true");
    work(&world, "a", &[("a", "1\n")]);
    let hook = "#!/bin/sh\ntest \"$1\" = prepared || exit 0\ngrep -q refs/heads/integration && exit 1\nexit 0\n";
    world.write_program("repo/.git/hooks/reference-transaction", hook);
    let ran = world.tracks(&["sync", "--yes"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    let (_, log) = ask(&world, &["log"]);
    assert_eq!(log["operations"][0]["undone"], json!(true), "{log:#}");
}
