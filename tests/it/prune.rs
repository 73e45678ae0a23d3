//! `tracks prune`: what is not needed any more goes, and nothing that is nowhere else.

use insta::assert_snapshot;
use serde_json::Value;

use crate::project::{ask, find, refs, texts};
use crate::remove::{assert_sound, two, worktree, write};
use crate::world::{FRIDAY_NOON, World};

const DAY: u64 = 86_400;

fn later(world: &World, days: u64) {
    world.set_now(FRIDAY_NOON + days * DAY);
}

#[track_caller]
fn prune(world: &World, arguments: &[&str]) -> Value {
    let (status, answer) = ask(world, &[&["prune"], arguments].concat());
    assert_eq!(status, 0, "{answer:#}");
    assert_sound(world);
    answer
}

/// `api` is merged into main.
fn landed() -> World {
    let world = two();
    world.merge("main", "track/api", "Land api");
    world
}

#[test]
fn a_worktree_whose_work_has_landed() {
    let world = landed();
    let api = worktree(&world, "api");
    let before = refs(&world);
    let ran = world.tracks(&["prune"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 0
    --- stdout
    would prune  worktree of  api  worktrees/api  97 B  all of its work is in base

    1 thing, 97 B; nothing has been changed. To prune: tracks prune --yes
    --- stderr
    ");
    assert!(api.is_dir());
    let answer = prune(&world, &["--yes"]);
    assert_eq!(texts(&answer["items"], "name"), ["api"]);
    assert!(!api.exists() && worktree(&world, "ui").is_dir());
    assert_eq!(refs(&world), before);
    // It is in the trash, not gone.
    let (status, answer) = ask(&world, &["restore", "api"]);
    assert_eq!(status, 0, "{answer:#}");
    assert!(api.is_dir());
}

#[test]
fn not_one_that_somebody_works_in_or_has_not_begun() {
    let world = landed();
    // A track without any work, on a commit that base has left behind.
    let config = format!("{}[track.new]\n", world.read("tracks.toml"));
    world.commit("main", &[("tracks.toml", &config)], "One more");
    ask(&world, &["init"]);
    world.commit("main", &[("b.txt", "b\n")], "On");
    write(&world, &worktree(&world, "api").join("api.txt"), "more\n");
    let answer = prune(&world, &["--yes"]);
    assert_eq!(answer["items"], Value::Array(Vec::new()));
    assert_eq!(texts(&answer["kept"], "name"), ["api"]);
    let reason = answer["kept"][0]["reason"].as_str().unwrap();
    assert_eq!(
        reason,
        "all of its work is in base, but it has uncommitted work (1 changed)"
    );
    assert!(worktree(&world, "api").is_dir() && worktree(&world, "new").is_dir());
}

#[test]
fn trash_and_refs_by_their_age() {
    let world = two();
    write(&world, &worktree(&world, "api").join(".env"), "KEY=1\n");
    let (_, answer) = ask(&world, &["remove", "--branch", "api"]);
    let operation = answer["operation"].as_str().unwrap().to_owned();
    let kept = answer["removed"][0]["branch_removed"]["kept_as"]
        .as_str()
        .unwrap()
        .to_owned();
    world.git(&["branch", "-q", "elsewhere", "track/ui"]);
    ask(&world, &["remove", "--branch", "ui"]);
    later(&world, 13);
    let answer = prune(&world, &["--yes"]);
    assert_eq!(answer["items"], Value::Array(Vec::new()));
    later(&world, 14);
    let ran = world.tracks(&["prune"]);
    let shown = ran.shown().replace(&operation, "[OPERATION]");
    assert!(
        shown.contains("1 commit is nowhere else; `--unmerged` drops it too"),
        "{shown}"
    );
    let answer = prune(&world, &["--yes"]);
    assert_eq!(texts(&answer["items"], "kind"), ["trash", "trash", "refs"]);
    assert_eq!(
        find(&answer["kept"], "kind", "refs")["name"],
        operation.as_str()
    );
    // The branch that is nowhere else is kept; the other had its commits on another one.
    let left = world.git(&["for-each-ref", "--format=%(refname)", "refs/tracks"]);
    assert_eq!(left, kept);
    assert!(
        !world
            .repo()
            .join(".git/tracks/trash")
            .join(&operation)
            .exists()
    );
    let answer = prune(&world, &["--yes", "--unmerged"]);
    assert_eq!(texts(&answer["items"], "kind"), ["refs"]);
    assert_eq!(world.git(&["for-each-ref", "refs/tracks"]), "");
    let answer = prune(&world, &["--yes", "--unmerged", "--older-than", "0s"]);
    assert_eq!(answer["items"], Value::Array(Vec::new()));
}

#[test]
fn worktrees_of_its_own_that_nobody_uses() {
    let world = two();
    let config = format!(
        "{}[check.unit]\nrun = \"true\"\n",
        world.read("tracks.toml")
    );
    world.commit("main", &[("tracks.toml", &config)], "A check");
    let (status, _) = ask(&world, &["check", "--yes", "--committed"]);
    assert_eq!(status, 0);
    let (_, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(answer["moved"], true, "{answer:#}");
    let own = |name: &str| worktree(&world, name);
    assert!(own(".integration").is_dir());
    // By the clock of the files, which the world does not set.
    let real = std::fs::metadata(own(".integration"))
        .unwrap()
        .modified()
        .unwrap();
    let real = real
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    world.set_now(real + 13 * DAY);
    let answer = prune(&world, &["--yes"]);
    assert_eq!(answer["items"], Value::Array(Vec::new()), "{answer:#}");
    world.set_now(real + 15 * DAY);
    // Somebody has begun to work in one.
    world.git_in(&own(".probe-0"), &["switch", "-q", "-c", "mine"]);
    let answer = prune(&world, &["--yes"]);
    let gone = find(&answer["items"], "name", ".integration");
    assert_eq!(gone["kind"], "own-worktree");
    assert!(!own(".integration").exists());
    let kept = find(&answer["kept"], "name", ".probe-0");
    assert_eq!(kept["reason"], "branch mine is checked out there");
    assert!(own(".probe-0").is_dir());
    let (_, answer) = ask(&world, &["restore"]);
    assert_eq!(
        answer["trashed"],
        Value::Array(Vec::new()),
        "nothing of ours is worth it"
    );
}

#[test]
fn the_candidate_of_a_round_that_is_over() {
    let world = two();
    ask(&world, &["sync", "--no-checks"]);
    let candidate = || {
        world.git(&[
            "for-each-ref",
            "--format=%(refname)",
            "refs/tracks/candidate",
        ])
    };
    prune(&world, &["--yes"]);
    assert_eq!(candidate(), "refs/tracks/candidate");
    later(&world, 15);
    let answer = prune(&world, &["--yes"]);
    assert_eq!(
        find(&answer["items"], "kind", "candidate")["refs"][0],
        "refs/tracks/candidate"
    );
    assert_eq!(candidate(), "");
}

#[test]
fn a_duration_that_is_none() {
    let world = two();
    let ran = world.tracks(&["prune", "--older-than", "2 weeks"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains("`2 weeks` is not a duration"),
        "{}",
        ran.shown()
    );
}

#[test]
fn trash_with_a_repository_of_its_own_stays() {
    let world = two();
    let api = worktree(&world, "api");
    write(&world, &api.join("build/own/x.txt"), "x\n");
    let own = api.join("build/own");
    world.git_in(&own, &["init", "-q"]);
    world.git_in(&own, &["add", "."]);
    world.git_in(&own, &["commit", "-q", "-m", "Only here"]);
    let (status, answer) = ask(&world, &["remove", "api"]);
    assert_eq!(status, 0, "{answer:#}");
    later(&world, 20);
    let answer = prune(&world, &["--yes"]);
    assert_eq!(texts(&answer["items"], "kind"), Vec::<String>::new());
    let why = answer["kept"][0]["reason"].as_str().unwrap();
    assert!(
        why.contains("build/own") && why.contains("--unmerged"),
        "{why}"
    );
    assert_eq!(ask(&world, &["restore", "api"]).0, 0);
    assert!(own.join(".git/HEAD").is_file());
    ask(&world, &["remove", "api"]);
    later(&world, 40);
    let answer = prune(&world, &["--yes", "--unmerged"]);
    assert_eq!(texts(&answer["items"], "kind"), ["trash"]);
}

#[test]
fn undo_of_a_prune_brings_kept_refs_back_and_says_what_stays_deleted() {
    let world = two();
    world.git(&["branch", "-q", "elsewhere", "track/api"]);
    ask(&world, &["remove", "--branch", "api"]);
    later(&world, 20);
    let before = refs(&world);
    let answer = prune(&world, &["--yes"]);
    assert_eq!(texts(&answer["items"], "kind"), ["trash", "refs"]);
    assert_ne!(refs(&world), before);
    let (status, answer) = ask(&world, &["undo"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(refs(&world), before);
    let deleted = answer["stays_deleted"][0].as_str().unwrap();
    assert!(deleted.contains("worktrees/api"), "{deleted}");
    assert_sound(&world);
}

#[test]
fn what_is_ignored_is_listed() {
    let world = landed();
    write(&world, &worktree(&world, "api").join(".env"), "KEY=1\n");
    let ran = world.tracks(&["prune"]);
    assert!(
        ran.stdout.contains("ignored files in api: .env (6 B)"),
        "{}",
        ran.shown()
    );
    let ran = world.tracks(&["prune", "--yes"]);
    assert!(
        ran.stdout.contains("ignored files in api: .env (6 B)"),
        "{}",
        ran.shown()
    );
    assert!(ran.stdout.contains("tracks restore "), "{}", ran.shown());
}
