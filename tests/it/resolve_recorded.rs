//! What was recorded is used again: whichever side comes first, where a file has changed elsewhere, for deletions, modes,
//! binaries and renames, and for pairs that merge clean and do not work.

use serde_json::{Value, json};

use crate::project::{ask, find, project, texts, work};
use crate::resolve_verb::{BASE, clash, opened, resolve, sh, with};
use crate::world::World;

fn show(world: &World, path: &str) -> String {
    world.git(&["show", &format!("integration:{path}")])
}

#[track_caller]
fn resolved(answer: &Value, track: &str) -> Value {
    find(&answer["merged"], "track", track)["resolved"].clone()
}

/// Opens what is in conflict between a and b, runs a script there, and records.
#[track_caller]
fn solve(world: &World, arguments: &[&str], script: &str) -> String {
    let arguments = [&["resolve", "a", "b"], arguments].concat();
    let (_, answer) = ask(world, &arguments);
    assert_eq!(answer["outcome"], "opened", "{answer:#}");
    sh(world, &opened(world), script);
    let (status, answer) = ask(world, &["resolve", "a", "b", "--yes"]);
    assert_eq!(
        (status, &answer["outcome"]),
        (0, &json!("recorded")),
        "{answer:#}"
    );
    answer["record"]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn it_counts_in_both_orders() {
    for priority in ["a", "b"] {
        let world = project(
            &format!("[track.a]\n[track.b]\n[track.{priority}x]\n"),
            &[("f", BASE)],
        );
        let config = world.read("tracks.toml").replace(
            &format!("[track.{priority}]\n"),
            &format!("[track.{priority}]\npriority = 9\n"),
        );
        world.commit("main", &[("tracks.toml", &config)], "Order");
        work(&world, "a", &[("f", &with("5", "a"))]);
        work(&world, "b", &[("f", &with("5", "b"))]);
        let id = resolve(&world, "both\\n");
        let (status, answer) = ask(&world, &["sync"]);
        assert_eq!(status, 0, "{answer:#}");
        let merged = texts(&answer["merged"], "track");
        assert_eq!(merged[0], priority);
        assert_eq!(show(&world, "f"), "both");
        assert_eq!(
            resolved(&answer, &merged[1]),
            json!([{ "path": "f", "strategy": "recorded", "by": id, "exact": true }])
        );
        let message = world.git(&["log", "-1", "--format=%B", "integration"]);
        assert!(
            message.contains(&format!("Tracks-Resolved: f (recorded, {id})")),
            "{message}"
        );
        let first = world.git(&["rev-parse", "integration"]);
        world.git(&["update-ref", "-d", "refs/heads/integration"]);
        ask(&world, &["sync"]);
        assert_eq!(world.git(&["rev-parse", "integration"]), first);
    }
}

#[test]
fn a_track_that_started_from_an_older_base_meets_it_exactly() {
    let world = clash("[integration]\ncritical = 'f'\n");
    world.commit("main", &[("f", &with("1", "drift"))], "Meanwhile");
    let both = with("5", "both").replace("1\n", "drift\n");
    let id = resolve(&world, &both.replace('\n', "\\n"));
    for tracks in [["a", "b"], ["b", "a"]] {
        let config = format!(
            "[track.{}]\npriority = 9\n[track.{}]\n[integration]\ncritical = 'f'\n",
            tracks[0], tracks[1]
        );
        world.commit("main", &[("tracks.toml", &config)], "Order");
        let (status, answer) = ask(&world, &["sync"]);
        assert_eq!(status, 0, "{answer:#}");
        assert_eq!(
            resolved(&answer, tracks[1]),
            json!([{ "path": "f", "strategy": "recorded", "by": id, "exact": true }])
        );
        assert_eq!(show(&world, "f"), both.trim_end());
    }
}

#[test]
fn a_file_that_has_changed_elsewhere_has_it_adapted() {
    let world = clash("[integration]\ncritical = 'db'\n");
    let id = resolve(&world, &with("5", "both").replace('\n', "\\n"));
    work(
        &world,
        "b",
        &[("f", &with("5", "b").replace("1\n", "more\n"))],
    );
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(
        show(&world, "f"),
        with("5", "both").replace("1\n", "more\n").trim_end()
    );
    let later = texts(&answer["merged"], "track").remove(1);
    assert_eq!(
        resolved(&answer, &later),
        json!([{ "path": "f", "strategy": "recorded", "by": id, "exact": false }])
    );
    let ran = world.tracks(&["sync"]);
    assert!(
        ran.stdout
            .contains(&format!("resolved f by recorded {id} (adapted)")),
        "{}",
        ran.stdout
    );

    // In critical paths only what was made for exactly these contents counts.
    let config = world.read("tracks.toml").replace("'db'", "'f'");
    world.commit("main", &[("tracks.toml", &config)], "Critical");
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 1);
    assert!(
        answer["ejected"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("f is critical"),
        "{answer:#}"
    );

    // Other lines are another conflict.
    let config = config.replace("'f'", "'db'");
    world.commit("main", &[("tracks.toml", &config)], "Not critical");
    work(&world, "b", &[("f", &with("5", "something else"))]);
    let (status, _) = ask(&world, &["sync"]);
    assert_eq!(status, 1);
}

#[test]
fn a_deletion_against_a_change() {
    for script in ["git rm -q f", "git add f"] {
        let world = project("[track.a]\n[track.b]\n", &[("f", BASE), ("g", "1\n")]);
        work(&world, "a", &[("f", &with("5", "a"))]);
        world.git(&["branch", "--no-track", "track/b", "main"]);
        world.git(&["worktree", "add", "-q", "../b", "track/b"]);
        let b = world.root().join("b");
        sh(&world, &b, "git rm -q f; git commit -q -m Gone");
        let id = solve(&world, &[], script);
        let (status, answer) = ask(&world, &["sync"]);
        assert_eq!(status, 0, "{answer:#}");
        let there = world.git(&["ls-tree", "--name-only", "integration", "f"]);
        assert_eq!(there == "f", script == "git add f", "{script}");
        let later = texts(&answer["merged"], "track").remove(1);
        assert_eq!(resolved(&answer, &later)[0]["by"], json!(id));
    }
}

#[test]
fn modes_binaries_and_renames() {
    let world = project("[track.a]\n[track.b]\n", &[("bin", "\0\n"), ("name", BASE)]);
    work(&world, "a", &[("bin", "\0a\n"), ("new", "x\n")]);
    work(&world, "b", &[("bin", "\0b\n"), ("new", "x\n")]);
    for (track, script) in [
        ("a", "git mv name one"),
        ("b", "git mv name two; git update-index --chmod=+x new"),
    ] {
        world.git(&["worktree", "add", "-q", "../x", &format!("track/{track}")]);
        let x = world.root().join("x");
        sh(&world, &x, &format!("{script}; git commit -q -m Change"));
        world.git(&["worktree", "remove", "--force", "../x"]);
    }
    solve(
        &world,
        &[],
        "printf '\\0both\\n' >bin; git rm -q --cached name one two 2>/dev/null || true; rm -f one; mv two three; chmod +x new; git add -A",
    );
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(show(&world, "bin"), "\0both");
    let tree = world.git(&["ls-tree", "-r", "integration"]);
    assert!(
        tree.contains("\tthree") && !tree.contains("\tone") && !tree.contains("\ttwo"),
        "{tree}"
    );
    assert!(!tree.contains("\tname"), "{tree}");
    assert!(
        tree.lines()
            .any(|line| line.starts_with("100755") && line.ends_with("\tnew")),
        "{tree}"
    );
    world.git(&["fsck", "--strict"]);
}

#[test]
fn a_file_in_the_way_of_a_directory() {
    let world = project("[track.a]\n[track.b]\n", &[("x", "1\n")]);
    work(&world, "a", &[("d", "a file\n")]);
    work(&world, "b", &[("d/in", "in a directory\n")]);
    // A file moves aside, under a name that somebody chooses.
    solve(
        &world,
        &[],
        "f=$(ls | grep '^d~'); mv \"$f\" aside; git rm -q --cached \"$f\" 2>/dev/null || true; git add -A",
    );
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    let names = world.git(&["ls-tree", "-r", "--name-only", "integration"]);
    assert_eq!(names, "aside\nd/in\ntracks.toml\nx");
}

#[test]
fn what_was_changed_beside_the_conflict_comes_along() {
    let world = clash("");
    let id = solve(&world, &[], "echo both >f; echo fits >g; git add f g");
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(
        (show(&world, "f"), show(&world, "g")),
        ("both".into(), "fits".into())
    );
    let later = texts(&answer["merged"], "track").remove(1);
    assert_eq!(texts(&resolved(&answer, &later), "path"), ["f", "g"]);
    assert_eq!(resolved(&answer, &later)[1]["by"], json!(id));
}

/// a renames what b calls: it merges clean, and does not work.
fn broken(config: &str) -> World {
    let world = project(
        &format!(
            "[track.a]\n[track.b]\n[track.c]\n[check.call]\nrun = '! test -e call || sh ./call || exit 1'\n{config}"
        ),
        &[("name", "old() { :; }\n"), ("other", "1\n")],
    );
    work(&world, "a", &[("name", "new() { :; }\n")]);
    work(&world, "b", &[("call", ". ./name\nold\n")]);
    world
}

#[test]
fn a_pair_that_merges_clean_and_does_not_work_is_repaired() {
    let world = broken("");
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(status, 1);
    assert_eq!(answer["ejected"][0]["why"], "check", "{answer:#}");

    let (status, answer) = ask(&world, &["resolve", "a", "b"]);
    assert_eq!((status, &answer["outcome"]), (0, &json!("clean")));
    let (status, answer) = ask(&world, &["resolve", "a", "b", "--fix"]);
    assert_eq!(
        (status, &answer["outcome"], &answer["fix"]),
        (1, &json!("opened"), &json!(true))
    );
    let (status, answer) = ask(&world, &["resolve", "a", "b", "--yes"]);
    assert_eq!((status, &answer["outcome"]), (1, &json!("unchanged")));
    sh(
        &world,
        &opened(&world),
        "sed -i 's/^old/new/' call; git commit -q -a -m Fix",
    );
    let (status, answer) = ask(&world, &["resolve", "a", "b", "--yes"]);
    assert_eq!(
        (status, &answer["outcome"]),
        (0, &json!("recorded")),
        "{answer:#}"
    );
    assert_eq!(answer["record"]["kind"], "fix");
    let id = answer["record"]["id"].clone();

    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(status, 0, "{answer:#}");
    let later = texts(&answer["merged"], "track").remove(1);
    assert_eq!(
        resolved(&answer, &later),
        json!([{ "path": "call", "strategy": "fix", "by": id, "exact": true }])
    );
    assert_eq!(show(&world, "call"), ". ./name\nnew");

    // Without the other one, there is nothing to repair.
    let (_, answer) = ask(&world, &["sync", "--yes", "--without", "a"]);
    assert_eq!(show(&world, "call"), ". ./name\nold", "{answer:#}");
    assert_eq!(resolved(&answer, "b"), json!([]));

    // Changed elsewhere, it is adapted; changed there, it does not fit and is told.
    work(&world, "b", &[("call", "\n\n\n\n. ./name\nold\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(show(&world, "call"), "\n\n\n\n. ./name\nnew");
    let later = texts(&answer["merged"], "track").remove(1);
    assert_eq!(resolved(&answer, &later)[0]["exact"], false);
    work(&world, "b", &[("call", ". ./name; old\n")]);
    let (_, answer) = ask(&world, &["sync", "--yes", "--no-checks"]);
    let later = texts(&answer["merged"], "track").remove(1);
    let notes = find(&answer["merged"], "track", &later)["notes"].to_string();
    assert!(notes.contains("does not fit call any more"), "{answer:#}");
}

#[test]
fn a_repair_counts_after_one_of_the_two_has_landed() {
    let world = broken("");
    ask(&world, &["resolve", "a", "b", "--fix"]);
    sh(&world, &opened(&world), "sed -i 's/^old/new/' call");
    let (_, answer) = ask(&world, &["resolve", "a", "b", "--yes"]);
    assert_eq!(answer["outcome"], "recorded", "{answer:#}");
    world.merge("main", "track/a", "Land a");
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(resolved(&answer, "b")[0]["strategy"], "fix");
}

#[test]
fn a_red_candidate_is_tried_without_what_was_resolved() {
    let world = clash("[check.words]\nrun = '! grep -q wrong f'\n");
    ask(&world, &["resolve", "a", "b"]);
    sh(&world, &opened(&world), "echo wrong >f; git add f");
    let (_, answer) = ask(&world, &["resolve", "a", "b", "--no-checks"]);
    assert_eq!(answer["outcome"], "recorded");
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(status, 1, "{answer:#}");
    assert_eq!(answer["merged"].as_array().unwrap().len(), 1, "{answer:#}");
    assert_eq!(answer["moved"], true, "{answer:#}");
    let reason = answer["ejected"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("red"), "{reason}");
}

#[test]
fn the_ref_can_be_pushed_and_fetched() {
    let world = clash("");
    let id = resolve(&world, "both\\n");
    world.git(&["clone", "-q", "--bare", ".", "../there.git"]);
    world.git(&["push", "-q", "../there.git", "refs/tracks/resolutions"]);
    world.git(&["clone", "-q", "../there.git", "../clone"]);
    let clone = world.root().join("clone");
    world.git_in(
        &clone,
        &["fetch", "-q", "origin", "refs/tracks/*:refs/tracks/*"],
    );
    let ran = world.tracks_in(&clone, &["sync", "--remote"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert!(
        ran.stdout.contains(&format!("resolved f by recorded {id}")),
        "{}",
        ran.stdout
    );
}

#[test]
fn two_clones_that_push_what_they_recorded_have_both() {
    let world = project(
        "[track.a]\n[track.b]\n[track.c]\n[track.d]\n",
        &[("f", BASE), ("g", BASE)],
    );
    for (track, file) in [("a", "f"), ("b", "f"), ("c", "g"), ("d", "g")] {
        work(&world, track, &[(file, &with("5", track))]);
    }
    world.git(&["clone", "-q", "--bare", ".", "../there.git"]);
    let there = world.root().join("there.git");
    let clones = ["one", "two"].map(|name| {
        world.git(&["clone", "-q", "../there.git", &format!("../{name}")]);
        world.root().join(name)
    });
    for (clone, pair, file) in [(0, ["a", "b"], "f"), (1, ["c", "d"], "g")] {
        let clone = &clones[clone];
        let ran = world.tracks_in(clone, &["resolve", pair[0], pair[1]]);
        assert_eq!(ran.status, 1, "{}", ran.shown());
        let name = format!(".resolve-{}-{}", pair[0], pair[1]);
        let script = format!("sed -i '/^[<=>]\\{{7\\}}/d' {file}; git add {file}");
        sh(&world, &clone.join("worktrees").join(name), &script);
        let ran = world.tracks_in(clone, &["resolve", pair[0], pair[1]]);
        assert_eq!(ran.status, 0, "{}", ran.shown());
        let ran = world.tracks_in(clone, &["sync", "--fetch", "--push"]);
        assert!(ran.stdout.contains("pushed"), "{}", ran.shown());
    }
    // The second has brought in what the first had pushed, and resolved everything.
    let records = world.git_in(&there, &["ls-tree", "refs/tracks/resolutions:records"]);
    assert_eq!(records.lines().count(), 2, "{records}");
    let ran = world.tracks_in(&clones[0], &["sync", "--fetch"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
}

#[test]
fn two_who_record_at_once_keep_both() {
    let world = project(
        "[track.a]\n[track.b]\n[track.c]\n[track.d]\n",
        &[("f", BASE), ("g", BASE)],
    );
    for (track, file) in [("a", "f"), ("b", "f"), ("c", "g"), ("d", "g")] {
        work(&world, track, &[(file, &with("5", track))]);
    }
    for (pair, file) in [(["a", "b"], "f"), (["c", "d"], "g")] {
        ask(&world, &["resolve", pair[0], pair[1]]);
        let dir = world
            .repo()
            .join(format!("worktrees/.resolve-{}-{}", pair[0], pair[1]));
        sh(&world, &dir, &format!("echo both >{file}; git add {file}"));
    }
    let both: Vec<_> = [["a", "b"], ["c", "d"]]
        .map(|[a, b]| crate::project::start(&world, &["resolve", a, b]))
        .into_iter()
        .collect();
    for child in both {
        let ran = crate::project::finish(&world, child);
        assert_eq!(ran.status, 0, "{}", ran.shown());
    }
    let (_, listed) = ask(&world, &["resolve", "--list"]);
    assert_eq!(listed["records"].as_array().unwrap().len(), 2, "{listed:#}");
    let (status, _) = ask(&world, &["sync"]);
    assert_eq!(status, 0);
}

/// What was recorded two by two does not say what the three together are: nobody says that it does, and there is a way on.
#[test]
fn of_three_that_change_the_same_lines_the_third_is_solved_against_base() {
    let world = project("[track.a]\n[track.b]\n[track.c]\n", &[("f", BASE)]);
    for track in ["a", "b", "c"] {
        work(&world, track, &[("f", &with("5", track))]);
    }
    for [one, other] in [["a", "b"], ["a", "c"], ["b", "c"]] {
        let (status, _) = ask(&world, &["resolve", one, other]);
        assert_eq!(status, 1);
        let dir = world
            .repo()
            .join(format!("worktrees/.resolve-{one}-{other}"));
        sh(&world, &dir, "sed -i '/^[<=>]\\{7\\}/d' f; git add f");
        let (status, answer) = ask(&world, &["resolve", one, other]);
        assert_eq!(status, 0, "{answer:#}");
    }
    let (status, round) = ask(&world, &["sync"]);
    assert_eq!(status, 1, "{round:#}");
    let out = round["ejected"][0]["track"].as_str().unwrap().to_owned();
    let with = round["ejected"][0]["with"][0].as_str().unwrap().to_owned();
    let (status, validated) = ask(&world, &["validate", &out]);
    assert_eq!(
        (status, &validated["foreseen"]["integration"]),
        (1, &json!(null))
    );
    let (status, known) = ask(&world, &["resolve", &with, &out]);
    assert_eq!(
        (status, &known["outcome"], &known["left_out"]),
        (1, &json!("known"), &json!(out))
    );
    let ran = world.tracks(&["resolve", &with, &out]);
    for next in ["tracks land", &format!("tracks resolve {out}")] {
        assert!(
            ran.stdout.contains(&format!("next: {next}")),
            "{}",
            ran.stdout
        );
    }

    // As it says.
    let ran = world.tracks(&["init"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert_eq!(ask(&world, &["land", "--no-sync"]).0, 0);
    assert_eq!(ask(&world, &["resolve", &out]).0, 1);
    let dir = world.repo().join("worktrees").join(&out);
    sh(
        &world,
        &dir,
        "sed -i '/^[<=>]\\{7\\}/d' f; git commit -qam Solved",
    );
    assert_eq!(ask(&world, &["sync"]).0, 0);
}
