//! Finding programs on the PATH.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The absolute path of a program, if it is on the PATH and executable. Asked afresh each time: during a long watch a
/// program may be installed.
pub fn find(name: &str) -> Option<PathBuf> {
    which::which(name).ok()
}

/// The same for a child that has this PATH and starts in `cwd`.
pub(super) fn find_for(name: &str, path: &OsStr, cwd: &Path) -> Option<PathBuf> {
    let found = which::which_in(name, Some(path), cwd).ok();
    found.filter(|found| found.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_the_path_or_not() {
        assert!(find("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(find("no-such-program-here"), None);
    }
}
