//! Moving worktrees, and everything that keeps one from being moved.

mod killed;

use std::path::PathBuf;

use super::*;
use crate::git::testing::{World, branch, write_at};

/// `main` at `from`, and a commit `to` that adds, changes, deletes, and swaps a file for a directory and back.
fn world() -> (World, CommitId, CommitId) {
    let world = World::new();
    world.write("same", "1\n");
    world.write("changed", "1\n");
    world.write("gone", "1\n");
    world.write("swap", "file\n");
    world.write("back/a", "1\n");
    world.write("back/b", "1\n");
    world.write("tool", "1\n");
    world.write(".gitignore", "*.log\n");
    let from = world.commit("from");
    let files: [(&str, Option<&str>); 7] = [
        ("changed", Some("2\n")),
        ("gone", None),
        ("swap", None),
        ("back", None),
        ("new/deep/file", Some("2\n")),
        ("new/out.log", Some("2\n")),
        ("link", None),
    ];
    world.start("topic", "main");
    for (path, content) in files {
        match content {
            Some(content) => world.write(path, content),
            None if path == "link" => world.symlink("same", "link"),
            None => world.remove(path),
        }
    }
    world.write("swap/inner", "2\n");
    world.write("back", "file\n");
    world.make_executable("tool");
    world.git(&["add", "-A", "-f"]);
    let to = world.commit("to");
    world.git(&["checkout", "-q", "main"]);
    (world, from, to)
}

fn advance(world: &World, from: CommitId, to: CommitId) -> Result<(), AdvanceError> {
    let repository = world.open();
    repository.advance_worktree(&world.root(), &branch("main"), from, to, "test")
}

/// Nothing is left to be said of the worktree, nothing of ours lies about, and it is at this commit.
#[track_caller]
fn assert_clean_at(world: &World, at: CommitId) {
    assert_eq!(world.tip("main"), at);
    assert_eq!(world.git(&["status", "--porcelain", "--ignored"]), "");
    assert_eq!(
        world.git(&["write-tree"]),
        world.git(&["rev-parse", &format!("{at}^{{tree}}")])
    );
    assert_nothing_left(world);
    world.git(&["fsck", "--strict"]);
}

#[track_caller]
fn assert_nothing_left(world: &World) {
    for name in ["index.lock", "tracks-index", "tracks-index.lock"] {
        assert!(!world.root().join(".git").join(name).exists(), "{name}");
    }
}

fn everything(world: &World) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![world.root()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let facts = path.symlink_metadata().unwrap();
            if facts.is_symlink() {
                let to = std::fs::read_link(&path).unwrap();
                found.push((path, to.into_os_string().into_encoded_bytes()));
            } else if facts.is_dir() {
                if !path.ends_with("objects") {
                    open.push(path);
                }
            } else {
                let content = std::fs::read(&path).unwrap();
                found.push((path, content));
            }
        }
    }
    found.sort();
    found
}

#[track_caller]
fn refused(world: &World, from: CommitId, to: CommitId) -> AdvanceError {
    // A first look may write times into the index.
    world.git(&["status"]);
    let before = everything(world);
    let error = advance(world, from, to).unwrap_err();
    assert_eq!(everything(world), before, "{error}");
    error
}

fn names(paths: &[RepoPath]) -> Vec<String> {
    paths.iter().map(ToString::to_string).collect()
}

#[test]
fn there_and_back_and_sideways() {
    let (world, from, to) = world();
    advance(&world, from, to).unwrap();
    assert_clean_at(&world, to);
    assert_eq!(
        world.git(&["reflog", "-1", "--format=%gn %gs", "main"]),
        "tracks test"
    );
    advance(&world, to, from).unwrap();
    assert_clean_at(&world, from);
    world.git(&["branch", "-q", "side", "main"]);
    world.git(&["checkout", "-q", "side"]);
    world.write("changed", "other\n");
    let side = world.commit("side");
    world.git(&["checkout", "-q", "main"]);
    advance(&world, from, side).unwrap();
    advance(&world, side, to).unwrap();
    assert_clean_at(&world, to);
}

