//! What git ignores: which of it new worktrees bring along, and what need not be watched.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::executable::{fields, run, run_any};
use super::worktree::path_of;
use super::{GitError, Repository};
use crate::domain::path::{Pattern, RepoPath};

/// Gitignore syntax; a convention of several tools.
const INCLUDE_FILE: &str = ".worktreeinclude";

impl Repository {
    /// The ignored files and whole ignored directories of `worktree` that `patterns` or its `.worktreeinclude` (gitignore
    /// syntax) name, without what lies in other worktrees. Tracked files are never listed.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn ignored_to_copy(
        &self,
        worktree: &Path,
        patterns: &[Pattern],
    ) -> Result<Vec<RepoPath>, GitError> {
        let include = worktree.join(INCLUDE_FILE);
        let included = match include.is_file() {
            true => self.included(worktree)?,
            false => BTreeSet::new(),
        };
        if patterns.is_empty() && included.is_empty() {
            return Ok(Vec::new());
        }
        let wish = Wish { patterns, included };
        let nested = self.nested_worktrees(worktree)?;
        let mut wanted = BTreeSet::new();
        let mut opened = Vec::new();
        for entry in self.others(worktree, &["--exclude-standard", "--directory"])? {
            if entry.is_dir
                && worktree
                    .join(path_of(entry.path.as_bytes()))
                    .join(".git")
                    .exists()
            {
                continue;
            }
            let whole = wish.takes(&entry.path);
            if whole && !(entry.is_dir && nested.iter().any(|path| entry.path.contains(path))) {
                wanted.insert(entry.path);
            } else if entry.is_dir && (whole || wish.reaches_into(&entry.path)) {
                opened.push(entry.path);
            }
        }
        if !opened.is_empty() {
            for entry in self.others(worktree, &["--exclude-standard"])? {
                // A directory in this listing is a repository of its own.
                let inside = opened.iter().any(|dir| dir.contains(&entry.path));
                if inside && !entry.is_dir && wish.takes(&entry.path) {
                    wanted.insert(entry.path);
                }
            }
        }
        Ok(wanted.into_iter().collect())
    }

    /// The directories of `worktree`, absolute, in which nothing can be that git would see: ignored as a whole, and no
    /// tracked file in them.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn ignored_directories(&self, worktree: &Path) -> Result<BTreeSet<PathBuf>, GitError> {
        let entries = self.others(worktree, &["--exclude-standard", "--directory"])?;
        let dirs = entries.into_iter().filter(|entry| entry.is_dir);
        Ok(dirs
            .map(|entry| worktree.join(path_of(entry.path.as_bytes())))
            .collect())
    }

    /// What git ignores in `worktree`, files and directories that are ignored as a whole, without a repository or a worktree
    /// that lies inside.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn ignored_entries(&self, worktree: &Path) -> Result<Vec<RepoPath>, GitError> {
        let entries = self.others(worktree, &["--exclude-standard", "--directory"])?;
        Ok(entries.into_iter().map(|entry| entry.path).collect())
    }

    /// Those of the paths, absolute and inside `worktree`, that git ignores: untracked, and matched by a rule. Where git can
    /// tell of none (one of them is in a submodule, or behind a symbolic link), none is.
    ///
    /// # Errors
    /// When git cannot be run.
    pub fn ignored_among<'p>(
        &self,
        worktree: &Path,
        paths: impl IntoIterator<Item = &'p Path>,
    ) -> Result<BTreeSet<PathBuf>, GitError> {
        let mut input = Vec::new();
        for path in paths {
            let Ok(inside) = path.strip_prefix(worktree) else {
                continue;
            };
            if !inside.as_os_str().is_empty() {
                input.extend_from_slice(inside.as_os_str().as_encoded_bytes());
                input.push(0);
            }
        }
        if input.is_empty() {
            return Ok(BTreeSet::new());
        }
        let cmd = self
            .cmd_in(worktree)
            .args(["check-ignore", "-z", "--stdin"])
            .stdin(input);
        let output = run_any(&cmd, "check-ignore")?;
        if output.status != Some(0) {
            return Ok(BTreeSet::new());
        }
        Ok(fields(&output.stdout)
            .map(|path| worktree.join(path_of(path)))
            .collect())
    }

    fn included(&self, worktree: &Path) -> Result<BTreeSet<RepoPath>, GitError> {
        let exclude_from = format!("--exclude-from={INCLUDE_FILE}");
        let entries = self.others(worktree, &[&exclude_from, "--directory"])?;
        Ok(entries.into_iter().map(|entry| entry.path).collect())
    }

    fn others(&self, worktree: &Path, options: &[&str]) -> Result<Vec<Entry>, GitError> {
        let cmd = self
            .cmd_in(worktree)
            .args(["ls-files", "-z", "--others", "--ignored"])
            .args(options);
        let output = run(&cmd, "ls-files --others --ignored")?;
        Ok(entries(&output))
    }

    fn nested_worktrees(&self, worktree: &Path) -> Result<Vec<RepoPath>, GitError> {
        let inside = |path: PathBuf| {
            let below = path.strip_prefix(worktree).ok()?;
            let bytes = below.as_os_str().as_encoded_bytes();
            (!bytes.is_empty()).then(|| RepoPath::new(bytes))
        };
        let list = self.worktrees()?;
        Ok(list
            .into_iter()
            .filter_map(|entry| inside(entry.path))
            .collect())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    path: RepoPath,
    is_dir: bool,
}

