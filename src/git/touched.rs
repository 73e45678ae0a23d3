//! Which commits, and which differences between two trees, touch paths that somebody asks about.
//!
//! Only the directories on the way to those paths are read, and only where they differ.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use super::engine::own_commits;
use super::executable::{fields, run};
use super::object::{commit_id, file_at, object_id, unreadable};
use super::worktree::path_of;
use super::{GitError, Merger, Repository};
use crate::domain::path::RepoPath;
use crate::domain::revision::CommitId;
use crate::domain::time::Timestamp;
use crate::process::{cores, in_parallel};

/// A commit that touched a path, as one names it to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    pub commit: CommitId,
    /// The first line, lossily.
    pub subject: String,
    /// The author's name, lossily.
    pub author: String,
    pub committed: Timestamp,
}

/// Paths by their segments; one that is a directory somewhere stands for all that is in it. By segments, so that a directory is compared once for all that lies in it.
#[derive(Debug, Default)]
pub struct PathSet {
    here: Option<RepoPath>,
    below: BTreeMap<Vec<u8>, PathSet>,
}

impl<'p> FromIterator<&'p RepoPath> for PathSet {
    fn from_iter<I: IntoIterator<Item = &'p RepoPath>>(paths: I) -> Self {
        let mut set = PathSet::default();
        for path in paths {
            let mut at = &mut set;
            for segment in path.as_bytes().split(|byte| *byte == b'/') {
                at = at.below.entry(segment.to_owned()).or_default();
            }
            at.here = Some(path.clone());
        }
        set
    }
}

impl Repository {
    /// For each tip and each of the paths, the commits that touched it among those that the tip has and `base` has not,
    /// newest first; of these at most `limit` are looked at. As in `git log`, a merge touches what differs from all of its
    /// parents. Paths that no commit touched are not among the keys.
    ///
    /// # Errors
    /// When a commit or a directory cannot be read.
    pub fn touches(
        &self,
        base: CommitId,
        tips: &[CommitId],
        paths: &PathSet,
        limit: usize,
    ) -> Result<Vec<BTreeMap<RepoPath, Vec<Touch>>>, GitError> {
        let gix = self.local();
        let own = own_commits(&gix, base, tips)?;
        // Tracks that are stacked on each other have commits in common.
        let all: BTreeSet<CommitId> = own
            .iter()
            .flat_map(|commits| commits.iter().take(limit).copied())
            .collect();
        let all: Vec<CommitId> = all.into_iter().collect();
        let looked_at = in_parallel(&all, cores().get(), |commit| {
            look_at(&self.local(), *commit, paths)
        });
        let mut touches: HashMap<CommitId, (BTreeSet<RepoPath>, Touch)> = HashMap::new();
        for (commit, looked_at) in all.iter().zip(looked_at) {
            touches.extend(looked_at?.map(|found| (*commit, found)));
        }
        let of_tip = |commits: &Vec<CommitId>| {
            let mut found: BTreeMap<RepoPath, Vec<Touch>> = BTreeMap::new();
            let mut theirs: Vec<_> = commits
                .iter()
                .filter_map(|commit| touches.get(commit))
                .collect();
            theirs.sort_by_key(|(_, touch)| Reverse(touch.committed));
            for (paths, touch) in theirs {
                for path in paths {
                    found.entry(path.clone()).or_default().push(touch.clone());
                }
            }
            found
        };
        Ok(own.iter().map(of_tip).collect())
    }
}

/// Which of the paths a commit touches; `None` where none.
fn look_at(
    gix: &gix::Repository,
    commit: CommitId,
    paths: &PathSet,
) -> Result<Option<(BTreeSet<RepoPath>, Touch)>, GitError> {
    let id = object_id(commit.as_bytes());
    let touched = touched_by(gix, id, paths)?;
    if touched.is_empty() {
        return Ok(None);
    }
    Ok(Some((touched, touch(gix, id)?)))
}

