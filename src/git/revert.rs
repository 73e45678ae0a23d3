//! Taking a change out again in memory: a merge whose base is named.

use super::executable::{complaint, run_any};
use super::merge_tree::parse;
use super::{GitError, MergeAnswer, Merger};
use crate::domain::revision::CommitId;

impl Merger<'_> {
    /// What lies between `undone` and `before` is applied, backwards, to `onto`: git's own merge of `onto` and `before`, with
    /// `undone` for their base.
    ///
    /// # Errors
    /// When git cannot be run at all.
    pub fn revert(
        &self,
        onto: CommitId,
        undone: CommitId,
        before: CommitId,
    ) -> Result<MergeAnswer, GitError> {
        const COMMAND: &str = "merge-tree --stdin";
        let cmd = self
            .with_objects(self.repository().cmd())
            .arg(format!("--attr-source={}", self.attributes()))
            .args(["merge-tree", "--write-tree", "-z", "--stdin"])
            .stdin(format!("{undone} -- {onto} {before}\n"));
        let output = run_any(&cmd, COMMAND)?;
        let records = parse(&output.stdout).map_err(|message| GitError::Protocol {
            command: COMMAND.to_owned(),
            message,
        })?;
        match records.into_iter().next() {
            Some(record) => self.answer((onto, before), record),
            None => Ok(MergeAnswer::Unavailable(complaint(&output))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::World;

    #[test]
    fn what_came_later_stays() {
        let world = World::new();
        world.write("a", "1\n2\n3\n4\n5\n");
        let before = world.commit("before");
        world.write("a", "1\nzwei\n3\n4\n5\n");
        world.write("new", "1\n");
        let undone = world.commit("undone");
        world.write("a", "1\nzwei\n3\n4\n5\nsix\n");
        world.write("later", "1\n");
        let onto = world.commit("later");
        let repository = world.open();
        let merger = Merger::publishing(&repository, onto);
        let MergeAnswer::Merged { tree } = merger.revert(onto, undone, before).unwrap() else {
            panic!("it is clean");
        };
        let show = |path: &str| world.git(&["show", &format!("{tree}:{path}")]);
        assert_eq!(show("a"), "1\n2\n3\n4\n5\nsix");
        assert_eq!(
            world.git(&["ls-tree", "--name-only", &tree.to_string()]),
            "a\nlater"
        );

        world.write("a", "1\nzwo\n3\n4\n5\nsix\n");
        let onto = world.commit("on top");
        match merger.revert(onto, undone, before).unwrap() {
            MergeAnswer::Conflicted { conflicts, .. } => {
                let paths: Vec<String> = conflicts.iter().map(|it| it.path.to_string()).collect();
                assert_eq!(paths, ["a"]);
            }
            other => panic!("{other:?}"),
        }
    }
}
