//! What the environment says: the only place that reads it.
#![expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use etcetera::base_strategy::{BaseStrategy as _, Xdg};

/// What the commands of tracks.toml inherit; nothing else, so that a check gives the same answer whoever starts it. More is
/// given with `env`. A name that ends in `*` stands for all that begin so.
pub(super) const INHERITED: &[&str] = &[
    // Who and where.
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "XDG_*",
    "TMPDIR",
    "TMP",
    "TEMP",
    // Language, time zone, terminal.
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TERM",
    // The way to the network.
    "SSH_AUTH_SOCK",
    "SSL_CERT_*",
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "FTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    // Where toolchains are, if not in their usual place.
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "GOPATH",
    "GOROOT",
    "JAVA_HOME",
    "NVM_DIR",
    "PYENV_ROOT",
    "RBENV_ROOT",
    "VIRTUAL_ENV",
];

/// Set for every git that we start, so that our own hooks let pass what was judged already.
pub const OWN_MOVE: &str = "TRACKS_MOVES";

/// Set where somebody wants to know whether git gets as far as our hooks: they say its value and do nothing else.
pub const HOOKS_PROBE: &str = "TRACKS_HOOKS_PROBE";

/// Whether whoever works in this shell has switched our hooks off.
pub fn hooks_are_off() -> bool {
    set("TRACKS_HOOKS").is_some_and(|value| value == "0")
}

/// The part of our environment that [`INHERITED`] names.
pub(super) fn inherited() -> Vec<(OsString, OsString)> {
    env::vars_os()
        .filter(|(name, _)| is_inherited(name))
        .collect()
}

fn is_inherited(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    INHERITED.iter().any(|known| match known.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == *known,
    })
}

/// The name of this machine; of the container, inside one.
pub fn host() -> String {
    let system = rustix::system::uname();
    system.nodename().to_string_lossy().into_owned()
}

/// The variable's value, if it is set, not empty and UTF-8.
pub fn var(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The variable's value, if it is set, empty or not.
pub fn set(name: &str) -> Option<OsString> {
    env::var_os(name)
}

/// The names of all variables that begin so.
pub fn names_beginning(start: &str) -> Vec<String> {
    let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| name.starts_with(start)).collect()
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

/// Where this program is.
///
/// # Errors
/// When the system does not tell.
pub fn program() -> std::io::Result<PathBuf> {
    env::current_exe()
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
    fn what_children_inherit() {
        for (name, yes) in [
            ("PATH", true),
            ("LC_MESSAGES", true),
            ("XDG_CACHE_HOME", true),
            ("SSL_CERT_FILE", true),
            ("no_proxy", true),
            ("PATHS", false),
            ("LC", false),
            ("GIT_DIR", false),
            ("TRACKS_YES", false),
            ("CI", false),
            ("AWS_SECRET_ACCESS_KEY", false),
        ] {
            assert_eq!(is_inherited(OsStr::new(name)), yes, "{name}");
        }
        let path = env::var_os("PATH").unwrap();
        assert!(inherited().contains(&(OsString::from("PATH"), path)));
    }

    #[test]
    fn the_state_is_ours_alone() {
        let dir = state_dir().unwrap();
        assert!(dir.is_absolute() && dir.ends_with("tracks"), "{dir:?}");
    }
}
