//! Worktrees of the tool's own, beside the tracks': `.integration`, where candidates are checked, and `.probe-N`, where
//! commits are checked that no worktree stands on. They persist, so that builds there stay warm; only their lock's holder uses them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::domain::name::TrackId;
use crate::domain::revision::CommitId;
use crate::git::{
    AddError, GitError, Merger, NotOurs, OwnError, Start, Worktree, in_the_way, settled,
};
use crate::store::{Lock, LockError, LockName, lock_directory};

use super::Session;

/// Why there is no such worktree.
#[derive(Debug, thiserror::Error)]
pub enum OwnWorktreeError {
    #[error("this repository is bare and `[layout] worktrees` is relative")]
    NoPlace,
    #[error("{name} is in use by {holder}")]
    InUse { name: String, holder: String },
    #[error("{} is in the way", path.display())]
    InTheWay { path: PathBuf },
    #[error("a `git worktree add` that tracks did not start is at work in {}", path.display())]
    InTheMaking { path: PathBuf },
    #[error("{} is kept for tracks' own use, but {why}", path.display())]
    NotOurs { path: PathBuf, why: NotOurs },
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

impl From<OwnError> for OwnWorktreeError {
    fn from(error: OwnError) -> Self {
        match error {
            OwnError::NotOurs { path, why } => OwnWorktreeError::NotOurs { path, why },
            OwnError::Git(error) => OwnWorktreeError::Git(error),
        }
    }
}

/// One of them, locked.
#[derive(Debug)]
pub(super) struct OwnWorktree {
    pub name: String,
    pub dir: PathBuf,
    _locks: [Lock; 2],
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
    let worktree = enter(session, name, start)?;
    session.repository.assert_own_worktree(&worktree.dir)?;
    Ok(worktree)
}

/// Where one of our worktrees is, or would be.
pub(super) fn dir_of(session: &Session, name: &str) -> Result<PathBuf, OwnWorktreeError> {
    let worktrees = worktrees_dir(session).ok_or(OwnWorktreeError::NoPlace)?;
    Ok(worktrees.join(directory_name(session, name)))
}

/// As [`open`], where somebody may have worked there: whether it still is as we left it is not asked.
pub(super) fn enter(
    session: &Session,
    name: &str,
    start: CommitId,
) -> Result<OwnWorktree, OwnWorktreeError> {
    let dir = dir_of(session, name)?;
    let lock = lock(session, name)?;
    exclude_worktrees(session)?;
    make_if_missing(session, &dir, start, &lock)?;
    with_directory(name, dir, lock)
}

fn in_use(name: &str, holder: String) -> OwnWorktreeError {
    OwnWorktreeError::InUse {
        name: name.to_owned(),
        holder,
    }
}

fn lock(session: &Session, name: &str) -> Result<Lock, OwnWorktreeError> {
    session
        .store
        .lock(&LockName::Worktree(name.to_owned()), "tracks")
        .map_err(|error| match error {
            LockError::Held { holder } => in_use(name, holder),
            LockError::Store(error) => error.into(),
        })
}

fn with_directory(name: &str, dir: PathBuf, lock: Lock) -> Result<OwnWorktree, OwnWorktreeError> {
    // Before its contents are looked at: another repository may have it under the same path.
    let other = || in_use(name, "another repository".to_owned());
    let directory = lock_directory(&dir)?.ok_or_else(other)?;
    Ok(OwnWorktree {
        name: name.to_owned(),
        dir,
        _locks: [lock, directory],
    })
}

/// Every one of them that git knows of, by name.
pub(super) fn all(session: &Session) -> Result<Vec<(String, Worktree)>, GitError> {
    let dir = worktrees_dir(session);
    let tag = format!("-{}", session.store.tag());
    let name = |entry: &Worktree| {
        let name = entry.path.file_name()?.to_str()?;
        let is_own =
            !entry.is_main && name.starts_with('.') && entry.path.parent() == dir.as_deref();
        is_own.then(|| name.strip_suffix(&tag).unwrap_or(name).to_owned())
    };
    let list = session.repository.worktrees()?;
    Ok(list
        .into_iter()
        .filter_map(|entry| Some((name(&entry)?, entry)))
        .collect())
}

/// Keeps one of them from being used, as long as the result lives.
///
/// # Errors
/// When it is in use, or is not ours any more.
pub(super) fn claim(
    session: &Session,
    name: &str,
    dir: &Path,
) -> Result<OwnWorktree, OwnWorktreeError> {
    let worktree = with_directory(name, dir.to_owned(), lock(session, name)?)?;
    session.repository.assert_own_worktree(&worktree.dir)?;
    Ok(worktree)
}

/// In a directory that is the same whatever repository asks, the names differ.
fn directory_name(session: &Session, name: &str) -> String {
    match Path::new(&session.project.layout.worktrees).is_absolute() {
        true => format!("{name}-{}", session.store.tag()),
        false => name.to_owned(),
    }
}

fn make_if_missing(
    session: &Session,
    dir: &Path,
    start: CommitId,
    lock: &Lock,
) -> Result<(), OwnWorktreeError> {
    if dir.is_symlink() {
        return Err(OwnWorktreeError::NotOurs {
            path: dir.to_owned(),
            why: NotOurs::Link,
        });
    }
    let (repository, store) = (&session.repository, &session.store);
    let began = store.was_adding(dir);
    let entry = || -> Result<Option<Worktree>, GitError> {
        let list = repository.worktrees()?;
        Ok(list.into_iter().find(|entry| settled(&entry.path) == dir))
    };
    match entry()? {
        Some(entry) if entry.half_made && !began => {
            return Err(OwnWorktreeError::InTheMaking { path: entry.path });
        }
        Some(entry) if entry.half_made => repository.mend_worktree(&entry)?,
        Some(entry) if entry.prunable.is_some() => match in_the_way(dir) {
            Some(_) => {
                return Err(OwnWorktreeError::NotOurs {
                    path: dir.to_owned(),
                    why: NotOurs::Foreign,
                });
            }
            None => repository.mend_worktree(&entry)?,
        },
        _ => {}
    }
    if entry()?.is_none() {
        store.forget_setup(dir)?;
        store.note_adding(dir)?;
        // Should we be killed, a git that we have started goes on, and nobody may clear away what it is about to make.
        lock.pass_on(true)?;
        let added = repository.add_worktree(dir, &Start::Detached(start));
        lock.pass_on(false)?;
        if !matches!(added, Ok(()) | Err(AddError::Hook { .. })) {
            store.forget_adding(dir)?;
        }
        match added {
            // The hook is the project's business; the worktree is whole.
            Ok(()) | Err(AddError::Hook { .. }) => repository.claim_own_worktree(dir)?,
            Err(AddError::InTheWay { path }) => return Err(OwnWorktreeError::InTheWay { path }),
            Err(AddError::Git(error)) => return Err(error.into()),
        }
    } else if began {
        // A run was killed after it had made the worktree and before it said so.
        repository.claim_own_worktree(dir)?;
    }
    Ok(store.forget_adding(dir)?)
}

/// A path as a shell takes it.
pub(super) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',');
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Whether two paths are one directory, symlinks resolved.
pub(super) fn same_dir(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// So many probe worktrees may be in use, or in somebody's way, before no further one is tried.
const MOST_PROBES: u32 = 256;

/// The first of `.probe-0`, `.probe-1` … that nobody uses, and that is ours to use.
pub(super) fn open_probe(
    session: &Session,
    start: CommitId,
) -> Result<OwnWorktree, OwnWorktreeError> {
    let mut number = 0;
    loop {
        match open(session, &format!(".probe-{number}"), start) {
            Err(
                OwnWorktreeError::InUse { .. }
                | OwnWorktreeError::InTheWay { .. }
                | OwnWorktreeError::InTheMaking { .. }
                | OwnWorktreeError::NotOurs { .. },
            ) if number < MOST_PROBES => number += 1,
            result => return result,
        }
    }
}

/// Brings back to base every probe worktree that a killed run has left on a commit which is gone with its merger: git would
/// clean up nothing in this repository as long as one stands there.
pub(super) fn bring_back_probes(session: &Session) -> Result<(), OwnWorktreeError> {
    let Some(worktrees) = worktrees_dir(session) else {
        return Ok(());
    };
    let (repository, base) = (&session.repository, session.base.commit);
    let lost: BTreeSet<PathBuf> = (repository.worktrees()?.into_iter())
        .filter(|entry| {
            let commit = entry.commit.filter(|_| entry.prunable.is_none());
            commit.is_some_and(|commit| repository.commit(commit).is_err())
        })
        .map(|entry| settled(&entry.path))
        .collect();
    if lost.is_empty() {
        return Ok(());
    }
    for name in (0..=MOST_PROBES).map(|number| format!(".probe-{number}")) {
        if !lost.contains(&worktrees.join(directory_name(session, &name))) {
            continue;
        }
        match open(session, &name, base) {
            Ok(probe) => repository.reset_own_worktree(&probe.dir, base)?,
            // Its merger lives, or it is none of ours.
            Err(OwnWorktreeError::InUse { .. } | OwnWorktreeError::NotOurs { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl OwnWorktree {
    /// Puts it onto a commit that holds the work of `tracks` on top of base. `merger`: only that can read the commit, so it
    /// has to be put elsewhere in the end.
    ///
    /// Ignored files stay, so that builds are warm, unless they may be of a track whose work is not in this commit: what such
    /// a track left (a database, generated code) would give this commit a colour that is not its own.
    pub(super) fn stand_on(
        &self,
        session: &Session,
        merger: Option<&Merger<'_>>,
        commit: CommitId,
        tracks: &[TrackId],
    ) -> Result<(), OwnWorktreeError> {
        // Untracked files go with the reset, and with them perhaps what a check has built.
        session.store.forget_built(&self.dir)?;
        match merger {
            Some(merger) => merger.reset_own_worktree(&self.dir, commit)?,
            None => session.repository.reset_own_worktree(&self.dir, commit)?,
        }
        self.clear_of_others(session, tracks)
    }

    fn clear_of_others(
        &self,
        session: &Session,
        tracks: &[TrackId],
    ) -> Result<(), OwnWorktreeError> {
        let (repository, store) = (&session.repository, &session.store);
        let tracks: BTreeSet<String> = tracks.iter().map(TrackId::to_string).collect();
        if !store
            .held(&self.dir)
            .is_some_and(|held| held.is_subset(&tracks))
        {
            store.forget_setup(&self.dir)?;
            repository.clear_own_worktree(&self.dir)?;
        }
        Ok(store.note_held(&self.dir, tracks)?)
    }
}
