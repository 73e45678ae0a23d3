//! The worktrees that the tool keeps for itself: never somebody's place to work, never another repository's, never too many.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::project::{Gate, ask, ask_in, document, finish, project, start, wait_for_file, work};
use crate::world::{Ran, World};

/// A track `a` with one commit, and this script as its only check. `ROOT` is the world's directory.
fn checked(layout: &str, script: &str) -> World {
    let config = format!(
        "{layout}\n[track.a]\n[check.unit]\nwhen = [\"track\", \"integration\"]\nrun = '''{script}'''\n"
    );
    let world = project(&config, &[("f", "1\n")]);
    work(&world, "a", &[("a", "1\n")]);
    world
}

fn integration(world: &World) -> PathBuf {
    world.repo().join("worktrees/.integration")
}

fn sh(world: &World, dir: &Path, script: &str) {
    let ran = world.run_in(dir, "sh", &["-e", "-c", script]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
}

/// Something for the next round to check.
fn another_commit(world: &World) {
    world.commit("track/a", &[("more", "1\n")], "More");
}

#[track_caller]
fn refused(world: &World, why: &str) -> Ran {
    let before = world.git(&["for-each-ref", "refs/heads"]);
    let ran = world.tracks(&["sync", "--yes"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert!(ran.stderr.contains(why), "{}", ran.stderr);
    assert_eq!(world.git(&["for-each-ref", "refs/heads"]), before);
    ran
}

fn worktrees(world: &World) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(world.repo().join("worktrees"))
        .expect("the worktrees")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a plain name")
        })
        .collect();
    names.sort();
    names
}

#[test]
fn who_works_in_it_on_a_branch_loses_nothing() {
    let world = checked("", "true");
    assert_eq!(ask(&world, &["sync", "--yes"]).0, 0);
    let dir = integration(&world);
    sh(
        &world,
        &dir,
        "git switch -q -c fix; echo edited >f; echo new >untracked.txt",
    );
    another_commit(&world);
    let ran = refused(&world, "branch fix is checked out there");
    assert!(ran.stderr.contains("git worktree move"), "{}", ran.stderr);
    assert_eq!(world.git_in(&dir, &["branch", "--show-current"]), "fix");
    assert_eq!(
        world.git_in(&dir, &["status", "--porcelain"]),
        " M f\n?? untracked.txt"
    );
    // The way out that was named.
    world.git(&["worktree", "move", "worktrees/.integration", "../mine"]);
    assert_eq!(ask(&world, &["sync", "--yes"]).0, 0);
    let mine = world.root().join("mine");
    assert_eq!(
        world.git_in(&mine, &["status", "--porcelain"]),
        " M f\n?? untracked.txt"
    );
    assert_eq!(world.git_in(&mine, &["branch", "--show-current"]), "fix");
    assert_eq!(world.git_in(&dir, &["status", "--porcelain"]), "");
}

#[test]
fn commits_on_its_detached_head_are_somebodys() {
    let world = checked("", "true");
    assert_eq!(ask(&world, &["sync", "--yes"]).0, 0);
    let dir = integration(&world);
    sh(&world, &dir, "echo 2 >f; git commit -qam 'A quick fix'");
    let theirs = world.git_in(&dir, &["rev-parse", "HEAD"]);
    another_commit(&world);
    refused(&world, "its HEAD has been moved");
    assert_eq!(world.git_in(&dir, &["rev-parse", "HEAD"]), theirs);
}

#[test]
fn a_merge_under_way_in_it_is_somebodys() {
    let world = checked("", "true");
    world.git(&["branch", "other", "main"]);
    world.commit("other", &[("f", "other\n")], "Other");
    assert_eq!(ask(&world, &["sync", "--yes"]).0, 0);
    let dir = integration(&world);
    sh(&world, &dir, "git merge -q --no-commit --no-ff other");
    another_commit(&world);
    refused(&world, "a merge is under way there");
    assert_eq!(
        fs::read_to_string(dir.join("f")).unwrap(),
        "other\n",
        "as it was resolved"
    );
}

