//! What several rules about migrations ask: the files of one version, who else has it, and what a file could be called
//! instead.

use super::mig03;
use crate::domain::migration::{MigrationFile, Migrations, Taken, Version};
use crate::domain::path::RepoPath;
use crate::domain::quote::shell_path;
use crate::domain::rule::{Facts, FileChange, Finding, Mend, Work};
use crate::domain::time::from_compact_date;

/// The judged track's own migrations that the runner looks at, and whether each is a new file.
pub(super) fn own<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a MigrationFile> + use<'a> {
    let work = facts.work();
    (work.migrations.iter()).filter(|file| file.ignored.is_none())
}

pub(super) fn is_new(work: &Work, file: &MigrationFile) -> bool {
    work.change(&file.path).is_some_and(FileChange::is_new)
}

/// Base's migrations that a track leaves as they are.
pub(super) fn left_by<'a>(
    migrations: &'a Migrations,
    work: &'a Work,
) -> impl Iterator<Item = &'a MigrationFile> {
    let stays = |file: &&MigrationFile| work.change(&file.path).is_none();
    migrations.base.iter().filter(stays)
}

/// Whether two files of one version are too many: both bring it about, or both take it back.
pub(super) fn clash(a: &MigrationFile, b: &MigrationFile) -> bool {
    let same_way = (a.direction.applies() && b.direction.applies()) || a.direction == b.direction;
    let key = |file: &MigrationFile| file.version.as_ref().map(|it: &Version| it.key.clone());
    same_way && a.set == b.set && a.path != b.path && a.version.is_some() && key(a) == key(b)
}

/// What is taken on base, in all tracks and by the names that were proposed so far, without these files of the judged track
/// and what was proposed for them.
pub(super) fn taken<'a>(
    facts: &Facts<'a>,
    migrations: &'a Migrations,
    but: &[&MigrationFile],
    findings: &[Finding],
) -> Taken<'a> {
    let mut taken = Taken::on_base(migrations);
    for work in facts
        .works
        .iter()
        .filter(|work| !facts.without.contains(&work.track))
    {
        for file in &work.migrations {
            let own = work.track == facts.work().track;
            if !(own && but.iter().any(|it| it.path == file.path)) {
                taken.add_file(file);
            }
        }
    }
    for (from, to) in renames(findings) {
        let own = facts.work().migrations.iter().find(|it| it.path == *from);
        let read = own.and_then(|own| migrations.reader.read(to, own.blob, None));
        if let Some(read) = read.filter(|_| !but.iter().any(|it| it.path == *from)) {
            taken.add_file(&read);
        }
    }
    taken
}

/// What was proposed so far: the path of a file, and its new one.
fn renames(findings: &[Finding]) -> impl Iterator<Item = (&RepoPath, &RepoPath)> {
    findings.iter().filter_map(|finding| match &finding.mend {
        Some(Mend::Rename { from, to }) => Some((from, to)),
        _ => None,
    })
}

/// What the files of one migration have in common: the name without what says the way, or their directory.
fn without_way(path: &RepoPath) -> String {
    let text = path.lossy();
    match text.rsplit_once('/') {
        Some((directory, "up.sql" | "down.sql" | "migration.sql")) => directory.to_owned(),
        _ => text.replacen(".up.", ".", 1).replacen(".down.", ".", 1),
    }
}

/// The name that goes with one that was proposed for the same file, or for the other way of the same migration.
pub(super) fn proposed(findings: &[Finding], file: &MigrationFile) -> Option<RepoPath> {
    let whole = without_way(&file.path);
    let (from, to) = renames(findings)
        .find(|(from, _)| **from == file.path)
        .or_else(|| renames(findings).find(|(from, _)| without_way(from) == whole))?;
    if *from == file.path {
        return Some(to.clone());
    }
    let (own, to_text) = (file.path.lossy(), to.lossy());
    if let (Some((directory, last)), Some((to, _))) =
        (own.rsplit_once('/'), to_text.rsplit_once('/'))
        && directory == whole
    {
        return Some(RepoPath::new(format!("{to}/{last}")));
    }
    let (theirs, own) = match from.lossy().contains(".up.") {
        true => (".up.", ".down."),
        false => (".down.", ".up."),
    };
    let other = to.lossy().replacen(theirs, own, 1);
    (other != to.lossy()).then(|| RepoPath::new(other))
}

/// The files of the judged track that are one migration with this one: the other way, the rest of its directory.
fn with_it<'a>(facts: &Facts<'a>, file: &'a MigrationFile) -> Vec<&'a MigrationFile> {
    let together = |other: &&MigrationFile| {
        other.set == file.set && other.version == file.version && other.slug == file.slug
    };
    let all: Vec<&MigrationFile> = own(facts).filter(together).collect();
    match all.is_empty() {
        true => vec![file],
        false => all,
    }
}

/// What a file could be called instead, with the next version that is free.
pub(super) fn free_name<'a>(
    facts: &Facts<'a>,
    migrations: &'a Migrations,
    file: &'a MigrationFile,
    findings: &[Finding],
) -> Option<RepoPath> {
    // What was proposed for another reason may be of the same version still.
    let version = |read: MigrationFile| read.version.map(|it| it.key);
    let another = |to: &RepoPath| {
        let read = migrations.reader.read(to, file.blob, None);
        read.and_then(version) != file.version.as_ref().map(|it| it.key.clone())
    };
    if let Some(to) = proposed(findings, file).filter(another) {
        return Some(to);
    }
    let files = with_it(facts, file);
    let taken = taken(facts, migrations, &files, findings);
    let names = migrations.renumbered(&files, &taken, facts.now)?;
    let (_, to) = names.into_iter().find(|(from, _)| *from == file.path)?;
    // No name is offered that another rule would have something against.
    let dated = mig03::fault(facts, migrations, &to, file.direction).is_none();
    (dated && stays_a_date(migrations, file, &to)).then_some(to)
}

/// Whether what begins with a day still does: there is no 32nd of December.
fn stays_a_date(migrations: &Migrations, file: &MigrationFile, to: &RepoPath) -> bool {
    let is_day = |version: &Version| {
        let digits = version.text.get(..8);
        digits.is_some_and(|digits| from_compact_date(digits).is_some())
    };
    let read = migrations.reader.read(to, file.blob, None);
    let now = read.and_then(|read| read.version);
    let before = file.version.as_ref().is_some_and(is_day);
    !before || now.is_some_and(|version| is_day(&version))
}

/// "rename it: `git mv a b`", with the rename for the tool to do; where no name can be found, what to do in words.
pub(super) fn to_rename(
    to: Option<RepoPath>,
    file: &MigrationFile,
    otherwise: &str,
) -> (String, Option<Mend>) {
    match to {
        Some(to) => (
            format!("rename it: `{}`", git_mv(&file.path, &to)),
            Some(Mend::Rename {
                from: file.path.clone(),
                to,
            }),
        ),
        None => (otherwise.to_owned(), None),
    }
}

/// The command that renames a file.
pub(super) fn git_mv(from: &RepoPath, to: &RepoPath) -> String {
    format!("git mv {} {}", shell_path(from), shell_path(to))
}

pub(super) fn mended(finding: Finding, mend: Option<Mend>) -> Finding {
    match mend {
        Some(mend) => finding.mended_by(mend),
        None => finding,
    }
}

/// A version as its file has it, for messages.
pub(super) fn shown(file: &MigrationFile) -> &str {
    file.version
        .as_ref()
        .map_or("", |version| version.text.as_str())
}
