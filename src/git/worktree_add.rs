//! Adding a linked worktree, with nothing left behind where it fails.

use std::path::{Path, PathBuf};

use super::object::unreadable;
use super::repository::branch_name;
use super::worktree::run_beside_adds;
use super::{GitError, RefChange, RefError, Repository};
use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;

/// What a new worktree starts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// A branch that does not exist yet, at this commit, tracking nothing.
    NewBranch {
        name: BranchName,
        at: CommitId,
    },
    Branch(BranchName),
    Detached(CommitId),
}

/// Why a worktree was not added. Neither entry nor directory nor new branch is left behind.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error("{}", why_in_the_way(path))]
    InTheWay { path: PathBuf },
    /// The worktree is there and whole; a hook of the repository failed afterwards.
    #[error("the post-checkout hook failed: {message}")]
    Hook { message: String },
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Repository {
    /// `git worktree add`, tracking nothing, cleaned up after a failure (a killed one is mended by [`Repository::mend_worktree`]).
    /// Safe to call from several threads at once.
    ///
    /// # Errors
    /// See [`AddError`].
    pub fn add_worktree(&self, path: &Path, start: &Start) -> Result<(), AddError> {
        let path = settled(path);
        if let Some(path) = in_the_way(&path) {
            return Err(AddError::InTheWay { path });
        }
        let registered = self.admin_dir(&path)?.is_some();
        let created = self.starting_branch(start)?;
        let Err(error) = self.git_worktree_add(&path, start) else {
            return Ok(());
        };
        // An entry from before is why it failed, and not ours to clear away.
        if registered {
            self.delete_created(created);
            return Err(error.into());
        }
        match self.entry(&path)? {
            Some(entry) if !entry.half_made && entry.prunable.is_none() => Err(hook_failed(error)),
            entry => {
                // After an error git itself clears away; only where it was killed is what is left surely from it.
                if let (Some(entry), GitError::Program { status: None, .. }) = (entry, &error) {
                    self.mend_worktree(&entry)?;
                }
                // Fails where the directory is gone, as it should be, or holds what is not ours.
                let _ = std::fs::remove_dir(&path);
                self.delete_created(created);
                Err(error.into())
            }
        }
    }

    /// The branch beside which git cannot have one of this name: `a` and `a/b` would be a file and a directory.
    ///
    /// # Errors
    /// When refs cannot be read.
    pub fn branch_in_the_way(&self, name: &BranchName) -> Result<Option<BranchName>, GitError> {
        for (slash, _) in name.as_str().match_indices('/') {
            let above = BranchName::new(&name.as_str()[..slash]).ok();
            if let Some(above) = above
                && self.branch(&above)?.is_some()
            {
                return Ok(Some(above));
            }
        }
        let gix = self.local();
        let fail = |error: gix::Error| unreadable("refs", &error);
        let below = format!("{}/", name.full());
        let platform = gix.references().map_err(fail)?;
        let first = platform.prefixed(below.as_str()).map_err(fail)?.next();
        Ok(match first {
            Some(reference) => branch_name(reference.map_err(fail)?.name().as_bstr()),
            None => None,
        })
    }

    /// Makes the branch before git does: then it is known whose it is when the rest fails.
    fn starting_branch(&self, start: &Start) -> Result<Option<RefChange>, GitError> {
        match start {
            Start::Detached(_) => Ok(None),
            Start::Branch(name) => match self.branch(name)? {
                Some(_) => Ok(None),
                // git would look for one on a remote.
                None => Err(GitError::Read {
                    what: name.full(),
                    message: "there is no such branch".to_owned(),
                }),
            },
            Start::NewBranch { name, at } => {
                let change = RefChange {
                    name: name.full(),
                    before: None,
                    after: Some(*at),
                };
                let message = format!("branch: Created from {}", at.short());
                match self.update_refs(std::slice::from_ref(&change), &message) {
                    Ok(()) => Ok(Some(change)),
                    Err(RefError::Git(error)) => Err(error),
                    Err(RefError::Moved { name }) => Err(no_branch(format!("{name} exists"))),
                    Err(other) => Err(no_branch(other.to_string())),
                }
            }
        }
    }

    fn delete_created(&self, created: Option<RefChange>) {
        if let Some(change) = created {
            let deletion = RefChange {
                name: change.name,
                before: change.after,
                after: None,
            };
            // Only from the value it was made with: who moved it meanwhile needs it.
            let _ = self.update_refs(&[deletion], "tracks: worktree add failed");
        }
    }

    fn git_worktree_add(&self, path: &Path, start: &Start) -> Result<(), GitError> {
        let cmd = self.cmd().args(["worktree", "add", "--quiet"]);
        let cmd = match start {
            // The branch exists by now, so git sets up no tracking: parallel runs would race for the lock of the config.
            Start::Branch(name) | Start::NewBranch { name, .. } => {
                cmd.arg("--").arg(path).arg(name.as_str())
            }
            Start::Detached(commit) => cmd
                .args(["--detach", "--"])
                .arg(path)
                .arg(commit.to_string()),
        };
        run_beside_adds(&cmd, "worktree add").map(drop)
    }

    pub(super) fn entry(&self, path: &Path) -> Result<Option<super::Worktree>, GitError> {
        let list = self.worktrees()?;
        Ok(list.into_iter().find(|entry| entry.path == path))
    }
}

