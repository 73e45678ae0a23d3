//! A round on its way: candidate after candidate, until one is green or nothing more can be done.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::check::{Outcome, Run};
use crate::domain::merge::Pair;
use crate::domain::name::{BranchName, CheckName, Side, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::project::{Admit, Flaky, OnConflict, OnFailure, When};
use crate::domain::revision::CommitId;
use crate::domain::sync::{
    Blamed, Culprits, Ejected, Entry, Pinned, Plan, Quorum, Why, cheapest, exceptions, outlawed,
};
use crate::git::{Memo, Merger};

use super::super::matrix::{Matrix, Scope};
use super::super::trust::Trust;
use super::super::{Emit, Event, Session, matrix};
use super::chain::{self, Chain, How, Works};
use super::culprit::{Found, Inquiry};
use super::judge::{Judge, Seen, Trial};
use super::mend::Mender;
use super::{Options, Report, SyncError, admit, law, list, order, pin, publish};

pub(super) struct RoundRun<'a> {
    session: &'a Session,
    trust: &'a Trust,
    options: &'a Options,
    emit: Emit<'a>,
    branch: BranchName,
    mender: Mender<'a>,
    plan: Plan,
    /// Of the tips of the plan.
    pairs: Vec<Pair>,
    tips: BTreeMap<TrackId, CommitId>,
    /// Tracks that checks have ejected, and those that went with them.
    removed: BTreeMap<TrackId, Ejected>,
    /// What came of a track's automatic resolutions, which are not tried again.
    refused: BTreeMap<TrackId, String>,
    seen: Seen,
    checks: Vec<Run>,
    base_red: Vec<CheckName>,
    blamed: Vec<Blamed>,
    notes: Vec<String>,
    undetermined: Vec<String>,
    nothing_checked: bool,
}

/// What a candidate was found to be.
enum Judged {
    Green,
    Red,
    Unknown,
    /// Somebody is out, wholly or in part, and there is to be another candidate.
    Again,
}

impl<'a> RoundRun<'a> {
    /// # Errors
    /// When what was recorded cannot be read.
    pub(super) fn new(
        session: &'a Session,
        trust: &'a Trust,
        options: &'a Options,
        emit: Emit<'a>,
        pinned: &[Pinned],
    ) -> Result<Self, SyncError> {
        let tips = pinned
            .iter()
            .filter_map(|pin| Some((pin.track.clone(), pin.tip?)));
        Ok(RoundRun {
            session,
            trust,
            options,
            emit,
            branch: session.project.integration.branch.clone(),
            mender: Mender::new(session, trust, emit, options.dry_run)?,
            plan: Plan::new(&session.project, pinned),
            pairs: Vec::new(),
            tips: tips.collect(),
            removed: BTreeMap::new(),
            refused: BTreeMap::new(),
            seen: Seen::default(),
            checks: Vec::new(),
            base_red: Vec::new(),
            blamed: Vec::new(),
            notes: Vec::new(),
            undetermined: Vec::new(),
            nothing_checked: false,
        })
    }

    /// `before`: what the branch is at.
    pub(super) fn run(
        mut self,
        scratch: &Merger<'_>,
        before: Option<CommitId>,
    ) -> Result<Report, SyncError> {
        let memo = matrix::memory(self.session);
        self.compare(scratch, &memo)?;
        let found = self.find_green(scratch, &memo);
        matrix::remember(self.session, &memo);
        let (chain, green) = found?;
        self.report(&chain, before, green)
    }

    /// Takes out who breaks a rule and who is not admitted, and arranges the rest.
    fn compare(&mut self, scratch: &Merger<'_>, memo: &Memo) -> Result<(), SyncError> {
        let sides = order::sides(self.session, &self.plan)?;
        let scope = Scope::WithoutIntegration;
        let mut matrix = Matrix::new(self.session, scratch, memo, &sides, scope)?;
        let pairs = matrix.pairs()?;
        self.obey(&matrix, &pairs)?;
        self.admit()?;
        let in_it = |side: &Side| match side {
            Side::Track(track) => (self.plan.entries.iter()).any(|entry| entry.track == *track),
            _ => true,
        };
        self.pairs = (pairs.into_iter())
            .filter(|pair| in_it(&pair.a) && in_it(&pair.b))
            .collect();
        order::arrange(self.session, &self.pairs, &mut self.plan);
        Ok(())
    }

