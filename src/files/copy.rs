//! Copying files and directories between worktrees, by reflink where the file system can.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, FileTimes, Metadata, OpenOptions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Component, Path, PathBuf};

use tempfile::TempPath;

use super::at;
use crate::domain::path::RepoPath;

/// What a copy did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copied {
    /// Symlinks too.
    pub files: usize,
    /// Already there; never overwritten.
    pub kept: usize,
}

/// Copies `paths` (files, symlinks or whole directories) from one root to another. What exists at the target stays as it
/// is. Each file appears whole or not at all; two copies into one root at the same time are not meant. Modes and modification times are kept; symlinks are copied as they are.
/// Directories are merged. What has vanished from the source meanwhile, and what is neither file, symlink nor directory
/// (sockets …), is left out; so is the target root itself, should it lie in a directory to be copied. Never writes through
/// a symlink at the target.
///
/// # Errors
/// The first file that cannot be copied; its path is in the error. A path that leaves the root, or that would lead through
/// a symlink at the target.
pub fn copy_into(from: &Path, to: &Path, paths: &[RepoPath]) -> io::Result<Copied> {
    let root = fs::metadata(to).map_err(at(to))?;
    let mut copy = Copy {
        target_root: identity(&root),
        done: Copied::default(),
    };
    for path in paths {
        let path = relative(path)?;
        let source = from.join(&path);
        let Some(facts) = look(&source)? else {
            continue;
        };
        make_parents(from, to, &path)?;
        copy.entry(&source, &to.join(&path), &facts)?;
    }
    Ok(copy.done)
}

struct Copy {
    target_root: (u64, u64),
    done: Copied,
}

impl Copy {
    fn entry(&mut self, source: &Path, target: &Path, facts: &Metadata) -> io::Result<()> {
        let kind = facts.file_type();
        if kind.is_dir() {
            if identity(facts) == self.target_root {
                return Ok(());
            }
            return self.directory(source, target, facts);
        }
        if !kind.is_file() && !kind.is_symlink() {
            return Ok(());
        }
        let made = if look(target)?.is_some() {
            // Perhaps a run was killed, and somebody else made the file since.
            let _ = fs::remove_file(part_of(target));
            Err(io::ErrorKind::AlreadyExists.into())
        } else if kind.is_symlink() {
            fs::read_link(source).and_then(|to| symlink(to, target))
        } else {
            copy_file(source, target, facts)
        };
        match made {
            Ok(()) => self.done.files += 1,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.done.kept += 1,
            Err(error) if vanished(source, &error) => {}
            Err(error) => return Err(at(source)(error)),
        }
        Ok(())
    }

