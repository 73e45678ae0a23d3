//! What base's migrations have made of the objects that the work of tracks is about.
//!
//! Base may have ten thousand migrations, and the work of tracks is about a few names: a file that has none of them in it is
//! not parsed.

use std::collections::BTreeSet;

use crate::domain::migration::{Direction, Known, MigrationFile, Migrations};
use crate::domain::rule::Work;
use crate::domain::sql::{self, Action, Dialect};
use crate::git::{GitError, Merger};
use crate::process::{cores, in_parallel};

/// Fills in what is known of base.
pub(super) fn read(
    merger: &Merger<'_>,
    migrations: &mut Migrations,
    works: &[Work],
) -> Result<(), GitError> {
    let names = names(works);
    if names.is_empty() || migrations.base.is_empty() {
        return Ok(());
    }
    let wanted: Vec<&MigrationFile> = migrations
        .base
        .iter()
        .filter(|file| file.direction != Direction::Down && file.ignored.is_none())
        .filter(|file| file.path.lossy().to_lowercase().ends_with(".sql"))
        .collect();
    let dialect = migrations.dialect.unwrap_or(Dialect::Postgres);
    let scripts = in_parallel(&wanted, cores().get(), |file| {
        let text = merger.read_blob(file.blob)?;
        Ok(has_any(&text, &names).then(|| sql::parse(dialect, &String::from_utf8_lossy(&text))))
    });
    let mut known = Known::default();
    let mut ordered: Vec<(&MigrationFile, sql::Script)> = Vec::new();
    for (file, script) in wanted.iter().zip(scripts) {
        if let Some(script) = script? {
            ordered.push((file, script));
        }
    }
    // The order in which they run, as far as their versions say it.
    ordered.sort_by(|(a, _), (b, _)| {
        let key = |file: &MigrationFile| file.version.as_ref().map(|version| version.key.clone());
        (&a.set, key(a), &a.path).cmp(&(&b.set, key(b), &b.path))
    });
    for (file, script) in &ordered {
        known.add(&file.path, script);
    }
    migrations.known = known;
    Ok(())
}

/// The last parts of all names that the works have to do with, in lower case.
fn names(works: &[Work]) -> BTreeSet<Vec<u8>> {
    let mut names = BTreeSet::new();
    let scripts = works.iter().flat_map(|work| &work.migrations);
    for script in scripts.filter_map(|file| file.script.as_ref()) {
        for (_, effect) in script.effects() {
            names.insert(effect.object.name.name.to_lowercase().into_bytes());
            if let Action::Rename { to } = &effect.action {
                names.insert(to.name.to_lowercase().into_bytes());
            }
        }
        names.extend(
            script
                .touches
                .iter()
                .map(|it| it.name.to_lowercase().into_bytes()),
        );
    }
    names.remove(&Vec::new());
    names
}

/// Whether one of the names stands in the text as a word of its own.
fn has_any(text: &[u8], names: &BTreeSet<Vec<u8>>) -> bool {
    let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
    // A name of other characters is no single word: then only finding it will do.
    let odd: Vec<&Vec<u8>> = names
        .iter()
        .filter(|name| !name.iter().all(is_inside))
        .collect();
    let text = text.to_ascii_lowercase();
    let is_word = |word: &[u8]| !word.is_empty() && names.contains(word);
    text.split(|byte| !is_inside(byte)).any(is_word)
        || odd
            .iter()
            .any(|name| text.windows(name.len()).any(|it| it == name.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_words() {
        let names: BTreeSet<Vec<u8>> = ["users", "order items"]
            .map(|it| it.as_bytes().to_vec())
            .into();
        for (text, expected) in [
            ("create table Users (x int)", true),
            ("create table \"users\"", true),
            ("create table public.users(", true),
            ("create table users_old", false),
            ("create table myusers", false),
            ("[Order Items]", true),
            ("", false),
        ] {
            assert_eq!(has_any(text.as_bytes(), &names), expected, "{text}");
        }
    }
}
