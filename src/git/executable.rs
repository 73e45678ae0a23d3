//! The git program: found once, its version checked, always run with a fixed locale, without the caller's repository
//! variables, and never asking anything.

use std::path::{Path, PathBuf};

use super::{GitError, OpenError};
use crate::process::{Cmd, CmdOutput, environment, find_program};

/// The oldest git that has what we need (`--attr-source`).
pub const MINIMUM_VERSION: (u32, u32) = (2, 41);

/// The git program on this machine.
#[derive(Debug, Clone)]
pub struct Git {
    program: PathBuf,
    version: (u32, u32, u32),
}

impl Git {
    /// # Errors
    /// When there is no git on the PATH, or it is older than [`MINIMUM_VERSION`].
    pub fn find() -> Result<Git, OpenError> {
        Git::at(find_program("git").ok_or(OpenError::NoGit)?)
    }

    /// The same without asking for its version, for who runs it hardly ever: starting it takes longer than all else then.
    ///
    /// # Errors
    /// When there is no git on the PATH.
    pub fn unasked() -> Result<Git, OpenError> {
        let (major, minor) = MINIMUM_VERSION;
        Ok(Git {
            program: find_program("git").ok_or(OpenError::NoGit)?,
            version: (major, minor, 0),
        })
    }

    fn at(program: PathBuf) -> Result<Git, OpenError> {
        let bad = |message: String| OpenError::BadGit {
            program: program.clone(),
            message,
        };
        let output = quiet(&program)
            .arg("version")
            .output()
            .map_err(|error| bad(error.source.to_string()))?;
        if output.status != Some(0) {
            return Err(bad(complaint(&output)));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let first = text.lines().next().unwrap_or_default();
        let found = first.trim().trim_start_matches("git version ").to_owned();
        match parse_version(&found) {
            Some(version) if (version.0, version.1) >= MINIMUM_VERSION => {
                Ok(Git { program, version })
            }
            Some(_) => Err(OpenError::GitTooOld { found }),
            None => Err(bad(format!("`git version` says \"{found}\""))),
        }
    }

    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Major, minor, patch.
    pub fn version(&self) -> (u32, u32, u32) {
        self.version
    }

    /// A call of git that knows no repository yet.
    pub(super) fn cmd(&self) -> Cmd {
        quiet(&self.program)
    }
}

/// Messages in the one language that tests and people searching the web know; no prompts; no index refreshed behind the
/// back of who works there.
fn quiet(program: &Path) -> Cmd {
    let cmd = Cmd::new(program)
        .env("LC_ALL", "C")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        // Our hooks let pass what we do ourselves: it was judged before.
        .env(environment::OWN_MOVE, "1")
        .arg("--no-pager");
    if cfg!(test) {
        // The settings of whoever runs the tests must not decide what they show.
        cmd.env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
    } else {
        cmd
    }
}

/// Reads `2.39.5 (Apple Git-154)`, `2.47.3.windows.1`, `2.50.0-rc1`, `2.47`.
fn parse_version(text: &str) -> Option<(u32, u32, u32)> {
    let mut numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .take(3)
        .map(|part| part.parse().ok());
    let major = numbers.next()??;
    let minor = numbers.next()??;
    Some((major, minor, numbers.next().flatten().unwrap_or(0)))
}

/// Runs it; `command` is how it is named in errors. Any status comes back.
pub(super) fn run_any(cmd: &Cmd, command: &str) -> Result<CmdOutput, GitError> {
    cmd.output().map_err(|error| GitError::Protocol {
        command: command.to_owned(),
        message: error.to_string(),
    })
}

/// Runs it and gives its stdout; every status but 0 is [`GitError::Program`].
pub(super) fn run(cmd: &Cmd, command: &str) -> Result<Vec<u8>, GitError> {
    let output = run_any(cmd, command)?;
    if output.status == Some(0) {
        Ok(output.stdout)
    } else {
        Err(failure(&output, command))
    }
}

/// The error that a failed run stands for.
pub(super) fn failure(output: &CmdOutput, command: &str) -> GitError {
    GitError::Program {
        command: command.to_owned(),
        status: output.status,
        message: complaint(output),
    }
}

/// The line of stderr that says what is wrong: the first that git itself marks as an error, else the first at all.
pub(super) fn complaint(output: &CmdOutput) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let marked = text.lines().find_map(|line| {
        line.strip_prefix("fatal: ")
            .or_else(|| line.strip_prefix("error: "))
    });
    let line = marked.or_else(|| text.lines().find(|line| !line.trim().is_empty()));
    match (line, output.status) {
        (Some(line), _) => line.trim().to_owned(),
        (None, Some(status)) => format!("exit status {status}, without a message"),
        (None, None) => "killed by a signal".to_owned(),
    }
}

/// The fields of NUL-terminated output.
pub(super) fn fields(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let body = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    let none = bytes.is_empty();
    body.split(|byte| *byte == 0).skip(usize::from(none))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, expected) in [
            ("2.39.5 (Apple Git-154)", Some((2, 39, 5))),
            ("2.47.3.windows.1", Some((2, 47, 3))),
            ("2.50.0-rc1", Some((2, 50, 0))),
            ("2.47", Some((2, 47, 0))),
            ("2.41.GIT", Some((2, 41, 0))),
            ("", None),
            ("two", None),
        ] {
            assert_eq!(parse_version(text), expected, "{text}");
        }
    }

    #[test]
    fn the_git_on_the_path_will_do() {
        let git = Git::find().unwrap();
        assert!((git.version().0, git.version().1) >= MINIMUM_VERSION);
        assert!(git.program().is_absolute());
    }

    #[test]
    fn an_old_git_is_named_with_its_version() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("git");
        crate::git::testing::write_script(&program, "echo 'git version 2.39.5 (Apple Git-154)'");
        match Git::at(program) {
            Err(OpenError::GitTooOld { found }) => assert_eq!(found, "2.39.5 (Apple Git-154)"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_git_that_is_none_is_not_called_old() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("git");
        for (script, expected) in [
            ("exit 1", "exit status 1, without a message"),
            ("echo 'fatal: no licence' >&2; exit 69", "no licence"),
            ("echo hello", "`git version` says \"hello\""),
            ("true", "`git version` says \"\""),
            ("kill -9 $$", "killed by a signal"),
        ] {
            crate::git::testing::write_script(&program, script);
            match Git::at(program.clone()) {
                Err(OpenError::BadGit { message, .. }) => assert_eq!(message, expected),
                other => panic!("{script}: {other:?}"),
            }
        }
        let nothing = Git::at(dir.path().join("nothing"));
        assert!(matches!(nothing, Err(OpenError::BadGit { .. })));
    }

    #[test]
    fn what_git_complains_about() {
        for (stderr, status, expected) in [
            ("warning: x\nfatal: broken\n", Some(128), "broken"),
            ("hook says no\n", Some(1), "hook says no"),
            ("", Some(3), "exit status 3, without a message"),
            ("", None, "killed by a signal"),
        ] {
            let output = CmdOutput {
                status,
                stdout: Vec::new(),
                stderr: stderr.into(),
            };
            assert_eq!(complaint(&output), expected);
        }
    }

    #[test]
    fn nul_fields() {
        let split = |bytes: &'static [u8]| fields(bytes).collect::<Vec<_>>();
        assert_eq!(split(b""), Vec::<&[u8]>::new());
        assert_eq!(split(b"a\0\0b\0"), [b"a".as_slice(), b"", b"b"]);
    }
}
