//! The collision matrix against git itself: every verdict, path and type is what `git merge-tree` says.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::against_git::{agrees_with_git, git_merges};
use crate::project::{ask, document, everything_kept, find, project, refs, texts, work};
use crate::world::World;

/// Two tracks on a base; `a` and `b` are lines of a history.
fn two(base: &str, a: &str, b: &str) -> World {
    let indent =
        |lines: &str| -> String { lines.lines().map(|line| format!("    {line}\n")).collect() };
    World::of(&format!(
        "main: Begin\n    tracks.toml = [track.a] | [track.b]\n{}\
         track/a from main: Ours\n{}track/b from main: Theirs\n{}",
        indent(base),
        indent(a),
        indent(b)
    ))
}

#[test]
fn every_shape_of_conflict_is_gits() {
    let long = "f = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8";
    let moved = |name: &str| format!("- f\n{}", long.replacen('f', name, 1));
    for (base, a, b, types) in [
        (
            "f = 1 | 2 | 3",
            "f = one | 2 | 3",
            "f = 1 | 2 | three",
            json!([]),
        ),
        (
            "f = 1 | 2 | 3",
            "f = 1 | two | 3",
            "f = 1 | zwei | 3",
            json!(["contents"]),
        ),
        (
            "f = 1 | 2 | 3",
            "f = 1 | two | 3",
            "f = 1 | two | 3",
            json!([]),
        ),
        ("x =", "f = 1", "f = 2", json!(["add/add"])),
        ("x =", "f = 1", "f = 1", json!([])),
        ("f = 1 | 2", "f = 1 | two", "- f", json!(["modify/delete"])),
        ("f = 1 | 2", "- f", "- f", json!([])),
        (long, &moved("g"), "- f", json!(["rename/delete"])),
        (
            long,
            &moved("g"),
            "f = 1 | 2 | 3 | 4 | 5 | 6 | 7 | eight",
            json!([]),
        ),
        (long, &moved("g"), &moved("h"), json!(["rename/rename"])),
        ("x =", "d = 1", "d/f = 1", json!(["file/directory"])),
        ("f = \0 | 1", "f = \0 | 2", "f = \0 | 3", json!(["binary"])),
        (
            "d/1 = 1 | 2 | 3\nd/2 = a | b | c",
            "- d/1\n- d/2\ne/1 = 1 | 2 | 3\ne/2 = a | b | c",
            "d/new = x",
            json!(["directory rename suggested"]),
        ),
        (
            ".gitattributes = f merge=union\nf = 1",
            "f = 1 | a",
            "f = 1 | b",
            json!([]),
        ),
    ] {
        let world = two(base, a, b);
        let kept = everything_kept(&world);
        let before = refs(&world);
        let (status, answer) = ask(&world, &["conflicts"]);
        assert_eq!(everything_kept(&world).0, kept.0, "no object is left");
        assert_eq!((everything_kept(&world).1, refs(&world)), (kept.1, before));
        assert_eq!(world.leftovers(), Vec::<String>::new());
        agrees_with_git(&world, &answer);
        let pair = find(&answer["pairs"], "a", "a");
        let found: BTreeSet<&str> = pair["conflicts"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|conflict| conflict["types"].as_array().unwrap())
            .map(|kind| kind.as_str().unwrap())
            .collect();
        let expected: BTreeSet<&str> = types
            .as_array()
            .unwrap()
            .iter()
            .map(|kind| kind.as_str().unwrap())
            .collect();
        assert!(
            found.is_superset(&expected) && found.is_empty() == expected.is_empty(),
            "{a} / {b}: {found:?}"
        );
        assert_eq!(status, i32::from(!expected.is_empty()), "{a} / {b}");
    }
}

