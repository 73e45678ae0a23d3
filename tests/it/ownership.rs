//! Ownership end to end: who is stopped by which rule, and exceptions from them.

use serde_json::{Value, json};

use crate::project::{ask, project, work};
use crate::world::World;

const OWNERS: &str = "[track.a]\nowns = [\"src/a\"]\n[track.b]\nowns = [\"src/b\"]\n";

fn owned(more: &str) -> World {
    let files = [
        ("src/a/x", "1\n2\n"),
        ("src/b/x", "1\n"),
        ("LICENSE", "free\n"),
        ("types", "1\n2\n"),
    ];
    project(&format!("{OWNERS}{more}"), &files)
}

/// What is found in a track: code, path, and whether it refuses.
#[track_caller]
fn found(world: &World, track: &str) -> Vec<String> {
    let (_, answer) = ask(world, &["validate", track, "--no-checks"]);
    let findings = answer["findings"]
        .as_array()
        .expect("as the answer is made");
    let shown = findings
        .iter()
        .filter(|it| it["on_base"] == json!(false))
        .map(|it| {
            let path = it["path"].as_str().unwrap_or("-");
            let what = match (&it["refuses"], &it["allowed"]) {
                (Value::Bool(true), _) => "refuses",
                (_, Value::Bool(true)) => "allowed",
                _ => "tells",
            };
            format!(
                "{} {path} {what}",
                it["code"].as_str().expect("as the answer is made")
            )
        });
    shown.collect()
}

#[test]
fn a_track_is_stopped_at_what_another_owns_and_at_both_ends_of_a_move() {
    let world = owned("");
    work(&world, "a", &[("src/a/x", "2\n")]);
    work(&world, "b", &[("src/b/y", "new\n")]);
    assert_eq!(found(&world, "a"), [""; 0]);
    assert_eq!(found(&world, "b"), [""; 0]);
    world.git(&["checkout", "--quiet", "track/b"]);
    world.git(&["mv", "src/a/x", "src/b/moved"]);
    world.git(&["commit", "--quiet", "-m", "Take it"]);
    world.git(&["checkout", "--quiet", "main"]);
    assert_eq!(found(&world, "b"), ["OWN01 src/a/x refuses"]);
    let (status, answer) = ask(&world, &["validate", "b", "--no-checks"]);
    assert_eq!((status, &answer["verdict"]), (1, &json!("refuse")));
}

#[test]
fn what_a_track_is_built_on_is_not_its_own_change() {
    let world = project(
        "[track.a]\nowns = [\"src/a\"]\n[track.b]\nowns = [\"src/b\"]\ndepends_on = [\"a\"]\n",
        &[("src/a/x", "1\n"), ("src/b/x", "1\n")],
    );
    work(&world, "a", &[("src/a/x", "2\n")]);
    world.git(&["branch", "track/b", "track/a"]);
    work(&world, "b", &[("src/b/x", "2\n")]);
    assert_eq!(found(&world, "b"), [""; 0]);
}

#[test]
fn frozen_grants_and_links_that_lead_out() {
    let world = owned("[ownership]\nfrozen = [\"LICENSE\"]\n");
    work(
        &world,
        "b",
        &[("LICENSE", "mine\n"), ("tracks.toml", OWNERS)],
    );
    world.git(&["checkout", "--quiet", "track/b"]);
    std::os::unix::fs::symlink("/etc/passwd", world.repo().join("src/b/link")).unwrap();
    world.git(&["add", "--all"]);
    world.git(&["commit", "--quiet", "-m", "Link"]);
    world.git(&["checkout", "--quiet", "main"]);
    assert_eq!(
        found(&world, "b"),
        [
            "OWN05 LICENSE refuses",
            "OWN06 tracks.toml refuses",
            "OWN13 src/b/link refuses"
        ]
    );
}

#[test]
fn an_owner_approves_on_its_branch() {
    let world = owned("[shared.types]\nowner = \"a\"\npolicy = \"owner-approves\"\n");
    work(&world, "a", &[("src/a/x", "2\n")]);
    work(&world, "b", &[("types", "1\n2\n3\n")]);
    assert_eq!(found(&world, "b"), ["OWN04 types refuses"]);
    world.git(&["checkout", "--quiet", "track/a"]);
    world.git(&[
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "Approve\n\nTracks-Approve: b types",
    ]);
    world.git(&["checkout", "--quiet", "main"]);
    assert_eq!(found(&world, "b"), [""; 0]);
}

