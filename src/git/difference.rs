//! How much differs between a commit and a tree.

use super::executable::{fields, run};
use super::{GitError, Merger};
use crate::domain::path::RepoPath;
use crate::domain::revision::{CommitId, TreeId};

impl Merger<'_> {
    /// Every path that differs, with how many lines were added and removed: none in what git takes for binary. A file that
    /// was moved is two paths. Without a commit, everything in the tree is new. The tree may have been written by this merger.
    ///
    /// # Errors
    /// When git cannot compare them.
    pub fn difference(
        &self,
        from: Option<CommitId>,
        to: TreeId,
    ) -> Result<Vec<(RepoPath, u64)>, GitError> {
        let from = match from {
            Some(commit) => commit.to_string(),
            None => self.local().empty_tree().id.to_string(),
        };
        let cmd = self
            .with_objects(self.repository().cmd())
            .arg(format!("--attr-source={}", self.attributes()))
            .args(["diff-tree", "-r", "-z", "--numstat", "--no-renames"])
            .args(["--no-ext-diff", "--no-textconv", "--ignore-submodules=none"])
            .args([from.as_str(), &to.to_string()]);
        let printed = run(&cmd, "diff-tree --numstat")?;
        fields(&printed)
            .map(|field| entry(field).ok_or_else(|| strange(field)))
            .collect()
    }
}

/// `ADDED TAB REMOVED TAB PATH`; `-` twice for a binary file.
fn entry(field: &[u8]) -> Option<(RepoPath, u64)> {
    let mut parts = field.splitn(3, |byte| *byte == b'\t');
    let mut lines = 0;
    for _ in 0..2 {
        let number = std::str::from_utf8(parts.next()?).ok()?;
        if number != "-" {
            lines += number.parse::<u64>().ok()?;
        }
    }
    Some((RepoPath::new(parts.next()?), lines))
}

fn strange(field: &[u8]) -> GitError {
    GitError::Protocol {
        command: "diff-tree --numstat".to_owned(),
        message: format!("{:?} is no count", String::from_utf8_lossy(field)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::World;

    #[test]
    fn paths_and_lines() {
        let world = World::new();
        world.write("same", "1\n");
        world.write("text", "1\n2\n3\n");
        world.write("gone", "1\n2\n");
        world.write_bytes(b"binary", b"\0\x01");
        world.write("moved", "1\n2\n3\n4\n");
        let from = world.commit("one");
        world.write("text", "1\nzwei\n3\n4");
        world.remove("gone");
        world.remove("moved");
        world.write_bytes(b"binary", b"\0\x02\n\n");
        world.write("dir/moved", "1\n2\n3\n4\n");
        world.write_bytes(b"a\tb \xff\n", b"1\n");
        let to = world.commit("two");
        let repository = world.open();
        let merger = Merger::scratch(&repository, from, &world.outside().join("scratch")).unwrap();
        let tree = repository.commit(to).unwrap().tree;

        let expected: Vec<(&[u8], u64)> = vec![
            (b"a\tb \xff\n", 1),
            (b"binary", 0),
            (b"dir/moved", 4),
            (b"gone", 2),
            (b"moved", 4),
            (b"text", 3),
        ];
        let found = merger.difference(Some(from), tree).unwrap();
        let found: Vec<(&[u8], u64)> = found
            .iter()
            .map(|(path, lines)| (path.as_bytes(), *lines))
            .collect();
        assert_eq!(found, expected);

        let all = merger.difference(None, tree).unwrap();
        assert_eq!(all.len(), 5);
        let own = repository.commit(from).unwrap().tree;
        assert_eq!(merger.difference(Some(from), own).unwrap(), []);
        let nowhere = CommitId::from_hex(&"1".repeat(40)).unwrap();
        assert!(merger.difference(Some(nowhere), tree).is_err());
    }
}
