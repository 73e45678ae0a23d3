//! Moving a branch that is checked out, together with the index and the files of its worktree: all of it, or nothing.
//!
//! Whoever moves holds the lock for refs (`store`), and meanwhile the worktree's `index.lock`, so that no git can stage or
//! commit there. The files go first, since they are what may fail, with an index of our own beside the real one; then the
//! branch; then our index takes the place of the real one. Killed in between, the branch tells where the worktree belongs, and
//! [`Repository::settle_worktree`] takes it there.

mod blocked;
mod index_lock;
mod restore;
mod settle;

use std::path::{Path, PathBuf};

use super::checkout::head;
use super::executable::{complaint, fields, run, run_any};
use super::worktree::unfinished;
use super::{GitError, RefChange, RefError, Repository};
use crate::domain::change::Unfinished;
use crate::domain::name::BranchName;
use crate::domain::path::RepoPath;
use crate::domain::revision::CommitId;
use crate::process::Cmd;
use index_lock::IndexLock;

pub use settle::Settled;

/// Why a worktree was not moved. It is as it was, but for [`AdvanceError::NotPutBack`].
#[derive(Debug, thiserror::Error)]
pub enum AdvanceError {
    /// Tracked files with changes, staged or not.
    #[error("it has uncommitted changes in {}", some(paths))]
    Dirty { paths: Vec<RepoPath> },
    /// Files that are not tracked, ignored ones too, where the move would write; a directory stands for all that is in it.
    #[error("{} would be overwritten", some(paths))]
    InTheWay { paths: Vec<RepoPath> },
    #[error("a {} is under way there", .0.as_str())]
    Unfinished(Unfinished),
    /// The branch, or HEAD of the worktree, is not where the move was to start.
    #[error("{name} moved meanwhile")]
    Moved { name: String },
    #[error("{name} is locked by another git process")]
    Locked { name: String },
    /// Git itself will not, or a filter failed.
    #[error("git cannot move it: {message}")]
    Refused { message: String },
    /// A filter failed, and for these files also when they were to be put back.
    #[error(
        "git cannot move it: {message}; and it could not put {} back",
        some(paths)
    )]
    NotPutBack {
        message: String,
        paths: Vec<RepoPath>,
    },
    #[error(transparent)]
    Git(#[from] GitError),
}

impl From<RefError> for AdvanceError {
    fn from(error: RefError) -> Self {
        match error {
            RefError::Moved { name } => AdvanceError::Moved { name },
            RefError::Locked { name } => AdvanceError::Locked { name },
            RefError::Git(error) => AdvanceError::Git(error),
            error @ RefError::Refused { .. } => AdvanceError::Refused {
                message: error.to_string(),
            },
        }
    }
}

