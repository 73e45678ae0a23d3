//! Trees of uncommitted work beside what `git add -A` makes of it.

use std::fs::File;
use std::path::Path;

use super::changes::{Changes, Edited};
use super::doubt::{Doubt, Moment};
use super::index_copy::IndexCopy;
use super::{Snapshot, edited_tree, reading, status};
use crate::domain::path::RepoPath;
use crate::domain::revision::{BlobId, TreeId};
use crate::git::Merger;
use crate::git::testing::{World, write_at, write_script};
use crate::process::cores;

mod random;

fn world() -> World {
    let world = World::new();
    world.write(".gitignore", "*.log\n");
    world.write("a", "1\n");
    world.write("b", "1\n");
    world.commit("one");
    world
}

fn with_merger<T>(world: &World, ask: impl FnOnce(&Merger<'_>) -> T) -> T {
    let repository = world.open();
    let root = world.outside().join("scratch");
    let merger = Merger::scratch(&repository, world.tip("main"), &root).unwrap();
    ask(&merger)
}

fn take(world: &World, worktree: &Path) -> Snapshot {
    with_merger(world, |merger| {
        merger.snapshot(worktree, world.tip("main"), 1).unwrap()
    })
}

/// The short way, or why it is not gone.
fn short(world: &World, worktree: &Path) -> Result<TreeId, Doubt> {
    with_merger(world, |merger| {
        let changes = Changes::parse(&status(merger, worktree, cores().get()).unwrap().stdout);
        let tree = merger.tree_of(world.tip("main")).unwrap();
        edited_tree(merger, worktree, tree, &changes)
    })
}

/// The long way.
fn long(world: &World, worktree: &Path) -> Snapshot {
    with_merger(world, |merger| {
        let copy = IndexCopy::new(merger, worktree).unwrap();
        copy.write_tree(merger, worktree).unwrap()
    })
}

/// As [`check`], where the short way has to do.
fn check_short(world: &World) {
    if let Err(doubt) = short(world, &world.root()) {
        panic!("the long way is gone because of {doubt}");
    }
    check(world, &world.root());
}

/// As [`check`], where the short way must not be gone.
#[track_caller]
fn check_long(world: &World, why: &str) {
    let doubt = short(world, &world.root()).unwrap_err();
    assert!(doubt.to_string().contains(why), "{doubt}");
    check(world, &world.root());
}

/// Takes the snapshot and checks it against a commit of everything, and that index and status are as before.
fn check(world: &World, worktree: &Path) {
    let index = std::fs::read(world.open().git_dir_of(worktree).unwrap().join("index")).ok();
    let status = world.git_in(worktree, &["--no-optional-locks", "status", "--porcelain"]);
    let objects = world.objects();
    let Snapshot::Dirty(tree) = take(world, worktree) else {
        panic!("not dirty");
    };
    assert_eq!(world.objects(), objects, "no object reaches the repository");
    assert_eq!(
        std::fs::read(world.open().git_dir_of(worktree).unwrap().join("index")).ok(),
        index
    );
    let after = world.git_in(worktree, &["--no-optional-locks", "status", "--porcelain"]);
    assert_eq!(after, status);
    let scratch = world.outside().join("scratch");
    assert_eq!(std::fs::read_dir(scratch).unwrap().count(), 0);
    world.git_in(worktree, &["add", "-A"]);
    assert_eq!(tree.to_string(), world.git_in(worktree, &["write-tree"]));
}

#[test]
fn clean() {
    let world = world();
    world.write("ignored.log", "x\n");
    let tree = world.open().commit(world.tip("main")).unwrap().tree;
    assert_eq!(take(&world, &world.root()), Snapshot::Clean(tree));
}

#[test]
fn everything_uncommitted_counts() {
    let world = world();
    world.write("a", "2\n");
    world.write("staged", "1\n");
    world.git(&["add", "staged"]);
    world.write("staged", "2\n");
    world.write("intent", "1\n");
    world.git(&["add", "-N", "intent"]);
    world.remove("b");
    world.write("dir/untracked", "1\n");
    world.write("ignored.log", "x\n");
    world.write_bytes(b"odd \xff\n", b"x");
    world.symlink("a", "link");
    world.symlink("nowhere", "dir/link");
    world.write("tool", "#!/bin/sh\n");
    world.make_executable("tool");
    check_short(&world);
}

#[test]
fn an_edit_in_the_second_of_the_index_is_seen() {
    let world = world();
    let repository = world.open();
    let index = world.root().join(".git/index");
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    let set = |path: &Path| {
        let file = File::options().append(true).open(path).unwrap();
        file.set_modified(time).unwrap();
    };
    set(&world.root().join("a"));
    world.git(&["-c", "core.trustctime=false", "update-index", "--refresh"]);
    world.git(&["config", "core.trustctime", "false"]);
    set(&index);
    std::fs::OpenOptions::new()
        .write(true)
        .open(world.root().join("a"))
        .and_then(|mut file| std::io::Write::write_all(&mut file, b"2\n"))
        .unwrap();
    set(&world.root().join("a"));
    let tip = world.tip("main");
    let merger = Merger::scratch(&repository, tip, &world.outside().join("scratch")).unwrap();
    let Snapshot::Dirty(tree) = merger.snapshot(&world.root(), tip, 1).unwrap() else {
        panic!("the edit was missed");
    };
    let entries = merger.tree_entries(tree).unwrap();
    let entry = entries.iter().find(|entry| entry.0 == RepoPath::new("a"));
    let expected = world.git(&["hash-object", "a"]);
    assert_eq!(entry.unwrap().2.to_string(), expected);
}

#[test]
fn linked_worktrees_and_kinds_of_index() {
    for setting in ["core.splitIndex", "core.untrackedCache", "index.sparse"] {
        let world = world();
        world.git(&["config", setting, "true"]);
        world.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
        let linked = world.outside().join("linked");
        world.git_in(&linked, &["update-index", "--refresh"]);
        write_at(&linked.join("a"), b"2\n");
        write_at(&linked.join("new"), b"2\n");
        check(&world, &linked);
    }
}

#[test]
fn sparse_checkouts_keep_what_is_not_there() {
    let world = world();
    world.write("in/file", "1\n");
    world.write("out/file", "1\n");
    world.commit("two");
    world.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
    world.write("in/file", "2\n");
    assert!(!world.root().join("out").exists());
    check(&world, &world.root());
}

#[test]
fn without_an_index_everything_is_read_anew() {
    let world = world();
    world.write("a", "2\n");
    world.remove(".git/index");
    check(&world, &world.root());
}

#[test]
fn unfinished_work_is_not_content() {
    let world = world();
    world.topic("topic", "main", &[("a", Some("topic\n"))]);
    world.git(&["checkout", "-q", "main"]);
    world.write("a", "main\n");
    world.commit("main");
    assert!(!world.git_try(&["merge", "topic"]));
    let tree = world.open().commit(world.tip("main")).unwrap().tree;
    let reason = "it is in the middle of a merge, so only its last commit counts".to_owned();
    let expected = Snapshot::TipOnly { tree, reason };
    assert_eq!(take(&world, &world.root()), expected);
    world.remove(".git/MERGE_HEAD");
    let reason = "it has unmerged paths, so only its last commit counts".to_owned();
    let expected = Snapshot::TipOnly { tree, reason };
    assert_eq!(take(&world, &world.root()), expected);
}

#[test]
fn an_empty_repository_inside_makes_it_unavailable() {
    let world = world();
    world.git(&["init", "-q", "nested"]);
    let Snapshot::Unavailable(reason) = take(&world, &world.root()) else {
        panic!("available");
    };
    assert!(reason.contains("nested/"), "{reason}");
}

#[test]
fn publishing_writes_to_the_repository() {
    let world = world();
    world.write("a", "2\n");
    let repository = world.open();
    let tip = world.tip("main");
    let merger = Merger::publishing(&repository, tip);
    let Snapshot::Dirty(tree) = merger.snapshot(&world.root(), tip, 1).unwrap() else {
        panic!("not dirty");
    };
    assert_eq!(world.git(&["cat-file", "-p", &format!("{tree}:a")]), "2");
}

#[test]
fn a_file_for_a_folder_and_a_folder_for_a_file() {
    for staged in [false, true] {
        let world = world();
        world.write("folder/deep/x", "1\n");
        world.write("folder/y", "1\n");
        world.commit("two");
        world.remove("a");
        world.write("a/in/side", "1\n");
        world.remove("folder");
        if staged {
            world.git(&["add", "-A"]);
        }
        world.write("folder", "1\n");
        if staged {
            // Once more the other way round, on top of what is staged.
            world.git(&["add", "-A"]);
            world.remove("folder");
            world.write("folder/deep/new", "1\n");
        }
        check_short(&world);
    }
}

#[test]
fn what_git_does_not_look_at_in_the_worktree_stays() {
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let world = world();
        world.write("folder/x", "1\n");
        world.write("c", "1\n");
        world.commit("two");
        world.write("staged", "1\n");
        world.git(&["add", "staged"]);
        world.git(&["update-index", flag, "a", "b", "folder/x", "staged"]);
        world.write("a", "2\n");
        for gone in ["b", "folder", "staged"] {
            world.remove(gone);
        }
        world.write("c", "2\n");
        check_short(&world);
    }
    let world = world();
    world.write("folder/x", "1\n");
    world.commit("two");
    world.git(&["update-index", "--assume-unchanged", "a", "folder/x"]);
    for gone in ["a", "folder"] {
        world.remove(gone);
    }
    world.write("folder", "in the way\n");
    world.write("a/x", "in the way\n");
    check_short(&world);
}

