//! Setting right what the tool itself can: in the track's worktree and its index, in files that have no uncommitted changes.
//! Nothing is committed, and nothing that is there is written over that git could not bring back.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;
use crate::domain::quote::shell_path;
use crate::domain::rule::Mend;
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

/// Carries out the next mend that was not tried: one migration, or one file. Whether anything was done. `mended`: of each
/// judged track.
pub(super) fn next(
    session: &Session,
    judged: &[Judged],
    tried: &mut BTreeSet<(TrackId, RepoPath)>,
    mended: &mut [Mending],
) -> Result<bool, GitError> {
    for (judged, mending) in judged.iter().zip(mended) {
        while let Some(together) = untried(judged, tried) {
            let Some(bench) = bench(session, judged, mending)? else {
                break;
            };
            let mut done = false;
            for (code, mend) in together {
                match bench.carry_out(code, mend)? {
                    Ok(it) => {
                        mending.done.push(it);
                        done = true;
                    }
                    Err(why) => mending.left.push(format!("{code}: {why}")),
                }
            }
            if done {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The next mends of a track that belong together; they count as tried from now on.
fn untried<'j>(
    judged: &'j Judged,
    tried: &mut BTreeSet<(TrackId, RepoPath)>,
) -> Option<Vec<(&'static str, &'j Mend)>> {
    let mut together: Vec<(&'static str, &Mend)> = Vec::new();
    let all = judged.findings.iter().filter(|it| it.excuse.is_none());
    for (code, mend) in all.filter_map(|it| Some((it.code, it.mend.as_ref()?))) {
        let key = (judged.track.clone(), path_of(mend).clone());
        let belongs = together.first().is_none_or(|(_, first)| {
            matches!((*first, mend), (Mend::Rename { from, .. }, Mend::Rename { from: other, .. })
                if one_migration(from) == one_migration(other))
        });
        if belongs && tried.insert(key) {
            together.push((code, mend));
        }
    }
    (!together.is_empty()).then_some(together)
}

fn path_of(mend: &Mend) -> &RepoPath {
    match mend {
        Mend::Rename { from, .. } => from,
        Mend::Write { path, .. } => path,
    }
}

/// What the files of one migration have in common: both ways of it, or all of its directory.
fn one_migration(path: &RepoPath) -> String {
    let text = path.lossy();
    let (directory, name) = text.rsplit_once('/').unwrap_or(("", &text));
    match name {
        "up.sql" | "down.sql" | "migration.sql" => directory.to_owned(),
        _ => text.replace(".up.", ".").replace(".down.", "."),
    }
}

/// Where the track's files can be mended; why not is told once.
fn bench<'a>(
    session: &'a Session,
    judged: &Judged,
    mending: &mut Mending,
) -> Result<Option<Bench<'a>>, GitError> {
    let worktrees = session.repository.worktrees()?;
    let worktree = Worktree::of_branch(&worktrees, &judged.branch);
    let Some(worktree) = worktree.filter(|worktree| worktree.commit == Some(judged.head)) else {
        let track = &judged.track;
        let why = match worktree {
            None => format!(
                "track {track} has no worktree to mend anything in: `tracks init` makes one"
            ),
            Some(_) => format!(
                "the worktree of track {track} does not stand on what is judged, so nothing is mended there"
            ),
        };
        if !mending.left.contains(&why) {
            mending.left.push(why);
        }
        return Ok(None);
    };
    Ok(Some(Bench {
        session,
        dir: worktree.path.clone(),
    }))
}

struct Bench<'a> {
    session: &'a Session,
    dir: PathBuf,
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
        if let Some(dirty) = repository.not_as_committed(&self.dir, &paths)?.first() {
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
                match repository.move_file(&self.dir, from, to) {
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
                let target = Repository::file_in(&self.dir, path);
                if target.is_symlink() {
                    return Ok(Err(format!(
                        "{path} is a symlink, and is not written through"
                    )));
                }
                if let Err(error) = files::write_atomic(&target, content) {
                    return Ok(Err(error.to_string()));
                }
                repository.stage(&self.dir, path)?;
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
                let there = std::fs::read(Repository::file_in(&self.dir, path));
                there.is_ok_and(|there| there == *content)
            }
        }
    }

    fn is_there(&self, path: &RepoPath) -> bool {
        let path = Repository::file_in(&self.dir, path);
        path.symlink_metadata().is_ok()
    }
}
