//! Everything of a worktree that git can hold, as one commit: for what must not be lost when the worktree goes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::checkout::head;
use super::executable::run;
use super::{GitError, Merger, NewCommit, Repository, Snapshot, snapshot};
use crate::domain::name::BranchName;
use crate::domain::revision::CommitId;
use crate::domain::time::Timestamp;

/// What was kept of a worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its tree has all files, tracked and untracked, as they are; behind it are HEAD, what is staged, and what an unfinished
    /// merge or rebase is about.
    pub commit: CommitId,
    /// Why the tree is not what is there, one sentence.
    pub incomplete: Option<String>,
}

/// Where an entry names commits. Some have several lines, or other things in them.
const HEADS: [&str; 9] = [
    "ORIG_HEAD",
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "REBASE_HEAD",
    "rebase-merge/onto",
    "rebase-merge/orig-head",
    "rebase-merge/autostash",
    "rebase-apply/orig-head",
];

impl Merger<'_> {
    /// Writes that commit. `message`: what it says. The worktree and its index stay as they are.
    ///
    /// # Errors
    /// When git cannot be run, or there is no worktree.
    pub fn keep_worktree(
        &self,
        worktree: &Path,
        time: Timestamp,
        message: &str,
    ) -> Result<Kept, GitError> {
        let repository = self.repository();
        let admin = repository.git_dir_of(worktree)?;
        let tip = match head(&admin)? {
            Ok(commit) => Some(commit),
            Err(branch) => match BranchName::new(&branch) {
                Ok(branch) => repository.branch(&branch)?,
                Err(_) => None,
            },
        };
        let write = |tree, parents: Vec<CommitId>| {
            self.write_commit(&NewCommit {
                tree,
                parents,
                time,
                message: format!("{message}\n"),
            })
        };
        let (staged, all) = snapshot::everything(self, worktree)?;
        let mut parents: Vec<CommitId> = tip.into_iter().collect();
        if let Some(tree) = staged {
            parents.push(write(tree, tip.into_iter().collect())?);
        }
        parents.extend(heads(repository, &admin, tip));
        let (tree, incomplete) = match (all, staged, tip) {
            (Snapshot::Clean(tree) | Snapshot::Dirty(tree), ..) => (tree, None),
            (Snapshot::TipOnly { tree, reason }, ..) => (tree, Some(reason)),
            (Snapshot::Unavailable(reason), Some(tree), _) => (tree, Some(reason)),
            (Snapshot::Unavailable(reason), None, Some(tip)) => (self.tree_of(tip)?, Some(reason)),
            (Snapshot::Unavailable(message), None, None) => {
                return Err(GitError::Read {
                    what: worktree.display().to_string(),
                    message,
                });
            }
        };
        Ok(Kept {
            commit: write(tree, parents)?,
            incomplete,
        })
    }
}

/// The commits that what is under way there is about.
fn heads(repository: &Repository, admin: &Path, tip: Option<CommitId>) -> Vec<CommitId> {
    let mut found = BTreeSet::new();
    let named = HEADS.iter().map(|name| admin.join(name));
    for path in named.chain(files_below(&admin.join("refs"))) {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        found.extend(
            text.split_whitespace()
                .filter_map(|word| CommitId::from_hex(word).ok()),
        );
    }
    found.retain(|commit| Some(*commit) != tip && repository.commit(*commit).is_ok());
    found.into_iter().collect()
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files
}

impl Repository {
    /// Every ref below a prefix (`refs/tracks/trash/`) that is about a commit, by name.
    ///
    /// # Errors
    /// When refs cannot be read.
    pub fn refs_below(&self, prefix: &str) -> Result<Vec<(String, CommitId)>, GitError> {
        let mut found = Vec::new();
        for name in self.names_below(prefix)? {
            let name = format!("{prefix}{name}");
            if let Some(commit) = self.reference(&name)? {
                found.push((name, commit));
            }
        }
        found.sort();
        Ok(found)
    }

