//! What patterns select in a tree, for which as few directories are read as the patterns allow.

use super::object::{blob_id, object_id, unreadable};
use super::{GitError, Merger, Repository};
use crate::domain::path::{Reach, RepoPath, Selection, Stage};
use crate::domain::revision::{BlobId, TreeId};

impl Merger<'_> {
    /// The selected files of a tree, which this merger may have written, with mode and content id, in git's order.
    ///
    /// # Errors
    /// When a directory cannot be read.
    pub fn selected_entries(
        &self,
        tree: TreeId,
        selection: &Selection,
    ) -> Result<Vec<(RepoPath, u32, BlobId)>, GitError> {
        selected_entries(&self.local(), tree, selection)
    }
}

impl Repository {
    /// As [`Merger::selected_entries`], of a tree that the repository has.
    ///
    /// # Errors
    /// When a directory cannot be read.
    pub fn selected_entries(
        &self,
        tree: TreeId,
        selection: &Selection,
    ) -> Result<Vec<(RepoPath, u32, BlobId)>, GitError> {
        selected_entries(&self.local(), tree, selection)
    }
}

fn selected_entries(
    gix: &gix::Repository,
    tree: TreeId,
    selection: &Selection,
) -> Result<Vec<(RepoPath, u32, BlobId)>, GitError> {
    let stage = match selection.root() {
        Reach::Nothing => return Ok(Vec::new()),
        Reach::Everything => None,
        Reach::Some(stage) => Some(stage),
    };
    let mut walk = Walk {
        gix,
        selection,
        path: Vec::new(),
        found: Vec::new(),
    };
    walk.read(object_id(tree.as_bytes()), stage.as_ref())?;
    Ok(walk.found)
}

struct Walk<'w> {
    gix: &'w gix::Repository,
    selection: &'w Selection,
    /// Of the directory at hand, with a `/` behind each segment.
    path: Vec<u8>,
    found: Vec<(RepoPath, u32, BlobId)>,
}

impl Walk<'_> {
    /// `stage`: `None` where everything is selected.
    fn read(&mut self, id: gix::ObjectId, stage: Option<&Stage>) -> Result<(), GitError> {
        let tree = self
            .gix
            .find_tree(id)
            .map_err(|error| unreadable(format!("tree {id}"), &error))?;
        for entry in tree.iter() {
            let entry = entry.map_err(|error| unreadable(format!("tree {id}"), &error))?;
            let (name, mode) = (entry.filename(), entry.mode());
            let outer = self.path.len();
            self.path.extend_from_slice(name);
            if mode.is_tree() {
                let below = match stage {
                    None => Reach::Everything,
                    Some(stage) => self.selection.below(stage, name),
                };
                self.path.push(b'/');
                match below {
                    Reach::Nothing => {}
                    Reach::Everything => self.read(entry.object_id(), None)?,
                    Reach::Some(stage) => self.read(entry.object_id(), Some(&stage))?,
                }
            } else if stage.is_none_or(|stage| self.selection.takes(stage, name, &self.path)) {
                let path = RepoPath::new(self.path.as_slice());
                let mode = u32::from(mode.value());
                self.found.push((path, mode, blob_id(entry.object_id())?));
            }
            self.path.truncate(outer);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::path::{Pattern, Selection};
    use crate::git::Merger;
    use crate::git::testing::World;

    #[test]
    fn the_same_as_asking_for_every_file() {
        let world = World::new();
        for path in [
            "a.sql",
            "m/1.sql",
            "m/in/2.sql",
            "m/x.md",
            "other/m/3.sql",
            "z/y/w/v.sql",
        ] {
            world.write(path, path);
        }
        let tip = world.commit("files");
        let repository = world.open();
        let tree = repository.commit(tip).unwrap().tree;
        let merger = Merger::publishing(&repository, tip);
        for patterns in [
            &["m/*.sql"][..],
            &["m"],
            &["**/*.sql"],
            &["**"],
            &["*/m/*"],
            &["[mz]/**"],
            &["none"],
            &[],
        ] {
            let patterns: Vec<Pattern> = patterns
                .iter()
                .map(|it| Pattern::new(it).unwrap())
                .collect();
            let selection = Selection::new(&patterns);
            let mut all = merger.tree_entries(tree).unwrap();
            all.retain(|(path, _, _)| selection.matches(path));
            assert_eq!(
                merger.selected_entries(tree, &selection).unwrap(),
                all,
                "{patterns:?}"
            );
        }
    }
}