#[test]
fn every_key_of_the_contract_is_there() {
    let world = project(
        "[track.a]\nowns = [\"f\"]\n[track.b]\n[track.c]\n",
        &[("f", "1\n2\n3\n4\n")],
    );
    work(&world, "a", &[("f", "1\ntwo\n3\n4\n")]);
    work(&world, "b", &[("f", "1\nzwei\ndrei\n4\n")]);
    let (status, answer) = ask(&world, &["conflicts"]);
    assert_eq!(
        (status, &answer["schema"]),
        (1, &json!("tracks/conflicts/v1"))
    );
    let commit = |revision: &str| json!(world.git(&["rev-parse", revision]));
    assert_eq!(
        answer["base"],
        json!({ "branch": "main", "name": "main", "commit": commit("main") })
    );
    assert_eq!(answer["uncommitted"], true);
    let a = find(&answer["tracks"], "track", "a");
    assert_eq!(
        (&a["commit"], &a["tree"], &a["dirty"]),
        (&commit("track/a"), &commit("track/a^{tree}"), &json!(false))
    );
    assert_eq!(
        find(&answer["tracks"], "track", "c")["commit"],
        json!(null),
        "no branch yet"
    );
    let pair = find(&answer["pairs"], "a", "a");
    assert_eq!((&pair["b"], &pair["collisions"]), (&json!("b"), &json!([])));
    let conflict = &pair["conflicts"][0];
    assert_eq!(
        (&conflict["path"], &conflict["type"], &conflict["owner"]),
        (&json!("f"), &json!("contents"), &json!("a"))
    );
    let region = &conflict["regions"][0];
    assert_eq!(
        (&region["ours"]["lines"], &region["theirs"]["lines"]),
        (&json!(2), &json!(2)),
        "{region}"
    );
    assert_eq!(
        answer["hot_files"],
        json!([{ "path": "f", "pairs": 1, "tracks": ["a", "b"], "advice": null }])
    );
    assert_eq!(
        answer["largest_clean_set"],
        json!(["a"]),
        "the earlier name among equals"
    );
    assert_eq!(
        (&answer["order"], &answer["order_exact"]),
        (&json!(["c", "a", "b"]), &json!(true)),
        "what conflicts with nobody goes first"
    );
    assert_eq!(
        answer["to_resolve"],
        json!([{ "track": "b", "with": ["a"] }])
    );
    for key in [
        "pairs",
        "disjoint",
        "merged_in_process",
        "merged_by_git",
        "cached",
        "seconds",
        "peak_memory_bytes",
    ] {
        assert!(
            answer["stats"].as_object().unwrap().contains_key(key),
            "{key}"
        );
    }
}

#[test]
fn stacked_tracks_have_no_invented_conflicts() {
    let world = project("[track.a]\n[track.b]\n[track.c]\n", &[("f", "1\n")]);
    work(&world, "a", &[("f", "2\n")]);
    world.git(&["branch", "--no-track", "track/b", "track/a"]);
    work(&world, "b", &[("f", "3\n")]);
    world.git(&["branch", "--no-track", "track/c", "track/b"]);
    work(&world, "c", &[("f", "1\n")]);
    world.commit("main", &[("other", "1\n")], "Drift");
    let (status, answer) = ask(&world, &["conflicts"]);
    assert_eq!(status, 0, "{answer:#}");
    agrees_with_git(&world, &answer);
    assert_eq!(answer["largest_clean_set"], json!(["a", "b", "c"]));
}

#[test]
fn what_conflicts_with_base_is_told_once() {
    let world = project(
        "[track.a]\n[track.b]\n[track.c]\n",
        &[("f", "1\n"), ("g", "1\n")],
    );
    work(&world, "a", &[("f", "a\n")]);
    work(&world, "b", &[("g", "b\n")]);
    work(&world, "c", &[("c", "c\n")]);
    world.commit("main", &[("f", "main\n")], "Drift");
    let (status, answer) = ask(&world, &["conflicts"]);
    assert_eq!(status, 1);
    agrees_with_git(&world, &answer);
    let pairs = answer["pairs"].as_array().unwrap();
    let conflicting: Vec<_> = pairs
        .iter()
        .filter(|pair| pair["verdict"] == "conflict")
        .collect();
    assert_eq!(conflicting.len(), 1, "{answer:#}");
    assert_eq!(
        (&conflicting[0]["a"], &conflicting[0]["b"]),
        (&json!("base"), &json!("a"))
    );
    assert_eq!(answer["largest_clean_set"], json!(["b", "c"]));
}

