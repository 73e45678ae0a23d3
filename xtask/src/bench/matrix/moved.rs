//! One track that gets one more commit, without a working tree.

use std::path::{Path, PathBuf};

use super::{BASE, branch, fast_import};
use crate::failure::Failure;
use crate::sealed::Sealed;

#[derive(Debug)]
pub(super) struct Moved<'a> {
    sealed: &'a Sealed,
    dir: PathBuf,
    branch: String,
    tip: String,
    mode: String,
    path: String,
    text: String,
    times: u64,
}

impl<'a> Moved<'a> {
    /// The commit will change a file that the track has changed already.
    pub(super) fn new(sealed: &'a Sealed, dir: &Path, number: u64) -> Result<Self, Failure> {
        let branch = branch(number);
        let tip = sealed.git(dir, &["rev-parse", &branch])?;
        let range = format!("{BASE}...{tip}");
        let changed = sealed.git(
            dir,
            &[
                "-c",
                "core.quotePath=false",
                "diff",
                "--name-only",
                "--no-renames",
                "--diff-filter=M",
                &range,
            ],
        )?;
        let path = changed.lines().last().ok_or_else(|| {
            Failure::new(format!(
                "{branch} changes no file: it cannot be the one that moves"
            ))
        })?;
        let entry = sealed.git(dir, &["ls-tree", &tip, "--", path])?;
        Ok(Moved {
            sealed,
            dir: dir.to_path_buf(),
            mode: entry.split(' ').next().unwrap_or("100644").to_owned(),
            text: sealed.git(dir, &["show", &format!("{tip}:{path}")])?,
            path: path.to_owned(),
            branch,
            tip,
            times: 0,
        })
    }

    /// Puts a commit on top of the track's own tip, another one each time.
    pub(super) fn forward(&mut self) -> Result<(), Failure> {
        self.times += 1;
        let text = format!("{}\nmoved {} times\n", self.text, self.times);
        let stream = format!(
            "commit refs/heads/{}\ncommitter Bench <bench@example.com> 1795900000 +0000\ndata 6\nmoved\n\nfrom {}\nM {} inline {}\ndata {}\n{text}\n",
            self.branch,
            self.tip,
            self.mode,
            self.path,
            text.len()
        );
        fast_import(self.sealed, &self.dir, &stream)
    }

    /// As it was.
    pub(super) fn back(&self) -> Result<(), Failure> {
        let name = format!("refs/heads/{}", self.branch);
        self.sealed
            .git(&self.dir, &["update-ref", &name, &self.tip])
            .map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_track_moves_by_another_commit_each_time_and_back() {
        let scratch = Scratch::new("xtask-moved").unwrap();
        let sealed = Sealed::in_real_time(&scratch.path().join("home")).unwrap();
        let dir = scratch.path().join("r");
        std::fs::create_dir(&dir).unwrap();
        let git = |arguments: &[&str]| sealed.git(&dir, arguments).unwrap();
        git(&["init", "-q", "--initial-branch", BASE]);
        for (branch, text) in [(BASE, "one\n"), (&branch(1), "two\n")] {
            git(&["checkout", "-q", "-B", branch]);
            std::fs::write(dir.join("file"), text).unwrap();
            git(&["add", "."]);
            git(&["commit", "-q", "-m", text]);
        }
        git(&["checkout", "-q", BASE]);
        let tip = git(&["rev-parse", &branch(1)]);

        let mut moved = Moved::new(&sealed, &dir, 1).unwrap();
        for times in 1..=2 {
            moved.forward().unwrap();
            let range = format!("{tip}..{}", branch(1));
            assert_eq!(git(&["rev-list", "--count", &range]), "1");
            let text = git(&["show", &format!("{}:file", branch(1))]);
            assert_eq!(text, format!("two\nmoved {times} times"));
        }
        moved.back().unwrap();
        assert_eq!(git(&["rev-parse", &branch(1)]), tip);
    }

    #[test]
    fn a_track_that_changes_nothing_cannot_move() {
        let scratch = Scratch::new("xtask-moved").unwrap();
        let sealed = Sealed::in_real_time(&scratch.path().join("home")).unwrap();
        let git = |arguments: &[&str]| sealed.git(scratch.path(), arguments).unwrap();
        git(&["init", "-q", "--initial-branch", BASE]);
        git(&["commit", "-q", "--allow-empty", "-m", "one"]);
        git(&["branch", &branch(1)]);
        assert!(Moved::new(&sealed, scratch.path(), 1).is_err());
    }
}
