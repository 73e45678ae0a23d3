//! Commits and how they relate.

use std::collections::HashSet;

use super::object::{commit_id, object_id, tree_id, unreadable};
use super::{GitError, Repository};
use crate::domain::revision::{CommitId, TreeId};
use crate::domain::time::Timestamp;

/// How many commits each side has that the other does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AheadBehind {
    pub ahead: usize,
    pub behind: usize,
}

/// What is read of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    pub tree: TreeId,
    pub parents: Vec<CommitId>,
    pub committed: Timestamp,
    /// When it was first written: a rebase keeps that.
    pub authored: Timestamp,
    /// The name of who wrote it, lossily.
    pub author: String,
    /// The first line, lossily.
    pub subject: String,
    pub message: Vec<u8>,
}

pub(super) fn commit_info(gix: &gix::Repository, id: CommitId) -> Result<CommitInfo, GitError> {
    let fail = |error: gix::Error| unreadable(format!("commit {id}"), &error);
    let commit = gix.find_commit(object_id(id.as_bytes())).map_err(fail)?;
    let message = commit.message_raw().map_err(fail)?.to_vec();
    let first = message.split(|byte| *byte == b'\n').next();
    let author = commit.author().map_err(fail)?;
    Ok(CommitInfo {
        tree: tree_id(commit.tree_id().map_err(fail)?.detach())?,
        parents: commit
            .parent_ids()
            .map(|parent| commit_id(parent.detach()))
            .collect::<Result<_, _>>()?,
        committed: Timestamp(commit.time().map_err(fail)?.seconds),
        authored: Timestamp(author.time().map_err(fail)?.seconds),
        author: author.name.to_string(),
        subject: String::from_utf8_lossy(first.unwrap_or_default())
            .trim_end()
            .to_owned(),
        message,
    })
}

impl Repository {
    /// # Errors
    /// When there is no such commit here.
    pub fn commit(&self, id: CommitId) -> Result<CommitInfo, GitError> {
        commit_info(&self.local(), id)
    }

    /// All best common ancestors; empty for unrelated histories.
    ///
    /// # Errors
    /// [`GitError::Shallow`] where history was cut off too early to tell.
    pub fn merge_bases(&self, a: CommitId, b: CommitId) -> Result<Vec<CommitId>, GitError> {
        let gix = self.local();
        if is_cut_short(&gix, a, b)? {
            return Err(GitError::Shallow);
        }
        known_merge_bases(&gix, a, b)
    }

    /// # Errors
    /// As [`Repository::merge_bases`].
    pub fn ahead_behind(&self, tip: CommitId, base: CommitId) -> Result<AheadBehind, GitError> {
        let gix = self.local();
        if is_cut_short(&gix, tip, base)? {
            return Err(GitError::Shallow);
        }
        Ok(AheadBehind {
            ahead: walk(&gix, tip, &[base], usize::MAX)?.len(),
            behind: walk(&gix, base, &[tip], usize::MAX)?.len(),
        })
    }

    /// Whether `ancestor` is `descendant` or in its history.
    ///
    /// # Errors
    /// When a commit is not here; [`GitError::Shallow`] as in [`Repository::merge_bases`].
    pub fn is_ancestor(&self, ancestor: CommitId, descendant: CommitId) -> Result<bool, GitError> {
        let gix = self.local();
        if known_merge_bases(&gix, ancestor, descendant)?.contains(&ancestor) {
            return Ok(true);
        }
        // Only a "no" may come from what is not here.
        if is_cut_short(&gix, ancestor, descendant)? {
            return Err(GitError::Shallow);
        }
        Ok(false)
    }

    /// What is reachable from `tip` and from none of `hidden`, newest first, at most `limit`.
    ///
    /// # Errors
    /// When a commit is not here.
    pub fn commits_between(
        &self,
        tip: CommitId,
        hidden: &[CommitId],
        limit: usize,
    ) -> Result<Vec<CommitId>, GitError> {
        walk(&self.local(), tip, hidden, limit)?
            .into_iter()
            .map(commit_id)
            .collect()
    }
}

pub(super) fn known_merge_bases(
    gix: &gix::Repository,
    a: CommitId,
    b: CommitId,
) -> Result<Vec<CommitId>, GitError> {
    gix.merge_bases_many(object_id(a.as_bytes()), &[object_id(b.as_bytes())])
        .map_err(|error| unreadable("history", &error))?
        .into_iter()
        .map(|id| commit_id(id.detach()))
        .collect()
}

