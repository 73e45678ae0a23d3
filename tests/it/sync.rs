//! Rounds: what is merged in which order, who stays out and why, and what the integration branch then is.

use serde_json::json;

use crate::project::{ask, everything_kept, find, project, refs, texts, work};
use crate::world::World;

const TWO: &str = "[track.a]\n[track.b]\n";
const THREE: &str = "[track.a]\n[track.b]\n[track.c]\n";

fn tree(world: &World, revision: &str) -> String {
    world.git(&["rev-parse", &format!("{revision}^{{tree}}")])
}

fn commit(world: &World, revision: &str) -> String {
    world.git(&["rev-parse", "--verify", revision])
}

#[test]
fn the_candidate_is_what_git_merge_makes_in_the_same_order() {
    let world = project(
        "[track.low]\n[track.high]\npriority = 5\n[track.last]\npriority = 9\ndepends_on = [\"low\"]\n",
        &[
            ("a", "1\n2\n3\n4\n5\n6\n7\n"),
            ("b", "1\n"),
            ("gone", "x\n"),
        ],
    );
    work(&world, "low", &[("a", "one\n2\n3\n4\n5\n6\n7\n")]);
    work(
        &world,
        "high",
        &[("a", "1\n2\n3\n4\n5\n6\nseven\n"), ("new/file", "x\n")],
    );
    world.git(&["branch", "--no-track", "track/last", "track/low"]);
    work(&world, "last", &[("a", "one\n2\n3\nfour\n5\n6\n7\n")]);
    world.commit("main", &[("elsewhere", "x\n")], "Go on");

    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    let order = texts(&answer["merged"], "track");
    let at = |track: &str| order.iter().position(|merged| merged == track).unwrap();
    assert!(
        at("low") < at("last"),
        "a dependency comes first: {order:?}"
    );
    assert!(at("high") < at("low") || order[0] == "low", "{order:?}");

    world.git(&[
        "worktree",
        "add",
        "--quiet",
        "--detach",
        "../by-hand",
        "main",
    ]);
    let by_hand = world.root().join("by-hand");
    for track in &order {
        let branch = format!("track/{track}");
        world.git_in(
            &by_hand,
            &["merge", "--quiet", "--no-ff", "-m", "x", &branch],
        );
    }
    assert_eq!(
        tree(&world, "integration"),
        world.git_in(&by_hand, &["rev-parse", "HEAD^{tree}"])
    );
    let links = world.git(&[
        "rev-list",
        "--first-parent",
        "--reverse",
        "main..integration",
    ]);
    assert_eq!(
        texts(&answer["merged"], "merge_commit"),
        links.lines().collect::<Vec<_>>()
    );
    assert_eq!(answer["candidate"], commit(&world, "integration"));
    assert_eq!(
        commit(&world, &format!("{}^", links.lines().next().unwrap())),
        commit(&world, "main")
    );
}

