//! `tracks remove`: worktrees go to the trash with everything in them, and only those that may.

use std::fs;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use serde_json::Value;

use crate::project::{ask, ask_in, find, project, refs, texts, work};
use crate::world::World;

/// Tracks `api` and `ui` with worktrees and a commit each; `.env` and `build/` are ignored.
pub(crate) fn two() -> World {
    let world = project(
        "[track.api]\n[track.ui]\n",
        &[("a.txt", "one\n"), (".gitignore", ".env\nbuild/\n")],
    );
    let (status, answer) = ask(&world, &["init"]);
    assert_eq!(status, 0, "{answer:#}");
    work(&world, "api", &[("api.txt", "api\n")]);
    work(&world, "ui", &[("ui.txt", "ui\n")]);
    world
}

pub(crate) fn worktree(world: &World, track: &str) -> PathBuf {
    world.repo().join("worktrees").join(track)
}

pub(crate) fn write(world: &World, path: &Path, text: &str) {
    let path = path.strip_prefix(world.root()).expect("in the world");
    world.write_at(&path.to_string_lossy(), text);
}

/// git has nothing to complain about.
#[track_caller]
pub(crate) fn assert_sound(world: &World) {
    world.git(&["fsck", "--strict", "--no-dangling"]);
    let list = world.git(&["worktree", "list", "--porcelain"]);
    assert!(!list.contains("prunable"), "{list}");
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}

fn log(world: &World) -> Vec<Value> {
    let (_, answer) = ask(world, &["log"]);
    answer["operations"].as_array().expect("a list").clone()
}

