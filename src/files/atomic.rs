//! Writing a file so that a reader, or a run after a crash, sees the old content or the new one and nothing between.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use super::{at, beside};
use crate::process::clock;

/// Creates the parent directories, writes beside the target, renames over it. A file that was there keeps its mode; where
/// a symlink was there, the file that it points to is replaced. On disk for good when this returns.
///
/// # Errors
/// When the file system refuses; the path is in the error.
pub fn write_atomic(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, content, true).map_err(at(path))
}

/// The same for what nobody needs after a power cut: the disk is not waited for.
///
/// # Errors
/// As [`write_atomic`].
pub fn write_soon(path: &Path, content: &[u8]) -> io::Result<()> {
    replace(path, content, false).map_err(at(path))
}

fn replace(path: &Path, content: &[u8], durably: bool) -> io::Result<()> {
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
        .prefix(UNFINISHED)
        .permissions(permissions.clone())
        .tempfile_in(dir)?;
    file.write_all(content)?;
    if existing.is_some() {
        file.as_file().set_permissions(permissions)?;
    }
    if durably {
        file.as_file().sync_all()?;
    }
    file.persist(target).map_err(|error| error.error)?;
    Ok(())
}

/// Begins the name of a file that is not complete yet.
const UNFINISHED: &str = ".tracks-unfinished-";

/// Whoever writes one is done with it long before.
const LEFT_BEHIND: Duration = Duration::from_secs(60 * 60);

/// Deletes what killed runs of [`write_atomic`] have left in a directory, and nothing that is still being written.
///
/// # Errors
/// When the file system refuses.
pub fn clear_unfinished(dir: &Path) -> io::Result<()> {
    let now = clock::file_time();
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let entry = entry.map_err(at(dir))?;
        if !entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            continue;
        }
        let path = entry.path();
        let written = path.symlink_metadata().and_then(|it| it.modified());
        let age = written.map(|written| now.duration_since(written).unwrap_or_default());
        if age.is_ok_and(|age| age > LEFT_BEHIND) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(&path)(error)),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Changes one of git's own files as git does: while `FILE.lock` is there, nobody else does, and it becomes the file. `false`:
/// somebody else is at it, or `change` has nothing to put there.
///
/// # Errors
/// When the file system refuses; the path is in the error.
pub fn change_under_lock(
    path: &Path,
    change: impl FnOnce(&str) -> Option<String>,
) -> io::Result<bool> {
    // Through a link, as git does.
    let Ok(path) = fs::canonicalize(path) else {
        return Ok(false);
    };
    let lock = beside(&path, ".lock");
    let Ok(mut file) = fs::File::create_new(&lock) else {
        return Ok(false);
    };
    let write = || -> io::Result<bool> {
        let text = fs::read(&path)?;
        let Ok(text) = String::from_utf8(text) else {
            return Ok(false);
        };
        let Some(text) = change(&text) else {
            return Ok(false);
        };
        file.set_permissions(fs::metadata(&path)?.permissions())?;
        file.write_all(text.as_bytes())?;
        fs::rename(&lock, &path)?;
        Ok(true)
    };
    let written = write();
    match written {
        // Not before: a kill while the disk is waited for would leave the lock.
        Ok(true) => file.sync_all().map_err(at(&path))?,
        _ => fs::remove_file(&lock).map_err(at(&lock))?,
    }
    written.map_err(at(&path))
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
    fn only_what_is_ours_and_old_is_cleared() {
        let dir = tempfile::tempdir().unwrap();
        let old = clock::file_time() - LEFT_BEHIND - Duration::from_secs(1);
        let names = [".tmpAbCdEf", ".tracks-unfinished-a", "events.jsonl"];
        for name in names {
            let file = fs::File::create(dir.path().join(name)).unwrap();
            file.set_modified(old).unwrap();
        }
        fs::File::create(dir.path().join(".tracks-unfinished-b")).unwrap();
        clear_unfinished(dir.path()).unwrap();
        clear_unfinished(&dir.path().join("nowhere")).unwrap();
        let entries = fs::read_dir(dir.path()).unwrap();
        let mut left: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".tmpAbCdEf", ".tracks-unfinished-b", "events.jsonl"]);
    }

    #[test]
    fn under_a_lock() {
        let dir = tempfile::tempdir().unwrap();
        let (path, lock) = (dir.path().join("config"), dir.path().join("config.lock"));
        write_atomic(&path, b"one").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let seen = change_under_lock(&path, |text| {
            assert!(lock.exists());
            Some(format!("{text} two"))
        });
        assert!(seen.unwrap() && !lock.exists());
        assert_eq!(fs::read(&path).unwrap(), b"one two");
        assert_eq!(mode(&path), 0o640);
        assert!(!change_under_lock(&path, |_| None).unwrap());
        assert!(!lock.exists());
        fs::File::create(&lock).unwrap();
        assert!(!change_under_lock(&path, |_| Some("three".to_owned())).unwrap());
        assert!(lock.exists(), "it is somebody else's");
        assert_eq!(fs::read(&path).unwrap(), b"one two");
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
