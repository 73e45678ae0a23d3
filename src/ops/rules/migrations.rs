//! Which files are migrations, on base and in the work of tracks, and what they say.

use crate::domain::migration::Migrations;
use crate::domain::rule::Work;
use crate::git::{GitError, Merger};

use super::super::Session;

/// Reads base's migrations, and fills in those of the works.
pub(super) fn read(
    _session: &Session,
    _merger: &Merger<'_>,
    _works: &mut [Work],
) -> Result<Option<Migrations>, GitError> {
    Ok(None)
}
