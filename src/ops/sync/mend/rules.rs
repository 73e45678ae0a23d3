//! The rules of tracks.toml: which strategy of a list gives a result that may count, and what has to be made anew although
//! git merged it clean.

use std::collections::BTreeMap;

use crate::domain::path::{Pattern, RepoPath};
use crate::domain::project::{Regenerate, Resolve, Strategy};
use crate::domain::resolution::{Facts, Pick, Version, decided, pick};
use crate::domain::sync::ResolvedBy;

use super::super::SyncError;
use super::program::{No, Verdict};
use super::work::{Choice, Work};

/// What a dry run says where something would be run.
const NOT_KNOWN: &str = "the candidate is not known before";

/// What came of one strategy for one path.
#[derive(Debug, Clone)]
enum Tried {
    Made(Option<Version>, Option<Pick>),
    /// It is to be made anew on the merged tree.
    Anew,
    /// One clause.
    No(String),
    /// A program would be run, were this no dry run.
    Would(String),
    /// A program could not be run, which says nothing of the strategy. One clause.
    NotRun(String),
}

/// The first strategy of a list that does not say no.
enum First {
    Gives(usize),
    /// As [`Tried::Would`].
    Would(String),
    /// As [`Tried::NotRun`].
    NotRun(String),
    Nothing,
}

/// Where a path is to be looked for next.
pub(super) enum Step {
    Chosen(Choice),
    /// It stays in conflict, and why: a clause that begins with its verb.
    Left(String),
    Rules,
}

