//! One tiny history per kind of conflict and oddity of git: every pair of its tracks is asked of the tool in both ways that
//! it can be asked, and held against git's plumbing and against the literal answer beside it.

mod attributes;
mod directories;
mod histories;
mod history;
mod lines;
mod places;
mod random;
mod renames;
mod submodules;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::against_git::{Cell, Conflicts, Merged, differences, feed, matrix};
use crate::judged::judged;
use crate::world::World;
use history::Import;

/// A name, a history as [`Import`] reads it, and every pair that is not clean on `base+track`, a line each:
///
/// ```text
/// a b: f = contents; g = binary, contents
/// base c: f = contents
/// a c (tips): clean
/// a d (tips): unavailable
/// ```
type Shape = (&'static str, &'static str, &'static str);

/// Instead of the pairs, where they depend on the version of git: what that says is right.
const ANYTHING: &str = "*";

/// Whether the git of the tests is older.
fn git_before(version: (u32, u32)) -> bool {
    let world = World::new();
    let text = world.git(&["version"]);
    let numbers = text.trim_start_matches("git version ").split('.');
    let numbers: Vec<u32> = numbers.map_while(|number| number.parse().ok()).collect();
    (numbers[0], numbers[1]) < version
}

/// What is set in the repository before anybody is asked.
#[derive(Debug, Default)]
struct Setting<'a> {
    config: &'a [(&'a str, &'a str)],
    /// Files by their path from the root of the world.
    files: &'a [(&'a str, &'a str)],
    /// A history of the submodule at `sub`, each branch being the name of its tip.
    submodule: Option<&'a str>,
    /// Its commits are named, and not here.
    submodule_is_away: bool,
}

/// Judges every shape in one repository.
#[track_caller]
fn conform(shapes: &[Shape], setting: &Setting<'_>) {
    let world = World::of("main: One\n  one = 1\n");
    let submodules = submodules(&world, setting.submodule);
    let mut import = Import::default();
    let mut tracks_of: Vec<Vec<String>> = Vec::new();
    for (name, history, _) in shapes {
        let branches = import.add(name, history, &submodules);
        tracks_of.push(branches.into_iter().filter(|one| one != "main").collect());
    }
    import.into_repository(&world, "repo");
    if setting.submodule_is_away {
        std::fs::remove_dir_all(world.repo().join("sub")).expect("the submodule");
    }
    for (key, value) in setting.config {
        world.git(&["config", key, value]);
    }
    for (path, text) in setting.files {
        world.write_at(path, text);
    }
    let tips = world.git(&["for-each-ref", "--format=%(refname:lstrip=2) %(objectname)"]);
    let tips: BTreeMap<&str, &str> = tips
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect();
    let mut failures = String::new();
    for ((name, _, expected), tracks) in shapes.iter().zip(&tracks_of) {
        let tip = |branch: &str| tips[format!("{name}/{branch}").as_str()].to_owned();
        let tracks: Vec<(String, String)> = tracks
            .iter()
            .map(|track| (track.clone(), tip(track)))
            .collect();
        let base = tip("main");
        let cells = matrix(&world, &base, &tracks);
        let found = shown(&cells);
        let expected: Vec<&str> = expected.lines().map(str::trim).collect();
        let expected = expected.join("\n");
        if expected != ANYTHING && found.trim() != expected.trim() {
            let _ = writeln!(failures, "== {name}: git says\n{found}");
        }
        for difference in differences(&asked_by_name(&world, name, &tracks), &cells) {
            let _ = writeln!(failures, "{name}: {difference}");
        }
        if let Err(why) = asked_by_id(&world, &base, &tracks, &cells, name) {
            let _ = writeln!(failures, "{why}");
        }
    }
    assert_eq!(
        failures, "",
        "not as git, or not as it is written down\n{failures}"
    );
}

/// The commits of a submodule that is checked out at `sub`, by name.
fn submodules(world: &World, history: Option<&str>) -> BTreeMap<String, String> {
    let Some(history) = history else {
        return BTreeMap::new();
    };
    world.git(&["init", "--quiet", "sub"]);
    let mut import = Import::default();
    import.add("s", history, &BTreeMap::new());
    import.into_repository(world, "repo/sub");
    let format = "--format=%(refname:lstrip=3) %(objectname)";
    let refs = world.git_in(&world.repo().join("sub"), &["for-each-ref", format]);
    refs.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, id)| (name.to_owned(), id.to_owned()))
        .collect()
}

