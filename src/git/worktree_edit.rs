//! Changing single files in a worktree that somebody works in, and its index with them, as they would with git themselves.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::executable::{fields, run};
use super::worktree::path_of;
use super::{GitError, Repository};
use crate::domain::path::RepoPath;

impl Repository {
    /// Where a file is in a worktree.
    pub fn file_in(worktree: &Path, path: &RepoPath) -> PathBuf {
        worktree.join(path_of(path.as_bytes()))
    }

    /// Those of the paths that are not as HEAD has them: changed, in the index or on disk, untracked, or ignored.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn not_as_committed(
        &self,
        worktree: &Path,
        paths: &BTreeSet<&RepoPath>,
    ) -> Result<Vec<RepoPath>, GitError> {
        let cmd = self
            .cmd_in(worktree)
            .env("GIT_LITERAL_PATHSPECS", "1")
            .args(["status", "--porcelain", "-z", "--no-renames"])
            .args(["--untracked-files=all", "--ignored=matching", "--"])
            .args(paths.iter().map(|path| path_of(path.as_bytes())));
        let printed = run(&cmd, "status")?;
        // Two letters and a blank.
        let changed = fields(&printed).filter_map(|field| field.get(3..));
        Ok(changed.map(RepoPath::new).collect())
    }

    /// As `git mv`, which writes nothing over; directories are made.
    ///
    /// # Errors
    /// When git refuses.
    pub fn move_file(
        &self,
        worktree: &Path,
        from: &RepoPath,
        to: &RepoPath,
    ) -> Result<(), GitError> {
        let target = Repository::file_in(worktree, to);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).map_err(|error| GitError::Protocol {
                command: "mv".to_owned(),
                message: format!("{}: {error}", parent.display()),
            })?;
        }
        let cmd = self
            .cmd_in(worktree)
            .env("GIT_LITERAL_PATHSPECS", "1")
            .args(["mv", "--"])
            .args([from, to].map(|path| path_of(path.as_bytes())));
        run(&cmd, "mv").map(drop)
    }

    /// As `git add`, of one file.
    ///
    /// # Errors
    /// When git refuses.
    pub fn stage(&self, worktree: &Path, path: &RepoPath) -> Result<(), GitError> {
        let cmd = self
            .cmd_in(worktree)
            .env("GIT_LITERAL_PATHSPECS", "1")
            .args(["add", "--"])
            .arg(path_of(path.as_bytes()));
        run(&cmd, "add").map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::World;

    #[test]
    fn files_move_and_are_staged_in_their_worktree() {
        let world = World::new();
        world.write("a[1]", "one\n");
        world.write("b", "two\n");
        world.git(&["add", "--all"]);
        world.git(&["commit", "-q", "-m", "Begin"]);
        let (repository, dir) = (world.open(), world.root());
        let paths = |all: &[&str]| -> Vec<RepoPath> { all.iter().map(RepoPath::new).collect() };
        let changed = |all: &[&str]| {
            let paths = paths(all);
            let set: BTreeSet<&RepoPath> = paths.iter().collect();
            repository.not_as_committed(&dir, &set).unwrap()
        };
        assert_eq!(changed(&["a[1]", "b", "deep/er/c"]), paths(&[]));
        let [from, to] = [RepoPath::new("a[1]"), RepoPath::new("deep/er/c")];
        repository.move_file(&dir, &from, &to).unwrap();
        assert_eq!(world.git(&["ls-files"]), "b\ndeep/er/c");
        assert_eq!(changed(&["a[1]", "b"]), paths(&["a[1]"]));
        assert!(
            repository
                .move_file(&dir, &to, &RepoPath::new("b"))
                .is_err()
        );
        world.write("new", "x");
        assert_eq!(changed(&["new"]), paths(&["new"]));
        repository.stage(&dir, &RepoPath::new("new")).unwrap();
        assert_eq!(world.git(&["ls-files", "new"]), "new");
    }
}
