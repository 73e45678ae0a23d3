//! Rules in rounds and landings: who breaks one stays out, and with them who depends on them.

use serde_json::json;

use crate::project::{ask, find, project, texts, work};
use crate::world::{FRIDAY_NOON, World};

fn owned(more: &str) -> World {
    let config = format!(
        "[track.a]\nowns = ['a/**']\n[track.b]\nowns = ['b/**']\n[track.c]\ndepends_on = ['b']\nowns = ['c/**']\n{more}"
    );
    project(&config, &[("x", "1\n")])
}

#[test]
fn who_breaks_a_rule_stays_out_with_who_depends_on_it() {
    let world = owned(
        "[check.never]\nrun = 'touch /never'\ntracks = ['b']\n[integration]\nadmit = 'green'\n",
    );
    work(&world, "a", &[("a/f", "a\n")]);
    work(&world, "b", &[("b/f", "b\n"), ("a/g", "b\n")]);
    work(&world, "c", &[("c/f", "c\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(true)), "{answer:#}");
    assert_eq!(texts(&answer["merged"], "track"), ["a"]);
    let out = find(&answer["ejected"], "track", "b");
    assert_eq!((&out["why"], &out["with"]), (&json!("rule"), &json!(["a"])));
    assert_eq!(out["paths"], json!(["a/g"]));
    let reason = out["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("OWN01 ")
            && reason.ends_with("; `tracks validate b` says how to set it right"),
        "{reason}"
    );
    assert_eq!(find(&answer["ejected"], "track", "c")["why"], "dependency");
    assert_eq!(answer["checks"], json!([]), "nothing ran for who is out");

    let told = world.tracks(&["sync", "--dry-run"]);
    let (_, next) = told.stdout.split_once("next:").expect("a next step");
    assert!(
        next.trim().starts_with("tracks validate b"),
        "{}",
        told.shown()
    );
    assert!(!next.contains("tracks resolve"), "{}", told.shown());

    // A dry run says the same and moves nothing.
    let before = world.git(&["rev-parse", "integration"]);
    let (status, plan) = ask(&world, &["sync", "--dry-run"]);
    assert_eq!(status, 1);
    assert_eq!(plan["ejected"], answer["ejected"]);
    assert_eq!(world.git(&["rev-parse", "integration"]), before);

    // What is put right is merged.
    world.commit("track/b", &[("b/g", "b\n")], "Put it where it belongs");
    world.git(&["switch", "--quiet", "track/b"]);
    world.git(&["rm", "--quiet", "a/g"]);
    world.git(&["commit", "--quiet", "--amend", "--no-edit"]);
    world.git(&["switch", "--quiet", "main"]);
    let (_, answer) = ask(&world, &["sync", "--yes", "--no-checks"]);
    assert_eq!(
        texts(&answer["merged"], "track"),
        ["a", "b", "c"],
        "{answer:#}"
    );
}

#[test]
fn an_exception_lets_in_and_is_told_until_it_expires() {
    let allow = "[[allow]]\ncode = 'OWN01'\ntrack = 'b'\npaths = ['a/g']\nreason = 'agreed with a'\nuntil = 2026-11-28\n";
    let world = owned(allow);
    work(&world, "a", &[("a/f", "a\n")]);
    work(&world, "b", &[("a/g", "b\n")]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(texts(&answer["merged"], "track"), ["a", "b"]);
    assert!(
        answer["notes"]
            .to_string()
            .contains("b uses an exception from OWN01 for a/g: agreed with a"),
        "{}",
        answer["notes"]
    );

    // What was lawful when it was integrated is not when it is to land.
    world.set_now(FRIDAY_NOON + 3 * 24 * 60 * 60);
    let (status, answer) = ask(&world, &["land", "--no-sync"]);
    assert_eq!(
        (status, &answer["refused"]),
        (3, &json!("stale")),
        "{answer:#}"
    );
    let (status, answer) = ask(&world, &["land"]);
    assert_eq!(status, 1, "{answer:#}");
    assert_eq!(texts(&answer["tracks"], "track"), ["a"]);
    assert_eq!(
        find(&answer["synced"]["ejected"], "track", "b")["why"],
        "rule"
    );
}

#[test]
fn of_two_that_cannot_both_land_the_later_one_waits_and_goes_in_where_the_other_is_out() {
    let config = "[migrations]\npaths = ['db/*.sql']\npreset = 'sqlx'\n[track.a]\nowns = ['a/**']\n[track.b]\nowns = ['b/**']\n[track.c]\n";
    let world = project(config, &[("db/1_base.sql", "SELECT 1;\n")]);
    work(&world, "a", &[("db/2_a.sql", "SELECT 2;\n")]);
    work(&world, "b", &[("db/2_b.sql", "SELECT 3;\n")]);
    work(&world, "c", &[("c", "c\n")]);
    let (_, answer) = ask(&world, &["sync"]);
    assert_eq!(texts(&answer["merged"], "track"), ["a", "c"], "{answer:#}");
    let (_, answer) = ask(&world, &["sync", "--without", "a"]);
    assert_eq!(texts(&answer["merged"], "track"), ["b", "c"], "{answer:#}");
    // Out for a reason of its own, the earlier one is in nobody's way.
    work(&world, "a", &[("b/f", "a\n")]);
    let (_, answer) = ask(&world, &["sync"]);
    assert_eq!(texts(&answer["merged"], "track"), ["b", "c"], "{answer:#}");
}
