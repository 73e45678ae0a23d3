//! Verbs that change something, killed behind every single step of git's that changes something: the next run completes, as if
//! nothing had happened.
//!
//! The tool finds a `git` that runs the real one and, behind the step that a test names, kills who called it. A step is a call
//! that may write: all of them are told apart, one run each, until a run comes to its end.

use std::fs;

use crate::project::{project, work};
use crate::world::{Ran, World};

/// The calls of git that change something, by what they are called with.
const WRITES: &str = "update-ref|read-tree|checkout|checkout-index|reset|clean|merge|push|fetch|branch|commit|switch|rm|stash|update-index|notes|tag";

/// No verb has so many steps.
const MOST_STEPS: usize = 60;

/// One verb to be killed.
struct Case {
    name: &'static str,
    /// Makes what it works on; called once for each step.
    world: fn() -> World,
    arguments: &'static [&'static str],
    /// What is run after the kill; the same verb unless it says otherwise.
    again: &'static [&'static str],
}

/// Puts the tool's git in place; it does nothing special until a step is named.
fn with_a_git_that_kills(world: &World) {
    let real = world.run_in(&world.repo(), "sh", &["-c", "command -v git"]);
    let script = format!(
        r#"#!/bin/sh
real='{real}'
[ -e "$HOME/kill-behind" ] || exec "$real" "$@"
read -r caller <"/proc/$PPID/comm" 2>/dev/null || caller=$(basename "$(ps -o comm= -p "$PPID")")
[ "$caller" = tracks ] || exec "$real" "$@"
step=
for word; do
  case $word in
    {WRITES}) step=yes; break ;;
    worktree) step=yes ;;
    list) step=; break ;;
    status|rev-parse|diff|ls-files|cat-file|for-each-ref|merge-tree|config|version) break ;;
  esac
done
[ "$step" ] || exec "$real" "$@"
"$real" "$@"
status=$?
echo "$*" >>"$HOME/steps"
[ "$(wc -l <"$HOME/steps")" -lt "$(cat "$HOME/kill-behind")" ] || kill -KILL "$PPID"
exit $status
"#,
        real = real.stdout.trim(),
    );
    world.write_program("home/bin/git", &script);
}

/// `step`: behind which the tool is killed; none: it comes to its end.
fn run(world: &World, arguments: &[&str], step: Option<usize>) -> Ran {
    let kill = world.root().join("home/kill-behind");
    match step {
        Some(step) => world.write_at("home/kill-behind", &step.to_string()),
        None => drop(fs::remove_file(&kill)),
    }
    let _ = fs::remove_file(world.root().join("home/steps"));
    let mut command = world.command(&world.repo(), env!("CARGO_BIN_EXE_tracks"));
    let path = command
        .get_envs()
        .find_map(|(name, value)| (name == "PATH").then(|| value.unwrap_or_default().to_owned()))
        .unwrap_or_default();
    let first = world.root().join("home/bin");
    let all = std::iter::once(first).chain(std::env::split_paths(&path));
    command
        .env("PATH", std::env::join_paths(all).expect("parts of a PATH"))
        .args(arguments);
    world.ran(&command.output().expect("the tool"))
}

/// What must be the same in the end: branches, what every worktree holds and what git says of it.
fn state(world: &World) -> String {
    // A landing that is taken back is named by its operation, whose id is another one each time: of base, what it holds counts.
    let mut state = world.git(&["rev-list", "--count", "main"]);
    state += &world.git(&["rev-parse", "main^{tree}"]);
    let refs = world.git(&[
        "for-each-ref",
        "--format=%(refname) %(objectname)",
        "refs/heads",
        "refs/tags",
    ]);
    let others = refs
        .lines()
        .filter(|line| !line.starts_with("refs/heads/main "));
    state.extend(others.map(|line| format!("\n{line}")));
    let list = world.git(&["worktree", "list", "--porcelain"]);
    for dir in list
        .lines()
        .filter_map(|line| line.strip_prefix("worktree "))
    {
        let name = dir.rsplit('/').next().unwrap_or_default();
        // Where those of the tool's own stand is its own business.
        if name.starts_with('.') {
            continue;
        }
        let dir = std::path::Path::new(dir);
        let status = world.git_in(dir, &["status", "--porcelain", "--branch"]);
        let files = world.run_in(
            dir,
            "sh",
            &["-c", "find . -path ./.git -prune -o -path ./worktrees -prune -o -type f -print | sort | xargs -d '\\n' cksum"],
        );
        state.push_str(&format!("\n{name}: {status}\n{}", files.stdout));
    }
    state
}

#[track_caller]
fn killed_everywhere(case: &Case) {
    let undisturbed = (case.world)();
    let before = state(&undisturbed);
    with_a_git_that_kills(&undisturbed);
    let ran = run(&undisturbed, case.arguments, None);
    assert!(ran.status == 0 || ran.status == 1, "{}", ran.shown());
    let expected = state(&undisturbed);
    assert_ne!(before, expected, "{}: it does something", case.name);
    for step in 1..=MOST_STEPS {
        let world = (case.world)();
        with_a_git_that_kills(&world);
        let killed = run(&world, case.arguments, Some(step));
        let steps = fs::read_to_string(world.root().join("home/steps")).unwrap_or_default();
        let at = format!("{} killed behind step {step}:\n{steps}", case.name);
        world.git(&["fsck", "--strict", "--no-dangling"]);
        if killed.status != -1 {
            assert_eq!(state(&world), expected, "{at}\n{}", killed.shown());
            assert!(step > 1, "{at}: it was never killed");
            return;
        }
        let again = run(&world, case.again, None);
        // Where all had been done, there may be nothing left to do.
        let done = again.stderr.contains("was killed, and is complete now");
        assert!(
            done || again.status == 0 || again.status == 1,
            "{at}\n{}",
            again.shown()
        );
        assert_eq!(state(&world), expected, "{at}\n{}", again.shown());
        world.git(&["fsck", "--strict", "--no-dangling"]);
    }
    panic!("{}: never came to its end", case.name);
}

