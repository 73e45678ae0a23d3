//! Other names for migrations: the next version that is free, in the manner of the name that is there.

use super::next::Moment;
use super::template::Values;
use super::{MigrationFile, Migrations, Preset, Taken, VersionKey};
use crate::domain::path::RepoPath;
use crate::domain::time::Timestamp;

/// More names than this in a row are never taken.
const ATTEMPTS: u64 = 2000;

impl Migrations {
    /// New paths for the files of one migration (both ways of it; all files of its directory), with the next version that is
    /// free and above all that is taken: what a file was called, and what it is to be called.
    ///
    /// `files`: of one set and one version, in any order. `taken`: without these files. `None`: the preset has no versions in
    /// names (alembic, django), or there is no such name.
    pub fn renumbered(
        &self,
        files: &[&MigrationFile],
        taken: &Taken<'_>,
        now: Timestamp,
    ) -> Option<Vec<(RepoPath, RepoPath)>> {
        let first = files.first()?;
        if matches!(self.preset, Preset::Alembic | Preset::Django) || first.version.is_none() {
            return None;
        }
        let moment = Moment::above(self, taken, &first.set, now);
        (0..ATTEMPTS).find_map(|attempt| {
            let names = files.iter().map(|file| {
                let to = self.again(file, &moment, attempt)?;
                let read = self.reader.read(&to, file.blob, None)?;
                let key = read.version.filter(|_| read.ignored.is_none())?.key;
                let highest = taken.highest(&file.set);
                let free = !taken.has(&file.set, &key) && !taken.has_path(&to);
                let above = highest.is_none_or(|highest| !key.is_late(highest));
                (free && above).then(|| (file.path.clone(), to))
            });
            names.collect::<Option<Vec<_>>>()
        })
    }

    /// The same migration under the code of another track, its version as it is.
    pub fn signed(&self, file: &MigrationFile, code: &str) -> Option<RepoPath> {
        let path = file.path.as_str()?;
        let name = self.reader.named(path, file.direction);
        let codes = self.reader.codes();
        let (template, fields) = (self.reader.templates.iter())
            .filter_map(|template| Some((template, template.read(&name, codes)?)))
            .find(|(_, fields)| fields.track.is_some())?;
        let (date, time) = match fields.timestamp {
            Some(both) => both.split_at_checked(8)?,
            None => (fields.date.unwrap_or(""), fields.time.unwrap_or("")),
        };
        let printed = template.print(&Values {
            date,
            time,
            serial: fields.serial.unwrap_or("0").parse().ok()?,
            track: code,
            slug: fields.slug.unwrap_or(""),
        });
        Some(renamed(self, file, &name, &printed))
    }

    /// A name by the first template, with a new version, for a file whose name matches none.
    pub fn by_template(
        &self,
        file: &MigrationFile,
        code: &str,
        taken: &Taken<'_>,
        now: Timestamp,
    ) -> Option<RepoPath> {
        let path = file.path.as_str()?;
        let name = self.reader.named(path, file.direction);
        let template = self.reader.templates.first()?;
        let stem = name.rsplit_once('.').map_or(&*name, |(stem, _)| stem);
        let words = file.slug.as_deref().unwrap_or(stem);
        // The code where it is a word of its own, not the letters that a word begins with.
        let after = words
            .strip_prefix(code)
            .and_then(|rest| rest.strip_prefix(['_', '-', '.']));
        let words = after.filter(|rest| !rest.is_empty()).unwrap_or(words);
        let slug = super::template::slug_of(words);
        if slug.is_empty() {
            return None;
        }
        let moment = Moment::above(self, taken, &file.set, now);
        (0..ATTEMPTS).find_map(|attempt| {
            let values = moment.values(template, attempt)?;
            let printed = template.print(&values.values(code, &slug));
            let to = renamed(self, file, &name, &printed);
            let read = self.reader.read(&to, file.blob, None)?;
            let free = read.ignored.is_none()
                && !taken.has_path(&to)
                && read.version.is_none_or(|it| !taken.has(&file.set, &it.key));
            free.then_some(to)
        })
    }

    /// The path of a file with a newer version.
    fn again(&self, file: &MigrationFile, moment: &Moment, attempt: u64) -> Option<RepoPath> {
        let path = file.path.as_str()?;
        let name = self.reader.named(path, file.direction);
        let codes = self.reader.codes();
        let read = (self.reader.templates.iter())
            .find_map(|template| Some((template, template.read(&name, codes)?)));
        let printed = match read {
            Some((template, fields)) => {
                let values = moment.values(template, attempt)?;
                let track = fields.track.unwrap_or("");
                template.print(&values.values(track, fields.slug.unwrap_or("")))
            }
            None => {
                let at = version_at(self, &name)?;
                let version = moment.like(&name[at.clone()], attempt)?;
                format!("{}{version}{}", &name[..at.start], &name[at.end..])
            }
        };
        Some(renamed(self, file, &name, &printed))
    }
}