impl Repository {
    /// Those of the paths that have uncommitted changes in a worktree whose HEAD is `tip`; its index is not touched.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn uncommitted_among(
        &self,
        worktree: &Path,
        tip: CommitId,
        paths: &BTreeSet<&RepoPath>,
    ) -> Result<BTreeSet<RepoPath>, GitError> {
        let gix = self.local();
        let mut suspects = Vec::new();
        for path in paths {
            let there = std::fs::read(worktree.join(path_of(path.as_bytes()))).ok();
            // Most files are as they were committed, byte for byte; of the others git knows what a filter made of them.
            if there != file_at(&gix, tip, path)? {
                suspects.push(path_of(path.as_bytes()));
            }
        }
        if suspects.is_empty() {
            return Ok(BTreeSet::new());
        }
        let cmd = self
            .cmd_in(worktree)
            .env("GIT_LITERAL_PATHSPECS", "1")
            .args(["status", "--porcelain", "-z", "--no-renames"])
            .args(["--untracked-files=all", "--"])
            .args(suspects);
        let printed = run(&cmd, "status")?;
        // Two letters and a blank.
        let changed = fields(&printed).filter_map(|field| field.get(3..));
        Ok(changed
            .map(RepoPath::new)
            .filter(|path| paths.contains(path))
            .collect())
    }
}

impl Merger<'_> {
    /// Those of the paths that differ between two commits, which this merger may have written.
    ///
    /// # Errors
    /// When a commit or a directory cannot be read.
    pub fn differing(
        &self,
        a: CommitId,
        b: CommitId,
        paths: &PathSet,
    ) -> Result<BTreeSet<RepoPath>, GitError> {
        let gix = self.local();
        let [a, b] = [a, b].map(|id| tree(&gix, object_id(id.as_bytes())));
        let mut found = BTreeSet::new();
        compare(&gix, paths, a?, &[b?], &mut found)?;
        Ok(found)
    }
}

/// What stands at one path: mode and id.
type Entry = Option<(gix::objs::tree::EntryMode, gix::ObjectId)>;

fn touched_by(
    gix: &gix::Repository,
    id: gix::ObjectId,
    paths: &PathSet,
) -> Result<BTreeSet<RepoPath>, GitError> {
    let commit = gix.find_commit(id).map_err(|error| unread(id, &error))?;
    let shallow = gix.is_shallow().unwrap_or(false);
    let parents: Vec<Entry> = commit
        .parent_ids()
        .map(|parent| match tree(gix, parent.detach()) {
            // Beyond the edge of a shallow clone: as in git, such a commit has no parent.
            Err(_) if shallow => Ok(None),
            read => read,
        })
        .collect::<Result<_, _>>()?;
    let parents = if parents.is_empty() {
        vec![None]
    } else {
        parents
    };
    let mut found = BTreeSet::new();
    compare(gix, paths, tree(gix, id)?, &parents, &mut found)?;
    Ok(found)
}

fn tree(gix: &gix::Repository, commit: gix::ObjectId) -> Result<Entry, GitError> {
    let id = gix
        .find_commit(commit)
        .and_then(|commit| commit.tree_id())
        .map_err(|error| unread(commit, &error))?;
    Ok(Some((gix::objs::tree::EntryKind::Tree.into(), id.detach())))
}

/// Collects the paths of `set` where `new` differs from every one of `old`.
fn compare(
    gix: &gix::Repository,
    set: &PathSet,
    new: Entry,
    old: &[Entry],
    found: &mut BTreeSet<RepoPath>,
) -> Result<(), GitError> {
    if old.contains(&new) {
        return Ok(());
    }
    if let Some(path) = &set.here {
        found.insert(path.clone());
    }
    if set.below.is_empty() {
        return Ok(());
    }
    let new = children(gix, set, new)?;
    let old = old
        .iter()
        .map(|entry| children(gix, set, *entry))
        .collect::<Result<Vec<_>, _>>()?;
    for (name, below) in &set.below {
        let at = |entries: &Children| entries.get(name.as_slice()).copied();
        let old: Vec<Entry> = old.iter().map(at).collect();
        compare(gix, below, at(&new), &old, found)?;
    }
    Ok(())
}

