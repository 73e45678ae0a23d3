//! What becomes of one path where a side is taken, or both: in text only the lines that conflict, else the whole version.

use crate::domain::resolution::{Loss, Pick, Sides, Version, has_sides, lost_lines};
use crate::git::{Favor, GitError, Unmerged, is_binary, regions};

use super::real::HALF_MERGED;
use super::work::Work;

/// Base, ours, theirs.
pub(super) type Texts = [Vec<u8>; 3];

/// A version of the path, `None` where it is gone; or one clause that says why there is none.
pub(super) type Made = Result<Option<Version>, String>;

impl Work<'_> {
    /// The three texts, where both sides have one.
    pub(super) fn texts(&self, sides: &Sides) -> Result<Option<Texts>, GitError> {
        if !sides.are_files() {
            return Ok(None);
        }
        let read = |version: Option<Version>| match version {
            Some(version) => self.merger.read_blob(version.id),
            None => Ok(Vec::new()),
        };
        let texts = [read(sides.base)?, read(sides.ours)?, read(sides.theirs)?];
        Ok((!texts.iter().any(|text| is_binary(text))).then_some(texts))
    }

    /// One side in the lines that conflict, or its whole version.
    pub(super) fn side(&self, unmerged: &Unmerged, pick: Pick) -> Result<Made, GitError> {
        if let Some(other) = unmerged.types.iter().find(|kind| !has_sides(kind)) {
            return Ok(Err(format!(
                "a conflict of the type {other} has no sides to choose from"
            )));
        }
        if self.is_half_merged(unmerged)? {
            return Ok(Err(HALF_MERGED.to_owned()));
        }
        let sides = &unmerged.sides;
        let (chosen, favor) = match pick {
            Pick::Ours => (sides.ours, Favor::Ours),
            Pick::Theirs => (sides.theirs, Favor::Theirs),
        };
        let Some(texts) = self.texts(sides)? else {
            return Ok(Ok(chosen));
        };
        let content = self.merged(&texts, favor)?;
        let [base, ours, theirs] = &texts;
        let conflicting = regions(base, ours, theirs);
        let (kept, other) = match pick {
            Pick::Ours => (ours, theirs),
            Pick::Theirs => (theirs, ours),
        };
        let given_up: Vec<_> = conflicting
            .into_iter()
            .map(|region| match pick {
                Pick::Ours => region.theirs,
                Pick::Theirs => region.ours,
            })
            .collect();
        let lost = lost_lines(base, kept, &content, &[])
            .or_else(|| lost_lines(base, other, &content, &given_up));
        self.sound(unmerged, &content, lost, sides.merged_mode(Some(pick)))
    }

    /// The lines of both.
    pub(super) fn union(&self, unmerged: &Unmerged) -> Result<Made, GitError> {
        if self.is_half_merged(unmerged)? {
            return Ok(Err(HALF_MERGED.to_owned()));
        }
        let Some(texts) = self.texts(&unmerged.sides)? else {
            return Ok(Err("only the lines of two texts have a union".to_owned()));
        };
        let content = self.merged(&texts, Favor::Union)?;
        self.whole(unmerged, &texts, &content)
    }

    /// A text that has to have everything that either side added.
    pub(super) fn whole(
        &self,
        unmerged: &Unmerged,
        texts: &Texts,
        content: &[u8],
    ) -> Result<Made, GitError> {
        let [base, ours, theirs] = texts;
        let lost =
            lost_lines(base, ours, content, &[]).or_else(|| lost_lines(base, theirs, content, &[]));
        self.sound(unmerged, content, lost, unmerged.sides.merged_mode(None))
    }

    fn merged(&self, texts: &Texts, favor: Favor) -> Result<Vec<u8>, GitError> {
        let [base, ours, theirs] = texts.each_ref().map(Vec::as_slice);
        let merged = self.merge_file([base, ours, theirs], Some(favor))?;
        Ok(merged.content)
    }

    pub(super) fn merge_file(
        &self,
        texts: [&[u8]; 3],
        favor: Option<Favor>,
    ) -> Result<crate::git::FileMerge, GitError> {
        let below = self.mender.session.store.scratch_root();
        let below = self.merger.files_dir(&below);
        self.merger.repository().merge_file(below, texts, favor)
    }

    fn sound(
        &self,
        unmerged: &Unmerged,
        content: &[u8],
        lost: Option<Loss>,
        mode: Option<u32>,
    ) -> Result<Made, GitError> {
        if let Some(line) = self.marker_in(&unmerged.path, content)? {
            return Ok(Err(format!("a conflict marker is left in line {line}")));
        }
        if let Some(lost) = lost {
            let more = match lost.more {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            return Ok(Err(format!(
                "the added line \"{}\"{more} would be lost",
                lost.line
            )));
        }
        let Some(mode) = mode else {
            return Ok(Err("the sides have different modes".to_owned()));
        };
        let id = self.merger.write_blob(content)?;
        Ok(Ok(Some(Version { mode, id })))
    }
}
