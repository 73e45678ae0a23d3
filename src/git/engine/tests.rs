//! The engine against git: random texts, trees and similarities.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::*;
use crate::domain::merge::{Change, Step};
use crate::domain::path::RepoPath;
use crate::git::Repository;
use crate::git::testing::{World, stream_commit};

/// Numbers from a fixed seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    /// Lines out of a few words, so that equal lines are many.
    fn text(&mut self, lines: usize, words: usize) -> Vec<String> {
        (0..lines)
            .map(|_| format!("line {}\n", self.below(words)))
            .collect()
    }

    /// The text with some lines replaced, removed and added.
    fn edited(&mut self, text: &[String], edits: usize) -> Vec<String> {
        let mut text = text.to_vec();
        for _ in 0..edits {
            let at = self.below(text.len() + 1);
            match self.below(3) {
                0 if at < text.len() => text[at] = format!("line {}\n", self.below(4)),
                1 if at < text.len() => drop(text.remove(at)),
                _ => text.insert(at, format!("more {}\n", self.below(4))),
            }
        }
        if self.below(6) == 0
            && let Some(last) = text.last_mut()
        {
            last.pop();
        }
        text
    }
}

fn merger<'r>(world: &World, repository: &'r Repository, base: &str) -> Merger<'r> {
    let root = world.outside().join("scratch");
    Merger::scratch(repository, world.tip(base), &root).unwrap()
}

fn tip(merger: &Merger<'_>, commit: CommitId) -> Tip {
    Tip {
        commit,
        history: commit,
        tree: merger.tree_of(commit).unwrap(),
    }
}

#[test]
fn many_random_texts_merge_as_git_merges_them() {
    let world = World::new();
    let mut random = Random(11);
    let mut sides = [Vec::new(), Vec::new(), Vec::new()];
    for number in 0..2000 {
        let lines = random.below(25);
        let words = [2, 4, 9][number % 3];
        let base = random.text(lines, words);
        let edits = [random.below(4), random.below(4)];
        let ours = random.edited(&base, edits[0]);
        let theirs = random.edited(&base, edits[1]);
        for (side, text) in sides.iter_mut().zip([base, ours, theirs]) {
            side.push((format!("f{number}"), text.concat()));
        }
    }
    let write = |files: &[(String, String)]| {
        for (name, text) in files {
            world.write(name, text);
        }
    };
    write(&sides[0]);
    world.commit("base");
    for (branch, files) in ["ours", "theirs"].into_iter().zip(&sides[1..]) {
        world.git(&["checkout", "-q", "-b", branch, "main"]);
        write(files);
        world.commit(branch);
    }
    let repository = world.open();
    let merger = merger(&world, &repository, "main");
    let tips = ["ours", "theirs"].map(|branch| tip(&merger, world.tip(branch)));
    let memo = Memo::default();
    let engine = Engine::new(&merger, world.tip("main"), &tips, &memo).unwrap();
    let pair = (&engine.tips()[0], &engine.tips()[1]);
    let answer = engine.merge_all(&[pair], Want::Results).unwrap().remove(0);
    assert_eq!(answer.by, DecidedBy::Process);
    let Outcome::Conflicted(found) = answer.outcome else {
        panic!("some of them conflict");
    };
    let MergeAnswer::Conflicted { conflicts, .. } = merger
        .merge_all(&[(tips[0].commit, tips[1].commit)])
        .unwrap()
        .remove(0)
    else {
        panic!("git, too, finds conflicts");
    };
    assert_eq!(found, conflicts);
    assert!(
        (300..1700).contains(&found.len()),
        "{} of 2000",
        found.len()
    );
}

