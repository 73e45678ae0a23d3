//! Merges in memory: batches of `git merge-tree --write-tree --stdin -z`, git's own merge without index or worktree.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::executable::{complaint, failure, run_any};
use super::history::{CommitInfo, commit_info};
use super::merge_tree::{Conflicted, Record, parse};
use super::object::{blob, commit_id, file_at, object_id, tree_entries, tree_of, unreadable};
use super::refs::IDENTITY;
use super::scratch::Scratch;
use super::{GitError, Repository, Snapshot, text};
use crate::domain::merge::{Conflict, Region};
use crate::domain::path::RepoPath;
use crate::domain::revision::{BlobId, CommitId, TreeId};
use crate::domain::time::Timestamp;
use crate::process::{Cmd, CmdOutput, cores, in_parallel};

/// What git said about one merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeAnswer {
    Merged {
        tree: TreeId,
    },
    /// At least one conflict, paths ascending.
    Conflicted {
        conflicts: Vec<Conflict>,
    },
    /// One sentence why there is no answer (unrelated histories, missing objects).
    Unavailable(String),
}

/// A commit to be written. Author and committer are the tool's fixed identity, so that same inputs give the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommit {
    pub tree: TreeId,
    pub parents: Vec<CommitId>,
    pub time: Timestamp,
    pub message: String,
}

/// A process of its own is worth it from this many merges on.
const PAIRS_PER_PROCESS: usize = 16;

/// Merges commits, with attributes from one commit for every merge. Can be shared between threads.
#[derive(Debug)]
pub struct Merger<'r> {
    repository: &'r Repository,
    attributes: CommitId,
    /// The repository, with the object directory that this merger writes to.
    gix: gix::ThreadSafeRepository,
    scratch: Option<Scratch>,
}

