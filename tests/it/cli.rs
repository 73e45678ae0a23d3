//! The command line itself: help, mistakes, what machines and pipes get, and colour.

use std::process::Stdio;

use insta::assert_snapshot;
use serde_json::Value;

use crate::oddities::TWO_TRACKS;
use crate::world::World;

const TOOL: &str = env!("CARGO_BIN_EXE_tracks");

#[test]
fn what_is_no_mistake_goes_to_stdout() {
    let world = World::new();
    for (arguments, begins) in [
        (&["--version"][..], "tracks 0."),
        (&["--help"], "Keeps N parallel workstreams"),
        (&["help", "sync"], "Merge the tracks that fit"),
        (&["sync", "-h"], "Merge the tracks that fit"),
        (&["schema"], "{"),
        (&["reference", "keys"], ""),
        (&["reference", "commands"], ""),
        (&["completions", "bash"], "_tracks()"),
        (&["completions", "zsh"], "#compdef tracks"),
        (&["completions", "fish"], ""),
    ] {
        // Outside a repository too.
        let ran = world.tracks_in(world.root(), arguments);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(ran.stdout.len() > 10, "{arguments:?}");
        assert!(
            ran.stdout.starts_with(begins),
            "{arguments:?} {}",
            ran.stdout
        );
    }
    let schema = world.tracks(&["schema"]).stdout;
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    assert!(schema["properties"]["track"].is_object());
    for page in ["keys", "commands"] {
        let text = world.tracks(&["reference", page]).stdout;
        assert!(
            text.lines()
                .any(|line| line.starts_with("| ") || line.starts_with('#'))
        );
    }
}

#[test]
fn mistakes_go_to_stderr() {
    let world = World::of(TWO_TRACKS);
    for (arguments, contains) in [
        (&[][..], "Usage: tracks"),
        (&["nonsense"], "unrecognized subcommand 'nonsense'"),
        (&["stauts"], "'status'"),
        (&["status", "--formt", "json"], "'--format'"),
        (
            &["status", "--format", "yaml"],
            "[possible values: text, json]",
        ),
        (
            &["status", "--format", "json-lines"],
            "[possible values: text, json]",
        ),
        (&["path"], "<TRACK>"),
        (&["path", "c"], "the tracks are: a, b"),
        (&["validate", "aa"], "`aa`"),
        (&["init", "c"], "there is no track `c`"),
        (&["sync", "--only", "c"], "there is no track `c`"),
        (&["sync", "--push", "--dry-run"], "cannot be used with"),
        (&["check", "--check", "c"], "c"),
        (&["init", "--template", "smal"], "did you mean `small`?"),
        (&["conflicts", "a"], "needs a second track"),
        (&["conflicts", "a", "a"], "cannot conflict with itself"),
        (&["completions", "tcl"], "[possible values: bash"),
    ] {
        let ran = world.tracks(arguments);
        assert_eq!(
            (ran.status, ran.stdout.as_str()),
            (2, ""),
            "{arguments:?} {}",
            ran.shown()
        );
        assert!(
            ran.stderr.contains(contains),
            "{arguments:?} {}",
            ran.stderr
        );
    }
    assert_snapshot!(world.tracks(&["nonsense"]).stderr, @r"
    error: unrecognized subcommand 'nonsense'

    Usage: tracks [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
}

/// A machine gets nothing on stdout, an exit status, and a sentence on stderr.
#[test]
fn an_error_leaves_stdout_empty_in_every_format() {
    let world = World::new();
    for format in ["text", "json", "json-lines"] {
        for verb in ["init", "check", "sync"] {
            let ran = world.tracks(&[verb, "--format", format]);
            assert_eq!(
                (ran.status, ran.stdout.as_str()),
                (3, ""),
                "{verb} {format}"
            );
            assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
        }
    }
}

#[test]
fn json_is_one_document_even_beside_warnings() {
    let world = World::of(TWO_TRACKS);
    world.write(
        "tracks.toml",
        "[track.a]\nreviewers = 'x'\n[track.c]\n[check.c]\nrun = 'true'\n",
    );
    for (verb, key) in [
        ("init", "created"),
        ("status", "tracks"),
        ("conflicts", "pairs"),
        ("check", "runs"),
        ("trust", "commands"),
        ("log", "operations"),
    ] {
        let ran = world.tracks(&[verb, "--format", "json"]);
        let document: Value = serde_json::from_str(&ran.stdout).expect("one document");
        assert_eq!(document["schema"], format!("tracks/{verb}/v1"));
        assert_eq!(document["ok"], ran.status == 0, "{}", ran.shown());
        assert!(!document[key].is_null(), "{}", ran.shown());
    }
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let world = World::of(TWO_TRACKS);
    for arguments in [
        &["schema"][..],
        &["--help"],
        &["completions", "bash"],
        &["status"],
        &["conflicts", "--format", "json"],
        &["sync", "--format", "json-lines"],
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = world.command(&world.repo(), TOOL);
        let child = command
            .args(arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn();
        let output = child.and_then(std::process::Child::wait_with_output);
        let ran = world.ran(&output.expect("the tool ends"));
        assert_eq!(ran.status, 0, "{arguments:?} {}", ran.shown());
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
    // The round was carried out all the same.
    world.git(&["rev-parse", "--verify", "integration"]);
}

#[test]
fn colour_only_where_it_is_asked_for() {
    let world = World::of(TWO_TRACKS);
    for (variables, coloured) in [
        (&[][..], false),
        (&[("CLICOLOR_FORCE", "1")], true),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        (&[("CLICOLOR", "1")], false),
    ] {
        for arguments in [&["status"][..], &["path", "nowhere"]] {
            let mut command = world.command(&world.repo(), TOOL);
            let output = command
                .args(arguments)
                .envs(variables.iter().copied())
                .output();
            let ran = world.ran(&output.expect("the tool starts"));
            let all = format!("{}{}", ran.stdout, ran.stderr);
            assert_eq!(all.contains('\u{1b}'), coloured, "{variables:?} {all:?}");
        }
        let mut command = world.command(&world.repo(), TOOL);
        let json = command
            .args(["status", "--format", "json"])
            .envs(variables.iter().copied())
            .output()
            .expect("the tool starts");
        assert!(!json.stdout.contains(&0x1b), "{variables:?}");
    }
}