#[test]
fn line_ends_are_left_alone_where_the_index_has_them() {
    for setting in ["true", "input"] {
        let world = world();
        world.write("crlf", "1\r\n2\r\n");
        world.write("lf", "1\n2\n");
        world.commit("two");
        world.git(&["config", "core.autocrlf", setting]);
        for path in ["crlf", "lf", "new"] {
            world.write(path, "1\r\n2\r\n3\r\n");
        }
        check_short(&world);
    }
}

#[test]
fn filters_and_attributes_of_the_worktree_apply() {
    let world = world();
    world.git(&["config", "filter.upper.clean", "tr a-z A-Z"]);
    world.git(&["config", "filter.upper.smudge", "tr A-Z a-z"]);
    world.write(".gitattributes", "*.up filter=upper\n");
    world.write("x.up", "one\n");
    world.commit("two");
    world.write("x.up", "two\n");
    world.write("dir/y.up", "new\n");
    world.write("dir/.gitattributes", "*.txt text eol=crlf\n*.up -filter\n");
    world.write("dir/a.txt", "1\r\n");
    world.write("dir/id", "$Id$ $Id: x $\n");
    world.write(".gitattributes", "*.up filter=upper\nid ident\n");
    check_short(&world);
}

#[test]
fn a_filter_that_fails_makes_it_unavailable() {
    let world = world();
    world.git(&["config", "filter.broken.clean", "false"]);
    world.git(&["config", "filter.broken.required", "true"]);
    world.write(".gitattributes", "b filter=broken\n");
    world.write("b", "2\n");
    let Snapshot::Unavailable(reason) = take(&world, &world.root()) else {
        panic!("available");
    };
    assert!(reason.contains("filter"), "{reason}");
}

