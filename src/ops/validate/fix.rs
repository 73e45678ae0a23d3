//! Setting right what the tool itself can: in the track's worktree and its index, in files that have no uncommitted changes.
//! Nothing is committed, and nothing that is there is written over that git could not bring back.

use std::collections::BTreeSet;
use std::path::Path;

use crate::domain::path::RepoPath;
use crate::domain::quote::shell_path;
use crate::domain::rule::{Finding, Mend};
use crate::files;
use crate::git::{GitError, Repository, Worktree};
use crate::ops::Session;

use super::Judged;

/// What was done about one track's findings.
#[derive(Debug, Default)]
pub struct Mending {
    pub done: Vec<Mended>,
    /// What was not, one sentence each.
    pub left: Vec<String>,
}

/// One change that was made.
#[derive(Debug)]
pub struct Mended {
    pub code: &'static str,
    /// "renamed a to b".
    pub what: String,
    pub path: RepoPath,
    /// A command that takes it back, to be run in the worktree.
    pub undo: String,
}

pub(super) fn mend(session: &Session, judged: &Judged) -> Result<Mending, GitError> {
    let mut mending = Mending::default();
    let todo: Vec<(&Finding, &Mend)> = judged
        .findings
        .iter()
        .filter(|finding| finding.excuse.is_none())
        .filter_map(|finding| Some((finding, finding.mend.as_ref()?)))
        .collect();
    if todo.is_empty() {
        return Ok(mending);
    }
    let worktrees = session.repository.worktrees()?;
    let worktree = Worktree::of_branch(&worktrees, &judged.branch);
    let Some(worktree) = worktree.filter(|worktree| worktree.commit == Some(judged.head)) else {
        let track = &judged.track;
        mending.left.push(match worktree {
            None => format!("track {track} has no worktree to mend anything in: `tracks init` makes one"),
            Some(_) => format!("the worktree of track {track} does not stand on what is judged, so nothing is mended there"),
        });
        return Ok(mending);
    };
    let bench = Bench {
        session,
        dir: &worktree.path,
    };
    let mut seen: Vec<&Mend> = Vec::new();
    for (finding, mend) in todo {
        if seen.contains(&mend) {
            continue;
        }
        seen.push(mend);
        match bench.carry_out(finding.code, mend)? {
            Ok(mended) => mending.done.push(mended),
            Err(why) => mending.left.push(format!("{}: {why}", finding.code)),
        }
    }
    Ok(mending)
}

struct Bench<'a> {
    session: &'a Session,
    dir: &'a Path,
}

impl Bench<'_> {
    /// `Err` inside: why it was left.
    fn carry_out(
        &self,
        code: &'static str,
        mend: &Mend,
    ) -> Result<Result<Mended, String>, GitError> {
        let repository = &self.session.repository;
        let paths: BTreeSet<&RepoPath> = match mend {
            Mend::Rename { from, to } => [from, to].into_iter().collect(),
            Mend::Write { path, .. } => [path].into_iter().collect(),
        };
        if let Some(dirty) = repository.not_as_committed(self.dir, &paths)?.first() {
            if self.is_done(mend) {
                return Ok(Err("fixed already and staged: commit it".to_owned()));
            }
            return Ok(Err(format!(
                "{dirty} has uncommitted changes: commit or stash them, then run it again"
            )));
        }
        match mend {
            Mend::Rename { from, to } => {
                if self.is_there(to) {
                    return Ok(Err(format!(
                        "{to} is there already, and is not written over"
                    )));
                }
                match repository.move_file(self.dir, from, to) {
                    Ok(()) => Ok(Ok(Mended {
                        code,
                        what: format!("renamed {from} to {to}"),
                        path: to.clone(),
                        undo: format!("git mv {} {}", shell_path(to), shell_path(from)),
                    })),
                    Err(error) => Ok(Err(error.to_string())),
                }
            }
            Mend::Write { path, content } => {
                let was_there = self.is_there(path);
                let target = Repository::file_in(self.dir, path);
                if target.is_symlink() {
                    return Ok(Err(format!(
                        "{path} is a symlink, and is not written through"
                    )));
                }
                if let Err(error) = files::write_atomic(&target, content) {
                    return Ok(Err(error.to_string()));
                }
                repository.stage(self.dir, path)?;
                let path_text = shell_path(path);
                Ok(Ok(Mended {
                    code,
                    what: format!("wrote {path}"),
                    path: path.clone(),
                    undo: match was_there {
                        true => format!("git restore --staged --worktree {path_text}"),
                        false => format!("git rm --force {path_text}"),
                    },
                }))
            }
        }
    }

    /// Whether the worktree is as this would leave it, which an earlier run did.
    fn is_done(&self, mend: &Mend) -> bool {
        match mend {
            Mend::Rename { from, to } => !self.is_there(from) && self.is_there(to),
            Mend::Write { path, content } => {
                let there = std::fs::read(Repository::file_in(self.dir, path));
                there.is_ok_and(|there| there == *content)
            }
        }
    }

    fn is_there(&self, path: &RepoPath) -> bool {
        let path = Repository::file_in(self.dir, path);
        path.symlink_metadata().is_ok()
    }
}
