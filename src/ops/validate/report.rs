//! What `validate` found of each track, and what that means for the verdict.

use std::collections::BTreeMap;

use crate::domain::check::{Outcome, Run};
use crate::domain::deliverable::Delivery;
use crate::domain::merge::Verdict;
use crate::domain::name::{BranchName, Side, TrackId};
use crate::domain::revision::CommitId;
use crate::domain::rule::Finding;
use crate::domain::sync::Foreseen;
use crate::ops::BasePoint;

use super::Mending;

#[derive(Debug)]
pub struct Report {
    pub base: BasePoint,
    /// Every track was asked for, not one.
    pub all: bool,
    /// There are checks, and they were not to run.
    pub without_checks: bool,
    /// In landing order.
    pub tracks: Vec<Judged>,
    /// What concerns no track in particular.
    pub notes: Vec<String>,
}

/// One track.
#[derive(Debug)]
pub struct Judged {
    pub track: TrackId,
    pub branch: BranchName,
    pub head: CommitId,
    pub findings: Vec<Finding>,
    pub with_base: Verdict,
    /// `None` before the first round that moved.
    pub with_integration: Option<Verdict>,
    /// Those of the sides whose conflicts a round resolves by itself, and how.
    pub foreseen: BTreeMap<Side, Foreseen>,
    pub deliverables: Vec<Delivery>,
    /// It is declared ready or done, so what it is to deliver has to be there.
    pub delivers: bool,
    /// Why it could not be judged by rules.
    pub open: Option<String>,
    pub runs: Vec<Run>,
    /// Of the checks that are red: how they end on base.
    pub runs_on_base: Vec<Run>,
    /// What was set right; `None`: that was not asked for.
    pub mending: Option<Mending>,
    pub notes: Vec<String>,
}

impl Report {
    pub fn refused(&self) -> bool {
        self.tracks.iter().any(Judged::refused)
    }

    pub fn undetermined(&self) -> bool {
        self.tracks.iter().any(Judged::undetermined)
    }
}

impl Judged {
    pub fn refused(&self) -> bool {
        let refuses = |it: &Finding| it.refuses() && !it.undetermined;
        self.findings.iter().any(refuses)
            || !self.conflicts().is_empty()
            || self.runs.iter().any(|run| self.speaks_against(run))
            || !self.undelivered().is_empty()
    }

    pub fn undetermined(&self) -> bool {
        !self.reasons().is_empty()
    }

    /// The sides that it conflicts with, where no round would resolve that.
    pub fn conflicts(&self) -> Vec<Side> {
        let conflicts = self.sides().filter(|(side, verdict)| {
            matches!(verdict, Verdict::Conflict(_)) && !self.foreseen.contains_key(side)
        });
        conflicts.map(|(side, _)| side).collect()
    }

    /// What is missing of a track that is declared to be there.
    pub fn undelivered(&self) -> Vec<&Delivery> {
        let open = |it: &&Delivery| self.delivers && !it.is_complete();
        self.deliverables.iter().filter(open).collect()
    }

    /// Whether a run is one that keeps the track out: what is red on base too is not its fault.
    pub fn speaks_against(&self, run: &Run) -> bool {
        run.outcome.is_red() && !run.allow_failure && !self.is_red_on_base(run)
    }

    pub fn is_red_on_base(&self, run: &Run) -> bool {
        let same = self.runs_on_base.iter().find(|it| it.check == run.check);
        // One that was skipped there has a need that is red there.
        same.is_some_and(|it| it.outcome.is_red() || it.outcome == Outcome::Skipped)
    }

    pub fn is_green_on_base(&self, run: &Run) -> bool {
        let same = self.runs_on_base.iter().find(|it| it.check == run.check);
        same.is_some_and(|it| it.outcome == Outcome::Passed)
    }

    /// What could not be found out, one sentence each.
    pub fn reasons(&self) -> Vec<String> {
        let findings = self.findings.iter();
        let open = findings.filter(|it| it.refuses() && it.undetermined);
        let open = open.map(|it| format!("{}: {}", it.code, it.message));
        self.unjudged().into_iter().chain(open).collect()
    }

    /// The same without what is a finding already.
    pub fn unjudged(&self) -> Vec<String> {
        let merges = self.sides().filter_map(|(side, verdict)| match verdict {
            Verdict::Unavailable(reason) => Some(match side {
                Side::Base => reason.clone(),
                side => format!("{side}: {reason}"),
            }),
            Verdict::Clean | Verdict::Conflict(_) => None,
        });
        let runs = self.runs.iter().filter(|run| !run.allow_failure);
        let runs = runs.filter_map(|run| match run.outcome {
            Outcome::CouldNotRun | Outcome::Cancelled => {
                let why = run.note.as_deref().unwrap_or(run.outcome.as_str());
                Some(format!("check {} could not run: {why}", run.check))
            }
            _ => None,
        });
        let mut reasons: Vec<String> = merges.chain(runs).collect();
        if let Some(reason) = (self.open.as_ref()).filter(|it| !reasons.contains(it)) {
            reasons.push(reason.clone());
        }
        reasons
    }

    pub fn sides(&self) -> impl Iterator<Item = (Side, &Verdict)> {
        let integration = self.with_integration.iter();
        std::iter::once((Side::Base, &self.with_base))
            .chain(integration.map(|verdict| (Side::Integration, verdict)))
    }
}
