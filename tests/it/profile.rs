//! Profiles: chosen by hand or by what the tracks change, and what they make of checks and rounds.

use std::fs;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::project::{ask, document, find, project, work};
use crate::world::World;

const CONFIG: &str = "
[track.a]
[track.b]
[check.unit]
run = 'echo plain'
[contract.api]
paths = ['api/**']
[profile.quick]
[profile.quick.check.unit]
run = 'echo quick'
[profile.large]
when = 'files > 2 or lines > 5'
[profile.large.check.unit]
run = 'echo large'
[profile.contract]
when = 'contracts >= 1 and not files > 5'
[profile.contract.check.unit]
run = 'echo contract'
";

/// The tracks `a` and `b` with one commit each.
fn world(a: &[(&str, &str)], b: &[(&str, &str)]) -> World {
    let world = project(CONFIG, &[("f", "1\n")]);
    work(&world, "a", a);
    work(&world, "b", b);
    world
}

/// The profile of the answer, and what the check of a track printed.
fn profile_and_output(answer: &Value, track: &str) -> (Value, String) {
    let run = find(&answer["runs"], "track", track);
    let log = fs::read_to_string(run["log"].as_str().expect("a log")).expect("the log");
    (answer["profile"].clone(), log)
}

#[test]
fn without_a_reason_there_is_none() {
    let world = world(&[("x", "1\n")], &[("y", "1\n")]);
    let ran = world.tracks(&["check", "--yes", "--format", "json"]);
    let answer = document(&ran);
    let expected = (Value::Null, "plain\n".to_owned());
    assert_eq!(profile_and_output(&answer, "a"), expected);
    assert_eq!(ran.stderr, "");
}

#[test]
fn by_hand_wins_over_conditions() {
    let world = world(&[("x", "1\n2\n3\n4\n5\n6\n")], &[("y", "1\n")]);
    let (status, answer) = ask(&world, &["check", "--yes", "--profile", "quick"]);
    let expected = json!({ "name": "quick", "reason": "--profile" });
    assert_eq!(status, 0);
    assert_eq!(
        profile_and_output(&answer, "a"),
        (expected, "quick\n".to_owned())
    );
}

#[test]
fn by_what_the_tracks_change_together() {
    // Two tracks with two files each, of which one is the same.
    let world = world(&[("x", "1\n"), ("y", "1\n")], &[("x", "2\n"), ("z", "1\n")]);
    let ran = world.tracks(&["check", "--yes", "--format", "json"]);
    let answer = document(&ran);
    let expected = json!({ "name": "large", "reason": "files 3 > 2" });
    assert_eq!(
        profile_and_output(&answer, "b"),
        (expected, "large\n".to_owned())
    );
    assert_eq!(ran.stderr, "note: profile large: files 3 > 2\n");

    let (_, answer) = ask(&world, &["check", "--yes", "a"]);
    assert_eq!(
        profile_and_output(&answer, "a"),
        (Value::Null, "plain\n".to_owned()),
        "only the tracks that are asked for count"
    );
}

#[test]
fn uncommitted_work_counts_where_it_is_checked() {
    let world = world(&[("x", "1\n")], &[("y", "1\n")]);
    world.git(&["worktree", "add", "--quiet", "../a", "track/a"]);
    world.write_at("a/api/new", "1\n");
    let reason = |arguments: &[&str]| {
        let (status, answer) = ask(&world, &[&["check", "--yes", "a"], arguments].concat());
        assert_eq!(status, 0, "{answer:#}");
        answer["profile"]["reason"].clone()
    };
    assert_eq!(reason(&[]), "contracts 1 >= 1 and files 2 <= 5");
    assert_eq!(reason(&["--committed"]), Value::Null);
    world.write_at("a/api/more", "1\n");
    assert_eq!(reason(&[]), "files 3 > 2", "the first that holds");
}

