//! Whole directories: moved out of the way and back, measured, and deleted for good.

use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::{at, copy_into};
use crate::domain::path::RepoPath;

/// Moves a directory, symlinks in it as they are. Where `to` is on another file system it is copied, and the original goes
/// when the copy is whole and on disk; sockets and named pipes stay behind. A move that was killed is finished by doing it
/// again, with the same paths; one that is done already is done.
///
/// # Errors
/// When there is something at `to` that is not from this move, or the file system refuses. Nothing is lost: what is not at
/// `to` as a whole still is at `from`, or beside it and will be there after the next attempt.
pub fn move_directory(from: &Path, to: &Path) -> io::Result<()> {
    move_by(from, to, &|from, to| fs::rename(from, to))
}

fn move_by(
    from: &Path,
    to: &Path,
    rename: &dyn Fn(&Path, &Path) -> io::Result<()>,
) -> io::Result<()> {
    let aside = beside(from, to);
    if !exists(&aside) {
        match (exists(from), exists(to)) {
            (false, true) => return Ok(()),
            (true, true) => {
                let error = io::Error::new(ErrorKind::AlreadyExists, "it is in the way");
                return Err(at(to)(error));
            }
            _ => {}
        }
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(at(parent))?;
        }
        match rename(from, to) {
            Err(error) if error.kind() == ErrorKind::CrossesDevices => {}
            result => return result.map_err(at(from)),
        }
        // In one step for whoever works there: from now on nobody writes into what is copied.
        rename(from, &aside).map_err(at(from))?;
    }
    if !exists(to) {
        let part = beside(to, from);
        delete_directory(&part)?;
        fs::create_dir_all(&part).map_err(at(&part))?;
        copy_whole(&aside, &part).map_err(at(from))?;
        #[cfg(target_os = "linux")]
        rustix::fs::sync();
        fs::rename(&part, to).map_err(at(to))?;
    }
    delete_directory(&aside)
}

fn copy_whole(from: &Path, to: &Path) -> io::Result<()> {
    let names = fs::read_dir(from)?.map(|entry| entry.map(|entry| entry.file_name()));
    let paths = names
        .map(|name| name.map(|name: OsString| RepoPath::new(name.into_vec())))
        .collect::<io::Result<Vec<_>>>()?;
    copy_into(from, to, &paths)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())
}

/// A name beside a path that only the move to or from the other path uses.
fn beside(path: &Path, other: &Path) -> PathBuf {
    let mut hash = DefaultHasher::new();
    (path, other).hash(&mut hash);
    path.with_file_name(format!(".tracks-moving-{:016x}", hash.finish()))
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// What a directory holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Symlinks too.
    pub files: u64,
    /// As the files say, not as the disk rounds.
    pub bytes: u64,
}

/// Measures a file, or everything below a directory. What cannot be read counts nothing; symlinks are not followed.
pub fn measure(path: &Path) -> Size {
    let mut size = Size::default();
    let mut open = vec![path.to_owned()];
    while let Some(path) = open.pop() {
        match path.symlink_metadata() {
            Ok(facts) if facts.is_dir() => {
                let entries = fs::read_dir(&path).into_iter().flatten().flatten();
                open.extend(entries.map(|entry| entry.path()));
            }
            Ok(facts) => {
                size.files += 1;
                size.bytes += facts.len();
            }
            Err(_) => {}
        }
    }
    size
}

/// A repository of its own somewhere below a directory, from there. Symlinks are not followed.
pub fn nested_repository(root: &Path) -> Option<PathBuf> {
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        let is_repository = dir != root && dir.join(".git").join("HEAD").is_file();
        if is_repository {
            return dir.strip_prefix(root).ok().map(Path::to_owned);
        }
        let entries = fs::read_dir(&dir).into_iter().flatten().flatten();
        let directories = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        open.extend(directories.map(|entry| entry.path()));
    }
    None
}

/// Deletes a directory with everything in it, also where build tools have taken the write permission of directories away.
/// One that is not there is deleted already.
///
/// # Errors
/// When something in it cannot be deleted.
pub fn delete_directory(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            make_writable(path)?;
            fs::remove_dir_all(path).map_err(at(path))
        }
        result => result.map_err(at(path)),
    }
}

