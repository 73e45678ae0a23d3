//! Each state that a killed `git worktree add` can leave, and what becomes of it.

use super::*;
use crate::git::Start;
use crate::git::testing::{World, branch, write_at};

const LONG: &str = "a first line\na second line\na third line\n";

struct Killed {
    world: World,
    repository: Repository,
    path: PathBuf,
    admin: PathBuf,
}

/// What is there when `git worktree add` is killed after it wrote some files and before it wrote the index.
fn killed() -> Killed {
    let world = World::new();
    world.write("a", LONG);
    world.write("b", LONG);
    world.write("dir/c", LONG);
    world.write(".gitignore", "*.log\n");
    world.commit("one");
    world.git(&["worktree", "add", "-q", "-b", "new", "../tree"]);
    let (path, admin) = (
        world.outside().join("tree"),
        world.root().join(".git/worktrees/tree"),
    );
    write_at(&admin.join("locked"), b"initializing");
    std::fs::rename(admin.join("index"), admin.join("index.lock")).unwrap();
    write_at(&path.join("a"), &LONG.as_bytes()[..20]);
    std::fs::remove_dir_all(path.join("dir")).unwrap();
    Killed {
        repository: world.open(),
        world,
        path,
        admin,
    }
}

impl Killed {
    fn mend(&self) -> Option<Worktree> {
        let entry = self.repository.entry(&self.path).unwrap().unwrap();
        self.repository.mend_worktree(&entry).unwrap();
        self.repository.entry(&self.path).unwrap()
    }

    fn status(&self) -> String {
        self.world
            .git_in(&self.path, &["status", "--porcelain", "--ignored"])
    }

    /// The same path can be used at once, with the branch that the killed run had made.
    fn add_again(&self) {
        let start = Start::Branch(branch("new"));
        self.repository.add_worktree(&self.path, &start).unwrap();
        assert_eq!(self.status(), "");
    }
}

#[test]
fn a_partial_checkout_is_cleared_away() {
    let killed = killed();
    let entry = killed.repository.entry(&killed.path).unwrap().unwrap();
    assert!(entry.half_made);
    assert_eq!(killed.mend(), None);
    assert!(!killed.path.exists() && !killed.admin.exists());
    killed.add_again();
}

#[test]
fn files_of_somebody_else_are_kept_and_the_rest_is_finished() {
    for (file, content) in [
        ("untracked", "mine\n"),
        ("ignored.log", "mine\n"),
        ("b", "edited\n"),
    ] {
        let killed = killed();
        write_at(&killed.path.join(file), content.as_bytes());
        let entry = killed.mend().unwrap();
        assert!(!entry.half_made && entry.locked.is_none());
        let read = |name: &str| std::fs::read_to_string(killed.path.join(name)).unwrap();
        assert_eq!(read(file), content);
        assert_eq!(read("a"), LONG, "cut off, and now whole");
        assert_eq!(read("dir/c"), LONG);
        assert_eq!(killed.status().lines().count(), 1, "{}", killed.status());
        assert!(!killed.admin.join("index.lock").exists());
    }
}

#[test]
fn with_its_index_only_the_lock_is_missing() {
    let killed = killed();
    std::fs::rename(killed.admin.join("index.lock"), killed.admin.join("index")).unwrap();
    write_at(&killed.admin.join("index.lock"), b"");
    killed.world.git_in(&killed.path, &["log", "-1"]);
    let entry = killed.mend().unwrap();
    assert!(!entry.half_made);
    assert!(!killed.admin.join("index.lock").exists());
}

#[test]
fn before_head_was_written_there_is_nothing_to_finish() {
    let killed = killed();
    write_at(
        &killed.admin.join("HEAD"),
        format!("{}\n", "0".repeat(40)).as_bytes(),
    );
    for name in ["a", "b", ".gitignore"] {
        std::fs::remove_file(killed.path.join(name)).unwrap();
    }
    assert_eq!(killed.mend(), None);
    assert!(!killed.path.exists());
    killed.add_again();
}

#[test]
fn killed_while_clearing_away() {
    let killed = killed();
    std::fs::remove_file(killed.path.join(".git")).unwrap();
    assert_eq!(killed.mend(), None);
    assert!(!killed.path.exists() && !killed.admin.exists());
    killed.add_again();

    let killed = self::killed();
    write_at(&killed.path.join("untracked"), b"mine\n");
    std::fs::remove_file(killed.path.join(".git")).unwrap();
    assert_eq!(killed.mend(), None);
    assert!(killed.path.join("untracked").is_file());
}

