//! What is known of the two sides of a path: which earlier tracks changed it, and when it was changed last.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;
use crate::domain::time::Timestamp;
use crate::git::{GitError, PathSet, Repository, Unmerged};

use super::Meeting;

/// A track whose own history is longer is not searched further.
const LIMIT: usize = 10_000;

/// When each of the paths was last changed by each of those who are on the two sides; found out once, and only where it is
/// asked for.
#[derive(Debug, Default)]
pub(super) struct Histories {
    changed: OnceCell<Changed>,
}

/// By path.
type Times = BTreeMap<RepoPath, Timestamp>;

#[derive(Debug)]
struct Changed {
    earlier: Vec<(TrackId, Times)>,
    theirs: Times,
    base: Times,
}

impl Histories {
    fn of(
        &self,
        repository: &Repository,
        base: crate::domain::revision::CommitId,
        meeting: &Meeting<'_>,
        unmerged: &[Unmerged],
    ) -> Result<&Changed, GitError> {
        if let Some(known) = self.changed.get() {
            return Ok(known);
        }
        let paths = unmerged.iter().flat_map(names);
        let paths: PathSet = paths.collect();
        let mut tips: Vec<_> = meeting.earlier.iter().map(|(_, tip)| *tip).collect();
        tips.push(meeting.theirs);
        let touched = repository.touches(base, &tips, &paths, LIMIT)?;
        let newest = |touched: BTreeMap<RepoPath, Vec<crate::git::Touch>>| -> Times {
            let newest = touched.into_iter().filter_map(|(path, touches)| {
                Some((path, touches.iter().map(|touch| touch.committed).max()?))
            });
            newest.collect()
        };
        let mut times: Vec<Times> = touched.into_iter().map(newest).collect();
        let theirs = times.pop().unwrap_or_default();
        let on_base = repository.touches(meeting.theirs, &[base], &paths, LIMIT)?;
        let changed = Changed {
            earlier: (meeting.earlier.iter())
                .map(|(track, _)| track.clone())
                .zip(times)
                .collect(),
            theirs,
            base: on_base.into_iter().map(newest).next().unwrap_or_default(),
        };
        Ok(self.changed.get_or_init(|| changed))
    }

    /// The earlier tracks that changed the path under any of its names, and when it was last changed in ours and theirs.
    pub(super) fn sides(
        &self,
        repository: &Repository,
        base: crate::domain::revision::CommitId,
        meeting: &Meeting<'_>,
        unmerged: &[Unmerged],
        index: usize,
    ) -> Result<(Vec<TrackId>, [Option<Timestamp>; 2]), GitError> {
        let changed = self.of(repository, base, meeting, unmerged)?;
        let last = |times: &Times| {
            names(&unmerged[index])
                .filter_map(|name| times.get(name))
                .max()
                .copied()
        };
        let earlier: Vec<(&TrackId, Timestamp)> = (changed.earlier.iter())
            .filter_map(|(track, times)| Some((track, last(times)?)))
            .collect();
        let ours = earlier.iter().map(|(_, time)| *time).max();
        let ours = ours.or_else(|| last(&changed.base));
        let tracks = earlier.into_iter().map(|(track, _)| track.clone());
        Ok((tracks.collect(), [ours, last(&changed.theirs)]))
    }
}

fn names(unmerged: &Unmerged) -> impl Iterator<Item = &RepoPath> {
    std::iter::once(&unmerged.path).chain(&unmerged.named)
}