    /// Takes out who breaks a rule, and with them who depends on them. Who does not merge into base is out anyway, and so in
    /// nobody's way.
    fn obey(&mut self, matrix: &Matrix<'_, '_>, pairs: &[Pair]) -> Result<(), SyncError> {
        let session = self.session;
        let with_base = pairs.iter().filter(|pair| pair.a == Side::Base);
        let hopeless = with_base.filter(|pair| {
            let conflicts = pair.verdict.conflicts();
            let known = |path| self.mender.knows(&pair.a, &pair.b, path);
            order::stands_in_the_way(&session.project.integration, pair)
                && !conflicts.iter().any(|it| known(&it.path))
        });
        let hopeless: BTreeSet<TrackId> = hopeless
            .filter_map(|pair| match &pair.b {
                Side::Track(track) => Some(track.clone()),
                _ => None,
            })
            .collect();
        let tracks: Vec<TrackId> = (self.plan.entries.iter())
            .map(|entry| entry.track.clone())
            .collect();
        law::each(
            session,
            self.trust,
            matrix,
            &tracks,
            hopeless,
            |track, findings, renumbered| {
                self.notes.extend(exceptions(track, findings));
                let Some(ejected) = outlawed(track, findings) else {
                    self.mender.renumber(track, renumbered);
                    return Vec::new();
                };
                let before: BTreeSet<TrackId> = self.removed.keys().cloned().collect();
                self.eject(ejected);
                let gone = self.removed.keys().filter(|id| !before.contains(id));
                gone.cloned().collect()
            },
        )?;
        let removed = &self.removed;
        (self.plan.entries).retain(|entry| !removed.contains_key(&entry.track));
        Ok(())
    }

    fn admit(&mut self) -> Result<(), SyncError> {
        if self.session.project.integration.admit != Admit::Green {
            return Ok(());
        }
        let dry_run = self.options.dry_run || self.options.no_checks;
        let admission = admit::admit_green(
            self.session,
            self.trust,
            &self.plan.entries,
            dry_run,
            self.emit,
        )?;
        if dry_run {
            self.notes.push(
                "`admit = \"green\"`: no check ran, so every track is taken as green".to_owned(),
            );
        }
        for ejected in admission.turned_away {
            // It may have gone with another one already.
            if !self.removed.contains_key(&ejected.track) {
                self.eject(ejected);
            }
        }
        Ok(())
    }

    /// Builds candidates until one is green or nothing more can be done; the last one, and its colour.
    fn find_green(
        &mut self,
        scratch: &Merger<'_>,
        memo: &Memo,
    ) -> Result<(Chain, Option<bool>), SyncError> {
        let integration = &self.session.project.integration;
        let mut how = How {
            last_good: integration.on_conflict == OnConflict::LastGood,
            by_git_only: false,
        };
        loop {
            let entries: Vec<Entry> = (self.plan.entries.iter())
                .filter(|entry| !self.removed.contains_key(&entry.track))
                .cloned()
                .collect();
            (self.emit)(&Event::Stage(format!(
                "merging {} tracks in memory",
                entries.len()
            )));
            let chain = chain::build(self.works(), scratch, memo, &entries, how)?;
            self.undetermined.clone_from(&chain.undetermined);
            if self.options.dry_run || self.stopped_by_conflict(&chain) {
                return Ok((chain, None));
            }
            match chain::publish(self.session, scratch, &chain) {
                // Git has the last word on every merge, and can say it from the beginning.
                Err(SyncError::NotReproducible { .. }) if !how.by_git_only => {
                    how.by_git_only = true;
                    continue;
                }
                published => published?,
            }
            publish::keep_candidate(self.session, chain.tip)?;
            if self.options.no_checks || !self.quorum(&chain).met() || self.interrupted() {
                return Ok((chain, None));
            }
            match self.judge(&chain)? {
                Judged::Green => return Ok((chain, Some(true))),
                Judged::Red => return Ok((chain, Some(false))),
                Judged::Unknown => return Ok((chain, None)),
                Judged::Again => {}
            }
        }
    }

