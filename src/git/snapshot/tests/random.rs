//! Random work in a worktree: the short way gives the tree that the long way gives.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Snapshot, long, short, take};
use crate::git::testing::{World, write_at};

const PATHS: [&str; 14] = [
    "a",
    "a/in/side",
    "b",
    "crlf",
    "d",
    "d/x",
    "d/y",
    "d/e",
    "d/e/z",
    "D/x",
    "new\nline",
    "\"quoted\"",
    ".gitattributes",
    "d/.gitattributes",
];

const CONTENTS: [&[u8]; 7] = [
    b"1\n",
    b"2\n2\n",
    b"1\r\n2\r\n",
    b"1\r\n2\n",
    b"",
    b"\0\r\n\xff",
    b"*x text\nd/* text=auto\ne/z -text\n",
];

const SETTINGS: [[&str; 2]; 6] = [
    ["core.autocrlf", "true"],
    ["core.autocrlf", "input"],
    ["core.fileMode", "false"],
    ["core.ignoreCase", "true"],
    ["core.untrackedCache", "true"],
    ["core.splitIndex", "true"],
];

#[derive(Debug, Clone)]
enum Step {
    Write(usize, usize),
    Remove(usize),
    Link(usize),
    Executable(usize),
    /// git with these words, and the path.
    Git(&'static [&'static str], usize),
    Set(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let path = || 0..PATHS.len();
    let git = prop::sample::select(vec![
        ["add", "-A", "--"].as_slice(),
        &["add", "-A", "--"],
        &["add", "-A", "--"],
        &["add", "-N", "--"],
        &["rm", "-r", "-q", "--cached", "--"],
        &["update-index", "--assume-unchanged", "--"],
        &["update-index", "--skip-worktree", "--"],
        &["update-index", "--chmod=+x", "--"],
        &["checkout", "-q", "HEAD", "--"],
        &["commit", "-q", "-m", "more", "--"],
    ]);
    prop_oneof![
        6 => (path(), 0..CONTENTS.len()).prop_map(|(path, content)| Step::Write(path, content)),
        3 => path().prop_map(Step::Remove),
        1 => path().prop_map(Step::Link),
        1 => path().prop_map(Step::Executable),
        5 => (git, path()).prop_map(|(words, path)| Step::Git(words, path)),
        1 => (0..SETTINGS.len()).prop_map(Step::Set),
    ]
}

fn remove(path: &Path) {
    let _ = match path.symlink_metadata() {
        Ok(facts) if facts.is_dir() => std::fs::remove_dir_all(path),
        _ => std::fs::remove_file(path),
    };
}

/// Takes away whatever is at the path, or a file where a folder above it has to be.
fn clear(root: &Path, path: &str) {
    for (slash, _) in path.match_indices('/') {
        let folder = root.join(&path[..slash]);
        if folder.symlink_metadata().is_ok_and(|facts| !facts.is_dir()) {
            remove(&folder);
        }
    }
    remove(&root.join(path));
}

fn take_step(world: &World, step: &Step) {
    let root = world.root();
    match step {
        Step::Write(path, content) => {
            clear(&root, PATHS[*path]);
            write_at(&root.join(PATHS[*path]), CONTENTS[*content]);
        }
        Step::Remove(path) => remove(&root.join(PATHS[*path])),
        Step::Link(path) => {
            clear(&root, PATHS[*path]);
            if let Some(folder) = root.join(PATHS[*path]).parent() {
                std::fs::create_dir_all(folder).unwrap();
            }
            world.symlink("b", PATHS[*path]);
        }
        Step::Executable(path) => {
            let at = root.join(PATHS[*path]);
            if at.symlink_metadata().is_ok_and(|facts| facts.is_file()) {
                world.make_executable(PATHS[*path]);
            }
        }
        Step::Git(words, path) => {
            let words: Vec<&str> = words.iter().copied().chain([PATHS[*path]]).collect();
            world.git_try(&words);
        }
        Step::Set(setting) => {
            world.git(&["config", SETTINGS[*setting][0], SETTINGS[*setting][1]]);
        }
    }
}

fn world() -> World {
    let world = World::new();
    for (path, content) in [
        ("a", "1\n"),
        ("b", "1\n"),
        ("crlf", "1\r\n"),
        ("d/x", "1\n"),
        ("d/y", "1\r\n"),
        ("d/e/z", "1\n"),
        (".gitattributes", "b text\n"),
    ] {
        world.write(path, content);
    }
    world.commit("one");
    world
}

#[test]
fn random_work_gives_the_tree_that_git_add_gives() {
    let (all, by_the_short_way) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let config = Config {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let steps = prop::collection::vec(step(), 1..12);
    let result = TestRunner::new(config).run(&steps, |steps| {
        let world = world();
        for step in &steps {
            take_step(&world, step);
        }
        let root = world.root();
        let index = || std::fs::read(root.join(".git/index")).ok();
        let status = || world.git_bytes(&["--no-optional-locks", "status", "--porcelain=v2", "-z"]);
        let before = (index(), status(), world.objects());
        let taken = take(&world, &root);
        let after = (index(), status(), world.objects());
        prop_assert!(before == after, "index, status or objects have changed");
        let short = short(&world, &root).ok();
        let judge = long(&world, &root);
        match (&taken, short) {
            (Snapshot::Clean(tree), _) => prop_assert_eq!(&Snapshot::Dirty(*tree), &judge),
            (_, Some(tree)) => {
                prop_assert_eq!(&Snapshot::Dirty(tree), &judge);
                prop_assert_eq!(&taken, &judge);
            }
            (_, None) => prop_assert_eq!(&taken, &judge),
        }
        if !matches!(taken, Snapshot::Clean(_)) {
            all.fetch_add(1, Ordering::Relaxed);
            by_the_short_way.fetch_add(usize::from(short.is_some()), Ordering::Relaxed);
        }
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    let (all, short) = (all.into_inner(), by_the_short_way.into_inner());
    assert!(
        short * 2 > all,
        "the short way was gone {short} times of {all}"
    );
}