#[test]
fn the_tree_of_a_clean_merge_is_gits() {
    let world = World::new();
    let mut random = Random(5);
    let mut stream = stream_commit("main", None, &[("stays", Some("1\n"))]);
    for number in 0..60 {
        let base = random.text(30, 9);
        let sides = [
            random.edited(&base, 1).concat(),
            random.edited(&base, 1).concat(),
        ];
        let [main, ours, theirs] = ["base", "ours", "theirs"].map(|side| format!("{side}{number}"));
        let files = [
            ("dir/f", Some(base.concat())),
            ("gone/f", Some("1\n".to_owned())),
        ];
        let files = files
            .each_ref()
            .map(|(path, text)| (*path, text.as_deref()));
        stream += &stream_commit(&main, None, &files);
        let changed = [
            ("dir/f", Some(sides[0].as_str())),
            ("dir/a", Some("a\n")),
            ("gone/f", None),
        ];
        stream += &stream_commit(&ours, Some(&main), &changed);
        let changed = [("dir/f", Some(sides[1].as_str())), ("new/b", Some("b\n"))];
        stream += &stream_commit(&theirs, Some(&main), &changed);
    }
    world.import(&stream);
    let repository = world.open();
    let merger = merger(&world, &repository, "main");
    let commit = |branch: String| {
        repository
            .reference(&format!("refs/heads/{branch}"))
            .unwrap()
            .unwrap()
    };
    let mut clean = 0;
    for number in 0..60 {
        let [base, ours, theirs] =
            ["base", "ours", "theirs"].map(|side| commit(format!("{side}{number}")));
        let memo = Memo::default();
        let tips = [tip(&merger, ours), tip(&merger, theirs)];
        let engine = Engine::new(&merger, base, &tips, &memo).unwrap();
        let pair = (&engine.tips()[0], &engine.tips()[1]);
        let answer = engine.merge_all(&[pair], Want::Results).unwrap().remove(0);
        let git = merger.merge_all(&[(ours, theirs)]).unwrap().remove(0);
        match (answer.outcome, git) {
            (Outcome::Clean(combined), MergeAnswer::Merged { tree }) => {
                clean += 1;
                let merged = engine.merged(pair.0, pair.1, &combined, "m\n").unwrap();
                assert_eq!(engine.tree(&merged).unwrap(), tree, "{number}");
                let steps = merged.0.steps.as_ref().unwrap();
                let removed = steps[0].changes.directories().0;
                assert_eq!(*removed, BTreeSet::from([RepoPath::new("gone")]));
            }
            (Outcome::Conflicted(found), MergeAnswer::Conflicted { conflicts, .. }) => {
                assert_eq!(found, conflicts, "{number}");
            }
            (outcome, git) => panic!("{number}: {outcome:?}, and git {git:?}"),
        }
    }
    assert!((20..60).contains(&clean), "{clean}");
}

/// The merged content takes the place of what the renaming side has there, whichever side has changed more.
#[test]
fn both_sides_of_a_renamed_file_are_in_the_tree() {
    let world = World::new();
    let lines: Vec<String> = (0..20).map(|line| format!("line {line}\n")).collect();
    let text = lines.concat();
    let (first, last) = (
        text.replace("line 0\n", "zero\n"),
        text.replace("line 19\n", "last\n"),
    );
    let renamed = [("s", None), ("t", Some(last.as_str()))];
    let edited = [("s", Some(first.as_str()))];
    let more = [("x", Some("1\n")), ("y", Some("2\n")), ("z", Some("3\n"))];
    let stream = [
        stream_commit("main", None, &[("s", Some(text.as_str()))]),
        stream_commit("a", Some("main"), &renamed),
        stream_commit("b", Some("main"), &[&edited[..], &more].concat()),
        stream_commit("c", Some("main"), &[&renamed[..], &more].concat()),
        stream_commit("d", Some("main"), &edited),
    ];
    world.import(&stream.concat());
    let repository = world.open();
    let merger = merger(&world, &repository, "main");
    for (ours, theirs) in [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")] {
        let tips = [ours, theirs].map(|name| tip(&merger, world.tip(name)));
        let memo = Memo::default();
        let engine = Engine::new(&merger, world.tip("main"), &tips, &memo).unwrap();
        let (merged, by) = landed(&engine, &engine.tips()[0], &engine.tips()[1]);
        assert_eq!(by, DecidedBy::Process);
        let steps = merged.0.steps.as_ref().unwrap();
        let paths: Vec<_> = steps[0].changes.list().iter().map(|it| &it.path).collect();
        assert!(paths.is_sorted_by(|a, b| a < b), "{paths:?}");
        let git = merger.merge_all(&[(tips[0].commit, tips[1].commit)]);
        let tree = engine.tree(&merged).unwrap();
        assert_eq!(
            git.unwrap(),
            [MergeAnswer::Merged { tree }],
            "{ours} {theirs}"
        );
    }
}

