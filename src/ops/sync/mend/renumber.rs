//! Migrations that come too late, or whose version another track has taken: in the integration they get the next one.

use std::collections::BTreeMap;

use crate::domain::migration::Renumbered;
use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;
use crate::domain::sync::{Resolved, ResolvedBy};
use crate::git::{GitError, Merger, TreeEdit};

use super::{Meeting, Mended};

/// How it is called where it is shown.
const STRATEGY: &str = "renumber";

/// What has to be done to git's tree so that the files of the track have their other names. The error says which of them
/// cannot have it, and why: a clause.
pub(super) fn renamed(
    of: &BTreeMap<TrackId, Renumbered>,
    merger: &Merger<'_>,
    meeting: &Meeting<'_>,
) -> Result<Result<Mended, (RepoPath, String)>, GitError> {
    let mut mended = Mended::default();
    for (from, to) in of.get(meeting.track).into_iter().flatten() {
        let at = |path| merger.entry_at(meeting.tree, path);
        let entry = match (at(from)?, at(to)?) {
            (Some(entry), None) => entry,
            // The merge has found the name of an earlier one.
            (None, Some(_)) => continue,
            (None, None) => {
                let why = format!("{from} was to be {to} here, and is not where its track has it");
                return Ok(Err((from.clone(), why)));
            }
            (Some(_), Some(_)) => {
                let why = format!("{from} was to be {to} here, and that is there already");
                return Ok(Err((from.clone(), why)));
            }
        };
        if meeting.conflicts.iter().any(|it| it.path == *from) {
            let why = format!("{from} was to be {to} here, and is in conflict");
            return Ok(Err((from.clone(), why)));
        }
        mended.edits.extend([
            TreeEdit {
                path: from.clone(),
                entry: None,
            },
            TreeEdit {
                path: to.clone(),
                entry: Some((entry.mode, entry.id)),
            },
        ]);
        mended.resolved.push(Resolved {
            path: to.clone(),
            strategy: STRATEGY.to_owned(),
            by: ResolvedBy::Rule,
            exact: true,
        });
        mended.notes.push(format!("{from} is {to} here"));
    }
    Ok(Ok(mended))
}

/// Both, one after the other.
pub(super) fn together(first: Mended, then: Mended) -> Mended {
    // Of what both speak of, the second has the last word.
    let spoken_of = |path: &RepoPath| then.edits.iter().any(|edit| edit.path == *path);
    let edits = first
        .edits
        .into_iter()
        .filter(|edit| !spoken_of(&edit.path));
    Mended {
        edits: edits.chain(then.edits.iter().cloned()).collect(),
        resolved: [first.resolved, then.resolved].concat(),
        notes: [first.notes, then.notes].concat(),
        ..then
    }
}