fn make_writable(dir: &Path) -> io::Result<()> {
    let facts = dir.symlink_metadata().map_err(at(dir))?;
    if !facts.is_dir() {
        return Ok(());
    }
    let mut permissions = facts.permissions();
    permissions.set_mode(permissions.mode() | 0o700);
    fs::set_permissions(dir, permissions).map_err(at(dir))?;
    for entry in fs::read_dir(dir).map_err(at(dir))? {
        make_writable(&entry.map_err(at(dir))?.path())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::files::write_atomic;

    fn tree() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a/from"), dir.path().join("b/to"));
        write_atomic(&from.join("deep/er/file"), b"12345").unwrap();
        write_atomic(&from.join(".git"), b"gitdir: x\n").unwrap();
        fs::create_dir(from.join("empty")).unwrap();
        symlink("nowhere", from.join("link")).unwrap();
        (dir, from, to)
    }

    fn assert_moved(from: &Path, to: &Path) {
        assert!(!exists(from));
        assert_eq!(fs::read(to.join("deep/er/file")).unwrap(), b"12345");
        assert_eq!(fs::read(to.join(".git")).unwrap(), b"gitdir: x\n");
        assert!(to.join("empty").is_dir() && to.join("link").is_symlink());
        for dir in [from, to] {
            let count = fs::read_dir(dir.parent().unwrap()).unwrap().count();
            assert_eq!(count, usize::from(dir == to), "nothing beside it");
        }
    }

    #[test]
    fn on_one_file_system() {
        let (_dir, from, to) = tree();
        move_directory(&from, &to).unwrap();
        assert_moved(&from, &to);
        move_directory(&from, &to).unwrap();
        assert_moved(&from, &to);
        fs::create_dir(&from).unwrap();
        let error = move_directory(&from, &to).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        let nothing = move_directory(&from.join("no"), &to.join("way"));
        assert_eq!(nothing.unwrap_err().kind(), ErrorKind::NotFound);
    }

    /// Another file system is where only renames within one directory succeed.
    #[test]
    fn to_another_file_system_and_killed_on_the_way() {
        let across = |from: &Path, to: &Path| match from.parent() == to.parent() {
            true => fs::rename(from, to),
            false => Err(ErrorKind::CrossesDevices.into()),
        };
        let (_dir, from, to) = tree();
        move_by(&from, &to, &across).unwrap();
        assert_moved(&from, &to);

        // Killed in the copy: the original is aside, the copy in part.
        let (_dir, from, to) = tree();
        fs::rename(&from, beside(&from, &to)).unwrap();
        write_atomic(&beside(&to, &from).join("deep/er/file"), b"123").unwrap();
        move_by(&from, &to, &across).unwrap();
        assert_moved(&from, &to);

        // Killed while the original was deleted.
        let (_dir, from, to) = tree();
        fs::rename(&from, beside(&from, &to)).unwrap();
        fs::create_dir_all(&to).unwrap();
        copy_whole(&beside(&from, &to), &to).unwrap();
        fs::remove_file(beside(&from, &to).join(".git")).unwrap();
        move_by(&from, &to, &across).unwrap();
        assert_moved(&from, &to);
    }

    #[test]
    fn what_somebody_puts_there_meanwhile_stays() {
        let (_dir, from, to) = tree();
        let renames = Cell::new(0);
        let across = |from: &Path, to: &Path| {
            renames.set(renames.get() + 1);
            match renames.get() {
                1 => Err(ErrorKind::CrossesDevices.into()),
                _ => {
                    fs::rename(from, to)?;
                    write_atomic(&from.join("new"), b"mine")
                }
            }
        };
        move_by(&from, &to, &across).unwrap();
        assert_eq!(fs::read(from.join("new")).unwrap(), b"mine");
        assert_eq!(fs::read(to.join("deep/er/file")).unwrap(), b"12345");
    }

    #[test]
    fn measured_and_deleted() {
        let (_dir, from, _) = tree();
        let size = Size {
            files: 3,
            bytes: 5 + 10 + 7,
        };
        assert_eq!(measure(&from), size);
        assert_eq!(measure(&from.join("no")), Size::default());
        fs::set_permissions(from.join("deep"), fs::Permissions::from_mode(0o500)).unwrap();
        delete_directory(&from).unwrap();
        delete_directory(&from).unwrap();
        assert!(!exists(&from));
    }
}