#[test]
fn attributes_that_only_the_index_has() {
    let begin = || {
        let world = world();
        world.write("dir/.gitattributes", "* text\n");
        world.write("dir/x", "1\n");
        world.commit("two");
        world.write("dir/x", "1\r\n2\r\n");
        world
    };
    check_short(&begin());
    let world = begin();
    world.remove("dir/.gitattributes");
    check_long(&world, "attributes");
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let world = begin();
        world.git(&["update-index", flag, "dir/.gitattributes"]);
        world.remove("dir/.gitattributes");
        check_long(&world, "attributes");
        let world = begin();
        world.write(".gitattributes", "* text\n");
        world.git(&["add", ".gitattributes"]);
        world.git(&["update-index", flag, ".gitattributes"]);
        world.remove(".gitattributes");
        check_long(&world, "attributes");
    }
}

#[test]
fn modes_where_the_file_system_has_none() {
    let world = world();
    world.write("tool", "1\n");
    world.make_executable("tool");
    world.commit("two");
    world.git(&["config", "core.fileMode", "false"]);
    for path in ["tool", "new"] {
        world.write(path, "2\n");
    }
    for path in ["a", "new"] {
        world.make_executable(path);
    }
    world.remove("b");
    world.symlink("a", "b");
    check_short(&world);
}

