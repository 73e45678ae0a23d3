//! How each runner reads the name of a file: the version in it, which way it goes, and whether it is looked at at all.

use regex::Regex;

use super::{Direction, Links, MigrationFile, Preset, Template, Version, links};
use crate::domain::path::{Pattern, RepoPath};
use crate::domain::project::{self, Track};
use crate::domain::revision::BlobId;

/// Reads the migrations of a project.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    pub preset: Preset,
    pub templates: Vec<Template>,
    patterns: Vec<Pattern>,
    /// Of preset `custom`: its first group is the version.
    custom: Option<Regex>,
    /// How the tracks sign.
    codes: Vec<String>,
}

/// What a name says to a runner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Name {
    pub(super) version: Option<Version>,
    pub(super) slug: Option<String>,
    pub(super) direction: Direction,
    /// See [`MigrationFile::ignored`].
    pub(super) ignored: Option<&'static str>,
}

impl Reader {
    pub fn new(migrations: &project::Migrations, tracks: &[Track], preset: Preset) -> Reader {
        let templates = migrations.names.iter();
        let custom = migrations.version.as_deref();
        Reader {
            preset,
            templates: templates.filter_map(|it| Template::new(it).ok()).collect(),
            patterns: migrations.paths.clone(),
            custom: custom.and_then(|pattern| Regex::new(pattern).ok()),
            codes: tracks.iter().map(|track| track.code.clone()).collect(),
        }
    }

    /// As the runner reads names whatever tracks.toml says of them.
    pub fn of_preset(preset: Preset, patterns: &[Pattern]) -> Reader {
        Reader {
            preset,
            patterns: patterns.to_vec(),
            ..Reader::default()
        }
    }

    /// Whether a name alone says nothing about the order of files.
    pub fn needs_text(&self) -> bool {
        matches!(self.preset, Preset::Django | Preset::Alembic)
    }

    /// Where the pattern of preset `custom` finds the version.
    pub(super) fn version_at(&self, name: &str) -> Option<std::ops::Range<usize>> {
        let found = self.custom.as_ref()?.captures(name)?;
        Some(found.get(1)?.range())
    }

    #[cfg(test)]
    pub(crate) fn sign(&mut self, codes: &[&str]) {
        self.codes = codes.iter().map(|code| (*code).to_owned()).collect();
    }

    pub fn codes(&self) -> &[String] {
        &self.codes
    }

    /// What its name alone says of a file whose content is not known.
    pub fn by_name(&self, path: &RepoPath) -> Option<MigrationFile> {
        self.read(path, BlobId::NONE, None)
    }

    /// `None`: it is no migration, and nobody would take it for one. `text`: what is in it, where that is known; base's files
    /// are read without, unless [`Reader::needs_text`].
    pub fn read(
        &self,
        path: &RepoPath,
        blob: BlobId,
        text: Option<&[u8]>,
    ) -> Option<MigrationFile> {
        let whole = path.lossy();
        let (directory, file) = whole.rsplit_once('/').unwrap_or(("", &whole));
        if is_beside(file) {
            return None;
        }
        let (directory, name, read) = match self.preset {
            Preset::Diesel | Preset::Prisma => {
                let (above, name) = directory.rsplit_once('/').unwrap_or(("", directory));
                (above, name, in_directory(self.preset, name, file))
            }
            _ => (directory, file, self.name(file)),
        };
        let set = self.set(path, directory);
        let mut file = MigrationFile {
            set: RepoPath::new(set),
            path: path.clone(),
            blob,
            version: read.version,
            slug: read.slug,
            token: None,
            direction: read.direction,
            links: None,
            ignored: read.ignored.map(str::to_owned),
            script: None,
        };
        if let Some(fields) = self.fields(name) {
            file.token = fields.track.map(str::to_owned);
            file.slug = fields.slug.map(str::to_owned).or(file.slug);
        }
        if let Some(text) = text.filter(|_| file.ignored.is_none()) {
            let text = String::from_utf8_lossy(text);
            self.take_links(&mut file, &text);
        }
        Some(file)
    }

    fn take_links(&self, file: &mut MigrationFile, text: &str) {
        let links: Option<Links> = match self.preset {
            Preset::Alembic => {
                let links = links::alembic(text);
                if links.is_none() {
                    file.ignored = Some("finds no `revision` in it".to_owned());
                }
                file.version = links.as_ref().map(|links| Version::text(&links.revision));
                links
            }
            Preset::Django => {
                let links = links::django(text, &app_of(&file.set), &stem(&file.path));
                if links.is_none() {
                    file.ignored = Some("finds no class `Migration` in it".to_owned());
                }
                links
            }
            _ => links::of_header(text),
        };
        file.links = links;
    }

