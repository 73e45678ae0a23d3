//! What is not tracked and lies where a move would write: git itself overwrites what is ignored.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{Entry, Side};
use crate::domain::path::RepoPath;

/// `entries`: what differs between where the worktree stands, cleanly, and where it goes.
pub(super) fn in_the_way(worktree: &Path, entries: &[Entry]) -> Vec<RepoPath> {
    let tracked = |entry: &&Entry| entry.before.is_file();
    let ground = Ground {
        worktree,
        tracked: entries
            .iter()
            .filter(tracked)
            .map(|entry| &entry.path)
            .collect(),
        folded: (entries.iter().filter(tracked))
            .map(|entry| (entry.path.lossy().to_lowercase(), &entry.path))
            .collect(),
    };
    let mut found = BTreeSet::new();
    for entry in entries {
        let needs_room = match (&entry.before, &entry.after) {
            (_, Side::Nothing) => false,
            (Side::Submodule, after) | (after, Side::Submodule) => *after != Side::Submodule,
            (before, _) => *before == Side::Nothing,
        };
        if needs_room {
            ground.look(entry, &mut found);
        }
    }
    found.into_iter().collect()
}

struct Ground<'e> {
    worktree: &'e Path,
    /// Files of the commit where the worktree stands that differ in the other one.
    tracked: BTreeSet<&'e RepoPath>,
    /// The same by their names in small letters.
    folded: BTreeMap<String, &'e RepoPath>,
}

impl Ground<'_> {
    fn look(&self, entry: &Entry, found: &mut BTreeSet<RepoPath>) {
        let bytes = entry.path.as_bytes();
        let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for (slash, _) in slashes {
            let above = RepoPath::new(&bytes[..slash]);
            let Some(facts) = self.facts(&above) else {
                return;
            };
            let is_plain = facts.is_dir() && !is_repository(&self.at(&above));
            if is_plain {
                continue;
            }
            // A file that goes makes room; what is in another repository is not ours to write to.
            if facts.is_dir() || !self.is_tracked(&above, &facts) {
                found.insert(above);
            }
            return;
        }
        let Some(facts) = self.facts(&entry.path) else {
            return;
        };
        if !facts.is_dir() {
            if !self.is_tracked(&entry.path, &facts) {
                found.insert(entry.path.clone());
            }
        } else if !is_repository(&self.at(&entry.path)) {
            self.walk(&entry.path, found);
        } else if entry.after != Side::Submodule {
            found.insert(entry.path.clone());
        }
    }

    /// Everything in a directory that has to go.
    fn walk(&self, dir: &RepoPath, found: &mut BTreeSet<RepoPath>) {
        let Ok(entries) = std::fs::read_dir(self.at(dir)) else {
            found.insert(dir.clone());
            return;
        };
        for entry in entries.flatten() {
            let mut path = dir.as_bytes().to_vec();
            path.push(b'/');
            path.extend_from_slice(entry.file_name().as_bytes());
            let path = RepoPath::new(path);
            match self.facts(&path) {
                Some(facts) if facts.is_dir() && !is_repository(&self.at(&path)) => {
                    self.walk(&path, found);
                }
                Some(facts) if !facts.is_dir() && self.is_tracked(&path, &facts) => {}
                Some(_) => {
                    found.insert(path);
                }
                None => {}
            }
        }
    }

    /// Where a file system takes `A` for `a`, a tracked file may be found under another name.
    fn is_tracked(&self, path: &RepoPath, facts: &Metadata) -> bool {
        let same = |other: &RepoPath| {
            let other = self.facts(other);
            other.is_some_and(|other| (other.dev(), other.ino()) == (facts.dev(), facts.ino()))
        };
        self.tracked.contains(path)
            || (self.folded.get(&path.lossy().to_lowercase())).is_some_and(|other| same(other))
    }

    fn facts(&self, path: &RepoPath) -> Option<Metadata> {
        self.at(path).symlink_metadata().ok()
    }

    fn at(&self, path: &RepoPath) -> PathBuf {
        place(self.worktree, path)
    }
}

/// Where a path of the repository is in a worktree.
pub(super) fn place(worktree: &Path, path: &RepoPath) -> PathBuf {
    worktree.join(OsStr::from_bytes(path.as_bytes()))
}

fn is_repository(dir: &Path) -> bool {
    dir.join(".git").symlink_metadata().is_ok()
}