/// Whether a shallow clone lacks history that could hold a nearer merge base of the two than the ones seen: that is so
/// where what only one of them has reaches the edge of the clone. A merge from an older base can be clean where the real
/// one conflicts.
pub(super) fn is_cut_short(
    gix: &gix::Repository,
    a: CommitId,
    b: CommitId,
) -> Result<bool, GitError> {
    let fail = |error: gix::Error| unreadable("the edge of the shallow clone", &error);
    let Some(edge) = gix.shallow_commits().map_err(fail)? else {
        return Ok(false);
    };
    let edge: HashSet<gix::ObjectId> = edge.iter().copied().collect();
    for (tip, other) in [(a, b), (b, a)] {
        let own = walk(gix, tip, &[other], usize::MAX)?;
        if own.iter().any(|id| edge.contains(id)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn walk(
    gix: &gix::Repository,
    tip: CommitId,
    hidden: &[CommitId],
    limit: usize,
) -> Result<Vec<gix::ObjectId>, GitError> {
    use gix::revision::walk::Sorting;
    use gix::traverse::commit::simple::CommitTimeOrder::NewestFirst;

    let fail = |error: gix::Error| unreadable("history", &error);
    gix.rev_walk([object_id(tip.as_bytes())])
        .with_hidden(hidden.iter().map(|id| object_id(id.as_bytes())))
        .sorting(Sorting::ByCommitTime(NewestFirst))
        .all()
        .map_err(fail)?
        .take(limit)
        .map(|info| info.map(|info| info.id).map_err(fail))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::World;

    /// main: m1 - m2 - m3; topic from m1: t1 - merge of m2 - t2; and a criss-cross of x and y.
    fn world() -> World {
        let world = World::new();
        world.write("m", "1\n");
        world.commit("m1");
        world.topic("topic", "main", &[("t", Some("1\n"))]);
        world.git(&["checkout", "-q", "main"]);
        world.write("m", "2\n");
        world.commit("m2");
        world.git(&["checkout", "-q", "topic"]);
        world.git(&["merge", "-q", "--no-edit", "main"]);
        world.write("t", "2\n");
        world.commit("t2");
        world.git(&["checkout", "-q", "main"]);
        world.write("m", "3\n");
        world.commit("m3");
        world.topic("x", "main", &[("x", Some("x\n"))]);
        world.topic("y", "main", &[("y", Some("y\n"))]);
        world.git(&["tag", "y1"]);
        world.git(&["merge", "-q", "--no-edit", "x"]);
        world.git(&["checkout", "-q", "x"]);
        world.git(&["merge", "-q", "--no-edit", "y1"]);
        world.git(&["checkout", "-q", "--orphan", "alone"]);
        world.commit("alone");
        world
    }

    const BRANCHES: [&str; 5] = ["main", "topic", "x", "y", "alone"];

    #[test]
    fn bases_and_counts_are_those_of_git() {
        let world = world();
        let repository = world.open();
        for a in BRANCHES {
            for b in BRANCHES {
                let (one, two) = (world.tip(a), world.tip(b));
                let mut bases: Vec<String> = repository
                    .merge_bases(one, two)
                    .unwrap()
                    .iter()
                    .map(ToString::to_string)
                    .collect();
                bases.sort();
                let printed = if world.git_try(&["merge-base", a, b]) {
                    world.git(&["merge-base", "--all", a, b])
                } else {
                    String::new()
                };
                let mut expected: Vec<&str> = printed.lines().collect();
                expected.sort_unstable();
                assert_eq!(bases, expected, "bases of {a} and {b}");

                let counts = repository.ahead_behind(one, two).unwrap();
                let range = format!("{a}...{b}");
                assert_eq!(
                    format!("{}\t{}", counts.ahead, counts.behind),
                    world.git(&["rev-list", "--count", "--left-right", &range]),
                    "{range}"
                );
                assert_eq!(
                    repository.is_ancestor(one, two).unwrap(),
                    world.git_try(&["merge-base", "--is-ancestor", a, b]),
                    "is {a} in {b}"
                );
            }
        }
        let (x, y) = (world.tip("x"), world.tip("y"));
        assert_eq!(
            repository.merge_bases(x, y).unwrap().len(),
            2,
            "criss-cross"
        );
    }

    #[test]
    fn a_commit_graph_changes_nothing() {
        let world = world();
        world.git(&["commit-graph", "write", "--reachable"]);
        let repository = world.open();
        let (topic, main) = (world.tip("topic"), world.tip("main"));
        let counts = repository.ahead_behind(topic, main).unwrap();
        assert_eq!(
            counts,
            AheadBehind {
                ahead: 3,
                behind: 1
            }
        );
        assert_eq!(
            repository.merge_bases(topic, main).unwrap(),
            [world.tip("main~1")]
        );
    }

    #[test]
    fn commits_between_are_limited_and_hidden() {
        let world = world();
        let repository = world.open();
        let (topic, main) = (world.tip("topic"), world.tip("main"));
        let all = repository.commits_between(topic, &[main], 100).unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!(all[0], topic);
        assert_eq!(
            repository.commits_between(topic, &[main], 2).unwrap(),
            all[..2]
        );
        let everything = repository.commits_between(topic, &[], 100).unwrap();
        assert_eq!(everything.len(), 5);
    }

    #[test]
    fn a_commit_is_read() {
        let world = World::new();
        world.write("a", "1\n");
        let first = world.commit("first");
        world.write("a", "2\n");
        world.git(&["commit", "-q", "-a", "-m", "The subject", "-m", "Body: ü"]);
        let repository = world.open();
        let info = repository.commit(world.tip("HEAD")).unwrap();
        assert_eq!(
            info.tree.to_string(),
            world.git(&["rev-parse", "HEAD^{tree}"])
        );
        assert_eq!(info.parents, [first]);
        assert_eq!(info.committed, Timestamp(1_700_000_000));
        assert_eq!(info.subject, "The subject");
        assert_eq!(info.message, "The subject\n\nBody: ü\n".as_bytes());
        let nowhere = CommitId::from_hex(&"1".repeat(40)).unwrap();
        assert!(repository.commit(nowhere).is_err());
    }

    #[test]
    fn a_shallow_clone_says_so_where_history_ends_too_early() {
        let origin = world();
        let url = format!("file://{}", origin.root().display());
        let clone = World::with(&[
            "clone",
            "-q",
            "--depth=1",
            "--no-single-branch",
            &url,
            "repo",
        ]);
        let repository = clone.open();
        assert!(repository.is_shallow());
        assert!(!origin.open().is_shallow());
        let (main, topic) = (clone.tip("origin/main"), clone.tip("origin/topic"));
        for answer in [
            repository.merge_bases(main, topic).map(drop),
            repository.ahead_behind(main, topic).map(drop),
            repository.is_ancestor(main, topic).map(drop),
        ] {
            assert!(matches!(answer, Err(GitError::Shallow)), "{answer:?}");
        }
        assert_eq!(repository.merge_bases(main, main).unwrap(), [main]);
    }

    /// The fork point is in reach of both; what counts is whether the edge lies before or behind it.
    #[test]
    fn a_shallow_clone_that_reaches_behind_the_fork_is_as_good_as_a_whole_one() {
        let origin = World::new();
        for number in ["1", "2", "3", "4", "5", "6"] {
            origin.write("m", number);
            origin.commit(number);
        }
        let fork = origin.tip("main~1");
        origin.topic("topic", "main~1", &[("t", Some("1\n"))]);
        let url = format!("file://{}", origin.root().display());
        let clone =
            |depth: &str| World::with(&["clone", "-q", depth, "--no-single-branch", &url, "repo"]);
        let deep = clone("--depth=3");
        let (main, topic) = (deep.tip("origin/main"), deep.tip("origin/topic"));
        assert_eq!(deep.open().merge_bases(main, topic).unwrap(), [fork]);
        assert!(!deep.open().is_ancestor(main, topic).unwrap());
        assert!(deep.open().is_ancestor(fork, topic).unwrap());
        // An older merge base is here, a nearer one may not be: topic takes main in, by a merge whose parent is cut off.
        origin.git(&["checkout", "-q", "topic"]);
        origin.git(&["merge", "-q", "--no-edit", "main"]);
        let flat = clone("--depth=1");
        let (main, topic) = (flat.tip("origin/main"), flat.tip("origin/topic"));
        let repository = flat.open();
        assert!(
            repository.is_ancestor(main, topic).unwrap(),
            "the parent's id says so"
        );
        assert!(matches!(
            repository.merge_bases(main, topic),
            Err(GitError::Shallow)
        ));
        assert!(matches!(
            repository.ahead_behind(topic, main),
            Err(GitError::Shallow)
        ));
    }
}
