//! Reading files out of commits and trees.

use std::collections::{BTreeMap, HashMap};

use super::{GitError, Repository};
use crate::domain::merge::{Entry, Mode};
use crate::domain::path::RepoPath;
use crate::domain::resolution::Version;
use crate::domain::revision::{BlobId, CommitId, TreeId};

impl Repository {
    /// The file's content at a commit; `None` where there is no such file.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn file_at(&self, commit: CommitId, path: &RepoPath) -> Result<Option<Vec<u8>>, GitError> {
        file_at(&self.local(), commit, path)
    }

    /// Every file of a tree with its mode and content id, in git's order. Trees in a scratch directory are read through
    /// [`super::Merger::tree_entries`].
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn tree_entries(&self, tree: TreeId) -> Result<Vec<(RepoPath, u32, BlobId)>, GitError> {
        tree_entries(&self.local(), tree)
    }

    /// # Errors
    /// When there is no such commit.
    pub fn read_blob(&self, id: BlobId) -> Result<Vec<u8>, GitError> {
        blob(&self.local(), id)
    }

    /// # Errors
    /// When there is no such commit.
    pub fn tree_of(&self, commit: CommitId) -> Result<TreeId, GitError> {
        tree_of(&self.local(), commit)
    }

    /// What a tree has at a path, if that is no directory.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn entry_at(&self, tree: TreeId, path: &RepoPath) -> Result<Option<Entry>, GitError> {
        let version = entry_at(&self.local(), tree, path)?;
        Ok(version.map(|version| Entry {
            mode: mode_of(version.mode),
            id: version.id,
        }))
    }

    /// What a tree has at these paths, if that is no directory. Each directory on the way is read once, however many paths
    /// lead through it.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn entries_at<'p>(
        &self,
        tree: TreeId,
        paths: impl IntoIterator<Item = &'p RepoPath>,
    ) -> Result<BTreeMap<&'p RepoPath, Entry>, GitError> {
        let paths = paths.into_iter().map(|path| (path.as_bytes(), path));
        let mut entries = BTreeMap::new();
        let id = object_id(tree.as_bytes());
        add_entries_at(&self.local(), id, paths.collect(), &mut entries)?;
        Ok(entries)
    }
}

pub(super) fn mode_of(mode: u32) -> Mode {
    match mode {
        0o100_755 => Mode::Executable,
        0o120_000 => Mode::Link,
        0o160_000 => Mode::Submodule,
        _ => Mode::File,
    }
}

/// `paths`: what is left of each below the directory, and the whole.
fn add_entries_at<'p>(
    gix: &gix::Repository,
    id: gix::ObjectId,
    paths: Vec<(&'p [u8], &'p RepoPath)>,
    entries: &mut BTreeMap<&'p RepoPath, Entry>,
) -> Result<(), GitError> {
    type Below<'p> = (Vec<&'p RepoPath>, Vec<(&'p [u8], &'p RepoPath)>);
    let mut by_name: HashMap<&[u8], Below<'p>> = HashMap::new();
    for (left, path) in paths {
        match left.iter().position(|byte| *byte == b'/') {
            Some(at) => {
                let (_, below) = by_name.entry(&left[..at]).or_default();
                below.push((&left[at + 1..], path));
            }
            None => by_name.entry(left).or_default().0.push(path),
        }
    }
    if by_name.is_empty() {
        return Ok(());
    }
    let fail = |error: gix::Error| unreadable(format!("tree {id}"), &error);
    let tree = gix.find_tree(id).map_err(fail)?;
    for entry in tree.iter() {
        let entry = entry.map_err(|error| unreadable(format!("tree {id}"), &error))?;
        let name: &[u8] = entry.filename();
        let Some((here, below)) = by_name.remove(name) else {
            continue;
        };
        let mode = entry.mode();
        if mode.is_tree() {
            add_entries_at(gix, entry.object_id(), below, entries)?;
            continue;
        }
        let mode = mode_of(u32::from(mode.value()));
        let id = blob_id(entry.object_id())?;
        entries.extend(here.into_iter().map(|path| (path, Entry { mode, id })));
    }
    Ok(())
}