    /// What the first template that matches reads in the name that templates speak of: that of the file, or that of the
    /// directory for runners that have one for each migration.
    pub fn fields<'n>(&self, name: &'n str) -> Option<super::template::Fields<'n>> {
        let mut read = (self.templates.iter()).filter_map(|it| it.read(name, &self.codes));
        let known = |code: &str| self.codes.iter().any(|known| known == code);
        let first = read.next()?;
        if first.track.is_none_or(known) {
            return Some(first);
        }
        let better = read.find(|fields| fields.track.is_none_or(known));
        Some(better.unwrap_or(first))
    }

    /// The name that templates speak of. Whether it goes up or down is not part of it, unless a template says so.
    pub fn named<'p>(&self, path: &'p str, direction: Direction) -> std::borrow::Cow<'p, str> {
        let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
        if self.has_directories() {
            let name = directory.rsplit_once('/').map_or(directory, |(_, it)| it);
            return name.into();
        }
        let says = |template: &Template| {
            [".up.", ".down."]
                .iter()
                .any(|it| template.as_str().contains(it))
        };
        let mark = match direction {
            Direction::Up => ".up.",
            Direction::Down => ".down.",
            _ => return file.into(),
        };
        match file.rsplit_once(mark) {
            Some((stem, end)) if !self.templates.iter().any(says) => format!("{stem}.{end}").into(),
            Some((stem, end)) if direction == Direction::Down => format!("{stem}.up.{end}").into(),
            _ => file.into(),
        }
    }

    /// Whether each migration is a directory.
    pub fn has_directories(&self) -> bool {
        matches!(self.preset, Preset::Diesel | Preset::Prisma)
    }

    fn name(&self, file: &str) -> Name {
        match (self.preset, &self.custom) {
            (Preset::Custom, Some(pattern)) => custom(pattern, file),
            (preset, _) => of_file(preset, file),
        }
    }

    /// The directory whose files are numbered together, for one right in `directory`.
    fn set<'p>(&self, path: &RepoPath, directory: &'p str) -> &'p str {
        let deep = match self.preset {
            Preset::Flyway | Preset::Rails | Preset::Refinery => "**",
            Preset::Alembic => "*",
            _ => return directory,
        };
        let pattern = self.patterns.iter().find(|pattern| pattern.matches(path));
        let Some(pattern) = pattern.map(Pattern::as_str) else {
            return directory;
        };
        let fixed = |segment: &&str| match deep {
            "**" => *segment != "**",
            _ => !segment.contains(['*', '?', '[', '{']),
        };
        let segments: Vec<&str> = pattern.split('/').collect();
        let depth = segments.iter().take_while(|it| fixed(it)).count();
        if depth == segments.len() && deep == "**" {
            return directory;
        }
        let ends = directory.match_indices('/').map(|(at, _)| at);
        let end = ends.chain([directory.len()]).nth(depth.saturating_sub(1));
        match depth {
            0 => "",
            _ => &directory[..end.unwrap_or(directory.len())],
        }
    }
}

/// The label of a Django app, whose migrations are in this directory.
pub(super) fn app_of(set: &RepoPath) -> String {
    let set = set.lossy();
    let app = set.rsplit_once('/').map_or("", |(app, _)| app);
    app.rsplit_once('/').map_or(app, |(_, it)| it).to_owned()
}

pub(super) fn stem(path: &RepoPath) -> String {
    let path = path.lossy();
    let file = path.rsplit_once('/').map_or(&*path, |(_, file)| file);
    file.rsplit_once('.')
        .map_or(file, |(stem, _)| stem)
        .to_owned()
}

/// Files that stand beside migrations in many projects, and are none.
fn is_beside(file: &str) -> bool {
    const NAMES: [&str; 12] = [
        "atlas.sum",
        "migration_lock.toml",
        "metadata.toml",
        "__init__.py",
        "env.py",
        "script.py.mako",
        "alembic.ini",
        "mod.rs",
        "lib.rs",
        "Makefile",
        "LICENSE",
        "README",
    ];
    const ENDS: [&str; 6] = [".md", ".txt", ".conf", ".pyc", "_test.go", ".lock"];
    file.starts_with('.') || NAMES.contains(&file) || ENDS.iter().any(|end| file.ends_with(end))
}

fn ignored(why: &'static str) -> Name {
    Name {
        ignored: Some(why),
        ..Name::default()
    }
}

