//! What differs between two trees, path by path, and the same over several trees in a row.

use std::collections::BTreeSet;

use crate::domain::path::RepoPath;
use crate::domain::revision::BlobId;

/// What kind of thing a tree has at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    File,
    Executable,
    Link,
    Submodule,
}

impl Mode {
    pub fn is_regular(self) -> bool {
        matches!(self, Mode::File | Mode::Executable)
    }
}

/// What a tree has at a path that is no directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    pub mode: Mode,
    /// The content; the commit of a submodule.
    pub id: BlobId,
}

/// One path that two trees have differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub path: RepoPath,
    /// `None`: it was added. Never equal to `after`.
    pub before: Option<Entry>,
    /// `None`: it was deleted.
    pub after: Option<Entry>,
}

/// Everything that differs between two trees; renames are a deletion and an addition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Ascending by path, each path once.
    list: Vec<Change>,
    /// Directories that only the first tree has.
    removed: BTreeSet<RepoPath>,
    /// Directories that only the second tree has.
    added: BTreeSet<RepoPath>,
    /// Whether a file became a directory, or a directory a file.
    swaps: bool,
}

impl Changes {
    /// Entries that are the same before and after are left out.
    pub fn new(
        mut list: Vec<Change>,
        removed: BTreeSet<RepoPath>,
        added: BTreeSet<RepoPath>,
    ) -> Self {
        list.retain(|change| change.before != change.after);
        list.sort_by(|a, b| a.path.cmp(&b.path));
        let mut changes = Changes {
            list,
            removed,
            added,
            swaps: false,
        };
        changes.swaps = (0..changes.list.len()).any(|index| changes.makes_way(index));
        changes
    }

    /// Whether it is a file that was or becomes a directory. What begins like its path follows it at once.
    fn makes_way(&self, index: usize) -> bool {
        let change = &self.list[index];
        let path = change.path.as_bytes();
        (change.before.is_none() || change.after.is_none())
            && self.list[index + 1..]
                .iter()
                .map_while(|later| later.path.as_bytes().strip_prefix(path))
                .any(|rest| rest.first() == Some(&b'/'))
    }

    pub fn list(&self) -> &[Change] {
        &self.list
    }

    /// Directories that only the first tree has, and those that only the second one has.
    pub fn directories(&self) -> (&BTreeSet<RepoPath>, &BTreeSet<RepoPath>) {
        (&self.removed, &self.added)
    }

    /// What both come to, one after the other; ascending by path. `more` has each path once.
    pub fn followed_by(&self, more: &[Change]) -> Vec<Change> {
        let mut more: Vec<&Change> = more.iter().collect();
        more.sort_by(|a, b| a.path.cmp(&b.path));
        let mut all = Vec::with_capacity(self.list.len() + more.len());
        let mut so_far = self.list.iter().peekable();
        for change in more {
            all.extend(std::iter::from_fn(|| so_far.next_if(|it| it.path < change.path)).cloned());
            let before = so_far.next_if(|it| it.path == change.path);
            let change = Change {
                before: before.map_or(change.before, |before| before.before),
                ..change.clone()
            };
            all.extend((change.before != change.after).then_some(change));
        }
        all.extend(so_far.cloned());
        all
    }

    fn get(&self, path: &RepoPath) -> Option<&Change> {
        let index = self
            .list
            .binary_search_by(|change| change.path.cmp(path))
            .ok()?;
        self.list.get(index)
    }

    /// Those strictly below a directory.
    fn below(&self, directory: &RepoPath) -> &[Change] {
        let mut prefix = directory.as_bytes().to_vec();
        prefix.push(b'/');
        let start = self
            .list
            .partition_point(|change| change.path.as_bytes() < prefix.as_slice());
        let length = self.list[start..]
            .iter()
            .take_while(|change| change.path.as_bytes().starts_with(&prefix))
            .count();
        &self.list[start..start + length]
    }
}

/// One step from tree to tree, in either direction.
#[derive(Debug, Clone, Copy)]
pub struct Step<'c> {
    pub changes: &'c Changes,
    pub backwards: bool,
}

impl<'c> Step<'c> {
    fn change(&self, path: &RepoPath) -> Option<(Option<Entry>, Option<Entry>)> {
        self.changes.get(path).map(|change| self.turned(change))
    }

