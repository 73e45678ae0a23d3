//! `tracks update`: base, or a dependency, comes into tracks, or they stay as they were.

use insta::assert_snapshot;
use serde_json::Value;

use crate::init::everything;
use crate::project::{ask, everything_kept, find, refs, texts, work};
use crate::remove::{assert_sound, two, worktree, write};
use crate::world::{FRIDAY_NOON, World};

/// Base has moved on since `api` and `ui` began.
fn behind() -> World {
    let world = two();
    world.commit("main", &[("m.txt", "main\n")], "On");
    world
}

#[track_caller]
fn update(world: &World, arguments: &[&str]) -> (i32, Value) {
    let (status, answer) = ask(world, &[&["update"], arguments].concat());
    assert_sound(world);
    (status, answer)
}

fn tip(world: &World, branch: &str) -> String {
    world.git(&["rev-parse", branch])
}

#[test]
fn base_is_merged_into_tracks_with_their_worktrees() {
    let world = behind();
    world.git(&["config", "commit.gpgSign", "true"]);
    world.git(&["config", "user.signingKey", "nobody"]);
    write(&world, &worktree(&world, "api").join("untracked"), "x\n");
    ask(&world, &["remove", "ui"]);
    let (main, api) = (tip(&world, "main"), tip(&world, "track/api"));
    let ran = world.tracks(&["update", "--dry-run"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 0
    --- stdout
    would update  api  main merged into it
    would update  ui   main merged into it

    nothing has been changed
    --- stderr
    ");
    assert_eq!(tip(&world, "track/api"), api);
    let (status, answer) = update(&world, &[]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(texts(&answer["tracks"], "outcome"), ["updated", "updated"]);
    let format = "--format=%P%n%an <%ae> %at%n%cn <%ce> %ct%n%G?%n%B";
    let said = world.git(&["show", "-s", format, "track/api"]);
    assert_eq!(
        said.trim_end(),
        format!(
            "{api} {main}\nAda <ada@example.com> {FRIDAY_NOON}\nAda <ada@example.com> {FRIDAY_NOON}\nN\nMerge main into track/api"
        )
    );
    for track in ["api", "ui"] {
        let tree = format!("track/{track}:m.txt");
        assert_eq!(world.git(&["show", &tree]), "main");
    }
    let dir = worktree(&world, "api");
    assert_eq!(
        std::fs::read_to_string(dir.join("m.txt")).unwrap(),
        "main\n"
    );
    assert_eq!(
        world.git_in(&dir, &["status", "--porcelain"]),
        "?? untracked"
    );
    let (_, log) = ask(&world, &["log"]);
    let operation = find(&log["operations"], "command", "update");
    assert_eq!(operation["id"], answer["operation"]);
    assert_eq!(
        texts(&operation["refs"], "name"),
        ["refs/heads/track/api", "refs/heads/track/ui"]
    );
    let (status, answer) = update(&world, &[]);
    assert_eq!(
        (status, texts(&answer["tracks"], "outcome")),
        (0, vec!["up-to-date".to_owned(); 2])
    );
    assert_eq!(answer["operation"], Value::Null);
}

#[test]
fn a_conflict_leaves_the_track_as_it_was() {
    let world = two();
    world.commit("main", &[("api.txt", "main\n")], "The same file");
    let dir = worktree(&world, "api");
    let before = (everything(&dir), tip(&world, "track/api"));
    for rebase in [&[] as &[&str], &["--rebase"]] {
        let objects = everything_kept(&world).0;
        let (status, answer) = update(&world, &[rebase, &["api"]].concat());
        assert_eq!(status, 1, "{answer:#}");
        let api = find(&answer["tracks"], "track", "api");
        assert_eq!(
            (api["outcome"].as_str(), texts(&api["conflicts"], "path")),
            (Some("conflict"), vec!["api.txt".to_owned()])
        );
        assert_eq!((everything(&dir), tip(&world, "track/api")), before);
        assert_eq!(everything_kept(&world).0, objects);
    }
    // The other track is not held up.
    let ran = world.tracks(&["update"]);
    let shown = ran.shown();
    let (shown, undo) = shown.split_once("to take it back: ").unwrap();
    assert!(undo.starts_with("tracks undo --operation 2026"), "{undo}");
    assert_snapshot!(shown, @r"
    exit: 1
    --- stdout
    conflict  api  with main in 1 file; it is as it was
    updated   ui   main merged into it  [ID] → [ID]
    api:
      api.txt  add/add
      solve it: tracks resolve api

    ");
    let ran = world.tracks(&["update", "--rebase", "api"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 1
    --- stdout
    conflict  api  commit [ID] (Work of api) with main in 1 file; it is as it was
    api:
      api.txt  add/add
      solve it: tracks resolve api
    --- stderr
    ");
}

#[test]
fn what_is_not_clean_is_skipped() {
    let world = behind();
    let (api, ui) = (worktree(&world, "api"), worktree(&world, "ui"));
    write(&world, &api.join("api.txt"), "edited\n");
    write(&world, &ui.join("m.txt"), "in the way\n");
    let before = (everything(&api), everything(&ui), refs(&world));
    let ran = world.tracks(&["update"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 3
    --- stdout
    skipped  api  it has uncommitted changes in api.txt
    skipped  ui   m.txt would be overwritten
    fix api: commit it, or put it aside with `git -C [ROOT]/repo/worktrees/api stash`, then run it again
    fix ui: move it away, then run it again
    --- stderr
    ");
    assert_eq!((everything(&api), everything(&ui), refs(&world)), before);
    world.git_in(&api, &["checkout", "-q", "api.txt"]);
    world.git_in(&api, &["merge", "-q", "--no-commit", "--no-ff", "track/ui"]);
    let (status, answer) = update(&world, &["api"]);
    assert_eq!(status, 3);
    assert_eq!(answer["tracks"][0]["reason"], "a merge is under way there");
}

#[test]
fn commits_are_put_onto_base_as_they_were() {
    let world = behind();
    let dir = worktree(&world, "api");
    let author = ["-c", "user.name=Bo", "-c", "user.email=bo@example.com"];
    let commit = |more: &[&str]| {
        let ran = world
            .command(&dir, "git")
            .env("GIT_AUTHOR_NAME", "Bo")
            .env("GIT_AUTHOR_DATE", "1700000000 +0530")
            .args(author)
            .args(["commit", "-q"])
            .args(more)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
    };
    commit(&[
        "--allow-empty",
        "-m",
        "Empty from the start",
        "-m",
        "With a body: ü\n\n# no comment",
    ]);
    // The same change as one of base, and one that base has in another form.
    world.git_in(&dir, &["cherry-pick", "main"]);
    write(&world, &dir.join("a.txt"), "two\n");
    world.git_in(&dir, &["add", "."]);
    commit(&["-m", "Two"]);
    world.commit(
        "main",
        &[("a.txt", "two\n"), ("n.txt", "n\n")],
        "Two and more",
    );
    let before = tip(&world, "track/api");
    let (status, answer) = update(&world, &["--rebase", "api"]);
    assert_eq!(status, 0, "{answer:#}");
    let row = &answer["tracks"][0];
    assert_eq!(row["rebased"], 2);
    assert_eq!(texts(&row["dropped"], "subject"), ["On", "Two"]);
    let log = [
        "log",
        "--reverse",
        "--format=%an %ad|%cn %ct|%B|",
        "--date=raw",
        "main..track/api",
    ];
    assert_eq!(
        world.git(&log).replace("\n\n", "\n"),
        format!(
            "Ada 1795428000 +0000|Ada {FRIDAY_NOON}|Work of api\n|\n\
             Bo 1700000000 +0530|Ada {FRIDAY_NOON}|Empty from the start\nWith a body: ü\n# no comment\n|"
        )
    );
    assert_eq!(tip(&world, "track/api~2"), tip(&world, "main"));
    assert_eq!(world.git_in(&dir, &["status", "--porcelain"]), "");
    // What was there before is kept.
    let id = answer["operation"].as_str().unwrap();
    assert_eq!(
        tip(&world, &format!("refs/tracks/replaced/{id}/track/api")),
        before
    );
}

#[test]
fn what_a_rebase_must_not_do() {
    let world = behind();
    world.git(&["init", "-q", "--bare", "../origin.git"]);
    world.git(&["remote", "add", "origin", "../origin.git"]);
    world.git(&["push", "-q", "origin", "track/api"]);
    world.merge("track/ui", "track/api", "A merge");
    let before = refs(&world);
    let ran = world.tracks(&["update", "--rebase"]);
    assert_snapshot!(ran.shown(), @r"
    exit: 3
    --- stdout
    skipped  api  a remote has commits of it, and who has fetched them would have them twice
    skipped  ui   track/ui has merges, which a rebase would lose
    fix api: leave `--rebase` out, or rewrite them all the same: `--rewrite-published`
    fix ui: leave `--rebase` out, or do it yourself: `git rebase --rebase-merges main`
    --- stderr
    ");
    assert_eq!(refs(&world), before);
    let (status, answer) = update(&world, &["--rebase", "--rewrite-published", "api"]);
    assert_eq!(status, 0, "{answer:#}");
    assert_eq!(tip(&world, "track/api~1"), tip(&world, "main"));
    assert_eq!(world.tracks(&["update", "--rewrite-published"]).status, 2);
}

#[test]
fn from_a_declared_dependency_and_never_from_integration() {
    let world = two();
    let config = "[track.api]\n[track.ui]\ndepends_on = [\"api\"]\n[track.new]\n";
    world.commit("main", &[("tracks.toml", config)], "ui needs api");
    ask(&world, &["init"]);
    let (status, answer) = update(&world, &["--from", "api"]);
    assert_eq!(
        (status, texts(&answer["tracks"], "track")),
        (0, vec!["ui".to_owned()])
    );
    assert_eq!(tip(&world, "track/ui^2"), tip(&world, "track/api"));
    assert_eq!(
        world.git(&["log", "-1", "--format=%s", "track/ui"]),
        "Merge track/api into track/ui"
    );
    let before = refs(&world);
    let mut shown = String::new();
    for arguments in [
        ["update", "--from", "api", "new"].as_slice(),
        &["update", "--from", "new"],
        &["update", "--from", "integration"],
        &["update", "--from", "apo"],
    ] {
        shown.push_str(&world.tracks(arguments).shown());
    }
    assert_snapshot!(shown, @r#"
    exit: 2
    --- stdout
    --- stderr
    error: track new does not declare that it depends on api
    hint: declare it in tracks.toml: `depends_on = ["api"]`
    exit: 2
    --- stdout
    --- stderr
    error: no track declares that it depends on new
    hint: declare it in tracks.toml with `depends_on`
    exit: 2
    --- stdout
    --- stderr
    error: the integration branch is rebuilt in every round and holds the work of all tracks, so that no track can be based on it
    hint: leave `--from` out for base, or name a track that this one depends on
    exit: 2
    --- stdout
    --- stderr
    error: there is no track `apo`
    hint: did you mean `api`?
    "#);
    assert_eq!(refs(&world), before);
}

#[test]
fn a_track_that_has_merged_integration_or_comes_from_elsewhere() {
    let world = two();
    let (_, answer) = ask(&world, &["sync"]);
    assert_eq!(answer["moved"], true, "{answer:#}");
    let api = worktree(&world, "api");
    world.git_in(&api, &["merge", "-q", "--no-edit", "integration"]);
    world.git(&["worktree", "remove", "worktrees/ui"]);
    let alone = world.git(&["commit-tree", "-m", "alone", "main^{tree}"]);
    world.git(&["branch", "-q", "-f", "track/ui", &alone]);
    world.commit("main", &[("m.txt", "main\n")], "On");
    let before = refs(&world);
    let ran = world.tracks(&["update"]);
    assert_eq!(ran.status, 1, "{}", ran.shown());
    for said in [
        "api contains the integration merge",
        "ui has no history in common with base",
        "git rebase --onto main",
    ] {
        assert!(ran.stdout.contains(said), "{}", ran.shown());
    }
    assert_eq!(refs(&world), before);
}

#[test]
fn tracks_without_work_and_those_that_have_landed() {
    let world = two();
    let config = "[track.api]\n[track.ui]\n[track.new]\n[track.none]\n";
    world.commit("main", &[("tracks.toml", config)], "More tracks");
    ask(&world, &["init", "new"]);
    world.merge("main", "track/api", "Land api");
    let landed = tip(&world, "track/api");
    let (status, answer) = update(&world, &[]);
    assert_eq!(status, 3, "{answer:#}");
    let outcomes = ["up-to-date", "updated", "updated", "skipped"];
    assert_eq!(texts(&answer["tracks"], "outcome"), outcomes);
    assert_eq!(
        find(&answer["tracks"], "track", "new")["fast_forward"],
        true
    );
    assert_eq!(tip(&world, "track/new"), tip(&world, "main"));
    assert_eq!(tip(&world, "track/api"), landed);
    let (status, _) = update(&world, &["api"]);
    assert_eq!((status, tip(&world, "track/api")), (0, tip(&world, "main")));
    work(&world, "api", &[("more.txt", "more\n")]);
}

/// A merge of base would take the work out of the track, too.
#[test]
fn a_track_whose_landing_was_taken_back() {
    let world = two();
    assert_eq!(world.tracks(&["sync"]).status, 0);
    assert_eq!(world.tracks(&["land"]).status, 0);
    let ran = world.tracks(&["rollback"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    work(&world, "api", &[("more.txt", "more\n")]);
    let before = refs(&world);
    let (status, answer) = update(&world, &[]);
    assert_eq!(status, 3, "{answer:#}");
    assert_eq!(texts(&answer["tracks"], "outcome"), ["skipped", "skipped"]);
    let fix = answer["tracks"][0]["fix"].as_str().unwrap();
    assert!(fix.contains("rebase --force-rebase --onto main"), "{fix}");
    assert_eq!(refs(&world), before);
}

#[test]
fn without_a_name_nothing_is_committed() {
    let world = behind();
    world.write_at("home/.gitconfig", "[user]\n\tuseConfigOnly = true\n");
    let update = || {
        let mut command = world.command(&world.repo(), env!("CARGO_BIN_EXE_tracks"));
        for role in ["AUTHOR", "COMMITTER"] {
            command.env_remove(format!("GIT_{role}_NAME"));
            command.env_remove(format!("GIT_{role}_EMAIL"));
        }
        world.ran(&command.arg("update").output().unwrap())
    };
    let before = refs(&world);
    assert_snapshot!(update().shown(), @r"
    exit: 3
    --- stdout
    --- stderr
    error: git does not know in whose name to commit: no email was given and auto-detection is disabled
    hint: tell it: `git config user.name NAME` and `git config user.email ADDRESS`
    ");
    assert_eq!(refs(&world), before);
    // It is not needed where nothing is to be committed.
    world.git(&["reset", "-q", "--hard", "main~1"]);
    assert_eq!(update().status, 0);
}
