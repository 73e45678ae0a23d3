//! Three versions of one file, merged by `git merge-file` or by a program that takes files.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::executable::{failure, run_any};
use super::scratch::io;
use super::{GitError, Merger, Repository};
use crate::process::Cmd;

/// The three versions in files of their own, which go when the value is dropped.
#[derive(Debug)]
pub struct ThreeFiles {
    dir: TempDir,
}

const BASE: &str = "base";
const OURS: &str = "ours";
const THEIRS: &str = "theirs";

impl ThreeFiles {
    /// `below`: where the directory for them is made.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn new(
        below: &Path,
        base: &[u8],
        ours: &[u8],
        theirs: &[u8],
    ) -> Result<ThreeFiles, GitError> {
        std::fs::create_dir_all(below).map_err(io(below))?;
        let dir = TempDir::with_prefix_in("three-", below).map_err(io(below))?;
        for (name, content) in [(BASE, base), (OURS, ours), (THEIRS, theirs)] {
            write(&dir.path().join(name), content)?;
        }
        Ok(ThreeFiles { dir })
    }

    /// Base, ours, theirs.
    pub fn paths(&self) -> [PathBuf; 3] {
        [BASE, OURS, THEIRS].map(|name| self.dir.path().join(name))
    }

    /// Another file beside them.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// What a program has made of ours.
    ///
    /// # Errors
    /// When it is gone.
    pub fn read_ours(&self) -> Result<Vec<u8>, GitError> {
        let path = self.dir.path().join(OURS);
        std::fs::read(&path).map_err(io(&path))
    }
}

fn write(path: &Path, content: &[u8]) -> Result<(), GitError> {
    use std::io::Write as _;
    let write = || std::fs::File::create_new(path)?.write_all(content);
    write().map_err(io(path))
}

/// What becomes of lines that conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Favor {
    Ours,
    Theirs,
    /// Both, ours first.
    Union,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMerge {
    pub content: Vec<u8>,
    /// Lines in conflict are left, between markers with the labels `ours` and `theirs`.
    pub conflicted: bool,
}

impl Repository {
    /// What `git merge-file` makes of three versions of a text, with the same line diff that git's merge has where this git
    /// can be told so. `below`: where its files are made.
    ///
    /// # Errors
    /// When git cannot merge them, for example because one is binary.
    pub fn merge_file(
        &self,
        below: &Path,
        [base, ours, theirs]: [&[u8]; 3],
        favor: Option<Favor>,
    ) -> Result<FileMerge, GitError> {
        let files = ThreeFiles::new(below, base, ours, theirs)?;
        let mut cmd: Cmd = self
            .cmd()
            .args(["-c", "merge.conflictStyle=merge", "merge-file", "-p", "-q"])
            .args(["-L", OURS, "-L", BASE, "-L", THEIRS]);
        if (self.git().version().0, self.git().version().1) >= (2, 44) {
            cmd = cmd.arg("--diff-algorithm=histogram");
        }
        let cmd = match favor {
            None => cmd,
            Some(Favor::Ours) => cmd.arg("--ours"),
            Some(Favor::Theirs) => cmd.arg("--theirs"),
            Some(Favor::Union) => cmd.arg("--union"),
        };
        let [base, ours, theirs] = files.paths();
        let output = run_any(&cmd.args([ours, base, theirs]), "merge-file")?;
        match output.status {
            Some(status @ 0..=127) => Ok(FileMerge {
                content: output.stdout,
                conflicted: status > 0,
            }),
            _ => Err(failure(&output, "merge-file")),
        }
    }

    /// What git runs as the merge driver of this name; `None` where none is configured.
    ///
    /// # Errors
    /// When the configuration cannot be read.
    pub fn merge_driver(&self, name: &str) -> Result<Option<String>, GitError> {
        let key = format!("merge.{name}.driver");
        let cmd = self.cmd().args(["config", "--null", "--get", &key]);
        let output = run_any(&cmd, "config --get")?;
        let value = output.stdout.strip_suffix(b"\0");
        Ok(value.map(|value| String::from_utf8_lossy(value).into_owned()))
    }

    /// Name and address of whoever works here, as git puts them into commits; `None` where git knows none.
    ///
    /// # Errors
    /// When git cannot be run.
    pub fn who(&self) -> Result<Option<String>, GitError> {
        let output = run_any(&self.cmd().args(["var", "GIT_AUTHOR_IDENT"]), "var")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let end = text.find('>').filter(|_| output.status == Some(0));
        Ok(end.map(|end| text[..=end].trim().to_owned()))
    }
}

impl Merger<'_> {
    /// Where short-lived files may lie that programs of others read.
    pub fn files_dir<'d>(&'d self, otherwise: &'d Path) -> &'d Path {
        self.scratch_dir().unwrap_or(otherwise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::World;

    const BASE_TEXT: &[u8] = b"1\n2\n3\n4\n5\n6\n";
    const OUR_TEXT: &[u8] = b"1\nours\n3\n4\n5\n6\nend\n";
    const THEIR_TEXT: &[u8] = b"top\n1\ntheirs\n3\n4\n5\n6\n";

    #[test]
    fn only_the_lines_that_conflict_are_of_one_side() {
        let world = World::new();
        world.commit("one");
        // Whatever the user likes to see.
        world.git(&["config", "merge.conflictStyle", "diff3"]);
        let repository = world.open();
        let merge = |texts, favor| {
            let merged = repository.merge_file(&world.outside().join("x"), texts, favor);
            let merged = merged.unwrap();
            (
                String::from_utf8(merged.content).unwrap(),
                merged.conflicted,
            )
        };
        let texts = [BASE_TEXT, OUR_TEXT, THEIR_TEXT];
        for (favor, middle) in [
            (Favor::Ours, "ours\n"),
            (Favor::Theirs, "theirs\n"),
            (Favor::Union, "ours\ntheirs\n"),
        ] {
            let expected = format!("top\n1\n{middle}3\n4\n5\n6\nend\n");
            assert_eq!(merge(texts, Some(favor)), (expected, false));
        }
        let (text, conflicted) = merge(texts, None);
        assert!(conflicted);
        assert_eq!(
            text,
            "top\n1\n<<<<<<< ours\nours\n=======\ntheirs\n>>>>>>> theirs\n3\n4\n5\n6\nend\n"
        );
        assert_eq!(
            merge([BASE_TEXT, OUR_TEXT, BASE_TEXT], None),
            (String::from_utf8(OUR_TEXT.to_vec()).unwrap(), false)
        );
        let binary = repository.merge_file(&world.outside(), [b"\0", b"\0a", b"\0b"], None);
        assert!(matches!(binary, Err(GitError::Program { .. })));
        assert_eq!(
            std::fs::read_dir(world.outside().join("x"))
                .unwrap()
                .count(),
            0
        );
    }

    #[test]
    fn drivers_and_names_are_those_of_the_configuration() {
        let world = World::new();
        let repository = world.open();
        assert_eq!(repository.merge_driver("none").unwrap(), None);
        world.git(&["config", "merge.keep.driver", "true %O %A"]);
        assert_eq!(
            repository.merge_driver("keep").unwrap().as_deref(),
            Some("true %O %A")
        );
        world.git(&["config", "user.name", "Ada L."]);
        world.git(&["config", "user.email", "ada@example.com"]);
        let who = repository.who().unwrap();
        assert_eq!(who.as_deref(), Some("Ada L. <ada@example.com>"));
    }
}
