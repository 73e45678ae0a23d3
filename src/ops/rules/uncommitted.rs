//! What uncommitted work adds to what is found: things to know, never more.
//!
//! Everything is judged by what is committed. Where somebody has uncommitted work, everything is judged once more with it, and
//! what is found only then is a warning: it may still change, but no edit of somebody else hides what is committed.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::name::{BranchName, TrackId};
use crate::domain::rule::{self, Collision, Finding};
use crate::git::GitError;

use super::super::Session;
use super::super::matrix::{Matrix, Scope, TrackSide};
use super::{Asked, Rules};

/// Rules over what is committed, and over all that is there.
#[derive(Debug)]
pub(in super::super) struct WithUncommitted<'s> {
    committed: Rules<'s>,
    /// `None`: nobody has uncommitted work.
    whole: Option<Rules<'s>>,
}

impl<'s> WithUncommitted<'s> {
    /// `judged`: tracks that are taken as the matrix has them, since that is what is to be judged.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub(in super::super) fn read(
        session: &'s Session,
        matrix: &Matrix<'_, '_>,
        asked: Asked<'_>,
        judged: &[TrackId],
    ) -> Result<WithUncommitted<'s>, GitError> {
        let whole = Rules::read(session, matrix, asked)?;
        let is_open = |side: &TrackSide| side.dirty && !judged.contains(&side.track);
        if !matrix.sides().iter().any(is_open) {
            return Ok(WithUncommitted {
                committed: whole,
                whole: None,
            });
        }
        let sides = matrix.sides().iter().map(|side| match side.tip {
            Some(tip) if is_open(side) => TrackSide::committed(session, &side.track, tip),
            _ => Ok(side.clone()),
        });
        let sides: Vec<TrackSide> = sides.collect::<Result<_, _>>()?;
        let engine = matrix.engine();
        let scope = Scope::WithoutIntegration;
        let matrix = Matrix::new(session, engine.merger(), engine.memo(), &sides, scope)?;
        Ok(WithUncommitted {
            committed: Rules::read(session, &matrix, asked)?,
            whole: Some(whole),
        })
    }

    /// What is to be told of how the facts were gathered, one sentence each without a full stop.
    pub(in super::super) fn notes(&self) -> &[String] {
        self.committed.notes()
    }

    /// What is to be told of the contracts that a track changes and that were not compared.
    pub(in super::super) fn not_compared(&self, track: &TrackId) -> Vec<String> {
        self.whole
            .as_ref()
            .unwrap_or(&self.committed)
            .not_compared(track)
    }

    /// Whether a track has committed anything that base and what it is built on have not.
    pub(in super::super) fn has_work(&self, track: &TrackId) -> bool {
        self.committed.has_work(track)
    }

    /// As [`Rules::judge`].
    pub(in super::super) fn judge(
        &self,
        track: &TrackId,
        without: &BTreeSet<TrackId>,
        branch: Option<&BranchName>,
    ) -> Vec<Finding> {
        let mut findings = self.committed.judge(track, without, branch);
        if let Some(whole) = &self.whole {
            add_open(&mut findings, whole.judge(track, without, branch));
            rule::sort(&mut findings);
        }
        findings
    }

    /// What tracks have against each other that git does not see, by the two in landing order.
    pub(in super::super) fn collisions(&self) -> BTreeMap<(TrackId, TrackId), Vec<Collision>> {
        let mut findings = self.committed.against_each_other();
        for (track, found) in self.whole.iter().flat_map(Rules::against_each_other) {
            match findings.iter_mut().find(|(known, _)| *known == track) {
                Some((_, of_track)) => add_open(of_track, found),
                None => {
                    let mut of_track = Vec::new();
                    add_open(&mut of_track, found);
                    findings.push((track, of_track));
                }
            }
        }
        let order = &self.committed.session.order;
        findings.sort_by_key(|(track, _)| order.iter().position(|id| id == track));
        rule::collisions(&findings)
    }
}

/// Adds what is not among the findings yet. Of two tracks the same is the same whatever stands for it.
fn add_open(findings: &mut Vec<Finding>, open: Vec<Finding>) {
    let is_same = |a: &Finding, b: &Finding| {
        let about = |it: &Finding| (it.code, it.path.clone(), it.other.clone());
        about(a) == about(b) && (a.other.is_some() || a.message == b.message)
    };
    for finding in open {
        match findings.iter_mut().find(|known| is_same(known, &finding)) {
            // A name that is offered is to be free of what is on its way, too.
            Some(known) if finding.mend.is_some() => {
                (known.fix, known.mend) = (finding.fix, finding.mend);
            }
            Some(_) => {}
            None => findings.push(finding.not_committed()),
        }
    }
}