fn hook_failed(error: GitError) -> AddError {
    match error {
        GitError::Program { message, .. } => AddError::Hook { message },
        other => AddError::Git(other),
    }
}

fn no_branch(message: String) -> GitError {
    GitError::Program {
        command: "update-ref".to_owned(),
        status: None,
        message,
    }
}

/// What is there that a new worktree at `path` would need out of its way: at the path itself anything but an empty
/// directory, or above it what is no directory.
pub fn in_the_way(path: &Path) -> Option<PathBuf> {
    let there = |path: &Path| path.symlink_metadata().is_ok();
    if there(path) {
        let is_empty = std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
        return (!is_empty).then(|| path.to_owned());
    }
    let above = path.ancestors().skip(1).find(|above| there(above))?;
    (!above.is_dir()).then(|| above.to_owned())
}

/// What is wrong with what [`in_the_way`] found, as a sentence.
pub fn why_in_the_way(path: &Path) -> String {
    let what = match path.is_dir() {
        true => "exists and is not empty",
        false => "exists and is not a directory",
    };
    format!("{} {what}", path.display())
}

/// The path as git will list it, also while the end of it does not exist.
pub fn settled(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Ok(canonical) = path.canonicalize() {
        return canonical;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => settled(parent).join(name),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{World, branch, write_at};

    fn world() -> World {
        let world = World::new();
        world.write("a", "1\n");
        world.commit("one");
        world
    }

    fn new_branch(world: &World, name: &str) -> Start {
        Start::NewBranch {
            name: branch(name),
            at: world.tip("main"),
        }
    }

    #[test]
    fn each_kind_of_start() {
        let world = world();
        world.git(&["branch", "there"]);
        world.git(&["tag", "there", "main"]);
        let repository = world.open();
        let tip = world.tip("main");
        for (name, start, expected) in [
            ("new", new_branch(&world, "x/new"), Some("x/new")),
            ("old", Start::Branch(branch("there")), Some("there")),
            ("probe", Start::Detached(tip), None),
        ] {
            let path = world.outside().join("trees").join(name);
            repository.add_worktree(&path, &start).unwrap();
            let entry = repository.entry(&path).unwrap().unwrap();
            assert_eq!(entry.branch, expected.map(branch));
            assert_eq!(entry.commit, Some(tip));
            assert!(!entry.half_made && path.join("a").is_file());
            assert_eq!(world.git_in(&path, &["status", "--porcelain"]), "");
        }
        assert!(
            !world.git_try(&["config", "branch.x/new.remote"]),
            "tracks nothing"
        );
    }

    #[test]
    fn a_refusal_leaves_nothing() {
        let world = world();
        let repository = world.open();
        let path = world.outside().join("tree");
        let taken = branch("main");
        let nowhere = CommitId::from_hex(&"1".repeat(40)).unwrap();
        let starts = [
            Start::Branch(taken.clone()),
            Start::Branch(branch("missing")),
            Start::NewBranch {
                name: taken,
                at: world.tip("main"),
            },
            Start::NewBranch {
                name: branch("other"),
                at: nowhere,
            },
            Start::Detached(nowhere),
        ];
        for start in starts {
            let error = repository.add_worktree(&path, &start).unwrap_err();
            assert!(matches!(error, AddError::Git(_)), "{start:?}: {error:?}");
            assert!(!path.exists(), "{start:?}");
            assert_eq!(repository.worktrees().unwrap().len(), 1, "{start:?}");
            assert_eq!(world.git(&["branch", "--format=%(refname:short)"]), "main");
        }
        assert!(repository.branch(&branch("main")).unwrap().is_some());
    }

    #[test]
    fn a_failing_checkout_takes_its_branch_along() {
        let world = world();
        world.write(".gitattributes", "a filter=broken\n");
        world.commit("attributes");
        world.git(&["config", "filter.broken.required", "true"]);
        world.git(&["config", "filter.broken.smudge", "false"]);
        let repository = world.open();
        let path = world.outside().join("tree");
        let start = new_branch(&world, "new");
        let error = repository.add_worktree(&path, &start).unwrap_err();
        assert!(matches!(error, AddError::Git(_)), "{error:?}");
        assert!(!path.exists());
        assert_eq!(repository.branch(&branch("new")).unwrap(), None);
        assert_eq!(repository.worktrees().unwrap().len(), 1);
    }

    #[test]
    fn what_is_in_the_way_stays() {
        let world = world();
        let repository = world.open();
        let file = world.outside().join("file");
        write_at(&file, b"mine\n");
        let full = world.outside().join("full");
        write_at(&full.join("mine"), b"mine\n");
        let dangling = world.outside().join("dangling");
        std::os::unix::fs::symlink("nowhere", &dangling).unwrap();
        for path in [file, full, dangling] {
            let start = new_branch(&world, "new");
            let error = repository.add_worktree(&path, &start).unwrap_err();
            assert!(matches!(error, AddError::InTheWay { .. }), "{error:?}");
            assert!(path.symlink_metadata().is_ok());
            assert_eq!(repository.branch(&branch("new")).unwrap(), None);
        }
        let empty = world.outside().join("empty");
        std::fs::create_dir(&empty).unwrap();
        repository
            .add_worktree(&empty, &new_branch(&world, "new"))
            .unwrap();
        assert!(empty.join("a").is_file());
    }

    #[test]
    fn a_file_above_is_in_the_way_too() {
        let world = world();
        let file = world.outside().join("file");
        write_at(&file, b"mine\n");
        assert_eq!(in_the_way(&file.join("a/b")), Some(file.clone()));
        assert_eq!(in_the_way(&world.outside().join("no/such/a")), None);
        assert!(why_in_the_way(&file).ends_with("file exists and is not a directory"));
    }

    #[test]
    fn branches_that_cannot_be_beside_each_other() {
        let world = world();
        world.git(&["branch", "a/b"]);
        world.git(&["branch", "x/y/z"]);
        world.git(&["pack-refs", "--all"]);
        world.git(&["branch", "p/q"]);
        let repository = world.open();
        for (name, other) in [
            ("a", Some("a/b")),
            ("a/b/c/d", Some("a/b")),
            ("a/bc", None),
            ("a/c", None),
            ("x/y", Some("x/y/z")),
            ("p", Some("p/q")),
            ("new", None),
        ] {
            let found = repository.branch_in_the_way(&branch(name)).unwrap();
            assert_eq!(found, other.map(branch), "{name}");
        }
    }

    #[test]
    fn a_failing_hook_leaves_a_whole_worktree() {
        let world = world();
        world.hook("post-checkout", "echo out of order >&2; exit 3");
        let repository = world.open();
        let path = world.outside().join("tree");
        let error = repository
            .add_worktree(&path, &new_branch(&world, "new"))
            .unwrap_err();
        match error {
            AddError::Hook { message } => assert_eq!(message, "out of order"),
            other => panic!("{other:?}"),
        }
        let entry = repository.entry(&path).unwrap().unwrap();
        assert!(!entry.half_made && entry.locked.is_none());
        assert_eq!(world.git_in(&path, &["status", "--porcelain"]), "");
    }

    #[test]
    fn several_at_once() {
        let world = world();
        let repository = world.open();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (world, repository) = (&world, &repository);
                scope.spawn(move || {
                    for number in 0..3 {
                        let name = format!("t{thread}-{number}");
                        // The same last segment everywhere: git must find distinct entry names.
                        let path = world.outside().join("trees").join(&name).join("tree");
                        repository
                            .add_worktree(&path, &new_branch(world, &name))
                            .unwrap();
                    }
                });
            }
        });
        let list = repository.worktrees().unwrap();
        assert_eq!(list.len(), 13);
        assert!(
            list.iter()
                .all(|entry| !entry.half_made && entry.prunable.is_none())
        );
    }
}