/// A migration that is a directory, with files of fixed names.
fn in_directory(preset: Preset, name: &str, file: &str) -> Name {
    let slug = name.split_once('_').map(|(_, slug)| slug.to_owned());
    let (version, direction) = match (preset, file) {
        (Preset::Diesel, "up.sql" | "down.sql") => {
            // What comes before the first `_`; `-` does not count.
            let version = name.split('_').next().unwrap_or(name).replace('-', "");
            let direction = match file {
                "up.sql" => Direction::Up,
                _ => Direction::Down,
            };
            (version, direction)
        }
        (Preset::Diesel, _) => {
            return ignored("looks for up.sql and down.sql in the directory of a migration");
        }
        (_, "migration.sql") => (name.to_owned(), Direction::Only),
        _ => return ignored("looks for migration.sql in the directory of a migration"),
    };
    if name.is_empty() || version.is_empty() {
        return ignored("looks for a directory for each migration");
    }
    Name {
        version: Some(Version::text(&version)),
        slug,
        direction,
        ignored: None,
    }
}

fn of_file(preset: Preset, file: &str) -> Name {
    match preset {
        Preset::Sqlx => sqlx(file),
        Preset::Refinery => refinery(file),
        Preset::Flyway => flyway(file),
        Preset::Rails => rails(file),
        Preset::Goose => goose(file),
        Preset::GolangMigrate => golang_migrate(file),
        Preset::Django | Preset::Alembic => python_module(preset, file),
        Preset::Plain | Preset::Custom | Preset::Diesel | Preset::Prisma => plain(file),
    }
}

/// A name that ends in `.up.EXT` or `.down.EXT`, without that.
fn way(file: &str) -> (String, Direction) {
    for (mark, direction) in [(".up.", Direction::Up), (".down.", Direction::Down)] {
        if let Some((stem, end)) = file.rsplit_once(mark)
            && !end.contains('.')
        {
            return (format!("{stem}.{end}"), direction);
        }
    }
    (file.to_owned(), Direction::Only)
}

fn plain(file: &str) -> Name {
    let (name, direction) = way(file);
    let stem = name
        .rsplit_once('.')
        .map_or(name.as_str(), |(stem, _)| stem);
    let slug = stem.trim_start_matches(|c: char| c.is_ascii_digit() || "_-.".contains(c));
    Name {
        slug: (!slug.is_empty()).then(|| slug.to_owned()),
        version: Some(Version::text(&name)),
        direction,
        ignored: None,
    }
}

fn custom(pattern: &Regex, file: &str) -> Name {
    let (_, direction) = way(file);
    let Some(version) = pattern.captures(file).and_then(|found| found.get(1)) else {
        return ignored("finds no version in its name by the pattern of `[migrations] version`");
    };
    let version = version.as_str();
    Name {
        version: Some(Version::number(version).unwrap_or_else(|| Version::text(version))),
        direction,
        ..plain(file)
    }
}

/// Whole and positive, and no more than the runner's number holds.
fn number(text: &str, most: u64) -> Option<Version> {
    let version = Version::number(text)?;
    let fits = (version.key.as_number()).is_some_and(|number| number <= most);
    fits.then_some(version)
}

const I64_MOST: u64 = i64::MAX.unsigned_abs();

fn sqlx(file: &str) -> Name {
    let Some((version, rest)) = file.split_once('_') else {
        return ignored("looks for a `_` behind the version");
    };
    let Some(rest) = rest.strip_suffix(".sql") else {
        return ignored("only looks at names that end in .sql");
    };
    let (slug, direction) = match (rest.strip_suffix(".up"), rest.strip_suffix(".down")) {
        (Some(slug), _) => (slug, Direction::Up),
        (_, Some(slug)) => (slug, Direction::Down),
        _ => (rest, Direction::Only),
    };
    match number(version.strip_prefix('+').unwrap_or(version), I64_MOST) {
        None => ignored("stops at what stands before the first `_`, which is no number"),
        version => Name {
            version,
            slug: Some(slug.to_owned()),
            direction,
            ignored: None,
        },
    }
}

