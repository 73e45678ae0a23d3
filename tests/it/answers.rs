//! What `tracks conflicts` concludes from the matrix: the landing order with the fewest conflicts, and the files behind
//! most of them.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::project::{ask, find, project, work};
use crate::world::World;

/// `f` with each named line replaced, or with lines added after it.
fn file(changes: &[(usize, &str)]) -> String {
    let mut lines: Vec<String> = (1..=100).map(|line| line.to_string()).collect();
    for (line, text) in changes {
        lines[line - 1] = match text.strip_prefix('+') {
            Some(added) => format!("{line}\n{added}"),
            None => (*text).to_owned(),
        };
    }
    lines.join("\n") + "\n"
}

#[test]
fn whom_many_conflict_with_lands_last() {
    let config = "[track.hub]\n[track.x]\n[track.y]\n[track.z]\n[track.free]\n";
    let world = project(config, &[("f", &file(&[]))]);
    work(
        &world,
        "hub",
        &[("f", &file(&[(10, "h"), (20, "h"), (30, "h")]))],
    );
    work(&world, "x", &[("f", &file(&[(10, "x")]))]);
    work(&world, "y", &[("f", &file(&[(20, "y")]))]);
    work(&world, "z", &[("f", &file(&[(30, "z")]))]);
    work(&world, "free", &[("g", "1\n")]);
    let (status, answer) = ask(&world, &["conflicts"]);
    assert_eq!(status, 1);
    assert_eq!(answer["order"], json!(["free", "x", "y", "z", "hub"]));
    assert_eq!(
        answer["to_resolve"],
        json!([{ "track": "hub", "with": ["x", "y", "z"] }])
    );
    assert_eq!(answer["order_exact"], true);
    assert_eq!(
        answer["hot_files"],
        json!([{
            "path": "f",
            "pairs": 3,
            "tracks": ["hub", "x", "y", "z"],
            "advice": "owner",
            "advised_owner": "hub",
        }])
    );
    assert_snapshot!(world.tracks(&["conflicts"]).shown(), @r"
    exit: 1
    --- stdout
    5 tracks on main [ID], 10 pairs, uncommitted work included

          base  hub  x  y  z
    hub   ·
    x     ·     ✗1
    y     ·     ✗1   ·
    z     ·     ✗1   ·  ·
    free  ·     ·    ·  ·  ·

    conflict hub × x
      f  contents  lines 10 / 10

    conflict hub × y
      f  contents  lines 20 / 20

    conflict hub × z
      f  contents  lines 30 / 30

    largest set that merges clean together (4 of 5): x, y, z, free
    landing order with the fewest conflicts (1 of 5 to be resolved): free, x, y, z, hub
      resolve hub with x, y, z
    hot files:
      f  3 pairs  nobody owns it, and hub is in every pair: let it be the owner
    the lines of a pair: tracks conflicts hub x
    --- stderr
    ");

    // Priorities are kept to, and then three have to be resolved.
    let config = config.replace("[track.hub]", "[track.hub]\npriority = 1");
    world.commit("main", &[("tracks.toml", &config)], "Prefer the hub");
    let (_, answer) = ask(&world, &["conflicts"]);
    assert_eq!(answer["order"], json!(["hub", "free", "x", "y", "z"]));
    assert_eq!(answer["to_resolve"].as_array().map(Vec::len), Some(3));

    // And so is what is depended on.
    let config = config.replace("[track.x]", "[track.x]\npriority = 2\ndepends_on = ['z']");
    world.commit("main", &[("tracks.toml", &config)], "Build x on z");
    let (_, answer) = ask(&world, &["conflicts"]);
    assert_eq!(answer["order"], json!(["hub", "free", "y", "z", "x"]));
    assert_eq!(answer["order_exact"], false);
}

#[test]
fn files_are_advised_on_by_how_they_are_changed() {
    let tracks = ["a", "b", "c", "d"];
    let config = "[track.a]\n[track.b]\n[track.c]\nowns = ['owned']\n[track.d]\n";
    let begin = file(&[]);
    let files = ["list", "log", "parts", "owned", "plain"].map(|name| (name, begin.as_str()));
    let world = project(config, &files);
    for track in tracks {
        let place = if track < "c" { 5 } else { 90 };
        let files = [
            ("list", file(&[(50, &format!("+{track}"))])),
            ("log", file(&[(100, &format!("+{track}"))])),
            ("parts", file(&[(place, track)])),
            ("owned", file(&[(50, track)])),
            ("plain", file(&[(50, track)])),
        ];
        let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
        work(&world, track, &files);
    }
    let (_, answer) = ask(&world, &["conflicts"]);
    let advice = |path: &str| find(&answer["hot_files"], "path", path)["advice"].clone();
    assert_eq!(advice("list"), "union");
    assert_eq!(advice("log"), "append-only");
    assert_eq!(advice("parts"), "split");
    assert_eq!(advice("owned"), Value::Null);
    assert_eq!(advice("plain"), "owner");
    assert_eq!(
        find(&answer["hot_files"], "path", "plain").get("advised_owner"),
        None
    );
    let text = world.tracks(&["conflicts"]).stdout;
    let hot = text.find("hot files:").map(|at| &text[at..]);
    assert_snapshot!(hot.unwrap_or_default(), @r"
    hot files:
      list   6 pairs  both only add: where order does not matter, `merge=union` takes both
      log    6 pairs  both only add at its end: keep it append-only, and `merge=union` takes both
      owned  6 pairs
      plain  6 pairs  nobody owns it: give it an owner
      parts  2 pairs  different parts collide separately: split it
    the lines of a pair: tracks conflicts a b
    ");

    // What was advised does help.
    world.commit(
        "main",
        &[(".gitattributes", "l* merge=union\n")],
        "Take both",
    );
    let (_, answer) = ask(&world, &["conflicts"]);
    let paths: Vec<&str> = (answer["hot_files"].as_array().expect("a list").iter())
        .filter_map(|file| file["path"].as_str())
        .collect();
    assert_eq!(paths, ["owned", "plain", "parts"]);
}

#[test]
fn many_branches_are_summed_up() {
    let world = World::of("main: Begin\n    f = 1 | 2 | 3\n    g = 1\n");
    for number in 0..26 {
        let branch = format!("topic/{number:02}");
        world.git(&["branch", &branch, "main"]);
        let text = format!("1\nby {number}\n3\n");
        match number {
            0..10 => world.commit(&branch, &[("f", &text)], "Change f"),
            10 => world.commit(&branch, &[("g", "2\n")], "Change g"),
            _ => {}
        }
    }
    world.commit("main", &[("g", "3\n")], "Change g");
    let arguments = ["conflicts", "--branches", "topic/*"];
    let shown = world.tracks(&arguments).shown();
    let lines: Vec<&str> = shown.lines().collect();
    assert_snapshot!(lines[..21].join("\n"), @r"
    exit: 1
    --- stdout
    26 branches on main [ID], 325 pairs, uncommitted work included
    351 pairs with base and each other: 305 clean, 46 in conflict

      topic/00  conflicts with 9 others
      topic/01  conflicts with 9 others
      topic/02  conflicts with 9 others
      topic/03  conflicts with 9 others
      topic/04  conflicts with 9 others
      topic/05  conflicts with 9 others
      topic/06  conflicts with 9 others
      topic/07  conflicts with 9 others
      topic/08  conflicts with 9 others
      topic/09  conflicts with 9 others
      topic/10  conflicts with base

    conflict  base × topic/10      g
    conflict  topic/00 × topic/01  f
    conflict  topic/00 × topic/02  f
    conflict  topic/00 × topic/03  f
    ");
    assert_snapshot!(lines[62..].join("\n"), @r"
    conflict  topic/08 × topic/09  f

    largest set that merges clean together (16 of 26): all but topic/01, topic/02, topic/03, topic/04, topic/05, topic/06, topic/07, topic/08, topic/09, topic/10
    landing order with the fewest conflicts (10 of 26 to be resolved): the other 16, then topic/10, topic/01, topic/02, topic/03, topic/04, topic/05, topic/06, topic/07, topic/08, topic/09
      resolve topic/10 with base
      resolve topic/01 with topic/00
      resolve topic/02 with topic/00, topic/01
      resolve topic/03 with topic/00, topic/01, topic/02
      resolve topic/04 with topic/00, topic/01, topic/02, topic/03
      resolve topic/05 with 5 before it
      resolve topic/06 with 6 before it
      resolve topic/07 with 7 before it
      and 2 more
    hot files:
      f  45 pairs  leave this file to one of them
    the lines of a pair: tracks conflicts topic/00 topic/01 --branches 'topic/*'
    --- stderr
    ");
}
