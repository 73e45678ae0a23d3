//! What can move between rounds, and what of it has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::domain::name::TrackId;
use crate::domain::project::Project;
use crate::domain::revision::CommitId;
use crate::domain::state::State;
use crate::git::GitError;
use crate::ops::Session;
use crate::ops::declared::Declared;
use crate::store::Round;

use super::Warning;

/// What can move.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    Base,
    /// tracks.toml.
    File,
    /// The branch of a track.
    Track(TrackId),
    /// What is declared of a track.
    State(TrackId),
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Thing::Base => f.write_str("base"),
            Thing::File => f.write_str("tracks.toml"),
            Thing::Track(track) => f.write_str(track.as_str()),
            Thing::State(track) => write!(f, "the state of {track}"),
        }
    }
}

/// Where everything stood at a look.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    base: CommitId,
    project: Project,
    tracks: BTreeMap<TrackId, (Option<CommitId>, State)>,
}

impl Seen {
    pub(super) fn read(session: &Session) -> Result<Seen, Warning> {
        let declared = Declared::read(session).map_err(Warning::Store)?;
        let mut tracks = BTreeMap::new();
        for track in &session.project.tracks {
            let tip = session.tip(&track.branch).map_err(Warning::Git)?;
            let tip = tip.map(|tip| tip.commit);
            let state = declared.state(session, track, tip).map_err(Warning::Git)?;
            tracks.insert(track.id.clone(), (tip, state));
        }
        Ok(Seen {
            base: session.base.commit,
            project: session.project.clone(),
            tracks,
        })
    }

    /// What is another by then. Tracks that come or go are a matter of tracks.toml.
    pub(super) fn turned(&self, now: &Seen) -> BTreeSet<Thing> {
        let mut turned = BTreeSet::new();
        turned.extend((self.base != now.base).then_some(Thing::Base));
        turned.extend((self.project != now.project).then_some(Thing::File));
        for (track, (tip, state)) in &now.tracks {
            let Some((known, declared)) = self.tracks.get(track) else {
                continue;
            };
            turned.extend((known != tip).then(|| Thing::Track(track.clone())));
            turned.extend((declared != state).then(|| Thing::State(track.clone())));
        }
        turned
    }

    /// What this round has not judged.
    pub(super) fn not_in(
        &self,
        session: &Session,
        round: &Round,
    ) -> Result<BTreeSet<Thing>, GitError> {
        let mut open = BTreeSet::new();
        open.extend((self.base != round.base).then_some(Thing::Base));
        for (track, (tip, _)) in &self.tracks {
            if let Some(tip) = tip.filter(|tip| !has_judged(round, track, *tip))
                && !session.repository.is_ancestor(tip, self.base)?
            {
                open.insert(Thing::Track(track.clone()));
            }
        }
        Ok(open)
    }
}

fn has_judged(round: &Round, track: &TrackId, tip: CommitId) -> bool {
    let merged = round.merged.iter().filter(|merged| merged.track == *track);
    let ejected = round.ejected.iter().filter(|left| left.track == *track);
    merged
        .map(|merged| *merged.held.first().unwrap_or(&merged.commit))
        .chain(ejected.filter_map(|left| left.commit))
        .any(|judged| judged == tip)
}
