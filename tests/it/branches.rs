//! `tracks conflicts --branches`: an answer for any repository, whatever it is and whatever its tracks.toml says.

use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::oddities::assert_refused;
use crate::project::{ask, ask_in, everything_kept, find, refs, texts};
use crate::world::World;

/// Two topics that conflict, one that does not, one more branch, and no tracks.toml.
const TOPICS: &str = "
    main: Begin
        f = 1 | 2 | 3
    topic/a from main: A
        f = 1 | zwei | 3
    topic/b from main: B
        f = 1 | two | 3
    topic/deep/c from main: C
        c = c
    other from main: Other
        f = 1 | deux | 3
";

fn branches(answer: &Value) -> Vec<String> {
    texts(&answer["tracks"], "track")
}

/// A fresh clone of the world's repository, or what `options` make of one.
fn clone(world: &World, options: &[&str]) -> PathBuf {
    let url = format!("file://{}", world.repo().display());
    let arguments = [&["clone", "--quiet"], options, &[&url, "clone"]].concat();
    world.git_in(world.root(), &arguments);
    world.root().join("clone")
}

#[track_caller]
fn compared(world: &World, dir: &Path, arguments: &[&str]) -> Vec<String> {
    let (_, answer) = ask_in(world, dir, &[&["conflicts"], arguments].concat());
    branches(&answer)
}

