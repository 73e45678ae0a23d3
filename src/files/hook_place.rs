//! What lies where git looks for a hook, and putting ours there so that a kill at any instant loses nobody's.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::{at, shim_version};

/// What lies where git looks for a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookFile {
    Nothing,
    /// One of ours.
    Ours {
        text: String,
        executable: bool,
    },
    /// A script, a program, a link to one, whatever: with what can be read of it.
    Foreign {
        text: String,
    },
}

/// Of a hook that is a program.
const READ_AT_MOST: usize = 64 * 1024;

/// # Errors
/// When it cannot be looked at.
pub fn look_at_hook(path: &Path) -> io::Result<HookFile> {
    let kind = match path.symlink_metadata() {
        Err(error) if is_missing(&error) => return Ok(HookFile::Nothing),
        kind => kind.map_err(at(path))?,
    };
    let mut bytes = match path.is_file() {
        true => fs::read(path).map_err(at(path))?,
        // A directory, or a link to nowhere.
        false => Vec::new(),
    };
    bytes.truncate(READ_AT_MOST);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match kind.is_file() && shim_version(&text).is_some() {
        true => Ok(HookFile::Ours {
            text,
            executable: kind.permissions().mode() & 0o111 != 0,
        }),
        // Also a link to one of ours: somebody has put it there.
        false => Ok(HookFile::Foreign { text }),
    }
}

/// The same name with an ending.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned().into_vec();
    name.extend_from_slice(ending.as_bytes());
    std::ffi::OsString::from_vec(name).into()
}

/// Whether both are names of one file.
pub fn is_same_file(a: &Path, b: &Path) -> bool {
    match (a.symlink_metadata(), b.symlink_metadata()) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

/// Whether both are files that say the same.
///
/// # Errors
/// When one cannot be read.
pub fn is_same_content(a: &Path, b: &Path) -> io::Result<bool> {
    if !a.is_file() || !b.is_file() {
        return Ok(false);
    }
    Ok(fs::read(a).map_err(at(a))? == fs::read(b).map_err(at(b))?)
}

/// Puts an executable script at `path`, whatever is there, at once; what a killed run leaves lies in `spare`.
///
/// # Errors
/// When the file system refuses.
pub fn put_hook(path: &Path, text: &str, spare: &Path) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    for dir in [dir, spare] {
        fs::create_dir_all(dir).map_err(at(dir))?;
    }
    let write = |dir: &Path| {
        let mut file = tempfile::Builder::new()
            .prefix(NEW)
            // The umask takes its share.
            .permissions(Permissions::from_mode(0o777))
            .tempfile_in(dir)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        // Closed before it has its name: git may start it at once, and what is open for writing cannot be started.
        let file = file.into_temp_path();
        file.persist(path).map_err(|error| error.error)
    };
    match write(spare) {
        // The directory of hooks is mounted from elsewhere.
        Err(error) if error.kind() == ErrorKind::CrossesDevices => write(dir),
        result => result,
    }
    .map_err(at(path))
}

/// Begins the name of a script that is not complete yet.
const NEW: &str = ".new-hook-";

/// Deletes what a killed [`put_hook`] has left in `spare`.
///
/// # Errors
/// When the file system refuses.
pub fn clear_leftovers(spare: &Path) -> io::Result<()> {
    for entry in fs::read_dir(spare).into_iter().flatten() {
        let entry = entry.map_err(at(spare))?;
        if entry.file_name().to_string_lossy().starts_with(NEW) {
            remove_hook(&entry.path())?;
        }
    }
    Ok(())
}

/// Gives a hook a second name, under which it stays when ours takes the first. Nothing that has that name is lost; a hook that
/// has it already is fine.
///
/// # Errors
/// When the file system refuses, or something else has the name.
pub fn set_aside(path: &Path, aside: &Path) -> io::Result<()> {
    if is_same_file(path, aside) {
        return Ok(());
    }
    let linked = fs::hard_link(path, aside);
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(at(aside)(error)),
        // The file system has no second names, or it is a directory.
        Err(_) if aside.symlink_metadata().is_err() => fs::rename(path, aside).map_err(at(path)),
        result => result.map_err(at(aside)),
    }
}

/// Gives a hook that was set aside its name back, whatever has it now.
///
/// # Errors
/// When the file system refuses.
pub fn put_back(aside: &Path, path: &Path) -> io::Result<()> {
    if is_same_file(path, aside) {
        // Renaming one name of a file to another leaves both.
        return fs::remove_file(aside).map_err(at(aside));
    }
    if aside.symlink_metadata().is_ok_and(|kind| kind.is_dir()) {
        // A directory takes no file's place.
        remove_hook(path)?;
    }
    fs::rename(aside, path).map_err(at(aside))
}

