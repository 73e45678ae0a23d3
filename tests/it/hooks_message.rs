//! Messages through the installed hooks: the trailer that says whose a commit is, and subjects as the project wants them.

use std::path::PathBuf;

use crate::project::project;
use crate::world::{Ran, World};

fn world(more: &str) -> World {
    let world = project(
        &format!("[track.a]\n[track.b]\n[track.c]\ndepends_on = [\"b\"]\n{more}"),
        &[("x", "1\n")],
    );
    let made = world.tracks(&["init", "--yes"]);
    assert_eq!(made.status, 0, "{}", made.shown());
    world
}

fn dir(world: &World, track: &str) -> PathBuf {
    world.repo().join("worktrees").join(track)
}

fn commit(world: &World, track: &str, arguments: &[&str]) -> Ran {
    let arguments = [&["commit", "--allow-empty"], arguments].concat();
    world.run_in(&dir(world, track), "git", &arguments)
}

/// With an editor that does this to the message.
fn edited(world: &World, track: &str, script: &str) -> Ran {
    let mut command = world.command(&dir(world, track), "git");
    let output = command
        .args(["commit", "--allow-empty"])
        .env("GIT_EDITOR", script)
        .output();
    world.ran(&output.expect("git starts"))
}

fn message(world: &World, branch: &str) -> String {
    world.git(&["log", "-1", "--format=%B", branch])
}

#[test]
fn a_trailer_is_added_once() {
    let world = world("[commit]\ntrailer = true\n");
    let made = commit(&world, "a", &["-m", "Add x"]);
    assert_eq!(
        (made.status, made.stderr.as_str()),
        (0, ""),
        "{}",
        made.shown()
    );
    assert_eq!(message(&world, "track/a"), "Add x\n\nTrack: a\n");
    commit(&world, "a", &["--amend", "-m", "Add y"]);
    commit(&world, "a", &["--amend", "--no-edit"]);
    commit(&world, "a", &["--amend", "--signoff", "--no-edit"]);
    assert_eq!(
        message(&world, "track/a"),
        "Add y\n\nTrack: a\nSigned-off-by: Ada <ada@example.com>\n"
    );
    // From another track, its name is replaced; not where the track is built on it.
    let pick = |track: &str| {
        world.git_in(
            &dir(&world, track),
            &["cherry-pick", "--allow-empty", "track/b"],
        )
    };
    commit(&world, "b", &["-m", "Of b"]);
    pick("a");
    assert_eq!(message(&world, "track/a"), "Of b\n\nTrack: a\n");
    pick("c");
    assert_eq!(message(&world, "track/c"), "Of b\n\nTrack: b\n");
    // Whose a merge is, nobody asks.
    world.git_in(
        &dir(&world, "a"),
        &["merge", "--quiet", "--no-ff", "--no-edit", "track/b"],
    );
    assert_eq!(
        message(&world, "track/a"),
        "Merge branch 'track/b' into track/a\n"
    );
}

#[test]
fn nothing_else_of_a_message_is_touched() {
    let world = world("[commit]\ntrailer = true\n");
    let others = [
        "--trailer",
        "Tracks-Allow: OWN01 b/one agreed",
        "--trailer",
        "Tracking-Id: 7",
    ];
    for (arguments, expected) in [
        (
            [&["-m", "Add x"], &others[..]].concat(),
            "Add x\n\nTracks-Allow: OWN01 b/one agreed\nTracking-Id: 7\nTrack: a\n",
        ),
        (
            vec!["-m", "Add x", "-m", "https://x.y/z"],
            "Add x\n\nhttps://x.y/z\nTrack: a\n",
        ),
        (
            vec!["-m", "Add x\n\nbody\n---\nmore text"],
            "Add x\n\nbody\n---\nmore text\n\nTrack: a\n",
        ),
        (vec!["-m", "#12 is done"], "#12 is done\n\nTrack: a\n"),
        (vec!["-m", "track: add x"], "track: add x\n\nTrack: a\n"),
    ] {
        let ran = commit(&world, "a", &arguments);
        assert_eq!(ran.status, 0, "{}", ran.shown());
        assert_eq!(message(&world, "track/a"), expected);
    }
    // With marks of comments that were only given for this once.
    let mut command = world.command(&dir(&world, "a"), "git");
    command.args([
        "-c",
        "core.commentChar=;",
        "commit",
        "--amend",
        "--allow-empty",
    ]);
    let output = command.env("GIT_EDITOR", "sed -i '1s/^/Once /'").output();
    assert_eq!(world.ran(&output.expect("git starts")).status, 0);
    assert_eq!(
        message(&world, "track/a"),
        "Once track: add x\n\nTrack: a\n"
    );
    // A pick that somebody is asked about.
    commit(&world, "b", &["-m", "Of b"]);
    let pick = ["cherry-pick", "--edit", "--allow-empty", "track/b"];
    world.git_in(&dir(&world, "a"), &pick);
    assert_eq!(message(&world, "track/a"), "Of b\n\nTrack: a\n");
}