/// The path of a file when the name that templates speak of becomes another.
fn renamed(migrations: &Migrations, file: &MigrationFile, from: &str, to: &str) -> RepoPath {
    let path = file.path.lossy();
    let (directory, last) = path.rsplit_once('/').unwrap_or(("", &path));
    if migrations.reader.has_directories() {
        let above = directory.rsplit_once('/').map_or("", |(above, _)| above);
        let slash = if above.is_empty() { "" } else { "/" };
        return RepoPath::new(format!("{above}{slash}{to}/{last}"));
    }
    // What says the way was left out of the name: it goes back in front of the ending.
    let mark = [".up.", ".down."]
        .into_iter()
        .find(|mark| last.contains(mark) && !to.contains(mark));
    let name = match (mark, to.rsplit_once('.')) {
        (Some(mark), Some((stem, _))) if from.contains(mark) => {
            let end = last.rsplit_once('.').map_or("sql", |(_, end)| end);
            format!("{stem}{mark}{end}")
        }
        (Some(mark), Some((stem, end))) => {
            let stem = stem.strip_suffix(".up").unwrap_or(stem);
            format!("{stem}{mark}{end}")
        }
        _ => match (last.contains(".down."), to.rsplit_once(".up.")) {
            (true, Some((stem, end))) => format!("{stem}.down.{end}"),
            _ => to.to_owned(),
        },
    };
    let slash = if directory.is_empty() { "" } else { "/" };
    RepoPath::new(format!("{directory}{slash}{name}"))
}

/// Where in a name its version stands.
fn version_at(migrations: &Migrations, name: &str) -> Option<std::ops::Range<usize>> {
    let range = match migrations.preset {
        Preset::Flyway | Preset::Refinery => {
            let end = name.find("__").or_else(|| name.rfind('.'))?;
            1..end
        }
        Preset::Custom => return migrations.reader.version_at(name),
        Preset::Plain => {
            let end = name
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(name.len());
            0..end
        }
        _ => 0..name.find('_')?,
    };
    (!range.is_empty()).then_some(range)
}