    fn turned(&self, change: &Change) -> (Option<Entry>, Option<Entry>) {
        match self.backwards {
            false => (change.before, change.after),
            true => (change.after, change.before),
        }
    }

    fn removed(&self) -> &'c BTreeSet<RepoPath> {
        match self.backwards {
            false => &self.changes.removed,
            true => &self.changes.added,
        }
    }

    fn added(&self) -> &'c BTreeSet<RepoPath> {
        let other = Step {
            backwards: !self.backwards,
            ..*self
        };
        other.removed()
    }
}

/// What differs between the first and the last of several trees, read from the steps between them without ever being
/// written down: one track's steps are shared by all its pairs.
///
/// Where a question would need what the steps do not say (whether a directory that one of them removes comes back in
/// another), the answer errs on the side of "maybe": the names say so.
#[derive(Debug, Clone, Default)]
pub struct Delta<'c> {
    steps: Vec<Step<'c>>,
}

impl<'c> Delta<'c> {
    pub fn new(steps: Vec<Step<'c>>) -> Self {
        Delta { steps }
    }

    pub fn steps(&self) -> &[Step<'c>] {
        &self.steps
    }

    /// The same as one step. Its removed and added directories are among those of the steps, and are no fewer than there
    /// really are.
    pub fn flat(&self) -> Changes {
        let list = self.each();
        let of = |steps: Vec<&BTreeSet<RepoPath>>, paths: Vec<&RepoPath>| {
            let mut found = BTreeSet::new();
            for directory in paths.into_iter().flat_map(directories_of) {
                if steps.iter().any(|step| step.contains(&directory)) {
                    found.insert(directory);
                }
            }
            found
        };
        let gone = list.iter().filter(|change| change.after.is_none());
        let new = list.iter().filter(|change| change.before.is_none());
        let removed = of(
            self.steps.iter().map(Step::removed).collect(),
            gone.map(|change| &change.path).collect(),
        );
        let added = of(
            self.steps.iter().map(Step::added).collect(),
            new.map(|change| &change.path).collect(),
        );
        Changes::new(list, removed, added)
    }

    /// An upper bound of the number of changed paths.
    pub fn size(&self) -> usize {
        self.steps.iter().map(|step| step.changes.list.len()).sum()
    }

    /// What the path was and what it became; `None` where it is as before.
    pub fn get(&self, path: &RepoPath) -> Option<(Option<Entry>, Option<Entry>)> {
        let mut found = self.steps.iter().filter_map(|step| step.change(path));
        let (before, first) = found.next()?;
        let after = found.next_back().map_or(first, |(_, last)| last);
        (before != after).then_some((before, after))
    }

