//! Finding the files that a check has written, by path patterns, without a look at more directories than the pattern can mean.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::domain::path::{Pattern, RepoPath};

/// What begins anything but a plain name in a pattern.
const SPECIAL: [char; 5] = ['*', '?', '[', '{', '\\'];

/// A file that a pattern means.
#[derive(Debug)]
pub(super) struct Found {
    /// From the root.
    pub(super) path: RepoPath,
    pub(super) place: PathBuf,
    pub(super) metadata: Metadata,
}

/// The files below `root` that one of the patterns means, each once, by path; of a whole directory only those that end in
/// `.xml`. What cannot be read is not there. `.git` and what lies behind links inside of a pattern's wildcards is left out.
pub(super) fn files_below(root: &Path, patterns: &[Pattern]) -> Vec<Found> {
    let mut found: Vec<Found> = patterns
        .iter()
        .flat_map(|pattern| Search::new(root, pattern).run())
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    let mut seen = BTreeSet::new();
    found.retain(|file| seen.insert(file.path.clone()));
    found
}

struct Search<'a> {
    root: &'a Path,
    pattern: &'a Pattern,
    parts: Vec<&'a str>,
    /// So many parts at the beginning are plain names.
    plain: usize,
    /// From this part on, nothing can be said about how deep it lies.
    deep: usize,
    /// For each number of parts, the pattern of that many.
    beginnings: Vec<Option<Pattern>>,
    found: Vec<Found>,
}

impl<'a> Search<'a> {
    fn new(root: &'a Path, pattern: &'a Pattern) -> Self {
        let parts: Vec<&str> = pattern.as_str().trim_end_matches('/').split('/').collect();
        let first = |is: &dyn Fn(&str) -> bool| {
            let place = parts.iter().position(|part| is(part));
            place.unwrap_or(parts.len())
        };
        Search {
            root,
            pattern,
            plain: first(&|part| part.contains(SPECIAL)),
            // Braces may hold a `/`.
            deep: first(&|part| part.contains("**") || part.contains(['{', '\\'])),
            beginnings: (0..=parts.len())
                .map(|number| Pattern::new(&parts[..number].join("/")).ok())
                .collect(),
            parts,
            found: Vec::new(),
        }
    }

    fn run(mut self) -> Vec<Found> {
        let beginning = self.parts[..self.plain].join("/");
        let place = self.root.join(&beginning);
        match fs::metadata(&place) {
            Ok(metadata) if metadata.is_dir() => self.walk(&place, &beginning, self.plain),
            Ok(metadata) if self.plain == self.parts.len() => self.found.push(Found {
                path: RepoPath::new(&beginning),
                place,
                metadata,
            }),
            _ => {}
        }
        self.found
    }

