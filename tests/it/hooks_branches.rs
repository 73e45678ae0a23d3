//! Whole branches through the installed hooks: pushes, moves in spite of `--no-verify`, a server; and news after the fact.

use std::path::PathBuf;

use crate::project::project;
use crate::world::{Ran, World};

const CONFIG: &str = "[track.a]\nowns = [\"a\"]\n[track.b]\nowns = [\"b\"]\n";

fn world(more: &str) -> World {
    let files = [("a/one", "1\n"), ("b/one", "1\n"), ("c", "1\n2\n3\n")];
    let world = project(&format!("{CONFIG}{more}"), &files);
    world.git(&["init", "--quiet", "--bare", "../server.git"]);
    let server = world.root().join("server.git");
    world.git(&["remote", "add", "origin", &server.to_string_lossy()]);
    world.git(&["push", "--quiet", "origin", "main"]);
    let made = world.tracks(&["init", "--yes"]);
    assert_eq!(made.status, 0, "{}", made.shown());
    world
}

fn dir(world: &World) -> PathBuf {
    world.repo().join("worktrees/a")
}

fn git(world: &World, arguments: &[&str]) -> Ran {
    world.run_in(&dir(world), "git", arguments)
}

fn edit(world: &World, path: &str, text: &str) {
    world.write_at(&format!("repo/worktrees/a/{path}"), text);
    world.git_in(&dir(world), &["add", "."]);
}

#[track_caller]
fn refused(ran: &Ran, code: &str) {
    assert_ne!(ran.status, 0, "{}", ran.shown());
    assert!(ran.stderr.contains(code), "{}", ran.shown());
}

