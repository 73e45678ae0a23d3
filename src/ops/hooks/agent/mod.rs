//! Agents that ask before they write: putting the question into their settings, in every track's worktree, and taking it out
//! again. Only files that git does not know are changed, and git is told to leave them alone.

mod advice;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::domain::agent::{Agent, installed, removed};
use crate::domain::name::TrackId;
use crate::files::write_atomic;
use crate::git::{GitError, Repository, Worktree};
use crate::process::environment;
use crate::store::{AgentSettings, Store, StoreError};

use super::super::Session;
pub use advice::{Advice, advise};

/// What became of the settings in one worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Installed,
    Removed,
    /// It was so before.
    Unchanged,
    /// Our entry may be in it; it is not ours to change, and why.
    LeftAlone(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Whose worktree it is, where that is known.
    pub track: Option<TrackId>,
    pub file: PathBuf,
    pub outcome: Outcome,
}

#[derive(Debug)]
pub struct Report {
    pub agent: Agent,
    pub places: Vec<Place>,
    /// Tracks that have no worktree yet.
    pub without_worktree: Vec<TrackId>,
    /// What somebody still has to do.
    pub left_to_do: Option<&'static str>,
}

impl Report {
    /// Whether a place was left alone that was to be changed.
    pub fn is_incomplete(&self) -> bool {
        let mut places = self.places.iter();
        places.any(|place| matches!(place.outcome, Outcome::LeftAlone(_)))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("where this program is cannot be found out: {0}")]
    Program(std::io::Error),
    #[error("{}: {source}", path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
}

/// Puts our entry into the settings of every track's worktree; where the agent goes by those of the main worktree, there too.
///
/// # Errors
/// When git cannot tell, or a file cannot be written.
pub fn install(session: &Session, agent: Agent) -> Result<Report, AgentError> {
    let program = environment::program().map_err(AgentError::Program)?;
    let program = program.to_string_lossy().into_owned();
    let (dirs, without_worktree) = worktrees(session, agent)?;
    let known = session.store.agent_settings(agent.name())?;
    let mut places = Vec::new();
    for (track, dir) in dirs {
        let file = dir.join(agent.settings());
        let known = known.iter().find(|it| it.file == file);
        let outcome = match foreign(&session.repository, &dir, agent)? {
            Some(why) => Outcome::LeftAlone(why),
            None => install_at(session, agent, &file, &program, known)?,
        };
        places.push(Place {
            track,
            file,
            outcome,
        });
    }
    Ok(Report {
        agent,
        left_to_do: agent.left_to_do().filter(|_| {
            let mut places = places.iter();
            places.any(|place| place.outcome == Outcome::Installed)
        }),
        places,
        without_worktree,
    })
}

/// Takes it out again, wherever it is. A file that is as we left it becomes what it was before, to the byte.
///
/// # Errors
/// As [`install`].
pub fn uninstall(repository: &Repository, agent: Agent) -> Result<Report, AgentError> {
    let store = Store::new(repository.common_dir());
    let known = store.agent_settings(agent.name())?;
    let worktrees = repository.worktrees()?.into_iter();
    let mut files: BTreeSet<PathBuf> = worktrees
        .filter(|entry| entry.prunable.is_none())
        .map(|entry| entry.path.join(agent.settings()))
        .collect();
    // What was a worktree of ours once may be one no more.
    files.extend(known.iter().map(|it| it.file.clone()));
    let mut places = Vec::new();
    for file in files {
        let known = known.iter().find(|it| it.file == file);
        let Some(text) = read(&file)? else { continue };
        let dir = file.ancestors().nth(2).unwrap_or(&file);
        let outcome = match foreign(repository, dir, agent)? {
            Some(why) if is_in(agent, &text) => Outcome::LeftAlone(why),
            Some(_) => continue,
            None => uninstall_at(agent, &file, &text, known)?,
        };
        if outcome != Outcome::Unchanged {
            places.push(Place {
                track: None,
                file,
                outcome,
            });
        }
    }
    for it in &known {
        store.forget_agent_settings(&it.file)?;
        if let Some(line) = &it.excluded {
            repository.exclude_no_more(line)?;
        }
    }
    Ok(Report {
        agent,
        places,
        without_worktree: Vec::new(),
        left_to_do: None,
    })
}

/// Tracks with the directories of their worktrees.
type Places = Vec<(Option<TrackId>, PathBuf)>;