    /// `path` is that of `dir` from the root, and has `depth` parts.
    fn walk(&mut self, dir: &Path, path: impl AsRef<[u8]>, depth: usize) {
        let Ok(entries) = fs::read_dir(dir) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let mut path = path.as_ref().to_vec();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(name.as_bytes());
            let (place, is_dir) = (
                entry.path(),
                entry.file_type().is_ok_and(|kind| kind.is_dir()),
            );
            if is_dir {
                let entered = name != ".git" && self.may_hold(&path, depth + 1);
                if entered {
                    self.walk(&place, &path, depth + 1);
                }
                continue;
            }
            let path = RepoPath::new(&path);
            if !self.means(&path) {
                continue;
            }
            if let Ok(metadata) = fs::metadata(&place).as_ref()
                && metadata.is_file()
            {
                let metadata = metadata.clone();
                self.found.push(Found {
                    path,
                    place,
                    metadata,
                });
            }
        }
    }

    /// Whether something that is meant may lie in this directory.
    fn may_hold(&self, path: &[u8], depth: usize) -> bool {
        let path = RepoPath::new(path);
        match self.beginnings.get(depth) {
            _ if depth > self.deep => true,
            Some(beginning) => beginning.as_ref().is_some_and(|it| it.matches(&path)),
            None => self.pattern.matches(&path),
        }
    }

    fn means(&self, path: &RepoPath) -> bool {
        let last = self.parts.last().copied().unwrap_or_default();
        let whole_directory = !last.contains(SPECIAL) && !last.ends_with(".xml");
        self.pattern.matches(path) && (!whole_directory || path.as_bytes().ends_with(b".xml"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::File::create(path).unwrap();
        }
        dir
    }

    fn found(dir: &Path, patterns: &[&str]) -> Vec<String> {
        let patterns: Vec<Pattern> = patterns
            .iter()
            .map(|text| Pattern::new(text).unwrap())
            .collect();
        let found = files_below(dir, &patterns);
        found.iter().map(|file| file.path.to_string()).collect()
    }

    #[test]
    fn what_patterns_mean() {
        let dir = world(&[
            "junit.xml",
            "target/junit.xml",
            "target/surefire/A.xml",
            "target/surefire/A.txt",
            "target/surefire/deep/B.xml",
            "m1/target/junit.xml",
            "m2/target/junit.xml",
            "m2/sub/target/junit.xml",
            ".git/junit.xml",
        ]);
        for (patterns, expected) in [
            (vec!["target/junit.xml"], vec!["target/junit.xml"]),
            (vec!["none.xml", "none/*.xml"], vec![]),
            (
                vec!["target/surefire"],
                vec!["target/surefire/A.xml", "target/surefire/deep/B.xml"],
            ),
            (
                vec!["target/surefire/*"],
                vec!["target/surefire/A.txt", "target/surefire/A.xml"],
            ),
            (vec!["target/*/A.*ml"], vec!["target/surefire/A.xml"]),
            (
                vec!["*/target/junit.xml"],
                vec!["m1/target/junit.xml", "m2/target/junit.xml"],
            ),
            (vec!["m[2-9]/target/"], vec!["m2/target/junit.xml"]),
            (
                vec!["m2/**/junit.xml"],
                vec!["m2/sub/target/junit.xml", "m2/target/junit.xml"],
            ),
            (
                vec!["{m1,m2/sub}/target/junit.xml"],
                vec!["m1/target/junit.xml", "m2/sub/target/junit.xml"],
            ),
            (
                vec!["*.xml", "target/junit.xml", "*/junit.xml"],
                vec!["junit.xml", "target/junit.xml"],
            ),
            (
                vec!["**/junit.xml"],
                vec![
                    "junit.xml",
                    "m1/target/junit.xml",
                    "m2/sub/target/junit.xml",
                    "m2/target/junit.xml",
                    "target/junit.xml",
                ],
            ),
        ] {
            assert_eq!(found(dir.path(), &patterns), expected, "{patterns:?}");
        }
    }

    #[test]
    fn links() {
        let dir = world(&["elsewhere/junit.xml", "x/keep"]);
        let link = |to: &str, from: &str| {
            std::os::unix::fs::symlink(to, dir.path().join(from)).unwrap();
        };
        link("elsewhere", "target");
        link("../elsewhere/junit.xml", "x/file.xml");
        link("..", "x/round");
        link("nowhere", "x/broken.xml");
        assert_eq!(found(dir.path(), &["target/*.xml"]), ["target/junit.xml"]);
        assert_eq!(found(dir.path(), &["x/**/*.xml"]), ["x/file.xml"]);
    }

    #[test]
    fn directories_that_cannot_hold_it_are_not_entered() {
        let dir = world(&["a/b/c/d.xml", "m/t/j.xml"]);
        let entered = |pattern: &str, path: &str, depth| {
            let pattern = Pattern::new(pattern).unwrap();
            Search::new(dir.path(), &pattern).may_hold(path.as_bytes(), depth)
        };
        for (pattern, path, expected) in [
            ("*/t/j.xml", "a", true),
            ("*/t/j.xml", "a/b", false),
            ("*/t/j.xml", "m/t", true),
            ("m*/t/j.xml", "a", false),
            ("m/*.xml", "m/t", false),
            ("*/t", "m/t", true),
            ("*/t", "m/t/deep", true),
            ("*/t", "m/u", false),
            ("**/j.xml", "a/b/c", true),
            ("m/**/j.xml", "m/x/y", true),
        ] {
            let depth = path.split('/').count();
            assert_eq!(entered(pattern, path, depth), expected, "{pattern} {path}");
        }
    }
}