#[test]
fn any_repository_is_answered_and_nothing_is_left_in_it() {
    let world = World::of(TOPICS);
    let kept = (everything_kept(&world), refs(&world));
    let ran = world.tracks(&["conflicts", "--branches", "topic/*"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 1
    --- stdout
    3 branches on main [ID], 3 pairs, uncommitted work included

                  base  topic/a  topic/b
    topic/a       ·
    topic/b       ·     ✗1
    topic/deep/c  ·     ·        ·

    conflict topic/a × topic/b
      f  contents  lines 2 / 2

    largest set that merges clean together (2 of 3): topic/a, topic/deep/c
    landing order with the fewest conflicts (1 of 3 to be resolved): topic/deep/c, topic/a, topic/b
      resolve topic/b with topic/a
    the lines of a pair: tracks conflicts topic/a topic/b --branches 'topic/*'
    --- stderr
    ");
    let sides = ["--branches", "topic/?", "--base", "main", "--committed"];
    let ran = world.tracks(&[&["conflicts"][..], &sides].concat());
    let lines = "tracks conflicts topic/a topic/b --branches 'topic/?' --base main --committed\n";
    assert!(ran.stdout.ends_with(lines), "{}", ran.shown());
    let (status, answer) = ask(&world, &["conflicts", "--branches", "topic/*"]);
    assert_eq!(status, 1);
    assert_eq!(branches(&answer), ["topic/a", "topic/b", "topic/deep/c"]);
    assert_eq!(
        (&answer["base"]["branch"], &answer["base"]["name"]),
        (&json!("main"), &json!("main"))
    );
    let pair = find(&answer["pairs"], "a", "topic/a");
    assert_eq!(
        (&pair["b"], &pair["verdict"]),
        (&json!("topic/b"), &json!("conflict"))
    );
    assert_eq!(
        answer["largest_clean_set"],
        json!(["topic/a", "topic/deep/c"])
    );
    assert_eq!((everything_kept(&world), refs(&world)), kept);
    assert!(!world.repo().join(".git/tracks").exists());
    // Nor is what a killed run has left.
    world.write(".git/tracks/scratch/77-dead.lock", "");
    world.write(".git/tracks/scratch/77-dead/objects/aa/bb", "x");
    assert_eq!(ask(&world, &["conflicts", "--branches", "topic/*"]).0, 1);
    assert!(!world.repo().join(".git/tracks").exists());
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

#[test]
fn two_of_the_branches_are_shown_by_their_lines() {
    let world = World::of(TOPICS);
    let pair = ["conflicts", "topic/b", "topic/a", "--branches", "topic/*"];
    assert_snapshot!(world.tracks(&pair).shown(), @"
    exit: 1
    --- stdout
    2 branches on main [ID], 1 pair, uncommitted work included

    conflict topic/b × topic/a

    f  contents
      topic/b  [ID]  B  Ada  4 days ago
      topic/a  [ID]  A  Ada  4 days ago

      lines 2 in topic/b (-), 2 in topic/a (+), 2 before either (|)
      1   1
      2 | 2
      2 - two
      2 + zwei
      3   3
    --- stderr
    ");
    assert_refused(
        &world.tracks(&["conflicts", "topic/a", "topik/b", "--branches", "topic/*"]),
        2,
        "`topik/b` is not among the branches that are compared",
        "did you mean `topic/b`?",
    );
    assert_refused(
        &world.tracks(&["conflicts", "topic/a", "other", "--branches", "topic/*"]),
        2,
        "`other` is not among the branches that are compared",
        "the branches are: topic/a, topic/b, topic/deep/c",
    );
}

#[test]
fn patterns_are_globs_names_and_more_than_one() {
    let world = World::of(TOPICS);
    for (arguments, expected) in [
        (&["--branches", "other"][..], &["other"][..]),
        (
            &["--branches", "other", "--branches", "topic/?"],
            &["other", "topic/a", "topic/b"],
        ),
        (
            &["--branches", "topic/*", "--branches", "topic/a"],
            &["topic/a", "topic/b", "topic/deep/c"],
        ),
        (
            &["--branches", "*"],
            &["other", "topic/a", "topic/b", "topic/deep/c"],
        ),
    ] {
        assert_eq!(compared(&world, &world.repo(), arguments), expected);
    }
}

#[test]
fn what_matches_nothing_is_one_sentence() {
    let world = World::of(TOPICS);
    let refused = |pattern: &str, hint: &str| {
        assert_refused(
            &world.tracks(&["conflicts", "--branches", "topic/*", "--branches", pattern]),
            2,
            &format!("no branch matches `{pattern}`"),
            hint,
        );
    };
    refused("topik/*", "did you mean `topic/*`?");
    refused("topic/aa", "did you mean `topic/a`?");
    refused(
        "xyz",
        "the branches are: main, other, topic/a, topic/b, topic/deep/c",
    );
    refused(
        "",
        "the branches are: main, other, topic/a, topic/b, topic/deep/c",
    );
    assert_refused(
        &world.tracks(&["conflicts", "--branches", "ma*"]),
        2,
        "there is nothing to compare with main: only main matched",
        "name more branches, or another base with `--base REV`",
    );
    for count in 0..9 {
        world.git(&["branch", &format!("z{count}")]);
    }
    refused(
        "qqq",
        "the branches are: main, other, topic/a, topic/b, topic/deep/c, z0, z1, z2 and 6 more",
    );
}

#[test]
fn the_base_may_be_any_revision() {
    let world = World::of(TOPICS);
    world.commit("main", &[("f", "one\n2\n3\n")], "Drift");
    world.git(&["tag", "-a", "-m", "first", "v1", "main~1"]);
    let old = world.git(&["rev-parse", "main~1"]);
    for (base, branch) in [
        ("v1", json!(null)),
        ("main~1", json!(null)),
        (old.as_str(), json!(null)),
        ("topic/deep/c", json!("topic/deep/c")),
    ] {
        let (_, answer) = ask(
            &world,
            &["conflicts", "--branches", "topic/?", "--base", base],
        );
        assert_eq!(answer["base"]["name"], base);
        assert_eq!(answer["base"]["branch"], branch);
        let peeled = format!("{base}^{{commit}}");
        assert_eq!(answer["base"]["commit"], world.git(&["rev-parse", &peeled]));
    }
    assert_refused(
        &world.tracks(&["conflicts", "--branches", "topic/*", "--base", "mian"]),
        2,
        "`mian` is no branch, tag or commit here",
        "did you mean `main`?",
    );
    let alone = world.tracks(&["conflicts", "--base", "main"]);
    assert_eq!(alone.status, 2, "a base is for branches");
}

#[test]
fn a_base_that_cannot_be_guessed_is_asked_for() {
    let world = World::of(TOPICS);
    world.git(&["branch", "--move", "main", "trunk"]);
    assert_refused(
        &world.tracks(&["conflicts", "--branches", "topic/*"]),
        3,
        "there is no branch to take as base; looked for main, master",
        "name it: `--base REV`",
    );
    assert_eq!(
        compared(
            &world,
            &world.repo(),
            &["--branches", "*", "--base", "trunk"]
        ),
        ["other", "topic/a", "topic/b", "topic/deep/c"]
    );
}

#[test]
fn remote_tracking_branches_where_they_are_meant() {
    let world = World::of(TOPICS);
    let dir = clone(&world, &[]);
    let fresh = world.tracks_in(&dir, &["conflicts", "--branches", "topic/?"]);
    assert_eq!(
        fresh.stderr,
        "note: no local branch matches `topic/?`; what origin has is compared\n"
    );
    let here = |arguments: &[&str]| compared(&world, &dir, arguments);
    assert_eq!(here(&["--branches", "topic/?"]), ["topic/a", "topic/b"]);
    assert_eq!(
        here(&["--branches", "origin/topic/*"]),
        ["origin/topic/a", "origin/topic/b", "origin/topic/deep/c"]
    );

    world.git_in(&dir, &["branch", "--no-track", "topic/a", "origin/topic/a"]);
    assert_eq!(here(&["--branches", "topic/?"]), ["topic/a"]);
    assert_eq!(
        here(&["--branches", "topic/?", "--remote"]),
        ["topic/a", "topic/b"]
    );
    let both = ["--branches", "topic/?", "--branches", "origin/topic/?"];
    let ran = world.tracks_in(&dir, &[&["conflicts"][..], &both].concat());
    assert_eq!(
        ran.stderr,
        "note: origin/topic/a is the same commit as the local branch, and left out\n"
    );
    assert_eq!(here(&both), ["topic/a", "origin/topic/b"]);

    // Further on the remote, and then further here.
    world.commit("topic/a", &[("f", "1\ndrei\n3\n")], "More");
    world.git_in(&dir, &["fetch", "--quiet"]);
    let tip = |arguments: &[&str]| {
        let (_, answer) = ask_in(&world, &dir, &[&["conflicts"], arguments].concat());
        find(&answer["tracks"], "track", "topic/a")["commit"].clone()
    };
    let theirs = json!(world.git(&["rev-parse", "topic/a"]));
    assert_eq!(tip(&["--branches", "topic/a"]), theirs);
    assert_eq!(here(&both), ["topic/a", "origin/topic/b"]);
    world.git_in(&dir, &["switch", "--quiet", "topic/a"]);
    world.git_in(&dir, &["commit", "--quiet", "--allow-empty", "-m", "Own"]);
    let ours = json!(world.git_in(&dir, &["rev-parse", "topic/a"]));
    assert_eq!(tip(&["--branches", "topic/a"]), ours);
    assert_eq!(tip(&["--branches", "topic/a", "--remote"]), theirs);
    assert_eq!(here(&both), ["topic/a", "origin/topic/a", "origin/topic/b"]);
}

#[test]
fn base_and_integration_are_not_compared() {
    let world = World::of(TOPICS);
    world.commit(
        "main",
        &[("tracks.toml", "[integration]\nbranch = 'all'\n[track.x]\n")],
        "Configure",
    );
    world.git(&["branch", "all", "topic/b"]);
    let ran = world.tracks(&[
        "conflicts",
        "--branches",
        "main",
        "--branches",
        "a*",
        "--branches",
        "topic/a",
    ]);
    assert_eq!(
        ran.stderr,
        "note: main is the base, and left out\n\
         note: all is an integration branch, made of others, and left out\n"
    );
    assert!(ran.stdout.starts_with("1 branch on main"), "{}", ran.stdout);

    let dir = clone(&world, &[]);
    world.git_in(&dir, &["commit", "--quiet", "--allow-empty", "-m", "Ahead"]);
    assert_eq!(
        compared(&world, &dir, &["--branches", "*", "--base", "origin/main"]),
        ["main"],
        "with work of its own it is a branch like any other"
    );
}

#[test]
fn what_a_round_built_is_no_branch_of_its_own() {
    let world =
        World::of("main: Begin\n    tracks.toml = [track.a]\ntrack/a from main: A\n    a = a\n");
    assert_eq!(world.tracks(&["sync"]).status, 0);
    world.write("tracks.toml", "broken [");
    let kept = everything_kept(&world);
    assert_eq!(
        compared(&world, &world.repo(), &["--branches", "*"]),
        ["track/a"]
    );
    let (_, answer) = ask(&world, &["conflicts", "--branches", "*"]);
    assert!(
        !texts(&answer["pairs"], "a").contains(&"integration".to_owned()),
        "that is for tracks: {answer:#}"
    );
    assert_eq!(everything_kept(&world), kept);
}

#[test]
fn a_tracks_toml_of_any_kind_does_not_matter() {
    let world = World::of(TOPICS);
    let expected = ask(&world, &["conflicts", "--branches", "topic/*"]).1["pairs"].clone();
    for config in [
        "broken [",
        "[project]\nbase = 'nowhere'\n[track.a]\n",
        "[track.a]\nbranch = 'topic/a'\ndepends_on = ['b']\n[track.b]\nbranch = 'topic/b'\n",
    ] {
        world.write("tracks.toml", config);
        let (_, answer) = ask(&world, &["conflicts", "--branches", "topic/*"]);
        assert_eq!(answer["pairs"], expected, "{config}");
    }
}

#[test]
fn uncommitted_work_counts() {
    let world = World::of(TOPICS);
    world.git(&["worktree", "add", "--quiet", "../elsewhere", "topic/deep/c"]);
    world.write_at("elsewhere/f", "1\ndirty\n3\n");
    let arguments = [
        "conflicts",
        "--branches",
        "topic/a",
        "--branches",
        "topic/deep/c",
    ];
    let (status, answer) = ask(&world, &arguments);
    assert_eq!(status, 1);
    let side = find(&answer["tracks"], "track", "topic/deep/c");
    assert_eq!(side["dirty"], json!(true));
    assert_eq!(
        ask_in(&world, &world.root().join("elsewhere"), &arguments).0,
        1
    );
    assert_eq!(
        ask(&world, &[&arguments[..], &["--committed"]].concat()).0,
        0
    );
}

#[test]
fn bare_repositories_too() {
    let world = World::of(TOPICS);
    let dir = clone(&world, &["--bare"]);
    let arguments = ["conflicts", "--branches", "topic/*"];
    let (status, answer) = ask_in(&world, &dir, &arguments);
    assert_eq!(status, 1);
    assert_eq!(answer["pairs"], ask(&world, &arguments).1["pairs"]);
    assert!(!dir.join("tracks").exists());
}

#[test]
fn names_that_no_track_could_have() {
    let world = World::of(TOPICS);
    for name in [
        "Ünïcode/Ñ",
        "base",
        "integration",
        "release-1.0/x,y",
        "a$(b)",
    ] {
        world.git(&["branch", name, "topic/a"]);
    }
    let names = [
        "Ünïcode/Ñ",
        "a$(b)",
        "heads/base",
        "heads/integration",
        "other",
        "release-1.0/x,y",
    ];
    let arguments = [
        "--branches",
        "Ü*",
        "--branches",
        "a*",
        "--branches",
        "[bio]*",
        "--branches",
        "r*",
    ];
    assert_eq!(compared(&world, &world.repo(), &arguments), names);
    let pair = ["conflicts", "heads/base", "other", "--branches", "*"];
    let (status, answer) = ask(&world, &pair);
    assert_eq!(status, 1);
    let side = find(&answer["pairs"], "b", "heads/base");
    assert_eq!(side["a"], json!("base"), "the base itself");
    assert_eq!(find(&answer["pairs"], "a", "heads/base")["b"], "other");
    let shown = world.tracks(&["conflicts", "--branches", "a$(b)", "--branches", "other"]);
    assert!(
        shown
            .stdout
            .contains("tracks conflicts 'a$(b)' other --branches 'a$(b)' --branches other\n"),
        "{}",
        shown.stdout
    );
}

#[test]
fn without_a_tracks_toml_the_way_is_told() {
    let world = World::of(TOPICS);
    let ran = world.tracks(&["conflicts"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert_snapshot!(ran.shown(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no tracks.toml in [ROOT]/repo
    hint: write a commented one: `tracks init`
    hint: or compare branches without one: `tracks conflicts --branches 'topic/*'`
    ");
    let status = world.tracks(&["status"]);
    assert!(!status.stderr.contains("--branches"), "{}", status.stderr);
}
