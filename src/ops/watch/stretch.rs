//! A stretch of watching: the time during which base and tracks.toml stay the same, and what is kept for so long.

use crate::domain::revision::CommitId;
use crate::git::{GitError, Memo, Merger};
use crate::ops::conflicts::{self, Report};
use crate::ops::{Session, integration_side, matrix};

/// The integration branch, and the number of the last round that moved it.
pub(super) type Integration = (Option<CommitId>, Option<u64>);

/// What of one session lives as long as it does.
pub(super) struct Stretch<'s> {
    pub(super) session: &'s Session,
    pub(super) merger: Merger<'s>,
    /// What has been found out for one matrix and is as true for the next.
    memo: Memo,
    judged: bool,
    pub(super) integration: Integration,
}

impl<'s> Stretch<'s> {
    pub(super) fn new(session: &'s Session) -> Result<Self, GitError> {
        Ok(Stretch {
            session,
            merger: matrix::scratch_merger(session, &session.repository)?,
            memo: matrix::memory(session),
            judged: false,
            integration: integration(session)?,
        })
    }

    pub(super) fn judge(
        &mut self,
        sides: Vec<matrix::TrackSide>,
        options: &conflicts::Options,
    ) -> Result<Report, GitError> {
        if self.judged {
            self.memo.forget_unused();
        }
        let report = conflicts::judge(self.session, &self.merger, &self.memo, sides, options)?;
        if !self.judged {
            matrix::remember(self.session, &self.memo);
        }
        self.judged = true;
        Ok(report)
    }
}

impl Drop for Stretch<'_> {
    fn drop(&mut self) {
        if self.judged {
            matrix::remember(self.session, &self.memo);
        }
    }
}

pub(super) fn integration(session: &Session) -> Result<Integration, GitError> {
    let branch = session
        .repository
        .branch(&session.project.integration.branch)?;
    // What cannot be read here is unavailable in the matrix, with the reason.
    let round = integration_side::last_round(session).ok().flatten();
    Ok((branch, round.map(|round| round.number)))
}
