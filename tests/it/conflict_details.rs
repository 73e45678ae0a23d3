//! What is told of each conflict of a pair: who touched the file, why git does not merge it, and its lines.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::project::{ask, find, project, work};
use crate::terminal::start;
use crate::world::World;

const TRACKS: &str = "[track.api]\nowns = [\"src\"]\n[track.ui]\n[track.docs]\n";

/// Ten lines, some of them replaced.
fn ten(replaced: &[(usize, &str)]) -> String {
    (1..=10)
        .map(|n| {
            let found = replaced.iter().find(|(at, _)| *at == n);
            found.map_or_else(|| format!("line {n}\n"), |(_, text)| format!("{text}\n"))
        })
        .collect()
}

fn world() -> World {
    let world = project(TRACKS, &[("src/f", &ten(&[])), ("other", "1\n")]);
    work(&world, "api", &[("src/f", &ten(&[(5, "line five")]))]);
    work(&world, "api", &[("other", "api\n")]);
    work(
        &world,
        "ui",
        &[("src/f", &ten(&[(5, "Zeile 5"), (6, "Zeile 6")]))],
    );
    work(&world, "docs", &[("src/f", &ten(&[(10, "the end")]))]);
    world
}

#[test]
fn a_pair_is_told_as_a_whole() {
    let world = world();
    assert_snapshot!(world.tracks(&["conflicts", "api", "ui"]).shown(), @"
    exit: 1
    --- stdout
    2 tracks on main [ID], 1 pair, uncommitted work included

    conflict api × ui

    src/f  contents
      owner api; docs touches it too
      api  [ID]  Work of api  Ada  4 days ago
      ui   [ID]  Work of ui   Ada  4 days ago

      lines 5-6 in api (-), 5-6 in ui (+), 5-6 before either (|)
       2   line 2
       3   line 3
       4   line 4
       5 | line 5
       6 | line 6
       5 - line five
       6 - line 6
       5 + Zeile 5
       6 + Zeile 6
       7   line 7
       8   line 8
       9   line 9
    --- stderr
    ");
    assert_snapshot!(
        world.tracks(&["conflicts", "api", "ui", "--side-by-side"]).shown(),
        @"
    exit: 1
    --- stdout
    2 tracks on main [ID], 1 pair, uncommitted work included

    conflict api × ui

    src/f  contents
      owner api; docs touches it too
      api  [ID]  Work of api  Ada  4 days ago
      ui   [ID]  Work of ui   Ada  4 days ago

      api  lines 5-6                                  │ ui  lines 5-6
       2   line 2                                     │  2   line 2
       3   line 3                                     │  3   line 3
       4   line 4                                     │  4   line 4
       5 | line 5
       6 | line 6
       5 < line five                                  │  5 > Zeile 5
       6   line 6                                     │  6 > Zeile 6
       7   line 7                                     │  7   line 7
       8   line 8                                     │  8   line 8
       9   line 9                                     │  9   line 9
    --- stderr
    "
    );
}

#[test]
fn a_wide_terminal_gets_two_columns_and_a_narrow_one_a_diff() {
    let world = world();
    let shown = |columns: u16, arguments: &[&str]| {
        let mut command = world.command(&world.repo(), env!("CARGO_BIN_EXE_tracks"));
        command
            .args(["--no-pager", "conflicts", "api", "ui"])
            .args(arguments);
        let (status, shown) = start(command, 24, columns).end();
        assert_eq!(status, 1, "{shown}");
        shown
    };
    let columns = |text: &str| text.contains('│');
    assert!(columns(&shown(110, &[])));
    assert!(!columns(&shown(109, &[])));
    assert!(!columns(&shown(160, &["--diff"])));
    assert!(columns(&shown(80, &["--side-by-side"])));
    let both = world.tracks(&["conflicts", "api", "ui", "--side-by-side", "--diff"]);
    assert_eq!(both.status, 2, "{}", both.shown());
}

#[test]
fn every_kind_of_conflict_is_explained() {
    let long = ten(&[]);
    let other = ten(&[(1, "erste")]);
    let elsewhere = |name: &'static str| vec![("f", None), (name, Some(long.as_str()))];
    type Edits<'a> = Vec<(&'a str, Option<&'a str>)>;
    let cases: [(&str, Edits<'_>, Edits<'_>); 9] = [
        (
            "add/add",
            vec![("n", Some("1\n"))],
            vec![("n", Some("2\n"))],
        ),
        (
            "modify/delete",
            vec![("f", Some(&other))],
            vec![("f", None)],
        ),
        ("rename/delete", elsewhere("g"), vec![("f", None)]),
        ("rename/rename", elsewhere("g"), elsewhere("h")),
        (
            "renamed by one",
            vec![("f", None), ("g", Some(other.as_str()))],
            vec![(
                "f",
                Some(
                    "first\nline 2\nline 3\nline 4\nline 5\nline 6\nline 7\nline 8\nline 9\nline 10\n",
                ),
            )],
        ),
        (
            "file/directory",
            vec![("d", Some("1\n"))],
            vec![("d/f", Some("1\n"))],
        ),
        (
            "binary",
            vec![("b", Some("\0one"))],
            vec![("b", Some("\0three"))],
        ),
        (
            "directory rename suggested",
            vec![
                ("dir/1", None),
                ("dir/2", None),
                ("e/1", Some("1\n2\n3\n")),
                ("e/2", Some("a\nb\nc\n")),
            ],
            vec![("dir/new", Some("x\n"))],
        ),
        (
            "unended",
            vec![("f", Some("x"))],
            vec![("f", Some("y\r\n"))],
        ),
    ];
    let mut all = String::new();
    for (what, ours, theirs) in &cases {
        let world = project(
            "[track.a]\n[track.b]\n",
            &[
                ("f", &long),
                ("b", "\0"),
                ("dir/1", "1\n2\n3\n"),
                ("dir/2", "a\nb\nc\n"),
            ],
        );
        for (track, edits) in [("a", ours), ("b", theirs)] {
            change(&world, track, edits);
        }
        let ran = world.tracks(&["conflicts", "a", "b"]);
        assert_eq!(ran.status, 1, "{what}: {}", ran.shown());
        let shown = ran.shown();
        let told = shown.split("conflict a × b\n").nth(1).expect("a conflict");
        let told = told.split("--- stderr").next().unwrap_or(told);
        all.push_str(&format!("==== {what}{told}"));
    }
    assert_snapshot!(all, @r"
    ==== add/add
    n  add/add
      a  [ID]  Work of a  Ada  4 days ago
      b  [ID]  Work of b  Ada  4 days ago
      both add it; a has 1 line, b has 1 line

      lines 1 in a (-), 1 in b (+)
      1 - 1
      1 + 2
    ==== modify/delete
    f  modify/delete
      a  [ID]  Work of a  Ada  4 days ago
      b  [ID]  Work of b  Ada  4 days ago
      b deletes it, a modifies it

       1 - line 1
       1 + erste
       2   line 2
       3   line 3
       4   line 4
    ==== rename/delete
    g  rename/delete
      a  [ID]  Work of a  Ada  4 days ago
      b  [ID]  Work of b  Ada  4 days ago
      a renames f to g, b deletes it
    ==== rename/rename  f  rename/rename
      g  rename/rename
      h  rename/rename

    f, g, h  rename/rename
      a  [ID]  Work of a  Ada  4 days ago
      b  [ID]  Work of b  Ada  4 days ago
      a renames f to g, b renames it to h
    ==== renamed by one
    g  contents
      a  [ID]  Work of a  Ada  4 days ago
      b  [ID]  Work of b  Ada  4 days ago
      in b it is f

      lines 1 in a (-), 1 in b (+), 1 before either (|)
       1 | line 1
       1 - erste
       1 + first
       2   line 2
       3   line 3
       4   line 4
    ==== file/directory
    d  file/directory
      a  [ID]  Work of a  Ada  4 days ago
      b  [ID]  Work of b  Ada  4 days ago
      a has a file there, b a directory
    ==== binary
    b  binary, contents
      a  [ID]  Work of a  Ada  4 days ago
      b  [ID]  Work of b  Ada  4 days ago
      no text, so that it is one side or the other: a has 4 bytes, b has 6 bytes, base has 1 byte
    ==== directory rename suggested
    e/new  directory rename suggested
      b  [ID]  Work of b  Ada  4 days ago
      b adds dir/new to a directory that a renames; perhaps it belongs at e/new
    ==== unended
    f  contents
      a  [ID]  Work of a  Ada  4 days ago
      b  [ID]  Work of b  Ada  4 days ago

      lines 1 in a (-), 1 in b (+), 1-10 before either (|)
       1 | line 1
       2 | line 2
       3 | line 3
       4 | line 4
       5 | line 5
       6 | line 6
       7 | line 7
       8 | line 8
       9 | line 9
      10 | line 10
       1 - x
         \ no newline at the end
       1 + y␍
    ");
}

/// One commit on the track's branch; `None` removes.
fn change(world: &World, track: &str, edits: &[(&str, Option<&str>)]) {
    let branch = format!("track/{track}");
    world.git(&["branch", "--no-track", &branch, "main"]);
    world.git(&["worktree", "add", "--quiet", "../edit", &branch]);
    let dir = world.root().join("edit");
    for (path, content) in edits {
        match content {
            Some(content) => world.write_at(&format!("edit/{path}"), content),
            None => drop(world.git_in(&dir, &["rm", "--quiet", path])),
        }
    }
    world.git_in(&dir, &["add", "--all"]);
    world.git_in(
        &dir,
        &[
            "commit",
            "--quiet",
            "--message",
            &format!("Work of {track}"),
        ],
    );
    world.git(&["worktree", "remove", "../edit"]);
}

#[test]
fn the_document_says_who_touched_what() {
    let world = world();
    world.git(&["worktree", "add", "--quiet", "../ui", "track/ui"]);
    world.git(&["worktree", "add", "--quiet", "../docs", "track/docs"]);
    world.write_at("ui/src/f", &ten(&[(5, "Zeile fünf")]));
    world.write_at("docs/other", "docs\n");
    let commit = |revision: &str| json!(world.git(&["rev-parse", revision]));
    for arguments in [["conflicts"].as_slice(), &["conflicts", "api", "ui"]] {
        let (_, answer) = ask(&world, arguments);
        let pairs = answer["pairs"].as_array().unwrap();
        let pair = pairs
            .iter()
            .find(|pair| pair["a"] == "api" && pair["b"] == "ui")
            .expect("the pair");
        let conflict = find(&pair["conflicts"], "path", "src/f");
        let ours = &conflict["touched"]["ours"];
        assert_eq!(ours["uncommitted"], false);
        let commits: Vec<&Value> = ours["commits"].as_array().unwrap().iter().collect();
        assert_eq!(
            commits.len(),
            1,
            "the other commit of api is about another file"
        );
        assert_eq!(commits[0]["commit"], commit("track/api~1"));
        assert_eq!(commits[0]["author"], "Ada");
        assert!(commits[0]["time"].as_str().unwrap().ends_with('Z'));
        assert_eq!(conflict["touched"]["theirs"]["uncommitted"], true);
        assert_eq!(
            conflict["also_touched_by"],
            json!(["docs"]),
            "{arguments:?}"
        );
    }
    let (_, answer) = ask(&world, &["conflicts", "api", "ui", "--committed"]);
    let conflict = find(&answer["pairs"], "a", "api")["conflicts"][0].clone();
    assert_eq!(conflict["touched"]["theirs"]["uncommitted"], false);
}

#[test]
fn uncommitted_work_of_a_third_track_is_seen_too() {
    let world = project(TRACKS, &[("src/f", "1\n")]);
    work(&world, "api", &[("src/f", "api\n")]);
    work(&world, "ui", &[("src/f", "ui\n")]);
    world.git(&[
        "worktree",
        "add",
        "--quiet",
        "-b",
        "track/docs",
        "../docs",
        "main",
    ]);
    let others = |arguments: &[&str]| {
        let (_, answer) = ask(&world, arguments);
        find(&answer["pairs"], "a", "api")["conflicts"][0]["also_touched_by"].clone()
    };
    assert_eq!(others(&["conflicts", "api", "ui"]), json!([]));
    world.write_at("docs/src/f", "docs\n");
    assert_eq!(others(&["conflicts", "api", "ui"]), json!(["docs"]));
    assert_eq!(
        others(&["conflicts", "api", "ui", "--committed"]),
        json!([])
    );
}

#[test]
fn what_base_did_is_told_where_a_track_conflicts_with_it() {
    let world = project("[track.a]\n[track.b]\n", &[("f", "1\n")]);
    work(&world, "a", &[("f", "a\n")]);
    work(&world, "b", &[("g", "b\n")]);
    world.commit("main", &[("f", "main\n")], "Drift");
    let (_, answer) = ask(&world, &["conflicts", "a", "b"]);
    let conflict = &find(&answer["pairs"], "a", "base")["conflicts"][0];
    let subjects = |side: &str| conflict["touched"][side]["commits"][0]["subject"].clone();
    assert_eq!(subjects("ours"), "Drift");
    assert!(subjects("theirs").is_string());
    let (_, matrix) = ask(&world, &["conflicts"]);
    let conflict = &find(&matrix["pairs"], "a", "base")["conflicts"][0];
    assert!(
        conflict["touched"].get("ours").is_none(),
        "not asked for in a matrix"
    );
    assert!(conflict["touched"].get("theirs").is_some());
}
