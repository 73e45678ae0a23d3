//! The same question put to git: each track merged into base untimed, then all pairs of the matrix as pairs of commits.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{BASE, branch, track};
use crate::bench::document::Json;
use crate::child;
use crate::failure::Failure;
use crate::sealed::Sealed;

/// Disagreements beyond these are only counted.
const SHOWN: usize = 10;

/// One pair: its names in our document, and its commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    a: String,
    b: String,
    ours: String,
    theirs: String,
}

/// git's answer to one pair.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct GitAnswer {
    pub(super) conflict: bool,
    /// Those of which git lists a version as unmerged.
    unmerged: BTreeSet<String>,
}

#[derive(Debug)]
pub(super) struct Question<'a> {
    sealed: &'a Sealed,
    dir: PathBuf,
    scratch: PathBuf,
    base: String,
    pub(super) pairs: Vec<Asked>,
}

impl<'a> Question<'a> {
    /// `scratch`: a directory for the commits base + track and for what git writes.
    pub(super) fn new(
        sealed: &'a Sealed,
        dir: &Path,
        scratch: &Path,
        tracks: u64,
    ) -> Result<Self, Failure> {
        let mut question = Question {
            sealed,
            dir: dir.to_path_buf(),
            scratch: scratch.to_path_buf(),
            base: sealed.git(dir, &["rev-parse", BASE])?,
            pairs: Vec::new(),
        };
        empty(&question.prepared())?;
        let mut tips = Vec::new();
        for number in 1..=tracks {
            let tip = sealed.git(dir, &["rev-parse", &branch(number)])?;
            tips.push((track(number), tip));
        }
        let with_base: Vec<Asked> = tips
            .iter()
            .map(|(name, tip)| Asked {
                a: "base".to_owned(),
                b: name.clone(),
                ours: question.base.clone(),
                theirs: tip.clone(),
            })
            .collect();
        let merged = question.merge_into_base(&with_base)?;
        question.pairs = with_base;
        for (nth, (a, ours)) in tips.iter().enumerate() {
            for (b, theirs) in &tips[nth + 1..] {
                let (ours, theirs) = match (merged.get(a), merged.get(b)) {
                    (Some(ours), Some(theirs)) => (ours, theirs),
                    _ => (ours, theirs),
                };
                question.pairs.push(Asked {
                    a: a.clone(),
                    b: b.clone(),
                    ours: ours.clone(),
                    theirs: theirs.clone(),
                });
            }
        }
        Ok(question)
    }

    /// base + track as a commit, by the track's name, for those that merge into base.
    fn merge_into_base(&self, asked: &[Asked]) -> Result<BTreeMap<String, String>, Failure> {
        let list = self.list("base", asked)?;
        let ran = output(&mut self.batch(&list, &self.prepared()))?;
        let mut merged = BTreeMap::new();
        for (asked, record) in asked.iter().zip(records(&ran)?) {
            if record.answer.conflict {
                continue;
            }
            let mut command = self.git(&self.prepared());
            command.args(["commit-tree", "-m", "base and track"]).args([
                "-p",
                &asked.ours,
                "-p",
                &asked.theirs,
                &record.tree,
            ]);
            let commit = child::output(&mut command)?;
            merged.insert(asked.b.clone(), commit.trim_end().to_owned());
        }
        Ok(merged)
    }

    fn prepared(&self) -> PathBuf {
        self.scratch.join("prepared")
    }

    fn quarantine(&self, part: usize) -> PathBuf {
        self.scratch.join(format!("quarantine-{part}"))
    }

    /// A git that writes its objects to a directory of its own.
    fn git(&self, objects: &Path) -> Command {
        let mut command = self.sealed.command("git", &self.dir);
        let mut alternates = OsString::from(self.dir.join(".git").join("objects"));
        if objects != self.prepared() {
            alternates.push(":");
            alternates.push(self.prepared());
        }
        command
            .env("GIT_OBJECT_DIRECTORY", objects)
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", alternates)
            .arg(format!("--attr-source={}", self.base));
        command
    }