#[test]
fn the_largest_clean_set_merges_and_no_larger_one_does() {
    let tracks = ["a", "b", "c", "d"];
    let world = project(
        "[track.a]\n[track.b]\n[track.c]\n[track.d]\n",
        &[("f", "1\n"), ("g", "1\n"), ("h", "1\n")],
    );
    work(&world, "a", &[("f", "a\n")]);
    work(&world, "b", &[("f", "b\n"), ("g", "b\n")]);
    work(&world, "c", &[("g", "c\n")]);
    work(&world, "d", &[("h", "d\n")]);
    let (_, answer) = ask(&world, &["conflicts"]);
    agrees_with_git(&world, &answer);
    let merges = |set: &[&str]| {
        set.iter().try_fold("main".to_owned(), |at, track| {
            let branch = format!("track/{track}");
            let tree = git_merges(&world, &at, &branch)?.ok()?;
            Some(world.git(&["commit-tree", "-p", &at, "-p", &branch, "-m", "x", &tree]))
        })
    };
    let set: Vec<&str> = answer["largest_clean_set"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    assert!(merges(&set).is_some(), "{set:?}");
    for bits in 0..1_u32 << tracks.len() {
        let other: Vec<&str> = (0..tracks.len())
            .filter(|index| bits & (1 << index) != 0)
            .map(|index| tracks[index])
            .collect();
        assert!(
            other.len() <= set.len() || merges(&other).is_none(),
            "{other:?} is larger than {set:?}"
        );
    }
}

#[test]
fn uncommitted_work_counts_and_is_not_touched() {
    let world = project("[track.a]\n[track.b]\n", &[("f", "1\n"), ("g", "1\n")]);
    world.git(&[
        "worktree", "add", "--quiet", "-b", "track/a", "../a", "main",
    ]);
    world.git(&[
        "worktree", "add", "--quiet", "-b", "track/b", "../b", "main",
    ]);
    work(&world, "b", &[("f", "b\n"), ("new", "b\n")]);
    world.write_at("a/f", "a\n");
    world.write_at("a/new", "a\n");
    world.write_at("a/g", "2\n");
    let there = world.root().join("a");
    world.git_in(&there, &["add", "g"]);
    let index = world.repo().join(".git/worktrees/a/index");
    let state = || {
        let status = world.git_in(&there, &["--no-optional-locks", "status", "--porcelain"]);
        (
            fs::read(&index).unwrap(),
            fs::metadata(&index).unwrap().modified().unwrap(),
            status,
            everything_kept(&world),
        )
    };
    let before = state();
    let (status, answer) = ask(&world, &["conflicts"]);
    assert_eq!(state(), before);
    assert_eq!(status, 1);
    let pair = find(&answer["pairs"], "a", "a");
    assert_eq!(texts(&pair["conflicts"], "path"), ["f", "new"]);
    assert_eq!(texts(&pair["conflicts"], "type"), ["contents", "add/add"]);
    let a = find(&answer["tracks"], "track", "a");
    assert_eq!(
        (&a["dirty"], &a["commit"]),
        (&json!(true), &json!(world.git(&["rev-parse", "track/a"])))
    );

    let (status, answer) = ask(&world, &["conflicts", "--committed"]);
    assert_eq!(
        (status, &answer["uncommitted"]),
        (0, &json!(false)),
        "{answer:#}"
    );
    // As if it had been committed.
    world.git_in(&there, &["add", "--all"]);
    let tree = world.git_in(&there, &["write-tree"]);
    assert_eq!(a["tree"], tree);
}

#[test]
fn in_the_middle_of_a_merge_the_last_commit_counts_and_that_is_said() {
    let world = project("[track.a]\n[track.b]\n", &[("f", "1\n")]);
    world.git(&[
        "worktree", "add", "--quiet", "-b", "track/a", "../a", "main",
    ]);
    work(&world, "a", &[("f", "a\n")]);
    work(&world, "b", &[("g", "b\n")]);
    world.git(&["branch", "other", "main"]);
    world.commit("other", &[("f", "other\n")], "Other");
    let merge = world.run_in(&world.root().join("a"), "git", &["merge", "other"]);
    assert_eq!(merge.status, 1, "{}", merge.shown());
    let (status, answer) = ask(&world, &["conflicts"]);
    assert_eq!(status, 0, "{answer:#}");
    let a = find(&answer["tracks"], "track", "a");
    assert!(
        a["note"]
            .as_str()
            .unwrap()
            .contains("in the middle of a merge"),
        "{a}"
    );
    assert_eq!(a["tree"], world.git(&["rev-parse", "track/a^{tree}"]));
    agrees_with_git(&world, &answer);
}

#[test]
fn unrelated_history_is_unavailable_and_what_is_found_wins_over_it() {
    let world = project("[track.a]\n[track.b]\n[track.c]\n", &[("f", "1\n")]);
    let tree = world.git(&["rev-parse", "main^{tree}"]);
    let orphan = world.git(&["commit-tree", "-m", "Apart", &tree]);
    world.git(&["branch", "track/a", &orphan]);
    work(&world, "b", &[("f", "b\n")]);
    let (status, answer) = ask(&world, &["conflicts"]);
    assert_eq!(status, 3, "{answer:#}");
    let pair = find(&answer["pairs"], "a", "a");
    assert_eq!(pair["verdict"], "unavailable");
    assert!(
        pair["reason"]
            .as_str()
            .unwrap()
            .contains("no common commit"),
        "{pair}"
    );
    assert_eq!(answer["largest_clean_set"], json!(["b"]));
    work(&world, "c", &[("f", "c\n")]);
    let (status, answer) = ask(&world, &["conflicts"]);
    assert_eq!(status, 1);
    agrees_with_git(&world, &answer);
}

#[test]
fn a_worktree_that_cannot_be_read_is_unavailable_in_every_pair() {
    let world = project("[track.a]\n[track.b]\n", &[("f", "1\n")]);
    work(&world, "b", &[("b", "1\n")]);
    ask(&world, &["sync"]);
    world.git(&[
        "worktree", "add", "--quiet", "-b", "track/a", "../a", "main",
    ]);
    world.git(&["init", "--quiet", "../a/nested"]);
    let (status, answer) = ask(&world, &["conflicts"]);
    assert_eq!(status, 3, "{answer:#}");
    let of_a: Vec<&Value> = answer["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|pair| pair["a"] == "a" || pair["b"] == "a")
        .collect();
    assert_eq!(of_a.len(), 3, "base, integration, b");
    assert!(
        of_a.iter().all(|pair| pair["verdict"] == "unavailable"),
        "{answer:#}"
    );
    let (status, _) = ask(&world, &["conflicts", "--committed"]);
    assert_eq!(status, 0);
}

#[test]
fn a_path_that_is_not_utf8_has_its_bytes_beside_it() {
    let world = project("[track.a]\n[track.b]\n", &[("f", "1\n")]);
    for track in ["a", "b"] {
        let script = format!(
            "blob=$(echo {track} | git hash-object -w --stdin) && \
             tree=$( (git ls-tree main; printf '100644 blob %s\\tx\\377\\n' $blob) | git mktree) && \
             git branch track/{track} $(git commit-tree -p main -m x $tree)"
        );
        let ran = world.run_in(&world.repo(), "sh", &["-c", &script]);
        assert_eq!(ran.status, 0, "{}", ran.shown());
    }
    let (status, answer) = ask(&world, &["conflicts"]);
    assert_eq!(status, 1);
    let conflict = &find(&answer["pairs"], "a", "a")["conflicts"][0];
    assert_eq!(
        (&conflict["path"], &conflict["path_bytes"]),
        (&json!("x\u{fffd}"), &json!("eP8="))
    );
    assert_eq!(conflict["type"], "add/add");
}

#[test]
fn attributes_come_from_base_wherever_the_command_runs() {
    let world = project("[track.a]\n[track.b]\n", &[("f", "1\n")]);
    work(&world, "a", &[("f", "1\na\n")]);
    work(
        &world,
        "b",
        &[("f", "1\nb\n"), (".gitattributes", "f merge=union\n")],
    );
    world.write(".gitattributes", "f merge=union\n");
    let (status, answer) = ask(&world, &["conflicts"]);
    assert_eq!(
        status, 1,
        "neither the untracked file nor the track's counts"
    );
    agrees_with_git(&world, &answer);
}

fn with_integration<'a>(answer: &'a Value, track: &str) -> Option<&'a Value> {
    let pairs = answer["pairs"].as_array().expect("a list");
    pairs
        .iter()
        .find(|pair| pair["a"] == "integration" && pair["b"] == track)
}

