//! Rounds whose candidates are checked: who turned one red, when nobody is to blame, and what the checks find around them.

use serde_json::{Value, json};

use crate::project::{ask, find, project, refs, texts, work};
use crate::world::World;

/// One check over the whole tree; `ROOT` is the world's directory.
fn checked(tracks: &str, script: &str) -> World {
    let config =
        format!("{tracks}\n[check.unit]\nrun = '''{script}'''\nwhen = [\"integration\"]\n");
    project(
        &config,
        &[
            ("shared", "1\n"),
            (".gitignore", "build/\ninstalled\n.env\n"),
        ],
    )
}

fn files(world: &World) -> String {
    world.git(&["ls-tree", "-r", "--name-only", "integration"])
}

fn ejected<'a>(answer: &'a Value, track: &str) -> (&'a Value, &'a Value, &'a Value) {
    let ejected = find(&answer["ejected"], "track", track);
    (&ejected["why"], &ejected["with"], &ejected["check"])
}

#[test]
fn a_pair_that_merges_and_then_fails_ejects_the_later_one_with_its_partner() {
    let world = checked(
        "[track.a]\n[track.b]\n[track.c]\n[track.d]\n",
        "! { test -e b && test -e d; }",
    );
    for track in ["a", "b", "c", "d"] {
        work(&world, track, &[(track, "1\n")]);
    }
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(true)), "{answer:#}");
    assert_eq!(texts(&answer["merged"], "track"), ["a", "b", "c"]);
    assert_eq!(
        ejected(&answer, "d"),
        (&json!("check"), &json!(["b"]), &json!("unit"))
    );
    assert_eq!(
        answer["checks"][0]["outcome"], "passed",
        "of the candidate that won"
    );
    assert_eq!(files(&world), ".gitignore\na\nb\nc\nshared\ntracks.toml");
}

