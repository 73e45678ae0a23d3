//! Pre-merge validation of tracks: no rule is broken, what was promised is there, it merges clean, and its checks pass.
//!
//! What is judged is found in `target`, promises in `deliverables`, checks in `checks`; `fix` carries out what the tool can
//! set right by itself, and `paths` is the quick answer for editors, which reads no history.

mod checks;
pub(in crate::ops) mod deliverables;
mod fix;
pub mod paths;
mod report;
mod target;

use std::collections::BTreeSet;
use std::path::Path;

use crate::domain::merge::{Pair, Verdict};
use crate::domain::name::{BranchName, Side, TrackId};
use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::domain::state::State;
use crate::git::{GitError, Head, Merger};
use crate::store::StoreError;

use super::check::CheckError;
use super::declared::Declared;
use super::matrix::{self, Matrix, Scope, TrackSide};
use super::rules::{Asked, Whose, WithUncommitted};
use super::trust::Trust;
use super::{Emit, Event, Session, SessionError, sync};
use checks::Checked;
pub use fix::{Mended, Mending};
pub use report::{Judged, Report};
pub use target::{judge_against, tracks_meant};

/// Which tracks, over which range, and how.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `None`: the track of the current branch or worktree.
    pub track: Option<String>,
    /// A revision instead of the track's tip.
    pub head: Option<String>,
    /// Every track with work.
    pub all: bool,
    /// Without checks.
    pub no_checks: bool,
    /// What can be set right mechanically, is.
    pub fix: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error("{here} belongs to no track")]
    NoTrack { here: String, known: Vec<String> },
    #[error("HEAD is detached here, and does not say which track is meant")]
    Detached { known: Vec<String> },
    #[error("track {track} has no branch {branch} here, neither locally nor on {remote}")]
    NoBranch {
        track: TrackId,
        branch: BranchName,
        remote: String,
    },
    #[error("`{revision}` is not a commit here")]
    NoCommit { revision: String },
    /// For those who ask with paths: there is no place that they could be in.
    #[error("there is no worktree here that the paths could be in")]
    NoWorktree,
}

/// # Errors
/// When there is no such track or commit, or git cannot tell.
pub fn run(
    session: &Session,
    trust: &Trust,
    options: &Options,
    dir: &Path,
    emit: Emit<'_>,
) -> Result<Report, ValidateError> {
    let merger = matrix::scratch_merger(session, &session.repository)?;
    let mut course = Course {
        session,
        trust,
        merger: &merger,
        branch: None,
        all: options.all,
    };
    let mut notes = Vec::new();
    let mut sides = match options.all {
        true => course.everybody(&mut notes)?,
        false => {
            let (track, head, branch) = target::one(session, options, dir)?;
            course.branch = branch;
            vec![TrackSide::committed(session, &track.id, head)?]
        }
    };
    emit(&Event::Stage(match sides.len() {
        1 => "judging 1 track".to_owned(),
        number => format!("judging {number} tracks"),
    }));
    let mut judged = course.judge(&mut sides, &mut notes, Judging::AsTheyAre)?;
    if options.fix {
        let mut mended: Vec<Mending> = judged.iter().map(|_| Mending::default()).collect();
        let has_mend = |judged: &Judged| judged.findings.iter().any(|it| it.mend.is_some());
        if judged.iter().any(has_mend) {
            let is_mended = course.mend(&sides, &mut mended)?;
            if is_mended {
                // What remains is judged with what was mended, which is not committed.
                sides = course.with_uncommitted(&sides)?;
                judged = course.judge(&mut sides, &mut Vec::new(), Judging::AsTheyAre)?;
            }
        }
        for (judged, mending) in judged.iter_mut().zip(mended) {
            judged.mending = Some(mending);
        }
    }
    if !options.no_checks {
        let checked = checks::run(session, &merger, trust, &sides, emit)?;
        for (judged, checked) in judged.iter_mut().zip(checked) {
            let Checked { runs, on_base } = checked;
            (judged.runs, judged.runs_on_base) = (runs, on_base);
        }
    }
    Ok(Report {
        base: session.base.clone(),
        all: options.all,
        without_checks: options.no_checks
            && session.project.checks.iter().any(checks::is_for_tracks),
        tracks: judged,
        notes,
    })
}