    fn works(&self) -> Works<'_> {
        Works {
            session: self.session,
            mender: &self.mender,
            branch: &self.branch,
            pairs: &self.pairs,
        }
    }

    fn stopped_by_conflict(&self, chain: &Chain) -> bool {
        let conflicts = |ejected: &Ejected| ejected.why == Why::Conflict;
        self.session.project.integration.on_conflict == OnConflict::Stop
            && chain.ejected.iter().any(conflicts)
    }

    fn interrupted(&self) -> bool {
        self.session.interrupt.exit_status().is_some()
    }

    fn quorum(&self, chain: &Chain) -> Quorum {
        let integration = &self.session.project.integration;
        Quorum::new(
            integration.quorum,
            &integration.required,
            &self.plan.with_work,
            &chain.tracks(),
        )
    }

    /// Checks the candidate; where it is red, finds out whether base is too, whether it stays red, and if so, whose merge it was.
    fn judge(&mut self, chain: &Chain) -> Result<Judged, SyncError> {
        let tracks = chain.tracks();
        let judge = Judge::new(
            self.session,
            self.trust,
            self.emit,
            When::Integration,
            &tracks,
        )?;
        let Some(judge) = judge else {
            self.nothing_checked = true;
            return Ok(match self.undetermined.is_empty() {
                true => Judged::Green,
                false => Judged::Unknown,
            });
        };
        (self.emit)(&Event::Stage("checking the candidate".to_owned()));
        let candidate = Trial {
            side: Side::Integration,
            commit: chain.tip,
            tracks,
        };
        self.checks = judge.all(&candidate, &mut self.seen)?;
        self.note_what_could_not_run();
        let mut red = self.red();
        if red.is_empty() {
            return Ok(match self.undetermined.is_empty() {
                true => Judged::Green,
                false => Judged::Unknown,
            });
        }
        if chain.links.is_empty() {
            // The candidate is base; asked twice, a flaky check would blame a track that is not there.
            self.base_red = red;
            return Ok(Judged::Red);
        }
        (self.emit)(&Event::Stage("asking whether base is red too".to_owned()));
        let base = Trial {
            side: Side::Base,
            commit: self.session.base.commit,
            tracks: Vec::new(),
        };
        let of_base = judge.red_among(&[base], &red, &mut self.seen)?.pop();
        match of_base.flatten() {
            None => {
                self.undetermined
                    .push("whether base is red could not be found out".to_owned());
                return Ok(Judged::Unknown);
            }
            Some(of_base) if !of_base.is_empty() => {
                self.base_red = of_base;
                return Ok(Judged::Red);
            }
            Some(_) => {}
        }
        (self.emit)(&Event::Stage("asking whether it stays red".to_owned()));
        let again = judge.again(&candidate, &red, &mut self.seen)?;
        if let Some(judged) = self.flaky(&red, &again) {
            return Ok(judged);
        }
        red = self.red();
        if self.interrupted() || self.session.project.integration.on_failure == OnFailure::Stop {
            return Ok(Judged::Red);
        }
        let inquiry = Inquiry {
            works: Works {
                session: self.session,
                mender: &self.mender,
                branch: &self.branch,
                pairs: &self.pairs,
            },
            judge: &judge,
            emit: self.emit,
            chain,
            red: &red,
        };
        let Some(found) = inquiry.culprits(&mut self.seen)? else {
            self.undetermined
                .push("whose merge turned the candidate red could not be found out".to_owned());
            return Ok(Judged::Red);
        };
        let last_good = match self.session.project.integration.on_failure {
            OnFailure::LastGood => {
                let loser = self.loser(chain, &found.culprits);
                let newest = inquiry.last_good(&found.culprits, loser, &mut self.seen)?;
                newest.map(|newest| (loser, newest))
            }
            OnFailure::Isolate | OnFailure::Stop => None,
        };
        self.blame(chain, &found, last_good);
        Ok(Judged::Again)
    }

    /// The checks that speak against the candidate.
    fn red(&self) -> Vec<CheckName> {
        let red = |run: &&Run| run.outcome.is_red() && !run.allow_failure;
        let red = self.checks.iter().filter(red);
        red.map(|run| run.check.clone()).collect()
    }

    /// Takes in what the second run of the red checks said; what the candidate is, where nothing is red any more.
    fn flaky(&mut self, red: &[CheckName], again: &[Run]) -> Option<Judged> {
        let mut refused = Vec::new();
        for run in &mut self.checks {
            let passed = again
                .iter()
                .find(|second| second.check == run.check && second.outcome == Outcome::Passed);
            let (true, Some(second)) = (red.contains(&run.check), passed) else {
                continue;
            };
            let first = run.clone();
            *run = Run {
                flaky: true,
                attempts: first.attempts + second.attempts,
                ..second.clone()
            };
            let check = self.session.project.check(&first.check);
            if check.is_some_and(|check| check.settings.flaky == Flaky::Fail) {
                refused.push(first.check.clone());
            } else {
                self.notes.push(format!(
                    "check {} is flaky: red on the candidate, green on the same tree when it ran again",
                    first.check
                ));
            }
        }
        if !self.red().is_empty() {
            return None;
        }
        if let Some(check) = refused.first() {
            self.notes.push(format!(
                "check {check} is flaky, which counts as red by `flaky = \"fail\"`; no track is to blame"
            ));
            return Some(Judged::Red);
        }
        // What was skipped or cancelled because of it has not run.
        let open = self
            .checks
            .iter()
            .any(|run| !run.allow_failure && run.outcome != Outcome::Passed);
        Some(if open { Judged::Again } else { Judged::Green })
    }

    /// Whatever neither passed nor speaks against the candidate. Where a check is red, that others were skipped or cancelled
    /// for it is no news.
    fn note_what_could_not_run(&mut self) {
        let red = !self.red().is_empty();
        for run in self.checks.iter().filter(|run| !run.allow_failure) {
            let open = match run.outcome {
                Outcome::CouldNotRun => true,
                Outcome::Cancelled | Outcome::Skipped => !red,
                Outcome::Passed | Outcome::Failed | Outcome::TimedOut | Outcome::Stalled => false,
            };
            if open {
                let why = run.note.as_deref().unwrap_or(run.outcome.as_str());
                self.undetermined
                    .push(format!("check {} could not run: {why}", run.check));
            }
        }
    }

    /// Which of the culprits stays out, by its number in the chain.
    fn loser(&self, chain: &Chain, culprits: &Culprits) -> usize {
        // Where it is not sure that the others have a part in it, they are not asked to go.
        if !culprits.confirmed {
            return culprits.exposed_by;
        }
        let all = chain.tracks();
        let mut tracks: Vec<TrackId> = culprits.with.iter().map(|n| all[*n].clone()).collect();
        tracks.push(all[culprits.exposed_by].clone());
        let loser = cheapest(&self.session.project, &tracks, &all);
        loser
            .and_then(|loser| all.iter().position(|track| track == loser))
            .unwrap_or(culprits.exposed_by)
    }

    /// Draws the consequence. `last_good`: who stays out only in part, with the newest commit that is taken, and its own line.
    fn blame(
        &mut self,
        chain: &Chain,
        found: &Found,
        last_good: Option<(usize, (CommitId, Vec<CommitId>))>,
    ) {
        let culprits = &found.culprits;
        let check = (found.check.as_ref()).map_or_else(String::new, ToString::to_string);
        let exposed = &chain.links[culprits.exposed_by];
        let resolved = &exposed.mended.resolved;
        if !resolved.is_empty() && !culprits.with.is_empty() {
            let paths: Vec<String> = (resolved.iter())
                .map(|resolved| format!("{} ({})", resolved.path, resolved.strategy))
                .collect();
            let paths_of: Vec<RepoPath> = resolved.iter().map(|it| it.path.clone()).collect();
            self.refused.insert(
                exposed.track.clone(),
                format!(
                    "resolving {} automatically makes check {check} fail",
                    paths.join(", ")
                ),
            );
            for path in &paths_of {
                self.mender.refuse(&exposed.track, path);
            }
            return;
        }
        let loser = self.loser(chain, culprits);
        let name = |number: &usize| chain.links[*number].track.clone();
        let mut tracks: Vec<TrackId> = culprits.with.iter().map(name).collect();
        tracks.push(name(&culprits.exposed_by));
        let with: Vec<Side> = (tracks.iter())
            .filter(|track| **track != chain.links[loser].track)
            .map(|track| Side::Track(track.clone()))
            .collect();
        let reason = match with.is_empty() {
            true => format!("merges, but check {check} fails with it"),
            false => format!(
                "merges, but check {check} fails once it is together with {}",
                list(&with)
            ),
        };
        let ejected = Ejected {
            track: name(&loser),
            why: Why::Check,
            with,
            paths: Vec::new(),
            check: found.check.clone(),
            reason,
        };
        self.blamed.extend(found.check.clone().map(|check| Blamed {
            check,
            tracks,
            loser: name(&loser),
            confirmed: culprits.confirmed,
            judged: found.judged,
        }));
        match last_good {
            Some((number, (commit, line))) if number == loser => {
                let entry = (self.plan.entries.iter_mut())
                    .find(|entry| entry.track == chain.links[loser].track);
                if let Some(entry) = entry {
                    let before = chain.links[loser].held.as_ref();
                    entry.held = Some(chain::held(&line, commit, before, ejected));
                    entry.tip = commit;
                }
            }
            _ => self.eject(ejected),
        }
    }

    /// Takes a track out, and with it everything that depends on it.
    fn eject(&mut self, ejected: Ejected) {
        let remaining: Vec<TrackId> = (self.plan.entries.iter())
            .map(|entry| entry.track.clone())
            .filter(|track| !self.removed.contains_key(track) && *track != ejected.track)
            .collect();
        for dependent in Plan::dependents(&self.session.project, &ejected.track, &remaining) {
            self.removed.insert(
                dependent.clone(),
                chain::lost_dependency(&dependent, &ejected.track),
            );
        }
        self.removed.insert(ejected.track.clone(), ejected);
    }

    fn report(
        self,
        chain: &Chain,
        before: Option<CommitId>,
        green: Option<bool>,
    ) -> Result<Report, SyncError> {
        let quorum = self.quorum(chain);
        let place = |track: &TrackId| self.session.order.iter().position(|id| id == track);
        let mut ejected: Vec<Ejected> = self.plan.ejected.clone();
        ejected.extend(chain.ejected.iter().cloned());
        ejected.extend(self.removed.values().cloned());
        ejected.sort_by_key(|ejected| place(&ejected.track));
        for ejected in &mut ejected {
            if let (Why::Conflict, Some(refused)) = (ejected.why, self.refused.get(&ejected.track))
            {
                ejected.reason = format!("{}; {refused}", ejected.reason);
            }
        }
        Ok(Report {
            round: self.session.store.next_round()?,
            dry_run: self.options.dry_run,
            no_checks: self.options.no_checks,
            profile: self.session.profile.clone(),
            base: self.session.base.clone(),
            branch: self.branch,
            before,
            after: before,
            candidate: (!chain.is_provisional()).then_some(chain.tip),
            merged: chain.links.iter().map(chain::Link::as_merged).collect(),
            ejected,
            tips: self.tips,
            empty: self.plan.empty.clone(),
            checks: self.checks,
            base_red: self.base_red,
            blamed: self.blamed,
            notes: self.notes,
            quorum,
            moved: false,
            green,
            nothing_checked: self.nothing_checked,
            undetermined: self.undetermined,
            dirty: pin::dirty_tracks(self.session)?,
            overdue: Vec::new(),
            rescued: None,
            operation: None,
            pushed: None,
            interrupted: self.session.interrupt.exit_status().is_some(),
        })
    }
}