/// The pairs that are not clean on base + track, as a shape has them.
fn shown(cells: &[Cell]) -> String {
    let mut text = String::new();
    for cell in cells {
        let tips = cell.a != "base" && cell.basis == "tips";
        let what = match &cell.merged {
            Some(Ok(_)) if !tips => continue,
            Some(Ok(_)) => "clean".to_owned(),
            Some(Err(conflicts)) => listed(conflicts),
            None => "unavailable".to_owned(),
        };
        let basis = if tips { " (tips)" } else { "" };
        let _ = writeln!(text, "{} {}{basis}: {what}", cell.a, cell.b);
    }
    text
}

fn listed(conflicts: &Conflicts) -> String {
    let each = conflicts.iter().map(|(path, types)| {
        let types: Vec<&str> = types.iter().map(String::as_str).collect();
        format!("{path} = {}", types.join(", "))
    });
    each.collect::<Vec<_>>().join("; ")
}

/// The matrix of one shape, through a tracks.toml that names its branches.
#[track_caller]
fn asked_by_name(world: &World, name: &str, tracks: &[(String, String)]) -> Value {
    let mut toml = format!("[project]\nbase = '{name}/main'\n");
    for (track, _) in tracks {
        let _ = write!(toml, "[track.{track}]\nbranch = '{name}/{track}'\n");
    }
    world.write("tracks.toml", &toml);
    let ran = world.tracks(&["conflicts", "--format", "json"]);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{name}: {}", ran.shown()))
}

/// Each question by commit ids, all together; and once more with the tracks in the opposite order, so that theirs are ours.
fn asked_by_id(
    world: &World,
    base: &str,
    tracks: &[(String, String)],
    cells: &[Cell],
    name: &str,
) -> Result<(), String> {
    let tip = |track: &str| {
        let found = tracks.iter().find(|(name, _)| name == track);
        found.map_or(String::new(), |(_, tip)| format!(" {tip}"))
    };
    let (alone, pairs) = cells.split_at(tracks.len());
    let mut questions = String::new();
    for cell in cells {
        let _ = writeln!(questions, "{base}{}{}", tip(&cell.a), tip(&cell.b));
    }
    // An empty line ends a run of the matrix; in the next, the last track is named first.
    questions.push('\n');
    for cell in alone.iter().rev() {
        let _ = writeln!(questions, "{base}{}", tip(&cell.b));
    }
    for cell in pairs {
        let _ = writeln!(questions, "{base}{}{}", tip(&cell.b), tip(&cell.a));
    }
    let ran = judged(world, &questions);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{name}");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 2 * cells.len(), "{name}");
    let as_asked = cells.iter().map(|cell| (cell, &cell.merged));
    let reversed = alone.iter().rev().map(|cell| (cell, &cell.merged));
    let turned = pairs.iter().map(|cell| (cell, &cell.turned));
    for (line, (cell, expected)) in lines
        .into_iter()
        .zip(as_asked.chain(reversed).chain(turned))
    {
        let (basis, merged) = read(line);
        if basis != cell.basis || merged != *expected {
            return Err(format!(
                "{name}: {} x {}: {line}\ngit says {}: {expected:?}",
                cell.a, cell.b, cell.basis
            ));
        }
    }
    Ok(())
}

/// A line of `tracks reference merges`: the basis and the answer.
fn read(line: &str) -> (&str, Merged) {
    let fields: Vec<&str> = line.split('\t').collect();
    let merged = match fields[0] {
        "clean" => Some(Ok(fields[3].to_owned())),
        "conflict" => Some(Err(fields[4..]
            .chunks(2)
            .map(|field| {
                let types = field[1].split(", ").map(str::to_owned).collect();
                (unquoted(field[0]), types)
            })
            .collect())),
        "unavailable" => None,
        other => panic!("a verdict `{other}`"),
    };
    (fields[1], merged)
}

/// The path that stands in C quotes, where any byte of it needs them.
fn unquoted(text: &str) -> String {
    let Some(inner) = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    else {
        return text.to_owned();
    };
    let mut bytes = inner.bytes();
    let mut plain = Vec::new();
    while let Some(byte) = bytes.next() {
        plain.push(match (byte, bytes.clone().next()) {
            (b'\\', Some(b'0'..=b'7')) => {
                let digits: Vec<u8> = bytes.by_ref().take(3).collect();
                let digits = std::str::from_utf8(&digits).expect("digits");
                u8::from_str_radix(digits, 8).expect("a byte")
            }
            (b'\\', Some(_)) => bytes.next().expect("an escaped character"),
            _ => byte,
        });
    }
    String::from_utf8(plain).expect("the paths of tests are text")
}