    /// What `commit` has in its history, itself included, and no branch, tag or remote-tracking branch has, nor any of
    /// `others`; newest first, at most `limit`.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn nowhere_else(
        &self,
        commit: CommitId,
        others: &[CommitId],
        limit: usize,
    ) -> Result<Vec<CommitId>, GitError> {
        let cmd = self
            .cmd()
            .args(["rev-list", &format!("--max-count={limit}")])
            .arg(commit.to_string())
            .args(["--not", "--branches", "--tags", "--remotes"])
            .args(others.iter().map(ToString::to_string));
        let output = run(&cmd, "rev-list")?;
        let lines = String::from_utf8_lossy(&output);
        Ok(lines
            .lines()
            .filter_map(|line| CommitId::from_hex(line).ok())
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::World;

    fn keep(world: &World, path: &Path) -> Kept {
        let repository = world.open();
        let merger = Merger::publishing(&repository, world.tip("main"));
        merger.keep_worktree(path, Timestamp(7), "kept").unwrap()
    }

    #[test]
    fn edited_staged_and_untracked() {
        let world = World::new();
        world.write("a", "1\n");
        let tip = world.commit("one");
        world.write("a", "2\n");
        world.git(&["add", "a"]);
        world.write("a", "3\n");
        world.write("new", "n\n");
        let status = world.git(&["status", "--porcelain=v2"]);
        let kept = keep(&world, &world.root());
        assert_eq!(kept.incomplete, None);
        let show = |what: &str| world.git(&["show", &format!("{}{what}", kept.commit)]);
        assert_eq!(
            (show(":a"), show(":new"), show("^2:a")),
            ("3".into(), "n".into(), "2".into())
        );
        assert_eq!(world.tip(&format!("{}^1", kept.commit)), tip);
        assert_eq!(world.git(&["status", "--porcelain=v2"]), status);
        world.git(&["fsck", "--strict"]);
    }

    #[test]
    fn in_the_middle_of_a_merge() {
        let world = World::new();
        world.write("a", "1\n");
        world.commit("one");
        let topic = world.topic("topic", "main", &[("a", Some("topic\n"))]);
        world.git(&["checkout", "-q", "main"]);
        world.write("a", "main\n");
        let main = world.commit("two");
        assert!(!world.git_try(&["merge", "-q", "topic"]));
        let kept = keep(&world, &world.root());
        assert_eq!(kept.incomplete, None);
        let parents = world.git(&["show", "-s", "--format=%P", &kept.commit.to_string()]);
        assert!(parents.contains(&main.to_string()) && parents.contains(&topic.to_string()));
        let text = world.git(&["show", &format!("{}:a", kept.commit)]);
        assert!(text.starts_with("<<<<<<<"), "{text}");
    }

    #[test]
    fn what_git_cannot_read_is_said() {
        let world = World::new();
        world.write("a", "1\n");
        let tip = world.commit("one");
        world.write("a", "2\n");
        world.git(&["init", "-q", "nested"]);
        let kept = keep(&world, &world.root());
        assert!(kept.incomplete.is_some());
        assert_eq!(world.tip(&format!("{}^1", kept.commit)), tip);
    }

    #[test]
    fn commits_that_are_nowhere_else() {
        let world = World::new();
        world.write("a", "1\n");
        let one = world.commit("one");
        let two = world.topic("topic", "main", &[("a", Some("2\n"))]);
        let three = world.topic("more", "topic", &[("a", Some("3\n"))]);
        world.git(&["checkout", "-q", "main"]);
        world.git(&["update-ref", "refs/tracks/trash/x/heads/more", "more"]);
        world.git(&["branch", "-q", "-D", "topic", "more"]);
        let repository = world.open();
        assert_eq!(
            repository.refs_below("refs/tracks/trash/").unwrap(),
            [("refs/tracks/trash/x/heads/more".to_owned(), three)]
        );
        let nowhere =
            |commit, others: &[CommitId]| repository.nowhere_else(commit, others, 10).unwrap();
        assert_eq!(nowhere(three, &[]), [three, two]);
        assert_eq!(nowhere(three, &[two]), [three]);
        assert_eq!(nowhere(one, &[]), []);
    }
}