#[test]
fn a_worktree_goes_and_its_branch_stays() {
    let world = two();
    let dir = worktree(&world, "api");
    write(&world, &dir.join(".env"), "KEY=1\n");
    write(&world, &dir.join("build/out"), "0123456789");
    let before = refs(&world);
    let ran = world.tracks(&["remove", "--dry-run", "api"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 0
    --- stdout
    would remove  api  worktrees/api  59 B  branch track/api stays
      ignored files in it: .env (6 B), build/ (10 B)

    nothing has been changed
    --- stderr
    ");
    assert!(dir.is_dir());
    let (status, answer) = ask(&world, &["remove", "api"]);
    assert_eq!(status, 0, "{answer:#}");
    let removed = &answer["removed"][0];
    assert_eq!(removed["track"], "api");
    assert_eq!(removed["worktree"], dir.to_string_lossy().as_ref());
    assert_eq!(texts(&removed["ignored"], "path"), [".env", "build"]);
    assert_eq!(removed["branch_removed"], Value::Null);
    assert!(!dir.exists());
    let trash = PathBuf::from(removed["trash"].as_str().unwrap());
    assert_eq!(fs::read_to_string(trash.join(".env")).unwrap(), "KEY=1\n");
    assert_eq!(refs(&world), before, "no ref is needed");
    assert_sound(&world);
    let log = log(&world);
    assert_eq!(log[1]["command"], "remove api");
    assert_eq!(log[1]["id"], answer["operation"]);
    assert_eq!(log[1]["worktrees"][0]["step"], "removed");
    // Again there is nothing to do, and `init` makes a fresh one.
    let ran = world.tracks(&["remove", "api"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 0
    --- stdout
    api has no worktree
    --- stderr
    ");
    let (status, answer) = ask(&world, &["init"]);
    assert_eq!(
        (status, texts(&answer["created"], "track")),
        (0, vec!["api".to_owned()])
    );
    assert!(dir.join("api.txt").is_file() && !dir.join(".env").exists());
}

#[test]
fn uncommitted_work_stays_unless_it_is_forced() {
    let world = two();
    let dir = worktree(&world, "api");
    write(&world, &dir.join("api.txt"), "changed\n");
    write(&world, &dir.join("new.txt"), "new\n");
    let ui = worktree(&world, "ui");
    world.run_in(
        &ui,
        "git",
        &["merge", "--no-commit", "--no-ff", "track/api"],
    );
    let before = (refs(&world), world.git_in(&dir, &["status", "--porcelain"]));
    let ran = world.tracks(&["remove", "api", "ui"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 3
    --- stdout
    refused api has uncommitted work (1 changed, 1 new)
            fix: commit it, or take it away with everything that is in it, restorably: `--force`
    refused ui is in the middle of a merge
            fix: finish or abort it, or take it away with everything that is in it, restorably: `--force`
    --- stderr
    ");
    assert_eq!(
        (refs(&world), world.git_in(&dir, &["status", "--porcelain"])),
        before
    );
    assert!(log(&world).len() == 1, "nothing happened");

    let (status, answer) = ask(&world, &["remove", "--force", "api", "ui"]);
    assert_eq!(status, 0, "{answer:#}");
    let kept = find(&answer["removed"], "track", "api")["kept_as"]
        .as_str()
        .unwrap();
    assert_eq!(world.git(&["show", &format!("{kept}:api.txt")]), "changed");
    assert_eq!(world.git(&["show", &format!("{kept}:new.txt")]), "new");
    let merge = find(&answer["removed"], "track", "ui")["kept_as"]
        .as_str()
        .unwrap();
    let parents = world.git(&["show", "-s", "--format=%P", merge]);
    assert!(parents.contains(&world.git(&["rev-parse", "track/api"])));
    assert!(!dir.exists() && !ui.exists());
    assert_sound(&world);
}

#[test]
fn a_branch_goes_only_into_keeping() {
    let world = two();
    let tip = world.git(&["rev-parse", "track/api"]);
    let (status, answer) = ask(&world, &["remove", "--branch", "api"]);
    assert_eq!(status, 0, "{answer:#}");
    let gone = &answer["removed"][0]["branch_removed"];
    assert_eq!(gone["unmerged"], 1);
    let kept = gone["kept_as"].as_str().unwrap();
    let operation = answer["operation"].as_str().unwrap();
    assert_eq!(
        kept,
        format!("refs/tracks/trash/{operation}/heads/track/api")
    );
    assert_eq!(world.git(&["rev-parse", kept]), tip);
    assert_eq!(world.git(&["branch", "--list", "track/api"]), "");
    assert_sound(&world);
    // The branch of a track without a worktree.
    ask(&world, &["remove", "ui"]);
    let ran = world.tracks(&["remove", "--branch", "ui"]);
    assert_eq!(ran.status, 0);
    assert!(
        ran.stdout
            .contains("1 commit of it is not merged; kept as refs/tracks/trash/"),
        "{}",
        ran.shown()
    );
    assert_eq!(world.git(&["branch", "--list", "track/*"]), "");
}

#[test]
fn what_must_not_go() {
    let world = two();
    let api = worktree(&world, "api");
    world.git(&["worktree", "lock", "--reason", "on a stick", "worktrees/ui"]);
    let before = refs(&world);
    let ran = world.tracks_in(&api, &["remove", "api", "ui", "../.."]);
    assert_snapshot!(ran.shown(), @r"
    exit: 3
    --- stdout
    refused api is where you are
            fix: go to another directory, then run it again
    refused ui is locked: on a stick
            fix: if it may go: `git worktree unlock [ROOT]/repo/worktrees/ui`
    refused main is in the main worktree
            fix: switch it to another branch, and what you named has no worktree
    --- stderr
    ");
    let (_, answer) = ask_in(&world, &api.join("."), &["remove", "--force", "api", "ui"]);
    assert_eq!(texts(&answer["refused"], "name"), ["api", "ui"]);
    world.git(&["branch", "integration", "main"]);
    world.git(&["worktree", "add", "-q", "../else", "integration"]);
    let (status, answer) = ask(&world, &["remove", "--branch", "integration"]);
    assert_eq!(status, 3);
    assert_eq!(
        answer["refused"][0]["why"],
        "is on integration, the integration branch"
    );
    let ran = world.tracks(&["remove", "apo"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: `apo` is no track, and neither a worktree nor a branch that is checked out in one
    hint: did you mean `api`?
    ");
    world.git(&["worktree", "remove", "../else"]);
    world.git(&["branch", "-D", "integration"]);
    assert_eq!(refs(&world), before);
    assert!(api.is_dir());
    assert_sound(&world);
}

#[test]
fn a_worktree_that_is_on_no_branch() {
    let world = two();
    let api = worktree(&world, "api");
    world.git_in(&api, &["switch", "-q", "--detach"]);
    world.git_in(&api, &["commit", "-q", "--allow-empty", "-m", "Nowhere"]);
    let head = world.git_in(&api, &["rev-parse", "HEAD"]);
    let (status, answer) = ask(&world, &["remove", "api"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(texts(&answer["removed"], "track"), ["api"]);
    let kept = answer["removed"][0]["kept_as"].as_str().unwrap();
    assert!(!api.exists());
    assert_eq!(
        world
            .git(&["rev-parse", &format!("{kept}^{{commit}}")])
            .len(),
        head.len()
    );
    let (status, answer) = ask(&world, &["restore", "api"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(world.git_in(&api, &["rev-parse", "HEAD"]), head);
    assert_sound(&world);
}

#[test]
fn worktrees_of_no_track() {
    let world = two();
    world.commit("main", &[("tracks.toml", "[track.ui]\n")], "One track less");
    world.git(&["worktree", "add", "-q", "-b", "odd", "worktrees/odd"]);
    let odd = worktree(&world, "odd");
    write(&world, &odd.join("a.txt"), "changed\n");
    let (status, answer) = ask(&world, &["remove", "--orphans", "--dry-run"]);
    assert_eq!(status, 3, "{answer:#}");
    assert_eq!(texts(&answer["removed"], "branch"), ["track/api"]);
    assert_eq!(texts(&answer["refused"], "name"), ["odd"]);
    let (_, answer) = ask(&world, &["remove", "--orphans"]);
    assert_eq!(texts(&answer["removed"], "branch"), ["track/api"]);
    assert!(!worktree(&world, "api").exists() && odd.is_dir() && worktree(&world, "ui").is_dir());
    // By its branch, and by its directory.
    let (status, _) = ask(&world, &["remove", "--force", "odd"]);
    assert_eq!(status, 0);
    world.git(&["worktree", "add", "-q", "worktrees/odd", "odd"]);
    let (status, _) = ask(&world, &["remove", "worktrees/odd"]);
    assert_eq!(status, 0);
    assert!(!odd.exists());
    assert_sound(&world);
}

#[test]
fn with_submodules_and_without_a_directory() {
    let world = two();
    let inner = world.root().join("inner");
    world.git_in(world.root(), &["init", "-q", "inner"]);
    write(&world, &inner.join("i.txt"), "inner\n");
    world.git_in(&inner, &["add", "."]);
    world.git_in(&inner, &["commit", "-q", "-m", "inner"]);
    let api = worktree(&world, "api");
    let url = inner.to_string_lossy().into_owned();
    let add = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        &url,
        "sub",
    ];
    world.git_in(&api, &add);
    world.git_in(&api, &["commit", "-q", "-m", "A submodule"]);
    let (status, answer) = ask(&world, &["remove", "api"]);
    assert_eq!(status, 0, "{answer:#}");
    assert!(!api.exists());
    let ui = worktree(&world, "ui");
    fs::remove_dir_all(&ui).unwrap();
    let (status, answer) = ask(&world, &["remove", "ui"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_sound(&world);
}

#[test]
fn the_bare_words_of_the_command_line() {
    let world = two();
    assert_eq!(world.tracks(&["remove"]).status, 2);
    assert_eq!(world.tracks(&["remove", "--orphans", "--force"]).status, 2);
    let ran = world.tracks(&["remove", "--orphans"]);
    assert_eq!(
        (ran.status, ran.stdout.as_str()),
        (0, "there is nothing to take away\n")
    );
}
