//! What git itself says about the pairs of an answer: the merges made with plumbing, and the comparison.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::world::{FRIDAY_NOON, World};

/// Path → types.
pub(crate) type Conflicts = BTreeMap<String, BTreeSet<String>>;

/// A merged tree or conflicts; `None`: git cannot tell.
pub(crate) type Merged = Option<Result<String, Conflicts>>;

/// What git says about two revisions, with the attributes of `main`.
pub(crate) fn git_merges(world: &World, ours: &str, theirs: &str) -> Merged {
    merges(world, "main", &[(ours.to_owned(), theirs.to_owned())]).remove(0)
}

/// What git says about each pair (ours, theirs), with the attributes of one revision.
pub(crate) fn merges(world: &World, attributes: &str, pairs: &[(String, String)]) -> Vec<Merged> {
    let mut answers: Vec<Merged> = Vec::new();
    let mut at_once = pairs.len();
    while answers.len() < pairs.len() {
        let rest = &pairs[answers.len()..];
        let rest = &rest[..at_once.min(rest.len())];
        let (output, died) = merge_tree(world, attributes, rest);
        let mut fields = output.split('\0');
        let known = answers.len();
        // A pair that git refuses ends the batch.
        answers.extend(rest.iter().map_while(|pair| record(&mut fields, pair)));
        match known + rest.len() - answers.len() {
            0 => {}
            // A git that dies takes answers with it that it had not written yet.
            _ if died && rest.len() > 1 => at_once = 1,
            _ => answers.push(None),
        }
    }
    answers
}

/// What git says, and whether a signal ended it.
fn merge_tree(world: &World, attributes: &str, pairs: &[(String, String)]) -> (String, bool) {
    let mut child = world
        .command(&world.repo(), "git")
        .arg(format!("--attr-source={attributes}"))
        .args(["merge-tree", "--write-tree", "-z", "--stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("git starts");
    let lines: String = pairs.iter().map(|(a, b)| format!("{a} {b}\n")).collect();
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || {
        // It ends early at a pair that it refuses.
        let _ = stdin.write_all(lines.as_bytes());
    });
    let output = child.wait_with_output().expect("git ends");
    writer.join().expect("the writer");
    let text = String::from_utf8(output.stdout).expect("the paths of tests are text");
    (text, output.status.code().is_none())
}

/// One record of git-merge-tree(1), OUTPUT; `None` where there is none.
fn record<'o>(
    fields: &mut impl Iterator<Item = &'o str>,
    (ours, theirs): &(String, String),
) -> Option<Merged> {
    let clean = match fields.next()? {
        "1" => true,
        "0" => false,
        "" => return None,
        other => panic!("a record that begins with {other:?}"),
    };
    let tree = fields.next()?.to_owned();
    if clean {
        assert_eq!(fields.next(), Some(""));
        return Some(Some(Ok(tree)));
    }
    let mut stages: BTreeMap<String, BTreeSet<u8>> = BTreeMap::new();
    for field in fields.by_ref().take_while(|field| !field.is_empty()) {
        let (head, path) = field.split_once('\t').expect("a stage");
        let stage = head.as_bytes()[head.len() - 1] - b'0';
        stages.entry(path.to_owned()).or_default().insert(stage);
    }
    // A file in the way of a directory is moved to a name that has the merged commit in it.
    let own = |path: &str| {
        let invented = [ours, theirs].map(|side| format!("~{side}"));
        let unnumbered = path.trim_end_matches(|c: char| c.is_ascii_digit());
        let unnumbered = unnumbered.strip_suffix('_').unwrap_or(path);
        let own = invented
            .iter()
            .find_map(|end| path.strip_suffix(end).or(unnumbered.strip_suffix(end)));
        own.unwrap_or(path).to_owned()
    };
    let mut conflicts: Conflicts = stages
        .keys()
        .map(|path| (own(path), BTreeSet::new()))
        .collect();
    while let Some(count) = fields.next().and_then(|count| count.parse::<usize>().ok()) {
        let paths: Vec<&str> = fields.by_ref().take(count).collect();
        let kind = fields.next().expect("a kind");
        fields.next().expect("a message");
        let Some(kind) = kind.strip_prefix("CONFLICT") else {
            continue;
        };
        let kind = kind.trim().trim_matches(|c| c == '(' || c == ')');
        let staged: Vec<&str> = paths
            .iter()
            .copied()
            .filter(|path| stages.contains_key(*path))
            .collect();
        let about = if staged.is_empty() {
            vec![paths[0]]
        } else {
            staged
        };
        for path in about {
            let both_added = stages.get(path) == Some(&BTreeSet::from([2, 3]));
            let kind = if kind == "contents" && both_added {
                "add/add"
            } else {
                kind
            };
            conflicts
                .entry(own(path))
                .or_default()
                .insert(kind.to_owned());
        }
    }
    for (path, types) in &mut conflicts {
        if types.is_empty() {
            let both_added = stages.get(path) == Some(&BTreeSet::from([2, 3]));
            types.insert(if both_added { "add/add" } else { "contents" }.to_owned());
        }
    }
    Some(Some(Err(conflicts)))
}

