//! Migrations: what a project's runner makes of a file's name and text. Which rule a file breaks is judged in
//! `rule::migration`.
//!
//! A *preset* knows one runner: how it reads a version out of a name, which versions are one to it, and what it does with
//! one that comes late. A *set* is a directory whose files a runner numbers together.

mod anew;
pub mod detect;
mod file;
mod graph;
mod known;
mod links;
mod next;
mod preset;
mod python;
mod reading;
mod renumber;
pub mod sum;
mod taken;
pub mod template;
mod version;

use std::collections::HashMap;

pub use anew::{Renumbered, Renumbering};
pub use file::{Direction, Links, MigrationFile};
pub use graph::Graph;
pub use known::Known;
pub use next::{Planned, Wanted};
pub use preset::{Late, PRESETS, Preset};
pub use reading::Reader;
pub use sum::Sum;
pub use taken::Taken;
pub use template::Template;
pub use version::{Version, VersionKey};

use super::path::RepoPath;
use super::sql::Dialect;

/// What base has, and how it is read.
#[derive(Debug, Clone, Default)]
pub struct Migrations {
    pub preset: Preset,
    /// How the names of the project's migrations are read.
    pub reader: Reader,
    /// Why it is that preset, to stand behind "because": "Cargo.toml depends on sqlx".
    pub why: String,
    /// Whether tracks.toml names it; otherwise it was found.
    pub named: bool,
    /// The SQL that the files are written in, where that is known.
    pub dialect: Option<Dialect>,
    /// Sum files that a track leaves stale.
    pub sums: Vec<Sum>,
    /// On base, ascending by path; without what the runner passes over.
    pub base: Vec<MigrationFile>,
    /// What base has of the objects that the work of tracks is about.
    pub known: Known,
    /// By set and version: places in `base`.
    index: HashMap<RepoPath, HashMap<VersionKey, Vec<usize>>>,
    /// By set: a place in `base`.
    highest: HashMap<RepoPath, usize>,
}

impl Migrations {
    /// `base`: in any order.
    pub fn new(
        reader: Reader,
        why: impl Into<String>,
        named: bool,
        mut base: Vec<MigrationFile>,
    ) -> Migrations {
        base.sort_by(|a, b| a.path.cmp(&b.path));
        let mut index: HashMap<RepoPath, HashMap<VersionKey, Vec<usize>>> = HashMap::new();
        for (place, file) in base.iter().enumerate() {
            if let Some(version) = &file.version {
                let set = index.entry(file.set.clone()).or_default();
                set.entry(version.key.clone()).or_default().push(place);
            }
        }
        let highest = index.iter().filter_map(|(set, versions)| {
            let (_, places) = versions.iter().max_by_key(|(key, _)| *key)?;
            Some((set.clone(), *places.first()?))
        });
        Migrations {
            highest: highest.collect(),
            preset: reader.preset,
            reader,
            why: why.into(),
            named,
            dialect: None,
            sums: Vec::new(),
            known: Known::default(),
            base,
            index,
        }
    }

    /// The file of base at this path.
    pub fn at(&self, path: &RepoPath) -> Option<&MigrationFile> {
        let place = self.base.binary_search_by(|it| it.path.cmp(path)).ok()?;
        self.base.get(place)
    }

    /// The files of base that have this version in this set, whatever their direction.
    pub fn with_version(
        &self,
        set: &RepoPath,
        key: &VersionKey,
    ) -> impl Iterator<Item = &MigrationFile> {
        let places = self.index.get(set).and_then(|set| set.get(key));
        let places = places.into_iter().flatten();
        places.filter_map(|place| self.base.get(*place))
    }

    /// The highest version of a set on base; `None` where it has none.
    pub fn highest(&self, set: &RepoPath) -> Option<&MigrationFile> {
        self.base.get(*self.highest.get(set)?)
    }

    /// What the versions are told by, for messages: "sqlx (because Cargo.toml depends on sqlx)".
    pub fn taken_for(&self) -> String {
        match self.named {
            true => self.preset.to_string(),
            false => format!("{} (because {})", self.preset, self.why),
        }
    }
}