/// As in a partial clone, which has not every content.
#[test]
fn what_is_not_here_can_still_be_in_a_tree() {
    let world = World::new();
    world.write("f", "1\n");
    world.commit("main");
    world.topic("a", "main", &[("a", Some("not here\n"))]);
    world.topic("b", "main", &[("b", Some("2\n"))]);
    let id = world.git(&["rev-parse", "a:a"]);
    let objects = world.root().join(".git/objects");
    std::fs::remove_file(objects.join(&id[..2]).join(&id[2..])).unwrap();
    let repository = world.open();
    let merger = merger(&world, &repository, "main");
    let tips = ["a", "b"].map(|name| tip(&merger, world.tip(name)));
    let memo = Memo::default();
    let engine = Engine::new(&merger, world.tip("main"), &tips, &memo).unwrap();
    let (merged, by) = landed(&engine, &engine.tips()[0], &engine.tips()[1]);
    assert_eq!(by, DecidedBy::Process);
    let tree = engine.tree(&merged).unwrap();
    let entries = merger.tree_entries(tree).unwrap();
    let paths: Vec<String> = entries.iter().map(|(path, ..)| path.to_string()).collect();
    assert_eq!(paths, ["a", "b", "f"]);
}

fn landed(
    engine: &Engine<'_, '_>,
    ours: &VirtualCommit,
    theirs: &VirtualCommit,
) -> (VirtualCommit, DecidedBy) {
    let pair = [(ours, theirs)];
    let answer = engine.merge_all(&pair, Want::Results).unwrap().remove(0);
    let Outcome::Clean(combined) = answer.outcome else {
        panic!("{:?}", answer.outcome);
    };
    let merged = engine.merged(ours, theirs, &combined, "m\n").unwrap();
    (merged, answer.by)
}

/// `n` is none of what the track added, and yet it was added since the other left base, with what it has now.
#[test]
fn a_rename_into_what_base_has_added_since_is_gits() {
    let world = World::new();
    let lines: Vec<String> = (0..20).map(|line| format!("line {line}\n")).collect();
    let text = lines.concat();
    let edited = text.replace("line 0\n", "zero\n");
    let stream = [
        stream_commit("fork", None, &[("s", Some(text.as_str()))]),
        stream_commit("main", Some("fork"), &[("n", Some("else\n"))]),
        stream_commit(
            "a",
            Some("main"),
            &[("s", None), ("n", Some(text.as_str()))],
        ),
        stream_commit("b", Some("fork"), &[("s", Some(edited.as_str()))]),
    ];
    world.import(&stream.concat());
    let repository = world.open();
    let merger = merger(&world, &repository, "main");
    let tips = ["a", "b"].map(|name| tip(&merger, world.tip(name)));
    let memo = Memo::default();
    let engine = Engine::new(&merger, world.tip("main"), &tips, &memo).unwrap();
    let [a, b] = engine.tips() else {
        panic!("two tips");
    };
    let (with_a, _) = landed(&engine, engine.base(), a);
    let (with_both, by) = landed(&engine, &with_a, b);
    assert_eq!(by, DecidedBy::Process);
    let written = engine.commit(&with_a).unwrap();
    let git = merger.merge_all(&[(written, tips[1].commit)]).unwrap();
    let tree = engine.tree(&with_both).unwrap();
    assert_eq!(git, [MergeAnswer::Merged { tree }]);
}

