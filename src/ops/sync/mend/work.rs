//! One merge on the way to being whole: what became of each path so far.

use std::collections::BTreeMap;

use crate::domain::path::RepoPath;
use crate::domain::resolution::{Pick, Sides, Version};
use crate::domain::revision::TreeId;
use crate::domain::sync::{Resolved, ResolvedBy};
use crate::git::{GitError, Merger, TreeEdit, Unmerged};

use super::super::SyncError;
use super::facts::Histories;
use super::real::{HALF_MERGED, Real};
use super::{Meeting, Mend, Mended, Mender};

/// So many sentences of what was tried in vain are told.
const TOLD: usize = 2;

pub(super) struct Work<'w> {
    pub mender: &'w Mender<'w>,
    pub merger: &'w Merger<'w>,
    pub meeting: &'w Meeting<'w>,
    pub unmerged: Vec<Unmerged>,
    pub histories: Histories,
    pub real: Real,
    /// By the index of what is unmerged.
    pub choices: BTreeMap<usize, Choice>,
    /// What was changed where git left no conflict.
    pub others: BTreeMap<RepoPath, Choice>,
    /// What was recorded to be changed beside conflicts or for pairs, as it fits what was chosen so far.
    pub fixes: BTreeMap<RepoPath, Choice>,
    /// Which repairs of pairs do not fit, one sentence each.
    pub unfit: Vec<String>,
    /// Rules that have been run to make their paths anew, by their index.
    pub made_anew: Vec<usize>,
    /// Why something stays in conflict, one sentence each.
    pub left: Vec<String>,
    /// What nothing resolves.
    pub open: Vec<RepoPath>,
    /// What a program might resolve that is not run; it stays as it was chosen so far.
    pub untried: Vec<RepoPath>,
    /// Something would be run that is not run in a dry run.
    pub provisional: bool,
    /// What could not be run, and why: one clause.
    pub not_run: Option<String>,
    /// What else there is to say.
    pub notes: Vec<String>,
}

/// What becomes of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    /// `None`: it goes.
    pub version: Option<Version>,
    pub strategy: String,
    pub by: ResolvedBy,
    pub exact: bool,
    /// Whose version it is, where it is that of one side.
    pub pick: Option<Pick>,
}

impl Choice {
    pub(super) fn by_rule(strategy: &str, version: Option<Version>, pick: Option<Pick>) -> Self {
        Choice {
            version,
            strategy: strategy.to_owned(),
            by: ResolvedBy::Rule,
            exact: true,
            pick,
        }
    }

    fn resolved(&self, path: &RepoPath) -> Resolved {
        Resolved {
            path: path.clone(),
            strategy: self.strategy.clone(),
            by: self.by.clone(),
            exact: self.exact,
        }
    }
}

impl<'w> Work<'w> {
    pub(super) fn new(
        mender: &'w Mender<'w>,
        merger: &'w Merger<'w>,
        meeting: &'w Meeting<'w>,
    ) -> Result<Self, GitError> {
        let unmerged = match meeting.conflicts {
            [] => Vec::new(),
            _ => merger.unmerged(meeting.ours, meeting.theirs)?,
        };
        Ok(Work {
            mender,
            merger,
            meeting,
            unmerged,
            histories: Histories::default(),
            real: Real::default(),
            choices: BTreeMap::new(),
            others: BTreeMap::new(),
            fixes: BTreeMap::new(),
            unfit: Vec::new(),
            made_anew: Vec::new(),
            left: Vec::new(),
            open: Vec::new(),
            untried: Vec::new(),
            provisional: false,
            not_run: None,
            notes: Vec::new(),
        })
    }

    /// What git names no version of cannot be told from anything else.
    pub(super) fn is_nameless(unmerged: &Unmerged) -> bool {
        unmerged.sides == Sides::default()
    }

    pub(super) fn is_whole(&self) -> bool {
        // Git may have said that there is a conflict, and another time that there is none.
        let told = self.meeting.conflicts.is_empty() || !self.unmerged.is_empty();
        told && self.choices.len() == self.unmerged.len()
    }

    /// Git's tree with everything that was chosen so far.
    pub(super) fn tree(&self) -> Result<TreeId, GitError> {
        self.merger.edited(self.meeting.tree, &self.edits()?)
    }

    fn edits(&self) -> Result<Vec<TreeEdit>, GitError> {
        let tree = self.meeting.tree;
        let mut edits: BTreeMap<RepoPath, Option<Version>> = BTreeMap::new();
        for (index, choice) in &self.choices {
            let unmerged = &self.unmerged[*index];
            for name in unmerged
                .in_tree
                .iter()
                .filter(|name| **name != unmerged.path)
            {
                edits.insert(name.clone(), None);
            }
            edits.insert(unmerged.path.clone(), choice.version);
        }
        for (path, choice) in self.others.iter().chain(&self.fixes) {
            edits.insert(path.clone(), choice.version);
        }
        let mut result = Vec::new();
        for (path, version) in edits {
            let now = self.merger.entry_at(tree, &path)?;
            // Where a folder stands now, nothing is taken out by this name.
            if now == version {
                continue;
            }
            result.push(TreeEdit {
                path,
                entry: version.map(|version| (version.mode, version.id)),
            });
        }
        Ok(result)
    }

