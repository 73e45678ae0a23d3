//! What the environment says: the only place that reads it.

use std::path::PathBuf;

/// The variable's value, if it is set, not empty and UTF-8.
pub fn var(name: &str) -> Option<String> {
    let _ = name;
    todo!()
}

/// Set, and neither empty nor `0` nor `false`.
pub fn flag(name: &str) -> bool {
    let _ = name;
    todo!()
}

/// Where this user's state lives (`XDG_STATE_HOME` …, in `tracks/`); `None` without a home directory.
pub fn state_dir() -> Option<PathBuf> {
    todo!()
}

/// # Errors
/// When the current directory is gone.
pub fn current_dir() -> std::io::Result<PathBuf> {
    todo!()
}
