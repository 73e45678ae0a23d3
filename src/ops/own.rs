//! Handing paths over from track to track in the working copy's tracks.toml, and writing CODEOWNERS from it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::config::{self, EditError};
use crate::domain::codeowners;
use crate::domain::handover::{self, Edit, Refusal};
use crate::domain::name::TrackId;
use crate::domain::path::{Pattern, PatternError, RepoPath};
use crate::domain::project::Project;
use crate::files;
use crate::git::GitError;

use super::session::FILE_NAME;
use super::validate::paths::inside;
use super::{Session, SessionError};

/// What was done, or with `--dry-run` would be.
#[derive(Debug)]
pub struct Report {
    /// The file that changes.
    pub file: PathBuf,
    pub edits: Vec<Edit>,
    /// One sentence each without a full stop.
    pub notes: Vec<String>,
    pub written: bool,
    /// The branch on which it counts.
    pub base: String,
    /// The whole new text.
    pub text: String,
}

#[derive(Debug, thiserror::Error)]
pub enum OwnError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Pattern(#[from] PatternError),
    #[error("{path} is not in this repository")]
    Outside { path: String },
    #[error("this repository is bare; tracks.toml is changed in a worktree")]
    Bare,
    #[error("{}: {source}", path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{} cannot be changed: {source}", path.display())]
    Edit { path: PathBuf, source: EditError },
    /// The edit would make it invalid, or it is.
    #[error("{} is not valid: {message}", path.display())]
    Invalid { path: PathBuf, message: String },
    #[error("tracks.toml names no CODEOWNERS file")]
    NoCodeowners,
    /// Somebody has written it, or its changes are in no commit.
    #[error("{} {why}, and would be written over", path.display())]
    NotOurs { path: PathBuf, why: &'static str },
    #[error("tracks.toml cannot name {path}: it is not UTF-8")]
    NoText { path: String },
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Gives paths to a track. `from`: who gives them up.
///
/// # Errors
/// When there is no such track, somebody else owns a path, or the file cannot be changed. Then nothing is.
pub fn hand_over(
    session: &Session,
    paths: &[OsString],
    to: &str,
    from: Option<&str>,
    dir: &Path,
    dry_run: bool,
) -> Result<Report, OwnError> {
    let to = session.track(to)?.id.clone();
    let from = match from {
        Some(from) => Some(session.track(from)?.id.clone()),
        None => None,
    };
    let (file, before, mut project) = read(session)?;
    let (mut text, mut edits, mut notes) = (before.clone(), Vec::new(), Vec::new());
    for written in paths {
        let pattern = pattern(session, written, dir)?;
        let plan = handover::plan(&project, &pattern, &to, from.as_ref())?;
        if plan.edits.is_empty() {
            notes.push(format!("track {to} owns {pattern} already"));
        }
        text = config::edit(&text, &plan.edits).map_err(|source| OwnError::Edit {
            path: file.clone(),
            source,
        })?;
        // The next path is looked up in what this one has made of the file.
        project = parsed(session, &file, &text)?;
        edits.extend(plan.edits);
        notes.extend(plan.notes);
    }
    if project.ownership.codeowners.is_some() && !edits.is_empty() {
        notes.push("CODEOWNERS is written from it: `tracks own --codeowners`".to_owned());
    }
    let written = !dry_run && text != before;
    if written {
        write(&file, &text)?;
    }
    Ok(Report {
        file,
        edits,
        notes,
        written,
        base: session.base.name.clone(),
        text,
    })
}

/// Writes the CODEOWNERS file that tracks.toml names.
///
/// # Errors
/// When it names none, there is one that would be lost (unless `force`), or it cannot be written.
pub fn write_codeowners(session: &Session, dry_run: bool, force: bool) -> Result<Report, OwnError> {
    let (file, _, project) = read(session)?;
    let name = project.ownership.codeowners.as_ref();
    let name = name.ok_or(OwnError::NoCodeowners)?;
    let text = codeowners::written(&project);
    let path = file
        .parent()
        .map_or_else(|| PathBuf::from(name), |dir| dir.join(name));
    let known = std::fs::read(&path).ok();
    let fresh = known.as_deref() == Some(text.as_bytes());
    if let Some(known) = known.filter(|_| !fresh && !force) {
        if !codeowners::is_ours(&known) {
            let why = "was not written from tracks.toml";
            return Err(OwnError::NotOurs { path, why });
        }
        if !is_committed(session, &path)? {
            let why = "has changes that are in no commit";
            return Err(OwnError::NotOurs { path, why });
        }
    }
    if !dry_run && !fresh {
        write(&path, &text)?;
    }
    let nobody: Vec<&TrackId> = (project.tracks.iter())
        .filter(|track| !track.owns.is_empty() && codeowners::handle(track).is_none())
        .map(|track| &track.id)
        .collect();
    let mut notes = Vec::new();
    if fresh {
        notes.push(format!("{name} is what tracks.toml says already"));
    }
    if !codeowners::has_rules(&text) {
        notes.push(format!(
            "no rule is left in {name}: nobody is asked to review anything"
        ));
    }
    if !nobody.is_empty() {
        let ids: Vec<&str> = nobody.iter().map(|id| id.as_str()).collect();
        notes.push(format!(
            "nobody is asked about the paths of {}: set `contact` to @name, @org/team or an e-mail address",
            ids.join(", ")
        ));
    }
    Ok(Report {
        file: path,
        edits: Vec::new(),
        notes,
        written: !dry_run && !fresh,
        base: session.base.name.clone(),
        text,
    })
}

/// Whether a file of the main worktree is as the commit there has it.
fn is_committed(session: &Session, path: &Path) -> Result<bool, OwnError> {
    let main = session.repository.main_worktree().ok_or(OwnError::Bare)?;
    let Ok(inner) = path.strip_prefix(main) else {
        return Ok(false);
    };
    let inner = RepoPath::new(inner.as_os_str().as_bytes());
    let paths = std::iter::once(&inner).collect();
    Ok(session
        .repository
        .not_as_committed(main, &paths)?
        .is_empty())
}

/// The working copy's file.
fn read(session: &Session) -> Result<(PathBuf, String, Project), OwnError> {
    let main = session.repository.main_worktree().ok_or(OwnError::Bare)?;
    let file = main.join(FILE_NAME);
    let text = std::fs::read_to_string(&file).map_err(|source| OwnError::File {
        path: file.clone(),
        source,
    })?;
    let project = parsed(session, &file, &text)?;
    Ok((file, text, project))
}

fn parsed(session: &Session, file: &Path, text: &str) -> Result<Project, OwnError> {
    let parsed = config::parse(text, &session.project.name);
    let error = parsed.diagnostics.into_iter();
    let error = error
        .into_iter()
        .find(|it| it.level == config::Level::Error);
    parsed.project.ok_or_else(|| OwnError::Invalid {
        path: file.to_owned(),
        message: error.map_or_else(String::new, |error| error.message),
    })
}

fn write(path: &Path, text: &str) -> Result<(), OwnError> {
    files::write_atomic(path, text.as_bytes()).map_err(|source| OwnError::File {
        path: path.to_owned(),
        source,
    })
}

/// Patterns start at the root of the repository, paths where one stands; what is there under that name is a path, whatever
/// characters it has.
fn pattern(session: &Session, written: &OsStr, dir: &Path) -> Result<Pattern, OwnError> {
    let shown = || written.to_string_lossy().into_owned();
    let text = written
        .to_str()
        .ok_or_else(|| OwnError::NoText { path: shown() })?;
    let top = session.repository.current_worktree();
    let special = text.contains(['*', '?', '[', '{', '}', '\\']);
    let is_there = || dir.join(written).symlink_metadata().is_ok();
    let Some(top) = top.filter(|_| !special || is_there()) else {
        return Ok(Pattern::new(text)?);
    };
    let outside = || OwnError::Outside { path: shown() };
    let trimmed = text.trim_end_matches('/');
    let path = inside(top, dir, trimmed.as_bytes()).ok_or_else(outside)?;
    let path = path
        .as_str()
        .ok_or_else(|| OwnError::NoText { path: shown() })?;
    // A plain name means all that is below it; with special characters it takes the `/` to say so.
    let is_dir = special && dir.join(written).is_dir();
    let slash = if text.ends_with('/') || is_dir {
        "/"
    } else {
        ""
    };
    Ok(Pattern::new(&format!(
        "{}{slash}",
        Pattern::literally(path)
    ))?)
}
