//! The quick answer for editors and agents, by paths on stdin.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::json;

use crate::project::{document, project};
use crate::world::{Ran, World};

fn asked(world: &World, dir: &Path, input: &[u8], more: &[&str]) -> Ran {
    let mut child = world
        .command(dir, env!("CARGO_BIN_EXE_tracks"))
        .args(["validate", "--stdin-paths"])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tool starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // Who refuses at once does not read it.
    let _ = stdin.write_all(input);
    drop(stdin);
    world.ran(&child.wait_with_output().expect("the tool ends"))
}

fn two() -> World {
    let world = project(
        "[ownership]\nfrozen = [\"LICENSE\"]\n[track.a]\nowns = [\"src/a/**\"]\n[track.b]\nowns = [\"src/b/**\"]\n",
        &[("LICENSE", "x\n"), ("src/b/lib.rs", "x\n")],
    );
    world.git(&[
        "worktree", "add", "--quiet", "-b", "track/a", "../a", "main",
    ]);
    world
}

#[test]
fn paths_of_the_own_track_pass_however_they_are_written() {
    let world = two();
    let dir = world.root().join("a");
    let absolute = dir.join("src/a/other.rs");
    let input = format!(
        "src/a/new.rs\n./src/../src/a/x.rs\n{}\n",
        absolute.display()
    );
    let ran = asked(&world, &dir, input.as_bytes(), &["--format", "json"]);
    let answer = document(&ran);
    assert_eq!(
        (
            &answer["track"],
            &answer["paths"],
            &answer["findings"],
            &answer["verdict"]
        ),
        (&json!("a"), &json!(3), &json!([]), &json!("pass"))
    );
    let ran = asked(&world, &dir, b"src/a/a b\0src/a/c\nd\0", &[]);
    assert_eq!(ran.stdout, "passed: 2 paths for track a\n");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
}

#[test]
fn what_is_outside_is_said_and_nothing_else() {
    let world = two();
    let ran = asked(
        &world,
        &world.root().join("a"),
        b"/etc/passwd\n../b/f\n",
        &["--format", "json"],
    );
    let answer = document(&ran);
    assert_eq!(answer["outside"], json!(["/etc/passwd", "../b/f"]));
    assert_eq!((ran.status, &answer["paths"]), (0, &json!(0)));
}

#[test]
fn it_is_about_the_track_of_this_worktree() {
    let world = two();
    let ran = asked(&world, &world.repo(), b"src/a/x\n", &[]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
    assert!(
        ran.stderr.contains("branch main belongs to no track"),
        "{}",
        ran.stderr
    );
    let ran = asked(&world, &world.root().join("a"), b"", &["--format", "sarif"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
    let ran = asked(&world, &world.root().join("a"), b"", &["--all"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
}
