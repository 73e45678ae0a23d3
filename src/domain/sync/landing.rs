//! Whether what the last round has made is still what would land.

use std::collections::BTreeMap;

use crate::domain::name::TrackId;
use crate::domain::revision::CommitId;

/// What is known before a landing.
#[derive(Debug, Clone)]
pub struct BeforeLanding<'a> {
    pub base: CommitId,
    /// Where the integration branch is.
    pub integration: Option<CommitId>,
    /// The last round that moved it.
    pub round: Option<LastRound>,
    /// Where each track of tracks.toml is; those without a branch are not in it.
    pub tips: &'a BTreeMap<TrackId, CommitId>,
    /// Tracks with work that base does not have.
    pub with_work: &'a [TrackId],
}

#[derive(Debug, Clone)]
pub struct LastRound {
    pub base: CommitId,
    pub candidate: Option<CommitId>,
    pub green: Option<bool>,
    /// Each with where the track was then.
    pub merged: Vec<(TrackId, CommitId)>,
    /// Where the tracks were that it left out.
    pub left_out: Vec<(TrackId, CommitId)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readied {
    /// This commit can land.
    Ready(CommitId),
    /// Base has all of it.
    Landed,
    /// There has to be a round first.
    Stale(Stale),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stale {
    NoRound,
    /// The integration branch is not where the last round put it.
    BranchMoved,
    NotGreen,
    BaseMoved,
    TracksMoved(Vec<TrackId>),
    /// What was lawful in the round is no longer: an exception has expired.
    Unlawful(Vec<TrackId>),
}

pub fn standing(facts: &BeforeLanding<'_>) -> Readied {
    let Some(round) = &facts.round else {
        return Readied::Stale(Stale::NoRound);
    };
    let Some(candidate) = round
        .candidate
        .filter(|commit| facts.integration == Some(*commit))
    else {
        return Readied::Stale(Stale::BranchMoved);
    };
    let at = |track: &TrackId| facts.tips.get(track).copied();
    let moved: Vec<TrackId> = (round.merged.iter())
        .filter(|(track, tip)| at(track) != Some(*tip))
        .map(|(track, _)| track.clone())
        .collect();
    if candidate == facts.base {
        // What it has taken is history; is there anything that it did not know?
        let known = |track: &&TrackId| {
            let mut judged = round.merged.iter().chain(&round.left_out);
            judged.any(|(other, tip)| other == *track && at(other) == Some(*tip))
        };
        let fresh: Vec<TrackId> = (facts.with_work.iter())
            .filter(|track| !known(track))
            .cloned()
            .collect();
        return match fresh.is_empty() {
            true => Readied::Landed,
            false => Readied::Stale(Stale::TracksMoved(fresh)),
        };
    }
    if round.base != facts.base {
        return Readied::Stale(Stale::BaseMoved);
    }
    if !moved.is_empty() {
        return Readied::Stale(Stale::TracksMoved(moved));
    }
    match round.green {
        Some(true) => Readied::Ready(candidate),
        _ => Readied::Stale(Stale::NotGreen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_as_the_round_left_it_can_land() {
        let id = |digit: &str| CommitId::from_hex(&digit.repeat(40)).unwrap();
        let track = |name: &str| TrackId::new(name).unwrap();
        let (a, b, c) = (track("a"), track("b"), track("c"));
        let tips = BTreeMap::from([
            (a.clone(), id("a")),
            (b.clone(), id("b")),
            (c.clone(), id("c")),
        ]);
        let round = LastRound {
            base: id("1"),
            candidate: Some(id("2")),
            green: Some(true),
            merged: vec![(a.clone(), id("a"))],
            left_out: vec![(b.clone(), id("b"))],
        };
        let with_work = [a.clone(), b.clone()];
        let ready = BeforeLanding {
            base: id("1"),
            integration: Some(id("2")),
            round: Some(round.clone()),
            tips: &tips,
            with_work: &with_work,
        };
        let with = |change: &dyn Fn(&mut BeforeLanding<'_>, &mut LastRound)| {
            let (mut facts, mut last) = (ready.clone(), round.clone());
            change(&mut facts, &mut last);
            facts.round = Some(last);
            standing(&facts)
        };
        let (after, rest) = ([b.clone()], [b.clone(), c.clone()]);
        assert_eq!(with(&|_, _| {}), Readied::Ready(id("2")));
        let none = BeforeLanding {
            round: None,
            ..ready.clone()
        };
        assert_eq!(standing(&none), Readied::Stale(Stale::NoRound));
        for integration in [None, Some(id("3"))] {
            let found = with(&|facts, _| facts.integration = integration);
            assert_eq!(found, Readied::Stale(Stale::BranchMoved));
        }
        assert_eq!(
            with(&|facts, _| facts.base = id("9")),
            Readied::Stale(Stale::BaseMoved)
        );
        for green in [None, Some(false)] {
            let found = with(&|_, last| last.green = green);
            assert_eq!(found, Readied::Stale(Stale::NotGreen));
        }
        let moved = Readied::Stale(Stale::TracksMoved(vec![a.clone()]));
        assert_eq!(
            with(&|_, last| last.merged = vec![(a.clone(), id("9"))]),
            moved
        );
        let moved_out = with(&|_, last| last.left_out = vec![(b.clone(), id("9"))]);
        assert_eq!(moved_out, Readied::Ready(id("2")), "it is not in it");

        let landed = BeforeLanding {
            base: id("2"),
            with_work: &after,
            ..ready.clone()
        };
        assert_eq!(standing(&landed), Readied::Landed);
        let more = BeforeLanding {
            with_work: &rest,
            ..landed.clone()
        };
        assert_eq!(
            standing(&more),
            Readied::Stale(Stale::TracksMoved(vec![c.clone()]))
        );
    }
}
