//! The version that a new migration gets: after all that is taken, and not before now.

use super::template::{Template, Values};
use super::version::Digits;
use super::{MigrationFile, Migrations, Preset, Taken, VersionKey};
use crate::domain::path::RepoPath;
use crate::domain::time::{
    Timestamp, compact_date, compact_time, from_compact_date, from_compact_digits,
};

const DAY: i64 = 24 * 60 * 60;

/// From when and from which number on names are tried.
#[derive(Debug)]
pub(super) struct Moment {
    /// Not before now, and after every time that is taken.
    after: Timestamp,
    /// Not before today, and on or after every day that is taken.
    day: Timestamp,
    /// The highest version; its last part, where it has several.
    highest: u64,
    parts: Vec<String>,
    /// The highest number that a template finds in the names that are taken.
    serial: u64,
}

/// What the fields of a template are at one attempt.
pub(super) struct At {
    date: String,
    time: String,
    serial: u64,
}

impl At {
    pub(super) fn values<'v>(&'v self, track: &'v str, slug: &'v str) -> Values<'v> {
        Values {
            date: &self.date,
            time: &self.time,
            serial: self.serial,
            track,
            slug,
        }
    }
}

impl Moment {
    pub(super) fn above(
        migrations: &Migrations,
        taken: &Taken<'_>,
        set: &RepoPath,
        now: Timestamp,
    ) -> Moment {
        let highest = taken.highest(set);
        let digits = highest.map_or_else(String::new, |key| match key {
            VersionKey::Text(text) => text.chars().take_while(char::is_ascii_digit).collect(),
            key @ VersionKey::Numbers(_) => key.to_string(),
        });
        let time = from_compact_digits(&digits).map(|time| Timestamp(time.0 + 1));
        let day = from_compact_date(digits.get(..8).unwrap_or(""));
        let parts = match highest {
            Some(VersionKey::Numbers(parts)) => parts.iter().map(Digits::to_string).collect(),
            _ => Vec::new(),
        };
        let last = parts.last().unwrap_or(&digits);
        Moment {
            after: time.map_or(now, |time| time.max(now)),
            day: day.map_or(now, |day| day.max(now)),
            highest: last.parse().unwrap_or(0),
            serial: highest_serial(migrations, taken, set),
            parts,
        }
    }

    /// The fields of a template at one attempt; those that go up leave no gap.
    pub(super) fn values(&self, template: &Template, attempt: u64) -> Option<At> {
        let step = i64::try_from(attempt).ok()?;
        let (day, time) = match template.is_finer_than_a_day() {
            true => {
                let at = Timestamp(self.after.0 + step);
                (at, at)
            }
            false => (Timestamp(self.day.0 + step * DAY), self.after),
        };
        Some(At {
            date: compact_date(day),
            time: compact_time(time),
            serial: self.serial + 1 + attempt,
        })
    }

    /// A version in the manner of another: a time, a day, numbers.
    pub(super) fn like(&self, text: &str, attempt: u64) -> Option<String> {
        let step = i64::try_from(attempt).ok()?;
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let plain = digits.len() == text.len();
        if from_compact_digits(&digits).is_some() {
            let at = Timestamp(self.after.0 + step);
            let (date, time) = (compact_date(at), compact_time(at));
            return match (plain, text.contains('-')) {
                (true, _) => Some(format!("{date}{time}")),
                // As diesel writes them.
                (_, true) => Some(format!(
                    "{}-{}-{}-{time}",
                    &date[..4],
                    &date[4..6],
                    &date[6..]
                )),
                _ => None,
            };
        }
        if plain && from_compact_date(&digits).is_some() {
            return Some(compact_date(Timestamp(self.day.0 + step * DAY)));
        }
        if plain {
            let next = self.highest + 1 + attempt;
            return Some(format!("{next:0width$}", width = digits.len()));
        }
        let between = text.chars().find(|c| ".-_".contains(*c))?;
        let mut parts = self.parts.clone();
        // `2` stands for `2.0`.
        while parts.len() < text.split(between).count() {
            parts.push("0".to_owned());
        }
        let last: u64 = parts.pop()?.parse().ok()?;
        parts.push((last + 1 + attempt).to_string());
        Some(parts.join(&between.to_string()))
    }
}

