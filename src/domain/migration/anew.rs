//! What the migrations of one track after another are called in an integration, where that gives them other versions.

use std::collections::{BTreeMap, BTreeSet};

use super::{MigrationFile, Migrations, Taken, VersionKey};
use crate::domain::path::RepoPath;
use crate::domain::time::Timestamp;

/// What files are called instead, by what they were called.
pub type Renumbered = BTreeMap<RepoPath, RepoPath>;

/// The names so far.
#[derive(Debug, Clone)]
pub struct Renumbering<'m> {
    migrations: &'m Migrations,
    taken: Taken<'m>,
    /// Versions that were given here, which nobody who uses one could know of.
    given: BTreeSet<(RepoPath, VersionKey)>,
}

impl<'m> Renumbering<'m> {
    pub fn new(migrations: &'m Migrations) -> Renumbering<'m> {
        Renumbering {
            migrations,
            taken: Taken::on_base(migrations),
            given: BTreeSet::new(),
        }
    }

    /// New names for a track's migrations. `files`: those that are new, since what base has keeps its name. Those are renamed
    /// that are `named`, and those whose version was given to somebody before; both ways of a migration go together. None
    /// for those that can have no other.
    pub fn of(
        &self,
        files: &[&MigrationFile],
        named: &BTreeSet<RepoPath>,
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
            let given = self.given.contains(&((*set).clone(), (*key).clone()));
            given || files.iter().any(|file| named.contains(&file.path))
        };
        let mut taken = self.taken.clone();
        for (group, files) in &groups {
            if !must(group, files) {
                files.iter().for_each(|file| taken.add_file(file));
            }
        }
        let mut renumbered = Renumbered::new();
        for (group, files) in &groups {
            if must(group, files)
                && let Some(names) = self.migrations.renumbered(files, &taken, now)
            {
                for file in self.called(files.iter().copied(), &names.iter().cloned().collect()) {
                    taken.add_file(&file);
                }
                renumbered.extend(names);
            }
        }
        renumbered
    }

    /// Takes in the migrations of a track by what they are called now.
    pub fn take(&mut self, files: &[MigrationFile], renumbered: &Renumbered) {
        for file in self.called(files.iter(), renumbered) {
            if let Some(version) = &file.version
                && renumbered.values().any(|name| *name == file.path)
            {
                self.given.insert((file.set.clone(), version.key.clone()));
            }
            self.taken.add_file(&file);
        }
    }

    fn called<'f>(
        &self,
        files: impl Iterator<Item = &'f MigrationFile>,
        renumbered: &Renumbered,
    ) -> Vec<MigrationFile> {
        let reader = &self.migrations.reader;
        files
            .map(|file| {
                let read = renumbered
                    .get(&file.path)
                    .and_then(|name| reader.read(name, file.blob, None));
                read.unwrap_or_else(|| file.clone())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::migration::{Preset, Reader};
    use crate::domain::path::Pattern;
    use crate::domain::revision::BlobId;

    #[test]
    fn only_what_is_named_or_was_given_away() {
        let reader = Reader::of_preset(Preset::GolangMigrate, &[Pattern::new("m/**").unwrap()]);
        let read = |path: &str| {
            let blob = BlobId::from_hex(&"1".repeat(40)).unwrap();
            reader.read(&RepoPath::new(path), blob, None).unwrap()
        };
        let migrations = Migrations::new(reader.clone(), "", true, vec![read("m/1_base.up.sql")]);
        let mut renumbering = Renumbering::new(&migrations);
        let mut track = |files: &str, named: &str| {
            let files: Vec<MigrationFile> = files.split_whitespace().map(read).collect();
            let named = named.split_whitespace().map(RepoPath::new).collect();
            let of = renumbering.of(&files.iter().collect::<Vec<_>>(), &named, Timestamp(0));
            renumbering.take(&files, &of);
            let of = of.iter().map(|(from, to)| format!("{from} {to}"));
            of.collect::<Vec<_>>()
        };
        let none: [&str; 0] = [];
        assert_eq!(track("m/2_a.up.sql", ""), none);
        // The way back of what base has keeps its number.
        assert_eq!(track("m/1_base.down.sql", ""), none);
        assert_eq!(
            track("m/2_b.up.sql m/2_b.down.sql m/5_b.up.sql", "m/2_b.up.sql"),
            ["m/2_b.down.sql m/6_b.down.sql", "m/2_b.up.sql m/6_b.up.sql"]
        );
        // Nobody has told that 6 is taken, and it is.
        assert_eq!(track("m/6_c.up.sql", ""), ["m/6_c.up.sql m/7_c.up.sql"]);
        // What two have in common is one migration.
        assert_eq!(track("m/2_a.up.sql", ""), none);
    }
}