/// What counts of the sides that are judged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Judging {
    AsTheyAre,
    /// What is committed; what is not is only in the way of names that are offered.
    Committed,
}

/// What one run of the verb reads once.
struct Course<'a> {
    session: &'a Session,
    trust: &'a Trust,
    merger: &'a Merger<'a>,
    /// Where the work is said to be.
    branch: Option<BranchName>,
    /// Every track is judged by its commits, so nobody's uncommitted work counts.
    all: bool,
}

impl Course<'_> {
    /// The tips of all tracks that have a branch and are not dropped.
    fn everybody(&self, notes: &mut Vec<String>) -> Result<Vec<TrackSide>, ValidateError> {
        let session = self.session;
        let declared = Declared::read(session)?;
        let mut ids = Vec::new();
        let mut dropped = Vec::new();
        for id in &session.order {
            let Some(track) = session.project.track(id) else {
                continue;
            };
            let tip = session.tip(&track.branch)?.map(|tip| tip.commit);
            match declared.state(session, track, tip)? {
                State::Dropped => dropped.push(id.to_string()),
                _ => ids.push(id.clone()),
            }
        }
        if !dropped.is_empty() {
            notes.push(format!("not judged, since dropped: {}", dropped.join(", ")));
        }
        let sides = matrix::track_sides(session, self.merger, &ids, true)?;
        Ok(sides
            .into_iter()
            .filter(|side| side.tip.is_some())
            .collect())
    }

    /// Whether anything was mended. A name that was given is taken for the next one: after each, everything is judged anew.
    fn mend(&self, sides: &[TrackSide], mended: &mut [Mending]) -> Result<bool, ValidateError> {
        let mut tried = BTreeSet::new();
        let mut is_mended = false;
        loop {
            let mut sides = self.with_uncommitted(sides)?;
            let judged = self.judge(&mut sides, &mut Vec::new(), Judging::Committed)?;
            if !fix::next(self.session, &judged, &mut tried, mended)? {
                return Ok(is_mended);
            }
            is_mended = true;
        }
    }

    /// The same with what is in their worktrees, where these stand on what is judged.
    fn with_uncommitted(&self, sides: &[TrackSide]) -> Result<Vec<TrackSide>, GitError> {
        let now = sides.iter().map(|side| {
            let track = std::slice::from_ref(&side.track);
            let now = matrix::track_sides(self.session, self.merger, track, false)?.pop();
            Ok(now
                .filter(|now| now.tip == side.tip)
                .unwrap_or_else(|| side.clone()))
        });
        now.collect()
    }

    /// Rules, merges and promises, of each side. Where everybody is judged, only of those that have work, and the others are
    /// taken out.
    fn judge(
        &self,
        sides: &mut Vec<TrackSide>,
        notes: &mut Vec<String>,
        judging: Judging,
    ) -> Result<Vec<Judged>, ValidateError> {
        let (session, merger) = (self.session, self.merger);
        let memo = matrix::memory(session);
        let ids: Vec<TrackId> = sides.iter().map(|side| side.track.clone()).collect();
        let mut all = match self.all {
            true => Vec::new(),
            false => {
                let tracks = session.project.tracks.iter();
                let others = tracks.filter(|other| !ids.contains(&other.id));
                let others: Vec<TrackId> = others.map(|other| other.id.clone()).collect();
                matrix::track_sides(session, merger, &others, false)?
            }
        };
        all.extend_from_slice(sides);
        let asked = Asked {
            commits: match self.all {
                true => Whose::Everybody,
                false => Whose::Of(&ids),
            },
            in_full: true,
            programs: Some(self.trust),
        };
        let mut matrix = Matrix::new(session, merger, &memo, &all, Scope::Branches(&ids))?;
        let as_they_are: &[TrackId] = match judging {
            Judging::AsTheyAre => &ids,
            Judging::Committed => &[],
        };
        let rules = match WithUncommitted::read(session, &matrix, asked, as_they_are) {
            // The verdicts say the same of merges, and there is nothing to judge.
            Err(GitError::Shallow) => None,
            rules => Some(rules?),
        };
        if let Some(rules) = &rules {
            notes.extend(rules.notes().iter().cloned());
            if self.all {
                sides.retain(|side| rules.has_work(&side.track));
            }
        }
        let pairs = matrix.pairs()?;
        // Where that cannot be told, a conflict is one.
        let mut foreseen = sync::foresee(session, merger, &pairs).unwrap_or_default();
        let declared = Declared::read(session)?;
        let mut judged = Vec::new();
        for side in sides.iter() {
            let (Some(track), Some(head)) = (session.project.track(&side.track), side.tip) else {
                continue;
            };
            let this = Side::Track(track.id.clone());
            let of = |other: Side| {
                let mut pairs = pairs.iter();
                let pair = pairs.find(|pair: &&Pair| pair.a == other && pair.b == this);
                pair.map(|pair| pair.verdict.clone())
            };
            let mut foreseen_with = |other: Side| {
                let foreseen = foreseen.remove(&(other.clone(), this.clone()))?;
                Some((other, foreseen))
            };
            let findings = rules.as_ref().map_or_else(Vec::new, |rules| {
                rules.judge(&track.id, &BTreeSet::new(), self.branch.as_ref())
            });
            let deliverables = deliverables::of(merger, track, side)?;
            judged.push(Judged {
                track: track.id.clone(),
                branch: track.branch.clone(),
                head,
                findings,
                with_base: of(Side::Base)
                    .unwrap_or_else(|| Verdict::Unavailable("git gave no answer".to_owned())),
                with_integration: of(Side::Integration),
                foreseen: [foreseen_with(Side::Base), foreseen_with(Side::Integration)]
                    .into_iter()
                    .flatten()
                    .collect(),
                delivers: !deliverables.is_empty() && {
                    let state = declared.state(session, track, Some(head))?;
                    matches!(state, State::Ready | State::Done)
                },
                deliverables,
                open: rules.is_none().then(|| GitError::Shallow.to_string()),
                runs: Vec::new(),
                runs_on_base: Vec::new(),
                mending: None,
                notes: target::notes(session, track, side)?,
            });
        }
        Ok(judged)
    }
}

