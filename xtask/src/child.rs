//! Starting cargo and other programs for a task, and finding what cargo built.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// How a task builds the tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    /// The very build that the tests use: beside `cargo test` it costs nothing, while a plain development build resolves
    /// other features of the dependencies and compiles them a second time.
    Tested,
    Release,
}

/// The top of this repository, wherever the task was started.
pub(crate) fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest
        .parent()
        .map_or(manifest.clone(), Path::to_path_buf)
}

/// The cargo that started this task, at the top of the repository.
pub(crate) fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// The command as somebody would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .map_or_else(|| command.get_program().into(), OsStr::to_owned);
    std::iter::once(program.as_os_str())
        .chain(command.get_args())
        .map(|word| quoted(&word.to_string_lossy()))
        .collect::<Vec<_>>()
        .join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%^{}".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Runs with this task's own terminal.
pub(crate) fn succeed(command: &mut Command) -> Result<(), Failure> {
    let status = command
        .status()
        .map_err(|error| could_not_start(command, &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "`{}` ended with {status}",
        shown(command)
    )))
}

/// What the command says on stdout; on failure, its stderr is in the message.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let ran = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| could_not_start(command, &error))?;
    if !ran.status.success() {
        return Err(Failure::new(format!(
            "`{}` ended with {}\n{}{}",
            shown(command),
            ran.status,
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr),
        )));
    }
    Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
}

pub(crate) fn could_not_start(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!(
        "`{}` could not be started: {error}",
        shown(command)
    ))
}

/// Builds the tool and says where its program is.
pub(crate) fn build_tracks(profile: Profile) -> Result<PathBuf, Failure> {
    let arguments: &[&str] = match profile {
        Profile::Dev => &["build", "--package=tracks", "--bin=tracks"],
        Profile::Tested => &["test", "--workspace", "--no-run", "--quiet"],
        Profile::Release => &["build", "--package=tracks", "--bin=tracks", "--release"],
    };
    let mut command = cargo(arguments);
    command.arg("--message-format=json-render-diagnostics");
    let ran = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| could_not_start(&command, &error))?;
    if !ran.status.success() {
        return Err(Failure::new(format!(
            "`{}` ended with {}",
            shown(&command),
            ran.status
        )));
    }
    executable(&String::from_utf8_lossy(&ran.stdout))
        .ok_or_else(|| Failure::new("cargo built the tool but did not say where"))
}

/// The tool's program in cargo's stream of messages: asking cargo honours every way to move the target directory. Test
/// programs stand in the same stream, under names with a hash.
fn executable(messages: &str) -> Option<PathBuf> {
    let named = messages
        .split(r#""executable":""#)
        .skip(1)
        .filter_map(json_string);
    named
        .map(PathBuf::from)
        .find(|path| path.file_stem() == Some(OsStr::new("tracks")))
}

/// What stands before the closing quote.
fn json_string(text: &str) -> Option<String> {
    let mut string = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some(string),
            '\\' => string.push(chars.next()?),
            c => string.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_read_from_cargos_messages() {
        let table = [
            (
                r#"{"executable":"/t/debug/tracks","fresh":true}"#,
                Some("/t/debug/tracks"),
            ),
            (
                r#"{"executable":"/t \"x\"/tracks"}"#,
                Some(r#"/t "x"/tracks"#),
            ),
            (
                "{\"executable\":null}\n{\"executable\":\"/x/tracks\"}\n{\"executable\":\"/x/tracks-0a1b\"}",
                Some("/x/tracks"),
            ),
            (r#"{"executable":"/x/it-0a1b"}"#, None),
            (r#"{"executable":null}"#, None),
        ];
        for (messages, expected) in table {
            assert_eq!(
                executable(messages),
                expected.map(PathBuf::from),
                "{messages}"
            );
        }
    }

    #[test]
    fn a_shown_command_can_be_pasted() {
        let mut command = Command::new("/usr/bin/git");
        command.args(["log", "--format=%h %s", "it's", ""]);
        assert_eq!(shown(&command), r"git log '--format=%h %s' 'it'\''s' ''");
    }
}
