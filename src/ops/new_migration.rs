//! Making the next migration of a track, with a version that nobody else has or is given.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::migration::{Graph, MigrationFile, Migrations, Planned, Preset, Taken, Wanted};
use crate::domain::name::TrackId;
use crate::domain::path::RepoPath;
use crate::domain::project::{self, Track};
use crate::domain::rule::Work;
use crate::files::create_below;
use crate::git::{GitError, Worktree};
use crate::process::clock;
use crate::store::{Reservation, StoreError};

use super::matrix::{self, Matrix, Scope};
use super::rules::{Asked, Rules, Whose};
use super::{Session, SessionError};

/// A tree that was read longer ago than this is planned by no more, so that what is in trees since then need not be reserved.
const READING: i64 = 10 * 60;

/// Who has not written a migration within this time will not.
const FORGOTTEN: i64 = 7 * 24 * 60 * 60;

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What it is for, in words.
    pub title: String,
    /// `None`: the track in whose worktree we are.
    pub track: Option<String>,
    /// Where it goes, from the root of the repository; `None`: where the others are.
    pub directory: Option<String>,
    /// Nothing is written, and nothing reserved.
    pub dry_run: bool,
}

#[derive(Debug)]
pub struct Report {
    pub track: TrackId,
    pub preset: Preset,
    /// Which runner it is made for, and why.
    pub runner: String,
    /// With what is in them.
    pub files: Vec<(RepoPath, String)>,
    /// Where they are; `None`: they are not made.
    pub worktree: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum NewMigrationError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("tracks.toml has no [migrations]")]
    NoMigrations,
    #[error("which track is it for?")]
    NoTrack { known: Vec<String> },
    #[error("track {track} has no worktree")]
    NoWorktree { track: TrackId },
    #[error("`{title}` has no letter or digit that a name could have")]
    NoWords { title: String },
    #[error("there is more than one directory of migrations")]
    SeveralDirectories { known: Vec<String> },
    #[error("`[migrations] paths` names no directory that a new migration could go to")]
    NoDirectory,
    #[error("{path} would not be a migration: {why}")]
    NotSelected { path: RepoPath, why: String },
    #[error("the migration cannot be written: {0}")]
    Write(#[source] io::Error),
    #[error("no version is free in {set}")]
    NoneFree { set: RepoPath },
}

/// # Errors
/// When it is not known for whom or where to make it, or it cannot be made.
pub fn run(session: &Session, options: &Options) -> Result<Report, NewMigrationError> {
    let said = session.project.migrations.as_ref();
    let said = said.ok_or(NewMigrationError::NoMigrations)?;
    let track = track(session, options)?;
    let worktree = worktree_of(session, track)?;
    let worktree = match options.dry_run {
        true => None,
        false => Some(worktree.ok_or_else(|| NewMigrationError::NoWorktree {
            track: track.id.clone(),
        })?),
    };
    let merger = matrix::scratch_merger(session, &session.repository)?;
    let memo = matrix::memory(session);
    let all: Vec<TrackId> = session
        .project
        .tracks
        .iter()
        .map(|it| it.id.clone())
        .collect();
    let sides = matrix::track_sides(session, &merger, &all, false)?;
    let matrix = Matrix::new(session, &merger, &memo, &sides, Scope::Branches(&[]))?;
    let asked = Asked {
        commits: Whose::Nobody,
        in_full: false,
        programs: None,
    };
    let rules = Rules::read(session, &matrix, asked)?;
    let Some((migrations, works)) = rules.migrations() else {
        return Err(NewMigrationError::NoMigrations);
    };
    let set = directory(options, said, migrations, works)?;
    let mut reserved = session.store.reservations()?;
    let now = clock::now();
    let in_trees: BTreeSet<&RepoPath> = works
        .iter()
        .flat_map(|work| &work.changes)
        .map(|change| &change.path)
        .collect();
    reserved.list.retain(|it| {
        let age = now.0.saturating_sub(it.at);
        let is_there = it.paths.iter().all(|path| {
            let path = RepoPath::new(path);
            in_trees.contains(&path) || migrations.at(&path).is_some()
        });
        age < FORGOTTEN && !(is_there && age > READING)
    });
    let mut taken = Taken::on_base(migrations);
    for file in works.iter().flat_map(|work| &work.migrations) {
        taken.add_file(file);
    }
    for path in reserved.list.iter().flat_map(|it| &it.paths) {
        if let Some(file) = migrations.reader.by_name(&RepoPath::new(path)) {
            taken.add_file(&file);
        }
    }
    let heads = heads(session, track, migrations, works, &set);
    let wanted = Wanted {
        set: &set,
        title: &options.title,
        code: &track.code,
        heads: &heads,
        now,
    };
    loop {
        let planned = plan(&wanted, migrations, &taken)?;
        selected(said, migrations, &planned)?;
        if let Some(worktree) = &worktree {
            reserved.list.push(Reservation {
                track: track.id.to_string(),
                paths: planned
                    .files
                    .iter()
                    .map(|(path, _)| path.to_string())
                    .collect(),
                at: now.0,
            });
            reserved.save()?;
            if !write(worktree, &planned)? {
                // Something that git does not see has that name.
                for (path, _) in &planned.files {
                    let file = migrations.reader.by_name(path);
                    if let Some(file) = file {
                        taken.add_file(&file);
                    }
                }
                continue;
            }
        }
        return Ok(Report {
            track: track.id.clone(),
            preset: migrations.preset,
            runner: migrations.taken_for(),
            files: planned.files,
            worktree,
        });
    }
}

