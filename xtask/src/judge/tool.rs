//! The tool's side: one `tracks reference merges` that answers as long as it is asked.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use super::answer::{self, Answer, Group};
use crate::child;
use crate::failure::Failure;
use crate::sealed::Sealed;

/// The running program; it ends when the value is dropped.
#[derive(Debug)]
pub(crate) struct Tool {
    child: Child,
    /// `None` only while it is being ended.
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Tool {
    pub(crate) fn start(
        sealed: &Sealed,
        program: &Path,
        repository: &Path,
    ) -> Result<Self, Failure> {
        let mut command = sealed.command(program, repository);
        command
            .args(["reference", "merges"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| child::could_not_start(&command, &error))?;
        let (stdin, Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::new("a child without pipes"));
        };
        Ok(Tool {
            child,
            stdin,
            stdout: BufReader::new(stdout),
        })
    }

    /// The answers to each group's questions, in their order, and whether each was found without git.
    pub(crate) fn answers(
        &mut self,
        groups: &[Group],
    ) -> Result<Vec<Vec<(Answer, bool)>>, Failure> {
        let Some(stdin) = &mut self.stdin else {
            return Err(ended());
        };
        let mut lines = String::new();
        for group in groups {
            for question in group.questions() {
                lines.push_str(&group.line(question));
                lines.push('\n');
            }
            // An empty line asks for the answers so far, and keeps groups with one base apart.
            lines.push('\n');
        }
        let stdout = &mut self.stdout;
        std::thread::scope(|scope| {
            let written = scope.spawn(move || {
                stdin
                    .write_all(lines.as_bytes())
                    .and_then(|()| stdin.flush())
            });
            let answers = groups
                .iter()
                .map(|group| {
                    let lines = group.questions().into_iter().map(|_| line(stdout));
                    lines.collect::<Result<Vec<_>, Failure>>()
                })
                .collect();
            match written.join() {
                Ok(Ok(())) => answers,
                _ => Err(ended()),
            }
        })
    }
}

fn line(stdout: &mut BufReader<ChildStdout>) -> Result<(Answer, bool), Failure> {
    let mut line = String::new();
    match stdout.read_line(&mut line) {
        Ok(read) if read > 0 => answer::read(line.trim_end_matches('\n')),
        _ => Err(ended()),
    }
}

fn ended() -> Failure {
    Failure::new("`tracks reference merges` ended before it had answered everything")
}

impl Drop for Tool {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}