/// # Errors
/// When the file system refuses.
pub fn remove_hook(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if !is_missing(&error) => Err(at(path)(error)),
        _ => Ok(()),
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "tests write what others would have written"
)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const OURS: &str = "#!/bin/sh\n# tracks hook shim, version 1\n";

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string();
        let mut names: Vec<String> = entries.map(|entry| name(entry).unwrap()).collect();
        names.sort();
        names
    }

    fn foreign(path: &Path) {
        fs::write(path, "#!/bin/sh\nfalse\n").unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o754)).unwrap();
    }

    #[test]
    fn what_lies_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hooks/pre-commit");
        let spare = dir.path().join("spare");
        assert_eq!(look_at_hook(&path).unwrap(), HookFile::Nothing);
        put_hook(&path, OURS, &spare).unwrap();
        let text = OURS.to_owned();
        let executable = true;
        assert_eq!(
            look_at_hook(&path).unwrap(),
            HookFile::Ours { text, executable }
        );
        assert_eq!(names(&spare), [""; 0]);
        fs::write(spare.join(format!("{NEW}x")), "").unwrap();
        clear_leftovers(&spare).unwrap();
        assert_eq!(names(&spare), [""; 0]);
        let link = dir.path().join("hooks/pre-push");
        symlink("pre-commit", &link).unwrap();
        let nowhere = dir.path().join("hooks/commit-msg");
        symlink("nowhere", &nowhere).unwrap();
        for path in [link, nowhere, dir.path().to_owned()] {
            let there = look_at_hook(&path).unwrap();
            assert!(matches!(there, HookFile::Foreign { .. }), "{there:?}");
        }
        assert_eq!(
            look_at_hook(&path.join("x")).unwrap(),
            HookFile::Nothing,
            "below a file"
        );
    }

    #[test]
    fn a_hook_is_set_aside_and_comes_back_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let (path, spare) = (dir.path().join("pre-commit"), dir.path().join("spare"));
        let aside = beside(&path, ".before-tracks");
        foreign(&path);
        let before = path.metadata().unwrap();
        for _ in 0..2 {
            set_aside(&path, &aside).unwrap();
        }
        assert!(path.is_file(), "it is never without a hook");
        put_hook(&path, OURS, &spare).unwrap();
        assert_eq!(fs::read_to_string(&aside).unwrap(), "#!/bin/sh\nfalse\n");
        put_back(&aside, &path).unwrap();
        let after = path.metadata().unwrap();
        assert_eq!((before.ino(), before.mode()), (after.ino(), after.mode()));
        assert_eq!(names(dir.path()), ["pre-commit", "spare"]);
        // Killed before ours had taken its place.
        set_aside(&path, &aside).unwrap();
        put_back(&aside, &path).unwrap();
        assert_eq!(names(dir.path()), ["pre-commit", "spare"]);
    }

    #[test]
    fn links_stay_links_and_directories_too() {
        let dir = tempfile::tempdir().unwrap();
        let spare = dir.path().join("spare");
        let target = dir.path().join("script");
        foreign(&target);
        let path = dir.path().join("pre-commit");
        let aside = beside(&path, ".before-tracks");
        symlink("script", &path).unwrap();
        set_aside(&path, &aside).unwrap();
        put_hook(&path, OURS, &spare).unwrap();
        assert_eq!(fs::read_link(&aside).unwrap(), Path::new("script"));
        assert_eq!(fs::read_to_string(&target).unwrap(), "#!/bin/sh\nfalse\n");
        put_back(&aside, &path).unwrap();
        assert_eq!(fs::read_link(&path).unwrap(), Path::new("script"));
        let folder = dir.path().join("folder");
        fs::create_dir(&folder).unwrap();
        set_aside(&folder, &beside(&folder, ".x")).unwrap();
        assert!(beside(&folder, ".x").is_dir());
        put_hook(&folder, OURS, &spare).unwrap();
        put_back(&beside(&folder, ".x"), &folder).unwrap();
        assert!(folder.is_dir());
    }

    #[test]
    fn what_was_set_aside_before_is_never_lost() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pre-commit");
        let aside = beside(&path, ".before-tracks");
        foreign(&path);
        fs::write(&aside, "other").unwrap();
        let error = set_aside(&path, &aside).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&aside).unwrap(), "other");
        assert!(path.is_file());
    }
}