fn track<'s>(session: &'s Session, options: &Options) -> Result<&'s Track, NewMigrationError> {
    match &options.track {
        Some(id) => Ok(session.track(id)?),
        None => session
            .track_here()?
            .ok_or_else(|| NewMigrationError::NoTrack {
                known: session
                    .project
                    .tracks
                    .iter()
                    .map(|it| it.id.to_string())
                    .collect(),
            }),
    }
}

fn worktree_of(session: &Session, track: &Track) -> Result<Option<PathBuf>, GitError> {
    let worktrees = session.repository.worktrees()?;
    Ok(Worktree::of_branch(&worktrees, &track.branch).map(|worktree| worktree.path.clone()))
}

fn plan(
    wanted: &Wanted<'_>,
    migrations: &Migrations,
    taken: &Taken<'_>,
) -> Result<Planned, NewMigrationError> {
    if crate::domain::migration::template::slug_of(wanted.title).is_empty() {
        return Err(NewMigrationError::NoWords {
            title: wanted.title.to_owned(),
        });
    }
    migrations
        .next(wanted, taken)
        .ok_or_else(|| NewMigrationError::NoneFree {
            set: wanted.set.clone(),
        })
}

/// What is made must be a migration to the runner and to tracks.toml.
fn selected(
    said: &project::Migrations,
    migrations: &Migrations,
    planned: &Planned,
) -> Result<(), NewMigrationError> {
    for (path, _) in &planned.files {
        let read = migrations.reader.by_name(path);
        let why = match read.and_then(|file| file.ignored) {
            Some(why) => format!("{} {why}", migrations.preset),
            None if !said.paths.iter().any(|pattern| pattern.matches(path)) => {
                "no pattern of `[migrations] paths` takes it for one".to_owned()
            }
            None => continue,
        };
        return Err(NewMigrationError::NotSelected {
            path: path.clone(),
            why,
        });
    }
    Ok(())
}

/// `false`: one of the files is there already, and none was made.
fn write(worktree: &Path, planned: &Planned) -> Result<bool, NewMigrationError> {
    let mut made: Vec<PathBuf> = Vec::new();
    for (path, text) in &planned.files {
        let path = PathBuf::from(path.to_string());
        match create_below(worktree, &path, text.as_bytes()) {
            Ok(true) => made.push(worktree.join(path)),
            Ok(false) => {
                for path in made {
                    let _ = std::fs::remove_file(path);
                }
                return Ok(false);
            }
            Err(error) => return Err(NewMigrationError::Write(error)),
        }
    }
    Ok(true)
}

/// The directory that was asked for, else the one that there is, else the one that the patterns name.
fn directory(
    options: &Options,
    said: &project::Migrations,
    migrations: &Migrations,
    works: &[Work],
) -> Result<RepoPath, NewMigrationError> {
    if let Some(directory) = &options.directory {
        let directory = directory.trim_start_matches("./").trim_end_matches('/');
        let climbs = directory
            .split('/')
            .any(|part| part == ".." || part == ".git");
        return match climbs || directory.starts_with('/') {
            true => Err(NewMigrationError::NoDirectory),
            false => Ok(RepoPath::new(directory)),
        };
    }
    let all = migrations
        .base
        .iter()
        .chain(works.iter().flat_map(|work| &work.migrations));
    let known: BTreeSet<&RepoPath> = all
        .filter(|it| it.ignored.is_none())
        .map(|it| &it.set)
        .collect();
    let mut known: Vec<RepoPath> = known.into_iter().cloned().collect();
    if known.is_empty() {
        let named: BTreeSet<RepoPath> = said
            .paths
            .iter()
            .filter_map(|it| named(it.as_str(), migrations))
            .collect();
        known = named.into_iter().collect();
    }
    match known.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(NewMigrationError::NoDirectory),
        several => Err(NewMigrationError::SeveralDirectories {
            known: several.iter().map(RepoPath::to_string).collect(),
        }),
    }
}

/// The directory that a pattern names without a wild card.
fn named(pattern: &str, migrations: &Migrations) -> Option<RepoPath> {
    let is_wild = |segment: &&str| segment.contains(['*', '?', '[', '{']);
    let segments: Vec<&str> = pattern.trim_end_matches('/').split('/').collect();
    let fixed: Vec<&str> = segments
        .iter()
        .copied()
        .take_while(|it| !is_wild(it))
        .collect();
    let left = segments.len() - fixed.len();
    let deep = segments.last() == Some(&"**");
    // `m/*.sql` has one wild segment behind the directory, and two where each migration is a directory.
    let most = if migrations.reader.has_directories() {
        2
    } else {
        1
    };
    let fits = left <= most || (deep && left <= most + 1) || segments.contains(&"**");
    (fits && !fixed.is_empty()).then(|| RepoPath::new(fixed.join("/")))
}

/// What a new migration is to follow: the ends of the order as the track's own tree has them.
fn heads(
    session: &Session,
    track: &Track,
    migrations: &Migrations,
    works: &[Work],
    set: &RepoPath,
) -> Vec<String> {
    let mut counts = session.project.built_on(&track.id);
    counts.insert(&track.id);
    let own: Vec<&Work> = works
        .iter()
        .filter(|work| counts.contains(&work.track))
        .collect();
    let stays = |file: &&MigrationFile| own.iter().all(|work| work.change(&file.path).is_none());
    let base = migrations.base.iter().filter(stays);
    let new = own.iter().flat_map(|work| &work.migrations);
    let graph = Graph::new(migrations.preset, base.chain(new));
    let heads = graph.heads();
    let of_set = heads.get(set).into_iter().flatten();
    of_set
        .filter_map(|file| Some(file.links.as_ref()?.revision.clone()))
        .collect()
}