#[test]
fn a_track_that_fails_alone_has_no_partner_and_makes_room_for_whom_it_kept_out() {
    let world = checked(
        "[track.a]\n[track.bad]\n[track.c]\n[track.on-bad]\ndepends_on = [\"bad\"]\n",
        "! test -e bad",
    );
    work(&world, "a", &[("a", "1\n")]);
    work(&world, "bad", &[("bad", "1\n"), ("shared", "bad\n")]);
    work(&world, "c", &[("shared", "c\n")]);
    work(&world, "on-bad", &[("on-bad", "1\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(true)), "{answer:#}");
    assert_eq!(texts(&answer["merged"], "track"), ["a", "c"]);
    assert_eq!(
        ejected(&answer, "bad"),
        (&json!("check"), &json!([]), &json!("unit"))
    );
    assert_eq!(
        ejected(&answer, "on-bad"),
        (&json!("dependency"), &json!(["bad"]), &json!(null))
    );
    assert_eq!(answer["ejected"].as_array().unwrap().len(), 2, "c is in");
    assert_eq!(world.git(&["show", "integration:shared"]), "c");
}

#[test]
fn several_culprits_are_found_one_after_the_other() {
    let world = checked(
        "[track.a]\n[track.bad]\n[track.b]\n[track.worse]\n[track.c]\n",
        "! test -e bad && ! test -e worse",
    );
    for track in ["a", "bad", "b", "worse", "c"] {
        work(&world, track, &[(track, "1\n")]);
    }
    let (_, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(texts(&answer["merged"], "track"), ["a", "b", "c"]);
    assert_eq!(texts(&answer["ejected"], "track"), ["bad", "worse"]);
}

#[test]
fn a_check_that_is_red_on_base_ejects_nobody() {
    let world = checked("[track.a]\n[track.b]\n", "test -e mended");
    work(&world, "a", &[("a", "1\n")]);
    work(&world, "b", &[("b", "1\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(false)));
    assert_eq!(answer["base_red"], json!(["unit"]));
    assert_eq!(answer["ejected"], json!([]));
    assert!(!refs(&world).contains("refs/heads/integration"));

    work(&world, "b", &[("mended", "1\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(
        (status, &answer["moved"]),
        (0, &json!(true)),
        "a track may mend base: {answer:#}"
    );
}

#[test]
fn base_alone_and_red_is_base_red_even_if_it_passes_when_asked_again() {
    let world = checked(
        "[track.a]\n",
        "test -e ROOT/second || { touch ROOT/second; false; }",
    );
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(
        (status, &answer["base_red"]),
        (1, &json!(["unit"])),
        "{answer:#}"
    );
    assert_eq!(answer["moved"], false);
}

#[test]
fn a_need_that_is_red_on_base_is_base_red() {
    let world = project(
        "[track.a]\n[check.build]\nrun = \"test -e mended\"\nwhen = [\"integration\"]\n\
         [check.unit]\nrun = \"! test -e bad\"\nneeds = [\"build\"]\nwhen = [\"integration\"]\n",
        &[("x", "1\n")],
    );
    work(&world, "a", &[("mended", "1\n"), ("bad", "1\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(
        (status, &answer["base_red"]),
        (1, &json!(["build"])),
        "{answer:#}"
    );
    assert_eq!(
        (&answer["moved"], &answer["ejected"]),
        (&json!(false), &json!([]))
    );
}

#[test]
fn what_could_not_run_moves_nothing_and_blames_nobody() {
    for (script, settings, how) in [
        ("no-such-program-here", "", "127"),
        ("true", "cwd = \"not-there\"", "not-there"),
    ] {
        let world = project(
            &format!("[track.a]\n[check.unit]\nrun = \"{script}\"\n{settings}\n"),
            &[("x", "1\n")],
        );
        work(&world, "a", &[("a", "1\n")]);
        let (status, answer) = ask(&world, &["sync", "--yes"]);
        assert_eq!((status, &answer["moved"]), (3, &json!(false)), "{answer:#}");
        assert_eq!(answer["checks"][0]["outcome"], "could-not-run");
        assert_eq!(answer["ejected"], json!([]));
        assert!(
            answer["undetermined"][0].as_str().unwrap().contains(how),
            "{answer:#}"
        );
        assert!(!refs(&world).contains("refs/heads/integration"));
    }
}

#[test]
fn what_was_skipped_because_an_allowed_failure_could_not_run_was_not_checked() {
    let world = project(
        "[track.a]\n[check.tool]\nrun = \"no-such-program-here\"\nallow_failure = true\n\
         [check.unit]\nrun = \"true\"\nneeds = [\"tool\"]\n",
        &[("x", "1\n")],
    );
    work(&world, "a", &[("a", "1\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (3, &json!(false)), "{answer:#}");
    assert_eq!(
        find(&answer["checks"], "check", "unit")["outcome"],
        "skipped"
    );
}

#[test]
fn unapproved_commands_do_not_run_and_nothing_moves() {
    let world = checked("[track.a]\n", "touch ROOT/ran");
    work(&world, "a", &[("a", "1\n")]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!((status, &answer["moved"]), (3, &json!(false)));
    assert!(
        answer["undetermined"][0]
            .as_str()
            .unwrap()
            .contains("tracks trust"),
        "{answer:#}"
    );
    assert!(!world.root().join("ran").exists());
}

#[test]
fn a_setup_that_fails_is_could_not_run() {
    let world = project(
        "[layout]\nsetup = [\"echo no network >&2; false\"]\n[track.a]\n[check.unit]\nrun = \"true\"\n",
        &[("x", "1\n")],
    );
    work(&world, "a", &[("a", "1\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (3, &json!(false)), "{answer:#}");
    assert_eq!(answer["checks"][0]["outcome"], "could-not-run");
    assert_eq!(
        (&answer["ejected"], &answer["base_red"]),
        (&json!([]), &json!([]))
    );
}

#[test]
fn an_allowed_failure_holds_up_nothing() {
    let world = project(
        "[track.a]\n[check.lint]\nrun = \"false\"\nallow_failure = true\n[check.unit]\nrun = \"true\"\n",
        &[("x", "1\n")],
    );
    work(&world, "a", &[("a", "1\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
}

#[test]
fn a_red_candidate_stops_the_round_where_that_is_wanted() {
    let world = checked(
        "[integration]\non_failure = \"stop\"\n[run]\nfail_fast = true\n[track.a]\n[track.bad]\n",
        "! test -e bad",
    );
    work(&world, "a", &[("a", "1\n")]);
    work(&world, "bad", &[("bad", "1\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(false)));
    assert_eq!(
        (&answer["green"], &answer["ejected"]),
        (&json!(false), &json!([]))
    );
    assert_eq!(answer["undetermined"], json!([]));
}

#[test]
fn the_quorum_counts_what_is_left_after_the_checks() {
    let world = checked(
        "[integration]\nquorum = 2\n[track.a]\n[track.bad]\n",
        "! test -e bad",
    );
    work(&world, "a", &[("a", "1\n")]);
    work(&world, "bad", &[("bad", "1\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(false)), "{answer:#}");
    assert_eq!(
        (&answer["quorum"]["have"], &answer["quorum"]["met"]),
        (&json!(1), &json!(false))
    );
    assert_eq!(ejected(&answer, "bad").0, "check");
}

#[test]
fn the_integration_worktree_is_set_up_and_keeps_what_is_ignored() {
    let world = project(
        "[layout]\nsetup = [\"touch installed\"]\ncopy = [\".env\"]\n[track.a]\n[check.unit]\nwhen = [\"integration\"]\n\
         run = \"test -e installed && test -e .env && ! test -e left-over && mkdir -p build && echo x >>build/rounds && touch left-over\"\n",
        &[("x", "1\n"), (".gitignore", "build/\ninstalled\n.env\n")],
    );
    world.write(".env", "SECRET=1\n");
    for number in ["1\n", "2\n", "3\n"] {
        work(&world, "a", &[("a", number)]);
        let (status, answer) = ask(&world, &["sync", "--yes"]);
        assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    }
    assert_eq!(
        world.read("worktrees/.integration/build/rounds"),
        "x\nx\nx\n"
    );
    assert_eq!(
        world.git(&["status", "--porcelain"]),
        "",
        "the worktrees are excluded"
    );
}

#[test]
fn a_build_of_another_candidate_is_not_taken_for_this_one() {
    // The build of base is the last one after a red round. Were the candidate's pass of `build` reused, `unit` would judge base's.
    let world = project(
        "[integration]\non_failure = \"stop\"\n[track.a]\n\
         [check.build]\nrun = \"mkdir -p build && cp source build/program\"\nwhen = [\"integration\"]\n\
         [check.unit]\nrun = \"grep -q good build/program\"\nneeds = [\"build\"]\nwhen = [\"integration\"]\n",
        &[("source", "good\n"), (".gitignore", "build/\n")],
    );
    work(&world, "a", &[("source", "bad\n")]);
    for round in 1..=2 {
        let (status, answer) = ask(&world, &["sync", "--yes"]);
        assert_eq!(
            (status, &answer["green"]),
            (1, &json!(false)),
            "round {round}: {answer:#}"
        );
        assert_eq!(answer["moved"], false);
    }
}

#[test]
fn a_check_of_tracks_that_are_not_in_the_candidate_does_not_run() {
    let world = project(
        "[track.a]\n[track.b]\n[check.of-b]\nrun = \"false\"\ntracks = [\"b\"]\n",
        &[("x", "1\n")],
    );
    work(&world, "a", &[("a", "1\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["checks"]), (0, &json!([])), "{answer:#}");
}
