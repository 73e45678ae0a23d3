//! What `tracks init` refuses, track by track, and what a track leaves behind that failed: nothing.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use crate::init::{assert_whole, everything, init, init_in, tracks_in, world};
use crate::world::World;

/// `[track.api]` cannot be made, `[track.ui]` can; the branches, entries and files of the first stay as they were.
#[track_caller]
fn refused(world: &World) -> String {
    let api = world.repo().join("worktrees/api");
    let there = |path: &Path| {
        (
            path.symlink_metadata().is_ok(),
            path.is_dir().then(|| everything(path)),
        )
    };
    let before = (branches(world), there(&api));
    let (status, plan) = init(world, &["--dry-run"]);
    assert_eq!(status, 3, "{plan}");
    let (status, answer) = init(world, &[]);
    assert_eq!(status, 3, "{answer}");
    assert_eq!(answer["problems"], plan["problems"]);
    assert_eq!(tracks_in(&answer, "created"), ["ui"], "{answer}");
    assert_eq!((branches(world), there(&api)), before);
    let ui = world.repo().join("worktrees/ui");
    assert_eq!(world.git_in(&ui, &["status", "--porcelain"]), "");
    the_problem(world, &answer)
}

fn the_problem(world: &World, answer: &serde_json::Value) -> String {
    let problems = answer["problems"].as_array().expect("a list");
    assert_eq!(problems.len(), 1, "{answer}");
    assert_eq!(problems[0]["track"], "api");
    let text = |key: &str| problems[0][key].as_str().expect("a text").to_owned();
    let text = format!("{}\nfix: {}", text("message"), text("fix"));
    text.replace(&*world.root().to_string_lossy(), "[ROOT]")
}

/// All but that of the other track.
fn branches(world: &World) -> String {
    let list = world.git(&["for-each-ref", "--format=%(refname) %(objectname)"]);
    list.lines().filter(|line| !line.contains("/ui ")).collect()
}

const TWO: &str = crate::init::TWO;