#[test]
fn without_a_check_it_moves_and_says_that_nothing_was_checked() {
    let world = project(TWO, &[("a", "1\n")]);
    work(&world, "a", &[("a", "2\n")]);
    let ran = world.tracks(&["sync"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert!(ran.stdout.contains("nothing was checked"), "{}", ran.stdout);
    assert_eq!(tree(&world, "integration"), tree(&world, "track/a"));
}

#[test]
fn every_key_of_the_contract_is_there() {
    let world = project(TWO, &[("a", "1\n")]);
    work(&world, "a", &[("a", "2\n")]);
    work(&world, "b", &[("a", "3\n")]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 1);
    let main = commit(&world, "main");
    let integration = commit(&world, "integration");
    let operation = answer["operation"].as_str().unwrap();
    assert_eq!(answer["schema"], "tracks/sync/v1");
    assert_eq!(answer["round"], 1);
    assert_eq!(answer["candidate"], integration);
    assert_eq!(
        answer["integration"],
        json!({ "branch": "integration", "before": null, "after": integration })
    );
    assert_eq!(answer["base"], main);
    assert_eq!(
        answer["merged"],
        json!([{ "track": "a", "commit": commit(&world, "track/a"), "merge_commit": integration, "held": [], "resolved": [], "notes": [] }])
    );
    let ejected = &answer["ejected"][0];
    assert_eq!(ejected["track"], "b");
    assert_eq!(ejected["why"], "conflict");
    assert_eq!(ejected["with"], json!(["a"]));
    assert_eq!(ejected["paths"], json!(["a"]));
    assert_eq!(ejected["check"], json!(null));
    assert_eq!(
        (&answer["base_red"], &answer["empty"], &answer["checks"]),
        (&json!([]), &json!([]), &json!([]))
    );
    let quorum = &answer["quorum"];
    assert_eq!(
        (&quorum["needed"], &quorum["have"], &quorum["met"]),
        (&json!(null), &json!(1), &json!(true))
    );
    assert_eq!(answer["moved"], true);

    let (_, log) = ask(&world, &["log"]);
    let logged = find(&log["operations"], "id", operation);
    assert_eq!(logged["command"], "sync");
    assert_eq!(logged["undone"], false);
    let moved = find(&logged["refs"], "name", "refs/heads/integration");
    assert_eq!(
        (&moved["before"], &moved["after"]),
        (&json!(null), &json!(integration))
    );
}

#[test]
fn what_depends_on_an_ejected_track_goes_with_it() {
    let world = project(
        "[track.a]\n[track.b]\n[track.c]\ndepends_on = [\"b\"]\n[track.d]\ndepends_on = [\"c\"]\n",
        &[("a", "1\n")],
    );
    work(&world, "a", &[("a", "2\n")]);
    work(&world, "b", &[("a", "3\n")]);
    work(&world, "c", &[("c", "1\n")]);
    work(&world, "d", &[("d", "1\n")]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 1);
    assert_eq!(texts(&answer["merged"], "track"), ["a"]);
    for (track, why, with) in [
        ("b", "conflict", "a"),
        ("c", "dependency", "b"),
        ("d", "dependency", "c"),
    ] {
        let ejected = find(&answer["ejected"], "track", track);
        assert_eq!(
            (&ejected["why"], &ejected["with"]),
            (&json!(why), &json!([with])),
            "{ejected}"
        );
    }
    assert_eq!(tree(&world, "integration"), tree(&world, "track/a"));
}

#[test]
fn a_conflict_names_everybody_it_is_with_and_every_path() {
    let world = project(THREE, &[("one", "1\n"), ("two", "1\n"), ("other", "1\n")]);
    work(&world, "a", &[("one", "a\n")]);
    work(&world, "b", &[("two", "b\n")]);
    work(
        &world,
        "c",
        &[("one", "c\n"), ("two", "c\n"), ("other", "c\n")],
    );
    let (_, answer) = ask(&world, &["sync"]);
    let ejected = find(&answer["ejected"], "track", "c");
    assert_eq!(ejected["with"], json!(["a", "b"]));
    assert_eq!(ejected["paths"], json!(["one", "two"]));
}

#[test]
fn a_track_that_does_not_merge_into_base_conflicts_with_base_only() {
    let world = project(TWO, &[("a", "1\n"), ("b", "1\n")]);
    work(&world, "a", &[("a", "2\n")]);
    work(&world, "b", &[("b", "2\n")]);
    world.commit("main", &[("b", "3\n")], "Meanwhile");
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 1);
    assert_eq!(texts(&answer["merged"], "track"), ["a"]);
    assert_eq!(
        find(&answer["ejected"], "track", "b")["with"],
        json!(["base"])
    );
}

#[test]
fn a_conflict_stops_the_round_where_that_is_wanted() {
    let world = project(
        "[integration]\non_conflict = \"stop\"\n[track.a]\n[track.b]\n",
        &[("a", "1\n")],
    );
    work(&world, "a", &[("a", "2\n")]);
    work(&world, "b", &[("a", "3\n")]);
    let before = refs(&world);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(false)));
    assert_eq!(refs(&world), before);
}

