//! What is staged: how an index differs from a tree. Nothing is written, and the worktree is not looked at.
//!
//! An index knows the trees of directories in which nothing was staged since it was read from a commit; where such a tree is
//! the one to compare with, nothing below is looked at.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use gix::bstr::BString;
use gix::index::entry::{Flags, Stage};
use gix::index::extension::Tree as CachedTree;

use super::object::{add_entries, blob_id, mode_of, object_id, unreadable};
use super::{GitError, Repository};
use crate::domain::merge::{Change, Entry};
use crate::domain::path::RepoPath;
use crate::domain::revision::TreeId;
use crate::process::environment;

impl Repository {
    /// The index that git means where it has started us: the one that `GIT_INDEX_FILE` names (`commit -a` and commits of some
    /// paths have one of their own), else that of the current worktree.
    ///
    /// # Errors
    /// When there is no worktree, or the current directory is gone.
    pub fn index_file(&self) -> Result<PathBuf, GitError> {
        if let Some(named) = environment::set("GIT_INDEX_FILE").filter(|it| !it.is_empty()) {
            let here = environment::current_dir()
                .map_err(|error| unreadable("the current directory", &error))?;
            return Ok(here.join(named));
        }
        Ok(self.local().git_dir().join("index"))
    }

    /// How the index differs from a tree (`None`: from nothing), ascending by path. What is unmerged, or only intended to be
    /// added, is left out. No index at all is an empty one.
    ///
    /// # Errors
    /// When the index or a tree cannot be read.
    pub fn staged(&self, index: &Path, tree: Option<TreeId>) -> Result<Vec<Change>, GitError> {
        let gix = self.local();
        let file = gix::index::File::at_or_default(
            index,
            gix.object_hash(),
            true,
            gix::index::decode::Options::default(),
        )
        .map_err(|error| unreadable(index.display().to_string(), &error))?;
        let mut walk = Walk {
            gix: &gix,
            index: &file,
            found: Vec::new(),
        };
        let tree = tree.map(|tree| object_id(tree.as_bytes()));
        let all = 0..file.entries().len();
        walk.compare(&mut Vec::new(), all, file.tree(), tree)?;
        let mut found = walk.found;
        found.retain(|change| change.before != change.after);
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }
}

struct Walk<'w> {
    gix: &'w gix::Repository,
    index: &'w gix::index::State,
    found: Vec<Change>,
}

