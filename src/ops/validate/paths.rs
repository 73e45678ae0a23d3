//! The quick answer for editors and agents: would a change to these paths break a rule? Nothing is merged, no other track is
//! looked at, neither history nor migrations are read: what is known are the paths, what base has there, the names of its
//! migrations, and what tracks.toml says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use crate::domain::merge::{Entry, Mode};
use crate::domain::name::TrackId;
use crate::domain::owners::Owners;
use crate::domain::path::RepoPath;
use crate::domain::project::Track;
use crate::domain::revision::BlobId;
use crate::domain::rule::{self, Contents, Facts, FileChange, Finding, Work};
use crate::git::{GitError, Repository};
use crate::ops::{Session, rules};
use crate::process::clock;

use super::{ValidateError, track_of};

/// An answer is wanted at once, and each question is a git.
const MOST_ASKED_SINGLY: usize = 8;

#[derive(Debug)]
pub struct Report {
    pub track: TrackId,
    /// How many were judged.
    pub paths: usize,
    pub findings: Vec<Finding>,
    /// Paths that are not in this worktree, as they were given.
    pub outside: Vec<String>,
}

impl Report {
    pub fn refused(&self) -> bool {
        self.findings.iter().any(Finding::refuses)
    }
}

/// The track that paths are judged for: the one named, else the one of this worktree.
///
/// # Errors
/// When there is none.
pub fn track<'s>(
    session: &'s Session,
    named: Option<&str>,
    dir: &Path,
) -> Result<&'s Track, ValidateError> {
    match named {
        Some(id) => Ok(session.track(id)?),
        None => track_of(session, None, dir),
    }
}

/// `input`: paths, one a line or each ended by NUL; absolute ones, and those that start where the session was opened.
///
/// # Errors
/// When there is no worktree, or base cannot be read.
pub fn run(
    session: &Session,
    track: &Track,
    input: &[u8],
    dir: &Path,
) -> Result<Report, ValidateError> {
    let top = session.repository.current_worktree();
    let top = top.ok_or(ValidateError::NoWorktree)?;
    let mut outside = Vec::new();
    let mut paths = BTreeSet::new();
    for written in split(input) {
        match inside(top, dir, written) {
            Some(path) => {
                paths.insert(path);
            }
            None => outside.push(String::from_utf8_lossy(written).into_owned()),
        }
    }
    let tree = session.repository.tree_of(session.base.commit)?;
    // Nobody has read the contents.
    let on_base = session.repository.entries_at(tree, &paths)?;
    let mut contents = BTreeMap::new();
    let mut changes = Vec::new();
    for path in &paths {
        let file = Repository::file_in(top, path);
        let before = on_base.get(path).cloned();
        let link = std::fs::read_link(&file).ok();
        let is_there = link.is_some() || file.symlink_metadata().is_ok();
        let mode = match link {
            Some(_) => Mode::Link,
            None => Mode::File,
        };
        if let Some(target) = link {
            let after = target.into_os_string().into_encoded_bytes();
            let both = Contents {
                before: None,
                after: Some(after.into()),
            };
            contents.insert(path.clone(), both);
        }
        // What is neither here nor on base is about to be made.
        let id = BlobId::NONE;
        let after = (is_there || before.is_none()).then_some(id);
        changes.push(FileChange {
            path: path.clone(),
            before,
            after: after.map(|id| Entry { mode, id }),
            moved: None,
        });
    }
    let mut work = Work {
        changes,
        contents,
        uncommitted: paths.clone(),
        ..Work::of(&track.id, None)
    };
    let migrations = rules::migrations_by_name(session, &mut work)?;
    let works = [work];
    let owners = Owners::new(&session.project);
    let facts = Facts {
        migrations: migrations.as_ref(),
        ..Facts::of(&session.project, &owners, clock::now(), &works)
    };
    let mut findings = rule::judge_by(&facts, rule::of_paths());
    // What is said of no path in particular is for `validate` to say.
    findings.retain(|finding| {
        finding
            .path
            .as_ref()
            .is_some_and(|path| paths.contains(path))
    });
    let ignored = never_committed(session, top, &findings)?;
    findings.retain(|finding| {
        let path = finding.path.as_ref();
        path.is_none_or(|path| on_base.contains_key(path) || !ignored.contains(path))
    });
    Ok(Report {
        track: track.id.clone(),
        paths: paths.len(),
        findings,
        outside,
    })
}

