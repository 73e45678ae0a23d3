//! One track before it may merge: in its worktree, by name, over a range; and what refuses it.

use serde_json::json;

use crate::project::{ask, ask_in, find, project, work};
use crate::world::World;

fn two() -> World {
    let world = project("[track.a]\n[track.b]\n", &[("f", "1\n")]);
    world.git(&[
        "worktree", "add", "--quiet", "-b", "track/a", "../a", "main",
    ]);
    work(&world, "a", &[("f", "a\n")]);
    work(&world, "b", &[("b", "b\n")]);
    world
}

#[test]
fn a_track_passes_in_its_worktree_and_by_name() {
    let world = two();
    let (status, here) = ask_in(&world, &world.root().join("a"), &["validate"]);
    assert_eq!((status, &here["verdict"]), (0, &json!("pass")));
    assert_eq!(here["schema"], "tracks/validate/v1");
    assert_eq!(here["track"], "a");
    assert_eq!(here["base"], world.git(&["rev-parse", "main"]));
    assert_eq!(here["head"], world.git(&["rev-parse", "track/a"]));
    assert_eq!(
        here["merges"],
        json!({ "base": "clean", "integration": null }),
        "before the first round"
    );
    assert_eq!(
        (&here["findings"], &here["checks"]),
        (&json!([]), &json!([]))
    );
    let (_, by_name) = ask(&world, &["validate", "a"]);
    assert_eq!(by_name, here);
}

#[test]
fn uncommitted_work_is_not_judged_and_that_is_said() {
    let world = two();
    world.commit("main", &[("g", "main\n")], "Drift");
    world.write_at("a/g", "a\n");
    let (status, answer) = ask(&world, &["validate", "a"]);
    assert_eq!((status, &answer["verdict"]), (0, &json!("pass")));
    assert!(
        answer["notes"][0].as_str().unwrap().contains("uncommitted"),
        "{answer:#}"
    );
}

#[test]
fn a_conflict_with_base_or_integration_refuses() {
    let world = two();
    world.commit("main", &[("f", "main\n")], "Drift");
    let (status, answer) = ask(&world, &["validate", "a"]);
    assert_eq!(
        (status, &answer["verdict"], &answer["merges"]["base"]),
        (1, &json!("refuse"), &json!("conflict"))
    );

    let world = two();
    ask(&world, &["sync"]);
    work(&world, "b", &[("f", "b\n")]);
    let (status, answer) = ask(&world, &["validate", "b"]);
    assert_eq!((status, &answer["verdict"]), (1, &json!("refuse")));
    assert_eq!(
        answer["merges"],
        json!({ "base": "clean", "integration": "conflict" })
    );
    let (status, answer) = ask(&world, &["validate", "a"]);
    assert_eq!(
        (status, &answer["merges"]["integration"]),
        (0, &json!("clean")),
        "integration without a, then a"
    );
}

#[test]
fn a_range_is_judged_instead_of_branches() {
    let world = two();
    let first = world.git(&["rev-parse", "main"]);
    world.commit("main", &[("f", "main\n")], "Drift");
    let head = world.git(&["rev-parse", "track/a"]);
    let (status, answer) = ask(
        &world,
        &["validate", "a", "--base", &first, "--head", &head],
    );
    assert_eq!(
        (status, &answer["base"], &answer["head"]),
        (0, &json!(first), &json!(head))
    );
    let (status, _) = ask(
        &world,
        &["validate", "a", "--base", "main", "--head", &head],
    );
    assert_eq!(status, 1);
    let (_, by_branch) = ask(&world, &["validate", "--base", &first, "--head", "track/a"]);
    assert_eq!(by_branch["track"], "a", "the branch says which track");
    for arguments in [
        ["validate", "a", "--base", "no-such-thing"],
        ["validate", "a", "--head", "no-such-thing"],
    ] {
        let ran = world.tracks(&arguments);
        assert_eq!(ran.status, 2, "{}", ran.shown());
        assert!(
            ran.stderr.contains("`no-such-thing` is not a commit here"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn work_on_another_branch_than_the_tracks_is_nam01() {
    let world = two();
    world.git(&["branch", "--no-track", "misnamed", "track/b"]);
    let (status, answer) = ask(&world, &["validate", "b", "--head", "misnamed"]);
    assert_eq!((status, &answer["verdict"]), (1, &json!("refuse")));
    let finding = find(&answer["findings"], "code", "NAM01");
    assert_eq!(
        (&finding["severity"], &finding["allowed"]),
        (&json!("error"), &json!(false))
    );
    assert!(
        finding["message"].as_str().unwrap().contains("misnamed"),
        "{finding}"
    );
    assert!(
        finding["fix"]
            .as_str()
            .unwrap()
            .contains("git branch -m misnamed track/b"),
        "{finding}"
    );
    for key in ["path", "line", "other_track"] {
        assert_eq!(finding[key], json!(null), "{key}");
    }
}

#[test]
fn where_no_track_is_meant_the_tracks_are_named() {
    let world = two();
    let ran = world.tracks(&["validate"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
    assert!(
        ran.stderr.contains("branch main belongs to no track"),
        "{}",
        ran.stderr
    );
    let ran = world.tracks(&["validate", "aa"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
    world.git(&["worktree", "remove", "../a"]);
    world.git(&["branch", "-D", "track/a"]);
    let ran = world.tracks(&["validate", "a"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
}
