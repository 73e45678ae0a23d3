//! Changing tracks.toml as a person would: one line here and there, everything else as it stands.

mod list;

use toml_edit::{Array, Document, DocumentMut, Item, Table, TableLike, value};

use self::list::Place;
use crate::domain::handover::Edit;

/// Why a text could not be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("it is no TOML: {0}")]
    Syntax(String),
    #[error("there is no table `[{0}]` to change")]
    NoTable(String),
}

/// The text with these edits.
///
/// # Errors
/// When it is no TOML, or has not what is to be changed.
pub fn edit(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut text = text.to_owned();
    Document::parse(text.as_str()).map_err(|error| syntax(&error))?;
    for edit in edits {
        text = match edit {
            Edit::Add { track, pattern } => add(&text, track.as_str(), pattern)?,
            Edit::Remove { track, pattern } => remove(text, track.as_str(), pattern)?,
            Edit::Share { pattern, owner } => {
                printed(&text, |it| share(it, pattern, owner.as_str()))?
            }
        };
    }
    Ok(text)
}

fn syntax(error: &toml_edit::TomlError) -> EditError {
    EditError::Syntax(error.message().to_owned())
}

/// A change to the parsed document, which keeps all but line ends.
fn printed(
    text: &str,
    change: impl FnOnce(&mut DocumentMut) -> Result<(), EditError>,
) -> Result<String, EditError> {
    let mut document: DocumentMut = text.parse().map_err(|error| syntax(&error))?;
    change(&mut document)?;
    let printed = document.to_string();
    Ok(match line_end(text) {
        "\r\n" => printed.replace("\r\n", "\n").replace('\n', "\r\n"),
        _ => printed,
    })
}

/// What most lines end in.
fn line_end(text: &str) -> &'static str {
    let (all, windows) = (text.matches('\n').count(), text.matches("\r\n").count());
    if windows * 2 > all { "\r\n" } else { "\n" }
}

fn table<'t>(
    document: &'t mut DocumentMut,
    path: [&str; 2],
) -> Result<&'t mut dyn TableLike, EditError> {
    let [top, name] = path;
    let item = document.get_mut(top).and_then(Item::as_table_like_mut);
    let item = item.and_then(|table| table.get_mut(name));
    item.and_then(Item::as_table_like_mut)
        .ok_or_else(|| EditError::NoTable(format!("{top}.{name}")))
}

/// What a track's `owns` is in the text.
enum Owns {
    Missing,
    /// One string is accepted in the file.
    One(std::ops::Range<usize>, String),
    List(Place, Vec<Option<String>>),
}

fn owns(text: &str, track: &str) -> Result<Owns, EditError> {
    let document = Document::parse(text).map_err(|error| syntax(&error))?;
    let missing = || EditError::NoTable(format!("track.{track}"));
    let tracks = document.get("track").and_then(Item::as_table_like);
    let table = tracks.and_then(|tracks| tracks.get(track));
    let table = table.and_then(Item::as_table_like).ok_or_else(missing)?;
    let Some(item) = table.get("owns") else {
        return Ok(Owns::Missing);
    };
    let whole = item.span().ok_or_else(missing)?;
    if let Some(one) = item.as_str() {
        return Ok(Owns::One(whole, one.to_owned()));
    }
    let list = item.as_array().ok_or_else(missing)?;
    let place = Place {
        whole,
        values: list.iter().filter_map(toml_edit::Value::span).collect(),
    };
    let patterns = list.iter().map(|it| it.as_str().map(str::to_owned));
    Ok(Owns::List(place, patterns.collect()))
}

fn add(text: &str, track: &str, pattern: &str) -> Result<String, EditError> {
    let literal = value(pattern).to_string();
    let literal = literal.trim();
    Ok(match owns(text, track)? {
        Owns::List(place, _) => list::with(text, &place, literal, line_end(text)),
        Owns::One(at, _) => {
            let (before, one, behind) = (&text[..at.start], &text[at.clone()], &text[at.end..]);
            format!("{before}[{one}, {literal}]{behind}")
        }
        Owns::Missing => printed(text, |document| {
            let mut patterns = Array::new();
            patterns.push(pattern);
            table(document, ["track", track])?.insert("owns", value(patterns));
            Ok(())
        })?,
    })
}

