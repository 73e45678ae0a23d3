//! Why a task stops, and with which exit status.

use std::fmt;
use std::path::Path;

/// The end of a task that did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line makes no sense: status 2.
    Usage(String),
    /// Something that must hold does not, or could not be found out: status 1.
    Failed(String),
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Failure::Failed(message.into())
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Failure::Usage(message.into())
    }

    /// For `map_err` on what the file system says about `path`.
    pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
        move |error| Failure::Failed(format!("{}: {error}", path.display()))
    }

    pub(crate) fn exit_status(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Failed(_) => 1,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(message) | Failure::Failed(message) => f.write_str(message),
        }
    }
}

/// For tasks that take no arguments at all.
pub(crate) fn no_arguments(task: &str, arguments: &[String]) -> Result<(), Failure> {
    match arguments.first() {
        None => Ok(()),
        Some(word) => Err(Failure::usage(format!("`{task}` takes no `{word}`"))),
    }
}
