//! Tests of `merge`.

use super::*;
use crate::domain::merge::ConflictType;
use crate::git::testing::World;

/// What git says of one pair, by a process of its own: `None` for a clean merge, else the conflicted paths of the
/// stages.
fn git_says(world: &World, ours: &str, theirs: &str) -> Option<BTreeSet<String>> {
    let attributes = format!("--attr-source={}", world.tip("main"));
    let (ours, theirs) = (world.tip(ours).to_string(), world.tip(theirs).to_string());
    let args = [
        &attributes,
        "merge-tree",
        "--write-tree",
        "--name-only",
        "--no-messages",
        "-z",
    ];
    if world.git_try(&[&args[..], &[ours.as_str(), theirs.as_str()]].concat()) {
        return None;
    }
    let output = world.git_any(&[&args[..], &[ours.as_str(), theirs.as_str()]].concat());
    let mut names = output.split('\0').skip(1).filter(|name| !name.is_empty());
    // Git puts the name of a side behind some paths.
    let own_name = |name: &str| name.split('~').next().unwrap_or(name).to_owned();
    Some(names.by_ref().map(own_name).collect())
}

fn summary(answer: &MergeAnswer) -> String {
    match answer {
        MergeAnswer::Merged { .. } => "merged".to_owned(),
        MergeAnswer::Unavailable(why) => format!("unavailable: {why}"),
        MergeAnswer::Conflicted { conflicts, .. } => conflicts
            .iter()
            .map(|conflict| {
                let types: Vec<&str> = conflict.types.iter().map(ConflictType::as_str).collect();
                format!("{}: {}", conflict.path, types.join(", "))
            })
            .collect::<Vec<_>>()
            .join("; "),
    }
}

/// Merges two branches both ways through the batch and compares the path set with git's own answer.
fn merge(world: &World, ours: &str, theirs: &str) -> MergeAnswer {
    let repository = world.open();
    let merger = Merger::scratch(
        &repository,
        world.tip("main"),
        &world.outside().join("scratch"),
    )
    .unwrap();
    let pair = (world.tip(ours), world.tip(theirs));
    let answer = merger.merge_all(&[pair]).unwrap().remove(0);
    match (&answer, git_says(world, ours, theirs)) {
        (MergeAnswer::Merged { .. }, None) => {}
        (MergeAnswer::Conflicted { conflicts, .. }, Some(staged)) => {
            let paths: BTreeSet<String> = conflicts
                .iter()
                .map(|conflict| conflict.path.lossy().into_owned())
                .collect();
            assert!(paths.is_superset(&staged), "{paths:?} {staged:?}");
        }
        (answer, says) => panic!("{answer:?}, but git says {says:?}"),
    }
    answer
}

fn lines(changed: &[(usize, &str)]) -> String {
    (1..=20)
        .map(
            |number| match changed.iter().find(|(line, _)| *line == number) {
                Some((_, text)) => format!("{text}\n"),
                None => format!("line {number}\n"),
            },
        )
        .collect()
}

fn base() -> World {
    let world = World::new();
    world.write("f", &lines(&[]));
    world.write("d/one", &lines(&[(1, "one")]));
    world.write("d/two", &lines(&[(1, "two")]));
    world.write("gone", &lines(&[(1, "gone")]));
    world.write_bytes(b"binary", b"\0base");
    world.commit("base");
    world
}

type Files<'a> = &'a [(&'a str, Option<&'a str>)];

#[test]
fn conflicts_have_the_paths_and_types_of_git() {
    let f_ours = lines(&[(3, "ours"), (18, "ours")]);
    let f_theirs = lines(&[(3, "theirs")]);
    let far = lines(&[(10, "far")]);
    let gone = lines(&[(1, "gone"), (5, "edited")]);
    let (one, two) = (lines(&[(1, "one")]), lines(&[(1, "two")]));
    let cases: [(Files<'_>, Files<'_>, &str); 10] = [
        (&[("f", Some(&f_ours))], &[("f", Some(&far))], "merged"),
        (
            &[("f", Some(&f_ours))],
            &[("f", Some(&f_theirs))],
            "f: contents",
        ),
        (&[("n", Some("1\n"))], &[("n", Some("2\n"))], "n: add/add"),
        (
            &[("gone", None)],
            &[("gone", Some(&gone))],
            "gone: modify/delete",
        ),
        (
            &[("gone", None), ("here", Some(&gone))],
            &[("gone", None)],
            "here: rename/delete, modify/delete",
        ),
        (
            &[("gone", None), ("here", Some(&gone))],
            &[("gone", None), ("there", Some(&gone))],
            "gone: rename/rename; here: rename/rename; there: rename/rename",
        ),
        (
            &[("x", Some("file\n"))],
            &[("x/y", Some("below\n"))],
            "x: file/directory",
        ),
        (
            &[
                ("d/one", None),
                ("d/two", None),
                ("e/one", Some(&one)),
                ("e/two", Some(&two)),
            ],
            &[("d/new", Some("new\n"))],
            "e/new: directory rename suggested",
        ),
        (
            &[
                ("d/one", None),
                ("d/two", None),
                ("e/one", Some(&one)),
                ("e/two", Some(&two)),
            ],
            &[("d/new", Some("new\n")), ("e/new", Some("other\n"))],
            "e/new: file in way of directory rename",
        ),
        (
            &[("binary", Some("\0ours"))],
            &[("binary", Some("\0theirs"))],
            "binary: binary, contents",
        ),
    ];
    let world = base();
    for (number, (ours, theirs, expected)) in cases.into_iter().enumerate() {
        let (a, b) = (format!("a{number}"), format!("b{number}"));
        world.topic(&a, "main", ours);
        world.topic(&b, "main", theirs);
        let found = summary(&merge(&world, &a, &b));
        assert_eq!(found, expected, "case {number}");
    }
}