#[test]
fn a_mode_alone_is_a_change() {
    let world = world();
    world.make_executable("a");
    check_short(&world);
}

#[test]
fn names_that_differ_in_case_only() {
    let begin = || {
        let world = world();
        world.write("Folder/Name", "1\n");
        world.commit("two");
        world.git(&["config", "core.ignoreCase", "true"]);
        world
    };
    let world = begin();
    world.write("Folder/Other", "1\n");
    world.write("a", "2\n");
    world.remove("b");
    check_short(&world);
    // As after a rename on a file system that takes both for one.
    let world = begin();
    world.git(&["mv", "Folder/Name", "Folder/nAME"]);
    world.write("Folder/nAME", "2\n");
    check_long(&world, "case");
    let world = begin();
    world.write("fOLDER/new", "1\n");
    check_long(&world, "case");
    let world = begin();
    world.write("new", "1\n");
    world.git(&["add", "new"]);
    world.write("New/x", "1\n");
    check_long(&world, "case");
    world.git(&["config", "core.ignoreCase", "false"]);
}

#[test]
fn submodules_count_by_their_commit() {
    let world = world();
    world.git(&["init", "-q", "sub"]);
    let sub = world.root().join("sub");
    let commit = |content: &str| {
        write_at(&sub.join("f"), content.as_bytes());
        world.git_in(&sub, &["add", "-A"]);
        world.git_in(&sub, &["commit", "-q", "-m", content]);
    };
    commit("1");
    world.commit("two");
    write_at(&sub.join("f"), b"dirty");
    write_at(&sub.join("untracked"), b"x");
    let tree = world.open().commit(world.tip("main")).unwrap().tree;
    assert_eq!(take(&world, &world.root()), Snapshot::Clean(tree));
    assert_eq!(long(&world, &world.root()), Snapshot::Dirty(tree));
    world.write("a", "2\n");
    check_short(&world);
    commit("2");
    // Not even this keeps `git add` from taking it in.
    world.git(&["config", "diff.ignoreSubmodules", "all"]);
    check_long(&world, "submodules");
}

#[test]
fn repositories_inside_are_taken_as_git_takes_them() {
    let world = world();
    world.git(&["init", "-q", "deep/nested"]);
    let nested = world.root().join("deep/nested");
    world.git_in(&nested, &["commit", "-q", "--allow-empty", "-m", "1"]);
    write_at(&nested.join("file"), b"x");
    world.write("deep/beside", "1\n");
    check_long(&world, "repositories");
}

#[test]
fn a_sparse_checkout_that_was_made_whole_again() {
    let world = world();
    world.write("in/file", "1\n");
    world.commit("two");
    world.git(&["sparse-checkout", "set", "--cone", "in"]);
    world.write("in/file", "2\n");
    check_long(&world, "sparse");
    world.git(&["sparse-checkout", "disable"]);
    world.write("in/file", "3\n");
    check_short(&world);
}

#[test]
fn staged_content_that_is_not_here() {
    let world = world();
    let absent = format!("100644,{},x", "1".repeat(40));
    world.git(&["update-index", "--add", "--cacheinfo", &absent]);
    world.git(&["update-index", "--assume-unchanged", "x"]);
    assert!(matches!(short(&world, &world.root()), Err(Doubt::Missing)));
    assert!(matches!(
        take(&world, &world.root()),
        Snapshot::Unavailable(_)
    ));
}