type Children = BTreeMap<Vec<u8>, (gix::objs::tree::EntryMode, gix::ObjectId)>;

/// What a directory has of the names that `set` asks for.
fn children(gix: &gix::Repository, set: &PathSet, entry: Entry) -> Result<Children, GitError> {
    let Some((_, id)) = entry.filter(|(mode, _)| mode.is_tree()) else {
        return Ok(Children::new());
    };
    let tree = gix.find_tree(id).map_err(|error| unread(id, &error))?;
    let mut found = Children::new();
    for entry in tree.iter() {
        let entry = entry.map_err(|error| unread(id, &error))?;
        if let Some((name, _)) = set.below.get_key_value(entry.filename() as &[u8]) {
            found.insert(name.clone(), (entry.mode(), entry.object_id()));
            if found.len() == set.below.len() {
                break;
            }
        }
    }
    Ok(found)
}

fn touch(gix: &gix::Repository, id: gix::ObjectId) -> Result<Touch, GitError> {
    let fail = |error: gix::Error| unread(id, &error);
    let commit = gix.find_commit(id).map_err(fail)?;
    let message = commit.message_raw().map_err(fail)?;
    let subject = message.split(|byte| *byte == b'\n').next();
    Ok(Touch {
        commit: commit_id(id)?,
        subject: String::from_utf8_lossy(subject.unwrap_or_default())
            .trim_end()
            .to_owned(),
        author: String::from_utf8_lossy(commit.author().map_err(fail)?.name).into_owned(),
        committed: Timestamp(commit.time().map_err(fail)?.seconds),
    })
}

