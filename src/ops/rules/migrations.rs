//! Which files are migrations, on base and in the work of tracks, and what they say.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::merge::{Entry, Mode};
use crate::domain::migration::detect::{self, Manifest};
use crate::domain::migration::{MigrationFile, Migrations, Reader, Sum, sum};
use crate::domain::name::TrackId;
use crate::domain::path::{RepoPath, Selection};
use crate::domain::project;
use crate::domain::revision::{BlobId, CommitId};
use crate::domain::rule::{FileChange, Work};
use crate::domain::sql::{self, Dialect};
use crate::git::{Engine, GitError, Merger};
use crate::process::{cores, in_parallel};

use super::super::Session;

/// Reads base's migrations, and fills in those of the works.
pub(super) fn read(
    session: &Session,
    engine: &Engine<'_, '_>,
    works: &mut [Work],
) -> Result<Option<Migrations>, GitError> {
    let Some(said) = &session.project.migrations else {
        return Ok(None);
    };
    let merger = engine.merger();
    let selection = Selection::new(&said.paths);
    let entries = on_base(session, merger, &selection)?;
    let new = works.iter().flat_map(|work| &work.changes);
    let new = new.filter(|change| change.after.is_some() && selection.matches(&change.path));
    let mut names: Vec<RepoPath> = entries.iter().map(|(path, _)| path.clone()).collect();
    if names.is_empty() {
        names.extend(new.map(|change| change.path.clone()));
    }
    let mut migrations = open(session, merger, said, &names, &entries)?;
    for work in works.iter_mut() {
        work.migrations = of_work(&migrations, &selection, work);
    }
    migrations.sums = sums(session, engine, &migrations, &entries, works)?;
    Ok(Some(migrations))
}

fn on_base(
    session: &Session,
    merger: &Merger<'_>,
    selection: &Selection,
) -> Result<Vec<(RepoPath, BlobId)>, GitError> {
    let tree = session.repository.commit(session.base.commit)?.tree;
    let entries = merger.selected_entries(tree, selection)?;
    Ok(files(entries))
}

fn files(entries: Vec<(RepoPath, u32, BlobId)>) -> Vec<(RepoPath, BlobId)> {
    // Of links and submodules no runner reads anything that is here.
    let is_file = |mode: u32| mode & 0o170_000 == 0o100_000;
    (entries.into_iter())
        .filter(|(_, mode, _)| is_file(*mode))
        .map(|(path, _, blob)| (path, blob))
        .collect()
}

/// The same by names alone, and only if the work may be about migrations at all: no migration is read.
pub(super) fn by_name(session: &Session, work: &mut Work) -> Result<Option<Migrations>, GitError> {
    let Some(said) = &session.project.migrations else {
        return Ok(None);
    };
    let selection = Selection::new(&said.paths);
    let is_sql = |path: &RepoPath| path.as_bytes().to_ascii_lowercase().ends_with(b".sql");
    let concerns = |path: &RepoPath| is_sql(path) || selection.matches(path);
    if !work.changes.iter().any(|change| concerns(&change.path)) {
        return Ok(None);
    }
    let repository = &session.repository;
    let tree = repository.tree_of(session.base.commit)?;
    let entries = files(repository.selected_entries(tree, &selection)?);
    let mut names: Vec<RepoPath> = entries.iter().map(|(path, _)| path.clone()).collect();
    if names.is_empty() {
        let new = work.changes.iter().map(|change| change.path.clone());
        names.extend(new.filter(|path| selection.matches(path)));
    }
    let (reader, why, dialect) = reader(session, said, &names)?;
    let base = (entries.iter()).filter_map(|(path, blob)| reader.read(path, *blob, None));
    let base = base.filter(|file| file.ignored.is_none()).collect();
    let mut migrations = Migrations::new(reader, why, said.preset.is_some(), base);
    migrations.dialect = dialect;
    work.migrations = of_work(&migrations, &selection, work);
    Ok(Some(migrations))
}

