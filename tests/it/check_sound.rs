//! Passes that must not be kept, and outcomes that must not be mistaken for others.

use serde_json::Value;

use crate::project::{Gate, ask, document, find, finish, project, start, wait_for_file, work};
use crate::world::World;

/// A worktree for track `a`, and these lines of tracks.toml below it.
fn one(config: &str) -> World {
    let world = project(&format!("[track.a]\n{config}\n"), &[("f", "1\n")]);
    work(&world, "a", &[("a", "1\n")]);
    world
}

fn with_worktree(config: &str) -> World {
    let world = one(config);
    world.git(&["worktree", "add", "--quiet", "../a", "track/a"]);
    world
}

fn note(run: &Value) -> &str {
    run["note"].as_str().unwrap_or_default()
}

#[test]
fn a_worktree_that_is_switched_away_meanwhile() {
    let world = with_worktree(
        "[check.unit]\nrun = \"test -e ROOT/again || { echo >ROOT/here; read go <ROOT/gate; }\"",
    );
    let gate = Gate::new(&world, "gate");
    let check = start(&world, &["check", "--yes", "--format", "json"]);
    wait_for_file(&world.root().join("here"));
    let tree = world.root().join("a");
    world.git_in(&tree, &["switch", "--quiet", "--detach", "main"]);
    gate.open();
    let ran = finish(&world, check);
    let answer = document(&ran);
    assert_eq!(answer["runs"][0]["outcome"], "passed", "{answer:#}");
    assert!(
        note(&answer["runs"][0]).contains("changed meanwhile"),
        "{answer:#}"
    );
    world.git_in(&tree, &["switch", "--quiet", "track/a"]);
    world.write_at("again", "");
    let (_, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(answer["runs"][0]["cached"], false, "{answer:#}");
}

#[test]
fn a_check_that_commits_in_a_worktree_of_ours() {
    let commit = "git -c user.name=x -c user.email=x commit --quiet --all --message x";
    let world = one(&format!(
        "[check.unit]\nrun = \"test -e ROOT/again || {{ echo more >>f; {commit}; }}\""
    ));
    let (status, answer) = ask(&world, &["check", "--committed", "--yes"]);
    assert_eq!(status, 0, "{answer:#}");
    assert!(
        note(&answer["runs"][0]).contains("led elsewhere"),
        "{answer:#}"
    );
    world.write_at("again", "");
    let (status, answer) = ask(&world, &["check", "--committed", "--yes"]);
    assert_eq!(
        (status, &answer["runs"][0]["cached"]),
        (0, &Value::Bool(false)),
        "{answer:#}"
    );
}

#[test]
fn failing_fast_does_not_wait_for_a_further_attempt() {
    let world = one("[run]\njobs = 2\nfail_fast = true\nbackoff = \"1h\"\n\
         [check.slow]\nretries = 1\nrun = \"echo >ROOT/failed; exit 1\"\n\
         [check.unit]\nrun = \"while ! test -e ROOT/failed; do sleep 0.02; done; sleep 0.3; exit 1\"");
    let (status, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(
        (status, &answer["summary"]["failed"]),
        (1, &2.into()),
        "{answer:#}"
    );
}

#[test]
fn what_counts_as_failed_for_being_flaky_stops_what_needs_it() {
    let world = one(
        "[run]\nbackoff = \"0s\"\n[check.build]\nretries = 3\nflaky = \"fail\"\nrun = \"test $TRACKS_ATTEMPT = 2\"\n\
         [check.unit]\nneeds = [\"build\"]\nrun = \"touch ROOT/unit\"",
    );
    let (status, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(status, 1);
    let build = find(&answer["runs"], "check", "build");
    assert_eq!(
        (&build["outcome"], &build["attempts"]),
        (&"failed".into(), &2.into()),
        "{answer:#}"
    );
    assert_eq!(build["flaky"], true);
    assert_eq!(find(&answer["runs"], "check", "unit")["outcome"], "skipped");
    assert!(!world.root().join("unit").exists());
}

#[test]
fn a_service_stays_for_the_last_who_needs_it() {
    // Track `b` has no branch: its check is over before anything has begun.
    let world = one("[track.b]\n[service.db]\nper = \"repository\"\n\
         start = \"echo >ROOT/up; trap 'rm ROOT/up; exit' TERM; while :; do sleep 0.05; done\"\n\
         ready = \"test -e ROOT/up\"\n\
         [check.unit]\nservices = [\"db\"]\nrun = \"sleep 0.3; test -e ROOT/up\"");
    let (status, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(
        find(&answer["runs"], "track", "a")["outcome"],
        "passed",
        "{answer:#}"
    );
    assert_eq!(
        find(&answer["runs"], "track", "b")["outcome"],
        "could-not-run"
    );
    assert_eq!(status, 3);
    assert!(
        !world.root().join("up").exists(),
        "it is stopped in the end"
    );
}

#[test]
fn a_red_build_skips_what_needs_it_and_a_service() {
    let world = one(
        "[service.db]\nstart = \"touch ROOT/started; exec sleep 600\"\n\
         [check.build]\nrun = \"exit 1\"\n\
         [check.unit]\nneeds = [\"build\"]\nservices = [\"db\"]\nrun = \"true\"",
    );
    let (status, answer) = ask(&world, &["check", "--yes"]);
    let unit = find(&answer["runs"], "check", "unit");
    assert_eq!(
        (status, &unit["outcome"]),
        (1, &"skipped".into()),
        "{answer:#}"
    );
    assert!(note(unit).starts_with("build"), "{answer:#}");
    assert!(!world.root().join("started").exists(), "nobody needed it");
}

#[test]
fn setup_that_changes_what_is_judged_is_not_remembered_as_done() {
    let world = one("[layout]\nsetup = \"echo more >>f\"\n[check.unit]\nrun = \"true\"");
    for _ in 0..2 {
        let (status, answer) = ask(&world, &["check", "--committed", "--yes"]);
        assert_eq!(status, 3, "{answer:#}");
        assert!(
            note(&answer["runs"][0]).starts_with("setup changes tracked files"),
            "{answer:#}"
        );
    }
}

#[test]
fn each_check_of_a_candidate_judges_what_was_merged() {
    let world = project(
        "[run]\njobs = 2\n[track.a]\n[check.writer]\nrun = \"echo built >>f; echo left >left\"\n\
         [check.reader]\nneeds = [\"writer\"]\nrun = \"test -e left && ! grep built f\"\n",
        &[("f", "1\n")],
    );
    work(&world, "a", &[("a", "1\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(
        (status, &answer["moved"]),
        (0, &Value::Bool(true)),
        "{answer:#}"
    );
    let writer = find(&answer["checks"], "check", "writer");
    assert!(
        note(writer).starts_with("it changed tracked files: f"),
        "{answer:#}"
    );
    assert_eq!(
        find(&answer["checks"], "check", "reader")["note"],
        Value::Null
    );
}

#[test]
fn where_a_check_leads_a_worktree_of_ours_away_the_others_could_not_run() {
    let world = one(
        "[check.mover]\nrun = \"git switch --quiet --create mine\"\n\
         [check.unit]\nneeds = [\"mover\"]\nrun = \"touch ROOT/unit\"",
    );
    let (status, answer) = ask(&world, &["check", "--committed", "--yes"]);
    assert_eq!(status, 3, "{answer:#}");
    let unit = find(&answer["runs"], "check", "unit");
    assert_eq!(unit["outcome"], "could-not-run");
    assert!(
        note(unit).contains("led its worktree elsewhere"),
        "{answer:#}"
    );
    assert!(!world.root().join("unit").exists());
    assert_eq!(
        world.git(&["rev-parse", "mine"]),
        world.git(&["rev-parse", "track/a"]),
        "a branch is not moved"
    );
}

#[test]
fn what_setup_reads_is_part_of_what_a_pass_is_known_by() {
    let world = one(
        "[layout]\nsetup = \"cp deps.lock .deps\"\nsetup_inputs = \"deps.lock\"\n\
         [check.unit]\ninputs = \"a\"\nrun = \"grep good .deps\"",
    );
    work(
        &world,
        "a",
        &[("deps.lock", "good\n"), (".gitignore", ".deps\n")],
    );
    let check = ["check", "--committed", "--yes"];
    assert_eq!(ask(&world, &check).0, 0);
    work(&world, "a", &[("other", "1\n")]);
    let (_, answer) = ask(&world, &check);
    assert_eq!(answer["runs"][0]["cached"], true, "{answer:#}");
    work(&world, "a", &[("deps.lock", "bad\n")]);
    let (status, answer) = ask(&world, &check);
    assert_eq!(
        (status, &answer["runs"][0]["outcome"]),
        (1, &"failed".into()),
        "{answer:#}"
    );
}