#[test]
fn the_lock_of_the_branch() {
    for (age, stays) in [(0, false), (9, true)] {
        let killed = killed();
        let lock = killed.world.root().join(".git/refs/heads/new.lock");
        write_at(&lock, b"");
        let file = std::fs::File::open(&lock).unwrap();
        let made = file.metadata().unwrap().modified().unwrap();
        file.set_modified(made - Duration::from_secs(age)).unwrap();
        killed.mend();
        assert_eq!(
            lock.exists(),
            stays,
            "older than the worktree: of another git"
        );
    }
}

#[test]
fn the_lock_of_the_packed_refs() {
    let lock_of = |killed: &Killed| killed.world.root().join(".git/packed-refs.lock");
    let ours = killed();
    write_at(&ours.admin.join("AUTO_MERGE.lock"), b"");
    write_at(&lock_of(&ours), b"");
    ours.mend();
    assert!(!lock_of(&ours).exists());

    let alone = killed();
    write_at(&lock_of(&alone), b"");
    alone.mend();
    assert!(lock_of(&alone).exists(), "of another git");

    let later = killed();
    write_at(&later.admin.join("AUTO_MERGE.lock"), b"");
    write_at(&lock_of(&later), b"");
    let file = std::fs::File::open(later.admin.join("AUTO_MERGE.lock")).unwrap();
    let made = file.metadata().unwrap().modified().unwrap();
    file.set_modified(made - Duration::from_secs(2)).unwrap();
    later.mend();
    assert!(lock_of(&later).exists(), "of another git");
}

#[test]
fn a_deleted_directory_is_forgotten() {
    for half in [true, false] {
        let killed = killed();
        std::fs::remove_dir_all(&killed.path).unwrap();
        if !half {
            std::fs::remove_file(killed.admin.join("locked")).unwrap();
        }
        assert_eq!(killed.mend(), None);
        killed.add_again();
    }
}

#[test]
fn a_gone_one_that_is_locked_stays() {
    let killed = killed();
    std::fs::remove_dir_all(&killed.path).unwrap();
    write_at(&killed.admin.join("locked"), b"on a stick");
    assert!(killed.mend().is_some_and(|entry| entry.prunable.is_some()));
    assert!(killed.admin.join("gitdir").is_file());
}

#[test]
fn work_that_only_an_entry_knows_of() {
    let world = World::new();
    world.write("a", "1\n");
    world.commit("one");
    world.git(&["tag", "known"]);
    world.git(&["worktree", "add", "-q", "-b", "x", "../x"]);
    let path = world.outside().join("x");
    let repository = world.open();
    let work = || {
        let entry = repository.entry(&path).unwrap().unwrap();
        repository.work_in_entry(&entry).unwrap()
    };
    assert_eq!(work(), None);
    write_at(&path.join("a"), b"2\n");
    assert_eq!(work(), None, "not in the entry");
    world.git_in(&path, &["add", "a"]);
    assert_eq!(work().as_deref(), Some("what is staged"));
    world.git_in(&path, &["commit", "-q", "-m", "two"]);
    assert_eq!(work(), None, "on the branch");
    world.git_in(&path, &["checkout", "-q", "--detach", "known"]);
    assert_eq!(work(), None, "on another one");
    world.git_in(&path, &["commit", "-q", "--allow-empty", "-m", "three"]);
    assert_eq!(work().as_deref(), Some("commits that are on no branch"));
    world.git_in(&path, &["merge", "-q", "--no-commit", "x"]);
    std::fs::remove_dir_all(&path).unwrap();
    assert_eq!(work().as_deref(), Some("an unfinished merge"));
}

#[test]
fn whole_and_locked_ones_are_left_alone() {
    let world = World::new();
    world.write("a", LONG);
    world.commit("one");
    world.git(&["worktree", "add", "-q", "-b", "x", "../x"]);
    world.git(&["worktree", "lock", "--reason", "mine", "../x"]);
    let repository = world.open();
    let before = repository.worktrees().unwrap();
    write_at(&world.outside().join("x/a"), b"edited\n");
    for entry in &before {
        repository.mend_worktree(entry).unwrap();
    }
    assert_eq!(repository.worktrees().unwrap(), before);
    let content = std::fs::read(world.outside().join("x/a")).unwrap();
    assert_eq!(content, b"edited\n");
}
