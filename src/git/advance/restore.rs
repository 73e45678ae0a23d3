//! Putting files back that a move has written, and leaving those that somebody else has written to since.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::blocked::place;
use super::{Entry, Side, on_index, status, strange};
use crate::domain::path::RepoPath;
use crate::domain::revision::CommitId;
use crate::git::executable::{run, run_any};
use crate::git::scratch::io;
use crate::git::{GitError, Repository};

/// Paths that have not got what they were to have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Missed {
    /// Somebody has written to them since.
    pub(super) left: Vec<RepoPath>,
    /// git could not write them: a filter fails.
    pub(super) failed: Vec<RepoPath>,
}

/// Gives what differs between two commits the content of `at`, which `index` has. A file is ours to write where it is gone, or
/// what either commit has in it, or a beginning of that: git was killed while it wrote. All other paths are given back. What a
/// filter cannot tell the content of counts as unknown.
pub(super) fn restore(
    repository: &Repository,
    worktree: &Path,
    index: &Path,
    at: CommitId,
    other: CommitId,
) -> Result<Missed, GitError> {
    let entries = repository.entries_between(at, other)?;
    let git = || on_index(repository.cmd_in(worktree), index);
    let changed: BTreeSet<RepoPath> = (status(git(), "all")?.into_iter())
        .filter(|entry| entry.unstaged)
        .map(|entry| entry.path)
        .collect();
    let doubtful: Vec<&Entry> = (entries.iter())
        .filter(|entry| match &entry.before {
            Side::Nothing => is_file(worktree, &entry.path),
            Side::Submodule => false,
            Side::File { .. } | Side::Link { .. } => changed.contains(&entry.path),
        })
        .collect();
    if doubtful.is_empty() {
        return Ok(Missed::default());
    }
    let contents = contents(repository, &doubtful, at, other)?;
    let (ours, theirs): (Vec<&Entry>, Vec<&Entry>) =
        (doubtful.into_iter()).partition(|entry| is_ours(worktree, entry, &contents));
    for entry in ours.iter().filter(|entry| entry.before == Side::Nothing) {
        remove(worktree, &entry.path)?;
    }
    let (free, taken): (Vec<&Entry>, Vec<&Entry>) = (ours.into_iter())
        .filter(|entry| entry.before.is_file())
        .partition(|entry| has_room(worktree, &entry.path));
    let free: Vec<&RepoPath> = free.iter().map(|entry| &entry.path).collect();
    let failed = write(repository, worktree, index, at, &free)?;
    let left = theirs.into_iter().chain(taken);
    Ok(Missed {
        left: left.map(|entry| entry.path.clone()).collect(),
        failed,
    })
}

/// Writes files as the index has them; those that could not be. One filter that fails keeps git from all the rest, so that each
/// is tried by itself then.
fn write(
    repository: &Repository,
    worktree: &Path,
    index: &Path,
    at: CommitId,
    paths: &[&RepoPath],
) -> Result<Vec<RepoPath>, GitError> {
    let mut input = Vec::new();
    for path in paths {
        input.extend_from_slice(path.as_bytes());
        input.push(0);
    }
    let git = repository
        .cmd_in(worktree)
        .arg(format!("--attr-source={at}"));
    let checkout = on_index(git, index)
        .args(["checkout-index", "-f", "-z", "--stdin"])
        .stdin(input);
    let output = run_any(&checkout, "checkout-index -f")?;
    match (output.status, paths) {
        (Some(0), _) | (_, []) => Ok(Vec::new()),
        (_, [one]) => Ok(vec![(*one).clone()]),
        (_, several) => {
            let mut failed = Vec::new();
            for one in several {
                failed.extend(write(repository, worktree, index, at, &[*one])?);
            }
            Ok(failed)
        }
    }
}

/// Told to write a file, git clears away a whole directory in its place, and a file in the place of a directory above it.
fn has_room(worktree: &Path, path: &RepoPath) -> bool {
    let full = place(worktree, path);
    // Where it is empty.
    let _ = std::fs::remove_dir(&full);
    let is_dir = |path: &Path| path.symlink_metadata().map(|facts| facts.is_dir());
    let above = full.ancestors().skip(1);
    above
        .take_while(|dir| *dir != worktree)
        .all(|dir| is_dir(dir).unwrap_or(true))
        && !is_dir(&full).unwrap_or(false)
}

