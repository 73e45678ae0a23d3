//! `tracks check --logs`: the log of a check on a track, as it is, and which ones there are.

use std::fs;
use std::process::Stdio;

use crate::project::{ask, project, texts};
use crate::world::World;

fn world() -> World {
    let world = project(
        "[track.a]\n[track.b.c]\n[check.unit]\nrun = \"cat out; exit 3\"\nallow_failure = true\n\
         [check.lint]\nrun = \"echo lint\"\n[check.\"d.e\"]\nrun = \"echo d.e\"\n[check.never]\nrun = \"true\"\ntracks = [\"b.c\"]\n"
            .replace("[track.b.c]", "[track.\"b.c\"]")
            .as_str(),
        &[("out", "first\n")],
    );
    for track in ["a", "b.c"] {
        let (branch, place) = (format!("track/{track}"), format!("../{track}"));
        world.git(&["worktree", "add", "--quiet", "-b", &branch, &place, "main"]);
    }
    world
}

#[test]
fn the_newest_log_is_printed_byte_for_byte() {
    let world = world();
    ask(&world, &["check", "--yes"]);
    assert_eq!(
        world.tracks(&["check", "--logs", "a/unit"]).stdout,
        "first\n"
    );
    // No text, with colours, and no line end.
    let bytes = b"\x1b[31mred\x1b[0m \xff\r\n\0end";
    fs::File::create(world.root().join("a/out"))
        .and_then(|mut file| std::io::Write::write_all(&mut file, bytes))
        .unwrap();
    ask(&world, &["check", "--yes"]);
    let mut command = world.command(&world.repo(), env!("CARGO_BIN_EXE_tracks"));
    let output = command
        .args(["check", "--logs", "a/unit"])
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(0), &bytes[..])
    );
    assert!(output.stderr.is_empty());
    assert_eq!(
        world.tracks(&["check", "--logs", "b.c/d.e"]).stdout,
        "d.e\n"
    );
}

#[test]
fn all_that_are_kept_are_listed_newest_first() {
    let world = world();
    insta::assert_snapshot!(world.tracks(&["check", "--logs"]).shown(), @r"
    exit: 0
    --- stdout
    no log is kept yet
    --- stderr
    ");
    ask(&world, &["check", "a", "--yes", "--check", "lint"]);
    ask(&world, &["check", "a", "--yes", "--check", "unit"]);
    // A run that was killed, and what is no check's.
    let logs = world.repo().join(".git/tracks/logs");
    let newest = fs::read_dir(&logs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .max()
        .unwrap();
    for name in ["integration@d.e.log", "a@.setup.log", "b.c@unit.log"] {
        fs::File::create(newest.join(name)).unwrap();
    }
    let (status, answer) = ask(&world, &["check", "--logs"]);
    assert_eq!(
        (status, &answer["schema"]),
        (0, &"tracks/check-logs/v1".into())
    );
    let list = &answer["logs"];
    let mut told: Vec<(String, String, String)> = texts(list, "track")
        .into_iter()
        .zip(texts(list, "check"))
        .zip(texts(list, "outcome"))
        .map(|((track, check), outcome)| (track, check, outcome))
        .collect();
    // The files of the killed run may be of the same instant.
    told[..2].sort();
    let told: Vec<String> = told
        .iter()
        .map(|(a, b, c)| format!("{a} {b} {c}"))
        .collect();
    assert_eq!(
        told,
        [
            "b.c unit ",
            "integration d.e ",
            "a unit failed",
            "a lint passed"
        ]
    );
    assert!(list[0]["outcome"].is_null());
    for log in list.as_array().unwrap() {
        assert!(fs::exists(log["log"].as_str().unwrap()).unwrap(), "{log}");
        assert!(
            log["age_seconds"].is_u64() && log["time"].is_string(),
            "{log}"
        );
    }
    let (_, one) = ask(&world, &["check", "--logs", "a/lint"]);
    assert_eq!(texts(&one["logs"], "check"), ["lint"]);
}

#[test]
fn what_is_not_kept_or_not_known_is_said() {
    let world = world();
    insta::assert_snapshot!(world.tracks(&["check", "--logs", "a/unit"]).shown(), @r"
    exit: 3
    --- stdout
    --- stderr
    error: no log of unit on a is kept
    hint: no log is kept yet: checks write them when they run
    ");
    ask(&world, &["check", "--yes"]);
    for (text, status) in [
        ("b.c/never", 0),
        ("a/never", 3),
        ("base/unit", 3),
        ("integration/unit", 3),
        ("a+b.c/unit", 3),
        ("aa/unit", 2),
        ("a/unti", 2),
        ("a+x/unit", 2),
        ("unit", 2),
        ("/unit", 2),
        ("a/", 2),
    ] {
        let ran = world.tracks(&["check", "--logs", text]);
        assert_eq!(ran.status, status, "{text}: {}", ran.shown());
        assert_eq!(status == 0, ran.stderr.is_empty(), "{text}");
    }
    insta::assert_snapshot!(world.tracks(&["check", "--logs", "a/never"]).shown(), @r"
    exit: 3
    --- stdout
    --- stderr
    error: no log of never on a is kept
    hint: the logs are: a/d.e, a/lint, a/unit, b.c/d.e, b.c/lint, b.c/never, b.c/unit
    ");
    insta::assert_snapshot!(world.tracks(&["check", "--logs", "a/unti"]).shown(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no check `unti`
    hint: did you mean `unit`?
    hint: the checks are: unit, lint, d.e, never
    ");
    insta::assert_snapshot!(world.tracks(&["check", "--logs", "integraton/unit"]).shown(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no track `integraton`
    hint: did you mean `integration`?
    ");
    insta::assert_snapshot!(world.tracks(&["check", "--logs", "unit"]).shown(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: `unit` names no log
    hint: write the track and the check, like `api/unit`, or leave it out to see which logs are kept
    ");
}

#[test]
fn it_runs_nothing_and_goes_with_no_option_that_would() {
    let world = world();
    for option in [
        "--yes",
        "--affected",
        "--no-cache",
        "--why",
        "--committed",
        "--fail-fast",
    ] {
        let ran = world.tracks(&["check", option, "--logs"]);
        assert_eq!(ran.status, 2, "{option}");
    }
    assert_eq!(world.tracks(&["check", "a", "--logs"]).status, 2);
    let ran = world.tracks(&["check", "--logs", "--format", "junit"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
}