/// "a", "a and b", "a, b and 3 more".
fn some(paths: &[RepoPath]) -> String {
    match paths {
        [] => "files".to_owned(),
        [one] => one.to_string(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

/// A worktree that can be moved, and that no git can write to meanwhile. Dropped, it is let go where it was, unless its files
/// have been moved; then it is to be finished or taken back.
#[derive(Debug)]
#[must_use = "the worktree is locked until it is finished or taken back"]
pub struct Advance<'r> {
    repository: &'r Repository,
    worktree: PathBuf,
    from: CommitId,
    to: CommitId,
    lock: IndexLock,
}

impl Repository {
    /// Moves a branch that is checked out in `worktree`, with index and files, from exactly `from` to `to`: forwards, backwards
    /// or sideways. Submodules are left as they are. The caller holds the lock for refs.
    ///
    /// # Errors
    /// See [`AdvanceError`]; then nothing has changed.
    pub fn advance_worktree(
        &self,
        worktree: &Path,
        branch: &BranchName,
        from: CommitId,
        to: CommitId,
        message: &str,
    ) -> Result<(), AdvanceError> {
        let advance = self.prepare_advance(worktree, branch, from, to)?;
        advance.move_files()?;
        let change = RefChange {
            name: branch.full(),
            before: Some(from),
            after: Some(to),
        };
        match self.update_refs(&[change], message) {
            Ok(()) => Ok(advance.finish()?),
            Err(error) => {
                advance.take_back()?;
                Err(error.into())
            }
        }
    }

    /// Looks whether a worktree can be moved, and keeps everybody else from writing to its index. Several worktrees can be
    /// prepared before one transaction moves their branches. The caller holds the lock for refs.
    ///
    /// # Errors
    /// As [`Repository::advance_worktree`].
    pub fn prepare_advance(
        &self,
        worktree: &Path,
        branch: &BranchName,
        from: CommitId,
        to: CommitId,
    ) -> Result<Advance<'_>, AdvanceError> {
        let lock = IndexLock::take(&self.git_dir_of(worktree)?)?;
        self.may_advance(worktree, branch, from, to)?;
        let advance = Advance {
            repository: self,
            worktree: worktree.to_owned(),
            from,
            to,
            lock,
        };
        advance.rehearse()?;
        Ok(advance)
    }

    /// What would keep a worktree from being moved, as far as a look without any lock can tell.
    ///
    /// # Errors
    /// As [`Repository::advance_worktree`].
    pub fn may_advance(
        &self,
        worktree: &Path,
        branch: &BranchName,
        from: CommitId,
        to: CommitId,
    ) -> Result<(), AdvanceError> {
        let admin = self.git_dir_of(worktree)?;
        if let Some(what) = unfinished(&admin) {
            return Err(AdvanceError::Unfinished(what));
        }
        if head(&admin)? != Err(branch.to_string()) {
            return Err(AdvanceError::Moved {
                name: format!("HEAD of {}", worktree.display()),
            });
        }
        if self.branch(branch)? != Some(from) {
            return Err(AdvanceError::Moved {
                name: branch.full(),
            });
        }
        let paths = self.changed_paths(worktree)?;
        if !paths.is_empty() {
            return Err(AdvanceError::Dirty { paths });
        }
        let paths = blocked::in_the_way(worktree, &self.entries_between(from, to)?);
        if !paths.is_empty() {
            return Err(AdvanceError::InTheWay { paths });
        }
        Ok(())
    }

    /// Tracked files with changes, staged or not. Where a submodule stands is the submodule's business; what is staged of it is
    /// not.
    fn changed_paths(&self, worktree: &Path) -> Result<Vec<RepoPath>, GitError> {
        let printed = status(self.cmd_in(worktree), "dirty")?;
        let changed = printed.iter().filter(|entry| {
            let unstaged = entry.unstaged && !entry.submodule;
            entry.staged || unstaged || entry.unmerged
        });
        Ok(changed.map(|entry| entry.path.clone()).collect())
    }

    /// Every path that differs between two commits.
    fn entries_between(&self, from: CommitId, to: CommitId) -> Result<Vec<Entry>, GitError> {
        let cmd = self
            .cmd()
            .args([
                "diff-tree",
                "-r",
                "-z",
                "--raw",
                "--no-renames",
                "--no-abbrev",
            ])
            .arg("--ignore-submodules=none")
            .args([from.to_string(), to.to_string()]);
        let printed = run(&cmd, "diff-tree --raw")?;
        let mut fields = fields(&printed);
        let mut entries = Vec::new();
        while let (Some(facts), Some(path)) = (fields.next(), fields.next()) {
            entries.push(entry(facts, path).ok_or_else(|| strange("diff-tree --raw", facts))?);
        }
        Ok(entries)
    }
}

impl Advance<'_> {
    pub fn worktree(&self) -> &Path {
        &self.worktree
    }

    /// What git itself would say, having changed nothing.
    fn rehearse(&self) -> Result<(), AdvanceError> {
        self.lock.copy_index()?;
        // Times that have changed without the content would be taken for edits. What it complains of comes up below.
        let refresh =
            self.on_own_index()
                .args(["update-index", "-q", "--ignore-submodules", "--refresh"]);
        run_any(&refresh, "update-index --refresh")?;
        self.read_tree(&["-n"])
    }

    fn read_tree(&self, more: &[&str]) -> Result<(), AdvanceError> {
        let cmd = self
            .on_own_index()
            .args(["read-tree", "-m", "-u", "--no-recurse-submodules"])
            .args(more)
            .args([self.from.to_string(), self.to.to_string()]);
        let output = run_any(&cmd, "read-tree -m -u")?;
        match output.status {
            Some(0) => Ok(()),
            _ => Err(AdvanceError::Refused {
                message: complaint(&output),
            }),
        }
    }

    fn on_own_index(&self) -> Cmd {
        on_index(
            self.repository.cmd_in(&self.worktree),
            &self.lock.own_index(),
        )
    }

    /// Gives the files the content of the new commit.
    ///
    /// # Errors
    /// When git cannot; then they have been taken back, where git could do that.
    pub fn move_files(&self) -> Result<(), AdvanceError> {
        let Err(error) = self.read_tree(&[]) else {
            return Ok(());
        };
        let paths = self.put_back()?.failed;
        Err(match paths.is_empty() {
            true => error,
            false => AdvanceError::NotPutBack {
                message: match error {
                    AdvanceError::Refused { message } => message,
                    error => error.to_string(),
                },
                paths,
            },
        })
    }

    /// The branch has moved, and the index is to follow.
    ///
    /// # Errors
    /// When it cannot be replaced.
    pub fn finish(self) -> Result<(), GitError> {
        self.lock.replace_index()
    }

    /// The branch has not moved, and the files are to be as they were. Paths that somebody has written to meanwhile are left;
    /// those that git could not write are given back.
    ///
    /// # Errors
    /// When git cannot tell what is there.
    pub fn take_back(self) -> Result<Vec<RepoPath>, GitError> {
        Ok(self.put_back()?.failed)
    }

    fn put_back(&self) -> Result<restore::Missed, GitError> {
        let index = self.lock.index();
        restore::restore(self.repository, &self.worktree, &index, self.from, self.to)
    }
}

