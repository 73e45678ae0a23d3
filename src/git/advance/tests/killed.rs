//! What a kill leaves in the middle of a move, and who has worked on since.

use super::*;

/// Everything that a kill can leave between the first file and the last step, for a move that was to be made and for one that
/// was to be taken back.
#[test]
fn killed_at_each_step() {
    type Step = fn(&World, CommitId, CommitId);
    let steps: [(&str, Step); 7] = [
        ("nothing yet", |_, _, _| {}),
        ("some files", |world, _, _| {
            world.write("changed", "2\n");
            world.remove("gone");
            world.write("new/deep/file", "2\n");
            world.remove("swap");
        }),
        ("half a file", |world, _, _| {
            world.write("changed", "");
            world.write("new/deep/file", "2");
            world.remove("swap");
            world.write("swap/inner", "2\n");
            world.remove("back");
        }),
        ("all files", |world, from, to| read_tree(world, from, to)),
        ("all files and the branch", |world, from, to| {
            read_tree(world, from, to);
            world.git(&["update-ref", "refs/heads/main", &to.to_string()]);
        }),
        ("all files and the index", |world, from, to| {
            read_tree(world, from, to);
            std::fs::rename(
                world.root().join(".git/other-index"),
                world.root().join(".git/index"),
            )
            .unwrap();
        }),
        ("everything but the lock", |world, from, to| {
            read_tree(world, from, to);
            world.git(&["update-ref", "refs/heads/main", &to.to_string()]);
            std::fs::rename(
                world.root().join(".git/other-index"),
                world.root().join(".git/index"),
            )
            .unwrap();
        }),
    ];
    for (what, step) in steps {
        for locked in [true, false] {
            for theirs in [false, true] {
                let (world, from, to) = world();
                step(&world, from, to);
                if theirs {
                    world.write("same", "mine\n");
                    world.write("mine", "mine\n");
                }
                if locked {
                    world.write(".git/index.lock", "held by tracks\n");
                    world.write(".git/tracks-index", "half of something");
                }
                let repository = world.open();
                let at = world.tip("main");
                let settled = repository
                    .settle_worktree(&world.root(), &branch("main"), from, to)
                    .unwrap();
                assert_eq!(settled, Settled::default(), "{what}");
                assert_eq!(world.tip("main"), at, "{what}");
                assert_nothing_left(&world);
                if theirs {
                    let status = world.git(&["status", "--porcelain"]);
                    assert_eq!(status, " M same\n?? mine", "{what}");
                    assert_eq!(std::fs::read(world.root().join("same")).unwrap(), b"mine\n");
                } else {
                    let _ = std::fs::remove_file(world.root().join(".git/other-index"));
                    assert_clean_at(&world, at);
                }
            }
        }
    }
}

fn read_tree(world: &World, from: CommitId, to: CommitId) {
    let (from, to) = (from.to_string(), to.to_string());
    let other = world.root().join(".git/other-index");
    std::fs::copy(world.root().join(".git/index"), &other).unwrap();
    let command = format!(
        "GIT_INDEX_FILE='{}' git read-tree -m -u {from} {to}",
        other.display()
    );
    let alias = format!("alias.go=!{command}");
    world.git(&["-c", &alias, "go"]);
}

#[test]
fn what_somebody_has_written_since_is_left_to_them() {
    let (world, from, to) = world();
    world.write(".git/index.lock", "held by tracks\n");
    world.write("changed", "mine\n");
    world.remove("gone");
    world.write("new/deep/file", "mine\n");
    world.remove("back");
    world.write("back", "mine\n");
    let repository = world.open();
    let settled = repository
        .settle_worktree(&world.root(), &branch("main"), from, to)
        .unwrap();
    assert_eq!(
        names(&settled.left),
        ["back", "changed", "new/deep/file", "back/a", "back/b"]
    );
    let read = |path: &str| std::fs::read(world.root().join(path)).unwrap();
    for path in ["changed", "new/deep/file", "back"] {
        assert_eq!(read(path), b"mine\n", "{path}");
    }
    assert_eq!(read("gone"), b"1\n");
    assert_nothing_left(&world);
}

#[test]
fn where_somebody_has_gone_on_nothing_is_settled() {
    let (world, from, to) = world();
    world.write(".git/index.lock", "held by tracks\n");
    let repository = world.open();
    let settle = || {
        repository
            .settle_worktree(&world.root(), &branch("main"), from, to)
            .unwrap()
    };
    world.git(&["branch", "-q", "--force", "side", "topic"]);
    let theirs = world.git(&["commit-tree", "-m", "theirs", "main^{tree}", "-p", "main"]);
    world.git(&["update-ref", "refs/heads/main", &theirs]);
    world.write("changed", "2\n");
    assert_eq!(settle(), Settled::default());
    assert_nothing_left(&world);
    assert_eq!(world.git(&["status", "--porcelain"]), " M changed");

    world.git(&["update-ref", "refs/heads/main", &from.to_string()]);
    world.git(&["add", "changed"]);
    assert_eq!(names(&settle().left), ["changed"], "something is staged");
    assert_eq!(world.git(&["status", "--porcelain"]), "M  changed");

    world.write(".git/index.lock", "");
    let busy = repository.settle_worktree(&world.root(), &branch("main"), from, to);
    assert!(matches!(busy, Err(AdvanceError::Locked { .. })), "{busy:?}");
}
