//! `[[integration.resolve]]`: conflicts that a round resolves by rule, and files that merge clean and wrong.

use serde_json::{Value, json};

use crate::project::{ask, find, project, refs, texts, work};
use crate::world::World;

/// Three tracks, and these rules.
fn ruled(rules: &str, files: &[(&str, &str)]) -> World {
    let config = format!("[track.a]\n[track.b]\n[track.c]\n{rules}");
    project(&config, files)
}

fn rule(paths: &str, rest: &str) -> String {
    format!("[[integration.resolve]]\npaths = [{paths}]\n{rest}\n")
}

const LOG: &str = "# Changes\n\n- begin\n\n## Older\n";

fn logged(line: &str) -> String {
    LOG.replace("- begin\n", &format!("- begin\n- {line}\n"))
}

fn show(world: &World, path: &str) -> String {
    world.git(&["show", &format!("integration:{path}")])
}

#[track_caller]
fn resolved(answer: &Value, track: &str) -> Value {
    find(&answer["merged"], "track", track)["resolved"].clone()
}

#[track_caller]
fn reason(answer: &Value, track: &str) -> String {
    let ejected = find(&answer["ejected"], "track", track);
    ejected["reason"].as_str().expect("a reason").to_owned()
}

#[test]
fn a_changelog_keeps_the_lines_of_everybody() {
    let world = ruled(
        &rule("'CHANGELOG.md'", "strategy = 'union'"),
        &[("CHANGELOG.md", LOG)],
    );
    for track in ["a", "b", "c"] {
        work(
            &world,
            track,
            &[("CHANGELOG.md", &logged(track)), (track, "x\n")],
        );
    }
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(
        show(&world, "CHANGELOG.md"),
        LOG.replace("- begin\n", "- begin\n- a\n- b\n- c\n")
            .trim_end()
    );
    assert_eq!(resolved(&answer, "a"), json!([]));
    assert_eq!(
        resolved(&answer, "b"),
        json!([{ "path": "CHANGELOG.md", "strategy": "union", "by": "rule", "exact": true }])
    );
    let message = world.git(&["log", "-1", "--format=%B", "integration"]);
    assert!(
        message.contains("\nTracks-Resolved: CHANGELOG.md (union, rule)"),
        "{message}"
    );

    // The same again gives the same.
    let first = world.git(&["rev-parse", "integration"]);
    world.git(&["update-ref", "-d", "refs/heads/integration"]);
    let (_, answer) = ask(&world, &["sync"]);
    assert_eq!(answer["candidate"], json!(first));
    let ran = world.tracks(&["sync"]);
    assert!(
        ran.stdout
            .contains("    resolved CHANGELOG.md by union (rule)\n"),
        "{}",
        ran.stdout
    );
    world.git(&["fsck", "--strict"]);
}

#[test]
fn one_side_wins_only_in_the_lines_that_conflict() {
    let base = "1\n2\n3\n4\n5\n6\n7\n8\n";
    let of = |middle: &str, line: &str| {
        base.replace("4\n", &format!("{middle}\n"))
            .replace(line, "new\n")
    };
    for (strategy, config, expected) in [
        ("'ours'", "", "a"),
        ("'theirs'", "", "b"),
        ("'priority'", "priority = 5", "b"),
        ("'newest'", "", "b"),
        ("'owner'", "owns = ['f']", "b"),
        ("['owner', 'ours']", "", "a"),
        ("['priority', 'theirs']", "", "b"),
    ] {
        let world = project(
            &format!(
                "[severity]\nOWN01 = 'off'\n[track.a]\npriority = 1\n[track.b]\ndepends_on = ['a']\n{}\n{}",
                if config.is_empty() {
                    "priority = 1"
                } else {
                    config
                },
                rule("'f'", &format!("strategy = {strategy}"))
            ),
            &[("f", base)],
        );
        work(&world, "a", &[("f", &of("a", "8\n"))]);
        work(&world, "b", &[("f", &of("b", "1\n"))]);
        let (status, answer) = ask(&world, &["sync"]);
        assert_eq!(status, 0, "{strategy}: {answer:#}");
        assert_eq!(
            show(&world, "f"),
            format!("new\n2\n3\n{expected}\n5\n6\n7\nnew"),
            "{strategy}"
        );
    }
}