#[test]
fn integration_is_a_side_after_the_first_round_that_moved() {
    let world = project(
        "[track.a]\n[track.b]\n[check.unit]\nrun = \"test -e go\"\n",
        &[("f", "1\n")],
    );
    work(&world, "a", &[("f", "a\n")]);
    work(&world, "b", &[("b", "b\n")]);
    let (status, _) = ask(&world, &["sync", "--yes"]);
    assert_eq!(status, 1, "red on base");
    let (_, answer) = ask(&world, &["conflicts"]);
    assert_eq!(with_integration(&answer, "a"), None);
    world.commit("main", &[("go", "1\n")], "Go");
    let (status, _) = ask(&world, &["sync", "--yes"]);
    assert_eq!(status, 0);

    // Rewritten, and no conflict with its own old commit.
    world.git(&["branch", "-f", "track/a", "main"]);
    work(&world, "a", &[("f", "other\n")]);
    // In conflict with what the round had of a, and with what a is now.
    work(&world, "b", &[("f", "b\n")]);
    let (status, answer) = ask(&world, &["conflicts"]);
    assert_eq!(status, 1);
    assert_eq!(with_integration(&answer, "a").unwrap()["verdict"], "clean");
    let pair = with_integration(&answer, "b").unwrap();
    assert_eq!(
        (&pair["verdict"], &pair["conflicts"][0]["path"]),
        (&json!("conflict"), &json!("f"))
    );
}