#[test]
fn an_editor_sees_it_and_an_empty_message_stays_one() {
    let world = world("[commit]\ntrailer = true\n");
    let made = edited(&world, "a", "sed -i '1s/^/Add x/'");
    assert_eq!(made.status, 0, "{}", made.shown());
    assert_eq!(message(&world, "track/a"), "Add x\n\nTrack: a\n");
    let before = world.git(&["rev-parse", "track/a"]);
    let nothing = edited(&world, "a", "true");
    assert_ne!(nothing.status, 0, "{}", nothing.shown());
    assert!(nothing.stderr.contains("no message"), "{}", nothing.shown());
    let taken_out = edited(&world, "a", "sed -i -e '1s/^/Add x/' -e /^Track:/d");
    assert!(taken_out.stderr.contains("NAM03"), "{}", taken_out.shown());
    assert_eq!(before, world.git(&["rev-parse", "track/a"]));
}

#[test]
fn a_subject_that_does_not_fit_is_refused_and_kept() {
    let world = world("[commit]\npattern = \"conventional\"\n");
    let ran = commit(&world, "a", &["-m", "Add x"]);
    insta::assert_snapshot!(ran.shown(), @r#"
    exit: 1
    --- stdout
    --- stderr
    tracks: this commit is refused (track a)
      error NAM02
        the subject of this commit is not conventional: Add x
        fix: give it a subject such as `feat(api): add users`
      hint: past it this once: TRACKS_SKIP=NAM02 in the environment, which is recorded;
            `tracks validate` and rounds judge it all the same
      hint: the message is kept:
            `git commit -e -F [ROOT]/repo/.git/worktrees/a/COMMIT_EDITMSG`
    "#);
    assert_eq!(commit(&world, "a", &["-m", "feat: add x"]).status, 0);
    // What git writes by itself is left alone, and what stands in comments is no subject.
    let revert = ["revert", "--no-edit", "HEAD"];
    world.git_in(
        &dir(&world, "a"),
        &["commit", "--quiet", "--allow-empty", "-m", "fix: y"],
    );
    world.write_at("repo/worktrees/a/y", "1\n");
    world.git_in(&dir(&world, "a"), &["add", "."]);
    world.git_in(&dir(&world, "a"), &["commit", "--quiet", "-m", "feat: y"]);
    world.git_in(&dir(&world, "a"), &revert);
    let fixup = commit(&world, "a", &["--fixup", "HEAD"]);
    assert_eq!(fixup.status, 0, "{}", fixup.shown());
    let comment = edited(&world, "a", "sed -i '1s/^/# a comment\\nfix: it/'");
    assert_eq!(comment.status, 0, "{}", comment.shown());
    // Elsewhere nobody asks.
    let main = world.run_in(
        &world.repo(),
        "git",
        &["commit", "--allow-empty", "-m", "Add x"],
    );
    assert_eq!(main.status, 0, "{}", main.shown());
}

#[test]
fn a_wrong_track_or_exception_is_told_at_once() {
    let world = world(
        "[commit]\ntrailer = true\n[hooks]\ncommit_msg = [\"ownership\", \"names\"]\nprepare_commit_msg = []\n",
    );
    let ran = commit(&world, "a", &["-m", "Add x\n\nTrack: b"]);
    assert!(
        ran.status == 1 && ran.stderr.contains("OWN10"),
        "{}",
        ran.shown()
    );
    assert!(ran.stderr.contains("this commit"), "{}", ran.shown());
    let ran = commit(
        &world,
        "a",
        &["-m", "Add x\n\nTrack: a\nTracks-Allow: OWN77 x y"],
    );
    assert!(
        ran.stderr.contains("no rule of that code"),
        "{}",
        ran.shown()
    );
}