/// git lists a directory that merely holds nothing but ignored files too, followed by those; only one that is ignored as a
/// whole stands alone.
fn entries(output: &[u8]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for field in fields(output) {
        let (path, is_dir) = match field.strip_suffix(b"/") {
            Some(dir) => (dir, true),
            None => (field, false),
        };
        let path = RepoPath::new(path);
        while entries.last().is_some_and(|last| last.path.contains(&path)) {
            entries.pop();
        }
        entries.push(Entry { path, is_dir });
    }
    entries
}

struct Wish<'a> {
    patterns: &'a [Pattern],
    /// What `.worktreeinclude` selects.
    included: BTreeSet<RepoPath>,
}

impl Wish<'_> {
    fn takes(&self, path: &RepoPath) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(path)) || self.is_included(path)
    }

    fn is_included(&self, path: &RepoPath) -> bool {
        let bytes = path.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        ends.map(|(end, _)| end)
            .chain([bytes.len()])
            .any(|end| self.included.contains(&RepoPath::new(&bytes[..end])))
    }

    /// Whether something inside the directory may be wanted.
    fn reaches_into(&self, dir: &RepoPath) -> bool {
        self.patterns
            .iter()
            .any(|pattern| reaches_into(pattern, dir))
            || self.included_below(dir)
    }

    fn included_below(&self, dir: &RepoPath) -> bool {
        let start = RepoPath::new([dir.as_bytes(), b"/"].concat());
        let next = self.included.range(start..).next();
        next.is_some_and(|next| dir.contains(next))
    }
}