    fn batch(&self, list: &Path, objects: &Path) -> Command {
        let mut command = self.git(objects);
        command
            .args(["merge-tree", "--write-tree", "--stdin"])
            .stdin(File::open(list).map_or_else(|_| Stdio::null(), Stdio::from));
        command
    }

    /// Writes the pairs as git reads them.
    pub(super) fn list(&self, name: &str, pairs: &[Asked]) -> Result<PathBuf, Failure> {
        let path = self.scratch.join(format!("pairs-{name}"));
        let lines: Vec<String> = pairs
            .iter()
            .map(|asked| format!("{} {}\n", asked.ours, asked.theirs))
            .collect();
        std::fs::write(&path, lines.concat()).map_err(Failure::at(&path))?;
        Ok(path)
    }

    /// Leaves the list of pairs, and the commits in it, in the repository.
    pub(super) fn leave(&self) -> Result<PathBuf, Failure> {
        let (from, to) = (self.prepared(), self.dir.join(".git").join("objects"));
        for directory in files(&from)? {
            let target = to.join(directory.file_name().unwrap_or_default());
            std::fs::create_dir_all(&target).map_err(Failure::at(&target))?;
            for object in files(&directory)? {
                let target = target.join(object.file_name().unwrap_or_default());
                std::fs::rename(&object, &target).map_err(Failure::at(&target))?;
            }
        }
        let list = self.dir.join(".git").join("pairs");
        std::fs::copy(self.list("all", &self.pairs)?, &list).map_err(Failure::at(&list))?;
        Ok(list)
    }

    /// Puts fresh object directories in place for so many processes.
    pub(super) fn refresh(&self, processes: usize) -> Result<(), Failure> {
        (0..processes).try_for_each(|part| empty(&self.quarantine(part)))
    }

    /// All pairs in batches side by side; the answers in the order of the pairs.
    pub(super) fn answers(&self, processes: usize) -> Result<Vec<GitAnswer>, Failure> {
        let parts: Vec<Vec<Asked>> = (0..processes)
            .map(|part| {
                let own = self.pairs.iter().skip(part).step_by(processes);
                own.cloned().collect()
            })
            .collect();
        let mut commands = Vec::new();
        for (part, pairs) in parts.iter().enumerate() {
            let list = self.list(&format!("part-{part}"), pairs)?;
            commands.push(self.batch(&list, &self.quarantine(part)));
        }
        let outputs: Vec<Result<Vec<u8>, Failure>> = std::thread::scope(|scope| {
            let running: Vec<_> = commands
                .iter_mut()
                .map(|command| scope.spawn(|| output(command)))
                .collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(Failure::new("a thread that runs git has panicked")))
            };
            running.into_iter().map(join).collect()
        });
        let mut answers = vec![GitAnswer::default(); self.pairs.len()];
        for (part, output) in outputs.into_iter().enumerate() {
            let records = records(&output?)?;
            if records.len() != parts[part].len() {
                return Err(Failure::new(format!(
                    "git answered {} of {} pairs",
                    records.len(),
                    parts[part].len()
                )));
            }
            let places = (part..).step_by(processes);
            for (place, record) in places.zip(records) {
                answers[place] = record.answer;
            }
        }
        Ok(answers)
    }

    /// One git for each pair of the list, one after the other.
    pub(super) fn one_by_one(&self, list: &Path) -> Result<(), Failure> {
        let git = self.git(&self.quarantine(0));
        let script = "while read -r a b; do git \"$1\" merge-tree --write-tree \"$a\" \"$b\"; done >/dev/null; :";
        let mut shell = self.sealed.command("sh", &self.dir);
        shell
            .envs(
                git.get_envs()
                    .filter_map(|(key, value)| Some((key, value?))),
            )
            .args(["-c", script, "sh"])
            .args(git.get_args())
            .stdin(File::open(list).map_err(Failure::at(list))?);
        child::succeed(&mut shell)
    }

    /// How many pairs conflict, if our document says the same as git of every single one.
    pub(super) fn agreed(&self, document: &Json, answers: &[GitAnswer]) -> Result<usize, Failure> {
        let said: BTreeMap<(&str, &str), &Json> = document
            .get("pairs")
            .items()
            .iter()
            .map(|pair| ((pair.get("a").text(), pair.get("b").text()), pair))
            .collect();
        let mut wrong = Vec::new();
        for (asked, answer) in self.pairs.iter().zip(answers) {
            let pair = said.get(&(asked.a.as_str(), asked.b.as_str()));
            if let Some(difference) = difference(pair.copied(), answer) {
                wrong.push(format!(
                    "  {} and {}: {difference} ({} {})",
                    asked.a, asked.b, asked.ours, asked.theirs
                ));
            }
        }
        if said.len() != self.pairs.len() {
            wrong.push(format!(
                "  {} pairs were asked for, {} answered",
                self.pairs.len(),
                said.len()
            ));
        }
        if !wrong.is_empty() {
            return Err(Failure::new(format!(
                "git says something else of {} of {} pairs:\n{}",
                wrong.len(),
                self.pairs.len(),
                wrong[..wrong.len().min(SHOWN)].join("\n")
            )));
        }
        Ok(answers.iter().filter(|answer| answer.conflict).count())
    }
}