#[test]
fn since_the_track_left_base() {
    let world = world(&[("x", "1\n")], &[("y", "1\n")]);
    world.commit(
        "main",
        &[("api/1", "1\n"), ("m", "1\n2\n3\n4\n5\n6\n7\n")],
        "Meanwhile",
    );
    let (_, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(answer["profile"], Value::Null);
}

#[test]
fn an_unknown_profile_is_a_mistake() {
    let world = world(&[("x", "1\n")], &[("y", "1\n")]);
    for arguments in [
        &["check", "--profile", "larg"][..],
        &["sync", "--dry-run", "--profile", "larg"],
        &["conflicts", "--check", "unit", "--profile", "larg"],
    ] {
        let ran = world.tracks(arguments);
        let expected = "error: there is no profile `larg`\nhint: did you mean `large`?\n";
        assert_eq!((ran.status, ran.stderr.as_str()), (2, expected));
        assert_eq!(ran.stdout, "");
    }
    let none = project("[track.a]\n", &[("f", "1\n")]);
    assert_snapshot!(none.tracks(&["check", "--profile", "x"]).shown(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no profile `x`
    hint: there are no profiles in tracks.toml
    ");
}

#[test]
fn how_checks_run_is_overridden_too() {
    let world = project(
        "
[run]
jobs = 2
[track.a]
[track.b]
[check.twice]
run = 'test -e ROOT/tmp/second.$(basename $PWD) || { touch ROOT/tmp/second.$(basename $PWD); exit 1; }'
[check.long]
run = 'sleep 60'
[profile.patient]
retries = 1
backoff = '0s'
timeout = '1s'
[profile.single]
jobs = 1
[profile.single.check.long]
run = '! ls ROOT/tmp/here.* 2>/dev/null && touch ROOT/tmp/here.$(basename $PWD) && sleep 0.1 && rm ROOT/tmp/here.$(basename $PWD)'
",
        &[("f", "1\n")],
    );
    for track in ["a", "b"] {
        let (branch, place) = (format!("track/{track}"), format!("../{track}"));
        world.git(&["worktree", "add", "--quiet", "-b", &branch, &place, "main"]);
    }
    let check = |profile: &str, check: &str| {
        let arguments = ["check", "--yes", "--profile", profile, "--check", check];
        let (_, answer) = ask(&world, &arguments);
        let run = find(&answer["runs"], "track", "a");
        (run["outcome"].clone(), run["attempts"].clone())
    };
    assert_eq!(check("patient", "twice"), (json!("passed"), json!(2)));
    assert_eq!(check("patient", "long"), (json!("timed-out"), json!(2)));
    assert_eq!(
        check("single", "long"),
        (json!("passed"), json!(1)),
        "one job, so that neither meets the other"
    );
}

#[test]
fn a_round_is_run_with_it() {
    let world = world(&[("x", "1\n")], &[("y", "1\n"), ("z", "1\n")]);
    let ran = world.tracks(&["sync", "--yes", "--format", "json"]);
    let answer = document(&ran);
    assert_eq!(
        answer["profile"],
        json!({ "name": "large", "reason": "files 3 > 2" })
    );
    assert_eq!(ran.stderr, "note: profile large: files 3 > 2\n");
    let log = answer["checks"][0]["log"].as_str().unwrap();
    assert_eq!(fs::read_to_string(log).unwrap(), "large\n");

    let (_, answer) = ask(&world, &["sync", "--dry-run", "--without", "b"]);
    assert_eq!(answer["profile"], Value::Null);
    let arguments = ["sync", "--no-checks", "--profile", "quick"];
    assert_eq!(ask(&world, &arguments).1["profile"]["name"], "quick");
}

#[test]
fn pairs_are_judged_with_it() {
    let world = project(
        "[track.a]\n[track.b]\n[check.unit]\nrun = 'true'\n\
         [profile.strict.check.unit]\nrun = '! test -e x -a -e y'\n",
        &[("f", "1\n")],
    );
    work(&world, "a", &[("x", "1\n")]);
    work(&world, "b", &[("y", "1\n")]);
    let judge = |arguments: &[&str]| {
        let judge = ["conflicts", "--check", "unit", "--yes"];
        world.tracks(&[&judge, arguments].concat())
    };
    assert_eq!(judge(&[]).status, 0);
    let ran = judge(&["--profile", "strict"]);
    assert_eq!(ran.status, 1, "{}", ran.shown());
    let note = "note: profile strict: --profile\n";
    assert!(ran.stderr.starts_with(note), "{}", ran.stderr);
    assert!(ran.stderr.contains("failed a+b unit"), "{}", ran.stderr);
}

#[test]
fn the_copy_on_base_counts() {
    let world = world(&[("x", "1\n")], &[("y", "1\n")]);
    let edited = CONFIG
        .replace("echo quick", "echo mine")
        .replace("lines > 5", "lines > 0");
    world.write("tracks.toml", &edited);
    let (_, answer) = ask(&world, &["check", "--yes"]);
    assert_eq!(answer["profile"], Value::Null);
    let ran = world.tracks(&["check", "--yes", "--profile", "quick", "--format", "json"]);
    assert_eq!(profile_and_output(&document(&ran), "a").1, "quick\n");
    assert_snapshot!(ran.stderr, @r"
    note: tracks.toml differs from the one on main, which counts for [profile.quick], [profile.large]
    note: profile quick: --profile
    ");
}

#[test]
fn its_commands_are_asked_for_too() {
    let world = world(&[("x", "1\n")], &[("y", "1\n")]);
    let places = || {
        let (_, answer) = ask(&world, &["trust", "--list"]);
        let commands = answer["commands"].as_array().unwrap().clone();
        commands
            .iter()
            .map(|command| command["place"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        places(),
        [
            "[check.unit] run",
            "[profile.quick.check.unit] run",
            "[profile.large.check.unit] run",
            "[profile.contract.check.unit] run",
        ]
    );
    let (status, answer) = ask(&world, &["check", "--profile", "quick", "a"]);
    let outcome = &answer["runs"][0]["outcome"];
    assert_eq!(
        (status, outcome),
        (3, &json!("could-not-run")),
        "{answer:#}"
    );
    assert_eq!(ask(&world, &["trust", "--yes"]).0, 0);
    let (status, answer) = ask(&world, &["check", "--profile", "quick", "a"]);
    assert_eq!(status, 0, "{answer:#}");
}
