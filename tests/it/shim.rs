//! The hook shims (hooks/*.sh) as git runs them: with and without the program, and with a hook that was there before.

use std::fs;
use std::path::Path;

use tracks::domain::hook::Hook;
use tracks::domain::name::BranchName;
use tracks::files::Shim;

use crate::world::{Ran, World};

/// Stands in for the program: notes how it was called and what it could read, and fails where a file says so.
const PROGRAM: &str = r#"#!/bin/sh
echo "tracks $*" >>"$HOME/calls"
case "$4 $*" in *push*|*transaction*) sed 's/^/  < /' >>"$HOME/calls" ;; esac
[ ! -e "$HOME/tracks-refuses" ]
"#;

const OLDER_HOOK: &str = r#"#!/bin/sh
echo "older $*" >>"$HOME/calls"
case $0 in *push*|*transaction*) sed 's/^/  < /' >>"$HOME/calls" ;; esac
[ ! -e "$HOME/older-refuses" ]
"#;

/// A repository on the track branch `track/api`, with one hook installed.
struct Hooked {
    world: World,
    hook: Hook,
}

impl Hooked {
    fn new(hook: &str, chained: bool) -> Self {
        let hooked = Hooked {
            world: World::of("main: One\n  a = 1\n"),
            hook: Hook::named(hook).expect("a hook of ours"),
        };
        hooked.world.git(&["switch", "--quiet", "-c", "track/api"]);
        hooked.world.write_program("home/it's the program", PROGRAM);
        let place = format!("repo/.git/hooks/{hook}.before-tracks");
        if chained {
            hooked.world.write_program(&place, OLDER_HOOK);
        }
        let older = chained.then(|| hooked.world.root().join(place));
        hooked.install(older.unwrap_or_default().as_path(), "refuse");
        hooked
    }

    fn install(&self, chained: &Path, missing: &str) {
        let program = self.world.root().join("home/it's the program");
        let branch = |name| BranchName::new(name).expect("a branch name");
        let both = [branch("track/api"), branch("track/ui")];
        let text = Shim {
            hook: self.hook,
            chained: Some(chained).filter(|path| !path.as_os_str().is_empty()),
            program: &program,
            refusing: match missing {
                "refuse" => &both,
                _ => &[],
            },
            guarded: &both,
        }
        .script();
        self.world
            .write_program(&format!("repo/.git/hooks/{}", self.hook), &text);
    }

    /// Git with a PATH that does not have the built tool in it, so that the recorded place counts.
    fn git(&self, arguments: &[&str]) -> Ran {
        let path = self
            .world
            .run_in(self.world.root(), "sh", &["-c", "echo \"${PATH#*:}\""])
            .stdout;
        let mut command = self.world.command(&self.world.repo(), "git");
        let output = command
            .args(arguments)
            .env("PATH", path.trim_end())
            .output()
            .expect("git starts");
        self.world.ran(&output)
    }

    fn commit(&self) -> Ran {
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "Work"])
    }

    fn without_the_program(self) -> Self {
        fs::remove_file(self.world.root().join("home/it's the program"))
            .expect("the program is there until now");
        self
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.world.root().join("home/calls")).unwrap_or_default()
    }
}

#[test]
fn the_program_decides() {
    let hooked = Hooked::new("pre-commit", false);
    assert_eq!(hooked.commit().status, 0);
    assert_eq!(hooked.calls(), "tracks hooks run pre-commit --\n");
    hooked.world.write_at("home/tracks-refuses", "");
    assert_eq!(hooked.commit().status, 1);
    assert_eq!(hooked.world.git(&["rev-list", "--count", "HEAD"]), "2");
}

#[test]
fn arguments_are_passed_on_to_both_and_the_older_hook_goes_first() {
    let hooked = Hooked::new("prepare-commit-msg", true);
    assert_eq!(hooked.commit().status, 0);
    assert_eq!(
        hooked.calls(),
        "older .git/COMMIT_EDITMSG message\ntracks hooks run prepare-commit-msg -- .git/COMMIT_EDITMSG message\n"
    );
}