fn difference(pair: Option<&Json>, answer: &GitAnswer) -> Option<String> {
    let Some(pair) = pair else {
        return Some("no answer".to_owned());
    };
    let (ours, theirs) = (
        pair.get("verdict").text(),
        if answer.conflict { "conflict" } else { "clean" },
    );
    if ours != theirs {
        return Some(format!("{ours}, git says {theirs} {:?}", answer.unmerged));
    }
    let paths: BTreeSet<&str> = pair
        .get("conflicts")
        .items()
        .iter()
        .map(|conflict| conflict.get("path").text())
        .collect();
    // A path that git makes up has the name of a commit in it, and theirs are not ours.
    let missing = answer
        .unmerged
        .iter()
        .find(|path| !path.contains('~') && !paths.contains(path.as_str()))?;
    Some(format!("{missing} is missing among the conflicted paths"))
}

/// What git says of one pair of a batch.
#[derive(Debug, PartialEq, Eq)]
struct Record {
    tree: String,
    answer: GitAnswer,
}

/// The records of `git merge-tree --stdin`, which imply `-z`.
fn records(output: &[u8]) -> Result<Vec<Record>, Failure> {
    let mut fields = output
        .split(|byte| *byte == 0)
        .map(|field| String::from_utf8_lossy(field).into_owned());
    let mut records = Vec::new();
    while let Some(status) = fields.next().filter(|status| !status.is_empty()) {
        let tree = fields.next().ok_or_else(cut_short)?;
        let mut answer = GitAnswer {
            conflict: status == "0",
            unmerged: BTreeSet::new(),
        };
        loop {
            let entry = fields.next().ok_or_else(cut_short)?;
            match entry.split_once('\t') {
                Some((_, path)) => answer.unmerged.insert(path.to_owned()),
                None => break,
            };
        }
        if answer.conflict {
            while skip_message(&mut fields)? {}
        }
        records.push(Record { tree, answer });
    }
    Ok(records)
}

/// Whether there was one: its paths with their number before them, its kind, and its text.
fn skip_message(fields: &mut impl Iterator<Item = String>) -> Result<bool, Failure> {
    let count = fields.next().ok_or_else(cut_short)?;
    if count.is_empty() {
        return Ok(false);
    }
    let paths: usize = count.parse().map_err(|_| cut_short())?;
    for _ in 0..paths + 2 {
        fields.next().ok_or_else(cut_short)?;
    }
    Ok(true)
}

fn cut_short() -> Failure {
    Failure::new("git's answer ends within a record")
}

fn output(command: &mut Command) -> Result<Vec<u8>, Failure> {
    let ran = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| child::could_not_start(command, &error))?;
    if !ran.status.success() {
        return Err(Failure::new(format!(
            "`{}` ended with {}\n{}",
            child::shown(command),
            ran.status,
            String::from_utf8_lossy(&ran.stderr)
        )));
    }
    Ok(ran.stdout)
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    std::fs::read_dir(dir)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect()
        })
        .map_err(Failure::at(dir))
}

