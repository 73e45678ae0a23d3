//! New files in a worktree, which never take the place of anything.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::at;

/// Makes a file below a directory, with the directories on the way; `false` where something is there already.
///
/// # Errors
/// When it cannot be written, or a directory on the way is a link, which may lead anywhere.
pub fn create_below(root: &Path, path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let mut above = root.to_owned();
    for part in path.parent().into_iter().flat_map(Path::components) {
        above.push(part);
        match fs::symlink_metadata(&above) {
            Ok(facts) if facts.is_dir() => {}
            Ok(_) => {
                let message = format!("{} is not a directory", above.display());
                return Err(io::Error::new(io::ErrorKind::NotADirectory, message));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::create_dir(&above) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made.map_err(at(&above))?,
            },
            Err(error) => return Err(at(&above)(error)),
        }
    }
    let whole = root.join(path);
    match OpenOptions::new().write(true).create_new(true).open(&whole) {
        Ok(mut file) => file.write_all(bytes).map_err(at(&whole)).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(at(&whole)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten_and_no_link_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (root, out) = (dir.path().join("in"), dir.path().join("out"));
        fs::create_dir(&root).unwrap();
        fs::create_dir(&out).unwrap();
        let make = |path: &str, text: &str| create_below(&root, Path::new(path), text.as_bytes());
        assert!(make("a/b/c.sql", "one").unwrap());
        assert!(!make("a/b/c.sql", "two").unwrap());
        assert_eq!(fs::read_to_string(root.join("a/b/c.sql")).unwrap(), "one");
        std::os::unix::fs::symlink(&out, root.join("link")).unwrap();
        assert!(make("link/x.sql", "x").is_err());
        assert!(make("a/b/c.sql/x", "x").is_err());
        std::os::unix::fs::symlink(out.join("y"), root.join("dangling")).unwrap();
        assert!(!make("dangling", "x").unwrap());
        assert_eq!(fs::read_dir(&out).unwrap().count(), 0);
    }
}
