//! Whose merge turned a candidate red, and what becomes of them: pairs, larger sets, flakes, newest commits that fit.

use serde_json::{Value, json};

use crate::project::{ask, find, project, texts, work};
use crate::world::World;

/// One check of the integration over the whole tree; `ROOT` is the world's directory.
fn checked(tracks: &str, script: &str) -> World {
    let config = format!(
        "{tracks}\n[check.unit]\nrun = '''echo run >>ROOT/runs; {script}'''\nwhen = [\"integration\"]\n"
    );
    project(&config, &[("shared", "1\n")])
}

fn tracks(number: usize) -> String {
    (0..number)
        .map(|number| format!("[track.t{number:02}]\n"))
        .collect()
}

/// How often the check has run since this was asked last.
fn runs(world: &World) -> usize {
    let path = world.root().join("runs");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let _ = std::fs::remove_file(path);
    text.lines().count()
}

fn out<'a>(answer: &'a Value, track: &str) -> (&'a Value, &'a Value) {
    let ejected = find(&answer["ejected"], "track", track);
    (&ejected["why"], &ejected["with"])
}

#[test]
fn a_pair_among_many_is_named_in_few_runs_and_confirmed() {
    let world = checked(
        &format!("[run]\njobs = 1\n{}", tracks(16)),
        "! { test -e t03 && test -e t11; }",
    );
    for number in 0..16 {
        let track = format!("t{number:02}");
        work(&world, &track, &[(&track, "1\n")]);
    }
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(true)), "{answer:#}");
    assert_eq!(out(&answer, "t11"), (&json!("check"), &json!(["t03"])));
    assert_eq!(answer["merged"].as_array().unwrap().len(), 15);
    let culprits = &answer["culprits"][0];
    assert_eq!(culprits["tracks"], json!(["t03", "t11"]));
    assert_eq!(
        (&culprits["out"], &culprits["confirmed"]),
        (&json!("t11"), &json!(true))
    );
    let judged = culprits["judged"].as_u64().unwrap();
    assert!(judged <= 10, "{judged}");
    // The candidate twice, base, what the search asked for, and the candidate without the culprit.
    assert_eq!(runs(&world) as u64, judged + 4);
}

#[test]
fn who_is_cheaper_to_lose_goes_and_both_are_named() {
    for (config, loser, partner) in [
        ("[track.a]\n[track.b]\npriority = 1\n", "a", "b"),
        (
            "[track.a]\n[track.b]\n[track.c]\ndepends_on = [\"b\"]\n",
            "a",
            "b",
        ),
        (
            "[integration]\nrequired = [\"b\"]\n[track.a]\n[track.b]\n",
            "a",
            "b",
        ),
        ("[track.a]\n[track.b]\n", "b", "a"),
    ] {
        let world = checked(config, "! { test -e a && test -e b; }");
        for track in ["a", "b", "c"] {
            work(&world, track, &[(track, "1\n")]);
        }
        let (_, answer) = ask(&world, &["sync", "--yes"]);
        assert_eq!(answer["moved"], true, "{config} {answer:#}");
        assert_eq!(out(&answer, loser), (&json!("check"), &json!([partner])));
        assert_eq!(answer["culprits"][0]["out"], loser);
    }
}

