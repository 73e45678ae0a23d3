//! Pre-merge validation of one track: no rule is broken, and it merges clean.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::domain::merge::{Pair, Verdict};
use crate::domain::name::{BranchName, Side, TrackId};
use crate::domain::project::Track;
use crate::domain::revision::CommitId;
use crate::domain::rule::Finding;
use crate::domain::sync::Foreseen;
use crate::git::{GitError, Head, Worktree};

use super::matrix::{self, Matrix, Scope, TrackSide};
use super::rules::{Asked, Rules, Whose};
use super::{BasePoint, Session, SessionError, sync};

/// Which track, and over which range.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `None`: the track of the current branch or worktree.
    pub track: Option<String>,
    /// A revision instead of the base branch.
    pub base: Option<String>,
    /// A revision instead of the track's tip.
    pub head: Option<String>,
}

#[derive(Debug)]
pub struct Report {
    pub track: TrackId,
    pub branch: BranchName,
    pub base: BasePoint,
    pub head: CommitId,
    pub findings: Vec<Finding>,
    pub with_base: Verdict,
    /// `None` before the first round that moved.
    pub with_integration: Option<Verdict>,
    /// Those of the sides whose conflicts a round resolves by itself, and how.
    pub foreseen: BTreeMap<Side, Foreseen>,
    pub notes: Vec<String>,
}

impl Report {
    pub fn refused(&self) -> bool {
        (self.findings.iter()).any(|finding| finding.refuses() && !finding.undetermined)
            || self.sides().any(|(side, verdict)| {
                matches!(verdict, Verdict::Conflict(_)) && !self.foreseen.contains_key(&side)
            })
    }

    pub fn undetermined(&self) -> bool {
        let open = |finding: &Finding| finding.refuses() && finding.undetermined;
        self.findings.iter().any(open)
            || (self.verdicts()).any(|verdict| matches!(verdict, Verdict::Unavailable(_)))
    }

    /// Why a merge is unavailable, one sentence each.
    pub fn reasons(&self) -> Vec<&str> {
        self.verdicts()
            .filter_map(|verdict| match verdict {
                Verdict::Unavailable(reason) => Some(reason.as_str()),
                Verdict::Clean | Verdict::Conflict(_) => None,
            })
            .collect()
    }

    fn verdicts(&self) -> impl Iterator<Item = &Verdict> {
        self.sides().map(|(_, verdict)| verdict)
    }

    fn sides(&self) -> impl Iterator<Item = (Side, &Verdict)> {
        let integration = self.with_integration.iter();
        std::iter::once((Side::Base, &self.with_base))
            .chain(integration.map(|verdict| (Side::Integration, verdict)))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("{here} belongs to no track")]
    NoTrack { here: String, known: Vec<String> },
    #[error("track {track} has no branch {branch} here, neither locally nor on {remote}")]
    NoBranch {
        track: TrackId,
        branch: BranchName,
        remote: String,
    },
    #[error("`{revision}` is not a commit here")]
    NoCommit { revision: String },
}

/// # Errors
/// When there is no such track or commit, or git cannot tell.
pub fn run(session: &mut Session, options: &Options, dir: &Path) -> Result<Report, ValidateError> {
    if let Some(revision) = &options.base {
        session.base.commit = commit(session, revision)?;
    }
    let session = &*session;
    let here = session.repository.head()?;
    let track = match &options.track {
        Some(id) => session.track(id)?,
        None => track_here(session, dir, options.head.as_deref())?,
    };
    let head = head(session, track, &here, options)?;
    let branch = branch_said(&here, options, session);
    let merger = matrix::scratch_merger(session, &session.repository)?;
    let side = TrackSide {
        track: track.id.clone(),
        tip: Some(head),
        commit: Some(head),
        tree: Some(session.repository.commit(head)?.tree),
        dirty: false,
        unavailable: None,
        note: None,
    };
    let memo = matrix::memory(session);
    let others: Vec<TrackId> = (session.project.tracks.iter())
        .filter(|other| other.id != track.id)
        .map(|other| other.id.clone())
        .collect();
    let mut all = matrix::track_sides(session, &merger, &others, false)?;
    all.push(side);
    let judged = [track.id.clone()];
    let asked = Asked {
        commits: Whose::Of(&judged),
        files: true,
        programs: true,
    };
    let mut matrix = Matrix::new(session, &merger, &memo, &all, Scope::Branches(&track.id))?;
    let rules = Rules::read(session, &matrix, asked)?;
    let findings = rules.judge(&track.id, &BTreeSet::new(), branch.as_ref());
    let pairs = matrix.pairs()?;
    // Where that cannot be told, a conflict is one.
    let foreseen = sync::foresee(session, &merger, &pairs).unwrap_or_default();
    let foreseen = foreseen
        .into_iter()
        .map(|((side, _), foreseen)| (side, foreseen));
    let of = |side: Side| {
        pairs
            .iter()
            .find(|pair: &&Pair| pair.a == side)
            .map(|pair| pair.verdict.clone())
    };
    Ok(Report {
        track: track.id.clone(),
        branch: track.branch.clone(),
        base: session.base.clone(),
        head,
        findings,
        with_base: of(Side::Base)
            .unwrap_or_else(|| Verdict::Unavailable("git gave no answer".to_owned())),
        with_integration: of(Side::Integration),
        foreseen: foreseen.collect(),
        notes: dirty_note(session, track)?,
    })
}

