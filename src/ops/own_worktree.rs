//! Worktrees of the tool's own, beside the tracks': `.integration`, where candidates are checked, and `.probe-N`, where
//! commits are checked that no worktree stands on. They persist, so that builds there stay warm; only their lock's holder uses them.

use std::path::{Path, PathBuf};

use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::git::{AddError, GitError, Start, settled};
use crate::store::{Lock, LockError, LockName};

use super::Session;
use super::setup::Place;

/// Why there is no such worktree.
#[derive(Debug, thiserror::Error)]
pub enum OwnWorktreeError {
    #[error("this repository is bare and `[layout] worktrees` is relative")]
    NoPlace,
    #[error("{name} is in use by {holder}")]
    InUse { name: String, holder: String },
    #[error("{} is in the way", path.display())]
    InTheWay { path: PathBuf },
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

/// One of them, locked.
#[derive(Debug)]
pub(super) struct OwnWorktree {
    pub name: String,
    pub dir: PathBuf,
    _lock: Lock,
}

/// Where worktrees live, symlinks resolved as git does; `None` in a bare repository with a relative `[layout] worktrees`.
pub(super) fn worktrees_dir(session: &Session) -> Option<PathBuf> {
    let configured = Path::new(&session.project.layout.worktrees);
    match session.repository.main_worktree() {
        _ if configured.is_absolute() => Some(settled(&normal(configured))),
        Some(main) => Some(settled(&normal(&main.join(configured)))),
        None => None,
    }
}

/// Resolves `.` and `..` by name; the path need not exist.
fn normal(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                result.pop();
            }
            std::path::Component::CurDir => {}
            other => result.push(other),
        }
    }
    result
}

/// Keeps worktrees that lie inside the main worktree out of its `git status`.
pub(super) fn exclude_worktrees(session: &Session) -> Result<(), GitError> {
    let (Some(main), Some(dir)) = (session.repository.main_worktree(), worktrees_dir(session))
    else {
        return Ok(());
    };
    let Ok(inside) = dir.strip_prefix(main) else {
        return Ok(());
    };
    let Some(inside) = inside.to_str().filter(|inside| !inside.is_empty()) else {
        return Ok(());
    };
    let mut line = String::from("/");
    for c in inside.chars() {
        if matches!(c, '*' | '?' | '[' | '\\') {
            line.push('\\');
        }
        line.push(c);
    }
    line.push('/');
    session.repository.exclude(&line)
}

/// Opens (making it first where needed) one of our worktrees.
pub(super) fn open(
    session: &Session,
    name: &str,
    start: CommitId,
) -> Result<OwnWorktree, OwnWorktreeError> {
    let dir = worktrees_dir(session)
        .ok_or(OwnWorktreeError::NoPlace)?
        .join(name);
    let who = format!("process {}", std::process::id());
    let lock = match session
        .store
        .lock(&LockName::Worktree(name.to_owned()), &who)
    {
        Ok(lock) => lock,
        Err(LockError::Held { holder }) => {
            return Err(OwnWorktreeError::InUse {
                name: name.to_owned(),
                holder,
            });
        }
        Err(LockError::Store(error)) => return Err(error.into()),
    };
    exclude_worktrees(session)?;
    for entry in session.repository.worktrees()? {
        if entry.path == dir && (entry.half_made || entry.prunable.is_some()) {
            session.repository.mend_worktree(&entry)?;
        }
    }
    let there = session
        .repository
        .worktrees()?
        .iter()
        .any(|entry| same_dir(&entry.path, &dir));
    if !there {
        session.store.forget_setup(&dir)?;
        match session
            .repository
            .add_worktree(&dir, &Start::Detached(start))
        {
            // The hook is the project's business; the worktree is whole.
            Ok(()) | Err(AddError::Hook { .. }) => {}
            Err(AddError::InTheWay { path }) => return Err(OwnWorktreeError::InTheWay { path }),
            Err(AddError::Git(error)) => return Err(error.into()),
        }
    }
    Ok(OwnWorktree {
        name: name.to_owned(),
        dir,
        _lock: lock,
    })
}

/// Whether two paths are one directory, symlinks resolved.
pub(super) fn same_dir(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// The first of `.probe-0`, `.probe-1` … that nobody uses.
pub(super) fn open_probe(
    session: &Session,
    start: CommitId,
) -> Result<OwnWorktree, OwnWorktreeError> {
    let mut number = 0;
    loop {
        match open(session, &format!(".probe-{number}"), start) {
            Err(OwnWorktreeError::InUse { .. }) => number += 1,
            result => return result,
        }
    }
}

impl OwnWorktree {
    /// Puts it onto a commit and says what setup must know.
    pub(super) fn stand_on<'a>(
        &self,
        session: &Session,
        commit: CommitId,
        track: Option<&'a Track>,
    ) -> Result<Place<'a>, OwnWorktreeError> {
        // Untracked files go with the reset, and with them perhaps what a check has built.
        session.store.forget_built(&self.dir)?;
        session.repository.reset_own_worktree(&self.dir, commit)?;
        let tree = session.repository.commit(commit)?.tree;
        Ok(Place {
            name: self.name.clone(),
            dir: self.dir.clone(),
            track,
            tree: Some(tree),
        })
    }
}