impl<'r> Merger<'r> {
    /// Everything it writes goes to a scratch object directory below `scratch_root`, which goes when the value is dropped;
    /// directories that killed processes left there are swept first.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn scratch(
        repository: &'r Repository,
        attributes: CommitId,
        scratch_root: &Path,
    ) -> Result<Merger<'r>, GitError> {
        let scratch = Scratch::new(scratch_root, repository)?;
        Ok(Merger {
            repository,
            attributes,
            gix: scratch.view(repository)?.into_sync(),
            scratch: Some(scratch),
        })
    }

    /// What it writes goes to the repository, for merges that will be published.
    pub fn publishing(repository: &'r Repository, attributes: CommitId) -> Merger<'r> {
        Merger {
            repository,
            attributes,
            gix: repository.local().into_sync(),
            scratch: None,
        }
    }

    pub fn repository(&self) -> &'r Repository {
        self.repository
    }

    /// Merges each pair (ours, theirs) of commits; answers in the same order. Several git processes share the work where
    /// it is worth it.
    ///
    /// # Errors
    /// When git cannot be run at all; a pair that git refuses is [`MergeAnswer::Unavailable`].
    pub fn merge_all(&self, pairs: &[(CommitId, CommitId)]) -> Result<Vec<MergeAnswer>, GitError> {
        let missing = self.missing(pairs);
        let asked: Vec<(CommitId, CommitId)> = pairs
            .iter()
            .filter(|(ours, theirs)| !missing.contains(ours) && !missing.contains(theirs))
            .copied()
            .collect();
        let processes = cores()
            .get()
            .min(asked.len().div_ceil(PAIRS_PER_PROCESS))
            .max(1);
        let chunks: Vec<&[_]> = asked
            .chunks(asked.len().div_ceil(processes).max(1))
            .collect();
        let answered = in_parallel(&chunks, processes, |chunk| self.merge_chunk(chunk));
        let mut answers = Vec::with_capacity(asked.len());
        for chunk in answered {
            answers.extend(chunk?);
        }
        let mut answers = answers.into_iter();
        let answer_of = |(ours, theirs): &(CommitId, CommitId)| {
            [ours, theirs]
                .into_iter()
                .find(|id| missing.contains(id))
                .map(|id| MergeAnswer::Unavailable(format!("commit {} is not here", id.short())))
                .or_else(|| answers.next())
                .unwrap_or_else(|| MergeAnswer::Unavailable("git gave no answer".to_owned()))
        };
        Ok(pairs.iter().map(answer_of).collect())
    }

    /// One bad id would end a whole batch.
    fn missing(&self, pairs: &[(CommitId, CommitId)]) -> BTreeSet<CommitId> {
        let gix = self.local();
        let ids: BTreeSet<CommitId> = pairs.iter().flat_map(|pair| [pair.0, pair.1]).collect();
        ids.into_iter()
            .filter(|id| gix.find_commit(object_id(id.as_bytes())).is_err())
            .collect()
    }

    /// The first pair that git refuses ends its batch: it is set aside, and the batch goes on behind it.
    fn merge_chunk(&self, pairs: &[(CommitId, CommitId)]) -> Result<Vec<MergeAnswer>, GitError> {
        let mut answers = Vec::with_capacity(pairs.len());
        while answers.len() < pairs.len() {
            let rest = &pairs[answers.len()..];
            let (records, output) = self.merge_tree(rest)?;
            if records.len() > rest.len() {
                return Err(protocol("more answers than questions".to_owned()));
            }
            let stopped = records.len() < rest.len();
            for record in records {
                answers.push(self.answer(record)?);
            }
            if stopped {
                // No merge of two commits fails because the options are wrong; that is about git itself.
                if output.status == Some(129) {
                    return Err(failure(&output, "merge-tree --stdin"));
                }
                answers.push(MergeAnswer::Unavailable(self.refusal(&output)));
            }
        }
        Ok(answers)
    }

    fn merge_tree(
        &self,
        pairs: &[(CommitId, CommitId)],
    ) -> Result<(Vec<Record>, CmdOutput), GitError> {
        let mut input = String::new();
        for (ours, theirs) in pairs {
            let _ = writeln!(input, "{ours} {theirs}");
        }
        let cmd = self
            .with_objects(self.repository.cmd())
            .arg(format!("--attr-source={}", self.attributes))
            .args(["merge-tree", "--write-tree", "-z", "--stdin"])
            .stdin(input);
        let output = run_any(&cmd, "merge-tree --stdin")?;
        Ok((parse(&output.stdout).map_err(protocol)?, output))
    }

    fn refusal(&self, output: &CmdOutput) -> String {
        let complaint = complaint(output);
        match complaint.as_str() {
            "refusing to merge unrelated histories" if self.repository.is_shallow() => {
                GitError::Shallow.to_string()
            }
            "refusing to merge unrelated histories" => {
                "the two histories have no common commit".to_owned()
            }
            _ => format!("git cannot merge them: {complaint}"),
        }
    }

    fn answer(&self, record: Record) -> Result<MergeAnswer, GitError> {
        let conflicted = match record {
            Record::Clean(tree) => return Ok(MergeAnswer::Merged { tree }),
            Record::Conflicted(conflicted) => conflicted,
        };
        let gix = self.local();
        let conflicts = conflicted
            .into_iter()
            .map(|conflicted| {
                Ok(Conflict {
                    regions: regions(&gix, &conflicted)?,
                    path: conflicted.path,
                    types: conflicted.types,
                })
            })
            .collect::<Result<_, GitError>>()?;
        Ok(MergeAnswer::Conflicted { conflicts })
    }

    /// # Errors
    /// When the object cannot be written.
    pub fn write_commit(&self, commit: &NewCommit) -> Result<CommitId, GitError> {
        let identity = gix::actor::Signature {
            name: IDENTITY.0.into(),
            email: IDENTITY.1.into(),
            time: gix::date::Time {
                seconds: commit.time.0,
                offset: 0,
            },
        };
        let object = gix::objs::Commit {
            tree: object_id(commit.tree.as_bytes()),
            parents: commit
                .parents
                .iter()
                .map(|parent| object_id(parent.as_bytes()))
                .collect(),
            author: identity.clone(),
            committer: identity,
            encoding: None,
            message: commit.message.as_str().into(),
            extra_headers: Vec::new(),
        };
        let gix = self.local();
        let id = gix
            .write_object(&object)
            .map_err(|error| unreadable("a new commit", &error))?;
        commit_id(id.detach())
    }

    /// The uncommitted work of a worktree whose HEAD is `tip`, as a tree in this merger's object directory. Index and
    /// status of the worktree stay untouched.
    ///
    /// # Errors
    /// When git cannot be run at all.
    pub fn snapshot(&self, worktree: &Path, tip: CommitId) -> Result<Snapshot, GitError> {
        super::snapshot::snapshot(self, worktree, tip)
    }

    /// As [`Repository::tree_entries`], for trees that this merger wrote too.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn tree_entries(&self, tree: TreeId) -> Result<Vec<(RepoPath, u32, BlobId)>, GitError> {
        tree_entries(&self.local(), tree)
    }

    /// A file of a commit that this merger may have written.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn file_at(&self, commit: CommitId, path: &RepoPath) -> Result<Option<Vec<u8>>, GitError> {
        file_at(&self.local(), commit, path)
    }

    /// A commit that this merger may have written.
    ///
    /// # Errors
    /// When there is no such commit.
    pub fn commit(&self, id: CommitId) -> Result<CommitInfo, GitError> {
        commit_info(&self.local(), id)
    }

    /// The tree of a commit that this merger may have written.
    ///
    /// # Errors
    /// When an object cannot be read.
    pub fn tree_of(&self, commit: CommitId) -> Result<TreeId, GitError> {
        tree_of(&self.local(), commit)
    }

    /// Where short-lived files may lie that go with the scratch directory; `None` when publishing.
    pub(super) fn scratch_dir(&self) -> Option<&Path> {
        self.scratch.as_ref().map(Scratch::dir)
    }

    /// Makes git write to this merger's object directory.
    pub(super) fn with_objects(&self, cmd: Cmd) -> Cmd {
        match &self.scratch {
            Some(scratch) => cmd.env("GIT_OBJECT_DIRECTORY", scratch.objects()),
            None => cmd,
        }
    }

    fn local(&self) -> gix::Repository {
        self.gix.to_thread_local()
    }
}

