//! Digests of what patterns select in trees, for which as few directories are read as the patterns allow.
//!
//! A directory that is selected as a whole is known by its own id and not read. What was found out about a directory is
//! remembered by its id, so that trees share what they have in common.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use super::engine::tree_changes;
use super::object::{object_id, unreadable};
use super::{GitError, Merger, Repository};
use crate::domain::merge::Changes;
use crate::domain::path::{Reach, Selection, Stage};
use crate::domain::revision::TreeId;

/// Stands for what is selected, with paths, modes and ids; `None`: nothing is.
pub type Selected = Option<[u8; 32]>;

/// What takes fewer directories than this to find out is not worth keeping.
const WORTH_KEEPING: usize = 16;

/// What has been found out about directories, by patterns, place in them, and id.
#[derive(Debug, Default)]
pub struct SelectedMemo {
    known: Mutex<HashMap<[u8; 32], Selected>>,
    learned: Mutex<BTreeMap<[u8; 32], Selected>>,
}

impl SelectedMemo {
    /// Adds what an earlier run had learned.
    pub fn recall(&self, known: impl IntoIterator<Item = ([u8; 32], Selected)>) {
        lock(&self.known).extend(known);
    }

    /// What took long enough to find out to be kept for the next run.
    pub fn learned(&self) -> Vec<([u8; 32], Selected)> {
        let learned = lock(&self.learned);
        learned.iter().map(|(key, value)| (*key, *value)).collect()
    }
}

impl Merger<'_> {
    /// Stands for the paths, modes and ids in a tree, which this merger may have written, that are selected: what differs
    /// in any of them has another one, what differs in none of them has the same.
    ///
    /// # Errors
    /// When a directory cannot be read.
    pub fn selected(
        &self,
        tree: TreeId,
        selection: &Selection,
        memo: &SelectedMemo,
    ) -> Result<Selected, GitError> {
        let stage = match selection.root() {
            Reach::Nothing => return Ok(None),
            Reach::Everything => {
                return Ok(Some(Sha256::digest(tree.as_bytes()).into()));
            }
            Reach::Some(stage) => stage,
        };
        let gix = self.local();
        let mut walk = Walk {
            gix: &gix,
            selection,
            patterns: fingerprint(selection),
            memo,
            read: 0,
            path: Vec::new(),
        };
        walk.digest(object_id(tree.as_bytes()), &stage)
    }

    /// Everything that differs between two trees, which this merger may have written; a rename is two changes.
    ///
    /// # Errors
    /// When a directory cannot be read.
    pub fn changes(&self, from: TreeId, to: TreeId) -> Result<Changes, GitError> {
        tree_changes(&self.local(), from, to)
    }
}

impl Repository {
    /// As [`Merger::changes`], of trees that the repository has.
    ///
    /// # Errors
    /// When a tree cannot be read.
    pub fn changes(&self, from: TreeId, to: TreeId) -> Result<Changes, GitError> {
        tree_changes(&self.local(), from, to)
    }
}

struct Walk<'w> {
    gix: &'w gix::Repository,
    selection: &'w Selection,
    patterns: [u8; 32],
    memo: &'w SelectedMemo,
    /// Directories so far.
    read: usize,
    /// Of the directory at hand, with a `/` behind each segment.
    path: Vec<u8>,
}