impl Walk<'_> {
    /// One directory, whose entries in the index are `range`. `prefix` ends in `/`, or is empty.
    fn compare(
        &mut self,
        prefix: &mut Vec<u8>,
        range: Range<usize>,
        cached: Option<&CachedTree>,
        tree: Option<gix::ObjectId>,
    ) -> Result<(), GitError> {
        let index = self.index;
        let known = cached.filter(|cached| cached.num_entries.is_some());
        if known.is_some_and(|cached| Some(cached.id) == tree) {
            return Ok(());
        }
        let mut in_tree = self.read(tree)?;
        let mut at = range.start;
        while at < range.end {
            let entry = &index.entries()[at];
            let rest = &entry.path(index)[prefix.len()..];
            let Some(slash) = rest.iter().position(|byte| *byte == b'/') else {
                let before = in_tree.remove(rest);
                at += 1;
                if entry.stage() != Stage::Unconflicted {
                    continue;
                }
                let path = RepoPath::new(entry.path(index));
                let is_there = !entry.flags.contains(Flags::INTENT_TO_ADD);
                let after = is_there.then_some((entry.mode.bits(), entry.id));
                match before {
                    Some((mode, id)) if is_tree(mode) => {
                        self.all_of(&path, id, false)?;
                        self.add(path, None, after)?;
                    }
                    before => self.add(path, before, after)?,
                }
                continue;
            };
            let name = BString::from(&rest[..slash]);
            let outer = prefix.len();
            prefix.extend_from_slice(&rest[..=slash]);
            let below = index.entries()[at..range.end]
                .partition_point(|entry| entry.path(index).starts_with(prefix));
            let tree = match in_tree.remove(&name[..]) {
                Some((mode, id)) if is_tree(mode) => Some(id),
                Some(file) => {
                    let path = RepoPath::new(&prefix[..prefix.len() - 1]);
                    self.add(path, Some(file), None)?;
                    None
                }
                None => None,
            };
            if entry.mode.is_sparse() {
                // A directory that is not checked out, as one entry.
                let path = RepoPath::new(&prefix[..prefix.len() - 1]);
                if tree != Some(entry.id) {
                    tree.map_or(Ok(()), |tree| self.all_of(&path, tree, false))?;
                    self.all_of(&path, entry.id, true)?;
                }
            } else {
                let children = cached.map(|cached| cached.children.iter());
                let child = children.and_then(|mut it| it.find(|it| it.name[..] == name[..]));
                self.compare(prefix, at..at + below, child, tree)?;
            }
            prefix.truncate(outer);
            at += below;
        }
        for (name, (mode, id)) in in_tree {
            let path = RepoPath::new([prefix.as_slice(), &name[..]].concat());
            match is_tree(mode) {
                true => self.all_of(&path, id, false)?,
                false => self.add(path, Some((mode, id)), None)?,
            }
        }
        Ok(())
    }

    fn read(
        &self,
        tree: Option<gix::ObjectId>,
    ) -> Result<BTreeMap<BString, (u32, gix::ObjectId)>, GitError> {
        let Some(id) = tree else {
            return Ok(BTreeMap::new());
        };
        let fail = |error: &dyn std::fmt::Display| unreadable(format!("tree {id}"), &error);
        let tree = self.gix.find_tree(id).map_err(|error| fail(&error))?;
        let entries = tree.iter().map(|entry| {
            let entry = entry.map_err(|error| fail(&error))?;
            let mode = u32::from(entry.mode().value());
            Ok((entry.filename().to_owned(), (mode, entry.object_id())))
        });
        entries.collect()
    }

    fn add(
        &mut self,
        path: RepoPath,
        before: Option<(u32, gix::ObjectId)>,
        after: Option<(u32, gix::ObjectId)>,
    ) -> Result<(), GitError> {
        let entry = |side: Option<(u32, gix::ObjectId)>| {
            side.map(|(mode, id)| {
                Ok(Entry {
                    mode: mode_of(mode),
                    id: blob_id(id)?,
                })
            })
            .transpose()
        };
        self.found.push(Change {
            path,
            before: entry(before)?,
            after: entry(after)?,
        });
        Ok(())
    }

    /// Everything in a directory, as added or as deleted.
    fn all_of(&mut self, dir: &RepoPath, tree: gix::ObjectId, added: bool) -> Result<(), GitError> {
        let mut entries = Vec::new();
        let mut prefix = [dir.as_bytes(), b"/"].concat();
        add_entries(self.gix, tree, &mut prefix, &mut entries)?;
        for (path, mode, id) in entries {
            let entry = Some(Entry {
                mode: mode_of(mode),
                id,
            });
            // The same path may be on both sides.
            let other = self.found.iter_mut().find(|it| added && it.path == path);
            match other {
                Some(change) => change.after = entry,
                None => self.found.push(Change {
                    path,
                    before: entry.filter(|_| !added),
                    after: entry.filter(|_| added),
                }),
            }
        }
        Ok(())
    }
}