/// The highest `{serial}` that a template finds in the names of a set; where templates have none, the highest number in front.
fn highest_serial(migrations: &Migrations, taken: &Taken<'_>, set: &RepoPath) -> u64 {
    let reader = &migrations.reader;
    let with_serial = reader.templates.iter().any(Template::has_serial);
    let numbers = taken.paths(set).filter_map(|path| {
        let path = path.as_str()?;
        let direction = super::Direction::Only;
        let name = reader.named(path, direction);
        let name = name.replacen(".up.", ".", 1).replacen(".down.", ".", 1);
        let by_template = (reader.templates.iter())
            .find_map(|template| template.read(&name, reader.codes())?.serial?.parse().ok());
        match with_serial {
            true => by_template.or_else(|| leading(&name)?.as_number()),
            false => leading(name.trim_start_matches('V'))?.as_number(),
        }
    });
    let by_names = numbers.max().unwrap_or(0);
    let key = taken.highest(set).and_then(VersionKey::as_number);
    // Where the version is a date beside the serial, it says nothing about the serial.
    let dated = reader
        .templates
        .iter()
        .any(|it| it.as_str().contains("{date}"));
    match key.filter(|_| !dated) {
        Some(key) => by_names.max(key),
        None => by_names,
    }
}

/// The number that a text begins with.
pub(super) fn leading(text: &str) -> Option<Digits> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    Digits::new(&text[..end])
}

/// A migration that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What is reserved for it.
    pub set: RepoPath,
    pub version: Option<VersionKey>,
    /// Ascending by path, with what is to be in them.
    pub files: Vec<(RepoPath, String)>,
}

/// What a new migration is to be.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    /// The directory that it goes to.
    pub set: &'w RepoPath,
    /// In words.
    pub title: &'w str,
    pub code: &'w str,
    /// Of runners that go by links: what it is to follow.
    pub heads: &'w [String],
    pub now: Timestamp,
}

impl Migrations {
    /// The next migration, after all that is taken. `None`: the title has no letter that a name could have, or no name is
    /// free.
    pub fn next(&self, wanted: &Wanted<'_>, taken: &Taken<'_>) -> Option<Planned> {
        let slug = super::template::slug_of(wanted.title);
        if slug.is_empty() {
            return None;
        }
        let template = match self.reader.templates.first() {
            Some(template) => template.clone(),
            None => self.usual_template(wanted.set, taken)?,
        };
        let moment = Moment::above(self, taken, wanted.set, wanted.now);
        (0..2000).find_map(|attempt| {
            let at = moment.values(&template, attempt)?;
            let name = match (self.preset, self.reader.templates.first()) {
                (Preset::Alembic, None) => format!("{}_{slug}.py", revision(wanted, attempt)),
                (Preset::Flyway, None) if moment.parts.len() > 1 => {
                    let version = moment.like(&moment.parts.join("."), attempt)?;
                    format!("V{version}__{slug}.sql")
                }
                _ => template.print(&at.values(wanted.code, &slug)),
            };
            let files = self.files(wanted, taken, &name, attempt);
            let key = self.key_of(wanted, &files, attempt);
            let free = files.iter().all(|(path, _)| !taken.has_path(path))
                && key.as_ref().is_none_or(|key| {
                    let above = taken
                        .highest(wanted.set)
                        .is_none_or(|highest| !key.is_late(highest));
                    let by_links = self.preset.late() == super::Late::ByLinks;
                    !taken.has(wanted.set, key) && (above || by_links)
                });
            free.then(|| Planned {
                set: wanted.set.clone(),
                version: key,
                files,
            })
        })
    }

    fn key_of(
        &self,
        wanted: &Wanted<'_>,
        files: &[(RepoPath, String)],
        attempt: u64,
    ) -> Option<VersionKey> {
        if self.preset == Preset::Alembic {
            return Some(VersionKey::Text(revision(wanted, attempt)));
        }
        let (path, _) = files.first()?;
        Some(self.reader.by_name(path)?.version?.key)
    }

    /// Where tracks.toml has no template: as the runner's own tool names them, or as those are named that are there.
    fn usual_template(&self, set: &RepoPath, taken: &Taken<'_>) -> Option<Template> {
        let highest = taken
            .migrations
            .highest(set)
            .and_then(|it| it.version.as_ref());
        let text = highest.map(|version| version.text.as_str());
        let digits: String = text
            .unwrap_or("")
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        let number = match (self.preset, digits.len()) {
            (Preset::Django, _) => "{serial:4}".to_owned(),
            (_, 14) => "{timestamp}".to_owned(),
            (_, 8) if from_compact_date(&digits).is_some() => "{date}".to_owned(),
            (Preset::Refinery | Preset::Flyway, 0) => "{serial}".to_owned(),
            (_, 0) => "{timestamp}".to_owned(),
            (_, width) => format!("{{serial:{}}}", width.min(20)),
        };
        let text = match self.preset {
            Preset::Flyway | Preset::Refinery => format!("V{number}__{{slug}}.sql"),
            Preset::Rails => format!("{number}_{{slug}}.rb"),
            Preset::Django | Preset::Alembic => format!("{number}_{{slug}}.py"),
            Preset::Diesel | Preset::Prisma => format!("{number}_{{slug}}"),
            _ => format!("{number}_{{slug}}.sql"),
        };
        Template::new(&text).ok()
    }

