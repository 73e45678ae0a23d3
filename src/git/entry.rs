//! git's entry for a linked worktree (`worktrees/NAME` in the common directory: HEAD, index, what is under way), taken out of
//! git's sight as a whole, and brought back.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::scratch::io;
use super::worktree::path_of;
use super::worktree_add::settled;
use super::{GitError, Repository};

/// git numbers entries of the same name, too.
const MOST_NAMES: u32 = 10_000;

impl Repository {
    /// The name of the entry that stands for the worktree at `path`.
    ///
    /// # Errors
    /// When entries cannot be read.
    pub fn entry_name(&self, path: &Path) -> Result<Option<String>, GitError> {
        let admin = self.admin_dir(path)?;
        Ok(admin.and_then(|admin| Some(admin.file_name()?.to_str()?.to_owned())))
    }

    /// Whether the worktree of this entry has submodules with repositories of their own, which live in the entry.
    pub fn entry_has_submodules(&self, name: &str) -> bool {
        self.entries_dir().join(name).join("modules").is_dir()
    }

    /// Whether git has an entry of this name for the worktree at `path`.
    pub fn has_entry(&self, name: &str, path: &Path) -> bool {
        let stands_for = stands_for(&self.entries_dir().join(name));
        !name.is_empty() && stands_for.as_deref() == Some(&settled(path))
    }

    /// Takes the entry of the worktree at `path` away, to `to` in the common directory: one step, after which git knows of
    /// no worktree there. Done already, or pruned by somebody, it is done.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn take_entry(&self, name: &str, path: &Path, to: &Path) -> Result<(), GitError> {
        let entry = self.entries_dir().join(name);
        if to.exists() || stands_for(&entry).as_deref() != Some(&settled(path)) {
            return Ok(());
        }
        make_parent(to)?;
        std::fs::rename(&entry, to).map_err(io(&entry))?;
        // As git does with the last one.
        let _ = std::fs::remove_dir(self.entries_dir());
        Ok(())
    }

    /// Brings back an entry that [`Repository::take_entry`] has taken to `from`, for the worktree at `path`, whose directory
    /// is there already. Where another worktree has got its name since, it gets a new one. Done already, it is done.
    ///
    /// # Errors
    /// When it cannot be moved, or has submodules and needs another name.
    pub fn bring_entry(&self, from: &Path, name: &str, path: &Path) -> Result<(), GitError> {
        if !from.exists() {
            return Ok(());
        }
        let entries = self.entries_dir();
        let free = (1..MOST_NAMES)
            .map(|number| format!("{name}{number}"))
            .find(|name| !entries.join(name).exists());
        let entry = match entries.join(name) {
            own if !own.exists() => own,
            own if from.join("modules").exists() => {
                return Err(GitError::Read {
                    what: own.display().to_string(),
                    message: "another worktree has this entry by now, and submodules cannot be taken to another one"
                        .to_owned(),
                });
            }
            _ => entries.join(free.unwrap_or_else(|| name.to_owned())),
        };
        // Links that still fit stay as git has written them, which may be relative.
        if entry.file_name() != Some(name.as_ref()) || linked_to(path).as_ref() != Some(&entry) {
            let link = [b"gitdir: ", entry.as_os_str().as_encoded_bytes(), b"\n"].concat();
            replace(&path.join(".git"), &link)?;
        }
        if from_entry(from, &entry).as_deref() != Some(&settled(path)) {
            let dot_git = settled(path).join(".git");
            let link = [dot_git.as_os_str().as_encoded_bytes(), b"\n"].concat();
            replace(&from.join("gitdir"), &link)?;
        }
        make_parent(&entry)?;
        std::fs::rename(from, &entry).map_err(io(&entry))
    }

    fn entries_dir(&self) -> PathBuf {
        self.common_dir().join("worktrees")
    }
}

/// The worktree that an entry is about.
fn stands_for(entry: &Path) -> Option<PathBuf> {
    from_entry(entry, entry)
}

