//! Many patterns, asked all at once.
//!
//! Patterns hang at the directory that their first plain parts name, so that a path is held against those only that begin
//! like it: a walk down its own parts tells all that are plain. What is left at a directory is one set of globs.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use globset::{Candidate, GlobSet, GlobSetBuilder};

use super::{Pattern, RepoPath, glob};

/// Answers as each of its patterns would.
#[derive(Debug, Clone, Default)]
pub struct PatternSet {
    /// The first is the root of the repository.
    places: Vec<Place>,
}

#[derive(Debug, Clone, Default)]
struct Place {
    children: HashMap<Box<[u8]>, usize, RandomState>,
    /// Patterns that have this file, or all that is below this directory.
    whole: Vec<usize>,
    /// Patterns that have all that is below.
    below: Vec<usize>,
    /// What only a glob can tell, and which pattern each glob is of.
    globs: GlobSet,
    of_globs: Vec<usize>,
}

impl PatternSet {
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a Pattern>) -> PatternSet {
        let mut places = vec![Place::default()];
        let mut pending: Vec<Vec<(usize, &Pattern)>> = vec![Vec::new()];
        for (index, pattern) in patterns.into_iter().enumerate() {
            let text = pattern.text.strip_suffix('/').unwrap_or(&pattern.text);
            let parts: Vec<&str> = text.split('/').collect();
            let plain = parts.iter().take_while(|part| is_plain(part)).count();
            let mut at = 0;
            for part in &parts[..plain] {
                let next = places.len();
                at = *places[at]
                    .children
                    .entry(part.as_bytes().into())
                    .or_insert(next);
                if at == next {
                    places.push(Place::default());
                    pending.push(Vec::new());
                }
            }
            match parts[plain..] {
                [] => places[at].whole.push(index),
                ["**"] => places[at].below.push(index),
                _ => pending[at].push((index, pattern)),
            }
        }
        for (place, pending) in places.iter_mut().zip(pending) {
            let mut globs = GlobSetBuilder::new();
            for (index, pattern) in pending {
                for text in pattern.globs() {
                    // It was one when the pattern was made.
                    if let Ok(glob) = glob(&text) {
                        globs.add(glob);
                        place.of_globs.push(index);
                    }
                }
            }
            place.globs = globs.build().unwrap_or_default();
        }
        PatternSet { places }
    }

    /// Which of the patterns match, ascending, by their places in the list that the set was made of.
    pub fn matches(&self, path: &RepoPath) -> Vec<usize> {
        let mut found = Vec::new();
        let (bytes, mut candidate) = (path.as_bytes(), None);
        let Some(mut place) = self.places.first() else {
            return found;
        };
        let mut rest = Some(bytes);
        loop {
            if !place.of_globs.is_empty() {
                let candidate = candidate.get_or_insert_with(|| Candidate::from_bytes(bytes));
                let hits = place.globs.matches_candidate(candidate);
                found.extend(hits.into_iter().map(|hit| place.of_globs[hit]));
            }
            found.extend(&place.whole);
            let Some(left) = rest else { break };
            found.extend(&place.below);
            let (part, behind) = match left.iter().position(|byte| *byte == b'/') {
                Some(end) => (&left[..end], Some(&left[end + 1..])),
                None => (left, None),
            };
            let Some(next) = place.children.get(part) else {
                break;
            };
            (place, rest) = (&self.places[*next], behind);
        }
        if found.len() > 1 {
            found.sort_unstable();
            found.dedup();
        }
        found
    }
}

fn is_plain(part: &str) -> bool {
    !part.contains(['*', '?', '[', ']', '{', '}', '\\'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one_by_one(patterns: &[Pattern], path: &RepoPath) -> Vec<usize> {
        let all = patterns.iter().enumerate();
        let hits = all.filter(|(_, pattern)| pattern.matches(path));
        hits.map(|(index, _)| index).collect()
    }

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        let texts = texts.iter();
        texts.map(|text| Pattern::new(text).unwrap()).collect()
    }

    #[test]
    fn cases() {
        let patterns = patterns(&[
            "src", "src/**", "src/a.rs", "src/*", "**/*.md", "*", "**", "docs/", "a/*/c", "src",
        ]);
        let set = PatternSet::new(&patterns);
        let cases: [(&str, &[usize]); 8] = [
            ("src", &[0, 5, 6, 9]),
            ("src/a.rs", &[0, 1, 2, 3, 6, 9]),
            ("src/a.rs/b", &[0, 1, 2, 6, 9]),
            ("srcs/a.rs", &[6]),
            ("docs/x/README.md", &[4, 6, 7]),
            ("docs", &[5, 6, 7]),
            ("a/b/c/d", &[6, 8]),
            ("a/b", &[6]),
        ];
        for (path, expected) in cases {
            let path = RepoPath::new(path);
            assert_eq!(set.matches(&path), expected, "{path}");
            assert_eq!(one_by_one(&patterns, &path), expected, "{path}");
        }
        assert_eq!(
            PatternSet::default().matches(&RepoPath::new("a")),
            [0usize; 0]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn the_set_answers_as_its_patterns_do(
            texts in proptest::collection::vec("(a|b|ab|\\*|\\*\\*|a\\*|\\?|\\[ab\\]|\\{a,b\\}|\\*\\.b)(/(a|b|\\*|\\*\\*|b\\*|\\*\\.b)){0,3}/?", 0..12),
            paths in proptest::collection::vec("(a|b|ab|a\\.b)(/(a|b|ab|b\\.b)){0,4}", 1..12),
        ) {
            let patterns: Vec<Pattern> = texts.iter().filter_map(|text| Pattern::new(text).ok()).collect();
            let set = PatternSet::new(&patterns);
            for path in paths {
                let path = RepoPath::new(path);
                prop_assert_eq!(set.matches(&path), one_by_one(&patterns, &path), "{} {:?}", path, patterns);
            }
        }
    }
}