/// What git ignores of the paths that something was found about: nobody commits it, so that nothing is to be said of it. Git
/// is asked only then.
fn never_committed(
    session: &Session,
    top: &Path,
    findings: &[Finding],
) -> Result<BTreeSet<RepoPath>, GitError> {
    let found: BTreeSet<&RepoPath> = findings.iter().filter_map(|it| it.path.as_ref()).collect();
    let files: Vec<PathBuf> = (found.iter())
        .map(|path| Repository::file_in(top, path))
        .collect();
    let ask = |files: &[PathBuf]| {
        let files = files.iter().map(PathBuf::as_path);
        session.repository.ignored_among(top, files)
    };
    let mut ignored = ask(&files)?;
    if ignored.is_empty() && files.len() > 1 && files.len() <= MOST_ASKED_SINGLY {
        // One that git cannot tell of, such as one behind a symbolic link, keeps it from telling of the others.
        for file in &files {
            ignored.extend(ask(std::slice::from_ref(file))?);
        }
    }
    let is_ignored = |path: &&RepoPath| ignored.contains(&Repository::file_in(top, path));
    Ok(found.into_iter().filter(is_ignored).cloned().collect())
}

/// Separated by NUL if there is one at all, else by line ends.
fn split(input: &[u8]) -> Vec<&[u8]> {
    let paths: Vec<&[u8]> = match input.contains(&0) {
        true => input.split(|byte| *byte == 0).collect(),
        false => input
            .split(|byte| *byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .collect(),
    };
    paths.into_iter().filter(|path| !path.is_empty()).collect()
}

/// The path from the top of the worktree; `None`: it is not in there.
pub(in crate::ops) fn inside(top: &Path, dir: &Path, written: &[u8]) -> Option<RepoPath> {
    let relative = relative(top, dir, written)?;
    let bytes = relative.as_os_str().as_encoded_bytes();
    let git = bytes == b".git" || bytes.starts_with(b".git/");
    (!bytes.is_empty() && !git).then(|| RepoPath::new(bytes))
}

/// The same with the directory itself, which is empty, and what git keeps in it.
pub(in crate::ops) fn relative(top: &Path, dir: &Path, written: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt as _;
    let written = dir.join(std::ffi::OsStr::from_bytes(written));
    let path = plain(&written);
    match path.strip_prefix(top) {
        Ok(relative) => Some(relative.to_owned()),
        Err(_) => below(top, &path),
    }
}

/// Where the way to it leads through symlinks: by the nearest directory above that is there.
fn below(top: &Path, path: &Path) -> Option<PathBuf> {
    for above in path.ancestors().skip(1) {
        if let Ok(real) = above.canonicalize() {
            let rest = path.strip_prefix(above).ok()?;
            return Some(real.join(rest).strip_prefix(top).ok()?.to_owned());
        }
    }
    None
}

/// Without `.` and `..`.
pub(in crate::ops) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            component => plain.push(component),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        for (input, expected) in [
            (&b"a\nb c\r\n\n"[..], &["a", "b c"][..]),
            (b"a\nb\0c\0", &["a\nb", "c"]),
            (b"", &[]),
        ] {
            let found: Vec<_> = split(input)
                .into_iter()
                .map(String::from_utf8_lossy)
                .collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn paths_are_placed_in_the_worktree() {
        let (top, dir) = (Path::new("/nowhere/w"), Path::new("/nowhere/w/src"));
        for (written, expected) in [
            ("a.rs", Some("src/a.rs")),
            ("./x/../a.rs", Some("src/a.rs")),
            ("../b", Some("b")),
            ("/nowhere/w/c", Some("c")),
            ("/nowhere/other/c", None),
            ("../../other", None),
            ("..", None),
            ("/nowhere/w/.git/config", None),
            ("../.gitignore", Some(".gitignore")),
        ] {
            let found = inside(top, dir, written.as_bytes());
            assert_eq!(found, expected.map(RepoPath::new), "{written}");
        }
    }
}