/// The same for what is about to be committed on `head`: the works become those of all tracks, in landing order, each with
/// the migrations that its branch has and base has not, by their names; the one that is given also has what it has.
pub(super) fn at_commit(
    session: &Session,
    works: &mut Vec<Work>,
    head: CommitId,
) -> Result<Option<Migrations>, GitError> {
    let Some(mut own) = works.pop() else {
        return Ok(None);
    };
    let migrations = by_name(session, &mut own)?;
    let (Some(migrations), Some(said)) = (migrations, &session.project.migrations) else {
        works.push(own);
        return Ok(None);
    };
    let selection = Selection::new(&said.paths);
    let repository = &session.repository;
    let on_base: BTreeMap<RepoPath, BlobId> = {
        let tree = repository.tree_of(session.base.commit)?;
        files(repository.selected_entries(tree, &selection)?)
            .into_iter()
            .collect()
    };
    let beyond_base = |commit: CommitId| -> Result<Vec<FileChange>, GitError> {
        let tree = repository.tree_of(commit)?;
        let there = repository.selected_entries(tree, &selection)?;
        let new = files(there).into_iter();
        let new = new.filter(|(path, _)| !on_base.contains_key(path));
        Ok(new
            .map(|(path, id)| FileChange {
                path,
                before: None,
                after: Some(Entry {
                    mode: Mode::File,
                    id,
                }),
                moved: None,
            })
            .collect())
    };
    let mut beyond: Vec<(&TrackId, CommitId, Vec<FileChange>)> = Vec::new();
    for id in &session.order {
        let tip = match session.project.track(id) {
            _ if *id == own.track => Some(head),
            Some(track) => session.tip(&track.branch)?.map(|tip| tip.commit),
            None => None,
        };
        if let Some(tip) = tip {
            beyond.push((id, tip, beyond_base(tip)?));
        }
    }
    for (id, tip, changes) in &beyond {
        let is_own = **id == own.track;
        let built_on = session.project.built_on(id);
        let beneath = (beyond.iter())
            .filter(|(other, _, _)| built_on.contains(other))
            .flat_map(|(_, _, changes)| changes);
        let beneath: Vec<&FileChange> = beneath.collect();
        let mut work = Work::of(id, Some(*tip));
        let own_ones = changes.iter().filter(|change| !beneath.contains(change));
        work.changes = own_ones.cloned().collect();
        if is_own {
            let staged: BTreeSet<&RepoPath> = own.changes.iter().map(|it| &it.path).collect();
            work.changes.retain(|it| !staged.contains(&it.path));
            work.changes.append(&mut own.changes);
            work.changes.sort_by(|a, b| a.path.cmp(&b.path));
            work.contents = std::mem::take(&mut own.contents);
        }
        work.migrations = of_work(&migrations, &selection, &work);
        if is_own || !work.changes.is_empty() {
            works.push(work);
        }
    }
    Ok(Some(migrations))
}

/// How names are read, why so, and the dialect that is spoken.
fn reader(
    session: &Session,
    said: &project::Migrations,
    names: &[RepoPath],
) -> Result<(Reader, String, Option<Dialect>), GitError> {
    let needs_manifests = said.preset.is_none() || said.dialect.is_none();
    let manifests = match needs_manifests {
        true => manifests(session, said)?,
        false => Vec::new(),
    };
    let (preset, why) = match said.preset {
        Some(preset) => (preset, "tracks.toml says so".to_owned()),
        None => {
            let taken = detect::detect(&said.paths, &manifests, names);
            (taken.preset, taken.why)
        }
    };
    let dialect = said
        .dialect
        .as_deref()
        .or_else(|| detect::dialect(&manifests));
    let reader = Reader::new(said, &session.project.tracks, preset);
    Ok((reader, why, dialect.and_then(Dialect::named)))
}

fn open(
    session: &Session,
    merger: &Merger<'_>,
    said: &project::Migrations,
    names: &[RepoPath],
    entries: &[(RepoPath, BlobId)],
) -> Result<Migrations, GitError> {
    let (reader, why, dialect) = reader(session, said, names)?;
    let base = match reader.needs_text() {
        true => in_parallel(entries, cores().get(), |(path, blob)| {
            let text = merger.read_blob(*blob)?;
            Ok(reader.read(path, *blob, Some(&text)))
        })
        .into_iter()
        .collect::<Result<Vec<_>, GitError>>()?,
        false => (entries.iter())
            .map(|(path, blob)| reader.read(path, *blob, None))
            .collect(),
    };
    let base = base
        .into_iter()
        .flatten()
        .filter(|file| file.ignored.is_none());
    let named = said.preset.is_some();
    let mut migrations = Migrations::new(reader, why, named, base.collect());
    migrations.dialect = dialect;
    Ok(migrations)
}

