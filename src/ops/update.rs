//! Brings base, or the tip of a declared dependency, into tracks: by merge, or by putting their own commits onto it. All of it
//! is worked out in memory first; what conflicts leaves the track as it was.

mod rebase;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::domain::merge::Conflict;
use crate::domain::name::{BranchName, TrackId};
use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::domain::sync::{contains_integration, no_common_history};
use crate::git::{AdvanceError, GitError, Identity, MergeAnswer, Merger, RefError, Worktree};
use crate::process::{clock, cores, in_parallel};
use crate::store::{Event as StoredEvent, Fact, RefMove, StoreError};

use super::landed::{LIMIT, Line, has_landed};
use super::operation::{self, OperationError, Request};
use super::own_worktree::quoted;
use super::sync::integration_merge;
use super::{Session, SessionError, matrix};

/// What to bring, and how.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Empty: all tracks.
    pub tracks: Vec<String>,
    /// A track instead of base.
    pub from: Option<String>,
    pub rebase: bool,
    /// Also rebase commits that a remote-tracking branch has.
    pub rewrite_published: bool,
    pub dry_run: bool,
    /// The command line, for the operation log.
    pub command: String,
}

/// A commit of a track that is not made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    pub commit: CommitId,
    pub subject: String,
}

/// What became of a track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    UpToDate,
    Updated {
        before: CommitId,
        after: CommitId,
        /// No commit had to be made: the track had none of its own.
        fast_forward: bool,
        /// How many commits were put onto the new base.
        rebased: usize,
        /// Those of which nothing was left to do.
        dropped: Vec<Dropped>,
        /// The worktree that went along.
        worktree: Option<PathBuf>,
    },
    /// The track is as it was.
    Conflict {
        conflicts: Vec<Conflict>,
        /// The commit that could not be put onto it.
        at: Option<Dropped>,
    },
    /// Its history does not allow it; one sentence with the way out.
    Mixed {
        reason: String,
    },
    /// It cannot be done now.
    Skipped {
        why: String,
        fix: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub track: TrackId,
    pub branch: BranchName,
    pub outcome: Outcome,
}

#[derive(Debug)]
pub struct Report {
    /// What was brought: the branch's name, or the track's.
    pub from: String,
    pub commit: CommitId,
    pub rebase: bool,
    pub dry_run: bool,
    pub rows: Vec<Row>,
    /// What was found of killed operations, one sentence each.
    pub recovered: Vec<String>,
    pub operation: Option<String>,
}

impl Report {
    /// Whether there is something that somebody has to solve.
    pub fn found(&self) -> bool {
        let found = |row: &Row| {
            matches!(
                row.outcome,
                Outcome::Conflict { .. } | Outcome::Mixed { .. }
            )
        };
        self.rows.iter().any(found)
    }

    pub fn skipped(&self) -> bool {
        let skipped = |row: &Row| matches!(row.outcome, Outcome::Skipped { .. });
        self.rows.iter().any(skipped)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Operation(#[from] OperationError),
    #[error(
        "the integration branch is rebuilt in every round and holds the work of all tracks, so that no track can be based on it"
    )]
    FromIntegration,
    #[error("track {track} does not declare that it depends on {from}")]
    NotDeclared { track: TrackId, from: TrackId },
    #[error("no track declares that it depends on {from}")]
    NobodyDepends { from: TrackId },
    #[error("git does not know in whose name to commit: {message}")]
    NoIdentity { message: String },
    #[error("track {track} has no branch {branch} here")]
    NoBranch { track: TrackId, branch: BranchName },
}

/// # Errors
/// When what was asked for makes no sense, or nothing can be found out at all. What a track cannot take is in the report.
pub fn run(session: &Session, options: &Options) -> Result<Report, UpdateError> {
    let recovered = match options.dry_run {
        true => Vec::new(),
        false => operation::recover(session)?.notes,
    };
    let source = source(session, options)?;
    let update = Update {
        session,
        options,
        scratch: matrix::scratch_merger(session, &session.repository)?,
        identity: session.repository.identity(clock::now()),
        worktrees: session.repository.worktrees()?,
        line: Line::read(&session.repository, session.base.commit, LIMIT),
        source,
    };
    let tracks = update.tracks()?;
    let rows: Result<Vec<Row>, UpdateError> =
        in_parallel(&tracks, cores().get(), |track| update.work_out(track))
            .into_iter()
            .collect();
    let mut report = Report {
        from: update.source.name.clone(),
        commit: update.source.commit,
        rebase: options.rebase,
        dry_run: options.dry_run,
        rows: rows?,
        recovered,
        operation: None,
    };
    if !options.dry_run {
        update.carry_out(&mut report)?;
    }
    Ok(report)
}

