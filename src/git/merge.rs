//! Merges in memory: batches of `git merge-tree --write-tree --stdin -z`, git's own merge without index or worktree.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::executable::{complaint, failure, run_any};
use super::history::{CommitInfo, commit_info, is_cut_short, known_merge_bases};
use super::merge_tree::{Conflicted, Record, parse};
use super::object::{blob, commit_id, file_at, object_id, tree_entries, tree_of, unreadable};
use super::own_names::under_their_own_names;
use super::refs::IDENTITY;
use super::scratch::Scratch;
use super::views::{View, Views};
use super::{GitError, Repository, Snapshot, text};
use crate::domain::merge::{Conflict, Region};
use crate::domain::path::RepoPath;
use crate::domain::revision::{BlobId, CommitId, TreeId};
use crate::domain::time::Timestamp;
use crate::process::{Cmd, CmdOutput, cores, in_parallel};

/// What git said about one merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeAnswer {
    Merged {
        tree: TreeId,
    },
    /// At least one conflict, paths ascending.
    Conflicted {
        /// What git made of it: conflicted files have markers, or one side.
        tree: TreeId,
        conflicts: Vec<Conflict>,
    },
    /// One sentence why there is no answer (unrelated histories, missing objects).
    Unavailable(String),
}

/// A commit to be written. Author and committer are the tool's fixed identity, so that same inputs give the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommit {
    pub tree: TreeId,
    pub parents: Vec<CommitId>,
    pub time: Timestamp,
    pub message: String,
}

/// A process of its own is worth it from this many merges on.
const PAIRS_PER_PROCESS: usize = 16;

/// Merges commits, with attributes from one commit for every merge. Can be shared between threads.
#[derive(Debug)]
pub struct Merger<'r> {
    repository: &'r Repository,
    attributes: CommitId,
    /// The repository, with the object directory that this merger writes to.
    views: Views,
    scratch: Option<Scratch>,
}

