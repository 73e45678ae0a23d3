//! Which copy of tracks.toml counts for what: the working copy says which tracks there are, base says what judges them.

use crate::domain::name::TrackId;
use crate::domain::project::Project;

/// The project as it counts, and how the two copies differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Composed {
    pub project: Project,
    /// Tracks that base does not know: judged by the working copy.
    pub unknown_to_base: Vec<TrackId>,
    /// Whether base has no tracks.toml at all.
    pub base_has_none: bool,
    /// Keys whose values differ where base's value counts, as people write them: `[check.unit]`, `[track.a] owns`.
    pub overruled: Vec<String>,
}

/// From `working`: which tracks exist, their branch, worktree, title, agent, contact, priority, `copy`, `sparse`, the
/// coordination keys, and the layout's templates and `copy`. All else from `base`, except for tracks that it does not know.
pub fn compose(working: Project, base: Option<Project>) -> Composed {
    let _ = (working, base);
    todo!()
}
