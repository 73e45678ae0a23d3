//! What every verb needs and is opened once: the repository, its state, and the project as it counts.

use std::path::{Path, PathBuf};

use crate::config::{self, Diagnostic, Level};
use crate::domain::name::{BranchName, TrackId};
use crate::domain::order;
use crate::domain::path::RepoPath;
use crate::domain::project::{Project, Track};
use crate::domain::revision::CommitId;
use crate::git::{Git, GitError, Head, OpenError, Repository};
use crate::process::{Interrupt, environment};
use crate::store::Store;

use super::branches::Branches;
use super::profile::Choice;
use super::tips;

/// The name of the file that everything comes from.
pub(super) const FILE_NAME: &str = "tracks.toml";

/// How to open a session.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    pub dir: PathBuf,
    /// Remote-tracking branches count unless strictly behind the local ones, rather than the other way round.
    pub prefer_remote: bool,
    pub interrupt: Interrupt,
}

/// The commit that tracks are measured against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasePoint {
    /// For people: the branch's name, or the revision that was asked for.
    pub name: String,
    /// `None`: it was named in another way.
    pub branch: Option<BranchName>,
    /// The remote whose branch it is; `None`: the local one.
    pub remote: Option<String>,
    pub commit: CommitId,
}

/// Something to be told beside the answer.
#[derive(Debug, Clone)]
pub enum Notice {
    /// Warnings about tracks.toml.
    Config {
        name: String,
        text: String,
        diagnostics: Vec<Diagnostic>,
    },
    /// One sentence.
    Text(String),
}

/// A tracks.toml with errors in it.
#[derive(Debug, Clone)]
pub struct ConfigProblem {
    /// How to call the file: a path, or `main:tracks.toml`.
    pub name: String,
    pub text: String,
    pub diagnostics: Vec<Diagnostic>,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("there is no tracks.toml in {}", dir.display())]
    NoConfig { dir: PathBuf },
    /// Only what base has committed counts here: in a bare repository, and in a CI job's clone.
    #[error("there is no tracks.toml on {base}, and only the one there counts in {}", dir.display())]
    NoConfigOnBase { base: String, dir: PathBuf },
    #[error("{} is not valid", .0.name)]
    Config(Box<ConfigProblem>),
    #[error("{}: {source}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{} is not UTF-8 text", path.display())]
    NotText { path: PathBuf },
    #[error("{} is not a file", path.display())]
    NotAFile { path: PathBuf },
    #[error("the repository has no commit yet")]
    Unborn,
    #[error("`[project] base` names {name}, and there is no such branch here, nor on {remote}")]
    NoNamedBase { name: BranchName, remote: String },
    #[error("there is no branch to take as base; looked for {}", tried.join(", "))]
    NoBase {
        tried: Vec<String>,
        /// The remote that such a branch could be fetched from, if there is it.
        remote: Option<String>,
        /// The clone has only part of the history.
        shallow: bool,
    },
    /// Rounds rewrite the integration branch; nothing else may live on it.
    #[error("the integration branch {branch} is also {what}")]
    IntegrationBranchTaken { branch: BranchName, what: String },
    #[error("there is no track `{id}`")]
    UnknownTrack {
        id: String,
        nearest: Option<String>,
        known: Vec<String>,
    },
}

/// An open session.
#[derive(Debug)]
pub struct Session {
    pub repository: Repository,
    pub store: Store,
    pub project: Project,
    /// The profile that `project` is seen with.
    pub profile: Option<Choice>,
    /// Where the tracks are branches that somebody named, and not those of a tracks.toml.
    pub branches: Option<Branches>,
    pub base: BasePoint,
    /// Track ids in landing order.
    pub order: Vec<TrackId>,
    pub prefer_remote: bool,
    pub interrupt: Interrupt,
    pub notices: Vec<Notice>,
}

/// Finds the repository around `dir`.
///
/// # Errors
/// When there is none that can be worked on.
pub fn open_repository(dir: &Path) -> Result<Repository, SessionError> {
    Ok(Repository::discover(dir, Git::find()?)?)
}