/// Two tracks with worktrees, one of them with uncommitted work, and a check.
fn two_tracks() -> World {
    let world = project(
        "[track.a]\n[track.b]\n[check.unit]\nrun = \"test -e x\"\n",
        &[("x", "1\n"), (".gitignore", "/worktrees/\n")],
    );
    work(&world, "a", &[("a", "1\n")]);
    work(&world, "b", &[("b", "1\n")]);
    assert_eq!(world.tracks(&["init", "--yes"]).status, 0);
    world.write("worktrees/b/x", "uncommitted\n");
    world
}

#[test]
fn init() {
    killed_everywhere(&Case {
        name: "init",
        world: || {
            project(
                "[track.a]\n[track.b]\n",
                &[("x", "1\n"), (".gitignore", "/worktrees/\n")],
            )
        },
        arguments: &["init", "--yes"],
        again: &["init", "--yes"],
    });
}

#[test]
fn sync() {
    killed_everywhere(&Case {
        name: "sync",
        world: two_tracks,
        arguments: &["sync", "--yes"],
        again: &["sync", "--yes"],
    });
}

#[test]
fn a_later_round() {
    killed_everywhere(&Case {
        name: "the second sync",
        world: || {
            let world = two_tracks();
            assert_eq!(world.tracks(&["sync", "--yes"]).status, 0);
            let dir = world.repo().join("worktrees/a");
            world.git_in(&dir, &["reset", "--quiet", "--hard", "main"]);
            world
        },
        arguments: &["sync", "--yes"],
        again: &["sync", "--yes"],
    });
}

#[test]
fn remove() {
    killed_everywhere(&Case {
        name: "remove",
        world: two_tracks,
        arguments: &["remove", "a", "b", "--force", "--branch"],
        again: &["remove", "a", "b", "--force", "--branch"],
    });
}

#[test]
fn restore() {
    killed_everywhere(&Case {
        name: "restore",
        world: || {
            let world = two_tracks();
            let ran = world.tracks(&["remove", "b", "--force", "--branch"]);
            assert_eq!(ran.status, 0, "{}", ran.shown());
            world
        },
        arguments: &["restore", "b"],
        again: &["restore", "b"],
    });
}

/// The same without uncommitted work, and base has moved on.
fn behind() -> World {
    let world = two_tracks();
    let dir = world.repo().join("worktrees/b");
    world.git_in(&dir, &["checkout", "--quiet", "x"]);
    world.commit("main", &[("m", "1\n"), ("x", "2\n")], "On");
    world
}

#[test]
fn update() {
    for arguments in [&["update"] as &[&str], &["update", "--rebase"]] {
        killed_everywhere(&Case {
            name: "update",
            world: behind,
            arguments,
            again: arguments,
        });
    }
}

#[test]
fn undo() {
    killed_everywhere(&Case {
        name: "undo of update",
        world: || {
            let world = behind();
            assert_eq!(world.tracks(&["update"]).status, 0);
            world
        },
        arguments: &["undo"],
        again: &["undo"],
    });
    killed_everywhere(&Case {
        name: "undo of init",
        world: || {
            let world = project(
                "[track.a]\n[track.b]\n",
                &[("x", "1\n"), (".gitignore", "/worktrees/\n")],
            );
            assert_eq!(world.tracks(&["init"]).status, 0);
            world
        },
        arguments: &["undo"],
        again: &["undo"],
    });
    killed_everywhere(&Case {
        name: "undo of remove",
        world: || {
            let world = two_tracks();
            let ran = world.tracks(&["remove", "b", "--force", "--branch"]);
            assert_eq!(ran.status, 0, "{}", ran.shown());
            world
        },
        arguments: &["undo"],
        again: &["undo"],
    });
}

#[test]
fn prune() {
    killed_everywhere(&Case {
        name: "prune",
        world: || {
            let world = behind();
            world.merge("main", "track/a", "Land a");
            assert_eq!(world.tracks(&["remove", "b", "--branch"]).status, 0);
            world
        },
        arguments: &["prune", "--yes", "--unmerged", "--older-than", "0s"],
        again: &["prune", "--yes", "--unmerged", "--older-than", "0s"],
    });
}

#[test]
fn land() {
    killed_everywhere(&Case {
        name: "land",
        world: || {
            let world = two_tracks();
            assert_eq!(world.tracks(&["sync", "--yes"]).status, 0);
            world.write("untracked", "mine\n");
            world
        },
        arguments: &["land", "--yes"],
        again: &["land", "--yes"],
    });
}

#[test]
fn rollback() {
    killed_everywhere(&Case {
        name: "rollback",
        world: || {
            let world = two_tracks();
            let ran = world.tracks(&["land", "--yes"]);
            assert_eq!(ran.status, 0, "{}", ran.shown());
            world
        },
        arguments: &["rollback"],
        again: &["rollback"],
    });
}