#[test]
fn an_owner_without_work_approves_and_what_base_has_stays() {
    let world = owned("[shared.types]\nowner = \"a\"\npolicy = \"owner-approves\"\n");
    work(&world, "b", &[("types", "1\n2\n3\n")]);
    assert_eq!(found(&world, "b"), ["OWN04 types refuses"]);
    let approve = [
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "Approve\n\nTracks-Approve: b types",
    ];
    world.git(&["checkout", "--quiet", "-b", "track/a", "main"]);
    world.git(&approve);
    assert_eq!(found(&world, "b"), [""; 0]);
    // It lands, and then the consumer takes base in.
    world.git(&["checkout", "--quiet", "main"]);
    world.git(&["merge", "--quiet", "--ff-only", "track/a"]);
    world.git(&["branch", "--quiet", "-D", "track/a"]);
    assert_eq!(found(&world, "b"), [""; 0]);
    world.git(&["checkout", "--quiet", "track/b"]);
    world.git(&["merge", "--quiet", "--no-ff", "-m", "Update", "main"]);
    world.git(&["checkout", "--quiet", "main"]);
    assert_eq!(found(&world, "b"), [""; 0]);
}

#[test]
fn shared_files_by_policy() {
    let world = owned(
        "[shared.types]\npolicy = \"append-only\"\n[shared.'*.lock']\npolicy = \"serialize\"\n",
    );
    work(&world, "a", &[("types", "1\n2\n3\n"), ("x.lock", "a\n")]);
    work(&world, "b", &[("types", "1\n3\n"), ("y.lock", "b\n")]);
    assert_eq!(found(&world, "a"), ["OWN04 x.lock tells"], "it lands first");
    assert_eq!(
        found(&world, "b"),
        ["OWN04 types refuses", "OWN04 y.lock refuses"]
    );
}

#[test]
fn exceptions_in_the_file_and_in_commits() {
    let allow = |until: &str| {
        format!(
            "[[allow]]\ncode = \"OWN01\"\ntrack = \"b\"\npaths = \"src/a/x\"\nreason = \"agreed\"\nuntil = {until}\n"
        )
    };
    let world = owned(&allow("2999-01-01"));
    work(&world, "b", &[("src/a/x", "b\n")]);
    assert_eq!(
        found(&world, "b"),
        ["OWN12 src/a/x tells", "OWN01 src/a/x allowed"]
    );
    let world = owned(&allow("2001-01-01"));
    work(&world, "b", &[("src/a/x", "b\n")]);
    assert_eq!(
        found(&world, "b"),
        ["OWN01 src/a/x refuses", "OWN12 src/a/x refuses"]
    );
    let world = owned("");
    let message = "Edit\n\nTracks-Allow: OWN01 src/a/x agreed with a";
    world.git(&["branch", "track/b", "main"]);
    world.commit("track/b", &[("src/a/x", "b\n")], message);
    assert_eq!(
        found(&world, "b"),
        ["OWN12 src/a/x tells", "OWN01 src/a/x allowed"]
    );
}

#[test]
fn a_commit_in_the_wrong_place() {
    let world = owned("");
    world.git(&["branch", "track/b", "main"]);
    world.commit("track/b", &[("src/b/x", "b\n")], "Edit\n\nTrack: a");
    assert_eq!(found(&world, "b"), ["OWN10 - refuses"]);
    world.git(&[
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "Past every check\n\nTrack: b",
    ]);
    world.git(&["branch", "integration", "main"]);
    world.commit("integration", &[("i", "i\n")], "Straight\n\nTrack: b");
    let (_, answer) = ask(&world, &["validate", "b", "--no-checks"]);
    let messages = answer["findings"].as_array().unwrap().iter();
    let messages: Vec<&str> = messages.filter_map(|it| it["message"].as_str()).collect();
    let told = |part: &str| messages.iter().any(|message| message.contains(part));
    assert!(
        told("straight on integration") && told("straight on main"),
        "{messages:?}"
    );
}
