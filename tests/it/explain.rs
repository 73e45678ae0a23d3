//! What a rule means, from the command line.

use serde_json::json;

use crate::project::{ask, find, project};
use crate::world::World;

#[test]
fn one_rule_is_told_in_full() {
    let world = World::new();
    let ran = world.tracks(&["explain", "nam01"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let mut lines = ran.stdout.lines();
    assert_eq!(
        lines.next(),
        Some("NAM01: a track's work is on the track's branch")
    );
    assert_eq!(lines.next(), Some("severity error"));
    for part in ["    tracks.toml has `[track.ui]`", "Rename the branch"] {
        assert!(ran.stdout.contains(part), "{}", ran.stdout);
    }
}

#[test]
fn all_rules_have_the_severity_that_they_have_here() {
    let world = project("[track.a]\n[severity]\nNAM01 = \"info\"\n", &[]);
    let (status, answer) = ask(&world, &["explain"]);
    assert_eq!(status, 0);
    let rule = find(&answer["rules"], "code", "NAM01");
    assert_eq!(
        (&rule["severity"], &rule["default_severity"]),
        (&json!("info"), &json!("error"))
    );
    let ran = world.tracks(&["explain"]);
    assert!(ran.stdout.starts_with("CODE"), "{}", ran.stdout);
    let ran = world.tracks(&["explain", "NAM01"]);
    assert!(
        ran.stdout
            .contains("severity info (by `[severity]` of tracks.toml; else error)"),
        "{}",
        ran.stdout
    );
    assert_eq!(ran.stderr, "", "that key does something");
}

#[test]
fn an_unknown_rule_has_its_nearest() {
    let world = World::new();
    let ran = world.tracks(&["explain", "NAM1"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(
        ran.stderr.contains("there is no rule `NAM1`"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("did you mean `NAM0"), "{}", ran.stderr);
}
