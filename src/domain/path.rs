//! Paths inside the repository, and the patterns that select them.

mod selection;
mod set;

use std::fmt;
use std::sync::Arc;

use globset::{Candidate, Glob, GlobBuilder, GlobMatcher};

pub use self::selection::{Reach, Selection, Stage};
pub use self::set::PatternSet;

/// A `/`-separated path from the root of the repository; any bytes, as git has it. Cloning copies nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Arc<[u8]>);

impl RepoPath {
    pub fn new(bytes: impl AsRef<[u8]>) -> Self {
        RepoPath(bytes.as_ref().into())
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as text, if it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The path for people: bytes that are not UTF-8 become U+FFFD.
    pub fn lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// Whether `self` is a directory that `other` lies in.
    pub fn contains(&self, other: &RepoPath) -> bool {
        other.0.len() > self.0.len()
            && other.0.starts_with(&self.0)
            && other.0[self.0.len()] == b'/'
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.lossy())
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.lossy())
    }
}

/// A text that is not a usable pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a usable path pattern: {why}")]
pub struct PatternError {
    pub text: String,
    pub why: String,
}

/// A path pattern of tracks.toml: `*` and `?` stay inside a segment, `**` crosses, a bare directory means its subtree.
///
/// Bare is what ends in a plain name or in `/`: `src/api` and `crates/*/src` mean all that is below, `src/*` only the files
/// in `src` itself. A name with `[ ] { } * ?` in it is written as [`Pattern::literally`] does: `app/[[]id]/page.tsx`.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    exact: GlobMatcher,
    /// The subtree, where the pattern may name a directory.
    below: Option<GlobMatcher>,
}

impl Pattern {
    /// # Errors
    /// When the text is empty, absolute, leaves the repository, has a part that no path has, or is no glob.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let fail = |why: String| PatternError {
            text: text.to_owned(),
            why,
        };
        if text.is_empty() {
            return Err(fail("it is empty".to_owned()));
        }
        if text.starts_with('/') {
            return Err(fail(
                "it is absolute; patterns start at the root of the repository, without `/`"
                    .to_owned(),
            ));
        }
        if text.split('/').any(|part| part == "..") {
            return Err(fail("`..` would leave the repository".to_owned()));
        }
        let trimmed = text.strip_suffix('/').unwrap_or(text);
        if trimmed
            .split('/')
            .any(|part| part.is_empty() || part == ".")
        {
            return Err(fail(
                "no path has an empty or `.` part; patterns start at the root of the repository"
                    .to_owned(),
            ));
        }
        let compiled = |pattern: &str| {
            glob(pattern)
                .map(|glob| glob.compile_matcher())
                .map_err(|error| fail(error.kind().to_string()))
        };
        Ok(Pattern {
            text: text.to_owned(),
            exact: compiled(trimmed)?,
            below: below(text).as_deref().map(compiled).transpose()?,
        })
    }

    /// The text of a pattern that matches this path, whatever characters it has: `[id]` becomes `[[]id]`.
    pub fn literally(path: &str) -> String {
        let mut text = String::with_capacity(path.len());
        for c in path.chars() {
            match c {
                '*' | '?' | '[' | '{' | '}' | '\\' => text.extend(['[', c, ']']),
                c => text.push(c),
            }
        }
        text
    }

    /// The path of which a text is [`Pattern::literally`]; other patterns stay as they are.
    pub fn plainly(text: &str) -> String {
        let mut plain = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let mut class = rest.chars().skip(1);
            let alone = (class.next(), class.next());
            rest = &rest[c.len_utf8()..];
            match (c, alone) {
                ('[', (Some(one), Some(']'))) if !matches!(one, ']' | '!' | '^') => {
                    plain.push(one);
                    rest = &rest[one.len_utf8() + 1..];
                }
                _ => plain.push(c),
            }
        }
        plain
    }

    /// The globs of which a path has to match one.
    fn globs(&self) -> impl Iterator<Item = String> {
        let trimmed = self.text.strip_suffix('/').unwrap_or(&self.text);
        std::iter::once(trimmed.to_owned()).chain(below(&self.text))
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn matches(&self, path: &RepoPath) -> bool {
        self.matches_bytes(path.as_bytes())
    }

    fn matches_bytes(&self, path: &[u8]) -> bool {
        let path = Candidate::from_bytes(path);
        let matches = |glob: &GlobMatcher| glob.is_match_candidate(&path);
        matches(&self.exact) || self.below.as_ref().is_some_and(matches)
    }
}

fn glob(text: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(text).literal_separator(true).build()
}