fn commit(session: &Session, revision: &str) -> Result<CommitId, ValidateError> {
    session
        .repository
        .resolve(revision)?
        .ok_or_else(|| ValidateError::NoCommit {
            revision: revision.to_owned(),
        })
}

/// The track whose branch is checked out here (also in the middle of a rebase), or whose branch `--head` names.
fn track_here<'a>(
    session: &'a Session,
    dir: &Path,
    head: Option<&str>,
) -> Result<&'a Track, ValidateError> {
    let remote = format!("{}/", session.project.remote);
    let named = head.map(|head| head.strip_prefix(&remote).unwrap_or(head));
    let here = session.branch_here()?;
    let branch = here.as_ref().map(BranchName::as_str);
    let tracks = &session.project.tracks;
    let of = |wanted: Option<&str>| {
        tracks
            .iter()
            .find(|track| wanted == Some(track.branch.as_str()))
    };
    of(named)
        .or_else(|| of(branch))
        .ok_or_else(|| ValidateError::NoTrack {
            here: match (named, branch) {
                (Some(head), _) => format!("`{head}`"),
                (None, Some(branch)) => format!("branch {branch}"),
                (None, None) => format!("{}", dir.display()),
            },
            known: tracks.iter().map(|track| track.id.to_string()).collect(),
        })
}

fn head(
    session: &Session,
    track: &Track,
    here: &Head,
    options: &Options,
) -> Result<CommitId, ValidateError> {
    if let Some(revision) = &options.head {
        return commit(session, revision);
    }
    match (here, session.tip(&track.branch)?) {
        // Where the branch is checked out, what is here is what is meant.
        (Head::Branch { name, commit }, _) if *name == track.branch => Ok(*commit),
        (_, Some(tip)) => Ok(tip.commit),
        (_, None) => Err(ValidateError::NoBranch {
            track: track.id.clone(),
            branch: track.branch.clone(),
            remote: session.project.remote.clone(),
        }),
    }
}

/// The branch that what is judged is on; `None` where a track was named, or nothing names a branch.
fn branch_said(here: &Head, options: &Options, session: &Session) -> Option<BranchName> {
    let remote = format!("{}/", session.project.remote);
    let name = match (&options.head, here) {
        (Some(head), _) => {
            let short = head.strip_prefix("refs/heads/").unwrap_or(head);
            BranchName::new(short.strip_prefix(&remote).unwrap_or(short)).ok()?
        }
        (None, _) if options.track.is_some() => return None,
        (None, Head::Branch { name, .. }) => name.clone(),
        (None, Head::Unborn { .. } | Head::Detached { .. }) => return None,
    };
    // A raw commit id or an expression like HEAD~2 names no branch at all.
    matches!(session.tip(&name), Ok(Some(_))).then_some(name)
}

fn dirty_note(session: &Session, track: &Track) -> Result<Vec<String>, GitError> {
    let worktrees = session.repository.worktrees()?;
    let Some(worktree) = Worktree::of_branch(&worktrees, &track.branch) else {
        return Ok(Vec::new());
    };
    let status = session.repository.worktree_status(&worktree.path)?;
    Ok(if status.dirty.is_clean() {
        Vec::new()
    } else {
        vec!["the worktree has uncommitted work; what is judged is the committed tip".to_owned()]
    })
}
