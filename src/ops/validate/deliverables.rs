//! Whether what a track is to deliver is there, in the tree that is judged.

use std::collections::HashMap;

use crate::domain::deliverable::{Delivery, deliver};
use crate::domain::path::RepoPath;
use crate::domain::project::Track;
use crate::domain::revision::BlobId;
use crate::git::{GitError, Merger};
use crate::ops::matrix::TrackSide;

pub(in crate::ops) fn of(
    merger: &Merger<'_>,
    track: &Track,
    side: &TrackSide,
) -> Result<Vec<Delivery>, GitError> {
    let Some(tree) = side.tree.filter(|_| !track.deliverables.is_empty()) else {
        return Ok(Vec::new());
    };
    let entries = merger.tree_entries(tree)?;
    let ids: HashMap<RepoPath, BlobId> = entries
        .into_iter()
        .map(|(path, _, id)| (path, id))
        .collect();
    let mut files: Vec<RepoPath> = ids.keys().cloned().collect();
    files.sort();
    deliver(
        &track.deliverables,
        &files,
        &mut |file| match ids.get(file) {
            Some(id) => merger.read_blob(*id),
            None => Ok(Vec::new()),
        },
    )
}