/// The glob of the subtree, where the pattern may name a directory.
fn below(text: &str) -> Option<String> {
    let trimmed = text.strip_suffix('/').unwrap_or(text);
    let last = trimmed.rsplit('/').next().unwrap_or(trimmed);
    let names_directory = trimmed.len() < text.len() || !last.contains(['*', '?', '[']);
    names_directory.then(|| format!("{trimmed}/**"))
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let cases = [
            ("src/api/**", "src/api/a/b.rs", true),
            ("src/api", "src/api/a/b.rs", true),
            ("src/api/", "src/api/a.rs", true),
            ("src/api", "src/apix", false),
            ("src/*.rs", "src/a.rs", true),
            ("src/*.rs", "src/a/b.rs", false),
            ("src/?.rs", "src/ab.rs", false),
            ("src/*", "src/a.rs", true),
            ("src/*", "src/a/b.rs", false),
            ("src/*/", "src/a/b.rs", true),
            ("*", "README.md", true),
            ("*", "src/a.rs", false),
            ("**", "src/a.rs", true),
            ("crates/*/src", "crates/a/src/lib.rs", true),
            ("crates/*/src", "crates/a/b/src/lib.rs", false),
            ("db/[ab]*", "db/a1", true),
            ("db/[ab]*", "db/a1/x", false),
            (".github", ".github/CODEOWNERS", true),
            ("src/**/mod.rs", "src/mod.rs", true),
            ("**/Cargo.toml", "Cargo.toml", true),
            ("**/Cargo.toml", "a/b/Cargo.toml", true),
            ("Cargo.toml", "a/Cargo.toml", false),
            ("*.md", "README.md", true),
            ("{a,b}/**", "b/x", true),
            ("{a,b}", "b/x", true),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(
                Pattern::new(pattern).unwrap().matches(&RepoPath::new(path)),
                expected,
                "{pattern} {path}"
            );
        }
        for bad in [
            "", "/", "/etc", "../x", "a/../b", "a[", "{a", ".", "./a", "a/./b", "a//b", "a//",
        ] {
            assert!(Pattern::new(bad).is_err(), "{bad}");
        }
        assert!(
            Pattern::new("src/*")
                .unwrap()
                .matches(&RepoPath::new(b"src/\xff.rs"))
        );
    }

    #[test]
    fn names_with_special_characters() {
        for (path, text) in [
            ("src/a.rs", "src/a.rs"),
            ("app/[id]/page.tsx", "app/[[]id]/page.tsx"),
            ("app/[user-id]/x", "app/[[]user-id]/x"),
            ("app/[[...slug]]/x", "app/[[][[]...slug]]/x"),
            ("a{b,c}*?", "a[{]b,c[}][*][?]"),
            ("a\\b", "a[\\]b"),
            ("!a^b", "!a^b"),
        ] {
            assert_eq!(Pattern::literally(path), text);
            assert_eq!(Pattern::plainly(text), path);
            let pattern = Pattern::new(text).unwrap();
            let (path, other) = (RepoPath::new(path), RepoPath::new("app/i/page.tsx"));
            assert!(pattern.matches(&path), "{text}");
            assert!(!pattern.matches(&other), "{text}");
            assert_eq!(PatternSet::new([&pattern]).matches(&path), [0]);
            // A walk that takes the pattern's own way down finds it, too.
            let selection = Selection::new(std::slice::from_ref(&pattern));
            let mut reach = selection.root();
            let whole = path.as_bytes();
            let (dirs, name) = match whole.iter().rposition(|byte| *byte == b'/') {
                Some(at) => (&whole[..at], &whole[at + 1..]),
                None => (&whole[..0], whole),
            };
            for dir in dirs
                .split(|byte| *byte == b'/')
                .filter(|dir| !dir.is_empty())
            {
                let Reach::Some(stage) = reach else {
                    panic!("{text}")
                };
                reach = selection.below(&stage, dir);
            }
            let Reach::Some(stage) = reach else {
                panic!("{text}")
            };
            assert!(selection.takes(&stage, name, whole), "{text}");
        }
        // What is a class stays one.
        assert_eq!(Pattern::plainly("x/[ab]*/[!a]"), "x/[ab]*/[!a]");
    }

    #[test]
    fn containment() {
        assert!(RepoPath::new("a").contains(&RepoPath::new("a/b")));
        assert!(!RepoPath::new("a").contains(&RepoPath::new("ab")));
        assert!(!RepoPath::new("a").contains(&RepoPath::new("a")));
    }
}
