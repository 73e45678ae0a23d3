//! What a track's own work has changed, for `--affected`.

use crate::domain::path::RepoPath;
use crate::domain::revision::{CommitId, TreeId};
use crate::git::{GitError, Merger};

use super::Session;

/// The paths that differ between where the track left base and the tree that is judged; of what was renamed both names.
/// `None`: nobody can tell, so it may be all of them.
///
/// # Errors
/// When a tree cannot be read; [`GitError::Shallow`] where history was cut off too early to tell.
pub(super) fn changed_paths(
    session: &Session,
    merger: &Merger<'_>,
    tip: Option<CommitId>,
    tree: Option<TreeId>,
) -> Result<Option<Vec<RepoPath>>, GitError> {
    let (Some(tip), Some(tree)) = (tip, tree) else {
        return Ok(None);
    };
    let bases = session.repository.merge_bases(session.base.commit, tip)?;
    // Of several, as of git's `base...tip`, the first.
    let Some(left) = bases.first() else {
        return Ok(None);
    };
    let changes = merger.changes(merger.tree_of(*left)?, tree)?;
    let paths = changes.list().iter().map(|change| change.path.clone());
    Ok(Some(paths.collect()))
}