#[test]
fn trees_of_old_are_written_as_git_writes_them_today() {
    let world = world();
    let blob = BlobId::from_hex(&world.git(&["rev-parse", "HEAD:a"])).unwrap();
    let entries = ["100664 a", "100644 b"];
    let tree = entries.map(|entry| [entry.as_bytes(), b"\0", blob.as_bytes()].concat());
    world.write_bytes(b"tree", &tree.concat());
    let tree = world.git(&["hash-object", "-w", "-t", "tree", "--literally", "tree"]);
    world.remove("tree");
    let commit = world.git(&["commit-tree", &tree, "-m", "old"]);
    world.git(&["reset", "-q", "--hard", &commit]);
    world.write("b", "2\n");
    check_short(&world);
}

#[test]
fn what_vanishes_or_moves_while_it_is_read_is_not_taken() {
    let world = world();
    let read = |path: &str, mode| {
        let file = Edited {
            path: RepoPath::new(path),
            staged: None,
            mode,
        };
        with_merger(&world, |merger| {
            reading::read(merger, &world.root(), &[file])
        })
    };
    world.write("folder/x", "1\n");
    assert!(read("a", None).is_ok());
    assert!(matches!(read("gone", None), Err(Doubt::Git(_))));
    assert!(matches!(read("folder", None), Err(Doubt::Git(_))));
    assert!(matches!(read("a", Some(0o120_000)), Err(Doubt::Moved)));

    world.git(&["config", "filter.touch.clean", "./touch"]);
    world.write("a", "1\n");
    world.write(".gitattributes", "a filter=touch\n");
    for meanwhile in ["echo more >>a", "rm a", "rm a; mkdir a"] {
        write_script(&world.root().join("touch"), &format!("cat; {meanwhile}"));
        world.write("a", "1\n");
        assert!(matches!(read("a", None), Err(Doubt::Moved)), "{meanwhile}");
        world.remove("touch");
        let _ = std::fs::remove_dir(world.root().join("a"));
    }
}

#[test]
fn a_head_or_an_index_that_moves_is_noticed() {
    let world = world();
    let (repository, tip) = (world.open(), world.tip("main"));
    let git_dir = repository.git_dir_of(&world.root()).unwrap();
    let moment = Moment::of(&git_dir);
    assert!(moment.still(&repository, tip).is_ok());
    world.git(&["commit", "-q", "--allow-empty", "-m", "two"]);
    assert!(matches!(moment.still(&repository, tip), Err(Doubt::Moved)));
    let tip = world.tip("main");
    let moment = Moment::of(&git_dir);
    assert!(moment.still(&repository, tip).is_ok());
    world.write("a", "2\n");
    world.git(&["add", "a"]);
    assert!(matches!(moment.still(&repository, tip), Err(Doubt::Moved)));
    world.git(&["checkout", "-q", "--detach"]);
    assert!(Moment::of(&git_dir).still(&repository, tip).is_ok());
    world.git(&["symbolic-ref", "HEAD", "refs/other/x"]);
    assert!(matches!(
        Moment::of(&git_dir).still(&repository, tip),
        Err(Doubt::Moved)
    ));
}

#[test]
fn nothing_committed_yet_or_another_commit_goes_the_long_way() {
    let world = world();
    let (repository, tip) = (world.open(), world.tip("main"));
    world.write("c", "1\n");
    world.commit("two");
    world.write("a", "2\n");
    let merger = Merger::scratch(&repository, tip, &world.outside().join("scratch")).unwrap();
    for _ in 0..2 {
        let Snapshot::Dirty(tree) = merger.snapshot(&world.root(), tip, 1).unwrap() else {
            panic!("not dirty");
        };
        assert_eq!(Snapshot::Dirty(tree), long(&world, &world.root()));
        assert!(merger.tree_entries(tree).unwrap().len() == 4);
        world.git(&["symbolic-ref", "HEAD", "refs/heads/unborn"]);
    }
}