#[test]
fn what_checks_leave_there_is_no_obstacle() {
    let world = checked("", "echo built >>f; git add f; touch left; exit 0");
    assert_eq!(
        ask(&world, &["sync", "--yes"]).1["checks"][0]["outcome"],
        "passed"
    );
    another_commit(&world);
    let (_, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(answer["checks"][0]["outcome"], "passed", "{answer:#}");
    assert_eq!(answer["checks"][0]["cached"], false);
}

#[test]
fn a_link_to_a_tracks_worktree_is_not_followed() {
    let world = checked("", "true");
    assert_eq!(ask(&world, &["init"]).0, 0);
    let a = world.repo().join("worktrees/a");
    sh(&world, &a, "echo edited >f; echo new >untracked.txt");
    std::os::unix::fs::symlink("a", integration(&world)).unwrap();
    refused(&world, "it is a symbolic link");
    assert_eq!(
        world.git_in(&a, &["status", "--porcelain"]),
        " M f\n?? untracked.txt"
    );
    assert_eq!(world.git_in(&a, &["branch", "--show-current"]), "track/a");
}

#[test]
fn a_worktree_of_that_name_that_the_tool_did_not_make_is_left_alone() {
    let world = checked("", "true");
    world.git(&[
        "worktree",
        "add",
        "-q",
        "--detach",
        "worktrees/.integration",
    ]);
    sh(&world, &integration(&world), "echo edited >f");
    refused(&world, "tracks did not make it");
    assert_eq!(
        fs::read_to_string(integration(&world).join("f")).unwrap(),
        "edited\n"
    );
}

#[test]
fn repositories_that_share_a_directory_do_not_share_worktrees() {
    let world = checked(
        "[layout]\nworktrees = \"ROOT/shared\"\n",
        "test -e ROOT/free || { echo >ROOT/here; read go <ROOT/gate; }; test -e a",
    );
    let gate = Gate::new(&world, "gate");
    let first = start(&world, &["sync", "--yes", "--format", "json"]);
    wait_for_file(&world.root().join("here"));
    // A copy knows the worktrees of the original by their paths.
    sh(&world, world.root(), "cp -R repo copy; touch free");
    let copy = world.root().join("copy");
    let (status, answer) = ask_in(&world, &copy, &["sync", "--yes"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    let names = || {
        let list = fs::read_dir(world.root().join("shared")).unwrap();
        list.map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a plain name")
        })
        .collect::<Vec<_>>()
    };
    let held = names();
    assert_eq!(held.len(), 2, "{held:?}");
    assert!(
        held.iter().all(|name| name.starts_with(".integration-")),
        "{held:?}"
    );
    gate.open();
    let first = finish(&world, first);
    assert_eq!(first.status, 0, "{}", first.shown());
    assert_eq!(document(&first)["moved"], true);

    another_commit(&world);
    world.git_in(&copy, &["commit", "-q", "--allow-empty", "-m", "More"]);
    for repository in [world.repo(), copy] {
        assert_eq!(ask_in(&world, &repository, &["sync", "--yes"]).0, 0);
    }
    assert_eq!(names().len(), 2);
}

#[test]
fn made_anew_after_it_was_deleted_also_behind_a_link() {
    let world = checked("", "true");
    fs::create_dir(world.root().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", world.repo().join("worktrees")).unwrap();
    for _ in 0..3 {
        let (status, answer) = ask(&world, &["sync", "--yes"]);
        assert_eq!(status, 0, "{answer:#}");
        assert!(world.root().join("elsewhere/.integration/f").is_file());
        fs::remove_dir_all(world.root().join("elsewhere/.integration")).unwrap();
        another_commit(&world);
    }
    let entries = fs::read_dir(world.repo().join(".git/worktrees")).unwrap();
    assert_eq!(entries.count(), 1, "the entry of ours is used again");
}

#[test]
fn killed_between_making_it_and_saying_so_the_next_run_takes_it() {
    let world = checked("", "true");
    assert_eq!(ask(&world, &["sync", "--yes"]).0, 0);
    crate::init_killed::begun_by_us(&world, &integration(&world));
    let admin = world.git_in(&integration(&world), &["rev-parse", "--absolute-git-dir"]);
    fs::remove_file(Path::new(&admin).join("tracks-own")).unwrap();
    another_commit(&world);
    let (status, answer) = ask(&world, &["sync", "--yes"]);
    assert_eq!(status, 0, "{answer:#}");
}

#[test]
fn one_that_somebody_else_is_making_is_left_alone() {
    let world = checked("", "true");
    assert_eq!(ask(&world, &["sync", "--yes"]).0, 0);
    let dir = integration(&world);
    let admin = world.git_in(&dir, &["rev-parse", "--absolute-git-dir"]);
    sh(
        &world,
        Path::new(&admin),
        "printf initializing >locked; rm index tracks-own",
    );
    another_commit(&world);
    refused(&world, "a `git worktree add` that tracks did not start");
    assert!(dir.join("f").is_file() && Path::new(&admin).join("locked").is_file());
}

#[test]
fn no_more_probes_than_jobs() {
    let tracks: String = ('a'..='f')
        .map(|track| format!("[track.{track}]\n"))
        .collect();
    let config = |jobs: u32| {
        format!(
            "[run]\njobs = {jobs}\n{tracks}[check.first]\nrun = 'touch built'\n[check.unit]\nneeds = ['first']\nrun = 'test -e built && ! test -e d'\n"
        )
    };
    let world = project(&config(1), &[("x", "1\n"), (".gitignore", "built\n")]);
    for track in 'a'..='f' {
        let track = track.to_string();
        work(&world, &track, &[(&track, "1\n")]);
    }
    let (status, answer) = ask(&world, &["check", "--committed", "--yes"]);
    assert_eq!(status, 1, "{answer:#}");
    assert_eq!(worktrees(&world), [".probe-0"]);
    let outcomes: Vec<String> = answer["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| {
            let text = |key: &str| run[key].as_str().unwrap();
            format!("{} {} {}", text("track"), text("check"), text("outcome"))
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            "a first passed",
            "a unit passed",
            "b first passed",
            "b unit passed",
            "c first passed",
            "c unit passed",
            "d first passed",
            "d unit failed",
            "e first passed",
            "e unit passed",
            "f first passed",
            "f unit passed",
        ]
    );

    world.commit("main", &[("tracks.toml", &config(2))], "Two");
    let (_, answer) = ask(&world, &["check", "--committed", "--yes", "--no-cache"]);
    assert_eq!(answer["summary"]["passed"], 11, "{answer:#}");
    assert_eq!(worktrees(&world), [".probe-0", ".probe-1"]);
}

#[test]
fn a_probe_that_is_in_the_way_or_taken_is_passed_over() {
    let world = checked("", "test -e a");
    world.write("worktrees/.probe-0/mine", "mine\n");
    assert_eq!(ask(&world, &["check", "--committed", "--yes"]).0, 0);
    assert_eq!(worktrees(&world), [".probe-0", ".probe-1"]);
    let taken = world.repo().join("worktrees/.probe-1");
    sh(&world, &taken, "git switch -q -c fix; echo edited >f");
    another_commit(&world);
    assert_eq!(ask(&world, &["check", "--committed", "--yes"]).0, 0);
    assert_eq!(world.git_in(&taken, &["status", "--porcelain"]), " M f");
    assert_eq!(worktrees(&world).len(), 3);
}