impl Walk<'_> {
    fn digest(&mut self, id: gix::ObjectId, stage: &Stage) -> Result<Selected, GitError> {
        let key = self.key(id, stage);
        if let Some(known) = lock(&self.memo.known).get(&key) {
            return Ok(*known);
        }
        let before = self.read;
        self.read += 1;
        let tree = self
            .gix
            .find_tree(id)
            .map_err(|error| unreadable(format!("tree {id}"), &error))?;
        let mut hash = Sha256::new();
        let mut empty = true;
        for entry in tree.iter() {
            let entry = entry.map_err(|error| unreadable(format!("tree {id}"), &error))?;
            let (name, mode) = (entry.filename(), entry.mode());
            let outer = self.path.len();
            // What it is known by, if it is selected or anything in it is.
            let known_by = if mode.is_tree() {
                match self.selection.below(stage, name) {
                    Reach::Nothing => continue,
                    Reach::Everything => Some((b'd', entry.oid().as_bytes().to_vec())),
                    Reach::Some(stage) => {
                        self.path.extend_from_slice(name);
                        self.path.push(b'/');
                        let inner = self.digest(entry.object_id(), &stage)?;
                        self.path.truncate(outer);
                        inner.map(|inner| (b's', inner.to_vec()))
                    }
                }
            } else {
                self.path.extend_from_slice(name);
                let taken = self.selection.takes(stage, name, &self.path);
                self.path.truncate(outer);
                taken.then(|| (b'f', entry.oid().as_bytes().to_vec()))
            };
            let Some((kind, id)) = known_by else { continue };
            empty = false;
            hash.update([kind]);
            hash.update((name.len() as u64).to_le_bytes());
            hash.update(name);
            hash.update(mode.value().to_le_bytes());
            hash.update(id);
        }
        let selected: Selected = (!empty).then(|| hash.finalize().into());
        lock(&self.memo.known).insert(key, selected);
        if self.read - before >= WORTH_KEEPING {
            lock(&self.memo.learned).insert(key, selected);
        }
        Ok(selected)
    }

    fn key(&self, id: gix::ObjectId, stage: &Stage) -> [u8; 32] {
        let place: &[u8] = if self.selection.depends_on_place(stage) {
            &self.path
        } else {
            &[]
        };
        let mut hash = Sha256::new();
        for part in [
            &self.patterns,
            stage.to_bytes().as_slice(),
            place,
            id.as_slice(),
        ] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

fn fingerprint(selection: &Selection) -> [u8; 32] {
    let mut hash = Sha256::new();
    for pattern in selection.patterns() {
        hash.update((pattern.as_str().len() as u64).to_le_bytes());
        hash.update(pattern.as_str());
    }
    hash.finalize().into()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::path::{Pattern, RepoPath};
    use crate::git::testing::World;

    fn world() -> (World, Vec<TreeId>) {
        let world = World::new();
        let mut trees = Vec::new();
        let mut commit = |world: &World| {
            let tip = world.commit("next");
            trees.push(world.open().commit(tip).unwrap().tree);
        };
        for path in [
            "a.rs",
            "src/a.rs",
            "src/in/b.rs",
            "src/in/b.md",
            "docs/a.md",
        ] {
            world.write(path, "1\n");
        }
        commit(&world);
        for (path, text) in [
            ("src/a.rs", "2\n"),
            ("docs/a.md", "2\n"),
            ("docs/new/deep/b.rs", "1\n"),
            ("src/in/b.md", "2\n"),
            ("a.rs", "2\n"),
            ("src/a.rs", "1\n"),
        ] {
            world.write(path, text);
            commit(&world);
        }
        world.make_executable("src/in/b.rs");
        commit(&world);
        world.git(&["mv", "src/in", "in"]);
        commit(&world);
        world.remove("docs/new/deep/b.rs");
        world.write_bytes(b"docs/\xff.md", b"1\n");
        world.symlink("a.md", "docs/link.md");
        commit(&world);
        (world, trees)
    }

    fn selection(patterns: &[&str]) -> Selection {
        let pattern = |text: &&str| Pattern::new(text).unwrap();
        Selection::new(&patterns.iter().map(pattern).collect::<Vec<_>>())
    }

    #[test]
    fn two_trees_have_the_same_digest_where_nothing_selected_differs() {
        let (world, trees) = world();
        let repository = world.open();
        let merger = Merger::publishing(&repository, world.tip("HEAD"));
        let memo = SelectedMemo::default();
        for patterns in [
            &["**"][..],
            &["src"],
            &["src/**", "a.rs"],
            &["docs/*"],
            &["docs/**/*.md"],
            &["**/*.rs"],
            &["**/b.*"],
            &["*/in"],
            &["docs/[!a]*"],
            &["{src,docs}/*.{rs,md}"],
            &["nothing"],
            &[],
        ] {
            let selection = selection(patterns);
            let said: Vec<(Selected, Vec<_>)> = trees
                .iter()
                .map(|tree| {
                    let digest = merger.selected(*tree, &selection, &memo).unwrap();
                    let fresh = merger.selected(*tree, &selection, &SelectedMemo::default());
                    assert_eq!(digest, fresh.unwrap(), "{patterns:?}");
                    let mut entries = merger.tree_entries(*tree).unwrap();
                    entries.retain(|(path, _, _)| selection.matches(path));
                    (digest, entries)
                })
                .collect();
            for (digest, entries) in &said {
                assert_eq!(digest.is_none(), entries.is_empty(), "{patterns:?}");
                for (other, theirs) in &said {
                    assert_eq!(digest == other, entries == theirs, "{patterns:?}");
                }
            }
        }
    }

    #[test]
    fn only_directories_that_may_matter_are_read() {
        let (world, trees) = world();
        let repository = world.open();
        let merger = Merger::publishing(&repository, world.tip("HEAD"));
        for (patterns, read) in [
            (&["**"][..], 0),
            (&["src"], 1),
            (&["src/**", "docs/*"], 2),
            (&["src/in/b.rs"], 3),
            (&["**/*.rs"], 4),
        ] {
            let memo = SelectedMemo::default();
            merger
                .selected(trees[0], &selection(patterns), &memo)
                .unwrap();
            assert_eq!(lock(&memo.known).len(), read, "{patterns:?}");
        }
    }

    #[test]
    fn what_took_long_is_learned_and_can_be_recalled() {
        let world = World::new();
        for number in 0..20 {
            world.write(&format!("many/{number}/f"), &format!("{number}\n"));
        }
        world.write("few/f", "1\n");
        let tip = world.commit("files");
        let repository = world.open();
        let tree = repository.commit(tip).unwrap().tree;
        let merger = Merger::publishing(&repository, tip);
        let (memo, next) = (SelectedMemo::default(), SelectedMemo::default());
        let selection = selection(&["**/f"]);
        let digest = merger.selected(tree, &selection, &memo).unwrap();
        let learned = memo.learned();
        assert_eq!(learned.len(), 2, "the root, and what has most of it");
        next.recall(learned);
        assert_eq!(merger.selected(tree, &selection, &next).unwrap(), digest);
        assert_eq!(next.learned(), []);
        assert_eq!(lock(&next.known).len(), 2, "nothing was read");
    }

    #[test]
    fn changes_are_those_of_both_names() {
        let (world, trees) = world();
        let repository = world.open();
        let merger = Merger::publishing(&repository, world.tip("HEAD"));
        let changes = merger.changes(trees[7], trees[8]).unwrap();
        let paths: Vec<RepoPath> = changes.list().iter().map(|it| it.path.clone()).collect();
        let expected = ["in/b.md", "in/b.rs", "src/in/b.md", "src/in/b.rs"];
        assert_eq!(paths, expected.map(RepoPath::new));
    }
}
