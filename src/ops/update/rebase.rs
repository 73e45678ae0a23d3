//! A track's own commits put onto another one, each as a cherry-pick would.

use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::git::{MergeAnswer, Merger};

use super::{Dropped, New, Outcome, Update, UpdateError, skip};

impl Update<'_> {
    pub(super) fn rebase(
        &self,
        merger: &Merger<'_>,
        track: &Track,
        tip: CommitId,
    ) -> Result<Result<New, Outcome>, UpdateError> {
        let (repository, onto) = (&self.session.repository, self.source.commit);
        let Some(line) = repository.line_of_commits(tip, onto)? else {
            return Ok(Err(skip(
                format!("{} has merges, which a rebase would lose", track.branch),
                format!(
                    "leave `--rebase` out, or do it yourself: `git rebase --rebase-merges {}`",
                    self.source.name
                ),
            )));
        };
        if !self.options.rewrite_published && repository.is_published(tip, onto)? {
            return Ok(Err(skip(
                "a remote has commits of it, and who has fetched them would have them twice"
                    .to_owned(),
                "leave `--rebase` out, or rewrite them all the same: `--rewrite-published`",
            )));
        }
        let mut new = New {
            after: onto,
            fast_forward: false,
            rebased: 0,
            dropped: Vec::new(),
        };
        for commit in line.all {
            let info = repository.commit(commit)?;
            let named = Dropped {
                commit,
                subject: info.subject.clone(),
            };
            if !line.new.contains(&commit) {
                new.dropped.push(named);
                continue;
            }
            let tree = match merger.pick(commit, new.after)? {
                MergeAnswer::Merged { tree } => tree,
                MergeAnswer::Conflicted { conflicts, .. } => {
                    return Ok(Err(Outcome::Conflict {
                        conflicts,
                        at: Some(named),
                    }));
                }
                MergeAnswer::Unavailable(reason) => {
                    return Ok(Err(skip(reason, "mend that, then run it again")));
                }
            };
            let parent = match info.parents.first() {
                Some(parent) => Some(repository.commit(*parent)?.tree),
                None => None,
            };
            let was_empty = parent == Some(info.tree);
            if tree == merger.tree_of(new.after)? && !was_empty {
                new.dropped.push(named);
                continue;
            }
            new.after = merger.commit_again(self.identity()?, commit, tree, new.after)?;
            new.rebased += 1;
        }
        Ok(Ok(new))
    }
}