    /// What the path is now.
    pub(super) fn version_at(&self, path: &RepoPath) -> Result<Option<Version>, GitError> {
        let unmerged = self.unmerged.iter().position(|one| one.path == *path);
        let chosen = unmerged.and_then(|index| self.choices.get(&index));
        let fixed = self.fixes.get(path);
        match fixed.or(self.others.get(path)).or(chosen) {
            Some(choice) => Ok(choice.version),
            None => self.merger.entry_at(self.meeting.tree, path),
        }
    }

    /// A file that would take the place of a folder which nothing has emptied.
    fn buried(&self, edits: &[TreeEdit]) -> Result<Option<RepoPath>, GitError> {
        let in_way = |unmerged: &Unmerged| {
            let mut types = unmerged.types.iter();
            types.any(|kind| kind.as_str() == "file/directory")
        };
        if !self.unmerged.iter().any(in_way) {
            return Ok(None);
        }
        let there = self.merger.tree_entries(self.meeting.tree)?;
        let stays = |path: &RepoPath| {
            let gone = |edit: &TreeEdit| edit.path == *path && edit.entry.is_none();
            !edits.iter().any(gone)
        };
        let put = edits.iter().filter(|edit| edit.entry.is_some());
        let buries = |edit: &&TreeEdit| {
            let mut paths = there.iter().map(|(path, _, _)| path);
            paths.any(|path| edit.path.contains(path) && stays(path))
        };
        Ok(put.clone().find(buries).map(|edit| edit.path.clone()))
    }

    /// Renamed on both sides, a file must not be kept under both names, or under none.
    fn torn(&self) -> Option<&RepoPath> {
        let renamed = |unmerged: &Unmerged| {
            let mut types = unmerged.types.iter();
            types.any(|kind| kind.as_str() == "rename/rename") && unmerged.named.len() > 1
        };
        self.choices.iter().find_map(|(index, choice)| {
            let unmerged = &self.unmerged[*index];
            let torn = |(other, of_other): (&usize, &Choice)| {
                self.unmerged[*other].named == unmerged.named
                    && (of_other.pick, &of_other.by) != (choice.pick, &choice.by)
            };
            (renamed(unmerged) && self.choices.iter().any(torn)).then_some(&unmerged.path)
        })
    }

    pub(super) fn finish(mut self) -> Result<Mend, SyncError> {
        if let Some(why) = self.not_run {
            return Ok(Mend::Undetermined(why));
        }
        if !self.left.is_empty() || !self.is_whole() {
            return Ok(self.leave());
        }
        self.look_at_the_results()?;
        if !self.left.is_empty() {
            return Ok(self.leave());
        }
        if let Some(path) = self.torn().cloned() {
            let why = format!(
                "{path} was renamed on both sides, and its names were resolved in different ways"
            );
            self.open.push(path.clone());
            self.left.push(why);
            return Ok(self.leave());
        }
        let edits = self.edits()?;
        if let Some(path) = self.buried(&edits)? {
            let why = format!("{path} would take the place of a directory");
            self.open.push(path);
            self.left.push(why);
            return Ok(self.leave());
        }
        let conflicts = self.choices.iter().filter_map(|(index, choice)| {
            let path = &self.unmerged[*index].path;
            (!self.untried.contains(path)).then(|| choice.resolved(path))
        });
        let mut resolved: Vec<Resolved> = conflicts
            .chain(
                (self.others.iter())
                    .chain(&self.fixes)
                    .map(|(path, choice)| choice.resolved(path)),
            )
            .collect();
        resolved.sort();
        resolved.dedup_by(|a, b| a.path == b.path && a.by == b.by);
        Ok(Mend::Whole(Mended {
            edits,
            resolved,
            notes: [self.notes, self.unfit].concat(),
            untried: self.untried,
            provisional: self.provisional,
        }))
    }

    /// Whoever made them, nothing comes in that neither commit has and that looks like a conflict marker.
    fn look_at_the_results(&mut self) -> Result<(), GitError> {
        let mut left = Vec::new();
        for (index, choice) in &self.choices {
            let unmerged = &self.unmerged[*index];
            let path = &unmerged.path;
            if self.untried.contains(path) {
                continue;
            }
            let taken = choice.version.filter(|_| choice.pick.is_some());
            // The lines of both sides, merged, are in neither commit.
            let made_up = match taken {
                Some(version) if [unmerged.sides.ours, unmerged.sides.theirs].contains(&taken) => {
                    !self.is_real(unmerged, version)?
                }
                _ => false,
            };
            if made_up {
                left.push((path.clone(), format!("{path}: {HALF_MERGED}")));
            } else if let Some(line) = self.marker_in_version(path, choice.version)? {
                let why = format!("a conflict marker would be left in line {line} of {path}");
                left.push((path.clone(), why));
            }
        }
        for (path, choice) in self.others.iter().chain(&self.fixes) {
            if let Some(line) = self.marker_in_version(path, choice.version)? {
                let why = format!("a conflict marker would be left in line {line} of {path}");
                left.push((path.clone(), why));
            }
        }
        for (path, why) in left {
            self.open.push(path);
            self.left.push(why);
        }
        Ok(())
    }

    fn leave(self) -> Mend {
        let more = self.left.len().saturating_sub(TOLD);
        let mut told: Vec<String> = self.left.into_iter().take(TOLD).collect();
        if more > 0 {
            told.push(format!("and {more} more"));
        }
        Mend::Left {
            why: (!told.is_empty()).then(|| told.join("; ")),
            open: self.open,
            untried: self.untried,
        }
    }
}