/// In the order of the file, and the tracks that have none.
fn worktrees(session: &Session, agent: Agent) -> Result<(Places, Vec<TrackId>), GitError> {
    let list = session.repository.worktrees()?;
    let main = session.repository.main_worktree();
    let main = main.filter(|_| agent.reads_main_worktree());
    let mut dirs: Places = main.map(|dir| (None, dir.to_owned())).into_iter().collect();
    let mut without = Vec::new();
    for track in &session.project.tracks {
        match Worktree::of_branch(&list, &track.branch) {
            Some(entry) if !dirs.iter().any(|(_, dir)| *dir == entry.path) => {
                dirs.push((Some(track.id.clone()), entry.path.clone()));
            }
            Some(_) => {}
            None => without.push(track.id.clone()),
        }
    }
    Ok((dirs, without))
}

/// Why the settings of a worktree are not ours to change.
fn foreign(repository: &Repository, dir: &Path, agent: Agent) -> Result<Option<String>, GitError> {
    let file = dir.join(agent.settings());
    let folder = file.parent().unwrap_or(dir);
    Ok(if folder.is_symlink() || file.is_symlink() {
        Some("it is a symbolic link, and what it leads to may be of others".to_owned())
    } else if repository.is_tracked(dir, agent.settings())? {
        Some("git tracks it, and a worktree is not made dirty".to_owned())
    } else if std::fs::read(&file).is_ok_and(|bytes| std::str::from_utf8(&bytes).is_err()) {
        Some("it is not UTF-8 text".to_owned())
    } else {
        None
    })
}

fn install_at(
    session: &Session,
    agent: Agent,
    file: &Path,
    program: &str,
    known: Option<&AgentSettings>,
) -> Result<Outcome, AgentError> {
    let now = read(file)?;
    let is_as_we_left_it = known.is_some_and(|it| Some(&it.after) == now.as_ref());
    let before = match (known, &now) {
        (Some(known), _) if is_as_we_left_it => Ok(known.before.clone()),
        (_, Some(text)) => removed(agent, text).map(Some),
        (_, None) => Ok(None),
    };
    let after = before.and_then(|before| {
        // What is as it should be stays, wherever somebody has put it.
        let after = match &now {
            Some(now) if installed(agent, Some(now), program)? == *now => now.clone(),
            _ => installed(agent, before.as_deref(), program)?,
        };
        Ok((before, after))
    });
    let (before, after) = match after {
        Ok(texts) => texts,
        Err(error) => return Ok(Outcome::LeftAlone(format!("it cannot be read: {error}"))),
    };
    // First of all, so that nobody's worktree is dirty for a moment.
    let line = format!("/{}", agent.settings());
    let is_new = session.repository.newly_exclude(&line)?;
    if Some(&after) == now.as_ref() {
        return Ok(Outcome::Unchanged);
    }
    session.store.note_agent_settings(&AgentSettings {
        agent: agent.name().to_owned(),
        file: file.to_owned(),
        before,
        after: after.clone(),
        excluded: (known.and_then(|it| it.excluded.clone())).or(is_new.then_some(line)),
    })?;
    write(file, &after)?;
    Ok(Outcome::Installed)
}

fn uninstall_at(
    agent: Agent,
    file: &Path,
    text: &str,
    known: Option<&AgentSettings>,
) -> Result<Outcome, AgentError> {
    match known {
        Some(known) if known.after == text => match &known.before {
            Some(before) => write(file, before)?,
            None => {
                std::fs::remove_file(file).map_err(|source| AgentError::File {
                    path: file.to_owned(),
                    source,
                })?;
                // The agent keeps other things there, mostly.
                if let Some(folder) = file.parent() {
                    let _ = std::fs::remove_dir(folder);
                }
            }
        },
        _ => match removed(agent, text) {
            Ok(without) if without == text => return Ok(Outcome::Unchanged),
            Ok(without) => write(file, &without)?,
            Err(_) if !is_in(agent, text) => return Ok(Outcome::Unchanged),
            Err(error) => return Ok(Outcome::LeftAlone(format!("it cannot be read: {error}"))),
        },
    }
    Ok(Outcome::Removed)
}

/// Whether a text has an entry of ours in it, readable or not.
fn is_in(agent: Agent, text: &str) -> bool {
    text.contains(&agent.mark())
}

/// `None`: it is not there.
fn read(file: &Path) -> Result<Option<String>, AgentError> {
    match std::fs::read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(AgentError::File {
            path: file.to_owned(),
            source,
        }),
        // What is no text is left alone before anything is made of this.
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
    }
}

fn write(file: &Path, text: &str) -> Result<(), AgentError> {
    write_atomic(file, text.as_bytes()).map_err(|source| AgentError::File {
        path: file.to_owned(),
        source,
    })
}
