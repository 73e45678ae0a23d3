//! Landing on a remote: the remote decides, nothing is forced, and who is refused has moved nothing.

use std::path::PathBuf;

use serde_json::json;

use crate::project::{ask, ask_in, find, project, refs, work};
use crate::world::World;

/// Track `a` with work, and a bare `origin` that has base.
fn world(config: &str) -> World {
    let world = project(&format!("[track.a]\n{config}"), &[("x", "1\n")]);
    work(&world, "a", &[("a", "1\n")]);
    world.git(&[
        "init",
        "--quiet",
        "--bare",
        "--initial-branch=main",
        "../origin",
    ]);
    world.git(&["remote", "add", "origin", "../origin"]);
    world.git(&["push", "--quiet", "origin", "main"]);
    world.git(&["clone", "--quiet", "../origin", "../colleague"]);
    world
}

fn origin(world: &World) -> PathBuf {
    world.root().join("origin")
}

fn tip(world: &World, revision: &str) -> String {
    world.git(&["rev-parse", "--verify", revision])
}

fn there(world: &World, revision: &str) -> String {
    world.git_in(&origin(world), &["rev-parse", "--verify", revision])
}

/// Somebody else commits to base and pushes it.
fn colleague(world: &World, path: &str) {
    let dir = world.root().join("colleague");
    world.git_in(&dir, &["pull", "--quiet", "--ff-only"]);
    world.write_at(&format!("colleague/{path}"), "theirs\n");
    world.git_in(&dir, &["add", "--all"]);
    world.git_in(&dir, &["commit", "--quiet", "-m", "Theirs"]);
    world.git_in(&dir, &["push", "--quiet"]);
}