#[test]
fn what_no_strategy_decides_stays_a_conflict_and_says_why() {
    let world = ruled(
        &rule("'f'", "strategy = ['owner', 'priority', 'first']"),
        &[("f", "1\n")],
    );
    work(&world, "a", &[("f", "a\n")]);
    work(&world, "b", &[("f", "b\n")]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 1);
    assert_eq!(texts(&answer["merged"], "track"), ["a"]);
    let why = reason(&answer, "b");
    for clause in [
        "owner: no track owns it alone",
        "priority: both sides have priority 0",
        "first: neither side was in a green round",
    ] {
        assert!(why.contains(clause), "{why}");
    }
    // That round was green, and a was in it.
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(show(&world, "f"), "a");
    assert_eq!(resolved(&answer, "b")[0]["strategy"], "first");
}

#[test]
fn the_first_rule_that_matches_counts_and_others_stay_conflicts() {
    let rules = format!(
        "{}{}",
        rule("'docs/**'", "strategy = 'ours'"),
        rule("'**/*.md'", "strategy = 'theirs'")
    );
    let world = ruled(
        &rules,
        &[("docs/x.md", "1\n"), ("y.md", "1\n"), ("z", "1\n")],
    );
    work(&world, "a", &[("docs/x.md", "a\n"), ("y.md", "a\n")]);
    work(&world, "b", &[("docs/x.md", "b\n"), ("y.md", "b\n")]);
    work(&world, "c", &[("docs/x.md", "c\n"), ("z", "c\n")]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(
        (show(&world, "docs/x.md"), show(&world, "y.md")),
        ("a".into(), "b".into())
    );
    world.commit("track/c", &[("z2", "c\n")], "More");
    work(&world, "b", &[("z", "b\n")]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 1, "{answer:#}");
    assert_eq!(
        find(&answer["ejected"], "track", "c")["paths"],
        json!(["z"])
    );
}

#[test]
fn deletions_modes_and_binaries_are_taken_whole() {
    for (strategy, gone, mode, bytes) in [
        ("ours", false, "100644", "\0a"),
        ("theirs", true, "100755", "\0b"),
    ] {
        let world = ruled(
            &rule("'**'", &format!("strategy = '{strategy}'")),
            &[("gone", "1\n"), ("bin", "\0\n")],
        );
        work(
            &world,
            "a",
            &[("gone", "2\n"), ("bin", "\0a"), ("new", "x\n")],
        );
        work(&world, "b", &[("bin", "\0b"), ("new", "x\n")]);
        world.git(&["worktree", "add", "-q", "../b", "track/b"]);
        let b = world.root().join("b");
        world.git_in(&b, &["rm", "-q", "gone"]);
        world.git_in(&b, &["update-index", "--chmod=+x", "new"]);
        world.git_in(&b, &["commit", "-q", "-m", "Gone"]);
        world.git(&["worktree", "remove", "--force", "../b"]);
        let (status, answer) = ask(&world, &["sync"]);
        assert_eq!(status, 0, "{answer:#}");
        let tree = world.git(&["ls-tree", "-r", "integration"]);
        assert_eq!(!tree.contains("\tgone"), gone, "{tree}");
        assert!(
            tree.lines()
                .any(|line| line.starts_with(mode) && line.ends_with("\tnew")),
            "{tree}"
        );
        assert_eq!(show(&world, "bin"), bytes);
        world.git(&["fsck", "--strict"]);
    }
}

#[test]
fn a_rename_on_both_sides_ends_with_one_name() {
    let text = "one line\nanother line\na third line\na fourth one\n";
    let world = ruled(&rule("'**'", "strategy = 'theirs'"), &[("f", text)]);
    for (track, name) in [("a", "g"), ("b", "h")] {
        world.git(&["branch", "--no-track", &format!("track/{track}"), "main"]);
        world.git(&["worktree", "add", "-q", "../x", &format!("track/{track}")]);
        let x = world.root().join("x");
        world.git_in(&x, &["mv", "f", name]);
        world.git_in(&x, &["commit", "-q", "-m", "Rename"]);
        world.git(&["worktree", "remove", "../x"]);
    }
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(
        world.git(&["ls-tree", "-r", "--name-only", "integration"]),
        "h\ntracks.toml"
    );
}

#[test]
fn critical_paths_are_nobodys_to_resolve() {
    let rules = format!(
        "[integration]\ncritical = 'db'\n{}",
        rule("'**'", "strategy = 'union'")
    );
    let world = ruled(&rules, &[("db/x", "1\n"), ("f", "1\n")]);
    work(&world, "a", &[("db/x", "a\n"), ("f", "a\n")]);
    work(&world, "b", &[("db/x", "b\n")]);
    work(&world, "c", &[("f", "c\n")]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!(status, 1, "{answer:#}");
    assert_eq!(resolved(&answer, "a")[0]["strategy"], "union");
    assert_eq!(texts(&answer["ejected"], "track"), ["b"]);
    assert!(
        reason(&answer, "b").contains("db/x is critical"),
        "{answer:#}"
    );
}

#[test]
fn a_driver_may_be_a_program_a_template_or_one_of_gits() {
    // Puts the two words side by side, and keeps what each side added.
    let script = "#!/bin/sh\ncat \"$3\" >>\"$2\"\n";
    for (driver, configured) in [
        ("'ROOT/tmp/join'", false),
        ("'ROOT/tmp/join %O %A %B'", false),
        ("'join'", true),
    ] {
        let world = ruled(
            &rule("'f'", &format!("strategy = 'driver'\ndriver = {driver}")),
            &[("f", "1\n")],
        );
        world.write_program("tmp/join", script);
        if configured {
            let command = format!("'{}/tmp/join' %O %A %B", world.root().display());
            world.git(&["config", "merge.join.driver", &command]);
        }
        work(&world, "a", &[("f", "a\n")]);
        work(&world, "b", &[("f", "b\n")]);
        let before = refs(&world);
        let (status, answer) = ask(&world, &["sync", "--dry-run"]);
        assert_eq!(status, 0, "{answer:#}");
        assert_eq!(answer["candidate"], json!(null));
        let note = find(&answer["merged"], "track", "b")["notes"].to_string();
        assert!(note.contains("would be tried"), "{answer:#}");
        assert_eq!(refs(&world), before);
        let (status, answer) = ask(&world, &["sync"]);
        assert_eq!((status, &answer["moved"]), (3, &json!(false)));
        let why = answer["undetermined"].to_string();
        assert!(why.contains("is not approved; `tracks trust`"), "{why}");
        let (status, answer) = ask(&world, &["sync", "--yes"]);
        assert_eq!(status, 0, "{answer:#}");
        assert_eq!(show(&world, "f"), "a\nb");
        assert_eq!(resolved(&answer, "b")[0]["strategy"], "driver");
        assert_eq!(world.leftovers(), ["join"]);
    }
}

#[test]
fn a_driver_that_loses_something_or_leaves_a_marker_does_not_count() {
    for (script, why) in [
        ("true", "the added line \"b\" would be lost"),
        (
            "printf 'a\\nb\\n<<<<<<< x\\n' >\"$2\"",
            "a conflict marker is left in line 3",
        ),
        ("exit 1", "exited with 1"),
    ] {
        let world = ruled(
            &rule(
                "'f'",
                "strategy = ['driver', 'theirs']\ndriver = 'ROOT/tmp/d'",
            ),
            &[("f", "1\n")],
        );
        world.write_program("tmp/d", &format!("#!/bin/sh\n{script}\n"));
        work(&world, "a", &[("f", "a\n")]);
        work(&world, "b", &[("f", "b\n")]);
        let (status, answer) = ask(&world, &["sync", "--yes"]);
        assert_eq!(status, 0, "{why}: {answer:#}");
        assert_eq!(resolved(&answer, "b")[0]["strategy"], "theirs");
        let note = find(&answer["merged"], "track", "b")["notes"].to_string();
        assert!(
            note.contains("f resolved by theirs, after driver:"),
            "{note}"
        );

        let config = world.read("tracks.toml").replace(", 'theirs'", "");
        world.commit("main", &[("tracks.toml", &config)], "Nothing else");
        let (_, answer) = ask(&world, &["sync", "--yes"]);
        assert!(reason(&answer, "b").contains(why), "{why}: {answer:#}");
    }
}

#[test]
fn a_list_is_tried_until_the_check_accepts() {
    let config = format!(
        "[check.words]\nrun = 'test \"$(wc -l <f)\" -lt 3'\nwhen = 'land'\n{}",
        rule("'f'", "strategy = ['union', 'ours']\naccept = 'words'")
    );
    let world = ruled(&config, &[("f", "1\n2\n")]);
    work(&world, "a", &[("f", "a\n2\n")]);
    work(&world, "b", &[("f", "b\n2\n")]);
    let (status, answer) = ask(&world, &["sync", "--dry-run"]);
    assert_eq!(status, 0);
    assert!(
        answer.to_string().contains("check words would be run"),
        "{answer:#}"
    );

    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!((status, &answer["moved"]), (3, &json!(false)));
    let why = answer["undetermined"].to_string();
    assert!(why.contains("could not run on it"), "not approved: {why}");

    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(resolved(&answer, "b")[0]["strategy"], "ours");
    assert_eq!(show(&world, "f"), "a\n2");

    let config = world.read("tracks.toml").replace(", 'ours'", "");
    world.commit("main", &[("tracks.toml", &config)], "Nothing else");
    let (_, answer) = ask(&world, &["sync", "--yes"]);
    let why = reason(&answer, "b");
    assert!(
        why.contains("union gives a result, but check words fails on it"),
        "{why}"
    );
    let list = world.git(&["worktree", "list", "--porcelain"]);
    let probe = list
        .split("\n\n")
        .find(|entry| entry.contains(".probe-0"))
        .unwrap();
    let base = world.git(&["rev-parse", "main"]);
    assert!(probe.contains(&base), "{probe}");
}

/// `lock` is made from all of `deps/`, and each run is counted.
const MAKE: &str = "echo >>ROOT/runs; cat deps/* >lock";

fn locked(when: &str) -> World {
    let rules = rule(
        "'lock'",
        &format!(
            "strategy = 'regenerate'\ncommand = '{MAKE}'\nwhen = '{when}'\ninputs = 'deps/**'"
        ),
    );
    ruled(&rules, &[("deps/m", "m\n"), ("lock", "m\n"), ("f", "1\n")])
}

fn runs(world: &World) -> usize {
    let counted = world.run_in(world.root(), "cat", &["runs"]);
    counted.stdout.lines().count()
}

#[test]
fn a_lock_file_that_conflicts_is_made_anew() {
    let world = locked("conflict");
    work(&world, "a", &[("deps/a", "a\n"), ("lock", "a\nm\n")]);
    work(&world, "b", &[("deps/b", "b\n"), ("lock", "b\nm\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(show(&world, "lock"), "a\nb\nm");
    assert_eq!(
        resolved(&answer, "b"),
        json!([{ "path": "lock", "strategy": "regenerate", "by": "rule", "exact": true }])
    );
    assert_eq!(runs(&world), 1);
    let first = world.git(&["rev-parse", "integration"]);
    let (_, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(answer["candidate"], json!(first));
    assert_eq!(runs(&world), 1, "the same tree is not asked again");
    world.git(&["fsck", "--strict"]);
}

#[test]
fn a_lock_file_that_merges_clean_and_wrong_is_made_anew() {
    let world = locked("inputs-changed");
    // Nobody has thought of the lock file, so git sees no conflict at all.
    work(&world, "a", &[("deps/a", "a\n")]);
    work(&world, "b", &[("deps/b", "b\n")]);
    work(&world, "c", &[("f", "c\n")]);
    let (status, answer) = ask(&world, &["sync"]);
    assert_eq!((status, &answer["moved"]), (3, &json!(false)));
    assert!(answer["undetermined"].to_string().contains("not approved"));

    let (status, answer) = ask(&world, &["sync", "--dry-run"]);
    assert_eq!((status, &answer["candidate"]), (0, &json!(null)));
    assert!(answer.to_string().contains("would be run"), "{answer:#}");
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(show(&world, "lock"), "a\nb\nm");
    assert_eq!(resolved(&answer, "b")[0]["strategy"], "regenerate");
    assert_eq!(
        runs(&world),
        3,
        "once for each merge in which the inputs are others"
    );
}

#[test]
fn what_the_command_changes_beside_its_paths_is_not_taken() {
    let rules = rule(
        "'lock'",
        "strategy = 'regenerate'\ncommand = 'echo x >f; echo y >new; cat deps/* >lock'\nwhen = 'always'",
    );
    let world = ruled(
        &rules,
        &[("deps/m", "m\n"), ("lock", "old\n"), ("f", "1\n")],
    );
    work(&world, "a", &[("deps/a", "a\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(
        (show(&world, "lock"), show(&world, "f")),
        ("a\nm".into(), "1".into())
    );
    assert_eq!(
        world.git(&["ls-tree", "--name-only", "integration", "new"]),
        ""
    );
    let note = answer["merged"][0]["notes"][0].as_str().unwrap();
    assert_eq!(note, "making lock anew also changed f, which was not taken");
    assert!(world.tracks(&["sync", "--yes"]).stdout.contains(note));
}

#[test]
fn a_command_that_fails_leaves_the_track_out() {
    let rules = rule(
        "'lock'",
        "strategy = 'regenerate'\ncommand = 'test ! -e deps/b; cat deps/* >lock; test ! -e deps/b'\nwhen = 'inputs-changed'\ninputs = 'deps/**'",
    );
    let world = ruled(&rules, &[("deps/m", "m\n"), ("lock", "m\n")]);
    work(&world, "a", &[("deps/a", "a\n")]);
    work(&world, "b", &[("deps/b", "b\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(status, 1, "{answer:#}");
    assert_eq!(texts(&answer["merged"], "track"), ["a"]);
    let why = reason(&answer, "b");
    assert!(
        why.starts_with("merges clean, but lock cannot be made anew"),
        "{why}"
    );
    assert_eq!(show(&world, "lock"), "a\nm");
}
