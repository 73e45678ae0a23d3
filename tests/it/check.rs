//! The tracks' checks: side by side, with their outcomes, logs and limits, and what of them is known the next time.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::project::{
    Alive, Gate, ask, document, find, finish, project, refs, signal, start, wait_for,
    wait_for_file, work,
};
use crate::world::World;

/// A worktree for each of these tracks, beside the repository.
fn worktrees(world: &World, tracks: &[&str]) {
    for track in tracks {
        let (branch, place) = (format!("track/{track}"), format!("../{track}"));
        world.git(&["worktree", "add", "--quiet", "-b", &branch, &place, "main"]);
    }
}

/// One track `a` in its worktree, and these lines below the head of `[check.unit]`.
fn one(check: &str) -> World {
    let world = project(
        &format!("[track.a]\n[check.unit]\n{check}\n"),
        &[("f", "1\n"), ("docs/d", "1\n")],
    );
    worktrees(&world, &["a"]);
    world
}

fn run(answer: &Value) -> &Value {
    assert_eq!(
        answer["runs"].as_array().map(Vec::len),
        Some(1),
        "{answer:#}"
    );
    &answer["runs"][0]
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

#[test]
fn all_tracks_run_at_the_same_time() {
    let world = project(
        "[run]\njobs = 4\n[track.a]\n[track.b]\n[track.c]\n[track.d]\n[check.unit]\ntimeout = \"20s\"\n\
         run = \"echo >ROOT/tmp/here.$(basename $PWD); while [ $(ls ROOT/tmp/here.* | wc -l) -lt 4 ]; do sleep 0.02; done\"\n",
        &[("f", "1\n")],
    );
    worktrees(&world, &["a", "b", "c", "d"]);
    let (status, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(status, 0, "each waits for all others: {answer:#}");
    assert_eq!(answer["summary"]["passed"], 4);
}

#[test]
fn every_outcome_has_its_name_and_its_exit_status() {
    for (check, outcome, exit_status, status) in [
        ("run = \"true\"", "passed", json!(0), 0),
        ("run = \"exit 7\"", "failed", json!(7), 1),
        ("run = \"kill -9 $$\"", "failed", json!(null), 1),
        (
            "run = \"sleep 60\"\ntimeout = \"1s\"",
            "timed-out",
            json!(null),
            1,
        ),
        (
            "run = \"no-such-program-here\"",
            "could-not-run",
            json!(127),
            3,
        ),
        (
            "run = [\"no-such-program-here\"]",
            "could-not-run",
            json!(null),
            3,
        ),
        (
            "run = \"true\"\ncwd = \"not-there\"",
            "could-not-run",
            json!(null),
            3,
        ),
        (
            "run = \"exit 7\"\nallow_failure = true",
            "failed",
            json!(7),
            0,
        ),
    ] {
        let world = one(check);
        let (ended, answer) = ask(&world, &["check", "--yes"]);
        let run = run(&answer);
        assert_eq!(
            (&run["outcome"], &run["exit_status"]),
            (&json!(outcome), &exit_status),
            "{check}"
        );
        assert_eq!(ended, status, "{check}");
    }
}

#[test]
fn every_key_of_the_contract_is_there() {
    let world = one("run = \"echo one; echo two >&2\"");
    let (_, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(answer["schema"], "tracks/check/v1");
    let run = run(&answer);
    assert_eq!(
        (&run["check"], &run["track"], &run["attempts"]),
        (&json!("unit"), &json!("a"), &json!(1))
    );
    assert_eq!(run["tree"], world.git(&["rev-parse", "track/a^{tree}"]));
    assert_eq!(
        (&run["cached"], &run["flaky"], &run["metrics"]),
        (&json!(false), &json!(false), &json!({}))
    );
    assert!(
        run["seconds"].is_f64() && run["cpu_seconds"].is_f64() && run["peak_memory_bytes"].is_u64(),
        "{run}"
    );
    let log = fs::read_to_string(run["log"].as_str().unwrap()).unwrap();
    assert_eq!(log, "one\ntwo\n");
    assert_eq!(
        answer["summary"],
        json!({ "passed": 1, "failed": 0, "could_not_run": 0, "skipped": 0, "cached": 0, "flaky": 0 })
    );
    for key in [
        "wall_seconds",
        "sequential_seconds",
        "lower_bound_seconds",
        "speedup",
        "efficiency_ratio",
        "overhead_seconds",
    ] {
        assert!(answer[key].is_number(), "{key}");
    }
}

#[test]
fn a_timeout_ends_the_whole_process_group() {
    let world = one(
        "timeout = \"1s\"\nrun = \"(exec 9>ROOT/alive; sleep 60) & exec 9>ROOT/alive; sleep 60\"",
    );
    let mut alive = Alive::new(&world, "alive");
    let (status, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!((status, &run(&answer)["outcome"]), (1, &json!("timed-out")));
    alive.wait_until_gone();
}

#[test]
fn passes_are_reused_on_the_same_tree_and_failures_run_again() {
    let world = one("run = \"echo x >>ROOT/ran; grep -q 1 f\"");
    let (ran, edited) = (world.root().join("ran"), "a/f");
    let cached = |status: i32| {
        let (ended, answer) = ask(&world, &["check", "--yes"]);
        assert_eq!(ended, status, "{answer:#}");
        run(&answer)["cached"] == true
    };
    assert!(!cached(0));
    assert!(cached(0), "the second time");
    assert_eq!(lines(&ran), 1);
    world.write_at(edited, "1 edited\n");
    assert!(!cached(0), "uncommitted work is another tree");
    world.write_at(edited, "1\n");
    assert!(cached(0), "back again");
    world.write_at(edited, "broken\n");
    assert!(!cached(1));
    assert!(!cached(1), "a failure runs again");
    assert_eq!(lines(&ran), 4);
    world.write_at(edited, "1\n");
    let (_, answer) = ask(&world, &["check", "--yes", "--no-cache"]);
    assert_eq!(run(&answer)["cached"], false);
    let (_, answer) = ask(&world, &["status"]);
    assert_eq!(
        answer["tracks"][0]["checks"],
        json!({ "passed": 1, "failed": 0, "unknown": 0 })
    );
}

#[test]
fn inputs_limit_what_invalidates() {
    let world = one("inputs = [\"docs/**\"]\nrun = \"true\"");
    let cached = || run(&ask(&world, &["check", "--yes"]).1)["cached"].clone();
    assert_eq!(cached(), false);
    world.write_at("a/f", "2\n");
    assert_eq!(cached(), true);
    world.write_at("a/docs/d", "2\n");
    assert_eq!(cached(), false);
    world.write_at("a/docs/new", "2\n");
    assert_eq!(cached(), false);
}

#[test]
fn what_a_need_reads_invalidates_too() {
    let world = project(
        "[track.a]\n[check.build]\ninputs = [\"f\"]\nrun = \"true\"\n\
         [check.test]\nneeds = [\"build\"]\ninputs = [\"docs/**\"]\nrun = \"echo test\"\n",
        &[("f", "1\n"), ("docs/d", "1\n"), ("other", "1\n")],
    );
    worktrees(&world, &["a"]);
    let cached = || {
        let (_, answer) = ask(&world, &["check", "--yes"]);
        ["build", "test"].map(|check| find(&answer["runs"], "check", check)["cached"] == true)
    };
    assert_eq!(cached(), [false, false]);
    world.write_at("a/other", "2\n");
    assert_eq!(cached(), [true, true]);
    world.write_at("a/f", "2\n");
    assert_eq!(cached(), [false, false], "the test reads what was built");
}

#[test]
fn a_tree_that_changes_under_a_check_is_not_remembered() {
    let world = one("run = \"echo x >>f\"");
    for _ in 0..2 {
        let (status, answer) = ask(&world, &["check", "--yes"]);
        assert_eq!((status, &run(&answer)["cached"]), (0, &json!(false)));
    }
    fs::remove_file(world.root().join("a/f")).unwrap();
    world.git_in(&world.root().join("a"), &["restore", "f"]);
    let (_, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(
        run(&answer)["cached"],
        false,
        "not of the tree that it began with either"
    );
}

#[test]
fn needs_run_first_and_what_needs_a_failure_is_skipped() {
    let world = project(
        "[run]\njobs = 4\n[track.a]\n\
         [check.test]\nneeds = [\"build\"]\nrun = \"echo test >>ROOT/order\"\n\
         [check.build]\nneeds = [\"fetch\"]\nrun = \"echo build >>ROOT/order; test ! -e broken\"\n\
         [check.fetch]\nrun = \"echo fetch >>ROOT/order\"\n[check.other]\nrun = \"true\"\n",
        &[("f", "1\n")],
    );
    worktrees(&world, &["a"]);
    let order = world.root().join("order");
    let (status, answer) = ask(&world, &["check", "--yes", "--check", "test"]);
    assert_eq!(
        (status, &answer["summary"]["passed"]),
        (0, &json!(3)),
        "{answer:#}"
    );
    assert_eq!(fs::read_to_string(&order).unwrap(), "fetch\nbuild\ntest\n");

    world.write_at("a/broken", "");
    let (status, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(status, 1);
    assert_eq!(find(&answer["runs"], "check", "build")["outcome"], "failed");
    let test = find(&answer["runs"], "check", "test");
    assert_eq!(
        (&test["outcome"], &test["attempts"]),
        (&json!("skipped"), &json!(0))
    );
    assert_eq!(find(&answer["runs"], "check", "other")["outcome"], "passed");
}

#[test]
fn what_a_need_built_for_another_tree_is_built_again() {
    let world = project(
        "[track.a]\n[check.build]\nrun = \"mkdir -p build && cp f build/f\"\n\
         [check.test]\nneeds = [\"build\"]\nrun = \"cmp f build/f && test ! -e ROOT/red\"\n",
        &[("f", "1\n"), (".gitignore", "build/\n")],
    );
    worktrees(&world, &["a"]);
    world.write_at("red", "");
    assert_eq!(
        ask(&world, &["check", "--yes"]).0,
        1,
        "build is known now, test is not"
    );
    world.write_at("a/f", "2\n");
    assert_eq!(ask(&world, &["check", "--yes"]).0, 1);
    world.write_at("a/f", "1\n");
    fs::remove_file(world.root().join("red")).unwrap();
    let (status, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(find(&answer["runs"], "check", "build")["cached"], false);
}

#[test]
fn a_pass_at_a_further_attempt_is_flaky() {
    let world = project(
        "[run]\nretries = 2\n[track.a]\n[check.unit]\nrun = \"echo x >>ROOT/ran; test $(wc -l <ROOT/ran) -ge 3\"\n",
        &[("f", "1\n")],
    );
    worktrees(&world, &["a"]);
    let (status, answer) = ask(&world, &["check", "--yes"]);
    let run = run(&answer);
    assert_eq!(
        (status, &run["outcome"], &run["flaky"], &run["attempts"]),
        (0, &json!("passed"), &json!(true), &json!(3))
    );
    assert_eq!(answer["summary"]["flaky"], 1);
    let (_, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(
        (&answer["runs"][0]["cached"], &answer["runs"][0]["flaky"]),
        (&json!(true), &json!(true))
    );
}

#[test]
fn fail_fast_starts_nothing_more() {
    let world = project(
        "[run]\njobs = 1\n[track.a]\n[check.first]\nrun = \"false\"\n[check.second]\nrun = \"touch ROOT/ran\"\n",
        &[("f", "1\n")],
    );
    worktrees(&world, &["a"]);
    let (status, answer) = ask(&world, &["check", "--yes", "--fail-fast"]);
    assert_eq!(status, 1);
    assert_eq!(
        find(&answer["runs"], "check", "second")["outcome"],
        "cancelled"
    );
    assert!(!world.root().join("ran").exists());
}

#[test]
fn names_that_do_not_exist() {
    let world = one("run = \"true\"");
    for (arguments, hint) in [
        (["check", "--yes", "aa"].as_slice(), "did you mean `a`?"),
        (
            &["check", "--yes", "--check", "unti"],
            "did you mean `unit`?",
        ),
    ] {
        let ran = world.tracks(arguments);
        assert_eq!(ran.status, 2, "{}", ran.shown());
        assert!(ran.stderr.contains(hint), "{}", ran.stderr);
    }
}

#[test]
fn nothing_runs_before_it_is_approved() {
    let world = one("run = \"touch ROOT/ran\"");
    let (status, answer) = ask(&world, &["check"]);
    assert_eq!(
        (status, &run(&answer)["outcome"]),
        (3, &json!("could-not-run"))
    );
    assert!(
        run(&answer)["note"]
            .as_str()
            .unwrap()
            .contains("tracks trust"),
        "{answer:#}"
    );
    assert!(!world.root().join("ran").exists());
    let trusted = world.tracks(&["trust", "--yes"]);
    assert_eq!(trusted.status, 0, "{}", trusted.shown());
    assert_eq!(ask(&world, &["check"]).0, 0);
    assert!(world.root().join("ran").exists());
}

#[test]
fn asking_a_tool_for_its_version_runs_nothing_of_the_repository() {
    let world = one("run = \"true\"\ntools = [\"./a/tool\", \"sh\"]");
    world.write_program("a/tool", "#!/bin/sh\ntouch \"$HOME/ran\"\n");
    world.write_program("repo/a/tool", "#!/bin/sh\ntouch \"$HOME/ran\"\n");
    ask(&world, &["status"]);
    ask(&world, &["check"]);
    assert!(!world.root().join("home/ran").exists());
}

#[test]
fn an_interrupt_ends_the_children_and_says_130() {
    let world = one("run = \"(exec 9>ROOT/alive; echo >ROOT/here; sleep 60) & wait\"");
    let mut alive = Alive::new(&world, "alive");
    let check = start(&world, &["check", "--yes", "--format", "json"]);
    wait_for_file(&world.root().join("here"));
    signal(&world, &check, "INT");
    let ran = finish(&world, check);
    assert_eq!(
        (ran.status, &document(&ran)["runs"][0]["outcome"]),
        (130, &json!("cancelled"))
    );
    alive.wait_until_gone();
}

#[test]
fn the_limit_of_jobs_holds_over_all_processes() {
    let world = project(
        "[run]\njobs = 1\n[track.a]\n[track.b]\n[check.unit]\ntimeout = \"20s\"\n\
         run = \"mkdir ROOT/busy && echo >ROOT/here.$(basename $PWD) && read go <ROOT/gate && rmdir ROOT/busy\"\n",
        &[("f", "1\n")],
    );
    worktrees(&world, &["a", "b"]);
    let gate = Gate::new(&world, "gate");
    let first = start(&world, &["check", "a", "--yes"]);
    wait_for_file(&world.root().join("here.a"));
    let second = start(&world, &["check", "b", "--yes"]);
    let logs = world.repo().join(".git/tracks/logs");
    wait_for("the second process", || {
        (fs::read_dir(&logs).ok()?.count() == 2).then_some(())
    });
    gate.open();
    wait_for_file(&world.root().join("here.b"));
    gate.open();
    for child in [first, second] {
        let ran = finish(&world, child);
        assert_eq!(ran.status, 0, "the two never overlapped: {}", ran.shown());
    }
}

#[test]
fn tips_are_checked_in_probe_worktrees_and_dirty_work_is_left_out() {
    let world = project(
        "[track.a]\n[track.b]\n[check.unit]\nrun = \"pwd >>ROOT/places; ! test -e dirty\"\n",
        &[("f", "1\n")],
    );
    worktrees(&world, &["a"]);
    world.write_at("a/dirty", "1\n");
    work(&world, "b", &[("b", "1\n")]);
    let before = refs(&world);
    let (status, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(
        (status, &find(&answer["runs"], "track", "b")["outcome"]),
        (1, &json!("passed"))
    );
    let places = || {
        let text = fs::read_to_string(world.root().join("places")).unwrap();
        fs::remove_file(world.root().join("places")).unwrap();
        let mut places: Vec<String> = text
            .lines()
            .map(|line| line.rsplit('/').next().unwrap().to_owned())
            .collect();
        places.sort();
        places
    };
    assert_eq!(places(), [".probe-0", "a"], "b has no worktree");
    let (status, answer) = ask(&world, &["check", "--yes", "--committed"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(find(&answer["runs"], "track", "b")["cached"], true);
    assert_eq!(places(), [".probe-0"]);
    assert_eq!(
        find(&answer["runs"], "track", "a")["tree"],
        world.git(&["rev-parse", "track/a^{tree}"])
    );
    assert_eq!(refs(&world), before);
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}

#[test]
fn children_inherit_little_and_get_what_is_set() {
    let world = project(
        "[run]\nenv = { CI = \"1\", LANG = \"xx\" }\n[track.a]\n[check.unit]\nrun = \"env >ROOT/env\"\n",
        &[("f", "1\n")],
    );
    worktrees(&world, &["a"]);
    let output = world
        .command(&world.repo(), env!("CARGO_BIN_EXE_tracks"))
        .args(["check", "--yes"])
        .env("SECRET_TOKEN", "x")
        .env("GIT_DIR", world.repo().join(".git"))
        .env("TRACKS_YES", "1")
        .env("CARGO_HOME", "/cargo")
        .env("https_proxy", "http://proxy")
        .env("LANG", "de")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = fs::read_to_string(world.root().join("env")).unwrap();
    let mut names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    // What the shell itself adds.
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
    assert_eq!(
        names,
        [
            "CARGO_HOME",
            "CI",
            "HOME",
            "LANG",
            "LC_ALL",
            "PATH",
            "TERM",
            "TMPDIR",
            "TZ",
            "XDG_CACHE_HOME",
            "XDG_CONFIG_HOME",
            "XDG_STATE_HOME",
            "https_proxy",
        ]
    );
    assert!(text.lines().any(|line| line == "LANG=xx"), "{text}");
}
