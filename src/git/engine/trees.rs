//! Trees as differences: reading what differs between two, and writing one from a base and what differs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use gix::objs::tree::{EntryKind, EntryMode};

use crate::domain::merge::{Change, Changes, Entry, Mode, directories_of};
use crate::domain::path::RepoPath;
use crate::domain::revision::TreeId;
use crate::git::GitError;
use crate::git::object::{blob_id, object_id, tree_id, unreadable};

/// Everything that differs between two trees. What does not differ is not read.
pub(in crate::git) fn changes(
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

/// The directories of one tree, each read once.
#[derive(Debug)]
pub(super) struct Directories {
    root: TreeId,
    /// By directory: the directories in it.
    listed: Mutex<HashMap<RepoPath, Arc<Listing>>>,
}

type Listing = HashMap<Box<[u8]>, gix::ObjectId>;

impl Directories {
    pub(super) fn of(root: TreeId) -> Self {
        Directories {
            root,
            listed: Mutex::default(),
        }
    }

    /// `None`: there is no such directory.
    fn find(
        &self,
        gix: &gix::Repository,
        directory: &RepoPath,
    ) -> Result<Option<gix::ObjectId>, GitError> {
        let bytes = directory.as_bytes();
        let cut = bytes.iter().rposition(|byte| *byte == b'/');
        let (parent, name) = match cut {
            Some(cut) => (RepoPath::new(&bytes[..cut]), &bytes[cut + 1..]),
            None => (RepoPath::new(""), bytes),
        };
        let lock = || self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().get(&parent).cloned();
        let listing = match known {
            Some(listing) => listing,
            None => {
                let tree = match cut {
                    Some(_) => self.find(gix, &parent)?,
                    None => Some(object_id(self.root.as_bytes())),
                };
                let listing =
                    Arc::new(tree.map_or_else(|| Ok(Listing::default()), |tree| list(gix, tree))?);
                lock().insert(parent, Arc::clone(&listing));
                listing
            }
        };
        Ok(listing.get(name).copied())
    }
}

/// The directories in a tree.
fn list(gix: &gix::Repository, tree: gix::ObjectId) -> Result<Listing, GitError> {
    let tree = gix
        .find_tree(tree)
        .map_err(|error| unreadable("trees", &error))?;
    let mut listing = Listing::default();
    for entry in tree.iter() {
        let entry = entry.map_err(|error| unreadable("trees", &error))?;
        if entry.mode().is_tree() {
            listing.insert(entry.filename().to_vec().into(), entry.object_id());
        }
    }
    Ok(listing)
}

/// What differs from a tree, whose directories are given, after `more` has been done on top of `so_far`. `before` in `more`
/// is what `so_far` has made of the path.
pub(super) fn on_top(
    gix: &gix::Repository,
    directories: &Directories,
    so_far: &Changes,
    more: &[Change],
) -> Result<Changes, GitError> {
    let fate = Fate {
        gix,
        directories,
        list: so_far.followed_by(more),
    };
    let (removed, added) = so_far.directories();
    let (mut removed, mut added) = (removed.clone(), added.clone());
    // Where a file takes the place of a file, directories stay as they are.
    let parents: BTreeSet<RepoPath> = more
        .iter()
        .filter(|change| change.before.is_none() || change.after.is_none())
        .flat_map(|change| directories_of(&change.path))
        .collect();
    for directory in parents {
        let (before, after) = fate.of(&directory)?;
        for (set, is_in) in [
            (&mut removed, before && !after),
            (&mut added, after && !before),
        ] {
            match is_in {
                true => set.insert(directory.clone()),
                false => set.remove(&directory),
            };
        }
    }
    Ok(Changes::new(fate.list, removed, added))
}

/// What becomes of a tree's directories.
struct Fate<'a> {
    gix: &'a gix::Repository,
    directories: &'a Directories,
    /// Ascending by path.
    list: Vec<Change>,
}

impl Fate<'_> {
    /// Whether the directory was there, and whether it still is or is now.
    fn of(&self, directory: &RepoPath) -> Result<(bool, bool), GitError> {
        let mut prefix = directory.as_bytes().to_vec();
        prefix.push(b'/');
        let start =
            (self.list).partition_point(|change| change.path.as_bytes() < prefix.as_slice());
        let anything_left = self.list[start..]
            .iter()
            .take_while(|change| change.path.as_bytes().starts_with(&prefix))
            .any(|change| change.after.is_some());
        Ok(match self.directories.find(self.gix, directory)? {
            None => (false, anything_left),
            Some(_) if anything_left => (true, true),
            Some(tree) => (true, !self.all_deleted(tree, &mut prefix)?),
        })
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
                let path = prefix.as_slice();
                (self.list)
                    .binary_search_by(|change| change.path.as_bytes().cmp(path))
                    .is_ok_and(|found| self.list[found].after.is_none())
            };
            prefix.truncate(outer);
            if !deleted {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Writes the tree that base becomes by these changes. Contents need not be here: a partial clone has not all of them.
pub(super) fn write(
    gix: &gix::Repository,
    base: TreeId,
    changes: &[Change],
) -> Result<TreeId, GitError> {
    let fail = |error: gix::Error| unreadable("a new tree", &error);
    if changes.is_empty() {
        return Ok(base);
    }
    let root = gix
        .find_tree(object_id(base.as_bytes()))
        .and_then(|tree| tree.decode().map(gix::objs::TreeRef::into_owned))
        .map_err(fail)?;
    let mut editor = gix::objs::tree::Editor::new(root, &gix.objects, gix.object_hash());
    let components = |path: &RepoPath| -> Vec<gix::bstr::BString> {
        let names = path.as_bytes().split(|byte| *byte == b'/');
        names.map(gix::bstr::BString::from).collect()
    };
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
    let written = editor.write(|tree| gix.write_object(tree).map(gix::Id::detach));
    tree_id(written.map_err(fail)?)
}