fn is_tree(mode: u32) -> bool {
    mode & 0o170_000 == 0o040_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::World;

    /// As `git diff-index --cached --raw` prints it: modes, then the path.
    fn staged(world: &World, index: &str) -> Vec<String> {
        let repository = world.open();
        let head = world.tip("HEAD");
        let tree = repository.tree_of(head).unwrap();
        let found = repository.staged(&world.root().join(index), Some(tree));
        let shown = |entry: Option<Entry>| {
            entry.map_or("-".to_owned(), |entry| {
                format!("{:?} {}", entry.mode, &entry.id.to_string()[..7])
            })
        };
        let lines = found.unwrap().into_iter();
        let mut lines: Vec<String> = lines
            .map(|it| format!("{}: {} → {}", it.path, shown(it.before), shown(it.after)))
            .collect();
        lines.sort();
        lines
    }

    /// The same by git.
    fn by_git(world: &World, index: &str) -> Vec<String> {
        let raw = [
            "diff-index",
            "--ita-invisible-in-index",
            "--cached",
            "--raw",
            "--no-renames",
            "--abbrev=7",
            "HEAD",
        ];
        let printed = world.git_on(index, &raw);
        let mode = |mode: &str| match mode {
            "100644" => "File",
            "100755" => "Executable",
            "120000" => "Link",
            "160000" => "Submodule",
            other => panic!("{other}"),
        };
        let side = |bits: &str, id: &str| match bits {
            "000000" => "-".to_owned(),
            bits => format!("{} {id}", mode(bits)),
        };
        let mut lines: Vec<String> = printed
            .lines()
            .filter(|line| !line.contains(" U\t"))
            .map(|line| {
                let (facts, path) = line[1..].split_once('\t').unwrap();
                let facts: Vec<&str> = facts.split(' ').collect();
                let (before, after) = (side(facts[0], facts[2]), side(facts[1], facts[3]));
                format!("{path}: {before} → {after}")
            })
            .collect();
        lines.sort();
        lines
    }

    fn both(world: &World) -> Vec<String> {
        let ours = staged(world, ".git/index");
        assert_eq!(ours, by_git(world, ".git/index"));
        ours
    }

    fn world() -> World {
        let world = World::new();
        for path in ["a", "d/one", "d/two", "d/deep/three", "d.x", "e/f/g", "z"] {
            world.write(path, &format!("{path}\n"));
        }
        world.commit("one");
        world
    }

    #[test]
    fn as_git_says() {
        let world = world();
        assert!(both(&world).is_empty());
        // Only in the worktree.
        world.write("a", "edited\n");
        assert!(both(&world).is_empty());
        world.git(&["add", "a"]);
        assert_eq!(both(&world).len(), 1);
        world.write("d/deep/four", "4\n");
        world.write("d-new/x", "x\n");
        world.git(&["add", "."]);
        world.git(&["rm", "-q", "e/f/g"]);
        world.git(&["update-index", "--chmod=+x", "z"]);
        assert_eq!(both(&world).len(), 5);
        // Only intended: nothing that would be committed.
        world.write("later", "x\n");
        world.git(&["add", "-N", "later"]);
        assert_eq!(both(&world).len(), 5);
    }

    #[test]
    fn files_and_directories_in_each_others_place() {
        let world = world();
        world.git(&["rm", "-rq", "d", "a"]);
        world.write("d", "a file now\n");
        world.write("a/x", "a directory now\n");
        world.git(&["add", "."]);
        assert_eq!(both(&world).len(), 6);
    }

    #[test]
    fn another_index_and_none_at_all() {
        let world = world();
        world.write("a", "edited\n");
        let [index, other] = [".git/index", ".git/other"].map(|it| world.root().join(it));
        std::fs::copy(index, other).unwrap();
        world.git_on(".git/other", &["add", "a"]);
        assert!(both(&world).is_empty());
        let ours = staged(&world, ".git/other");
        assert_eq!((ours.len(), &ours), (1, &by_git(&world, ".git/other")));
        let none = staged(&world, ".git/none");
        assert_eq!((none.len(), &none), (7, &by_git(&world, ".git/none")));
    }

    #[test]
    fn unmerged_paths_are_nothing_staged() {
        let world = world();
        world.topic("x", "main", &[("a", Some("x\n")), ("new", Some("n\n"))]);
        world.topic("y", "main", &[("a", Some("y\n"))]);
        world.git(&["switch", "-q", "y"]);
        assert!(!world.git_try(&["merge", "-q", "x"]));
        assert_eq!(both(&world).len(), 1);
    }

    #[test]
    fn sparse_and_split_indexes() {
        let sparse = world();
        sparse.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "e"]);
        assert!(staged(&sparse, ".git/index").is_empty());
        sparse.write("e/new", "x\n");
        sparse.git(&["add", "e/new"]);
        assert_eq!(staged(&sparse, ".git/index").len(), 1);
        sparse.git(&["commit", "-qm", "two"]);
        sparse.git(&["switch", "-qc", "t"]);
        sparse.git(&["sparse-checkout", "add", "d"]);
        sparse.write("d/two", "other\n");
        sparse.git(&["commit", "-qam", "three"]);
        sparse.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "e"]);
        sparse.git(&["switch", "-q", "main"]);
        sparse.git(&["reset", "-q", "--soft", "t"]);
        let ours = staged(&sparse, ".git/index");
        assert_eq!(ours.len(), 1, "{ours:?}");

        let split = world();
        split.git(&["update-index", "--split-index"]);
        split.write("a", "edited\n");
        split.write("d/new", "x\n");
        split.git(&["add", "."]);
        assert_eq!(both(&split).len(), 2);
    }
}