fn unread(id: gix::ObjectId, error: &impl std::fmt::Display) -> GitError {
    unreadable(format!("object {id}"), error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::World;

    const PATHS: [&str; 6] = [
        "a",
        "dir/deep/b",
        "dir/deep/c",
        "turned",
        "turned/in",
        "not",
    ];

    /// Edits, a deletion, a file that becomes a directory, a merge that only takes over and one that adds something.
    fn world() -> World {
        let world = World::new();
        world.write("a", "1\n");
        world.write("dir/deep/b", "1\n");
        world.write("turned", "file\n");
        world.commit("root");
        world.topic("topic", "main", &[("a", Some("2\n")), ("x", Some("1\n"))]);
        world.git(&["checkout", "-q", "main"]);
        world.write("dir/deep/b", "main\n");
        world.commit("m1");
        world.git(&["checkout", "-q", "topic"]);
        world.git(&["merge", "-q", "--no-edit", "main"]);
        world.remove("turned");
        world.write("turned/in", "dir\n");
        world.commit("turn");
        world.git(&["checkout", "-q", "main"]);
        world.write("a", "main\n");
        world.commit("m2");
        world.git(&["checkout", "-q", "topic"]);
        world.git(&["merge", "-q", "--no-commit", "-s", "ours", "main"]);
        world.write("a", "both\n");
        world.write("dir/deep/c", "evil\n");
        world.commit("evil merge");
        world.git(&["rm", "-q", "dir/deep/b"]);
        world.commit("remove");
        world
    }

    fn at_or_below(line: &str, path: &RepoPath) -> bool {
        let line = RepoPath::new(line);
        line == *path || path.contains(&line)
    }

    #[test]
    fn commits_are_those_of_git_log() {
        let world = world();
        let repository = world.open();
        let paths = PATHS.map(RepoPath::new);
        let ranges = [
            ("main", "topic"),
            ("main~1", "topic"),
            ("topic~2", "main"),
            ("main", "main"),
        ];
        for (base, tip) in ranges {
            let range = format!("{base}..{tip}");
            let found = repository
                .touches(
                    world.tip(base),
                    &[world.tip(tip)],
                    &paths.iter().collect(),
                    100,
                )
                .unwrap()
                .remove(0);
            // Of a merge, `-c` lists what differs from all parents.
            let log = [
                "log",
                "-c",
                "--name-only",
                "--no-renames",
                "--format=@%H %s %an",
                &range,
            ];
            let printed = world.git(&log);
            for path in &paths {
                let expected: BTreeSet<&str> = printed
                    .split('@')
                    .filter(|record| record.lines().any(|line| at_or_below(line, path)))
                    .filter_map(|record| record.lines().next())
                    .collect();
                let answer: Vec<String> = found
                    .get(path)
                    .into_iter()
                    .flatten()
                    .map(|touch| format!("{} {} {}", touch.commit, touch.subject, touch.author))
                    .collect();
                let answer: BTreeSet<&str> = answer.iter().map(String::as_str).collect();
                assert_eq!(answer, expected, "{path} in {range}");
            }
        }
    }

    #[test]
    fn each_tip_has_its_own() {
        let world = World::new();
        world.write("f", "1\n");
        world.commit("root");
        world.topic("a", "main", &[("f", Some("a\n"))]);
        world.topic("b", "a", &[("f", Some("b\n"))]);
        world.topic("c", "main", &[("g", Some("c\n"))]);
        let tips = ["a", "b", "c", "main"].map(|name| world.tip(name));
        let path = RepoPath::new("f");
        let found = world
            .open()
            .touches(world.tip("main"), &tips, &[&path].into_iter().collect(), 9)
            .unwrap();
        let commits = |place: usize| -> Vec<CommitId> {
            let touches = found[place].get(&path).into_iter().flatten();
            touches.map(|touch| touch.commit).collect()
        };
        assert_eq!(commits(0), [tips[0]]);
        assert_eq!(commits(1), [tips[1], tips[0]]);
        assert_eq!(commits(2), []);
        assert_eq!(commits(3), []);
    }

    #[test]
    fn only_so_many_commits_are_looked_at() {
        let world = world();
        let paths = PATHS.map(RepoPath::new);
        let (main, topic) = (world.tip("main"), world.tip("topic"));
        let found = world
            .open()
            .touches(main, &[topic], &paths.iter().collect(), 1)
            .unwrap()
            .remove(0);
        assert_eq!(found.keys().collect::<Vec<_>>(), [&paths[1]]);
    }

    #[test]
    fn what_differs_between_two_commits() {
        let world = world();
        let repository = world.open();
        let scratch = world.outside().join("scratch");
        let main = world.tip("main");
        let merger = Merger::scratch(&repository, main, &scratch).unwrap();
        let paths = PATHS.map(RepoPath::new);
        for (a, b) in [("main", "topic"), ("topic~1", "topic"), ("main", "main")] {
            let found = merger
                .differing(world.tip(a), world.tip(b), &paths.iter().collect())
                .unwrap();
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            let printed = world.git(&["diff", "--no-renames", "--name-only", a, b, "--"]);
            let differs = |path: &&RepoPath| printed.lines().any(|line| at_or_below(line, path));
            let mut expected: Vec<String> = paths
                .iter()
                .filter(differs)
                .map(ToString::to_string)
                .collect();
            expected.sort_unstable();
            assert_eq!(found, expected, "{a} and {b}");
        }
    }

    #[test]
    fn what_is_uncommitted_in_a_worktree() {
        let world = World::new();
        world.write(".gitattributes", "crlf text eol=crlf\n");
        for path in ["same", "edited", "staged", "gone", "crlf", "[x]"] {
            world.write(path, "1\n");
        }
        world.commit("root");
        world.git(&["checkout", "-q", "--", "crlf"]);
        world.remove("crlf");
        world.git(&["checkout", "-q", "--", "crlf"]);
        world.write("edited", "2\n");
        world.write("staged", "2\n");
        world.git(&["add", "staged"]);
        world.remove("gone");
        world.write("new/file", "1\n");
        world.write("x", "1\n");
        let paths = [
            "same", "edited", "staged", "gone", "crlf", "[x]", "new/file",
        ];
        let paths = paths.map(RepoPath::new);
        let found = world
            .open()
            .uncommitted_among(&world.root(), world.tip("HEAD"), &paths.iter().collect())
            .unwrap();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["edited", "gone", "new/file", "staged"]);
    }
}
