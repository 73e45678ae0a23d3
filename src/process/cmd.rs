//! One short-lived child process whose whole output is wanted.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

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
    /// input, stdin is empty.
    ///
    /// # Errors
    /// When it cannot be started; a non-zero status is no error.
    pub fn output(&self) -> Result<CmdOutput, CmdError> {
        let _ = (&self.program, &self.args, &self.cwd, &self.env, &self.stdin);
        todo!()
    }
}
