//! What the two commits of a merge really have. What git leaves unmerged may be half-merged work of its own, markers and all.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use crate::domain::path::RepoPath;
use crate::domain::resolution::{Version, stray_marker};
use crate::domain::revision::{BlobId, TreeId};
use crate::git::{GitError, Unmerged};

use super::work::Work;

/// Why neither side of such a path may be taken.
pub(super) const HALF_MERGED: &str =
    "git left it half merged, and what would be taken is in neither commit";

/// Every content that one of the two commits has, looked up only where it is asked for.
#[derive(Debug, Default)]
pub(super) struct Real {
    ids: OnceCell<BTreeSet<BlobId>>,
}

impl Work<'_> {
    fn trees(&self) -> Result<[TreeId; 2], GitError> {
        let (ours, theirs) = (self.meeting.ours, self.meeting.theirs);
        Ok([self.merger.tree_of(ours)?, self.merger.tree_of(theirs)?])
    }

    /// Whether one of the two commits has this version, under whatever name.
    pub(super) fn is_real(&self, unmerged: &Unmerged, version: Version) -> Result<bool, GitError> {
        let trees = self.trees()?;
        for name in names(unmerged) {
            for tree in trees {
                let entry = self.merger.entry_at(tree, name)?;
                if entry.is_some_and(|entry| entry.id == version.id) {
                    return Ok(true);
                }
            }
        }
        if let Some(ids) = self.real.ids.get() {
            return Ok(ids.contains(&version.id));
        }
        let mut ids = BTreeSet::new();
        for tree in trees {
            let entries = self.merger.tree_entries(tree)?;
            ids.extend(entries.into_iter().map(|(_, _, id)| id));
        }
        Ok(self.real.ids.get_or_init(|| ids).contains(&version.id))
    }

    /// Whether git made up a side of the path that neither commit has.
    pub(super) fn is_half_merged(&self, unmerged: &Unmerged) -> Result<bool, GitError> {
        let sides = [unmerged.sides.ours, unmerged.sides.theirs];
        for version in sides.into_iter().flatten() {
            if !self.is_real(unmerged, version)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The line of the first conflict marker in a content for the path that is in neither commit there.
    pub(super) fn marker_in(
        &self,
        path: &RepoPath,
        content: &[u8],
    ) -> Result<Option<usize>, GitError> {
        if stray_marker(content, &[]).is_none() {
            return Ok(None);
        }
        let about = self.unmerged.iter().find(|one| one.path == *path);
        // What was moved out of a conflict may be anywhere.
        let about: Vec<&Unmerged> = match about {
            Some(one) => vec![one],
            None => self.unmerged.iter().collect(),
        };
        let mut versions = Vec::new();
        for tree in self.trees()? {
            for name in about.iter().flat_map(|one| names(one)).chain([path]) {
                versions.extend(self.merger.entry_at(tree, name)?);
            }
        }
        for one in about {
            for side in [one.sides.ours, one.sides.theirs].into_iter().flatten() {
                if self.is_real(one, side)? {
                    versions.push(side);
                }
            }
        }
        let regular = versions.into_iter().filter(|version| version.is_regular());
        let known: Vec<Vec<u8>> = regular
            .map(|version| self.merger.read_blob(version.id))
            .collect::<Result<_, _>>()?;
        let known: Vec<&[u8]> = known.iter().map(Vec::as_slice).collect();
        Ok(stray_marker(content, &known))
    }

    /// As [`Work::marker_in`], of a version.
    pub(super) fn marker_in_version(
        &self,
        path: &RepoPath,
        version: Option<Version>,
    ) -> Result<Option<usize>, GitError> {
        match version.filter(|version| version.is_regular()) {
            Some(version) => self.marker_in(path, &self.merger.read_blob(version.id)?),
            None => Ok(None),
        }
    }
}

fn names(unmerged: &Unmerged) -> impl Iterator<Item = &RepoPath> {
    std::iter::once(&unmerged.path).chain(&unmerged.named)
}
