//! Agents that ask before they write: putting the question into their settings, in every track's worktree, and taking it out
//! again. Only files that git does not know are changed, and git is told to leave them alone.

mod advice;

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::domain::agent::{Agent, by_hand, installed, removed};
use crate::domain::name::TrackId;
use crate::files::write_atomic;
use crate::git::{Excluded, GitError, Repository, Worktree};
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
    /// What to do about a place that was left alone.
    pub fix: Option<String>,
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
/// A place where that cannot be is left alone, and keeps no other from it.
///
/// # Errors
/// When git cannot tell, or what we remember cannot be read or written.
pub fn install(session: &Session, agent: Agent) -> Result<Report, AgentError> {
    let program = environment::program().map_err(AgentError::Program)?;
    let program = program.to_string_lossy().into_owned();
    let (dirs, without_worktree) = worktrees(session, agent)?;
    let repository = &session.repository;
    let known = session.store.agent_settings(agent.name())?;
    let mut places = Vec::new();
    for (track, dir) in dirs {
        let file = dir.join(agent.settings());
        let name = name_of(repository, &dir);
        let known = note_of(&known, name.as_deref(), &file);
        let done = match foreign(repository, &dir, agent) {
            Ok(Some(why)) => Ok(Outcome::LeftAlone(why)),
            Ok(None) => install_at(session, agent, (&file, name), &program, known),
            Err(error) => Err(error.into()),
        };
        let outcome = done.or_else(left_alone)?;
        places.push(Place {
            fix: matches!(outcome, Outcome::LeftAlone(_)).then(|| {
                format!(
                    "see to that and install again, or put in by hand: {}",
                    by_hand(agent, &program)
                )
            }),
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

/// Takes it out again, wherever it is. A file that is as we left it becomes what it was before, to the byte. What cannot be
/// cleaned is left alone and remembered, and keeps no other from being cleaned.
///
/// # Errors
/// As [`install`].
pub fn uninstall(repository: &Repository, agent: Agent) -> Result<Report, AgentError> {
    let store = Store::new(repository.common_dir());
    let known = store.agent_settings(agent.name())?;
    let mut files: BTreeMap<PathBuf, (bool, Option<&AgentSettings>)> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for entry in repository.worktrees()? {
        if entry.prunable.is_none() {
            let file = entry.path.join(agent.settings());
            let name = name_of(repository, &entry.path);
            let note = note_of(&known, name.as_deref(), &file);
            found.extend(note.map(|it| &it.file));
            files.insert(file, (true, note));
        }
    }
    // What was a worktree of ours once may be one no more.
    for it in known.iter().filter(|it| !found.contains(&it.file)) {
        files.entry(it.file.clone()).or_insert((false, Some(it)));
    }
    let mut places = Vec::new();
    let mut left = BTreeSet::new();
    for (file, (is_ours, known)) in files {
        let done = clean(repository, agent, &file, is_ours, known);
        let outcome = done.or_else(left_alone)?;
        let is_left = matches!(outcome, Outcome::LeftAlone(_));
        if is_left {
            left.extend(known.map(|it| it.file.clone()));
        }
        if outcome != Outcome::Unchanged {
            places.push(Place {
                track: None,
                file,
                outcome,
                fix: is_left.then(|| {
                    format!(
                        "see to that and uninstall again, or take out by hand what names `{}`",
                        agent.mark().trim_start()
                    )
                }),
            });
        }
    }
    let report = Report {
        agent,
        places,
        without_worktree: Vec::new(),
        left_to_do: None,
    };
    forget(repository, &store, &known, &left, report.is_incomplete())?;
    Ok(report)
}

/// Forgets what was cleaned. What git was told to ignore, it ignores until the last place is clean.
fn forget(
    repository: &Repository,
    store: &Store,
    known: &[AgentSettings],
    left: &BTreeSet<PathBuf>,
    is_incomplete: bool,
) -> Result<(), AgentError> {
    let (kept, cleaned): (Vec<&AgentSettings>, Vec<_>) =
        known.iter().partition(|it| left.contains(&it.file));
    let teller = known.iter().find(|it| it.excluded.is_some());
    let mut heir = kept.into_iter().find(|_| teller.is_some());
    if let (Some(heir), Some(teller)) = (heir, teller) {
        store.note_agent_settings(&AgentSettings {
            excluded: teller.excluded.clone(),
            excluded_behind_line_end: teller.excluded_behind_line_end,
            ..heir.clone()
        })?;
    }
    for it in cleaned {
        if is_incomplete && heir.is_none() && it.excluded.is_some() {
            // Who else is to know of the line?
            heir = Some(it);
            continue;
        }
        store.forget_agent_settings(&it.file)?;
    }
    if let (false, Some(teller)) = (is_incomplete, teller) {
        let line = teller.excluded.as_deref().unwrap_or_default();
        repository.exclude_no_more(line, teller.excluded_behind_line_end)?;
    }
    Ok(())
}

/// A place that cannot be read or written is one of several.
fn left_alone(error: AgentError) -> Result<Outcome, AgentError> {
    match error {
        AgentError::File { source, .. } => Ok(Outcome::LeftAlone(match source.kind() {
            ErrorKind::IsADirectory => "it is a directory".to_owned(),
            ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
                "a file is where its directory has to be".to_owned()
            }
            _ => source.to_string(),
        })),
        AgentError::Git(error) => Ok(Outcome::LeftAlone(error.to_string())),
        AgentError::Store(_) | AgentError::Program(_) => Err(error),
    }
}

/// How git calls a linked worktree; it does so wherever that is moved to.
fn name_of(repository: &Repository, dir: &Path) -> Option<String> {
    let git_dir = repository.git_dir_of(dir).ok()?;
    let is_linked = git_dir.parent()?.ends_with("worktrees");
    let name = git_dir.file_name()?.to_str()?;
    is_linked.then(|| name.to_owned())
}

/// What we remember of the settings of a worktree.
fn note_of<'k>(
    known: &'k [AgentSettings],
    name: Option<&str>,
    file: &Path,
) -> Option<&'k AgentSettings> {
    let by_name = known
        .iter()
        .find(|it| name.is_some() && it.worktree.as_deref() == name);
    by_name.or_else(|| {
        let mut known = known.iter();
        known.find(|it| it.file == file && it.worktree.is_none())
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
    Ok(match odd(&file) {
        None if repository.is_tracked(dir, agent.settings())? => {
            Some("git tracks it, and a worktree is not made dirty".to_owned())
        }
        why => why,
    })
}

/// The same, by the file alone.
fn odd(file: &Path) -> Option<String> {
    let folder = file.parent().unwrap_or(file);
    let why = if folder.is_symlink() || file.is_symlink() {
        "it is a symbolic link, and what it leads to may be of others"
    } else if std::fs::read(file).is_ok_and(|bytes| std::str::from_utf8(&bytes).is_err()) {
        "it is not UTF-8 text"
    } else {
        return None;
    };
    Some(why.to_owned())
}

fn install_at(
    session: &Session,
    agent: Agent,
    (file, worktree): (&Path, Option<String>),
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
    let excluded = session.repository.newly_exclude(&line)?;
    let is_new = excluded != Excluded::Before;
    let is_unchanged = Some(&after) == now.as_ref();
    let moved_from = known.map(|it| &it.file).filter(|from| *from != file);
    if is_unchanged && moved_from.is_none() && !is_new {
        return Ok(Outcome::Unchanged);
    }
    session.store.note_agent_settings(&AgentSettings {
        agent: agent.name().to_owned(),
        file: file.to_owned(),
        worktree,
        before,
        after: after.clone(),
        excluded: (known.and_then(|it| it.excluded.clone())).or(is_new.then_some(line)),
        excluded_behind_line_end: match excluded {
            Excluded::Before => known.is_some_and(|it| it.excluded_behind_line_end),
            Excluded::Now => false,
            Excluded::BehindLineEnd => true,
        },
    })?;
    if let Some(from) = moved_from {
        session.store.forget_agent_settings(from)?;
    }
    if is_unchanged {
        return Ok(Outcome::Unchanged);
    }
    write(file, &after)?;
    Ok(Outcome::Installed)
}

/// What becomes of one place. `is_ours`: it is a worktree of this repository.
fn clean(
    repository: &Repository,
    agent: Agent,
    file: &Path,
    is_ours: bool,
    known: Option<&AgentSettings>,
) -> Result<Outcome, AgentError> {
    let text = match read(file) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(Outcome::Unchanged),
        // It can be none of ours, unless it was.
        Err(AgentError::File { source, .. })
            if known.is_none() && source.kind() != ErrorKind::PermissionDenied =>
        {
            return Ok(Outcome::Unchanged);
        }
        Err(error) => return Err(error),
    };
    let dir = file.ancestors().nth(2).unwrap_or(file);
    let why = match is_ours {
        true => foreign(repository, dir, agent)?,
        false => odd(file),
    };
    match why {
        Some(why) if is_in(agent, &text) => Ok(Outcome::LeftAlone(why)),
        Some(_) => Ok(Outcome::Unchanged),
        None => uninstall_at(agent, file, &text, known),
    }
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