impl Session {
    /// # Errors
    /// When there is no usable repository, base or tracks.toml.
    pub fn open(options: OpenOptions) -> Result<Session, SessionError> {
        let repository = open_repository(&options.dir)?;
        Session::with_repository(repository, options.prefer_remote, options.interrupt)
    }

    /// As [`Session::open`], for a verb that merges nothing and has to answer at once: git is not started to ask how old it is.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn open_quickly(options: OpenOptions) -> Result<Session, SessionError> {
        let repository = Repository::discover(&options.dir, Git::unasked()?)?;
        Session::with_repository(repository, options.prefer_remote, options.interrupt)
    }

    /// # Errors
    /// As [`Session::open`].
    pub fn with_repository(
        repository: Repository,
        prefer_remote: bool,
        interrupt: Interrupt,
    ) -> Result<Session, SessionError> {
        let copy = working_copy(&repository)?;
        let none_written = matches!(copy, WorkingCopy::Missing);
        let mut notices = Vec::new();
        let working = match copy {
            WorkingCopy::Read(source) => Some(source.parse(&repository, &mut notices)?),
            WorkingCopy::Missing | WorkingCopy::DoesNotCount => None,
        };
        let no_config = || SessionError::NoConfig {
            dir: top(&repository),
        };
        let mut base = match resolve_base(&repository, working.as_ref(), prefer_remote) {
            // Which branch is base is for the tracks.toml to say that is still to be written.
            Err(SessionError::NoBase { .. }) if none_written => return Err(no_config()),
            resolved => resolved?,
        };
        let committed = committed_copy(&repository, &base)?;
        let mut project = match (working, committed) {
            (None, None) if none_written => return Err(no_config()),
            (None, None) => {
                return Err(SessionError::NoConfigOnBase {
                    base: base.name,
                    dir: top(&repository),
                });
            }
            (None, Some(committed)) => {
                let project = committed.parse(&repository, &mut notices)?;
                // The default branch's file may name another base, which then judges.
                base = resolve_base(&repository, Some(&project), prefer_remote)?;
                match committed_copy(&repository, &base)? {
                    Some(named) => named.parse(&repository, &mut Vec::new())?,
                    None => project,
                }
            }
            (Some(working), None) => {
                notices.push(Notice::Text(format!(
                    "{} has no {FILE_NAME} yet, so the working copy judges everything; commit it there",
                    base.name
                )));
                working
            }
            (Some(working), Some(committed)) => {
                // Its warnings would repeat those of the working copy.
                let committed = committed.parse(&repository, &mut Vec::new())?;
                let composed = config::compose(working, Some(committed));
                notices.extend(difference_notices(&base, &composed));
                composed.project
            }
        };
        // From here on the name is known, and messages of the domain may use it.
        project.base.clone_from(&base.branch);
        let order = order::landing_order(&project.tracks).unwrap_or_else(|_| {
            // Composition of two acyclic files may have a cycle across them; the order of the file still is an order.
            project
                .tracks
                .iter()
                .map(|track| track.id.clone())
                .collect()
        });
        own_integration_branch(&project, &base)?;
        let store = Store::new(repository.common_dir());
        Ok(Session {
            repository,
            store,
            project,
            profile: None,
            branches: None,
            base,
            order,
            prefer_remote,
            interrupt,
            notices,
        })
    }

    /// The track with this id, as a user typed it.
    ///
    /// # Errors
    /// When there is none.
    pub fn track(&self, id: &str) -> Result<&Track, SessionError> {
        self.project
            .tracks
            .iter()
            .find(|track| track.id.as_str() == id)
            .ok_or_else(|| {
                let known: Vec<String> = self
                    .project
                    .tracks
                    .iter()
                    .map(|track| track.id.to_string())
                    .collect();
                let nearest = crate::domain::name::nearest(id, known.iter().map(String::as_str));
                SessionError::UnknownTrack {
                    id: id.to_owned(),
                    nearest: nearest.map(str::to_owned),
                    known,
                }
            })
    }

    /// The branch that is checked out where the session was opened, also in the middle of a rebase.
    ///
    /// # Errors
    /// When git cannot tell.
    pub(super) fn branch_here(&self) -> Result<Option<BranchName>, GitError> {
        self.repository.branch_here()
    }

    /// The track in whose worktree the session was opened.
    ///
    /// # Errors
    /// When git cannot tell.
    pub fn track_here(&self) -> Result<Option<&Track>, GitError> {
        let here = self.branch_here()?;
        Ok(here.and_then(|branch| self.project.track_on(&branch)))
    }

    /// The tracks that a user named, or all of them in the order of the file.
    ///
    /// # Errors
    /// When one does not exist.
    pub fn tracks_named(&self, ids: &[String]) -> Result<Vec<&Track>, SessionError> {
        if ids.is_empty() {
            return Ok(self.project.tracks.iter().collect());
        }
        let mut tracks: Vec<&Track> = Vec::new();
        for id in ids {
            let track = self.track(id)?;
            // Named twice, it is meant once.
            if !tracks.iter().any(|named| named.id == track.id) {
                tracks.push(track);
            }
        }
        Ok(tracks)
    }
}

