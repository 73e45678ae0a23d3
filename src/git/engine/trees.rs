//! Trees as differences: reading what differs between two, and writing one from a base and what differs.

use std::collections::{BTreeMap, BTreeSet};

use gix::objs::tree::{EntryKind, EntryMode};

use crate::domain::merge::{Change, Changes, Entry, Mode, directories_of};
use crate::domain::path::RepoPath;
use crate::domain::revision::TreeId;
use crate::git::GitError;
use crate::git::object::{blob_id, object_id, tree_id, unreadable};

/// Everything that differs between two trees. What does not differ is not read.
pub(super) fn changes(
    gix: &gix::Repository,
    from: TreeId,
    to: TreeId,
) -> Result<Changes, GitError> {
    let mut seen = Seen::default();
    if from != to {
        let fail = |error: gix::Error| unreadable("trees", &error);
        let (from, to) = (object_id(from.as_bytes()), object_id(to.as_bytes()));
        let (from, to) = (
            gix.find_tree(from).map_err(fail)?,
            gix.find_tree(to).map_err(fail)?,
        );
        let mut state = gix::diff::tree::State::default();
        let mut recorder = gix::diff::tree::Recorder::default();
        gix::diff::tree(
            gix::objs::TreeRefIter::from_bytes(&from.data, gix.object_hash()),
            gix::objs::TreeRefIter::from_bytes(&to.data, gix.object_hash()),
            &mut state,
            &gix.objects,
            &mut recorder,
        )
        .map_err(|error| unreadable("trees", &error))?;
        for record in recorder.records {
            seen.add(record)?;
        }
    }
    Ok(seen.changes())
}

#[derive(Default)]
struct Seen {
    paths: BTreeMap<RepoPath, (Option<Entry>, Option<Entry>)>,
    removed: BTreeSet<RepoPath>,
    added: BTreeSet<RepoPath>,
}

impl Seen {
    fn add(&mut self, record: gix::diff::tree::recorder::Change) -> Result<(), GitError> {
        use gix::diff::tree::recorder::Change::{Addition, Deletion, Modification};
        match record {
            Addition {
                entry_mode,
                oid,
                path,
                ..
            } => self.side(RepoPath::new(path), entry_mode, oid, true),
            Deletion {
                entry_mode,
                oid,
                path,
                ..
            } => self.side(RepoPath::new(path), entry_mode, oid, false),
            Modification {
                previous_entry_mode,
                previous_oid,
                entry_mode,
                oid,
                path,
            } => {
                if previous_entry_mode.is_tree() && entry_mode.is_tree() {
                    return Ok(());
                }
                let path = RepoPath::new(path);
                self.side(path.clone(), previous_entry_mode, previous_oid, false)?;
                self.side(path, entry_mode, oid, true)
            }
        }
    }

    fn side(
        &mut self,
        path: RepoPath,
        mode: EntryMode,
        id: gix::ObjectId,
        after: bool,
    ) -> Result<(), GitError> {
        if mode.is_tree() {
            let directories = if after {
                &mut self.added
            } else {
                &mut self.removed
            };
            directories.insert(path);
            return Ok(());
        }
        let entry = Entry {
            mode: from_git(mode.kind()),
            id: blob_id(id)?,
        };
        let slot = self.paths.entry(path).or_default();
        *(if after { &mut slot.1 } else { &mut slot.0 }) = Some(entry);
        Ok(())
    }

    fn changes(self) -> Changes {
        let change = |(path, (before, after))| Change {
            path,
            before,
            after,
        };
        Changes::new(
            self.paths.into_iter().map(change).collect(),
            self.removed,
            self.added,
        )
    }
}

fn from_git(kind: EntryKind) -> Mode {
    match kind {
        EntryKind::Blob | EntryKind::Tree => Mode::File,
        EntryKind::BlobExecutable => Mode::Executable,
        EntryKind::Link => Mode::Link,
        EntryKind::Commit => Mode::Submodule,
    }
}

fn to_git(mode: Mode) -> EntryKind {
    match mode {
        Mode::File => EntryKind::Blob,
        Mode::Executable => EntryKind::BlobExecutable,
        Mode::Link => EntryKind::Link,
        Mode::Submodule => EntryKind::Commit,
    }
}

