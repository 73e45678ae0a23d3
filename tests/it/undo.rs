//! `tracks undo`: operations are taken back, and done again, or nothing is touched.

use std::fs;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::init::everything;
use crate::project::{ask, ask_in, find, project, refs, texts, work};
use crate::remove::{assert_sound, two, worktree, write};
use crate::world::World;

#[track_caller]
fn undo(world: &World, arguments: &[&str]) -> (i32, Value) {
    let (status, answer) = ask(world, &[&["undo"], arguments].concat());
    assert_sound(world);
    (status, answer)
}

/// Branches and where they are.
fn branches(world: &World) -> String {
    world.git(&["branch", "--format=%(objectname) %(refname)"])
}

/// Worktrees with all that is in them.
fn worktrees(world: &World) -> impl PartialEq + std::fmt::Debug + use<> {
    everything(&world.repo().join("worktrees"))
}

fn log(world: &World) -> Vec<(String, bool)> {
    let (_, answer) = ask(world, &["log"]);
    let operations = answer["operations"].as_array().expect("a list").iter();
    operations
        .map(|one| {
            let command = one["command"].as_str().expect("a text");
            let verb = command.split(' ').next().expect("a word");
            (verb.to_owned(), one["undone"].as_bool().expect("a flag"))
        })
        .collect()
}

fn said(log: &[(&str, bool)]) -> Vec<(String, bool)> {
    log.iter()
        .map(|(verb, undone)| ((*verb).to_owned(), *undone))
        .collect()
}