fn refinery(file: &str) -> Name {
    let stem = file
        .strip_suffix(".sql")
        .or_else(|| file.strip_suffix(".rs"));
    let Some(stem) = stem else {
        return ignored("only looks at names that end in .sql or .rs");
    };
    let (version, direction) = match (stem.strip_prefix('V'), stem.strip_prefix('U')) {
        (Some(rest), _) => (rest, Direction::Only),
        // Not an undo: one that may come late.
        (_, Some(rest)) => (rest, Direction::Unordered),
        _ => return ignored("looks for a `V` or a `U` in front of the version"),
    };
    let is_word =
        |slug: &str| !slug.is_empty() && slug.chars().all(|c| c.is_alphanumeric() || c == '_');
    match version.split_once("__").filter(|(_, slug)| is_word(slug)) {
        None => ignored("looks for `__` and one word behind the version"),
        Some((version, slug)) => match number(version, I64_MOST) {
            None => ignored("takes only a whole number as version"),
            version => Name {
                version,
                slug: Some(slug.to_owned()),
                direction,
                ignored: None,
            },
        },
    }
}

fn flyway(file: &str) -> Name {
    const ENDS: [&str; 4] = [".sql", ".java", ".kt", ".class"];
    let Some(stem) = ENDS.iter().find_map(|end| file.strip_suffix(end)) else {
        return ignored("only looks at names that end in .sql");
    };
    let Some(prefix) = stem.chars().next().filter(|c| "VURB".contains(*c)) else {
        return ignored("looks for `V`, `U`, `R` or `B` in front");
    };
    let (version, slug) = stem[1..].split_once("__").unwrap_or((&stem[1..], ""));
    let slug = (!slug.is_empty()).then(|| slug.to_owned());
    if prefix == 'R' {
        return match version.is_empty() {
            true => Name {
                slug,
                direction: Direction::Repeatable,
                ..Name::default()
            },
            false => ignored("takes no version between `R` and `__`"),
        };
    }
    let direction = match prefix {
        'U' => Direction::Down,
        'B' => Direction::Baseline,
        _ => Direction::Only,
    };
    match Version::dotted(version) {
        None => ignored("looks for numbers between its first letter and `__`"),
        version => Name {
            version,
            slug,
            direction,
            ignored: None,
        },
    }
}

fn rails(file: &str) -> Name {
    let Some(stem) = file.strip_suffix(".rb") else {
        return ignored("only looks at names that end in .rb");
    };
    let Some((version, slug)) = stem.split_once('_') else {
        return ignored("looks for a `_` behind the version");
    };
    let slug = slug.split_once('.').map_or(slug, |(slug, _)| slug);
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match Version::number(version) {
        Some(version) if slug.chars().all(is_name) => Name {
            version: Some(version),
            slug: Some(slug.to_owned()),
            ..Name::default()
        },
        Some(_) => ignored("stops at a name with other letters than a to z, digits and `_`"),
        None => ignored("looks for a number in front"),
    }
}

fn goose(file: &str) -> Name {
    let stem = file
        .strip_suffix(".sql")
        .or_else(|| file.strip_suffix(".go"));
    let Some(stem) = stem else {
        return ignored("only looks at names that end in .sql or .go");
    };
    let Some((version, slug)) = stem.split_once('_') else {
        return ignored("looks for a `_` behind the version");
    };
    match number(version, I64_MOST) {
        Some(version) if version.key.as_number() != Some(0) => Name {
            version: Some(version),
            slug: Some(slug.to_owned()),
            ..Name::default()
        },
        Some(_) => ignored("takes no version 0"),
        None => ignored("looks for a number in front of the first `_`"),
    }
}

fn golang_migrate(file: &str) -> Name {
    let Some((version, rest)) = file.split_once('_') else {
        return ignored("looks for a `_` behind the version");
    };
    let up = rest.rfind(".up.");
    let down = rest.rfind(".down.");
    let (at, direction) = match (up, down) {
        (Some(up), Some(down)) if down > up => (down, Direction::Down),
        (Some(up), _) => (up, Direction::Up),
        (None, Some(down)) => (down, Direction::Down),
        (None, None) => return ignored("looks for .up. or .down. in front of the ending"),
    };
    match number(version, u64::MAX) {
        None => ignored("looks for a number in front of the first `_`"),
        version => Name {
            version,
            slug: Some(rest[..at].to_owned()),
            direction,
            ignored: None,
        },
    }
}

fn python_module(preset: Preset, file: &str) -> Name {
    let Some(stem) = file.strip_suffix(".py") else {
        return ignored("only looks at names that end in .py");
    };
    if preset == Preset::Django && stem.starts_with(['_', '~']) {
        return ignored("passes over names that begin with `_` or `~`");
    }
    let slug = match stem.split_once('_') {
        Some((_, slug)) if !slug.is_empty() => slug,
        _ => stem,
    };
    Name {
        version: (preset == Preset::Django).then(|| Version::text(stem)),
        slug: Some(slug.to_owned()),
        ..Name::default()
    }
}

#[cfg(test)]
mod tests;
