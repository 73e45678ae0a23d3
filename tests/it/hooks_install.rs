//! `tracks hooks install` and `uninstall` beside hooks of others: every one still runs, and comes back byte for byte.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use serde_json::json;

use crate::project::{ask, find, project, texts};
use crate::world::{Ran, World};

pub(crate) const CONFIG: &str = "[track.api]\n[track.ui]\n";

/// What a file is: its path, its mode, and its bytes or where it points to.
pub(crate) type Facts = (PathBuf, u32, Vec<u8>);

/// Every file below a directory that is not a sample of git's.
fn facts(dir: &Path) -> Vec<Facts> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        let kind = path.symlink_metadata().expect("it is there");
        if path.extension().is_some_and(|ending| ending == "sample") {
            continue;
        }
        if kind.is_dir() {
            found.extend(facts(&path));
            continue;
        }
        let content = match kind.is_symlink() {
            true => fs::read_link(&path)
                .expect("a link")
                .into_os_string()
                .into_encoded_bytes(),
            false => fs::read(&path).expect("a file"),
        };
        found.push((path, kind.permissions().mode(), content));
    }
    found.sort();
    found
}

/// All that must be the same afterwards: hooks, wherever they are, and configuration.
pub(crate) fn everything(world: &World) -> Vec<Facts> {
    let mut all = facts(&world.repo().join(".git/hooks"));
    for dir in [".husky", "githooks", ".git/other"] {
        all.extend(facts(&world.repo().join(dir)));
    }
    all.extend(facts(&world.root().join("home")));
    let config = world.repo().join(".git/config");
    all.push((
        config.clone(),
        0,
        fs::read(config).expect("the configuration"),
    ));
    all
}

pub(crate) fn world() -> World {
    project(CONFIG, &[("a", "1\n")])
}

/// A hook that notes that it ran, and as what.
pub(crate) fn noting(name: &str) -> String {
    format!("#!/bin/sh\necho \"{name} $*\" >>\"$HOME/calls\"\n")
}

pub(crate) fn calls(world: &World) -> Vec<String> {
    let file = world.root().join("home/calls");
    let text = fs::read_to_string(&file).unwrap_or_default();
    if file.exists() {
        fs::remove_file(file).expect("it is there");
    }
    text.lines().map(str::to_owned).collect()
}

pub(crate) fn commit_in(world: &World, dir: &Path) -> Ran {
    let ran = world.run_in(
        dir,
        "git",
        &["commit", "--quiet", "--allow-empty", "-m", "Work"],
    );
    assert_eq!(ran.status, 0, "{}", ran.shown());
    ran
}

/// As files, whatever this git can do.
pub(crate) fn install(world: &World) -> Ran {
    world.tracks(&["hooks", "install", "--shims"])
}