#[test]
fn an_init_is_taken_back_and_done_again() {
    let world = project("[track.api]\n[track.ui]\n", &[(".gitignore", ".env\n")]);
    let before = branches(&world);
    ask(&world, &["init"]);
    write(&world, &worktree(&world, "api").join(".env"), "KEY=1\n");
    let (after, files) = (branches(&world), worktrees(&world));
    let (status, answer) = undo(&world, &["--dry-run"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(
        (branches(&world), worktrees(&world)),
        (after.clone(), files)
    );
    let (status, answer) = undo(&world, &[]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(texts(&answer["worktrees"], "step"), ["removed", "removed"]);
    assert_eq!(
        texts(&answer["refs"], "name"),
        ["refs/heads/track/api", "refs/heads/track/ui"]
    );
    assert_eq!(branches(&world), before);
    assert!(!worktree(&world, "api").exists() && !worktree(&world, "ui").exists());
    assert_eq!(log(&world), said(&[("init", true), ("undo", false)]));
    let files = worktrees(&world);
    // Again: as it was after the init, the ignored file included.
    let (status, answer) = undo(&world, &[]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(branches(&world), after);
    assert!(worktree(&world, "api").join(".env").is_file());
    assert_eq!(
        log(&world),
        said(&[("init", false), ("undo", true), ("undo", false)])
    );
    let (status, _) = undo(&world, &[]);
    assert_eq!((status, branches(&world)), (0, before));
    assert_eq!(worktrees(&world), files);
}

#[test]
fn work_that_came_later_is_not_lost() {
    let world = two();
    let api = worktree(&world, "api");
    let state = |world: &World| (refs(world), worktrees(world), log(world));
    let before = state(&world);
    let ran = world.tracks(&["undo"]);
    let shown = ran.shown();
    let id = shown
        .split("refused ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .to_owned();
    let tip = |track: &str| world.git(&["rev-parse", track]);
    let shown = shown
        .replace(&id, "[OPERATION]")
        .replace(&tip("track/api")[..10], "[API]")
        .replace(&tip("track/ui")[..10], "[UI]")
        .replace(&tip("main")[..10], "[MAIN]");
    assert_snapshot!(shown, @r"
    exit: 3
    --- stdout
    refused [OPERATION] (tracks init) is not taken back
    refused track/api has moved on since, from [ID] to [ID]
            fix: take back first what moved it (see `tracks log`); or, if what came after may go, move track/api back to [ID] yourself
    refused track/ui has moved on since, from [ID] to [ID]
            fix: take back first what moved it (see `tracks log`); or, if what came after may go, move track/ui back to [ID] yourself
    --- stderr
    ");
    assert_eq!(state(&world), before);
    // Uncommitted work alone keeps it, too.
    for track in ["api", "ui"] {
        world.git_in(&worktree(&world, track), &["reset", "-q", "--hard", "main"]);
    }
    write(&world, &api.join("new.txt"), "new\n");
    let (status, answer) = undo(&world, &[]);
    assert_eq!(
        (status, texts(&answer["refused"], "name")),
        (3, vec!["api".to_owned()])
    );
    assert_eq!(answer["refused"][0]["why"], "has uncommitted work (1 new)");
    fs::remove_file(api.join("new.txt")).unwrap();
    let (status, answer) = ask_in(&world, &api, &["undo"]);
    assert_eq!(
        (status, answer["refused"][0]["why"].as_str()),
        (3, Some("is where you are"))
    );
    assert_eq!(undo(&world, &[]).0, 0);
}

#[test]
fn a_removal_and_a_return() {
    let world = two();
    let api = worktree(&world, "api");
    write(&world, &api.join(".env"), "KEY=1\n");
    write(&world, &api.join("api.txt"), "edited\n");
    let (before, files) = (branches(&world), everything(&api));
    let (status, _) = ask(&world, &["remove", "--force", "--branch", "api"]);
    assert_eq!(status, 0);
    let gone = branches(&world);
    let (status, answer) = undo(&world, &[]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(branches(&world), before);
    assert_eq!(everything(&api), files);
    assert_eq!(answer["worktrees"][0]["step"], "restored");
    // To be done again, it has to be clean: nobody says `--force`.
    let (status, answer) = undo(&world, &[]);
    assert_eq!(status, 3, "{answer:#}");
    world.git_in(&api, &["checkout", "-q", "api.txt"]);
    let (status, answer) = undo(&world, &[]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(branches(&world), gone);
    assert!(!api.exists());
    // A return is taken back by another removal.
    let (status, _) = ask(&world, &["restore", "api"]);
    assert_eq!(status, 0);
    let (status, answer) = undo(&world, &[]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(branches(&world), gone);
    assert!(!api.exists());
}

#[test]
fn an_update_goes_back_with_its_worktrees() {
    let world = two();
    let before = branches(&world);
    let files = worktrees(&world);
    world.commit("main", &[("m.txt", "main\n")], "On");
    let main = world.git(&["rev-parse", "main"]);
    for rebase in [&[] as &[&str], &["--rebase"]] {
        let (status, _) = ask(&world, &[&["update"], rebase].concat());
        assert_eq!(status, 0);
        let updated = branches(&world);
        let (status, answer) = undo(&world, &[]);
        assert_eq!(status, 0, "{answer:#}");
        let without_main = |text: String| {
            text.lines()
                .filter(|line| !line.ends_with("/main"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(without_main(branches(&world)), without_main(before.clone()));
        assert_eq!(worktrees(&world), files);
        undo(&world, &[]);
        assert_eq!(branches(&world), updated);
        for track in ["api", "ui"] {
            assert_eq!(
                world.git_in(&worktree(&world, track), &["status", "--porcelain"]),
                ""
            );
        }
        undo(&world, &[]);
    }
    assert_eq!(world.git(&["rev-parse", "main"]), main);
    // A worktree with changes keeps it as it is.
    ask(&world, &["update"]);
    write(&world, &worktree(&world, "ui").join("ui.txt"), "edited\n");
    let now = (refs(&world), worktrees(&world));
    let (status, answer) = undo(&world, &[]);
    assert_eq!(
        (status, texts(&answer["refused"], "name")),
        (3, vec!["track/ui".to_owned()])
    );
    assert_eq!((refs(&world), worktrees(&world)), now);
}

#[test]
fn a_round_goes_back_and_its_push_stays() {
    let world = two();
    world.git(&["init", "-q", "--bare", "../origin.git"]);
    world.git(&["remote", "add", "origin", "../origin.git"]);
    world.git(&["push", "-q", "origin", "main"]);
    ask(&world, &["sync"]);
    let first = world.git(&["rev-parse", "integration"]);
    work(&world, "api", &[("more.txt", "more\n")]);
    let (_, answer) = ask(&world, &["sync", "--push"]);
    let operation = answer["operation"].as_str().unwrap().to_owned();
    let second = world.git(&["rev-parse", "integration"]);
    let ran = world.tracks(&["undo"]);
    let shown = ran
        .shown()
        .replace(&operation, "[OPERATION]")
        .replace(&first[..10], "[FIRST]")
        .replace(&second[..10], "[SECOND]");
    assert_snapshot!(shown, @r"
    exit: 0
    --- stdout
    undone [OPERATION] (tracks sync --push)
      moved  integration  [ID] → [ID]
      origin/integration was pushed and stays as it is: a remote is never taken back

    to do it again: tracks undo
    --- stderr
    ");
    assert_eq!(world.git(&["rev-parse", "integration"]), first);
    let there = world.git(&["ls-remote", "origin", "integration"]);
    assert!(there.starts_with(&second), "{there}");
    // What was undone can still be reached.
    let kept = world.git(&[
        "for-each-ref",
        "--format=%(objectname)",
        "refs/tracks/replaced",
    ]);
    assert!(kept.contains(&second), "{kept}");
    let (_, answer) = ask(&world, &["status"]);
    assert_eq!(
        answer["integration"]["green"],
        Value::Bool(true),
        "{answer:#}"
    );
    let (status, answer) = undo(&world, &[]);
    assert_eq!((status, answer["undone"].clone()), (0, log_id(&world, 3)));
    assert_eq!(world.git(&["rev-parse", "integration"]), second);
    // The round that made the branch, first: from nothing.
    let (_, answer) = ask(&world, &["log"]);
    let sync = answer["operations"][1]["id"].as_str().unwrap().to_owned();
    let (status, answer) = undo(&world, &["--operation", &sync]);
    assert_eq!(status, 3);
    let why = answer["refused"][0]["why"].as_str().unwrap();
    assert!(why.starts_with("has moved on since, from"), "{why}");
}

fn log_id(world: &World, at: usize) -> Value {
    let (_, answer) = ask(world, &["log"]);
    answer["operations"][at]["id"].clone()
}

#[test]
fn which_operation() {
    let world = project("[track.api]\n", &[]);
    let ran = world.tracks(&["undo"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 0
    --- stdout
    there is nothing to take back
    --- stderr
    ");
    ask(&world, &["init"]);
    let id = log_id(&world, 0).as_str().unwrap().to_owned();
    let (status, answer) = undo(&world, &["--operation", &id[..20]]);
    assert_eq!((status, answer["undone"].as_str()), (0, Some(id.as_str())));
    let by = answer["operation"].as_str().unwrap().to_owned();
    let ran = world.tracks(&["undo", "--operation", &id]);
    assert_snapshot!(ran.shown().replace(&id, "[ID]").replace(&by, "[BY]"), @r"
    exit: 3
    --- stdout
    --- stderr
    error: operation [ID] has been taken back already
    hint: to do it again, take that back: `tracks undo --operation [BY]`
    ");
    let ran = world.tracks(&["undo", "--operation", "x"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no operation `x`
    hint: `tracks log` lists them
    ");
    assert_eq!(world.tracks(&["undo", "--operation", "20"]).status, 2);
}

#[test]
fn trash_that_has_been_emptied() {
    let world = two();
    ask(&world, &["remove", "api"]);
    let (status, _) = ask(&world, &["prune", "--yes", "--older-than", "0s"]);
    assert_eq!(status, 0);
    let (status, answer) = undo(&world, &[]);
    assert_eq!(status, 3, "{answer:#}");
    assert!(
        answer["refused"][0]["why"]
            .as_str()
            .unwrap()
            .contains("of which nothing can be taken back")
    );
    let removal = log_id(&world, 1).as_str().unwrap().to_owned();
    let (status, answer) = undo(&world, &["--operation", &removal]);
    assert_eq!(
        (status, &answer["refused"][0]["why"]),
        (3, &json!("is not in the trash any more"))
    );
    assert_eq!(
        find(&answer["refused"], "why", "is not in the trash any more")["name"],
        worktree(&world, "api").to_string_lossy().as_ref()
    );
}

#[test]
fn a_worktree_whose_directory_is_gone_is_not_in_the_way() {
    let world = two();
    let tip = world.git(&["rev-parse", "track/ui"]);
    world.commit("main", &[("m.txt", "main\n")], "On");
    assert_eq!(ask(&world, &["update", "ui"]).0, 0);
    assert_ne!(world.git(&["rev-parse", "track/ui"]), tip);
    fs::remove_dir_all(worktree(&world, "ui")).unwrap();
    let (status, answer) = ask(&world, &["undo"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(world.git(&["rev-parse", "track/ui"]), tip);
}
