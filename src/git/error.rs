//! What can go wrong between us and git, without advice.

/// A question to the repository that got no answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The git program failed. `command` is what was run, without paths of ours; `message` is its first line of stderr.
    #[error("`git {command}` failed: {message}")]
    Program {
        command: String,
        status: Option<i32>,
        message: String,
    },
    /// The git program could not be started, or its output was not what its documentation says.
    #[error("`git {command}`: {message}")]
    Protocol { command: String, message: String },
    /// The repository could not be read.
    #[error("cannot read {what}: {message}")]
    Read { what: String, message: String },
    /// A file of ours or git's could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        path: std::path::PathBuf,
        source: std::io::Error,
    },
    /// History ends before the answer. Verdicts quote this sentence too, so it bears the way out.
    #[error("the history needed is not in this shallow clone; `git fetch --unshallow` brings it")]
    Shallow,
}
