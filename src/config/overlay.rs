//! A profile laid over `[run]`, `[check]` and `[integration]`. It is the same text, so every value keeps its place.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::raw::File;
use super::read::{self, Lost};
use super::tree::{self, Step};

/// The three tables as they are with a profile.
pub(super) struct Overlay {
    /// Has these three tables, and nothing else.
    pub(super) file: File,
    pub(super) lost: Lost,
    pub(super) own: Own,
}

/// Where a profile itself says something.
#[derive(Debug, Default)]
pub(super) struct Own(Vec<Range<usize>>);

impl Own {
    fn of(tree: &DeTable<'_>, profile: &str) -> Own {
        let above = [
            Step::Key("profile".to_owned()),
            Step::Key(profile.to_owned()),
        ];
        let mut places = Vec::new();
        tree::walk(tree, &mut |found| {
            if found.path.len() > above.len() && found.path.starts_with(&above) {
                places.extend(found.key.clone());
                places.push(found.span.clone());
            }
            found.path.starts_with(&above) || above.starts_with(&found.path)
        });
        Own(places)
    }

    pub(super) fn has(&self, span: &Range<usize>) -> bool {
        let holds = |place: &Range<usize>| place.start <= span.start && span.end <= place.end;
        self.0.iter().any(holds)
    }
}

/// Reads the three tables with the profile on top. What is mistyped has been reported with the file as a whole, and is left
/// out here without another word; so is a check that only the profile knows.
pub(super) fn overlay(text: &str, tree: &DeTable<'_>, profile: &str, lost: &Lost) -> Overlay {
    let mut lost = lost.clone();
    let laid = laid_over(tree, profile);
    let file = read::read(text, &laid, &mut lost, &mut Vec::new());
    Overlay {
        file,
        lost,
        own: Own::of(tree, profile),
    }
}

fn laid_over<'i>(tree: &DeTable<'i>, profile: &str) -> DeTable<'i> {
    let mut run = Section::of(tree, "run");
    let mut check = Section::of(tree, "check");
    let mut integration = Section::of(tree, "integration");
    let profiles = tree.get("profile").and_then(as_table);
    let own = profiles.and_then(|profiles| as_table(profiles.get(profile)?));
    for (key, value) in own.into_iter().flat_map(|own| own.iter()) {
        match (key.get_ref().as_ref(), as_table(value)) {
            ("when", _) | ("check" | "integration", None) => {}
            ("check", Some(checks)) => {
                for (name, own) in checks.iter() {
                    let known = check.table.get_mut(name.get_ref().as_ref());
                    if let (Some(DeValue::Table(known)), Some(own)) =
                        (known.map(Spanned::get_mut), as_table(own))
                    {
                        put_all(known, own);
                    }
                }
            }
            ("integration", Some(own)) => put_all(&mut integration.table, own),
            _ => put(&mut run.table, key, value),
        }
    }
    let mut laid = DeTable::new();
    for section in [run, check, integration] {
        let table = Spanned::new(section.table_place, DeValue::Table(section.table));
        let key = Spanned::new(section.key_place, section.key.into());
        laid.insert(key, table);
    }
    laid
}

/// A table at the top of the file; an empty one at no place where there is none.
struct Section<'i> {
    key: &'static str,
    key_place: Range<usize>,
    table_place: Range<usize>,
    table: DeTable<'i>,
}

impl<'i> Section<'i> {
    fn of(tree: &DeTable<'i>, key: &'static str) -> Self {
        let written = tree.get_key_value(key);
        let table = written.and_then(|(_, value)| as_table(value));
        Section {
            key,
            key_place: written.map_or(0..0, |(key, _)| key.span()),
            table_place: written.map_or(0..0, |(_, value)| value.span()),
            table: table.cloned().unwrap_or_default(),
        }
    }
}

fn as_table<'t, 'i>(value: &'t Spanned<DeValue<'i>>) -> Option<&'t DeTable<'i>> {
    match value.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

fn put_all<'i>(table: &mut DeTable<'i>, own: &DeTable<'i>) {
    for (key, value) in own.iter() {
        put(table, key, value);
    }
}

/// Environments are merged, everything else replaces what is there.
fn put<'i>(table: &mut DeTable<'i>, key: &Spanned<DeString<'i>>, value: &Spanned<DeValue<'i>>) {
    if key.get_ref() == "env"
        && let DeValue::Table(own) = value.get_ref()
        && let Some(DeValue::Table(env)) = table.get_mut("env").map(Spanned::get_mut)
    {
        return put_all(env, own);
    }
    // A key that is there would keep its old place.
    table.remove(key.get_ref().as_ref());
    table.insert(key.clone(), value.clone());
}