/// The same, read where it lies meanwhile; its links may be relative to its own place.
fn from_entry(lies_at: &Path, entry: &Path) -> Option<PathBuf> {
    let content = std::fs::read(lies_at.join("gitdir")).ok()?;
    let dot_git = entry.join(path_of(content.trim_ascii_end()));
    Some(settled(&normal(dot_git.parent()?)))
}

/// The entry that the worktree looks for.
fn linked_to(worktree: &Path) -> Option<PathBuf> {
    let content = std::fs::read(worktree.join(".git")).ok()?;
    let entry = content.strip_prefix(b"gitdir: ")?.trim_ascii_end();
    Some(normal(&worktree.join(path_of(entry))))
}

/// Without `..`, by name: the entry need not be there.
fn normal(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                result.pop();
            }
            other => result.push(other),
        }
    }
    result
}

fn make_parent(path: &Path) -> Result<(), GitError> {
    match path.parent() {
        Some(parent) => std::fs::create_dir_all(parent).map_err(io(parent)),
        None => Ok(()),
    }
}

fn replace(path: &Path, content: &[u8]) -> Result<(), GitError> {
    use std::io::Write as _;
    let write = || {
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).open(path);
        match file {
            // git makes it read-only on some systems.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                std::fs::remove_file(path)?;
                options.open(path)?.write_all(content)
            }
            file => file?.write_all(content),
        }
    };
    write().map_err(io(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::World;

    fn world() -> (World, PathBuf) {
        let world = World::new();
        world.write("a", "1\n");
        world.write(".gitignore", "ignored\n");
        world.commit("one");
        let path = world.outside().join("tree");
        world.git(&["worktree", "add", "-q", "-b", "x", "../tree"]);
        crate::git::testing::write_at(&path.join("a"), b"2\n");
        world.git_in(&path, &["add", "a"]);
        crate::git::testing::write_at(&path.join("a"), b"3\n");
        (world, path)
    }

    fn there_and_back(world: &World, path: &Path, meanwhile: impl Fn()) {
        let repository = world.open();
        let status = world.git_in(path, &["status", "--porcelain=v2", "--branch"]);
        let name = repository.entry_name(path).unwrap().unwrap();
        let (entry, aside) = (world.outside().join("entry"), world.outside().join("aside"));
        for _ in 0..2 {
            repository.take_entry(&name, path, &entry).unwrap();
        }
        assert_eq!(repository.entry_name(path).unwrap(), None);
        assert!(!world.git(&["worktree", "list"]).contains("/tree "));
        std::fs::rename(path, &aside).unwrap();
        meanwhile();
        std::fs::rename(&aside, path).unwrap();
        for _ in 0..2 {
            repository.bring_entry(&entry, &name, path).unwrap();
        }
        let again = world.git_in(path, &["status", "--porcelain=v2", "--branch"]);
        assert_eq!(again, status);
        world.git(&["fsck", "--strict"]);
        assert!(
            !world
                .git(&["worktree", "prune", "-n", "-v"])
                .contains("gitdir")
        );
    }

    #[test]
    fn with_all_that_is_staged_and_edited() {
        let (world, path) = world();
        there_and_back(&world, &path, || {
            world.git(&["worktree", "prune", "--expire", "now"]);
        });
        assert_eq!(
            world.open().entry_name(&path).unwrap().as_deref(),
            Some("tree")
        );
    }

    #[test]
    fn under_another_name_where_its_own_is_taken() {
        let (world, path) = world();
        there_and_back(&world, &path, || {
            world.git(&["worktree", "add", "-q", "--detach", "../elsewhere/tree"]);
        });
        let repository = world.open();
        assert_eq!(
            repository.entry_name(&path).unwrap().as_deref(),
            Some("tree1")
        );
        let other = world.outside().join("elsewhere/tree");
        assert_eq!(
            repository.entry_name(&other).unwrap().as_deref(),
            Some("tree")
        );
    }

    #[test]
    fn an_entry_of_another_worktree_stays() {
        let (world, path) = world();
        let repository = world.open();
        let entry = world.outside().join("entry");
        let other = world.outside().join("other");
        repository.take_entry("tree", &other, &entry).unwrap();
        assert!(!entry.exists());
        assert!(repository.entry_name(&path).unwrap().is_some());
    }
}