/// What is brought.
struct Source {
    name: String,
    commit: CommitId,
    /// `None`: base.
    track: Option<TrackId>,
}

fn source(session: &Session, options: &Options) -> Result<Source, UpdateError> {
    let base = || Source {
        name: session.base.name.clone(),
        commit: session.base.commit,
        track: None,
    };
    let integration = &session.project.integration.branch;
    match options.from.as_deref() {
        None | Some("base") => Ok(base()),
        Some(from) if from == "integration" || from == integration.as_str() => {
            Err(UpdateError::FromIntegration)
        }
        Some(from) if Some(from) == session.base.branch.as_ref().map(BranchName::as_str) => {
            Ok(base())
        }
        Some(from) => {
            let track = session.track(from)?;
            let tip = session
                .tip(&track.branch)?
                .ok_or_else(|| UpdateError::NoBranch {
                    track: track.id.clone(),
                    branch: track.branch.clone(),
                })?;
            Ok(Source {
                name: track.branch.to_string(),
                commit: tip.commit,
                track: Some(track.id.clone()),
            })
        }
    }
}

pub(super) struct Update<'a> {
    session: &'a Session,
    options: &'a Options,
    /// For what may yet conflict.
    scratch: Merger<'a>,
    /// Needed only where something is to be committed.
    identity: Result<Identity, GitError>,
    worktrees: Vec<Worktree>,
    /// What base has landed and taken back.
    line: Line,
    source: Source,
}

