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

#[test]
fn a_track_can_be_named_where_none_is_checked_out() {
    let world = two();
    let ran = asked(&world, &world.repo(), b"src/b/x\n", &["a"]);
    assert_eq!(ran.status, 1, "{}", ran.shown());
    assert!(ran.stdout.contains("OWN01"), "{}", ran.shown());
    let ran = asked(&world, &world.repo(), b"src/b/x\n", &["b"]);
    assert_eq!(ran.stdout, "passed: 1 path for track b\n");
    world.git(&["checkout", "--quiet", "--detach"]);
    world.git(&["commit", "--quiet", "--allow-empty", "-m", "Elsewhere"]);
    let ran = asked(&world, &world.repo(), b"src/b/x\n", &[]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
    for part in [
        "HEAD is detached here",
        "`tracks validate TRACK --stdin-paths` (a, b)",
    ] {
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    }
}

#[test]
fn names_of_migrations_are_judged_without_what_is_in_them() {
    let world = project(
        "[migrations]\npaths = [\"m/*.sql\"]\npreset = \"plain\"\nname = \"{date}_{track}_{slug}.sql\"\n[track.a]\nowns = [\"src\"]\ncode = \"trackA\"\n\
         [track.b]\ncode = \"trackB\"\n",
        &[("m/20261101_trackB_x.sql", "select 1;\n")],
    );
    let input =
        b"m/20261127_trackA_new.sql\nm/20261127_trackB_other.sql\nm/odd.sql\nm/deep/x.sql\n";
    let ran = asked(&world, &world.repo(), input, &["a", "--format", "json"]);
    let answer = document(&ran);
    let mut found: Vec<String> = (answer["findings"].as_array().expect("a list").iter())
        .map(|it| {
            format!(
                "{} {}",
                it["code"].as_str().unwrap(),
                it["path"].as_str().unwrap()
            )
        })
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            "MIG01 m/odd.sql",
            "MIG02 m/20261127_trackB_other.sql",
            "MIG20 m/deep/x.sql",
            "OWN03 m/deep/x.sql",
            "OWN03 m/odd.sql",
        ],
        "{answer:#}"
    );
}

#[test]
fn what_git_ignores_is_never_committed_and_nothing_is_said_of_it() {
    let world = two();
    let dir = world.root().join("a");
    world.write_at("repo/.git/info/exclude", "/target/\n.env\nsrc/b/\n");
    let names = |ran: &Ran| -> Vec<String> {
        let answer = document(ran);
        let findings = answer["findings"].as_array().expect("a list");
        let paths = findings
            .iter()
            .map(|it| it["path"].as_str().expect("a path"));
        paths.map(str::to_owned).collect()
    };
    // The last two are tracked, or on base, whatever is ignored.
    let input = b"target/out.txt\n.env\nsrc/b/gen.rs\nother.txt\nsrc/b/lib.rs\n";
    let ran = asked(&world, &dir, input, &["--format", "json"]);
    assert_eq!(ran.status, 1, "{}", ran.shown());
    assert_eq!(names(&ran), ["src/b/lib.rs", "other.txt"]);
    world.git_in(&dir, &["rm", "--quiet", "--cached", "src/b/lib.rs"]);
    let ran = asked(&world, &dir, b"src/b/lib.rs\n", &["--format", "json"]);
    assert_eq!(names(&ran), ["src/b/lib.rs"]);
    // Git tells nothing of what is behind a symbolic link, and of the others when asked by itself.
    std::os::unix::fs::symlink(world.root(), dir.join("link")).expect("a link");
    let ran = asked(
        &world,
        &dir,
        b".env\ntarget/x\nlink/x\n",
        &["--format", "json"],
    );
    assert!(!names(&ran).contains(&".env".to_owned()), "{}", ran.shown());
}