#[test]
fn regions_are_the_lines_of_both_sides() {
    let world = base();
    let ours = format!("added\n{}", lines(&[(3, "ours"), (18, "ours")]));
    world.topic("a", "main", &[("f", Some(&ours)), ("n", Some("1\n"))]);
    let theirs = lines(&[(3, "theirs"), (10, "far")]);
    world.topic("b", "main", &[("f", Some(&theirs)), ("n", Some("2\n3\n"))]);
    let MergeAnswer::Conflicted { conflicts, .. } = merge(&world, "a", "b") else {
        panic!("no conflict");
    };
    let region = |ours, theirs, base, at_end| Region {
        ours,
        theirs,
        base,
        at_end,
    };
    assert_eq!(
        conflicts[0].regions,
        [region(3..4, 2..3, 2..3, false)],
        "of the file as it was"
    );
    assert_eq!(conflicts[1].regions, [region(0..1, 0..2, 0..0, true)]);
}

#[test]
fn submodules() {
    let world = base();
    let commits: Vec<CommitId> = ["s1", "s2", "s3"]
        .map(|name| world.topic(name, "main", &[]))
        .to_vec();
    let point = |branch: &str, from: &str, at: CommitId| {
        world.start(branch, from);
        let entry = format!("160000,{at},sub");
        world.git(&["update-index", "--add", "--cacheinfo", &entry]);
        world.git(&["commit", "-q", "-m", branch]);
    };
    world.git(&["checkout", "-q", "main"]);
    point("sub", "main", commits[0]);
    point("a", "sub", commits[1]);
    point("b", "sub", commits[2]);
    let found = summary(&merge(&world, "a", "b"));
    assert!(found.starts_with("sub: submodule"), "{found}");
}

#[test]
fn criss_cross_is_merged_with_a_virtual_base() {
    let world = base();
    world.topic("x", "main", &[("f", Some(&lines(&[(3, "x")])))]);
    world.topic("y", "main", &[("f", Some(&lines(&[(3, "y")])))]);
    for (branch, other, content) in [("x2", "x", "x"), ("y2", "y", "y")] {
        world.start(branch, other);
        let (from, text) = (if other == "x" { "y" } else { "x" }, lines(&[(3, content)]));
        world.git_any(&["merge", "-q", from]);
        world.write("f", &text);
        world.commit(branch);
    }
    let MergeAnswer::Conflicted { conflicts, .. } = merge(&world, "x2", "y2") else {
        panic!("no conflict");
    };
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].types[0].as_str(), "contents");
}

#[test]
fn a_bad_pair_does_not_silence_the_others() {
    let world = base();
    world.topic("a", "main", &[("f", Some(&lines(&[(3, "a")])))]);
    world.topic("b", "main", &[("f", Some(&lines(&[(3, "b")])))]);
    world.git(&["checkout", "-q", "--orphan", "alone"]);
    world.commit("alone");
    let repository = world.open();
    let merger =
        Merger::scratch(&repository, world.tip("main"), &world.outside().join("s")).unwrap();
    let (main, a, b, alone) = (
        world.tip("main"),
        world.tip("a"),
        world.tip("b"),
        world.tip("alone"),
    );
    let nowhere = CommitId::from_hex(&"1".repeat(40)).unwrap();
    let tree = CommitId::from_bytes(merger.tree_of(a).unwrap().as_bytes()).unwrap();
    let pairs = [
        (main, a),
        (a, alone),
        (a, b),
        (nowhere, a),
        (alone, b),
        (b, main),
        (a, tree),
    ];
    let answers: Vec<String> = merger
        .merge_all(&pairs)
        .unwrap()
        .iter()
        .map(summary)
        .collect();
    let none = "unavailable: the two histories have no common commit";
    assert_eq!(
        answers,
        [
            "merged".to_owned(),
            none.to_owned(),
            "f: contents".to_owned(),
            "unavailable: commit 1111111111 is not here".to_owned(),
            none.to_owned(),
            "merged".to_owned(),
            format!("unavailable: commit {} is not here", tree.short()),
        ]
    );
    assert_eq!(merger.merge_all(&[]).unwrap(), []);
}