/// The changes from `base` that this list makes, with the directories that vanish and appear by them.
pub(super) fn from_list(
    gix: &gix::Repository,
    base: TreeId,
    list: Vec<Change>,
) -> Result<Changes, GitError> {
    let after: BTreeMap<&RepoPath, bool> = list
        .iter()
        .map(|change| (&change.path, change.after.is_some()))
        .collect();
    let mut directories = Directories {
        gix,
        base,
        after: &after,
        known: BTreeMap::new(),
    };
    let (mut removed, mut added) = (BTreeSet::new(), BTreeSet::new());
    for change in &list {
        for directory in directories_of(&change.path) {
            match (change.before.is_some(), change.after.is_some()) {
                (true, false) if directories.vanishes(&directory)? => {
                    removed.insert(directory);
                }
                (false, true) if !directories.is_in_base(&directory)? => {
                    added.insert(directory);
                }
                _ => {}
            }
        }
    }
    Ok(Changes::new(list, removed, added))
}

/// What becomes of base's directories.
struct Directories<'a> {
    gix: &'a gix::Repository,
    base: TreeId,
    /// The changed paths, and whether they are there afterwards.
    after: &'a BTreeMap<&'a RepoPath, bool>,
    known: BTreeMap<RepoPath, Option<gix::ObjectId>>,
}

impl Directories<'_> {
    fn is_in_base(&mut self, directory: &RepoPath) -> Result<bool, GitError> {
        Ok(self.tree(directory)?.is_some())
    }

    fn tree(&mut self, directory: &RepoPath) -> Result<Option<gix::ObjectId>, GitError> {
        if let Some(known) = self.known.get(directory) {
            return Ok(*known);
        }
        let found = self
            .gix
            .find_tree(object_id(self.base.as_bytes()))
            .and_then(|tree| tree.lookup_entry(directory.as_bytes().split(|byte| *byte == b'/')))
            .map_err(|error| unreadable("trees", &error))?
            .filter(|entry| entry.mode().is_tree())
            .map(|entry| entry.object_id());
        self.known.insert(directory.clone(), found);
        Ok(found)
    }

    /// Whether base has it and nothing of it is left, nor anything new in it.
    fn vanishes(&mut self, directory: &RepoPath) -> Result<bool, GitError> {
        let mut prefix = directory.as_bytes().to_vec();
        prefix.push(b'/');
        let anything_left = self
            .after
            .range(RepoPath::new(prefix.as_slice())..)
            .take_while(|(path, _)| path.as_bytes().starts_with(&prefix))
            .any(|(_, left)| *left);
        match self.tree(directory)? {
            Some(tree) if !anything_left => self.all_deleted(tree, &mut prefix),
            _ => Ok(false),
        }
    }

    fn all_deleted(&self, tree: gix::ObjectId, prefix: &mut Vec<u8>) -> Result<bool, GitError> {
        let fail = |error: gix::Error| unreadable("trees", &error);
        let tree = self.gix.find_tree(tree).map_err(fail)?;
        for entry in tree.iter() {
            let entry = entry.map_err(|error| unreadable("trees", &error))?;
            let outer = prefix.len();
            prefix.extend_from_slice(entry.filename());
            let deleted = if entry.mode().is_tree() {
                prefix.push(b'/');
                self.all_deleted(entry.object_id(), prefix)?
            } else {
                self.after.get(&RepoPath::new(prefix.as_slice())) == Some(&false)
            };
            prefix.truncate(outer);
            if !deleted {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Writes the tree that base becomes by these changes.
pub(super) fn write(
    gix: &gix::Repository,
    base: TreeId,
    changes: &[Change],
) -> Result<TreeId, GitError> {
    let fail = |error: gix::Error| unreadable("a new tree", &error);
    if changes.is_empty() {
        return Ok(base);
    }
    let mut editor = gix.edit_tree(object_id(base.as_bytes())).map_err(fail)?;
    let components = |path: &RepoPath| gix::bstr::BString::from(path.as_bytes());
    // A file can only take the place of a directory that is gone.
    for change in changes.iter().filter(|change| change.after.is_none()) {
        editor.remove(components(&change.path)).map_err(fail)?;
    }
    for change in changes {
        if let Some(entry) = change.after {
            editor
                .upsert(
                    components(&change.path),
                    to_git(entry.mode),
                    object_id(entry.id.as_bytes()),
                )
                .map_err(fail)?;
        }
    }
    tree_id(editor.write().map_err(fail)?.detach())
}