fn manifests(session: &Session, said: &project::Migrations) -> Result<Vec<Manifest>, GitError> {
    let mut manifests = Vec::new();
    for path in detect::manifest_paths(&said.paths) {
        let text = session.repository.file_at(session.base.commit, &path)?;
        if let Some(text) = text {
            let text = String::from_utf8_lossy(&text).into_owned();
            manifests.push(Manifest { path, text });
        }
    }
    Ok(manifests)
}

fn of_work(migrations: &Migrations, selection: &Selection, work: &Work) -> Vec<MigrationFile> {
    let changed = work.changes.iter().filter_map(|change| {
        let after = change.after.filter(|after| after.mode.is_regular())?;
        selection
            .matches(&change.path)
            .then_some((&change.path, after.id))
    });
    changed
        .filter_map(|(path, blob)| {
            let text = work.contents.get(path).and_then(|it| it.after.as_deref());
            let mut file = migrations.reader.read(path, blob, text)?;
            let is_sql = path.lossy().to_lowercase().ends_with(".sql");
            if let Some(text) = text {
                let dialect = migrations.dialect.unwrap_or(Dialect::Postgres);
                let text = String::from_utf8_lossy(text);
                file.script = match is_sql {
                    true => Some(sql::parse(dialect, &text)),
                    false => sql::said(dialect, &text),
                };
            }
            Some(file)
        })
        .collect()
}

/// The sum files of directories in which a track changes something, and what would be right in them.
fn sums(
    session: &Session,
    engine: &Engine<'_, '_>,
    migrations: &Migrations,
    entries: &[(RepoPath, BlobId)],
    works: &[Work],
) -> Result<Vec<Sum>, GitError> {
    let mut sums = Vec::new();
    let sets: BTreeSet<&RepoPath> = migrations.base.iter().map(|it| &it.set).collect();
    for set in sets {
        let path = sum::path_in(set);
        let touches = |work: &&Work| {
            let in_set = |path: &RepoPath| sum::is_summed(set, path);
            work.changes
                .iter()
                .any(|it| it.path == path || in_set(&it.path))
        };
        let touching: Vec<&Work> = works.iter().filter(touches).collect();
        if touching.is_empty() {
            continue;
        }
        let Some(base) = session.repository.file_at(session.base.commit, &path)? else {
            continue;
        };
        let in_set: Vec<&(RepoPath, BlobId)> = (entries.iter())
            .filter(|(path, _)| sum::is_summed(set, path))
            .collect();
        let texts = in_parallel(&in_set, cores().get(), |(path, blob)| {
            Ok((path.clone(), engine.merger().read_blob(*blob)?))
        });
        let texts = texts
            .into_iter()
            .collect::<Result<BTreeMap<_, _>, GitError>>()?;
        if sum::of(&texts) != base {
            // Not as we would make it: another way to sum, or stale before.
            continue;
        }
        for work in touching {
            let mut texts = texts.clone();
            for change in (work.changes.iter()).filter(|it| sum::is_summed(set, &it.path)) {
                let after = change.after.filter(|after| after.mode != Mode::Submodule);
                match after {
                    Some(after) => texts.insert(change.path.clone(), engine.content(after.id)?),
                    None => texts.remove(&change.path),
                };
            }
            let there = match work.change(&path) {
                Some(change) => change
                    .after
                    .map(|after| engine.content(after.id))
                    .transpose()?,
                None => Some(base.clone()),
            };
            let right = sum::of(&texts);
            if there.is_some_and(|there| there != right) {
                sums.push(Sum {
                    track: work.track.clone(),
                    path: path.clone(),
                    right,
                });
            }
        }
    }
    Ok(sums)
}
