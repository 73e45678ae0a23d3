//! `tracks restore`: what was removed comes back as it was, or says what is in its way.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use crate::init::everything;
use crate::project::{ask, refs, texts};
use crate::remove::{assert_sound, two, worktree, write};
use crate::world::World;

/// All that a worktree holds and all that git says of it.
fn state(world: &World, dir: &Path) -> impl PartialEq + std::fmt::Debug + use<> {
    let status = ["status", "--porcelain=v2", "--branch", "--ignored"];
    (
        everything(dir),
        world.git_in(dir, &status),
        world.git_in(dir, &["reflog"]),
    )
}

#[test]
fn as_it_was_with_ignored_files() {
    let world = two();
    let dir = worktree(&world, "api");
    write(&world, &dir.join(".env"), "KEY=1\n");
    write(&world, &dir.join("build/out"), "0123456789");
    let (before, refs_before) = (state(&world, &dir), refs(&world));
    let ran = world.tracks(&["restore"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 0
    --- stdout
    there is nothing to bring back
    --- stderr
    ");
    ask(&world, &["remove", "api"]);
    let (status, answer) = ask(&world, &["restore"]);
    assert_eq!(
        (status, texts(&answer["trashed"], "track")),
        (0, vec!["api".to_owned()])
    );
    let ran = world.tracks(&["restore", "api"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 0
    --- stdout
    restored  api  worktrees/api  on track/api
    --- stderr
    ");
    assert_eq!(state(&world, &dir), before);
    assert_eq!(refs(&world), refs_before);
    assert!(!world.repo().join(".git/tracks/trash").join("x").exists());
    assert_sound(&world);
    let ran = world.tracks(&["restore", "api"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: nothing in the trash is called `api`
    hint: there are no removed worktrees
    ");
    // What is there again needs no setup.
    let (_, answer) = ask(&world, &["init"]);
    assert_eq!(texts(&answer["kept"], "track"), ["api", "ui"]);
}

#[test]
fn with_its_branch_and_everything_uncommitted() {
    let world = two();
    let (api, ui) = (worktree(&world, "api"), worktree(&world, "ui"));
    write(&world, &api.join("api.txt"), "staged\n");
    world.git_in(&api, &["add", "api.txt"]);
    write(&world, &api.join("api.txt"), "edited\n");
    write(&world, &api.join("new.txt"), "new\n");
    world.git_in(&ui, &["merge", "--no-commit", "--no-ff", "track/api"]);
    let before = (state(&world, &api), state(&world, &ui));
    let branches = world.git(&["branch", "--format=%(objectname) %(refname)"]);
    let (status, answer) = ask(&world, &["remove", "--force", "--branch", "api", "ui"]);
    assert_eq!(status, 0, "{answer:#}");
    world.git(&["reflog", "expire", "--expire=now", "--all"]);
    world.git(&["gc", "--quiet", "--prune=now"]);
    let (status, answer) = ask(&world, &["restore", answer["operation"].as_str().unwrap()]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(
        texts(&answer["restored"], "branch"),
        ["track/api", "track/ui"]
    );
    assert_eq!(
        world.git(&["branch", "--format=%(objectname) %(refname)"]),
        branches
    );
    assert_eq!((state(&world, &api), state(&world, &ui)), before);
    assert_sound(&world);
}

#[test]
fn what_is_in_the_way() {
    let world = two();
    let api = worktree(&world, "api");
    let remove = || {
        let (_, answer) = ask(&world, &["remove", "api"]);
        answer["operation"].as_str().unwrap().to_owned()
    };
    let mut operation = remove();
    write(&world, &api.join("mine"), "x\n");
    let refused = |operation: &str, why: &str| {
        let before = (refs(&world), everything(&world.repo().join("worktrees")));
        let (status, answer) = ask(&world, &["restore", operation]);
        assert_eq!(status, 3, "{answer:#}");
        let said = answer["refused"][0]["why"].as_str().unwrap();
        assert!(said.contains(why), "{said}");
        assert_eq!(
            (refs(&world), everything(&world.repo().join("worktrees"))),
            before
        );
    };
    refused(&operation, "worktrees/api exists and is not empty");
    fs::remove_dir_all(&api).unwrap();
    world.git(&["worktree", "add", "-q", "../else", "track/api"]);
    refused(&operation, "its branch track/api is checked out in");
    let other = world.root().join("else");
    write(&world, &other.join("more.txt"), "more\n");
    world.git_in(&other, &["add", "."]);
    world.git_in(&world.root().join("else"), &["commit", "-q", "-m", "On"]);
    world.git(&["worktree", "remove", "../else"]);
    // Without work in it, the worktree goes along.
    let (status, answer) = ask(&world, &["restore", &operation]);
    assert_eq!(status, 0, "{answer:#}");
    assert_sound(&world);
    assert_eq!(world.git_in(&api, &["status", "--porcelain"]), "");
    assert!(api.join("more.txt").is_file());
    write(&world, &api.join("more.txt"), "edited\n");
    let (_, answer) = ask(&world, &["remove", "--force", "api"]);
    operation = answer["operation"].as_str().unwrap().to_owned();
    world.git(&["branch", "-q", "-f", "track/api", "main"]);
    refused(&operation, "track/api has moved since, from");
    world.git(&["branch", "-q", "-D", "track/api"]);
    world.git(&["branch", "-q", "track/api/more", "main"]);
    refused(
        &operation,
        "git cannot have branch track/api beside branch track/api/more",
    );
    world.git(&["branch", "-q", "-D", "track/api/more"]);
    let (status, answer) = ask(&world, &["restore", &operation]);
    assert_eq!(
        (status, answer["restored"][0]["branch_restored"].as_bool()),
        (0, Some(true))
    );
    assert_sound(&world);
}

#[test]
fn beside_a_new_worktree_of_the_same_entry() {
    let world = two();
    let api = worktree(&world, "api");
    write(&world, &api.join(".env"), "KEY=1\n");
    let before = (
        everything(&api).len(),
        world.git_in(&api, &["status", "--porcelain=v2", "--branch"]),
    );
    ask(&world, &["remove", "api"]);
    // git calls its entry `api`, too.
    world.git(&["worktree", "add", "-q", "-b", "other", "../else/api"]);
    let (status, answer) = ask(&world, &["restore", "api"]);
    assert_eq!(status, 0, "{answer:#}");
    let after = (
        everything(&api).len(),
        world.git_in(&api, &["status", "--porcelain=v2", "--branch"]),
    );
    assert_eq!(after, before);
    assert_eq!(
        world.git_in(
            &world.root().join("else/api"),
            &["branch", "--show-current"]
        ),
        "other"
    );
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
    let (api, ui) = (worktree(&world, "api"), worktree(&world, "ui"));
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
    fs::remove_dir_all(&ui).unwrap();
    for track in ["api", "ui"] {
        let (status, answer) = ask(&world, &["remove", track]);
        assert_eq!(status, 0, "{answer:#}");
        let (status, answer) = ask(&world, &["restore", track]);
        assert_eq!(status, 0, "{answer:#}");
    }
    assert_eq!(
        world.git_in(&api.join("sub"), &["status", "--porcelain"]),
        ""
    );
    assert_eq!(
        world.git_in(&api.join("sub"), &["log", "--format=%s"]),
        "inner"
    );
    assert!(ui.join("ui.txt").is_file());
    assert_sound(&world);
}

#[test]
fn in_a_directory_whose_name_is_no_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let world = crate::project::project("[track.api]\n", &[(".gitignore", ".env\n")]);
    let odd = world.root().join(std::ffi::OsStr::from_bytes(b"n\xff\nm"));
    if fs::rename(world.repo(), &odd).is_err() {
        // Some file systems take only text.
        return;
    }
    let tracks = |arguments: &[&str]| {
        let ran = world.tracks_in(&odd, arguments);
        assert_eq!(ran.status, 0, "{}", ran.shown());
    };
    tracks(&["init"]);
    let dir = odd.join("worktrees/api");
    for (removed, verb) in [(true, "remove"), (false, "restore")] {
        tracks(&[verb, "api"]);
        assert_eq!(dir.exists(), !removed);
        tracks(&["undo"]);
        assert_eq!(dir.exists(), removed);
        tracks(&["undo"]);
    }
    world.git_in(&dir, &["status"]);
}

#[test]
fn a_return_that_fails_leaves_all_as_it_was() {
    let world = two();
    let dir = worktree(&world, "api");
    write(&world, &dir.join(".env"), "KEY=1\n");
    let before = state(&world, &dir);
    ask(&world, &["remove", "--branch", "api"]);
    let (_, removed) = ask(&world, &["remove", "ui"]);
    let worktrees = world.repo().join("worktrees");
    let _ = fs::remove_dir(&worktrees);
    write(&world, &worktrees, "in the way\n");
    let (status, answer) = ask(&world, &["restore", "api"]);
    assert_eq!(status, 3, "{answer:#}");
    assert_eq!(texts(&answer["refused"], "name"), ["api"]);
    assert_eq!(world.git(&["branch", "--list", "track/api"]), "");
    fs::remove_file(&worktrees).unwrap();
    // It has moved nothing, and is not what is taken back; nor does anybody go on with it.
    let (status, answer) = ask(&world, &["undo"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(answer["undone"], removed["operation"]);
    assert!(!dir.exists() && worktree(&world, "ui").is_dir());
    let (status, answer) = ask(&world, &["restore", "api"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(state(&world, &dir), before);
    assert_sound(&world);
}