#[test]
fn a_linked_worktree_and_not_one_of_another_branch() {
    let (world, from, to) = world();
    world.git(&["checkout", "-q", "--detach"]);
    world.git(&["worktree", "add", "-q", "../linked", "main"]);
    let linked = world.outside().join("linked");
    let repository = world.open();
    let main = branch("main");
    let go = |dir: &Path, name: &BranchName, from, to| {
        repository.advance_worktree(dir, name, from, to, "test")
    };
    let wrong = go(&world.root(), &main, from, to);
    assert!(
        matches!(wrong, Err(AdvanceError::Moved { .. })),
        "{wrong:?}"
    );
    let wrong = go(&linked, &branch("topic"), to, from);
    assert!(
        matches!(wrong, Err(AdvanceError::Moved { .. })),
        "{wrong:?}"
    );
    let wrong = go(&linked, &main, to, from);
    assert!(
        matches!(&wrong, Err(AdvanceError::Moved { name }) if name == "refs/heads/main"),
        "{wrong:?}"
    );
    assert_eq!(world.tip("main"), from);
    go(&linked, &main, from, to).unwrap();
    assert_eq!(world.tip("main"), to);
    assert_eq!(world.git_in(&linked, &["status", "--porcelain"]), "");
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}

#[test]
fn what_is_dirty_is_listed_and_not_touched() {
    type Make = fn(&World);
    let cases: [(&str, Make, &[&str]); 7] = [
        ("unstaged", |world| world.write("same", "mine\n"), &["same"]),
        (
            "staged",
            |world| {
                world.write("same", "mine\n");
                world.git(&["add", "same"]);
            },
            &["same"],
        ),
        (
            "staged and put back",
            |world| {
                world.write("same", "mine\n");
                world.git(&["add", "same"]);
                world.write("same", "1\n");
            },
            &["same"],
        ),
        ("deleted", |world| world.remove("gone"), &["gone"]),
        (
            "what the other commit has",
            |world| world.write("changed", "2\n"),
            &["changed"],
        ),
        (
            "to be added",
            |world| {
                world.write("mine", "1\n");
                world.git(&["add", "-N", "mine"]);
            },
            &["mine"],
        ),
        (
            "a new file that is staged",
            |world| {
                world.write("with blank", "1\n");
                world.git(&["add", "with blank"]);
            },
            &["with blank"],
        ),
    ];
    for (what, make, expected) in cases {
        let (world, from, to) = world();
        make(&world);
        match refused(&world, from, to) {
            AdvanceError::Dirty { paths } => assert_eq!(names(&paths), expected, "{what}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn what_lies_in_the_way_is_listed_and_not_touched() {
    type Files = &'static [(&'static str, &'static str)];
    let cases: [(Files, &[&str]); 9] = [
        (&[("new/deep/file", "mine\n")], &["new/deep/file"]),
        (&[("new/deep/file", "2\n")], &["new/deep/file"]),
        (&[("new/out.log", "ignored\n")], &["new/out.log"]),
        (&[("new", "a file above\n")], &["new"]),
        (
            &[("new/deep", "mine\n"), ("link", "mine\n")],
            &["link", "new/deep"],
        ),
        (&[("back/c", "mine\n")], &["back/c"]),
        (&[("back/out.log", "ignored\n")], &["back/out.log"]),
        (&[("new/deep/file/x", "mine\n")], &["new/deep/file/x"]),
        (&[("new/.git/HEAD", "another repository\n")], &["new"]),
    ];
    for (files, expected) in cases {
        let (world, from, to) = world();
        for (path, content) in files {
            world.write(path, content);
        }
        match refused(&world, from, to) {
            AdvanceError::InTheWay { paths } => assert_eq!(names(&paths), expected),
            other => panic!("{expected:?}: {other:?}"),
        }
    }
    let (world, from, to) = world();
    world.write("elsewhere", "mine\n");
    world.write("new/deep/beside", "mine\n");
    world.write("x.log", "mine\n");
    std::fs::create_dir(world.root().join("link")).unwrap();
    advance(&world, from, to).unwrap();
    assert_eq!(
        world.git(&["status", "--porcelain", "--ignored"]),
        "?? elsewhere\n?? new/deep/beside\n!! x.log",
        "what is in nobody's way stays; an empty directory is nothing to git"
    );
}

#[test]
fn a_link_to_elsewhere_is_not_followed() {
    let (world, from, to) = world();
    write_at(&world.outside().join("theirs/keep"), b"x\n");
    world.symlink("../theirs", "new");
    let error = refused(&world, from, to);
    assert!(
        matches!(&error, AdvanceError::InTheWay { paths } if names(paths) == ["new"]),
        "{error:?}"
    );
}

#[test]
fn what_is_under_way_is_not_disturbed() {
    let (world, from, to) = world();
    for (mark, expected) in [
        ("MERGE_HEAD", Unfinished::Merge),
        ("rebase-merge", Unfinished::Rebase),
        ("CHERRY_PICK_HEAD", Unfinished::CherryPick),
        ("REVERT_HEAD", Unfinished::Revert),
        ("BISECT_LOG", Unfinished::Bisect),
    ] {
        let path = world.root().join(".git").join(mark);
        write_at(&path, b"x\n");
        let error = advance(&world, from, to).unwrap_err();
        assert!(
            matches!(error, AdvanceError::Unfinished(what) if what == expected),
            "{error:?}"
        );
        std::fs::remove_file(path).unwrap();
    }
    assert_clean_at(&world, from);
}

#[test]
fn conflicts_without_a_merge_are_changes() {
    let (world, from, to) = world();
    world.write("changed", "mine\n");
    world.git(&["stash", "-q"]);
    world.write("changed", "theirs\n");
    let theirs = world.commit("theirs");
    assert!(!world.git_try(&["stash", "pop", "-q"]));
    let error = refused(&world, theirs, to);
    assert!(
        matches!(&error, AdvanceError::Dirty { paths } if names(paths) == ["changed"]),
        "{error:?}"
    );
    let _ = from;
}

#[test]
fn locks_of_others_are_theirs_and_ours_are_taken_over() {
    let (world, from, to) = world();
    world.write(".git/index.lock", "");
    let error = refused(&world, from, to);
    assert!(matches!(error, AdvanceError::Locked { .. }), "{error:?}");
    world.remove(".git/index.lock");
    world.write(".git/refs/heads/main.lock", "");
    let error = refused(&world, from, to);
    assert!(matches!(error, AdvanceError::Locked { .. }), "{error:?}");
    world.remove(".git/refs/heads/main.lock");
    world.write(".git/index.lock", "held by tracks\n");
    world.write(".git/tracks-index", "half of something");
    world.write(".git/tracks-index.lock", "");
    advance(&world, from, to).unwrap();
    assert_clean_at(&world, to);
}

#[test]
fn a_hook_that_refuses_and_a_filter_that_fails() {
    let (world, from, to) = world();
    world.hook(
        "reference-transaction",
        "test \"$1\" != prepared || { echo no >&2; exit 1; }",
    );
    let error = refused(&world, from, to);
    assert!(matches!(error, AdvanceError::Refused { .. }), "{error:?}");
    world.remove(".git/hooks/reference-transaction");

    // The last path that is written: all others have been by then.
    world.write(
        ".git/info/attributes",
        "tool filter=broken\nswap/inner filter=broken\n",
    );
    world.git(&["config", "filter.broken.required", "true"]);
    world.git(&["config", "filter.broken.smudge", "false"]);
    world.git(&["config", "filter.broken.clean", "cat"]);
    let error = advance(&world, from, to).unwrap_err();
    assert!(matches!(error, AdvanceError::Refused { .. }), "{error:?}");
    world.remove(".git/info/attributes");
    assert_clean_at(&world, from);
}

#[test]
fn a_filter_that_fails_for_one_content_or_for_all() {
    let (world, from, to) = world();
    world.write(
        ".git/info/attributes",
        "changed filter=broken\nback/a filter=broken\n",
    );
    world.git(&["config", "filter.broken.required", "true"]);
    world.git(&["config", "filter.broken.clean", "cat"]);
    let smudge = |script: &str| world.git(&["config", "filter.broken.smudge", script]);
    smudge("x=$(cat); test \"$x\" = 1 && echo 1");
    let error = advance(&world, from, to).unwrap_err();
    assert!(matches!(error, AdvanceError::Refused { .. }), "{error:?}");
    assert_clean_at(&world, from);

    smudge("false");
    let error = advance(&world, from, to).unwrap_err();
    let AdvanceError::NotPutBack { paths, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(names(paths).contains(&"changed".to_owned()), "{paths:?}");
    let repository = world.open();
    let settle = || {
        let settled = repository.settle_worktree(&world.root(), &branch("main"), from, to);
        settled.unwrap()
    };
    assert_eq!(names(&settle().failed), names(paths));
    smudge("cat");
    assert_eq!(settle(), Settled::default());
    assert_clean_at(&world, from);
}

#[test]
fn line_ends_and_filters_are_those_of_each_commit() {
    let world = World::new();
    world.write("text", "1\n2\n");
    let from = world.commit("from");
    let to = world.topic(
        "topic",
        "main",
        &[
            (".gitattributes", Some("* text eol=crlf\n")),
            ("new", Some("1\n")),
        ],
    );
    world.git(&["checkout", "-q", "main"]);
    world.git(&["config", "core.autocrlf", "false"]);
    advance(&world, from, to).unwrap();
    assert_clean_at(&world, to);
    assert_eq!(std::fs::read(world.root().join("new")).unwrap(), b"1\r\n");
    advance(&world, to, from).unwrap();
    assert_clean_at(&world, from);
}

#[test]
fn submodules_stay_where_they_are() {
    let inner = World::new();
    inner.write("a", "1\n");
    let one = inner.commit("one");
    inner.write("a", "2\n");
    let two = inner.commit("two");
    let world = World::new();
    world.write("a", "1\n");
    let without = world.commit("without");
    let url = inner.root().display().to_string();
    world.git(&["submodule", "--quiet", "add", &url, "sub"]);
    let newer = world.commit("newer");
    world.git(&["config", "submodule.recurse", "true"]);
    world.git(&["update-index", "--cacheinfo", &format!("160000,{one},sub")]);
    world.git(&["commit", "-q", "-m", "older"]);
    let older = world.tip("HEAD");
    let sub = world.root().join("sub");
    write_at(&sub.join("a"), b"edited\n");

    advance(&world, older, newer).unwrap();
    assert_eq!(world.tip("main"), newer);
    assert_eq!(world.git_in(&sub, &["rev-parse", "HEAD"]), two.to_string());
    assert_eq!(std::fs::read(sub.join("a")).unwrap(), b"edited\n");
    advance(&world, newer, without).unwrap();
    assert_eq!(std::fs::read(sub.join("a")).unwrap(), b"edited\n");
    advance(&world, without, older).unwrap();
    assert_eq!(std::fs::read(sub.join("a")).unwrap(), b"edited\n");
    assert_eq!(
        world.git(&["ls-files", "-s", "sub"]),
        format!("160000 {one} 0\tsub")
    );

    world.git(&["update-index", "--cacheinfo", &format!("160000,{two},sub")]);
    let error = refused(&world, older, without);
    assert!(
        matches!(&error, AdvanceError::Dirty { paths } if names(paths) == ["sub"]),
        "{error:?}"
    );
}

#[test]
fn a_file_where_a_submodule_has_work() {
    let inner = World::new();
    inner.write("a", "1\n");
    inner.commit("one");
    let world = World::new();
    world.write("sub", "a file\n");
    let file = world.commit("file");
    world.git(&["rm", "-q", "sub"]);
    let url = inner.root().display().to_string();
    world.git(&["submodule", "--quiet", "add", &url, "sub"]);
    let module = world.commit("module");
    let error = refused(&world, module, file);
    assert!(
        matches!(&error, AdvanceError::InTheWay { paths } if names(paths) == ["sub"]),
        "{error:?}"
    );
}

#[test]
fn a_sparse_checkout_stays_sparse() {
    let world = World::new();
    world.write("in/a", "1\n");
    world.write("out/a", "1\n");
    let from = world.commit("from");
    let to = world.topic(
        "topic",
        "main",
        &[
            ("in/a", Some("2\n")),
            ("in/b", Some("2\n")),
            ("out/a", Some("2\n")),
            ("out/b", Some("2\n")),
        ],
    );
    world.git(&["checkout", "-q", "main"]);
    for sparse_index in ["--no-sparse-index", "--sparse-index"] {
        world.git(&["sparse-checkout", "set", "--cone", sparse_index, "in"]);
        advance(&world, from, to).unwrap();
        assert!(world.root().join("in/b").exists() && !world.root().join("out").exists());
        assert_clean_at(&world, to);
        advance(&world, to, from).unwrap();
        assert_clean_at(&world, from);
    }
}

#[test]
fn edits_that_git_was_told_to_overlook_are_not_lost() {
    let (world, from, to) = world();
    world.git(&["update-index", "--assume-unchanged", "changed"]);
    world.write("changed", "mine\n");
    let error = refused(&world, from, to);
    assert!(matches!(error, AdvanceError::Refused { .. }), "{error:?}");
    world.git(&["update-index", "--no-assume-unchanged", "changed"]);
    world.git(&["update-index", "--skip-worktree", "changed"]);
    let error = refused(&world, from, to);
    assert!(matches!(error, AdvanceError::Refused { .. }), "{error:?}");
}

#[test]
fn names_that_are_no_text_and_new_times() {
    let world = World::new();
    world.write_bytes(b"a\tb\n\xff", b"1\n");
    world.write("same", "1\n");
    world.write("touched", "1\n");
    let from = world.commit("from");
    world.start("topic", "main");
    world.write_bytes(b"a\tb\n\xff", b"2\n");
    world.write_bytes(b"new\n\xfe", b"2\n");
    world.write("touched", "2\n");
    let to = world.commit("to");
    world.git(&["checkout", "-q", "main"]);
    let file = std::fs::File::open(world.root().join("touched")).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    advance(&world, from, to).unwrap();
    assert_clean_at(&world, to);
    advance(&world, to, from).unwrap();
    world.write_bytes(b"new\n\xfe", b"mine\n");
    let error = refused(&world, from, to);
    assert!(
        matches!(&error, AdvanceError::InTheWay { paths } if paths[0].as_bytes() == b"new\n\xfe"),
        "{error:?}"
    );
}
