//! Merges on top of a growing candidate: decided in the process where that is provably git's answer, by git otherwise.

use std::collections::BTreeMap;

use crate::domain::revision::{CommitId, TreeId};
use crate::domain::sync::Entry;
use crate::git::{
    Combined, Engine, GitError, Memo, MergeAnswer, Merger, Outcome, Tip, VirtualCommit, Want,
};

pub(super) struct Merging<'m, 'r> {
    merger: &'m Merger<'r>,
    engine: Engine<'m, 'r>,
    tips: BTreeMap<CommitId, VirtualCommit>,
    /// The candidate so far; `None` where the engine has lost track of it, and git does the rest.
    at: Option<VirtualCommit>,
}

/// What came of one merge.
pub(super) struct Tried {
    pub answer: MergeAnswer,
    in_process: Option<Combined>,
}

impl Tried {
    /// Git's own word.
    pub(super) fn by_git(answer: MergeAnswer) -> Self {
        Tried {
            answer,
            in_process: None,
        }
    }
}

impl<'m, 'r> Merging<'m, 'r> {
    /// Begins at base. `by_git_only`: the engine is not asked.
    ///
    /// # Errors
    /// When base or a tip cannot be read.
    pub(super) fn new(
        merger: &'m Merger<'r>,
        memo: &'m Memo,
        base: CommitId,
        entries: &[Entry],
        by_git_only: bool,
    ) -> Result<Self, GitError> {
        let commits: Vec<CommitId> = entries.iter().map(|entry| entry.tip).collect();
        let tips: Vec<Tip> = commits
            .iter()
            .map(|commit| {
                Ok(Tip {
                    commit: *commit,
                    history: *commit,
                    tree: merger.tree_of(*commit)?,
                })
            })
            .collect::<Result<_, GitError>>()?;
        let engine = Engine::new(merger, base, &tips, memo)?;
        let tips = commits.into_iter().zip(engine.tips().to_vec()).collect();
        let at = (!by_git_only).then(|| engine.base().clone());
        Ok(Merging {
            merger,
            engine,
            tips,
            at,
        })
    }

    /// Merges `tip` into the candidate, which is the commit `at`.
    ///
    /// # Errors
    /// When git cannot be run.
    pub(super) fn merge(&self, at: CommitId, tip: CommitId) -> Result<Tried, GitError> {
        if let (Some(ours), Some(theirs)) = (&self.at, self.tips.get(&tip)) {
            let answer = self
                .engine
                .merge_all(&[(ours, theirs)], Want::Results)?
                .pop();
            if let Some(Outcome::Clean(combined)) = answer.map(|answer| answer.outcome) {
                let merged = self.engine.merged(ours, theirs, &combined, "candidate\n")?;
                return Ok(Tried {
                    answer: MergeAnswer::Merged {
                        tree: self.engine.tree(&merged)?,
                    },
                    in_process: Some(combined),
                });
            }
        }
        // Of a conflict, what git makes of it is wanted, too.
        let answer = self.merger.merge_all(&[(at, tip)])?.pop();
        let no_answer = || MergeAnswer::Unavailable("git gave no answer".to_owned());
        Ok(Tried::by_git(answer.unwrap_or_else(no_answer)))
    }

    /// The merge becomes part of the candidate; `tree` is what was made of it in the end.
    ///
    /// # Errors
    /// When a tree cannot be read.
    pub(super) fn take(
        &mut self,
        tip: CommitId,
        tried: &Tried,
        tree: TreeId,
    ) -> Result<(), GitError> {
        let (Some(ours), Some(theirs)) = (&self.at, self.tips.get(&tip)) else {
            self.at = None;
            return Ok(());
        };
        let as_made = matches!(tried.answer, MergeAnswer::Merged { tree: made } if made == tree);
        self.at = Some(match &tried.in_process {
            Some(combined) if as_made => {
                self.engine.merged(ours, theirs, combined, "candidate\n")?
            }
            _ => self.engine.merged_into(ours, theirs, tree, "candidate\n")?,
        });
        Ok(())
    }
}
