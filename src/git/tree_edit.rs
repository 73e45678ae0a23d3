//! Trees with a few entries put in or taken out, and blobs carried from one object directory to another.

use gix::bstr::BStr;
use gix::objs::tree::{Editor, EntryKind};
use gix::prelude::{FindExt as _, Write as _};

use super::object::{blob, blob_id, entry_at, object_id, tree_id, unreadable};
use super::{GitError, Merger};
use crate::domain::path::RepoPath;
use crate::domain::resolution::Version;
use crate::domain::revision::{BlobId, CommitId, TreeId};

/// What becomes of one path of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEdit {
    pub path: RepoPath,
    /// Mode (as in a tree: `0o100644` …) and content; `None`: it is taken out.
    pub entry: Option<(u32, BlobId)>,
}

impl Merger<'_> {
    /// The tree with these edits, written where this merger writes. What is taken out comes first, so that a file can take the
    /// place of a folder that the same edits empty.
    ///
    /// # Errors
    /// When an object cannot be read or written, or a mode is none of a file, a link or a submodule.
    pub fn edited(&self, tree: TreeId, edits: &[TreeEdit]) -> Result<TreeId, GitError> {
        if edits.is_empty() {
            return Ok(tree);
        }
        let gix = self.local();
        let failed = |error: &dyn std::fmt::Display| unreadable(format!("tree {tree}"), &error);
        let mut buffer = Vec::new();
        let root = gix
            .objects
            .find_tree(&object_id(tree.as_bytes()), &mut buffer)
            .map_err(|error| failed(&error))?
            .into();
        let mut editor = Editor::new(root, &gix.objects, gix.object_hash());
        for edit in edits.iter().filter(|edit| edit.entry.is_none()) {
            editor
                .remove(segments(&edit.path))
                .map_err(|error| failed(&error))?;
        }
        for edit in edits {
            let Some((mode, id)) = edit.entry else {
                continue;
            };
            let kind =
                kind(mode).ok_or_else(|| failed(&format!("{} has mode {mode:o}", edit.path)))?;
            editor
                .upsert(segments(&edit.path), kind, object_id(id.as_bytes()))
                .map_err(|error| failed(&error))?;
        }
        let written = editor
            .write(|tree| gix.write_object(tree).map(gix::Id::detach))
            .map_err(|error| failed(&error))?;
        tree_id(written)
    }

    /// What a tree that this merger can read has at a path, if that is no directory.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn entry_at(&self, tree: TreeId, path: &RepoPath) -> Result<Option<Version>, GitError> {
        entry_at(&self.local(), tree, path)
    }

    /// # Errors
    /// When it cannot be written.
    pub fn empty_tree(&self) -> Result<TreeId, GitError> {
        let gix = self.local();
        let id = gix
            .write_object(gix::objs::Tree::empty())
            .map_err(|error| unreadable("the empty tree", &error))?;
        tree_id(id.detach())
    }

    /// Whether the object can be read here.
    pub fn has_blob(&self, id: BlobId) -> bool {
        self.local().has_object(object_id(id.as_bytes()))
    }

    /// As [`Merger::has_blob`], of a commit.
    pub fn has_commit(&self, id: CommitId) -> bool {
        self.local().has_object(object_id(id.as_bytes()))
    }

    /// # Errors
    /// When it cannot be written.
    pub fn write_blob(&self, content: &[u8]) -> Result<BlobId, GitError> {
        let gix = self.local();
        let id = gix
            .write_blob(content)
            .map_err(|error| unreadable("a new blob", &error))?;
        blob_id(id.detach())
    }

    /// A blob that this merger may have written.
    ///
    /// # Errors
    /// When there is no such blob.
    pub fn read_blob(&self, id: BlobId) -> Result<Vec<u8>, GitError> {
        blob(&self.local(), id)
    }

    /// Brings commits here that another merger wrote, oldest first, with all that they need and is not here yet. What they
    /// need comes before them, so that nothing that is here ever lacks a part.
    ///
    /// # Errors
    /// When an object cannot be read there or written here.
    pub fn take_commits(&self, from: &Merger<'_>, commits: &[CommitId]) -> Result<(), GitError> {
        let (there, here) = (from.local(), self.local());
        for commit in commits {
            take(&there, &here, object_id(commit.as_bytes()))?;
        }
        Ok(())
    }
}