impl VersionKey {
    /// Whether a runner that goes up only would pass over it, where `highest` has run. Of whole names, what counts is the
    /// number at their beginning: two of one day are not late to each other.
    pub fn is_late(&self, highest: &VersionKey) -> bool {
        match (self, highest) {
            (VersionKey::Text(own), VersionKey::Text(theirs)) => {
                match (super::next::leading(own), super::next::leading(theirs)) {
                    (Some(own), Some(theirs)) => own < theirs,
                    _ => own < theirs,
                }
            }
            _ => self <= highest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Direction, Reader};
    use super::*;
    use crate::domain::migration::Template;
    use crate::domain::path::Pattern;
    use crate::domain::revision::BlobId;

    fn migrations(preset: Preset, templates: &str, base: &str) -> Migrations {
        let mut reader = Reader::of_preset(preset, &[Pattern::new("m/**").unwrap()]);
        reader.templates = templates
            .split_whitespace()
            .map(|it| Template::new(it).unwrap())
            .collect();
        reader.sign(&["trackA", "trackB"]);
        let files = base
            .split_whitespace()
            .map(|path| file(&reader, path))
            .collect();
        Migrations::new(reader, "it says so", true, files)
    }

    fn file(reader: &Reader, path: &str) -> MigrationFile {
        let blob = BlobId::from_hex(&"1".repeat(40)).unwrap();
        reader.read(&RepoPath::new(path), blob, None).unwrap()
    }

    #[test]
    fn the_next_version_in_the_same_manner() {
        let convention = "{date}_{track}_{slug}.sql";
        // It is 2026-11-25, noon.
        let now = Timestamp(1_795_608_000);
        for (preset, templates, base, files, expected) in [
            (
                Preset::Sqlx,
                "",
                "m/0007_a.sql",
                "m/0007_b.sql",
                "m/0008_b.sql",
            ),
            (
                Preset::Sqlx,
                "",
                "m/9_a.sql m/10_a.sql",
                "m/9_b.sql",
                "m/11_b.sql",
            ),
            (
                Preset::Sqlx,
                "",
                "m/20241001000000_a.sql",
                "m/20241001000000_b.sql",
                "m/20261125120000_b.sql",
            ),
            (
                Preset::Sqlx,
                "",
                "m/20261125120000_a.sql",
                "m/20241001000000_b.sql",
                "m/20261125120001_b.sql",
            ),
            (
                Preset::Sqlx,
                "",
                "m/20241001_a.sql",
                "m/20241001_b.sql",
                "m/20261125_b.sql",
            ),
            (
                Preset::Sqlx,
                "",
                "m/20261125_a.sql",
                "m/20241001_b.sql",
                "m/20261126_b.sql",
            ),
            (
                Preset::Sqlx,
                convention,
                "m/20241001_trackA_a.sql",
                "m/20241001_trackB_b.sql",
                "m/20261125_trackB_b.sql",
            ),
            (
                Preset::Sqlx,
                convention,
                "m/20261125_trackA_a.sql",
                "m/20241001_trackB_b.sql",
                "m/20261126_trackB_b.sql",
            ),
            (
                Preset::Plain,
                convention,
                "m/20261125_trackA_a.sql",
                "m/20241001_trackB_b.sql",
                "m/20261125_trackB_b.sql",
            ),
            (
                Preset::Sqlx,
                "",
                "m/1_a.up.sql m/1_a.down.sql",
                "m/1_b.up.sql m/1_b.down.sql",
                "m/2_b.up.sql m/2_b.down.sql",
            ),
            (
                Preset::GolangMigrate,
                "{serial:6}_{slug}.sql",
                "m/000001_a.up.sql m/000001_a.down.sql",
                "m/000001_b.up.sql m/000001_b.down.sql",
                "m/000002_b.up.sql m/000002_b.down.sql",
            ),
            (
                Preset::GolangMigrate,
                "{serial:6}_{slug}.up.sql",
                "m/000001_a.up.sql m/000001_a.down.sql",
                "m/000001_b.up.sql m/000001_b.down.sql",
                "m/000002_b.up.sql m/000002_b.down.sql",
            ),
            (
                Preset::Flyway,
                "",
                "m/V1.2__a.sql",
                "m/V1.2__b.sql",
                "m/V1.3__b.sql",
            ),
            (
                Preset::Flyway,
                "",
                "m/V1_9__a.sql",
                "m/V1_2__b.sql",
                "m/V1_10__b.sql",
            ),
            (
                Preset::Refinery,
                "",
                "m/V3__a.sql",
                "m/V3__b.sql",
                "m/V4__b.sql",
            ),
            (
                Preset::Diesel,
                "",
                "m/2024-10-01-000000_a/up.sql",
                "m/2024-10-01-000000_b/up.sql m/2024-10-01-000000_b/down.sql",
                "m/2026-11-25-120000_b/up.sql m/2026-11-25-120000_b/down.sql",
            ),
            (
                Preset::Prisma,
                "",
                "m/20241001000000_a/migration.sql",
                "m/20240901000000_b/migration.sql",
                "m/20261125120000_b/migration.sql",
            ),
            (
                Preset::Rails,
                "",
                "m/20241001000000_a.rb",
                "m/20241001000000_b.rb",
                "m/20261125120000_b.rb",
            ),
            (Preset::Django, "", "m/0001_a.py", "m/0001_b.py", "-"),
        ] {
            let migrations = migrations(preset, templates, base);
            let files: Vec<MigrationFile> = files
                .split(' ')
                .map(|path| file(&migrations.reader, path))
                .collect();
            let files: Vec<&MigrationFile> = files.iter().collect();
            let taken = Taken::on_base(&migrations);
            let renamed = migrations.renumbered(&files, &taken, now);
            let to = renamed.map(|names| {
                let names: Vec<String> = names.iter().map(|(_, to)| to.to_string()).collect();
                names.join(" ")
            });
            assert_eq!(to.as_deref().unwrap_or("-"), expected, "{preset} {base}");
        }
    }

    #[test]
    fn what_is_taken_elsewhere_counts() {
        let migrations = migrations(Preset::Goose, "", "m/00001_a.sql");
        let mut taken = Taken::on_base(&migrations);
        taken.add_file(&file(&migrations.reader, "m/00002_c.sql"));
        let own = file(&migrations.reader, "m/00001_b.sql");
        let names = migrations
            .renumbered(&[&own], &taken, Timestamp(0))
            .unwrap();
        assert_eq!(names[0].1, RepoPath::new("m/00003_b.sql"));
    }

    #[test]
    fn signing_keeps_the_version() {
        let migrations = migrations(Preset::Plain, "{date}_{track}_{slug}.sql", "");
        let other = file(&migrations.reader, "m/20241001_trackB_x_y.sql");
        let signed = migrations.signed(&other, "trackA").unwrap();
        assert_eq!(signed, RepoPath::new("m/20241001_trackA_x_y.sql"));
        let up = file(&migrations.reader, "m/20241001_trackB_x.up.sql");
        assert_eq!(up.direction, Direction::Up);
        let signed = migrations.signed(&up, "trackA").unwrap();
        assert_eq!(signed, RepoPath::new("m/20241001_trackA_x.up.sql"));
    }

    #[test]
    fn a_name_by_the_template() {
        let migrations = migrations(Preset::Sqlx, "{date}_{track}_{slug}.sql", "");
        let taken = Taken::on_base(&migrations);
        let now = Timestamp(1_795_608_000);
        for (from, to) in [
            ("m/7_Add-Users.sql", "m/20261125_trackA_add_users.sql"),
            ("m/20241001-x.sql", "m/20261125_trackA_x.sql"),
            ("m/7_trackA_x.sql", "m/20261125_trackA_x.sql"),
            ("m/7_trackAbc.sql", "m/20261125_trackA_trackabc.sql"),
        ] {
            let mut own = file(&migrations.reader, from);
            own.slug = Some(own.slug.unwrap_or_else(|| "x".to_owned()));
            let named = migrations.by_template(&own, "trackA", &taken, now);
            assert_eq!(named, Some(RepoPath::new(to)));
        }
    }
}