fn reaches_into(pattern: &Pattern, dir: &RepoPath) -> bool {
    let depth = dir.as_bytes().split(|byte| *byte == b'/').count();
    let segments: Vec<&str> = pattern.as_str().split('/').take(depth).collect();
    // What is no pattern by itself (a brace over several segments) may mean anything.
    segments.contains(&"**")
        || Pattern::new(&segments.join("/")).map_or(true, |prefix| prefix.matches(dir))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::World;

    fn world() -> World {
        let world = World::new();
        world.write(".gitignore", ".env\nnode_modules/\nconfig/\n*.log\nwt/\n");
        world.write("tracked.log.txt", "t\n");
        world.commit("one");
        world.git(&["worktree", "add", "-q", "-b", "one", "wt/one"]);
        for path in [
            ".env",
            "node_modules/a/b.js",
            "node_modules/a/.env",
            "config/.env",
            "config/deep/x",
            "mixed/a.log",
            "plain/.env",
            "plain/untracked",
            "sub/node_modules/z.js",
            "wt/one/.env",
            "wt/beside",
        ] {
            world.write(path, "x\n");
        }
        world.git(&["init", "-q", "config/nested"]);
        world
    }

    fn copied(world: &World, patterns: &[&str]) -> Vec<String> {
        let patterns: Vec<Pattern> = patterns.iter().map(|p| Pattern::new(p).unwrap()).collect();
        let paths = world
            .open()
            .ignored_to_copy(&world.root(), &patterns)
            .unwrap();
        paths.iter().map(|path| path.lossy().into_owned()).collect()
    }

    #[test]
    fn patterns() {
        let world = world();
        let cases: [(&[&str], &[&str]); 11] = [
            (&[], &[]),
            (&[".env", "node_modules"], &[".env", "node_modules"]),
            (&["config/.env"], &["config/.env"]),
            (&["config/*"], &["config/.env"]),
            (&["config/**"], &["config/.env", "config/deep/x"]),
            (&["config"], &["config"]),
            (&["mixed"], &["mixed/a.log"]),
            (&["**/node_modules"], &["node_modules", "sub/node_modules"]),
            (
                &["**/.env"],
                &[".env", "config/.env", "node_modules/a/.env", "plain/.env"],
            ),
            (&["wt"], &["wt/beside"]),
            (&["plain/untracked", "tracked.log.txt", "nothing"], &[]),
        ];
        for (patterns, expected) in cases {
            assert_eq!(copied(&world, patterns), expected, "{patterns:?}");
        }
    }

    #[test]
    fn the_include_file_of_the_worktree() {
        let world = world();
        world.write(
            ".worktreeinclude",
            "# comment\nconfig/.env\nnode_modules\n!sub/node_modules\nuntracked\nmixed/\n",
        );
        assert_eq!(
            copied(&world, &[".env"]),
            [".env", "config/.env", "mixed/a.log", "node_modules"]
        );
        assert_eq!(
            copied(&world, &[]),
            ["config/.env", "mixed/a.log", "node_modules"]
        );
    }

    #[test]
    fn what_need_not_be_watched() {
        let world = world();
        world.git(&["add", "--force", "config/.env"]);
        let root = world.root();
        let repository = world.open();
        let dirs: Vec<String> = repository
            .ignored_directories(&root)
            .unwrap()
            .iter()
            .map(|dir| dir.strip_prefix(&root).unwrap().display().to_string())
            .collect();
        // Not `config`, which has a tracked file, nor `mixed`, where something else may come.
        assert_eq!(
            dirs,
            [
                "config/deep",
                "config/nested",
                "node_modules",
                "sub/node_modules",
                "wt"
            ]
        );
    }

    #[test]
    fn ignored_paths() {
        let world = world();
        world.git(&["add", "--force", "config/.env"]);
        let root = world.root();
        let among = |paths: &[&str]| -> Vec<String> {
            let paths: Vec<PathBuf> = paths.iter().map(|path| root.join(path)).collect();
            let ignored = world
                .open()
                .ignored_among(&root, paths.iter().map(PathBuf::as_path))
                .unwrap();
            ignored
                .iter()
                .map(|path| path.strip_prefix(&root).unwrap().display().to_string())
                .collect()
        };
        assert_eq!(
            among(&[
                "plain/untracked",
                ".env",
                "config/.env",
                "gone.log",
                "config/new"
            ]),
            [".env", "config/new", "gone.log"]
        );
        assert_eq!(among(&["plain/untracked"]), Vec::<String>::new());
        assert_eq!(among(&["", "/elsewhere"]), Vec::<String>::new());
        std::os::unix::fs::symlink("plain", root.join("link")).unwrap();
        assert_eq!(among(&["link/x", "gone.log"]), Vec::<String>::new());
    }
}