/// A text of tracks.toml and where it is from.
struct Source {
    name: String,
    text: String,
}

impl Source {
    fn parse(
        self,
        repository: &Repository,
        notices: &mut Vec<Notice>,
    ) -> Result<Project, SessionError> {
        let parsed = config::parse(&self.text, &directory_name(repository));
        match parsed.project {
            Some(project) => {
                if !parsed.diagnostics.is_empty() {
                    notices.push(Notice::Config {
                        name: self.name,
                        text: self.text,
                        diagnostics: parsed.diagnostics,
                    });
                }
                Ok(project)
            }
            None => Err(SessionError::Config(Box::new(ConfigProblem {
                name: self.name,
                text: self.text,
                diagnostics: parsed
                    .diagnostics
                    .into_iter()
                    .filter(|diagnostic| diagnostic.level == Level::Error)
                    .collect(),
            }))),
        }
    }
}

fn top(repository: &Repository) -> PathBuf {
    repository
        .main_worktree()
        .unwrap_or(repository.common_dir())
        .to_owned()
}

fn directory_name(repository: &Repository) -> String {
    top(repository).file_name().map_or_else(
        || "project".to_owned(),
        |name| name.to_string_lossy().trim_end_matches(".git").to_owned(),
    )
}

/// The file of the main worktree.
enum WorkingCopy {
    Read(Source),
    Missing,
    /// In a bare repository, and in a CI job's clone: what is checked out there is the very branch that is to be judged.
    DoesNotCount,
}

fn working_copy(repository: &Repository) -> Result<WorkingCopy, SessionError> {
    let Some(main) = repository.main_worktree() else {
        return Ok(WorkingCopy::DoesNotCount);
    };
    let path = main.join(FILE_NAME);
    let read_error = |source| SessionError::Read {
        path: path.clone(),
        source,
    };
    let kind = match std::fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(WorkingCopy::Missing);
        }
        kind => kind.map_err(read_error)?,
    };
    if environment::flag("CI")
        && repository.worktrees()?.len() < 2
        && !on_base_like_branch(repository)?
    {
        return Ok(WorkingCopy::DoesNotCount);
    }
    if !kind.is_file() {
        // A named pipe would be waited for.
        return Err(SessionError::NotAFile { path });
    }
    let bytes = std::fs::read(&path).map_err(read_error)?;
    let text =
        String::from_utf8(bytes).map_err(|_| SessionError::NotText { path: path.clone() })?;
    Ok(WorkingCopy::Read(Source {
        name: FILE_NAME.to_owned(),
        text,
    }))
}

/// Whether the main worktree stands on the branch that would be base without any tracks.toml.
fn on_base_like_branch(repository: &Repository) -> Result<bool, SessionError> {
    let Head::Branch { name, .. } = repository.head()? else {
        return Ok(false);
    };
    Ok(match repository.remote_head("origin")? {
        Some(default) => default == name,
        None => matches!(name.as_str(), "main" | "master"),
    })
}

fn committed_copy(
    repository: &Repository,
    base: &BasePoint,
) -> Result<Option<Source>, SessionError> {
    let Some(bytes) = repository.file_at(base.commit, &RepoPath::new(FILE_NAME))? else {
        return Ok(None);
    };
    let name = format!("{}:{FILE_NAME}", base.name);
    let text = String::from_utf8(bytes).map_err(|_| SessionError::NotText {
        path: PathBuf::from(&name),
    })?;
    Ok(Some(Source { name, text }))
}