fn empty(dir: &Path) -> Result<(), Failure> {
    if dir.is_dir() {
        std::fs::remove_dir_all(dir).map_err(Failure::at(dir))?;
    }
    std::fs::create_dir_all(dir).map_err(Failure::at(dir))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn every_kind_of_record_is_read_to_its_end() {
        let tree = "a".repeat(40);
        let clean = format!("1\0{tree}\0\0");
        let conflict = format!(
            "0\0{tree}\0100644 {tree} 2\tsrc/a b\0100644 {tree} 3\tsrc/a b\0\0\
             1\0src/a b\0Auto-merging\0Auto-merging src/a b\n\0\
             2\0x\0y\0CONFLICT (rename/rename)\0CONFLICT …\n\0\0"
        );
        let nothing_unmerged = format!("0\0{tree}\0\0001\0d/e\0CONFLICT (x)\0text\0\0");
        let all = format!("{clean}{conflict}{clean}{nothing_unmerged}{clean}");
        let records = records(all.as_bytes()).unwrap();
        let verdicts: Vec<bool> = records
            .iter()
            .map(|record| record.answer.conflict)
            .collect();
        assert_eq!(verdicts, [false, true, false, true, false]);
        assert_eq!(records[1].tree, tree);
        let unmerged: Vec<&String> = records[1].answer.unmerged.iter().collect();
        assert_eq!(unmerged, ["src/a b"]);
        assert!(super::records(&conflict.as_bytes()[..80]).is_err());
    }

    #[test]
    fn a_document_that_says_something_else_than_git_is_found_out() {
        let conflicted = GitAnswer {
            conflict: true,
            unmerged: ["src/a".to_owned(), "src/a~0123".to_owned()].into(),
        };
        let clean = GitAnswer::default();
        for (pair, answer, agrees) in [
            (r#"{"verdict":"clean","conflicts":[]}"#, &clean, true),
            (r#"{"verdict":"clean","conflicts":[]}"#, &conflicted, false),
            (r#"{"verdict":"unavailable"}"#, &clean, false),
            (
                r#"{"verdict":"conflict","conflicts":[{"path":"src/a"}]}"#,
                &conflicted,
                true,
            ),
            (
                r#"{"verdict":"conflict","conflicts":[{"path":"src/b"}]}"#,
                &conflicted,
                false,
            ),
            (
                r#"{"verdict":"conflict","conflicts":[{"path":"src/a"}]}"#,
                &clean,
                false,
            ),
        ] {
            let json = Json::read(pair).unwrap();
            assert_eq!(difference(Some(&json), answer).is_none(), agrees, "{pair}");
        }
        assert!(difference(None, &clean).is_some());
    }

    #[test]
    fn git_answers_alike_in_one_batch_and_in_several_and_the_list_can_be_left() {
        let scratch = Scratch::new("xtask-question").unwrap();
        let sealed = Sealed::in_real_time(&scratch.path().join("home")).unwrap();
        let dir = scratch.path().join("r");
        let shape = super::super::Shape {
            files: 300,
            tracks: 8,
        };
        super::super::world::build(&sealed, &dir, shape).unwrap();
        let question = Question::new(&sealed, &dir, &scratch.path().join("q"), 8).unwrap();
        assert_eq!(question.pairs.len(), 8 + 28);
        question.refresh(3).unwrap();
        let answers = question.answers(1).unwrap();
        assert_eq!(answers, question.answers(3).unwrap());
        let conflicts = answers.iter().filter(|answer| answer.conflict).count();
        assert!((1..30).contains(&conflicts), "{conflicts}");

        let list = std::fs::read_to_string(question.leave().unwrap()).unwrap();
        assert_eq!(list.lines().count(), 36);
        for line in list.lines() {
            let (ours, theirs) = line.split_once(' ').unwrap();
            let bases = ["merge-base", ours, theirs];
            assert!(sealed.git(&dir, &bases).is_ok(), "{line}");
        }
    }
}
