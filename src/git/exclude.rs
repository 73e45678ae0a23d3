//! `info/exclude`: what git is told to ignore in every worktree, without a file of the project that says so.

use std::io::{Read as _, Write as _};
use std::path::Path;

use super::scratch::io;
use super::{GitError, Repository};

impl Repository {
    /// Adds a line to `info/exclude` unless it is there.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn exclude(&self, line: &str) -> Result<(), GitError> {
        self.newly_exclude(line).map(|_| ())
    }

    /// The same; what it took, so that it can be undone.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn newly_exclude(&self, line: &str) -> Result<Excluded, GitError> {
        let info = self.common_dir().join("info");
        std::fs::create_dir_all(&info).map_err(io(&info))?;
        let path = info.join("exclude");
        append_line(&path, line).map_err(io(&path))
    }

    /// Takes a line out of `info/exclude`; everything else stays as it is. `behind_line_end`: a line end had to go in front of
    /// it, which goes as well if nothing has come behind it. Where the file is a symbolic link, what it leads to is changed.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn exclude_no_more(&self, line: &str, behind_line_end: bool) -> Result<(), GitError> {
        let path = self.common_dir().join("info/exclude");
        let path = match path.canonicalize() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            target => target.map_err(io(&path))?,
        };
        let content = std::fs::read(&path).map_err(io(&path))?;
        let lines: Vec<&[u8]> = content.split_inclusive(|byte| *byte == b'\n').collect();
        let is_it = |it: &&[u8]| it.trim_ascii_end() == line.as_bytes();
        let is_last = lines.last().is_some_and(is_it);
        let kept: Vec<&[u8]> = lines.into_iter().filter(|it| !is_it(it)).collect();
        let mut kept = kept.concat();
        if kept.len() == content.len() {
            return Ok(());
        }
        if is_last && behind_line_end {
            kept.pop();
        }
        let dir = path.parent().unwrap_or(&path);
        let mut file = tempfile::NamedTempFile::new_in(dir).map_err(io(dir))?;
        file.write_all(&kept).map_err(io(file.path()))?;
        let mode = std::fs::metadata(&path).map_err(io(&path))?.permissions();
        file.as_file().set_permissions(mode).map_err(io(&path))?;
        file.persist(&path)
            .map_err(|error| io(&path)(error.error))?;
        Ok(())
    }
}

/// What became of a line of `info/exclude`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excluded {
    /// It was there.
    Before,
    Now,
    /// The last line had no end, and has one now.
    BehindLineEnd,
}

/// In one write, so that two processes cannot mix their lines.
fn append_line(path: &Path, line: &str) -> std::io::Result<Excluded> {
    let mut file = std::fs::OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)?;
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    let there = content
        .split(|byte| *byte == b'\n')
        .any(|old| old.strip_suffix(b"\r").unwrap_or(old) == line.as_bytes());
    if there {
        return Ok(Excluded::Before);
    }
    let (separator, excluded) = match content.last() {
        None | Some(b'\n') => ("", Excluded::Now),
        Some(_) => ("\n", Excluded::BehindLineEnd),
    };
    file.write_all(format!("{separator}{line}\n").as_bytes())?;
    Ok(excluded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{World, write_at};

    #[test]
    fn a_line_is_excluded_once() {
        let world = World::new();
        let repository = world.open();
        let exclude = world.root().join(".git/info/exclude");
        for (before, after) in [
            (None, "/x/\n"),
            (Some("a"), "a\n/x/\n"),
            (Some("a\n"), "a\n/x/\n"),
            (Some("/x/"), "/x/"),
            (Some("/x/\r\nb\r\n"), "/x/\r\nb\r\n"),
        ] {
            let _ = std::fs::remove_dir_all(exclude.parent().unwrap());
            if let Some(before) = before {
                write_at(&exclude, before.as_bytes());
            }
            repository.exclude("/x/").unwrap();
            assert_eq!(std::fs::read_to_string(&exclude).unwrap(), after);
        }
    }
    #[test]
    fn what_was_excluded_comes_out_as_it_went_in() {
        let world = World::new();
        let repository = world.open();
        let exclude = world.root().join(".git/info/exclude");
        let elsewhere = world.outside().join("exclude");
        for before in ["", "a", "a\n", "a\n\n", "a\r\nb"] {
            for is_link in [false, true] {
                let _ = std::fs::remove_file(&exclude);
                write_at(
                    if is_link { &elsewhere } else { &exclude },
                    before.as_bytes(),
                );
                if is_link {
                    std::os::unix::fs::symlink(&elsewhere, &exclude).unwrap();
                }
                let excluded = repository.newly_exclude("/x/").unwrap();
                assert_eq!(repository.newly_exclude("/x/").unwrap(), Excluded::Before);
                let behind = excluded == Excluded::BehindLineEnd;
                repository.exclude_no_more("/x/", behind).unwrap();
                repository.exclude_no_more("/x/", behind).unwrap();
                assert_eq!(std::fs::read_to_string(&exclude).unwrap(), before);
                assert_eq!(exclude.is_symlink(), is_link);
            }
        }
        write_at(&exclude, b"a\n/x/\nb\n");
        repository.exclude_no_more("/x/", true).unwrap();
        assert_eq!(std::fs::read_to_string(&exclude).unwrap(), "a\nb\n");
    }
}
