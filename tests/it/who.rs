//! Whose a path is, and who changes it now.

use serde_json::json;

use crate::project::{ask, ask_in, project, work};
use crate::world::World;

fn given() -> World {
    let world = project(
        "[track.a]\nowns = [\"src/a\"]\n[track.b]\n[ownership]\nfrozen = [\"LICENSE\"]\n[shared.types]\nowner = \"a\"\npolicy = \"serialize\"\n",
        &[
            ("src/a/x", "1\n"),
            ("LICENSE", "l\n"),
            ("README", "r\n"),
            ("types", "t\n"),
        ],
    );
    work(&world, "a", &[("src/a/x", "a\n")]);
    world.git(&[
        "worktree", "add", "--quiet", "-b", "track/b", "../b", "main",
    ]);
    world.write_at("b/src/a/x", "b\n");
    world.write_at("b/src/a/y", "b\n");
    world
}

#[test]
fn owners_and_who_touches_it_in_text() {
    let world = given();
    let ran = world.tracks(&[
        "who",
        "src/a/x",
        "src",
        "LICENSE",
        "types",
        "README",
        "not/there",
    ]);
    insta::assert_snapshot!(ran.shown(), @"
    exit: 0
    --- stdout
    src/a/x
      owner     a `src/a`
      changed   by a (committed)
      changed   by b (uncommitted)
    src/ 2 files
      owner     a `src/a`
      changed   by a in 1 file (committed)
      changed   by b in 2 files (uncommitted)
    LICENSE
      frozen    nobody changes it `LICENSE`
    types
      shared    serialize, a answers for it `types`
    README
      owner     nobody
    not/there
      owner     nobody
    --- stderr
    ");
}

#[test]
fn the_same_for_programs() {
    let world = given();
    let (status, answer) = ask(&world, &["who", "src/a/x"]);
    assert_eq!((status, &answer["schema"]), (0, &json!("tracks/who/v1")));
    assert_eq!(
        answer["paths"],
        json!([{
            "path": "src/a/x",
            "files": null,
            "owners": [{ "track": "a", "pattern": "src/a" }],
            "shared": [],
            "frozen": [],
            "contract": [],
            "unowned": 0,
            "touched_by": [
                { "track": "a", "committed": true, "uncommitted": false, "files": 1 },
                { "track": "b", "committed": false, "uncommitted": true, "files": 1 },
            ],
        }])
    );
}

#[test]
fn paths_start_where_one_stands_and_stay_inside() {
    let world = given();
    let (_, answer) = ask_in(&world, &world.repo().join("src"), &["who", "a/x"]);
    assert_eq!(answer["paths"][0]["path"], "src/a/x");
    let (_, answer) = ask(&world, &["who"]);
    assert_eq!(answer["paths"][0]["path"], "");
    assert_eq!(
        answer["paths"][0]["files"],
        json!(6),
        "five of base, one new"
    );
    let ran = world.tracks(&["who", "../elsewhere"]);
    assert_eq!(ran.status, 2, "{}", ran.shown());
}

#[test]
fn paths_of_other_worktrees_and_the_root_from_below() {
    let world = given();
    let (_, answer) = ask_in(&world, &world.repo().join("src"), &["who", ".."]);
    assert_eq!(answer["paths"][0]["path"], "");
    let (_, answer) = ask(&world, &["who", "../b/src/a/y", "../b"]);
    assert_eq!(answer["paths"][0]["path"], "src/a/y");
    assert_eq!(answer["paths"][1]["path"], "");
}