pub(super) fn file_at(
    gix: &gix::Repository,
    commit: CommitId,
    path: &RepoPath,
) -> Result<Option<Vec<u8>>, GitError> {
    let what = || format!("{path} at {}", commit.short());
    let tree = gix
        .find_commit(object_id(commit.as_bytes()))
        .and_then(|commit| commit.tree())
        .map_err(|error| unreadable(what(), &error))?;
    let segments = path.as_bytes().split(|byte| *byte == b'/');
    let entry = tree
        .lookup_entry(segments)
        .map_err(|error| unreadable(what(), &error))?;
    match entry {
        Some(entry) if entry.mode().is_blob_or_symlink() => gix
            .find_blob(entry.object_id())
            .map(|mut blob| Some(blob.take_data()))
            .map_err(|error| unreadable(what(), &error)),
        _ => Ok(None),
    }
}

/// Mode and id of what a tree has at a path, if that is no directory.
pub(super) fn entry_at(
    gix: &gix::Repository,
    tree: TreeId,
    path: &RepoPath,
) -> Result<Option<Version>, GitError> {
    let fail = |error: gix::Error| unreadable(format!("{path} in tree {tree}"), &error);
    let tree = gix.find_tree(object_id(tree.as_bytes())).map_err(fail)?;
    let segments = path.as_bytes().split(|byte| *byte == b'/');
    let entry = tree.lookup_entry(segments).map_err(fail)?;
    match entry {
        Some(entry) if !entry.mode().is_tree() => Ok(Some(Version {
            mode: u32::from(entry.mode().value()),
            id: blob_id(entry.object_id())?,
        })),
        _ => Ok(None),
    }
}

pub(super) fn tree_of(gix: &gix::Repository, commit: CommitId) -> Result<TreeId, GitError> {
    gix.find_commit(object_id(commit.as_bytes()))
        .and_then(|commit| commit.tree_id())
        .map_err(|error| unreadable(format!("commit {commit}"), &error))
        .and_then(|id| tree_id(id.detach()))
}

pub(super) fn blob(gix: &gix::Repository, id: BlobId) -> Result<Vec<u8>, GitError> {
    gix.find_blob(object_id(id.as_bytes()))
        .map(|mut blob| blob.take_data())
        .map_err(|error| unreadable(format!("blob {id}"), &error))
}

pub(super) fn tree_entries(
    gix: &gix::Repository,
    tree: TreeId,
) -> Result<Vec<(RepoPath, u32, BlobId)>, GitError> {
    let mut entries = Vec::new();
    let mut prefix = Vec::new();
    add_entries(gix, object_id(tree.as_bytes()), &mut prefix, &mut entries)?;
    Ok(entries)
}

pub(super) fn add_entries(
    gix: &gix::Repository,
    id: gix::ObjectId,
    prefix: &mut Vec<u8>,
    entries: &mut Vec<(RepoPath, u32, BlobId)>,
) -> Result<(), GitError> {
    let tree = gix
        .find_tree(id)
        .map_err(|error| unreadable(format!("tree {id}"), &error))?;
    for entry in tree.iter() {
        let entry = entry.map_err(|error| unreadable(format!("tree {id}"), &error))?;
        let outer = prefix.len();
        prefix.extend_from_slice(entry.filename());
        if entry.mode().is_tree() {
            prefix.push(b'/');
            add_entries(gix, entry.object_id(), prefix, entries)?;
        } else {
            let path = RepoPath::new(prefix.as_slice());
            let mode = u32::from(entry.mode().value());
            entries.push((path, mode, blob_id(entry.object_id())?));
        }
        prefix.truncate(outer);
    }
    Ok(())
}

/// # Panics
/// Never: the ids of `domain` have the lengths of git's hashes, and no other.
pub(super) fn object_id(bytes: &[u8]) -> gix::ObjectId {
    gix::ObjectId::from_bytes_or_panic(bytes)
}

