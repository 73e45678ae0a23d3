//! Making a merge whole that git leaves in pieces, or that is clean and wrong: by what somebody has resolved before, by what
//! was decided, and by the rules of tracks.toml.

mod facts;
mod lines;
mod program;
mod real;
mod recorded;
mod renumber;
mod rules;
mod work;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::merge::Conflict;
use crate::domain::migration::Renumbered;
use crate::domain::name::{Side, TrackId};
use crate::domain::path::RepoPath;
use crate::domain::resolution::{Decision, Record};
use crate::domain::revision::{CommitId, TreeId};
use crate::domain::sync::Resolved;
use crate::git::{GitError, Merger, TreeEdit};

use super::super::landed::{LIMIT, Line};
use super::super::notebook::Notebook;
use super::super::trust::Trust;
use super::super::{Emit, Session};
use super::SyncError;
use work::Work;

/// One merge of a chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meeting<'m> {
    /// The candidate so far.
    pub ours: CommitId,
    /// The track's commit.
    pub theirs: CommitId,
    pub track: &'m TrackId,
    /// Whose work is in `ours`, in the order merged, each with the commit that was merged.
    pub earlier: &'m [(TrackId, CommitId)],
    /// What git made of it, and where it has left conflicts; none where it merged clean.
    pub tree: TreeId,
    pub conflicts: &'m [Conflict],
}

/// What has to be done to git's tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mended {
    /// Contents lie where the merger that was asked writes.
    pub edits: Vec<TreeEdit>,
    pub resolved: Vec<Resolved>,
    /// What else there is to say of this merge, one sentence each.
    pub notes: Vec<String>,
    /// Conflicts that a program would be tried on, were this no dry run; they are as without it.
    pub untried: Vec<RepoPath>,
    /// Something would be run that was not, so that what comes of it is not known.
    pub provisional: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mend {
    /// Nothing is left in conflict.
    Whole(Mended),
    /// Something that has to be run could not be: what, and why, one clause.
    Undetermined(String),
    /// Something is.
    Left {
        /// One sentence, where there is more to say of it than that nothing resolves it.
        why: Option<String>,
        /// What nothing resolves; in conflict with it stays what a rule or a record would resolve.
        open: Vec<RepoPath>,
        /// What may be resolved by a program that was not run, since nothing is to run.
        untried: Vec<RepoPath>,
    },
}

pub(super) struct Mender<'a> {
    session: &'a Session,
    trust: &'a Trust,
    emit: Emit<'a>,
    /// Nothing is run, since nothing is to be changed.
    dry_run: bool,
    /// What people have resolved and decided, as it was when the round began.
    notebook: Notebook,
    /// The tracks of every green round, oldest first.
    green: Vec<Vec<TrackId>>,
    /// Base's own, once it was asked for.
    line: OnceCell<Line>,
    /// Paths of tracks' merges that must not be resolved automatically in this round: what came of it was red.
    refused: BTreeSet<(TrackId, RepoPath)>,
    renumbered: BTreeMap<TrackId, Renumbered>,
}

impl<'a> Mender<'a> {
    /// # Errors
    /// When what was recorded cannot be read.
    pub(super) fn new(
        session: &'a Session,
        trust: &'a Trust,
        emit: Emit<'a>,
        dry_run: bool,
    ) -> Result<Self, SyncError> {
        let rounds = session.store.rounds()?.into_iter();
        let green = rounds.filter(|round| round.green == Some(true) && round.moved);
        let green = green.map(|round| round.merged.into_iter().map(|merged| merged.track));
        Ok(Mender {
            session,
            trust,
            emit,
            dry_run,
            notebook: Notebook::read(session)?,
            green: green.map(Iterator::collect).collect(),
            line: OnceCell::new(),
            refused: BTreeSet::new(),
            renumbered: BTreeMap::new(),
        })
    }

    pub(super) fn refuse(&mut self, track: &TrackId, path: &RepoPath) {
        self.refused.insert((track.clone(), path.clone()));
    }

    /// # Errors
    /// When git, a command or the state cannot be asked at all; that something stays in conflict is an answer.
    pub(super) fn mend(
        &self,
        merger: &Merger<'_>,
        meeting: &Meeting<'_>,
    ) -> Result<Mend, SyncError> {
        let renamed = match renumber::renamed(&self.renumbered, merger, meeting)? {
            Ok(renamed) => renamed,
            Err((path, why)) => {
                return Ok(Mend::Left {
                    why: Some(why),
                    open: vec![path],
                    untried: Vec::new(),
                });
            }
        };
        // What is made anew is made of the files as they are called here.
        let meeting = Meeting {
            tree: merger.edited(meeting.tree, &renamed.edits)?,
            ..*meeting
        };
        let mut work = Work::new(self, merger, &meeting)?;
        work.resolve()?;
        work.regenerate_what_is_due()?;
        Ok(match work.finish()? {
            Mend::Whole(mended) => Mend::Whole(renumber::together(renamed, mended)),
            other => other,
        })
    }

    /// What the migrations of a track are called in the integration from here on.
    pub(super) fn renumber(&mut self, track: &TrackId, files: Renumbered) {
        self.renumbered.insert(track.clone(), files);
    }

    /// The tracks of every green round, oldest first.
    pub(super) fn green(&self) -> &[Vec<TrackId>] {
        &self.green
    }

    /// Whether something was recorded about the path, or decided between the two about it.
    pub(super) fn knows(&self, a: &Side, b: &Side, path: &RepoPath) -> bool {
        let about = |record: &Record| record.paths().any(|known| known == path);
        let decided = |decision: &Decision| match (a, b) {
            (Side::Track(a), Side::Track(b)) => decision.is_about(a, b, path),
            (_, Side::Track(track)) => [&decision.prefer, &decision.over].contains(&track),
            _ => false,
        };
        self.notebook.records.iter().any(about) || self.notebook.decisions.iter().any(decided)
    }

    fn refuses(&self, track: &TrackId, path: &RepoPath) -> bool {
        self.refused.contains(&(track.clone(), path.clone()))
    }

    /// Whether base has had what was merged of the track taken out again, with this commit of it.
    fn took_back(&self, track: &TrackId, commit: CommitId) -> Result<bool, GitError> {
        let (repository, base) = (&self.session.repository, self.session.base.commit);
        let line = (self.line).get_or_init(|| Line::read(repository, base, LIMIT));
        line.took_back(repository, track, commit)
    }

    fn is_critical(&self, path: &RepoPath) -> bool {
        let mut critical = self.session.project.integration.critical.iter();
        critical.any(|pattern| pattern.matches(path))
    }
}