/// Installs, lets `between` look, uninstalls; everything is as before then, and there is nothing left to do.
#[track_caller]
fn there_and_back(world: &World, between: impl FnOnce(&World)) {
    let before = everything(world);
    let ran = install(world);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    let installed = everything(world);
    let again = install(world);
    assert!(
        again.stdout.starts_with("nothing to do: "),
        "{}",
        again.shown()
    );
    assert_eq!(everything(world), installed);
    let status = world.tracks(&["hooks", "status"]);
    assert_eq!(status.status, 0, "{}", status.shown());
    assert_eq!(calls(world), [""; 0], "a probe starts nobody's hook");
    between(world);
    calls(world);
    let ran = world.tracks(&["hooks", "uninstall"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert_eq!(everything(world), before, "{}", ran.shown());
    assert!(!world.repo().join(".git/tracks/hooks").exists());
    let again = world.tracks(&["hooks", "uninstall"]);
    assert_eq!(
        again.stdout,
        "nothing to do: there are no hooks of tracks\n"
    );
}

#[test]
fn where_there_were_none() {
    let world = world();
    assert_snapshot!(install(&world).shown(), @r"
    exit: 0
    --- stdout
    installed  pre-commit        .git/hooks/pre-commit
    installed  pre-merge-commit  .git/hooks/pre-merge-commit
    installed  pre-push          .git/hooks/pre-push
    installed  post-commit       .git/hooks/post-commit
    installed  post-merge        .git/hooks/post-merge
    installed  post-checkout     .git/hooks/post-checkout
    --- stderr
    ");
    assert_snapshot!(install(&world).shown(), @r"
    exit: 0
    --- stdout
    nothing to do: 6 hooks are in place
    --- stderr
    ");
    assert_snapshot!(world.tracks(&["hooks", "uninstall"]).shown(), @r"
    exit: 0
    --- stdout
    removed  post-checkout     .git/hooks/post-checkout
    removed  post-commit       .git/hooks/post-commit
    removed  post-merge        .git/hooks/post-merge
    removed  pre-commit        .git/hooks/pre-commit
    removed  pre-merge-commit  .git/hooks/pre-merge-commit
    removed  pre-push          .git/hooks/pre-push
    --- stderr
    ");
    there_and_back(&world, |_| {});
}

#[test]
fn scripts_links_and_what_git_ignores_come_back() {
    let world = world();
    world.write_program("repo/.git/hooks/pre-commit", &noting("theirs"));
    world.write_program("repo/scripts/check", &noting("linked"));
    let hooks = world.repo().join(".git/hooks");
    symlink("../../scripts/check", hooks.join("pre-merge-commit")).expect("a link");
    symlink("nowhere", hooks.join("post-merge")).expect("a link");
    world.write_at("repo/.git/hooks/post-commit", &noting("not executable"));
    world.write_program("repo/.git/hooks/post-rewrite", &noting("not ours to wrap"));
    world.write_program("repo/.git/hooks/pre-push", &noting("odd mode"));
    let odd = fs::Permissions::from_mode(0o551);
    fs::set_permissions(hooks.join("pre-push"), odd).expect("its mode");
    there_and_back(&world, |world| {
        commit_in(world, &world.repo());
        assert_eq!(calls(world), ["theirs "], "as before, once");
        let (_, answer) = ask(world, &["hooks", "install", "--shims"]);
        let hook = find(&answer["hooks"], "name", "pre-commit");
        assert_eq!(
            (&hook["chained_from"], &hook["state"]),
            (&json!("script"), &json!("installed"))
        );
        assert_eq!(texts(&answer["hooks"], "name").len(), 6);
    });
}

const LEFTHOOK: &str = "#!/bin/sh\n\nif [ \"$LEFTHOOK\" = \"0\" ]; then\n  exit 0\nfi\n\ncall_lefthook()\n{\n  echo \"lefthook $*\" >>\"$HOME/calls\"\n}\n\ncall_lefthook run \"pre-commit\" \"$@\"\n";
const PRE_COMMIT: &str = "#!/usr/bin/env bash\n# File generated by pre-commit: https://pre-commit.com\n# ID: 138fd403232d2ddd5efb44317e38bf03\n\nHERE=\"$(cd \"$(dirname \"$0\")\" && pwd)\"\necho \"pre-commit\" >>\"$HOME/calls\"\nlegacy=$HERE/pre-commit.legacy\nif [ -x \"$legacy\" ]; then \"$legacy\" \"$@\" || exit; fi\n";
const PREK: &str = "#!/bin/sh\n# File generated by prek: https://github.com/j178/prek\necho \"prek\" >>\"$HOME/calls\"\n";

#[test]
fn managers_are_named_and_come_back() {
    for (manager, text, call) in [
        ("lefthook", LEFTHOOK, "lefthook run pre-commit"),
        ("pre-commit", PRE_COMMIT, "pre-commit"),
        ("prek", PREK, "prek"),
    ] {
        let world = world();
        world.write_program("repo/.git/hooks/pre-commit", text);
        there_and_back(&world, |world| {
            commit_in(world, &world.repo());
            assert_eq!(calls(world), [call]);
        });
        let ran = install(&world);
        let line = format!("chained behind {manager}'s\n");
        assert!(ran.stdout.contains(&line), "{}", ran.shown());
    }
}

/// As husky lays it out: `_` is generated and says nothing itself, `.husky` is committed.
fn husky(world: &World, dir: &Path) {
    let at = dir.strip_prefix(world.root()).expect("in the world");
    let at = at.to_string_lossy();
    let generated = "#!/usr/bin/env sh\n. \"$(dirname \"$0\")/h\"";
    for name in ["pre-commit", "commit-msg", "post-rewrite"] {
        world.write_program(&format!("{at}/.husky/_/{name}"), generated);
    }
    world.write_at(
        &format!("{at}/.husky/_/h"),
        "n=$(basename \"$0\")\ns=$(dirname \"$(dirname \"$0\")\")/$n\n[ ! -f \"$s\" ] && exit 0\nsh -e \"$s\" \"$@\"\n",
    );
    world.write_at(
        &format!("{at}/.husky/pre-commit"),
        "echo \"husky in $(basename \"$PWD\")\" >>\"$HOME/calls\"\n",
    );
}

#[test]
fn husky_in_each_worktree() {
    let world = world();
    world.git(&["worktree", "add", "--quiet", "-b", "x", "../linked"]);
    world.git(&["worktree", "add", "--quiet", "-b", "y", "../without"]);
    husky(&world, &world.repo());
    husky(&world, &world.root().join("linked"));
    // As somebody wrote it by hand, with a comment.
    let config = format!(
        "{}[Core]\n  HooksPath = .husky/_ # husky\n",
        world.read(".git/config")
    );
    world.write(".git/config", &config);
    there_and_back(&world, |world| {
        for (name, expected) in [
            ("repo", &["husky in repo"][..]),
            ("linked", &["husky in linked"]),
            ("without", &[]),
        ] {
            commit_in(world, &world.root().join(name));
            assert_eq!(calls(world), expected);
        }
    });
    assert_snapshot!(install(&world).shown(), @r"
    exit: 0
    --- stdout
    installed  pre-commit        .git/tracks/hooks/pre-commit        chained behind husky's
    installed  pre-merge-commit  .git/tracks/hooks/pre-merge-commit
    installed  pre-push          .git/tracks/hooks/pre-push
    installed  post-commit       .git/tracks/hooks/post-commit
    installed  post-merge        .git/tracks/hooks/post-merge
    installed  post-checkout     .git/tracks/hooks/post-checkout
    installed  commit-msg        .git/tracks/hooks/commit-msg        passed on to husky's
    installed  post-rewrite      .git/tracks/hooks/post-rewrite      passed on to husky's
    note: core.hooksPath was .husky/_, and the hooks there still run; husky sets it again whenever it is installed: then run `tracks hooks install` again, or let husky start tracks (`tracks hooks install --print husky`)
    note: hooks of 11 other names that may be added there later will run, too
    --- stderr
    ");
}

#[test]
fn husky_that_sets_its_path_again() {
    let world = world();
    husky(&world, &world.repo());
    world.git(&["config", "core.hooksPath", ".husky/_"]);
    let before = everything(&world);
    install(&world);
    world.git(&["config", "core.hooksPath", ".husky/_"]);
    let (status, answer) = ask(&world, &["hooks", "status"]);
    assert_eq!((status, &answer["effective"]), (1, &json!(false)));
    let hook = find(&answer["hooks"], "name", "pre-commit");
    assert_eq!(hook["state"], "shadowed");
    // Taken away meanwhile, it stays what husky has made of it.
    install(&world);
    assert_eq!(ask(&world, &["hooks", "status"]).0, 0);
    world.git(&["config", "core.hooksPath", "elsewhere"]);
    let ran = world.tracks(&["hooks", "uninstall"]);
    assert!(
        ran.stdout
            .contains("has been set to elsewhere since, and stays"),
        "{}",
        ran.shown()
    );
    assert_eq!(world.git(&["config", "core.hooksPath"]), "elsewhere");
    world.git(&["config", "core.hooksPath", ".husky/_"]);
    assert_eq!(everything(&world), before);
}

#[test]
fn a_global_directory_is_gone_through_and_never_written() {
    let world = world();
    world.write_program("home/my hooks/pre-commit", &noting("global"));
    world.write_program("home/my hooks/post-rewrite", &noting("rewritten"));
    let config = "[init]\n\tdefaultBranch = main\n[core]\n\thooksPath = ~/my hooks\n";
    world.write_at("home/.gitconfig", config);
    there_and_back(&world, |world| {
        commit_in(world, &world.repo());
        assert_eq!(calls(world), ["global "]);
        world.git(&[
            "commit",
            "--quiet",
            "--amend",
            "--allow-empty",
            "-m",
            "Other",
        ]);
        assert_eq!(calls(world), ["global ", "rewritten amend"]);
    });
}

#[test]
fn values_of_the_repository_come_back_letter_by_letter() {
    for value in ["", "githooks", "~/hooks", ".git/other"] {
        let world = world();
        world.write_program("repo/githooks/pre-commit", &noting("relative"));
        world.write_program("home/hooks/pre-commit", &noting("home"));
        world.write_program("repo/.git/other/pre-commit", &noting("inside"));
        world.git(&["config", "core.hooksPath", value]);
        there_and_back(&world, |world| {
            commit_in(world, &world.repo());
            let expected = match value {
                "" => &[][..],
                "githooks" => &["relative "],
                "~/hooks" => &["home "],
                _ => &["inside "],
            };
            assert_eq!(calls(world), expected, "{value}");
        });
    }
}

#[test]
fn a_directory_of_hooks_that_is_a_link_to_elsewhere_is_not_written() {
    let world = world();
    world.write_program("repo/githooks/pre-commit", &noting("linked"));
    let hooks = world.repo().join(".git/hooks");
    fs::rename(&hooks, world.root().join("tmp/hooks")).expect("out of the way");
    symlink("../githooks", &hooks).expect("a link");
    there_and_back(&world, |world| {
        commit_in(world, &world.repo());
        assert_eq!(calls(world), ["linked "]);
    });
}

#[test]
fn a_manager_that_takes_ours_into_its_chain_does_not_loop() {
    let world = world();
    let hook = "repo/.git/hooks/pre-commit";
    world.write_program(hook, &noting("theirs"));
    let before = everything(&world);
    install(&world);
    // As pre-commit installs itself: what is there becomes its legacy.
    let hooks = world.repo().join(".git/hooks");
    fs::rename(hooks.join("pre-commit"), hooks.join("pre-commit.legacy")).expect("ours");
    world.write_program(hook, PRE_COMMIT);
    commit_in(&world, &world.repo());
    assert_eq!(calls(&world), ["pre-commit", "theirs "]);
    let (status, _) = ask(&world, &["hooks", "status"]);
    assert_eq!(status, 1, "it is not known what would run");
    let ran = install(&world);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert!(
        ran.stdout.contains("behind pre-commit's"),
        "{}",
        ran.shown()
    );
    commit_in(&world, &world.repo());
    assert_eq!(calls(&world), ["pre-commit", "theirs "], "once each");
    assert_eq!(ask(&world, &["hooks", "status"]).0, 0);
    world.tracks(&["hooks", "uninstall"]);
    commit_in(&world, &world.repo());
    assert_eq!(calls(&world), ["pre-commit", "theirs "], "without us, too");
    // As pre-commit takes itself away.
    fs::rename(hooks.join("pre-commit.legacy"), hooks.join("pre-commit")).expect("theirs");
    assert_eq!(everything(&world), before);
}

#[test]
fn a_hook_that_is_its_own_legacy_is_uninstalled_from_there() {
    let world = world();
    install(&world);
    let hooks = world.repo().join(".git/hooks");
    fs::rename(hooks.join("pre-commit"), hooks.join("pre-commit.legacy")).expect("ours");
    world.write_program("repo/.git/hooks/pre-commit", PRE_COMMIT);
    world.tracks(&["hooks", "uninstall"]);
    assert!(!hooks.join("pre-commit.legacy").exists());
    assert_eq!(world.read(".git/hooks/pre-commit"), PRE_COMMIT);
}

#[test]
fn what_was_set_aside_is_not_written_over() {
    let world = world();
    let hook = "repo/.git/hooks/pre-commit";
    world.write_program(hook, &noting("first"));
    install(&world);
    world.write_program(hook, &noting("second"));
    let before = everything(&world);
    let ran = install(&world);
    assert_snapshot!(ran.shown(), @r"
    exit: 3
    --- stdout
    blocked  pre-commit  .git/hooks/pre-commit
    problem [ROOT]/repo/.git/hooks/pre-commit was replaced after tracks had set another one aside as [ROOT]/repo/.git/hooks/pre-commit.before-tracks
            fix: keep what you need of the two in the first, move the other away (`mv [ROOT]/repo/.git/hooks/pre-commit.before-tracks ELSEWHERE`), and run `tracks hooks install` again
    --- stderr
    ");
    assert_eq!(everything(&world), before);
    let ran = world.tracks(&["hooks", "uninstall"]);
    assert!(
        ran.stdout.contains("has been replaced since, and stays"),
        "{}",
        ran.shown()
    );
    assert_eq!(world.read(".git/hooks/pre-commit"), noting("second"));
    assert_eq!(
        world.read(".git/hooks/pre-commit.before-tracks"),
        noting("first")
    );
}

#[test]
fn a_run_that_was_killed_is_finished() {
    let world = world();
    world.write_program("repo/.git/hooks/pre-commit", &noting("theirs"));
    let before = everything(&world);
    let hooks = world.repo().join(".git/hooks");
    let (hook, aside) = (
        hooks.join("pre-commit"),
        hooks.join("pre-commit.before-tracks"),
    );
    // It has its second name, and ours is not there yet.
    fs::hard_link(&hook, &aside).expect("a second name");
    assert_eq!(install(&world).status, 0);
    commit_in(&world, &world.repo());
    assert_eq!(calls(&world), ["theirs "]);
    world.tracks(&["hooks", "uninstall"]);
    assert_eq!(everything(&world), before);
    // The same, and it is to be taken away.
    fs::hard_link(&hook, &aside).expect("a second name");
    world.tracks(&["hooks", "uninstall"]);
    assert_eq!(everything(&world), before);
    // Where there are no second names, it has moved already.
    fs::rename(&hook, &aside).expect("moved");
    install(&world);
    commit_in(&world, &world.repo());
    assert_eq!(calls(&world), ["theirs "]);
    world.tracks(&["hooks", "uninstall"]);
    assert_eq!(everything(&world), before);
    // Killed after it had noted the path, or before it knew the lines.
    world.git(&["config", "core.hooksPath", "githooks"]);
    let before = everything(&world);
    install(&world);
    let ours = world.repo().join(".git/tracks/hooks");
    let note = world.repo().join(".git/tracks/hooks-path.json");
    let text = r#"{"v":1,"values":["githooks"],"last":"githooks","set":"/gone","lines":null}"#;
    world.write_at("repo/.git/tracks/hooks-path.json", text);
    world.tracks(&["hooks", "uninstall"]);
    assert_eq!(everything(&world), before);
    world.write_at("repo/.git/tracks/hooks-path.json", text);
    world.tracks(&["hooks", "uninstall"]);
    assert_eq!(everything(&world), before);
    assert!(!note.exists() && !ours.exists());
}

#[test]
fn hooks_that_have_nothing_to_do_any_more_go() {
    let world = world();
    world.write_program("repo/.git/hooks/pre-commit", &noting("theirs"));
    install(&world);
    world.write(
        "tracks.toml",
        &format!("{CONFIG}[hooks]\npre_commit = []\n[commit]\ntrailer = true\n"),
    );
    world.git(&["add", "tracks.toml"]);
    world.git(&["commit", "--quiet", "--no-verify", "-m", "Other hooks"]);
    assert_snapshot!(install(&world).shown(), @r"
    exit: 0
    --- stdout
    installed  prepare-commit-msg  .git/hooks/prepare-commit-msg
    installed  commit-msg          .git/hooks/commit-msg
    removed    pre-commit          .git/hooks/pre-commit
    --- stderr
    ");
    assert_eq!(world.read(".git/hooks/pre-commit"), noting("theirs"));
    let (_, answer) = ask(&world, &["hooks", "status"]);
    assert_eq!(answer["effective"], true);
}

#[test]
fn a_servers_repository_judges_what_is_pushed() {
    let world = world();
    let bare = world.root().join("server.git");
    world.git(&["clone", "--quiet", "--bare", ".", "../server.git"]);
    let ran = world.tracks_in(&bare, &["hooks", "install", "--shims"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 0
    --- stdout
    installed  pre-receive  [ROOT]/server.git/hooks/pre-receive
    --- stderr
    ");
    let status = world.tracks_in(&bare, &["hooks", "status"]);
    assert_snapshot!(status.shown(), @r"
    exit: 0
    --- stdout
    installed  pre-receive  [ROOT]/server.git/hooks/pre-receive
    git runs them all
    --- stderr
    ");
    // Once people have worktrees of it, they commit there.
    world.git_in(&bare, &["worktree", "add", "--quiet", "-b", "x", "../x"]);
    world.tracks_in(&bare, &["hooks", "install", "--shims"]);
    assert!(!bare.join("hooks/pre-receive").exists());
    assert!(bare.join("hooks/pre-commit").exists());
}

#[test]
fn a_servers_repository_before_the_first_push() {
    let world = world();
    let bare = world.root().join("server.git");
    world.git(&["init", "--quiet", "--bare", "../server.git"]);
    let ran = world.tracks_in(&bare, &["hooks", "install", "--shims"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 0
    --- stdout
    installed  pre-receive  [ROOT]/server.git/hooks/pre-receive
    --- stderr
    ");
    assert_eq!(world.tracks_in(&bare, &["hooks", "status"]).status, 0);
    let push = ["push", "--quiet", "../server.git", "HEAD:refs/heads/main"];
    world.git(&push);
    let again = world.tracks_in(&bare, &["hooks", "install", "--shims"]);
    assert_eq!(again.stdout, "nothing to do: 1 hook is in place\n");
    // Where people work, there is something to say first.
    world.git(&["init", "--quiet", "../new"]);
    let new = world.root().join("new");
    assert_eq!(world.tracks_in(&new, &["hooks", "install"]).status, 3);
}

#[test]
fn a_repository_that_was_moved() {
    for value in [None, Some("githooks")] {
        let world = world();
        let hook = match value {
            None => "repo/.git/hooks/pre-commit",
            Some(_) => "repo/githooks/pre-commit",
        };
        world.write_program(hook, &noting("theirs"));
        if let Some(value) = value {
            world.git(&["config", "core.hooksPath", value]);
        }
        let before = everything(&world);
        install(&world);
        let (old, new) = (world.repo(), world.root().join("moved"));
        fs::rename(&old, &new).expect("it moves");
        if value.is_none() {
            commit_in(&world, &new);
            assert_eq!(calls(&world), ["theirs "]);
        }
        let ran = world.tracks_in(&new, &["hooks", "install", "--shims"]);
        assert_eq!(ran.status, 0, "{}", ran.shown());
        commit_in(&world, &new);
        assert_eq!(calls(&world), ["theirs "]);
        assert_eq!(world.tracks_in(&new, &["hooks", "status"]).status, 0);
        world.tracks_in(&new, &["hooks", "uninstall"]);
        fs::rename(&new, &old).expect("it moves back");
        assert_eq!(everything(&world), before);
    }
}
