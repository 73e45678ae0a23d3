//! From the tree to the mirror, over as many unknown keys and wrong types as there are.
//!
//! serde stops at the first mistake, and the error has a place. So: take what stands at that place out of the tree,
//! remember it as lost, and try again until the rest fits.

use std::ops::Range;

use serde::Deserialize as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::diagnostic::{Diagnostic, Level};
use super::raw::File;
use super::tree::{self, Found, Place, Step};
use crate::domain::name::nearest;

/// What could not be read, so that nobody complains a second time that it is missing.
#[derive(Debug, Clone, Default)]
pub(super) struct Lost {
    names: Vec<String>,
    /// The tables and lists that something was taken out of.
    parents: Vec<Range<usize>>,
}

impl Lost {
    pub(super) fn with_names(names: Vec<String>) -> Self {
        Lost {
            names,
            parents: Vec::new(),
        }
    }

    /// Whether something of that name could not be read.
    pub(super) fn mentions(&self, name: &str) -> bool {
        self.names.iter().any(|lost| lost == name)
    }

    /// Whether something in the table or list at `span` could not be read.
    pub(super) fn inside(&self, span: &Range<usize>) -> bool {
        self.parents.contains(span)
    }
}

pub(super) fn read(
    text: &str,
    tree: &DeTable<'_>,
    lost: &mut Lost,
    diagnostics: &mut Vec<Diagnostic>,
) -> File {
    let mut tree = tree.clone();
    loop {
        let document = Spanned::new(0..text.len(), tree.clone());
        let error = match File::deserialize(Deserializer::from(document)) {
            Ok(file) => return file,
            Err(error) => error,
        };
        let span = error.span().unwrap_or(0..text.len());
        let is_key = error.message().starts_with("unknown field");
        let Some(found) = tree::find(&tree, &span, is_key) else {
            diagnostics.push(error_at(span, error.message().to_owned()));
            return File::default();
        };
        diagnostics.push(explain(error.message(), text, &tree, &found));
        lost.parents.extend(tree::ancestors(&tree, &found.path));
        if let Some(Step::Key(name)) = found.path.last() {
            lost.names.push(name.clone());
        }
        if let DeValue::String(name) = found.value {
            lost.names.push(name.to_string());
        }
        let path = found.path;
        tree::remove(&mut tree, &path);
    }
}

fn error_at(span: Range<usize>, message: String) -> Diagnostic {
    Diagnostic {
        level: Level::Error,
        message,
        span,
        label: None,
        also: None,
        help: None,
    }
}

/// Says in our words what serde says in its own.
fn explain(message: &str, text: &str, tree: &DeTable<'_>, found: &Found<'_, '_>) -> Diagnostic {
    let place = Place::of(tree, text, &found.path);
    if message.starts_with("unknown field") {
        return unknown_key(message, text, tree, found);
    }
    let mut diagnostic = error_at(found.span.clone(), message.to_owned());
    if message.starts_with("unknown variant") {
        let (value, known) = backquoted(message);
        diagnostic.message = format!("unknown value `{value}` for {}", place.quoted());
        diagnostic.label = Some("unknown value".to_owned());
        diagnostic.help = Some(suggest(&value, &known, "the values are"));
    } else if message.starts_with("invalid ") || message.starts_with("wanted ") {
        let expected = message
            .split_once(", expected ")
            .map_or("a string", |(_, expected)| in_words(expected));
        diagnostic.message = format!("{} must be {expected}", place.quoted());
        diagnostic.label = Some(format!(
            "this is {}",
            described(found.value, text, &found.span)
        ));
        let is_list = expected == "a list";
        if is_list && matches!(found.value, DeValue::Table(_)) && place.key.is_empty() {
            diagnostic.help = Some(format!("write `[{}]`", place.header));
        }
    }
    diagnostic
}

fn unknown_key(message: &str, text: &str, tree: &DeTable<'_>, found: &Found<'_, '_>) -> Diagnostic {
    let (key, known) = backquoted(message);
    let parent = Place::of(tree, text, &found.path[..found.path.len() - 1]);
    let is_table = matches!(found.value, DeValue::Table(_) | DeValue::Array(_));
    let message = match (parent.header.as_str(), parent.key.as_str()) {
        ("", "") if is_table => format!("unknown table `{key}`"),
        ("", "") => format!("unknown key `{key}`"),
        ("", inside) => format!("unknown key `{key}` in `{inside}`"),
        (header, "") => format!("unknown key `{key}` in {header}"),
        (header, inside) => format!("unknown key `{key}` in `{inside}` of {header}"),
    };
    let span = found.key.clone().unwrap_or_else(|| found.span.clone());
    let mut diagnostic = error_at(span, message);
    diagnostic.label = Some("unknown key".to_owned());
    diagnostic.help = Some(suggest(&key, &known, "the keys here are"));
    diagnostic
}

/// The nearest of `known`, or all of them.
fn suggest(text: &str, known: &[String], all: &str) -> String {
    match nearest(text, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("{all} {}", listed(known)),
    }
}

/// `a`, `b` and `c`.
pub(super) fn listed(names: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> = names
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    match quoted.split_last() {
        None => "none".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// What serde put into backquotes: first what was found, then what it knows.
fn backquoted(message: &str) -> (String, Vec<String>) {
    let (found, expected) = message.rsplit_once(", expected ").unwrap_or((message, ""));
    let found = found
        .split_once('`')
        .map_or("", |(_, rest)| rest.trim_end_matches('`'));
    let known = expected.split('`').skip(1).step_by(2).map(str::to_owned);
    (found.to_owned(), known.collect())
}

fn in_words(expected: &str) -> &str {
    match expected {
        "a boolean" => "`true` or `false`",
        "u32" => "a whole number, 0 or more",
        "i64" => "a whole number",
        "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "a table",
        other if other.starts_with("struct ") => "a table",
        other => other,
    }
}

fn described(value: &DeValue<'_>, text: &str, span: &Range<usize>) -> String {
    let written = &text[span.clone()];
    match value {
        DeValue::String(string) if string.is_empty() => "an empty string".to_owned(),
        DeValue::String(_) => format!("the string {written}"),
        DeValue::Integer(_) | DeValue::Float(_) => format!("the number {written}"),
        DeValue::Boolean(_) => format!("`{written}`"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(array) if array.is_empty() => "an empty list".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