pub(super) fn commit_id(id: gix::ObjectId) -> Result<CommitId, GitError> {
    CommitId::from_bytes(id.as_slice()).ok_or_else(|| strange(id))
}

pub(super) fn tree_id(id: gix::ObjectId) -> Result<TreeId, GitError> {
    TreeId::from_bytes(id.as_slice()).ok_or_else(|| strange(id))
}

pub(super) fn blob_id(id: gix::ObjectId) -> Result<BlobId, GitError> {
    BlobId::from_bytes(id.as_slice()).ok_or_else(|| strange(id))
}

fn strange(id: gix::ObjectId) -> GitError {
    GitError::Read {
        what: format!("object {id}"),
        message: "its id has an unknown length".to_owned(),
    }
}

pub(super) fn unreadable(what: impl Into<String>, error: &impl std::fmt::Display) -> GitError {
    GitError::Read {
        what: what.into(),
        message: one_line(error),
    }
}

/// An error of gix on one line.
pub(super) fn one_line(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let parts: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::World;

    #[test]
    fn files_and_trees_are_read_as_git_prints_them() {
        let world = World::new();
        world.write("dir/run.sh", "#!/bin/sh\n");
        world.write("dir.txt", "beside\n");
        world.write("a", "one\n");
        world.make_executable("dir/run.sh");
        world.symlink("a", "link");
        world.write_bytes(b"b\xff", b"bytes");
        let commit = world.commit("files");
        world.git(&[
            "update-index",
            "--add",
            "--cacheinfo",
            &format!("160000,{commit},sub"),
        ]);
        world.git(&["commit", "-q", "-m", "gitlink"]);
        let commit = world.tip("HEAD");
        let repository = world.open();

        let tree = repository.commit(commit).unwrap().tree;
        let entries = repository.tree_entries(tree).unwrap();
        let printed: Vec<u8> = entries
            .iter()
            .flat_map(|(path, mode, id)| {
                let kind = if *mode == 0o160_000 { "commit" } else { "blob" };
                let mut line = format!("{mode:06o} {kind} {id}\t").into_bytes();
                line.extend_from_slice(path.as_bytes());
                line.push(0);
                line
            })
            .collect();
        assert_eq!(printed, world.git_bytes(&["ls-tree", "-r", "-z", "HEAD"]));

        let read = |path: &[u8]| repository.file_at(commit, &RepoPath::new(path)).unwrap();
        assert_eq!(read(b"dir/run.sh").unwrap(), b"#!/bin/sh\n");
        assert_eq!(read(b"b\xff").unwrap(), b"bytes");
        assert_eq!(read(b"link").unwrap(), b"a");
        for absent in [b"dir".as_slice(), b"nothing", b"a/b", b"sub", b""] {
            assert_eq!(read(absent), None, "{absent:?}");
        }
    }

    #[test]
    fn a_missing_commit_is_an_error() {
        let world = World::new();
        world.write("a", "one\n");
        world.commit("one");
        let nowhere = CommitId::from_hex(&"1".repeat(40)).unwrap();
        let answer = world.open().file_at(nowhere, &RepoPath::new("a"));
        assert!(matches!(answer, Err(GitError::Read { .. })), "{answer:?}");
    }

    #[test]
    fn many_paths_are_found_as_each_of_them() {
        let world = World::new();
        for path in ["a", "d/b", "d/e/c", "d.x/f", "z"] {
            world.write(path, path);
        }
        let tip = world.commit("files");
        let repository = world.open();
        let tree = repository.tree_of(tip).unwrap();
        let paths: Vec<RepoPath> = [
            "a", "d", "d/b", "d/e/c", "d/e/none", "d.x/f", "a/b", "none/x",
        ]
        .into_iter()
        .map(RepoPath::new)
        .collect();
        let found = repository.entries_at(tree, &paths).unwrap();
        assert_eq!(found.len(), 4);
        for path in &paths {
            let alone = repository.entry_at(tree, path).unwrap();
            assert_eq!(found.get(path), alone.as_ref(), "{path}");
        }
    }
}
