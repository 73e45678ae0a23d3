//! Migrations in a few words, for the tests of rules about them.

use std::time::Duration;

use crate::domain::migration::{Links, MigrationFile, Migrations, Preset, Reader};
use crate::domain::path::RepoPath;
use crate::domain::project::{self, Severity, Unowned};
use crate::domain::revision::BlobId;
use crate::domain::rule::testing::{Given, pattern};
use crate::domain::rule::{Finding, Mend};

/// Tracks a and b, which sign with their ids, in this landing order. Files directly in `m` and `n`, and in their
/// directories for runners that want those, are migrations; `base` are its files, and works are written as [`Given::work`]
/// has them.
pub(super) fn given(preset: Preset, templates: &str, base: &str, works: &[(&str, &str)]) -> Given {
    let mut given = Given::tracks("a b");
    let patterns = match preset {
        Preset::Diesel | Preset::Prisma => "m/*/* n/*/*",
        _ => "m/* n/*",
    };
    let said = project::Migrations {
        paths: patterns.split(' ').map(pattern).collect(),
        names: templates.split_whitespace().map(str::to_owned).collect(),
        preset: Some(preset),
        version: None,
        dialect: None,
        max_ahead: Duration::from_secs(24 * 60 * 60),
        renumber: false,
        unclaimed: Unowned::Warn,
    };
    let reader = Reader::new(&said, &given.project.tracks, preset);
    let base = base.split_whitespace().filter_map(|path| {
        let path = RepoPath::new(path);
        reader.read(&path, blob(&path), None)
    });
    let base: Vec<MigrationFile> = base.filter(|file| file.ignored.is_none()).collect();
    for (track, changes) in works {
        let work = given.work(track, changes);
        let selected = work
            .changes
            .iter()
            .filter(|change| said.paths.iter().any(|it| it.matches(&change.path)));
        let files = selected.filter_map(|change| reader.read(&change.path, change.after?.id, None));
        work.migrations = files.collect();
    }
    given.migrations = Some(Migrations::new(reader, "", true, base));
    given.project.migrations = Some(said);
    given
}

fn blob(path: &RepoPath) -> BlobId {
    let mut id = [7; 20];
    for (place, byte) in path.as_bytes().iter().enumerate() {
        id[place % 20] ^= byte;
    }
    BlobId::from_bytes(&id).unwrap()
}

/// Files that follow each other: `b1<a1` is m/b1.py, which follows a1; for several, `d1<b1,c1`.
pub(super) fn link(given: &mut Given, base: &str, works: &[(&str, &str)]) {
    let file = |text: &str| {
        let (name, parents) = text.split_once('<').unwrap_or((text, ""));
        let path = RepoPath::new(format!("m/{name}.py"));
        MigrationFile {
            blob: blob(&path),
            path,
            set: RepoPath::new("m"),
            version: None,
            slug: None,
            token: None,
            direction: Default::default(),
            links: Some(Links {
                revision: name.to_owned(),
                parents: parents
                    .split(',')
                    .filter(|it| !it.is_empty())
                    .map(str::to_owned)
                    .collect(),
                line: 1,
                ..Links::default()
            }),
            ignored: None,
            script: None,
        }
    };
    let migrations = given.migrations.take().unwrap();
    let base = base.split_whitespace().map(file).collect();
    given.migrations = Some(Migrations::new(migrations.reader, "", true, base));
    given.works.clear();
    for (track, text) in works {
        let files: Vec<MigrationFile> = text.split_whitespace().map(file).collect();
        let changes: Vec<String> = files.iter().map(|file| format!("+{}", file.path)).collect();
        given.work(track, &changes.join(" ")).migrations = files;
    }
}

/// Lets the first migration of the first track say that it needs a version.
pub(super) fn needs(given: &mut Given, version: &str) {
    given.works[0].migrations[0].links = Some(Links {
        depends_on: vec![version.to_owned()],
        line: 1,
        ..Links::default()
    });
}

/// `severity path with track, new name`
pub(super) fn shortly(findings: &[Finding]) -> Vec<String> {
    let said = |finding: &Finding| {
        let severity = match finding.severity {
            Severity::Off => "off",
            severity => severity.as_str(),
        };
        let path = finding
            .path
            .as_ref()
            .map_or(String::new(), ToString::to_string);
        let other = finding.other.as_ref().map_or("nobody", |it| it.as_str());
        let to = match &finding.mend {
            Some(Mend::Rename { to, .. }) => to.to_string(),
            _ => "nothing".to_owned(),
        };
        format!("{severity} {path} with {other}, {to}")
    };
    findings.iter().map(said).collect()
}