/// Each base + track as a commit, where the track merges into base.
fn on_base(
    world: &World,
    base: &str,
    tracks: &[(String, String)],
    alone: &[Merged],
) -> Vec<Option<String>> {
    let mut stream = String::new();
    for (mark, ((_, tip), merged)) in (1..).zip(tracks.iter().zip(alone)) {
        let Some(Ok(tree)) = merged else { continue };
        let _ = write!(
            stream,
            "reset refs/judge/{mark}\ncommit refs/judge/{mark}\nmark :{mark}\ncommitter Ada <ada@example.com> {FRIDAY_NOON} +0000\ndata 0\nfrom {base}\nmerge {tip}\nM 040000 {tree} \n\n"
        );
    }
    // As references they would be in the way of the next question.
    for mark in 1..=tracks.len() {
        let _ = write!(
            stream,
            "reset refs/judge/{mark}\nfrom {}\n\n",
            "0".repeat(base.len())
        );
    }
    let marks = world.root().join("tmp/marks");
    let option = format!("--export-marks={}", marks.display());
    feed(
        world,
        &world.repo(),
        &["fast-import", "--quiet", "--force", &option],
        &stream,
    );
    let text = std::fs::read_to_string(&marks).expect("the marks");
    std::fs::remove_file(&marks).expect("the marks");
    let id = |mark: usize| {
        let begin = format!(":{mark} ");
        text.lines().find_map(|line| line.strip_prefix(&begin))
    };
    (1..=tracks.len())
        .map(|mark| id(mark).map(str::to_owned))
        .collect()
}

/// Runs git with an input, and gives its output.
pub(crate) fn feed(world: &World, dir: &Path, arguments: &[&str], input: &str) -> String {
    let mut child = world
        .command(dir, "git")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("git starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        // Where it ends early, its exit status says so.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().expect("git ends");
    writer.join().expect("the writer");
    assert!(output.status.success(), "git {arguments:?}");
    String::from_utf8(output.stdout).expect("what git says in tests is text")
}

/// One cell of a matrix: the sides by name, what they were compared on, and what git says.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) a: String,
    pub(crate) b: String,
    pub(crate) basis: &'static str,
    pub(crate) merged: Merged,
    /// The same with `b` as ours; only of two tracks.
    pub(crate) turned: Merged,
}