#[test]
fn three_that_fail_only_together_are_all_named() {
    let world = checked(
        &tracks(8),
        "! { test -e t01 && test -e t04 && test -e t06; }",
    );
    for number in 0..8 {
        let track = format!("t{number:02}");
        work(&world, &track, &[(&track, "1\n")]);
    }
    let (_, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(answer["moved"], true, "{answer:#}");
    assert_eq!(
        out(&answer, "t06"),
        (&json!("check"), &json!(["t01", "t04"]))
    );
    assert_eq!(
        answer["culprits"][0]["tracks"],
        json!(["t01", "t04", "t06"])
    );
}

#[test]
fn a_track_is_judged_with_what_it_depends_on() {
    // Without `lib`, `app` could not pass at all; it is `bad` that breaks it.
    let world = checked(
        "[track.lib]\n[track.bad]\n[track.app]\ndepends_on = [\"lib\"]\n",
        "test -e app || exit 0; test -e lib && ! test -e bad",
    );
    for track in ["lib", "bad", "app"] {
        work(&world, track, &[(track, "1\n")]);
    }
    let (_, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(
        answer["culprits"][0]["tracks"],
        json!(["bad", "app"]),
        "{answer:#}"
    );
    assert_eq!(answer["culprits"][0]["confirmed"], true);
}

#[test]
fn a_flake_blames_nobody() {
    // Red the first time on the candidate, green ever after.
    let script = "test -e a || exit 0; test -e ROOT/once || { touch ROOT/once; exit 1; }";
    let world = checked("[track.a]\n", script);
    work(&world, "a", &[("a", "1\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(
        (
            &answer["checks"][0]["flaky"],
            &answer["checks"][0]["attempts"]
        ),
        (&json!(true), &json!(2))
    );
    let notes = answer["notes"].to_string();
    assert!(notes.contains("check unit is flaky"), "{notes}");

    let world = checked("[run]\nflaky = \"fail\"\n[track.a]\n", script);
    work(&world, "a", &[("a", "1\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(false)), "{answer:#}");
    assert_eq!(answer["ejected"], json!([]));
}

#[test]
fn of_a_track_that_turns_it_red_the_newest_commit_that_does_not_is_taken() {
    let world = checked(
        "[integration]\non_failure = \"last-good\"\n[track.a]\n[track.b]\n",
        "! test -e bad",
    );
    work(&world, "a", &[("a", "1\n")]);
    for number in 1..=6 {
        let file = if number == 4 { "bad" } else { "b" };
        work(&world, "b", &[(file, &format!("{number}\n"))]);
    }
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(true)), "{answer:#}");
    assert_eq!(answer["ejected"], json!([]));
    let merged = find(&answer["merged"], "track", "b");
    let good = world.git(&["rev-parse", "track/b~3"]);
    assert_eq!(merged["commit"], json!(good));
    let newer = world.git(&["rev-list", "track/b~3..track/b"]);
    assert_eq!(merged["held"], json!(newer.lines().collect::<Vec<_>>()));
    let reason = merged["held_because"].as_str().unwrap();
    assert!(reason.contains("check unit fails"), "{reason}");
    assert_eq!(world.git(&["show", "integration:b"]), "3");
    let ran = world.tracks(&["sync", "--yes"]);
    assert!(
        ran.stdout
            .contains("held back  b  3 newer commits: merges, but check unit fails with it"),
        "{}",
        ran.stdout
    );
}

#[test]
fn of_a_track_that_conflicts_the_newest_commit_that_fits_is_taken() {
    let world = project(
        "[integration]\non_conflict = \"last-good\"\n[track.a]\npriority = 1\n[track.b]\n[track.c]\n",
        &[("shared", "1\n")],
    );
    work(&world, "a", &[("shared", "a\n")]);
    work(&world, "b", &[("b", "1\n")]);
    work(&world, "b", &[("b", "2\n")]);
    work(&world, "b", &[("shared", "b\n")]);
    work(&world, "b", &[("b", "4\n")]);
    work(&world, "c", &[("shared", "c\n")]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(true)), "{answer:#}");
    assert_eq!(texts(&answer["merged"], "track"), ["a", "b"]);
    let merged = find(&answer["merged"], "track", "b");
    assert_eq!(
        merged["commit"],
        json!(world.git(&["rev-parse", "track/b~2"]))
    );
    assert_eq!(merged["held"].as_array().unwrap().len(), 2);
    assert_eq!(out(&answer, "c"), (&json!("conflict"), &json!(["a"])));
    assert_eq!(world.git(&["show", "integration:b"]), "2");
}

#[test]
fn what_a_track_is_built_on_is_not_its_own() {
    let world = project(
        "[integration]\non_conflict = \"last-good\"\nquorum = 3\n[track.a]\npriority = 9\n[track.b]\n[track.c]\npriority = 5\n",
        &[("shared", "1\n")],
    );
    work(&world, "a", &[("a", "1\n")]);
    world.git(&["branch", "--no-track", "track/b", "track/a"]);
    work(&world, "b", &[("shared", "b\n")]);
    work(&world, "c", &[("shared", "c\n")]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(false)), "{answer:#}");
    assert_eq!(texts(&answer["merged"], "track"), ["a", "c"]);
    assert_eq!(out(&answer, "b"), (&json!("conflict"), &json!(["c"])));
    assert_eq!(answer["quorum"]["met"], false);
}

#[test]
fn only_green_tracks_enter_where_that_is_wanted() {
    let config = "[integration]\nadmit = \"green\"\n[track.a]\n[track.b]\n[track.c]\ndepends_on = [\"b\"]\n[track.d]\n\
        [check.own]\nrun = '''echo run >>ROOT/runs; test ! -e b; '''\nwhen = [\"track\"]\n\
        [check.odd]\nrun = ['no-such-program-anywhere']\nwhen = [\"track\"]\ntracks = [\"d\"]\n";
    let world = project(config, &[("shared", "1\n")]);
    for track in ["a", "b", "c", "d"] {
        work(&world, track, &[(track, "1\n")]);
    }
    let (_, planned) = ask(&world, &["sync", "--dry-run"]);
    assert_eq!(planned["merged"].as_array().unwrap().len(), 4);
    assert!(planned["notes"].to_string().contains("no check ran"));
    assert_eq!(runs(&world), 0);

    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(true)), "{answer:#}");
    assert_eq!(texts(&answer["merged"], "track"), ["a"]);
    assert_eq!(out(&answer, "b"), (&json!("check"), &json!([])));
    assert_eq!(out(&answer, "c"), (&json!("dependency"), &json!(["b"])));
    assert_eq!(out(&answer, "d"), (&json!("not-admitted"), &json!([])));
    assert_eq!(runs(&world), 4);
    ask(&world, &["sync", "--yes"]);
    assert_eq!(
        runs(&world),
        1,
        "what is green is known, what is red runs again"
    );
}

#[test]
fn who_is_in_nobodys_way_goes_first_and_a_hub_goes_last() {
    // `hub` conflicts with three others, each of which conflicts with nobody else.
    let world = project(
        "[track.hub]\n[track.z]\n[track.y]\n[track.x]\n[track.free]\n",
        &[("1", "1\n"), ("2", "1\n"), ("3", "1\n")],
    );
    work(&world, "hub", &[("1", "h\n"), ("2", "h\n"), ("3", "h\n")]);
    for (track, file) in [("x", "1"), ("y", "2"), ("z", "3"), ("free", "f")] {
        work(&world, track, &[(file, &format!("{track}\n"))]);
    }
    let (_, answer) = ask(&world, &["sync"]);
    assert_eq!(texts(&answer["merged"], "track"), ["free", "x", "y", "z"]);
    assert_eq!(
        out(&answer, "hub"),
        (&json!("conflict"), &json!(["x", "y", "z"]))
    );
}