#[test]
fn a_push_is_judged_as_a_whole() {
    let world = world("");
    edit(&world, "a/one", "2\n");
    world.git_in(&dir(&world), &["commit", "--quiet", "-m", "Mine"]);
    let fine = git(&world, &["push", "--quiet", "origin", "track/a"]);
    assert_eq!(
        (fine.status, fine.stderr.as_str()),
        (0, ""),
        "{}",
        fine.shown()
    );
    // What came past the other hooks.
    edit(&world, "b/one", "mine\n");
    world.git_in(
        &dir(&world),
        &["commit", "--quiet", "--no-verify", "-m", "Past it"],
    );
    let ran = git(&world, &["push", "--quiet", "origin", "track/a"]);
    insta::assert_snapshot!(ran.shown(), @r#"
    exit: 1
    --- stdout
    --- stderr
    tracks: the push of track/a is refused (track a)
      error OWN01  b/one  (with track b)
        track a changes b/one, which track b owns (`b`)
        fix: leave it to track b, or have it handed over with `tracks own b/one --track a --from b`, or
             except it: `[[allow]]` with `code = "OWN01"` in base's tracks.toml, or the trailer
             `Tracks-Allow: OWN01 b/one REASON`
      hint: past it this once: TRACKS_SKIP=OWN01 in the environment, which is recorded;
            `tracks validate` and rounds judge it all the same
    error: failed to push some refs to '[ROOT]/server.git'
    "#);
    refused(
        &git(&world, &["push", "origin", "HEAD:refs/heads/review"]),
        "OWN01",
    );
    refused(
        &git(&world, &["push", "origin", "HEAD~0:refs/heads/track/a"]),
        "OWN01",
    );
    // Others' branches, tags and deletions are not it.
    for arguments in [
        ["push", "--quiet", "origin", "main"],
        ["push", "--quiet", "origin", "HEAD~1:refs/tags/before"],
        ["push", "--quiet", "origin", ":track/a"],
    ] {
        let ran = git(&world, &arguments);
        assert_eq!(ran.status, 0, "{arguments:?}\n{}", ran.shown());
    }
    let by_hand = git(&world, &["push", "origin", "HEAD~1:refs/heads/integration"]);
    refused(&by_hand, "OWN10");
    assert_eq!(
        git(&world, &["push", "--no-verify", "origin", "track/a"]).status,
        0
    );
}

#[test]
fn the_backstop_refuses_in_spite_of_no_verify() {
    let world = world("[hooks]\nreference_transaction = true\n");
    let before = world.git(&["rev-parse", "track/a"]);
    edit(&world, "b/one", "mine\n");
    let ran = git(&world, &["commit", "--no-verify", "-m", "Past it"]);
    refused(&ran, "OWN01");
    assert_eq!(before, world.git(&["rev-parse", "track/a"]));
    world.git_in(&dir(&world), &["reset", "--quiet", "--hard"]);
    // Going forward to another's work, and picking it.
    world.commit("track/b", &[("b/one", "2\n")], "Theirs");
    refused(&git(&world, &["merge", "--ff-only", "track/b"]), "OWN01");
    world.git_in(&dir(&world), &["reset", "--quiet", "--hard"]);
    let picked = git(&world, &["cherry-pick", "track/b"]);
    refused(&picked, "OWN01");
    let _ = git(&world, &["cherry-pick", "--abort"]);
    world.git_in(&dir(&world), &["reset", "--quiet", "--hard"]);
    // What is its own, what takes back, what is nobody's, and the integration branch.
    edit(&world, "a/one", "2\n");
    for arguments in [
        &["commit", "--quiet", "--no-verify", "-m", "Mine"][..],
        &["reset", "--quiet", "--hard", "main"],
        &["branch", "--no-track", "other", "track/b"],
    ] {
        let ran = git(&world, arguments);
        assert_eq!(ran.status, 0, "{arguments:?}\n{}", ran.shown());
    }
    refused(&git(&world, &["branch", "integration", "track/b"]), "OWN10");
    // A round moves it all the same, and `update` the tracks.
    let round = world.tracks(&["sync", "--yes"]);
    assert_eq!(round.status, 0, "{}", round.shown());
    assert!(!world.git(&["rev-parse", "integration"]).is_empty());
}

#[test]
fn a_server_judges_what_it_receives() {
    let world = world("");
    let server = world.root().join("server.git");
    let installed = world.tracks_in(&server, &["hooks", "install"]);
    assert_eq!(installed.status, 0, "{}", installed.shown());
    edit(&world, "b/one", "mine\n");
    world.git_in(
        &dir(&world),
        &["commit", "--quiet", "--no-verify", "-m", "Past it"],
    );
    let ran = git(&world, &["push", "--no-verify", "origin", "track/a"]);
    refused(&ran, "OWN01");
    assert_eq!(
        world.git_in(&server, &["for-each-ref", "refs/heads/track"]),
        ""
    );
    world.git_in(&dir(&world), &["reset", "--quiet", "--hard", "main"]);
    edit(&world, "a/one", "2\n");
    world.git_in(&dir(&world), &["commit", "--quiet", "-m", "Mine"]);
    let fine = git(&world, &["push", "--quiet", "origin", "track/a"]);
    assert_eq!(fine.status, 0, "{}", fine.shown());
}

#[test]
fn what_has_come_to_collide_is_told_by_the_next_hook() {
    let world = world("[ownership]\nunowned = \"allow\"\n");
    world.commit("track/b", &[("c", "1\ntwo\n3\n")], "Theirs");
    edit(&world, "c", "1\nzwei\n3\n");
    let mut command = world.command(&dir(&world), "git");
    command.args(["commit", "--quiet", "-m", "Mine"]);
    let output = command.env_remove("TRACKS_NEWS").output();
    assert_eq!(world.ran(&output.expect("git starts")).status, 0);
    // It is found in the background; the file with it is there when it is.
    let news = world.repo().join(".git/tracks/news/a.json");
    let is_there = || std::fs::read_to_string(&news).is_ok_and(|text| text.contains("conflicts"));
    let start = std::time::Instant::now();
    while !is_there() {
        assert!(start.elapsed().as_secs() < 60, "nobody has looked");
        std::thread::yield_now();
    }
    let commit = || git(&world, &["commit", "--allow-empty", "-m", "More"]);
    let told = commit();
    assert_eq!(told.status, 0);
    assert!(
        told.stderr
            .contains("track a now conflicts with track b in c"),
        "{}",
        told.shown()
    );
    assert!(!commit().stderr.contains("now conflicts"));
}

#[test]
fn the_backstop_lets_pass_what_was_there_and_what_a_dependency_brings() {
    let world = world(
        "[track.c]\nowns = [\"c\"]\ndepends_on = [\"b\"]\n[commit]\npattern = \"conventional\"\n[hooks]\nreference_transaction = true\n",
    );
    world.write_at("repo/worktrees/b/b/one", "2\n");
    let b = world.repo().join("worktrees/b");
    world.git_in(&b, &["commit", "--quiet", "-am", "feat: theirs"]);
    let c = world.repo().join("worktrees/c");
    for arguments in [
        &["merge", "--no-edit", "track/b"][..],
        &["reset", "--quiet", "--hard", "main"],
        &["merge", "--quiet", "--ff-only", "track/b"],
        &["reset", "--quiet", "--hard", "main"],
        &["cherry-pick", "track/b"],
        &["reset", "--quiet", "--hard", "main"],
        &["merge", "--quiet", "--squash", "track/b"],
        &["commit", "--quiet", "-m", "feat: squashed"],
    ] {
        let ran = world.run_in(&c, "git", arguments);
        assert_eq!(ran.status, 0, "{arguments:?}\n{}", ran.shown());
    }
    // An old fault that somebody has let pass is carried along by a rebase, and by giving one up.
    edit(&world, "a/one", "2\n");
    let mut command = world.command(&dir(&world), "git");
    command.args(["commit", "--quiet", "-m", "Not conventional"]);
    let skipped = command.env("TRACKS_SKIP", "NAM02").output();
    assert_eq!(world.ran(&skipped.expect("git starts")).status, 0);
    world.commit("main", &[("c", "1\n")], "On");
    let rebased = git(&world, &["rebase", "--quiet", "main"]);
    assert_eq!(rebased.status, 0, "{}", rebased.shown());
    world.commit("main", &[("a/one", "base\n")], "Against");
    assert_ne!(git(&world, &["rebase", "main"]).status, 0);
    let given_up = git(&world, &["rebase", "--abort"]);
    assert_eq!(given_up.status, 0, "{}", given_up.shown());
    for arguments in [
        &["update-ref", "refs/heads/track/a", "HEAD"][..],
        &["checkout", "--quiet", "-B", "track/a"],
    ] {
        let ran = git(&world, arguments);
        assert_eq!(ran.status, 0, "{arguments:?}\n{}", ran.shown());
    }
}

#[test]
fn the_integration_branch_is_passed_like_all_else() {
    let world = world("");
    world.git(&["branch", "--no-track", "byhand", "main"]);
    world.commit("byhand", &[("c", "x\n")], "By hand");
    let push = |variable: &str, value: &str| {
        let mut command = world.command(&world.repo(), "git");
        command.args(["push", "origin", "byhand:integration"]);
        let output = command.env(variable, value).output();
        world.ran(&output.expect("git starts"))
    };
    refused(&push("X", "x"), "OWN10");
    let skipped = push("TRACKS_SKIP", "OWN10");
    assert_eq!(skipped.status, 0, "{}", skipped.shown());
    assert!(world.read(".git/tracks/events.jsonl").contains("OWN10"));
}

#[test]
fn a_server_takes_base_as_it_is_about_to_be() {
    let world = world("");
    let server = world.root().join("server.git");
    world.tracks_in(&server, &["hooks", "install"]);
    world.commit("main", &[("b/one", "on base\n")], "Base");
    world.git_in(&dir(&world), &["merge", "--quiet", "--no-edit", "main"]);
    edit(&world, "a/one", "2\n");
    world.git_in(&dir(&world), &["commit", "--quiet", "-m", "Mine"]);
    let both = git(
        &world,
        &["push", "--no-verify", "origin", "main", "track/a"],
    );
    assert_eq!(both.status, 0, "{}", both.shown());
}

#[test]
fn news_that_has_gone_is_not_told() {
    let world = world("[ownership]\nunowned = \"allow\"\n");
    world.commit("track/b", &[("c", "1\ntwo\n3\n")], "Theirs");
    edit(&world, "c", "1\nzwei\n3\n");
    world.git_in(&dir(&world), &["commit", "--quiet", "-m", "Mine"]);
    let looked = git(&world, &["hook", "run", "post-commit"]);
    assert_eq!(looked.status, 0, "{}", looked.shown());
    let run = world.tracks_in(&dir(&world), &["hooks", "run", "post-commit"]);
    assert_eq!(run.status, 0, "{}", run.shown());
    assert!(world.read(".git/tracks/news/a.json").contains("conflicts"));
    let b = world.repo().join("worktrees/b");
    world.git_in(&b, &["reset", "--quiet", "--hard", "main"]);
    let ran = git(&world, &["commit", "--allow-empty", "-m", "More"]);
    assert!(!ran.stderr.contains("now conflicts"), "{}", ran.shown());
}

#[test]
fn a_server_with_update_alone_judges_each_branch() {
    let world = world("");
    let server = world.root().join("server.git");
    let script = "#!/bin/sh\nexec tracks hooks run update -- \"$@\"\n";
    world.write_program("server.git/hooks/update", script);
    edit(&world, "b/one", "mine\n");
    world.git_in(
        &dir(&world),
        &["commit", "--quiet", "--no-verify", "-m", "Past it"],
    );
    let ran = git(
        &world,
        &["push", "--no-verify", "origin", "track/a", "main:other"],
    );
    refused(&ran, "OWN01");
    // Each ref is asked about by itself.
    let there = world.git_in(&server, &["for-each-ref", "--format=%(refname:short)"]);
    assert_eq!(there, "main\nother");
}
