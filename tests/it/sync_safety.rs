//! Rounds that are disturbed: branches that move meanwhile, two at once, signals and kills, a remote that refuses.

use std::fs;

use serde_json::json;

use crate::project::{
    Alive, Gate, ask, document, find, finish, project, refs, signal, start, texts, wait_for_file,
    work,
};
use crate::world::World;

fn tip(world: &World, revision: &str) -> String {
    world.git(&["rev-parse", "--verify", revision])
}

/// A track `a` with one commit, and this script as its only check. `ROOT` is the world's directory.
fn checked(script: &str) -> World {
    let world = project(
        &format!(
            "[track.a]\n[check.unit]\ntimeout = \"60s\"\nwhen = [\"integration\"]\nrun = '''{script}'''\n"
        ),
        &[("x", "1\n")],
    );
    work(&world, "a", &[("a", "1\n")]);
    world
}

/// Integration stands where a round put it, and `a` has gone on since.
fn second_round(world: &World) {
    let (status, _) = ask(world, &["sync", "--yes"]);
    assert_eq!(status, 0);
    work(world, "a", &[("a", "2\n")]);
}

#[test]
fn a_branch_that_somebody_moves_during_the_checks_is_left_to_them() {
    let world = checked("test ! -e ROOT/now || git update-ref refs/heads/integration main");
    second_round(&world);
    let theirs = tip(&world, "main");
    world.write_at("now", "");
    let ran = world.tracks(&["sync", "--yes"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert!(
        ran.stderr.contains("refs/heads/integration moved"),
        "{}",
        ran.stderr
    );
    assert_eq!(tip(&world, "integration"), theirs);
    assert!(
        !refs(&world).contains("refs/tracks/replaced/"),
        "no half of the transaction"
    );

    fs::remove_file(world.root().join("now")).unwrap();
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)));
    assert_eq!(answer["integration"]["before"], theirs);
}

#[test]
fn commits_made_on_integration_itself_stay_reachable_and_are_told() {
    let world = checked("true");
    second_round(&world);
    world.commit(
        "integration",
        &[("direct", "1\n")],
        "Straight onto integration",
    );
    let direct = tip(&world, "integration");
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)));
    let kept = answer["replaced"].as_str().unwrap();
    assert_eq!(tip(&world, kept), direct);
    assert!(
        !world
            .git(&["ls-tree", "--name-only", "integration"])
            .contains("direct")
    );
}

#[test]
fn a_branch_that_is_checked_out_moves_with_its_clean_worktree() {
    let world = checked("test ! -e ROOT/now || git worktree add --quiet ROOT/later integration");
    world.git(&["branch", "integration", "main"]);
    world.git(&["worktree", "add", "--quiet", "../there", "integration"]);
    let there = world.root().join("there");
    world.write_at("there/untracked", "mine\n");
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(
        world.git_in(&there, &["status", "--porcelain", "--branch"]),
        "## integration\n?? untracked"
    );
    assert!(there.join("a").is_file());

    // Also one that was switched to it while the checks ran.
    world.git(&["worktree", "remove", "--force", "../there"]);
    work(&world, "a", &[("a", "2\n")]);
    world.write_at("now", "");
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    let later = world.root().join("later");
    assert_eq!(world.git_in(&later, &["status", "--porcelain"]), "");
    assert_eq!(fs::read_to_string(later.join("a")).unwrap(), "2\n");
}

