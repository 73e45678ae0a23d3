//! Looking into commits that may exist in memory only.

use super::commit::delta;
use super::{Engine, Memo, VirtualCommit};
use crate::domain::merge::Change;
use crate::domain::revision::BlobId;
use crate::git::{GitError, Merger};

impl<'m, 'r> Engine<'m, 'r> {
    /// Through which it reads.
    pub fn merger(&self) -> &'m Merger<'r> {
        self.merger
    }

    /// What it remembers.
    pub fn memo(&self) -> &'m Memo {
        self.memo
    }

    /// Every path that differs between two commits, ascending; what was moved is two changes.
    ///
    /// # Errors
    /// When a tree cannot be read.
    pub fn difference(
        &self,
        from: &VirtualCommit,
        to: &VirtualCommit,
    ) -> Result<Vec<Change>, GitError> {
        let known = from.0.steps.as_deref();
        if let Some(Ok(delta)) = known.map(|steps| delta(steps, to, None)) {
            return Ok(delta.each());
        }
        let changes = self.merger.changes(self.tree(from)?, self.tree(to)?)?;
        Ok(changes.list().to_vec())
    }

    /// A file's content, or where a link leads, also where only merging has made it.
    ///
    /// # Errors
    /// When it is not here.
    pub fn content(&self, id: BlobId) -> Result<Vec<u8>, GitError> {
        let texts = &self.memo.texts;
        match texts.recipe(id) {
            Some(_) => texts
                .text(self.merger.views(), id)
                .map(|text| text.bytes.clone())
                .ok_or_else(|| GitError::Read {
                    what: format!("merged file {id}"),
                    message: "what it was merged from is no longer here".to_owned(),
                }),
            None => self.merger.read_blob(id),
        }
    }
}