    fn directory(&mut self, source: &Path, target: &Path, facts: &Metadata) -> io::Result<()> {
        let is_new = match look(target)? {
            None => make_dir(target).map_err(at(target))?,
            Some(there) if there.is_dir() => false,
            Some(_) => {
                self.done.kept += 1;
                return Ok(());
            }
        };
        let entries = match fs::read_dir(source) {
            Ok(entries) => entries,
            Err(error) if vanished(source, &error) => return Ok(()),
            Err(error) => return Err(at(source)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(at(source))?;
            let path = entry.path();
            if let Some(facts) = look(&path)? {
                self.entry(&path, &target.join(entry.file_name()), &facts)?;
            }
        }
        if is_new {
            // Only now: a directory without write permission could not have been filled.
            fs::set_permissions(target, facts.permissions()).map_err(at(target))?;
        }
        Ok(())
    }
}

/// Under another name until it is whole: always the same one for a target, so that a run clears away what a killed one left.
fn copy_file(source: &Path, target: &Path, facts: &Metadata) -> io::Result<()> {
    let part = part_of(target);
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let part = TempPath::try_from_path(part)?;
    reflink_copy::reflink_or_copy(source, &part)?;
    // Build tools compare the times of what they made.
    let times = FileTimes::new().set_modified(facts.modified()?);
    fs::set_permissions(&part, facts.permissions())?;
    OpenOptions::new()
        .read(true)
        .open(&part)?
        .set_times(times)?;
    part.persist_noclobber(target).map_err(|error| error.error)
}

/// Not the target's name with an ending, which could be too long for a name.
fn part_of(target: &Path) -> PathBuf {
    let mut hash = DefaultHasher::new();
    target.file_name().hash(&mut hash);
    target.with_file_name(format!(".tracks-{:016x}", hash.finish()))
}

/// A copy may take long, and nobody is asked to stand still meanwhile.
fn vanished(source: &Path, error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound && matches!(look(source), Ok(None))
}

/// What is there, symlinks not followed; `None` if nothing is.
fn look(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(facts) => Ok(Some(facts)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(at(path)(error)),
    }
}

fn identity(facts: &Metadata) -> (u64, u64) {
    (facts.dev(), facts.ino())
}

fn relative(path: &RepoPath) -> io::Result<PathBuf> {
    let relative = Path::new(OsStr::from_bytes(path.as_bytes()));
    let inside = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    // Rebuilt, because a trailing slash would make the system follow a symlink.
    let rebuilt: PathBuf = relative.components().collect();
    if !inside || rebuilt.as_os_str().is_empty() {
        let message = format!("`{path}` is not a path inside the worktree");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    Ok(rebuilt)
}

/// Makes the directories above a path, with the modes that they have at the source.
fn make_parents(from: &Path, to: &Path, path: &Path) -> io::Result<()> {
    let Some(parents) = path.parent() else {
        return Ok(());
    };
    let (mut source, mut target) = (from.to_owned(), to.to_owned());
    for part in parents {
        source.push(part);
        target.push(part);
        match look(&target)? {
            Some(there) if there.is_dir() => {}
            Some(_) => {
                let error = io::Error::new(
                    io::ErrorKind::NotADirectory,
                    "something that is not a directory is in the way",
                );
                return Err(at(&target)(error));
            }
            None => {
                if make_dir(&target).map_err(at(&target))?
                    && let Some(facts) = look(&source)?
                    && facts.is_dir()
                {
                    fs::set_permissions(&target, facts.permissions()).map_err(at(&target))?;
                }
            }
        }
    }
    Ok(())
}

/// Whether it was made by us; somebody else may have been faster.
fn make_dir(path: &Path) -> io::Result<bool> {
    match DirBuilder::new().create(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if fs::symlink_metadata(path)?.is_dir() {
                Ok(false)
            } else {
                Err(error)
            }
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::UnixListener;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::files::write_atomic;

    struct Roots {
        dir: tempfile::TempDir,
    }

    impl Roots {
        /// A source with the given files, each with its own name as content.
        fn with(files: &[&str]) -> Self {
            let roots = Roots {
                dir: tempfile::tempdir().unwrap(),
            };
            fs::create_dir_all(roots.from("")).unwrap();
            fs::create_dir_all(roots.to("")).unwrap();
            for file in files {
                write_atomic(&roots.from(file), file.as_bytes()).unwrap();
            }
            roots
        }

        fn from(&self, path: &str) -> PathBuf {
            self.dir.path().join("from").join(path)
        }

        fn to(&self, path: &str) -> PathBuf {
            self.dir.path().join("to").join(path)
        }

        fn copy(&self, paths: &[&str]) -> io::Result<Copied> {
            let paths: Vec<RepoPath> = paths.iter().map(|path| RepoPath::new(*path)).collect();
            copy_into(&self.from(""), &self.to(""), &paths)
        }

        fn content(&self, path: &str) -> String {
            fs::read_to_string(self.to(path)).unwrap()
        }

        fn mode(&self, path: &str) -> u32 {
            fs::metadata(self.to(path)).unwrap().permissions().mode() & 0o777
        }

        fn chmod(&self, path: &str, mode: u32) {
            fs::set_permissions(self.from(path), fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    fn copied(files: usize, kept: usize) -> Copied {
        Copied { files, kept }
    }

    #[test]
    fn files_and_directories() {
        let roots = Roots::with(&[".env", "deps/a/x", "deps/a/y", "deps/b", "other/z"]);
        fs::create_dir(roots.from("deps/empty")).unwrap();
        let done = roots.copy(&[".env", "deps/", "other/z", "gone", "gone/too"]);
        assert_eq!(done.unwrap(), copied(5, 0));
        for file in [".env", "deps/a/x", "deps/a/y", "deps/b", "other/z"] {
            assert_eq!(roots.content(file), file);
        }
        assert!(roots.to("deps/empty").is_dir());
        assert_eq!(roots.copy(&[".env", "deps"]).unwrap(), copied(0, 4));
        let names = fs::read_dir(roots.to("")).unwrap().count();
        assert_eq!(names, 3, "nothing temporary is left");
    }

    #[test]
    fn what_is_there_stays() {
        let roots = Roots::with(&["a", "dir/b", "dir/c", "sub/x"]);
        write_atomic(&roots.to("a"), b"mine").unwrap();
        write_atomic(&roots.to("dir/b"), b"mine").unwrap();
        symlink("nowhere", roots.to("sub")).unwrap();
        assert_eq!(roots.copy(&["a", "dir", "sub"]).unwrap(), copied(1, 3));
        assert_eq!(roots.content("a"), "mine");
        assert_eq!(roots.content("dir/b"), "mine");
        assert_eq!(roots.content("dir/c"), "dir/c");
        assert!(roots.to("sub").is_symlink());
    }

    #[test]
    fn what_a_killed_copy_left_is_cleared_away() {
        let roots = Roots::with(&["a", "dir/b"]);
        write_atomic(&part_of(&roots.to("a")), b"cut o").unwrap();
        write_atomic(&roots.to("dir/b"), b"mine").unwrap();
        write_atomic(&part_of(&roots.to("dir/b")), b"cut o").unwrap();
        assert_eq!(roots.copy(&["a", "dir"]).unwrap(), copied(1, 1));
        assert_eq!(roots.content("a"), "a");
        assert_eq!(fs::read_dir(roots.to("")).unwrap().count(), 2);
        assert_eq!(fs::read_dir(roots.to("dir")).unwrap().count(), 1);
    }

    #[test]
    fn modes_times_and_symlinks() {
        let roots = Roots::with(&["tool", "locked/in", "up/in"]);
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let tool = fs::File::open(roots.from("tool")).unwrap();
        tool.set_modified(time).unwrap();
        symlink("tool", roots.from("link")).unwrap();
        symlink("no/such/target", roots.from("dangling")).unwrap();
        for (path, mode) in [
            ("tool", 0o555),
            ("locked/in", 0o400),
            ("locked", 0o500),
            ("up", 0o750),
        ] {
            roots.chmod(path, mode);
        }
        let paths = ["tool", "locked", "up/in", "link", "dangling"];
        assert_eq!(roots.copy(&paths).unwrap(), copied(5, 0));
        for (path, mode) in [
            ("tool", 0o555),
            ("locked/in", 0o400),
            ("locked", 0o500),
            ("up", 0o750),
        ] {
            assert_eq!(roots.mode(path), mode, "{path}");
        }
        let modified = fs::metadata(roots.to("tool")).unwrap().modified();
        assert_eq!(modified.unwrap(), time);
        let links = [("link", "tool"), ("dangling", "no/such/target")];
        for (link, target) in links {
            assert_eq!(fs::read_link(roots.to(link)).unwrap(), Path::new(target));
        }
        assert_eq!(roots.copy(&["link"]).unwrap(), copied(0, 1));
        // So that the temporary directory can be removed.
        roots.chmod("locked", 0o700);
        fs::set_permissions(roots.to("locked"), fs::Permissions::from_mode(0o700)).unwrap();
    }

    #[test]
    fn never_out_of_the_target() {
        let roots = Roots::with(&["a/b/c", "d"]);
        let outside = roots.dir.path().join("outside");
        fs::create_dir_all(outside.join("b")).unwrap();
        symlink(&outside, roots.to("a")).unwrap();
        for path in ["a/b/c", "a/b"] {
            let error = roots.copy(&[path]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotADirectory, "{error}");
        }
        assert_eq!(roots.copy(&["a", "a/"]).unwrap(), copied(0, 2));
        assert_eq!(fs::read_dir(outside.join("b")).unwrap().count(), 0);
        for path in ["../d", "a/../../d", "/etc/passwd", "", ".", "./d"] {
            let error = roots.copy(&[path]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{path}");
        }
    }

    #[test]
    fn a_target_inside_the_source_is_not_copied_into_itself() {
        let roots = Roots::with(&["trees/a/x", "trees/b/y"]);
        let inside = roots.from("trees/b");
        let paths = [RepoPath::new("trees")];
        let done = copy_into(&roots.from(""), &inside, &paths).unwrap();
        assert_eq!(done, copied(1, 0));
        assert!(inside.join("trees/a/x").is_file());
        assert!(!inside.join("trees/b").exists());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_are_bytes() {
        let roots = Roots::with(&[]);
        let name = OsStr::from_bytes(b"d\xff");
        write_atomic(&roots.from("").join(name).join(name), b"x").unwrap();
        let paths = [RepoPath::new(b"d\xff")];
        let done = copy_into(&roots.from(""), &roots.to(""), &paths).unwrap();
        assert_eq!(done, copied(1, 0));
        assert!(roots.to("").join(name).join(name).is_file());
    }

    #[test]
    fn sockets_are_left_out_and_errors_name_the_path() {
        let roots = Roots::with(&["dir/a"]);
        let _socket = UnixListener::bind(roots.from("dir/socket")).unwrap();
        assert_eq!(roots.copy(&["dir"]).unwrap(), copied(1, 0));
        let error = copy_into(&roots.from(""), &roots.to("no/such"), &[]).unwrap_err();
        assert!(error.to_string().contains("no/such"), "{error}");
    }
}
