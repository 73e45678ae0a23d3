//! Which versions are taken, by base and by whatever else counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{MigrationFile, Migrations, VersionKey};
use crate::domain::path::RepoPath;
use crate::domain::time::Timestamp;

/// What files are called instead, by what they were called.
pub type Renumbered = BTreeMap<RepoPath, RepoPath>;

/// The versions of base, and more.
#[derive(Debug, Clone)]
pub struct Taken<'m> {
    pub(super) migrations: &'m Migrations,
    more: HashMap<RepoPath, BTreeSet<VersionKey>>,
    /// Of the files that are not base's.
    paths: BTreeSet<RepoPath>,
}

impl<'m> Taken<'m> {
    /// Those of base only.
    pub fn on_base(migrations: &'m Migrations) -> Taken<'m> {
        Taken {
            migrations,
            more: HashMap::new(),
            paths: BTreeSet::new(),
        }
    }

    pub fn add(&mut self, set: &RepoPath, key: &VersionKey) {
        let versions = self.more.entry(set.clone()).or_default();
        versions.insert(key.clone());
    }

    pub fn add_file(&mut self, file: &MigrationFile) {
        if let Some(version) = &file.version {
            self.add(&file.set, &version.key);
        }
        self.paths.insert(file.path.clone());
    }

    pub fn has(&self, set: &RepoPath, key: &VersionKey) -> bool {
        let more = self.more.get(set).is_some_and(|set| set.contains(key));
        more || self.migrations.with_version(set, key).next().is_some()
    }

    pub fn has_path(&self, path: &RepoPath) -> bool {
        self.paths.contains(path) || self.migrations.at(path).is_some()
    }

    /// The highest version of a set.
    pub fn highest(&self, set: &RepoPath) -> Option<&VersionKey> {
        let base = self
            .migrations
            .highest(set)
            .and_then(|it| it.version.as_ref());
        let more = self.more.get(set).and_then(BTreeSet::last);
        base.map(|version| &version.key).max(more)
    }

    /// New names for those of the files whose version is taken, or that are named in `late`; both ways of a migration go
    /// together. None for those that can have no other.
    pub fn anew(
        &self,
        files: &[MigrationFile],
        late: &BTreeSet<RepoPath>,
        now: Timestamp,
    ) -> Renumbered {
        let mut groups: BTreeMap<(&RepoPath, &VersionKey), Vec<&MigrationFile>> = BTreeMap::new();
        for file in files {
            if let Some(version) = &file.version {
                let group = groups.entry((&file.set, &version.key)).or_default();
                group.push(file);
            }
        }
        let must = |(set, key): &(&RepoPath, &VersionKey), files: &[&MigrationFile]| {
            self.has(set, key) || files.iter().any(|file| late.contains(&file.path))
        };
        let mut taken = self.clone();
        for ((set, key), files) in &groups {
            if !must(&(*set, *key), files) {
                files.iter().for_each(|file| taken.add_file(file));
            }
        }
        let mut anew = Renumbered::new();
        for (group, files) in &groups {
            if must(group, files)
                && let Some(names) = self.migrations.renumbered(files, &taken, now)
            {
                anew.extend(names);
                taken.add_renumbered(files.iter().copied(), &anew);
            }
        }
        anew
    }

    /// Adds files by what they are called now.
    pub fn add_renumbered<'f>(
        &mut self,
        files: impl IntoIterator<Item = &'f MigrationFile>,
        anew: &Renumbered,
    ) {
        for file in files {
            let name = anew.get(&file.path).unwrap_or(&file.path);
            match self.migrations.reader.read(name, file.blob, None) {
                Some(read) => self.add_file(&read),
                None => self.add_file(file),
            }
        }
    }

    /// The paths of what is taken in a set.
    pub(super) fn paths<'t>(&'t self, set: &'t RepoPath) -> impl Iterator<Item = &'t RepoPath> {
        let base = self.migrations.base.iter().filter(move |it| it.set == *set);
        let more = self.paths.iter().filter(move |path| set.contains(path));
        base.map(|file| &file.path).chain(more)
    }
}
