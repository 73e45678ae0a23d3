//! Writing a file so that a reader, or a run after a crash, sees the old content or the new one and nothing between.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::at;

/// Creates the parent directories, writes beside the target, renames over it. A file that was there keeps its mode; where
/// a symlink was there, the file that it points to is replaced. On disk for good when this returns.
///
/// # Errors
/// When the file system refuses; the path is in the error.
pub fn write_atomic(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, content).map_err(at(path))
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let existing = fs::canonicalize(path).ok();
    let target = existing.as_deref().unwrap_or(path);
    let permissions = match &existing {
        Some(existing) => fs::metadata(existing)?.permissions(),
        // The umask takes its share.
        None => Permissions::from_mode(0o666),
    };
    let dir = match target.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    fs::create_dir_all(dir)?;
    let mut file = tempfile::Builder::new()
        .permissions(permissions.clone())
        .tempfile_in(dir)?;
    file.write_all(content)?;
    if existing.is_some() {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    file.persist(target).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn new_and_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/c");
        write_atomic(&path, b"one").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one");
        let plain = dir.path().join("plain");
        fs::File::create(&plain).unwrap();
        assert_eq!(mode(&path), mode(&plain), "what the umask says");
        fs::set_permissions(&path, Permissions::from_mode(0o751)).unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(mode(&path), 0o751);
        let left = fs::read_dir(dir.path().join("a/b")).unwrap().count();
        assert_eq!(left, 1, "nothing beside it");
    }

    #[test]
    fn through_a_symlink() {
        let dir = tempfile::tempdir().unwrap();
        let (link, file) = (dir.path().join("link"), dir.path().join("file"));
        fs::File::create(&file).unwrap();
        symlink("file", &link).unwrap();
        write_atomic(&link, b"x").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"x");
    }

    #[test]
    fn a_failure_names_the_path_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("dir");
        fs::create_dir(&target).unwrap();
        let error = write_atomic(&target, b"x").unwrap_err();
        assert!(error.to_string().contains("dir: "), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
