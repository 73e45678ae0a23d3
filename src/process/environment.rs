//! What the environment says: the only place that reads it.
#![expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;

use etcetera::base_strategy::{BaseStrategy as _, Xdg};

/// The variable's value, if it is set, not empty and UTF-8.
pub fn var(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Set, and neither empty nor `0` nor `false`.
pub fn flag(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| means_yes(&value))
}

fn means_yes(value: &OsStr) -> bool {
    !["", "0", "false"].iter().any(|no| value == OsStr::new(no))
}

/// Where this user's state lives: `tracks/` in `XDG_STATE_HOME` (an absolute path), else in `~/.local/state`, on every
/// platform alike; `None` without a home directory.
pub fn state_dir() -> Option<PathBuf> {
    let dirs = Xdg::new().ok()?;
    dirs.state_dir().map(|dir| dir.join("tracks"))
}

/// # Errors
/// When the current directory is gone.
pub fn current_dir() -> std::io::Result<PathBuf> {
    env::current_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags() {
        for (value, yes) in [
            ("", false),
            ("0", false),
            ("false", false),
            ("1", true),
            ("true", true),
        ] {
            assert_eq!(means_yes(OsStr::new(value)), yes, "{value:?}");
        }
        assert!(!flag("TRACKS_NO_SUCH_VARIABLE"));
        assert_eq!(var("TRACKS_NO_SUCH_VARIABLE"), None);
        assert!(var("PATH").is_some());
    }

    #[test]
    fn the_state_is_ours_alone() {
        let dir = state_dir().unwrap();
        assert!(dir.is_absolute() && dir.ends_with("tracks"), "{dir:?}");
    }
}
