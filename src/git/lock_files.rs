//! The lock files that gits leave where they are killed: each keeps every later git from what it locks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Repository;
use crate::process::clock;

/// One lock file that is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockFile {
    pub path: PathBuf,
    /// How long it has been there.
    pub age: Duration,
}

impl Repository {
    /// The lock files of the repository, of its refs and of its worktrees, by path. What cannot be read has none.
    pub fn lock_files(&self) -> Vec<LockFile> {
        let common = self.common_dir();
        let mut paths = Vec::new();
        direct(common, &mut paths);
        below(&common.join("refs"), &mut paths);
        let entries = std::fs::read_dir(common.join("worktrees"));
        for entry in entries.into_iter().flatten().flatten() {
            direct(&entry.path(), &mut paths);
        }
        paths.sort();
        let now = clock::file_time();
        let of = |path: PathBuf| {
            let made = path.symlink_metadata().ok()?.modified().ok()?;
            let age = now.duration_since(made).unwrap_or_default();
            Some(LockFile { path, age })
        };
        paths.into_iter().filter_map(of).collect()
    }
}

fn is_lock(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "lock") && path.is_file()
}

fn direct(dir: &Path, paths: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    paths.extend(entries.map(|entry| entry.path()).filter(|it| is_lock(it)));
}

fn below(dir: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => below(&path, paths),
            _ if is_lock(&path) => paths.push(path),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::git::testing::World;

    #[test]
    fn wherever_git_makes_them() {
        let world = World::new();
        world.write("a", "1\n");
        world.commit("one");
        world.git(&["worktree", "add", "-q", "-b", "side", "../side"]);
        let repository = world.open();
        assert_eq!(repository.lock_files(), []);
        let common = repository.common_dir();
        let places = [
            "index.lock",
            "packed-refs.lock",
            "refs/heads/x/y.lock",
            "worktrees/side/index.lock",
        ];
        for place in places {
            crate::git::testing::write_at(&common.join(place), b"");
        }
        let found: Vec<_> = repository.lock_files();
        let found: Vec<_> = found.iter().map(|it| it.path.clone()).collect();
        assert_eq!(found, places.map(|place| common.join(place)));
    }
}