#[test]
fn base_goes_forward_here_and_there() {
    let world = world("");
    let (status, answer) = ask(&world, &["land", "--yes", "--push"]);
    assert_eq!(
        (status, &answer["pushed"]["ok"]),
        (0, &json!(true)),
        "{answer:#}"
    );
    assert_eq!(there(&world, "main"), tip(&world, "integration"));
    assert_eq!(tip(&world, "main"), tip(&world, "integration"));
    let (_, log) = ask(&world, &["log"]);
    let pushed = &find(&log["operations"], "command", "land --push")["pushed"];
    assert_eq!(*pushed, json!(["origin/main"]));
    assert_eq!(world.git(&["status", "--porcelain"]), "");

    let (status, answer) = ask(&world, &["land", "--yes", "--push"]);
    assert_eq!((status, &answer["refused"]), (0, &json!("landed")));

    work(&world, "a", &[("a", "2\n")]);
    colleague(&world, "theirs");
    let (status, answer) = ask(&world, &["land", "--yes", "--push"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(there(&world, "main"), tip(&world, "main"));
    assert_eq!(world.read("theirs"), "theirs\n", "it was built on theirs");
    assert_eq!(world.read("a"), "2\n");
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}

#[test]
fn where_both_have_gone_on_nothing_is_decided() {
    let world = world("");
    colleague(&world, "theirs");
    world.commit("main", &[("ours", "1\n")], "Ours");
    let before = (tip(&world, "main"), there(&world, "main"));
    let ran = world.tracks(&["land", "--yes", "--push"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert!(
        ran.stderr
            .contains("have each commits that the other has not")
            && ran.stderr.contains("git merge origin/main"),
        "{}",
        ran.stderr
    );
    assert_eq!((tip(&world, "main"), there(&world, "main")), before);
}

#[test]
fn what_the_remote_refuses_does_not_land_here() {
    let world = world("");
    world.write_program("origin/hooks/pre-receive", "#!/bin/sh\nexit 1\n");
    let before = tip(&world, "main");
    let ran = world.tracks(&["land", "--yes", "--push"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert!(
        ran.stdout.contains("origin did not take main")
            && ran.stdout.contains("main was not moved"),
        "{}",
        ran.shown()
    );
    assert_eq!(
        (tip(&world, "main"), there(&world, "main")),
        (before.clone(), before)
    );
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}

#[test]
fn who_is_too_late_has_moved_nothing_and_lands_on_top() {
    let world = world("");
    let root = world.root().display().to_string();
    let script = format!(
        "test -e {root}/once || {{ touch {root}/once; cd {root}/colleague && git pull --quiet && git -c user.name=T -c user.email=t@example.com commit --quiet --allow-empty -m Theirs && git push --quiet; }}"
    );
    let config = format!("[track.a]\n[check.unit]\nrun = '''{script}'''\nwhen = ['land']\n");
    world.commit("main", &[("tracks.toml", &config)], "A check");
    world.git(&["push", "--quiet", "origin", "main"]);
    let before = tip(&world, "main");
    let (status, answer) = ask(&world, &["land", "--yes", "--push"]);
    assert_eq!(
        (status, &answer["refused"]),
        (3, &json!("push")),
        "{answer:#}"
    );
    assert_eq!(answer["moved"], false);
    assert_eq!(tip(&world, "main"), before);
    assert_eq!(
        world.git_in(&origin(&world), &["log", "-1", "--format=%s", "main"]),
        "Theirs"
    );
    let (status, answer) = ask(&world, &["land", "--yes", "--push"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(there(&world, "main"), tip(&world, "main"));
}

#[test]
fn a_branch_for_a_pull_request() {
    let world = world("");
    let before = tip(&world, "main");
    let ran = world.tracks(&["land", "--yes", "--push-only", "landing/one"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert!(
        ran.stdout
            .contains("open a pull request from landing/one into main"),
        "{}",
        ran.shown()
    );
    assert_eq!(there(&world, "landing/one"), tip(&world, "integration"));
    assert_eq!(
        (tip(&world, "main"), there(&world, "main")),
        (before.clone(), before)
    );
    let state = |world: &World| {
        let (_, status) = ask(world, &["status"]);
        find(&status["tracks"], "track", "a")["state"].clone()
    };
    assert_eq!(state(&world), "in-progress");

    // Again, after the track has gone on: the round's own commits may be replaced.
    work(&world, "a", &[("a", "2\n")]);
    let (status, answer) = ask(&world, &["land", "--yes", "--push-only", "landing/one"]);
    assert_eq!(
        (status, &answer["proposed"]),
        (0, &json!(true)),
        "{answer:#}"
    );
    assert_eq!(answer["moved"], false);
    assert_eq!(there(&world, "landing/one"), tip(&world, "integration"));

    let dir = world.root().join("colleague");
    world.git_in(&dir, &["fetch", "--quiet"]);
    world.git_in(&dir, &["switch", "--quiet", "landing/one"]);
    world.git_in(
        &dir,
        &["commit", "--quiet", "--allow-empty", "-m", "Review"],
    );
    world.git_in(&dir, &["push", "--quiet"]);
    work(&world, "a", &[("a", "3\n")]);
    let theirs = there(&world, "landing/one");
    let ran = world.tracks(&["land", "--yes", "--push-only", "landing/one"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert!(
        ran.stderr.contains("commits that no round made"),
        "{}",
        ran.stderr
    );
    assert_eq!(there(&world, "landing/one"), theirs);

    // What was proposed is merged there, and seen here when it arrives.
    work(&world, "a", &[("a", "3\n")]);
    world.git_in(&dir, &["switch", "--quiet", "main"]);
    world.git_in(
        &dir,
        &["merge", "--quiet", "--no-edit", "--no-ff", "landing/one"],
    );
    world.git_in(&dir, &["push", "--quiet", "origin", "main"]);
    world.git(&["branch", "--force", "track/a", "track/a~2"]);
    world.git(&["pull", "--quiet", "--ff-only", "origin", "main"]);
    assert_eq!(state(&world), "landed");
}

#[test]
fn branches_that_are_somebodys_are_not_pushed_over() {
    let world = world("");
    for (branch, what) in [
        ("main", "base itself"),
        ("integration", "the integration branch"),
        ("track/a", "the branch of track a"),
    ] {
        let ran = world.tracks(&["land", "--yes", "--push-only", branch]);
        assert_eq!(ran.status, 2, "{}", ran.shown());
        assert!(ran.stderr.contains(what), "{}", ran.stderr);
    }
    let ran = world.tracks(&["land", "--yes", "--push-only", "no good"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
    assert!(world.git_in(&origin(&world), &["branch"]).ends_with("main"));
}

#[test]
fn in_a_clone_without_the_branch() {
    let world = world("");
    world.git(&["push", "--quiet", "origin", "track/a"]);
    world.git(&["clone", "--quiet", "../origin", "../job"]);
    let job = world.root().join("job");
    world.git_in(&job, &["switch", "--quiet", "--detach"]);
    world.git_in(&job, &["branch", "-D", "main"]);
    let before = there(&world, "main");
    let ran = world.tracks_in(&job, &["land", "--yes"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert!(
        ran.stderr.contains("there is no branch main here"),
        "{}",
        ran.stderr
    );
    assert_eq!(there(&world, "main"), before);
    let (status, answer) = ask_in(&world, &job, &["land", "--yes", "--push"]);
    assert_eq!((status, &answer["moved"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(
        there(&world, "main"),
        world.git_in(&job, &["rev-parse", "integration"])
    );
    let (status, back) = ask_in(&world, &job, &["rollback", "--push"]);
    assert_eq!((status, &back["moved"]), (0, &json!(true)), "{back:#}");
    assert_eq!(back["landing"], answer["operation"]);
    assert_eq!(
        there(&world, "main^{tree}"),
        there(&world, &format!("{before}^{{tree}}"))
    );
}

#[test]
fn what_could_not_follow_here_can_be_taken_back() {
    let world = world("[land]\nafter = 'echo x >>\"$TRACKS_MAIN_WORKTREE/x\"; false'\n");
    let before = there(&world, "main");
    let (status, answer) = ask(&world, &["land", "--yes", "--push"]);
    assert_eq!((status, &answer["moved"]), (1, &json!(true)), "{answer:#}");
    world.git(&["checkout", "--quiet", "x"]);
    let (status, back) = ask(&world, &["rollback", "--push"]);
    assert_eq!((status, &back["moved"]), (0, &json!(true)), "{back:#}");
    assert_eq!(
        there(&world, "main^{tree}"),
        there(&world, &format!("{before}^{{tree}}"))
    );
}

#[test]
fn without_a_remote_nothing_is_pushed_or_moved() {
    let world = project("[track.a]\n", &[("x", "1\n")]);
    work(&world, "a", &[("a", "1\n")]);
    let before = refs(&world);
    for arguments in [
        &["land", "--yes", "--push"] as &[&str],
        &["land", "--push-only", "x"],
    ] {
        let ran = world.tracks(arguments);
        assert_eq!(ran.status, 3, "{}", ran.shown());
    }
    assert_eq!(refs(&world), before);
    let ran = world.tracks(&["land", "--push", "--push-only", "x"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
}

#[test]
fn a_round_pushes_its_resolutions_along_or_nothing() {
    let world = world("");
    let resolutions = "refs/tracks/resolutions";
    let made = world.git(&["commit-tree", "-m", "resolutions", "main^{tree}"]);
    world.git(&["update-ref", resolutions, &made]);
    let (status, answer) = ask(&world, &["sync", "--yes", "--push"]);
    assert_eq!((status, &answer["pushed"]), (0, &json!(true)), "{answer:#}");
    assert_eq!(there(&world, resolutions), made);
    let (_, log) = ask(&world, &["log"]);
    assert_eq!(
        log["operations"][0]["pushed"],
        json!(["origin/integration"])
    );
    assert_eq!(there(&world, "integration"), tip(&world, "integration"));

    let (before, theirs) = (there(&world, "integration"), there(&world, "main"));
    let hook = origin(&world).join("hooks/update");
    world.write_program(
        hook.strip_prefix(world.root()).unwrap().to_str().unwrap(),
        "#!/bin/sh\n[ \"$1\" != refs/tracks/resolutions ]\n",
    );
    // Somebody else has pushed theirs meanwhile.
    world.git_in(&origin(&world), &["update-ref", resolutions, &theirs]);
    work(&world, "a", &[("a", "2\n")]);
    let ran = world.tracks(&["sync", "--yes", "--push"]);
    assert_eq!(ran.status, 3, "{}", ran.shown());
    assert!(ran.stdout.contains("not pushed"), "{}", ran.shown());
    assert_eq!(there(&world, "integration"), before);
    assert_eq!(there(&world, resolutions), theirs);

    std::fs::remove_file(hook).unwrap();
    let (status, answer) = ask(&world, &["sync", "--yes", "--push"]);
    assert_eq!((status, &answer["pushed"]), (0, &json!(true)), "{answer:#}");
    let both = there(&world, resolutions);
    for part in [&made, &theirs] {
        world.git(&["merge-base", "--is-ancestor", part, &both]);
    }
    assert_eq!(there(&world, "integration"), tip(&world, "integration"));
}
