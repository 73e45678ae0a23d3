//! Finding programs on the PATH.

use std::path::PathBuf;

/// The absolute path of a program, if it is on the PATH and executable. Asked afresh each time: during a long watch a
/// program may be installed.
pub fn find(name: &str) -> Option<PathBuf> {
    which::which(name).ok()
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