#[test]
fn something_in_the_way() {
    let full = world(TWO);
    full.write("worktrees/api/mine.txt", "mine\n");
    assert_snapshot!(refused(&full), @r"
    [ROOT]/repo/worktrees/api exists and is not empty
    fix: move it away, or give the track another worktree
    ");
    let file = world(TWO);
    file.write("worktrees/api", "mine\n");
    assert_snapshot!(refused(&file), @r"
    [ROOT]/repo/worktrees/api exists and is not a directory
    fix: move it away, or give the track another worktree
    ");
    let link = world(TWO);
    fs::create_dir(link.repo().join("worktrees")).unwrap();
    std::os::unix::fs::symlink("nowhere", link.repo().join("worktrees/api")).unwrap();
    assert_snapshot!(refused(&link), @r"
    [ROOT]/repo/worktrees/api exists and is not a directory
    fix: move it away, or give the track another worktree
    ");
    let above = world("[track.api]\nworktree = 'in/api'\n[track.ui]\n");
    above.write("worktrees/in", "mine\n");
    assert_snapshot!(refused(&above), @r"
    [ROOT]/repo/worktrees/in exists and is not a directory
    fix: move it away, or give the track another worktree
    ");
}

#[test]
fn branches_that_are_taken() {
    let main = world(TWO);
    main.git(&["switch", "--quiet", "-c", "track/api"]);
    assert_snapshot!(refused(&main), @r"
    branch track/api is checked out in the main worktree
    fix: switch the main worktree to another branch: `git switch main`
    ");
    let above = world("[track.api]\nbranch = 'a/b'\n[track.ui]\n");
    above.git(&["branch", "a"]);
    assert_snapshot!(refused(&above), @r"
    git cannot have branch a/b beside branch a
    fix: rename one: `git branch -m a NEW-NAME`, or `branch` of the track
    ");
    let below = world("[track.api]\nbranch = 'a'\n[track.ui]\n");
    below.git(&["branch", "a/b/c"]);
    below.git(&["pack-refs", "--all"]);
    assert_snapshot!(refused(&below), @r"
    git cannot have branch a beside branch a/b/c
    fix: rename one: `git branch -m a/b/c NEW-NAME`, or `branch` of the track
    ");
}

#[test]
fn a_worktree_that_stands_elsewhere() {
    let other = world(TWO);
    other.git(&["worktree", "add", "--quiet", "-b", "other", "worktrees/api"]);
    assert_snapshot!(refused(&other), @r"
    [ROOT]/repo/worktrees/api stands on branch other, not on track/api
    fix: run `git -C [ROOT]/repo/worktrees/api switch track/api`, or give the track another worktree
    ");
    let detached = world(TWO);
    detached.git(&["worktree", "add", "--quiet", "--detach", "worktrees/api"]);
    assert_snapshot!(refused(&detached), @r"
    [ROOT]/repo/worktrees/api stands on no branch
    fix: run `git -C [ROOT]/repo/worktrees/api switch track/api`, or give the track another worktree
    ");
}

/// Both tracks are made, and then the other one is unmade, so that there is something left to do.
fn made(config: &str) -> World {
    let world = world(config);
    assert_eq!(init(&world, &["--yes"]).0, 0);
    world.git(&["worktree", "remove", "--force", "worktrees/ui"]);
    world.git(&["branch", "--quiet", "-D", "track/ui"]);
    world
}

#[test]
fn a_worktree_that_is_gone() {
    let locked = made(TWO);
    locked.git(&[
        "worktree",
        "lock",
        "--reason",
        "on a stick",
        "worktrees/api",
    ]);
    fs::remove_dir_all(locked.repo().join("worktrees/api")).unwrap();
    assert_snapshot!(refused(&locked), @r"
    its worktree [ROOT]/repo/worktrees/api is locked (on a stick), and its directory is gone
    fix: bring it back, or `git worktree unlock [ROOT]/repo/worktrees/api`
    ");
    locked.git(&["worktree", "unlock", "worktrees/api"]);
    assert_eq!(init(&locked, &[]).0, 0);
    assert_whole(&locked, &["api", "ui"]);

    let staged = made(TWO);
    let api = staged.repo().join("worktrees/api");
    staged.run_in(
        &api,
        "sh",
        &["-c", "echo precious > new.txt; git add new.txt"],
    );
    fs::rename(&api, staged.root().join("moved")).unwrap();
    let problem = refused(&staged);
    assert!(
        problem.contains("what is staged would be lost"),
        "{problem}"
    );
    staged.git(&["worktree", "repair", "../moved"]);
    let (status, answer) = init(&staged, &[]);
    assert_eq!(status, 0, "{answer}");
    let moved = staged.root().join("moved");
    assert_eq!(
        staged.git_in(&moved, &["status", "--porcelain"]),
        "A  new.txt"
    );

    let detached = made(TWO);
    let api = detached.repo().join("worktrees/api");
    detached.git_in(&api, &["switch", "--quiet", "--detach"]);
    detached.git_in(
        &api,
        &["commit", "--quiet", "--allow-empty", "-m", "On no branch"],
    );
    fs::remove_dir_all(&api).unwrap();
    let problem = refused(&detached);
    assert!(
        problem.contains("commits that are on no branch would be lost"),
        "{problem}"
    );
    detached.git(&["worktree", "remove", "--force", "worktrees/api"]);
    assert_eq!(init(&detached, &[]).0, 0);
    assert_whole(&detached, &["api", "ui"]);

    let clean = made(TWO);
    fs::remove_dir_all(clean.repo().join("worktrees/api")).unwrap();
    let (status, answer) = init(&clean, &[]);
    assert_eq!(status, 0, "{answer}");
    assert_eq!(tracks_in(&answer, "created"), ["api", "ui"]);
    assert_whole(&clean, &["api", "ui"]);
}

#[test]
fn a_repository_that_was_moved_keeps_its_worktrees() {
    let world = made(TWO);
    let api = world.repo().join("worktrees/api");
    world.run_in(
        &api,
        "sh",
        &[
            "-c",
            "echo precious > new.txt; git add new.txt; echo 2 > a.txt",
        ],
    );
    let moved = world.root().join("moved");
    fs::rename(world.repo(), &moved).unwrap();
    let (status, answer) = init_in(&world, &moved, &["api"]);
    assert_eq!(status, 3, "{answer}");
    assert_snapshot!(the_problem(&world, &answer), @r"
    [ROOT]/moved/worktrees/api exists and is not empty, and the worktree known for the track is not usable: [ROOT]/repo/worktrees/api: gitdir file points to non-existent location
    fix: if it is that worktree, moved: `git worktree repair [ROOT]/moved/worktrees/api`; else move it away
    ");
    world.git_in(&moved, &["worktree", "repair", "worktrees/api"]);
    let (status, answer) = init_in(&world, &moved, &["api"]);
    assert_eq!(
        (status, tracks_in(&answer, "kept")),
        (0, vec!["api".to_owned()]),
        "{answer}"
    );
    let status = world.git_in(&moved.join("worktrees/api"), &["status", "--porcelain"]);
    assert_eq!(status, " M a.txt\nA  new.txt");
}

#[test]
fn a_copied_repository_leaves_the_worktrees_of_the_original_alone() {
    let world = made("[layout]\nsetup = ['touch ran']\ncopy = ['.env']\n[track.api]\n[track.ui]\n");
    world.run_in(world.root(), "cp", &["-R", "repo", "copy"]);
    let copy = world.root().join("copy");
    world.write_at("copy/.git/info/exclude", "worktrees\n.env\n");
    world.write_at("copy/.env", "of the copy\n");
    let before = everything(&world.repo());
    let (status, answer) = init_in(&world, &copy, &["--yes"]);
    assert_eq!(status, 3, "{answer}");
    assert_eq!(tracks_in(&answer, "created"), ["ui"]);
    let problem = the_problem(&world, &answer);
    assert!(
        problem.contains("belongs to another repository"),
        "{problem}"
    );
    assert_eq!(everything(&world.repo()), before);

    fs::remove_dir_all(copy.join("worktrees/api")).unwrap();
    let (status, answer) = init_in(&world, &copy, &["--yes"]);
    assert_eq!(
        (status, tracks_in(&answer, "created")),
        (0, vec!["api".to_owned()]),
        "{answer}"
    );
    let path = copy.join("worktrees/api/ran");
    assert!(path.is_file() && everything(&world.repo()) == before);
}

/// A filter that fails on `m.txt` for one of the tracks only.
fn broken_filter(world: &World) {
    world.commit(
        "main",
        &[(".gitattributes", "m.txt filter=picky\n")],
        "Attributes",
    );
    world.git(&["config", "filter.picky.required", "true"]);
    let smudge = "case $GIT_DIR in */api) echo 'not today' >&2; exit 1;; *) cat;; esac";
    world.git(&["config", "filter.picky.smudge", smudge]);
    world.git(&["config", "filter.picky.clean", "cat"]);
}

#[test]
fn a_checkout_that_fails_leaves_nothing() {
    for there in [false, true] {
        let world = world(TWO);
        broken_filter(&world);
        if there {
            world.git(&["branch", "track/api"]);
        }
        let before = branches(&world);
        let (status, answer) = init(&world, &[]);
        assert_eq!(status, 3, "{answer}");
        assert_eq!(tracks_in(&answer, "created"), ["ui"]);
        assert!(
            the_problem(&world, &answer).contains("`tracks init` again"),
            "{answer}"
        );
        assert_eq!(
            branches(&world),
            before,
            "a branch that was there stays, no other does"
        );
        let list = world.git(&["worktree", "list"]);
        assert!(!list.contains("api"), "{list}");
        assert!(!world.repo().join("worktrees/api").exists());
        assert_whole(&world, &["ui"]);
        world.git(&["config", "filter.picky.smudge", "cat"]);
        let (status, answer) = init(&world, &[]);
        assert_eq!(
            (status, tracks_in(&answer, "created")),
            (0, vec!["api".to_owned()]),
            "{answer}"
        );
        assert_whole(&world, &["api", "ui"]);
    }
}

#[test]
fn a_hook_that_fails_does_not_unmake_the_worktree() {
    let world = world("[layout]\nsetup = ['touch ran']\n[track.api]\n[track.ui]\n");
    world.write_program(
        "repo/.git/hooks/post-checkout",
        "#!/bin/sh\ncase $PWD in */api) echo 'out of order' >&2; exit 3;; esac\n",
    );
    let (status, answer) = init(&world, &["--yes"]);
    assert_eq!(status, 3, "{answer}");
    assert_eq!(tracks_in(&answer, "created"), ["api", "ui"]);
    assert_snapshot!(the_problem(&world, &answer), @r"
    the post-checkout hook failed: out of order
    fix: the worktree is complete; see to the hook
    ");
    for track in ["api", "ui"] {
        assert!(
            world
                .repo()
                .join("worktrees")
                .join(track)
                .join("ran")
                .is_file()
        );
    }
    assert_eq!(init(&world, &[]).0, 0);
}

#[test]
fn a_place_that_cannot_be() {
    let world = world(TWO);
    world.write("worktrees", "a file\n");
    let (status, answer) = init(&world, &[]);
    assert_eq!(status, 3, "{answer}");
    assert_eq!(tracks_in(&answer, "problems"), ["api", "ui"]);
    assert_eq!(world.git(&["branch", "--format=%(refname:short)"]), "main");
    assert_eq!(world.git(&["worktree", "list"]).lines().count(), 1);
    assert_eq!(world.read("worktrees"), "a file\n");
    assert_eq!(answer["operation"], serde_json::Value::Null);
}
