//! Every track with work at once; and what tracks are to deliver.

use serde_json::json;

use crate::project::{ask, find, project, texts, work};

#[test]
fn every_track_with_work_is_judged_in_landing_order() {
    let world = project(
        "[track.a]\ndepends_on = [\"c\"]\n[track.b]\n[track.c]\n[track.idle]\n[track.gone]\n",
        &[("f", "1\n")],
    );
    work(&world, "a", &[("a", "a\n")]);
    work(&world, "b", &[("f", "b\n")]);
    work(&world, "c", &[("c", "c\n")]);
    work(&world, "gone", &[("g", "g\n")]);
    world.git(&["branch", "--no-track", "track/idle", "main"]);
    world.commit("main", &[("f", "main\n")], "Drift");
    world.tracks(&["mark", "gone", "dropped"]);
    let (status, answer) = ask(&world, &["validate", "--all"]);
    assert_eq!((status, &answer["verdict"]), (1, &json!("refuse")));
    assert_eq!(texts(&answer["tracks"], "track"), ["b", "c", "a"]);
    assert_eq!(
        texts(&answer["tracks"], "verdict"),
        ["refuse", "pass", "pass"]
    );
    assert_eq!(answer["notes"], json!(["not judged, since dropped: gone"]));
    let ran = world.tracks(&["validate", "--all"]);
    assert!(
        ran.stdout.ends_with("3 tracks: 1 refused, 2 passed\n"),
        "{}",
        ran.stdout
    );
    let ran = world.tracks(&["validate"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains("tracks validate --all"),
        "{}",
        ran.stderr
    );
    let ran = world.tracks(&["validate", "--all", "a"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
}

#[test]
fn where_nobody_has_work_that_is_no_fault() {
    let world = project("[track.a]\n", &[]);
    let ran = world.tracks(&["validate", "--all"]);
    assert_eq!(
        (ran.status, ran.stdout.as_str()),
        (0, "no track has work yet\n")
    );
    let (_, answer) = ask(&world, &["validate", "--all"]);
    assert_eq!(
        (&answer["tracks"], &answer["verdict"]),
        (&json!([]), &json!("pass"))
    );
}

#[test]
fn what_is_to_be_delivered_refuses_only_who_is_said_to_be_ready() {
    let world = project(
        "[track.a]\ndeliverables = [\"src/*.rs\", \"docs/missing.md\", { path = \"docs/api.md\", sections = [\"Errors\", \"Limits\"] }]\n",
        &[],
    );
    work(
        &world,
        "a",
        &[
            ("src/lib.rs", "x\n"),
            ("docs/api.md", "# API\n\nLimits\n------\n"),
        ],
    );
    let (status, answer) = ask(&world, &["validate", "a"]);
    assert_eq!((status, &answer["verdict"]), (0, &json!("pass")));
    assert_eq!(
        answer["deliverables"],
        json!([
            { "path": "src/*.rs", "present": true, "missing_sections": [] },
            { "path": "docs/missing.md", "present": false, "missing_sections": [] },
            { "path": "docs/api.md", "present": true, "missing_sections": ["Errors"] },
        ])
    );
    world.tracks(&["mark", "a", "ready"]);
    let ran = world.tracks(&["validate", "a"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (1, ""));
    insta::assert_snapshot!(ran.shown(), @r"
    exit: 1
    --- stdout
    track a at [ID] against main [ID]
      ok merges clean with base
      ok src/*.rs is there
      undelivered docs/missing.md is missing
      undelivered docs/api.md lacks the section Errors
    refused: 2 undelivered
    --- stderr
    ");
    work(
        &world,
        "a",
        &[
            ("docs/missing.md", "x\n"),
            ("docs/api.md", "# Limits\n# Errors\n"),
        ],
    );
    assert_eq!(ask(&world, &["validate", "a"]).0, 0);
}

#[test]
fn nothing_to_fix_is_said_and_nothing_is_touched() {
    let world = project("[track.a]\n", &[]);
    work(&world, "a", &[("f", "1\n")]);
    let (status, answer) = ask(&world, &["validate", "a", "--fix"]);
    assert_eq!(status, 0);
    assert_eq!(
        (&answer["fixed"], &answer["not_fixed"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(find(&json!([answer]), "track", "a")["verdict"], "pass");
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}
