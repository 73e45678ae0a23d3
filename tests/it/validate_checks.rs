//! The checks that `tracks validate` runs: on what is judged, and on base where they are red.

use serde_json::{Value, json};

use crate::project::{ask, project, work};
use crate::world::World;

fn one(check: &str) -> World {
    let world = project(
        &format!("[track.a]\n[check.unit]\n{check}\n"),
        &[("f", "good\n")],
    );
    world.git(&[
        "worktree", "add", "--quiet", "-b", "track/a", "../a", "main",
    ]);
    world
}

fn outcome(answer: &Value) -> (&Value, &Value) {
    let run = &answer["checks"][0];
    (&run["outcome"], &run["red_on_base"])
}

#[test]
fn a_red_check_refuses_and_a_pass_is_not_run_again() {
    let world = one("run = \"echo x >>ROOT/tmp/ran; grep -q good f\"");
    work(&world, "a", &[("g", "1\n")]);
    let (status, answer) = ask(&world, &["validate", "a", "--yes"]);
    assert_eq!(
        (status, outcome(&answer)),
        (0, (&json!("passed"), &json!(false)))
    );
    let (_, answer) = ask(&world, &["validate", "a", "--yes"]);
    assert_eq!(answer["checks"][0]["cached"], true);
    work(&world, "a", &[("f", "bad\n")]);
    let (status, answer) = ask(&world, &["validate", "a", "--yes"]);
    assert_eq!(
        (status, outcome(&answer)),
        (1, (&json!("failed"), &json!(false)))
    );
    let (status, answer) = ask(&world, &["validate", "a", "--no-checks"]);
    assert_eq!((status, &answer["checks"]), (0, &json!([])));
    let ran = world.tracks(&["validate", "a", "--no-checks"]);
    assert!(ran.stdout.contains("checks were not run"), "{}", ran.stdout);
}

#[test]
fn what_is_judged_is_the_tip_and_not_what_lies_about() {
    let world = one("run = \"grep -q good f\"");
    work(&world, "a", &[("g", "1\n")]);
    world.write_at("a/f", "bad\n");
    let (status, answer) = ask(&world, &["validate", "a", "--yes"]);
    assert_eq!(
        (status, outcome(&answer).0),
        (0, &json!("passed")),
        "{answer:#}"
    );
    let tree = world.git(&["rev-parse", "track/a^{tree}"]);
    assert_eq!(answer["checks"][0]["tree"], tree);
}

#[test]
fn what_is_red_on_base_is_not_the_tracks_fault() {
    let world = one("run = \"grep -q great f\"");
    work(&world, "a", &[("g", "1\n")]);
    let (status, answer) = ask(&world, &["validate", "a", "--yes"]);
    assert_eq!(
        (status, outcome(&answer)),
        (0, (&json!("failed"), &json!(true))),
        "{answer:#}"
    );
    assert_eq!(answer["verdict"], "pass");
    let ran = world.tracks(&["validate", "a", "--yes"]);
    assert!(
        ran.stdout
            .contains("check unit is red on base, too: that is not the track's fault"),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_nobody_has_approved_is_undetermined() {
    let world = one("run = \"true\"");
    work(&world, "a", &[("g", "1\n")]);
    let (status, answer) = ask(&world, &["validate", "a"]);
    assert_eq!((status, &answer["verdict"]), (3, &Value::Null));
    assert_eq!(outcome(&answer).0, "could-not-run");
    let reasons = answer["reasons"].to_string();
    assert!(reasons.contains("check unit could not run"), "{reasons}");
}