#[test]
fn the_same_inputs_make_the_same_commit_and_the_second_round_moves_nothing() {
    let world = project(
        "[track.a]\n[track.b]\n[check.unit]\nrun = \"echo ran >>ROOT/ran; test -e a\"\n",
        &[("a", "1\n")],
    );
    work(&world, "a", &[("a", "2\n")]);
    work(&world, "b", &[("b", "2\n")]);
    let (_, first) = ask(&world, &["sync", "--yes"]);
    assert_eq!(first["moved"], true);
    let after_first = refs(&world);
    world.set_now(crate::world::FRIDAY_NOON + 3600);

    let (status, second) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &second["moved"]), (0, &json!(false)), "{second:#}");
    assert_eq!(second["operation"], json!(null));
    assert_eq!(second["candidate"], first["candidate"]);
    assert_eq!(second["integration"]["after"], first["candidate"]);
    assert_eq!(second["checks"][0]["cached"], true);
    assert_eq!(refs(&world), after_first);
    let ran = std::fs::read_to_string(world.root().join("ran")).unwrap();
    assert_eq!(ran, "ran\n", "once in both rounds");

    world.git(&["branch", "-D", "integration"]);
    let (_, third) = ask(&world, &["sync", "--yes"]);
    assert_eq!(
        third["candidate"], first["candidate"],
        "also without the old branch"
    );
}

#[test]
fn a_dry_run_changes_nothing() {
    let world = project(
        "[track.a]\n[track.b]\n[track.c]\n[check.unit]\nrun = \"touch ROOT/ran\"\n",
        &[("a", "1\n")],
    );
    work(&world, "a", &[("a", "2\n")]);
    work(&world, "b", &[("a", "3\n")]);
    work(&world, "c", &[("c", "3\n")]);
    let before = (
        refs(&world),
        everything_kept(&world),
        world.git(&["worktree", "list"]),
    );
    let (status, planned) = ask(&world, &["sync", "--dry-run"]);
    assert_eq!(status, 1, "b would be ejected");
    assert_eq!(planned["moved"], false);
    let after = (
        refs(&world),
        everything_kept(&world),
        world.git(&["worktree", "list"]),
    );
    assert_eq!(after, before);
    assert!(!world.root().join("ran").exists());

    let (_, real) = ask(&world, &["sync", "--yes"]);
    for key in ["candidate", "merged", "ejected", "round"] {
        assert_eq!(
            real[key], planned[key],
            "{key}: what was planned is what is done"
        );
    }
}