impl Update<'_> {
    fn tracks(&self) -> Result<Vec<&Track>, UpdateError> {
        let named = self.session.tracks_named(&self.options.tracks)?;
        let Some(from) = &self.source.track else {
            return Ok(named);
        };
        let depends = |track: &&Track| track.tracks_needed().any(|needed| needed == from);
        if self.options.tracks.is_empty() {
            let those: Vec<&Track> = named.into_iter().filter(depends).collect();
            return match those.is_empty() {
                true => Err(UpdateError::NobodyDepends { from: from.clone() }),
                false => Ok(those),
            };
        }
        match named.iter().find(|track| !depends(track)) {
            Some(other) => Err(UpdateError::NotDeclared {
                track: other.id.clone(),
                from: from.clone(),
            }),
            None => Ok(named),
        }
    }

    fn work_out(&self, track: &Track) -> Result<Row, UpdateError> {
        let outcome = match self.outcome(track) {
            Err(UpdateError::Git(error @ GitError::Shallow)) => {
                skip(error.to_string(), "then run it again")
            }
            outcome => outcome?,
        };
        Ok(Row {
            track: track.id.clone(),
            branch: track.branch.clone(),
            outcome,
        })
    }

    fn outcome(&self, track: &Track) -> Result<Outcome, UpdateError> {
        let (repository, onto) = (&self.session.repository, self.source.commit);
        let base = self.session.base.commit;
        let Some(tip) = repository.branch(&track.branch)? else {
            return Ok(skip(
                format!("it has no branch {} here", track.branch),
                format!("`tracks init {}` makes it", track.id),
            ));
        };
        if repository.is_ancestor(onto, tip)? {
            return Ok(Outcome::UpToDate);
        }
        if self.options.tracks.is_empty() && has_landed(self.session, &track.id, Some(tip)) {
            // It is over; who wants to go on with it names it.
            return Ok(Outcome::UpToDate);
        }
        if let Some(taken) = self.line.taken_back(repository, &track.id, tip) {
            // A merge would bring what took it back, too, and leave nothing of the work.
            let base = &self.session.base.name;
            let worktree = Worktree::of_branch(&self.worktrees, &track.branch);
            let dir = worktree.map(|entry| format!(" -C {}", quoted(&entry.path)));
            let again = taken.way_in_again(&dir.unwrap_or_default(), base);
            let fix = format!("give its commits new ids: {again}");
            return Ok(skip(taken.what_happened(base), fix));
        }
        let bases = repository.merge_bases(tip, onto)?;
        if bases.is_empty() {
            let reason = no_common_history(&track.id, &self.session.base.name, &track.branch);
            return Ok(Outcome::Mixed { reason });
        }
        if let Some(merge) = integration_merge(self.session, tip, base)? {
            let base = &self.session.base.name;
            let reason = contains_integration(&track.id, merge, base, &track.branch);
            return Ok(Outcome::Mixed { reason });
        }
        let new = match bases.contains(&tip) {
            true => New {
                after: onto,
                fast_forward: true,
                rebased: 0,
                dropped: Vec::new(),
            },
            false if self.options.rebase => match self.rebase(&self.scratch, track, tip)? {
                Ok(new) => new,
                Err(outcome) => return Ok(outcome),
            },
            false => match self.merge(track, tip)? {
                Ok(new) => new,
                Err(outcome) => return Ok(outcome),
            },
        };
        let worktree = Worktree::of_branch(&self.worktrees, &track.branch);
        if let Some(entry) = worktree {
            let after = self.readable(tip, new.after);
            let may = repository.may_advance(&entry.path, &track.branch, tip, after);
            if let Err(error) = may {
                return Ok(refused(error, &entry.path)?);
            }
        }
        // Only now: what conflicts or is skipped leaves nothing in the repository.
        let after = match (new.fast_forward, self.options.dry_run) {
            (true, _) | (_, true) => new.after,
            (false, false) => self.publish(track, tip, &new)?,
        };
        Ok(Outcome::Updated {
            before: tip,
            after,
            fast_forward: new.fast_forward,
            rebased: new.rebased,
            dropped: new.dropped,
            worktree: worktree.map(|entry| entry.path.clone()),
        })
    }

    fn identity(&self) -> Result<&Identity, UpdateError> {
        self.identity.as_ref().map_err(|error| match error {
            GitError::Program { message, .. } => UpdateError::NoIdentity {
                message: message.clone(),
            },
            error => UpdateError::NoIdentity {
                message: error.to_string(),
            },
        })
    }

    /// What git can compare with the tip outside the scratch directory: where the new commit is only there, the tip itself. That
    /// nothing is in the way of the new files is looked at once more before they are written.
    fn readable(&self, tip: CommitId, after: CommitId) -> CommitId {
        match self.session.repository.commit(after) {
            Ok(_) => after,
            Err(_) => tip,
        }
    }

    /// The same once more, into the repository.
    fn publish(&self, track: &Track, tip: CommitId, new: &New) -> Result<CommitId, UpdateError> {
        let merger = Merger::publishing(&self.session.repository, self.session.base.commit);
        let again = match self.options.rebase {
            true => self.rebase(&merger, track, tip)?,
            false => self.merge_with(&merger, track, tip)?,
        };
        match again {
            Ok(again) if again.after == new.after => Ok(again.after),
            _ => Err(GitError::Read {
                what: track.branch.to_string(),
                message: "the same merge gave two results".to_owned(),
            }
            .into()),
        }
    }

    fn merge(&self, track: &Track, tip: CommitId) -> Result<Result<New, Outcome>, UpdateError> {
        self.merge_with(&self.scratch, track, tip)
    }

    fn merge_with(
        &self,
        merger: &Merger<'_>,
        track: &Track,
        tip: CommitId,
    ) -> Result<Result<New, Outcome>, UpdateError> {
        let onto = self.source.commit;
        let answer = merger.merge_all(&[(tip, onto)])?.pop();
        Ok(match answer {
            Some(MergeAnswer::Merged { tree }) => {
                let message = format!("Merge {} into {}\n", self.source.name, track.branch);
                let after = merger.commit_merge(self.identity()?, tree, [tip, onto], &message)?;
                Ok(New {
                    after,
                    fast_forward: false,
                    rebased: 0,
                    dropped: Vec::new(),
                })
            }
            Some(MergeAnswer::Conflicted { conflicts, .. }) => Err(Outcome::Conflict {
                conflicts,
                at: None,
            }),
            Some(MergeAnswer::Unavailable(reason)) => {
                Err(skip(reason, "mend that, then run it again"))
            }
            None => Err(skip("git gave no answer", "run it again")),
        })
    }

    /// Moves all of them in one operation. A track that cannot be moved after all is left out.
    fn carry_out(&self, report: &mut Report) -> Result<(), UpdateError> {
        loop {
            let moves: Vec<RefMove> = report.rows.iter().filter_map(moved).collect();
            if moves.is_empty() {
                return Ok(());
            }
            let how = if self.options.rebase { "onto" } else { "from" };
            let request = Request {
                command: self.options.command.clone(),
                did: moves
                    .iter()
                    .map(|moved| format!("updated {} {how} {}", short(&moved.name), report.from))
                    .collect(),
                message: format!("tracks update: {how} {}", report.from),
                moves,
                ..Request::default()
            };
            match operation::carry_out(self.session, request) {
                Ok(done) => {
                    report.operation = Some(done.id);
                    return self.record_events(report);
                }
                Err(error) => leave_out(report, error)?,
            }
        }
    }

    fn record_events(&self, report: &Report) -> Result<(), UpdateError> {
        for row in report.rows.iter().filter(|row| moved(row).is_some()) {
            let how = if self.options.rebase {
                "rebase"
            } else {
                "merge"
            };
            let facts = BTreeMap::from([
                ("by".to_owned(), Fact::Text(how.to_owned())),
                ("from".to_owned(), Fact::Text(report.from.clone())),
            ]);
            self.session.store.append_event(&StoredEvent {
                time: clock::now(),
                kind: "update".to_owned(),
                track: Some(row.track.to_string()),
                facts,
            })?;
        }
        Ok(())
    }
}

