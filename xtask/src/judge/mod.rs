//! The tool's answers about merges held against git's, group by group, with bounded memory and disk.

pub(crate) mod answer;
mod plumbing;
mod tally;
mod tool;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use crate::child;
use crate::failure::Failure;
use crate::sealed::Sealed;
use answer::{Answer, Group};
use plumbing::Plumbing;
pub(crate) use tally::Tally;
use tool::Tool;

/// Git's side has as many processes.
const GIT_PROCESSES: usize = 2;
/// So many questions are asked of one side, then of the other; then the objects that git wrote are thrown away.
const QUESTIONS_AT_ONCE: usize = 400;

/// A repository of our own whose objects are those of another, with settings that both sides obey.
#[derive(Debug)]
pub(crate) struct Court<'a> {
    sealed: &'a Sealed,
    program: PathBuf,
    repository: PathBuf,
    /// Where the commits will still be when this repository is gone.
    shown: PathBuf,
}

impl<'a> Court<'a> {
    /// Makes the bare repository `dir`; `settings` are `KEY=VALUE`.
    pub(crate) fn new(
        sealed: &'a Sealed,
        program: PathBuf,
        dir: &Path,
        object_format: &str,
        settings: &[String],
    ) -> Result<Self, Failure> {
        std::fs::create_dir_all(dir).map_err(Failure::at(dir))?;
        let format = format!("--object-format={object_format}");
        sealed.git(dir, &["init", "--quiet", "--bare", &format])?;
        for setting in settings {
            let (key, value) = setting
                .split_once('=')
                .ok_or_else(|| Failure::usage(format!("`{setting}` is not KEY=VALUE")))?;
            sealed.git(dir, &["config", key, value])?;
        }
        Ok(Court {
            sealed,
            program,
            repository: dir.to_path_buf(),
            shown: dir.to_path_buf(),
        })
    }

    /// Takes the objects of `repository` over, without a copy, and makes history quick to walk.
    pub(crate) fn borrow(&mut self, repository: &Path) -> Result<(), Failure> {
        self.shown = repository.to_path_buf();
        let arguments = [
            "rev-parse",
            "--path-format=absolute",
            "--git-path",
            "objects",
        ];
        let objects = self.sealed.git(repository, &arguments)?;
        let alternates = self.repository.join("objects/info/alternates");
        std::fs::write(&alternates, format!("{objects}\n")).map_err(Failure::at(&alternates))?;
        let tips = self.repository.join("tips");
        let refs = ["for-each-ref", "--format=%(objectname)"];
        std::fs::write(&tips, self.sealed.git(repository, &refs)? + "\n")
            .map_err(Failure::at(&tips))?;
        let mut graph = self.sealed.command("git", &self.repository);
        graph
            .args(["commit-graph", "write", "--stdin-commits", "--no-progress"])
            .stdin(std::fs::File::open(&tips).map_err(Failure::at(&tips))?);
        child::succeed(&mut graph)
    }

    /// Asks both sides about every group that `next` gives, and tells every disagreement at once.
    pub(crate) fn judge(
        &self,
        what: &str,
        groups: impl Iterator<Item = Result<Group, Failure>>,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        let mut tool = Tool::start(self.sealed, &self.program, &self.repository)?;
        let mut session = Vec::new();
        let mut questions = 0;
        for group in groups {
            let group = group?;
            questions += group.questions().len();
            session.push(group);
            if questions >= QUESTIONS_AT_ONCE {
                self.session(&mut tool, &session, tally)?;
                tally.progress(what);
                session.clear();
                questions = 0;
            }
        }
        self.session(&mut tool, &session, tally)?;
        tally.progress(what);
        Ok(())
    }

    fn session(&self, tool: &mut Tool, groups: &[Group], tally: &mut Tally) -> Result<(), Failure> {
        if groups.is_empty() {
            return Ok(());
        }
        let started = Instant::now();
        let ours = tool.answers(groups)?;
        tally.tool_time += started.elapsed();
        let started = Instant::now();
        let gits = self.git_answers(groups)?;
        tally.git_time += started.elapsed();
        for ((group, git), tool) in groups.iter().zip(gits).zip(ours) {
            for ((question, git), tool) in group.questions().into_iter().zip(git).zip(tool) {
                tally.count(&self.shown, group, question, &git, &tool);
            }
        }
        Ok(())
    }

    fn git_answers(&self, groups: &[Group]) -> Result<Vec<Vec<Answer>>, Failure> {
        let objects = self.repository.join("objects-of-git");
        let plumbing = Plumbing::new(self.sealed, &self.repository, objects)?;
        let waiting = Mutex::new(groups.iter().enumerate());
        let take_turns = || {
            let mut done = Vec::new();
            loop {
                let next = waiting.lock().ok().and_then(|mut waiting| waiting.next());
                let Some((place, group)) = next else {
                    return Ok(done);
                };
                done.push((place, plumbing.answers(group)?));
            }
        };
        let mut answers = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..GIT_PROCESSES)
                .map(|_| scope.spawn(take_turns))
                .collect();
            let mut all = Vec::new();
            for worker in workers {
                let done: Result<Vec<_>, Failure> = worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                all.extend(done?);
            }
            Ok::<_, Failure>(all)
        })?;
        answers.sort_by_key(|(place, _)| *place);
        Ok(answers.into_iter().map(|(_, answers)| answers).collect())
    }
}