/// Whether there is a file or a link in the worktree itself, and not behind a link.
fn is_file(worktree: &Path, path: &RepoPath) -> bool {
    let bytes = path.as_bytes();
    let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    let facts = |path: &RepoPath| place(worktree, path).symlink_metadata().ok();
    slashes
        .map(|(slash, _)| RepoPath::new(&bytes[..slash]))
        .all(|above| facts(&above).is_some_and(|facts| facts.is_dir()))
        && facts(path).is_some_and(|facts| !facts.is_dir())
}

/// What files have in them once they are checked out, by path: one or two of each.
type Contents = BTreeMap<RepoPath, Vec<Vec<u8>>>;

fn contents(
    repository: &Repository,
    entries: &[&Entry],
    at: CommitId,
    other: CommitId,
) -> Result<Contents, GitError> {
    let mut contents = Contents::new();
    for commit in [at, other] {
        let sides: Vec<(&RepoPath, &Side)> = (entries.iter())
            .map(|entry| match commit == at {
                true => (&entry.path, &entry.before),
                false => (&entry.path, &entry.after),
            })
            .collect();
        let files = sides.iter().filter_map(|(path, side)| match side {
            Side::File { id } => Some((*path, id.as_str())),
            _ => None,
        });
        let links = sides.iter().filter_map(|(path, side)| match side {
            Side::Link { id } => Some((*path, id.as_str())),
            _ => None,
        });
        // A link is never filtered.
        for (asked, filter) in [(files.collect(), true), (links.collect(), false)] {
            let asked: Vec<(&RepoPath, &str)> = asked;
            let found = match checked_out(repository, commit, &asked, filter) {
                Err(_) if filter => {
                    let each = asked.iter().map(|one| {
                        checked_out(repository, commit, std::slice::from_ref(one), filter)
                    });
                    each.filter_map(Result::ok).flatten().collect()
                }
                found => found?,
            };
            for (path, content) in found {
                contents.entry(path).or_default().push(content);
            }
        }
    }
    Ok(contents)
}

/// Format: git-cat-file(1), "BATCH OUTPUT".
fn checked_out(
    repository: &Repository,
    commit: CommitId,
    asked: &[(&RepoPath, &str)],
    filter: bool,
) -> Result<Vec<(RepoPath, Vec<u8>)>, GitError> {
    const COMMAND: &str = "cat-file --batch";
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let mut input = Vec::new();
    for (path, id) in asked {
        input.extend_from_slice(id.as_bytes());
        if filter {
            input.push(b' ');
            input.extend_from_slice(path.as_bytes());
        }
        input.push(0);
    }
    let cmd = repository
        .cmd()
        .arg(format!("--attr-source={commit}"))
        .args(["cat-file", "--batch=%(objectsize)", "-z"])
        .args(filter.then_some("--filters"))
        .stdin(input);
    let printed = run(&cmd, COMMAND)?;
    let mut rest = printed.as_slice();
    let mut found = Vec::new();
    for (path, _) in asked {
        let line = rest.iter().position(|byte| *byte == b'\n');
        let size: Option<usize> =
            line.and_then(|end| std::str::from_utf8(&rest[..end]).ok()?.parse().ok());
        let (Some(end), Some(size)) = (line, size) else {
            return Err(strange(COMMAND, rest));
        };
        let content = rest.get(end + 1..end + 1 + size);
        let content = content.ok_or_else(|| strange(COMMAND, rest))?;
        found.push(((*path).clone(), content.to_owned()));
        rest = &rest[(end + 2 + size).min(rest.len())..];
    }
    Ok(found)
}

fn is_ours(worktree: &Path, entry: &Entry, contents: &Contents) -> bool {
    let path = place(worktree, &entry.path);
    let Ok(facts) = path.symlink_metadata() else {
        return true;
    };
    if facts.is_dir() {
        // Of the other commit; what is in it is looked at by itself.
        return true;
    }
    let there = match facts.is_symlink() {
        true => std::fs::read_link(&path).map(|to| to.as_os_str().as_bytes().to_owned()),
        false => std::fs::read(&path),
    };
    let known = contents.get(&entry.path);
    let known = known.into_iter().flatten();
    there.is_ok_and(|there| known.into_iter().any(|content| content.starts_with(&there)))
}

/// With the directories that are empty then.
fn remove(worktree: &Path, path: &RepoPath) -> Result<(), GitError> {
    let path = place(worktree, path);
    std::fs::remove_file(&path).map_err(io(&path))?;
    let above = path.ancestors().skip(1);
    for dir in above.take_while(|dir| *dir != worktree) {
        if std::fs::remove_dir(dir).is_err() {
            break;
        }
    }
    Ok(())
}