impl<'r> Merger<'r> {
    /// Everything it writes goes to a scratch object directory below `scratch_root`, which goes when the value is dropped;
    /// directories that killed processes left there are swept first.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn scratch(
        repository: &'r Repository,
        attributes: CommitId,
        scratch_root: &Path,
    ) -> Result<Merger<'r>, GitError> {
        let scratch = Scratch::new(scratch_root, repository)?;
        Ok(Merger {
            repository,
            attributes,
            views: Views::new(scratch.view(repository)?.into_sync(), None),
            scratch: Some(scratch),
        })
    }

    /// What it writes goes to the repository, for merges that will be published.
    pub fn publishing(repository: &'r Repository, attributes: CommitId) -> Merger<'r> {
        Merger {
            repository,
            attributes,
            views: Views::new(repository.fresh_view().into_sync(), None),
            scratch: None,
        }
    }

    pub fn repository(&self) -> &'r Repository {
        self.repository
    }

    /// Merges each pair (ours, theirs) of commits; answers in the same order. Several git processes share the work where
    /// it is worth it.
    ///
    /// # Errors
    /// When git cannot be run at all; a pair that git refuses is [`MergeAnswer::Unavailable`].
    pub fn merge_all(&self, pairs: &[(CommitId, CommitId)]) -> Result<Vec<MergeAnswer>, GitError> {
        let missing = self.missing(pairs);
        let whole = |(ours, theirs): &(CommitId, CommitId)| {
            !missing.contains(ours) && !missing.contains(theirs)
        };
        let cut_short = self.cut_short(pairs.iter().copied().filter(whole))?;
        let asked: Vec<(CommitId, CommitId)> = pairs
            .iter()
            .filter(|pair| whole(pair) && !cut_short.contains(pair))
            .copied()
            .collect();
        let processes = cores()
            .get()
            .min(asked.len().div_ceil(PAIRS_PER_PROCESS))
            .max(1);
        let chunks: Vec<&[_]> = asked
            .chunks(asked.len().div_ceil(processes).max(1))
            .collect();
        let answered = in_parallel(&chunks, processes, |chunk| self.merge_chunk(chunk));
        let mut answers = Vec::with_capacity(asked.len());
        for chunk in answered {
            answers.extend(chunk?);
        }
        let mut answers = answers.into_iter();
        let answer_of = |pair: &(CommitId, CommitId)| {
            if cut_short.contains(pair) {
                return MergeAnswer::Unavailable(GitError::Shallow.to_string());
            }
            [&pair.0, &pair.1]
                .into_iter()
                .find(|id| missing.contains(id))
                .map(|id| MergeAnswer::Unavailable(format!("commit {} is not here", id.short())))
                .or_else(|| answers.next())
                .unwrap_or_else(|| MergeAnswer::Unavailable("git gave no answer".to_owned()))
        };
        Ok(pairs.iter().map(answer_of).collect())
    }

    /// One bad id would end a whole batch.
    fn missing(&self, pairs: &[(CommitId, CommitId)]) -> BTreeSet<CommitId> {
        let gix = self.local();
        let ids: BTreeSet<CommitId> = pairs.iter().flat_map(|pair| [pair.0, pair.1]).collect();
        ids.into_iter()
            .filter(|id| gix.find_commit(object_id(id.as_bytes())).is_err())
            .collect()
    }

    /// What git would merge from an older base than the real one, because a shallow clone does not have that.
    fn cut_short(
        &self,
        pairs: impl Iterator<Item = (CommitId, CommitId)>,
    ) -> Result<BTreeSet<(CommitId, CommitId)>, GitError> {
        let mut found = BTreeSet::new();
        if !self.repository.is_shallow() {
            return Ok(found);
        }
        let gix = self.local();
        for (ours, theirs) in pairs {
            if is_cut_short(&gix, ours, theirs)? {
                found.insert((ours, theirs));
            }
        }
        Ok(found)
    }

    /// The first pair that git refuses ends its batch: it is set aside, and the batch goes on behind it. A git that dies (a
    /// failed assertion) takes answers with it that it had not written yet; which pair it was is then told one by one.
    fn merge_chunk(&self, pairs: &[(CommitId, CommitId)]) -> Result<Vec<MergeAnswer>, GitError> {
        let mut answers = Vec::with_capacity(pairs.len());
        let mut at_once = pairs.len();
        while answers.len() < pairs.len() {
            let rest = &pairs[answers.len()..];
            let rest = &rest[..at_once.min(rest.len())];
            let (records, output) = self.merge_tree(rest)?;
            if records.len() > rest.len() {
                return Err(protocol("more answers than questions".to_owned()));
            }
            let stopped = records.len() < rest.len();
            for (sides, record) in rest.iter().zip(records) {
                answers.push(self.answer(*sides, record)?);
            }
            if stopped {
                // No merge of two commits fails because the options are wrong; that is about git itself.
                if output.status == Some(129) {
                    return Err(failure(&output, "merge-tree --stdin"));
                }
                if output.status.is_none() && rest.len() > 1 {
                    at_once = 1;
                    continue;
                }
                answers.push(MergeAnswer::Unavailable(refusal(&output)));
            }
        }
        Ok(answers)
    }

    pub(super) fn merge_tree(
        &self,
        pairs: &[(CommitId, CommitId)],
    ) -> Result<(Vec<Record>, CmdOutput), GitError> {
        let mut input = String::new();
        for (ours, theirs) in pairs {
            let _ = writeln!(input, "{ours} {theirs}");
        }
        let cmd = self
            .with_objects(self.repository.cmd())
            .arg(format!("--attr-source={}", self.attributes))
            .args(["merge-tree", "--write-tree", "-z", "--stdin"])
            .stdin(input);
        let output = run_any(&cmd, "merge-tree --stdin")?;
        Ok((parse(&output.stdout).map_err(protocol)?, output))
    }

    pub(super) fn answer(
        &self,
        sides: (CommitId, CommitId),
        record: Record,
    ) -> Result<MergeAnswer, GitError> {
        let (tree, conflicted) = match record {
            Record::Clean(tree) => return Ok(MergeAnswer::Merged { tree }),
            Record::Conflicted(tree, conflicted) => (tree, conflicted),
        };
        let gix = self.local();
        let conflicts = conflicted
            .into_iter()
            .map(|conflicted| {
                Ok(Conflict {
                    regions: regions(&gix, &conflicted)?,
                    path: conflicted.path,
                    types: conflicted.types,
                })
            })
            .collect::<Result<_, GitError>>()?;
        Ok(MergeAnswer::Conflicted {
            tree,
            conflicts: under_their_own_names(sides, conflicts),
        })
    }

    /// # Errors
    /// When the object cannot be written.
    pub fn write_commit(&self, commit: &NewCommit) -> Result<CommitId, GitError> {
        let identity = gix::actor::Signature {
            name: IDENTITY.0.into(),
            email: IDENTITY.1.into(),
            time: gix::date::Time {
                seconds: commit.time.0,
                offset: 0,
            },
        };
        let object = gix::objs::Commit {
            tree: object_id(commit.tree.as_bytes()),
            parents: commit
                .parents
                .iter()
                .map(|parent| object_id(parent.as_bytes()))
                .collect(),
            author: identity.clone(),
            committer: identity,
            encoding: None,
            message: commit.message.as_str().into(),
            extra_headers: Vec::new(),
        };
        let gix = self.local();
        let id = gix
            .write_object(&object)
            .map_err(|error| unreadable("a new commit", &error))?;
        commit_id(id.detach())
    }

    /// The uncommitted work of a worktree whose HEAD is `tip`, as a tree in this merger's object directory. Index and
    /// status of the worktree stay untouched. `at_once`: how many snapshots are taken at the same time, this one included.
    ///
    /// # Errors
    /// When git cannot be run at all.
    pub fn snapshot(
        &self,
        worktree: &Path,
        tip: CommitId,
        at_once: usize,
    ) -> Result<Snapshot, GitError> {
        super::snapshot::snapshot(self, worktree, tip, at_once)
    }

    /// As [`Repository::tree_entries`], for trees that this merger wrote too.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn tree_entries(&self, tree: TreeId) -> Result<Vec<(RepoPath, u32, BlobId)>, GitError> {
        tree_entries(&self.local(), tree)
    }

    /// A file of a commit that this merger may have written.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn file_at(&self, commit: CommitId, path: &RepoPath) -> Result<Option<Vec<u8>>, GitError> {
        file_at(&self.local(), commit, path)
    }

    /// A commit that this merger may have written.
    ///
    /// # Errors
    /// When there is no such commit.
    pub fn commit(&self, id: CommitId) -> Result<CommitInfo, GitError> {
        commit_info(&self.local(), id)
    }

    /// Whether `ancestor` is `descendant` or in its history; either may have been written by this merger.
    ///
    /// # Errors
    /// When a commit is not here.
    pub fn is_ancestor(&self, ancestor: CommitId, descendant: CommitId) -> Result<bool, GitError> {
        Ok(known_merge_bases(&self.local(), ancestor, descendant)?.contains(&ancestor))
    }

    /// The tree of a commit that this merger may have written.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn tree_of(&self, commit: CommitId) -> Result<TreeId, GitError> {
        tree_of(&self.local(), commit)
    }

    /// Where short-lived files may lie that go with the scratch directory; `None` when publishing.
    pub(super) fn scratch_dir(&self) -> Option<&Path> {
        self.scratch.as_ref().map(Scratch::dir)
    }

    /// Makes git write to this merger's object directory.
    pub(super) fn with_objects(&self, cmd: Cmd) -> Cmd {
        match &self.scratch {
            Some(scratch) => cmd.env("GIT_OBJECT_DIRECTORY", scratch.objects()),
            None => cmd,
        }
    }

    /// The environment in which other programs' git can read what this merger wrote.
    pub fn lent_objects(&self) -> Vec<(String, String)> {
        let lent = |scratch: &Scratch| {
            let name = "GIT_ALTERNATE_OBJECT_DIRECTORIES".to_owned();
            (name, scratch.as_alternate())
        };
        self.scratch.iter().map(lent).collect()
    }

    pub(super) fn attributes(&self) -> CommitId {
        self.attributes
    }

    pub(super) fn views(&self) -> &Views {
        &self.views
    }

    pub(super) fn local(&self) -> View<'_> {
        self.views.borrow()
    }
}

fn refusal(output: &CmdOutput) -> String {
    let complaint = complaint(output);
    match complaint.as_str() {
        "refusing to merge unrelated histories" => {
            "the two histories have no common commit".to_owned()
        }
        _ => format!("git cannot merge them: {complaint}"),
    }
}

/// Only files whose lines were merged have regions.
fn regions(gix: &gix::Repository, conflicted: &Conflicted) -> Result<Vec<Region>, GitError> {
    let [base, Some(ours), Some(theirs)] = conflicted.stages else {
        return Ok(Vec::new());
    };
    let sides = [Some(ours), Some(theirs), base];
    if !sides
        .into_iter()
        .flatten()
        .all(super::merge_tree::Stage::is_regular)
    {
        return Ok(Vec::new());
    }
    let base = match base {
        Some(base) => blob(gix, base.id)?,
        None => Vec::new(),
    };
    let (ours, theirs) = (blob(gix, ours.id)?, blob(gix, theirs.id)?);
    Ok(text::regions(&base, &ours, &theirs))
}

fn protocol(message: String) -> GitError {
    GitError::Protocol {
        command: "merge-tree --stdin".to_owned(),
        message,
    }
}

#[cfg(test)]
mod tests;