/// Each track against base, then each against each: base + track against base + track, or tip against tip where one of
/// them does not merge into base.
pub(crate) fn matrix(world: &World, base: &str, tracks: &[(String, String)]) -> Vec<Cell> {
    let into_base: Vec<(String, String)> = tracks
        .iter()
        .map(|(_, tip)| (base.to_owned(), tip.clone()))
        .collect();
    let alone = merges(world, base, &into_base);
    let on_base = on_base(world, base, tracks, &alone);
    let mut cells: Vec<Cell> = tracks
        .iter()
        .zip(alone)
        .map(|((name, _), merged)| Cell {
            a: "base".to_owned(),
            b: name.clone(),
            basis: "tips",
            merged,
            turned: None,
        })
        .collect();
    let mut pairs = Vec::new();
    for a in 0..tracks.len() {
        for b in a + 1..tracks.len() {
            let (basis, ours, theirs) = match (&on_base[a], &on_base[b]) {
                (Some(ours), Some(theirs)) => ("base+track", ours, theirs),
                _ => ("tips", &tracks[a].1, &tracks[b].1),
            };
            pairs.push((ours.clone(), theirs.clone()));
            pairs.push((theirs.clone(), ours.clone()));
            cells.push(Cell {
                a: tracks[a].0.clone(),
                b: tracks[b].0.clone(),
                basis,
                merged: None,
                turned: None,
            });
        }
    }
    let mut answers = merges(world, base, &pairs).into_iter();
    for cell in &mut cells[tracks.len()..] {
        cell.merged = answers.next().expect("as many answers as pairs");
        cell.turned = answers.next().expect("as many answers as pairs");
    }
    cells
}

/// What a pair of an answer says: clean, conflicts, or nothing.
pub(crate) fn told(pair: &Value) -> Option<Result<(), Conflicts>> {
    let conflicts = || {
        let list = pair["conflicts"].as_array().expect("a list");
        let types = |conflict: &Value| {
            let types = conflict["types"].as_array().expect("a list").iter();
            types
                .map(|kind| kind.as_str().expect("a text").to_owned())
                .collect()
        };
        list.iter()
            .map(|conflict| {
                assert_eq!(conflict["type"], conflict["types"][0]);
                (
                    conflict["path"].as_str().expect("a text").to_owned(),
                    types(conflict),
                )
            })
            .collect()
    };
    match pair["verdict"].as_str().expect("a text") {
        "clean" => Some(Ok(())),
        "conflict" => Some(Err(conflicts())),
        _ => None,
    }
}

/// Every pair of the answer, against git. Base is `main`, and a track's branch is `track/ID`.
#[track_caller]
pub(crate) fn agrees_with_git(world: &World, answer: &Value) {
    let names = answer["tracks"].as_array().expect("a list").iter();
    let tracks: Vec<(String, String)> = names
        .map(|track| {
            let name = track["track"].as_str().expect("a text");
            let tip = world.git(&["rev-parse", &format!("track/{name}")]);
            (name.to_owned(), tip)
        })
        .collect();
    let base = world.git(&["rev-parse", "main"]);
    is_what_git_says(answer, &matrix(world, &base, &tracks));
}

#[track_caller]
fn is_what_git_says(answer: &Value, cells: &[Cell]) {
    assert_eq!(differences(answer, cells), Vec::<String>::new());
}

/// Where an answer is not what git says; every pair of it is a cell, and the other way round.
pub(crate) fn differences(answer: &Value, cells: &[Cell]) -> Vec<String> {
    let pairs = answer["pairs"].as_array().expect("a list");
    assert_eq!(pairs.len(), cells.len(), "every pair is listed");
    let mut differences = Vec::new();
    for (pair, cell) in pairs.iter().zip(cells) {
        let sides = (pair["a"].as_str(), pair["b"].as_str());
        assert_eq!(sides, (Some(cell.a.as_str()), Some(cell.b.as_str())));
        let expected = cell.merged.clone().map(|merged| merged.map(drop));
        let found = told(pair);
        if pair["basis"] != cell.basis || found != expected {
            differences.push(format!(
                "{} x {}: {} {found:?}\n    git: {} {expected:?}",
                cell.a, cell.b, pair["basis"], cell.basis
            ));
        }
    }
    differences
}