fn remove(text: String, track: &str, pattern: &str) -> Result<String, EditError> {
    Ok(match owns(&text, track)? {
        Owns::List(place, patterns) => {
            let mut patterns = patterns.iter();
            match patterns.position(|it| it.as_deref() == Some(pattern)) {
                Some(index) => list::without(&text, &place, index),
                None => text,
            }
        }
        Owns::One(at, one) if one == pattern => {
            format!("{}[]{}", &text[..at.start], &text[at.end..])
        }
        Owns::One(..) | Owns::Missing => text,
    })
}

fn share(document: &mut DocumentMut, pattern: &str, owner: &str) -> Result<(), EditError> {
    if let Ok(table) = table(document, ["shared", pattern]) {
        table.insert("owner", value(owner));
        return Ok(());
    }
    let shared = document.entry("shared").or_insert_with(|| {
        let mut shared = Table::new();
        shared.set_implicit(true);
        Item::Table(shared)
    });
    let mut new = Table::new();
    new.insert("owner", value(owner));
    new.insert("policy", value("owner-approves"));
    let place = || EditError::NoTable("shared".to_owned());
    let shared = shared.as_table_like_mut().ok_or_else(place)?;
    shared.insert(pattern, Item::Table(new));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::name::TrackId;

    fn add(track: &str, pattern: &str) -> Edit {
        Edit::Add {
            track: TrackId::new(track).unwrap(),
            pattern: pattern.to_owned(),
        }
    }

    fn remove(track: &str, pattern: &str) -> Edit {
        Edit::Remove {
            track: TrackId::new(track).unwrap(),
            pattern: pattern.to_owned(),
        }
    }

    fn share(pattern: &str, owner: &str) -> Edit {
        Edit::Share {
            pattern: pattern.to_owned(),
            owner: TrackId::new(owner).unwrap(),
        }
    }

    #[test]
    fn one_line_changes_and_the_rest_stands() {
        let cases = [
            ("[track.a]\n", add("a", "x"), "[track.a]\nowns = [\"x\"]\n"),
            (
                "[track.a] # me\nowns = \"x\" # mine\npriority = 1\n",
                add("a", "y"),
                "[track.a] # me\nowns = [\"x\", \"y\"] # mine\npriority = 1\n",
            ),
            (
                "[track.a]\nowns = ['x', 'y']\n",
                add("a", "z"),
                "[track.a]\nowns = ['x', 'y', \"z\"]\n",
            ),
            (
                "[track.a]\nowns = [\n  # the x\n  'x',\n]\n# end\n",
                add("a", "y"),
                "[track.a]\nowns = [\n  # the x\n  'x',\n  \"y\",\n]\n# end\n",
            ),
            (
                "[track.a]\nowns = ['x', 'y']\n",
                remove("a", "x"),
                "[track.a]\nowns = ['y']\n",
            ),
            (
                "[track.a]\nowns = ['x']\n",
                remove("a", "x"),
                "[track.a]\nowns = []\n",
            ),
            (
                "[track]\na = { owns = ['x'] }\n",
                add("a", "y"),
                "[track]\na = { owns = ['x', \"y\"] }\n",
            ),
            (
                "[track.a]\n",
                share("src/x", "a"),
                "[track.a]\n\n[shared.\"src/x\"]\nowner = \"a\"\npolicy = \"owner-approves\"\n",
            ),
            (
                "[shared.\"x\"] # both\nowner = \"b\"\npolicy = \"free\"\n",
                share("x", "a"),
                "[shared.\"x\"] # both\nowner = \"a\"\npolicy = \"free\"\n",
            ),
        ];
        for (text, change, expected) in cases {
            let change = [change];
            assert_eq!(edit(text, &change).unwrap(), expected, "{text}");
            let (text, expected) = (text.replace('\n', "\r\n"), expected.replace('\n', "\r\n"));
            assert_eq!(edit(&text, &change).unwrap(), expected, "CRLF: {text}");
        }
        let missing = edit("[project]\n", &[add("a", "x")]).unwrap_err();
        assert_eq!(missing, EditError::NoTable("track.a".to_owned()));
        assert!(edit("[track", &[]).is_err());
    }
}