/// `[project] base`, else `origin/HEAD`, else `main`, else `master`.
pub(super) fn resolve_base(
    repository: &Repository,
    working: Option<&Project>,
    prefer_remote: bool,
) -> Result<BasePoint, SessionError> {
    let remote = working.map_or("origin", |project| project.remote.as_str());
    let mut candidates = Vec::new();
    match working.and_then(|project| project.base.clone()) {
        Some(named) => candidates.push(named),
        None => {
            candidates.extend(repository.remote_head(remote)?);
            candidates.extend(
                ["main", "master"]
                    .into_iter()
                    .filter_map(|name| BranchName::new(name).ok()),
            );
        }
    }
    for name in &candidates {
        if let Some(tip) = tips::resolve(repository, remote, name, prefer_remote)? {
            return Ok(base_point(name.clone(), remote, tip));
        }
    }
    if matches!(repository.head()?, Head::Unborn { .. }) {
        return Err(SessionError::Unborn);
    }
    if let Some(name) = working.and_then(|project| project.base.clone()) {
        return Err(SessionError::NoNamedBase {
            name,
            remote: remote.to_owned(),
        });
    }
    let mut tried: Vec<String> = candidates.iter().map(BranchName::to_string).collect();
    tried.dedup();
    let remotes = repository.remotes();
    Err(SessionError::NoBase {
        tried,
        remote: remotes.into_iter().find(|it| it == remote),
        shallow: repository.is_shallow(),
    })
}

/// A branch as base, read as `tip` says.
pub(super) fn base_point(branch: BranchName, remote: &str, tip: tips::Tip) -> BasePoint {
    BasePoint {
        name: branch.to_string(),
        branch: Some(branch),
        remote: match tip.origin {
            tips::Origin::Local => None,
            tips::Origin::Remote => Some(remote.to_owned()),
        },
        commit: tip.commit,
    }
}

/// What a tracks.toml without a word would say.
pub(super) fn bare_project(repository: &Repository) -> Result<Project, SessionError> {
    let nothing = Source {
        name: FILE_NAME.to_owned(),
        text: String::new(),
    };
    nothing.parse(repository, &mut Vec::new())
}

/// The integration branch that a tracks.toml names, as far as one can be read.
pub(super) fn integration_branch(repository: &Repository, base: &BasePoint) -> Option<BranchName> {
    let source = match working_copy(repository) {
        Ok(WorkingCopy::Read(source)) => source,
        _ => committed_copy(repository, base).ok()??,
    };
    let project = source.parse(repository, &mut Vec::new()).ok()?;
    Some(project.integration.branch)
}

/// The two copies of tracks.toml, and the base that the repository decides on, may clash where neither does by itself.
pub(super) fn own_integration_branch(
    project: &Project,
    base: &BasePoint,
) -> Result<(), SessionError> {
    let branch = &project.integration.branch;
    let track = project.track_on(branch);
    let what = match track {
        _ if base.branch.as_ref() == Some(branch) => "the base".to_owned(),
        Some(track) => format!("the branch of track {}", track.id),
        None => return Ok(()),
    };
    Err(SessionError::IntegrationBranchTaken {
        branch: branch.clone(),
        what,
    })
}

fn difference_notices(base: &BasePoint, composed: &config::Composed) -> Vec<Notice> {
    let mut notices = Vec::new();
    if !composed.unknown_to_base.is_empty() {
        let names: Vec<&str> = composed
            .unknown_to_base
            .iter()
            .map(TrackId::as_str)
            .collect();
        notices.push(Notice::Text(format!(
            "{} does not know {} yet; the working copy of {FILE_NAME} judges {}",
            base.name,
            names.join(", "),
            if names.len() == 1 { "it" } else { "them" },
        )));
    }
    if !composed.overruled.is_empty() {
        notices.push(Notice::Text(format!(
            "{FILE_NAME} differs from the one on {}, which counts for {}",
            base.name,
            composed.overruled.join(", "),
        )));
    }
    notices
}