/// git in a worktree with an index that is named. A split index would put its shared part beside the real one; hooks are for
/// what people do.
fn on_index(cmd: Cmd, index: &Path) -> Cmd {
    cmd.env("GIT_INDEX_FILE", index)
        .args(["-c", "core.splitIndex=false"])
        .args(["-c", "core.hooksPath=/dev/null"])
}

/// A path on one side of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Side {
    Nothing,
    File { id: String },
    Link { id: String },
    Submodule,
}

impl Side {
    /// A file or a symbolic link.
    fn is_file(&self) -> bool {
        matches!(self, Side::File { .. } | Side::Link { .. })
    }
}

/// A path that differs between two commits.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    path: RepoPath,
    before: Side,
    after: Side,
}

/// Format: git-diff-tree(1), "RAW OUTPUT FORMAT", with `-z`.
fn entry(facts: &[u8], path: &[u8]) -> Option<Entry> {
    let text = std::str::from_utf8(facts).ok()?.strip_prefix(':')?;
    let mut words = text.split(' ');
    let (old_mode, new_mode) = (words.next()?, words.next()?);
    let (old_id, new_id) = (words.next()?, words.next()?);
    let side = |mode: &str, id: &str| match mode {
        "000000" => Side::Nothing,
        "160000" => Side::Submodule,
        "120000" => Side::Link { id: id.to_owned() },
        _ => Side::File { id: id.to_owned() },
    };
    Some(Entry {
        path: RepoPath::new(path),
        before: side(old_mode, old_id),
        after: side(new_mode, new_id),
    })
}

/// A path that `git status` has something to say of.
struct Changed {
    path: RepoPath,
    staged: bool,
    unstaged: bool,
    unmerged: bool,
    submodule: bool,
}

/// Tracked paths only. Format: git-status(1), "Porcelain Format Version 2".
fn status(git: Cmd, ignore_submodules: &str) -> Result<Vec<Changed>, GitError> {
    let cmd = git
        .args(["status", "--porcelain=v2", "-z", "--no-renames"])
        .args(["--untracked-files=no", "--ignored=no"])
        .arg(format!("--ignore-submodules={ignore_submodules}"));
    let printed = run(&cmd, "status")?;
    let mut changed = Vec::new();
    for field in fields(&printed) {
        // How many blanks there are before the path.
        let before_path = match field.first() {
            Some(b'1') => 8,
            Some(b'u') => 10,
            _ => continue,
        };
        let path = field.splitn(before_path + 1, |byte| *byte == b' ').last();
        let path = path.ok_or_else(|| strange("status", field))?;
        let says = |at: usize| field.get(at).is_some_and(|letter| *letter != b'.');
        let unmerged = field.first() == Some(&b'u');
        changed.push(Changed {
            path: RepoPath::new(path),
            staged: !unmerged && says(2),
            unstaged: !unmerged && says(3),
            unmerged,
            submodule: field.get(5) == Some(&b'S'),
        });
    }
    Ok(changed)
}

fn strange(command: &str, printed: &[u8]) -> GitError {
    GitError::Protocol {
        command: command.to_owned(),
        message: format!(
            "{:?} is not what was expected",
            String::from_utf8_lossy(printed)
        ),
    }
}

#[cfg(test)]
mod tests;
