//! Which versions are taken, by base and by whatever else counts.

use std::collections::{BTreeSet, HashMap};

use super::{MigrationFile, Migrations, VersionKey};
use crate::domain::path::RepoPath;

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

    /// The paths of what is taken in a set.
    pub(super) fn paths<'t>(&'t self, set: &'t RepoPath) -> impl Iterator<Item = &'t RepoPath> {
        let base = self.migrations.base.iter().filter(move |it| it.set == *set);
        let more = self.paths.iter().filter(move |path| set.contains(path));
        base.map(|file| &file.path).chain(more)
    }
}