/// The commit of a revision that somebody named.
fn commit(session: &Session, revision: &str) -> Result<CommitId, ValidateError> {
    session
        .repository
        .resolve(revision)?
        .ok_or_else(|| ValidateError::NoCommit {
            revision: revision.to_owned(),
        })
}

/// The track of the branch that is checked out, or of one that was named, or why there is none.
fn track_of<'a>(
    session: &'a Session,
    named: Option<&str>,
    dir: &Path,
) -> Result<&'a Track, ValidateError> {
    let here = session.branch_here()?;
    let branch = here.as_ref().map(BranchName::as_str);
    let tracks = &session.project.tracks;
    let of = |wanted: Option<&str>| {
        tracks
            .iter()
            .find(|track| wanted == Some(track.branch.as_str()))
    };
    if let Some(track) = of(named).or_else(|| of(branch)) {
        return Ok(track);
    }
    // CI checks out a commit, and names it rather than a branch.
    let head = session.repository.head()?;
    let commit = match (named, &head) {
        (Some(named), _) => session.repository.resolve(named)?,
        (None, Head::Detached { commit }) => Some(*commit),
        (None, _) => None,
    };
    if let Some(track) = commit
        .map(|commit| the_one_at(session, commit))
        .transpose()?
        .flatten()
    {
        return Ok(track);
    }
    let known = tracks.iter().map(|track| track.id.to_string()).collect();
    let here = match (named, branch) {
        (Some(head), _) => format!("`{head}`"),
        (None, Some(branch)) => format!("branch {branch}"),
        (None, None) if matches!(head, Head::Detached { .. }) => {
            return Err(ValidateError::Detached { known });
        }
        (None, None) => format!("{}", dir.display()),
    };
    Err(ValidateError::NoTrack { here, known })
}

/// The only track that has its branch at this commit, here or on the remote.
fn the_one_at(session: &Session, commit: CommitId) -> Result<Option<&Track>, ValidateError> {
    let (repository, remote) = (&session.repository, &session.project.remote);
    let mut found = None;
    for track in &session.project.tracks {
        let here = repository.branch(&track.branch)? == Some(commit);
        if here || repository.remote_branch(remote, &track.branch)? == Some(commit) {
            if found.is_some() {
                return Ok(None);
            }
            found = Some(track);
        }
    }
    Ok(found)
}
