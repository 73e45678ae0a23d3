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