#[test]
fn only_and_without_leave_tracks_out_and_that_is_no_finding() {
    let world = project(THREE, &[("x", "1\n")]);
    for track in ["a", "b", "c"] {
        work(&world, track, &[(track, "1\n")]);
    }
    let (status, answer) = ask(&world, &["sync", "--without", "b"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)));
    assert_eq!(texts(&answer["merged"], "track"), ["a", "c"]);
    assert_eq!(
        find(&answer["ejected"], "track", "b")["why"],
        "not-admitted"
    );
    let (status, answer) = ask(&world, &["sync", "--only", "b", "--only", "c"]);
    assert_eq!(status, 0);
    assert_eq!(texts(&answer["merged"], "track"), ["b", "c"]);
    let ran = world.tracks(&["sync", "--only", "a", "--without", "a"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
    let ran = world.tracks(&["sync", "--only", "bb"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
    assert!(ran.stderr.contains("did you mean `b`?"), "{}", ran.stderr);
}

#[test]
fn without_checks_only_the_candidate_is_left() {
    let world = project(
        "[track.a]\n[check.unit]\nrun = \"touch ROOT/ran\"\n",
        &[("a", "1\n")],
    );
    work(&world, "a", &[("a", "2\n")]);
    let (status, answer) = ask(&world, &["sync", "--no-checks"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(false)), "{answer:#}");
    assert_eq!(answer["integration"]["after"], json!(null));
    assert_eq!(answer["candidate"], commit(&world, "refs/tracks/candidate"));
    assert_eq!(
        tree(&world, "refs/tracks/candidate"),
        tree(&world, "track/a")
    );
    assert!(!refs(&world).contains("refs/heads/integration"));
    assert!(!world.root().join("ran").exists());

    ask(&world, &["sync", "--yes"]);
    assert!(
        !refs(&world).contains("refs/tracks/candidate"),
        "it waits no more"
    );
}

#[test]
fn quorum_and_required_tracks() {
    for (rule, needed, have, met) in [
        ("quorum = 0.75", json!(3), 2, false),
        ("quorum = 0.5", json!(2), 2, true),
        ("quorum = 2", json!(2), 2, true),
        ("required = [\"b\"]", json!(null), 2, false),
        ("required = [\"a\", \"empty\"]", json!(null), 2, true),
    ] {
        let world = project(
            &format!("[integration]\n{rule}\n[track.a]\n[track.b]\n[track.c]\n[track.empty]\n"),
            &[("a", "1\n")],
        );
        work(&world, "a", &[("a", "2\n")]);
        work(&world, "b", &[("a", "3\n")]);
        work(&world, "c", &[("c", "3\n")]);
        let (status, answer) = ask(&world, &["sync"]);
        assert_eq!(status, 1, "{rule}");
        let quorum = &answer["quorum"];
        assert_eq!(
            (&quorum["needed"], &quorum["have"], &quorum["met"]),
            (&needed, &json!(have), &json!(met)),
            "{rule}"
        );
        assert_eq!(answer["moved"], met, "{rule}");
        assert_eq!(
            refs(&world).contains("refs/heads/integration"),
            met,
            "{rule}"
        );
    }
}

#[test]
fn tracks_without_work_and_landed_ones_are_empty_and_do_not_hold_up_others() {
    let world = project(
        "[track.none]\n[track.fresh]\n[track.landed]\n[track.next]\ndepends_on = [\"landed\", \"fresh\"]\n[track.waits]\ndepends_on = [\"none\"]\n",
        &[("a", "1\n")],
    );
    world.git(&["branch", "--no-track", "track/fresh", "main"]);
    work(&world, "landed", &[("landed", "1\n")]);
    world.merge("main", "track/landed", "Land it");
    work(&world, "next", &[("next", "1\n")]);
    work(&world, "waits", &[("waits", "1\n")]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 1, "one is blocked");
    assert_eq!(texts(&answer["merged"], "track"), ["next"]);
    assert_eq!(answer["empty"], json!(["none", "fresh", "landed"]));
    let blocked = find(&answer["ejected"], "track", "waits");
    assert_eq!(
        (&blocked["why"], &blocked["with"]),
        (&json!("blocked"), &json!(["none"]))
    );
}

#[test]
fn nothing_to_merge_makes_integration_equal_to_base() {
    let world = project(TWO, &[("a", "1\n")]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)));
    assert_eq!(commit(&world, "integration"), commit(&world, "main"));
}

#[test]
fn what_a_track_drops_leaves_integration() {
    let world = project(TWO, &[("a", "1\n")]);
    work(&world, "a", &[("a", "2\n")]);
    work(&world, "b", &[("b", "1\n")]);
    work(&world, "b", &[("mistake", "1\n")]);
    ask(&world, &["sync"]);
    assert!(
        world
            .git(&["ls-tree", "--name-only", "integration"])
            .contains("mistake")
    );
    let old = commit(&world, "integration");
    world.git(&["branch", "-f", "track/b", "track/b~1"]);

    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)));
    assert!(
        !world
            .git(&["ls-tree", "--name-only", "integration"])
            .contains("mistake")
    );
    assert_eq!(answer["integration"]["before"], old);
    assert_eq!(
        answer["replaced"],
        json!(null),
        "nothing but a round's own commits was replaced"
    );
    let kept = world.git(&[
        "for-each-ref",
        "--contains",
        &old,
        "--format=%(refname)",
        "refs/tracks/",
    ]);
    assert!(kept.starts_with("refs/tracks/replaced/"), "{kept}");
}

