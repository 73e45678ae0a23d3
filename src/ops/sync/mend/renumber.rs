//! Migrations that come too late, or whose version another track has taken: in the integration they get the next one.

use std::collections::BTreeMap;

use crate::domain::migration::Renumbered;
use crate::domain::name::TrackId;
use crate::domain::sync::{Resolved, ResolvedBy};
use crate::git::{GitError, Merger, TreeEdit};

use super::{Meeting, Mended};

/// How it is called where it is shown.
const STRATEGY: &str = "renumber";

/// The same with the files of the track renamed that are to be, where the merge has them under their own name still.
pub(super) fn renumbered(
    of: &BTreeMap<TrackId, Renumbered>,
    merger: &Merger<'_>,
    meeting: &Meeting<'_>,
    mut mended: Mended,
) -> Result<Mended, GitError> {
    let Some(files) = of.get(meeting.track) else {
        return Ok(mended);
    };
    for (from, to) in files {
        let made = mended.edits.iter().position(|edit| edit.path == *from);
        let entry = match made {
            Some(place) => mended.edits[place].entry,
            None => {
                let there = merger.entry_at(meeting.tree, from)?;
                there.map(|version| (version.mode, version.id))
            }
        };
        let Some(entry) = entry.filter(|_| {
            merger
                .entry_at(meeting.tree, to)
                .is_ok_and(|it| it.is_none())
        }) else {
            continue;
        };
        mended.edits.retain(|edit| edit.path != *from);
        mended.edits.extend([
            TreeEdit {
                path: from.clone(),
                entry: None,
            },
            TreeEdit {
                path: to.clone(),
                entry: Some(entry),
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
    Ok(mended)
}