    /// Every changed path, ascending.
    pub fn each(&self) -> Vec<Change> {
        if let [
            Step {
                changes,
                backwards: false,
            },
        ] = self.steps.as_slice()
        {
            return changes.list.clone();
        }
        let lists = self.steps.iter().map(|step| step.changes.list.len());
        let mut all: Vec<(&Step<'_>, &Change)> = Vec::with_capacity(lists.sum());
        for step in &self.steps {
            all.extend(step.changes.list.iter().map(|change| (step, change)));
        }
        // Stable, so that what happened to a path stays in the order of the steps.
        all.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
        let of_one_path = all.chunk_by(|(_, a), (_, b)| a.path == b.path);
        let change = |of_one_path: &[(&Step<'_>, &Change)]| {
            let (first, last) = (of_one_path.first()?, of_one_path.last()?);
            let (before, _) = first.0.turned(first.1);
            let (_, after) = last.0.turned(last.1);
            (before != after).then(|| Change {
                path: first.1.path.clone(),
                before,
                after,
            })
        };
        of_one_path.filter_map(change).collect()
    }

    /// Whether a file became a directory, or a directory a file.
    pub fn swaps(&self) -> bool {
        match self.steps.as_slice() {
            [one] => one.changes.swaps,
            _ => Changes::new(self.each(), BTreeSet::new(), BTreeSet::new()).swaps,
        }
    }

    /// Everything that one of the steps adds: all additions are among them.
    pub fn maybe_added(&self) -> impl Iterator<Item = (&'c RepoPath, Entry)> {
        self.steps.iter().flat_map(|step| {
            step.changes
                .list
                .iter()
                .filter_map(|change| match step.turned(change) {
                    (None, Some(entry)) => Some((&change.path, entry)),
                    _ => None,
                })
        })
    }

    pub fn maybe_adds(&self) -> bool {
        self.maybe_added().next().is_some()
    }

    /// Whether a step changes anything strictly below the directory.
    pub fn maybe_changes_below(&self, directory: &RepoPath) -> bool {
        self.steps
            .iter()
            .any(|step| !step.changes.below(directory).is_empty())
    }

    /// Whether a step adds something strictly below the directory.
    pub fn maybe_adds_below(&self, directory: &RepoPath) -> bool {
        self.steps.iter().any(|step| {
            step.changes
                .below(directory)
                .iter()
                .any(|change| matches!(step.turned(change), (None, Some(_))))
        })
    }

    /// What was deleted strictly below the directory.
    pub fn deleted_below(&self, directory: &RepoPath) -> Vec<(&'c RepoPath, Entry)> {
        let paths: BTreeSet<&RepoPath> = self
            .steps
            .iter()
            .flat_map(|step| {
                step.changes
                    .below(directory)
                    .iter()
                    .map(|change| &change.path)
            })
            .collect();
        paths
            .into_iter()
            .filter_map(|path| match self.get(path)? {
                (Some(before), None) => Some((path, before)),
                _ => None,
            })
            .collect()
    }

    /// Whether a step removes the whole directory.
    pub fn maybe_removes(&self, directory: &RepoPath) -> bool {
        self.steps
            .iter()
            .any(|step| step.removed().contains(directory))
    }

    /// Every directory that a step removes as a whole.
    pub fn maybe_removed(&self) -> impl Iterator<Item = &'c RepoPath> {
        self.steps.iter().flat_map(|step| step.removed().iter())
    }
}

/// The directories that a path lies in, the nearest first.
pub fn directories_of(path: &RepoPath) -> impl Iterator<Item = RepoPath> {
    let bytes = path.as_bytes();
    bytes
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, byte)| **byte == b'/')
        .map(|(index, _)| RepoPath::new(&bytes[..index]))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::domain::merge) fn entry(digit: u8) -> Entry {
        Entry {
            mode: Mode::File,
            id: BlobId::from_bytes(&[digit; 20]).unwrap(),
        }
    }

    /// `path:before>after`, digits for contents, nothing for absent; `-dir/` and `+dir/` for directories.
    pub(in crate::domain::merge) fn changes(text: &str) -> Changes {
        let (mut list, mut removed, mut added) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        let content = |digit: &str| digit.parse().ok().map(entry);
        for word in text.split_whitespace() {
            if let Some(directory) = word.strip_prefix('-') {
                removed.insert(RepoPath::new(directory));
            } else if let Some(directory) = word.strip_prefix('+') {
                added.insert(RepoPath::new(directory));
            } else {
                let (path, what) = word.split_once(':').unwrap();
                let (before, after) = what.split_once('>').unwrap();
                list.push(Change {
                    path: RepoPath::new(path),
                    before: content(before),
                    after: content(after),
                });
            }
        }
        Changes::new(list, removed, added)
    }

    pub(in crate::domain::merge) fn forward(changes: &Changes) -> Delta<'_> {
        Delta::new(vec![Step {
            changes,
            backwards: false,
        }])
    }

    fn summary(delta: &Delta<'_>) -> String {
        let digit = |entry: Option<Entry>| {
            entry.map_or_else(String::new, |entry| entry.id.as_bytes()[0].to_string())
        };
        let words: Vec<String> = delta
            .each()
            .into_iter()
            .map(|change| {
                format!(
                    "{}:{}>{}",
                    change.path,
                    digit(change.before),
                    digit(change.after)
                )
            })
            .collect();
        words.join(" ")
    }

    #[test]
    fn what_follows_is_added_path_by_path() {
        for (first, second, expected) in [
            ("", "a:1>2", "a:1>2"),
            ("a:1>2", "", "a:1>2"),
            ("b:1>2", "c:>1 a:>1", "a:>1 b:1>2 c:>1"),
            ("a:1>2 b:1>2", "a:2>3", "a:1>3 b:1>2"),
            ("a:1>2 b:>2", "b:2> a:2>1", ""),
            ("a:1> c:>4", "a:>2 b:3>", "a:1>2 b:3> c:>4"),
        ] {
            let all = changes(first).followed_by(changes(second).list());
            let all = Changes::new(all, BTreeSet::new(), BTreeSet::new());
            assert_eq!(summary(&forward(&all)), expected, "{first} | {second}");
        }
    }

    #[test]
    fn steps_in_a_row_are_one_difference() {
        let cases = [
            (vec![("a:1>2", false)], "a:1>2"),
            (vec![("a:1>2", true)], "a:2>1"),
            (vec![("a:1>2", false), ("a:2>3 b:>1", false)], "a:1>3 b:>1"),
            (vec![("a:1>2 b:1>", false), ("a:2>1 b:>2", false)], "b:1>2"),
            (vec![("a:1>2", true), ("a:1>2", false)], ""),
            (vec![("a:1>2 c:>4", true), ("a:1>3", false)], "a:2>3 c:4>"),
            (vec![], ""),
        ];
        for (steps, expected) in cases {
            let parts: Vec<(Changes, bool)> = steps
                .iter()
                .map(|(text, backwards)| (changes(text), *backwards))
                .collect();
            let delta = Delta::new(
                parts
                    .iter()
                    .map(|(changes, backwards)| Step {
                        changes,
                        backwards: *backwards,
                    })
                    .collect(),
            );
            assert_eq!(summary(&delta), expected, "{steps:?}");
        }
    }

    #[test]
    fn steps_as_one_keep_what_really_goes_and_comes() {
        for (steps, expected) in [
            (
                vec![("d/x:1> -d", false), ("e/y:>1 +e", false)],
                "d/x:1> e/y:>1 -d +e",
            ),
            (
                vec![("d/x:1> -d", false), ("d/y:>1 +d", false)],
                "d/x:1> d/y:>1 -d +d",
            ),
            (vec![("d/x:1> -d", false), ("d/x:>1 +d", false)], ""),
            (
                vec![("d/x:>1 +d", true), ("e/y:1>2", false)],
                "d/x:1> e/y:1>2 -d",
            ),
            (
                vec![("d/x:1> -d", true), ("e/y:1> -e", false)],
                "d/x:>1 e/y:1> -e +d",
            ),
        ] {
            let parts: Vec<(Changes, bool)> = steps
                .iter()
                .map(|(text, backwards)| (changes(text), *backwards))
                .collect();
            let steps_of = parts.iter().map(|(changes, backwards)| Step {
                changes,
                backwards: *backwards,
            });
            let flat = Delta::new(steps_of.collect()).flat();
            assert_eq!(flat, changes(expected), "{steps:?}");
        }
    }

    #[test]
    fn files_that_become_directories_are_noticed() {
        for (steps, expected) in [
            (vec!["a:1>2 b/c:1>2"], false),
            (vec!["a:1> a-b:1>2 a/c:>2"], true),
            (vec!["a:1>", "a/c:>2"], true),
            (vec!["a:1> a/c:>2", "a:>1 a/c:2>"], false),
            (vec!["a:1>", "ab/c:>2"], false),
        ] {
            let parts: Vec<Changes> = steps.iter().map(|text| changes(text)).collect();
            let delta = Delta::new(parts.iter().flat_map(|part| forward(part).steps).collect());
            assert_eq!(delta.swaps(), expected, "{steps:?}");
        }
    }

    #[test]
    fn below_is_a_matter_of_whole_names() {
        let all = changes("a:1>2 a-b:1>2 a/x:1> a/y/z:>3 a0:1>2 b:1>2 -a/q");
        let delta = forward(&all);
        let a = RepoPath::new("a");
        assert!(delta.maybe_changes_below(&a));
        assert!(delta.maybe_adds_below(&RepoPath::new("a/y")));
        assert!(!delta.maybe_adds_below(&RepoPath::new("b")));
        assert!(!delta.maybe_changes_below(&RepoPath::new("a/x")));
        let deleted = delta.deleted_below(&a);
        assert_eq!(deleted, [(&RepoPath::new("a/x"), entry(1))]);
        assert!(delta.maybe_removes(&RepoPath::new("a/q")));
        assert!(!delta.maybe_removes(&a));
        let directories: Vec<String> = directories_of(&RepoPath::new("a/y/z"))
            .map(|directory| directory.to_string())
            .collect();
        assert_eq!(directories, ["a/y", "a"]);
        assert_eq!(directories_of(&RepoPath::new("top")).count(), 0);
    }
}