#[test]
fn a_large_batch_over_several_processes_keeps_its_order() {
    let world = base();
    let tips: Vec<CommitId> = (0..12)
        .map(|number| {
            let content = lines(&[(3 + number % 4, &format!("topic {number}"))]);
            world.topic(&format!("t{number}"), "main", &[("f", Some(&content))])
        })
        .collect();
    let repository = world.open();
    let merger =
        Merger::scratch(&repository, world.tip("main"), &world.outside().join("s")).unwrap();
    let pairs: Vec<(CommitId, CommitId)> = tips
        .iter()
        .enumerate()
        .flat_map(|(index, a)| tips[index + 1..].iter().map(|b| (*a, *b)))
        .collect();
    let whole = merger.merge_all(&pairs).unwrap();
    assert_eq!(whole.len(), 66);
    for (pair, answer) in pairs.iter().zip(&whole) {
        assert_eq!(merger.merge_all(&[*pair]).unwrap()[0], *answer);
    }
    assert!(
        whole
            .iter()
            .any(|answer| matches!(answer, MergeAnswer::Merged { .. }))
    );
}

#[test]
fn attributes_come_from_the_given_commit_only() {
    let world = base();
    world.topic("a", "main", &[("f", Some(&lines(&[(3, "a")])))]);
    world.topic("b", "main", &[("f", Some(&lines(&[(3, "b")])))]);
    world.topic(
        "attributes",
        "main",
        &[(".gitattributes", Some("f merge=union\n"))],
    );
    let repository = world.open();
    let scratch = world.outside().join("s");
    let pair = [(world.tip("a"), world.tip("b"))];
    let says = |attributes: &str| {
        let merger = Merger::scratch(&repository, world.tip(attributes), &scratch).unwrap();
        summary(&merger.merge_all(&pair).unwrap()[0])
    };
    // The file is in the working tree now, and does not count.
    assert_eq!(says("main"), "f: contents");
    assert_eq!(says("attributes"), "merged");
}

#[test]
fn what_is_written_in_scratch_can_be_merged_on_and_is_gone_afterwards() {
    let world = base();
    world.topic("a", "main", &[("f", Some(&lines(&[(3, "a")])))]);
    world.topic("b", "main", &[("f", Some(&lines(&[(10, "b")])))]);
    world.topic("c", "main", &[("f", Some(&lines(&[(18, "c"), (3, "c")])))]);
    let before = world.objects();
    let repository = world.open();
    let root = world.outside().join("scratch");
    let new = |tree, parents: Vec<CommitId>| NewCommit {
        tree,
        parents,
        time: Timestamp(1_700_000_000),
        message: "merge\n".to_owned(),
    };
    let (a, b, c) = (world.tip("a"), world.tip("b"), world.tip("c"));
    let id = {
        let merger = Merger::scratch(&repository, world.tip("main"), &root).unwrap();
        let MergeAnswer::Merged { tree } = merger.merge_all(&[(a, b)]).unwrap()[0] else {
            panic!("no tree");
        };
        let both = merger.write_commit(&new(tree, vec![a, b])).unwrap();
        assert_eq!(merger.tree_of(both).unwrap(), tree);
        let path = RepoPath::new("f");
        let merged = lines(&[(3, "a"), (10, "b")]);
        assert_eq!(
            merger.file_at(both, &path).unwrap().unwrap(),
            merged.as_bytes()
        );
        assert_eq!(merger.tree_entries(tree).unwrap().len(), 5);
        assert_eq!(
            summary(&merger.merge_all(&[(both, c)]).unwrap()[0]),
            "f: contents"
        );
        both
    };
    assert_eq!(world.objects(), before, "nothing reaches the repository");
    assert_eq!(std::fs::read_dir(&root).unwrap().count(), 0);
    assert!(repository.commit(id).is_err());

    let merger = Merger::publishing(&repository, world.tip("main"));
    let MergeAnswer::Merged { tree } = merger.merge_all(&[(a, b)]).unwrap()[0] else {
        panic!("no tree");
    };
    assert_eq!(
        merger.write_commit(&new(tree, vec![a, b])).unwrap(),
        id,
        "the same id again"
    );
    let printed = world.git(&[
        "log",
        "-1",
        "--format=%an <%ae> %at %cn %P %s",
        &id.to_string(),
    ]);
    assert_eq!(
        printed,
        format!("tracks <tracks@localhost> 1700000000 tracks {a} {b} merge")
    );
    world.git(&["fsck", "--strict"]);
}

#[test]
fn sha256_merges_too() {
    let world = World::with(&["init", "-q", "-b", "main", "--object-format=sha256", "repo"]);
    world.write("f", &lines(&[]));
    world.commit("base");
    world.topic("a", "main", &[("f", Some(&lines(&[(3, "a")])))]);
    world.topic("b", "main", &[("f", Some(&lines(&[(3, "b")])))]);
    assert_eq!(summary(&merge(&world, "a", "b")), "f: contents");
}
