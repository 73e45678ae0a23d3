//! The search for whose merge turned a green base into a red candidate: the questions of `domain::sync::Isolation`, asked of
//! real merges and checks.

use crate::domain::name::{CheckName, Side, TrackId};
use crate::domain::revision::CommitId;
use crate::domain::sync::{Culprits, Isolation, NewestGood, Search, TrackSet};

use super::super::{Emit, Event};
use super::SyncError;
use super::chain::{self, Chain, Works};
use super::judge::{Judge, Seen, Trial};

/// Who it was.
#[derive(Debug)]
pub(super) struct Found {
    pub culprits: Culprits,
    /// The first check that fails with them.
    pub check: Option<CheckName>,
    /// So many parts of the candidate were judged.
    pub judged: usize,
}

pub(super) struct Inquiry<'a> {
    pub works: Works<'a>,
    pub judge: &'a Judge<'a>,
    pub emit: Emit<'a>,
    pub chain: &'a Chain,
    /// The checks that fail on the whole candidate.
    pub red: &'a [CheckName],
}

impl Inquiry<'_> {
    /// `None` where it could not be found out.
    pub(super) fn culprits(&self, seen: &mut Seen) -> Result<Option<Found>, SyncError> {
        let at_once = self.judge.at_once(self.red);
        let mut isolation = Isolation::new(&self.needs(), at_once);
        let mut check = self.red.first().cloned();
        let before = seen.parts;
        loop {
            let sets = match isolation.search() {
                Search::Lost => return Ok(None),
                Search::Found(culprits) => {
                    return Ok(Some(Found {
                        culprits,
                        check,
                        judged: usize::try_from(seen.parts - before).unwrap_or(usize::MAX),
                    }));
                }
                Search::Ask(sets) => sets,
            };
            if self.works.session.interrupt.exit_status().is_some() {
                return Ok(None);
            }
            let mut trials = Vec::new();
            for set in sets {
                match self.trial(&set, None, seen)? {
                    Some(trial) => trials.push((set, trial)),
                    None => isolation.answer(set, None),
                }
            }
            let (sets, trials): (Vec<TrackSet>, Vec<Trial>) = trials.into_iter().unzip();
            self.say_what_is_judged(&trials);
            let answers = self.judge.red_among(&trials, self.red, seen)?;
            for (set, names) in sets.into_iter().zip(answers) {
                if let Some(first) = names.as_ref().and_then(|names| names.first()) {
                    check = Some(first.clone());
                }
                isolation.answer(set, names.map(|names| !names.is_empty()));
            }
        }
    }

    /// The newest older commit of a culprit with which the culprits are green together; with it, all that is newer.
    pub(super) fn last_good(
        &self,
        found: &Culprits,
        loser: usize,
        seen: &mut Seen,
    ) -> Result<Option<(CommitId, Vec<CommitId>)>, SyncError> {
        let mut together = TrackSet::from([found.exposed_by]);
        together.extend(&found.with);
        let together = self.closed(together);
        let tips: Vec<CommitId> = self.chain.links.iter().map(|link| link.tip).collect();
        let line = chain::own_line(self.works.session, tips[loser], &tips)?;
        let older = line.get(1..).unwrap_or_default();
        let mut search = NewestGood::new(older.len());
        while let Some(question) = search.question() {
            if self.works.session.interrupt.exit_status().is_some() {
                return Ok(None);
            }
            let trial = self.trial(&together, Some((loser, older[question])), seen)?;
            let red = match trial {
                Some(trial) => self.judge.red_among(&[trial], self.red, seen)?.pop(),
                None => None,
            };
            search.answer(red.flatten().map(|names| names.is_empty()));
        }
        let found = search.found().map(|place| older[place]);
        Ok(found.map(|commit| (commit, line)))
    }

    fn say_what_is_judged(&self, trials: &[Trial]) {
        let parts: Vec<String> = trials
            .iter()
            .map(|trial| {
                let names: Vec<&str> = trial.tracks.iter().map(TrackId::as_str).collect();
                match &names[..] {
                    [] | [_] | [_, _] | [_, _, _] => {
                        format!("{} is {}", trial.side, names.join(" and "))
                    }
                    [first, .., last] => format!(
                        "{} is {} tracks, {first} to {last}",
                        trial.side,
                        names.len()
                    ),
                }
            })
            .collect();
        if !parts.is_empty() {
            (self.emit)(&Event::Stage(format!(
                "looking for the merge that turned it red: {}",
                parts.join("; ")
            )));
        }
    }

    /// A set of tracks on base, one of them perhaps at another commit; `None` where they do not merge.
    fn trial(
        &self,
        set: &TrackSet,
        instead: Option<(usize, CommitId)>,
        seen: &mut Seen,
    ) -> Result<Option<Trial>, SyncError> {
        let links: Vec<(&TrackId, CommitId)> = set
            .iter()
            .map(|&number| {
                let link = &self.chain.links[number];
                match instead.filter(|(other, _)| *other == number) {
                    Some((_, commit)) => (&link.track, commit),
                    None => (&link.track, link.tip),
                }
            })
            .collect();
        let Some(commit) = chain::part(self.works, self.chain, &links)? else {
            return Ok(None);
        };
        seen.parts += 1;
        Ok(Some(Trial {
            side: Side::Part(seen.parts),
            commit,
            tracks: links.iter().map(|(track, _)| (*track).clone()).collect(),
        }))
    }

    /// By track of the chain: the tracks before it that it depends on.
    fn needs(&self) -> Vec<Vec<usize>> {
        let links = &self.chain.links;
        let place = |id: &TrackId| links.iter().position(|link| link.track == *id);
        let needs = |track: &TrackId| -> Vec<usize> {
            let track = self.works.session.project.track(track);
            let needed = track
                .into_iter()
                .flat_map(crate::domain::project::Track::tracks_needed);
            needed.filter_map(place).collect()
        };
        links.iter().map(|link| needs(&link.track)).collect()
    }

    fn closed(&self, mut set: TrackSet) -> TrackSet {
        let needs = self.needs();
        let mut open: Vec<usize> = set.iter().copied().collect();
        while let Some(track) = open.pop() {
            open.extend(needs[track].iter().filter(|need| set.insert(**need)));
        }
        set
    }
}