#[test]
fn a_track_that_took_integration_in_is_refused_with_the_way_out() {
    for (how, arguments) in [
        (
            "merge",
            ["merge", "--quiet", "--no-edit", "integration"].as_slice(),
        ),
        (
            "fast-forward",
            &["merge", "--quiet", "--ff-only", "integration"],
        ),
        ("rebase", &["rebase", "--quiet", "integration"]),
    ] {
        let world = project(THREE, &[("a", "1\n")]);
        work(&world, "a", &[("a", "2\n")]);
        if how != "fast-forward" {
            work(&world, "b", &[("b", "1\n")]);
        } else {
            world.git(&["branch", "--no-track", "track/b", "main"]);
        }
        ask(&world, &["sync", "--without", "b"]);
        world.git(&["worktree", "add", "--quiet", "../b", "track/b"]);
        world.git_in(&world.root().join("b"), arguments);
        work(&world, "b", &[("b", "2\n")]);
        work(&world, "c", &[("c", "1\n")]);

        let (status, answer) = ask(&world, &["sync"]);
        assert_eq!(status, 1, "{how}");
        assert_eq!(texts(&answer["merged"], "track"), ["a", "c"], "{how}");
        let ejected = find(&answer["ejected"], "track", "b");
        assert_eq!(ejected["why"], "not-an-own-history", "{how}");
        assert_eq!(ejected["with"], json!(["integration"]), "{how}");
        let reason = ejected["reason"].as_str().unwrap();
        assert!(reason.contains("git rebase --onto main"), "{reason}");
    }
}

#[test]
fn the_way_out_of_an_integration_merge_works() {
    let world = project(TWO, &[("a", "1\n")]);
    work(&world, "a", &[("a", "2\n")]);
    ask(&world, &["sync"]);
    world.git(&["branch", "--no-track", "track/b", "integration"]);
    work(&world, "b", &[("b", "2\n")]);
    let (_, answer) = ask(&world, &["sync"]);
    let reason = find(&answer["ejected"], "track", "b")["reason"].clone();
    let reason = reason.as_str().unwrap();
    let command = reason.split('`').nth(1).unwrap();
    world.run_in(&world.repo(), "sh", &["-c", command]);
    world.git(&["switch", "--quiet", "main"]);

    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "after `{command}`: {answer:#}");
    assert_eq!(texts(&answer["merged"], "track"), ["a", "b"]);
}

#[test]
fn history_without_a_common_commit_is_refused() {
    let world = project(TWO, &[("a", "1\n")]);
    work(&world, "a", &[("a", "2\n")]);
    let tree = tree(&world, "main");
    let orphan = world.git(&["commit-tree", "-m", "Apart", &tree]);
    world.git(&["branch", "track/b", &orphan]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 1);
    assert_eq!(texts(&answer["merged"], "track"), ["a"]);
    assert_eq!(
        find(&answer["ejected"], "track", "b")["why"],
        "not-an-own-history"
    );
}

#[test]
fn uncommitted_work_is_noted_and_neither_seen_nor_touched() {
    let world = project(TWO, &[("a", "1\n")]);
    world.git(&[
        "worktree", "add", "--quiet", "-b", "track/a", "../a", "main",
    ]);
    let there = world.root().join("a");
    world.write_at("a/a", "2\n");
    world.write_at("a/new", "1\n");
    world.git_in(&there, &["add", "a"]);
    world.write_at("a/a", "3\n");
    work(&world, "b", &[("b", "1\n")]);
    let status_before = world.git_in(&there, &["status", "--porcelain"]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0);
    assert_eq!(
        (&answer["dirty"], &answer["empty"]),
        (&json!(["a"]), &json!(["a"]))
    );
    assert_eq!(tree(&world, "integration"), tree(&world, "track/b"));
    assert_eq!(
        world.git_in(&there, &["status", "--porcelain"]),
        status_before
    );
    assert_eq!(std::fs::read_to_string(there.join("a")).unwrap(), "3\n");
}