/// Only files whose lines were merged have regions.
fn regions(gix: &gix::Repository, conflicted: &Conflicted) -> Result<Vec<Region>, GitError> {
    let [base, Some(ours), Some(theirs)] = conflicted.stages else {
        return Ok(Vec::new());
    };
    let sides = [Some(ours), Some(theirs), base];
    if !sides
        .into_iter()
        .flatten()
        .all(super::merge_tree::Stage::is_regular)
    {
        return Ok(Vec::new());
    }
    let base = match base {
        Some(base) => blob(gix, base.id)?,
        None => Vec::new(),
    };
    let (ours, theirs) = (blob(gix, ours.id)?, blob(gix, theirs.id)?);
    Ok(text::regions(&base, &ours, &theirs))
}

fn protocol(message: String) -> GitError {
    GitError::Protocol {
        command: "merge-tree --stdin".to_owned(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::merge::ConflictType;
    use crate::git::testing::World;

    /// What git says of one pair, by a process of its own: `None` for a clean merge, else the conflicted paths of the
    /// stages.
    fn git_says(world: &World, ours: &str, theirs: &str) -> Option<BTreeSet<String>> {
        let attributes = format!("--attr-source={}", world.tip("main"));
        // git puts the name of a side into some paths.
        let (ours, theirs) = (world.tip(ours).to_string(), world.tip(theirs).to_string());
        let args = [
            &attributes,
            "merge-tree",
            "--write-tree",
            "--name-only",
            "--no-messages",
            "-z",
        ];
        if world.git_try(&[&args[..], &[ours.as_str(), theirs.as_str()]].concat()) {
            return None;
        }
        let output = world.git_any(&[&args[..], &[ours.as_str(), theirs.as_str()]].concat());
        let mut names = output.split('\0').skip(1).filter(|name| !name.is_empty());
        Some(names.by_ref().map(str::to_owned).collect())
    }

    fn summary(answer: &MergeAnswer) -> String {
        match answer {
            MergeAnswer::Merged { .. } => "merged".to_owned(),
            MergeAnswer::Unavailable(why) => format!("unavailable: {why}"),
            MergeAnswer::Conflicted { conflicts } => conflicts
                .iter()
                .map(|conflict| {
                    let types: Vec<&str> =
                        conflict.types.iter().map(ConflictType::as_str).collect();
                    format!("{}: {}", conflict.path, types.join(", "))
                })
                .collect::<Vec<_>>()
                .join("; "),
        }
    }

    /// Merges two branches both ways through the batch and compares the path set with git's own answer.
    fn merge(world: &World, ours: &str, theirs: &str) -> MergeAnswer {
        let repository = world.open();
        let merger = Merger::scratch(
            &repository,
            world.tip("main"),
            &world.outside().join("scratch"),
        )
        .unwrap();
        let pair = (world.tip(ours), world.tip(theirs));
        let answer = merger.merge_all(&[pair]).unwrap().remove(0);
        match (&answer, git_says(world, ours, theirs)) {
            (MergeAnswer::Merged { .. }, None) => {}
            (MergeAnswer::Conflicted { conflicts }, Some(staged)) => {
                let paths: BTreeSet<String> = conflicts
                    .iter()
                    .map(|conflict| conflict.path.lossy().into_owned())
                    .collect();
                assert!(paths.is_superset(&staged), "{paths:?} {staged:?}");
            }
            (answer, says) => panic!("{answer:?}, but git says {says:?}"),
        }
        answer
    }

    fn lines(changed: &[(usize, &str)]) -> String {
        (1..=20)
            .map(
                |number| match changed.iter().find(|(line, _)| *line == number) {
                    Some((_, text)) => format!("{text}\n"),
                    None => format!("line {number}\n"),
                },
            )
            .collect()
    }

    fn base() -> World {
        let world = World::new();
        world.write("f", &lines(&[]));
        world.write("d/one", &lines(&[(1, "one")]));
        world.write("d/two", &lines(&[(1, "two")]));
        world.write("gone", &lines(&[(1, "gone")]));
        world.write_bytes(b"binary", b"\0base");
        world.commit("base");
        world
    }

    type Files<'a> = &'a [(&'a str, Option<&'a str>)];

    #[test]
    fn conflicts_have_the_paths_and_types_of_git() {
        let f_ours = lines(&[(3, "ours"), (18, "ours")]);
        let f_theirs = lines(&[(3, "theirs")]);
        let far = lines(&[(10, "far")]);
        let gone = lines(&[(1, "gone"), (5, "edited")]);
        let (one, two) = (lines(&[(1, "one")]), lines(&[(1, "two")]));
        let cases: [(Files<'_>, Files<'_>, &str); 10] = [
            (&[("f", Some(&f_ours))], &[("f", Some(&far))], "merged"),
            (
                &[("f", Some(&f_ours))],
                &[("f", Some(&f_theirs))],
                "f: contents",
            ),
            (&[("n", Some("1\n"))], &[("n", Some("2\n"))], "n: add/add"),
            (
                &[("gone", None)],
                &[("gone", Some(&gone))],
                "gone: modify/delete",
            ),
            (
                &[("gone", None), ("here", Some(&gone))],
                &[("gone", None)],
                "here: rename/delete, modify/delete",
            ),
            (
                &[("gone", None), ("here", Some(&gone))],
                &[("gone", None), ("there", Some(&gone))],
                "gone: rename/rename; here: rename/rename; there: rename/rename",
            ),
            (
                &[("x", Some("file\n"))],
                &[("x/y", Some("below\n"))],
                "x~OURS: file/directory",
            ),
            (
                &[
                    ("d/one", None),
                    ("d/two", None),
                    ("e/one", Some(&one)),
                    ("e/two", Some(&two)),
                ],
                &[("d/new", Some("new\n"))],
                "e/new: directory rename suggested",
            ),
            (
                &[
                    ("d/one", None),
                    ("d/two", None),
                    ("e/one", Some(&one)),
                    ("e/two", Some(&two)),
                ],
                &[("d/new", Some("new\n")), ("e/new", Some("other\n"))],
                "e/new: file in way of directory rename",
            ),
            (
                &[("binary", Some("\0ours"))],
                &[("binary", Some("\0theirs"))],
                "binary: binary, contents",
            ),
        ];
        let world = base();
        for (number, (ours, theirs, expected)) in cases.into_iter().enumerate() {
            let (a, b) = (format!("a{number}"), format!("b{number}"));
            let ours = world.topic(&a, "main", ours);
            world.topic(&b, "main", theirs);
            let found = summary(&merge(&world, &a, &b)).replace(&ours.to_string(), "OURS");
            assert_eq!(found, expected, "case {number}");
        }
    }

    #[test]
    fn regions_are_the_lines_of_both_sides() {
        let world = base();
        let ours = format!("added\n{}", lines(&[(3, "ours"), (18, "ours")]));
        world.topic("a", "main", &[("f", Some(&ours)), ("n", Some("1\n"))]);
        let theirs = lines(&[(3, "theirs"), (10, "far")]);
        world.topic("b", "main", &[("f", Some(&theirs)), ("n", Some("2\n3\n"))]);
        let MergeAnswer::Conflicted { conflicts } = merge(&world, "a", "b") else {
            panic!("no conflict");
        };
        let region = |ours, theirs| Region { ours, theirs };
        assert_eq!(conflicts[0].regions, [region(3..4, 2..3)]);
        assert_eq!(conflicts[1].regions, [region(0..1, 0..2)]);
    }

    #[test]
    fn submodules() {
        let world = base();
        let commits: Vec<CommitId> = ["s1", "s2", "s3"]
            .map(|name| world.topic(name, "main", &[]))
            .to_vec();
        let point = |branch: &str, from: &str, at: CommitId| {
            world.start(branch, from);
            let entry = format!("160000,{at},sub");
            world.git(&["update-index", "--add", "--cacheinfo", &entry]);
            world.git(&["commit", "-q", "-m", branch]);
        };
        world.git(&["checkout", "-q", "main"]);
        point("sub", "main", commits[0]);
        point("a", "sub", commits[1]);
        point("b", "sub", commits[2]);
        let found = summary(&merge(&world, "a", "b"));
        assert!(found.starts_with("sub: submodule"), "{found}");
    }

    #[test]
    fn criss_cross_is_merged_with_a_virtual_base() {
        let world = base();
        world.topic("x", "main", &[("f", Some(&lines(&[(3, "x")])))]);
        world.topic("y", "main", &[("f", Some(&lines(&[(3, "y")])))]);
        for (branch, other, content) in [("x2", "x", "x"), ("y2", "y", "y")] {
            world.start(branch, other);
            let (from, text) = (if other == "x" { "y" } else { "x" }, lines(&[(3, content)]));
            world.git_any(&["merge", "-q", from]);
            world.write("f", &text);
            world.commit(branch);
        }
        let MergeAnswer::Conflicted { conflicts } = merge(&world, "x2", "y2") else {
            panic!("no conflict");
        };
        assert_eq!(conflicts.len(), 1);
        assert_eq!(conflicts[0].types[0].as_str(), "contents");
    }

    #[test]
    fn a_bad_pair_does_not_silence_the_others() {
        let world = base();
        world.topic("a", "main", &[("f", Some(&lines(&[(3, "a")])))]);
        world.topic("b", "main", &[("f", Some(&lines(&[(3, "b")])))]);
        world.git(&["checkout", "-q", "--orphan", "alone"]);
        world.commit("alone");
        let repository = world.open();
        let merger =
            Merger::scratch(&repository, world.tip("main"), &world.outside().join("s")).unwrap();
        let (main, a, b, alone) = (
            world.tip("main"),
            world.tip("a"),
            world.tip("b"),
            world.tip("alone"),
        );
        let nowhere = CommitId::from_hex(&"1".repeat(40)).unwrap();
        let tree = CommitId::from_bytes(merger.tree_of(a).unwrap().as_bytes()).unwrap();
        let pairs = [
            (main, a),
            (a, alone),
            (a, b),
            (nowhere, a),
            (alone, b),
            (b, main),
            (a, tree),
        ];
        let answers: Vec<String> = merger
            .merge_all(&pairs)
            .unwrap()
            .iter()
            .map(summary)
            .collect();
        let none = "unavailable: the two histories have no common commit";
        assert_eq!(
            answers,
            [
                "merged".to_owned(),
                none.to_owned(),
                "f: contents".to_owned(),
                "unavailable: commit 1111111111 is not here".to_owned(),
                none.to_owned(),
                "merged".to_owned(),
                format!("unavailable: commit {} is not here", tree.short()),
            ]
        );
        assert_eq!(merger.merge_all(&[]).unwrap(), []);
    }

    #[test]
    fn a_large_batch_over_several_processes_keeps_its_order() {
        let world = base();
        let tips: Vec<CommitId> = (0..12)
            .map(|number| {
                let content = lines(&[(3 + number % 4, &format!("topic {number}"))]);
                world.topic(&format!("t{number}"), "main", &[("f", Some(&content))])
            })
            .collect();
        let repository = world.open();
        let merger =
            Merger::scratch(&repository, world.tip("main"), &world.outside().join("s")).unwrap();
        let pairs: Vec<(CommitId, CommitId)> = tips
            .iter()
            .enumerate()
            .flat_map(|(index, a)| tips[index + 1..].iter().map(|b| (*a, *b)))
            .collect();
        let whole = merger.merge_all(&pairs).unwrap();
        assert_eq!(whole.len(), 66);
        for (pair, answer) in pairs.iter().zip(&whole) {
            assert_eq!(merger.merge_all(&[*pair]).unwrap()[0], *answer);
        }
        assert!(
            whole
                .iter()
                .any(|answer| matches!(answer, MergeAnswer::Merged { .. }))
        );
    }

    #[test]
    fn attributes_come_from_the_given_commit_only() {
        let world = base();
        world.topic("a", "main", &[("f", Some(&lines(&[(3, "a")])))]);
        world.topic("b", "main", &[("f", Some(&lines(&[(3, "b")])))]);
        world.topic(
            "attributes",
            "main",
            &[(".gitattributes", Some("f merge=union\n"))],
        );
        let repository = world.open();
        let scratch = world.outside().join("s");
        let pair = [(world.tip("a"), world.tip("b"))];
        let says = |attributes: &str| {
            let merger = Merger::scratch(&repository, world.tip(attributes), &scratch).unwrap();
            summary(&merger.merge_all(&pair).unwrap()[0])
        };
        // The file is in the working tree now, and does not count.
        assert_eq!(says("main"), "f: contents");
        assert_eq!(says("attributes"), "merged");
    }

    #[test]
    fn what_is_written_in_scratch_can_be_merged_on_and_is_gone_afterwards() {
        let world = base();
        world.topic("a", "main", &[("f", Some(&lines(&[(3, "a")])))]);
        world.topic("b", "main", &[("f", Some(&lines(&[(10, "b")])))]);
        world.topic("c", "main", &[("f", Some(&lines(&[(18, "c"), (3, "c")])))]);
        let before = world.objects();
        let repository = world.open();
        let root = world.outside().join("scratch");
        let new = |tree, parents: Vec<CommitId>| NewCommit {
            tree,
            parents,
            time: Timestamp(1_700_000_000),
            message: "merge\n".to_owned(),
        };
        let (a, b, c) = (world.tip("a"), world.tip("b"), world.tip("c"));
        let id = {
            let merger = Merger::scratch(&repository, world.tip("main"), &root).unwrap();
            let MergeAnswer::Merged { tree } = merger.merge_all(&[(a, b)]).unwrap()[0] else {
                panic!("no tree");
            };
            let both = merger.write_commit(&new(tree, vec![a, b])).unwrap();
            assert_eq!(merger.tree_of(both).unwrap(), tree);
            let path = RepoPath::new("f");
            let merged = lines(&[(3, "a"), (10, "b")]);
            assert_eq!(
                merger.file_at(both, &path).unwrap().unwrap(),
                merged.as_bytes()
            );
            assert_eq!(merger.tree_entries(tree).unwrap().len(), 5);
            assert_eq!(
                summary(&merger.merge_all(&[(both, c)]).unwrap()[0]),
                "f: contents"
            );
            both
        };
        assert_eq!(world.objects(), before, "nothing reaches the repository");
        assert_eq!(std::fs::read_dir(&root).unwrap().count(), 0);
        assert!(repository.commit(id).is_err());

        let merger = Merger::publishing(&repository, world.tip("main"));
        let MergeAnswer::Merged { tree } = merger.merge_all(&[(a, b)]).unwrap()[0] else {
            panic!("no tree");
        };
        assert_eq!(
            merger.write_commit(&new(tree, vec![a, b])).unwrap(),
            id,
            "the same id again"
        );
        let printed = world.git(&[
            "log",
            "-1",
            "--format=%an <%ae> %at %cn %P %s",
            &id.to_string(),
        ]);
        assert_eq!(
            printed,
            format!("tracks <tracks@localhost> 1700000000 tracks {a} {b} merge")
        );
        world.git(&["fsck", "--strict"]);
    }

    #[test]
    fn sha256_merges_too() {
        let world = World::with(&["init", "-q", "-b", "main", "--object-format=sha256", "repo"]);
        world.write("f", &lines(&[]));
        world.commit("base");
        world.topic("a", "main", &[("f", Some(&lines(&[(3, "a")])))]);
        world.topic("b", "main", &[("f", Some(&lines(&[(3, "b")])))]);
        assert_eq!(summary(&merge(&world, "a", "b")), "f: contents");
    }
}