#[test]
fn a_branch_that_is_checked_out_where_somebody_works_is_refused_before_anything() {
    let world = checked("touch ROOT/ran");
    world.git(&["branch", "integration", "main"]);
    world.git(&["worktree", "add", "--quiet", "../there", "integration"]);
    world.write_at("there/x", "mine\n");
    let before = refs(&world);
    let ran = world.tracks(&["sync", "--yes"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    for part in ["integration is checked out in", "uncommitted changes in x"] {
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    }
    assert_eq!(refs(&world), before);
    assert!(!world.root().join("ran").exists());
    let dry = world.tracks(&["sync", "--dry-run"]);
    assert_eq!(dry.status, 0, "looking is allowed: {}", dry.shown());
}

#[test]
fn the_second_of_two_rounds_at_once_is_sent_away() {
    let world = checked("echo >ROOT/here; read go <ROOT/gate");
    let gate = Gate::new(&world, "gate");
    let first = start(&world, &["sync", "--yes", "--format", "json"]);
    wait_for_file(&world.root().join("here"));
    let second = world.tracks(&["sync", "--yes"]);
    assert_eq!(second.status, 3, "{}", second.shown());
    assert!(
        second.stderr.contains("another round is running"),
        "{}",
        second.stderr
    );
    let planned = world.tracks(&["sync", "--dry-run"]);
    assert_eq!(
        planned.status,
        0,
        "a dry run needs no lock: {}",
        planned.shown()
    );
    gate.open();
    let first = finish(&world, first);
    assert_eq!(
        (first.status, &document(&first)["moved"]),
        (0, &json!(true))
    );
}

#[test]
fn a_round_that_is_asked_to_end_leaves_no_child_and_moves_nothing() {
    for (name, expected) in [("TERM", 143), ("INT", 130)] {
        let world =
            checked("(exec 9>ROOT/alive; echo >ROOT/here; while :; do sleep 1; done) & wait");
        let mut alive = Alive::new(&world, "alive");
        let round = start(&world, &["sync", "--yes", "--format", "json"]);
        wait_for_file(&world.root().join("here"));
        signal(&world, &round, name);
        let ran = finish(&world, round);
        assert_eq!(ran.status, expected, "{}", ran.shown());
        alive.wait_until_gone();
        let answer = document(&ran);
        assert_eq!(
            (&answer["moved"], &answer["ejected"]),
            (&json!(false), &json!([]))
        );
        assert_eq!(answer["checks"][0]["outcome"], "cancelled");
        assert!(!refs(&world).contains("refs/heads/integration"));
        assert_eq!(world.leftovers(), Vec::<String>::new());
    }
}

#[test]
fn after_a_kill_the_same_command_carries_on() {
    let world =
        checked("test -e ROOT/again || { echo >ROOT/here; read go <ROOT/gate; }; test -e a");
    // Nobody opens it: the check that waits there has to die with who started it.
    let _gate = Gate::new(&world, "gate");
    let killed = start(&world, &["sync", "--yes"]);
    wait_for_file(&world.root().join("here"));
    signal(&world, &killed, "KILL");
    assert_eq!(finish(&world, killed).status, -1);
    assert!(!refs(&world).contains("refs/heads/integration"));
    world.write_at("again", "");
    // What a git process that was killed too would leave.
    world.write_at("repo/.git/worktrees/.integration/index.lock", "");

    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(answer["checks"][0]["cached"], false);
    assert_eq!(tip(&world, "integration^2"), tip(&world, "track/a"));
    let scratch = world.repo().join(".git/tracks/scratch");
    assert_eq!(fs::read_dir(scratch).unwrap().count(), 0, "swept");
}

#[test]
fn a_round_killed_between_the_branch_and_the_record_is_known_by_the_branch() {
    let world = checked("true");
    ask(&world, &["sync", "--yes"]);
    work(&world, "a", &[("a", "2\n")]);
    // As if the last line of each log, which says that the branch has moved, had not been written any more.
    let rounds = world.repo().join(".git/tracks/rounds.jsonl");
    let before = fs::read_to_string(&rounds).unwrap();
    ask(&world, &["sync", "--yes"]);
    let after = fs::read_to_string(&rounds).unwrap();
    let intent = after[before.len()..].lines().next().unwrap();
    assert!(intent.contains("\"moved\":false"), "{intent}");
    world.write(".git/tracks/rounds.jsonl", &format!("{before}{intent}\n"));

    let (_, validated) = ask(&world, &["validate", "a"]);
    assert_eq!(validated["merges"]["integration"], "clean");
    work(&world, "a", &[("a", "3\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(
        (status, &answer["replaced"]),
        (0, &json!(null)),
        "it is a round's own commit"
    );
}

#[test]
fn pushing_needs_the_remote_to_be_where_we_saw_it() {
    let world = checked("true");
    world.git(&["init", "--quiet", "--bare", "../origin"]);
    let url = format!("file://{}", world.root().join("origin").display());
    world.git(&["remote", "add", "origin", &url]);
    world.git(&["push", "--quiet", "origin", "main"]);
    let origin = world.root().join("origin");
    let remote = |world: &World| world.git_in(&origin, &["rev-parse", "integration"]);

    let (status, answer) = ask(&world, &["sync", "--yes", "--push"]);
    assert_eq!((status, &answer["pushed"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(remote(&world), tip(&world, "integration"));
    work(&world, "a", &[("a", "2\n")]);
    let (status, _) = ask(&world, &["sync", "--yes", "--push"]);
    assert_eq!(status, 0, "rebuilt from base, so no fast-forward");
    assert_eq!(remote(&world), tip(&world, "integration"));

    let theirs = tip(&world, "main");
    world.git_in(&origin, &["update-ref", "refs/heads/integration", &theirs]);
    work(&world, "a", &[("a", "3\n")]);
    let (status, answer) = ask(&world, &["sync", "--yes", "--push"]);
    assert_eq!(
        (status, &answer["pushed"]),
        (3, &json!(false)),
        "{answer:#}"
    );
    assert_eq!(answer["moved"], true, "here it is green all the same");
    assert_eq!(remote(&world), theirs);

    let (status, answer) = ask(&world, &["sync", "--yes", "--fetch", "--push"]);
    assert_eq!(
        (status, &answer["pushed"], &answer["moved"]),
        (0, &json!(true), &json!(false))
    );
    assert_eq!(remote(&world), tip(&world, "integration"));
}

#[test]
fn a_red_round_pushes_nothing() {
    let world = checked("false");
    world.git(&["init", "--quiet", "--bare", "../origin"]);
    world.git(&["remote", "add", "origin", "../origin"]);
    let (status, answer) = ask(&world, &["sync", "--yes", "--push"]);
    assert_eq!((status, &answer["pushed"]), (1, &json!(null)), "{answer:#}");
    let there = world.git_in(&world.root().join("origin"), &["for-each-ref"]);
    assert_eq!(there, "");
}

#[test]
fn fetching_brings_others_work_into_the_round() {
    let world = checked("true");
    world.git(&["clone", "--quiet", "--bare", ".", "../origin"]);
    world.git(&["remote", "add", "origin", "../origin"]);
    world.git(&["fetch", "--quiet", "origin"]);
    world.git(&[
        "worktree",
        "add",
        "--quiet",
        "--detach",
        "../colleague",
        "track/a",
    ]);
    let colleague = world.root().join("colleague");
    world.write_at("colleague/theirs", "1\n");
    world.git_in(&colleague, &["add", "--all"]);
    world.git_in(&colleague, &["commit", "--quiet", "-m", "Theirs"]);
    world.git_in(
        &colleague,
        &["push", "--quiet", "../origin", "HEAD:refs/heads/track/a"],
    );

    let (_, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(
        find(&answer["merged"], "track", "a")["commit"],
        tip(&world, "track/a")
    );
    let (status, answer) = ask(&world, &["sync", "--yes", "--fetch"]);
    assert_eq!(status, 0);
    assert_eq!(texts(&answer["merged"], "track"), ["a"]);
    assert!(
        world
            .git(&["ls-tree", "--name-only", "integration"])
            .contains("theirs")
    );
    let ran = world.tracks(&["sync", "--yes", "--fetch", "-C", "."]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    fs::rename(world.root().join("origin"), world.root().join("away")).unwrap();
    let before = refs(&world);
    let ran = world.tracks(&["sync", "--yes", "--fetch"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert_eq!(refs(&world), before);
}

/// Git makes every merge once more before anything is published.
#[test]
fn a_merge_that_comes_out_different_each_time_moves_nothing() {
    let world = project(
        "[track.a]\n[track.b]\n",
        &[("x", "1\n"), (".gitattributes", "x merge=odd\n")],
    );
    world.write_program(
        "home/odd.sh",
        "#!/bin/sh\necho >>\"$HOME/calls\"; wc -l <\"$HOME/calls\" >\"$1\"\n",
    );
    let driver = format!("'{}/home/odd.sh' %A", world.root().display());
    world.git(&["config", "merge.odd.driver", &driver]);
    work(&world, "a", &[("x", "a\n")]);
    work(&world, "b", &[("x", "b\n")]);
    let before = refs(&world);
    let ran = world.tracks(&["sync"]);
    assert_eq!(ran.status, 4, "{}", ran.shown());
    assert!(
        ran.stderr
            .contains("repeating the merge of b gave another tree"),
        "{}",
        ran.stderr
    );
    assert_eq!(refs(&world), before);
}