/// An object and what it consists of. Parents of commits and the commits of submodules are not looked at.
fn take(
    there: &gix::Repository,
    here: &gix::Repository,
    id: gix::ObjectId,
) -> Result<(), GitError> {
    if here.has_object(id) {
        return Ok(());
    }
    let failed = |error: &dyn std::fmt::Display| unreadable(format!("object {id}"), &error);
    let object = there.find_object(id).map_err(|error| failed(&error))?;
    match object.kind {
        gix::objs::Kind::Commit => {
            let tree = gix::objs::CommitRefIter::from_bytes(&object.data, id.kind()).tree_id();
            take(there, here, tree.map_err(|error| failed(&error))?)?;
        }
        gix::objs::Kind::Tree => {
            for entry in gix::objs::TreeRefIter::from_bytes(&object.data, id.kind()) {
                let entry = entry.map_err(|error| failed(&error))?;
                if !entry.mode.is_commit() {
                    take(there, here, entry.oid.to_owned())?;
                }
            }
        }
        gix::objs::Kind::Blob | gix::objs::Kind::Tag => {}
    }
    here.objects
        .write_buf(object.kind, &object.data)
        .map(drop)
        .map_err(|error| failed(&error))
}

pub(super) fn segments(path: &RepoPath) -> impl Iterator<Item = &BStr> {
    path.as_bytes()
        .split(|byte| *byte == b'/')
        .map(gix::bstr::ByteSlice::as_bstr)
}

/// Files, links and submodules have one.
pub(super) fn kind(mode: u32) -> Option<EntryKind> {
    match mode {
        0o100_644 => Some(EntryKind::Blob),
        0o100_755 => Some(EntryKind::BlobExecutable),
        0o120_000 => Some(EntryKind::Link),
        0o160_000 => Some(EntryKind::Commit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::World;

    #[test]
    fn edits_give_the_tree_that_git_would_write() {
        let world = World::new();
        world.write("keep", "1\n");
        world.write("d/one", "1\n");
        world.write("d/two", "2\n");
        let before = world.commit("before");
        world.remove("d");
        world.write("d", "a file now\n");
        world.write("x/y/new", "new\n");
        world.make_executable("x/y/new");
        let after = world.commit("after");
        let repository = world.open();
        let merger = Merger::publishing(&repository, before);
        let path = |text: &str| RepoPath::new(text);
        let put = |name: &str, mode: u32, text: &str| TreeEdit {
            path: path(name),
            entry: Some((mode, merger.write_blob(text.as_bytes()).unwrap())),
        };
        let out = |name: &str| TreeEdit {
            path: path(name),
            entry: None,
        };
        let edits = [
            put("d", 0o100_644, "a file now\n"),
            out("d/one"),
            out("d/two"),
            out("was/never/there"),
            put("x/y/new", 0o100_755, "new\n"),
        ];
        let tree = merger
            .edited(merger.tree_of(before).unwrap(), &edits)
            .unwrap();
        assert_eq!(tree, merger.tree_of(after).unwrap());
    }

    #[test]
    fn commits_are_carried_over_with_all_they_need() {
        let world = World::new();
        world.write("keep", "1\n");
        world.write("d/one", "1\n");
        let base = world.commit("base");
        let repository = world.open();
        let scratch = Merger::scratch(&repository, base, &world.outside().join("s")).unwrap();
        let blob = scratch.write_blob(b"text\n").unwrap();
        let edit = TreeEdit {
            path: RepoPath::new("d/e/two"),
            entry: Some((0o100_644, blob)),
        };
        let tree = scratch
            .edited(scratch.tree_of(base).unwrap(), &[edit])
            .unwrap();
        let commit = scratch
            .write_commit(&crate::git::NewCommit {
                tree,
                parents: vec![base],
                time: crate::domain::time::Timestamp(5),
                message: "x\n".to_owned(),
            })
            .unwrap();
        let publishing = Merger::publishing(&repository, base);
        assert!(publishing.read_blob(blob).is_err());
        publishing.take_commits(&scratch, &[commit]).unwrap();
        drop(scratch);
        world.git(&["update-ref", "refs/heads/taken", &commit.to_string()]);
        world.git(&["fsck", "--strict"]);
        assert_eq!(world.git(&["show", "taken:d/e/two"]), "text");
        // The blob, three trees and the commit.
        assert_eq!(
            world.git(&["rev-list", "--objects", "--count", "taken", "^main"]),
            "5"
        );
    }
}