    fn files(
        &self,
        wanted: &Wanted<'_>,
        taken: &Taken<'_>,
        name: &str,
        attempt: u64,
    ) -> Vec<(RepoPath, String)> {
        let directory = wanted.set.lossy();
        let slash = if directory.is_empty() { "" } else { "/" };
        let path = |name: &str| RepoPath::new(format!("{directory}{slash}{name}"));
        let title = wanted.title.trim().replace(['\n', '\r'], " ");
        let sql = format!("-- {title}\n");
        match self.preset {
            Preset::Diesel => vec![
                (
                    path(&format!("{name}/down.sql")),
                    format!("-- Undo: {title}\n"),
                ),
                (path(&format!("{name}/up.sql")), sql),
            ],
            Preset::Prisma => vec![(path(&format!("{name}/migration.sql")), sql)],
            Preset::Django => vec![(path(name), django(&title, wanted.heads))],
            Preset::Alembic => {
                let text = alembic(&title, &revision(wanted, attempt), wanted.heads);
                vec![(path(name), text)]
            }
            Preset::Rails => vec![(path(name), rails(name))],
            Preset::Goose => vec![(path(name), format!("-- +goose Up\n{sql}\n-- +goose Down\n"))],
            _ if self.goes_both_ways(wanted.set, taken) => {
                let stem = name.replacen(".up.", ".", 1);
                let (stem, end) = stem.rsplit_once('.').unwrap_or((&stem, "sql"));
                vec![
                    (
                        path(&format!("{stem}.down.{end}")),
                        format!("-- Undo: {title}\n"),
                    ),
                    (path(&format!("{stem}.up.{end}")), sql),
                ]
            }
            _ => vec![(path(name), sql)],
        }
    }

    /// Whether migrations of a set are two files, one for each way.
    fn goes_both_ways(&self, set: &RepoPath, taken: &Taken<'_>) -> bool {
        let says = |template: &Template| template.as_str().contains(".up.");
        let goes = |file: &MigrationFile| file.direction == super::Direction::Up;
        self.preset == Preset::GolangMigrate
            || self.reader.templates.first().is_some_and(says)
            || taken.migrations.highest(set).is_some_and(|highest| {
                let key = highest.version.as_ref().map(|version| &version.key);
                key.is_some_and(|key| taken.migrations.with_version(set, key).any(goes))
            })
    }
}

/// Twelve hexadecimal digits, as alembic makes them.
fn revision(wanted: &Wanted<'_>, attempt: u64) -> String {
    use sha2::{Digest as _, Sha256};
    let text = format!(
        "{} {} {} {attempt}",
        wanted.now.0, wanted.code, wanted.title
    );
    let digest = Sha256::digest(text.as_bytes());
    digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn alembic(title: &str, revision: &str, heads: &[String]) -> String {
    let quoted: Vec<String> = heads.iter().map(|head| format!("\"{head}\"")).collect();
    let down = match quoted.as_slice() {
        [] => "None".to_owned(),
        [one] => one.clone(),
        several => format!("({})", several.join(", ")),
    };
    let title = title.replace(['"', '\\'], "'");
    format!(
        "\"\"\"{title}\"\"\"\n\nfrom alembic import op\nimport sqlalchemy as sa\n\nrevision = \"{revision}\"\n\
         down_revision = {down}\nbranch_labels = None\ndepends_on = None\n\n\ndef upgrade():\n    pass\n\n\n\
         def downgrade():\n    pass\n"
    )
}

fn django(title: &str, heads: &[String]) -> String {
    let dependencies: String = heads
        .iter()
        .filter_map(|head| head.split_once('.'))
        .map(|(app, name)| format!("        (\"{app}\", \"{name}\"),\n"))
        .collect();
    format!(
        "# {title}\nfrom django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [\n\
         {dependencies}    ]\n\n    operations = []\n"
    )
}

/// The class is called as the file is.
fn rails(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let slug = stem.split_once('_').map_or(stem, |(_, slug)| slug);
    let class: String = slug
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        })
        .collect();
    format!("class {class} < ActiveRecord::Migration[7.1]\n  def change\n  end\nend\n")
}

#[cfg(test)]
mod tests;