impl Work<'_> {
    /// Every conflict, by what was recorded, decided, or ruled.
    pub(super) fn resolve(&mut self) -> Result<(), SyncError> {
        let mut by_rule: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut open = false;
        for index in 0..self.unmerged.len() {
            let path = self.unmerged[index].path.clone();
            match self.before_rules(index)? {
                Step::Chosen(choice) => {
                    self.choices.insert(index, choice);
                }
                Step::Left(why) => {
                    self.left.push(format!("{path} {why}"));
                    self.open.push(path);
                }
                Step::Rules => match self.rule_of(&path) {
                    Some(rule) => by_rule.entry(rule).or_default().push(index),
                    None => {
                        self.open.push(path);
                        open = true;
                    }
                },
            }
        }
        // Nothing needs to be run for a merge that stays in pieces.
        if open || !self.left.is_empty() {
            return Ok(());
        }
        let mut known = BTreeMap::new();
        for (rule, indices) in &by_rule {
            for index in indices {
                let choice = self.provisional(*rule, *index, &mut known)?;
                self.choices.insert(*index, choice);
            }
        }
        // What is run is to see them.
        self.apply_fixes()?;
        for (rule, indices) in by_rule {
            if !self.left.is_empty() || self.not_run.is_some() {
                return Ok(());
            }
            self.apply(rule, &indices, &mut known)?;
        }
        if self.left.is_empty() {
            self.apply_fixes()?;
        }
        Ok(())
    }

    fn rules(&self) -> &[Resolve] {
        &self.mender.session.project.integration.resolve
    }

    pub(super) fn rule_of(&self, path: &RepoPath) -> Option<usize> {
        let matches = |rule: &Resolve| rule.paths.iter().any(|paths| paths.matches(path));
        self.rules().iter().position(matches)
    }

    /// What somebody has decided about the two who have changed the path.
    /// The error is a clause that says why it does not help.
    pub(super) fn by_decision(
        &self,
        index: usize,
    ) -> Result<Option<Result<Choice, String>>, SyncError> {
        let decisions = &self.mender.notebook.decisions;
        if decisions.is_empty() {
            return Ok(None);
        }
        let (earlier, _) = self.sides_of(index)?;
        let unmerged = &self.unmerged[index];
        let Some((pick, decision)) =
            decided(decisions, self.meeting.track, &earlier, &unmerged.path)
        else {
            return Ok(None);
        };
        let made = self.side(unmerged, pick)?;
        let by = ResolvedBy::Decision(decision.id.clone());
        Ok(Some(match made {
            Ok(version) => Ok(Choice {
                by,
                ..Choice::by_rule("decision", version, Some(pick))
            }),
            Err(why) => Err(format!("was decided by {}, but {why}", decision.id)),
        }))
    }

    fn sides_of(
        &self,
        index: usize,
    ) -> Result<
        (
            Vec<crate::domain::name::TrackId>,
            [Option<crate::domain::time::Timestamp>; 2],
        ),
        SyncError,
    > {
        let session = self.mender.session;
        let (repository, base) = (&session.repository, session.base.commit);
        Ok(self
            .histories
            .sides(repository, base, self.meeting, &self.unmerged, index)?)
    }

    /// What the path is while others are tried: what the first of its strategies gives that runs nothing, or else ours.
    fn provisional(
        &self,
        rule: usize,
        index: usize,
        known: &mut BTreeMap<(usize, usize), Tried>,
    ) -> Result<Choice, SyncError> {
        for (place, strategy) in self.rules()[rule].strategies.iter().enumerate() {
            if matches!(strategy, Strategy::Driver | Strategy::Regenerate) {
                break;
            }
            let tried = self.tried(rule, place, index, known)?;
            if let Tried::Made(version, pick) = tried {
                return Ok(Choice::by_rule(strategy.as_str(), version, pick));
            }
        }
        Ok(self.ours(index))
    }

    fn ours(&self, index: usize) -> Choice {
        let ours = self.unmerged[index].sides.ours;
        Choice::by_rule(Strategy::Regenerate.as_str(), ours, Some(Pick::Ours))
    }

    fn tried(
        &self,
        rule: usize,
        place: usize,
        index: usize,
        known: &mut BTreeMap<(usize, usize), Tried>,
    ) -> Result<Tried, SyncError> {
        if let Some(tried) = known.get(&(index, place)) {
            return Ok(tried.clone());
        }
        let rule = &self.rules()[rule];
        let strategy = rule.strategies[place];
        let unmerged = &self.unmerged[index];
        let tried = match strategy {
            Strategy::Regenerate => Tried::Anew,
            Strategy::Union => match self.union(unmerged)? {
                Ok(version) => Tried::Made(version, None),
                Err(why) => Tried::No(why),
            },
            Strategy::Driver => match self.driver(rule, unmerged)? {
                Ok(version) => Tried::Made(version, None),
                Err(No::Would(what)) => Tried::Would(what),
                Err(No::NotRun(why)) => Tried::NotRun(why),
                Err(No::Failed(why)) => Tried::No(why),
            },
            _ => {
                let (earlier, changed) = match strategy {
                    Strategy::Ours | Strategy::Theirs => (Vec::new(), [None, None]),
                    _ => self.sides_of(index)?,
                };
                let facts = Facts {
                    project: &self.mender.session.project,
                    path: &unmerged.path,
                    track: self.meeting.track,
                    earlier: &earlier,
                    green: &self.mender.green,
                    changed,
                };
                match pick(strategy, &facts) {
                    Err(why) => Tried::No(why),
                    Ok(pick) => match self.side(unmerged, pick)? {
                        Ok(version) => Tried::Made(version, Some(pick)),
                        Err(why) => Tried::No(why),
                    },
                }
            }
        };
        known.insert((index, place), tried.clone());
        Ok(tried)
    }

    /// The strategies of a rule in their order, until they give every path of it a result, and the check passes on it.
    fn apply(
        &mut self,
        number: usize,
        indices: &[usize],
        known: &mut BTreeMap<(usize, usize), Tried>,
    ) -> Result<(), SyncError> {
        let rule = self.rules()[number].clone();
        let mut whys: Vec<String> = Vec::new();
        let mut last: Vec<usize> = Vec::new();
        for start in 0..rule.strategies.len() {
            let mut places = Vec::new();
            for &index in indices {
                match self.first(number, start, index, known, &mut whys)? {
                    First::Gives(place) => places.push(place),
                    First::Would(what) => {
                        self.would(indices, &what);
                        return Ok(());
                    }
                    First::NotRun(why) => {
                        self.could_not_run(indices, &why);
                        return Ok(());
                    }
                    First::Nothing => return self.give_up(indices, &whys),
                }
            }
            if places == last {
                continue;
            }
            let mut anew = Vec::new();
            for (&index, &place) in indices.iter().zip(&places) {
                let choice = match self.tried(number, place, index, known)? {
                    Tried::Made(version, pick) => {
                        Choice::by_rule(rule.strategies[place].as_str(), version, pick)
                    }
                    _ => {
                        anew.push((index, place));
                        self.ours(index)
                    }
                };
                self.choices.insert(index, choice);
            }
            last = places;
            let made = match anew.is_empty() {
                true => Ok(()),
                false => self.make_anew(number)?,
            };
            if let Err(no) = made {
                let why = match no {
                    No::Would(what) => {
                        self.would(indices, &what);
                        return Ok(());
                    }
                    No::NotRun(why) => {
                        self.could_not_run(indices, &why);
                        return Ok(());
                    }
                    No::Failed(why) => why,
                };
                for key in anew {
                    known.insert(key, Tried::No(why.clone()));
                }
                whys.push(format!("{}: {why}", Strategy::Regenerate.as_str()));
                // What else the list has is tried for them now.
                last.clear();
                continue;
            }
            let Some(check) = &rule.accept else {
                self.tell_what_was_skipped(indices, &whys);
                return Ok(());
            };
            let names: Vec<&str> = last
                .iter()
                .map(|place| rule.strategies[*place].as_str())
                .collect();
            let name = names.first().copied().unwrap_or_default();
            self.apply_fixes()?;
            match self.accepted(check)? {
                Verdict::Passed => {
                    self.tell_what_was_skipped(indices, &whys);
                    return Ok(());
                }
                Verdict::Would(what) => {
                    self.would(indices, &what);
                    return Ok(());
                }
                Verdict::NotRun(why) => {
                    self.could_not_run(indices, &why);
                    return Ok(());
                }
                Verdict::No(why) => whys.push(format!("{name} gives a result, but {why}")),
            }
        }
        self.give_up(indices, &whys)
    }

    /// Looks from `start` on; what says no is told in `whys`.
    fn first(
        &self,
        rule: usize,
        start: usize,
        index: usize,
        known: &mut BTreeMap<(usize, usize), Tried>,
        whys: &mut Vec<String>,
    ) -> Result<First, SyncError> {
        for place in start..self.rules()[rule].strategies.len() {
            match self.tried(rule, place, index, known)? {
                Tried::Made(..) | Tried::Anew => return Ok(First::Gives(place)),
                Tried::Would(what) => return Ok(First::Would(what)),
                Tried::NotRun(why) => return Ok(First::NotRun(why)),
                Tried::No(why) => {
                    let why = format!("{}: {why}", self.rules()[rule].strategies[place].as_str());
                    if !whys.contains(&why) {
                        whys.push(why);
                    }
                }
            }
        }
        Ok(First::Nothing)
    }

    /// Something would have to be run first; the paths stay as they are now.
    fn would(&mut self, indices: &[usize], what: &str) {
        let note = format!("{}: {what}", self.named(indices));
        self.notes.push(format!("{note}; {NOT_KNOWN}"));
        self.provisional = true;
        let paths = indices
            .iter()
            .map(|index| self.unmerged[*index].path.clone());
        self.untried.extend(paths);
    }

    /// What would have to be run could not be, so that nothing is known of this merge.
    fn could_not_run(&mut self, indices: &[usize], why: &str) {
        self.not_run = Some(format!("{}: {why}", self.named(indices)));
    }

    fn tell_what_was_skipped(&mut self, indices: &[usize], whys: &[String]) {
        let Some(choice) = indices.first().and_then(|index| self.choices.get(index)) else {
            return;
        };
        if !whys.is_empty() {
            let (paths, strategy) = (self.named(indices), &choice.strategy);
            let whys = whys.join("; ");
            self.notes
                .push(format!("{paths} resolved by {strategy}, after {whys}"));
        }
    }

    fn give_up(&mut self, indices: &[usize], whys: &[String]) -> Result<(), SyncError> {
        if indices.is_empty() {
            return Ok(());
        }
        for index in indices {
            self.choices.remove(index);
            self.open.push(self.unmerged[*index].path.clone());
        }
        let paths = self.named(indices);
        self.left
            .push(format!("no rule resolves {paths} ({})", whys.join("; ")));
        Ok(())
    }

    fn named(&self, indices: &[usize]) -> String {
        let first = indices.first().map(|index| &self.unmerged[*index].path);
        match (first, indices.len()) {
            (None, _) => String::new(),
            (Some(path), 1) => path.to_string(),
            (Some(path), count) => format!("{path} and {} more", count - 1),
        }
    }

    /// Makes the paths of a rule anew on what the tree is now.
    fn make_anew(&mut self, number: usize) -> Result<Result<(), No>, SyncError> {
        let rule = self.rules()[number].clone();
        self.apply_fixes()?;
        let tree = self.tree()?;
        let made = match self.anew(&rule, tree)? {
            Ok(made) => made,
            Err(no) => return Ok(Err(no)),
        };
        self.made_anew.push(number);
        for (path, version) in &made.paths {
            if let Some(line) = self.marker_in_version(path, *version)? {
                let why = format!("it leaves a conflict marker in line {line} of {path}");
                return Ok(Err(No::Failed(why)));
            }
        }
        let mut not_taken = made.others;
        for (path, version) in made.paths {
            let other_rule = self.rule_of(&path) != Some(number);
            if other_rule || self.mender.refuses(self.meeting.track, &path) {
                continue;
            }
            if self.is_settled(&path) || self.mender.is_critical(&path) {
                not_taken.push(path);
                continue;
            }
            let choice = Choice::by_rule(Strategy::Regenerate.as_str(), version, Some(Pick::Ours));
            match self.unmerged.iter().position(|one| one.path == path) {
                Some(index) => self.choices.insert(index, choice),
                None => self.others.insert(path, choice),
            };
        }
        if let Some(first) = not_taken.first() {
            let more = match not_taken.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            let paths: Vec<&str> = rule.paths.iter().map(Pattern::as_str).collect();
            self.notes.push(format!(
                "making {} anew also changed {first}{more}, which was not taken",
                paths.join(", ")
            ));
        }
        Ok(Ok(()))
    }

    /// Whether somebody has recorded or decided what becomes of the path.
    fn is_settled(&self, path: &RepoPath) -> bool {
        let unmerged = self.unmerged.iter().position(|one| one.path == *path);
        let chosen = unmerged.and_then(|index| self.choices.get(&index));
        let by_people = |choice: &Choice| {
            matches!(choice.by, ResolvedBy::Recorded(_) | ResolvedBy::Decision(_))
        };
        self.fixes.contains_key(path) || chosen.is_some_and(by_people)
    }

    /// Files that merge clean and are wrong all the same, since what they are made from has changed on both sides.
    pub(super) fn regenerate_what_is_due(&mut self) -> Result<(), SyncError> {
        if !self.left.is_empty() || self.not_run.is_some() || !self.is_whole() {
            return Ok(());
        }
        for number in 0..self.rules().len() {
            let rule = &self.rules()[number];
            let paths: Vec<&str> = rule.paths.iter().map(Pattern::as_str).collect();
            let paths = paths.join(", ");
            if self.made_anew.contains(&number) || !self.is_due(rule)? {
                continue;
            }
            match self.make_anew(number)? {
                Ok(()) => {}
                Err(No::Would(what)) => {
                    self.notes.push(format!("{paths}: {what}; {NOT_KNOWN}"));
                    self.provisional = true;
                }
                Err(No::NotRun(why)) => {
                    self.not_run = Some(format!("{paths}: {why}"));
                    return Ok(());
                }
                Err(No::Failed(why)) => self
                    .left
                    .push(format!("{paths} cannot be made anew: {why}")),
            }
        }
        Ok(())
    }

    fn is_due(&self, rule: &Resolve) -> Result<bool, SyncError> {
        if !rule.strategies.contains(&Strategy::Regenerate) {
            return Ok(false);
        }
        match rule.when {
            Regenerate::OnConflict => return Ok(false),
            Regenerate::Always => return Ok(true),
            Regenerate::WhenInputsChanged => {}
        }
        let tree = self.tree()?;
        for side in [self.meeting.ours, self.meeting.theirs] {
            let changes = self.merger.changes(self.merger.tree_of(side)?, tree)?;
            let mut paths = changes.list().iter().map(|change| &change.path);
            if paths.any(|path| rule.inputs.iter().any(|inputs| inputs.matches(path))) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
