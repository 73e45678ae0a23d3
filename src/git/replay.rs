//! Commits in the name of whoever runs us: merges into their branches, and their own commits put onto another one.

use super::executable::{failure, run, run_any};
use super::merge_tree::parse;
use super::object::{commit_id, object_id, unreadable};
use super::{GitError, MergeAnswer, Merger, Repository};
use crate::domain::revision::{CommitId, TreeId};
use crate::domain::time::Timestamp;

/// Who commits, and when, as git knows it from configuration and environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    author: Vec<u8>,
    committer: Vec<u8>,
}

impl Repository {
    /// # Errors
    /// When git knows no name or address; its message says how to tell it.
    pub fn identity(&self, now: Timestamp) -> Result<Identity, GitError> {
        let ask = |variable: &str| {
            // Without a time zone, git takes the local one.
            let cmd = self
                .cmd()
                .env("GIT_AUTHOR_DATE", now.0.to_string())
                .env("GIT_COMMITTER_DATE", now.0.to_string())
                .args(["var", variable]);
            let printed = run(&cmd, &format!("var {variable}"))?;
            Ok(printed.trim_ascii_end().to_vec())
        };
        Ok(Identity {
            author: ask("GIT_AUTHOR_IDENT")?,
            committer: ask("GIT_COMMITTER_IDENT")?,
        })
    }

    /// The commits of `tip` that are not in `onto`, oldest first, without those whose change `onto` has already under another
    /// id; `None` where they are no line, because there are merges among them.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn line_of_commits(&self, tip: CommitId, onto: CommitId) -> Result<Option<Line>, GitError> {
        let list = |options: &[&str]| {
            let cmd = self
                .cmd()
                .args(["rev-list", "--reverse", "--topo-order", "--right-only"])
                .args(options)
                .arg(format!("{onto}...{tip}"));
            let printed = run(&cmd, "rev-list")?;
            let lines = String::from_utf8_lossy(&printed).into_owned();
            let ids = lines
                .lines()
                .filter_map(|line| CommitId::from_hex(line).ok());
            Ok::<Vec<CommitId>, GitError>(ids.collect())
        };
        let all = list(&[])?;
        if !list(&["--min-parents=2"])?.is_empty() {
            return Ok(None);
        }
        let new = list(&["--cherry-pick"])?;
        Ok(Some(Line { all, new }))
    }

    /// Whether a remote-tracking branch has any of what `tip` has and `onto` has not.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn is_published(&self, tip: CommitId, onto: CommitId) -> Result<bool, GitError> {
        let count = |more: &[&str]| {
            let cmd = self
                .cmd()
                .args(["rev-list", "--count"])
                .arg(tip.to_string())
                .args(["--not", &onto.to_string()])
                .args(more);
            run(&cmd, "rev-list --count")
        };
        Ok(count(&[])? != count(&["--remotes"])?)
    }
}

/// See [`Repository::line_of_commits`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub all: Vec<CommitId>,
    /// Without those that are there already.
    pub new: Vec<CommitId>,
}

impl Merger<'_> {
    /// A merge commit in this name, whose first parent is `ours`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn commit_merge(
        &self,
        identity: &Identity,
        tree: TreeId,
        parents: [CommitId; 2],
        message: &str,
    ) -> Result<CommitId, GitError> {
        let (author, committer) = (
            signature(&identity.author)?,
            signature(&identity.committer)?,
        );
        self.write(&gix::objs::Commit {
            tree: object_id(tree.as_bytes()),
            parents: parents
                .iter()
                .map(|parent| object_id(parent.as_bytes()))
                .collect(),
            author,
            committer,
            encoding: None,
            message: message.into(),
            extra_headers: Vec::new(),
        })
    }

    /// What the change that `commit` made to its parent gives on top of `onto`; as a cherry-pick would.
    ///
    /// # Errors
    /// When git cannot be run, or the commit is a merge or has no parent.
    pub fn pick(&self, commit: CommitId, onto: CommitId) -> Result<MergeAnswer, GitError> {
        let parents = self.commit(commit)?.parents;
        let [parent] = parents[..] else {
            return Err(GitError::Read {
                what: format!("commit {commit}"),
                message: "it has not one parent".to_owned(),
            });
        };
        let cmd = self
            .with_objects(self.repository().cmd())
            .arg(format!("--attr-source={}", self.attributes()))
            .args(["merge-tree", "--write-tree", "-z", "--stdin"])
            .stdin(format!("{parent} -- {onto} {commit}\n"));
        let output = run_any(&cmd, "merge-tree --stdin")?;
        let mut records = parse(&output.stdout).map_err(|message| GitError::Protocol {
            command: "merge-tree --stdin".to_owned(),
            message,
        })?;
        match records.pop() {
            Some(record) => self.answer((onto, commit), record),
            None => Err(failure(&output, "merge-tree --stdin")),
        }
    }

    /// The commit again, with this tree on this parent: author, message and encoding as they were, without a signature, which
    /// would not hold.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn commit_again(
        &self,
        identity: &Identity,
        commit: CommitId,
        tree: TreeId,
        parent: CommitId,
    ) -> Result<CommitId, GitError> {
        let gix = self.local();
        let fail = |error: gix::Error| unreadable(format!("commit {commit}"), &error);
        let original = gix
            .find_commit(object_id(commit.as_bytes()))
            .map_err(fail)?;
        let original = original
            .decode()
            .map_err(|error| unreadable(format!("commit {commit}"), &error))?;
        let author = original
            .author()
            .and_then(|author| author.to_owned())
            .map_err(|error| unreadable(format!("the author of {commit}"), &error))?;
        self.write(&gix::objs::Commit {
            tree: object_id(tree.as_bytes()),
            parents: [object_id(parent.as_bytes())].into_iter().collect(),
            author,
            committer: signature(&identity.committer)?,
            encoding: original.encoding.map(ToOwned::to_owned),
            message: original.message.to_owned(),
            extra_headers: Vec::new(),
        })
    }

    fn write(&self, commit: &gix::objs::Commit) -> Result<CommitId, GitError> {
        let gix = self.local();
        let id = gix
            .write_object(commit)
            .map_err(|error| unreadable("a new commit", &error))?;
        commit_id(id.detach())
    }
}

fn signature(identity: &[u8]) -> Result<gix::actor::Signature, GitError> {
    gix::actor::SignatureRef::from_bytes(identity)
        .and_then(|signature| signature.to_owned())
        .map_err(|error| unreadable("who commits", &error))
}