/// What a track would become.
pub(super) struct New {
    after: CommitId,
    fast_forward: bool,
    rebased: usize,
    dropped: Vec<Dropped>,
}

fn moved(row: &Row) -> Option<RefMove> {
    match row.outcome {
        Outcome::Updated { before, after, .. } => Some(RefMove {
            name: row.branch.full(),
            before: Some(before),
            after: Some(after),
        }),
        _ => None,
    }
}

fn short(name: &str) -> &str {
    name.strip_prefix("refs/heads/").unwrap_or(name)
}

fn skip(why: impl Into<String>, fix: impl Into<String>) -> Outcome {
    Outcome::Skipped {
        why: why.into(),
        fix: fix.into(),
    }
}

fn refused(error: AdvanceError, worktree: &Path) -> Result<Outcome, GitError> {
    let path = quoted(worktree);
    let fix = match &error {
        AdvanceError::Dirty { .. } => {
            format!("commit it, or put it aside with `git -C {path} stash`, then run it again")
        }
        AdvanceError::InTheWay { .. } => "move it away, then run it again".to_owned(),
        AdvanceError::Unfinished(_) => format!("finish it first: `git -C {path} status` says how"),
        AdvanceError::Moved { .. } => "run it again".to_owned(),
        AdvanceError::Locked { .. } => {
            "if no git process is at work there, remove the `.lock` file".to_owned()
        }
        AdvanceError::Refused { .. } | AdvanceError::NotPutBack { .. } | AdvanceError::Git(_) => {
            "mend that, then run it again".to_owned()
        }
    };
    match error {
        AdvanceError::Git(error) => Err(error),
        error => Ok(skip(error.to_string(), fix)),
    }
}

/// Something has changed since it was looked at: that track is for another run.
fn leave_out(report: &mut Report, error: OperationError) -> Result<(), UpdateError> {
    let again = "run it again";
    let (branch, outcome) = match error {
        OperationError::Worktree {
            branch,
            path,
            error,
        } => (branch.full(), refused(error, &path)?),
        OperationError::CheckedOut { branch, path } => {
            let why = format!(
                "it is checked out in {}, which cannot be used",
                path.display()
            );
            (
                branch.full(),
                skip(why, "`tracks init` tells what is wrong there"),
            )
        }
        OperationError::Symbolic { name, target } => {
            let why = format!("its branch is a symbolic ref to {target}");
            (name, skip(why, "make it a branch of its own"))
        }
        OperationError::Ref(
            RefError::Moved { ref name }
            | RefError::Locked { ref name }
            | RefError::Refused { ref name, .. },
        ) => (name.clone(), skip(error.to_string(), again)),
        error => return Err(error.into()),
    };
    let updated = |row: &&mut Row| row.branch.full() == branch && moved(row).is_some();
    match report.rows.iter_mut().find(updated) {
        Some(row) => {
            row.outcome = outcome;
            Ok(())
        }
        None => Err(GitError::Read {
            what: branch,
            message: "it cannot be moved".to_owned(),
        }
        .into()),
    }
}
