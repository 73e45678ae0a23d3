//! Looking whether the environment is sane.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::project::{ask, project, texts};
use crate::world::World;

const CONFIG: &str =
    "[track.a]\n[track.b]\n[check.unit]\nrun = [\"sh\", \"-c\", \"true\"]\ntools = [\"git\"]\n";

fn approved(config: &str) -> World {
    let world = project(config, &[]);
    let ran = world.tracks(&["init", "--yes"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    let ran = world.tracks(&["trust", "--yes"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    world
}

#[track_caller]
fn codes(answer: &Value) -> Vec<String> {
    texts(&answer["findings"], "code")
}

/// Made long ago.
fn old(path: &Path) {
    std::fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("its place");
    let file = File::create(path).expect("a file");
    #[expect(clippy::disallowed_methods, reason = "the age of a real file")]
    let now = SystemTime::now();
    let two_hours_ago = now - Duration::from_secs(2 * 3600);
    file.set_modified(two_hours_ago).expect("a time");
}

#[test]
fn everything_is_fine_in_one_line() {
    let world = approved(CONFIG);
    let ran = world.tracks(&["doctor"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    let version = world.git(&["version"]);
    let version = version.trim_start_matches("git version ");
    let text = ran.stdout.replace(version, "[VERSION]");
    assert_snapshot!(text, @"everything is fine; looked at git [VERSION], tracks on the PATH, locks, scratch directories, tracks.toml with 2 tracks, 2 programs that tracks.toml needs, approvals, operations, 3 worktrees, hooks");
    let (status, answer) = ask(&world, &["doctor"]);
    assert_eq!((status, &answer["findings"]), (0, &json!([])));
}

#[test]
fn every_finding_has_its_fix() {
    let world = approved(CONFIG);
    let git_dir = world.repo().join(".git");
    old(&git_dir.join("index.lock"));
    old(&git_dir.join("refs/heads/track/a.lock"));
    // Somebody may be at work.
    File::create(git_dir.join("worktrees/a/index.lock")).unwrap();
    std::fs::remove_dir_all(world.repo().join("worktrees/b")).unwrap();
    std::fs::create_dir(world.repo().join("worktrees/mine")).unwrap();
    world.git(&[
        "worktree",
        "add",
        "--quiet",
        "-b",
        "other",
        "worktrees/other",
    ]);
    world.write_at(
        "repo/.git/tracks/locks/init",
        "tracks init, process 1 on host, since 2026-11-27T11:00:00Z
",
    );
    let scratch = git_dir.join("tracks/scratch");
    std::fs::create_dir_all(scratch.join("1-x")).unwrap();
    File::create(scratch.join("1-x.lock")).unwrap();
    world.write(
        "tracks.toml",
        &format!(
            "{CONFIG}[check.odd]\nrun = [\"no-such-program\"]\ntools = [\"nor-this\"]\n[track.c]\n"
        ),
    );
    let before = world.git(&["for-each-ref"]);
    let ran = world.tracks(&["doctor"]);
    let version = world.git(&["version"]);
    let version = version.trim_start_matches("git version ");
    assert_snapshot!(ran.shown().replace(version, "[VERSION]"), @r"
    exit: 1
    --- stdout
    error DOC-LOCK [ROOT]/repo/.git/index.lock has been there for 2 hours, and keeps
                   every git from what it locks
      fix: if no git is at work there: `rm [ROOT]/repo/.git/index.lock`
    error DOC-LOCK [ROOT]/repo/.git/refs/heads/track/a.lock has been there for 2 hours,
                   and keeps every git from what it locks
      fix: if no git is at work there: `rm [ROOT]/repo/.git/refs/heads/track/a.lock`
    warning DOC-CONFIG main does not know c yet; the working copy of tracks.toml judges it
      fix: commit tracks.toml on main
    warning DOC-CONFIG tracks.toml differs from the one on main, which counts for [check.odd]
      fix: commit tracks.toml on main
    warning DOC-UNFINISHED tracks init, process 1 on host, since [TIME], was killed
      fix: run it again, it carries on: `tracks init`
    warning DOC-WORKTREE worktree [ROOT]/repo/worktrees/b is of no use: its directory is
                         gone
      fix: `tracks init` makes it anew
    warning DOC-WORKTREE worktree [ROOT]/repo/worktrees/other is on branch other, which
                         is no track's
      fix: bring it back to its branch, add the track to tracks.toml, or `git worktree remove` it
    warning DOC-WORKTREE [ROOT]/repo/worktrees/mine is no worktree of this repository
      fix: look at what is in it, and move it away: nothing here looks after it
    warning DOC-HOOK pre-commit, pre-push are other than they would be installed now
      fix: `tracks hooks install`; `tracks hooks status` shows each
    note DOC-SCRATCH a killed run has left a scratch directory
      fix: nothing: the next run that merges in memory, such as `tracks status`, sweeps them away
    note DOC-WORKTREE no worktree: c
      fix: `tracks init` makes what is missing
    2 errors, 7 warnings, 2 notes; looked at git [VERSION], tracks on the PATH, locks, scratch directories, tracks.toml with 3 tracks, 2 programs that tracks.toml needs, approvals, operations, 4 worktrees, hooks
    --- stderr
    ");
    assert_eq!(world.git(&["for-each-ref"]), before);
    assert!(scratch.join("1-x").exists(), "nothing is changed");
}

#[test]
fn hooks_that_would_not_run_and_agents_that_would_not_ask() {
    let world = approved(CONFIG);
    std::fs::remove_file(world.repo().join(".git/hooks/pre-push")).unwrap();
    let (status, answer) = ask(&world, &["doctor"]);
    assert_eq!((status, codes(&answer)), (0, vec!["DOC-HOOK".to_owned()]));
    assert_eq!(
        answer["findings"][0]["message"],
        "pre-push is not installed"
    );
    world.git(&["config", "extensions.worktreeConfig", "true"]);
    let there = world.repo().join("worktrees/a");
    let setting = ["config", "--worktree", "core.hooksPath"];
    world.git_in(&there, &[&setting[..], &["/mine"]].concat());
    let (status, answer) = ask(&world, &["doctor"]);
    assert_eq!(status, 1, "{answer:#}");
    assert_eq!(answer["findings"][0]["code"], "DOC-HOOK", "{answer:#}");
    let said = answer["findings"][0]["message"].as_str().unwrap();
    assert!(
        said.starts_with("core.hooksPath of this worktree is /mine"),
        "{said}"
    );
    world.git_in(
        &there,
        &["config", "--worktree", "--unset", "core.hooksPath"],
    );
    ask(&world, &["hooks", "install"]);
    ask(&world, &["hooks", "install", "--agent", "claude"]);
    let (_, answer) = ask(&world, &["doctor"]);
    assert_eq!(answer["findings"], json!([]), "{answer:#}");
    let file = "repo/worktrees/a/.claude/settings.local.json";
    let text = std::fs::read_to_string(world.root().join(file)).unwrap();
    world.write_at(
        file,
        &text.replace(env!("CARGO_BIN_EXE_tracks"), "/gone/tracks"),
    );
    let (status, answer) = ask(&world, &["doctor"]);
    assert_eq!((status, codes(&answer)), (0, vec!["DOC-AGENT".to_owned()]));
    ask(&world, &["hooks", "install", "--agent", "claude"]);
    let (_, answer) = ask(&world, &["doctor"]);
    assert_eq!(answer["findings"], json!([]), "{answer:#}");
}

#[test]
fn it_works_where_tracks_toml_does_not() {
    let world = project("[track.a]\nwons = [\"x\"]\n", &[]);
    old(&world.repo().join(".git/config.lock"));
    let (status, answer) = ask(&world, &["doctor"]);
    assert_eq!(
        (status, codes(&answer)),
        (1, vec!["DOC-LOCK".to_owned(), "DOC-CONFIG".to_owned()])
    );
    let ran = world.tracks(&["doctor"]);
    assert!(
        ran.stdout.contains("tracks.toml line 2: "),
        "{}",
        ran.shown()
    );
    let world = World::of("main: One\n  a = 1\n");
    let (status, answer) = ask(&world, &["doctor"]);
    assert_eq!((status, codes(&answer)), (0, vec!["DOC-CONFIG".to_owned()]));
    assert!(
        answer["findings"][0]["fix"]
            .as_str()
            .unwrap()
            .contains("tracks init"),
        "{answer:#}"
    );
}

#[test]
fn where_there_is_nothing_to_look_at() {
    let world = World::new();
    let ran = world.tracks_in(&world.root().join("tmp"), &["doctor"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert!(
        ran.stderr.contains("is not inside a git repository"),
        "{}",
        ran.stderr
    );
    let ran = world.tracks(&["doctor"]);
    assert_eq!(ran.status, 0, "no commit, no tracks.toml: {}", ran.shown());
}

#[test]
fn a_git_that_is_too_old_or_none() {
    let world = approved(CONFIG);
    world.write_program("bin/git", "#!/bin/sh\necho 'git version 2.39.5'\n");
    let asked = |path: String| {
        let output = world
            .command(&world.repo(), env!("CARGO_BIN_EXE_tracks"))
            .args(["doctor", "--format", "json"])
            .env("PATH", path)
            .output()
            .expect("the tool starts");
        world.ran(&output)
    };
    let ran = asked(format!("{}", world.root().join("bin").display()));
    assert_eq!(ran.status, 1, "{}", ran.shown());
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    let found = codes(&answer);
    assert!(found.contains(&"DOC-GIT".to_owned()), "{answer:#}");
    assert!(found.contains(&"DOC-PROGRAM".to_owned()), "{answer:#}");
    let ran = asked(world.root().join("tmp").display().to_string());
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (ran.status, codes(&answer)),
        (1, vec!["DOC-GIT".to_owned()])
    );
}