#[test]
fn changes_are_what_git_prints_and_lead_to_the_tree() {
    let world = World::new();
    world.write("a", "1\n");
    world.write("dir/b", "1\n");
    world.write("dir/sub/c", "1\n");
    world.write("becomes-file/x", "1\n");
    world.write("becomes-dir", "1\n");
    world.write("run", "1\n");
    world.commit("one");
    world.remove("dir/sub/c");
    world.remove("becomes-file/x");
    world.remove("becomes-dir");
    std::fs::remove_dir(world.root().join("becomes-file")).unwrap();
    world.write("becomes-file", "2\n");
    world.write("becomes-dir/y", "2\n");
    world.write("new/deep/z", "2\n");
    world.make_executable("run");
    world.symlink("a", "link");
    world.commit("two");
    let repository = world.open();
    let gix = repository.fresh_view();
    let [one, two] =
        ["main~1", "main"].map(|name| repository.commit(world.tip(name)).unwrap().tree);
    let changes = trees::changes(&gix, one, two).unwrap();
    let mut printed = String::new();
    for change in changes.list() {
        let letter = match (change.before, change.after) {
            (None, _) => "A",
            (_, None) => "D",
            _ => "M",
        };
        let _ = writeln!(printed, "{letter}\t{}", change.path);
    }
    let git = world.git(&[
        "diff-tree",
        "-r",
        "--no-renames",
        "--name-status",
        "main~1",
        "main",
    ]);
    let mut expected: Vec<&str> = git.lines().collect();
    expected.sort_by_key(|line| &line[2..]);
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
    let names = |set: &BTreeSet<_>| set.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (removed, added) = changes.directories();
    assert_eq!(names(removed), ["becomes-file", "dir/sub"]);
    assert_eq!(names(added), ["becomes-dir", "new", "new/deep"]);
    let (directories, none) = (trees::Directories::of(one), Changes::default());
    let on_top = |so_far: &Changes, more: &[Change]| {
        trees::on_top(&gix, &directories, so_far, more).unwrap()
    };
    let rebuilt = on_top(&none, changes.list());
    assert_eq!(rebuilt, changes);
    assert_eq!(trees::write(&gix, one, changes.list()).unwrap(), two);
    let back = trees::changes(&gix, two, one).unwrap();
    assert_eq!(trees::write(&gix, two, back.list()).unwrap(), one);
    assert_eq!(on_top(&changes, back.list()), none);
    for at in 0..changes.list().len() {
        let (first, second) = changes.list().split_at(at);
        assert_eq!(on_top(&on_top(&none, first), second), changes, "{at}");
        assert_eq!(on_top(&on_top(&none, second), first), changes, "{at}");
    }
}

/// Git's similarity is asked through its own rename detection, one pair in a history of its own.
#[test]
fn what_is_similar_is_gits_to_say() {
    use super::renames::{Moved, Renamed};
    let world = World::new();
    let mut random = Random(23);
    let mut stream = String::new();
    for number in 0..200 {
        let lines = 4 + random.below(30);
        let mut before = random.text(lines, 9);
        for line in &mut before {
            let length = random.below(90);
            *line = format!("{}{line}", "x".repeat(length));
        }
        let edits = random.below(lines * 2);
        let after = random.edited(&before, edits).concat();
        let (old, new) = (format!("o{number}"), format!("n{number}"));
        stream += &stream_commit(&old, None, &[("old", Some(&before.concat()))]);
        stream += &stream_commit(&new, Some(&old), &[("old", None), ("new", Some(&after))]);
    }
    world.import(&stream);
    world.git(&["update-ref", "refs/heads/main", "o0"]);
    let log = [
        "log",
        "--branches=n*",
        "--no-walk=unsorted",
        "--format=%H",
        "--name-status",
        "-M50%",
    ];
    let printed = world.git(&log);
    let repository = world.open();
    let merger = merger(&world, &repository, "main");
    let gix = repository.fresh_view();
    let (mut yes, mut no) = (0, 0);
    for number in 0..200 {
        let commit = |name: String| {
            repository
                .reference(&format!("refs/heads/{name}"))
                .unwrap()
                .unwrap()
        };
        let (old, new) = (commit(format!("o{number}")), commit(format!("n{number}")));
        let trees = [old, new].map(|commit| repository.commit(commit).unwrap().tree);
        let changes = trees::changes(&gix, trees[0], trees[1]).unwrap();
        let delta = Delta::new(vec![Step {
            changes: &changes,
            backwards: false,
        }]);
        let source = changes
            .list()
            .iter()
            .find_map(|change| change.before.filter(|_| change.after.is_none()))
            .unwrap();
        let renamed = printed.contains(&format!("{new}\n\nR"));
        let memo = Memo::default();
        match memo
            .renames
            .of(merger.views(), &memo.texts, &Moved::by(&delta), source)
        {
            Renamed::To(path, _) => {
                assert!(renamed, "{number}");
                assert_eq!(path, RepoPath::new("new"));
                yes += 1;
            }
            Renamed::No => {
                assert!(!renamed, "{number}");
                no += 1;
            }
            Renamed::Maybe => {}
        }
    }
    assert!(yes > 30 && no > 30, "{yes} renamed, {no} not");
}
