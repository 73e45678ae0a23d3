//! The versions of a conflicted file: what the merge base has, what ours, what theirs.

use std::ops::Range;

use super::merge_tree::{Conflicted, Record, Stage};
use super::object::{blob, object_id, tree_entries, tree_of};
use super::{GitError, Merger, text};
use crate::domain::merge::{ConflictType, Region};
use crate::domain::path::RepoPath;
use crate::domain::revision::CommitId;

/// What git left unmerged at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    pub path: RepoPath,
    pub types: Vec<ConflictType>,
    /// Base, ours, theirs.
    pub versions: [Option<Version>; 3],
    /// The paths that git names together with this one (the names before and after a rename), in its order.
    pub named: Vec<RepoPath>,
    /// The file's name in ours and in theirs, where it is another one there.
    pub other_names: [Option<RepoPath>; 2],
}

/// One version of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// As in a tree: `0o100644` …
    pub mode: u32,
    pub content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Text(Vec<u8>),
    /// So many bytes that are no text.
    Binary(usize),
    /// A symbolic link, and where it points.
    Link(Vec<u8>),
    /// The commit of a submodule, as hex.
    Submodule(String),
}

impl Content {
    pub fn text(&self) -> Option<&[u8]> {
        match self {
            Content::Text(text) => Some(text),
            Content::Binary(_) | Content::Link(_) | Content::Submodule(_) => None,
        }
    }
}

impl Merger<'_> {
    /// Merges the two once more, to see what git left unmerged, paths ascending; empty where they merge clean or git
    /// cannot tell. Paths are named as git names them.
    ///
    /// # Errors
    /// When git cannot be run, or an object cannot be read.
    pub fn staged(&self, ours: CommitId, theirs: CommitId) -> Result<Vec<Staged>, GitError> {
        let (records, _) = self.merge_tree(&[(ours, theirs)])?;
        let Some(Record::Conflicted(conflicted)) = records.into_iter().next() else {
            return Ok(Vec::new());
        };
        conflicted
            .into_iter()
            .map(|conflicted| self.read_stages(conflicted, [ours, theirs]))
            .collect()
    }

    fn read_stages(
        &self,
        conflicted: Conflicted,
        sides: [CommitId; 2],
    ) -> Result<Staged, GitError> {
        let [base, ours, theirs] = conflicted.stages;
        let name = |side: CommitId, stage: Option<Stage>| match stage {
            // Without a version in base nothing was renamed to get here.
            Some(stage) if base.is_some() => self.other_name(side, &conflicted.path, stage),
            _ => Ok(None),
        };
        Ok(Staged {
            other_names: [name(sides[0], ours)?, name(sides[1], theirs)?],
            versions: [
                self.version(base)?,
                self.version(ours)?,
                self.version(theirs)?,
            ],
            path: conflicted.path,
            types: conflicted.types,
            named: conflicted.named,
        })
    }

    fn version(&self, stage: Option<Stage>) -> Result<Option<Version>, GitError> {
        let Some(Stage { mode, id }) = stage else {
            return Ok(None);
        };
        let content = match mode & 0o170_000 {
            0o160_000 => Content::Submodule(id.to_string()),
            0o120_000 => Content::Link(blob(&self.local(), id)?),
            _ => match blob(&self.local(), id)? {
                bytes if text::is_binary(&bytes) => Content::Binary(bytes.len()),
                bytes => Content::Text(bytes),
            },
        };
        Ok(Some(Version { mode, content }))
    }

    /// Where a side has this version, if not at `path`. Git says that a rename was followed only where the rename itself
    /// is the conflict.
    fn other_name(
        &self,
        side: CommitId,
        path: &RepoPath,
        stage: Stage,
    ) -> Result<Option<RepoPath>, GitError> {
        let gix = self.local();
        let there = gix
            .find_commit(object_id(side.as_bytes()))
            .and_then(|commit| commit.tree())
            .and_then(|tree| tree.lookup_entry(path.as_bytes().split(|byte| *byte == b'/')));
        if there.is_ok_and(|entry| entry.is_some()) {
            return Ok(None);
        }
        let mut same = tree_entries(&gix, tree_of(&gix, side)?)?
            .into_iter()
            .filter(|(_, _, id)| *id == stage.id)
            .map(|(path, _, _)| path);
        // Two files with this content: nothing tells which of them it was.
        Ok(same.next().filter(|_| same.next().is_none()))
    }
}

/// The lines of base, from 0, that a conflict is about: what either side made its part of the region out of.
pub fn base_lines(base: &[u8], ours: &[u8], theirs: &[u8], region: &Region) -> Range<usize> {
    let of = |side: &[u8], lines: &Range<usize>| text::origin(base, side, lines);
    let (ours, theirs) = (of(ours, &region.ours), of(theirs, &region.theirs));
    ours.start.min(theirs.start)..ours.end.max(theirs.end)
}