#[test]
fn a_track_of_the_last_round_that_no_longer_fits_onto_base_is_no_obstacle_to_others() {
    let world = project("[track.a]\n[track.b]\n", &[("f", "1\n")]);
    work(&world, "a", &[("f", "a\n")]);
    work(&world, "b", &[("b", "b\n")]);
    ask(&world, &["sync"]);
    world.commit("main", &[("f", "main\n")], "Drift");
    let (status, answer) = ask(&world, &["validate", "b"]);
    assert_eq!(
        (status, &answer["merges"]["integration"]),
        (0, &json!("clean")),
        "{answer:#}"
    );
}

#[test]
fn a_single_pair_by_name() {
    let world = project("[track.a]\n[track.b]\n[track.c]\n", &[("f", "1\n")]);
    work(&world, "a", &[("f", "a\n")]);
    work(&world, "b", &[("f", "b\n")]);
    work(&world, "c", &[("f", "c\n")]);
    let ran = world.tracks(&["conflicts", "a", "b"]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stdout.contains("- a") && ran.stdout.contains("+ b"),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains("+ c"), "{}", ran.stdout);
    let json = world.tracks(&["conflicts", "a", "b", "--format", "json"]);
    let pairs = document(&json)["pairs"].as_array().unwrap().len();
    assert_eq!(pairs, 3, "the pair, and each against base");
    for (arguments, hint) in [
        (["conflicts", "a", "bb"].as_slice(), "did you mean `b`?"),
        (&["conflicts", "a"], "leave both out"),
        (&["conflicts", "a", "a"], "cannot conflict with itself"),
    ] {
        let ran = world.tracks(arguments);
        assert_eq!(ran.status, 2, "{}", ran.shown());
        assert!(ran.stderr.contains(hint), "{}", ran.stderr);
    }
}
