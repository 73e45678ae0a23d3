//! What git itself says about the pairs of an answer: the merges made with plumbing, and the comparison.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::world::World;

/// Path → types.
pub(crate) type Conflicts = BTreeMap<String, BTreeSet<String>>;

/// What git says about two commits; `None`: it cannot tell.
pub(crate) fn git_merges(
    world: &World,
    ours: &str,
    theirs: &str,
) -> Option<Result<String, Conflicts>> {
    let arguments = [
        "--attr-source=main",
        "merge-tree",
        "--write-tree",
        "-z",
        ours,
        theirs,
    ];
    let ran = world.run_in(&world.repo(), "git", &arguments);
    let mut fields = ran.stdout.split('\0');
    let tree = fields.next().unwrap_or_default().to_owned();
    match ran.status {
        0 => return Some(Ok(tree)),
        1 if tree.len() == 40 => {}
        _ => return None,
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
        let own = invented.iter().find_map(|end| path.strip_suffix(end));
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
    Some(Err(conflicts))
}

fn side(world: &World, side: &str) -> String {
    match side {
        "base" => "main".to_owned(),
        track => world.git(&["rev-parse", &format!("track/{track}")]),
    }
}

/// base + track as a real merge commit, where it merges.
fn on_base(world: &World, tip: &str) -> Option<String> {
    let tree = git_merges(world, "main", tip)?.ok()?;
    Some(world.git(&["commit-tree", "-p", "main", "-p", tip, "-m", "x", &tree]))
}

fn told(pair: &Value) -> Option<Result<(), Conflicts>> {
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

/// Every pair of the answer, against git.
#[track_caller]
pub(crate) fn agrees_with_git(world: &World, answer: &Value) {
    let pairs = answer["pairs"].as_array().expect("a list");
    let tracks = answer["tracks"].as_array().expect("a list").len();
    assert_eq!(
        pairs.len(),
        tracks + tracks * (tracks - 1) / 2,
        "every pair is listed"
    );
    for pair in pairs {
        let (a, b) = (
            pair["a"].as_str().expect("a text"),
            pair["b"].as_str().expect("a text"),
        );
        let (ours, theirs) = (side(world, a), side(world, b));
        let merged = (on_base(world, &ours), on_base(world, &theirs));
        let (basis, expected) = match (a, merged) {
            ("base", _) => ("tips", git_merges(world, &ours, &theirs)),
            (_, (Some(ours), Some(theirs))) => ("base+track", git_merges(world, &ours, &theirs)),
            _ => ("tips", git_merges(world, &ours, &theirs)),
        };
        assert_eq!(pair["basis"], basis, "{a} x {b}");
        assert_eq!(
            told(pair),
            expected.map(|answer| answer.map(drop)),
            "{a} x {b}: {pair:#}"
        );
        for conflict in pair["conflicts"].as_array().expect("a list") {
            assert_eq!(conflict["type"], conflict["types"][0]);
        }
    }
}
