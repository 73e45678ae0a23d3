//! `on_land`: base has moved to the work of tracks.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::domain::name::{BranchName, TrackId};
use crate::domain::revision::CommitId;
use crate::domain::trust::ON_LAND;
use crate::ops::Session;
use crate::store::StoreError;

use super::{Calls, Gather, Listeners};

/// What has landed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landing {
    /// Base.
    pub branch: BranchName,
    pub before: CommitId,
    pub after: CommitId,
    pub tracks: Vec<TrackId>,
    pub operation: Option<String>,
}

/// What has to be told of a landing: to all, and to the tracks that have landed. Each landing is news. `facts` is what the
/// commands read.
///
/// # Errors
/// When the approvals cannot be read, or there is no place for what the commands print.
pub fn calls(
    session: &Session,
    yes: bool,
    landing: &Landing,
    facts: &dyn Fn(&Landing) -> Vec<u8>,
    logs: &mut Option<PathBuf>,
) -> Result<Option<Calls>, StoreError> {
    let listeners = Listeners::new(session, ON_LAND);
    if listeners.is_empty() {
        return Ok(None);
    }
    let landed: BTreeSet<&TrackId> = landing.tracks.iter().collect();
    let mut gather = Gather::new(session, yes, logs)?;
    let told = listeners.of(|track| landed.contains(track));
    for (number, (command, _)) in told.into_iter().enumerate() {
        let about = format!("the landing at {}", landing.after.short());
        gather.add(
            command,
            about,
            &format!("notify-land-{number}"),
            facts(landing),
        )?;
    }
    Ok(Some(gather.calls))
}
