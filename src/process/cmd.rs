//! One short-lived child process whose whole output is wanted.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// What ties a process to one repository: the names that `git rev-parse --local-env-vars` prints, and two that git knows
/// without listing them. A child that works on another worktree must not inherit any.
pub(super) const REPOSITORY_VARIABLES: [&str; 17] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// A command to be run to its end. Repository variables of the caller (`GIT_DIR`, `GIT_INDEX_FILE` …) are never inherited.
#[derive(Debug, Clone)]
pub struct Cmd {
    program: PathBuf,
    args: Vec<OsString>,
    cwd: Option<PathBuf>,
    env: Vec<(OsString, Option<OsString>)>,
    stdin: Option<Vec<u8>>,
}

/// What it printed and how it ended.
#[derive(Debug, Clone)]
pub struct CmdOutput {
    /// `None`: killed by a signal.
    pub status: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot run {}: {source}", program.display())]
pub struct CmdError {
    pub program: PathBuf,
    pub source: std::io::Error,
}

impl Cmd {
    pub fn new(program: impl AsRef<Path>) -> Self {
        Cmd {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            cwd: None,
            env: Vec::new(),
            stdin: None,
        }
    }

    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    #[must_use]
    pub fn cwd(mut self, dir: impl AsRef<Path>) -> Self {
        self.cwd = Some(dir.as_ref().to_owned());
        self
    }

    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env
            .push((name.as_ref().to_owned(), Some(value.as_ref().to_owned())));
        self
    }

    #[must_use]
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), None));
        self
    }

    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Runs it; input is written and both outputs are read at the same time, so that no pipe can fill up and hang. Without
    /// input, stdin is empty. A child that ends without reading all of its input is no error.
    ///
    /// # Errors
    /// When it cannot be started; a non-zero status is no error.
    pub fn output(&self) -> Result<CmdOutput, CmdError> {
        let fail = |source| CmdError {
            program: self.program.clone(),
            source: self.explain(source),
        };
        let mut child = self.command().spawn().map_err(fail)?;
        let pipe = child.stdin.take();
        let output = thread::scope(|scope| {
            if let (Some(mut pipe), Some(bytes)) = (pipe, &self.stdin) {
                // The pipe closes when the thread ends. The only thing that can go wrong is a child that has closed its
                // end, and whether that matters its status tells.
                scope.spawn(move || pipe.write_all(bytes).is_ok());
            }
            child.wait_with_output()
        });
        let output = output.map_err(fail)?;
        Ok(CmdOutput {
            status: output.status.code(),
            stdout: output.stdout,
            stderr: output.stderr,
        })
    }

    /// As [`Cmd::output`], for programs that may never end: after this long it is killed, and told so.
    ///
    /// # Errors
    /// When it cannot be started, or has been killed.
    pub fn output_within(&self, limit: Duration) -> Result<CmdOutput, CmdError> {
        let fail = |source| CmdError {
            program: self.program.clone(),
            source: self.explain(source),
        };
        let child = self.command().spawn().map_err(fail)?;
        let pid = Pid::from_child(&child);
        let (ended, wait) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let watch = scope.spawn(move || {
                let late = wait.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout);
                if late {
                    // Nobody else has its number: it is waited for only by us.
                    let _ = kill_process(pid, Signal::KILL);
                }
                late
            });
            let output = child.wait_with_output();
            drop(ended);
            let output = output.map_err(fail)?;
            match watch.join() {
                Ok(false) => Ok(CmdOutput {
                    status: output.status.code(),
                    stdout: output.stdout,
                    stderr: output.stderr,
                }),
                _ => Err(fail(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("it has not ended in {limit:?}"),
                ))),
            }
        })
    }

    fn command(&self) -> Command {
        let mut command = unbound(&self.program);
        command.args(&self.args);
        if let Some(dir) = &self.cwd {
            command.current_dir(dir);
        }
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
            .stdin(if self.stdin.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The system says "not found" for a missing directory too.
    fn explain(&self, error: io::Error) -> io::Error {
        match &self.cwd {
            Some(dir) if error.kind() == io::ErrorKind::NotFound && !dir.is_dir() => {
                io::Error::new(
                    error.kind(),
                    format!("{} is not a directory", dir.display()),
                )
            }
            _ => error,
        }
    }
}

/// A command that inherits the environment, except what binds it to the repository that we were started for.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where children are made"
)]
pub(super) fn unbound(program: &Path) -> Command {
    let mut command = Command::new(program);
    for name in REPOSITORY_VARIABLES {
        command.env_remove(name);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Cmd {
        Cmd::new("sh").args(["-c", script])
    }

    #[test]
    fn everything_that_git_calls_local_is_scrubbed() {
        let output = Cmd::new("git")
            .args(["rev-parse", "--local-env-vars"])
            .output()
            .unwrap();
        let names = String::from_utf8(output.stdout).unwrap();
        assert!(names.lines().any(|name| name == "GIT_DIR"), "{names}");
        for name in names.lines() {
            assert!(REPOSITORY_VARIABLES.contains(&name), "{name}");
        }
    }

    #[test]
    fn scrubbing_comes_before_what_the_caller_sets() {
        let cmd = sh("true").env("GIT_DIR", "/x").env_remove("HOME");
        let command = cmd.command();
        let set: Vec<_> = command.get_envs().collect();
        for name in REPOSITORY_VARIABLES {
            let value = (name == "GIT_DIR").then_some(OsStr::new("/x"));
            assert!(set.contains(&(OsStr::new(name), value)), "{name}");
        }
        assert!(set.contains(&(OsStr::new("HOME"), None)));

        let seen = sh("echo \"$GIT_DIR ${GIT_INDEX_FILE-none}\"").env("GIT_DIR", "/x");
        assert_eq!(seen.output().unwrap().stdout, b"/x none\n");
    }

    #[test]
    fn a_mebibyte_each_way() {
        let bytes: Vec<u8> = (0..1 << 20).map(|n: u32| n.to_le_bytes()[0]).collect();
        let output = sh("tee /dev/stderr").stdin(bytes.clone()).output().unwrap();
        assert_eq!(output.status, Some(0));
        assert!(output.stdout == bytes && output.stderr == bytes);
    }

    #[test]
    fn a_child_that_does_not_read_its_input() {
        let output = sh("exit 3").stdin(vec![b'x'; 1 << 20]).output().unwrap();
        assert_eq!(output.status, Some(3));
    }

    #[test]
    fn without_input_stdin_is_empty() {
        assert_eq!(sh("cat; echo end").output().unwrap().stdout, b"end\n");
    }

    #[test]
    fn one_that_never_ends() {
        let quick = sh("echo 1.2").output_within(Duration::from_secs(60));
        assert_eq!(quick.unwrap().stdout, b"1.2\n");
        let error = Cmd::new("sleep")
            .args(["100"])
            .output_within(Duration::from_millis(50));
        let error = error.unwrap_err().to_string();
        assert_eq!(error, "cannot run sleep: it has not ended in 50ms");
    }

    #[test]
    fn ends() {
        assert_eq!(sh("kill -9 $$").output().unwrap().status, None);
        let error = Cmd::new("no-such-program-here").output().unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::NotFound);
        let error = sh("true").cwd("/no/such/dir").output().unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot run sh: /no/such/dir is not a directory"
        );
    }
}
