//! Where every track stands: the row of each, what integration has of them, and that looking changes nothing.

use std::fs;

use serde_json::{Value, json};

use crate::project::{ask, everything_kept, find, project, refs, work};
use crate::world::World;

fn row<'a>(answer: &'a Value, track: &str) -> &'a Value {
    find(&answer["tracks"], "track", track)
}

fn status(world: &World) -> Value {
    let (status, answer) = ask(world, &["status"]);
    assert_eq!(status, 0, "always: {answer:#}");
    answer
}

#[test]
fn every_key_of_the_contract_is_there() {
    let world = project(
        "[track.a]\ntitle = \"The A\"\nagent = \"alpha\"\n[track.b]\n[check.unit]\nrun = \"true\"\n[check.red]\nrun = \"false\"\n[check.new]\nrun = \"true # not run yet\"\n",
        &[("f", "1\n")],
    );
    world.git(&[
        "worktree", "add", "--quiet", "-b", "track/a", "../a", "main",
    ]);
    work(&world, "a", &[("f", "2\n")]);
    world.commit("main", &[("g", "1\n")], "Drift");
    world.write_at("a/f", "3\n");
    world.write_at("a/untracked", "1\n");
    ask(
        &world,
        &["check", "a", "--yes", "--check", "unit", "--check", "red"],
    );
    let (kept, before) = (everything_kept(&world), refs(&world));
    let index = || fs::read(world.repo().join(".git/worktrees/a/index")).unwrap();
    let index_before = index();
    let answer = status(&world);
    assert_eq!(
        (everything_kept(&world), refs(&world), index()),
        (kept, before, index_before)
    );

    assert_eq!(answer["schema"], "tracks/status/v1");
    let main = world.git(&["rev-parse", "main"]);
    assert_eq!(answer["base"], json!({ "branch": "main", "commit": main }));
    let integration = &answer["integration"];
    assert_eq!(
        (
            &integration["branch"],
            &integration["commit"],
            &integration["green"]
        ),
        (&json!("integration"), &json!(null), &json!(null))
    );
    assert_eq!(answer["integration_readiness"], "none");
    let a = row(&answer, "a");
    assert_eq!(
        (&a["title"], &a["agent"], &a["branch"]),
        (&json!("The A"), &json!("alpha"), &json!("track/a"))
    );
    assert_eq!(a["worktree"], world.root().join("a").to_str().unwrap());
    assert_eq!(a["commit"], world.git(&["rev-parse", "track/a"]));
    assert_eq!((&a["ahead"], &a["behind"]), (&json!(1), &json!(1)));
    let dirty = &a["dirty"];
    assert_eq!(
        (&dirty["staged"], &dirty["unstaged"], &dirty["untracked"]),
        (&json!(0), &json!(1), &json!(1))
    );
    assert_eq!(a["last_commit"]["subject"], "Work of a");
    assert_eq!(
        a["checks"],
        json!({ "passed": 1, "failed": 1, "unknown": 1 })
    );
    assert_eq!(
        (&a["collisions"], &a["blockers"], &a["readiness"]),
        (&json!([]), &json!([]), &json!("failing"))
    );
    for key in ["state", "missing", "estimated_completion", "pr"] {
        assert!(a.as_object().unwrap().contains_key(key), "{key}");
    }
    let b = row(&answer, "b");
    assert_eq!(
        (&b["worktree"], &b["commit"], &b["dirty"]),
        (&json!(null), &json!(null), &json!(null))
    );
    assert_eq!(b["readiness"], "empty");
    assert!(
        answer["next"][0].as_str().unwrap().contains("tracks init"),
        "{answer:#}"
    );
}

#[test]
fn collisions_and_readiness() {
    let world = project(
        "[track.a]\n[track.b]\n[track.c]\n[track.stale]\n[track.waits]\ndepends_on = [\"none\"]\n[track.none]\n",
        &[("f", "1\n"), ("g", "1\n")],
    );
    for (track, path) in [
        ("a", "f"),
        ("b", "f"),
        ("c", "c"),
        ("stale", "g"),
        ("waits", "w"),
    ] {
        let place = format!("../{track}");
        world.git(&[
            "worktree",
            "add",
            "--quiet",
            "-b",
            &format!("track/{track}"),
            &place,
            "main",
        ]);
        work(&world, track, &[(path, &format!("{track}\n"))]);
    }
    world.commit("main", &[("g", "main\n")], "Drift");
    let answer = status(&world);
    for (track, readiness, collisions) in [
        ("a", "conflicting", json!(["b"])),
        ("b", "conflicting", json!(["a"])),
        ("c", "ready", json!([])),
        ("stale", "conflicting", json!([])),
        ("waits", "blocked", json!([])),
        ("none", "empty", json!([])),
    ] {
        let row = row(&answer, track);
        assert_eq!(
            (&row["readiness"], &row["collisions"]),
            (&json!(readiness), &collisions),
            "{row:#}"
        );
    }
}

#[test]
fn how_much_of_the_tracks_integration_has() {
    let world = project("[track.a]\n[track.b]\n", &[("f", "1\n")]);
    work(&world, "a", &[("a", "1\n")]);
    work(&world, "b", &[("b", "1\n")]);
    let readiness = || {
        let answer = status(&world);
        (
            answer["integration_readiness"].clone(),
            answer["integration"]["green"].clone(),
        )
    };
    assert_eq!(readiness(), (json!("none"), json!(null)));
    ask(&world, &["sync", "--without", "b"]);
    assert_eq!(readiness(), (json!("partial"), json!(true)));
    ask(&world, &["sync"]);
    assert_eq!(readiness(), (json!("full"), json!(true)));
    world.commit("main", &[("drift", "1\n")], "Drift");
    assert_eq!(status(&world)["integration"]["behind_base"], 1);
    work(&world, "a", &[("a", "2\n")]);
    assert_eq!(readiness().0, "partial");
    world.git(&["update-ref", "refs/heads/integration", "main"]);
    assert_eq!(
        readiness(),
        (json!("none"), json!(null)),
        "no round made what is there now"
    );
}

#[test]
fn a_landed_branch_is_not_a_fresh_one() {
    let world = project("[track.landed]\n[track.fresh]\n", &[("f", "1\n")]);
    work(&world, "landed", &[("a", "1\n")]);
    world.git(&["branch", "--no-track", "track/fresh", "main"]);
    world.merge("main", "track/landed", "Land it");
    let answer = status(&world);
    assert_eq!(row(&answer, "landed")["state"], "landed");
    assert_eq!(
        row(&answer, "fresh")["state"],
        "in-progress",
        "base has moved on since, no more"
    );
}
