//! Whose a path is, and which tracks change it now.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::domain::name::{ContractName, TrackId};
use crate::domain::owners::Owners;
use crate::domain::path::RepoPath;
use crate::domain::project::SharedPolicy;
use crate::domain::rule::Work;
use crate::git::GitError;

use super::Session;
use super::matrix::{self, Matrix, Scope};
use super::own_worktree::same_dir;
use super::rules;
use super::validate::paths::{inside, plain};

/// A path that was asked for. Of a directory, everything that holds for anything in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Empty: the whole repository.
    pub path: RepoPath,
    /// How many files base and the tracks have in it, where it is a directory.
    pub files: Option<usize>,
    /// With the pattern of each.
    pub owners: Vec<(TrackId, String)>,
    pub shared: Vec<(String, Option<TrackId>, SharedPolicy)>,
    /// The patterns.
    pub frozen: Vec<String>,
    pub contracts: Vec<(ContractName, Option<TrackId>)>,
    /// How many files nobody claims.
    pub unowned: usize,
    /// In landing order.
    pub touched_by: Vec<Touch>,
}

/// A track that changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    pub track: TrackId,
    pub committed: bool,
    pub uncommitted: bool,
    /// How many files.
    pub files: usize,
}

#[derive(Debug)]
pub struct Report {
    pub rows: Vec<Row>,
    /// Tracks whose uncommitted work could not be read, with the reason.
    pub unread: Vec<(TrackId, String)>,
}

#[derive(Debug, thiserror::Error)]
pub enum WhoError {
    #[error("{path} is not in this repository")]
    Outside { path: String },
    #[error(transparent)]
    Git(#[from] GitError),
}

/// `dir`: where relative paths start.
///
/// # Errors
/// When a path lies elsewhere, or git cannot tell.
pub fn run(session: &Session, paths: &[OsString], dir: &Path) -> Result<Report, WhoError> {
    let repository = &session.repository;
    let named = paths.iter().map(|written| place(session, written, dir));
    let named: Vec<RepoPath> = named.collect::<Result<_, _>>()?;
    let merger = matrix::scratch_merger(session, repository)?;
    let memo = matrix::memory(session);
    let sides = matrix::track_sides(session, &merger, &session.order, false)?;
    let matrix = Matrix::new(session, &merger, &memo, &sides, Scope::WithoutIntegration)?;
    let works = rules::works(session, &matrix)?;
    let tree = repository.commit(session.base.commit)?.tree;
    let mut files: Vec<RepoPath> = (repository.tree_entries(tree)?.into_iter())
        .map(|(path, _, _)| path)
        .collect();
    let added = works.iter().flat_map(|work| &work.changes);
    files.extend(
        added
            .filter(|change| change.is_new())
            .map(|change| change.path.clone()),
    );
    files.sort();
    files.dedup();
    let owners = Owners::new(&session.project);
    let mut rows = Vec::new();
    for path in named {
        rows.push(row(session, &owners, &works, &files, &path)?);
    }
    let unread = sides.into_iter().filter_map(|side| {
        let reason = side.unavailable.or(side.note)?;
        Some((side.track, reason))
    });
    Ok(Report {
        rows,
        unread: unread.collect(),
    })
}

/// From the root of the repository, in whichever of its worktrees it lies; in a bare one as it is written.
fn place(session: &Session, written: &OsStr, dir: &Path) -> Result<RepoPath, WhoError> {
    let Some(top) = session.repository.current_worktree() else {
        return Ok(RepoPath::new(written.as_bytes()));
    };
    let path = plain(&dir.join(written));
    let others = session.repository.worktrees()?;
    // Worktrees may lie in one another: the innermost counts.
    let mut tops: Vec<&Path> = others.iter().map(|it| it.path.as_path()).collect();
    tops.push(top);
    tops.sort_by_key(|top| std::cmp::Reverse(top.components().count()));
    for top in tops {
        if path == top || (path.exists() && same_dir(&path, top)) {
            return Ok(RepoPath::new(""));
        }
        if let Some(inner) = inside(top, dir, written.as_bytes()) {
            return Ok(inner);
        }
    }
    Err(WhoError::Outside {
        path: written.to_string_lossy().into_owned(),
    })
}

fn row(
    session: &Session,
    owners: &Owners,
    works: &[Work],
    files: &[RepoPath],
    path: &RepoPath,
) -> Result<Row, GitError> {
    let is_root = path.as_bytes().is_empty();
    let within = |file: &RepoPath| is_root || file == path || path.contains(file);
    let inner: Vec<&RepoPath> = files
        .iter()
        .filter(|file| **file != *path && within(file))
        .collect();
    let mut row = Row {
        files: (is_root || !inner.is_empty()).then_some(inner.len()),
        owners: Vec::new(),
        shared: Vec::new(),
        frozen: Vec::new(),
        contracts: Vec::new(),
        unowned: 0,
        touched_by: Vec::new(),
        path: path.clone(),
    };
    let asked = match row.files {
        Some(_) => inner,
        None => vec![path],
    };
    for file in asked {
        let found = owners.of(file);
        row.unowned += usize::from(!found.is_claimed());
        let of_tracks = found.owners.iter();
        add(
            &mut row.owners,
            of_tracks.map(|(track, pattern)| ((*track).clone(), (*pattern).to_owned())),
        );
        let shared = found.shared.iter();
        add(
            &mut row.shared,
            shared.map(|(pattern, owner, policy)| ((*pattern).to_owned(), owner.cloned(), *policy)),
        );
        add(&mut row.frozen, found.frozen.map(str::to_owned));
        let contract = found.contract.iter();
        add(
            &mut row.contracts,
            contract.map(|(name, owner)| ((*name).clone(), owner.cloned())),
        );
    }
    for work in works {
        row.touched_by.extend(touch(session, work, &within)?);
    }
    Ok(row)
}

/// What is not there yet.
fn add<T: PartialEq>(known: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    for one in more {
        if !known.contains(&one) {
            known.push(one);
        }
    }
}

fn touch(
    session: &Session,
    work: &Work,
    within: &impl Fn(&RepoPath) -> bool,
) -> Result<Option<Touch>, GitError> {
    let changed = work.changes.iter().map(|change| &change.path);
    let mut paths: Vec<&RepoPath> = changed.filter(|path| within(path)).collect();
    let mut committed = paths.iter().any(|path| !work.uncommitted.contains(*path));
    let uncommitted: Vec<&RepoPath> = work
        .uncommitted
        .iter()
        .filter(|path| within(path))
        .collect();
    if let Some(tip) = work.tip.filter(|_| !committed && !uncommitted.is_empty()) {
        committed = changed_in_commits(session, tip, &uncommitted)?;
    }
    add(&mut paths, uncommitted.iter().copied());
    Ok((!paths.is_empty()).then(|| Touch {
        track: work.track.clone(),
        committed,
        uncommitted: !uncommitted.is_empty(),
        files: paths.len(),
    }))
}

/// Whether the branch has another version of one of the paths than where it left base.
fn changed_in_commits(
    session: &Session,
    tip: crate::domain::revision::CommitId,
    paths: &[&RepoPath],
) -> Result<bool, GitError> {
    let repository = &session.repository;
    let left = repository.merge_bases(tip, session.base.commit)?;
    let Some(left) = left.first() else {
        return Ok(true);
    };
    let (before, after) = (repository.commit(*left)?.tree, repository.commit(tip)?.tree);
    for path in paths {
        if repository.entry_at(before, path)? != repository.entry_at(after, path)? {
            return Ok(true);
        }
    }
    Ok(false)
}