#[test]
fn an_older_hook_that_refuses_ends_it() {
    let hooked = Hooked::new("pre-commit", true);
    hooked.world.write_at("home/older-refuses", "");
    assert_eq!(hooked.commit().status, 1);
    assert_eq!(hooked.calls(), "older \n");
}

#[test]
fn after_the_fact_both_are_told_whatever_the_older_says() {
    let hooked = Hooked::new("post-commit", true);
    hooked.world.write_at("home/older-refuses", "");
    assert_eq!(hooked.commit().status, 0);
    let mut calls = String::new();
    while calls.lines().count() < 2 {
        calls = hooked.calls();
    }
    let mut calls: Vec<&str> = calls.lines().collect();
    calls.sort_unstable();
    assert_eq!(calls, ["older ", "tracks hooks run post-commit --"]);
}

#[test]
fn both_read_what_git_says_on_stdin() {
    let hooked = Hooked::new("pre-push", true);
    hooked
        .world
        .git(&["init", "--quiet", "--bare", "../other.git"]);
    hooked
        .world
        .git(&["remote", "add", "origin", "../other.git"]);
    let id = hooked.world.git(&["rev-parse", "HEAD"]);
    assert_eq!(
        hooked
            .git(&["push", "--quiet", "origin", "track/api"])
            .status,
        0
    );
    let line = format!(
        "  < refs/heads/track/api {id} refs/heads/track/api {}\n",
        "0".repeat(40)
    );
    assert_eq!(
        hooked.calls(),
        format!(
            "older origin ../other.git\n{line}tracks hooks run pre-push -- origin ../other.git\n{line}"
        )
    );
}

#[test]
fn of_a_reference_transaction_only_the_phase_that_can_refuse_starts_the_program() {
    let hooked = Hooked::new("reference-transaction", false);
    assert_eq!(hooked.git(&["branch", "other"]).status, 0);
    assert_eq!(hooked.calls(), "", "no branch of ours");
    assert_eq!(hooked.git(&["branch", "track/ui"]).status, 0);
    let calls = hooked.calls();
    let started = calls.lines().filter(|line| line.starts_with("tracks"));
    let started: Vec<&str> = started.collect();
    assert!(!started.is_empty());
    assert!(
        started
            .iter()
            .all(|line| *line == "tracks hooks run reference-transaction -- prepared"),
        "{calls}"
    );
    hooked.world.write_at("home/tracks-refuses", "");
    assert_ne!(hooked.commit().status, 0);
    assert_eq!(hooked.git(&["branch", "another"]).status, 0);
}

#[test]
fn without_the_program_a_track_is_stopped_with_one_sentence_and_others_are_not() {
    let hooked = Hooked::new("pre-commit", false).without_the_program();
    let ran = hooked.commit();
    assert_eq!(ran.status, 1);
    insta::assert_snapshot!(ran.shown(), @r"
    exit: 1
    --- stdout
    --- stderr
    tracks: the pre-commit hook needs the program `tracks`, which is neither at [ROOT]/home/it's the program nor in PATH: install it and run `tracks hooks install`, or go past the hook this once with --no-verify.
    ");
    assert_eq!(
        hooked
            .git(&["commit", "-q", "--no-verify", "--allow-empty", "-m", "x"])
            .status,
        0
    );
    hooked.world.git(&["switch", "--quiet", "main"]);
    let elsewhere = hooked.commit();
    assert_eq!(elsewhere.status, 0);
    assert!(
        elsewhere.stderr.contains("install it"),
        "{}",
        elsewhere.stderr
    );
}

#[test]
fn without_the_program_it_only_warns_where_that_is_wished() {
    let hooked = Hooked::new("pre-commit", false).without_the_program();
    hooked.install(Path::new(""), "warn");
    let ran = hooked.commit();
    assert_eq!(ran.status, 0);
    assert!(ran.stderr.contains("nor in PATH"), "{}", ran.stderr);
}

#[test]
fn without_the_program_the_older_hook_still_counts() {
    let hooked = Hooked::new("commit-msg", true).without_the_program();
    assert_eq!(hooked.commit().status, 0);
    assert_eq!(hooked.calls(), "older .git/COMMIT_EDITMSG\n");
    hooked.world.write_at("home/older-refuses", "");
    assert_eq!(hooked.commit().status, 1);
}
